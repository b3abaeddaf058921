//! The alerts of a partition that no receiver has accepted yet: the records of `kigen.deliveries` about them, in memory. Pure.
//!
//! ```text
//!   not accepted ──> waiting ── accepted ──> a message
//!                     │   ^
//!       refused itself,   │ kigen notify --retry
//!       or for a day  v   │
//!                     failed ── 30 days ──> forgotten
//! ```

use std::collections::BTreeMap;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::alert::Alert;
use kigen_model::delivery::Undelivered;
use kigen_model::key::BatchKey;
use kigen_model::topic::{Offset, Partition};
use kigen_wire::DecodeError;
use uuid::Uuid;

use crate::queue::Queue;

/// How many alerts of a partition wait, at most: then nothing more of it is read until one is accepted.
const WAITING_MAX: usize = 10_000;
/// How long an alert that was given up is remembered, in days.
const FAILED_KEPT_DAYS: i64 = 30;

/// Why an alert waits that nothing is wrong with: many others are for its channel.
pub(crate) const TURN: &str = "Slack takes one message a second for a channel: it waits for its turn";

/// An alert that no receiver has accepted yet.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) queue: Queue,
    pub(crate) record: Undelivered,
    pub(crate) alert: Alert,
    /// Whether Slack may have it nevertheless: it is looked up before it is sent.
    pub(crate) is_in_doubt: bool,
}

impl Waiting {
    /// Those of which this is the same are sent in their order.
    fn order(&self) -> (&BatchKey, Option<&str>) {
        (&self.record.key, self.record.is_copy.then_some(&*self.record.route))
    }

    /// As it is read: another notifier may have sent it since the record was written.
    pub(crate) fn read(record: Undelivered) -> Result<Self, DecodeError> {
        let alert = kigen_wire::decode_alert(&record.alert)?;
        Ok(Self { queue: Queue::of(&alert.body), record, alert, is_in_doubt: true })
    }
}

/// What waits for one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) waiting: usize,
    pub(crate) failed: usize,
    /// Why, of the one that has waited longest.
    pub(crate) reason: String,
    pub(crate) since: Instant,
}

/// What waits, by queue and channel.
pub(crate) type Tallies = BTreeMap<(Queue, String), Tally>;

/// The alerts of one partition that no receiver has accepted yet.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    all: BTreeMap<(Queue, Offset, Uuid), Waiting>,
    /// When an operator wanted those that had failed sent again.
    retried_at: Option<Instant>,
}

impl Backlog {
    pub(crate) fn put(&mut self, waiting: Waiting) {
        self.remove(waiting.record.id);
        self.all.insert((waiting.queue, waiting.record.offset, waiting.record.id), waiting);
    }

    pub(crate) fn remove(&mut self, id: Uuid) {
        self.all.retain(|_, waiting| waiting.record.id != id);
    }

    /// An operator wants those that had failed by then sent again.
    pub(crate) fn retry(&mut self, requested_at: Instant) {
        self.retried_at = self.retried_at.max(Some(requested_at));
    }

    /// Whether as many wait as may.
    pub(crate) fn is_full(&self) -> bool {
        self.all.len() >= WAITING_MAX
    }

    /// Whether one that has failed is here.
    pub(crate) fn has_failed(&self) -> bool {
        self.all.values().any(|waiting| self.is_failed(waiting))
    }

    /// Whether it is given up, until an operator wants it sent again.
    fn is_failed(&self, waiting: &Waiting) -> bool {
        waiting.record.failed_at.is_some_and(|at| self.retried_at.is_none_or(|retried_at| retried_at < at))
    }

    fn of(&self, queue: Queue) -> impl Iterator<Item = &Waiting> {
        let of_queue =
            self.all.range((queue, Offset(0), Uuid::nil())..=(queue, Offset(u64::MAX), Uuid::max()));
        of_queue.map(|(_, waiting)| waiting).filter(|waiting| !self.is_failed(waiting))
    }

    /// Whether an alert of a batch waits: for the first of its channels, or as a copy for this one.
    pub(crate) fn has_batch(&self, queue: Queue, key: &BatchKey, copy: Option<&str>) -> bool {
        self.of(queue).any(|waiting| waiting.order() == (key, copy))
    }

    /// Whether an alert waits for a channel.
    pub(crate) fn has_channel(&self, queue: Queue, channel: &str) -> bool {
        self.of(queue).any(|waiting| waiting.record.channel == channel)
    }

    /// Those of a queue that wait for nothing but their channels: the first of each batch.
    fn firsts(&self, queue: Queue) -> impl Iterator<Item = &Waiting> {
        let mut batches = std::collections::BTreeSet::new();
        self.of(queue).filter(move |waiting| batches.insert(waiting.order()))
    }

    /// Counts what waits, and what has failed.
    fn tally(&self, tallies: &mut Tallies) {
        for waiting in self.all.values() {
            let Undelivered { channel, since, reason, .. } = &waiting.record;
            let new = || Tally { waiting: 0, failed: 0, reason: reason.clone(), since: *since };
            let tally = tallies.entry((waiting.queue, channel.clone())).or_insert_with(new);
            if *since < tally.since {
                (tally.since, tally.reason) = (*since, reason.clone());
            }
            *(if self.is_failed(waiting) { &mut tally.failed } else { &mut tally.waiting }) += 1;
        }
    }

    /// What has failed and is forgotten as of `now`: the receivers and ids.
    pub(crate) fn expired(&self, now: Instant) -> Vec<(String, Uuid)> {
        let oldest = now - TimeDelta::days(FAILED_KEPT_DAYS);
        let is_old = |waiting: &&Waiting| self.is_failed(waiting) && waiting.record.failed_at < Some(oldest);
        let expired = self.all.values().filter(is_old).map(|waiting| &waiting.record);
        expired.map(|record| (record.receiver.clone(), record.id)).collect()
    }
}

/// Of each channel the alert of a queue that is to be sent next, in the order in which they were decided.
pub(crate) fn heads<'a>(
    backlogs: impl Iterator<Item = (Partition, &'a Backlog)>,
    queue: Queue,
) -> Vec<(Partition, Waiting)> {
    let mut heads: BTreeMap<&str, (Partition, &Waiting)> = BTreeMap::new();
    for (partition, backlog) in backlogs {
        for waiting in backlog.firsts(queue) {
            let order = |(partition, waiting): &(Partition, &Waiting)| {
                (waiting.record.decided_at, *partition, waiting.record.offset)
            };
            let this = (partition, waiting);
            let head = heads.entry(&waiting.record.channel).or_insert(this);
            if order(&this) < order(head) {
                *head = this;
            }
        }
    }
    heads.into_values().map(|(partition, waiting)| (partition, waiting.clone())).collect()
}

/// What waits in all of them.
pub(crate) fn tallies<'a>(backlogs: impl Iterator<Item = &'a Backlog>) -> Tallies {
    let mut tallies = Tallies::new();
    backlogs.for_each(|backlog| backlog.tally(&mut tallies));
    tallies
}
