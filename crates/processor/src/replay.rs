//! Replay: the same turn over the past. One turn without bounds, which is never committed.

use kigen_control::Control;
use kigen_engine::effect::{Judgement, Warning};
use kigen_log::ConsumedRecord;
use kigen_model::alert::Alert;
use kigen_model::event::{ClusterEvent, Fact};
use kigen_model::key::BatchKey;
use kigen_model::topic::{Offset, Partition};
use kigen_state::{BatchState, PartitionState};

use crate::error::ProcessorError;
use crate::states::{Cache, States};
use crate::turn::{Turn, TurnBounds};

const ENDLESS: TurnBounds = TurnBounds {
    events_max: usize::MAX,
    batches_max: usize::MAX,
    slots_max: usize::MAX,
    bytes_max: usize::MAX,
    due_page_max: usize::MAX,
};

/// The effects of a part of the past.
#[derive(Debug, Default)]
pub struct ReplayOutput {
    /// The alerts that it raises.
    pub alerts: Vec<Alert>,
    /// The warnings to the authors of objectives.
    pub warnings: Vec<Warning>,
    /// The verdicts, those that raise no alert included.
    pub judgements: Vec<Judgement>,
}

/// Judges the past of one partition again, in memory. It writes nothing.
pub struct Replay {
    turn: Turn,
    cache: Cache,
}

impl Replay {
    /// Begins without any state, in a log of `partitions` partitions.
    #[must_use]
    pub fn new(partition: Partition, partitions: u32) -> Self {
        let (position, control) = (PartitionState::new(Offset(0)), Control::default());
        let turn = Turn::new(partition, partitions, position, false, control);
        Self { turn, cache: Cache::default() }
    }

    /// Skips what `control` skips.
    #[must_use]
    pub fn with_control(mut self, control: Control) -> Self {
        self.turn.control = control;
        self
    }

    /// The events right before the next records expired before they were read.
    pub fn lose(&mut self) {
        self.turn.lose();
    }

    /// Folds the next records of the partition.
    ///
    /// # Errors
    /// A newer kigen wrote one of them.
    pub fn fold(&mut self, records: &[ConsumedRecord]) -> Result<ReplayOutput, ProcessorError> {
        let mut states = States { partition: self.turn.partition, store: None, cache: &mut self.cache };
        self.turn.fold(records, &mut states, ENDLESS)?;
        if let Some((offset, source)) = self.turn.newer.take() {
            return Err(ProcessorError::NewerEvent { partition: self.turn.partition, offset, source });
        }
        Ok(self.take_output())
    }

    /// Folds one fact, which need not be in the log.
    ///
    /// # Errors
    /// None in practice: a replay uses neither log nor store.
    pub fn fold_fact(&mut self, fact: Fact) -> Result<ReplayOutput, ProcessorError> {
        let mut states = States { partition: self.turn.partition, store: None, cache: &mut self.cache };
        self.turn.fold_fact(fact, &mut states)?;
        Ok(self.take_output())
    }

    /// Folds one event of a cluster that moves no time, such as a calendar, which need not be in the log.
    pub fn fold_cluster(&mut self, event: &ClusterEvent) {
        self.turn.position.clocks.entry(event.cluster.clone()).or_default().step(event);
    }

    /// The current state of a batch; `None`: nothing is known of it, or it is removed.
    #[must_use]
    pub fn state(&self, key: &BatchKey) -> Option<&BatchState> {
        self.turn.changed.get(key).map(|changed| &changed.state).filter(|state| !state.is_empty())
    }

    /// All current states, in no particular order.
    pub fn states(&self) -> impl Iterator<Item = &BatchState> {
        self.turn.changed.values().map(|changed| &changed.state).filter(|state| !state.is_empty())
    }

    fn take_output(&mut self) -> ReplayOutput {
        self.turn.rejects.clear();
        ReplayOutput {
            alerts: self.turn.alerts.drain(..).map(|raised| raised.alert).collect(),
            warnings: std::mem::take(&mut self.turn.warnings),
            judgements: std::mem::take(&mut self.turn.judgements),
        }
    }
}
