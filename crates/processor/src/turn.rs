//! A turn: a bounded number of events of one partition, folded in memory. Its results leave it only by a commit.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::ops::ControlFlow;

use kigen_control::Control;
use kigen_engine::effect::{Effect, Judgement, Warning};
use kigen_engine::retention;
use kigen_engine::step::{Input, step};
use kigen_log::{ConsumedRecord, Settings, partition_of};
use kigen_model::Instant;
use kigen_model::alert::Alert;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, MuteChange};
use kigen_model::key::BatchKey;
use kigen_model::reject::Reject;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_state::{BatchState, ClusterClock, Cursor, Mutes, POSITION_KEY, PartitionState};
use kigen_wire::{DecodeError, Level};

use crate::error::ProcessorError;
use crate::events::{Decoded, EventDecoder, NotDecoded, Refusal};
use crate::stalls;
use crate::states::States;
use crate::watchdog::Report;

/// How much a turn may hold before it must be committed.
#[derive(Clone, Copy, Debug)]
pub struct TurnBounds {
    /// Events folded.
    pub events_max: usize,
    /// Batches changed, by facts or by a tick's due work.
    pub batches_max: usize,
    /// Instants of due work judged, also where all are of one batch.
    pub slots_max: usize,
    /// Bytes of the outputs of all partitions of a round, by an upper bound of what they have once encoded. A round exceeds
    /// it by at most one event, or one batch's slots of one instant, and the last position record.
    pub bytes_max: usize,
    /// Entries of the index of due work that are read at a time.
    pub due_page_max: usize,
}

impl Default for TurnBounds {
    /// Half of what one write of the log may have: the rest is room for what exceeds it.
    fn default() -> Self {
        Self {
            events_max: 100_000,
            batches_max: 10_000,
            slots_max: 100_000,
            bytes_max: Settings::WRITE_BYTES_MAX / 2,
            due_page_max: 64,
        }
    }
}

/// The most bytes of a reject's fixed parts: its place, its instant and the lengths of its texts.
const REJECT_BYTES: usize = 128;

/// Events of one partition, folded.
pub(crate) struct Turn {
    pub(crate) partition: Partition,
    pub(crate) position: PartitionState,
    pub(crate) changed: HashMap<BatchKey, Changed>,
    pub(crate) alerts: Vec<Raised>,
    pub(crate) rejects: Vec<(Refusal, Reject)>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) judgements: Vec<Judgement>,
    /// The newest timestamp of the records folded, which is also that of the status records.
    pub(crate) at: Instant,
    /// The changed batches that have due work: by cluster, then in the order of the work.
    due: BTreeSet<(String, Cursor)>,
    /// What comes next in the stored index, by cluster.
    ahead: HashMap<String, Ahead>,
    pub(crate) events: usize,
    /// Whether the watchdog has reported something.
    has_report: bool,
    /// The instants of due work judged.
    slots: usize,
    /// An upper bound of the bytes of the changed states, alerts and rejects, with their keys.
    bytes: usize,
    /// The partitions of each topic.
    partitions: u32,
    /// Events right before the first one that is folded expired before they were read.
    has_lost: bool,
    pub(crate) control: Control,
    /// The record at which folding stopped, since a newer kigen wrote it.
    pub(crate) newer: Option<(Offset, DecodeError)>,
}

/// Due work of the stored index in its order, read a page at a time. The index does not change within a turn, so that a tick
/// with nothing due costs no read from the store.
#[derive(Default)]
struct Ahead {
    page: VecDeque<Cursor>,
    /// The last entry that was read.
    last: Option<Cursor>,
    is_all: bool,
}

/// An alert, and its record's value.
pub(crate) struct Raised {
    pub(crate) alert: Alert,
    pub(crate) value: Vec<u8>,
}

/// A batch that this turn has changed.
pub(crate) struct Changed {
    pub(crate) state: BatchState,
    /// Its part of the turn's bytes: an upper bound of its encoding, with its key.
    pub(crate) bytes: usize,
    /// Its entry in the stored index, which the commit replaces.
    pub(crate) due_before: Option<Instant>,
}

impl Turn {
    /// A turn that begins at `position` of one of `partitions` partitions; `has_lost`: events right before it expired before
    /// they were read.
    pub(crate) fn new(
        partition: Partition,
        partitions: u32,
        position: PartitionState,
        has_lost: bool,
        control: Control,
    ) -> Self {
        Self {
            partition,
            position,
            changed: HashMap::new(),
            alerts: Vec::new(),
            rejects: Vec::new(),
            warnings: Vec::new(),
            judgements: Vec::new(),
            at: Instant::UNIX_EPOCH,
            due: BTreeSet::new(),
            ahead: HashMap::new(),
            events: 0,
            has_report: false,
            slots: 0,
            bytes: 0,
            partitions,
            has_lost,
            control,
            newer: None,
        }
    }

    /// The events right before the next one expired before they were read.
    pub(crate) fn lose(&mut self) {
        self.has_lost = true;
    }

    /// Whether nothing was folded or reported.
    pub(crate) fn is_empty(&self) -> bool {
        self.events == 0 && !self.has_report
    }

    /// Raises the alert of the watchdog, once: in the position record that is committed with it, the cluster's clock has that it is
    /// reported. Before any event is folded, since it is about the time until then.
    pub(crate) fn report(&mut self, report: Report) {
        let Report { alert, before, after, .. } = report;
        if self.has_lost {
            // With the next event, time goes on.
            return;
        }
        let Some(clock) = self.position.clocks.get_mut(&alert.key.cluster) else { return };
        let has_moved = matches!(after, Some(silence) if clock.observed_until != Some(silence.since));
        if clock.silence != before || has_moved || !kigen_wire::has_kind(self.control.level(), &alert.body) {
            return;
        }
        clock.silence = after;
        self.has_report = true;
        self.at = self.at.max(alert.decided_at);
        self.raise(alert);
    }

    /// Whether alerts about a whole cluster are raised here.
    fn is_home(&self, cluster: &str) -> bool {
        partition_of(cluster, self.partitions) == self.partition
    }

    /// An older notifier would wait for an alert that it cannot read, and post no miss behind it.
    fn raise(&mut self, alert: Alert) {
        if !kigen_wire::has_kind(self.control.level(), &alert.body) {
            return;
        }
        let value = kigen_wire::encode_alert(&alert, self.control.level());
        self.bytes += key_bytes(&alert.key) + value.len();
        self.alerts.push(Raised { alert, value });
    }

    /// An upper bound of the bytes of its outputs.
    pub(crate) fn output_bytes(&self) -> usize {
        self.bytes + POSITION_KEY.len() + kigen_wire::encode_position(&self.position, Level::NEWEST).len()
    }

    /// Folds records until they end, the turn is full, or a newer kigen wrote one; the rest belongs to the next turn.
    pub(crate) fn fold(
        &mut self,
        records: &[ConsumedRecord],
        states: &mut States<'_>,
        bounds: TurnBounds,
    ) -> Result<(), ProcessorError> {
        let control = self.control.clone();
        let decoder =
            EventDecoder { partition: self.partition, partitions: self.partitions, control: &control };
        decoder.each_event(records, |record, event| self.fold_one(record, event, states, bounds))
    }

    /// Folds the event of a record; `Break`: the turn is full, and the record belongs to the next turn.
    fn fold_one(
        &mut self,
        record: &ConsumedRecord,
        event: Decoded,
        states: &mut States<'_>,
        bounds: TurnBounds,
    ) -> Result<ControlFlow<()>, ProcessorError> {
        if self.is_full(bounds) {
            return Ok(ControlFlow::Break(()));
        }
        if let Err(NotDecoded::Newer(error)) = event {
            self.newer = Some((record.offset, error));
            return Ok(ControlFlow::Break(()));
        }
        self.events += 1;
        self.at = self.at.max(record.timestamp);
        if std::mem::take(&mut self.has_lost) {
            self.position.add_gap_of_log(record.timestamp);
        }
        match event {
            Ok(Event::Fact(fact)) => self.fold_fact(fact, states)?,
            Ok(Event::Cluster(event)) => {
                if !self.fold_cluster(&event, states, bounds)? {
                    // The tick is only partly done: it is read again, and resumes at its cursor.
                    self.position.next = record.offset;
                    return Ok(ControlFlow::Break(()));
                }
            }
            Err(NotDecoded::Refused(refusal, reason)) => self.reject(record, refusal, &reason),
            Err(NotDecoded::Newer(_)) => {}
        }
        self.position.next = record.offset.next();
        Ok(ControlFlow::Continue(()))
    }

    fn reject(&mut self, record: &ConsumedRecord, refusal: Refusal, reason: &str) {
        let place = (Topic::Events, self.partition, record.offset);
        let bytes = record.bytes_as_read();
        let reject = Reject::of_record(place, &record.key, &bytes, reason, record.timestamp);
        // The key is in the record's key and in its value.
        self.bytes += REJECT_BYTES + 2 * reject.key.len() + reject.bytes.len() + reject.reason.len();
        self.rejects.push((refusal, reject));
    }

    fn is_full(&self, bounds: TurnBounds) -> bool {
        self.events >= bounds.events_max
            || self.changed.len() >= bounds.batches_max
            || self.slots >= bounds.slots_max
            || self.bytes >= bounds.bytes_max
    }

    pub(crate) fn fold_fact(&mut self, fact: Fact, states: &mut States<'_>) -> Result<(), ProcessorError> {
        let Fact { key, observed_at, body } = fact;
        let clock = self.position.clocks.get(&key.cluster);
        let observed_after = clock.and_then(|clock| clock.observed_until);
        let mutes = clock.map(|clock| clock.mutes.clone()).unwrap_or_default();
        self.step(&key, Input::Fact { observed_at, observed_after, body, mutes: &mutes }, states, None)
    }

    /// Moves a cluster's clock and judges what is due by it, or removes its batches; false: the turn is full before all of that
    /// is done.
    fn fold_cluster(
        &mut self,
        event: &ClusterEvent,
        states: &mut States<'_>,
        bounds: TurnBounds,
    ) -> Result<bool, ProcessorError> {
        let clock = self.position.clocks.entry(event.cluster.clone()).or_default();
        let stalls_before = clock.mutes.stalls.clone();
        let counts = clock.step(event);
        if counts && matches!(event.body, ClusterBody::Forgotten { .. }) {
            self.position.cursor = None;
            return self.forget(&event.cluster, states, bounds);
        }
        let clock = clock.clone();
        let stall = clock.mutes.stalls.all().last();
        if let Some(stall) =
            stall.filter(|_| clock.mutes.stalls != stalls_before && self.is_home(&event.cluster))
        {
            stalls::alert(event, *stall).into_iter().for_each(|alert| self.raise(alert));
        }
        let ends_silence = match &event.body {
            ClusterBody::Mute { change: MuteChange::Ended { .. }, .. } => true,
            // Also if this turn goes on with what another has begun.
            ClusterBody::StallOver { at } => stall.is_some_and(|stall| stall.until == Some(*at)),
            _ => false,
        };
        if ends_silence {
            return self.unmute(&event.cluster, &clock.mutes, states, bounds);
        }
        let (ClusterBody::Tick { .. }, Some(observed_until), true) =
            (&event.body, clock.observed_until, counts)
        else {
            return Ok(true);
        };
        let ClusterClock { gaps, calendars, mutes, .. } = clock;
        while let Some(cursor) = self.next_due(&event.cluster, observed_until, states, bounds)? {
            if self.is_full(bounds) {
                return Ok(false);
            }
            self.slots += 1;
            let due = Input::Due { observed_until, gaps: &gaps, calendars: &calendars, mutes: &mutes };
            self.step(&cursor.key, due, states, Some(cursor.due))?;
            self.position.cursor = Some(cursor);
        }
        self.position.cursor = None;
        Ok(true)
    }

    /// Removes the batches of a cluster; false: the turn is full before all of them are. The record is read again, and then the
    /// store has only those that are left.
    fn forget(
        &mut self,
        cluster: &str,
        states: &mut States<'_>,
        bounds: TurnBounds,
    ) -> Result<bool, ProcessorError> {
        let of_cluster =
            |(key, changed): (&BatchKey, &Changed)| key.cluster == cluster && !changed.state.is_empty();
        let changed: Vec<BatchKey> =
            self.changed.iter().filter(|it| of_cluster(*it)).map(|(key, _)| key.clone()).collect();
        for key in changed {
            self.step(&key, Input::Forgotten, states, None)?;
        }
        let mut last = None;
        loop {
            let page = states.of_cluster(cluster, last.as_ref(), bounds.due_page_max)?;
            for key in page.iter().filter(|key| !self.changed.contains_key(key)).collect::<Vec<_>>() {
                if self.is_full(bounds) {
                    return Ok(false);
                }
                self.step(key, Input::Forgotten, states, None)?;
            }
            if page.len() < bounds.due_page_max {
                return Ok(true);
            }
            last = page.last().cloned();
        }
    }

    /// Moves the ends of the mutes of muted misses, since a mute has ended before its time; false: the turn is full before that is
    /// done. The record is read again then, and what is done changes nothing.
    fn unmute(
        &mut self,
        cluster: &str,
        mutes: &Mutes,
        states: &mut States<'_>,
        bounds: TurnBounds,
    ) -> Result<bool, ProcessorError> {
        let is_concerned = |state: &BatchState| state.key.cluster == cluster && state.has_muted_miss();
        let changed: Vec<BatchKey> = self
            .changed
            .iter()
            .filter(|(_, changed)| is_concerned(&changed.state))
            .map(|(key, _)| key.clone())
            .collect();
        for key in changed {
            self.step(&key, Input::Unmuted { mutes }, states, None)?;
        }
        let mut last = None;
        loop {
            let page = states.of_cluster(cluster, last.as_ref(), bounds.due_page_max)?;
            for key in &page {
                if self.changed.contains_key(key) || !is_concerned(&states.load(key)?) {
                    continue;
                }
                if self.is_full(bounds) {
                    return Ok(false);
                }
                self.step(key, Input::Unmuted { mutes }, states, None)?;
            }
            if page.len() < bounds.due_page_max {
                return Ok(true);
            }
            last = page.last().cloned();
        }
    }

    /// The first due work: of the stored index for batches that this turn has not changed, of its own for those it has.
    fn next_due(
        &mut self,
        cluster: &str,
        until: Instant,
        states: &mut States<'_>,
        bounds: TurnBounds,
    ) -> Result<Option<Cursor>, ProcessorError> {
        let changed = self
            .due
            .range((cluster.to_owned(), first_cursor())..)
            .next()
            .filter(|(of, cursor)| of == cluster && cursor.due <= until)
            .map(|(_, cursor)| cursor.clone());
        let stored = self.next_stored(cluster, states, bounds)?.filter(|cursor| cursor.due <= until).cloned();
        Ok(match (changed, stored) {
            (Some(changed), Some(stored)) => Some(changed.min(stored)),
            (one, other) => one.or(other),
        })
    }

    /// The first entry of the stored index whose batch this turn has not changed.
    fn next_stored(
        &mut self,
        cluster: &str,
        states: &States<'_>,
        bounds: TurnBounds,
    ) -> Result<Option<&Cursor>, ProcessorError> {
        if !self.ahead.contains_key(cluster) {
            // From the start also where a tick is partly done: judged entries have moved, and an edit that shortens the
            // grace may have moved one to before the cursor.
            self.ahead.insert(cluster.to_owned(), Ahead::default());
        }
        let Some(ahead) = self.ahead.get_mut(cluster) else { return Ok(None) };
        loop {
            while ahead.page.pop_front_if(|cursor| self.changed.contains_key(&cursor.key)).is_some() {}
            if ahead.is_all || !ahead.page.is_empty() {
                return Ok(ahead.page.front());
            }
            ahead.page = states.due(cluster, ahead.last.as_ref(), bounds.due_page_max)?.into();
            ahead.is_all = ahead.page.len() < bounds.due_page_max;
            ahead.last = ahead.page.back().cloned();
        }
    }

    /// `indexed` is the place in the index by which the batch was found: an older kigen may have computed another than its state
    /// has now.
    fn step(
        &mut self,
        key: &BatchKey,
        input: Input<'_>,
        states: &mut States<'_>,
        indexed: Option<Instant>,
    ) -> Result<(), ProcessorError> {
        // The turn's own index holds only batches that it has changed already.
        let (Changed { state, bytes, .. }, due_before) = match self.changed.get_mut(key) {
            Some(changed) => {
                let due = changed.state.next_due();
                (changed, due)
            }
            None => {
                let state = states.load(key)?;
                let changed = Changed { due_before: indexed.or(state.next_due()), state, bytes: 0 };
                (self.changed.entry(key.clone()).or_insert(changed), None)
            }
        };
        let mut raised = Vec::new();
        for effect in step(state, input) {
            match effect {
                Effect::Raise(alert) => raised.push(*alert),
                Effect::Warn(warning) => self.warnings.push(warning),
                Effect::Judge(judgement) => self.judgements.push(judgement),
            }
        }
        self.bytes -= *bytes;
        *bytes = key_bytes(key) + retention::encoded_bytes_max(state);
        self.bytes += *bytes;
        let due = state.next_due();
        if due != due_before {
            let place = |due| (key.cluster.clone(), Cursor { due, key: key.clone() });
            if let Some(due_before) = due_before {
                self.due.remove(&place(due_before));
            }
            self.due.extend(due.map(place));
        }
        raised.into_iter().for_each(|alert| self.raise(alert));
        Ok(())
    }
}

/// The bytes of a record's key.
fn key_bytes(BatchKey { cluster, namespace, batch }: &BatchKey) -> usize {
    cluster.len() + namespace.len() + batch.len() + 2
}

fn first_cursor() -> Cursor {
    Cursor { due: Instant::MIN_UTC, key: BatchKey::new("", "", "") }
}
