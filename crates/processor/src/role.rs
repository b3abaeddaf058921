//! The processor's role: one owner of the partitions that are assigned to this process, one loop.
//!
//! The members of the group [`GROUP`] divide the partitions between them (`ownership.rs`). Partitions that are assigned are
//! restored on other threads, while the others are judged.
//!
//! A failure stops only the partitions that it concerns: one that cannot be restored or folded is restored again alone, and
//! a commit that fails restores the partitions of its round.

use std::time::Duration;

use kigen_control::Control;
use kigen_log::{ConsumedRecord, Consumer, ConsumerEvent, Log, LogError, LogReader};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::{Retry, ThrottledWarnings, error_chain};
use kigen_store::Store;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::commit::{Committed, Staged};
use crate::error::ProcessorError;
use crate::health::Health;
use crate::ownership::{OwnedPartitions, Ownership};
use crate::restore::Judging;
use crate::restores::RestoreEvent;
use crate::round::RoundBytes;
use crate::turn::{Turn, TurnBounds};
use crate::watchdog::{Ended, Report, Watchdog, WatchdogEvent};

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
    owned: OwnedPartitions,
    bounds: TurnBounds,
    round: RoundBytes,
    /// When the consumer was last read.
    read_at: Instant,
    /// The partitions of the round that is under way.
    in_round: Vec<Partition>,
    control: Control,
    watchdog: Watchdog,
}

/// Events that one poll has read, by partition.
pub struct Poll {
    records: Vec<(Partition, Vec<ConsumedRecord>)>,
    /// What the watchdog reports.
    report: Option<Box<Report>>,
}

impl Poll {
    /// The number of events.
    #[must_use]
    pub fn events(&self) -> usize {
        self.records.iter().map(|(_, records)| records.len()).sum()
    }
}

impl<L: Log> Processor<L> {
    /// Joins the group. The processor owns no partition yet: the log assigns them.
    pub fn open(log: L, store: Store, bounds: TurnBounds) -> Result<Self, ProcessorError> {
        let consumer = log.join(GROUP, Topic::Events)?;
        Ok(Self {
            log,
            consumer,
            owned: OwnedPartitions::new(store),
            round: RoundBytes::new(bounds.bytes_max),
            bounds,
            read_at: Instant::now(),
            in_round: Vec::new(),
            control: Control::default(),
            watchdog: Watchdog::off(),
        })
    }

    /// Writes at the record level of `control`, and skips what that skips.
    #[must_use]
    pub fn with_control(self, control: Control) -> Self {
        Self { control, ..self }
    }

    /// Raises an alert on a cluster without a tick for `silent_after`, with times by the wall clock `now`. Without it, no clock is
    /// read.
    #[must_use]
    pub fn with_watchdog(self, silent_after: Duration, now: fn() -> kigen_model::Instant) -> Self {
        Self { watchdog: Watchdog::new(silent_after, now), ..self }
    }

    /// Reports to `health` from here on.
    #[must_use]
    pub fn with_health(mut self, health: Health) -> Self {
        self.owned.health = health;
        self
    }

    /// Logs failures through `warnings`, which the roles of a process share.
    #[must_use]
    pub fn with_warnings(mut self, warnings: ThrottledWarnings) -> Self {
        self.owned.warnings = warnings;
        self
    }

    /// Waits until there are events, and reads a bounded number of them; or until a restore ends, which returns an empty
    /// poll. Cancel-safe.
    pub async fn next(&mut self) -> Result<Poll, ProcessorError> {
        loop {
            self.owned.begin_restores(self.log.reader(), &mut self.consumer);
            self.owned.resume_drained(&mut self.consumer).await;
            let has_leftover = self.owned.leftover.partitions() > 0;
            if has_leftover && self.read_at.elapsed() < READ_INTERVAL {
                return Ok(self.with_leftover(Vec::new()));
            }
            let read_bytes_max = self.read_bytes_max();
            let event = tokio::select! {
                biased;
                event = self.owned.next_restore() => match event {
                    RestoreEvent::Ended(partition, restored) => {
                        self.owned.restored(partition, restored, &mut self.consumer).await;
                        return Ok(self.with_leftover(Vec::new()));
                    }
                    RestoreEvent::Due(partition) => {
                        self.owned.restore(partition);
                        continue;
                    }
                },
                () = self.control.changed() => {
                    self.owned.examine_paused();
                    continue;
                }
                event = self.watchdog.next() => match self.watch(event) {
                    Some(report) => return Ok(Poll { report: Some(report), ..self.with_leftover(Vec::new()) }),
                    None => continue,
                },
                event = self.consumer.next(self.bounds.events_max, read_bytes_max) => event,
                () = tokio::time::sleep(READ_TIME_MAX), if has_leftover => {
                    self.read_at = Instant::now();
                    return Ok(self.with_leftover(Vec::new()));
                }
            };
            self.read_at = Instant::now();
            match event {
                Ok(ConsumerEvent::Assigned(partitions)) => {
                    self.owned.health.joined();
                    partitions.into_iter().for_each(|partition| self.owned.assigned(partition));
                }
                Ok(ConsumerEvent::Revoked(partitions)) => {
                    partitions.into_iter().for_each(|partition| self.owned.revoked(partition))
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
        let (partitions, leftover) = (self.owned.len(), &self.owned.leftover);
        let share = READ_BYTES_MAX / partitions.max(1);
        let reading = partitions.saturating_sub(leftover.partitions());
        READ_BYTES_MAX.saturating_sub(leftover.bytes()).max(share * reading)
    }

    /// A poll of these records, and of what was left over before.
    fn with_leftover(&mut self, records: Vec<(Partition, Vec<ConsumedRecord>)>) -> Poll {
        Poll { records: self.owned.leftover.take_with(records), report: None }
    }

    /// Goes on watching; what is to be reported, if it is ready.
    fn watch(&mut self, event: WatchdogEvent) -> Option<Box<Report>> {
        let (reader, positions) = (self.log.reader(), self.owned.positions());
        match event {
            WatchdogEvent::Due => self.watchdog.probe(reader, &positions),
            WatchdogEvent::Ended(Ended::Probe(began, Ok(ends)))
                if kigen_wire::has_silences(self.control.level()) =>
            {
                self.watchdog.probed((began, ends), reader, &positions);
            }
            WatchdogEvent::Ended(Ended::Probe(_, Ok(_))) => self.watchdog.failed(),
            WatchdogEvent::Ended(Ended::Probe(_, Err(error))) => {
                self.watchdog.failed();
                self.owned.warnings.retried(&ProcessorError::from(error));
            }
            WatchdogEvent::Ended(Ended::Survey(report)) => {
                self.watchdog.survey(reader);
                match report {
                    Ok(report) => return report,
                    Err(error) => self.owned.warnings.retried(&error),
                }
            }
        }
        None
    }

    /// Whether everything in the log is judged: this processor owns each partition and is at its end.
    pub fn is_idle(&self) -> Result<bool, ProcessorError> {
        for partition in (0..self.log.reader().partitions()).map(Partition) {
            let next = match self.owned.get(partition) {
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
        let Poll { records: mut polled, mut report } = poll;
        if let Some(report) = &report
            && !polled.iter().any(|(partition, _)| *partition == report.partition)
        {
            polled.push((report.partition, Vec::new()));
        }
        self.in_round = polled.iter().map(|(partition, _)| *partition).collect();
        self.round.sort(&mut polled);
        let (mut turns, mut bytes_left) = (Vec::with_capacity(polled.len()), self.round.bytes_max);
        let mut partitions_left = polled.len();
        for (partition, mut records) in polled {
            let share = bytes_left / partitions_left.max(1);
            partitions_left -= 1;
            let Some(Judging { position, has_lost }) = self.owned.judging(partition) else { continue };
            if bytes_left == 0 && !records.is_empty() {
                self.round.does_not_fit(partition);
                self.owned.hold(partition, records, &mut self.consumer);
                continue;
            }
            let bounds = TurnBounds { bytes_max: share.max(1), ..self.bounds };
            let (partitions, control) = (self.log.reader().partitions(), self.control.clone());
            let mut turn = Turn::new(partition, partitions, position.clone(), *has_lost, control);
            if let Some(report) = report.take_if(|report| report.partition == partition) {
                turn.report(*report);
            }
            if let Err(error) = turn.fold(&records, &mut self.owned.states(partition), bounds) {
                self.owned.failed(partition, &error, &mut self.consumer);
            } else if turn.is_empty() {
                if let Some((offset, source)) = turn.newer.take() {
                    let error = ProcessorError::NewerEvent { partition, offset, source };
                    self.owned.failed(partition, &error, &mut self.consumer);
                }
            } else {
                bytes_left = bytes_left.saturating_sub(turn.output_bytes());
                let leftover =
                    records.split_off(records.partition_point(|of| of.offset < turn.position.next));
                if !leftover.is_empty() {
                    self.owned.hold(partition, leftover, &mut self.consumer);
                }
                turns.push(turn);
            }
        }
        let (staged, failed) = Staged::of(turns, self.control.level());
        for (partition, error) in failed {
            self.owned.failed(partition, &error, &mut self.consumer);
        }
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
        self.owned.store(committed)?;
        self.in_round.clear();
        Ok(())
    }

    /// The way out of every commit that failed or whose outcome is unknown: the partitions of its round are restored, or all
    /// if reading failed.
    pub fn restart_partitions(&mut self) {
        self.owned.restart(std::mem::take(&mut self.in_round), &mut self.consumer);
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

    /// Reports why a round failed; it is retried after a delay.
    fn report(&self, error: &ProcessorError) {
        // That another member owns the partition now is no failure of this one.
        if !matches!(error, ProcessorError::Log(LogError::Fenced { .. })) {
            self.owned.health.failed(error_chain(error));
        }
    }
}

/// Judges until `shutdown` is true, then finishes what is in flight. A failed round is logged and retried: no failure here
/// would be mended by ending the process.
pub async fn run<L: Log>(mut processor: Processor<L>, mut shutdown: watch::Receiver<bool>) {
    let mut retry = Retry::new(processor.owned.warnings.clone(), RETRY_DELAY_MS_MIN, RETRY_DELAY_MS_MAX);
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
