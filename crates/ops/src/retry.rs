//! Retries: the state of an operation that is attempted again until it succeeds.

use tokio::time::Sleep;

use crate::back_off::BackOff;
use crate::throttle::{RetriedError, ThrottledWarnings};

/// The backoff of an operation, and the warnings of its failures.
#[derive(Debug)]
pub struct Retry {
    back_off: BackOff,
    warnings: ThrottledWarnings,
}

impl Retry {
    /// Retries with delays between the two bounds, in milliseconds.
    pub fn new(warnings: ThrottledWarnings, delay_ms_min: u64, delay_ms_max: u64) -> Self {
        Self { back_off: BackOff::new(delay_ms_min, delay_ms_max), warnings }
    }

    /// After a success: the next failure is a first one again.
    pub fn succeeded(&mut self) {
        self.back_off.reset();
    }

    /// After a failure: logs it, throttled, and returns the pause before the next attempt. To be called within a tokio
    /// runtime.
    pub fn failed(&mut self, error: &impl RetriedError) -> Sleep {
        self.warnings.retried(error);
        tokio::time::sleep(self.back_off.next_delay(None))
    }
}
