//! The role: reads `kigen.alerts`, delivers each, and moves its position only then.

use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::pin::Pin;
use std::time::Duration;

use kigen_log::back_off::BackOff;
use kigen_log::{
    ConsumedRecord, Consumer, ConsumerEvent, Fate, Log, LogError, LogReader, NewRecord, on_thread,
};
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::reasons::reasons;
use kigen_model::reject::Reject;
use kigen_model::topic::{Partition, Topic};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::health::Health;
use crate::metrics;
use crate::render::{Message, render};
use crate::slack::{Posted, Slack, SlackError};
use crate::terminal::{self, draw};

/// The notifiers' group among the log's readers.
pub const GROUP: &str = "notifier";

/// How much is read at a time.
const ALERTS_READ_MAX: usize = 64;
const BYTES_READ_MAX: usize = 4 * 1024 * 1024;
/// The waits after the log could not be read or written.
const LOG_RETRY_DELAY_MS_MIN: u64 = 1_000;
const LOG_RETRY_DELAY_MS_MAX: u64 = 15_000;
/// While a partition waits to be begun, the others are read for so long before it is tried again.
const BEGIN_AGAIN: Duration = Duration::from_millis(200);
/// The longest wait that Slack may ask for.
const RETRY_AFTER_MS_MAX: u64 = 600_000;
/// How many incidents' messages are remembered, to answer in their threads; at the limit all are forgotten, and answers
/// stand by themselves.
const THREADS_MAX: usize = 10_000;
/// The width of a message that is printed.
const DRY_RUN_WIDTH: usize = 100;

/// Why the role ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum NotifierError {
    /// The log cannot be used.
    #[error("the notifier cannot go on with the event log")]
    Log(#[from] LogError),
    /// What is printed cannot be written.
    #[error("the messages cannot be printed")]
    Print(#[source] std::io::Error),
    /// Nobody takes the messages any more.
    #[error("nobody takes the messages any more")]
    Closed,
}

/// Where messages go.
pub struct Delivery {
    to: To,
    /// Whether failed runs are told, too.
    failures: bool,
    health: Health,
}

enum To {
    Printed(Box<dyn Write + Send>),
    Taken(mpsc::Sender<(Alert, Message)>),
    Slack(Box<ToSlack>),
}

/// How long Slack is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The wait after the first failed delivery, in milliseconds; it doubles from failure to failure.
    pub retry_delay_ms_min: u64,
    /// The longest wait between two tries, in milliseconds, and the one after a refusal.
    pub retry_delay_ms_max: u64,
    /// How long one request may take, in milliseconds. A shutdown waits for the request that is under way.
    pub request_ms_max: u64,
}

impl Default for Patience {
    fn default() -> Self {
        Self { retry_delay_ms_min: 1_000, retry_delay_ms_max: 60_000, request_ms_max: 7_000 }
    }
}

struct ToSlack {
    slack: Slack,
    patience: Patience,
    threads: HashMap<Uuid, Posted>,
    /// Until the first message after a partition came: it may have been sent just before a crash.
    is_in_doubt: bool,
}

impl Delivery {
    /// Draws messages instead of sending them.
    pub fn dry_run(out: impl Write + Send + 'static, failures: bool) -> Self {
        Self::to(To::Printed(Box::new(out)), failures)
    }

    /// Hands messages over within the process, those about failed runs aside.
    pub fn channel(sender: mpsc::Sender<(Alert, Message)>) -> Self {
        Self::to(To::Taken(sender), false)
    }

    /// Sends messages to Slack: about failed runs only if there is a channel for them.
    pub fn slack(slack: Slack, patience: Patience) -> Self {
        let failures = slack.has_failures_channel();
        let to = ToSlack { slack, patience, threads: HashMap::new(), is_in_doubt: true };
        Self::to(To::Slack(Box::new(to)), failures)
    }

    /// Tells `health` how it goes.
    #[must_use]
    pub fn telling(self, health: Health) -> Self {
        Self { health, ..self }
    }

    fn to(to: To, failures: bool) -> Self {
        Self { to, failures, health: Health::default() }
    }
}

/// Delivers alerts until `shutdown`, which lets a message that is on its way arrive. A message that cannot be sent is tried again for ever; those behind it wait, and
/// nothing is lost.
///
/// # Errors
/// The log needs a person, or nobody takes the messages.
pub async fn run<L: Log>(
    log: L,
    delivery: Delivery,
    shutdown: impl Future<Output = ()>,
) -> Result<(), NotifierError> {
    let mut group = log.join(GROUP, Topic::Alerts)?;
    let mut delivery = delivery;
    let mut trying = Trying::of(&log, &delivery);
    let mut waiting = BTreeSet::new();
    tokio::pin!(shutdown);
    loop {
        let begun = begin(&log, &mut group, &mut waiting).await.map_err(Ended::Log);
        if !go_on(begun, &mut trying, shutdown.as_mut()).await? {
            return Ok(());
        }
        let heard = tokio::select! {
            biased;
            () = &mut shutdown => return Ok(()),
            heard = group.next(ALERTS_READ_MAX, BYTES_READ_MAX) => heard,
            () = tokio::time::sleep(BEGIN_AGAIN), if !waiting.is_empty() => continue,
        };
        let heard = match heard {
            Err(error @ LogError::Corrupt { partition, offset, .. }) => {
                tracing::error!("{error}");
                // Without a value it is no alert, and goes to the rejects; what comes after it is begun with.
                let timestamp = Instant::UNIX_EPOCH;
                let damaged =
                    ConsumedRecord { offset, key: String::new(), value: None, head: None, timestamp };
                group.pause(partition);
                waiting.insert(partition);
                Ok(ConsumerEvent::Records(vec![(partition, vec![damaged])]))
            }
            heard => heard,
        };
        let outcome = match heard {
            Ok(ConsumerEvent::Records(batches)) => {
                let delivered =
                    deliver_all(&mut delivery, &mut group, &batches, &mut trying, shutdown.as_mut()).await;
                if let Err(Ended::Log(_)) = &delivered {
                    for (partition, _) in batches {
                        group.pause(partition);
                        waiting.insert(partition);
                    }
                    delivery.doubt();
                }
                delivered
            }
            Ok(ConsumerEvent::Assigned(partitions)) => {
                delivery.health.joined();
                delivery.doubt();
                waiting.extend(partitions);
                Ok(())
            }
            Ok(ConsumerEvent::Revoked(partitions)) => {
                waiting.retain(|partition| !partitions.contains(partition));
                Ok(())
            }
            Err(error) => Err(Ended::Log(error)),
        };
        if !go_on(outcome, &mut trying, shutdown.as_mut()).await? {
            return Ok(());
        }
    }
}

/// Waits after a failure that is tried again; false: the shutdown came.
async fn go_on<L: Log>(
    outcome: Result<(), Ended>,
    trying: &mut Trying<L>,
    shutdown: Pin<&mut impl Future<Output = ()>>,
) -> Result<bool, NotifierError> {
    match outcome {
        Ok(()) => Ok(true),
        Err(Ended::Interrupted) => Ok(false),
        Err(Ended::Role(error)) => Err(error),
        Err(Ended::Log(error)) if error.fate() != Fate::Retry => Err(error.into()),
        Err(Ended::Log(error)) => Ok(trying.failed(&error, shutdown).await),
    }
}

/// Why not all was delivered.
enum Ended {
    /// The shutdown came.
    Interrupted,
    /// The log failed; where it can be tried again, what was not delivered is heard again.
    Log(LogError),
    /// The role cannot go on.
    Role(NotifierError),
}

/// Goes on in partitions where this one or another left them. Those in which it cannot yet stay among the waiting.
async fn begin<L: Log>(
    log: &L,
    group: &mut L::Consumer,
    waiting: &mut BTreeSet<Partition>,
) -> Result<(), LogError> {
    while let Some(partition) = waiting.first().copied() {
        let look = log.reader().clone();
        let place = on_thread(move || look.resume_offset(GROUP, Topic::Alerts, partition)).await?;
        group.seek(partition, place).await?;
        waiting.remove(&partition);
    }
    Ok(())
}

/// Delivers alerts one by one, and notes each before the next.
async fn deliver_all<L: Log>(
    delivery: &mut Delivery,
    group: &mut L::Consumer,
    batches: &[(Partition, Vec<ConsumedRecord>)],
    trying: &mut Trying<L>,
    mut shutdown: Pin<&mut impl Future<Output = ()>>,
) -> Result<(), Ended> {
    for (partition, records) in batches {
        for record in records {
            let delivered = deliver(delivery, *partition, record, shutdown.as_mut()).await;
            let outputs = delivered.map_err(Ended::Role)?.ok_or(Ended::Interrupted)?;
            // What was sent stays sent; only the note of it is tried again.
            while let Err(error) =
                group.commit(outputs.clone(), vec![(*partition, record.offset.next())]).await
            {
                if error.fate() != Fate::Retry || matches!(error, LogError::Fenced { .. }) {
                    return Err(Ended::Log(error));
                }
                if !trying.failed(&error, shutdown.as_mut()).await {
                    return Err(Ended::Interrupted);
                }
            }
            trying.worked();
        }
    }
    Ok(())
}

/// A log that is tried again and again.
struct Trying<L> {
    log: L,
    back_off: BackOff,
    health: Health,
}

impl<L: Log> Trying<L> {
    fn of(log: &L, delivery: &Delivery) -> Self {
        let back_off = BackOff::new(LOG_RETRY_DELAY_MS_MIN, LOG_RETRY_DELAY_MS_MAX);
        Self { log: log.clone(), back_off, health: delivery.health.clone() }
    }

    fn worked(&mut self) {
        self.back_off.reset();
        self.health.read();
    }

    /// Tells of a failure, and waits before the log is tried again; false: the shutdown came first.
    async fn failed(&mut self, error: &LogError, shutdown: Pin<&mut impl Future<Output = ()>>) -> bool {
        self.log.tell(error);
        // That another has the partition is no failure of this one.
        if !matches!(error, LogError::Fenced { .. }) {
            self.health.unread(reasons(error));
        }
        tokio::select! {
            () = tokio::time::sleep(self.back_off.next_delay(None)) => true,
            () = shutdown => false,
        }
    }
}

/// Delivers one record; what is to be written with the note of it. `None`: it waited to be sent when the shutdown came.
async fn deliver(
    delivery: &mut Delivery,
    partition: Partition,
    record: &ConsumedRecord,
    shutdown: Pin<&mut impl Future<Output = ()>>,
) -> Result<Option<Vec<NewRecord>>, NotifierError> {
    let bytes = record.value.as_deref().unwrap_or_default();
    match kigen_wire::decode_alert(bytes) {
        Ok(alert) => {
            let message = render(&alert);
            let is_sent = delivery.send(alert, message, shutdown).await?;
            Ok(is_sent.then(Vec::new))
        }
        Err(error) => {
            metrics::rejected();
            tracing::error!(%partition, offset = %record.offset, "an alert is not understood and goes to {}: {error}", Topic::Rejects);
            let place = (Topic::Alerts, partition, record.offset);
            let bytes = record.bytes_as_read();
            let reject = Reject::of_record(place, &record.key, &bytes, &error.to_string(), record.timestamp);
            Ok(Some(vec![NewRecord {
                topic: Topic::Rejects,
                partition,
                key: reject.key.clone(),
                value: Some(kigen_wire::encode_reject(&reject)),
                timestamp: record.timestamp,
            }]))
        }
    }
}

impl Delivery {
    /// The next message may have been sent already, by whoever had its partition before.
    fn doubt(&mut self) {
        if let To::Slack(to) = &mut self.to {
            to.is_in_doubt = true;
        }
    }

    /// Whether the message was delivered before the shutdown.
    async fn send(
        &mut self,
        alert: Alert,
        message: Message,
        shutdown: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<bool, NotifierError> {
        let kind = alert.body.kind();
        if matches!(alert.body, AlertBody::RunFailed { .. }) && !self.failures {
            metrics::untold(kind);
            return Ok(true);
        }
        let is_sent = match &mut self.to {
            To::Printed(out) => {
                let drawn = draw(&message, &terminal::Look { colours: false, width: DRY_RUN_WIDTH });
                writeln!(out, "{drawn}").and_then(|()| out.flush()).map_err(NotifierError::Print)?;
                true
            }
            To::Taken(sender) => tokio::select! {
                sent = sender.send((alert, message)) => sent.map(|()| true).map_err(|_| NotifierError::Closed)?,
                () = shutdown => false,
            },
            To::Slack(to) => to.send(&alert, &message, &self.health, shutdown).await,
        };
        if is_sent {
            metrics::delivered(kind);
            self.health.delivered();
        }
        Ok(is_sent)
    }
}

impl ToSlack {
    /// Whether the message was sent before the shutdown.
    async fn send(
        &mut self,
        alert: &Alert,
        message: &Message,
        health: &Health,
        mut shutdown: Pin<&mut impl Future<Output = ()>>,
    ) -> bool {
        let patience = self.patience;
        let mut delay_ms = patience.retry_delay_ms_min;
        loop {
            let error = match self.try_send(alert, message).await {
                Ok(posted) => {
                    self.remember(alert, posted);
                    return true;
                }
                Err(error) => error,
            };
            let wait_ms = match &error {
                SlackError::Retry { after: Some(after), .. } => u64::try_from(after.as_millis())
                    .unwrap_or(RETRY_AFTER_MS_MAX)
                    .clamp(patience.retry_delay_ms_min, RETRY_AFTER_MS_MAX),
                SlackError::Retry { after: None, .. } | SlackError::Silent { .. } => delay_ms,
                SlackError::Refused { .. } | SlackError::Certificates(_) => patience.retry_delay_ms_max,
            };
            metrics::failed(&error);
            health.undelivered(reasons(&error));
            tell(&error, wait_ms);
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(wait_ms)) => {}
                () = &mut shutdown => return false,
            }
            delay_ms = (delay_ms * 2).min(patience.retry_delay_ms_max);
        }
    }

    async fn try_send(&mut self, alert: &Alert, message: &Message) -> Result<Posted, SlackError> {
        if self.is_in_doubt {
            match in_time(self.patience, self.slack.find(alert)).await {
                Ok(Some(posted)) => {
                    self.is_in_doubt = false;
                    return Ok(posted);
                }
                Ok(None) => {}
                Err(error @ (SlackError::Retry { .. } | SlackError::Silent { .. })) => return Err(error),
                Err(error) => tracing::warn!(
                    "whether the next message was sent before the restart cannot be seen, it may come twice: {error}"
                ),
            }
            self.is_in_doubt = false;
        }
        let thread = match &alert.body {
            AlertBody::SlotRecovered { incident, .. }
            | AlertBody::SlotRetracted { incident: Some(incident), .. } => self.threads.get(incident),
            AlertBody::SlotMissed { .. }
            | AlertBody::SlotRetracted { incident: None, .. }
            | AlertBody::SlotUnknown { .. }
            | AlertBody::RunFailed { .. } => None,
        };
        let sent = in_time(self.patience, self.slack.post(alert, message, thread)).await;
        // An answer that never came may belong to a message that did.
        self.is_in_doubt =
            matches!(sent, Err(SlackError::Retry { after: None, .. } | SlackError::Silent { .. }));
        sent
    }

    fn remember(&mut self, alert: &Alert, posted: Posted) {
        match &alert.body {
            AlertBody::SlotMissed { incident, .. } => {
                if self.threads.len() >= THREADS_MAX {
                    self.threads.clear();
                }
                self.threads.entry(*incident).or_insert(posted);
            }
            AlertBody::SlotRecovered { incident, .. }
            | AlertBody::SlotRetracted { incident: Some(incident), misses: 0, .. } => {
                self.threads.remove(incident);
            }
            AlertBody::SlotRetracted { .. } | AlertBody::SlotUnknown { .. } | AlertBody::RunFailed { .. } => {
            }
        }
    }
}

async fn in_time<T>(
    patience: Patience,
    request: impl Future<Output = Result<T, SlackError>>,
) -> Result<T, SlackError> {
    let waited_ms = patience.request_ms_max;
    let answer = tokio::time::timeout(Duration::from_millis(waited_ms), request).await;
    answer.unwrap_or(Err(SlackError::Silent { waited_ms }))
}

fn tell(error: &SlackError, wait_ms: u64) {
    tracing::error!("{}; nothing is lost, kigen tries again in {} s", reasons(error), wait_ms / 1_000);
}
