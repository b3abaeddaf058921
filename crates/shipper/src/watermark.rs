//! The evidence behind a tick: probes show how far the cluster is, streams how far they have been read.
//!
//! A tick is a watermark, in Flink's and Beam's word: every change up to its instant is in the log.

use std::collections::VecDeque;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::event::StreamPosition;

use crate::resource::Resource;

/// How much later than a round another one must be, so that the first no longer waits for the streams of optional resources: a
/// few probes, in the server's time.
const OPTIONAL_DELAY_MAX: TimeDelta = TimeDelta::seconds(25);

/// How long a round may wait, in the server's time, before the stream that it waits for is behind.
const BEHIND_AFTER: TimeDelta = TimeDelta::seconds(60);

/// One round of probing: the server's time, and then the resource version of each resource.
///
/// The time was answered before the lists were requested. A change made up to that time was therefore stored before a
/// list that reads through to the store was read, so its resource version is at most the list's: a stream that has been
/// read up to the list's version has delivered every change up to that time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeRound {
    /// The server's time, before.
    pub server_time: Instant,
    /// The resource version of each of [`Resource::ALL`], after; `None`: of an optional one that is unavailable (404) or
    /// forbidden (403).
    pub resource_versions: [Option<u64>; Resource::COUNT],
}

/// The rounds that wait for the streams, and how far these are.
#[derive(Debug)]
pub struct Watermark {
    reaches: [Reach; Resource::COUNT],
    rounds: VecDeque<ProbeRound>,
    rounds_pending_max: usize,
    observed_until: Option<Instant>,
}

/// How far a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// It is not open yet, or lists again.
    Nowhere,
    /// It has been read up to this version.
    At(u64),
    /// The resource is unavailable or forbidden: nothing waits for it.
    NotWatched,
}

impl Watermark {
    /// No evidence beyond `observed_until`.
    pub fn new(observed_until: Option<Instant>, rounds_pending_max: usize) -> Self {
        Self {
            reaches: [Reach::Nowhere; Resource::COUNT],
            rounds: VecDeque::new(),
            rounds_pending_max: rounds_pending_max.max(2),
            observed_until,
        }
    }

    /// The latest instant up to which all changes were emitted.
    pub fn observed_until(&self) -> Option<Instant> {
        self.observed_until
    }

    /// The stream must list again: the version it had reached no longer counts.
    pub fn lost(&mut self, resource: Resource) {
        self.reaches[resource.index()] = Reach::Nowhere;
    }

    /// The store has gone back: no round and no stream of its other past counts.
    pub fn another_past(&mut self) {
        self.reaches = [Reach::Nowhere; Resource::COUNT];
        self.rounds.clear();
    }

    /// The resource is unavailable or forbidden, and nothing waits for it until its stream opens.
    pub fn not_watched(&mut self, resource: Resource) {
        self.reaches[resource.index()] = Reach::NotWatched;
    }

    /// The stream opens after this version.
    pub fn opened(&mut self, resource: Resource, resource_version: u64) {
        self.reaches[resource.index()] = Reach::At(resource_version);
    }

    /// The stream has been read up to this version, by an event or a bookmark.
    pub fn reached(&mut self, resource: Resource, resource_version: u64) {
        if let Reach::At(known) = &mut self.reaches[resource.index()] {
            *known = resource_version.max(*known);
        }
    }

    /// Whether the stream is open and has been read up to this version.
    pub fn has_reached(&self, resource: Resource, resource_version: u64) -> bool {
        matches!(self.reaches[resource.index()], Reach::At(reached) if reached >= resource_version)
    }

    /// A round was answered. At the limit every second waiting round is dropped: the oldest will be reached first and
    /// the newest proves most, so the loss is only in how finely time moves once the streams catch up.
    pub fn probed(&mut self, round: ProbeRound) {
        if self.rounds.len() >= self.rounds_pending_max {
            let mut kept = false;
            self.rounds.retain(|_| {
                kept = !kept;
                kept
            });
        }
        self.rounds.push_back(round);
    }

    /// How many rounds wait.
    pub fn rounds_pending(&self) -> usize {
        self.rounds.len()
    }

    /// The instant of the next tick, if there is evidence for a later one than before. To be called only when the log
    /// has acknowledged everything that was received.
    pub fn advance(&mut self) -> Option<Instant> {
        let mut latest = None;
        let newest = self.rounds.back().map(|round| round.server_time);
        while let Some(round) = self.rounds.front() {
            let waits_for_optional =
                newest.is_none_or(|newest| newest - round.server_time < OPTIONAL_DELAY_MAX);
            if !self.covers(round, waits_for_optional) {
                break;
            }
            latest = latest.max(Some(round.server_time));
            self.rounds.pop_front();
        }
        let latest = latest.filter(|latest| Some(*latest) > self.observed_until)?;
        self.observed_until = Some(latest);
        Some(latest)
    }

    /// The first stream that is open and for which a round has waited for longer than a minute. One that is not open has
    /// reported why.
    pub fn behind(&self) -> Option<Resource> {
        let newest = self.rounds.back()?.server_time;
        let waiting = self.rounds.front().filter(|round| newest - round.server_time > BEHIND_AFTER)?;
        Resource::ALL.into_iter().find(|resource| {
            let (reach, probed) =
                (self.reaches[resource.index()], waiting.resource_versions[resource.index()]);
            matches!((reach, probed), (Reach::At(reached), Some(probed)) if reached < probed)
        })
    }

    /// Where the streams are, to resume from. That of an optional resource always starts with a list.
    pub fn positions(&self) -> Vec<StreamPosition> {
        Resource::ALL
            .into_iter()
            .filter(|resource| !resource.is_optional())
            .filter_map(|resource| {
                let Reach::At(resource_version) = self.reaches[resource.index()] else { return None };
                Some(StreamPosition { stream: resource.name().to_owned(), resource_version })
            })
            .collect()
    }

    fn covers(&self, round: &ProbeRound, waits_for_optional: bool) -> bool {
        Resource::ALL.into_iter().all(|resource| {
            let (reach, probed) = (self.reaches[resource.index()], round.resource_versions[resource.index()]);
            let is_reached = match (reach, probed) {
                (Reach::NotWatched, _) => true,
                // Of Pods that are refused the stream reports that soon; until then its last events may be on their way.
                (_, None) => resource.is_optional() || !waits_for_optional,
                (Reach::At(reached), Some(probed)) => reached >= probed,
                (Reach::Nowhere, Some(_)) => false,
            };
            is_reached || resource.is_optional() && !waits_for_optional
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_timestamp(seconds, 0).expect("a small number of seconds")
    }

    fn all_open_at(resource_version: u64, rounds_pending_max: usize) -> Watermark {
        let mut watermark = Watermark::new(None, rounds_pending_max);
        for resource in Resource::ALL {
            watermark.opened(resource, resource_version);
        }
        watermark
    }

    fn round(seconds: i64, resource_version: u64) -> ProbeRound {
        ProbeRound { server_time: at(seconds), resource_versions: [Some(resource_version); Resource::COUNT] }
    }

    #[test]
    fn time_moves_only_when_the_last_stream_has_reached_what_was_probed() {
        let mut watermark = all_open_at(10, 8);
        watermark.probed(round(100, 12));
        watermark.reached(Resource::Jobs, 12);
        watermark.reached(Resource::Pods, 15);
        watermark.reached(Resource::CronJobs, 12);
        assert_eq!(watermark.advance(), None);
        watermark.reached(Resource::Objectives, 12);
        assert_eq!(watermark.advance(), Some(at(100)));
        assert_eq!(watermark.advance(), None, "the same evidence moves time once");
    }

    #[test]
    fn a_stream_that_lists_again_stops_time_whatever_it_had_reached() {
        let mut watermark = all_open_at(20, 8);
        watermark.lost(Resource::Pods);
        watermark.probed(round(100, 12));
        watermark.reached(Resource::Pods, 30);
        assert_eq!(watermark.advance(), None);
        watermark.opened(Resource::Pods, 30);
        assert_eq!(watermark.advance(), Some(at(100)));
    }

    #[test]
    fn nothing_waits_for_an_unavailable_resource_until_its_stream_opens() {
        let mut watermark = all_open_at(20, 8);
        watermark.not_watched(Resource::Objectives);
        watermark.probed(round(100, 12));
        let unserved =
            ProbeRound { resource_versions: [Some(12), Some(12), Some(12), None], ..round(110, 0) };
        watermark.probed(unserved);
        watermark.reached(Resource::Objectives, 30);
        assert_eq!(watermark.advance(), Some(at(110)), "whether the probe found it so, or the stream");
        watermark.lost(Resource::Objectives);
        watermark.probed(round(120, 12));
        assert_eq!(watermark.advance(), None);
        watermark.opened(Resource::Objectives, 12);
        assert_eq!(watermark.advance(), Some(at(120)));
        assert_eq!(watermark.positions().len(), 3, "the next shipper lists an optional resource again");
    }

    #[test]
    fn a_round_waits_for_an_optional_stream_for_a_few_probes() {
        for reach in [Some(15), None] {
            let mut watermark = all_open_at(20, 8);
            match reach {
                Some(version) => watermark.opened(Resource::Objectives, version),
                None => watermark.lost(Resource::Objectives),
            }
            for later in [0, 10, 20] {
                watermark.probed(round(100 + later, 20));
                assert_eq!(watermark.advance(), None, "the stream may still reach it");
            }
            watermark.probed(round(130, 20));
            assert_eq!(watermark.advance(), Some(at(100)));
            watermark.opened(Resource::Objectives, 20);
            assert_eq!(watermark.advance(), Some(at(130)), "and it counts again once it is there");
        }
    }

    #[test]
    fn time_never_goes_back_when_the_servers_clock_does() {
        let mut watermark = all_open_at(20, 8);
        watermark.probed(round(100, 12));
        assert_eq!(watermark.advance(), Some(at(100)));
        watermark.probed(round(90, 13));
        assert_eq!(watermark.advance(), None);
        assert_eq!(watermark.observed_until(), Some(at(100)));
    }

    #[test]
    fn the_rounds_that_wait_are_bounded_and_the_oldest_and_the_newest_are_kept() {
        let mut watermark = all_open_at(0, 4);
        for n in 1..=100 {
            watermark.probed(round(100 + n, u64::try_from(n).expect("positive")));
        }
        assert!(watermark.rounds_pending() <= 4);
        for resource in Resource::ALL {
            watermark.reached(resource, 1);
        }
        assert_eq!(watermark.advance(), Some(at(101)));
        for resource in Resource::ALL {
            watermark.reached(resource, 100);
        }
        assert_eq!(watermark.advance(), Some(at(200)));
    }
}
