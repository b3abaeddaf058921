//! What a message of Slack has to contain, and what `kigen.deliveries` has of it.

use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::delivery::{Delivery, SLACK};
use uuid::Uuid;

use super::blocks::fallback;
use super::client::PostedMessage;
use crate::ledger::{Entry, ends};
use crate::render::{Edition, Message, render, render_followed};
use crate::routing::Target;
use crate::sending::Sending;
use crate::surroundings::Surroundings;

/// What a message has to contain.
#[derive(Clone, Copy)]
pub(super) struct Content<'a> {
    pub(super) subject: Uuid,
    pub(super) version: u32,
    pub(super) shown: &'a Alert,
    pub(super) followed_by: Option<&'a Alert>,
    /// The message before.
    pub(super) replaces: Option<&'a Entry>,
    /// What is around what it shows.
    pub(super) surroundings: &'a Surroundings,
}

/// What a message has beside its content.
#[derive(Clone, Default)]
pub(super) struct Marks {
    pub(super) rejected: Option<String>,
    pub(super) link: Option<String>,
    pub(super) thread: Option<String>,
}

impl Content<'_> {
    /// The message, delivered at `now`. It notifies, as long as what it is about goes on.
    pub(super) fn message(&self, now: Instant, marks: &Marks, target: &Target) -> Message {
        let mentions =
            if self.followed_by.is_none_or(|alert| !ends(alert)) { &*target.mentions } else { &[] };
        let edition =
            Edition { language: target.language, delivered_at: Some(now), surroundings: self.surroundings };
        let message = match self.followed_by {
            None => render(self.shown, edition),
            Some(followed_by) => render_followed(self.shown, followed_by, edition),
        };
        let message = match &marks.rejected {
            Some(note) => message.noted(note),
            None => message,
        };
        let message = message.notifying(mentions);
        // A miss refers to the run that failed; that run, and a warning that came true, to the miss.
        let label = match &self.shown.body {
            AlertBody::RunFailed { .. } | AlertBody::SlotAtRisk { .. } => "missed-deadline",
            AlertBody::SlotMissed { .. }
            | AlertBody::SlotRecovered { .. }
            | AlertBody::SlotRetracted { .. }
            | AlertBody::SlotUnknown { .. }
            | AlertBody::UnknownClosed { .. }
            | AlertBody::RiskOver { .. }
            | AlertBody::ExpectationBroken { .. }
            | AlertBody::ClusterSilent { .. }
            | AlertBody::ClusterStalled(_)
            | AlertBody::BudgetSpent { .. }
            | AlertBody::SilenceOver { .. }
            | AlertBody::StallOver { .. } => "failed-run",
        };
        match &marks.link {
            Some(link) => message.linked_to(label, link),
            None => message,
        }
    }

    /// It, as Slack has it.
    pub(super) fn entry(
        &self,
        sending: Sending<'_>,
        (posted, delivered_at): (&PostedMessage, Instant),
        message: &Message,
        marks: Marks,
    ) -> Entry {
        let Sending { offset, alert, level, target, .. } = sending;
        let encode = |alert: &Alert| kigen_wire::encode_alert(alert, level);
        let delivery = Delivery {
            receiver: SLACK.to_owned(),
            subject: self.subject,
            key: alert.key.clone(),
            channel: posted.channel().to_owned(),
            message: posted.ts().to_owned(),
            version: self.version,
            offset,
            decided_at: alert.decided_at,
            delivered_at,
            text: fallback(message),
            alert: encode(self.shown),
            followed_by: self.followed_by.map(encode),
            rejected: marks.rejected,
            link: marks.link,
            thread: marks.thread,
            storm: None,
            route: target.channel.clone(),
            is_copy: target.is_copy,
            quiet_until: self.replaces.and_then(|entry| entry.delivery.quiet_until),
        };
        Entry { delivery, alert: self.shown.clone(), followed_by: self.followed_by.cloned() }
    }
}
