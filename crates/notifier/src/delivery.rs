//! Delivers one record of `kigen.alerts`: decodes it, renders the message, and hands it to its destination.
//!
//! ```text
//!              undecodable
//!  received ─────────────────> rejected ─────────┐
//!     │ decoded                                  │
//!     v     not accepted, or others wait         │
//!  rendered ─────────────────> waiting ──────────┤ commit
//!     │   ^                       │              │
//!     │   │  outcome uncertain    │ its turn     │
//!     │   └────── looked up <─────┘              │
//!     │ accepted      │ found                    │
//!     v               │                          v
//!  posted <───────────┴─────── commit ───────> committed
//! ```
//!
//! - `lane` reads, and `role` commits: each record before the next is delivered. A failed commit alone is repeated: a posted
//!   message stays posted.
//! - There are two queues, one for failed runs and one for everything else. In each, one message is under way at a time,
//!   over all partitions, beside those that wait.
//! - What is not accepted waits as a record of `kigen.deliveries`, and the queue goes on. `waiting` sends it again: for each
//!   channel in order, and for each batch. What follows for that channel, or of that batch, waits behind it; nothing else does.
//! - What Slack refuses for its content has failed, and what it refuses for any other reason has after a day. It is sent again
//!   when an operator wants it.
//! - What an alert does to the messages that Slack has is decided by `plan`: a message of its own, or an update of one with a
//!   reply in its thread. What Slack has then is recorded in `kigen.deliveries`, in the commit of the alert.
//! - The outcome is uncertain after a request without an answer. It is also uncertain, in each partition, for the messages
//!   after a start, an assignment or a failed commit, which may have been posted without a commit: until one of them is
//!   not found. The lookup finds a message or reply by the alert's id in its metadata. It is not made for every message: it
//!   costs a request of its own. An update is repeated instead: it is the same twice.
//! - A request that is not answered in time goes on, and is waited for before the message is looked up.
//! - What a channel rejects whatever it is, such as an archived one, goes to the default channel with a note.
//! - Only for Slack anything waits. A dry run prints each message, and a channel takes it, at once.
//! - An alert that a newer kigen wrote blocks its partition: this notifier delivers nothing more of it until it is upgraded, or
//!   an operator skips the record.
//! - An alert without a channel is passed without a message and counted as unrouted, a failed run that the filter leaves out
//!   is counted as that, and an alert of the other queue is not counted.

use std::io::{self, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use kigen_control::Control;
use kigen_log::{ConsumedRecord, LogReader, NewRecord};
use kigen_model::Instant;
use kigen_model::alert::Alert;
use kigen_model::reject::Reject;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::ThrottledWarnings;
use kigen_wire::{DecodeError, Level};
use tokio::sync::mpsc;
use tokio::time::Instant as TimerInstant;

use crate::around::Around;
use crate::dispatch::{Dispatcher, Receivers};
use crate::error::NotifierError;
use crate::failures::FailureFilter;
use crate::health::Health;
use crate::language::Language;
use crate::ledger::{Change, Ledger};
use crate::metrics;
use crate::patience::Patience;
use crate::queue::Queue;
use crate::records::records;
use crate::render::{Edition, Message, render};
use crate::repeater::Repeater;
use crate::routing::Routes;
use crate::sending::{Clock, NewAlert};
use crate::slack::client::Slack;
use crate::terminal::{Style, draw};
use crate::waiting::WaitingRoom;

/// The width of a printed message, in characters.
const DRY_RUN_WIDTH: usize = 100;

/// Delivers messages to one destination.
pub struct Delivery {
    destination: Destination,
    /// The one queue whose messages are delivered; `None`: all are.
    queue: Option<Queue>,
    /// The failed runs that are delivered, too; `None`: there is no channel for them.
    failures: Option<FailureFilter>,
    /// What is around the alerts that are printed.
    around: Around,
    /// Of what is printed or handed over within the process: that of a channel is its route's.
    language: Language,
    control: Control,
    health: Health,
    warnings: ThrottledWarnings,
    /// The clock by which a message is late.
    now: fn() -> Instant,
    /// What Slack has with the record that was delivered last, once that is committed.
    changes: Vec<Change>,
}

/// What became of a record.
pub(crate) enum Delivered {
    /// It is delivered, or goes to the rejects; this is to be committed with its offset.
    Done(Vec<NewRecord>),
    /// It needs no message here.
    Nothing,
    /// The shutdown came first.
    ShutDown,
    /// A newer kigen wrote it: it is waited for.
    Newer(DecodeError),
}

enum Destination {
    Printed(Arc<Mutex<dyn Write + Send>>),
    Channel(mpsc::Sender<(Alert, Message)>),
    Receivers(Box<Dispatcher>),
}

impl Delivery {
    /// Prints messages instead of sending them; those about failed runs only by a filter.
    pub fn dry_run(out: impl Write + Send + 'static, failures: Option<FailureFilter>) -> Self {
        Self::to(Destination::Printed(Arc::new(Mutex::new(out))), failures)
    }

    /// Hands messages over within the process, those about failed runs aside.
    pub fn channel(sender: mpsc::Sender<(Alert, Message)>) -> Self {
        Self::to(Destination::Channel(sender), None)
    }

    /// Posts messages to Slack: about failed runs if there is a channel for them.
    pub fn slack(slack: Slack, patience: Patience) -> Self {
        let routes = slack.routes().clone();
        Self::receivers(Some(slack), Receivers::new(), routes, patience)
    }

    /// Sends alerts to what the routes name: channels in Slack, where that is used, and these receivers.
    pub fn receivers(slack: Option<Slack>, receivers: Receivers, routes: Routes, patience: Patience) -> Self {
        let failures = routes.has_failures().then(FailureFilter::default);
        let sender = Dispatcher::new(slack, receivers, routes, patience);
        Self::to(Destination::Receivers(Box::new(sender)), failures)
    }

    /// Delivers only those failed runs, where there is a channel for them.
    #[must_use]
    pub fn with_failures(self, filter: FailureFilter) -> Self {
        Self { failures: self.failures.map(|_| filter), ..self }
    }

    /// Has what lasts without news in its thread in Slack again after this time; `None`: never.
    #[must_use]
    pub fn reminding_after(mut self, every: Option<TimeDelta>) -> Self {
        if let Destination::Receivers(sender) = &mut self.destination {
            sender.remind_after(every);
        }
        self
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

    /// Prints, or hands over, messages in this language.
    #[must_use]
    pub fn in_language(self, language: Language) -> Self {
        Self { language, ..self }
    }

    /// Reads in this log what is around an alert.
    pub(crate) fn reading(mut self, reader: impl LogReader + 'static) -> Self {
        let reader: Arc<dyn LogReader> = Arc::new(reader);
        self.around = Around::of(Arc::clone(&reader));
        if let Destination::Receivers(sender) = &mut self.destination {
            sender.reading(self.around.clone(), reader);
        }
        self
    }

    fn to(destination: Destination, failures: Option<FailureFilter>) -> Self {
        let (around, language, control, health, warnings) = Default::default();
        let now = chrono::Utc::now;
        let changes = Vec::new();
        Self { destination, queue: None, failures, around, language, control, health, warnings, now, changes }
    }

    /// A delivery for each queue, to the same destination.
    pub(crate) fn of_queues(&self) -> [(Queue, Self); 2] {
        let destination = || match &self.destination {
            Destination::Printed(out) => Destination::Printed(Arc::clone(out)),
            Destination::Channel(sender) => Destination::Channel(sender.clone()),
            Destination::Receivers(sender) => Destination::Receivers(sender.clone()),
        };
        Queue::ALL.map(|queue| {
            let of_queue = Self {
                destination: destination(),
                queue: Some(queue),
                failures: self.failures.clone(),
                around: self.around.clone(),
                language: self.language,
                control: self.control.clone(),
                health: self.health.clone(),
                warnings: self.warnings.clone(),
                now: self.now,
                changes: Vec::new(),
            };
            (queue, of_queue)
        })
    }

    /// Whether what belongs to `queue` is delivered here.
    fn has(&self, queue: Queue) -> bool {
        self.queue.is_none_or(|own| own == queue)
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
    pub(crate) async fn look_up_next(&self, queue: Queue, partitions: &[Partition]) {
        if let Destination::Receivers(sender) = &self.destination {
            sender.look_up_next(queue, partitions).await;
        }
    }

    /// What sends the alerts of a queue that wait; `None`: for this destination none waits.
    pub(crate) fn waiting_room(&self, queue: Queue) -> Option<WaitingRoom> {
        let Destination::Receivers(sender) = &self.destination else { return None };
        let (sender, control, health) = ((**sender).clone(), self.control.clone(), self.health.clone());
        Some(WaitingRoom { queue, sender, control, health, now: self.now })
    }

    /// What gives receivers again what lasts.
    pub(crate) fn repeaters(&self) -> Vec<Repeater> {
        match &self.destination {
            Destination::Receivers(sender) => sender.repeaters(self.now),
            Destination::Printed(_) | Destination::Channel(_) => Vec::new(),
        }
    }

    /// The messages that the receiver has; `None`: it is one whose messages are not recorded.
    pub(crate) fn ledger(&self) -> Option<&Ledger> {
        match &self.destination {
            Destination::Receivers(sender) => Some(sender.ledger()),
            Destination::Printed(_) | Destination::Channel(_) => None,
        }
    }

    /// Whether so much of a partition waits that nothing more of it is to be delivered.
    pub(crate) fn is_full(&self, partition: Partition) -> bool {
        self.ledger().is_some_and(|ledger| ledger.is_full(partition))
    }

    /// What was delivered or linked last is committed.
    pub(crate) fn committed(&mut self, partition: Partition) {
        let changes = std::mem::take(&mut self.changes);
        if let Some(ledger) = self.ledger() {
            ledger.apply(partition, changes);
            self.health.set_backlog(ledger.tallies());
        }
    }

    /// Lets the next message of a queue refer to its counterpart, counts its storm anew, or, once all alerts are read, sends what
    /// quiet hours held back, or reminds of it; returns what is to be committed. `None`: nothing can be done now.
    pub(crate) async fn follow_up(
        &mut self,
        partition: Partition,
        queue: Queue,
        has_read_all: bool,
    ) -> Option<Vec<NewRecord>> {
        let Destination::Receivers(sender) = &self.destination else { return None };
        let clock = Clock { level: self.control.level(), now: self.now };
        let mut changes = None;
        if let Some(slack) = sender.slack() {
            changes = slack.link(partition, queue).await;
            if changes.is_none() {
                changes = slack.recount(partition, queue).await;
            }
        }
        if changes.is_none() && has_read_all {
            changes = sender.digest((partition, queue), clock).await;
        }
        if changes.is_none()
            && has_read_all
            && let Some(slack) = sender.slack()
        {
            changes = slack.remind(partition, queue, clock).await;
        }
        Some(self.record(partition, changes?))
    }

    /// Whether a reminder of a queue is due, or what quiet hours held back.
    pub(crate) fn is_due_once_all_is_read(&self, partition: Partition, queue: Queue) -> bool {
        let Destination::Receivers(sender) = &self.destination else { return false };
        sender.is_digest_due(partition, queue, self.now)
            || sender.slack().is_some_and(|slack| slack.is_reminder_due(partition, queue, self.now))
    }

    /// When [`follow_up`](Self::follow_up) has to be called again, though nothing changes.
    pub(crate) fn follow_up_at(&self, partition: Partition, queue: Queue) -> Option<TimerInstant> {
        match &self.destination {
            Destination::Receivers(sender) => {
                let recount_at = sender.slack().and_then(|slack| slack.recount_at(partition, queue));
                let remind_at = sender.slack().and_then(|slack| slack.remind_at(partition, queue, self.now));
                let digest_at = sender.digest_at(partition, queue, self.now);
                let all = recount_at.into_iter().chain(remind_at).chain(digest_at);
                all.chain(sender.next_pause_end(queue)).min()
            }
            Destination::Printed(_) | Destination::Channel(_) => None,
        }
    }

    /// The records of changes, which take effect once they are [committed](Self::committed).
    fn record(&mut self, partition: Partition, changes: Vec<Change>) -> Vec<NewRecord> {
        let records = records(partition, &changes, self.control.level(), (self.now)());
        self.changes = changes;
        records
    }

    /// Whether a failed run is delivered; counts it if not.
    fn delivers(&self, alert: &Alert) -> bool {
        match &self.failures {
            None => metrics::unrouted(alert.body.kind()),
            Some(filter) if filter.delivers(alert) => return true,
            Some(_) => metrics::filtered(alert.body.kind()),
        }
        false
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
                let queue = Queue::of(&alert.body);
                if !self.has(queue) {
                    return Ok(Delivered::Nothing);
                }
                if queue == Queue::Failures && !self.delivers(&alert) {
                    return Ok(Delivered::Nothing);
                }
                if let Destination::Receivers(sender) = &self.destination
                    && !sender.is_routed(&alert)
                {
                    metrics::unrouted(alert.body.kind());
                    return Ok(Delivered::Nothing);
                }
                let sent = self.send(partition, record.offset, alert, shutdown).await?;
                Ok(sent.map_or(Delivered::ShutDown, Delivered::Done))
            }
            Err(error) if self.control.waits_for((Topic::Alerts, partition), record, &error) => {
                Ok(Delivered::Newer(error))
            }
            // By one queue only.
            Err(_) if !self.has(Queue::Deadlines) => Ok(Delivered::Nothing),
            Err(error) => {
                metrics::rejected();
                let offset = record.offset;
                tracing::error!(%partition, %offset, "an alert cannot be decoded and goes to {}: {error}", Topic::Rejects);
                let level = self.control.level();
                Ok(Delivered::Done(vec![reject(partition, record, &error.to_string(), level)]))
            }
        }
    }

    /// Returns what is to be committed; `None`: the shutdown came first.
    async fn send(
        &mut self,
        partition: Partition,
        offset: Offset,
        alert: Alert,
        shutdown: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Option<Vec<NewRecord>>, NotifierError> {
        let kind = alert.body.kind();
        let changes = match &mut self.destination {
            Destination::Printed(out) => {
                let (language, delivered_at) = (self.language, Some((self.now)()));
                let surroundings = &self.around.alert(&alert).await;
                let message = render(&alert, Edition { language, delivered_at, surroundings });
                let drawn = draw(&message, &Style { colours: false, width: DRY_RUN_WIDTH });
                print(&mut *out.lock().unwrap_or_else(PoisonError::into_inner), &drawn)
                    .map_err(NotifierError::Print)?;
                Some(Vec::new())
            }
            // Within the process nothing waits, and what is played back is of another time.
            Destination::Channel(sender) => tokio::select! {
                sent = sender.send((alert.clone(), render(&alert, Edition::of(self.language)))) => sent.map(|()| Some(Vec::new())).map_err(|_| NotifierError::Closed)?,
                () = shutdown => None,
            },
            Destination::Receivers(sender) => {
                let (level, now) = (self.control.level(), self.now);
                Some(sender.send(NewAlert { partition, offset, alert: &alert, level, now }).await)
            }
        };
        Ok(changes.map(|changes| {
            if !changes.iter().any(is_postponed) {
                metrics::delivered(kind);
                self.health.delivered();
            }
            self.record(partition, changes)
        }))
    }
}

/// Whether an alert waits, or quiet hours hold it back.
fn is_postponed(change: &Change) -> bool {
    match change {
        Change::Wait(_) => true,
        Change::Put(entry) => entry.held_until().is_some(),
        Change::Forget { .. } | Change::Accepted { .. } => false,
    }
}

fn print(out: &mut dyn Write, drawn: &str) -> io::Result<()> {
    writeln!(out, "{drawn}")?;
    out.flush()
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
