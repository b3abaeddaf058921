//! The states of all batches, read from `kigen.status`, and the cells of the tables that show them.

use std::collections::BTreeMap;

use kigen_log::LogReader;
use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::slot::{Excuse, Verdict};
use kigen_model::topic::{Partition, Topic};
use kigen_state::{BatchState, ObjectiveState, POSITION_KEY, PartitionState, Plan};
use kigen_wire::Status;

use crate::output::{human, local, text};
use crate::reader::{Pages, is_of};

/// The state of each batch, and until when all are judged.
#[derive(Default)]
pub(crate) struct BatchTable {
    /// By key.
    pub(crate) batches: BTreeMap<BatchKey, BatchState>,
    /// The clock of the slowest partition: until then all partitions are judged.
    pub(crate) judged_until: Option<Instant>,
}

impl BatchTable {
    /// Reads the states of all batches, or of one, given as `namespace/batch`.
    pub(crate) fn read(reader: &dyn LogReader, batch: Option<&str>) -> anyhow::Result<Self> {
        let mut table = Self::default();
        let pages = Pages::of(reader, Topic::Status)?;
        for partition in (0..reader.partitions()).map(Partition) {
            each_status(&pages, partition, |key, bytes| {
                if key != POSITION_KEY && !is_of(key, batch) {
                    return Ok(());
                }
                match kigen_wire::decode_status(bytes)? {
                    Status::Position(position) => {
                        table.judged_until = earliest(table.judged_until, &position);
                    }
                    Status::Batch(state) => {
                        table.batches.insert(state.key.clone(), state);
                    }
                }
                Ok(())
            })?;
        }
        Ok(table)
    }
}

/// Calls `each` with the key and the value of every record of a partition that has a value.
pub(crate) fn each_status(
    pages: &Pages<'_>,
    partition: Partition,
    mut each: impl FnMut(&str, &[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    pages.each(partition, |records| {
        let valued = records.iter().filter_map(|record| Some((&record.key, record.value.as_ref()?)));
        valued.into_iter().try_for_each(|(key, bytes)| each(key, bytes))
    })
}

fn earliest(so_far: Option<Instant>, position: &PartitionState) -> Option<Instant> {
    let of_partition = position.clocks.values().filter_map(|clock| clock.observed_until).min();
    match (so_far, of_partition) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// How many objectives a table shows, and until when they are judged.
pub(crate) fn sum(table: &BatchTable, objectives: usize) -> String {
    let until = table.judged_until.map_or("not yet: no tick was received".to_owned(), text);
    format!("{objectives} objectives of {} batches; judged until: {until}", table.batches.len())
}

/// The deadline of the open slot.
pub(crate) fn next_deadline(objective: &ObjectiveState) -> String {
    match &objective.plan {
        Plan::Open(open) => local(&open.time_zone, open.slot.deadline),
        Plan::Unresolved { .. } | Plan::Exhausted | Plan::Withdrawn => "-".to_owned(),
    }
}

/// The latest verdict.
pub(crate) fn last_verdict(objective: &ObjectiveState) -> String {
    let Some(last) = objective.verdicts.last() else {
        return "none yet".to_owned();
    };
    match last.verdict {
        Verdict::Met { ended_at } => {
            format!("met, {} before", human(last.deadline - ended_at))
        }
        Verdict::Missed(cause) => format!("MISSED, {}", cause.label().replace('_', " ")),
        Verdict::Unknown(_) => "unknown, not observed".to_owned(),
        Verdict::Excused(Excuse::NoFire) => "excused, no fire".to_owned(),
        Verdict::Excused(Excuse::Partial) => "excused, began within".to_owned(),
    }
}

/// Why an objective is not judged, or its incident.
pub(crate) fn note(objective: &ObjectiveState) -> String {
    if let Plan::Unresolved { reason } = &objective.plan {
        return format!("not judged: {reason}");
    }
    if let Some(at) = objective.withdrawn_at {
        return format!("withdrawn at {}", text(at));
    }
    match &objective.incident {
        Some(incident) => format!("{} missed since {}", incident.misses, text(incident.since)),
        None => String::new(),
    }
}
