//! The last records of a cluster on one partition: its newest epoch, its UID and its last tick.

use std::collections::VecDeque;

use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, StreamPosition};
use kigen_state::ClusterClock;

/// How many of a partition's last records of the cluster are searched for a tick. Only those of starts without a tick
/// are among them; a log that has more of them is resumed as if it had no tick.
const CLUSTER_RECORDS_MAX: usize = 1_000;

/// What the last records of a cluster come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ClusterTail {
    pub(super) epoch: u64,
    pub(super) cluster_uid: Option<String>,
    pub(super) tick: Option<(Instant, Vec<StreamPosition>)>,
    /// The timestamp of the tick's record; `None`: the tick is that of a clock.
    pub(super) ticked_at: Option<Instant>,
}

impl ClusterTail {
    /// As of the clock of the cluster; `None`: it was written by a kigen that left out what is needed.
    pub(super) fn of(clock: &ClusterClock) -> Option<Self> {
        let ClusterClock {
            epoch,
            observed_until,
            positions,
            cluster_uid,
            gaps: _,
            calendars: _,
            mutes: _,
            silence: _,
        } = clock;
        let tick = observed_until.map(|observed_until| (observed_until, positions.clone()));
        let is_whole = tick.is_none() || !positions.is_empty();
        is_whole.then(|| Self { epoch: *epoch, cluster_uid: cluster_uid.clone(), tick, ticked_at: None })
    }

    /// Records of an older epoch after those of a newer one are ignored, here and by the processor: a leader that was frozen
    /// and wakes up must not hide what its successor has lost.
    fn apply(&mut self, timestamp: Instant, event: ClusterEvent) {
        let ClusterEvent { cluster: _, cluster_uid, epoch, body } = event;
        if epoch < self.epoch {
            return;
        }
        self.epoch = epoch;
        self.cluster_uid = cluster_uid.or(self.cluster_uid.take());
        match body {
            ClusterBody::Tick { observed_until, positions } => {
                self.tick = Some((observed_until, positions));
                self.ticked_at = Some(timestamp);
            }
            // Another cluster may have the name from here on.
            ClusterBody::Forgotten { .. } => *self = Self { epoch, ..Self::default() },
            ClusterBody::Epoch { .. }
            | ClusterBody::Gap(_)
            | ClusterBody::Calendar { .. }
            | ClusterBody::Mute { .. }
            | ClusterBody::Stalled { .. }
            | ClusterBody::StallOver { .. } => {}
        }
    }
}

/// The records of a cluster, in their order. Nearly all of them are ticks, and of ticks only the last counts: they are decoded
/// at the end.
#[derive(Debug)]
pub(super) struct ClusterRecords<'a> {
    cluster: &'a str,
    before: ClusterTail,
    last: VecDeque<(Instant, Vec<u8>)>,
}

impl<'a> ClusterRecords<'a> {
    /// Those after `before`.
    pub(super) fn after(before: ClusterTail, cluster: &'a str) -> Self {
        Self { cluster, before, last: VecDeque::new() }
    }

    /// Adds the next one.
    pub(super) fn push(&mut self, timestamp: Instant, value: Vec<u8>) {
        self.last.push_back((timestamp, value));
        if self.last.len() > CLUSTER_RECORDS_MAX
            && let Some((timestamp, value)) = self.last.pop_front()
            && let Some(forgotten) = kigen_wire::decode_forgotten(&value)
        {
            self.before.apply(timestamp, forgotten);
        }
    }

    /// What they come to.
    pub(super) fn into_tail(self) -> ClusterTail {
        let Self { cluster, before: mut tail, last } = self;
        for (timestamp, value) in last {
            match kigen_wire::decode_event(&value) {
                Ok(Event::Cluster(event)) if event.cluster == cluster => tail.apply(timestamp, event),
                Ok(Event::Cluster(_) | Event::Fact(_)) | Err(_) => {}
            }
        }
        tail
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Instant {
        Instant::UNIX_EPOCH + chrono::TimeDelta::minutes(minute)
    }

    fn event(epoch: u64, cluster_uid: Option<&str>, body: ClusterBody) -> ClusterEvent {
        let cluster_uid = cluster_uid.map(str::to_owned);
        ClusterEvent { cluster: "prod".to_owned(), cluster_uid, epoch, body }
    }

    fn tick(epoch: u64, cluster_uid: Option<&str>, minute: i64) -> ClusterEvent {
        let resource_version = minute.unsigned_abs() * 10;
        let positions = vec![StreamPosition { stream: "jobs".to_owned(), resource_version }];
        event(epoch, cluster_uid, ClusterBody::Tick { observed_until: at(minute), positions })
    }

    fn began(epoch: u64, cluster_uid: Option<&str>) -> ClusterEvent {
        event(epoch, cluster_uid, ClusterBody::Epoch { shipper: "one".to_owned() })
    }

    /// Two leaders, of which the first wakes up after the second has begun, and a cluster that is forgotten in between.
    fn history() -> Vec<ClusterEvent> {
        vec![
            began(1, Some("first")),
            tick(1, Some("first"), 1),
            began(2, None),
            tick(1, Some("first"), 2),
            tick(2, None, 3),
            event(3, None, ClusterBody::Forgotten { author: "ann@laptop".to_owned() }),
            tick(2, None, 4),
            began(4, Some("second")),
            tick(4, None, 6),
            began(5, None),
        ]
    }

    fn tail(before: ClusterTail, events: &[ClusterEvent]) -> ClusterTail {
        let mut records = ClusterRecords::after(before, "prod");
        for (event, minute) in events.iter().zip(0..) {
            let event = Event::Cluster(event.clone());
            records.push(at(minute), kigen_wire::encode_event(&event, kigen_wire::Level::NEWEST));
        }
        ClusterTail { ticked_at: None, ..records.into_tail() }
    }

    #[test]
    fn what_was_judged_and_what_follows_come_to_the_same_as_all_of_it_wherever_it_is_cut() {
        let history = history();
        for end in 0..=history.len() {
            let whole = tail(ClusterTail::default(), &history[..end]);
            for judged in 0..=end {
                let mut clock = ClusterClock::default();
                for event in &history[..judged] {
                    clock.step(event);
                }
                let before = ClusterTail::of(&clock).expect("a clock with positions");
                assert_eq!(tail(before, &history[judged..end]), whole, "{judged} of {end} are judged");
            }
        }
        let whole = tail(ClusterTail::default(), &history);
        assert_eq!((whole.epoch, whole.cluster_uid.as_deref()), (5, Some("second")));
        assert_eq!(whole.tick.map(|(observed_until, _)| observed_until), Some(at(6)));
    }

    #[test]
    fn a_cluster_that_was_forgotten_more_records_ago_than_are_searched_has_nothing_of_before() {
        let mut clock = ClusterClock::default();
        clock.step(&tick(1, Some("first"), 1));
        let forgotten = event(2, None, ClusterBody::Forgotten { author: "ann@laptop".to_owned() });
        let starts = (0..CLUSTER_RECORDS_MAX).map(|_| began(3, None));
        let events: Vec<_> = std::iter::once(forgotten).chain(starts).collect();
        let after = tail(ClusterTail::of(&clock).expect("a clock with positions"), &events);
        assert_eq!(after, ClusterTail { epoch: 3, ..ClusterTail::default() });
    }

    #[test]
    fn the_clock_of_an_older_kigen_is_not_enough() {
        let mut clock = ClusterClock::default();
        assert_eq!(ClusterTail::of(&clock), Some(ClusterTail::default()));
        clock.step(&tick(1, Some("first"), 1));
        clock.positions.clear();
        assert_eq!(ClusterTail::of(&clock), None);
    }
}
