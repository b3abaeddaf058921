//! The notifier's metrics.

use kigen_model::topic::Topic;

/// Describes each metric.
pub fn describe() {
    ::metrics::describe_counter!("kigen_deliveries_total", "Messages that were delivered, by kind of alert");
    ::metrics::describe_counter!(
        "kigen_delivery_failures_total",
        "Failed requests to deliver a message, which are retried, by reason"
    );
    ::metrics::describe_counter!(
        "kigen_alerts_unrouted_total",
        "Alerts that were not delivered because no channel is configured for them, by kind"
    );
}

/// A message was delivered.
pub(crate) fn delivered(kind: &'static str) {
    ::metrics::counter!("kigen_deliveries_total", "kind" => kind).increment(1);
}

/// An alert has no channel.
pub(crate) fn unrouted(kind: &'static str) {
    ::metrics::counter!("kigen_alerts_unrouted_total", "kind" => kind).increment(1);
}

/// A request failed for this reason.
pub(crate) fn failed(reason: &'static str) {
    ::metrics::counter!("kigen_delivery_failures_total", "reason" => reason).increment(1);
}

/// A record was no alert.
pub(crate) fn rejected() {
    let (topic, reason) = (Topic::Alerts.name(), "undecodable");
    ::metrics::counter!("kigen_rejects_total", "topic" => topic, "reason" => reason).increment(1);
}
