//! The periodic check of the log, and the processor's lag in it.

use std::time::Duration;

use chrono::Utc;
use kigen_log::LogReader;
use kigen_ops::{ThrottledWarnings, error_chain};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::board::HealthBoard;
use crate::role::until_stopped;

/// How often the log is checked.
const INTERVAL_MS: u64 = 10_000;

/// Checks until the process stops whether the log answers, and measures how far the processor is behind it. Also lets
/// `prometheus` drop what has expired.
pub(crate) async fn run<R: LogReader + Clone + 'static>(
    reader: R,
    board: HealthBoard,
    warnings: &ThrottledWarnings,
    prometheus: Option<PrometheusHandle>,
    stopped: watch::Receiver<bool>,
) {
    let mut interval = tokio::time::interval(Duration::from_millis(INTERVAL_MS));
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let checking = async {
        loop {
            interval.tick().await;
            let (reader, processor) = (reader.clone(), board.processor.clone());
            let checked = tokio::task::spawn_blocking(move || {
                reader.ping()?;
                processor.map_or(Ok(()), |processor| processor.measure(&reader, Utc::now()))
            });
            match checked.await {
                Ok(Ok(())) => board.set_log(Ok("it answers".to_owned())),
                Ok(Err(error)) => {
                    warnings.retried(&error);
                    board.set_log(Err(error_chain(&error)));
                }
                Err(panicked) => board.set_log(Err(panicked.to_string())),
            }
            if let Some(prometheus) = &prometheus {
                prometheus.run_upkeep();
            }
        }
    };
    tokio::select! {
        () = checking => {}
        () = until_stopped(stopped) => {}
    }
}
