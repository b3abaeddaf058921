//! Which failed runs are posted: by the setting of their namespace.

use std::collections::BTreeMap;

use kigen_model::alert::{Alert, alert_id};
use kigen_model::key::BatchKey;
use kigen_model::slot::Cause;
use kigen_notifier::failures::{FailureFilter, Failures};

use crate::alerts::{missed, run_failed};
use crate::delivery::{append_alert, folder, ids, now, open, start_slack};
use crate::queues::{ERRORS, FATAL, ids_of, miss_of, slack_of};
use crate::slack::Workspace;

/// A failed run in a namespace; of a batch with an objective, or of a Job that belongs to no batch.
fn failure_in(namespace: &str, has_objective: bool) -> Alert {
    let (alert, with_objective) = (run_failed("KeyError: 'price'"), missed(Cause::Suspended, None));
    let batch = if has_objective { "recommend" } else { "a-job-by-hand" };
    let key = BatchKey::new("prod", namespace, batch);
    let objective = with_objective.objective.filter(|_| has_objective);
    Alert { id: alert_id(&key, "", alert.body.kind(), "a run"), key, objective, ..alert }
}

/// Of four failed runs, those that are posted; the miss behind them always is.
async fn check(default: Failures, by_namespace: &[(&str, Failures)], posted: &[usize]) {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    let failures = [("ml", true), ("ml", false), ("scratch", true), ("scratch", false)]
        .map(|(namespace, has_objective)| failure_in(namespace, has_objective));
    for alert in &failures {
        append_alert(&log, alert).await;
    }
    let miss = miss_of("late");
    append_alert(&log, &miss).await;
    let by_namespace: BTreeMap<_, _> =
        by_namespace.iter().map(|(namespace, failures)| ((*namespace).to_owned(), *failures)).collect();
    let filter = FailureFilter { default, by_namespace };
    let notifier = start_slack(&log, slack_of(&workspace), now, |delivery| delivery.with_failures(filter));
    notifier.has_committed(5).await;
    notifier.stop().await;
    let expected: Vec<&Alert> = posted.iter().map(|nth| &failures[*nth]).collect();
    assert_eq!(ids(&workspace.messages_in(ERRORS)), ids_of(&expected), "{default:?}");
    assert_eq!(ids(&workspace.messages_in(FATAL)), ids_of(&[&miss]));
}

#[tokio::test]
async fn all_failed_runs_are_posted_also_those_of_no_batch() {
    check(Failures::All, &[], &[0, 1, 2, 3]).await;
}

#[tokio::test]
async fn only_failed_runs_of_batches_with_an_objective_are_posted() {
    check(Failures::Objectives, &[], &[0, 2]).await;
}

#[tokio::test]
async fn no_failed_run_is_posted() {
    check(Failures::None, &[], &[]).await;
}

#[tokio::test]
async fn a_namespace_has_a_setting_of_its_own() {
    check(Failures::Objectives, &[("scratch", Failures::None)], &[0]).await;
    check(Failures::None, &[("ml", Failures::All)], &[0, 1]).await;
    check(Failures::All, &[("scratch", Failures::Objectives), ("other", Failures::None)], &[0, 1, 2]).await;
}
