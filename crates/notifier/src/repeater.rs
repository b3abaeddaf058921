//! Gives a receiver again what lasts, where its protocol wants that: what is not sent again has ended there.
//!
//! Nothing of it is recorded, and nothing waits: the next round has it again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use kigen_model::Instant;
use kigen_ops::{error_chain, on_thread};
use tokio::sync::{Mutex, watch};
use uuid::Uuid;

use crate::error::NotifierError;
use crate::language::Language;
use crate::ledger::{Entry, Ledger};
use crate::metrics;
use crate::notice;
use crate::plan::subject;
use crate::receiver::{Notice, Phase, Receiver};
use crate::shares::Shares;

/// What lasts, for one receiver.
pub(crate) struct Repeater {
    pub(crate) address: String,
    pub(crate) receiver: Arc<dyn Receiver>,
    pub(crate) every: Duration,
    pub(crate) language: Language,
    pub(crate) ledger: Ledger,
    pub(crate) turn: Arc<Mutex<Turn>>,
    pub(crate) now: fn() -> Instant,
}

impl Repeater {
    /// Sends it again until the role ends.
    pub(crate) async fn run(self, mut shares: watch::Receiver<Shares>) -> Result<(), NotifierError> {
        loop {
            let stopped = shares.wait_for(|shares| shares.is_stopped);
            if tokio::time::timeout(self.every, stopped).await.is_ok() {
                return Ok(());
            }
            self.repeat().await;
        }
    }

    async fn repeat(&self) {
        for entry in self.lasting() {
            let turn = self.turn.lock().await;
            let subject = subject(&entry.alert);
            // What has changed meanwhile was given to the receiver with that.
            let is_unchanged = self.lasting().iter().any(|now| {
                now.delivery.subject == entry.delivery.subject
                    && now.delivery.version == entry.delivery.version
            });
            if !is_unchanged || turn.has_ended(subject) {
                continue;
            }
            let notice = notice::again(&entry, self.language, (self.now)());
            let receiver = Arc::clone(&self.receiver);
            let sent = on_thread(move || receiver.send(&notice)).await;
            drop(turn);
            if let Err(error) = sent {
                metrics::failed("repeat");
                let (error, every_s) = (error_chain(&error), self.every.as_secs());
                tracing::warn!("{error}; what lasts is sent to it again in {every_s} s");
                return;
            }
        }
        let subjects: BTreeSet<Uuid> = self.lasting().iter().map(|entry| subject(&entry.alert)).collect();
        self.turn.lock().await.ended.retain(|ended| subjects.contains(ended));
    }

    fn lasting(&self) -> Vec<Entry> {
        self.ledger.of_route(&self.address, |entry| {
            Phase::after(entry.followed_by.as_ref().unwrap_or(&entry.alert)) == Phase::Lasting
        })
    }
}

/// The right to send something to a receiver that wants what lasts again: an end and a repetition must not overtake each other.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// What has ended, as far as the receiver may know, though that may not be recorded yet.
    ended: BTreeSet<Uuid>,
}

impl Turn {
    /// This is about to be sent.
    pub(crate) fn sends(&mut self, notice: &Notice) {
        match notice.phase {
            Phase::Lasting => _ = self.ended.remove(&notice.subject),
            Phase::Event | Phase::Over => _ = self.ended.insert(notice.subject),
        }
        self.ended.extend(notice.replaces.iter().map(|(subject, _)| *subject));
    }

    fn has_ended(&self, subject: Uuid) -> bool {
        self.ended.contains(&subject)
    }
}

/// The turns at the receivers that want what lasts again, by address.
pub(crate) type Turns = BTreeMap<String, Arc<Mutex<Turn>>>;
