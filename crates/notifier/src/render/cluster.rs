//! The messages about a whole cluster: that it is silent, or that none of its CronJobs fires, and that this is over.

use kigen_model::Instant;
use kigen_model::silence::{NextDeadline, SlotCounts};
use kigen_model::stall::{OverdueCronJob, StallReport};

use super::message::{Form, Message, Tone, fact};
use super::names::{cluster, joined};
use super::subject::Subject;
use crate::clean::clean;
use crate::language::{Language, phrase};
use crate::time_text::TimeFormatter;

/// Which command shows what is wrong.
const LOOK: &str = "kigen doctor";
/// The command that shows what makes the Jobs of a cluster.
const CONTROLLER: &str = "get pods -n kube-system -l component=kube-controller-manager";

/// The times of a message are in the zone of the deadline that it names.
pub(super) fn silent(
    of: Subject<'_>,
    since: Instant,
    objectives: u32,
    next: Option<&NextDeadline>,
) -> Message {
    let language = of.language;
    let zone = next.map_or("UTC", |next| &next.time_zone);
    let times = TimeFormatter::new(language, zone, since);
    let since = when(&times, since);
    let next = next.map(|next| {
        let name = clean(&format!("{}/{}", next.key.namespace, next.key.batch));
        phrase!(language, "silent-next", deadline = times.when(next.deadline), name = name)
    });
    let waiting = phrase!(language, "silent-objectives", objectives = objectives);
    let brief = language.list(&[waiting].into_iter().chain(next).collect::<Vec<_>>());
    let text = phrase!(language, "silent", waiting = &brief);
    let headline = phrase!(language, "silent-headline", cluster = name(of), since = &since);
    Message {
        brief: Some(brief),
        context: joined([cluster(of), phrase!(language, "context-silent-since", since = since)]),
        paragraphs: vec![text],
        to_do: Some(phrase!(language, "todo-silent")),
        facts: vec![fact(language, "look", LOOK.to_owned(), Form::Code)],
        ..message(of, "state-silent", Tone::Unknown, headline)
    }
}

pub(super) fn silence_over(
    of: Subject<'_>,
    since: Instant,
    until: Option<Instant>,
    judged: &SlotCounts,
) -> Message {
    let language = of.language;
    let times = TimeFormatter::new(language, "UTC", since);
    let from = times.when(since);
    let Some(until) = until else {
        let headline = phrase!(language, "forgotten-headline", cluster = name(of));
        let silent = phrase!(language, "context-silent-since", since = when(&times, since));
        return Message {
            context: joined([cluster(of), silent]),
            paragraphs: vec![phrase!(language, "forgotten")],
            ..message(of, "state-forgotten", Tone::Recovered, headline)
        };
    };
    let (span, to, zone) = (times.span(until - since), times.when(until), times.zone());
    let headline = phrase!(language, "silence-over-headline", cluster = name(of), span = span);
    let silent = phrase!(language, "context-silent", from = &from, to = &to, zone = zone);
    Message {
        context: joined([cluster(of), silent]),
        paragraphs: vec![judged_text(language, judged, &from, &to)],
        ..message(of, "state-over", Tone::Recovered, headline)
    }
}

pub(super) fn stalled(of: Subject<'_>, report: &StallReport) -> Message {
    let language = of.language;
    let StallReport { since, overdue, cron_jobs } = report;
    let times = TimeFormatter::new(language, "UTC", *since);
    let since = when(&times, *since);
    let listed = |cron_job: &OverdueCronJob| {
        let name = clean(&format!("{}/{}", cron_job.namespace, cron_job.name));
        phrase!(language, "stalled-cron-job", name = name, expected = times.when(cron_job.expected_at))
    };
    let shown = language.list(&cron_jobs.iter().map(listed).collect::<Vec<_>>());
    let list = match overdue.saturating_sub(u32::try_from(cron_jobs.len()).unwrap_or(u32::MAX)) {
        0 => shown,
        more => phrase!(language, "and-more", shown = shown, more = more),
    };
    let headline = phrase!(language, "stalled-headline", cluster = name(of), since = &since);
    let look = format!("kubectl --context {} {CONTROLLER}", name(of));
    Message {
        brief: Some(phrase!(language, "brief-stalled", overdue = *overdue)),
        context: joined([cluster(of), phrase!(language, "context-last-fire", since = since)]),
        paragraphs: vec![phrase!(language, "stalled", overdue = *overdue)],
        to_do: Some(phrase!(language, "todo-stalled")),
        facts: vec![fact(language, "expected", list, Form::Text), fact(language, "look", look, Form::Code)],
        ..message(of, "state-stalled", Tone::Missed, headline)
    }
}

pub(super) fn stall_over(of: Subject<'_>, since: Instant, until: Instant) -> Message {
    let language = of.language;
    let times = TimeFormatter::new(language, "UTC", since);
    let (span, zone) = (times.span(until - since), times.zone());
    let headline = phrase!(language, "stall-over-headline", cluster = name(of), span = span);
    let (from, to) = (times.when(since), times.when(until));
    let stalled = phrase!(language, "context-no-fire", from = from, to = to, zone = zone);
    Message {
        context: joined([cluster(of), stalled]),
        paragraphs: vec![phrase!(language, "stall-over")],
        ..message(of, "state-over", Tone::Recovered, headline)
    }
}

/// A message that has the cluster in place of a batch.
fn message(of: Subject<'_>, state: &str, tone: Tone, headline: String) -> Message {
    Message { name: cluster(of), ..of.message(state, tone, headline) }
}

fn name(of: Subject<'_>) -> String {
    clean(&of.alert.key.cluster)
}

/// An instant with the zone that it is in.
fn when(times: &TimeFormatter, at: Instant) -> String {
    format!("{} {}", times.when(at), times.zone())
}

/// What was judged of the deadlines meanwhile.
fn judged_text(language: Language, judged: &SlotCounts, from: &str, to: &str) -> String {
    let SlotCounts { met, missed, unknown, excused, has_more } = *judged;
    let of_kinds = [
        (met, "judged-met"),
        (missed, "judged-missed"),
        (unknown, "judged-unknown"),
        (excused, "judged-excused"),
    ];
    let counts = of_kinds.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, kind)| phrase!(language, kind, count = count)).collect();
    let all = met + missed + unknown + excused;
    if all == 0 {
        return phrase!(language, "judged-nothing", from = from, to = to);
    }
    let counts = language.list(&counts);
    let id = if has_more { "judged-at-least" } else { "judged-late" };
    let text = phrase!(language, id, all = all, from = from, to = to, counts = counts);
    let own = (missed > 0).then(|| phrase!(language, "judged-misses", missed = missed));
    language.sentences([text].into_iter().chain(own))
}
