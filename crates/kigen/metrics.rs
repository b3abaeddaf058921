//! The recorder for the metrics of this process; each crate describes its own.

use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_util::MetricKindMask;

/// A gauge that was not set for this long belongs to something that is gone, such as a partition that another process owns now.
const GAUGE_IDLE_MAX: Duration = Duration::from_secs(60);

const HEARTBEAT_FAILURES: &str = "kigen_heartbeat_failures_total";

/// Installs the recorder.
pub(crate) fn install() -> anyhow::Result<PrometheusHandle> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(
            Matcher::Full(kigen_processor::metrics::COMMIT.to_owned()),
            &kigen_processor::metrics::COMMIT_SECONDS,
        )?
        .idle_timeout(MetricKindMask::GAUGE, Some(GAUGE_IDLE_MAX))
        .build_recorder();
    let prometheus = recorder.handle();
    metrics::set_global_recorder(recorder).context("a recorder for metrics is installed already")?;
    describe();
    Ok(prometheus)
}

/// Describes the metrics of all crates.
pub(crate) fn describe() {
    kigen_log::metrics::describe();
    kigen_shipper::metrics::describe();
    kigen_processor::metrics::describe();
    kigen_notifier::metrics::describe();
    kigen_archive::metrics::describe();
    metrics::describe_counter!(HEARTBEAT_FAILURES, "Heartbeats that the outside service did not accept");
    metrics::describe_gauge!("kigen_build_info", "1; the label is the version of this kigen");
}

/// Counts a heartbeat that was not accepted.
pub(crate) fn heartbeat_failed() {
    metrics::counter!(HEARTBEAT_FAILURES).increment(1);
}

/// Sets the gauge with the version of this kigen.
pub(crate) fn build_info() {
    metrics::gauge!("kigen_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}
