//! Exponential backoff with jitter: how long to wait before the next attempt.

use std::time::Duration;

/// A delay that doubles with each failure, between two bounds, with jitter over its upper half: many shippers must not
/// return to an API server at the same instant.
#[derive(Debug)]
pub struct BackOff {
    delay_ms_min: u64,
    delay_ms_max: u64,
    next_ms: u64,
}

impl BackOff {
    /// A delay between the two bounds, in milliseconds.
    pub fn new(delay_ms_min: u64, delay_ms_max: u64) -> Self {
        let delay_ms_min = delay_ms_min.max(1);
        Self { delay_ms_min, delay_ms_max: delay_ms_max.max(delay_ms_min), next_ms: delay_ms_min }
    }

    /// After a success: the next delay is the shortest again.
    pub fn reset(&mut self) {
        self.next_ms = self.delay_ms_min;
    }

    /// After a failure: the delay before the next attempt, at least `requested` by the server, within the upper bound.
    pub fn next_delay(&mut self, requested: Option<Duration>) -> Duration {
        let ceiling_ms = self.next_ms;
        self.next_ms = ceiling_ms.saturating_mul(2).min(self.delay_ms_max);
        let delay = Duration::from_millis(fastrand::u64(ceiling_ms / 2..=ceiling_ms));
        delay.max(requested.unwrap_or_default()).min(Duration::from_millis(self.delay_ms_max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_up_to_its_bound_and_is_reset_by_a_success() {
        let mut back_off = BackOff::new(100, 1000);
        for ceiling_ms in [100, 200, 400, 800, 1000, 1000] {
            let delay_ms = back_off.next_delay(None).as_millis();
            assert!((ceiling_ms / 2..=ceiling_ms).contains(&delay_ms), "{delay_ms} of {ceiling_ms}");
        }
        back_off.reset();
        assert!(back_off.next_delay(None).as_millis() <= 100);
    }

    #[test]
    fn a_delay_that_the_server_requests_is_kept_within_the_bound() {
        let mut back_off = BackOff::new(100, 1000);
        assert_eq!(back_off.next_delay(Some(Duration::from_millis(700))).as_millis(), 700);
        assert_eq!(back_off.next_delay(Some(Duration::from_secs(3600))).as_millis(), 1000);
    }
}
