//! How long a receiver is waited for.

/// Timeouts and delays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The delay after the first failed request, in milliseconds; it doubles from failure to failure.
    pub retry_delay_ms_min: u64,
    /// The longest delay between two requests, in milliseconds, and the one after a refusal.
    pub retry_delay_ms_max: u64,
    /// How long one request is waited for, in milliseconds. A shutdown waits for the request in flight.
    pub request_ms_max: u64,
    /// The least time between two messages for one channel in Slack, in milliseconds, after the first few; 0: none.
    pub post_interval_ms: u64,
}

impl Default for Patience {
    fn default() -> Self {
        let (retry_delay_ms_min, retry_delay_ms_max) = (1_000, 60_000);
        Self { retry_delay_ms_min, retry_delay_ms_max, request_ms_max: 7_000, post_interval_ms: 1_000 }
    }
}
