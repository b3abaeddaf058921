//! What quiet hours hold back: an alert that would be a message of its own, and what follows it. Pure.
//!
//! ```text
//!   decided in quiet hours ──> held ── their end ──> in the digest, with its message if it goes on
//!                              │  ^ │
//!          recovered, missed ──┘──┘ └── missed, of severity fatal ──> a message of its own
//! ```
//!
//! What is held is a record of `kigen.deliveries` like that of a message, without one. An alert that follows a message which the
//! receiver has is not held: an update disturbs no one.

use kigen_model::Instant;
use kigen_model::alert::Alert;
use kigen_model::delivery::Delivery;
use uuid::Uuid;

use crate::ledger::{Change, Entry};
use crate::plan::{Plan, Update};
use crate::render::{Edition, render, render_followed};
use crate::sending::Sending;

/// What quiet hours make of an alert.
pub(crate) enum Quieted {
    /// It is held back: it is as these entries have it, and another one is forgotten.
    Held(Vec<Entry>, Option<Change>),
    /// It is sent as planned, and these change with it.
    Sent(Plan, Vec<Change>),
}

/// Holds an alert back, or returns how it is sent.
pub(crate) fn quieted(sending: Sending<'_>, plan: Plan) -> Quieted {
    let until = sending.target.quiet_until(sending.alert).filter(|until| (sending.now)() < *until);
    match (plan, until) {
        (Plan::Post { subject }, Some(until)) => Quieted::Held(vec![new(sending, subject, until)], None),
        (Plan::Update(update), until) if update.entry.held_until().is_some() => {
            of_held(sending, *update, until)
        }
        (plan, _) => Quieted::Sent(plan, Vec::new()),
    }
}

/// An alert about what is held back already.
fn of_held(sending: Sending<'_>, update: Update, until: Option<Instant>) -> Quieted {
    let is_elsewhere = update.entry.delivery.route != sending.target.channel;
    let is_of_another = update.subject != update.entry.delivery.subject;
    let is_news = update.shown.id == sending.alert.id;
    if is_elsewhere && is_of_another {
        // What was feared, or not known, came true: for another channel.
        let before = followed(sending, &update.entry, sending.alert);
        return match until {
            Some(until) => Quieted::Held(vec![new(sending, update.subject, until), before], None),
            None => {
                Quieted::Sent(Plan::Post { subject: update.subject }, vec![Change::Put(Box::new(before))])
            }
        };
    }
    let forgotten = is_of_another.then(|| update.entry.forgotten());
    if is_news && until.is_none() {
        return Quieted::Sent(Plan::Post { subject: update.subject }, forgotten.into_iter().collect());
    }
    let Update { entry, subject, shown, followed_by, .. } = update;
    let entry = match followed_by {
        Some(alert) => followed(sending, &entry, &alert),
        None => {
            let held_until = entry.delivery.quiet_until.or(until);
            let mut held = new(sending, subject, held_until.unwrap_or(shown.decided_at));
            held.delivery.version = entry.delivery.version.saturating_add(1);
            held.delivery.route = entry.delivery.route;
            held
        }
    };
    Quieted::Held(vec![entry], forgotten)
}

/// An alert that is held back until then.
fn new(sending: Sending<'_>, subject: Uuid, until: Instant) -> Entry {
    let Sending { offset, alert, level, target, now, .. } = sending;
    let message = render(alert, Edition::of(target.language));
    let delivery = Delivery {
        receiver: target.receiver.clone(),
        subject,
        key: alert.key.clone(),
        channel: target.channel.clone(),
        message: String::new(),
        version: 1,
        offset,
        decided_at: alert.decided_at,
        delivered_at: now(),
        text: format!("{}: {}", message.state, message.headline),
        alert: kigen_wire::encode_alert(alert, level),
        followed_by: None,
        rejected: None,
        link: None,
        thread: None,
        storm: None,
        route: target.channel.clone(),
        is_copy: target.is_copy,
        quiet_until: Some(until),
    };
    Entry { delivery, alert: alert.clone(), followed_by: None }
}

/// What is held back, once a later alert has ended or corrected it.
fn followed(sending: Sending<'_>, entry: &Entry, followed_by: &Alert) -> Entry {
    let Sending { offset, alert, level, target, now, .. } = sending;
    let message = render_followed(&entry.alert, followed_by, Edition::of(target.language));
    let delivery = Delivery {
        version: entry.delivery.version.saturating_add(1),
        offset,
        decided_at: alert.decided_at,
        delivered_at: now(),
        text: format!("{}: {}", message.state, message.headline),
        followed_by: Some(kigen_wire::encode_alert(followed_by, level)),
        ..entry.delivery.clone()
    };
    Entry { delivery, followed_by: Some(followed_by.clone()), ..entry.clone() }
}
