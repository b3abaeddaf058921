//! One queue of alerts at work: reads the partitions that the role shares with it, and delivers its own records of them.
//!
//! ```text
//!   share begins ──> reading <────────────────────────────────┐
//!                    │  ^  │ a record of this queue           │ committed
//!                    │  │  └──────────────> delivering ──> committing
//!        end reached │  │ more records          │               │ lost
//!                    v  │                       │ share ended   v
//!                  waiting                      └─────> until the share begins anew
//! ```
//!
//! An alert that a newer kigen wrote blocks its partition in both queues, since only that knows which one it belongs to.

use std::collections::BTreeMap;
use std::pin::pin;

use kigen_control::Control;
use kigen_log::{ConsumedRecord, Fate, LogError, LogReader, NewRecord};
use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::on_thread;
use kigen_wire::DecodeError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant as TimerInstant;

use crate::delivery::{Delivered, Delivery};
use crate::error::NotifierError;
use crate::ledger::Ledger;
use crate::log_retry::LogRetry;
use crate::queue::Queue;
use crate::shares::{Done, Shares, UnderWay};
use crate::start::report_expired;

/// How much of a partition is read at a time.
const ALERTS_READ_MAX: usize = 64;
const BYTES_READ_MAX: usize = 4 * 1024 * 1024;

/// A queue at work.
pub(crate) struct Lane<R> {
    reader: R,
    queue: Queue,
    delivery: Delivery,
    control: Control,
    shares: watch::Receiver<Shares>,
    under_way: UnderWay,
    commits: mpsc::Sender<Done>,
    retry: LogRetry,
    /// Changes of what the receiver has: a message may have a counterpart then.
    ledger_changes: Option<watch::Receiver<()>>,
    cursors: BTreeMap<Partition, Cursor>,
}

/// Where the queue is in a partition.
struct Cursor {
    start: u64,
    next: Offset,
    end: Offset,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Reading,
    /// At an alert that a newer kigen wrote.
    Blocked,
    /// What was delivered could not be committed: the share ends.
    Lost,
}

impl<R: LogReader + Clone + 'static> Lane<R> {
    pub(crate) fn new(
        reader: R,
        (queue, delivery): (Queue, Delivery),
        (shares, under_way): (watch::Receiver<Shares>, UnderWay),
        commits: mpsc::Sender<Done>,
    ) -> Self {
        let (control, retry) = (delivery.control().clone(), LogRetry::new(&delivery));
        let ledger_changes = delivery.ledger().map(Ledger::changes);
        let cursors = BTreeMap::new();
        Self { reader, queue, delivery, control, shares, under_way, commits, retry, ledger_changes, cursors }
    }

    /// Delivers until the role ends.
    pub(crate) async fn run(mut self) -> Result<(), NotifierError> {
        loop {
            if !self.follow_shares().await {
                return Ok(());
            }
            self.follow_up_all().await;
            let behind = self.behind();
            if behind.is_empty() {
                let is_blocked = self.cursors.values().any(|cursor| cursor.state == State::Blocked);
                let has_ledger = self.ledger_changes.is_some();
                let follow_up_at = self.follow_up_at();
                tokio::select! {
                    changed = self.shares.changed() => if changed.is_err() {
                        return Ok(());
                    },
                    () = self.control.changed(), if is_blocked => self.unblock(),
                    () = changed(&mut self.ledger_changes), if has_ledger => {}
                    () = tokio::time::sleep_until(follow_up_at.unwrap_or_else(TimerInstant::now)), if follow_up_at.is_some() => {}
                }
                continue;
            }
            // Each in turn, so that none waits for the whole of another.
            for partition in behind {
                self.deliver_some(partition).await?;
            }
        }
    }

    /// The partitions of which there is more to read.
    fn behind(&self) -> Vec<Partition> {
        let is_behind = |cursor: &Cursor| cursor.state == State::Reading && cursor.next < cursor.end;
        let behind = self.cursors.iter().filter(|(_, cursor)| is_behind(cursor));
        behind
            .map(|(partition, _)| *partition)
            .filter(|partition| !self.delivery.is_full(*partition))
            .collect()
    }

    /// Takes over what the role shares; false: the role ends.
    async fn follow_shares(&mut self) -> bool {
        let (begun, is_stopped) = self.take_over_shares();
        // Its former owner, or this one before a failed commit, may have posted the next message.
        if !begun.is_empty() {
            self.delivery.look_up_next(self.queue, &begun).await;
        }
        !is_stopped
    }

    /// The partitions that begin, and whether the role ends.
    fn take_over_shares(&mut self) -> (Vec<Partition>, bool) {
        let shares = self.shares.borrow_and_update();
        self.cursors.retain(|partition, cursor| shares.has(*partition, cursor.start));
        let mut begun = Vec::new();
        for (partition, share) in &shares.partitions {
            let cursor = self.cursors.entry(*partition).or_insert_with(|| {
                begun.push(*partition);
                let next = share.positions.next(self.queue);
                Cursor { start: share.start, next, end: share.end, state: State::Reading }
            });
            cursor.end = share.end;
        }
        (begun, shares.is_stopped)
    }

    /// Lets the messages of this queue refer to their counterparts in the other one, and counts storms.
    async fn follow_up_all(&mut self) {
        if let Some(changes) = &mut self.ledger_changes {
            changes.mark_unchanged();
        }
        let here: Vec<Partition> = self.cursors.keys().copied().collect();
        for partition in here {
            self.follow_up(partition).await;
        }
    }

    async fn follow_up(&mut self, partition: Partition) {
        while let Some(Cursor { start, next, state: State::Reading | State::Blocked, .. }) =
            self.cursors.get(&partition)
        {
            let (start, next) = (*start, *next);
            let _under_way = self.under_way.begin(partition);
            if !self.shares.borrow().holds(partition, start) {
                return;
            }
            // What ends it may be among the alerts that are not read yet.
            let is_due = self.delivery.is_due_once_all_is_read(partition, self.queue);
            let has_read_all = is_due && self.has_read_all(partition, next).await;
            let followed_up = self.delivery.follow_up(partition, self.queue, has_read_all).await;
            let Some(outputs) = followed_up else { return };
            self.commit(partition, start, next, outputs).await;
        }
    }

    /// Whether a partition has no alert from this offset on.
    async fn has_read_all(&self, partition: Partition, next: Offset) -> bool {
        let reader = self.reader.clone();
        let read = on_thread(move || reader.read(Topic::Alerts, partition, next, 1, BYTES_READ_MAX)).await;
        read.is_ok_and(|records| records.is_empty())
    }

    /// When a message has to be updated, though nothing changes.
    fn follow_up_at(&self) -> Option<TimerInstant> {
        let here = self.cursors.iter().filter(|(_, cursor)| cursor.state != State::Lost);
        here.filter_map(|(partition, _)| self.delivery.follow_up_at(*partition, self.queue)).min()
    }

    fn unblock(&mut self) {
        for cursor in self.cursors.values_mut().filter(|cursor| cursor.state == State::Blocked) {
            cursor.state = State::Reading;
        }
    }

    /// Reads some records of a partition, and delivers those of this queue one by one.
    async fn deliver_some(&mut self, partition: Partition) -> Result<(), NotifierError> {
        let Some(Cursor { start, next, .. }) = self.cursors.get(&partition) else { return Ok(()) };
        let (start, from, reader) = (*start, *next, self.reader.clone());
        let mut shares = self.shares.clone();
        let mut ended = pin!(until_ended(&mut shares, partition, start));
        let read = tokio::select! {
            read = on_thread(move || read(&reader, partition, from)) => read,
            () = &mut ended => return Ok(()),
        };
        let records = match read {
            Ok(records) => records,
            Err(error @ LogError::Corrupt { offset, .. }) => {
                tracing::error!("{error}");
                vec![damaged(offset)]
            }
            Err(error) if error.fate() != Fate::Retry => return Err(error.into()),
            Err(error) => {
                self.retry.wait_after(&error, ended).await;
                return Ok(());
            }
        };
        self.retry.succeeded();
        if records.is_empty() {
            // What was there has expired, or is no record.
            self.moved(partition, |cursor| cursor.next = cursor.end);
        }
        self.deliver_all(partition, start, &records).await
    }

    async fn deliver_all(
        &mut self,
        partition: Partition,
        start: u64,
        records: &[ConsumedRecord],
    ) -> Result<(), NotifierError> {
        // Behind records that need no message.
        let mut passed = None;
        for record in records {
            let next = record.offset.next();
            let _under_way = self.under_way.begin(partition);
            if !self.shares.borrow().has(partition, start) || self.delivery.is_full(partition) {
                return Ok(());
            }
            let delivered = {
                let mut shares = self.shares.clone();
                let ended = pin!(until_ended(&mut shares, partition, start));
                self.delivery.deliver(partition, record, ended).await?
            };
            match delivered {
                Delivered::Nothing => passed = Some(next),
                Delivered::Done(outputs) => {
                    passed = None;
                    if !self.commit(partition, start, next, outputs).await {
                        return Ok(());
                    }
                }
                Delivered::ShutDown => return Ok(()),
                Delivered::Newer(error) => {
                    self.block(partition, record, &error);
                    break;
                }
            }
            self.moved(partition, |cursor| cursor.next = next);
            if passed.is_none() {
                self.follow_up(partition).await;
            }
            if self.queue == Queue::Deadlines {
                self.delivery.health().unblocked(partition);
            }
        }
        if let Some(next) = passed {
            self.commit(partition, start, next, Vec::new()).await;
        }
        Ok(())
    }

    /// Has the role commit what was delivered; false: it did not, and the share ends.
    async fn commit(
        &mut self,
        partition: Partition,
        start: u64,
        next: Offset,
        outputs: Vec<NewRecord>,
    ) -> bool {
        let (committed, is_committed) = oneshot::channel();
        let done = Done { queue: self.queue, partition, start, next, outputs, committed };
        let is_committed = self.commits.send(done).await.is_ok() && is_committed.await.is_ok();
        if is_committed {
            self.delivery.committed(partition);
        } else {
            self.moved(partition, |cursor| cursor.state = State::Lost);
        }
        is_committed
    }

    fn moved(&mut self, partition: Partition, change: impl FnOnce(&mut Cursor)) {
        if let Some(cursor) = self.cursors.get_mut(&partition) {
            change(cursor);
        }
    }

    /// Delivers nothing more of a partition from this record on, until that is skipped or this process is upgraded.
    fn block(&mut self, partition: Partition, record: &ConsumedRecord, error: &DecodeError) {
        self.moved(partition, |cursor| cursor.state = State::Blocked);
        // Once, not by each queue.
        if self.queue != Queue::Deadlines {
            return;
        }
        let (topic, offset) = (Topic::Alerts, record.offset);
        let why = format!(
            "partition {partition} of {topic} is not delivered: a newer kigen wrote the alert at offset {offset}: upgrade \
             this process; or, to go on without a message for that alert: kigen skip {topic} {partition} {offset}: {error}"
        );
        tracing::error!("{why}");
        self.delivery.health().blocked(partition, why);
    }
}

/// Reads some records, and reports those that expired before them while they waited.
fn read(
    reader: &impl LogReader,
    partition: Partition,
    from: Offset,
) -> Result<Vec<ConsumedRecord>, LogError> {
    let topic = Topic::Alerts;
    let records = reader.read(topic, partition, from, ALERTS_READ_MAX, BYTES_READ_MAX)?;
    if records.first().is_none_or(|first| first.offset > from) {
        report_expired(reader, partition, from, reader.earliest(topic, partition)?);
    }
    Ok(records)
}

/// Until what the receiver has changes.
async fn changed(changes: &mut Option<watch::Receiver<()>>) {
    if let Some(changes) = changes {
        // The sender lives as long as the role.
        let _ = changes.changed().await;
    }
}

/// Until the role ends, or this start of the partition does.
async fn until_ended(shares: &mut watch::Receiver<Shares>, partition: Partition, start: u64) {
    // The sender lives as long as the role.
    let _ = shares.wait_for(|shares| !shares.has(partition, start)).await;
}

/// A damaged record is one without a value: it cannot be decoded and goes to the rejects.
fn damaged(offset: Offset) -> ConsumedRecord {
    let timestamp = Instant::UNIX_EPOCH;
    ConsumedRecord { offset, key: String::new(), value: None, schema_prefix: None, timestamp }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use kigen_log::{Log, Settings};
    use kigen_testkit::simulated::{Faults, SimulatedLog};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn alerts_that_expire_while_they_wait_are_reported() {
        let partition = Partition(0);
        let log = SimulatedLog::new(Settings { partitions: 1, ..Settings::default() }, Faults::default(), 0);
        let (topic, timestamp) = (Topic::Alerts, Instant::UNIX_EPOCH);
        let alert = NewRecord { topic, partition, key: "c/n/b".to_owned(), value: None, timestamp };
        log.append(vec![alert; 5]).await.expect("the log takes it");
        log.trim(topic, partition, Offset(3));
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone());
        let records = tracing::subscriber::with_default(subscriber.finish(), || {
            read(&log, partition, Offset(4)).expect("it is readable");
            read(&log, partition, Offset(0)).expect("it is readable")
        });
        assert_eq!(records.first().map(|first| first.offset), Some(Offset(3)));
        let text = String::from_utf8(lines.0.lock().expect("no panic").clone()).expect("text");
        assert_eq!(text.matches("expired before they were delivered").count(), 1, "{text}");
        assert!(text.contains("up to 3 alerts in partition 0 of kigen.alerts expired"), "{text}");
    }
}
