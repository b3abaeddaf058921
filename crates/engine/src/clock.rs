//! A cluster's time on one partition: it moves by the ticks of the newest epoch, never back.

use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent};
use kigen_model::slot::Gap;

/// How many gaps of a cluster are remembered; at the limit the two oldest become one, from which a slot that is open for
/// long may rather be called unknown too often than too rarely.
pub const GAPS_MAX: usize = 8;

/// What one partition knows of one cluster's time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterClock {
    /// The newest epoch seen; what an older one says is ignored.
    pub epoch: u64,
    /// All that was observed up to here is known.
    pub observed_until: Option<Instant>,
    /// Times of which history may be missing, in the order in which they were told.
    pub gaps: Vec<Gap>,
}

impl ClusterClock {
    /// Moves the clock by `event`; false: it is of an older epoch and changes nothing.
    pub fn step(&mut self, event: &ClusterEvent) -> bool {
        if event.epoch < self.epoch {
            return false;
        }
        self.epoch = event.epoch;
        match &event.body {
            ClusterBody::Tick { observed_until, .. } => {
                self.observed_until = self.observed_until.max(Some(*observed_until));
            }
            ClusterBody::Gap(gap) => self.remember(*gap),
            ClusterBody::Epoch { .. } => {}
        }
        true
    }

    fn remember(&mut self, gap: Gap) {
        if self.gaps.contains(&gap) {
            return;
        }
        self.gaps.push(gap);
        if self.gaps.len() > GAPS_MAX {
            let (first, second) = (self.gaps.remove(0), self.gaps[0]);
            let from = first.from.zip(second.from).map(|(first, second)| first.min(second));
            self.gaps[0] = Gap { from, to: first.to.max(second.to) };
        }
    }
}
