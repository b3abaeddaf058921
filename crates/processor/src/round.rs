//! How many bytes one round may have, which its partitions share.

use kigen_log::ConsumedRecord;
use kigen_model::topic::Partition;

/// After a refusal, the bytes grow with each commit by this part of the configured ones.
const GROWTH_STEPS: usize = 64;

/// The bytes of a round. They are halved when the log refuses a write as too large, and grow back while writes fit.
pub(crate) struct RoundBytes {
    /// The most bytes now.
    pub(crate) bytes_max: usize,
    configured: usize,
    /// The first partition that did not fit into a round: it comes first in the next one.
    first: Option<Partition>,
}

impl RoundBytes {
    pub(crate) fn new(configured: usize) -> Self {
        Self { bytes_max: configured, configured, first: None }
    }

    /// Sorts what was read, so that no partition waits for ever for others with more to judge.
    pub(crate) fn sort(&mut self, polled: &mut [(Partition, Vec<ConsumedRecord>)]) {
        if let Some(first) = self.first.take() {
            polled.sort_by_key(|(partition, _)| (*partition < first, *partition));
        }
    }

    /// A partition has to wait for the next round.
    pub(crate) fn does_not_fit(&mut self, partition: Partition) {
        self.first.get_or_insert(partition);
    }

    /// The log refused a write as too large.
    pub(crate) fn is_too_large(&mut self) {
        self.bytes_max = (self.bytes_max / 2).max(1);
        tracing::warn!(
            bytes_max = self.bytes_max,
            "a commit is too large for the log: the next ones have at most half as many bytes"
        );
    }

    /// A write was committed.
    pub(crate) fn fits(&mut self) {
        let grown = self.bytes_max.saturating_add(self.configured / GROWTH_STEPS);
        self.bytes_max = grown.min(self.configured);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_halved_when_a_write_is_too_large_and_grow_back_while_writes_fit() {
        let mut round = RoundBytes::new(6_400);
        round.is_too_large();
        round.is_too_large();
        assert_eq!(round.bytes_max, 1_600);
        round.fits();
        assert_eq!(round.bytes_max, 1_700);
        (0..100).for_each(|_| round.fits());
        assert_eq!(round.bytes_max, 6_400);
        (0..100).for_each(|_| round.is_too_large());
        assert_eq!(round.bytes_max, 1, "a round always has one step");
    }

    #[test]
    fn a_partition_that_did_not_fit_comes_first_in_the_next_round() {
        let mut round = RoundBytes::new(1);
        let order = |round: &mut RoundBytes| {
            let mut polled: Vec<_> = (0..4).map(|nth| (Partition(nth), Vec::new())).collect();
            round.sort(&mut polled);
            polled.into_iter().map(|(partition, _)| partition.0).collect::<Vec<_>>()
        };
        round.does_not_fit(Partition(2));
        round.does_not_fit(Partition(3));
        assert_eq!(order(&mut round), [2, 3, 0, 1]);
        assert_eq!(order(&mut round), [0, 1, 2, 3]);
    }
}
