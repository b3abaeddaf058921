//! What a receiver beside Slack is given for an alert, and what `kigen.deliveries` has of it then. Pure.

use kigen_model::Instant;
use kigen_model::delivery::Delivery;

use crate::language::Language;
use crate::ledger::Entry;
use crate::plan::{Plan, subject};
use crate::receiver::{Notice, Phase};
use crate::render::{Edition, render};
use crate::sending::Sending;
use crate::surroundings::Surroundings;

/// The notice of an alert that is sent so.
pub(crate) fn of(sending: Sending<'_>, plan: &Plan, surroundings: &Surroundings) -> Notice {
    let sent_at = (sending.now)();
    let edition = Edition { language: sending.target.language, delivered_at: Some(sent_at), surroundings };
    let shown = plan.shown().unwrap_or(sending.alert);
    let about = subject(shown);
    let replaced = plan.before().map(|entry| &entry.alert);
    let replaced =
        replaced.map(|alert| (subject(alert), alert.clone())).filter(|(subject, _)| *subject != about);
    Notice {
        id: sending.alert.id,
        subject: about,
        replaces: replaced,
        phase: Phase::after(sending.alert),
        first: plan.before().map(|entry| entry.delivery.message.clone()),
        shown: shown.clone(),
        alert: sending.alert.clone(),
        message: render(sending.alert, edition),
        sent_at,
    }
}

/// What lasts, as it was given to the receiver last, once more.
pub(crate) fn again(entry: &Entry, language: Language, sent_at: Instant) -> Notice {
    let Entry { delivery, alert: shown, followed_by } = entry;
    let last = followed_by.as_ref().unwrap_or(shown);
    Notice {
        id: last.id,
        subject: subject(shown),
        replaces: None,
        phase: Phase::after(last),
        first: Some(delivery.message.clone()),
        shown: shown.clone(),
        alert: last.clone(),
        message: render(last, Edition::of(language)),
        sent_at,
    }
}

/// What the receiver has, once it has accepted a notice: it knows the first one of the subject by `accepted`.
pub(crate) fn entry(sending: Sending<'_>, plan: &Plan, notice: &Notice, accepted: String) -> Entry {
    let Sending { offset, alert, level, target, .. } = sending;
    let followed_by = plan.shown().filter(|shown| shown.id != alert.id).map(|_| alert);
    let delivery = Delivery {
        receiver: target.receiver.clone(),
        subject: target.id_of(notice.subject),
        key: alert.key.clone(),
        channel: target.channel.clone(),
        message: notice.first.clone().unwrap_or(accepted),
        version: plan.before().map_or(1, |entry| entry.delivery.version.saturating_add(1)),
        offset,
        decided_at: alert.decided_at,
        delivered_at: notice.sent_at,
        text: notice.title(),
        alert: kigen_wire::encode_alert(&notice.shown, level),
        followed_by: followed_by.map(|alert| kigen_wire::encode_alert(alert, level)),
        rejected: None,
        link: None,
        thread: None,
        storm: None,
        route: target.channel.clone(),
        is_copy: target.is_copy,
        quiet_until: plan.before().and_then(|entry| entry.delivery.quiet_until),
    };
    Entry { delivery, alert: notice.shown.clone(), followed_by: followed_by.cloned() }
}
