//! Retries of the log, and how they show in the role's health.

use std::pin::Pin;

use kigen_log::LogError;
use kigen_ops::{Retry, error_chain};

use crate::delivery::Delivery;
use crate::health::Health;

/// The bounds of the delay after the log could not be read or written.
const DELAY_MS_MIN: u64 = 1_000;
const DELAY_MS_MAX: u64 = 15_000;

/// The retries of one role.
pub(crate) struct LogRetry {
    retry: Retry,
    health: Health,
}

impl LogRetry {
    pub(crate) fn new(delivery: &Delivery) -> Self {
        let retry = Retry::new(delivery.warnings().clone(), DELAY_MS_MIN, DELAY_MS_MAX);
        Self { retry, health: delivery.health().clone() }
    }

    pub(crate) fn succeeded(&mut self) {
        self.retry.succeeded();
        self.health.log_succeeded();
    }

    /// Logs a failure and waits before the next try; false: the shutdown came first.
    pub(crate) async fn wait_after(
        &mut self,
        error: &LogError,
        shutdown: Pin<&mut impl Future<Output = ()>>,
    ) -> bool {
        let pause = self.retry.failed(error);
        // That another consumer owns the partition is no failure of this one.
        if !matches!(error, LogError::Fenced { .. }) {
            self.health.log_failed(error_chain(error));
        }
        tokio::select! {
            () = pause => true,
            () = shutdown => false,
        }
    }
}
