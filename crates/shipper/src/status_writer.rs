//! Writes into the Objectives of the cluster how they stand: next deadline, last verdict, and what cannot be resolved.
//!
//! The verdicts are read where anybody reads them, in `kigen.status`. Nothing depends on what is written here: it is for those
//! who look with kubectl, so it comes a little late, and a little at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::SecondsFormat;
use kigen_engine::state::{BatchState, Judged, ObjectiveState, Plan};
use kigen_log::{LogError, LogReader};
use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::reasons::reasons;
use kigen_model::slot::Verdict;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_wire::Status;
use tokio::sync::watch;
use tokio::time::{Instant as TimerInstant, MissedTickBehavior};

use crate::custom_resource::ObjectiveStatus;
use crate::error::RequestError;
use crate::index::resolution::{Standing, Standings};
use crate::kubernetes::api::Api;
use crate::metrics;
use crate::shipper::Failures;

/// How many statuses are written in one round.
const WRITTEN_MAX: usize = 50;
/// The longest problem that is written, in characters.
const PROBLEM_CHARS_MAX: usize = 1_000;
/// How much is read at once.
const RECORDS_PER_READ_MAX: usize = 1_000;
const BYTES_PER_READ_MAX: usize = 4 << 20;

/// Namespace and name of an Objective.
type Place = (String, String);

/// Writes, in rounds, whenever `standings` or the verdicts say something else than the cluster has. For ever: whoever leads
/// drops it when he leads no more.
pub(crate) async fn run<K: LogReader + Clone + 'static>(
    api: Api,
    look: K,
    interval: Duration,
    standings: watch::Receiver<Arc<Standings>>,
) {
    let mut timer = tokio::time::interval(interval.max(Duration::from_millis(1)));
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut writer = Writer { api, written: BTreeMap::new(), tried: None, failures: Failures::default() };
    let mut verdicts = Verdicts::default();
    loop {
        timer.tick().await;
        let standings = standings.borrow().clone();
        if standings.objects.is_empty() {
            continue;
        }
        let (look, of) = (look.clone(), standings.clone());
        let reading = tokio::task::spawn_blocking(move || {
            let read = verdicts.read(&look, &of);
            (verdicts, read)
        });
        let read;
        (verdicts, read) = match reading.await {
            Ok(answer) => answer,
            // The runtime is being shut down.
            Err(_) => return,
        };
        match read {
            Ok(()) => writer.round(&standings, &verdicts).await,
            // The shipper itself meets it when it writes, and tells of it there.
            Err(error) => tracing::debug!(%error, "verdicts could not be read"),
        }
    }
}

/// How far the judging of an objective is.
#[derive(Debug)]
struct Progress {
    next: Option<Instant>,
    last: Option<Judged>,
}

/// The verdicts of `kigen.status`, of the namespaces in which there are Objectives.
#[derive(Debug, Default)]
struct Verdicts {
    namespaces: BTreeSet<String>,
    read_up_to: BTreeMap<Partition, Offset>,
    progress: BTreeMap<(BatchKey, String), Progress>,
}

impl Verdicts {
    /// Reads what was written since; all of it once there are Objectives in a namespace where there were none.
    fn read(&mut self, look: &impl LogReader, standings: &Standings) -> Result<(), LogError> {
        let namespaces: BTreeSet<String> =
            standings.objects.keys().map(|(namespace, _)| namespace.clone()).collect();
        if !namespaces.is_subset(&self.namespaces) {
            self.read_up_to.clear();
        }
        self.namespaces = namespaces;
        self.progress.retain(|(key, _), _| self.namespaces.contains(&key.namespace));
        for partition in (0..look.partitions()).map(Partition) {
            let mut from = match self.read_up_to.get(&partition) {
                Some(from) => *from,
                None => look.earliest(Topic::Status, partition)?,
            };
            loop {
                let records =
                    look.read(Topic::Status, partition, from, RECORDS_PER_READ_MAX, BYTES_PER_READ_MAX)?;
                let Some(last) = records.last() else { break };
                from = last.offset.next();
                self.read_up_to.insert(partition, from);
                for record in records {
                    let is_wanted =
                        record.key.split('/').nth(1).is_some_and(|it| self.namespaces.contains(it));
                    let value = record.value.filter(|_| is_wanted);
                    if let Some(Ok(Status::Batch(state))) =
                        value.map(|value| kigen_wire::decode_status(&value))
                    {
                        self.keep(state);
                    }
                }
            }
        }
        Ok(())
    }

    fn keep(&mut self, state: BatchState) {
        for (name, objective) in state.objectives {
            let progress = Progress { next: next(&objective), last: objective.verdicts.last().copied() };
            self.progress.insert((state.key.clone(), name), progress);
        }
    }

    /// What should stand in the cluster.
    fn status(&self, name: &str, standing: &Standing) -> ObjectiveStatus {
        let of_batches = standing.batches.iter();
        let progress: Vec<&Progress> =
            of_batches.filter_map(|key| self.progress.get(&(key.clone(), name.to_owned()))).collect();
        let next = progress.iter().filter_map(|progress| progress.next).min();
        let last = progress.iter().filter_map(|progress| progress.last).max_by_key(|last| last.deadline);
        let problem = standing.problem.as_ref();
        ObjectiveStatus {
            observed_generation: standing.generation,
            batches: i32::try_from(standing.batches.len()).ok(),
            next_deadline: next.map(text),
            last_verdict: last.map(|last| words(&last)),
            problem: problem.map(|problem| problem.chars().take(PROBLEM_CHARS_MAX).collect()),
        }
    }
}

fn next(objective: &ObjectiveState) -> Option<Instant> {
    match &objective.plan {
        Plan::Open(open) => Some(open.slot.deadline),
        Plan::Unresolved { .. } | Plan::Exhausted | Plan::Withdrawn => None,
    }
}

fn text(at: Instant) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn words(judged: &Judged) -> String {
    let verdict = match judged.verdict {
        Verdict::Met { .. } => "met".to_owned(),
        Verdict::Missed(cause) => format!("missed ({})", cause.label().replace('_', " ")),
        Verdict::Unknown(_) => "unknown".to_owned(),
        Verdict::Excused(_) => "excused".to_owned(),
    };
    format!("{verdict}, {}", text(judged.deadline))
}

struct Writer {
    api: Api,
    /// What was written last, whether or not the watch has shown it since.
    written: BTreeMap<Place, ObjectiveStatus>,
    /// Which was tried last: the next round begins after it, so that those that are refused keep no other waiting.
    tried: Option<Place>,
    failures: Failures,
}

impl Writer {
    /// Writes what differs. What is the matter with one object is no matter of the others; any other failure ends the
    /// round, since it would be the same for each.
    async fn round(&mut self, standings: &Standings, verdicts: &Verdicts) {
        self.written.retain(|place, _| standings.objects.contains_key(place));
        let wanted = standings.objects.iter().map(|(place, standing)| {
            let status = verdicts.status(&place.1, standing);
            let differs = status != standing.status;
            (place, status, differs)
        });
        let mut anew: Vec<_> = wanted
            .filter(|(place, status, differs)| *differs && self.written.get(*place) != Some(status))
            .collect();
        let tried =
            anew.partition_point(|(place, ..)| self.tried.as_ref().is_some_and(|tried| *place <= tried));
        anew.rotate_left(tried);
        for (place, status, _) in anew.into_iter().take(WRITTEN_MAX) {
            let written = self.api.patch_status(&place.0, &place.1, &status).await;
            self.tried = Some(place.clone());
            match written {
                Ok(()) => drop(self.written.insert(place.clone(), status)),
                // It was deleted meanwhile.
                Err(error) if error.is_not_served() => {}
                Err(error) => {
                    self.tell(&error);
                    if !is_of_one_object(&error) {
                        return;
                    }
                }
            }
        }
    }

    fn tell(&mut self, error: &RequestError) {
        metrics::failed(error);
        let Some(untold) = self.failures.untold_before_one_more(TimerInstant::now()) else { return };
        let (what, advice) = match is_of_one_object(error) {
            true => ("the status of this Objective", "apply the deploy/objectives.crd.yaml of this kigen"),
            false => ("the status of Objectives", "grant patch on objectives.kigen.dev/status"),
        };
        tracing::warn!(
            untold,
            "{}; {what} is not as it should be, and all else goes on; {advice}",
            reasons(error)
        );
    }
}

/// Whether the next object may fare better: this one was changed at the same time, or cannot have what is to be written.
fn is_of_one_object(error: &RequestError) -> bool {
    matches!(error.status(), Some(400 | 404 | 409 | 413 | 422))
}
