//! The role: reads `kigen.alerts`, delivers each, and moves its position only then.

use std::collections::HashMap;
use std::io::Write;
use std::time::Duration;

use kigen_log::{EmbeddedLog, LogError, Position, Received, Record, Step};
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::reject::{REJECT_BYTES_MAX, Reject};
use kigen_model::topic::{Offset, Partition, Topic};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::render::{Message, render};
use crate::slack::{Posted, Slack, SlackError};
use crate::terminal::{Look, draw};

/// The notifier's name among the log's consumers.
pub const CONSUMER: &str = "notifier";

/// How much is read at a time.
const ALERTS_READ_MAX: usize = 64;
const BYTES_READ_MAX: usize = 4 * 1024 * 1024;
/// The waits after a failed delivery.
const RETRY_DELAY_MS_MIN: u64 = 1_000;
const RETRY_DELAY_MS_MAX: u64 = 60_000;
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
pub struct Delivery(To);

enum To {
    Printed(Box<dyn Write + Send>),
    Taken(mpsc::Sender<(Alert, Message)>),
    Slack(Box<ToSlack>),
}

struct ToSlack {
    slack: Slack,
    threads: HashMap<Uuid, Posted>,
    /// Until the first message after the start: it may have been sent just before a crash.
    is_in_doubt: bool,
}

impl Delivery {
    /// Draws messages instead of sending them.
    pub fn dry_run(out: impl Write + Send + 'static) -> Self {
        Self(To::Printed(Box::new(out)))
    }

    /// Hands messages over within the process.
    pub fn channel(sender: mpsc::Sender<(Alert, Message)>) -> Self {
        Self(To::Taken(sender))
    }

    /// Sends messages to a Slack channel.
    pub fn slack(slack: Slack) -> Self {
        Self(To::Slack(Box::new(ToSlack { slack, threads: HashMap::new(), is_in_doubt: true })))
    }
}

/// Delivers alerts until `shutdown`. A message that cannot be sent is tried again for ever; those behind it wait, and
/// nothing is lost.
///
/// # Errors
/// The log needs a person, or nobody takes the messages.
pub async fn run(
    log: EmbeddedLog,
    delivery: Delivery,
    shutdown: impl Future<Output = ()>,
) -> Result<(), NotifierError> {
    let mut from = Vec::new();
    for partition in (0..log.partitions()).map(Partition) {
        let next = log.position(CONSUMER, Topic::Alerts, partition)?;
        from.push((partition, next.unwrap_or(Offset(0))));
    }
    let mut consumer = log.consumer(Topic::Alerts, from);
    let mut delivery = delivery;
    tokio::pin!(shutdown);
    loop {
        let batch = tokio::select! {
            biased;
            () = &mut shutdown => return Ok(()),
            batch = consumer.next(ALERTS_READ_MAX, BYTES_READ_MAX) => batch?,
        };
        for record in &batch.records {
            let step = tokio::select! {
                step = deliver(&mut delivery, batch.partition, record) => step?,
                () = &mut shutdown => return Ok(()),
            };
            log.commit(step).await?;
        }
    }
}

/// Delivers one record; what is to be committed then.
async fn deliver(
    delivery: &mut Delivery,
    partition: Partition,
    record: &Received,
) -> Result<Step, NotifierError> {
    let next = record.offset.next();
    let position = Position { consumer: CONSUMER.to_owned(), topic: Topic::Alerts, partition, next };
    let bytes = record.value.as_deref().unwrap_or_default();
    let mut step = Step { outputs: Vec::new(), positions: vec![position] };
    match kigen_wire::decode_alert(bytes) {
        Ok(alert) => {
            let message = render(&alert);
            delivery.send(alert, message).await?;
        }
        Err(error) => {
            tracing::error!(%partition, offset = %record.offset, "an alert is not understood and goes to {}: {error}", Topic::Rejects);
            let reject = Reject {
                source: Topic::Alerts.name().to_owned(),
                place: Some((partition.0, record.offset.0)),
                key: record.key.clone(),
                reason: error.to_string(),
                bytes: bytes[..bytes.len().min(REJECT_BYTES_MAX)].to_vec(),
                rejected_at: record.timestamp,
            };
            step.outputs.push(Record {
                topic: Topic::Rejects,
                partition,
                key: record.key.clone(),
                value: Some(kigen_wire::encode_reject(&reject)),
                timestamp: record.timestamp,
            });
        }
    }
    Ok(step)
}

impl Delivery {
    async fn send(&mut self, alert: Alert, message: Message) -> Result<(), NotifierError> {
        match &mut self.0 {
            To::Printed(out) => {
                let drawn = draw(&message, &Look { colours: false, width: DRY_RUN_WIDTH });
                writeln!(out, "{drawn}").and_then(|()| out.flush()).map_err(NotifierError::Print)
            }
            To::Taken(sender) => sender.send((alert, message)).await.map_err(|_| NotifierError::Closed),
            To::Slack(to) => {
                to.send(&alert, &message).await;
                Ok(())
            }
        }
    }
}

impl ToSlack {
    async fn send(&mut self, alert: &Alert, message: &Message) {
        let mut delay_ms = RETRY_DELAY_MS_MIN;
        loop {
            match self.try_send(alert, message).await {
                Ok(posted) => {
                    self.remember(alert, posted);
                    return;
                }
                Err(error) => {
                    let asked_ms = match &error {
                        SlackError::Retry { after: Some(after), .. } => {
                            u64::try_from(after.as_millis()).unwrap_or(RETRY_DELAY_MS_MAX)
                        }
                        SlackError::Retry { after: None, .. } => delay_ms,
                        SlackError::Refused { .. } | SlackError::Certificates(_) => RETRY_DELAY_MS_MAX,
                    };
                    let wait_ms = asked_ms.clamp(RETRY_DELAY_MS_MIN, 10 * RETRY_DELAY_MS_MAX);
                    tell(&error, wait_ms);
                    tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                    delay_ms = (delay_ms * 2).min(RETRY_DELAY_MS_MAX);
                }
            }
        }
    }

    async fn try_send(&mut self, alert: &Alert, message: &Message) -> Result<Posted, SlackError> {
        if self.is_in_doubt {
            match self.slack.find(alert.id).await {
                Ok(Some(posted)) => {
                    self.is_in_doubt = false;
                    return Ok(posted);
                }
                Ok(None) => {}
                Err(error @ SlackError::Retry { .. }) => return Err(error),
                Err(error) => tracing::warn!(
                    "whether the next message was sent before the restart cannot be seen, it may come twice: {error}"
                ),
            }
            self.is_in_doubt = false;
        }
        let thread = match &alert.body {
            AlertBody::SlotRecovered { incident, .. } => self.threads.get(incident),
            AlertBody::SlotMissed { .. } => None,
        };
        let sent = self.slack.post(alert, message, thread).await;
        // An answer that never came may belong to a message that did.
        self.is_in_doubt = matches!(sent, Err(SlackError::Retry { after: None, .. }));
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
            AlertBody::SlotRecovered { incident, .. } => {
                self.threads.remove(incident);
            }
        }
    }
}

fn tell(error: &SlackError, wait_ms: u64) {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    tracing::error!("{text}; nothing is lost, kigen tries again in {} s", wait_ms / 1_000);
}
