//! Chances, spans and versions that the parts of a world share.

use chrono::TimeDelta;
use fastrand::Rng;
use kigen_model::Instant;

/// The resource version of what came to be at `at`, as the `order`-th of that second.
pub(super) fn version_at(at: Instant, order: u64) -> u64 {
    at.timestamp_millis().unsigned_abs() * 128 + order.min(127)
}

/// Whether something of this many in a hundred is the case.
pub(super) fn percent(rng: &mut Rng, share: u8) -> bool {
    rng.u8(..100) < share
}

/// A span between two numbers of seconds, both included.
pub(super) fn seconds(rng: &mut Rng, least: i64, most: i64) -> TimeDelta {
    TimeDelta::seconds(rng.i64(least..=most))
}
