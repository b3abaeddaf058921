//! The processor's role: one owner of the partitions that are assigned to this process, one loop.
//!
//! The members of the group [`GROUP`] divide the partitions between them. A partition that is assigned is first restored,
//! on another thread, while the others are judged. After a revocation everything in memory of the partition is dropped;
//! what was not committed of it is judged by its next owner.
//!
//! ```text
//!              Assigned          begun                 restored
//!  not owned ------------> Queued -----> Restoring ------------> Judging --+
//!                          ^  ^ ^           |                     |   ^    |  a round is committed
//!                          |  | |  failed   |    its round failed |   +----+
//!                          |  | +-----------+---------------------+
//!                          |  |             |                     |
//!                   5 min  |  |  backoff    |  needs an operator  |
//!                          |  +- (delayed)  v                     |
//!                          +------------- Paused <----------------+
//!
//!  Revoked:  Queued, Judging, Paused -> not owned;  Restoring -> not owned, once the restore has ended
//!  Assigned, or restart_partitions, while Restoring: it is restored once more
//! ```
//!
//! A failure stops only the partitions that it concerns: one that cannot be restored or folded is restored again alone, and
//! a commit that fails restores the partitions of its round.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use kigen_control::Control;
use kigen_log::{ConsumedRecord, Consumer, ConsumerEvent, Log, LogError, LogReader};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::{Retry, ThrottledWarnings, error_chain};
use kigen_store::Store;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::commit::{Committed, Staged};
use crate::error::{ProcessorError, Remedy};
use crate::health::Health;
use crate::restore::{Judging, Restored};
use crate::restores::{RestoreEvent, Restores};
use crate::round::RoundBytes;
use crate::states::{Cache, States};
use crate::turn::{Turn, TurnBounds};

/// The consumer group of the processors.
pub const GROUP: &str = "processor";

/// The most bytes of events that are read and not folded yet, of all partitions together; twice as many while some have
/// leftover records, so that the others are read beside them.
const READ_BYTES_MAX: usize = 16 * 1024 * 1024;
/// While a partition has leftover records, how often the others are read, and how long that may take.
const READ_INTERVAL: Duration = Duration::from_millis(500);
const READ_TIME_MAX: Duration = Duration::from_millis(50);
/// The delays before a failed round is retried.
const RETRY_DELAY_MS_MIN: u64 = 1_000;
const RETRY_DELAY_MS_MAX: u64 = 15_000;

/// Judges the partitions of a log that are assigned to it.
pub struct Processor<L: Log> {
    log: L,
    consumer: L::Consumer,
    store: Arc<Store>,
    bounds: TurnBounds,
    round: RoundBytes,
    /// Ordered, as `leftover` is, so that one seed of a test gives the same run twice.
    partitions: BTreeMap<Partition, Ownership>,
    cache: Cache,
    /// Records that were read but did not fit into a full turn: they come first in the next one. Nothing more is read of
    /// these partitions meanwhile, while the others are.
    leftover: BTreeMap<Partition, Vec<ConsumedRecord>>,
    /// The partitions that are not read because they have, or had, leftover records.
    held: BTreeSet<Partition>,
    /// When the consumer was last read.
    read_at: Instant,
    restores: Restores,
    /// A read has found damage: the store is replaced before the next restore.
    store_is_damaged: bool,
    /// The partitions of the round that is under way.
    in_round: Vec<Partition>,
    control: Control,
    health: Health,
    warnings: ThrottledWarnings,
}

/// The state of a partition that is assigned, or was until its restore began.
enum Ownership {
    /// Its restore waits for room, or is repeated after a delay.
    Queued,
    /// The store is being brought to the committed position. A second restore of the partition would write to the same
    /// store, so that one that is under way is always waited for.
    Restoring {
        /// The partition was assigned or restarted meanwhile: the restore is repeated.
        is_stale: bool,
        /// False: the partition was revoked meanwhile.
        is_own: bool,
    },
    /// It is judged, up to this position.
    Judging(Judging),
    /// It cannot be judged until an operator mends its fault, which was logged.
    Paused,
}

/// Events that one poll has read, by partition.
pub struct Poll(Vec<(Partition, Vec<ConsumedRecord>)>);

impl Poll {
    /// The number of events.
    #[must_use]
    pub fn events(&self) -> usize {
        self.0.iter().map(|(_, records)| records.len()).sum()
    }
}

impl<L: Log> Processor<L> {
    /// Joins the group. The processor owns no partition yet: the log assigns them.
    pub fn open(log: L, store: Store, bounds: TurnBounds) -> Result<Self, ProcessorError> {
        let consumer = log.join(GROUP, Topic::Events)?;
        let (partitions, cache) = (BTreeMap::new(), Cache::default());
        let (leftover, held) = Default::default();
        let (store, restores, in_round) = (Arc::new(store), Restores::default(), Vec::new());
        let (control, health, warnings) = Default::default();
        Ok(Self {
            log,
            consumer,
            store,
            round: RoundBytes::new(bounds.bytes_max),
            bounds,
            partitions,
            cache,
            leftover,
            held,
            read_at: Instant::now(),
            restores,
            store_is_damaged: false,
            in_round,
            control,
            health,
            warnings,
        })
    }

    /// Writes at the record level of `control`, and skips what that skips.
    #[must_use]
    pub fn with_control(self, control: Control) -> Self {
        Self { control, ..self }
    }

    /// Reports to `health` from here on.
    #[must_use]
    pub fn with_health(self, health: Health) -> Self {
        Self { health, ..self }
    }

    /// Logs failures through `warnings`, which the roles of a process share.
    #[must_use]
    pub fn with_warnings(self, warnings: ThrottledWarnings) -> Self {
        Self { warnings, ..self }
    }

    /// Waits until there are events, and reads a bounded number of them; or until a restore ends, which returns an empty
    /// poll. Cancel-safe.
    pub async fn next(&mut self) -> Result<Poll, ProcessorError> {
        loop {
            self.begin_restores();
            self.resume_drained().await;
            let has_leftover = !self.leftover.is_empty();
            if has_leftover && self.read_at.elapsed() < READ_INTERVAL {
                return Ok(self.with_leftover(Vec::new()));
            }
            let read_bytes_max = self.read_bytes_max();
            let event = tokio::select! {
                biased;
                event = self.restores.next() => match event {
                    RestoreEvent::Ended(partition, restored) => {
                        self.restored(partition, restored).await;
                        return Ok(self.with_leftover(Vec::new()));
                    }
                    RestoreEvent::Due(partition) => {
                        self.restore(partition);
                        continue;
                    }
                },
                () = self.control.changed() => {
                    self.examine_paused();
                    continue;
                }
                event = self.consumer.next(self.bounds.events_max, read_bytes_max) => event,
                () = tokio::time::sleep(READ_TIME_MAX), if has_leftover => {
                    self.read_at = Instant::now();
                    return Ok(self.with_leftover(Vec::new()));
                }
            };
            self.read_at = Instant::now();
            match event {
                Ok(ConsumerEvent::Assigned(partitions)) => {
                    self.health.joined();
                    partitions.into_iter().for_each(|partition| self.assigned(partition));
                }
                Ok(ConsumerEvent::Revoked(partitions)) => {
                    partitions.into_iter().for_each(|partition| self.revoked(partition))
                }
                Ok(ConsumerEvent::Records(records)) => return Ok(self.with_leftover(records)),
                Err(error @ LogError::Corrupt { partition, offset, .. }) => {
                    self.consumer.seek(partition, offset.next()).await?;
                    return Ok(self.with_leftover(vec![(partition, vec![unreadable(offset, &error)])]));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// How many bytes the next read may have: what the leftover records leave, but at least the equal share of the partitions
    /// that have none.
    fn read_bytes_max(&self) -> usize {
        let leftover = self.leftover.values().flatten().map(ConsumedRecord::payload_bytes).sum();
        let share = READ_BYTES_MAX / self.partitions.len().max(1);
        let reading = self.partitions.len().saturating_sub(self.leftover.len());
        READ_BYTES_MAX.saturating_sub(leftover).max(share * reading)
    }

    /// A poll of these records, and of what was left over before.
    fn with_leftover(&mut self, records: Vec<(Partition, Vec<ConsumedRecord>)>) -> Poll {
        let mut polled = std::mem::take(&mut self.leftover);
        for (partition, records) in records {
            polled.entry(partition).or_insert(records);
        }
        Poll(polled.into_iter().collect())
    }

    /// Retains records for the next round, and reads nothing more of their partition meanwhile.
    fn hold(&mut self, partition: Partition, records: Vec<ConsumedRecord>) {
        self.leftover.insert(partition, records);
        if self.held.insert(partition) {
            self.consumer.pause(partition);
        }
    }

    /// Reads on in the partitions whose leftover records are judged.
    async fn resume_drained(&mut self) {
        let leftover = &self.leftover;
        let drained: Vec<Partition> =
            self.held.iter().filter(|held| !leftover.contains_key(held)).copied().collect();
        for partition in drained {
            self.held.remove(&partition);
            let Some(Ownership::Judging(judging)) = self.partitions.get(&partition) else { continue };
            if let Err(error) = self.consumer.seek(partition, judging.position.next).await {
                self.partition_failed(partition, &error.into());
            }
        }
    }

    /// Whether everything in the log is judged: this processor owns each partition and is at its end.
    pub fn is_idle(&self) -> Result<bool, ProcessorError> {
        for partition in (0..self.log.reader().partitions()).map(Partition) {
            let next = match self.partitions.get(&partition) {
                Some(Ownership::Judging(judging)) => Some(judging.position.next),
                // It makes no more progress.
                Some(Ownership::Paused) => continue,
                Some(Ownership::Queued | Ownership::Restoring { .. }) | None => None,
            };
            let end = self.log.reader().latest(Topic::Events, partition)?;
            // An empty partition has nothing to judge, whichever process owns it.
            if next.unwrap_or(Offset(0)) < end {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Folds a poll's events in memory, as many as one commit may have: each partition gets an equal share of the bytes that
    /// are left. What does not fit comes first in the next round. A partition that cannot be folded is restored, alone.
    pub fn apply(&mut self, poll: Poll) -> Staged {
        let mut polled = poll.0;
        self.in_round = polled.iter().map(|(partition, _)| *partition).collect();
        self.round.sort(&mut polled);
        let (mut turns, mut bytes_left) = (Vec::with_capacity(polled.len()), self.round.bytes_max);
        let mut partitions_left = polled.len();
        for (partition, mut records) in polled {
            let share = bytes_left / partitions_left.max(1);
            partitions_left -= 1;
            let Some(Ownership::Judging(judging)) = self.partitions.get(&partition) else { continue };
            if bytes_left == 0 {
                self.round.does_not_fit(partition);
                self.hold(partition, records);
                continue;
            }
            let bounds = TurnBounds { bytes_max: share.max(1), ..self.bounds };
            let Judging { position, has_lost } = judging;
            let (partitions, control) = (self.log.reader().partitions(), self.control.clone());
            let mut turn = Turn::new(partition, partitions, position.clone(), *has_lost, control);
            let mut states = States { partition, store: Some(&self.store), cache: &mut self.cache };
            if let Err(error) = turn.fold(&records, &mut states, bounds) {
                self.partition_failed(partition, &error);
            } else if turn.is_empty() {
                if let Some((offset, source)) = turn.newer.take() {
                    self.partition_failed(
                        partition,
                        &ProcessorError::NewerEvent { partition, offset, source },
                    );
                }
            } else {
                bytes_left = bytes_left.saturating_sub(turn.output_bytes());
                let leftover =
                    records.split_off(records.partition_point(|of| of.offset < turn.position.next));
                if !leftover.is_empty() {
                    self.hold(partition, leftover);
                }
                turns.push(turn);
            }
        }
        let (staged, failed) = Staged::of(turns, self.control.level());
        failed.into_iter().for_each(|(partition, error)| self.partition_failed(partition, &error));
        staged
    }

    /// Commits what was folded to the log: all of it, or nothing.
    pub async fn commit(&mut self, staged: Staged) -> Result<Committed, ProcessorError> {
        let committed = staged.commit(&mut self.consumer).await;
        match &committed {
            Ok(committed) if !committed.is_empty() => self.round.fits(),
            Err(ProcessorError::Log(LogError::WriteTooLarge { .. })) => self.round.is_too_large(),
            Ok(_) | Err(_) => {}
        }
        committed
    }

    /// Moves the store to what the log has committed.
    pub fn store(&mut self, committed: Committed) -> Result<(), ProcessorError> {
        let moved = committed.into_store(&self.store, &mut self.cache);
        if let Err(error) = &moved {
            self.store_is_damaged |= error.remedy() == Remedy::RecreateStore;
        }
        for moved in moved? {
            self.health.judging(moved.partition, &moved.position);
            self.health.judged();
            self.restores.succeeded(moved.partition);
            let judging = Judging { position: moved.position, has_lost: false };
            self.partitions.insert(moved.partition, Ownership::Judging(judging));
        }
        self.in_round.clear();
        Ok(())
    }

    /// Drops what is in memory and restores the partitions of the round that failed, or all if reading failed: the way out
    /// of every commit that failed or whose outcome is unknown. Those that are paused or already wait for their restore
    /// continue to.
    pub fn restart_partitions(&mut self) {
        let in_round = std::mem::take(&mut self.in_round);
        let restarted: Vec<Partition> =
            if in_round.is_empty() { self.partitions.keys().copied().collect() } else { in_round };
        for partition in restarted {
            match self.partitions.get_mut(&partition) {
                Some(Ownership::Restoring { is_stale, .. }) => *is_stale = true,
                Some(Ownership::Judging(_)) => {
                    self.consumer.pause(partition);
                    self.restore(partition);
                }
                Some(Ownership::Queued | Ownership::Paused) | None => {}
            }
        }
    }

    /// One round of the loop, from reading to the store.
    pub async fn turn(&mut self) -> Result<(), ProcessorError> {
        let poll = self.next().await?;
        self.judge(poll).await
    }

    async fn judge(&mut self, poll: Poll) -> Result<(), ProcessorError> {
        let staged = self.apply(poll);
        let committed = self.commit(staged).await?;
        self.store(committed)
    }

    fn assigned(&mut self, partition: Partition) {
        match self.partitions.get_mut(&partition) {
            Some(Ownership::Restoring { is_stale, is_own }) => (*is_stale, *is_own) = (true, true),
            Some(Ownership::Queued | Ownership::Judging(_) | Ownership::Paused) | None => {
                self.restore(partition)
            }
        }
    }

    fn revoked(&mut self, partition: Partition) {
        self.forget(partition);
        self.restores.cancel(partition);
        self.health.lost(partition);
        match self.partitions.get_mut(&partition) {
            Some(Ownership::Restoring { is_own, .. }) => *is_own = false,
            Some(Ownership::Queued | Ownership::Judging(_) | Ownership::Paused) | None => {
                self.partitions.remove(&partition);
            }
        }
    }

    /// Drops what is in memory of a partition.
    fn forget(&mut self, partition: Partition) {
        self.cache.forget(partition);
        self.leftover.remove(&partition);
        self.held.remove(&partition);
    }

    /// Replaces a damaged store by an empty one, or opens it again if RocksDB has given up, once no restore uses it. Then all
    /// partitions are restored: the store may be older now than what is in memory. False: not yet.
    fn mend_store(&mut self) -> bool {
        let is_damaged = self.store_is_damaged;
        let Some(store) = Arc::get_mut(&mut self.store) else { return false };
        let mended = if is_damaged { store.recreate() } else { store.reopen() };
        let concerned: Vec<Partition> = self
            .partitions
            .iter()
            .filter(|(_, ownership)| matches!(ownership, Ownership::Judging(_) | Ownership::Queued))
            .map(|(partition, _)| *partition)
            .collect();
        match mended {
            Ok(()) => {
                self.store_is_damaged = false;
                if is_damaged {
                    tracing::error!(
                        "the store was damaged: it was deleted, and is filled again from kigen.status"
                    );
                } else {
                    tracing::warn!("the store is opened again after a failed write");
                }
                for partition in concerned {
                    self.consumer.pause(partition);
                    self.restore(partition);
                }
                true
            }
            Err(error) => {
                let error = error.into();
                concerned.into_iter().for_each(|partition| self.partition_failed(partition, &error));
                false
            }
        }
    }

    /// The partition is restored as soon as there is room.
    fn restore(&mut self, partition: Partition) {
        self.forget(partition);
        self.health.restoring(partition);
        self.partitions.insert(partition, Ownership::Queued);
        self.restores.queue(partition);
    }

    fn begin_restores(&mut self) {
        if (self.store_is_damaged || self.store.has_given_up()) && !self.mend_store() {
            return;
        }
        for partition in self.restores.begin(self.log.reader(), &self.store) {
            self.partitions.insert(partition, Ownership::Restoring { is_stale: false, is_own: true });
        }
    }

    async fn restored(&mut self, partition: Partition, restored: Result<Restored, ProcessorError>) {
        match self.partitions.get(&partition) {
            Some(Ownership::Restoring { is_own: false, .. }) => {
                self.partitions.remove(&partition);
                return;
            }
            Some(Ownership::Restoring { is_stale: true, .. }) => {
                self.restore(partition);
                return;
            }
            Some(
                Ownership::Queued | Ownership::Restoring { .. } | Ownership::Judging(_) | Ownership::Paused,
            )
            | None => {}
        }
        match restored {
            Ok(Restored::Judging(judging)) => {
                if let Err(error) = self.consumer.seek(partition, judging.position.next).await {
                    return self.partition_failed(partition, &error.into());
                }
                self.health.judging(partition, &judging.position);
                self.partitions.insert(partition, Ownership::Judging(judging));
            }
            Ok(Restored::Paused { why }) => self.pause(partition, why),
            Err(error) => self.partition_failed(partition, &error),
        }
    }

    /// One partition cannot be restored or folded: it is restored again after a delay, or paused if only an operator can
    /// mend it. The others continue.
    fn partition_failed(&mut self, partition: Partition, error: &ProcessorError) {
        self.forget(partition);
        self.consumer.pause(partition);
        let why = format!("partition {partition} is not judged: {}", error_chain(error));
        match error.remedy() {
            Remedy::Operator => {
                tracing::error!("{why}");
                self.pause(partition, why);
            }
            remedy @ (Remedy::Retry | Remedy::DropStored | Remedy::RecreateStore) => {
                if remedy == Remedy::DropStored {
                    self.restores.drop_first(partition);
                }
                self.store_is_damaged |= remedy == Remedy::RecreateStore;
                self.warnings.retried(error);
                self.health.retrying(partition, why);
                self.partitions.insert(partition, Ownership::Queued);
                self.restores.retry(partition);
            }
        }
    }

    /// The partition cannot be judged until an operator mends it. From time to time it is examined again.
    fn pause(&mut self, partition: Partition, why: String) {
        self.health.paused(partition, why);
        self.partitions.insert(partition, Ownership::Paused);
        self.restores.examine_later(partition);
    }

    /// Examines the paused partitions now: a record at which one waits may be skipped.
    fn examine_paused(&mut self) {
        let is_paused = |ownership: &Ownership| matches!(ownership, Ownership::Paused);
        let paused = self.partitions.iter().filter(|(_, ownership)| is_paused(ownership));
        let paused: Vec<Partition> = paused.map(|(partition, _)| *partition).collect();
        paused.into_iter().for_each(|partition| self.restore(partition));
    }

    /// Reports why a round failed; it is retried after a delay.
    fn report(&self, error: &ProcessorError) {
        // That another member owns the partition now is no failure of this one.
        if !matches!(error, ProcessorError::Log(LogError::Fenced { .. })) {
            self.health.failed(error_chain(error));
        }
    }
}

/// Judges until `shutdown` is true, then finishes what is in flight. A failed round is logged and retried: no failure here
/// would be mended by ending the process.
pub async fn run<L: Log>(mut processor: Processor<L>, mut shutdown: watch::Receiver<bool>) {
    let mut retry = Retry::new(processor.warnings.clone(), RETRY_DELAY_MS_MIN, RETRY_DELAY_MS_MAX);
    loop {
        let poll = tokio::select! {
            biased;
            _ = shutdown.wait_for(|stop| *stop) => return,
            poll = processor.next() => poll,
        };
        let outcome = match poll {
            Ok(poll) => {
                let events = poll.events();
                processor.judge(poll).await.map(|()| events)
            }
            Err(error) => Err(error),
        };
        match outcome {
            // A restore that ended does not show that commits succeed again.
            Ok(0) => {}
            Ok(_) => retry.succeeded(),
            Err(error) => {
                processor.report(&error);
                let pause = retry.failed(&error);
                tokio::select! {
                    _ = shutdown.wait_for(|stop| *stop) => return,
                    () = pause => {}
                }
                processor.restart_partitions();
            }
        }
    }
}

/// Replaces a record whose bytes the log cannot return by one without a value, which goes to the rejects.
fn unreadable(offset: Offset, error: &LogError) -> ConsumedRecord {
    tracing::error!("{error}");
    ConsumedRecord {
        offset,
        key: String::new(),
        value: None,
        schema_prefix: None,
        timestamp: kigen_model::Instant::UNIX_EPOCH,
    }
}
