//! The notifier's role: a member of the group that consumes `kigen.alerts`, and two queues that deliver its records.
//!
//! ```text
//!                         share of each partition: from where, up to where
//!                      .-------------------------------------> queue of deadlines ---> Slack
//!   kigen.alerts ──> role                                       
//!     (its group)      '-------------------------------------> queue of failed runs -> Slack
//!                        <---- delivered up to here: commit ----'
//! ```
//!
//! Beside each queue, what was not accepted is sent again (`waiting`), and what lasts is, where a receiver wants that (`repeater`).
//!
//! The role joins the group, decides where each partition begins, and commits; it never waits for Slack, so that it stays
//! a member however long Slack takes. The queues (`lane`) read by offset. A queue delivers its next
//! message only once the one before is committed.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::time::Duration;

use kigen_log::{Consumer, ConsumerEvent, Fate, GroupPosition, Log, LogError};
use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::on_thread;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant as TimerInstant;

use crate::delivery::Delivery;
use crate::error::NotifierError;
use crate::health::Health;
use crate::lane::Lane;
use crate::ledger::{Ledger, Messages};
use crate::log_retry::LogRetry;
use crate::queue::Positions;
use crate::shares::{Done, Share, Shares, UnderWay};
use crate::start::start;

/// The notifiers' consumer group.
pub const GROUP: &str = "notifier";

/// How much is read at a time, to learn that there is more.
const ALERTS_READ_MAX: usize = 64;
const BYTES_READ_MAX: usize = 4 * 1024 * 1024;
/// How long a start that failed waits while other partitions go on.
const START_RETRY_DELAY: Duration = Duration::from_millis(200);
/// How long what is under way of revoked partitions is waited for: one request, and its commit.
const FINISH_WITHIN: Duration = Duration::from_secs(10);

/// Delivers alerts until `shutdown`, which lets the requests in flight finish. A message that is not accepted waits; those
/// behind it for its channel do, too, and nothing is lost. Where the group has no position, it begins with the
/// alerts of the last day before `now`.
///
/// # Errors
/// The log needs a person, or the destination of the messages is closed.
pub async fn run<L: Log>(
    log: L,
    delivery: Delivery,
    now: fn() -> Instant,
    shutdown: impl Future<Output = ()>,
) -> Result<(), NotifierError> {
    let consumer = log.join(GROUP, Topic::Alerts)?;
    let delivery = delivery.reading(log.reader().clone());
    let ((shares, _), under_way) = (watch::channel(Shares::default()), UnderWay::default());
    let (commits, mut done) = mpsc::channel(1);
    let (retry, health) = (LogRetry::new(&delivery), delivery.health().clone());
    let ledger = delivery.ledger().cloned();
    let mut lanes = JoinSet::new();
    for repeater in delivery.repeaters() {
        lanes.spawn(repeater.run(shares.subscribe()));
    }
    for delivery in delivery.of_queues() {
        if let Some(room) = delivery.1.waiting_room(delivery.0) {
            let shared = (shares.subscribe(), under_way.clone());
            lanes.spawn(room.run(log.reader().clone(), shared, commits.clone()));
        }
        let shared = (shares.subscribe(), under_way.clone());
        let lane = Lane::new(log.reader().clone(), delivery, shared, commits.clone());
        lanes.spawn(lane.run());
    }
    drop(commits);
    let (owned, to_start, start_at) = (BTreeMap::new(), BTreeSet::new(), TimerInstant::now());
    let mut member = Member {
        log,
        consumer,
        now,
        shares,
        under_way,
        retry,
        health,
        ledger,
        owned,
        to_start,
        start_at,
        starts: 0,
    };
    tokio::pin!(shutdown);
    let mut outcome = member.serve(&mut lanes, &mut done, shutdown.as_mut()).await;
    member.shares.send_modify(|shares| shares.is_stopped = true);
    // What a queue has delivered by now is committed yet, if that succeeds at once.
    while let Some(done) = done.recv().await {
        if outcome.is_ok() {
            outcome = match member.commit(done, std::pin::pin!(std::future::ready(()))).await {
                Ok(()) | Err(Interruption::Shutdown) => Ok(()),
                Err(Interruption::Log(error)) if error.fate() == Fate::Retry => Ok(()),
                Err(Interruption::Log(error)) => Err(error.into()),
            };
        }
    }
    while let Some(ended) = lanes.join_next().await {
        outcome = outcome.and(lane_result(ended));
    }
    outcome
}

/// Why work was not done to its end.
enum Interruption {
    /// The shutdown came.
    Shutdown,
    /// The log failed; where a retry may cure it, what was not committed is read again.
    Log(LogError),
}

/// The member of the group.
struct Member<L: Log> {
    log: L,
    consumer: L::Consumer,
    now: fn() -> Instant,
    /// What the queues deliver.
    shares: watch::Sender<Shares>,
    /// What they send, and have not committed.
    under_way: UnderWay,
    retry: LogRetry,
    health: Health,
    /// The messages that the receiver has, where they are recorded.
    ledger: Option<Ledger>,
    /// Where the partitions are that have begun.
    owned: BTreeMap<Partition, Owned>,
    /// Assigned partitions that have not begun.
    to_start: BTreeSet<Partition>,
    /// When they are to begin.
    start_at: TimerInstant,
    /// How many partitions have begun so far.
    starts: u64,
}

/// A partition that has begun.
struct Owned {
    /// The number of this start.
    start: u64,
    /// As they are committed.
    positions: Positions,
}

impl<L: Log> Member<L> {
    /// Until the shutdown, or the end of a queue.
    async fn serve(
        &mut self,
        lanes: &mut JoinSet<Result<(), NotifierError>>,
        done: &mut mpsc::Receiver<Done>,
        mut shutdown: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), NotifierError> {
        loop {
            let outcome = tokio::select! {
                biased;
                () = &mut shutdown => return Ok(()),
                Some(ended) = lanes.join_next() => return lane_result(ended),
                () = tokio::time::sleep_until(self.start_at), if !self.to_start.is_empty() => self.start_all().await,
                Some(done) = done.recv() => self.commit(done, shutdown.as_mut()).await,
                event = self.consumer.next(ALERTS_READ_MAX, BYTES_READ_MAX) => self.apply(event, done, shutdown.as_mut()).await,
            };
            match outcome {
                Ok(()) => {}
                Err(Interruption::Shutdown) => return Ok(()),
                Err(Interruption::Log(error)) if error.fate() != Fate::Retry => return Err(error.into()),
                Err(Interruption::Log(error)) => {
                    if !self.retry.wait_after(&error, shutdown.as_mut()).await {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Begins the assigned partitions: their positions are committed, which also proves that they are still this member's.
    /// After an error they stay in `to_start`, and the consumer is waited for first: it may have lost them.
    async fn start_all(&mut self) -> Result<(), Interruption> {
        self.start_at = TimerInstant::now() + START_RETRY_DELAY;
        match self.try_start_all().await {
            Ok(()) | Err(LogError::Fenced { .. }) => Ok(()),
            Err(error) => Err(Interruption::Log(error)),
        }
    }

    async fn try_start_all(&mut self) -> Result<(), LogError> {
        let (reader, now, partitions) = (self.log.reader().clone(), self.now, self.to_start.clone());
        let is_recorded = self.ledger.is_some();
        let starts = on_thread(move || {
            let of = |partition| {
                let positions = start(&reader, GROUP, partition, now())?;
                // After the position: a write of the former owner is complete by then.
                let messages =
                    if is_recorded { Messages::load(&reader, partition)? } else { Messages::default() };
                Ok((partition, positions, messages))
            };
            partitions
                .into_iter()
                .map(of)
                .collect::<Result<Vec<(Partition, Positions, Messages)>, LogError>>()
        });
        let starts = starts.await?;
        let committed = |(partition, positions, _): &(Partition, Positions, Messages)| {
            (*partition, positions.committed())
        };
        self.consumer.commit_positions(Vec::new(), starts.iter().map(committed).collect()).await?;
        self.retry.succeeded();
        for (partition, positions, messages) in starts {
            if let Some(ledger) = &self.ledger {
                ledger.begin(partition, messages);
                self.health.set_backlog(ledger.tallies());
            }
            self.consumer.seek(partition, positions.greatest()).await?;
            self.to_start.remove(&partition);
            self.starts += 1;
            let start = self.starts;
            self.owned.insert(partition, Owned { start, positions });
            let share = Share { start, positions, end: positions.greatest() };
            self.shares.send_modify(|shares| {
                shares.partitions.insert(partition, share);
            });
        }
        Ok(())
    }

    async fn apply(
        &mut self,
        event: Result<ConsumerEvent, LogError>,
        done: &mut mpsc::Receiver<Done>,
        shutdown: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), Interruption> {
        match event {
            Ok(ConsumerEvent::Records(batches)) => {
                let ends = batches.into_iter().filter_map(|(partition, records)| {
                    records.last().map(|last| (partition, last.offset.next()))
                });
                self.extend(ends.collect());
            }
            Ok(ConsumerEvent::Assigned(partitions)) => {
                self.health.joined();
                self.give_up(&partitions);
                self.to_start.extend(partitions);
                self.start_at = TimerInstant::now();
            }
            Ok(ConsumerEvent::Revoked(partitions)) => self.finish(&partitions, done, shutdown).await,
            // The queue that is responsible for it meets it, too.
            Err(LogError::Corrupt { partition, offset, .. }) => {
                self.consumer.seek(partition, offset.next()).await.map_err(Interruption::Log)?;
                self.extend(vec![(partition, offset.next())]);
            }
            Err(error) => return Err(Interruption::Log(error)),
        }
        Ok(())
    }

    /// The queues may read up to these offsets.
    fn extend(&self, ends: Vec<(Partition, Offset)>) {
        self.shares.send_modify(|shares| {
            for (partition, end) in ends {
                if let Some(share) = shares.partitions.get_mut(&partition) {
                    share.end = share.end.max(end);
                }
            }
        });
    }

    /// The queues begin nothing more of these partitions, and what they are sending is committed first: another notifier has the
    /// partitions only once this one waits for an event again, and would send a second time what is not recorded.
    async fn finish(
        &mut self,
        partitions: &[Partition],
        done: &mut mpsc::Receiver<Done>,
        mut shutdown: Pin<&mut impl Future<Output = ()>>,
    ) {
        let under_way = self.under_way.clone();
        self.shares
            .send_modify(|shares| shares.partitions.retain(|partition, _| !partitions.contains(partition)));
        let mut ended = std::pin::pin!(tokio::time::timeout(FINISH_WITHIN, under_way.ended(partitions)));
        loop {
            let committed = tokio::select! {
                biased;
                ended = &mut ended => {
                    if ended.is_err() {
                        tracing::warn!("a partition is given up before its last request was answered: it may be repeated");
                    }
                    break;
                }
                Some(done) = done.recv() => self.commit(done, shutdown.as_mut()).await,
            };
            // What could not be committed is repeated by the partition's next notifier.
            if committed.is_err() {
                break;
            }
        }
        self.give_up(partitions);
    }

    /// The queues deliver nothing more of these partitions.
    fn give_up(&mut self, partitions: &[Partition]) {
        self.to_start.retain(|partition| !partitions.contains(partition));
        self.owned.retain(|partition, _| !partitions.contains(partition));
        self.shares
            .send_modify(|shares| shares.partitions.retain(|partition, _| !partitions.contains(partition)));
        for partition in partitions {
            self.health.unblocked(*partition);
            if let Some(ledger) = &self.ledger {
                ledger.give_up(*partition);
                self.health.set_backlog(ledger.tallies());
            }
        }
    }

    /// Commits what a queue has delivered, and retries that: a posted message stays posted. If the member has lost the
    /// partition, the queue delivers nothing more of it before it has begun anew.
    async fn commit(
        &mut self,
        done: Done,
        mut shutdown: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), Interruption> {
        let Done { queue, partition, start, next, outputs, committed } = done;
        // Dropped, `committed` reports that it was not.
        let Some(owned) = self.owned.get_mut(&partition).filter(|owned| owned.start == start) else {
            return Ok(());
        };
        let mut positions = owned.positions;
        positions.advance(queue, next);
        let position: GroupPosition = positions.committed();
        while let Err(error) =
            self.consumer.commit_positions(outputs.clone(), vec![(partition, position)]).await
        {
            if error.fate() != Fate::Retry || matches!(error, LogError::Fenced { .. }) {
                self.consumer.pause(partition);
                self.give_up(&[partition]);
                self.to_start.insert(partition);
                return Err(Interruption::Log(error));
            }
            if !self.retry.wait_after(&error, shutdown.as_mut()).await {
                return Err(Interruption::Shutdown);
            }
        }
        owned.positions = positions;
        self.retry.succeeded();
        // A queue that was dropped needs no answer.
        let _ = committed.send(());
        Ok(())
    }
}

fn lane_result(ended: Result<Result<(), NotifierError>, JoinError>) -> Result<(), NotifierError> {
    match ended {
        Ok(result) => result,
        // A queue is aborted only with the role.
        Err(error) if error.is_cancelled() => Ok(()),
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
