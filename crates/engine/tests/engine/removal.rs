//! The removal of a batch: when it is due, what prevents it, and what a later fact means.

use chrono::TimeDelta;
use kigen_engine::effect::Effect;
use kigen_engine::step::{Input, step};
use kigen_model::Instant;
use kigen_model::alert::AlertBody;
use kigen_model::event::{Fact, FactBody, Revision};
use kigen_model::run::{Run, RunPhase};
use kigen_state::{BARE_REMOVED_AFTER_H, BatchState, Calendars, Mutes, REMOVED_AFTER_D};

use crate::support::{Batch, at, by};

/// A Job of this UID, created on the 16th at eight.
fn job(uid: &str, version: u64, phase: RunPhase) -> FactBody {
    let run = Run {
        job: uid.to_owned(),
        scheduled_at: None,
        created_at: at(16, 8, 0),
        started_at: Some(at(16, 8, 0)),
        phase,
        failed_pods: 0,
        slot: None,
    };
    FactBody::Run { revision: Revision { uid: uid.to_owned(), resource_version: version }, run }
}

fn failed(at: Instant) -> RunPhase {
    let (reason, message) = ("BackoffLimitExceeded".to_owned(), String::new());
    RunPhase::Failed { failed_at: at, reason, message }
}

fn observe(state: &mut BatchState, observed_at: Instant, body: FactBody) -> Vec<Effect> {
    step(state, Fact { key: state.key.clone(), observed_at, body }.into())
}

/// Judges all that is due by the tick, and returns what it emits.
fn tick(state: &mut BatchState, observed_until: Instant) -> Vec<Effect> {
    let mut effects = Vec::new();
    while state.next_due().is_some_and(|due| due <= observed_until) {
        effects.extend(step(
            state,
            Input::Due { observed_until, gaps: &[], calendars: Calendars::NONE, mutes: Mutes::NONE },
        ));
    }
    effects
}

fn failures(effects: &[Effect]) -> usize {
    let is_failure = |effect: &&Effect| matches!(effect, Effect::Raise(alert) if matches!(alert.body, AlertBody::RunFailed { .. }));
    effects.iter().filter(is_failure).count()
}

fn removed_after() -> TimeDelta {
    TimeDelta::days(REMOVED_AFTER_D)
}

/// The state of a bare Job that failed on the 16th at nine, and was reported.
fn bare_job() -> BatchState {
    let mut state = Batch::new().state;
    observe(&mut state, at(16, 8, 0), job("bare", 1, RunPhase::Running));
    assert_eq!(state.next_due(), None, "an open run keeps it");
    assert_eq!(failures(&observe(&mut state, at(16, 9, 0), job("bare", 2, failed(at(16, 9, 0))))), 1);
    state
}

#[test]
fn a_job_that_belongs_to_nothing_is_removed_thirty_days_after_its_last_fact() {
    let mut state = bare_job();
    // Listed again, which changes nothing else.
    assert!(observe(&mut state, at(20, 0, 0), job("bare", 2, failed(at(16, 9, 0)))).is_empty());
    let due = at(20, 0, 0) + removed_after();
    assert_eq!(state.next_due(), Some(due));
    assert!(tick(&mut state, due - TimeDelta::seconds(1)).is_empty() && !state.is_empty());
    assert!(tick(&mut state, due).is_empty(), "removal emits nothing");
    assert!(state.is_empty());
    assert_eq!(state, BatchState::new(state.key.clone()));
    assert_eq!(state.next_due(), None);
}

/// A Job without CronJob, label and objective is known by its own name: nothing follows from it after its end.
#[test]
fn a_job_that_is_no_batch_is_removed_a_day_after_its_last_fact() {
    let mut state = Batch::new().state;
    let job = |version, phase| job(&state.key.batch, version, phase);
    let (runs, has_failed) = (job(1, RunPhase::Running), job(2, failed(at(16, 9, 0))));
    observe(&mut state, at(16, 8, 0), runs);
    assert_eq!(failures(&observe(&mut state, at(16, 9, 0), has_failed.clone())), 1);
    let due = at(16, 9, 0) + TimeDelta::hours(BARE_REMOVED_AFTER_H);
    assert_eq!(state.next_due(), Some(due));
    tick(&mut state, due - TimeDelta::seconds(1));
    assert!(!state.is_empty());
    tick(&mut state, due);
    assert!(state.is_empty());
    assert_eq!(failures(&observe(&mut state, at(18, 0, 0), has_failed)), 0, "listed again");
    // An objective that names it makes it a batch.
    observe(&mut state, at(18, 0, 0), declared_again(by("0 12 * * *")));
    assert!(state.next_due().is_some_and(|due| due < at(19, 0, 0)), "its slot");
    tick(&mut state, at(20, 0, 0));
    assert!(!state.is_empty());
}

#[test]
fn after_a_removal_a_job_that_is_still_there_is_not_reported_again_and_a_new_failure_is() {
    let mut state = bare_job();
    let later = at(16, 9, 0) + removed_after();
    tick(&mut state, later);
    assert!(state.is_empty());
    let listed = observe(&mut state, later, job("bare", 2, failed(at(16, 9, 0))));
    assert!(listed.is_empty(), "it was reported before: {listed:?}");
    let again = later + TimeDelta::hours(1);
    assert_eq!(failures(&observe(&mut state, again, job("new", 3, failed(again)))), 1);
    assert_eq!(state.next_due(), Some(again + removed_after()));
}

#[test]
fn an_objective_a_living_cron_job_and_an_open_run_prevent_a_removal() {
    let much_later = at(16, 0, 0) + TimeDelta::days(300);
    let declared =
        |objective| move |revision| FactBody::Objective { name: "noon".to_owned(), revision, objective };
    let batches = [
        ("an objective", Batch::new().observes(declared(Some(by("0 12 * * *"))))),
        ("one that cannot be read", Batch::new().observes(declared(Some(by("0 25 * * *"))))),
        ("a CronJob", Batch::of_cron_job("0 8 * * *", None)),
        ("a run", Batch::new().observes(|_| job("open", 1, RunPhase::Running))),
        ("a run that is suspended", Batch::new().observes(|_| job("open", 1, RunPhase::Suspended))),
    ];
    for (what, Batch { mut state, .. }) in batches {
        tick(&mut state, much_later);
        assert!(!state.is_empty(), "{what} keeps it");
        assert!(state.next_due().is_none_or(|due| due > much_later), "{what}");
    }
}

/// An objective that dies with its CronJob is judged once more, which may be after the thirty days.
#[test]
fn a_batch_is_removed_only_after_the_last_verdict_on_it() {
    let monthly = by("0 12 31 12 *");
    let declared =
        |revision| FactBody::Objective { name: "noon".to_owned(), revision, objective: Some(monthly) };
    let withdrawn = |revision| FactBody::Objective { name: "noon".to_owned(), revision, objective: None };
    let gone = |revision| FactBody::CronJob { revision, cron_job: None };
    let batch = Batch::of_cron_job("0 8 * * *", None).observes(declared);
    let batch =
        batch.observes_at(at(16, 0, 0), |revision| gone(Revision { uid: "uid-1".to_owned(), ..revision }));
    let Batch { mut state, .. } = batch
        .observes_at(at(16, 0, 0), |revision| withdrawn(Revision { uid: "uid-2".to_owned(), ..revision }));
    let judged = state.next_due().expect("the open slot");
    assert!(judged > at(16, 0, 0) + removed_after(), "{judged}");
    tick(&mut state, judged - TimeDelta::seconds(1));
    assert!(!state.is_empty(), "its slot is open");
    tick(&mut state, judged);
    assert!(state.is_empty(), "nothing is left to judge");
    // Declared again it begins anew: the slot that it began in is partial.
    let again = judged + TimeDelta::days(1);
    let body = declared_again(by("0 12 * * *"));
    assert!(observe(&mut state, again, body).is_empty());
    let objective = &state.objectives["noon"];
    assert_eq!((objective.since, objective.verdicts.len()), (again, 0));
}

fn declared_again(objective: kigen_model::objective::Objective) -> FactBody {
    let revision = Revision { uid: "uid-9".to_owned(), resource_version: 9 };
    FactBody::Objective { name: "noon".to_owned(), revision, objective: Some(objective) }
}

/// Of states that an older kigen wrote the last fact is not known: the latest instant in them stands for it.
#[test]
fn a_state_of_an_older_kigen_is_removed_thirty_days_after_the_latest_instant_in_it() {
    let mut state = bare_job();
    state.last_fact_at = None;
    assert_eq!(state.next_due(), Some(at(16, 9, 0) + removed_after()));
    let mut state = BatchState { runs: Vec::new(), since: None, ..state };
    assert!(state.next_due().is_none_or(|due| due < at(1, 0, 0)), "nothing in it is younger");
    tick(&mut state, at(16, 0, 0));
    assert!(state.is_empty());
}
