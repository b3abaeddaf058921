//! One record of every kind, with every field present in one and absent in another.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use kigen_model::alert::{Alert, AlertBody, CronJobPresence, DeadlineSummary, ObjectiveSummary};
use kigen_model::control::ControlRecord;
use kigen_model::delivery::DeliveryRecord;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, StreamPosition};
use kigen_model::labels::Labels;
use kigen_model::objective::{Objective, ObjectiveSource, Severity};
use kigen_model::reject::Reject;
use kigen_model::risk::RiskKind;
use kigen_model::run::{ConcurrencyPolicy, CronJob, Run, RunPhase, SlotMark};
use kigen_model::slot::{Cause, CauseKind, Excuse, Gap, RunSummary, Slot, Verdict};
use kigen_model::topic::Topic;
use kigen_model::trend::Trend;
use kigen_state::{
    ATTEMPTS_MAX, AttemptState, BatchState, Budget, CronJobState, ForgottenFailure, Incident, Judged,
    JudgedSlot, ObjectiveState, OpenSlot, PastRun, Plan, RefusedObjective, RunState, ScheduleEdit, SlotEnd,
    Success, Successor, UnknownRange, Window,
};
use kigen_wire::{
    DecodeError, Level, Status, decode_alert, decode_control, decode_delivery, decode_event, decode_reject,
    decode_status, encode_alert, encode_batch, encode_control, encode_delivery, encode_event,
    encode_position, encode_reject,
};

use crate::attempts::attempts;
use crate::budgets::{budget, half_spent, recovered, spent};
use crate::calendars::declared;
use crate::expectations::{expectations_broken, past_numbers};
use crate::history::{causes, failure, least_failure, moments, standings, unknown};
use crate::mutes::{changes, muted};
use crate::positions::{position, start};
use crate::rejects::{control, deliveries, rejects};
use crate::silences::{of_clusters, stalls};
use crate::specs::{
    before, labels, least_objective, objective, of_source, that_only_warns, what_is_read, with_calendar,
};
use crate::values::{at, day, gap, id, key, revision, slot};
use crate::warnings::{at_risk, past_successes};

/// A record as a value of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "a handful of samples")]
pub(crate) enum Record {
    Event(Event),
    Alert(Alert),
    Status(Status),
    Reject(Reject),
    Control(ControlRecord),
    Delivery(DeliveryRecord),
}

impl Record {
    pub(crate) fn encode(&self) -> Vec<u8> {
        self.encode_at(Level::NEWEST)
    }

    pub(crate) fn encode_at(&self, level: Level) -> Vec<u8> {
        match self {
            Self::Event(event) => encode_event(event, level),
            Self::Alert(alert) => encode_alert(alert, level),
            Self::Status(Status::Batch(state)) => encode_batch(state, level),
            Self::Status(Status::Position(position)) => encode_position(position, level),
            Self::Reject(reject) => encode_reject(reject, level),
            Self::Control(record) => encode_control(record, level),
            Self::Delivery(delivery) => encode_delivery(delivery, level),
        }
    }

    pub(crate) fn decode(topic: Topic, bytes: &[u8]) -> Result<Self, DecodeError> {
        Ok(match topic {
            Topic::Events => Self::Event(decode_event(bytes)?),
            Topic::Alerts => Self::Alert(decode_alert(bytes)?),
            Topic::Status => Self::Status(decode_status(bytes)?),
            Topic::Rejects => Self::Reject(decode_reject(bytes)?),
            Topic::Control => Self::Control(decode_control(bytes)?),
            Topic::Deliveries => Self::Delivery(decode_delivery(bytes)?),
        })
    }
}

/// The samples of a topic by name. Another test checks that they contain every kind.
pub(crate) fn samples(topic: Topic) -> Vec<(&'static str, Record)> {
    match topic {
        Topic::Events => events().map(|(name, event)| (name, Record::Event(event))).collect(),
        Topic::Alerts => alerts().map(|(name, alert)| (name, Record::Alert(alert))).collect(),
        Topic::Status => vec![
            ("a batch of which all is known", Record::Status(Status::Batch(full_batch()))),
            ("a batch of a new CronJob", Record::Status(Status::Batch(new_batch(None)))),
            (
                "a batch that allows runs side by side",
                Record::Status(Status::Batch(new_batch(Some(ConcurrencyPolicy::Allow)))),
            ),
            (
                "a batch that replaces a run",
                Record::Status(Status::Batch(new_batch(Some(ConcurrencyPolicy::Replace)))),
            ),
            ("a batch of which nothing is known", Record::Status(Status::Batch(BatchState::new(key())))),
            ("a position within a tick", Record::Status(Status::Position(position()))),
            ("a position at the start", Record::Status(Status::Position(start()))),
        ],
        Topic::Rejects => rejects().map(|(name, reject)| (name, Record::Reject(reject))).into(),
        Topic::Control => control().map(|(name, record)| (name, Record::Control(record))).into(),
        Topic::Deliveries => deliveries().map(|(name, delivery)| (name, Record::Delivery(delivery))).into(),
    }
}

fn events() -> impl Iterator<Item = (&'static str, Event)> {
    let facts = [
        ("a CronJob", FactBody::CronJob { revision: revision(101), cron_job: Some(cron_job()) }),
        (
            "a CronJob in its first minute",
            FactBody::CronJob { revision: revision(102), cron_job: Some(new_cron_job()) },
        ),
        ("a CronJob that allows runs side by side", cron_job_fact(ConcurrencyPolicy::Allow)),
        ("a CronJob that replaces a run", cron_job_fact(ConcurrencyPolicy::Replace)),
        ("a CronJob is deleted", FactBody::CronJob { revision: revision(103), cron_job: None }),
        ("an objective", objective_fact(Some(objective()))),
        ("an objective of the fewest words", objective_fact(Some(least_objective()))),
        ("an objective is withdrawn", objective_fact(None)),
        ("an objective in a file, before another CronJob", objective_fact(Some(before(Some(None))))),
        ("an objective before a CronJob with a zone", objective_fact(Some(before(Some(Some("Asia/Tokyo")))))),
        ("an objective before a CronJob that is gone", objective_fact(Some(before(None)))),
        ("an objective that only warns of what a run did not do", objective_fact(Some(that_only_warns()))),
        ("an objective in an object", objective_fact(Some(of_source(ObjectiveSource::Object)))),
        ("an objective in a selector", objective_fact(Some(of_source(ObjectiveSource::Selector)))),
        ("an objective with a calendar", objective_fact(Some(with_calendar()))),
        ("what a batch reads", objective_fact(Some(what_is_read()))),
    ];
    let runs = runs().map(|(name, run)| (name, FactBody::Run { revision: revision(104), run }));
    let attempts = attempts().map(|(name, attempt)| {
        (name, FactBody::Attempt { revision: revision(105), run_uid: "job-uid".to_owned(), attempt })
    });
    let positions = vec![
        StreamPosition { stream: "cronjobs".to_owned(), resource_version: 7 },
        StreamPosition { stream: "jobs".to_owned(), resource_version: 9 },
    ];
    let cluster = [
        ("a shipper begins", ClusterBody::Epoch { shipper: "kigen-0".to_owned() }),
        ("a tick", ClusterBody::Tick { observed_until: at("2026-11-20T03:00:10Z"), positions }),
        (
            "a tick of no stream",
            ClusterBody::Tick { observed_until: at("2026-11-20T03:00:20Z"), positions: Vec::new() },
        ),
        ("a gap", ClusterBody::Gap(gap())),
        ("a gap since ever", ClusterBody::Gap(Gap { from: None, ..gap() })),
        ("a cluster is forgotten", ClusterBody::Forgotten { author: "ann@laptop".to_owned() }),
    ];
    let observed_at = at("2026-11-20T03:00:01.250Z");
    facts
        .into_iter()
        .chain(runs)
        .chain(attempts)
        .map(move |(name, body)| (name, Event::Fact(Fact { key: key(), observed_at, body })))
        .chain(cluster.into_iter().chain(declared()).chain(stalls()).map(|(name, body)| {
            let cluster_uid = (name != "a tick of no stream").then(|| "namespace-uid".to_owned());
            (name, Event::Cluster(ClusterEvent { cluster: "prod".to_owned(), cluster_uid, epoch: 3, body }))
        }))
        .chain(changes())
}

fn objective_fact(objective: Option<Objective>) -> FactBody {
    FactBody::Objective { name: "complete-by".to_owned(), revision: revision(106), objective }
}

fn runs() -> impl Iterator<Item = (&'static str, Run)> + Clone {
    let of = |phase| Run { phase, ..run() };
    [
        (
            "a run by hand waits",
            Run { scheduled_at: None, started_at: None, failed_pods: 0, ..of(RunPhase::Pending) },
        ),
        ("a run goes on, for a day", Run { slot: Some(SlotMark::Day(day())), ..of(RunPhase::Running) }),
        (
            "a run is held, for an instant",
            Run { slot: Some(SlotMark::At(at("2026-11-20T03:00:00Z"))), ..of(RunPhase::Suspended) },
        ),
        ("a run succeeded", run()),
        ("a run failed", of(failed())),
        ("a run was deleted", of(RunPhase::Deleted { observed_at: at("2026-11-20T03:20:00Z") })),
    ]
    .into_iter()
}

fn failed() -> RunPhase {
    RunPhase::Failed {
        failed_at: at("2026-11-20T03:10:00Z"),
        reason: "BackoffLimitExceeded".to_owned(),
        message: "Job has reached the specified backoff limit".to_owned(),
    }
}

/// The name of a sample in all golden files.
pub(crate) const WAITS_FOR_AN_UNKNOWN_REASON: &str = "an attempt waits, nobody knows why";
const ALONE: &str = "a run of a batch without an objective failed";

fn alerts() -> impl Iterator<Item = (&'static str, Alert)> {
    let retracted = |incident, run| AlertBody::SlotRetracted {
        slot: slot(),
        incident,
        misses: 1,
        ended_at: at("2026-11-20T03:20:00Z"),
        run,
    };
    let with_run = RunSummary { uid: "job-uid".to_owned(), run: run(), last_attempt: None, gone_after: None };
    let retracted = [
        ("retracted", retracted(Some(id(2)), Some(with_run.clone()))),
        ("retracted, it was unknown", retracted(None, None)),
    ];
    let failed = [
        ("a run failed", AlertBody::RunFailed { run: with_run.clone(), failure: failure() }),
        (ALONE, AlertBody::RunFailed { run: with_run.clone(), failure: least_failure() }),
    ];
    let later = recovered(run())
        .into_iter()
        .chain(retracted)
        .chain(unknown())
        .chain(failed)
        .chain(at_risk(with_run.clone()));
    let later = later.chain(expectations_broken(with_run)).chain(spent());
    let presences = [
        CronJobPresence::NeverObserved,
        CronJobPresence::Deleted,
        CronJobPresence::NotExpected,
        CronJobPresence::Unrecorded,
        CronJobPresence::Exists,
    ];
    let of_batches = missed().chain(later).zip(presences.into_iter().cycle()).enumerate().map(
        |(index, ((name, body), cron_job))| {
            let before = DeadlineSummary::Before("dwh/report".to_owned());
            let objective = match index {
                _ if name == ALONE => None,
                0 => Some(least_summary()),
                1 => Some(ObjectiveSummary { deadlines: before, ..least_summary() }),
                _ => Some(objective_summary()),
            };
            let decided_at = at("2026-11-20T03:40:30Z");
            (name, Alert { id: id(1), key: key(), objective, decided_at, cron_job, body })
        },
    );
    of_batches.chain(of_clusters())
}

fn missed() -> impl Iterator<Item = (&'static str, AlertBody)> {
    let by_cause = causes().into_iter().map(|(name, cause)| (name, (cause, None, Vec::new())));
    let by_attempt = runs()
        .cycle()
        .zip(attempts().map(|(name, attempt)| (name, Some(attempt))).chain([("no attempt", None)]));
    let by_run = by_attempt.map(|((_, run), (name, last_attempt))| {
        let gone_after = last_attempt.is_none().then(|| at("2026-11-20T03:18:00Z"));
        let run = RunSummary { uid: "job-uid".to_owned(), run, last_attempt, gone_after };
        (name, (Cause::Suspended, Some(run), past_successes()))
    });
    let later = |goes_on_missing| Trend::Later { by: TimeDelta::minutes(4), goes_on_missing };
    let trends = [later(true), later(false), Trend::Steady, Trend::Undecided];
    by_cause.chain(by_run).zip(trends.into_iter().cycle()).map(|((name, (cause, run, past)), trend)| {
        (name, AlertBody::SlotMissed { slot: slot(), incident: id(2), misses: 1, cause, run, past, trend })
    })
}

/// A batch whose state uses every branch and every symbol of the schema.
fn full_batch() -> BatchState {
    let known_attempt = |(_, attempt)| AttemptState { revision: revision(7), attempt };
    let known_runs = runs().enumerate().map(|(index, (_, run))| RunState {
        revision: revision(6),
        run,
        attempts: attempts().skip(index * ATTEMPTS_MAX).take(ATTEMPTS_MAX).map(known_attempt).collect(),
        moments: if index == 0 { moments() } else { Vec::new() },
        gone_after: (index == 0).then(|| at("2026-11-20T03:18:00Z")),
    });
    let names =
        "before complete-by exhausted fresh no-fire reads slot the-last-fire unresolved withdrawn".split(' ');
    BatchState {
        key: key(),
        cron_job: Some(CronJobState {
            revision: revision(5),
            cron_job: cron_job(),
            deleted_at: Some(at("2026-11-20T05:00:00Z")),
            edits: [(None, None), (Some("Asia/Tokyo".to_owned()), Some(at("2026-11-01T19:00:00Z")))]
                .map(|(time_zone, made_up)| ScheduleEdit {
                    from: at("2026-11-02T00:00:00Z"),
                    schedule: "0 4 * * *".to_owned(),
                    time_zone,
                    made_up,
                })
                .into(),
            seen_at: Some(at("2026-11-20T04:00:00Z")),
            standings: standings(),
        }),
        runs: known_runs.collect(),
        objectives: names.map(str::to_owned).zip(objective_states()).collect::<BTreeMap<_, _>>(),
        since: Some(at("2026-11-01T00:00:00Z")),
        last_fact_at: Some(at("2026-11-20T03:00:01.250Z")),
        successes: [None, Some("2026-11-20"), Some("2026-11-20T12:00:00Z")]
            .map(|mark| Success {
                nominal_start: at("2026-11-19T03:00:00Z"),
                slot: mark.map(|mark| mark.parse().expect("a slot")),
                ended_at: at("2026-11-19T03:09:00Z"),
                broke: if mark.is_some() { vec!["complete-by".to_owned()] } else { Vec::new() },
            })
            .into(),
        past_numbers: past_numbers(),
        past_runs: [None, Some(at("2026-10-18T03:00:01Z"))]
            .map(|started_at| PastRun {
                nominal_start: at("2026-10-18T03:00:00Z"),
                started_at,
                ended_at: at("2026-10-18T03:08:00Z"),
            })
            .into(),
        forgotten_failure: Some(ForgottenFailure {
            failed_at: at("2026-10-20T03:00:00Z"),
            resource_version: 4,
        }),
        refused: BTreeMap::from([(
            "refused".to_owned(),
            RefusedObjective { revision: revision(9), objective: objective() },
        )]),
        left_out_at: Some(at("2026-11-19T12:00:00Z")),
    }
}

fn new_batch(concurrency: Option<ConcurrencyPolicy>) -> BatchState {
    let cron_job = CronJobState {
        revision: revision(5),
        cron_job: CronJob { concurrency, ..new_cron_job() },
        deleted_at: None,
        edits: Vec::new(),
        seen_at: None,
        standings: Vec::new(),
    };
    BatchState { cron_job: Some(cron_job), ..BatchState::new(key()) }
}

/// One of whole slots without a mute, and one of a partial slot with one.
fn incidents() -> [Incident; 2] {
    let partial = Slot { whole: false, ..slot() };
    [
        Incident { muted: 0, muted_until: None, ..muted() },
        Incident {
            since: at("2026-11-18T03:00:00Z"),
            opens: at("2026-11-20T03:00:00Z"),
            last: partial,
            ..muted()
        },
    ]
}

fn objective_states() -> [ObjectiveState; 10] {
    let opens = at("2026-11-20T03:00:00Z");
    let [unmuted, partial] = incidents();
    let open = |window, met_at| {
        let (risk_due, warned_of) = match met_at {
            Some(_) => (None, RiskKind::ALL.to_vec()),
            None => (Some(at("2026-11-20T02:50:00Z")), Vec::new()),
        };
        let (slot, time_zone) = (slot(), "Asia/Tokyo".to_owned());
        Plan::Open(OpenSlot { slot, time_zone, window, met_at, risk_due, warned_of })
    };
    let of = |plan| ObjectiveState {
        revision: revision(8),
        objective: least_objective(),
        successors: Vec::new(),
        since: at("2026-11-01T00:00:00Z"),
        withdrawn_at: None,
        plan,
        incident: None,
        verdicts: Vec::new(),
        warned_of_no_fire: false,
        unknown: Vec::new(),
        ends: Vec::new(),
        trend_warned_at: None,
        level_warned_at: None,
        budget: Budget::default(),
    };
    [
        ObjectiveState { objective: before(Some(None)), incident: Some(unmuted), ..of(Plan::Exhausted) },
        ObjectiveState {
            objective: objective(),
            successors: vec![
                Successor { objective: with_calendar(), edited_at: at("2026-11-20T02:00:00Z") },
                Successor { objective: objective(), edited_at: at("2026-11-20T02:10:00Z") },
            ],
            withdrawn_at: Some(at("2026-11-20T02:30:00Z")),
            incident: Some(partial),
            verdicts: verdicts(),
            warned_of_no_fire: true,
            unknown: [(false, Some(opens)), (true, None)]
                .map(|(is_reported, from)| UnknownRange {
                    since: opens,
                    last: slot(),
                    slots: 720,
                    gap: Gap { from, to: opens, is_of_log: !is_reported },
                    is_reported,
                    met: 15,
                    missed: 1,
                })
                .into(),
            ends: vec![SlotEnd { reference: opens, ended_at: at("2026-11-20T03:09:00Z") }],
            trend_warned_at: Some(at("2026-11-12T03:00:30Z")),
            level_warned_at: Some(at("2026-11-13T03:00:30Z")),
            budget: budget(),
            ..of(open(
                Window::Fires { opens, closes: Some(at("2026-11-21T03:00:00Z")) },
                Some(at("2026-11-20T03:09:00Z")),
            ))
        },
        ObjectiveState { objective: before(Some(Some("Asia/Tokyo"))), ..of(Plan::Exhausted) },
        ObjectiveState { objective: what_is_read(), ..of(Plan::Exhausted) },
        ObjectiveState { objective: before(None), ..of(open(Window::Fresh { after: opens }, None)) },
        ObjectiveState { objective: of_source(ObjectiveSource::Selector), ..of(open(Window::NoFire, None)) },
        ObjectiveState { budget: half_spent(), ..of(open(Window::Slot, None)) },
        of(open(Window::Fires { opens, closes: None }, None)),
        of(Plan::Unresolved { reason: "no such zone".to_owned() }),
        ObjectiveState { objective: that_only_warns(), ..of(Plan::Withdrawn) },
    ]
}

fn verdicts() -> Vec<Judged> {
    let causes = [
        CauseKind::CronJobAbsent,
        CauseKind::Suspended,
        CauseKind::Failed,
        CauseKind::StillRunning,
        CauseKind::Pending,
        CauseKind::NeverStarted,
        CauseKind::NotObserved,
        CauseKind::Expectation,
    ];
    let windows = [
        Window::NoFire,
        Window::Fires { opens: at("2026-11-10T03:00:00Z"), closes: None },
        Window::Fires { opens: at("2026-11-10T03:00:00Z"), closes: Some(at("2026-11-11T03:00:00Z")) },
        Window::Slot,
        Window::Fresh { after: at("2026-11-07T03:00:00Z") },
    ];
    let judged =
        windows.into_iter().zip([None, Some(id(2))].into_iter().cycle()).map(|(window, incident)| {
            let unobserved = incident.map(|_| Gap {
                from: (window != Window::Slot).then(|| at("2026-11-10T01:00:00Z")),
                is_of_log: window == Window::Slot,
                ..gap()
            });
            Some(JudgedSlot {
                slot: slot(),
                window,
                until: at("2026-11-10T03:40:00Z"),
                incident,
                unobserved,
                muted: window == Window::Slot,
            })
        });
    [Verdict::Met { ended_at: at("2026-11-10T03:09:00Z") }]
        .into_iter()
        .chain(causes.map(Verdict::Missed))
        .chain([Excuse::NoFire, Excuse::Partial, Excuse::Calendar].map(Verdict::Excused))
        .chain([Verdict::Unknown(gap()), Verdict::Unknown(Gap { from: None, is_of_log: true, ..gap() })])
        .zip(judged.chain(std::iter::repeat(None)))
        .map(|(verdict, judged)| Judged { deadline: at("2026-11-10T03:30:00Z"), verdict, judged })
        .collect()
}

fn cron_job() -> CronJob {
    CronJob {
        schedule: "0 3 * * *".to_owned(),
        time_zone: Some("Asia/Tokyo".to_owned()),
        suspended: true,
        concurrency: Some(ConcurrencyPolicy::Forbid),
        created_at: at("2026-01-01T00:00:00Z"),
        last_scheduled_at: Some(at("2026-11-19T18:00:00Z")),
        last_succeeded_at: Some(at("2026-11-18T18:09:00Z")),
    }
}

fn cron_job_fact(policy: ConcurrencyPolicy) -> FactBody {
    let cron_job = CronJob { concurrency: Some(policy), ..new_cron_job() };
    FactBody::CronJob { revision: revision(102), cron_job: Some(cron_job) }
}

fn new_cron_job() -> CronJob {
    CronJob {
        time_zone: None,
        suspended: false,
        concurrency: None,
        last_scheduled_at: None,
        last_succeeded_at: None,
        ..cron_job()
    }
}

fn objective_summary() -> ObjectiveSummary {
    ObjectiveSummary {
        name: "complete-by".to_owned(),
        deadlines: DeadlineSummary::CompleteBy("30 3 * * *".to_owned()),
        time_zone: "Asia/Tokyo".to_owned(),
        grace: TimeDelta::minutes(10),
        severity: Severity::Fatal,
        owner: Some("recommend-team".to_owned()),
        runbook: Some("https://wiki.example.com/recommend".to_owned()),
        labels: labels(),
    }
}

fn least_summary() -> ObjectiveSummary {
    ObjectiveSummary {
        grace: TimeDelta::zero(),
        severity: Severity::Warning,
        owner: None,
        runbook: None,
        labels: Labels::default(),
        ..objective_summary()
    }
}

fn run() -> Run {
    Run {
        job: "recommend-29380500".to_owned(),
        scheduled_at: Some(at("2026-11-20T03:00:00Z")),
        created_at: at("2026-11-20T03:00:01Z"),
        started_at: Some(at("2026-11-20T03:00:01Z")),
        phase: RunPhase::Succeeded { completed_at: at("2026-11-20T03:09:00Z") },
        failed_pods: 2,
        slot: None,
    }
}
