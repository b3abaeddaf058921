//! What every role needs to keep running: backoff, throttled warnings, retries, blocking calls, errors in one line, proxies,
//! trusted certificates and secrets.
//!
//! Nothing here knows an event, a log or a cluster: a failure is an error that [names its cause](RetriedError).

mod back_off;
mod blocking;
mod error_chain;
mod http_client;
mod proxy;
mod retry;
mod secret;
mod throttle;

pub use back_off::BackOff;
pub use blocking::{join, on_thread};
pub use error_chain::{causes, error_chain};
pub use http_client::{http_client, trust, trust_none};
pub use proxy::proxy_for;
pub use retry::Retry;
pub use secret::Secret;
pub use throttle::{RetriedError, Throttle, ThrottledWarnings};
