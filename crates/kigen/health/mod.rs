//! `/healthz`, `/readyz` and `/metrics` over HTTP, and the checks behind them.

pub(crate) mod board;
pub(crate) mod http;
pub(crate) mod monitor;
