//! A cluster's time on one partition: it moves by the ticks of the newest epoch, never back.

use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent};

/// What one partition knows of one cluster's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClusterClock {
    /// The newest epoch seen; what an older one says is ignored.
    pub epoch: u64,
    /// All that was observed up to here is known.
    pub observed_until: Option<Instant>,
}

impl ClusterClock {
    /// The clock after `event`.
    #[must_use]
    pub fn step(self, event: &ClusterEvent) -> Self {
        if event.epoch < self.epoch {
            return self;
        }
        let observed_until = match &event.body {
            ClusterBody::Tick { observed_until, .. } => self.observed_until.max(Some(*observed_until)),
            ClusterBody::Epoch { .. } | ClusterBody::Gap { .. } => self.observed_until,
        };
        Self { epoch: event.epoch, observed_until }
    }
}
