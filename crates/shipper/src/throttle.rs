//! Limits a warning to one a minute.

use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_secs(60);

/// Limits the lines about one cause to one a minute.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    logged_at: Option<Instant>,
    suppressed: u64,
}

impl Throttle {
    /// Whether one more occurrence is to be logged: if so, how many were suppressed since the last line.
    pub(crate) fn admit(&mut self, now: Instant) -> Option<u64> {
        if self.logged_at.is_some_and(|logged_at| now.duration_since(logged_at) < INTERVAL) {
            self.suppressed += 1;
            return None;
        }
        self.logged_at = Some(now);
        Some(std::mem::take(&mut self.suppressed))
    }
}
