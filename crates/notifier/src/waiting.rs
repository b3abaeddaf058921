//! Sends the alerts of a queue that wait: each channel's in their order, and none waits for another channel.
//!
//! ```text
//!   waiting ── first of its batch and its channel, which is not paused ──> under way ── accepted ──> committed
//!      ^                                                                       │
//!      └────────────────────────── not accepted: the channel pauses ───────────┘
//! ```

use std::collections::BTreeSet;
use std::time::Duration;

use kigen_control::Control;
use kigen_log::{LogError, LogReader};
use kigen_model::Instant;
use kigen_model::delivery::{DeliveryRecord, RETRY_KEY};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::on_thread;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant as TimerInstant;

use crate::backlog::Waiting;
use crate::dispatch::Dispatcher;
use crate::error::NotifierError;
use crate::health::Health;
use crate::ledger::Change;
use crate::metrics;
use crate::queue::Queue;
use crate::records::records;
use crate::shares::{Done, Shares, UnderWay};

/// How often the log is read for an operator's request, while an alert has failed.
const REQUESTS_INTERVAL: Duration = Duration::from_secs(5);
/// How much is read at a time.
const RECORDS_READ_MAX: usize = 1_000;
const BYTES_READ_MAX: usize = 4 * 1024 * 1024;

/// What sends the alerts of a queue that wait.
#[derive(Clone)]
pub(crate) struct WaitingRoom {
    pub(crate) queue: Queue,
    pub(crate) sender: Dispatcher,
    pub(crate) control: Control,
    pub(crate) health: Health,
    pub(crate) now: fn() -> Instant,
}

impl WaitingRoom {
    /// Sends them until the role ends; what is under way then is finished.
    pub(crate) async fn run<R: LogReader + Clone + 'static>(
        self,
        reader: R,
        (mut shares, sending): (watch::Receiver<Shares>, UnderWay),
        commits: mpsc::Sender<Done>,
    ) -> Result<(), NotifierError> {
        let mut changes = self.sender.ledger().changes();
        let (mut under_way, mut busy) = (JoinSet::new(), BTreeSet::new());
        let mut requests = tokio::time::interval(REQUESTS_INTERVAL);
        requests.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            changes.mark_unchanged();
            if shares.borrow_and_update().is_stopped {
                break;
            }
            let wake_at = self.begin_all((&shares, &sending), &commits, &mut under_way, &mut busy);
            tokio::select! {
                Some(ended) = under_way.join_next() => match ended {
                    Ok(channel) => _ = busy.remove(&channel),
                    Err(error) => std::panic::resume_unwind(error.into_panic()),
                },
                // The sender lives as long as this.
                _ = changes.changed() => {}
                changed = shares.changed() => if changed.is_err() {
                    return Ok(());
                },
                () = tokio::time::sleep_until(wake_at.unwrap_or_else(TimerInstant::now)), if wake_at.is_some() => {}
                // One of the queues does it for both.
                _ = requests.tick(), if self.queue == Queue::Deadlines => self.read_requests(&reader).await,
            }
        }
        while under_way.join_next().await.is_some() {}
        Ok(())
    }

    /// Begins to send the next alert of each channel that is ready; returns when another one will be.
    fn begin_all(
        &self,
        (shares, sending): (&watch::Receiver<Shares>, &UnderWay),
        commits: &mpsc::Sender<Done>,
        under_way: &mut JoinSet<String>,
        busy: &mut BTreeSet<String>,
    ) -> Option<TimerInstant> {
        let mut wake_at: Option<TimerInstant> = None;
        for (partition, waiting) in self.sender.ledger().heads(self.queue) {
            let channel = waiting.record.channel.clone();
            let begun = sending.begin(partition);
            let start = shares.borrow().partitions.get(&partition).map(|share| share.start);
            let Some(start) = start.filter(|_| !busy.contains(&channel)) else { continue };
            if let Some(until) = self.sender.paused_until(self.queue, &channel) {
                wake_at = Some(wake_at.map_or(until, |at| at.min(until)));
                continue;
            }
            busy.insert(channel.clone());
            let (room, commits) = (self.clone(), commits.clone());
            under_way.spawn(async move {
                room.send(partition, start, waiting, &commits).await;
                drop(begun);
                channel
            });
        }
        wake_at
    }

    /// Sends one alert, and has the role commit what became of it.
    async fn send(&self, partition: Partition, start: u64, waiting: Waiting, commits: &mpsc::Sender<Done>) {
        let (level, now) = (self.control.level(), self.now);
        let changes = self.sender.send_waiting((partition, &waiting), level, now).await;
        let outputs = records(partition, &changes, level, now());
        let (committed, is_committed) = oneshot::channel();
        let done = Done { queue: self.queue, partition, start, next: Offset(0), outputs, committed };
        if commits.send(done).await.is_err() || is_committed.await.is_err() {
            // The share ends, and its next owner reads what is recorded.
            return;
        }
        if changes.iter().any(|change| matches!(change, Change::Accepted { .. })) {
            metrics::delivered(waiting.alert.body.kind());
            self.health.delivered();
        }
        let ledger = self.sender.ledger();
        ledger.apply(partition, changes);
        self.health.set_backlog(ledger.tallies());
    }

    /// Reads whether an operator wants what has failed sent again.
    async fn read_requests<R: LogReader + Clone + 'static>(&self, reader: &R) {
        let ledger = self.sender.ledger();
        for (partition, from) in ledger.with_failed() {
            let reader = reader.clone();
            match on_thread(move || last_request(&reader, partition, from)).await {
                Ok((request, read_to)) => ledger.retry(partition, request, read_to),
                Err(error) => tracing::debug!("{} cannot be read: {error}", Topic::Deliveries),
            }
        }
        self.health.set_backlog(ledger.tallies());
    }
}

/// The last request in the records of a partition from an offset on, and the offset after them.
fn last_request(
    reader: &impl LogReader,
    partition: Partition,
    from: Offset,
) -> Result<(Option<Instant>, Offset), LogError> {
    let (mut next, mut request) = (from, None);
    loop {
        let records = reader.read(Topic::Deliveries, partition, next, RECORDS_READ_MAX, BYTES_READ_MAX)?;
        let Some(last) = records.last() else { return Ok((request, next)) };
        next = last.offset.next();
        for record in records.iter().filter(|record| record.key == RETRY_KEY) {
            let value = record.value.as_deref().unwrap_or_default();
            if let Ok(DeliveryRecord::Retry(found)) = kigen_wire::decode_delivery(value) {
                request = request.max(Some(found.requested_at));
            }
        }
    }
}
