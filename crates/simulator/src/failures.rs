//! The alerts of failed runs beside what truly failed, and was observed to: each is reported once, as it is observed.

use std::collections::BTreeMap;

use kigen_model::Instant;
use kigen_model::alert::AlertBody;
use kigen_model::run::RunPhase;

use crate::answer::Disagreement;
use crate::history::{Batch, TrueRun};
use crate::undisturbed::Undisturbed;
use crate::world::World;

/// Where the alerts of failed runs differ from what is right.
#[must_use]
pub fn compare(world: &World, found: &Undisturbed) -> Vec<Disagreement> {
    let mut reported: BTreeMap<(String, String), Vec<(Instant, usize)>> = BTreeMap::new();
    for raised in found.alerts.iter().flatten() {
        if let AlertBody::RunFailed { run, .. } = &raised.alert.body {
            let place = (raised.alert.key.to_string(), run.uid.clone());
            reported.entry(place).or_default().push((raised.alert.decided_at, raised.index));
        }
    }
    let mut differ = Vec::new();
    for batch in &world.batches {
        for run in &batch.runs {
            let alerts = reported.remove(&(batch.key.to_string(), run.uid.clone())).unwrap_or_default();
            let right: Vec<(Instant, usize)> = due(batch, run).into_iter().collect();
            if alerts != right {
                let deadline = run.versions.first().map_or(world.begins, |version| version.at);
                differ.push(Disagreement {
                    key: batch.key.clone(),
                    objective: String::new(),
                    deadline,
                    right: format!("{} failed: {right:?}", run.uid),
                    reported: format!("{alerts:?}"),
                });
            }
        }
    }
    differ
}

/// When the failure of a run is reported, and at which event: when it is observed. What failed before anything was known of
/// its batch is no news.
fn due(batch: &Batch, run: &TrueRun) -> Option<(Instant, usize)> {
    let of_cron_job = batch.cron_job.iter().filter_map(|version| version.seen);
    let of_objectives = batch.objectives.iter().flat_map(|it| &it.versions).filter_map(|it| it.seen);
    let of_runs = batch.runs.iter().flat_map(|run| &run.versions).filter_map(|version| version.seen);
    let known_since = of_cron_job.chain(of_objectives).chain(of_runs).map(|seen| seen.at).min()?;
    run.versions.iter().find_map(|version| match (&version.value.phase, version.seen) {
        (RunPhase::Failed { failed_at, .. }, Some(seen)) if *failed_at >= known_since => {
            Some((seen.at, seen.index))
        }
        _ => None,
    })
}
