//! What receives alerts beside Slack: one trait, and a file for each kind.
//!
//! A receiver has a protocol of its own and no memory: what it is given contains all that it needs, and the same alert is given to
//! it in the same form after a crash. The queues, retries, dead letters and records are those of Slack's messages.

pub mod alertmanager;
pub mod discord;
pub mod email;
pub mod http;
pub mod pagerduty;
pub mod teams;
pub mod webhook;

use std::fmt;
use std::time::Duration;

use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_ops::error_chain;
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::failure::{Failure, Remedy};
use crate::plan::is_of_slot;
use crate::render::{Fact, Form, Message};

/// A receiver of alerts.
pub trait Receiver: fmt::Debug + Send + Sync {
    /// Its kind, as the configuration and `kigen.deliveries` name it.
    fn kind(&self) -> &'static str;

    /// Sends a notice, on a thread that may block, and returns the id by which the receiver knows it. The same notice is sent
    /// again if it is not known whether it was accepted: by [`id`](Notice::id) or [`subject`](Notice::subject), where the
    /// protocol has an id, the receiver knows that it is the same.
    ///
    /// # Errors
    /// It was not accepted, or whether it was is unknown.
    fn send(&self, notice: &Notice) -> Result<String, ReceiverError>;

    /// How often it wants what lasts again; `None`: once is enough.
    fn repeats_after(&self) -> Option<Duration> {
        None
    }
}

/// An alert, as a receiver is given it.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The alert's id: the same for ever.
    pub id: Uuid,
    /// What it is about: an incident, else an alert, or the warnings of one deadline.
    pub subject: Uuid,
    /// What that was before, of a warning that came true, and the alert that showed it.
    pub replaces: Option<(Uuid, Alert)>,
    /// How what it is about stands.
    pub phase: Phase,
    /// The id with which the receiver accepted the first alert about the subject; `None`: this is the first.
    pub first: Option<String>,
    /// The alert that states what is wrong: this one, or of one that ends or corrects that, the one before.
    pub shown: Alert,
    /// The alert.
    pub alert: Alert,
    /// The alert in words.
    pub message: Message,
    /// When it is sent.
    pub sent_at: Instant,
}

impl Notice {
    /// How it stands, and what happened, in one line.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}: {}", self.message.state, self.message.headline)
    }

    /// What can be copied into a terminal, by its label.
    #[must_use]
    pub fn commands(&self) -> Map<String, Json> {
        let is_command = |fact: &&Fact| {
            fact.form == Form::Code
                && (fact.value.starts_with("kubectl ") || fact.value.starts_with("kigen "))
        };
        let commands = self.message.facts.iter().filter(is_command);
        commands.map(|fact| (fact.label.clone(), fact.value.clone().into())).collect()
    }

    /// The deadline that it is about.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.alert.body.slot().map(|slot| slot.deadline)
    }
}

/// Whether a text is one address and nothing else, so that it may be a link.
fn is_address(text: &str) -> bool {
    let has_scheme = text.starts_with("https://") || text.starts_with("http://");
    has_scheme
        && text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '(' | ')' | '[' | ']' | '`'))
}

/// How what an alert is about stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It lasts, and another alert will end it.
    Lasting,
    /// It has happened; no other alert will end it, or perhaps none.
    Event,
    /// It is over.
    Over,
}

impl Phase {
    /// How it stands after an alert.
    #[must_use]
    pub fn after(alert: &Alert) -> Self {
        match &alert.body {
            AlertBody::SlotMissed { .. }
            | AlertBody::SlotRetracted { misses: 1.., .. }
            | AlertBody::ClusterSilent { .. }
            | AlertBody::ClusterStalled(_) => Self::Lasting,
            AlertBody::SlotAtRisk { risk, .. } if is_of_slot(risk) => Self::Lasting,
            AlertBody::SlotAtRisk { .. }
            | AlertBody::SlotUnknown { .. }
            | AlertBody::ExpectationBroken { .. }
            | AlertBody::BudgetSpent { .. }
            | AlertBody::RunFailed { .. } => Self::Event,
            AlertBody::SlotRecovered { .. }
            | AlertBody::SlotRetracted { .. }
            | AlertBody::UnknownClosed { .. }
            | AlertBody::RiskOver { .. }
            | AlertBody::SilenceOver { .. }
            | AlertBody::StallOver { .. } => Self::Over,
        }
    }
}

/// Why a receiver has not accepted a notice. None has a secret in it.
#[derive(Debug, thiserror::Error)]
pub enum ReceiverError {
    /// Transient: a retry may succeed. Where no answer came, the receiver may have accepted it.
    #[error("{receiver} did not take the alert: {why}")]
    Retry {
        /// Its address in the configuration.
        receiver: String,
        /// As long as the receiver wants.
        after: Option<Duration>,
        /// Why.
        why: String,
    },
    /// A secret of the receiver cannot be read.
    #[error("{receiver} cannot be used: its {what} cannot be read")]
    Secret {
        /// Its address in the configuration.
        receiver: String,
        /// Which, as the configuration has it.
        what: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// Fails until a person has changed something.
    #[error("{receiver} refuses the alert: {why}")]
    Refused {
        /// Its address in the configuration.
        receiver: String,
        /// Why, and what to do.
        why: String,
    },
    /// The receiver refuses what the alert contains.
    #[error("{receiver} refuses what the alert contains: {why}")]
    Content {
        /// Its address in the configuration.
        receiver: String,
        /// Why.
        why: String,
    },
    /// The receiver wants nothing any more.
    #[error(
        "{receiver} is disabled: it has answered that it is gone for good (HTTP status 410), so nothing is sent to it any more; \
         correct its URL, or remove it from the configuration"
    )]
    Gone {
        /// Its address in the configuration.
        receiver: String,
    },
}

impl From<ReceiverError> for Failure {
    fn from(error: ReceiverError) -> Self {
        let (label, remedy) = match &error {
            ReceiverError::Retry { after: Some(after), .. } => ("retry", Remedy::WaitFor(*after)),
            ReceiverError::Retry { after: None, .. } => ("retry", Remedy::Wait),
            ReceiverError::Secret { .. } => ("token", Remedy::Wait),
            ReceiverError::Refused { .. } => ("refused", Remedy::Repair),
            ReceiverError::Content { .. } => ("refused", Remedy::Content),
            ReceiverError::Gone { .. } => ("gone", Remedy::Gone),
        };
        Self { reason: error_chain(&error), label, remedy }
    }
}
