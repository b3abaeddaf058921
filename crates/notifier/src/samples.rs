//! A message of each kind, of an invented fleet: for previews, and for the tests of what a person reads. Pure.

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::alert::{
    Alert, AlertBody, CronJobPresence, DeadlineSummary, ObjectiveSummary, ResultOf, alert_id,
};
use kigen_model::budget::{BudgetReport, Target};
use kigen_model::expectation::{Broken, Limit};
use kigen_model::key::BatchKey;
use kigen_model::labels::Labels;
use kigen_model::objective::{ANNOTATED_OBJECTIVE, Severity};
use kigen_model::reported::{Number, ReportedMetrics};
use kigen_model::risk::Risk;
use kigen_model::run::{Attempt, AttemptPhase, Run, RunPhase};
use kigen_model::silence::{NextDeadline, SlotCounts};
use kigen_model::slot::{Cause, Failure, Gap, PastSuccess, RunSummary, Slot};
use kigen_model::stall::{OverdueCronJob, StallReport};
use kigen_model::trend::Trend;
use uuid::Uuid;

use crate::language::{Language, phrase};
use crate::render::{Edition, Message, render, render_digest, render_followed, render_storm};
use crate::surroundings::{End, LateSource, Lateness, Mark, NextRead, Surroundings, Usual};

/// The deadline of the samples: Friday 20 November 2026, 12:30 in Tokyo, in seconds since 1970.
const DEADLINE_S: i64 = 1_795_145_400;
/// What a Python program left.
const TRACEBACK: &str = "Traceback (most recent call last):
  File \"/app/recommend/main.py\", line 41, in <module>
    run()
  File \"/app/recommend/features.py\", line 118, in load
    prices = frame[\"price\"]
  File \"/usr/lib/python3.12/site-packages/pandas/core/frame.py\", line 4102, in __getitem__
    indexer = self.columns.get_loc(key)
KeyError: 'price'";

/// A message of one kind.
pub struct Sample {
    /// Its name in files.
    pub name: &'static str,
    content: Content,
}

enum Content {
    Alert(Box<Alert>, Box<Surroundings>),
    Followed(Box<Alert>, Box<Alert>, Box<Surroundings>),
    Late(Box<Alert>, TimeDelta),
    Rejected(Box<Alert>),
    Storm(Vec<(Alert, bool)>),
    Digest(Vec<(Alert, Option<Alert>)>),
}

impl Sample {
    /// The message in a language, and its replies.
    #[must_use]
    pub fn messages(&self, language: Language) -> Vec<Message> {
        let of = |surroundings| Edition { surroundings, ..Edition::of(language) };
        match &self.content {
            Content::Alert(alert, surroundings) => {
                let message = render(alert, of(surroundings));
                let whole = message.with_whole_error();
                std::iter::once(message).chain(whole).collect()
            }
            Content::Followed(shown, by, surroundings) => {
                vec![render_followed(shown, by, of(surroundings)), render(by, of(surroundings))]
            }
            Content::Late(alert, age) => {
                let delivered_at = Some(alert.decided_at + *age);
                vec![render(alert, Edition { delivered_at, ..Edition::of(language) })]
            }
            Content::Rejected(alert) => {
                let advice = phrase!(language, "advice-archived", channel = "#ml-alerts");
                let why = phrase!(language, "refused", code = "is_archived", advice = advice);
                let note = phrase!(language, "rejected", channel = "#ml-alerts", why = why);
                vec![render(alert, Edition::of(language)).noted(&note)]
            }
            Content::Storm(alerts) => {
                let alerts: Vec<(&Alert, bool)> = alerts.iter().map(|(alert, over)| (alert, *over)).collect();
                vec![render_storm(&alerts, language)]
            }
            Content::Digest(alerts) => {
                let alerts: Vec<(&Alert, Option<&Alert>)> =
                    alerts.iter().map(|(alert, ended_by)| (alert, ended_by.as_ref())).collect();
                vec![render_digest(&alerts, (at(9 * 60 + 30), Some("Asia/Tokyo")), language, true)]
            }
        }
    }
}

/// A message of each kind.
#[must_use]
pub fn samples() -> Vec<Sample> {
    let mut all = misses();
    all.extend(ends());
    all.extend(warnings());
    all.extend(others());
    all.extend(of_clusters());
    all
}

fn misses() -> Vec<Sample> {
    let alone = |name, alert: Alert| {
        with(name, alert, Surroundings { readers: readers(), ..history("✓✓✓✓✓✓✓✓✓✓✓✓✓✗") })
    };
    let failed = failed_run(Some(1), "Error");
    let out_of_memory = failed_run(Some(137), "OOMKilled");
    let killed = failed_run(Some(143), "Error");
    let pending = RunPhase::Pending;
    let why = "ImagePullBackOff: failed to pull image \"registry.shop/recommend:2026-11-20\": not found";
    let upstream = LateSource {
        batch: "dwh/prices".to_owned(),
        deadline: deadline() - TimeDelta::minutes(90),
        lateness: Lateness::Missing,
    };
    vec![
        alone("missed-failed", missed(failure(Some(1), Some(TRACEBACK)), Some(failed.clone()))),
        alone("missed-failed-with-a-long-error", missed(failure(Some(1), Some(&long_error())), Some(failed))),
        alone("missed-out-of-memory", missed(failure(Some(137), None), Some(out_of_memory))),
        alone("missed-node-drained", missed(failure(Some(143), None), Some(killed))),
        with(
            "missed-still-running",
            growing(),
            Surroundings { readers: readers(), ..ever_later("✓✓✓✓✓✓✓✓✓✓✓✗✗✗") },
        ),
        with(
            "missed-never-started-after-its-source",
            missed(Cause::NeverStarted { expected_at: at(-30) }, None),
            Surroundings {
                readers: readers(), sources: vec![upstream], ..history("✓✓✓✓✓✓✓✓✓✓✓✓✓✗")
            },
        ),
        alone(
            "missed-image-not-found",
            missed(Cause::Pending { since: at(-30), why: Some(why.to_owned()) }, Some(run(pending, None))),
        ),
        alone("missed-suspended", missed(Cause::Suspended, None)),
        alone(
            "missed-no-cron-job",
            Alert { cron_job: CronJobPresence::Deleted, ..missed(Cause::CronJobAbsent, None) },
        ),
        alone("missed-not-as-expected", missed(Cause::Expectation(broken()), Some(good_run(-8)))),
        alone(
            "missed-not-observed",
            missed(
                Cause::NotObserved { expected_at: at(-30), gap: Gap::unwatched(Some(at(-45)), at(-10)) },
                None,
            ),
        ),
    ]
}

fn ends() -> Vec<Sample> {
    let failed = missed(failure(Some(1), Some(TRACEBACK)), Some(failed_run(Some(1), "Error")));
    let usual = Some(Usual { shortest: minutes(9), longest: minutes(12), runs: 14 });
    let followed = |name, by: Alert, marks| {
        let surroundings = Surroundings { usual, ..history(marks) };
        let content = Content::Followed(Box::new(failed.clone()), Box::new(by), Box::new(surroundings));
        Sample { name, content }
    };
    let retracted = alert(AlertBody::SlotRetracted {
        slot: slot(),
        incident: Some(Uuid::nil()),
        misses: 0,
        ended_at: at(-10),
        run: Some(good_run(-10)),
    });
    vec![
        followed("recovered-late", recovered(42, 1, ResultOf::MissedSlot), "✓✓✓✓✓✓✓✓✓✓✓✓✓✗"),
        followed("recovered-by-a-later-run", recovered(1_430, 3, ResultOf::LaterSlot), "✓✓✓✓✓✓✓✓✓✓✓✗✗✗"),
        followed("retracted", retracted, "✓✓✓✓✓✓✓✓✓✓✓✓✓✓"),
    ]
}

fn warnings() -> Vec<Sample> {
    let around =
        || Surroundings { readers: readers(), ..history("✓✓✓✓✓✓✓✓✓✓✓✓✓✓") };
    let warned = |name, risk, run| {
        let body = AlertBody::SlotAtRisk { slot: slot(), risk, run, past: past(&[10, 11, 10, 12, 10]) };
        with(name, Alert { decided_at: at(-15), ..alert(body) }, around())
    };
    let running = || Some(run(RunPhase::Running, Some(AttemptPhase::Running { since: Some(at(-28)) })));
    let over = alert(AlertBody::RiskOver { slot: slot(), ended_at: Some(at(-3)), run: Some(good_run(-3)) });
    let counted = AlertBody::ExpectationBroken { slot: slot(), broken: broken(), run: good_run(-8) };
    let not_started =
        Risk::NotStarted { expected_at: at(-30), needs: Some(minutes(14)), of_runs: 40, start_by: None };
    let trend = Risk::Trend { misses: at(4 * 24 * 60), by: minutes(3), margin: minutes(11), of_slots: 14 };
    vec![
        warned("warning-not-started", not_started, None),
        warned(
            "warning-running-late",
            Risk::RunningLate { since: at(-28), longer: 31, of_runs: 40 },
            running(),
        ),
        warned(
            "warning-longer-than-ever",
            Risk::LongerThanEver { since: at(-28), longest: minutes(12), of_runs: 40 },
            running(),
        ),
        with(
            "warning-trend",
            alert(AlertBody::SlotAtRisk {
                slot: slot(),
                risk: trend,
                run: None,
                past: past(&[10, 11, 10, 12, 10]),
            }),
            Surroundings { readers: readers(), ..ever_later("✓✓✓✓✓✓✓✓✓✓✓✓✓✓") },
        ),
        warned(
            "warning-new-level",
            Risk::NewLevel { before: minutes(20), now: minutes(7), of_slots: 5 },
            None,
        ),
        with("warning-over", over, around()),
        with("not-as-expected", alert(counted), around()),
    ]
}

fn others() -> Vec<Sample> {
    let body =
        AlertBody::RunFailed { run: failed_run(Some(1), "Error"), failure: failed(Some(1), Some(TRACEBACK)) };
    let gap = Gap::unwatched(Some(at(-45)), at(10));
    let unknown = |slots, since| alert(AlertBody::SlotUnknown { slot: slot(), since, slots, gap });
    let closed = AlertBody::UnknownClosed {
        unknown: Uuid::nil(),
        slot: slot(),
        since: at(-11 * 60),
        slots: 12,
        met: 11,
        missed: 1,
    };
    let suspended = missed(Cause::Suspended, None);
    let rejected = Content::Rejected(Box::new(suspended.clone()));
    vec![
        with("run-failed", alert(body), Surroundings { readers: readers(), ..history("") }),
        with(
            "unknown",
            unknown(1, deadline()),
            Surroundings { readers: readers(), ..history("✓✓✓✓✓✓✓✓✓✓✓✓✓?") },
        ),
        with("unknown-many", unknown(12, at(-11 * 60)), history("✓✓????????????")),
        with("judged-again", alert(closed), history("✓✓✓✓✓✓✓✗✓✓✓✓✓✓")),
        Sample { name: "delivered-late", content: Content::Late(Box::new(suspended), minutes(190)) },
        Sample { name: "rejected-by-its-channel", content: rejected },
        Sample { name: "storm", content: Content::Storm(storm(3)) },
        Sample { name: "storm-over", content: Content::Storm(storm(14)) },
        Sample { name: "digest", content: Content::Digest(digest()) },
    ]
}

/// What quiet hours held back: two missed deadlines that can wait, of which one has its result by now, and a failed run.
fn digest() -> Vec<(Alert, Option<Alert>)> {
    let of = |alert: Alert, name| {
        let objective = alert.objective.map(|it| ObjectiveSummary { severity: Severity::Warning, ..it });
        Alert { key: BatchKey::new("shop", "dwh", name), objective, ..alert }
    };
    let never = missed(Cause::NeverStarted { expected_at: at(-30) }, None);
    let body = AlertBody::RunFailed { run: failed_run(Some(1), "Error"), failure: failed(Some(1), None) };
    vec![
        (of(missed(Cause::Suspended, None), "report"), None),
        (of(never, "prices"), Some(of(recovered(42, 1, ResultOf::MissedSlot), "prices"))),
        (of(alert(body), "orders"), None),
    ]
}

/// A budget, and what is about a whole cluster.
fn of_clusters() -> Vec<Sample> {
    let target = Target { ratio_ppm: 970_000, over_d: 90 };
    let budget = |missed| BudgetReport { target, slots: 100, missed };
    let spent = |is_all, missed| AlertBody::BudgetSpent { slot: slot(), is_all, budget: budget(missed) };
    let of_cluster = |body| Alert { key: BatchKey::of_cluster("shop"), objective: None, ..alert(body) };
    let next = NextDeadline {
        key: BatchKey::new("shop", "ml", "recommend"),
        objective: ANNOTATED_OBJECTIVE.to_owned(),
        deadline: deadline(),
        time_zone: "Asia/Tokyo".to_owned(),
    };
    let judged = SlotCounts { met: 13, missed: 1, unknown: 0, excused: 0, has_more: false };
    let overdue = |namespace: &str, name: &str, minutes| OverdueCronJob {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        expected_at: at(minutes),
    };
    let cron_jobs =
        vec![overdue("ml", "recommend", -30), overdue("dwh", "prices", -20), overdue("dwh", "report", -15)];
    let (silent, since, until) = (Uuid::nil(), at(-60), Some(at(-20)));
    let bodies = [
        ("silent", AlertBody::ClusterSilent { since, objectives: 14, next: Some(next) }),
        ("silence-over", AlertBody::SilenceOver { silent, since, until, judged }),
        ("stalled", AlertBody::ClusterStalled(StallReport { since, overdue: 5, cron_jobs })),
        ("stall-over", AlertBody::StallOver { stalled: silent, since, until: at(-5) }),
    ];
    let of_budget = [("budget-half-spent", spent(false, 2)), ("budget-spent", spent(true, 3))];
    let of_budget = of_budget.map(|(name, body)| with(name, alert(body), history("✓✓✗✓✓✓✓✓✓✗✓✓✓✗")));
    let of_clusters = bodies.map(|(name, body)| with(name, of_cluster(body), history("")));
    of_budget.into_iter().chain(of_clusters).collect()
}

fn with(name: &'static str, alert: Alert, surroundings: Surroundings) -> Sample {
    Sample { name, content: Content::Alert(Box::new(alert), Box::new(surroundings)) }
}

/// Many misses of several teams, of which so many are over.
fn storm(over: usize) -> Vec<(Alert, bool)> {
    let teams = ["recommend-team", "dwh-team", "dwh-team", "search-team"];
    let names = ["recommend", "prices", "report", "index", "stock", "orders", "mail"];
    let one = |nth: usize| {
        let cause = match nth % 3 {
            0 => failure(Some(1), Some("psycopg2.OperationalError: could not connect to server: db-1")),
            1 => Cause::NeverStarted { expected_at: at(-30) },
            _ => Cause::StillRunning { since: at(-28) },
        };
        let team = teams[nth % teams.len()];
        let name = names[nth % names.len()];
        let namespace = if nth < names.len() { "ml" } else { "dwh" };
        let miss = missed(cause, None);
        let key = BatchKey::new("shop", namespace, name);
        let objective = miss.objective.map(|it| ObjectiveSummary { owner: Some(team.to_owned()), ..it });
        (Alert { key, objective, ..miss }, nth < over)
    };
    (0..14).map(one).collect()
}

fn deadline() -> Instant {
    Instant::from_timestamp(DEADLINE_S, 0).unwrap_or_default()
}

/// So many minutes after the deadline.
fn at(minutes: i64) -> Instant {
    deadline() + TimeDelta::minutes(minutes)
}

fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}

fn slot() -> Slot {
    Slot { from: at(-24 * 60), deadline: deadline(), whole: true }
}

fn history(marks: &str) -> Surroundings {
    let marks = marks.chars().filter_map(|sign| {
        [Mark::Met, Mark::Missed, Mark::Excused, Mark::Unknown].into_iter().find(|mark| mark.sign() == sign)
    });
    let marks: Vec<Mark> = marks.collect();
    // A missed deadline of these has no result yet.
    let count = i64::try_from(marks.len()).unwrap_or_default();
    let ends = marks.iter().zip((0..count).rev()).filter(|(mark, _)| **mark == Mark::Met);
    let ends = ends.map(|(_, days)| {
        let deadline = at(-24 * 60 * days);
        End { deadline, ended_at: deadline - TimeDelta::minutes(14 + (days * 5) % 7) }
    });
    Surroundings { ends: ends.collect(), marks, ..Surroundings::default() }
}

/// Ends that come ever later.
fn ever_later(marks: &str) -> Surroundings {
    let mut surroundings = history(marks);
    for (nth, end) in (0..).zip(&mut surroundings.ends) {
        end.ended_at = end.deadline - TimeDelta::minutes(50 - 3 * nth);
    }
    surroundings
}

fn readers() -> Vec<NextRead> {
    let of = |batch: &str, minutes| NextRead { batch: batch.to_owned(), starts_at: Some(at(minutes)) };
    vec![of("ml/mail", 30), of("dwh/report", 330)]
}

fn broken() -> Vec<Broken> {
    let number = |value| Number::new(value);
    let least = number(1_000.0).map_or(Limit::Reported, Limit::Min);
    let rows = Broken::Number {
        name: "rows".to_owned(),
        was: number(12.0),
        limit: least,
        usual: number(120_345.0),
        of_runs: 14,
    };
    let took = Broken::Duration {
        took: TimeDelta::seconds(3),
        min: minutes(5),
        usual: Some(minutes(10)),
        of_runs: 40,
    };
    vec![rows, took]
}

fn alert(body: AlertBody) -> Alert {
    let key = BatchKey::new("shop", "ml", "recommend");
    Alert {
        id: alert_id(&key, ANNOTATED_OBJECTIVE, body.kind(), "2026-11-20T03:30:00Z"),
        key,
        objective: Some(ObjectiveSummary {
            name: ANNOTATED_OBJECTIVE.to_owned(),
            deadlines: DeadlineSummary::CompleteBy("30 12 * * *".to_owned()),
            time_zone: "Asia/Tokyo".to_owned(),
            grace: TimeDelta::zero(),
            severity: Severity::Fatal,
            owner: Some("recommend-team".to_owned()),
            runbook: Some("https://wiki.shop.example/recommend".to_owned()),
            labels: Labels::default(),
        }),
        decided_at: deadline() + TimeDelta::seconds(30),
        cron_job: CronJobPresence::Exists,
        body,
    }
}

fn missed(cause: Cause, run: Option<RunSummary>) -> Alert {
    let (past, incident) = (past(&[10, 11, 10, 12, 10]), Uuid::nil());
    let trend = Trend::Steady;
    alert(AlertBody::SlotMissed { slot: slot(), incident, misses: 1, cause, run, past, trend })
}

/// The third miss in a row of a batch that takes ever longer.
fn growing() -> Alert {
    let running = run(RunPhase::Running, Some(AttemptPhase::Running { since: Some(at(-30)) }));
    alert(AlertBody::SlotMissed {
        slot: slot(),
        incident: Uuid::nil(),
        misses: 3,
        cause: Cause::StillRunning { since: at(-30) },
        run: Some(running),
        past: past(&[12, 16, 20, 24, 28]),
        trend: Trend::Later { by: minutes(4), goes_on_missing: true },
    })
}

fn recovered(minutes: i64, misses: u32, result_of: ResultOf) -> Alert {
    let body = AlertBody::SlotRecovered {
        slot: slot(),
        incident: Uuid::nil(),
        since: at(-24 * 60 * i64::from(misses.saturating_sub(1))),
        misses,
        ended_at: at(minutes),
        run: good_run(minutes),
        result_of,
    };
    Alert { decided_at: at(minutes + 1), ..alert(body) }
}

fn past(minutes: &[i64]) -> Vec<PastSuccess> {
    let days = (1..).take(minutes.len()).collect::<Vec<i64>>();
    let past = minutes.iter().zip(days.iter().rev()).map(|(minutes, day)| {
        let nominal_start = at(-30 - 24 * 60 * day);
        let ended_at = nominal_start + TimeDelta::minutes(*minutes);
        PastSuccess { nominal_start, started_at: Some(nominal_start), ended_at }
    });
    past.collect()
}

fn failure(exit_code: Option<i32>, last_error: Option<&str>) -> Cause {
    Cause::Failed(failed(exit_code, last_error))
}

fn failed(exit_code: Option<i32>, last_error: Option<&str>) -> Failure {
    let (reason, last_error) = ("BackoffLimitExceeded".to_owned(), last_error.map(str::to_owned));
    Failure { reason, exit_code, attempts: 3, last_error }
}

/// More than a message has room for.
fn long_error() -> String {
    let frames = (1..=30).map(|nth| {
        format!("  File \"/app/recommend/pipeline.py\", line {}, in step_{nth}\n    return next_step(frame, options)\n", 10 * nth)
    });
    format!(
        "Traceback (most recent call last):\n{}ValueError: no rows for 2026-11-20",
        frames.collect::<String>()
    )
}

fn failed_run(exit_code: Option<i32>, reason: &str) -> RunSummary {
    let failed = RunPhase::Failed {
        failed_at: at(-12),
        reason: "BackoffLimitExceeded".to_owned(),
        message: String::new(),
    };
    let (reason, finished_at) = (Some(reason.to_owned()), Some(at(-12)));
    run(failed, Some(AttemptPhase::Failed { finished_at, exit_code, reason, message: None }))
}

/// The run that ended so many minutes after the deadline.
fn good_run(minutes: i64) -> RunSummary {
    let succeeded = RunPhase::Succeeded { completed_at: at(minutes) };
    let phase = AttemptPhase::Succeeded { finished_at: Some(at(minutes)) };
    let mut good = run(succeeded, Some(phase));
    good.run.started_at = Some(at(minutes - 10));
    good.run.scheduled_at = Some(at(minutes - 10));
    if let Some(attempt) = &mut good.last_attempt {
        attempt.metrics = ReportedMetrics::new([("rows".to_owned(), 12.0)]);
    }
    good
}

fn run(phase: RunPhase, attempt: Option<AttemptPhase>) -> RunSummary {
    let run = Run {
        job: "recommend-29752380".to_owned(),
        scheduled_at: Some(at(-30)),
        created_at: at(-30),
        started_at: Some(at(-30)),
        phase,
        failed_pods: 0,
        slot: None,
    };
    let last_attempt = attempt.map(|phase| Attempt {
        pod: "recommend-29752380-x7k2p".to_owned(),
        node: Some("node-3".to_owned()),
        restarts: 0,
        phase,
        metrics: ReportedMetrics::default(),
        containers: Vec::new(),
    });
    RunSummary { uid: "9f1c".to_owned(), run, last_attempt, gone_after: None }
}
