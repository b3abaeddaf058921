//! Writes the status of each Objective of the cluster: next deadline, last verdict, and what cannot be resolved.
//!
//! The verdicts are read from `kigen.status`, like any other reader does. Nothing depends on the statuses: they are for users
//! of kubectl, so they are written a little late, and a few at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant as RealInstant};

use chrono::SecondsFormat;
use kigen_log::{LogError, LogReader};
use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::slot::Verdict;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_objective::spec::ObjectiveStatus;
use kigen_ops::{Throttle, error_chain};
use kigen_state::{BatchState, Judged, ObjectiveState, Plan};
use kigen_wire::Status;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::error::RequestError;
use crate::index::resolution::{Resolution, Resolutions};
use crate::kubernetes::api::Api;
use crate::metrics;
use crate::refusal::{MAY_PASS, Refusal};

/// How many statuses are written in one round.
const WRITTEN_MAX: usize = 50;
/// The longest problem that is written, in characters.
const PROBLEM_CHARS_MAX: usize = 1_000;
/// How much is read at once.
const RECORDS_PER_READ_MAX: usize = 1_000;
const BYTES_PER_READ_MAX: usize = 4 << 20;

/// Namespace and name of an Objective.
type ObjectName = (String, String);

/// Writes, in rounds, the statuses that differ from the cluster's, by `resolutions` and the verdicts. It never ends by itself:
/// a leader drops it at the end of its term.
pub(crate) async fn run<R: LogReader + Clone + 'static>(
    api: Api,
    reader: R,
    interval: Duration,
    resolutions: watch::Receiver<Arc<Resolutions>>,
) {
    let mut timer = tokio::time::interval(interval.max(Duration::from_millis(1)));
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut writer = Writer {
        api,
        written: BTreeMap::new(),
        last_tried: None,
        failures: Throttle::default(),
        refusal: Refusal::new(interval),
    };
    let mut verdicts = Verdicts::default();
    loop {
        timer.tick().await;
        let resolutions = resolutions.borrow().clone();
        if resolutions.objects.is_empty() {
            continue;
        }
        let (reader, of) = (reader.clone(), resolutions.clone());
        let reading = tokio::task::spawn_blocking(move || {
            let read = verdicts.read(&reader, &of);
            (verdicts, read)
        });
        let read;
        (verdicts, read) = match reading.await {
            Ok(answer) => answer,
            // The leader reports it.
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime is being shut down.
            Err(_) => return,
        };
        match read {
            Ok(()) => writer.round(&resolutions, &verdicts).await,
            // The shipper itself meets the same error when it writes, and warns of it there.
            Err(error) => tracing::debug!(%error, "verdicts could not be read"),
        }
    }
}

/// How far the judgement of an objective is.
#[derive(Debug)]
struct Progress {
    next: Option<Instant>,
    last: Option<Judged>,
    /// How many of the misses that its target allows are left; `None`: it has no target, or nothing is judged by it.
    misses_left: Option<u32>,
}

/// The verdicts of `kigen.status`, of the namespaces in which there are Objectives.
#[derive(Debug, Default)]
struct Verdicts {
    namespaces: BTreeSet<String>,
    read_up_to: BTreeMap<Partition, Offset>,
    progress: BTreeMap<(BatchKey, String), Progress>,
}

impl Verdicts {
    /// Reads the records since the last call; all records once there are Objectives in a namespace where there were none.
    fn read(&mut self, reader: &impl LogReader, resolutions: &Resolutions) -> Result<(), LogError> {
        let namespaces: BTreeSet<String> =
            resolutions.objects.keys().map(|(namespace, _)| namespace.clone()).collect();
        if !namespaces.is_subset(&self.namespaces) {
            self.read_up_to.clear();
        }
        self.namespaces = namespaces;
        self.progress.retain(|(key, _), _| self.namespaces.contains(&key.namespace));
        for partition in (0..reader.partitions()).map(Partition) {
            let mut from = match self.read_up_to.get(&partition) {
                Some(from) => *from,
                None => reader.earliest(Topic::Status, partition)?,
            };
            loop {
                let records =
                    reader.read(Topic::Status, partition, from, RECORDS_PER_READ_MAX, BYTES_PER_READ_MAX)?;
                let Some(last) = records.last() else { break };
                from = last.offset.next();
                self.read_up_to.insert(partition, from);
                for record in records {
                    let is_wanted =
                        record.key.split('/').nth(1).is_some_and(|it| self.namespaces.contains(it));
                    if !is_wanted {
                        continue;
                    }
                    match record.value.map(|value| kigen_wire::decode_status(&value)) {
                        Some(Ok(Status::Batch(state))) => self.apply(state),
                        Some(Ok(Status::Position(_)) | Err(_)) => {}
                        // The batch is removed.
                        None => self.progress.retain(|(key, _), _| !key.is_written(&record.key)),
                    }
                }
            }
        }
        Ok(())
    }

    fn apply(&mut self, state: BatchState) {
        for (name, objective) in state.objectives {
            let (next, last) = (next(&objective), objective.verdicts.last().copied());
            let misses_left = objective.budget_report().map(|report| report.left());
            let progress = Progress { next, last, misses_left };
            self.progress.insert((state.key.clone(), name), progress);
        }
    }

    /// The status that the cluster should have.
    fn status(&self, name: &str, resolution: &Resolution) -> ObjectiveStatus {
        let of_batches = resolution.batches.iter();
        let progress: Vec<&Progress> =
            of_batches.filter_map(|key| self.progress.get(&(key.clone(), name.to_owned()))).collect();
        let next = progress.iter().filter_map(|progress| progress.next).min();
        // Of each batch the last verdict: batches in several zones have their last deadlines hours apart.
        let last = progress.iter().filter_map(|progress| progress.last);
        let last = last.max_by_key(|last| (badness(last.verdict), last.deadline));
        let misses_left = progress.iter().filter_map(|progress| progress.misses_left).min();
        let problem = resolution.problem.as_ref();
        ObjectiveStatus {
            observed_generation: resolution.generation,
            batches: i32::try_from(resolution.batches.len()).ok(),
            next_deadline: next.map(text),
            last_verdict: last.map(|last| wording(&last)),
            misses_left: misses_left.map(|left| i32::try_from(left).unwrap_or(i32::MAX)),
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

/// The higher, the worse.
fn badness(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Missed(_) => 3,
        Verdict::Unknown(_) => 2,
        Verdict::Met { .. } => 1,
        Verdict::Excused(_) => 0,
    }
}

fn text(at: Instant) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn wording(judged: &Judged) -> String {
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
    /// The status of each Objective that was written last, whether or not the watch has shown it since.
    written: BTreeMap<ObjectName, ObjectiveStatus>,
    /// The Objective that was tried last: the next round starts after it, so that refused ones do not starve the others.
    last_tried: Option<ObjectName>,
    failures: Throttle,
    /// The refusals of the permission: one of a later round lasts.
    refusal: Refusal,
}

impl Writer {
    /// Writes the statuses that differ. A failure that concerns one object does not affect the others; any other ends the
    /// round, since it would be the same for each.
    async fn round(&mut self, resolutions: &Resolutions, verdicts: &Verdicts) {
        self.written.retain(|name, _| resolutions.objects.contains_key(name));
        let wanted = resolutions.objects.iter().map(|(name, resolution)| {
            let status = verdicts.status(&name.1, resolution);
            let differs = status != resolution.status;
            (name, status, differs)
        });
        let mut to_write: Vec<_> = wanted
            .filter(|(name, status, differs)| *differs && self.written.get(*name) != Some(status))
            .collect();
        let tried = to_write
            .partition_point(|(name, ..)| self.last_tried.as_ref().is_some_and(|tried| *name <= tried));
        to_write.rotate_left(tried);
        for (name, status, _) in to_write.into_iter().take(WRITTEN_MAX) {
            let written = self.api.patch_status(&name.0, &name.1, &status).await;
            self.last_tried = Some(name.clone());
            match written {
                Ok(()) => {
                    self.refusal.granted();
                    self.written.insert(name.clone(), status);
                }
                // It was deleted meanwhile.
                Err(error) if error.is_not_found() => {}
                Err(error) => {
                    self.log_failure(&error);
                    if !concerns_one_object(&error) {
                        return;
                    }
                }
            }
        }
    }

    fn log_failure(&mut self, error: &RequestError) {
        metrics::request_failed(error);
        if error.is_forbidden() {
            self.refusal.refused(RealInstant::now());
        }
        let Some(suppressed) = self.failures.admit(RealInstant::now()) else { return };
        tracing::warn!(suppressed, "{}", explained(error, self.refusal.lasts()));
    }
}

/// A failure with what to do, where that is known: most pass by themselves, and so may a refusal.
fn explained(error: &RequestError, is_refused_for_long: bool) -> String {
    let what = match concerns_one_object(error) {
        true => "the status of this Objective",
        false => "the status of Objectives",
    };
    let advice = match error.status() {
        Some(400 | 404 | 413 | 422) => "apply the deploy/objectives.crd.yaml of this kigen",
        Some(403) if is_refused_for_long => "grant patch on objectives.kigen.dev/status",
        Some(403) => MAY_PASS,
        Some(_) | None => "kigen tries again",
    };
    format!("{}; {what} is not up to date, all else continues; {advice}", error_chain(error))
}

/// Whether the next object may fare better: this one was changed at the same time, or its schema refuses the status.
fn concerns_one_object(error: &RequestError) -> bool {
    matches!(error.status(), Some(400 | 404 | 409 | 413 | 422))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16) -> RequestError {
        let (request, message) = ("PATCH /objectives".to_owned(), "no".to_owned());
        RequestError::Refused { request, status, message, retry_after: None }
    }

    #[test]
    fn what_passes_by_itself_is_no_advice() {
        let advice = |error: &RequestError, for_long| {
            let text = explained(error, for_long);
            text.rsplit("; ").next().map(str::to_owned).unwrap_or_default()
        };
        let (apply, grant) = (
            "apply the deploy/objectives.crd.yaml of this kigen",
            "grant patch on objectives.kigen.dev/status",
        );
        assert_eq!(advice(&refused(422), false), apply);
        assert_eq!(advice(&refused(403), true), grant);
        assert_eq!(advice(&refused(403), false), MAY_PASS);
        // Changed at the same time, or an API server that starts.
        for status in [409, 429, 500, 503] {
            assert_eq!(advice(&refused(status), true), "kigen tries again", "{status}");
        }
        let request = "PATCH /objectives".to_owned();
        assert_eq!(advice(&RequestError::TooSlow { request, answer_ms_max: 1 }, false), "kigen tries again");
    }
}
