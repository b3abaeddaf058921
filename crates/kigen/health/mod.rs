//! `/healthz`, `/readyz` and `/metrics` over HTTP, the checks behind them, and the heartbeat to an outside service.

pub(crate) mod board;
pub(crate) mod heartbeat;
pub(crate) mod http;
pub(crate) mod monitor;
