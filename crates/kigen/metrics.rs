//! The metrics of this process: where they are kept, and what each crate says of its own.

use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_util::MetricKindMask;

/// A gauge that was not set for so long is of something that is gone, such as a partition that another has now.
const GAUGE_KEPT: Duration = Duration::from_secs(60);

/// Begins to keep what is counted.
pub(crate) fn keep() -> anyhow::Result<PrometheusHandle> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(
            Matcher::Full(kigen_processor::metrics::COMMIT.to_owned()),
            &kigen_processor::metrics::COMMIT_SECONDS,
        )?
        .idle_timeout(MetricKindMask::GAUGE, Some(GAUGE_KEPT))
        .build_recorder();
    let kept = recorder.handle();
    metrics::set_global_recorder(recorder).context("the metrics are kept already")?;
    kigen_log::metrics::describe();
    kigen_shipper::metrics::describe();
    kigen_processor::metrics::describe();
    kigen_notifier::metrics::describe();
    metrics::describe_gauge!("kigen_build_info", "1; the version of this kigen is its label");
    Ok(kept)
}

/// Which kigen this is.
pub(crate) fn build_info() {
    metrics::gauge!("kigen_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}
