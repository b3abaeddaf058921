//! The annotations and labels that kigen reads, and which of them a misspelled one means.

use kigen_calendar::typos;
pub use kigen_model::objective::{ANNOTATED_OBJECTIVE, ANNOTATED_READS};

/// The part of their names before the slash.
pub const PREFIX: &str = "kigen.dev";
/// A whole objective: its value is the deadlines' crontab. An annotation of a CronJob.
pub const COMPLETE_BY: &str = "kigen.dev/complete-by";
/// Who is responsible. An annotation of a CronJob, beside [`COMPLETE_BY`].
pub const OWNER: &str = "kigen.dev/owner";
/// Where the instructions for a miss are. An annotation of a CronJob, beside [`COMPLETE_BY`].
pub const RUNBOOK: &str = "kigen.dev/runbook";
/// The calendar on whose working days the result is due. An annotation of a CronJob, beside [`COMPLETE_BY`].
pub const CALENDAR: &str = "kigen.dev/calendar";
/// How long after its expected fire a run must have begun. An annotation of a CronJob, beside [`COMPLETE_BY`].
pub const START_BY: &str = "kigen.dev/start-by";
/// What a run must have done, as under `expect` in a file. An annotation of a CronJob, beside [`COMPLETE_BY`].
pub const EXPECT: &str = "kigen.dev/expect";
/// Which ratio of its deadlines is to be met: `0.99 over 30d`. An annotation of a CronJob, beside [`COMPLETE_BY`].
pub const TARGET: &str = "kigen.dev/target";
/// Until when the batch is muted, and why: `2026-12-01T09:00+09:00 migration`. An annotation of a CronJob.
pub const MUTE_UNTIL: &str = "kigen.dev/mute-until";
/// The batches whose results it reads, separated by commas: `ml/recommend, dwh/prices`. An annotation of a CronJob.
pub const READS: &str = "kigen.dev/reads";
/// What makes bare Jobs one batch. A label of Jobs.
pub const BATCH: &str = "kigen.dev/batch";
/// The slot that a Job was made for: a day or an instant. An annotation of a Job.
pub const SLOT: &str = "kigen.dev/slot";

/// The annotation for whose objectives this name is reserved.
#[must_use]
pub fn reserved_for(name: &str) -> Option<&'static str> {
    match name {
        ANNOTATED_OBJECTIVE => Some(COMPLETE_BY),
        ANNOTATED_READS => Some(READS),
        _ => None,
    }
}

/// All of them, each with what it is of, what it means, and an example of its value.
pub const ALL: [(&str, &str, &str, &str); 11] = [
    (COMPLETE_BY, "CronJob", "an objective: by when a good result must be there, as a crontab", "0 12 * * *"),
    (OWNER, "CronJob", "who is responsible", "ml-team"),
    (RUNBOOK, "CronJob", "where the instructions for a miss are", "https://wiki/recommend"),
    (CALENDAR, "CronJob", "the calendar on whose working days the result is due", "jp-business-days"),
    (START_BY, "CronJob", "how long after its expected fire a run must have begun", "15m"),
    (EXPECT, "CronJob", "what a run must have done, as under `expect` in a file", "{minDuration: 5m}"),
    (TARGET, "CronJob", "which ratio of its deadlines is to be met", "0.99 over 30d"),
    (MUTE_UNTIL, "CronJob", "until when the batch is muted, and why", "2026-12-01T09:00+09:00 migration"),
    (READS, "CronJob", "the batches whose results it reads", "ml/recommend, dwh/prices"),
    (BATCH, "Job (label)", "what makes bare Jobs one batch", "report"),
    (SLOT, "Job", "the slot that a Job was made for: a day or an instant", "2026-11-16"),
];
/// Other words, as they are after [`letters`], for what kigen calls [`COMPLETE_BY`].
const DEADLINES: [&str; 3] = ["deadline", "dueby", "doneby"];
/// How many letters of a name may be wrong, and of how many one may be.
const TYPOS_MAX: usize = 2;
const LETTERS_PER_TYPO: usize = 3;
/// Every name that resembles one of kigen's is shorter, in bytes.
const NAME_BYTES_MAX: usize = 64;

fn names() -> impl Iterator<Item = &'static str> {
    ALL.into_iter().map(|(name, ..)| name)
}

/// Whether kigen could be meant by this name of an annotation or label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meant {
    /// It is one that kigen reads, somewhere.
    Known(&'static str),
    /// It resembles one.
    Similar(&'static str),
    /// It has kigen's prefix, and resembles none.
    Unknown,
    /// It is another program's.
    Other,
}

/// What `name` means.
#[must_use]
pub fn meant(name: &str) -> Meant {
    if let Some(known) = names().find(|known| *known == name) {
        return Meant::Known(known);
    }
    let Some((prefix, rest)) = name.split_once('/') else { return Meant::Other };
    if name.len() > NAME_BYTES_MAX {
        return if prefix == PREFIX { Meant::Unknown } else { Meant::Other };
    }
    let resembles = prefix.starts_with("kigen") || typos(prefix, PREFIX) <= TYPOS_MAX;
    match similar(rest) {
        Some(known) if resembles => Meant::Similar(known),
        _ if prefix == PREFIX => Meant::Unknown,
        _ => Meant::Other,
    }
}

fn similar(rest: &str) -> Option<&'static str> {
    let given = letters(rest);
    if DEADLINES.contains(&given.as_str()) {
        return Some(COMPLETE_BY);
    }
    let distance = |known: &'static str| {
        let wanted = letters(known.trim_start_matches(PREFIX));
        let typos = typos(&given, &wanted);
        (typos <= TYPOS_MAX.min(wanted.len() / LETTERS_PER_TYPO)).then_some((typos, known))
    };
    names().filter_map(distance).min().map(|(_, known)| known)
}

/// The letters and digits, in lower case.
fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_name_means_the_one_that_it_resembles() {
        for (name, known) in [
            ("kigen.dev/dead-line", COMPLETE_BY),
            ("kigen.dev/completeBy", COMPLETE_BY),
            ("kigen.dev/complete_by", COMPLETE_BY),
            ("kigen.dev/compelte-by", COMPLETE_BY),
            ("kigen.io/complete-by", COMPLETE_BY),
            ("kigan.dev/complete-by", COMPLETE_BY),
            ("kigen.dev/owners", OWNER),
            ("kigen.dev/run-book", RUNBOOK),
            ("kigen.dev/startBy", START_BY),
            ("kigen.dev/expects", EXPECT),
            ("kigen.dev/targets", TARGET),
            ("kigen.dev/slots", SLOT),
            ("kigen.dev/muteUntil", MUTE_UNTIL),
            ("kigen.dev/calender", CALENDAR),
            ("kigen.dev/read", READS),
        ] {
            assert_eq!(meant(name), Meant::Similar(known), "{name}");
        }
    }

    #[test]
    fn the_names_of_other_programs_are_left_alone() {
        for name in [
            "complete-by",
            "example.com/owner",
            "argocd.argoproj.io/sync-wave",
            "kubectl.kubernetes.io/last-applied-configuration",
            "kigen.example.com/team",
        ] {
            assert_eq!(meant(name), Meant::Other, "{name}");
        }
        assert_eq!(meant("kigen.dev/team"), Meant::Unknown);
        assert_eq!(meant("kigen.dev/batch"), Meant::Known(BATCH));
        let long = format!("kigen.dev/{}", "o".repeat(200));
        assert_eq!(meant(&long), Meant::Unknown);
    }
}
