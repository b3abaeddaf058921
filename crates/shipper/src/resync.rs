//! Resync: every live fact is emitted again once in each period, spread evenly, whichever shipper leads and however often it
//! starts.
//!
//! The log forgets what is older than its retention, and a fact that never changes is emitted once. So each batch has an
//! instant in the period, by its key, at which its facts are emitted again: an informer's resync, from state to log. Nothing is
//! stored for this: the ticks in the log show up to which instant it was done.

use kigen_model::Instant;
use kigen_model::key::BatchKey;

/// Into how many periods the retention is divided: the log always holds a whole one, with room for a shipper that was
/// down for as long.
const PERIODS_IN_RETENTION: u64 = kigen_log::Settings::RESYNCS_IN_RETENTION;

/// The instants at which batches are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resync {
    period_ms: i64,
}

impl Resync {
    /// For a log that keeps facts for that long.
    pub fn new(retention_ms: u64) -> Self {
        let period_ms = i64::try_from(retention_ms / PERIODS_IN_RETENTION).unwrap_or(i64::MAX).max(1);
        Self { period_ms }
    }

    /// The resync period, in milliseconds.
    pub fn period_ms(self) -> i64 {
        self.period_ms
    }

    /// Whether the batch is due after `from` and not after `to`.
    pub fn is_due(self, key: &BatchKey, from: Instant, to: Instant) -> bool {
        let place_ms = i64::try_from(hash(key) % self.period_ms.unsigned_abs()).unwrap_or(0);
        let periods = |at: Instant| at.timestamp_millis().saturating_sub(place_ms).div_euclid(self.period_ms);
        periods(to) > periods(from)
    }
}

/// FNV-1a, the same in every version of kigen: another hash would leave some batches without a resync for two periods.
fn hash(key: &BatchKey) -> u64 {
    let parts = [key.cluster.as_str(), "/", key.namespace.as_str(), "/", key.batch.as_str()];
    let bytes = parts.iter().flat_map(|part| part.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_timestamp(seconds, 0).expect("a small number of seconds")
    }

    #[test]
    fn each_batch_is_due_once_in_each_period_and_they_are_spread_over_it() {
        let resync = Resync::new(3 * 3_600_000);
        let keys: Vec<_> = (0..1000).map(|nth| BatchKey::new("test", "ml", format!("batch-{nth}"))).collect();
        let mut due_of: Vec<u32> = vec![0; keys.len()];
        for minute in 0..180 {
            let (from, to) = (at(10_007 + minute * 60), at(10_007 + (minute + 1) * 60));
            let due: Vec<_> = (0..keys.len()).filter(|nth| resync.is_due(&keys[*nth], from, to)).collect();
            assert!((4..40).contains(&due.len()), "a minute of sixty has about a sixtieth: {}", due.len());
            due.into_iter().for_each(|nth| due_of[nth] += 1);
        }
        assert_eq!(due_of, vec![3; keys.len()]);
    }

    #[test]
    fn after_an_outage_of_a_period_or_more_all_are_due() {
        let resync = Resync::new(3 * 3_600_000);
        for nth in 0..100 {
            let key = BatchKey::new("test", "ml", format!("batch-{nth}"));
            assert!(resync.is_due(&key, at(77), at(77 + 3_600)));
            assert!(resync.is_due(&key, at(77), at(77 + 9_000)));
            assert!(!resync.is_due(&key, at(77), at(77)));
        }
    }
}
