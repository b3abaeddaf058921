//! Replay: the same loop over the past, muted. One endless turn that is never committed.

use kigen_engine::effect::{Judgement, Warning};
use kigen_log::ConsumedRecord;
use kigen_model::alert::Alert;
use kigen_model::event::Fact;
use kigen_model::key::BatchKey;
use kigen_model::topic::{Offset, Partition};
use kigen_state::{BatchState, PartitionState};

use crate::ProcessorError;
use crate::states::{Cache, States};
use crate::turn::{Turn, TurnBounds};

const ENDLESS: TurnBounds =
    TurnBounds { events_max: usize::MAX, batches_max: usize::MAX, due_page_max: usize::MAX };

/// What a part of the past says.
#[derive(Debug, Default)]
pub struct Told {
    /// What a person would have been told.
    pub alerts: Vec<Alert>,
    /// What whoever wrote an objective would have been told.
    pub warnings: Vec<Warning>,
    /// The verdicts, those of which nobody is told included.
    pub judgements: Vec<Judgement>,
}

/// Judges one partition's past anew, in memory. Nothing of it is written anywhere.
pub struct Replay {
    turn: Turn,
    cache: Cache,
}

impl Replay {
    /// Knows nothing yet; of a log of so many partitions.
    #[must_use]
    pub fn new(partition: Partition, partitions: u32) -> Self {
        let turn = Turn::new(partition, partitions, PartitionState::new(Offset(0)), false);
        Self { turn, cache: Cache::default() }
    }

    /// Folds the next records of the partition.
    ///
    /// # Errors
    /// None that a replay can have: it touches neither log nor store.
    pub fn fold(&mut self, records: &[ConsumedRecord]) -> Result<Told, ProcessorError> {
        let mut states = States { partition: self.turn.partition, store: None, cache: &mut self.cache };
        self.turn.fold(records, &mut states, ENDLESS)?;
        Ok(self.told())
    }

    /// Folds a fact that is not in the log.
    ///
    /// # Errors
    /// None that a replay can have, see [`Replay::fold`].
    pub fn say(&mut self, fact: Fact) -> Result<Told, ProcessorError> {
        let mut states = States { partition: self.turn.partition, store: None, cache: &mut self.cache };
        self.turn.fold_fact(fact, &mut states)?;
        Ok(self.told())
    }

    /// The state of a batch as it is now.
    #[must_use]
    pub fn state(&self, key: &BatchKey) -> Option<&BatchState> {
        self.turn.changed.get(key).map(|changed| &changed.state)
    }

    /// All states as they are now, in no order.
    pub fn states(&self) -> impl Iterator<Item = &BatchState> {
        self.turn.changed.values().map(|changed| &changed.state)
    }

    fn told(&mut self) -> Told {
        self.turn.rejects.clear();
        Told {
            alerts: std::mem::take(&mut self.turn.alerts),
            warnings: std::mem::take(&mut self.turn.warnings),
            judgements: std::mem::take(&mut self.turn.judgements),
        }
    }
}
