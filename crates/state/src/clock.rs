//! A cluster's time on one partition: it moves by the ticks of the newest epoch, never back.

use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, StreamPosition};
use kigen_model::slot::Gap;

use crate::calendars::{CalendarVersion, Calendars};
use crate::mutes::Mutes;

/// How many gaps of a cluster are kept; at the limit the two oldest are merged, so that a slot that has been open for long
/// is judged unknown too often rather than too rarely.
pub const GAPS_MAX: usize = 8;

/// What one partition knows of one cluster's time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterClock {
    /// The newest epoch observed; events of an older one are ignored.
    pub epoch: u64,
    /// The watermark: all that was observed up to here is known.
    pub observed_until: Option<Instant>,
    /// Times of which history may be missing, in the order in which they were emitted.
    pub gaps: Vec<Gap>,
    /// The calendars that its objectives may name.
    pub calendars: Calendars,
    /// The mutes of its objectives, and its stalls.
    pub mutes: Mutes,
    /// The positions of the last tick; empty: there was none, or an older kigen wrote this clock. No verdict depends on them: a
    /// shipper resumes from them.
    pub positions: Vec<StreamPosition>,
    /// The last UID that an event had; `None`: none had one, or an older kigen wrote this clock. No verdict depends on it.
    pub cluster_uid: Option<String>,
    /// That its silence was reported, until that it is over is reported, too; `None` also in each partition but that of the
    /// cluster's name. No verdict depends on it.
    pub silence: Option<Silence>,
}

/// A silence that was reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// The cluster's time in it.
    pub since: Instant,
    /// The first time after it; `None`: it goes on.
    pub until: Option<Instant>,
}

impl ClusterClock {
    /// Applies `event`; false: it is of an older epoch and changes nothing.
    pub fn step(&mut self, event: &ClusterEvent) -> bool {
        if let ClusterBody::Mute { id, change } = &event.body {
            self.mutes.apply(id, change, self.observed_until);
            return true;
        }
        if event.epoch < self.epoch {
            return false;
        }
        self.epoch = event.epoch;
        if event.cluster_uid.is_some() {
            self.cluster_uid.clone_from(&event.cluster_uid);
        }
        match &event.body {
            ClusterBody::Tick { observed_until, positions } => {
                self.observed_until = self.observed_until.max(Some(*observed_until));
                self.positions.clone_from(positions);
                if let Some(silence) = &mut self.silence
                    && self.observed_until > Some(silence.since)
                {
                    silence.until = silence.until.or(self.observed_until);
                }
            }
            ClusterBody::Gap(gap) => self.add_gap(*gap),
            ClusterBody::Calendar { name, revision, working_days } => {
                let version = CalendarVersion { revision: *revision, working_days: working_days.clone() };
                self.calendars.apply(name, version, self.observed_until);
            }
            ClusterBody::Stalled { report, .. } => self.mutes.stalls.begin(report.since),
            ClusterBody::StallOver { at } => self.mutes.stalls.end(*at),
            ClusterBody::Epoch { .. } | ClusterBody::Mute { .. } => {}
            // The epoch stays: the records of a shipper that was not stopped are ignored. That a reported silence is over must
            // still be reported.
            ClusterBody::Forgotten { .. } => {
                *self = Self { epoch: self.epoch, silence: self.silence, ..Self::default() };
            }
        }
        true
    }

    /// Whether it is at least where `event` moves it: one that does not cover a judged event belongs to another topic.
    pub fn covers(&self, event: &ClusterEvent) -> bool {
        match event.body {
            ClusterBody::Tick { observed_until, .. } if event.epoch == self.epoch => {
                self.observed_until >= Some(observed_until)
            }
            ClusterBody::Tick { .. }
            | ClusterBody::Epoch { .. }
            | ClusterBody::Gap(_)
            | ClusterBody::Calendar { .. }
            | ClusterBody::Mute { .. }
            | ClusterBody::Stalled { .. }
            | ClusterBody::StallOver { .. }
            | ClusterBody::Forgotten { .. } => event.epoch <= self.epoch,
        }
    }

    /// Adds a gap, once.
    pub fn add_gap(&mut self, gap: Gap) {
        if self.gaps.contains(&gap) {
            return;
        }
        self.gaps.push(gap);
        if self.gaps.len() > GAPS_MAX {
            let first = self.gaps.remove(0);
            self.gaps[0] = first.covering(self.gaps[0]);
        }
    }
}

#[cfg(test)]
mod tests {
    use kigen_model::event::MuteChange;
    use kigen_model::mute::{Mute, MuteScope};

    use super::*;

    fn at(minute: i64) -> Instant {
        Instant::UNIX_EPOCH + chrono::TimeDelta::minutes(minute)
    }

    fn event(epoch: u64, body: ClusterBody) -> ClusterEvent {
        ClusterEvent { cluster: "prod".to_owned(), cluster_uid: None, epoch, body }
    }

    fn tick(epoch: u64, minute: i64) -> ClusterEvent {
        event(epoch, ClusterBody::Tick { observed_until: at(minute), positions: Vec::new() })
    }

    fn gap(from: Option<i64>, to: i64) -> Gap {
        Gap::unwatched(from.map(at), at(to))
    }

    #[test]
    fn time_moves_by_the_ticks_of_the_newest_epoch_and_never_back() {
        let mut clock = ClusterClock::default();
        assert!(clock.step(&tick(1, 10)) && clock.step(&tick(1, 5)));
        assert_eq!(clock.observed_until, Some(at(10)));
        assert!(clock.step(&event(2, ClusterBody::Epoch { shipper: "new".to_owned() })));
        assert!(!clock.step(&tick(1, 20)), "a zombie cannot move time");
        assert_eq!((clock.observed_until, clock.epoch), (Some(at(10)), 2));
        assert!(clock.step(&tick(2, 20)));
        assert_eq!(clock.observed_until, Some(at(20)));
    }

    #[test]
    fn a_clock_has_the_positions_of_the_last_tick_that_counts_and_the_last_uid() {
        let positions =
            |resource_version| vec![StreamPosition { stream: "jobs".to_owned(), resource_version }];
        let tick = |epoch, minute, resource_version| {
            event(
                epoch,
                ClusterBody::Tick { observed_until: at(minute), positions: positions(resource_version) },
            )
        };
        let mut clock = ClusterClock::default();
        clock.step(&ClusterEvent { cluster_uid: Some("one".to_owned()), ..tick(2, 10, 100) });
        clock.step(&ClusterEvent { cluster_uid: Some("zombie".to_owned()), ..tick(1, 20, 90) });
        clock.step(&tick(2, 30, 110));
        clock.step(&event(3, ClusterBody::Epoch { shipper: "two".to_owned() }));
        assert_eq!((clock.positions.clone(), clock.cluster_uid.as_deref()), (positions(110), Some("one")));
    }

    #[test]
    fn a_forgotten_cluster_has_no_time_and_a_shipper_that_still_ran_gives_it_none() {
        let mut clock = ClusterClock::default();
        assert!(clock.step(&tick(3, 10)) && clock.step(&event(3, ClusterBody::Gap(gap(Some(1), 2)))));
        assert!(clock.step(&event(4, ClusterBody::Forgotten { author: "ann@laptop".to_owned() })));
        assert_eq!(clock, ClusterClock { epoch: 4, ..ClusterClock::default() });
        assert!(!clock.step(&tick(3, 20)));
        assert_eq!(clock.observed_until, None);
        assert!(clock.step(&tick(5, 5)));
        assert_eq!(clock.observed_until, Some(at(5)), "it begins anew, at any time");
    }

    #[test]
    fn a_reported_silence_ends_with_the_first_tick_that_moves_time_and_outlasts_that_the_cluster_is_forgotten()
     {
        let mut clock = ClusterClock::default();
        clock.step(&tick(1, 10));
        assert_eq!(clock.silence, None);
        clock.silence = Some(Silence { since: at(10), until: None });
        clock.step(&tick(1, 10));
        clock.step(&event(2, ClusterBody::Epoch { shipper: "new".to_owned() }));
        clock.step(&tick(1, 20));
        assert_eq!(clock.silence, Some(Silence { since: at(10), until: None }), "time does not move");
        clock.step(&tick(2, 30));
        clock.step(&tick(2, 31));
        let over = Some(Silence { since: at(10), until: Some(at(30)) });
        assert_eq!(clock.silence, over, "the first one counts");
        clock.step(&event(3, ClusterBody::Forgotten { author: "ann@laptop".to_owned() }));
        assert_eq!((clock.silence, clock.observed_until), (over, None));
    }

    #[test]
    fn a_mute_counts_whatever_its_epoch_and_moves_none() {
        let mut clock = ClusterClock::default();
        clock.step(&tick(5, 10));
        let change = MuteChange::Declared(Mute {
            scope: MuteScope::Cluster,
            from: at(0),
            until: at(20),
            repeats: None,
            author: "ann".to_owned(),
            reason: "migration".to_owned(),
        });
        assert!(clock.step(&event(0, ClusterBody::Mute { id: "one".to_owned(), change })));
        assert_eq!((clock.epoch, clock.observed_until, clock.mutes.all().count()), (5, Some(at(10)), 1));
    }

    #[test]
    fn at_the_limit_the_two_oldest_gaps_are_merged() {
        let mut clock = ClusterClock::default();
        let gaps: Vec<Gap> = (0..8).map(|n| gap(Some(n * 10), n * 10 + 5)).collect();
        for known in &gaps {
            clock.step(&event(1, ClusterBody::Gap(*known)));
            clock.step(&event(1, ClusterBody::Gap(*known)));
        }
        assert_eq!(clock.gaps, gaps, "each once, and all of them");
        clock.step(&event(1, ClusterBody::Gap(gap(Some(100), 105))));
        assert_eq!(clock.gaps.len(), GAPS_MAX);
        assert_eq!((clock.gaps[0], clock.gaps[1]), (gap(Some(0), 15), gaps[2]));
        assert_eq!(clock.gaps[GAPS_MAX - 1], gap(Some(100), 105));
    }

    #[test]
    fn a_gap_without_a_beginning_stays_one_when_it_is_merged() {
        let mut clock = ClusterClock { gaps: vec![gap(None, 50)], ..ClusterClock::default() };
        for n in 10..18 {
            clock.step(&event(1, ClusterBody::Gap(gap(Some(n * 10), n * 10 + 5))));
        }
        assert_eq!(clock.gaps[0], gap(None, 105));
    }
}
