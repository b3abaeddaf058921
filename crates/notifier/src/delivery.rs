//! Delivers one record of `kigen.alerts`: decodes it, renders the message, and hands it to its destination.
//!
//! ```text
//!              undecodable
//!  received ─────────────────> rejected ─────────┐
//!     │ decoded                                  │
//!     v        refused, rate-limited             │
//!  rendered ─────────────────> blocked           │
//!   │ ^ ^ │                       │              │
//!   │ │ └─┼───── delay over ──────┘              │ commit
//!   │ │   │  outcome uncertain                   │
//!   │ │   └─────────────────> looked up          │
//!   │ └──────── not found ───────┤               │
//!   │ accepted                   │ found         │
//!   v                            │               │
//!  posted <──────────────────────┘               │
//!     │ commit                                   v
//!     └────────────────────────────────────> committed
//! ```
//!
//! - `role` receives and commits. It commits each record before it delivers the next, and repeats a failed
//!   commit alone: a posted message stays posted.
//! - One message is under way at a time, over all partitions. Those behind a blocked one wait, so that order holds and
//!   nothing is lost; a shutdown leaves it uncommitted, to be received again.
//! - The outcome is uncertain after a request without an answer. It is also uncertain, in each partition, for the first
//!   message after a start, an assignment or a failed commit, which may have been posted without a commit. The lookup
//!   finds a message by the alert's id in its metadata. It is not made for every message: it costs a request of its own.
//! - Only Slack blocks or needs a lookup. A dry run prints each message, and a channel takes it, at once.
//! - An alert that a newer kigen wrote blocks its partition: this notifier delivers nothing more of it until it is upgraded, or
//!   an operator skips the record.
//! - An alert without a channel is committed without a message, and counted as unrouted.

use std::io::Write;
use std::pin::Pin;

use kigen_control::Control;
use kigen_log::{ConsumedRecord, NewRecord};
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::reject::Reject;
use kigen_model::topic::{Partition, Topic};
use kigen_ops::ThrottledWarnings;
use kigen_wire::{DecodeError, Level};
use tokio::sync::mpsc;

use crate::error::NotifierError;
use crate::health::Health;
use crate::metrics;
use crate::render::{Message, render, render_at};
use crate::slack::client::Slack;
use crate::slack::sender::{Patience, SlackSender};
use crate::terminal::{Style, draw};

/// The width of a printed message, in characters.
const DRY_RUN_WIDTH: usize = 100;

/// Delivers messages to one destination.
pub struct Delivery {
    destination: Destination,
    /// Whether messages about failed runs are delivered, too.
    with_run_failures: bool,
    control: Control,
    health: Health,
    warnings: ThrottledWarnings,
    /// The clock by which a message is late.
    now: fn() -> Instant,
}

/// What became of a record.
pub(crate) enum Delivered {
    /// It is delivered, or goes to the rejects; this is to be committed with its offset.
    Done(Vec<NewRecord>),
    /// The shutdown came first.
    ShutDown,
    /// A newer kigen wrote it: it is waited for.
    Newer(DecodeError),
}

enum Destination {
    Printed(Box<dyn Write + Send>),
    Channel(mpsc::Sender<(Alert, Message)>),
    Slack(Box<SlackSender>),
}

impl Delivery {
    /// Prints messages instead of sending them.
    pub fn dry_run(out: impl Write + Send + 'static, with_run_failures: bool) -> Self {
        Self::to(Destination::Printed(Box::new(out)), with_run_failures)
    }

    /// Hands messages over within the process, those about failed runs aside.
    pub fn channel(sender: mpsc::Sender<(Alert, Message)>) -> Self {
        Self::to(Destination::Channel(sender), false)
    }

    /// Posts messages to Slack: about failed runs only if there is a channel for them.
    pub fn slack(slack: Slack, patience: Patience) -> Self {
        let with_run_failures = slack.has_failures_channel();
        let sender = SlackSender::new(slack, patience);
        Self::to(Destination::Slack(Box::new(sender)), with_run_failures)
    }

    /// Reports to `health`.
    #[must_use]
    pub fn with_health(self, health: Health) -> Self {
        Self { health, ..self }
    }

    /// Logs failures of the event log through `warnings`, which the roles of a process share.
    #[must_use]
    pub fn with_warnings(self, warnings: ThrottledWarnings) -> Self {
        Self { warnings, ..self }
    }

    /// Writes at the record level of `control`, and skips what that skips.
    #[must_use]
    pub fn with_control(self, control: Control) -> Self {
        Self { control, ..self }
    }

    /// Reads the time by which a message is late from `now` instead of the machine's clock.
    #[must_use]
    pub fn with_clock(self, now: fn() -> Instant) -> Self {
        Self { now, ..self }
    }

    fn to(destination: Destination, with_run_failures: bool) -> Self {
        let (control, health, warnings) = Default::default();
        Self { destination, with_run_failures, control, health, warnings, now: chrono::Utc::now }
    }

    pub(crate) fn control(&self) -> &Control {
        &self.control
    }

    pub(crate) fn health(&self) -> &Health {
        &self.health
    }

    pub(crate) fn warnings(&self) -> &ThrottledWarnings {
        &self.warnings
    }

    /// The next message of each of these partitions may have been posted already, by its former owner or before a failed
    /// commit.
    pub(crate) fn look_up_next(&mut self, partitions: &[Partition]) {
        if let Destination::Slack(sender) = &mut self.destination {
            sender.look_up_next(partitions);
        }
    }

    /// Delivers one record.
    pub(crate) async fn deliver(
        &mut self,
        partition: Partition,
        record: &ConsumedRecord,
        shutdown: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Delivered, NotifierError> {
        match kigen_wire::decode_alert(record.value.as_deref().unwrap_or_default()) {
            Ok(alert) => {
                let is_sent = self.send(partition, alert, shutdown).await?;
                Ok(if is_sent { Delivered::Done(Vec::new()) } else { Delivered::ShutDown })
            }
            Err(error) if self.control.waits_for((Topic::Alerts, partition), record, &error) => {
                Ok(Delivered::Newer(error))
            }
            Err(error) => {
                metrics::rejected();
                let offset = record.offset;
                tracing::error!(%partition, %offset, "an alert cannot be decoded and goes to {}: {error}", Topic::Rejects);
                let level = self.control.level();
                Ok(Delivered::Done(vec![reject(partition, record, &error.to_string(), level)]))
            }
        }
    }

    /// False: the shutdown came first.
    async fn send(
        &mut self,
        partition: Partition,
        alert: Alert,
        shutdown: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<bool, NotifierError> {
        let kind = alert.body.kind();
        if matches!(alert.body, AlertBody::RunFailed { .. }) && !self.with_run_failures {
            metrics::unrouted(kind);
            return Ok(true);
        }
        let is_sent = match &mut self.destination {
            Destination::Printed(out) => {
                let message = render_at(&alert, (self.now)());
                let drawn = draw(&message, &Style { colours: false, width: DRY_RUN_WIDTH });
                writeln!(out, "{drawn}").and_then(|()| out.flush()).map_err(NotifierError::Print)?;
                true
            }
            // Within the process nothing waits, and what is played back is of another time.
            Destination::Channel(sender) => tokio::select! {
                sent = sender.send((alert.clone(), render(&alert))) => sent.map(|()| true).map_err(|_| NotifierError::Closed)?,
                () = shutdown => false,
            },
            Destination::Slack(sender) => {
                sender.send(partition, &alert, self.now, &self.health, shutdown).await
            }
        };
        if is_sent {
            metrics::delivered(kind);
            self.health.delivered();
        }
        Ok(is_sent)
    }
}

fn reject(partition: Partition, record: &ConsumedRecord, reason: &str, level: Level) -> NewRecord {
    let source = (Topic::Alerts, partition, record.offset);
    let reject = Reject::of_record(source, &record.key, &record.bytes_as_read(), reason, record.timestamp);
    NewRecord {
        topic: Topic::Rejects,
        partition,
        key: reject.key.clone(),
        value: Some(kigen_wire::encode_reject(&reject, level)),
        timestamp: record.timestamp,
    }
}
