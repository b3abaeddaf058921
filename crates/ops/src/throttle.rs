//! Throttled warnings: a failure that lasts is logged once a minute per cause, whichever role meets it and however often.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error_chain::error_chain;

/// At most one line of a cause per interval.
const INTERVAL: Duration = Duration::from_secs(60);
/// How many causes are distinguished; at the limit all are forgotten, and each is logged once more.
const CAUSES_MAX: usize = 100;

/// An error after which the operation is attempted again.
pub trait RetriedError: Error + Sized + 'static {
    /// What distinguishes its cause from others: of one cause a line a minute is enough.
    fn cause_key(&self) -> String;

    /// What happened and why, in one line.
    fn text(&self) -> String {
        error_chain(self)
    }

    /// Counts it, where its crate has a metric for that.
    fn count(&self) {}
}

/// Limits the lines about one cause to one a minute.
#[derive(Debug, Default)]
pub struct Throttle {
    logged_at: Option<Instant>,
    suppressed: u64,
}

impl Throttle {
    /// Whether one more occurrence is to be logged: if so, how many were suppressed since the last line.
    pub fn admit(&mut self, now: Instant) -> Option<u64> {
        if self.logged_at.is_some_and(|logged_at| now.duration_since(logged_at) < INTERVAL) {
            self.suppressed += 1;
            return None;
        }
        self.logged_at = Some(now);
        Some(std::mem::take(&mut self.suppressed))
    }
}

/// Warnings of failures that are retried, one line per cause and minute. Clones share what was logged.
#[derive(Clone, Debug, Default)]
pub struct ThrottledWarnings(Arc<Mutex<BTreeMap<String, Throttle>>>);

impl ThrottledWarnings {
    /// Counts a failure that is retried, and logs it unless its cause was logged within the last minute.
    pub fn retried(&self, error: &impl RetriedError) {
        error.count();
        self.warn(&error.cause_key(), || error.text());
    }

    /// Logs a failure that is retried, unless this cause was logged within the last minute.
    pub fn warn(&self, cause: &str, text: impl FnOnce() -> String) {
        match self.admit(cause, Instant::now()) {
            Some(0) => tracing::warn!("{}; kigen tries again, nothing is lost meanwhile", text()),
            Some(suppressed) => {
                tracing::warn!(suppressed, "{}; kigen tries again, nothing is lost meanwhile", text());
            }
            None => {}
        }
    }

    fn admit(&self, cause: &str, now: Instant) -> Option<u64> {
        let mut causes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if causes.len() >= CAUSES_MAX && !causes.contains_key(cause) {
            causes.clear();
        }
        causes.entry(cause.to_owned()).or_default().admit(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cause_is_logged_once_a_minute_with_the_count_of_suppressed_occurrences() {
        let (mut throttle, start) = (Throttle::default(), Instant::now());
        let admitted =
            [0, 1, 30, 59, 60, 61, 120].map(|seconds| throttle.admit(start + Duration::from_secs(seconds)));
        assert_eq!(admitted, [Some(0), None, None, None, Some(3), None, Some(1)]);
    }

    #[test]
    fn clones_share_the_limit_of_a_cause_and_causes_do_not() {
        let (one, start) = (ThrottledWarnings::default(), Instant::now());
        let other = one.clone();
        let met = |warnings: &ThrottledWarnings, cause, seconds| {
            warnings.admit(cause, start + Duration::from_secs(seconds))
        };
        assert_eq!(met(&one, "away", 0), Some(0));
        assert_eq!(met(&other, "away", 1), None);
        assert_eq!(met(&other, "denied", 2), Some(0));
        assert_eq!(met(&one, "away", 59), None);
        assert_eq!(met(&one, "away", 60), Some(2));
        assert_eq!(met(&one, "denied", 61), None);
    }

    #[test]
    fn the_number_of_remembered_causes_is_bounded() {
        let (warnings, now) = (ThrottledWarnings::default(), Instant::now());
        for cause in 0..10 * CAUSES_MAX {
            assert_eq!(warnings.admit(&cause.to_string(), now), Some(0));
        }
        assert!(warnings.0.lock().expect("no panic under the lock").len() <= CAUSES_MAX);
    }
}
