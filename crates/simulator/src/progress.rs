//! Whether the processors make progress: rounds that are repeated without end move no position.

use kigen_log::{ConsumedRecord, LogReader};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_testkit::simulated::SimulatedLog;

/// How many steps pass between two looks at the positions.
const STEPS_PER_LOOK: u32 = 250;
/// How many looks may find the positions where they were. Most rounds of a run with all faults move one, in four steps.
const LOOKS_MAX: u32 = 40;

/// How far the processors are, and since when.
#[derive(Default)]
pub(crate) struct Progress {
    /// The position of each partition at the last look.
    judged: Vec<Offset>,
    /// How many looks have found the same.
    looks: u32,
    steps: u32,
}

impl Progress {
    /// Counts a step.
    ///
    /// # Errors
    /// No position has moved for too many steps, although there are events to judge: where the partitions are.
    pub(crate) fn step(&mut self, log: &SimulatedLog) -> Result<(), String> {
        self.steps += 1;
        if self.steps < STEPS_PER_LOOK {
            return Ok(());
        }
        self.steps = 0;
        let judged: Vec<Offset> = partitions(log).map(|partition| judged(log, partition)).collect();
        let ends: Vec<Offset> = partitions(log).map(|partition| end(log, partition)).collect();
        let is_over = judged.iter().zip(&ends).all(|(judged, end)| judged >= end);
        self.looks = if is_over || judged != self.judged { 0 } else { self.looks + 1 };
        self.judged = judged;
        if self.looks < LOOKS_MAX {
            return Ok(());
        }
        let steps = STEPS_PER_LOOK * LOOKS_MAX;
        Err(format!("no progress within {steps} steps: judged up to {:?} of {ends:?}", self.judged))
    }
}

/// The partitions of each topic.
pub(crate) fn partitions(log: &SimulatedLog) -> impl Iterator<Item = Partition> + use<> {
    (0..log.partitions()).map(Partition)
}

/// The next event to judge, by the last position record that is visible. What expired is not judged any more.
pub(crate) fn judged(log: &SimulatedLog, partition: Partition) -> Offset {
    let last = log.last(Topic::Status, partition).expect("it is in memory");
    let earliest = log.earliest(Topic::Events, partition).expect("it is in memory");
    last.and_then(|record| position_of(&record)).unwrap_or_default().max(earliest)
}

/// The end of the events.
pub(crate) fn end(log: &SimulatedLog, partition: Partition) -> Offset {
    log.latest(Topic::Events, partition).expect("it is in memory")
}

fn position_of(record: &ConsumedRecord) -> Option<Offset> {
    match kigen_wire::decode_status(record.value.as_deref()?).ok()? {
        kigen_wire::Status::Position(position) => Some(position.next),
        kigen_wire::Status::Batch(_) => None,
    }
}
