//! The notifier's role: consumes `kigen.alerts`, delivers each record, and commits its offset before the next.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::time::Duration;

use kigen_log::{ConsumedRecord, Consumer, ConsumerEvent, Fate, Log, LogError, NewRecord};
use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::on_thread;
use kigen_wire::DecodeError;

use crate::delivery::{Delivered, Delivery};
use crate::error::NotifierError;
use crate::log_retry::LogRetry;
use crate::start::start;

/// The notifiers' consumer group.
pub const GROUP: &str = "notifier";

/// How much is read at a time.
const ALERTS_READ_MAX: usize = 64;
const BYTES_READ_MAX: usize = 4 * 1024 * 1024;
/// How long the other partitions are read before a seek that failed is repeated.
const SEEK_RETRY_DELAY: Duration = Duration::from_millis(200);

/// Delivers alerts until `shutdown`, which lets the request in flight finish. A message that cannot be sent is retried
/// for ever; those behind it wait, and nothing is lost. Where the group has no position, it begins with the alerts of the
/// last day before `now`.
///
/// # Errors
/// The log needs a person, or the destination of the messages is closed.
pub async fn run<L: Log>(
    log: L,
    mut delivery: Delivery,
    now: fn() -> Instant,
    shutdown: impl Future<Output = ()>,
) -> Result<(), NotifierError> {
    let mut consumer = log.join(GROUP, Topic::Alerts)?;
    let mut retry = LogRetry::new(&delivery);
    let mut control = delivery.control().clone();
    // Assigned partitions that are still to be positioned.
    let mut to_seek = BTreeSet::new();
    // Where the group had no position: where it begins, until that is committed.
    let mut begun = BTreeMap::new();
    // Partitions with an alert that a newer kigen wrote.
    let mut blocked = BTreeSet::new();
    tokio::pin!(shutdown);
    loop {
        let positioned =
            seek_start(&log, &mut consumer, &mut to_seek, &mut begun, now).await.map_err(Interruption::Log);
        if !continues_after(&mut retry, positioned, shutdown.as_mut()).await? {
            return Ok(());
        }
        let event = tokio::select! {
            biased;
            () = &mut shutdown => return Ok(()),
            () = control.changed(), if !blocked.is_empty() => {
                to_seek.append(&mut blocked);
                continue;
            }
            event = consumer.next(ALERTS_READ_MAX, BYTES_READ_MAX) => event,
            () = tokio::time::sleep(SEEK_RETRY_DELAY), if !to_seek.is_empty() => continue,
        };
        let event = damaged_as_record(event, &mut consumer, &mut to_seek);
        let outcome = match event {
            Ok(ConsumerEvent::Records(batches)) => {
                let mut work = Work {
                    delivery: &mut delivery,
                    consumer: &mut consumer,
                    blocked: &mut blocked,
                    begun: &mut begun,
                };
                let delivered = work.deliver_all(&batches, &mut retry, shutdown.as_mut()).await;
                if let Err(Interruption::Log(_)) = &delivered {
                    // The rest of the batches is read again, from the committed offsets.
                    let partitions: Vec<_> = batches.into_iter().map(|(partition, _)| partition).collect();
                    partitions.iter().for_each(|partition| consumer.pause(*partition));
                    delivery.look_up_next(&partitions);
                    to_seek.extend(partitions);
                }
                delivered
            }
            Ok(ConsumerEvent::Assigned(partitions)) => {
                delivery.health().joined();
                delivery.look_up_next(&partitions);
                begun.retain(|partition, _| !partitions.contains(partition));
                blocked.retain(|partition| !partitions.contains(partition));
                to_seek.extend(partitions);
                Ok(())
            }
            Ok(ConsumerEvent::Revoked(partitions)) => {
                to_seek.retain(|partition| !partitions.contains(partition));
                begun.retain(|partition, _| !partitions.contains(partition));
                blocked.retain(|partition| !partitions.contains(partition));
                partitions.iter().for_each(|partition| delivery.health().unblocked(*partition));
                Ok(())
            }
            Err(error) => Err(Interruption::Log(error)),
        };
        if !continues_after(&mut retry, outcome, shutdown.as_mut()).await? {
            return Ok(());
        }
    }
}

/// Why a batch was not delivered to its end.
enum Interruption {
    /// The shutdown came.
    Shutdown,
    /// The log failed; where a retry may cure it, what was not committed is read again.
    Log(LogError),
    /// The role cannot continue.
    Fatal(NotifierError),
}

/// Positions partitions where the group begins. Those that fail stay in `to_seek`.
async fn seek_start<L: Log>(
    log: &L,
    consumer: &mut L::Consumer,
    to_seek: &mut BTreeSet<Partition>,
    begun: &mut BTreeMap<Partition, Offset>,
    now: fn() -> Instant,
) -> Result<(), LogError> {
    let begun_before = begun.len();
    while let Some(partition) = to_seek.first().copied() {
        let at = match begun.get(&partition) {
            Some(at) => *at,
            None => {
                let reader = log.reader().clone();
                let start = on_thread(move || start(&reader, GROUP, partition, now())).await?;
                if !start.is_committed {
                    begun.insert(partition, start.at);
                }
                start.at
            }
        };
        consumer.seek(partition, at).await?;
        to_seek.remove(&partition);
    }
    if begun.len() > begun_before {
        let partitions = begun.len();
        tracing::info!("delivery begins without a position in {partitions} partitions of {}", Topic::Alerts);
    }
    Ok(())
}

/// A damaged record is one without a value: it cannot be decoded and goes to the rejects. Its partition is then
/// positioned behind it.
fn damaged_as_record(
    event: Result<ConsumerEvent, LogError>,
    consumer: &mut impl Consumer,
    to_seek: &mut BTreeSet<Partition>,
) -> Result<ConsumerEvent, LogError> {
    match event {
        Err(error @ LogError::Corrupt { partition, offset, .. }) => {
            tracing::error!("{error}");
            let timestamp = Instant::UNIX_EPOCH;
            let damaged =
                ConsumedRecord { offset, key: String::new(), value: None, schema_prefix: None, timestamp };
            consumer.pause(partition);
            to_seek.insert(partition);
            Ok(ConsumerEvent::Records(vec![(partition, vec![damaged])]))
        }
        event => event,
    }
}

/// What the delivery of records needs.
struct Work<'a, C> {
    delivery: &'a mut Delivery,
    consumer: &'a mut C,
    blocked: &'a mut BTreeSet<Partition>,
    begun: &'a mut BTreeMap<Partition, Offset>,
}

impl<C: Consumer> Work<'_, C> {
    /// Delivers records one by one, and commits each before the next. A partition is delivered up to an alert that a newer
    /// kigen wrote.
    async fn deliver_all(
        &mut self,
        batches: &[(Partition, Vec<ConsumedRecord>)],
        retry: &mut LogRetry,
        mut shutdown: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), Interruption> {
        // With the first records, since a member of a group on Kafka has nothing to commit by before; from then on a start
        // finds a position, however long the first message or the next alert takes.
        if !self.begun.is_empty() {
            let begun = self.begun.iter().map(|(partition, at)| (*partition, *at)).collect();
            self.commit(Vec::new(), begun, retry, shutdown.as_mut()).await?;
            self.begun.clear();
        }
        for (partition, records) in batches {
            for record in records {
                let delivered = self.delivery.deliver(*partition, record, shutdown.as_mut()).await;
                let outputs = match delivered.map_err(Interruption::Fatal)? {
                    Delivered::Done(outputs) => outputs,
                    Delivered::ShutDown => return Err(Interruption::Shutdown),
                    Delivered::Newer(error) => {
                        self.block(*partition, record, &error);
                        break;
                    }
                };
                self.delivery.health().unblocked(*partition);
                // A posted message stays posted: only the commit is retried.
                let next = vec![(*partition, record.offset.next())];
                self.commit(outputs, next, retry, shutdown.as_mut()).await?;
            }
        }
        Ok(())
    }

    /// Commits, and retries that.
    async fn commit(
        &mut self,
        outputs: Vec<NewRecord>,
        positions: Vec<(Partition, Offset)>,
        retry: &mut LogRetry,
        mut shutdown: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), Interruption> {
        while let Err(error) = self.consumer.commit(outputs.clone(), positions.clone()).await {
            if error.fate() != Fate::Retry || matches!(error, LogError::Fenced { .. }) {
                return Err(Interruption::Log(error));
            }
            if !retry.wait_after(&error, shutdown.as_mut()).await {
                return Err(Interruption::Shutdown);
            }
        }
        retry.succeeded();
        Ok(())
    }

    /// Delivers nothing more of a partition from this record on, until that is skipped or this process is upgraded.
    fn block(&mut self, partition: Partition, record: &ConsumedRecord, error: &DecodeError) {
        let (topic, offset) = (Topic::Alerts, record.offset);
        let why = format!(
            "partition {partition} of {topic} is not delivered: a newer kigen wrote the alert at offset {offset}: upgrade \
             this process; or, to go on without a message for that alert: kigen skip {topic} {partition} {offset}: {error}"
        );
        tracing::error!("{why}");
        self.delivery.health().blocked(partition, why);
        self.consumer.pause(partition);
        self.blocked.insert(partition);
    }
}

/// Waits after a failure that a retry may cure; false: the role ends, since the shutdown came.
async fn continues_after(
    retry: &mut LogRetry,
    outcome: Result<(), Interruption>,
    shutdown: Pin<&mut impl Future<Output = ()>>,
) -> Result<bool, NotifierError> {
    match outcome {
        Ok(()) => Ok(true),
        Err(Interruption::Shutdown) => Ok(false),
        Err(Interruption::Fatal(error)) => Err(error),
        Err(Interruption::Log(error)) if error.fate() != Fate::Retry => Err(error.into()),
        Err(Interruption::Log(error)) => Ok(retry.wait_after(&error, shutdown).await),
    }
}
