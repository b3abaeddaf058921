//! Sends each alert to what it is for: channels in Slack, and other receivers. What is not accepted waits.
//!
//! A channel or receiver that fails is left alone for a while; what is for it waits in `kigen.deliveries`, in its order, and nothing
//! else does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;
use kigen_log::LogReader;
use kigen_model::Instant;
use kigen_model::alert::Alert;
use kigen_model::delivery::{Delivery, SLACK, Undelivered};
use kigen_model::topic::Partition;
use kigen_ops::on_thread;
use kigen_wire::Level;
use tokio::time::Instant as TimerInstant;

use crate::around::Around;
use crate::backlog::{TURN, Waiting};
use crate::digests::Digests;
use crate::failure::{Failure, Remedy};
use crate::ledger::{Change, Entry, Ledger};
use crate::metrics;
use crate::notice;
use crate::patience::Patience;
use crate::pauses::Pauses;
use crate::plan::{Plan, plan};
use crate::queue::Queue;
use crate::quiet::{Quieted, quieted};
use crate::receiver::Receiver;
use crate::repeater::{Repeater, Turns};
use crate::routing::{Routes, Target, address};
use crate::sending::{Doubt, NewAlert, Sending};
use crate::slack::client::Slack;
use crate::slack::sender::{SlackSender, is_elsewhere};
use crate::surroundings::Surroundings;

/// After how many hours an alert is given up that a person could have let through: the token is not valid, or no channel takes
/// it.
const REFUSED_HOURS_MAX: i64 = 24;

/// The receivers beside Slack, by their addresses.
pub type Receivers = BTreeMap<String, Arc<dyn Receiver>>;

/// Sends the alerts of all queues. Clones share what they know.
#[derive(Clone)]
pub(crate) struct Dispatcher {
    slack: Option<SlackSender>,
    receivers: Arc<Receivers>,
    routes: Arc<Routes>,
    around: Around,
    ledger: Ledger,
    pauses: Arc<Pauses>,
    turns: Arc<Turns>,
    /// The partitions whose next message has not been posted, since the one before it was not when it was looked up. In any
    /// other it may have been, so it is looked up first.
    settled: Arc<Mutex<BTreeSet<(Queue, Partition)>>>,
    /// Receivers that want no alerts any more.
    gone: Arc<Mutex<BTreeMap<String, Failure>>>,
    digests: Digests,
}

impl Dispatcher {
    pub(crate) fn new(
        slack: Option<Slack>,
        receivers: Receivers,
        routes: Routes,
        patience: Patience,
    ) -> Self {
        let (ledger, pauses) = (Ledger::default(), Arc::new(Pauses::new(patience)));
        let slack = slack.map(|slack| SlackSender::new(slack, patience, ledger.clone(), Arc::clone(&pauses)));
        let (around, settled, gone, digests) = Default::default();
        let repeated = receivers.iter().filter(|(_, receiver)| receiver.repeats_after().is_some());
        let turns = repeated.map(|(address, _)| (address.clone(), Arc::default())).collect();
        let (receivers, routes, turns) = (Arc::new(receivers), Arc::new(routes), Arc::new(turns));
        Self { slack, receivers, routes, around, ledger, pauses, turns, settled, gone, digests }
    }

    /// Reads what is around alerts, and what other partitions hold.
    pub(crate) fn reading(&mut self, around: Around, reader: Arc<dyn LogReader>) {
        if let Some(slack) = &mut self.slack {
            slack.reading(around.clone(), reader.partitions());
        }
        self.digests.reading(reader);
        self.around = around;
    }

    /// Has what lasts in its thread again after this time, in Slack.
    pub(crate) fn remind_after(&mut self, every: Option<TimeDelta>) {
        if let Some(slack) = &mut self.slack {
            slack.remind_after(every);
        }
    }

    /// Whether an alert is for any receiver.
    pub(crate) fn is_routed(&self, alert: &Alert) -> bool {
        !self.routes.targets(alert).is_empty()
    }

    /// What updates messages in Slack without an alert.
    pub(crate) fn slack(&self) -> Option<&SlackSender> {
        self.slack.as_ref()
    }

    /// The messages that receivers have, and what waits.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(crate) fn digests(&self) -> &Digests {
        &self.digests
    }

    /// The receiver at an address.
    pub(crate) fn receiver(&self, address: &str) -> Option<Arc<dyn Receiver>> {
        self.receivers.get(address).cloned()
    }

    /// What a message is for; where the configuration has no such target any more, as it was.
    pub(crate) fn target_of_entry(&self, entry: &Entry) -> Target {
        let Delivery { receiver, route, is_copy, .. } = &entry.delivery;
        let mut targets = self.routes.targets(&entry.alert).into_iter();
        let found = targets.find(|target| target.channel == *route && target.receiver == *receiver);
        found.unwrap_or_else(|| self.routes.forgotten(receiver, route, *is_copy))
    }

    /// What gives receivers again what lasts, by this clock.
    pub(crate) fn repeaters(&self, now: fn() -> Instant) -> Vec<Repeater> {
        let repeater = |(address, receiver): (&String, &Arc<dyn Receiver>)| {
            let endpoint = self.routes.endpoints.iter().find(|endpoint| endpoint.address == *address);
            Some(Repeater {
                address: address.clone(),
                receiver: Arc::clone(receiver),
                every: receiver.repeats_after()?,
                language: endpoint.and_then(|endpoint| endpoint.language).unwrap_or(self.routes.language),
                ledger: self.ledger.clone(),
                turn: Arc::clone(self.turns.get(address)?),
                now,
            })
        };
        self.receivers.iter().filter_map(repeater).collect()
    }

    /// Looks up the next message of each of these partitions before it is posted.
    pub(crate) async fn look_up_next(&self, queue: Queue, partitions: &[Partition]) {
        self.settled().retain(|(of, partition)| *of != queue || !partitions.contains(partition));
        self.digests.forget().await;
    }

    /// Sends an alert to what it is for, or lets it wait; returns what the receivers have then.
    pub(crate) async fn send(&self, alert: NewAlert<'_>) -> Vec<Change> {
        let place = (Queue::of(&alert.alert.body), alert.partition);
        let is_in_doubt = !self.settled().contains(&place);
        let mut changes = Vec::new();
        for target in self.routes.targets(alert.alert) {
            let doubt = Doubt::new(is_in_doubt);
            changes.extend(self.send_to(alert.sending(&target, &doubt)).await);
            if doubt.is_settled() {
                self.settled().insert(place);
            }
        }
        changes
    }

    async fn send_to(&self, sending: Sending<'_>) -> Vec<Change> {
        let queue = Queue::of(&sending.alert.body);
        if let Some(changes) = self.hold(sending, queue) {
            return changes;
        }
        let channel = self.channel_of(sending);
        let gone = self.gone().get(&channel).cloned();
        if gone.is_none()
            && let Some(reason) = self.reason_to_wait(sending, queue, &channel)
        {
            return vec![wait(sending, channel, reason)];
        }
        let sent = match gone {
            Some(failure) => Err(failure),
            None => self.try_send(sending).await,
        };
        match sent {
            Ok(changes) => {
                self.pauses.succeeded(queue, &channel);
                changes
            }
            Err(failure) => {
                self.failed(queue, &channel, &failure);
                let mut record = undelivered(sending, channel, failure.reason.clone());
                give_up(&mut record, &failure, (sending.now)());
                let (alert, is_in_doubt) = (sending.alert.clone(), sending.doubt.remains());
                vec![Change::Wait(Box::new(Waiting { queue, record, alert, is_in_doubt }))]
            }
        }
    }

    /// Holds an alert back for a digest; `None`: it is sent, or waits behind others of its batch.
    fn hold(&self, sending: Sending<'_>, queue: Queue) -> Option<Vec<Change>> {
        let Target { channel: route, is_copy, .. } = sending.target;
        let order = (&sending.alert.key, is_copy.then_some(&**route));
        if self.ledger.waits_for_batch(sending.partition, queue, order) {
            return None;
        }
        match quieted(sending, self.plan(sending)) {
            Quieted::Held(entries, forgotten) => Some(self.held_changes(sending, entries, forgotten)),
            Quieted::Sent(..) => None,
        }
    }

    fn held_changes(
        &self,
        sending: Sending<'_>,
        entries: Vec<Entry>,
        forgotten: Option<Change>,
    ) -> Vec<Change> {
        let mut changes = Vec::new();
        for entry in entries {
            changes.extend(self.ledger.replaced(sending.partition, sending.alert, None, entry));
        }
        changes.extend(forgotten);
        changes
    }

    /// Sends an alert that waits; returns what the receivers have then.
    pub(crate) async fn send_waiting(
        &self,
        (partition, waiting): (Partition, &Waiting),
        level: Level,
        now: fn() -> Instant,
    ) -> Vec<Change> {
        let Waiting { queue, record, alert, is_in_doubt } = waiting;
        let (doubt, target) = (Doubt::new(*is_in_doubt), self.target_of(waiting));
        let alert = NewAlert { partition, offset: record.offset, alert, level, now };
        let sending = alert.sending(&target, &doubt);
        match self.try_send(sending).await {
            Ok(mut changes) => {
                self.pauses.succeeded(*queue, &record.channel);
                self.gone().remove(&record.channel);
                changes.push(Change::Accepted { receiver: record.receiver.clone(), id: record.id });
                changes
            }
            Err(failure) => {
                self.failed(*queue, &record.channel, &failure);
                let mut waiting = Waiting { is_in_doubt: doubt.remains(), ..waiting.clone() };
                waiting.record.reason.clone_from(&failure.reason);
                give_up(&mut waiting.record, &failure, now());
                vec![Change::Wait(Box::new(waiting))]
            }
        }
    }

    /// What an alert that waits is for; where the configuration has no such copy any more, as it was.
    fn target_of(&self, waiting: &Waiting) -> Target {
        let Undelivered { receiver, route, is_copy, .. } = &waiting.record;
        let mut targets = self.routes.targets(&waiting.alert).into_iter();
        let found = targets.find(|target| {
            target.receiver == *receiver
                && target.is_copy == *is_copy
                && (!is_copy || target.channel == *route)
        });
        found.unwrap_or_else(|| self.routes.forgotten(receiver, route, *is_copy))
    }

    /// When something may be sent to a channel again; `None`: now.
    pub(crate) fn paused_until(&self, queue: Queue, channel: &str) -> Option<TimerInstant> {
        let free_at = self.slack.as_ref().and_then(|slack| slack.free_at(channel));
        self.pauses.until(queue, channel).max(free_at)
    }

    /// When the next pause of a queue is over.
    pub(crate) fn next_pause_end(&self, queue: Queue) -> Option<TimerInstant> {
        self.pauses.next_end(queue)
    }

    /// The channel of an alert: that of the message which it updates, or the one that it is for.
    fn channel_of(&self, sending: Sending<'_>) -> String {
        match self.plan(sending) {
            Plan::Update(update) if !is_elsewhere(&update, sending) => update.entry.delivery.channel,
            Plan::Update(_) | Plan::Pass | Plan::Post { .. } => sending.target.channel.clone(),
        }
    }

    /// Why an alert is not sent at once.
    fn reason_to_wait(&self, sending: Sending<'_>, queue: Queue, channel: &str) -> Option<String> {
        if let Some(reason) = self.pauses.reason(queue, channel) {
            return Some(reason);
        }
        let Target { channel: route, is_copy, .. } = sending.target;
        if self.slack.as_ref().and_then(|slack| slack.free_at(channel)).is_some() {
            return Some(TURN.to_owned());
        }
        let order = (&sending.alert.key, is_copy.then_some(&**route));
        let waits = self.ledger.waits(sending.partition, queue, order, channel);
        waits.then(|| "alerts before it wait".to_owned())
    }

    /// A request for a channel succeeded.
    pub(crate) fn succeeded(&self, queue: Queue, channel: &str) {
        self.pauses.succeeded(queue, channel);
    }

    /// A request failed: its channel is left alone for a while, or for good.
    pub(crate) fn failed(&self, queue: Queue, channel: &str, failure: &Failure) {
        match failure.remedy {
            Remedy::Gone => _ = self.gone().insert(channel.to_owned(), failure.clone()),
            Remedy::Wait | Remedy::WaitFor(_) | Remedy::Repair | Remedy::Content => {
                self.pauses.failed(queue, channel, failure);
            }
        }
    }

    fn plan(&self, sending: Sending<'_>) -> Plan {
        let Sending { partition, offset, alert, target, .. } = sending;
        self.ledger.with(partition, |messages| plan(alert, offset, messages, target))
    }

    async fn try_send(&self, sending: Sending<'_>) -> Result<Vec<Change>, Failure> {
        let plan = self.plan(sending);
        if matches!(plan, Plan::Pass) {
            return Ok(Vec::new());
        }
        let (plan, beside) = match quieted(sending, plan) {
            Quieted::Held(entries, forgotten) => return Ok(self.held_changes(sending, entries, forgotten)),
            Quieted::Sent(plan, beside) => (plan, beside),
        };
        let Target { receiver, channel, .. } = sending.target;
        let surroundings = &self.around.alert(sending.alert).await;
        let mut changes = if receiver == SLACK {
            let slack = self.slack.as_ref().ok_or_else(|| unconfigured(SLACK))?;
            slack.try_send(sending, plan, surroundings).await.map_err(Failure::from)?
        } else {
            let receiver = self.receiver(channel).ok_or_else(|| unconfigured(channel))?;
            self.try_notify(receiver, sending, &plan, surroundings).await?
        };
        changes.extend(beside);
        Ok(changes)
    }

    /// Gives a notice to a receiver that has no messages to be updated.
    async fn try_notify(
        &self,
        receiver: Arc<dyn Receiver>,
        sending: Sending<'_>,
        plan: &Plan,
        surroundings: &Surroundings,
    ) -> Result<Vec<Change>, Failure> {
        let notice = notice::of(sending, plan, surroundings);
        let turn = self.turns.get(&sending.target.channel);
        let mut turn = match turn {
            Some(turn) => Some(turn.lock().await),
            None => None,
        };
        if let Some(turn) = &mut turn {
            turn.sends(&notice);
        }
        let sent = notice.clone();
        let accepted = on_thread(move || receiver.send(&sent)).await.map_err(Failure::from)?;
        drop(turn);
        let entry = notice::entry(sending, plan, &notice, accepted);
        Ok(self.ledger.replaced(sending.partition, sending.alert, plan.before(), entry))
    }

    fn settled(&self) -> MutexGuard<'_, BTreeSet<(Queue, Partition)>> {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gone(&self) -> MutexGuard<'_, BTreeMap<String, Failure>> {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Receivers, each by its kind and its name in the configuration.
pub fn by_address(named: impl IntoIterator<Item = (String, Arc<dyn Receiver>)>) -> Receivers {
    named.into_iter().map(|(name, receiver)| (address(receiver.kind(), &name), receiver)).collect()
}

pub(crate) fn unconfigured(receiver: &str) -> Failure {
    let reason = format!(
        "{receiver} is not configured any more: configure it again, or leave the alert: it is given up after a day"
    );
    Failure { reason, label: "unconfigured", remedy: Remedy::Repair }
}

/// An alert that waits without having been sent.
fn wait(sending: Sending<'_>, channel: String, reason: String) -> Change {
    Change::Wait(Box::new(Waiting {
        queue: Queue::of(&sending.alert.body),
        record: undelivered(sending, channel, reason),
        alert: sending.alert.clone(),
        is_in_doubt: sending.doubt.is_open(),
    }))
}

fn undelivered(sending: Sending<'_>, channel: String, reason: String) -> Undelivered {
    let Sending { id, offset, alert, target, level, now, .. } = sending;
    Undelivered {
        receiver: target.receiver.clone(),
        id,
        key: alert.key.clone(),
        channel,
        offset,
        decided_at: alert.decided_at,
        since: now(),
        failed_at: None,
        reason,
        route: target.channel.clone(),
        is_copy: target.is_copy,
        alert: kigen_wire::encode_alert(alert, level),
    }
}

/// Gives up an alert that its receiver refuses for what it is, or whatever it is for long.
fn give_up(record: &mut Undelivered, failure: &Failure, now: Instant) {
    let is_over = now - record.since >= TimeDelta::hours(REFUSED_HOURS_MAX);
    let is_given_up = match failure.remedy {
        Remedy::Content | Remedy::Gone => true,
        Remedy::Repair => is_over,
        Remedy::Wait | Remedy::WaitFor(_) => false,
    };
    if is_given_up {
        record.failed_at = Some(now);
        metrics::gave_up(failure.label);
        tracing::error!(
            "the alert {} of {} is given up: {}; once that is corrected: kigen notify --retry",
            record.id,
            record.key,
            record.reason
        );
    }
}
