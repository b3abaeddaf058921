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
    ::metrics::describe_counter!(
        "kigen_alerts_filtered_total",
        "Alerts that were not delivered because `failures` leaves out their namespace's, by kind"
    );
    ::metrics::describe_counter!(
        "kigen_alerts_left_out_total",
        "Alerts, at most, that are not delivered: old where the notifiers had no position, or expired undelivered"
    );
    ::metrics::describe_counter!(
        "kigen_alerts_given_up_total",
        "Alerts that no receiver accepted and that are not sent again by themselves, by reason"
    );
    ::metrics::describe_gauge!(
        "kigen_alerts_undelivered",
        "Alerts that no receiver has accepted yet, by state: waiting, failed"
    );
    ::metrics::describe_gauge!(
        "kigen_delivery_blocked_partitions",
        "Partitions of which nothing more is delivered, since a newer kigen wrote an alert"
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

/// The configuration leaves the alert out.
pub(crate) fn filtered(kind: &'static str) {
    ::metrics::counter!("kigen_alerts_filtered_total", "kind" => kind).increment(1);
}

/// So many alerts, at most, are not delivered.
pub(crate) fn left_out(reason: &'static str, alerts: u64) {
    ::metrics::counter!("kigen_alerts_left_out_total", "reason" => reason).increment(alerts);
}

/// So many partitions are blocked.
pub(crate) fn blocked(partitions: usize) {
    let partitions = u32::try_from(partitions).unwrap_or(u32::MAX);
    ::metrics::gauge!("kigen_delivery_blocked_partitions").set(partitions);
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

/// An alert is given up for this reason.
pub(crate) fn gave_up(reason: &'static str) {
    ::metrics::counter!("kigen_alerts_given_up_total", "reason" => reason).increment(1);
}

/// So many alerts wait, and so many have failed.
pub(crate) fn undelivered(waiting: usize, failed: usize) {
    for (state, alerts) in [("waiting", waiting), ("failed", failed)] {
        let alerts = u32::try_from(alerts).unwrap_or(u32::MAX);
        ::metrics::gauge!("kigen_alerts_undelivered", "state" => state).set(alerts);
    }
}
