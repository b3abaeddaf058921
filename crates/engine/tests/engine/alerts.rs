//! What an alert claims beyond its verdict: the trend, whether there is a CronJob, and when past runs started.

use chrono::TimeDelta;
use kigen_engine::effect::Effect;
use kigen_engine::step::{Input, step};
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody, CronJobPresence};
use kigen_model::event::{Fact, FactBody, Revision};
use kigen_model::objective::Objective;
use kigen_model::run::{Run, RunPhase};
use kigen_model::trend::Trend;
use kigen_state::{BatchState, Calendars, Mutes};

use crate::support::{Batch, at, by};

fn observe(state: &mut BatchState, observed_at: Instant, body: FactBody) -> Vec<Alert> {
    raised(step(state, Fact { key: state.key.clone(), observed_at, body }.into()))
}

fn tick(state: &mut BatchState, observed_until: Instant) -> Vec<Alert> {
    let mut alerts = Vec::new();
    while state.next_due().is_some_and(|due| due <= observed_until) {
        alerts.extend(raised(step(
            state,
            Input::Due { observed_until, gaps: &[], calendars: Calendars::NONE, mutes: Mutes::NONE },
        )));
    }
    alerts
}

fn raised(effects: Vec<Effect>) -> Vec<Alert> {
    let alert = |effect| match effect {
        Effect::Raise(alert) => Some(*alert),
        Effect::Judge(_) | Effect::Warn(_) => None,
    };
    effects.into_iter().filter_map(alert).collect()
}

/// The run of the 15th at eight, which counts until ten past noon.
fn run_of_15th(version: u64, phase: RunPhase) -> FactBody {
    let run = Run {
        job: "recommend-15".to_owned(),
        scheduled_at: Some(at(15, 8, 0)),
        created_at: at(15, 8, 0),
        started_at: Some(at(15, 8, 1)),
        phase,
        failed_pods: 0,
        slot: None,
    };
    FactBody::Run { revision: Revision { uid: "job-15".to_owned(), resource_version: version }, run }
}

/// The miss of noon of the 15th, after five runs that took four minutes longer from day to day, the last one so long.
fn missed_after(last_took_min: i64, phase: RunPhase) -> Alert {
    let grace = TimeDelta::minutes(10);
    let batch = Batch::of_cron_job("0 8 * * *", None)
        .ran(10..=14, |day| last_took_min - 4 * (14 - i64::from(day)))
        .observes_at(at(13, 13, 0), |revision| {
            let objective = Some(Objective { grace, ..by("0 12 * * *") });
            FactBody::Objective { name: "complete-by".to_owned(), revision, objective }
        });
    let mut state = batch.state;
    observe(&mut state, at(15, 8, 1), run_of_15th(1_000, RunPhase::Running));
    observe(&mut state, at(15, 12, 10), run_of_15th(1_001, phase));
    let alerts = tick(&mut state, at(15, 12, 11));
    let missed = |alert: &Alert| matches!(alert.body, AlertBody::SlotMissed { .. });
    let mut missed = alerts.into_iter().filter(missed);
    let (alert, further) = (missed.next().expect("a miss"), missed.next());
    assert_eq!(further, None);
    assert_eq!(alert.objective.as_ref().map(|objective| objective.grace), Some(grace));
    alert
}

fn trend(alert: &Alert) -> Trend {
    let AlertBody::SlotMissed { trend, past, .. } = &alert.body else { panic!("a miss: {alert:?}") };
    assert_eq!(past.len(), 5);
    assert!(past.iter().all(|run| run.started_at == Some(run.nominal_start)), "{past:?}");
    *trend
}

#[test]
fn a_miss_goes_on_if_its_run_runs_and_the_trend_reaches_deadline_and_grace() {
    let later = |goes_on_missing| Trend::Later { by: TimeDelta::minutes(4), goes_on_missing };
    assert_eq!(trend(&missed_after(246, RunPhase::Running)), later(true), "250 min after eight");
    assert_eq!(trend(&missed_after(245, RunPhase::Running)), later(false), "a minute before");
    let failed = RunPhase::Failed {
        failed_at: at(15, 12, 10) + TimeDelta::seconds(1),
        reason: "BackoffLimitExceeded".to_owned(),
        message: String::new(),
    };
    assert_eq!(trend(&missed_after(246, failed)), later(false), "it runs no more");
}

#[test]
fn an_alert_has_whether_there_is_a_cron_job() {
    let failed = RunPhase::Failed {
        failed_at: at(15, 9, 0),
        reason: "BackoffLimitExceeded".to_owned(),
        message: String::new(),
    };
    let presence = |mut state: BatchState| {
        observe(&mut state, at(15, 8, 1), run_of_15th(1_000, RunPhase::Running));
        let alerts = observe(&mut state, at(15, 9, 0), run_of_15th(1_001, failed.clone()));
        let [alert] = alerts.as_slice() else { panic!("one alert: {alerts:?}") };
        alert.cron_job
    };
    assert_eq!(presence(Batch::new().state), CronJobPresence::NotExpected, "a bare Job");
    let batch = || Batch::of_cron_job("0 8 * * *", None);
    assert_eq!(presence(batch().state), CronJobPresence::Exists);
    let mut state = batch().state;
    let revision = Revision { uid: "uid-1".to_owned(), resource_version: 900 };
    observe(&mut state, at(15, 8, 0), FactBody::CronJob { revision, cron_job: None });
    assert_eq!(presence(state), CronJobPresence::Deleted);
    for (is_of_jobs, expected) in
        [(true, CronJobPresence::NotExpected), (false, CronJobPresence::NeverObserved)]
    {
        let batch = Batch::new().observes(|revision| {
            let objective = Some(Objective { is_of_jobs, ..by("0 12 * * *") });
            FactBody::Objective { name: "complete-by".to_owned(), revision, objective }
        });
        assert_eq!(presence(batch.state), expected);
    }
}
