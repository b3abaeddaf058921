//! What the notifier counts.

use kigen_model::topic::Topic;

use crate::slack::SlackError;

/// Says what each metric is.
pub fn describe() {
    ::metrics::describe_counter!("kigen_deliveries_total", "Messages that were delivered, by kind of alert");
    ::metrics::describe_counter!(
        "kigen_delivery_failures_total",
        "Tries to deliver a message that failed and are made again, by reason"
    );
    ::metrics::describe_counter!(
        "kigen_alerts_untold_total",
        "Alerts of which nobody is told, since no channel is named for them, by kind"
    );
}

/// A message was delivered.
pub(crate) fn delivered(kind: &'static str) {
    ::metrics::counter!("kigen_deliveries_total", "kind" => kind).increment(1);
}

/// An alert has no channel.
pub(crate) fn untold(kind: &'static str) {
    ::metrics::counter!("kigen_alerts_untold_total", "kind" => kind).increment(1);
}

/// A message was not delivered.
pub(crate) fn failed(error: &SlackError) {
    ::metrics::counter!("kigen_delivery_failures_total", "reason" => error.label()).increment(1);
}

/// A record was no alert.
pub(crate) fn rejected() {
    let (topic, reason) = (Topic::Alerts.name(), "undecodable");
    ::metrics::counter!("kigen_rejects_total", "topic" => topic, "reason" => reason).increment(1);
}
