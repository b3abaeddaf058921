//! The messages that Slack has, and the alerts that wait for it: the records of `kigen.deliveries`, in memory, of the partitions
//! that this notifier has.
//!
//! A partition's records are read when it begins, after its position: the process that had it before has committed by then. They change
//! when a commit that contains them succeeded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;
use kigen_log::{LogError, LogReader};
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::delivery::{Delivery, DeliveryRecord};
use kigen_model::key::BatchKey;
use kigen_model::slot::Cause;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_wire::DecodeError;
use tokio::sync::watch;
use uuid::Uuid;

use crate::backlog::{Backlog, Tallies, Waiting, heads, tallies};
use crate::queue::Queue;

/// How much is read at a time.
const RECORDS_READ_MAX: usize = 1_000;
const BYTES_READ_MAX: usize = 4 * 1024 * 1024;
/// How long a message is remembered after its last alert, in days of the log's time. Unless what it is about goes on.
const REMEMBERED_DAYS: i64 = 7;
/// How many messages of a partition are remembered; at the limit the oldest is forgotten, and what follows it becomes a
/// message of its own.
const MESSAGES_MAX: usize = 10_000;
/// So many alerts within so many seconds are messages of their own; those that follow share one.
const OWN_MESSAGES_MAX: usize = 5;
const STORM_WITHIN_S: i64 = 60;
/// How many are forgotten with one commit.
const FORGOTTEN_AT_ONCE_MAX: usize = 16;

/// A message that Slack has.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) delivery: Delivery,
    /// The alert that it shows.
    pub(crate) alert: Alert,
    /// The later alert that ended or corrected it.
    pub(crate) followed_by: Option<Alert>,
}

impl Entry {
    /// As a record has it.
    fn read(delivery: Delivery) -> Result<Self, DecodeError> {
        let alert = kigen_wire::decode_alert(&delivery.alert)?;
        let followed_by = delivery.followed_by.as_deref().map(kigen_wire::decode_alert).transpose()?;
        Ok(Self { delivery, alert, followed_by })
    }

    /// It is forgotten.
    pub(crate) fn forgotten(&self) -> Change {
        let Delivery { receiver, subject, .. } = &self.delivery;
        Change::Forget { receiver: receiver.clone(), subject: *subject }
    }

    /// Whether an alert at this offset is contained in it. By the time, topics that were created again differ.
    pub(crate) fn contains(&self, offset: Offset, alert: &Alert) -> bool {
        offset <= self.delivery.offset && alert.decided_at <= self.delivery.decided_at
    }

    /// The end of the quiet hours for which it is held back; `None`: the receiver has it.
    pub(crate) fn held_until(&self) -> Option<Instant> {
        self.delivery.quiet_until.filter(|_| self.delivery.message.is_empty())
    }

    /// Whether what it is about goes on.
    pub(crate) fn is_open(&self) -> bool {
        match &self.alert.body {
            _ if self.delivery.storm.is_some() => false,
            AlertBody::SlotMissed { .. }
            | AlertBody::SlotUnknown { .. }
            | AlertBody::ClusterSilent { .. }
            | AlertBody::ClusterStalled(_) => self.followed_by.as_ref().is_none_or(|alert| !ends(alert)),
            AlertBody::SlotAtRisk { .. }
            | AlertBody::RunFailed { .. }
            | AlertBody::SlotRecovered { .. }
            | AlertBody::SlotRetracted { .. }
            | AlertBody::UnknownClosed { .. }
            | AlertBody::RiskOver { .. }
            | AlertBody::ExpectationBroken { .. }
            | AlertBody::BudgetSpent { .. }
            | AlertBody::SilenceOver { .. }
            | AlertBody::StallOver { .. } => false,
        }
    }

    /// The run that failed, by its UID: of the message about it, and of that about the deadline which it missed.
    fn failed_run(&self) -> Option<&str> {
        match &self.alert.body {
            _ if self.delivery.storm.is_some() || self.delivery.is_copy || self.held_until().is_some() => {
                None
            }
            AlertBody::RunFailed { run, .. }
            | AlertBody::SlotMissed { cause: Cause::Failed(_), run: Some(run), .. } => Some(&run.uid),
            AlertBody::SlotMissed { .. }
            | AlertBody::SlotAtRisk { .. }
            | AlertBody::SlotRecovered { .. }
            | AlertBody::SlotRetracted { .. }
            | AlertBody::SlotUnknown { .. }
            | AlertBody::UnknownClosed { .. }
            | AlertBody::RiskOver { .. }
            | AlertBody::ExpectationBroken { .. }
            | AlertBody::ClusterSilent { .. }
            | AlertBody::ClusterStalled(_)
            | AlertBody::BudgetSpent { .. }
            | AlertBody::SilenceOver { .. }
            | AlertBody::StallOver { .. } => None,
        }
    }
}

/// Whether an alert is one of many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    /// It is not.
    Calm,
    /// From it on there are too many.
    StormBegins,
    /// It belongs to the storm with this message: its channel and id.
    Storm(String, String),
}

/// Whether an alert ends what it follows: a retraction may leave other deadlines of the incident missed.
pub(crate) fn ends(alert: &Alert) -> bool {
    !matches!(alert.body, AlertBody::SlotRetracted { incident: Some(_), misses: 1.., .. })
}

/// A change of what Slack has.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// A message is as this entry has it.
    Put(Box<Entry>),
    /// The message about this subject is forgotten, or is about another one now.
    Forget { receiver: String, subject: Uuid },
    /// An alert waits.
    Wait(Box<Waiting>),
    /// The alert of this id does not wait any more.
    Accepted { receiver: String, id: Uuid },
}

/// The messages of one partition, by subject.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    entries: BTreeMap<Uuid, Entry>,
    /// By the run's UID, the messages about failed runs, and about the deadlines that they missed.
    runs: BTreeMap<(Queue, String), Uuid>,
    /// Messages that do not refer to their counterpart yet, which is there.
    unlinked: BTreeSet<(Queue, Uuid)>,
    backlog: Backlog,
    /// The offset after the last record that was read.
    read_to: Offset,
}

impl Messages {
    /// Reads those of a partition.
    ///
    /// # Errors
    /// The log cannot be read.
    pub(crate) fn load(reader: &(impl LogReader + ?Sized), partition: Partition) -> Result<Self, LogError> {
        let topic = Topic::Deliveries;
        let end = reader.last_stable_offset(topic, partition)?;
        let mut next = reader.earliest(topic, partition)?;
        let mut values = BTreeMap::new();
        while next < end {
            let records = reader.read(topic, partition, next, RECORDS_READ_MAX, BYTES_READ_MAX)?;
            let Some(last) = records.last() else { break };
            next = last.offset.next();
            for record in records {
                match record.value {
                    Some(value) => values.insert(record.key, value),
                    None => values.remove(&record.key),
                };
            }
        }
        let mut messages = Self { read_to: next, ..Self::default() };
        for (key, value) in values {
            if let Err(error) = messages.take_over(&value) {
                tracing::warn!(
                    %partition,
                    "the record {key} of {topic} cannot be read: what follows it becomes a message of its own: {error}"
                );
            }
        }
        Ok(messages)
    }

    fn take_over(&mut self, value: &[u8]) -> Result<(), DecodeError> {
        match kigen_wire::decode_delivery(value)? {
            DeliveryRecord::Message(delivery) => self.put(Entry::read(delivery)?),
            DeliveryRecord::Undelivered(record) => self.backlog.put(Waiting::read(record)?),
            DeliveryRecord::Retry(request) => self.backlog.retry(request.requested_at),
        }
        Ok(())
    }

    pub(crate) fn get(&self, subject: Uuid) -> Option<&Entry> {
        self.entries.get(&subject)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// The open message that satisfies `is_it`.
    pub(crate) fn find(&self, is_it: impl Fn(&Entry) -> bool) -> Option<&Entry> {
        self.entries.values().find(|entry| entry.is_open() && is_it(entry))
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Put(entry) => self.put(*entry),
            Change::Forget { subject, .. } => self.forget(subject),
            Change::Wait(waiting) => self.backlog.put(*waiting),
            Change::Accepted { id, .. } => self.backlog.remove(id),
        }
    }

    fn put(&mut self, entry: Entry) {
        let subject = entry.delivery.subject;
        self.forget(subject);
        if let Some(uid) = entry.failed_run() {
            let queue = Queue::of(&entry.alert.body);
            self.runs.insert((queue, uid.to_owned()), subject);
            let counterpart = self.runs.get(&(queue.other(), uid.to_owned())).copied();
            if let Some(counterpart) = counterpart.and_then(|other| self.entries.get(&other)) {
                let both = [(queue, &entry), (queue.other(), counterpart)];
                let unlinked = both.into_iter().filter(|(_, entry)| entry.delivery.link.is_none());
                self.unlinked.extend(unlinked.map(|(queue, entry)| (queue, entry.delivery.subject)));
            }
        }
        self.entries.insert(subject, entry);
    }

    fn forget(&mut self, subject: Uuid) {
        let Some(entry) = self.entries.remove(&subject) else { return };
        let queue = Queue::of(&entry.alert.body);
        if let Some(uid) = entry.failed_run() {
            self.runs.remove(&(queue, uid.to_owned()));
        }
        self.unlinked.remove(&(queue, subject));
    }

    /// A message of a queue that does not refer to its counterpart yet, and that: of a batch of which nothing waits, in a channel
    /// that is ready.
    fn unlinked(&self, queue: Queue, is_ready: impl Fn(&str) -> bool) -> Option<(Entry, Entry)> {
        let mut unlinked = self.unlinked.range((queue, Uuid::nil())..=(queue, Uuid::max()));
        unlinked.find_map(|(_, subject)| {
            let entry = self.entries.get(subject)?;
            let Delivery { key, channel, .. } = &entry.delivery;
            if self.backlog.has_batch(queue, key, None) || !is_ready(channel) {
                return None;
            }
            let counterpart = self.runs.get(&(queue.other(), entry.failed_run()?.to_owned()))?;
            Some((entry.clone(), self.entries.get(counterpart)?.clone()))
        })
    }

    /// What is forgotten of a queue as of `now`, beside an entry that is put.
    fn expired(&self, queue: Queue, now: Instant) -> Vec<Change> {
        let oldest = now - TimeDelta::days(REMEMBERED_DAYS);
        let of_queue = self.entries.values().filter(|entry| Queue::of(&entry.alert.body) == queue);
        let expired = of_queue.clone().filter(|entry| entry.delivery.decided_at < oldest && !entry.is_open());
        let mut expired: Vec<Change> = expired.take(FORGOTTEN_AT_ONCE_MAX).map(Entry::forgotten).collect();
        if self.entries.len() >= MESSAGES_MAX && expired.is_empty() {
            let oldest = of_queue.min_by_key(|entry| entry.delivery.decided_at);
            expired.extend(oldest.map(Entry::forgotten));
        }
        expired
    }
}

/// The messages of all partitions. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    partitions: Arc<Mutex<BTreeMap<Partition, Messages>>>,
    changes: watch::Sender<()>,
}

impl Ledger {
    /// A partition begins with these.
    pub(crate) fn begin(&self, partition: Partition, messages: Messages) {
        self.partitions().insert(partition, messages);
        self.changes.send_replace(());
    }

    /// A partition is another notifier's.
    pub(crate) fn give_up(&self, partition: Partition) {
        self.partitions().remove(&partition);
    }

    /// How many partitions this notifier has.
    pub(crate) fn partition_count(&self) -> u32 {
        u32::try_from(self.partitions().len()).unwrap_or(u32::MAX)
    }

    /// Applies what was committed, unless the partition was given up meanwhile.
    pub(crate) fn apply(&self, partition: Partition, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        if let Some(messages) = self.partitions().get_mut(&partition) {
            changes.into_iter().for_each(|change| messages.change(change));
        }
        self.changes.send_replace(());
    }

    /// Reads the messages of a partition; none of one that was given up.
    pub(crate) fn with<T>(&self, partition: Partition, read: impl FnOnce(&Messages) -> T) -> T {
        match self.partitions().get(&partition) {
            Some(messages) => read(messages),
            None => read(&Messages::default()),
        }
    }

    /// A message of a queue that does not refer to its counterpart yet, and that, in a channel that is ready.
    pub(crate) fn unlinked(
        &self,
        partition: Partition,
        queue: Queue,
        is_ready: impl Fn(&str) -> bool,
    ) -> Option<(Entry, Entry)> {
        self.with(partition, |messages| messages.unlinked(queue, is_ready))
    }

    /// Whether an alert of a batch has to wait for others: of the batch, or for the channel.
    pub(crate) fn waits(
        &self,
        partition: Partition,
        queue: Queue,
        (key, copy): (&BatchKey, Option<&str>),
        channel: &str,
    ) -> bool {
        let partitions = self.partitions();
        let is_behind = partitions.get(&partition).is_some_and(|of| of.backlog.has_batch(queue, key, copy));
        is_behind || partitions.values().any(|messages| messages.backlog.has_channel(queue, channel))
    }

    /// Whether an alert of a batch has to wait for others of the batch.
    pub(crate) fn waits_for_batch(
        &self,
        partition: Partition,
        queue: Queue,
        (key, copy): (&BatchKey, Option<&str>),
    ) -> bool {
        self.with(partition, |messages| messages.backlog.has_batch(queue, key, copy))
    }

    /// Of each channel the alert of a queue that is to be sent next.
    pub(crate) fn heads(&self, queue: Queue) -> Vec<(Partition, Waiting)> {
        let partitions = self.partitions();
        heads(partitions.iter().map(|(partition, messages)| (*partition, &messages.backlog)), queue)
    }

    /// What waits, and what has failed.
    pub(crate) fn tallies(&self) -> Tallies {
        tallies(self.partitions().values().map(|messages| &messages.backlog))
    }

    /// Whether so much of a partition waits that nothing more of it is read.
    pub(crate) fn is_full(&self, partition: Partition) -> bool {
        self.with(partition, |messages| messages.backlog.is_full())
    }

    /// The partitions in which alerts have failed, each with the offset from which its records were not read.
    pub(crate) fn with_failed(&self) -> Vec<(Partition, Offset)> {
        let partitions = self.partitions();
        let failed = partitions.iter().filter(|(_, messages)| messages.backlog.has_failed());
        failed.map(|(partition, messages)| (*partition, messages.read_to)).collect()
    }

    /// An operator may have wanted those of a partition sent again that have failed, by a record before this offset.
    pub(crate) fn retry(&self, partition: Partition, request: Option<Instant>, read_to: Offset) {
        let mut partitions = self.partitions();
        let Some(messages) = partitions.get_mut(&partition) else { return };
        messages.read_to = read_to.max(messages.read_to);
        if let Some(requested_at) = request {
            messages.backlog.retry(requested_at);
            drop(partitions);
            self.changes.send_replace(());
        }
    }

    /// The message does without a reference: it, or its counterpart, is gone.
    pub(crate) fn leave_unlinked(&self, partition: Partition, queue: Queue, subject: Uuid) {
        if let Some(messages) = self.partitions().get_mut(&partition) {
            messages.unlinked.remove(&(queue, subject));
        }
    }

    /// What is forgotten when an alert is delivered.
    fn expired(&self, partition: Partition, alert: &Alert) -> Vec<Change> {
        let (mut expired, failed) = self.with(partition, |messages| {
            let expired = messages.expired(Queue::of(&alert.body), alert.decided_at);
            (expired, messages.backlog.expired(alert.decided_at))
        });
        expired.extend(failed.into_iter().map(|(receiver, id)| Change::Accepted { receiver, id }));
        expired
    }

    /// What changes when a message is as `entry` has it, in place of the one before, and what is forgotten with it.
    pub(crate) fn replaced(
        &self,
        partition: Partition,
        alert: &Alert,
        before: Option<&Entry>,
        entry: Entry,
    ) -> Vec<Change> {
        let own = entry.delivery.subject;
        let mut changes = self.expired(partition, alert);
        changes.retain(|change| !matches!(change, Change::Forget { subject, .. } if *subject == own));
        changes.extend(before.filter(|before| before.delivery.subject != own).map(Entry::forgotten));
        changes.push(Change::Put(Box::new(entry)));
        changes
    }

    /// The messages of a partition that are so.
    pub(crate) fn of_partition(&self, partition: Partition, is_so: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        self.with(partition, |messages| {
            messages.entries.values().filter(|entry| is_so(entry)).cloned().collect()
        })
    }

    /// The messages of a route that are so.
    pub(crate) fn of_route(&self, route: &str, is_so: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        let partitions = self.partitions();
        let all = partitions.values().flat_map(|messages| messages.entries.values());
        all.filter(|entry| entry.delivery.route == route && is_so(entry)).cloned().collect()
    }

    /// Whether an alert is one of many for its channel, as it is configured.
    pub(crate) fn weather(&self, alert: &Alert, route: &str) -> Weather {
        let partitions = self.partitions();
        let near = partitions.values().flat_map(|messages| messages.entries.values()).filter(|entry| {
            let between = (alert.decided_at - entry.alert.decided_at).num_seconds().abs();
            let is_here = entry.delivery.rejected.is_none() && entry.delivery.quiet_until.is_none();
            between <= STORM_WITHIN_S && is_here && entry.delivery.route == route
        });
        let (mut own, mut heads) = (0, BTreeSet::new());
        for Entry { delivery, .. } in near {
            match delivery.storm.map(|_| &delivery.message).or(delivery.thread.as_ref()) {
                Some(head) => _ = heads.insert((head, &delivery.channel)),
                None => own += 1,
            }
        }
        // Of several the earliest: what was posted before a crash is in the same one after it.
        match heads.first() {
            Some((head, channel)) => Weather::Storm((*channel).clone(), (*head).clone()),
            None if own < OWN_MESSAGES_MAX => Weather::Calm,
            None => Weather::StormBegins,
        }
    }

    /// The storms whose messages are in this partition, in this queue, each with its alerts and whether they are over; those of
    /// which not all alerts are known here are left out.
    pub(crate) fn storms(&self, partition: Partition, queue: Queue) -> Vec<(Entry, Vec<(Alert, bool)>)> {
        let partitions = self.partitions();
        let Some(messages) = partitions.get(&partition) else { return Vec::new() };
        let heads = messages.entries.values().filter(|entry| Queue::of(&entry.alert.body) == queue);
        let heads = heads.filter(|entry| entry.delivery.quiet_until.is_none());
        let storm = |head: &Entry| {
            let counted = usize::try_from(head.delivery.storm?).ok()?;
            let is_of_it = |entry: &&Entry| {
                entry.delivery.thread.as_ref() == Some(&head.delivery.message)
                    && entry.delivery.channel == head.delivery.channel
            };
            let all = partitions.values().flat_map(|messages| messages.entries.values());
            let of_storm = all.filter(is_of_it);
            let is_over = |entry: &Entry| entry.followed_by.as_ref().is_some_and(ends);
            let alerts: Vec<_> = of_storm.map(|entry| (entry.alert.clone(), is_over(entry))).collect();
            (alerts.len() >= counted).then(|| (head.clone(), alerts))
        };
        heads.filter_map(storm).collect()
    }

    /// Changes of any partition.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    fn partitions(&self) -> MutexGuard<'_, BTreeMap<Partition, Messages>> {
        self.partitions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
