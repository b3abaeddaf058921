//! What every role needs to keep running: backoff, throttled warnings, retries, blocking calls, and errors in one line.
//!
//! Nothing here knows an event, a log or a cluster: a failure is an error that [names its cause](RetriedError).

mod back_off;
mod blocking;
mod error_chain;
mod retry;
mod throttle;

pub use back_off::BackOff;
pub use blocking::{join, on_thread};
pub use error_chain::{causes, error_chain};
pub use retry::Retry;
pub use throttle::{RetriedError, Throttle, ThrottledWarnings};
