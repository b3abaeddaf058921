//! Effects in the language of the stories: each alert in full, its ids included.

use std::fmt::Write;

use chrono::TimeDelta;
use kigen_calendar::Zone;
use kigen_engine::effect::Effect;
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody, CronJobPresence, ResultOf};
use kigen_model::budget::BudgetReport;
use kigen_model::expectation::broken_text;
use kigen_model::risk::Risk;
use kigen_model::run::RunPhase;
use kigen_model::slot::{Cause, Failure, RunSummary, Verdict};
use kigen_model::trend::Trend;

/// One effect, with its time.
pub(super) fn effect(zone: &Zone, at: Instant, effect: &Effect) -> String {
    match effect {
        Effect::Raise(alert) => format!("{} {}", local(zone, at), raised(zone, alert)),
        Effect::Judge(judged) if judged.muted => {
            let verdict = match judged.verdict {
                Verdict::Missed(cause) => cause.label(),
                Verdict::Met { .. } | Verdict::Excused(_) | Verdict::Unknown(_) => "unknown",
            };
            let (deadline, name) = (local(zone, judged.deadline), &judged.objective);
            format!("{} muted: the deadline {deadline}, {name}, {verdict}\n", local(zone, at))
        }
        Effect::Judge(_) => String::new(),
        Effect::Warn(warning) => format!("{} WARNING {}\n", local(zone, at), warning.text),
    }
}

fn raised(zone: &Zone, alert: &Alert) -> String {
    let mut text = String::new();
    let who = who(alert);
    match &alert.body {
        AlertBody::SlotMissed { .. } => text.push_str(&missed(zone, alert)),
        AlertBody::SlotRecovered { slot, incident, since, misses, ended_at, run, result_of } => {
            let late = minutes((*ended_at - slot.deadline).num_seconds());
            let (since, who) = (local(zone, *since), &who);
            let _ = writeln!(text, "RECOVERED {late} after the deadline, {who}");
            let _ = writeln!(text, "    {misses} missed since {since}, incident {incident} is over");
            let of = match result_of {
                ResultOf::MissedSlot => "",
                ResultOf::LaterSlot => "the result of a later slot: ",
                ResultOf::Undecided => "undecided: ",
            };
            let _ = writeln!(text, "    {of}{}", described(zone, run));
        }
        AlertBody::SlotRetracted { slot, incident, misses, ended_at, run } => {
            let _ = writeln!(text, "RETRACTED the deadline {} was met, {who}", local(zone, slot.deadline));
            let _ = writeln!(text, "    the result was there at {}", local(zone, *ended_at));
            let left = incident.map(|incident| format!("{misses} still missed in incident {incident}"));
            let _ = writeln!(text, "    {}", left.as_deref().unwrap_or("it was unknown"));
            text.push_str(
                &run.as_ref().map_or(String::new(), |run| format!("    {}\n", described(zone, run))),
            );
        }
        AlertBody::SlotUnknown { slot, since, slots, gap } => {
            let from = gap.from.map_or("ever".to_owned(), |from| local(zone, from));
            let _ = writeln!(text, "UNKNOWN {}, {who}", range(zone, *since, slot.deadline, *slots));
            let _ = writeln!(text, "    nobody watched from {from} to {}", local(zone, gap.to));
        }
        AlertBody::UnknownClosed { unknown, slot, since, slots, met, missed } => {
            let range = range(zone, *since, slot.deadline, *slots);
            let counts = format!("{met} met, {missed} missed, of the alert {unknown}");
            let _ = writeln!(text, "JUDGED AGAIN {range}, {who}\n    {counts}");
        }
        AlertBody::SlotAtRisk { slot, risk, run, past } => {
            let _ = writeln!(text, "AT RISK the deadline {}, {who}", local(zone, slot.deadline));
            let _ = writeln!(text, "    {}", at_risk(zone, risk));
            text.push_str(
                &run.as_ref().map_or(String::new(), |run| format!("    {}\n", described(zone, run))),
            );
            let _ = writeln!(text, "    {} successes before", past.len());
        }
        AlertBody::RiskOver { slot, ended_at, run } => {
            let _ = writeln!(text, "AT RISK NO MORE the deadline {}, {who}", local(zone, slot.deadline));
            let ended = ended_at.map(|ended_at| format!("the result was there at {}", local(zone, ended_at)));
            let _ = writeln!(text, "    {}", ended.as_deref().unwrap_or("nothing is judged there"));
            text.push_str(
                &run.as_ref().map_or(String::new(), |run| format!("    {}\n", described(zone, run))),
            );
        }
        AlertBody::ExpectationBroken { slot, broken, run } => {
            let _ = writeln!(text, "NOT AS EXPECTED for the deadline {}, {who}", local(zone, slot.deadline));
            broken.iter().for_each(|broken| text.push_str(&format!("    {broken}\n")));
            let _ = writeln!(text, "    {}", described(zone, run));
        }
        AlertBody::RunFailed { run, failure } => {
            let (failed, run) = (failed(failure), described(zone, run));
            let _ = writeln!(text, "RUN FAILED, {who}\n    {failed}\n    {run}");
        }
        AlertBody::BudgetSpent { slot, is_all, budget } => {
            text.push_str(&spent(budget, *is_all, &local(zone, slot.deadline), &who));
        }
        AlertBody::ClusterSilent { .. }
        | AlertBody::ClusterStalled(_)
        | AlertBody::SilenceOver { .. }
        | AlertBody::StallOver { .. } => unreachable!("raised by processors"),
    }
    let _ = writeln!(text, "    id {}", alert.id);
    text
}

fn spent(budget: &BudgetReport, is_all: bool, deadline: &str, who: &str) -> String {
    let part = if is_all { "ALL" } else { "HALF" };
    let (missed, allowed, slots) = (budget.missed, budget.allowed(), budget.slots);
    format!(
        "{part} SPENT with the deadline {deadline}, {who}\n    {missed} missed, {allowed} allowed of {slots} slots, by {}\n",
        budget.target
    )
}

fn at_risk(zone: &Zone, risk: &Risk) -> String {
    let took = |took: TimeDelta| minutes(took.num_seconds());
    match risk {
        Risk::NotStarted { expected_at, needs, of_runs, start_by } => {
            let needs = needs.map_or("an unknown time".to_owned(), took);
            let expected_at = local(zone, *expected_at);
            let within =
                start_by.map_or(String::new(), |start_by| format!(", to begin within {}", took(start_by)));
            format!(
                "no run has begun, expected {expected_at}{within}: nine in ten of {of_runs} runs need {needs}"
            )
        }
        Risk::RunningLate { since, longer, of_runs } => format!(
            "it runs late since {}: {longer} of {of_runs} runs took longer than it may",
            local(zone, *since)
        ),
        Risk::LongerThanEver { since, longest, of_runs } => format!(
            "it runs since {}, longer than each of {of_runs} runs, the longest of which took {}",
            local(zone, *since),
            took(*longest)
        ),
        Risk::Trend { misses, by, margin, of_slots } => format!(
            "it comes {} later each time over {of_slots} slots, {} before the deadline now, and misses {}",
            took(*by),
            took(*margin),
            local(zone, *misses)
        ),
        Risk::NewLevel { before, now, of_slots } => format!(
            "the last {of_slots} came {} before the deadline, those before {}",
            took(*now),
            took(*before)
        ),
    }
}

fn missed(zone: &Zone, alert: &Alert) -> String {
    let mut text = String::new();
    if let AlertBody::SlotMissed { slot, incident, misses, cause, run, past, trend } = &alert.body {
        let deadline = local(zone, slot.deadline);
        let _ = writeln!(text, "MISSED the deadline {deadline}, {}", who(alert));
        let _ = writeln!(text, "    because {}", because(zone, cause, alert.cron_job));
        if let (Cause::Failed(failure), Some(run)) = (cause, run)
            && let (RunPhase::Deleted { observed_at }, Some(after)) = (&run.run.phase, run.gone_after)
            && failure.reason == "Deleted"
        {
            let (from, to) = (local(zone, after), local(zone, *observed_at));
            let _ = writeln!(text, "    deleted between {from} and {to}");
        }
        let _ = writeln!(text, "    miss {misses} of incident {incident}");
        if let Some(run) = run {
            let _ = writeln!(text, "    {}", described(zone, run));
        }
        if let Some(last) = past.last() {
            let _ = writeln!(
                text,
                "    {} successes before, the last ended {}",
                past.len(),
                local(zone, last.ended_at)
            );
        }
        if let Trend::Later { by, goes_on_missing } = trend {
            let next = if *goes_on_missing { ", and will go on missing" } else { "" };
            let _ = writeln!(
                text,
                "    each ended {} later than the one before{next}",
                minutes(by.num_seconds())
            );
        }
    }
    text
}

fn who(alert: &Alert) -> String {
    match &alert.objective {
        Some(objective) => {
            let grace = match objective.grace.num_seconds() {
                0 => String::new(),
                grace => format!(", grace {}", minutes(grace)),
            };
            format!("{} of {} ({}{grace})", objective.name, alert.key, objective.time_zone)
        }
        None => alert.key.to_string(),
    }
}

fn range(zone: &Zone, since: Instant, until: Instant, slots: u32) -> String {
    match slots {
        1 => format!("the deadline {}", local(zone, until)),
        _ => format!("{slots} deadlines from {} to {}", local(zone, since), local(zone, until)),
    }
}

fn because(zone: &Zone, cause: &Cause, cron_job: CronJobPresence) -> String {
    match cause {
        Cause::CronJobAbsent => format!(
            "there is no CronJob{}",
            match cron_job {
                CronJobPresence::NeverObserved => ", and never was",
                CronJobPresence::Exists => ", but there is one now",
                CronJobPresence::Deleted | CronJobPresence::NotExpected | CronJobPresence::Unrecorded => "",
            }
        ),
        Cause::TargetAbsent => "the CronJob that it must be ready for is gone".to_owned(),
        Cause::Suspended => "the CronJob is suspended".to_owned(),
        Cause::Failed(failure) => format!("it failed: {}", failed(failure)),
        Cause::Expectation(broken) => format!("it did not do what is expected: {}", broken_text(broken)),
        Cause::StillRunning { since } => format!("it is still running since {}", local(zone, *since)),
        Cause::Pending { since, why } => {
            format!("it waits since {}: {}", local(zone, *since), why.as_deref().unwrap_or("nobody says why"))
        }
        Cause::NeverStarted { expected_at } => {
            format!("it never started, expected {}", local(zone, *expected_at))
        }
        Cause::NotObserved { expected_at, gap } => {
            let from = gap.from.map_or("ever".to_owned(), |from| local(zone, from));
            let (expected, to) = (local(zone, *expected_at), local(zone, gap.to));
            format!("its run, expected {expected}, was not observed from {from} to {to}")
        }
    }
}

fn failed(failure: &Failure) -> String {
    let code = failure.exit_code.map_or("unknown".to_owned(), |code| code.to_string());
    let error = failure.last_error.as_deref().unwrap_or("no error text");
    format!("{}, exit code {code}, {} attempts, {error}", failure.reason, failure.attempts)
}

fn described(zone: &Zone, run: &RunSummary) -> String {
    let attempt = run.last_attempt.as_ref().map_or(String::new(), |attempt| {
        let reported = if attempt.metrics.is_empty() {
            String::new()
        } else {
            format!(" which reported {}", attempt.metrics)
        };
        format!(", pod {}{reported}", attempt.pod)
    });
    format!("job {} of {}{attempt}", run.run.job, local(zone, run.run.nominal_start()))
}

fn minutes(seconds: i64) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    format!("{sign}{}m{:02}s", seconds.abs() / 60, seconds.abs() % 60)
}

fn local(zone: &Zone, at: Instant) -> String {
    zone.local(at).date_time.format("%Y-%m-%d %H:%M:%S").to_string()
}
