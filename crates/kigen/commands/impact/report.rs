//! The impact and the plan as text.

use std::fmt::Write;

use chrono::TimeDelta;
use kigen_lineage::history::{End, SlotVerdict, Start};
use kigen_lineage::impact::{Affected, Doubt, Found, Reason, Wrong};
use kigen_lineage::timeline::Period;
use kigen_model::key::BatchKey;
use kigen_model::slot::Gap;

use super::findings::Findings;
use crate::output::{columns, human, text};

/// Everything, as text.
pub(super) fn findings(of: &Findings) -> String {
    let mut out = what_was_wrong(of);
    let _ = writeln!(
        out,
        "\nRuns that read what they should not have read: {}; and {} that were repeated since.",
        of.impact.affected.len(),
        of.impact.repeated.len()
    );
    for run in &of.impact.affected {
        out.push_str(&affected_text(run));
    }
    for gap in &of.impact.gaps {
        let _ =
            writeln!(out, "\nNothing was observed {}: runs of this time may be missing here.", gap_text(gap));
    }
    out.push_str(&plan(of));
    out
}

fn what_was_wrong(of: &Findings) -> String {
    match &of.wrong {
        Wrong::Late(periods) if periods.is_empty() => format!("{}: no deadline was missed.\n", of.of),
        Wrong::Late(periods) => {
            let deadlines: Vec<String> = periods.iter().map(|period| text(period.mark)).collect();
            format!("{}: the result was not there by {}.\n", of.of, deadlines.join(", "))
        }
        Wrong::Results { from, until } => {
            format!("{}: results from {} to {} were wrong.\n", of.of, text(*from), text(*until))
        }
    }
}

fn affected_text(of: &Affected) -> String {
    let started = of.run.start.latest().map_or(String::new(), |at| format!(" started at {}", text(at)));
    format!(
        "\n  {} {}{started}, {}; {}\n    {}\n",
        of.batch,
        of.run.job,
        end_text(of.run.end),
        own_slot(of),
        sentence(of)
    )
}

/// Whether the run's own slot was met.
fn own_slot(of: &Affected) -> String {
    let deadline = text(of.period.mark);
    match of.verdict {
        None => "its period has no objective".to_owned(),
        Some(SlotVerdict::Open) => format!("its slot of {deadline} is not judged yet"),
        Some(verdict) => format!("its slot of {deadline}: {}", verdict.label()),
    }
}

fn end_text(end: End) -> String {
    match end {
        End::Open => "has not ended".to_owned(),
        End::Good(at) => format!("succeeded at {}", text(at)),
        End::Failed(at) => format!("failed at {}", text(at)),
        End::Gone(_, at) => format!("was gone at {}", text(at)),
    }
}

/// Why a run is affected, in one sentence.
pub(super) fn sentence(of: &Affected) -> String {
    let Reason { source, due, found } = &of.reason;
    let due = due_text(due);
    let started = match of.run.start {
        Start::At(at) | Start::Within(_, at) => text(at),
        Start::NotYet => "an unknown time".to_owned(),
    };
    let why = match found {
        Found::Nothing { came_at: Some(at) } => {
            format!(
                "it started at {started}, before the first good result of {source} for {due}, which came at {}",
                text(*at)
            )
        }
        Found::Nothing { came_at: None } => {
            format!("it started at {started}, and no good result of {source} for {due} has come yet")
        }
        Found::WrongResult { job, ended_at } => {
            format!("it read the wrong result of {source} for {due}, which {job} made at {}", text(*ended_at))
        }
        Found::EarlierWrongResult { job, ended_at } => format!(
            "{source} had no result for {due} when it started at {started}, and the last one, which {job} made at {}, is wrong",
            text(*ended_at)
        ),
        Found::Unfinished { job } => format!(
            "it started at {started}, before a good result of {source} for {due}: what its run {job} makes is wrong"
        ),
        Found::Unobserved => {
            format!(
                "the run of {source} for {due} was not observed, and would have read what it should not have read"
            )
        }
    };
    match &of.doubt {
        None => capitalized(&format!("{why}.")),
        Some(doubt) => format!("Possibly {why}; not certain, since {}.", doubt_text(doubt, source)),
    }
}

fn due_text(due: &Period) -> String {
    match due.objective {
        Some(_) => format!("the deadline {}", text(due.mark)),
        None => format!("the scheduled time {}", text(due.mark)),
    }
}

fn doubt_text(doubt: &Doubt, source: &BatchKey) -> String {
    match doubt {
        Doubt::Gap(gap) => format!("nothing was observed {}", gap_text(gap)),
        Doubt::Gone(job) => format!("the end of {source}'s run {job} was not observed"),
        Doubt::Start => "its own start was not observed".to_owned(),
        Doubt::Source => format!("it is not certain that what it read of {source} is wrong"),
        Doubt::Repetition => "a repetition may have come unobserved".to_owned(),
    }
}

fn gap_text(gap: &Gap) -> String {
    let until = text(gap.to);
    match (gap.from, gap.is_of_log) {
        (Some(from), _) => format!("from {} to {until}", text(from)),
        (None, true) => format!("before {until}, where the log begins"),
        (None, false) => format!("before {until}"),
    }
}

fn capitalized(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

fn plan(of: &Findings) -> String {
    let left_out = left_out(of);
    if of.plan.steps.is_empty() {
        return format!("\nNothing has to be repeated.\n{left_out}");
    }
    let span = |of: Option<TimeDelta>| of.map_or("unknown".to_owned(), human);
    let rows: Vec<Vec<String>> = of
        .plan
        .steps
        .iter()
        .enumerate()
        .map(|(place, step)| {
            let after: Vec<String> = step.after.iter().map(|place| (place + 1).to_string()).collect();
            vec![
                (place + 1).to_string(),
                (step.wave + 1).to_string(),
                if after.is_empty() { "-".to_owned() } else { after.join(" ") },
                step.batch.to_string(),
                text(step.period.mark),
                span(step.usual.map(|usual| usual.median)),
                span(step.usual.map(|usual| usual.slow)),
                if step.is_certain { String::new() } else { "possibly".to_owned() },
            ]
        })
        .collect();
    let heads = ["STEP", "WAVE", "AFTER", "BATCH", "SLOT", "USUALLY", "ONE IN TEN OVER", ""];
    let (median, slow) = of.plan.takes();
    let mut out = format!(
        "\nTo be repeated; the steps of one wave can run in parallel, once those under AFTER have succeeded:\n\n{}",
        columns(&heads, &rows)
    );
    let _ = writeln!(
        out,
        "\nIf it begins at {}, all is complete at {}, and with slow runs at {}.",
        text(of.until),
        text(of.until + median),
        text(of.until + slow)
    );
    for batch in of.plan.without_durations() {
        let _ = writeln!(out, "No run of {batch} shows how long it takes: it counts as nothing.");
    }
    out.push_str(&left_out);
    out.push_str(&coming(of));
    out.push_str("\nThe commands, in order:\n\n");
    for repetition in &of.repetitions {
        let _ = writeln!(out, "{}", repetition.command);
    }
    out
}

/// What is left out of the plan.
fn left_out(of: &Findings) -> String {
    let steps = of.impact.left_out.iter();
    let steps: Vec<String> = steps.map(|(batch, period)| format!("{batch} {}", text(period.mark))).collect();
    match steps.is_empty() {
        true => String::new(),
        false => format!("Left out, and not waited for: {}.\n", steps.join(", ")),
    }
}

fn coming(of: &Findings) -> String {
    if of.coming.is_empty() {
        return "No deadline of these batches falls before that.\n".to_owned();
    }
    let mut out = "Deadlines before that:\n".to_owned();
    for coming in &of.coming {
        let only = if coming.is_before_usual { "" } else { ", only with slow runs" };
        let _ = writeln!(
            out,
            "  {} of {}, objective `{}`{only}",
            text(coming.deadline),
            coming.batch,
            coming.objective
        );
    }
    out
}
