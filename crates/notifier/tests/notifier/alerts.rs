//! Sample alerts.

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::alert::{
    Alert, AlertBody, CronJobPresence, DeadlineSummary, ObjectiveSummary, ResultOf, alert_id,
};
use kigen_model::key::BatchKey;
use kigen_model::labels::Labels;
use kigen_model::objective::Severity;
use kigen_model::reported::ReportedMetrics;
use kigen_model::risk::Risk;
use kigen_model::run::{Attempt, AttemptPhase, Container, ContainerRole, ContainerState, Run, RunPhase};
use kigen_model::slot::{Cause, Failure, Gap, PastSuccess, RunSummary, Slot};
use kigen_model::trend::Trend;
use kigen_notifier::language::Language;
use kigen_notifier::render::{self, Edition, Message};
use kigen_wire::Level;
use uuid::Uuid;

/// Its message in English.
pub(crate) fn render(alert: &Alert) -> Message {
    render::render(alert, Edition::of(Language::ENGLISH))
}

/// Its message in English, delivered then.
pub(crate) fn render_at(alert: &Alert, now: Instant) -> Message {
    render::render(alert, Edition { delivered_at: Some(now), ..Edition::of(Language::ENGLISH) })
}

/// The value of the fact with this label.
pub(crate) fn fact(message: &Message, label: &str) -> Option<String> {
    let fact = message.facts.iter().find(|fact| fact.label == label);
    fact.map(|fact| fact.value.clone())
}

/// A miss with this cause, of a batch whose successful runs took ten minutes.
pub(crate) fn missed(cause: Cause, run: Option<RunSummary>) -> Alert {
    missed_after(cause, run, &[10, 10, 11, 10])
}

/// A miss after successful runs that ended so many minutes after their scheduled time, without a trend.
pub(crate) fn missed_after(cause: Cause, run: Option<RunSummary>, minutes: &[i64]) -> Alert {
    missed_with(cause, run, past(minutes), Trend::Steady)
}

/// A miss as the engine decides its trend.
pub(crate) fn missed_with(
    cause: Cause,
    run: Option<RunSummary>,
    past: Vec<PastSuccess>,
    trend: Trend,
) -> Alert {
    alert(AlertBody::SlotMissed { slot: slot(), incident: incident(), misses: 1, cause, run, past, trend })
}

/// Successes that ended so many minutes after their scheduled time, of runs that started a minute after it.
pub(crate) fn past(minutes: &[i64]) -> Vec<PastSuccess> {
    let past = minutes.iter().zip(1..).map(|(minutes, day)| {
        let nominal_start = at("2026-11-01T03:00:00Z") + TimeDelta::days(day);
        let started_at = Some(nominal_start + TimeDelta::minutes(1));
        PastSuccess { nominal_start, started_at, ended_at: nominal_start + TimeDelta::minutes(*minutes) }
    });
    past.collect()
}

/// A warning that the slot is at risk, decided twenty minutes before the deadline.
pub(crate) fn at_risk(risk: Risk, run: Option<RunSummary>) -> Alert {
    let past = past(&[10, 10, 11, 10]);
    let decided_at = slot().deadline - TimeDelta::minutes(20);
    Alert { decided_at, ..alert(AlertBody::SlotAtRisk { slot: slot(), risk, run, past }) }
}

/// The end of such a warning.
pub(crate) fn risk_over(ended_at: Option<Instant>, run: Option<RunSummary>) -> Alert {
    alert(AlertBody::RiskOver { slot: slot(), ended_at, run })
}

/// The alert as a kigen of before record level 3 wrote it.
pub(crate) fn of_older(alert: &Alert) -> Alert {
    let level = Level::nearest(2);
    kigen_wire::decode_alert(&kigen_wire::encode_alert(alert, level)).expect("an alert")
}

/// A recovery by a run that ended then, after that many misses.
pub(crate) fn recovered(nominal_start: &str, ended_at: &str, misses: u32) -> Alert {
    let run = Run {
        scheduled_at: Some(at(nominal_start)),
        phase: RunPhase::Succeeded { completed_at: at(ended_at) },
        ..run()
    };
    alert(AlertBody::SlotRecovered {
        slot: slot(),
        incident: incident(),
        since: at("2026-11-18T03:30:00Z"),
        misses,
        ended_at: at(ended_at),
        run: RunSummary { run, ..summary(None) },
        result_of: if at(nominal_start) < slot().deadline {
            ResultOf::MissedSlot
        } else {
            ResultOf::LaterSlot
        },
    })
}

/// The same alert for another batch.
pub(crate) fn of_batch(alert: &Alert, batch: &str) -> Alert {
    let key = BatchKey::new("prod", "ml", batch);
    let id = alert_id(&key, "complete-by", alert.body.kind(), "2026-11-20T03:30:00Z");
    let own = alert_id(&key, "complete-by", "incident", "2026-11-20T03:30:00Z");
    let mut body = alert.body.clone();
    if let AlertBody::SlotMissed { incident, .. } | AlertBody::SlotRecovered { incident, .. } = &mut body {
        *incident = own;
    }
    Alert { id, key, body, ..alert.clone() }
}

pub(crate) fn failed(last_error: &str) -> Cause {
    Cause::Failed(failure(last_error))
}

pub(crate) fn failure(last_error: &str) -> Failure {
    Failure {
        reason: "BackoffLimitExceeded".to_owned(),
        exit_code: Some(1),
        attempts: 3,
        last_error: Some(last_error.to_owned()),
    }
}

/// A failed run of a batch without an objective.
pub(crate) fn run_failed(last_error: &str) -> Alert {
    let alert = alert(AlertBody::RunFailed { run: summary(Some(attempt())), failure: failure(last_error) });
    Alert { objective: None, ..alert }
}

/// A slot retracted from an incident with that many remaining misses; with `None`, one that was unknown.
pub(crate) fn retracted(misses: Option<u32>) -> Alert {
    alert(AlertBody::SlotRetracted {
        slot: slot(),
        incident: misses.map(|_| incident()),
        misses: misses.unwrap_or_default(),
        ended_at: at("2026-11-20T03:20:00Z"),
        run: misses.map(|_| summary(None)),
    })
}

pub(crate) fn unknown() -> Alert {
    let gap = Gap::unwatched(Some(at("2026-11-19T23:00:00Z")), at("2026-11-20T03:40:00Z"));
    alert(AlertBody::SlotUnknown { slot: slot(), since: slot().deadline, slots: 1, gap })
}

/// The hourly slots of a month without observation.
pub(crate) fn unknown_month() -> Alert {
    let (since, until) = (at("2026-10-21T04:30:00Z"), at("2026-11-20T03:40:00Z"));
    let gap = Gap::unwatched(Some(at("2026-10-21T04:00:00Z")), until);
    alert(AlertBody::SlotUnknown { slot: slot(), since, slots: 720, gap })
}

/// The last slots of that month are judged again.
pub(crate) fn judged_again(met: u32, missed: u32) -> Alert {
    let unknown = unknown_month();
    let since = at("2026-10-21T04:30:00Z");
    alert(AlertBody::UnknownClosed { unknown: unknown.id, slot: slot(), since, slots: 720, met, missed })
}

pub(crate) fn summary(last_attempt: Option<Attempt>) -> RunSummary {
    RunSummary { uid: "job-uid".to_owned(), run: run(), last_attempt, gone_after: None }
}

/// The run as it waits for its pod.
pub(crate) fn waiting(last_attempt: Option<Attempt>) -> RunSummary {
    in_phase(RunPhase::Pending, last_attempt)
}

pub(crate) fn in_phase(phase: RunPhase, last_attempt: Option<Attempt>) -> RunSummary {
    RunSummary { run: Run { phase, ..run() }, ..summary(last_attempt) }
}

pub(crate) fn attempt() -> Attempt {
    Attempt {
        pod: "recommend-29380500-x7k2p".to_owned(),
        node: Some("node-1".to_owned()),
        restarts: 0,
        phase: AttemptPhase::Running { since: None },
        metrics: ReportedMetrics::default(),
        containers: Vec::new(),
    }
}

/// The attempt with a main container that ended so, and a proxy beside it.
pub(crate) fn beside_a_proxy(attempt: Attempt, exit_code: i32, proxy: ContainerState) -> Attempt {
    let of = |name: &str, role, state| Container { name: name.to_owned(), role, state };
    let ended = ContainerState::Ended { at: Some(at("2026-11-20T03:12:00Z")), exit_code: Some(exit_code) };
    let containers =
        vec![of("cloud-sql-proxy", ContainerRole::Sidecar, proxy), of("main", ContainerRole::Main, ended)];
    Attempt { containers, ..attempt }
}

/// An attempt that failed with this reason.
pub(crate) fn failed_attempt(reason: &str, exit_code: Option<i32>, message: Option<&str>) -> Attempt {
    let (reason, message) = (Some(reason.to_owned()), message.map(str::to_owned));
    let phase = AttemptPhase::Failed { finished_at: None, exit_code, reason, message };
    Attempt { phase, ..attempt() }
}

/// The attempt with the metrics that it reported.
pub(crate) fn reporting(attempt: Attempt, numbers: &[(&str, f64)]) -> Attempt {
    let metrics = ReportedMetrics::new(numbers.iter().map(|(name, number)| ((*name).to_owned(), *number)));
    Attempt { metrics, ..attempt }
}

fn run() -> Run {
    Run {
        job: "recommend-29380500".to_owned(),
        scheduled_at: Some(at("2026-11-20T03:00:00Z")),
        created_at: at("2026-11-20T03:00:01Z"),
        started_at: Some(at("2026-11-20T03:00:01Z")),
        phase: RunPhase::Running,
        failed_pods: 0,
        slot: None,
    }
}

pub(crate) fn alert(body: AlertBody) -> Alert {
    let key = BatchKey::new("prod", "ml", "recommend");
    Alert {
        id: alert_id(&key, "complete-by", body.kind(), "2026-11-20T03:30:00Z"),
        key,
        objective: Some(ObjectiveSummary {
            name: "complete-by".to_owned(),
            deadlines: DeadlineSummary::CompleteBy("30 12 * * *".to_owned()),
            time_zone: "Asia/Tokyo".to_owned(),
            grace: TimeDelta::zero(),
            severity: Severity::Fatal,
            owner: Some("recommend-team".to_owned()),
            runbook: Some("https://wiki.example.com/recommend?a=1&b=2".to_owned()),
            labels: Labels::of([("team", "ml"), ("tier", "gold")]),
        }),
        decided_at: at("2026-11-20T03:30:30Z"),
        cron_job: CronJobPresence::Exists,
        body,
    }
}

pub(crate) fn slot() -> Slot {
    Slot { from: at("2026-11-19T03:30:00Z"), deadline: at("2026-11-20T03:30:00Z"), whole: true }
}

pub(crate) fn incident() -> Uuid {
    Uuid::from_u128(7)
}

pub(crate) fn at(text: &str) -> Instant {
    text.parse().expect("an instant in RFC 3339")
}
