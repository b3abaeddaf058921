//! What a silence of a cluster is about: its objectives in all partitions, as `kigen.status` has them. A process owns only some
//! of the partitions, so it reads the log, not its store. It does so twice a silence.

use std::collections::HashMap;

use kigen_log::LogReader;
use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::silence::{NextDeadline, SlotCounts};
use kigen_model::slot::Verdict;
use kigen_model::topic::{Partition, Topic};
use kigen_state::{BatchState, Judged, ObjectiveState, VERDICTS_MAX};
use kigen_wire::Status;

use crate::error::ProcessorError;

/// How many records, and how many bytes of them, are read at a time.
const RECORDS_READ_MAX: usize = 1_000;
const BYTES_READ_MAX: usize = 4 * 1024 * 1024;

/// How many objectives of a cluster wait to be judged, and the first deadline among them whose result is not there yet.
pub(crate) fn waiting(
    reader: &impl LogReader,
    cluster: &str,
) -> Result<(u32, Option<NextDeadline>), ProcessorError> {
    let (mut objectives, mut first) = (0, None::<NextDeadline>);
    for partition in (0..reader.partitions()).map(Partition) {
        for (count, next) in of_partition(reader, cluster, partition, waiting_in)?.into_values() {
            objectives += count;
            let order = |next: &NextDeadline| (next.deadline, next.key.clone(), next.objective.clone());
            first = first.into_iter().chain(next).min_by_key(order);
        }
    }
    Ok((objectives, first))
}

/// The verdicts on the slots of a cluster that became due after `since` and until `until`.
pub(crate) fn judged(
    reader: &impl LogReader,
    cluster: &str,
    (since, until): (Instant, Instant),
) -> Result<SlotCounts, ProcessorError> {
    let mut counts = SlotCounts::default();
    for partition in (0..reader.partitions()).map(Partition) {
        let of_batches = of_partition(reader, cluster, partition, |state| judged_in(state, (since, until)))?;
        for of_batch in of_batches.into_values() {
            counts.met += of_batch.met;
            counts.missed += of_batch.missed;
            counts.unknown += of_batch.unknown;
            counts.excused += of_batch.excused;
            counts.has_more |= of_batch.has_more;
        }
    }
    Ok(counts)
}

/// Whether each partition has judged the cluster up to an instant.
pub(crate) fn is_judged_until(
    reader: &impl LogReader,
    cluster: &str,
    until: Instant,
) -> Result<bool, ProcessorError> {
    for partition in (0..reader.partitions()).map(Partition) {
        let last = reader.last(Topic::Status, partition)?;
        let value = last.and_then(|record| record.value).unwrap_or_default();
        let Ok(Status::Position(position)) = kigen_wire::decode_status(&value) else { return Ok(false) };
        let observed_until = position.clocks.get(cluster).and_then(|clock| clock.observed_until);
        if observed_until < Some(until) || position.cursor.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What `of` finds in the states of a cluster's batches in one partition. A state that cannot be read is left out.
fn of_partition<T>(
    reader: &impl LogReader,
    cluster: &str,
    partition: Partition,
    of: impl Fn(&BatchState) -> T,
) -> Result<HashMap<BatchKey, T>, ProcessorError> {
    let mut found = HashMap::new();
    let end = reader.last_stable_offset(Topic::Status, partition)?;
    let mut from = reader.earliest(Topic::Status, partition)?;
    while from < end {
        let records = reader.read(Topic::Status, partition, from, RECORDS_READ_MAX, BYTES_READ_MAX)?;
        let Some(last) = records.last() else { break };
        from = last.offset.next();
        for record in records {
            let Ok(key) = record.key.parse::<BatchKey>() else { continue };
            if key.cluster != cluster {
                continue;
            }
            match record.value.as_deref().map(kigen_wire::decode_status) {
                Some(Ok(Status::Batch(state))) => {
                    found.insert(key, of(&state));
                }
                Some(Ok(Status::Position(_)) | Err(_)) | None => {
                    found.remove(&key);
                }
            }
        }
    }
    Ok(found)
}

fn waiting_in(state: &BatchState) -> (u32, Option<NextDeadline>) {
    let open = || state.objectives.iter().filter_map(|(name, known)| Some((name, known.plan.open()?)));
    let next = open().filter(|(_, slot)| slot.met_at.is_none()).min_by_key(|(_, open)| open.slot.deadline);
    let next = next.map(|(name, open)| NextDeadline {
        key: state.key.clone(),
        objective: name.clone(),
        deadline: open.slot.deadline,
        time_zone: open.time_zone.clone(),
    });
    (u32::try_from(open().count()).unwrap_or(u32::MAX), next)
}

fn judged_in(state: &BatchState, (since, until): (Instant, Instant)) -> SlotCounts {
    let mut counts = SlotCounts::default();
    for objective in state.objectives.values() {
        let is_meanwhile = |judged: &Judged| {
            let due = due_of(objective, judged);
            since < due && due <= until
        };
        for judged in objective.verdicts.iter().filter(|judged| is_meanwhile(judged)) {
            let count = match judged.verdict {
                Verdict::Met { .. } => &mut counts.met,
                Verdict::Missed(_) => &mut counts.missed,
                Verdict::Unknown(_) => &mut counts.unknown,
                Verdict::Excused(_) => &mut counts.excused,
            };
            *count += 1;
        }
        let is_full = objective.verdicts.len() >= VERDICTS_MAX;
        counts.has_more |= is_full && objective.verdicts.first().is_some_and(is_meanwhile);
    }
    counts
}

/// When the slot of a verdict was due.
fn due_of(objective: &ObjectiveState, judged: &Judged) -> Instant {
    judged.judged.map_or(judged.deadline, |slot| slot.until) + objective.objective.settle
}
