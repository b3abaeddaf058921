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
}

impl Default for Patience {
    fn default() -> Self {
        Self { retry_delay_ms_min: 1_000, retry_delay_ms_max: 60_000, request_ms_max: 7_000 }
    }
}
