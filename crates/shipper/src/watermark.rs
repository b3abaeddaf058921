//! The evidence behind a tick: probes say how far the cluster is, streams say how far they were heard.

use std::collections::VecDeque;

use kigen_model::Instant;
use kigen_model::event::StreamPosition;

use crate::resource::Resource;

/// One round of probing: the server's time, and then the resource version of each resource.
///
/// The time was answered before the lists were asked for. A change made up to that time was therefore stored before a
/// list that reads through to the store was read, so its resource version is at most the list's: whoever has heard a
/// stream up to the list's version has heard of every change up to that time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// The server's time, before.
    pub server_time: Instant,
    /// The resource version of each of [`Resource::ALL`], after; `None`: of an optional one, which is not to be had.
    pub resource_versions: [Option<u64>; Resource::COUNT],
}

/// The rounds that wait for the streams, and how far these are.
#[derive(Debug)]
pub struct Evidence {
    reaches: [Reach; Resource::COUNT],
    rounds: VecDeque<Round>,
    rounds_pending_max: usize,
    observed_until: Option<Instant>,
}

/// How far a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// It does not tell yet, or lists again.
    Nowhere,
    /// It was heard up to this version.
    At(u64),
    /// The resource is not to be had: nothing waits for it.
    Withheld,
}

impl Evidence {
    /// Evidence of nothing beyond `observed_until`.
    pub fn new(observed_until: Option<Instant>, rounds_pending_max: usize) -> Self {
        Self {
            reaches: [Reach::Nowhere; Resource::COUNT],
            rounds: VecDeque::new(),
            rounds_pending_max: rounds_pending_max.max(2),
            observed_until,
        }
    }

    /// The latest instant up to which all was reported.
    pub fn observed_until(&self) -> Option<Instant> {
        self.observed_until
    }

    /// The stream must list again: what it had reached counts no more.
    pub fn lost(&mut self, resource: Resource) {
        self.reaches[resource.index()] = Reach::Nowhere;
    }

    /// The resource is not to be had, and nothing waits for it until its stream begins.
    pub fn withheld(&mut self, resource: Resource) {
        self.reaches[resource.index()] = Reach::Withheld;
    }

    /// The stream begins anew after this version.
    pub fn opened(&mut self, resource: Resource, resource_version: u64) {
        self.reaches[resource.index()] = Reach::At(resource_version);
    }

    /// The stream was heard up to this version, by an event or a bookmark.
    pub fn reached(&mut self, resource: Resource, resource_version: u64) {
        if let Reach::At(known) = &mut self.reaches[resource.index()] {
            *known = resource_version.max(*known);
        }
    }

    /// Whether the stream tells, and was heard up to this version.
    pub fn has_reached(&self, resource: Resource, resource_version: u64) -> bool {
        matches!(self.reaches[resource.index()], Reach::At(reached) if reached >= resource_version)
    }

    /// A round was answered. At the limit every second waiting round is given up: the oldest will be reached first and
    /// the newest tells most, so what is lost is only how finely time moves once the streams come.
    pub fn probed(&mut self, round: Round) {
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

    /// The instant of the next tick, if there is evidence for a later one than before. To be asked only when all that
    /// was heard is acknowledged by the log.
    pub fn advance(&mut self) -> Option<Instant> {
        let mut latest = None;
        while let Some(round) = self.rounds.front() {
            if !self.covers(round) {
                break;
            }
            latest = latest.max(Some(round.server_time));
            self.rounds.pop_front();
        }
        let latest = latest.filter(|latest| Some(*latest) > self.observed_until)?;
        self.observed_until = Some(latest);
        Some(latest)
    }

    /// Where the streams are, to resume from. One of an optional resource begins anew with what is there.
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

    fn covers(&self, round: &Round) -> bool {
        self.reaches.iter().zip(round.resource_versions).all(|(reach, asked)| match (reach, asked) {
            (_, None) | (Reach::Withheld, _) => true,
            (Reach::At(reached), Some(asked)) => *reached >= asked,
            (Reach::Nowhere, Some(_)) => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_timestamp(seconds, 0).expect("a small number of seconds")
    }

    fn whole(resource_version: u64, rounds_pending_max: usize) -> Evidence {
        let mut evidence = Evidence::new(None, rounds_pending_max);
        for resource in Resource::ALL {
            evidence.opened(resource, resource_version);
        }
        evidence
    }

    fn round(seconds: i64, resource_version: u64) -> Round {
        Round { server_time: at(seconds), resource_versions: [Some(resource_version); Resource::COUNT] }
    }

    #[test]
    fn time_moves_only_when_the_last_stream_has_reached_what_was_probed() {
        let mut evidence = whole(10, 8);
        evidence.probed(round(100, 12));
        evidence.reached(Resource::Jobs, 12);
        evidence.reached(Resource::Pods, 15);
        evidence.reached(Resource::CronJobs, 12);
        assert_eq!(evidence.advance(), None);
        evidence.reached(Resource::Objectives, 12);
        assert_eq!(evidence.advance(), Some(at(100)));
        assert_eq!(evidence.advance(), None, "the same evidence twice is no news");
    }

    #[test]
    fn a_stream_that_lists_again_stops_time_whatever_it_had_reached() {
        let mut evidence = whole(20, 8);
        evidence.lost(Resource::Pods);
        evidence.probed(round(100, 12));
        evidence.reached(Resource::Pods, 30);
        assert_eq!(evidence.advance(), None);
        evidence.opened(Resource::Pods, 30);
        assert_eq!(evidence.advance(), Some(at(100)));
    }

    #[test]
    fn nothing_waits_for_a_resource_that_is_not_to_be_had_until_it_is() {
        let mut evidence = whole(20, 8);
        evidence.withheld(Resource::Objectives);
        evidence.probed(round(100, 12));
        let unserved = Round { resource_versions: [Some(12), Some(12), Some(12), None], ..round(110, 0) };
        evidence.probed(unserved);
        evidence.reached(Resource::Objectives, 30);
        assert_eq!(evidence.advance(), Some(at(110)), "whether the probe was told so, or the stream");
        evidence.lost(Resource::Objectives);
        evidence.probed(round(120, 12));
        assert_eq!(evidence.advance(), None);
        evidence.opened(Resource::Objectives, 12);
        assert_eq!(evidence.advance(), Some(at(120)));
        assert_eq!(evidence.positions().len(), 3, "whoever goes on begins with what is there");
    }

    #[test]
    fn time_never_goes_back_when_the_servers_clock_does() {
        let mut evidence = whole(20, 8);
        evidence.probed(round(100, 12));
        assert_eq!(evidence.advance(), Some(at(100)));
        evidence.probed(round(90, 13));
        assert_eq!(evidence.advance(), None);
        assert_eq!(evidence.observed_until(), Some(at(100)));
    }

    #[test]
    fn the_rounds_that_wait_are_bounded_and_the_oldest_and_the_newest_are_kept() {
        let mut evidence = whole(0, 4);
        for n in 1..=100 {
            evidence.probed(round(100 + n, u64::try_from(n).expect("positive")));
        }
        assert!(evidence.rounds_pending() <= 4);
        for resource in Resource::ALL {
            evidence.reached(resource, 1);
        }
        assert_eq!(evidence.advance(), Some(at(101)));
        for resource in Resource::ALL {
            evidence.reached(resource, 100);
        }
        assert_eq!(evidence.advance(), Some(at(200)));
    }
}
