//! The log of one batch as a story, the text format of `crates/engine/tests/stories`.
//!
//! A story has no expiry of the log, one cluster, and the instants of whole seconds. What it cannot have is a comment.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::SecondsFormat;
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, MuteChange};
use kigen_model::expectation::{Expectation, NumberRule};
use kigen_model::key::BatchKey;
use kigen_model::mute::Mute;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
use kigen_model::run::{Attempt, AttemptPhase, ConcurrencyPolicy, CronJob, Run, RunPhase, SlotMark};
use kigen_model::working_days::WorkingDays;

use crate::world::World;

/// The story of a batch; `title` is its first line, `comment` explains it.
#[must_use]
pub fn of(world: &World, key: &BatchKey, title: &str, comment: &str) -> String {
    let mut text = format!("{title}\n");
    for line in comment.lines() {
        let _ = writeln!(text, "# {line}");
    }
    let _ = writeln!(text, "batch {key}\nzone UTC\n");
    let partition = world.batches.iter().find(|batch| batch.key == *key).map_or(0, |batch| batch.partition);
    let mut versions: BTreeMap<String, u64> = BTreeMap::new();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let (mut epoch, mut until) = (0, Instant::UNIX_EPOCH);
    for event in world.partitions.get(partition).into_iter().flatten() {
        match event {
            Event::Fact(fact) if fact.key == *key => {
                if let FactBody::Run { revision, run } = &fact.body {
                    names.insert(revision.uid.clone(), run.job.clone());
                }
                let _ = writeln!(text, "{}", line(fact, &mut versions, &names));
            }
            Event::Cluster(event) if event.cluster == key.cluster && event.epoch >= epoch => {
                epoch = event.epoch;
                text.push_str(&of_cluster(event, &mut until));
            }
            Event::Fact(_) | Event::Cluster(_) => {}
        }
    }
    text
}

fn of_cluster(event: &ClusterEvent, until: &mut Instant) -> String {
    match &event.body {
        ClusterBody::Tick { observed_until, .. } if observed_until > until => {
            *until = *observed_until;
            format!("{} tick\n", time(*observed_until))
        }
        ClusterBody::Gap(gap) => {
            let from = gap.from.map_or("ever".to_owned(), time);
            format!("{} gap since {from}\n", time(gap.to))
        }
        ClusterBody::Calendar { name, revision, working_days } => {
            let at = i64::try_from(*revision).ok().and_then(Instant::from_timestamp_millis);
            let days = working_days.as_ref().map_or_else(|| " withdrawn".to_owned(), of_days);
            format!("{} calendar {name}{days}\n", time(at.unwrap_or_default()))
        }
        ClusterBody::Mute { id, change: MuteChange::Declared(mute) } => of_mute(id, mute, *until),
        ClusterBody::Mute { id, change: MuteChange::Ended { at, .. } } => {
            format!("{} unmute {id}\n", time(*at))
        }
        ClusterBody::Stalled { at, report } => {
            format!("{} stalled since {}\n", time(*at), time(report.since))
        }
        ClusterBody::StallOver { at } => format!("{} fires again\n", time(*at)),
        ClusterBody::Tick { .. } | ClusterBody::Epoch { .. } | ClusterBody::Forgotten { .. } => String::new(),
    }
}

/// A mute that is written after the last tick.
fn of_mute(id: &str, mute: &Mute, at: Instant) -> String {
    let Mute { scope, from, until, repeats, .. } = mute;
    let mut text = format!("{} mute {id} of {scope} from {} until {}", time(at), time(*from), time(*until));
    if let Some(repeat) = repeats {
        let _ = write!(text, " at \"{}\" for {}s", repeat.crontab, repeat.length.num_seconds());
        if repeat.time_zone != "UTC" {
            let _ = write!(text, " in {}", repeat.time_zone);
        }
    }
    text + "\n"
}

fn of_days(days: &WorkingDays) -> String {
    let week: String = days.week.iter().map(|is_worked| if *is_worked { '1' } else { '0' }).collect();
    let mut text = format!(" week {week}");
    for (name, days) in [("off", &days.days_off), ("adds", &days.added)] {
        let days: Vec<String> = days.iter().map(ToString::to_string).collect();
        if !days.is_empty() {
            let _ = write!(text, " {name} {}", days.join(","));
        }
    }
    text
}

fn line(fact: &Fact, versions: &mut BTreeMap<String, u64>, names: &BTreeMap<String, String>) -> String {
    let (object, version, what) = match &fact.body {
        FactBody::CronJob { revision, cron_job } => (
            "c".to_owned(),
            revision.resource_version,
            cron_job.as_ref().map_or("cronjob deleted".to_owned(), of_cron_job),
        ),
        FactBody::Objective { name, revision, objective } => {
            let what = match objective {
                Some(objective) => format!("objective {} named {name}", of_objective(objective)),
                None => format!("objective withdrawn named {name}"),
            };
            (format!("objective {name}"), revision.resource_version, what)
        }
        FactBody::Run { revision, run } => (revision.uid.clone(), revision.resource_version, of_run(run)),
        FactBody::Attempt { revision, run_uid, attempt } => {
            let job = names.get(run_uid).map_or(run_uid.as_str(), String::as_str);
            (revision.uid.clone(), revision.resource_version, of_attempt(attempt, job))
        }
    };
    let known = versions.entry(object).or_default();
    let age = match version.cmp(known) {
        std::cmp::Ordering::Less => " stale",
        std::cmp::Ordering::Equal => " more",
        std::cmp::Ordering::Greater => "",
    };
    *known = version.max(*known);
    format!("{} {what}{age}", time(fact.observed_at))
}

fn of_cron_job(cron_job: &CronJob) -> String {
    let mut text = format!("cronjob \"{}\"", cron_job.schedule);
    if let Some(zone) = &cron_job.time_zone {
        let _ = write!(text, " zone {zone}");
    }
    if cron_job.suspended {
        text.push_str(" suspended");
    }
    if let Some(policy) = cron_job.concurrency {
        let policy = match policy {
            ConcurrencyPolicy::Allow => "Allow",
            ConcurrencyPolicy::Forbid => "Forbid",
            ConcurrencyPolicy::Replace => "Replace",
        };
        let _ = write!(text, " concurrency {policy}");
    }
    for (name, at) in
        [("last-scheduled", cron_job.last_scheduled_at), ("last-succeeded", cron_job.last_succeeded_at)]
    {
        if let Some(at) = at {
            let _ = write!(text, " {name} {}", time(at));
        }
    }
    text
}

fn of_objective(objective: &Objective) -> String {
    let mut text = match &objective.deadlines {
        Deadlines::CompleteBy { crontab } => format!("complete-by \"{crontab}\""),
        Deadlines::Before { namespace, cron_job, schedule } => {
            let mut text = format!("before {namespace}/{cron_job}");
            if let Some(schedule) = schedule {
                let _ = write!(text, " which-fires \"{}\"", schedule.crontab);
                if let Some(zone) = &schedule.time_zone {
                    let _ = write!(text, " in {zone}");
                }
            }
            text
        }
        Deadlines::Reads { sources } => {
            let names = sources.iter().map(|source| format!("{}/{}", source.namespace, source.batch));
            format!("reads {}", names.collect::<Vec<_>>().join(","))
        }
    };
    if let Some(zone) = &objective.time_zone {
        let _ = write!(text, " zone {zone}");
    }
    if !objective.grace.is_zero() {
        let _ = write!(text, " grace {}s", objective.grace.num_seconds());
    }
    if objective.settle.num_seconds() != Objective::SETTLE_DEFAULT_S {
        let _ = write!(text, " settle {}s", objective.settle.num_seconds());
    }
    if let Some(freshness) = objective.freshness {
        let _ = write!(text, " freshness {}s", freshness.num_seconds());
    }
    if let Some(starts) = &objective.starts {
        let _ = write!(text, " starts \"{starts}\"");
    }
    if let Some(calendar) = &objective.calendar {
        let _ = write!(text, " calendar {calendar}");
    }
    if let Some(start_by) = objective.start_by {
        let _ = write!(text, " start-by {}s", start_by.num_seconds());
    }
    if let Some(expect) = &objective.expect {
        let _ = write!(text, " expect \"{}\"", of_expectation(expect));
    }
    if let Some(target) = objective.target {
        let _ = write!(text, " target \"{target}\"");
    }
    if let Some(owner) = &objective.owner {
        let _ = write!(text, " owner {owner}");
    }
    if objective.is_of_jobs {
        text.push_str(" of-jobs");
    }
    text.push_str(match objective.source {
        ObjectiveSource::Annotation => "",
        ObjectiveSource::File => " in-a-file",
        ObjectiveSource::Object => " by-an-object",
        ObjectiveSource::Selector => " by-a-selector",
    });
    text
}

/// As the annotation has it.
fn of_expectation(expect: &Expectation) -> String {
    let of_rule = |(name, rule): (&String, &NumberRule)| {
        let NumberRule { min, max, drop_max_percent, over } = rule;
        let limits = [
            min.map(|min| format!("min: {min}")),
            max.map(|max| format!("max: {max}")),
            drop_max_percent.map(|percent| format!("dropMax: {percent}%, over: {over}")),
        ];
        format!("{name}: {{{}}}", limits.into_iter().flatten().collect::<Vec<_>>().join(", "))
    };
    let metrics: Vec<String> = expect.metrics.iter().map(of_rule).collect();
    let parts = [
        expect.min_duration.map(|min| format!("minDuration: {}s", min.num_seconds())),
        (!metrics.is_empty()).then(|| format!("metrics: {{{}}}", metrics.join(", "))),
        expect.counts.then(|| "counts: true".to_owned()),
    ];
    format!("{{{}}}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn of_run(run: &Run) -> String {
    let mut text = format!("job {}", run.job);
    match &run.phase {
        RunPhase::Pending if run.started_at.is_some() => text.push_str(" waits"),
        RunPhase::Pending => text.push_str(" created"),
        RunPhase::Running => text.push_str(" runs"),
        RunPhase::Suspended => text.push_str(" suspended"),
        RunPhase::Succeeded { completed_at } => {
            let _ = write!(text, " succeeds at {}", time(*completed_at));
        }
        RunPhase::Failed { failed_at, reason, .. } => {
            let _ = write!(text, " fails {reason} at {}", time(*failed_at));
        }
        RunPhase::Deleted { .. } => text.push_str(" deleted"),
    }
    if let Some(at) = run.scheduled_at {
        let _ = write!(text, " for {}", time(at));
    }
    let _ = write!(text, " made {}", time(run.created_at));
    match run.slot {
        Some(SlotMark::At(at)) => {
            let _ = write!(text, " marked {}", at.to_rfc3339_opts(SecondsFormat::Secs, true));
        }
        Some(mark) => {
            let _ = write!(text, " marked {mark}");
        }
        None => {}
    }
    text
}

fn of_attempt(attempt: &Attempt, job: &str) -> String {
    let mut text = format!("pod {} of {job}", attempt.pod);
    let (verb, ended_at) = match &attempt.phase {
        AttemptPhase::Waiting { .. } => ("waits", None),
        AttemptPhase::Running { since } => ("runs", *since),
        AttemptPhase::Succeeded { finished_at } => ("succeeds", *finished_at),
        AttemptPhase::Failed { finished_at, .. } => ("fails", *finished_at),
    };
    let _ = write!(text, " {verb}");
    if let Some(at) = ended_at {
        let _ = write!(text, " at {}", time(at));
    }
    if let AttemptPhase::Waiting { reason: Some(reason), .. }
    | AttemptPhase::Failed { reason: Some(reason), .. } = &attempt.phase
    {
        let _ = write!(text, " reason {reason}");
    }
    if !attempt.metrics.is_empty() {
        let numbers = attempt.metrics.iter().map(|(name, number)| format!("{name}={number}"));
        let _ = write!(text, " reporting {}", numbers.collect::<Vec<_>>().join(","));
    }
    text
}

fn time(at: Instant) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}
