//! Makes the world of a failure smaller while it still fails: without other batches, objectives, runs, versions, ticks.
//!
//! What is removed is removed from the true history and from the log alike, as if it had never been, so that the judge's
//! answers are of the smaller world.

use std::collections::BTreeSet;
use std::ops::Range;

use kigen_model::event::{ClusterBody, Event, Fact, FactBody, Revision};
use kigen_model::key::BatchKey;

use crate::history::{Batch, Declared, Seen, Version};
use crate::seed::Failure;
use crate::world::World;

/// The most worlds that are tried.
const TRIALS_MAX: usize = 4_000;

/// The smallest world that is found for which `fails` returns a [like](Failure::is_like) failure, and that failure.
pub fn shrink(
    world: World,
    failure: Failure,
    mut fails: impl FnMut(&World) -> Option<Failure>,
) -> (World, Failure) {
    let key = failure.key();
    let (mut smallest, mut trials) = ((world, failure), 0);
    loop {
        let before = (smallest.0.size(), trials);
        for reduction in Reduction::ALL {
            let (mut from, mut count) = (0, reduction.parts(&smallest.0));
            let mut part = count;
            while part > 0 && trials < TRIALS_MAX {
                if from >= count {
                    (from, part) = (0, part / 2);
                    continue;
                }
                let removed = from..(from + part).min(count);
                let Some(smaller) = reduction.without(&smallest.0, key.as_ref(), removed) else {
                    from += part;
                    continue;
                };
                trials += 1;
                match fails(&smaller).filter(|failure| failure.is_like(&smallest.1)) {
                    Some(failure) => {
                        smallest = (smaller, failure);
                        count = reduction.parts(&smallest.0);
                    }
                    None => from += part,
                }
            }
        }
        if smallest.0.size() == before.0 || trials >= TRIALS_MAX {
            return smallest;
        }
    }
}

/// What is removed, coarse first.
#[derive(Clone, Copy)]
enum Reduction {
    /// Batches other than the failure's.
    Batches,
    Objectives,
    Runs,
    Attempts,
    /// Versions of CronJobs, objectives, and runs but for their last.
    Versions,
    /// Ranges of events that expire.
    Expiries,
    /// Ticks, and facts that are in the log already.
    Events,
}

impl Reduction {
    const ALL: [Self; 7] = [
        Self::Batches,
        Self::Objectives,
        Self::Runs,
        Self::Attempts,
        Self::Versions,
        Self::Expiries,
        Self::Events,
    ];

    /// How many parts there are to remove.
    fn parts(self, world: &World) -> usize {
        let batches = world.batches.iter();
        match self {
            Self::Batches => world.batches.len(),
            Self::Objectives => batches.map(|batch| batch.objectives.len()).sum(),
            Self::Runs => batches.map(|batch| batch.runs.len()).sum(),
            Self::Attempts => batches.flat_map(|batch| &batch.runs).map(|run| run.attempts.len()).sum(),
            Self::Versions => batches.map(versions).sum(),
            Self::Expiries => world.expired.iter().map(Vec::len).sum(),
            Self::Events => world.partitions.iter().map(Vec::len).sum(),
        }
    }

    /// The world without these parts; `None`: it would be the same.
    fn without(self, world: &World, key: Option<&BatchKey>, removed: Range<usize>) -> Option<World> {
        let mut smaller = world.clone();
        let mut nth = 0;
        let mut is_removed = || {
            nth += 1;
            removed.contains(&(nth - 1))
        };
        match self {
            Self::Batches => smaller.batches.retain(|batch| !is_removed() || Some(&batch.key) == key),
            Self::Objectives => {
                smaller.batches.iter_mut().for_each(|batch| batch.objectives.retain(|_| !is_removed()));
            }
            Self::Runs => smaller.batches.iter_mut().for_each(|batch| batch.runs.retain(|_| !is_removed())),
            Self::Attempts => {
                let runs = smaller.batches.iter_mut().flat_map(|batch| &mut batch.runs);
                runs.for_each(|run| run.attempts.retain(|_| !is_removed()));
            }
            Self::Versions => {
                for batch in &mut smaller.batches {
                    batch.cron_job.retain(|_| !is_removed());
                    batch.objectives.iter_mut().for_each(|known| known.versions.retain(|_| !is_removed()));
                    for run in &mut batch.runs {
                        let (mut nth, last) = (0, run.versions.len());
                        run.versions.retain(|_| {
                            nth += 1;
                            !is_removed() || nth == last
                        });
                    }
                }
            }
            Self::Expiries => smaller.expired.iter_mut().for_each(|ranges| ranges.retain(|_| !is_removed())),
            Self::Events => {
                let all = world.partitions.iter().enumerate();
                let places =
                    all.flat_map(|(partition, events)| (0..events.len()).map(move |i| (partition, i)));
                let chosen: BTreeSet<_> = places.filter(|_| is_removed()).collect();
                return smaller.without_events(|partition, index| {
                    chosen.contains(&(partition, index)) && world.is_redundant(partition, index)
                });
            }
        }
        if Self::size_of_history(&smaller) == Self::size_of_history(world) {
            return None;
        }
        smaller.drop_unknown_facts();
        Some(smaller)
    }

    fn size_of_history(world: &World) -> usize {
        Self::ALL[..6].iter().map(|reduction| reduction.parts(world)).sum()
    }
}

fn versions(batch: &Batch) -> usize {
    let of_objectives: usize = batch.objectives.iter().map(|known| known.versions.len()).sum();
    let of_runs: usize = batch.runs.iter().map(|run| run.versions.len()).sum();
    batch.cron_job.len() + of_objectives + of_runs
}

impl World {
    fn size(&self) -> usize {
        Reduction::ALL.iter().map(|reduction| reduction.parts(self)).sum()
    }

    /// Whether nothing is lost with the event: a tick, an epoch, or a fact of which the log has the same again.
    fn is_redundant(&self, partition: usize, index: usize) -> bool {
        match &self.partitions[partition][index] {
            Event::Cluster(event) => !matches!(event.body, ClusterBody::Gap(_)),
            Event::Fact(fact) => {
                let before = &self.partitions[partition][..index];
                before.iter().any(|event| matches!(event, Event::Fact(other) if is_same(other, fact)))
            }
        }
    }

    /// The facts whose versions are not in the history.
    fn facts_without_version(&self) -> BTreeSet<(usize, usize)> {
        let mut without = BTreeSet::new();
        for (partition, events) in self.partitions.iter().enumerate() {
            for (index, event) in events.iter().enumerate() {
                if let Event::Fact(fact) = event
                    && !self.batches.iter().any(|batch| batch.key == fact.key && has_version(batch, fact))
                {
                    without.insert((partition, index));
                }
            }
        }
        without
    }

    /// Without these events; `None`: there are none. The places of all others are those of the shorter log.
    fn without_events(mut self, is_removed: impl Fn(usize, usize) -> bool) -> Option<Self> {
        let mut has_removed = false;
        let mut places: Vec<Vec<usize>> = Vec::with_capacity(self.partitions.len());
        for (partition, events) in self.partitions.iter_mut().enumerate() {
            let (mut index, mut kept, mut new) = (0, 0, Vec::with_capacity(events.len() + 1));
            events.retain(|_| {
                new.push(kept);
                let is_kept = !is_removed(partition, index);
                (index, kept) = (index + 1, kept + usize::from(is_kept));
                has_removed |= !is_kept;
                is_kept
            });
            new.push(kept);
            places.push(new);
        }
        if !has_removed {
            return None;
        }
        for (ranges, places) in self.expired.iter_mut().zip(&places) {
            ranges.iter_mut().for_each(|range| *range = places[range.start]..places[range.end]);
            ranges.retain(|range| !range.is_empty());
        }
        self.see_again();
        Some(self)
    }

    /// Drops the facts of versions that are not in the history.
    pub(crate) fn drop_unknown_facts(&mut self) {
        let dropped = self.facts_without_version();
        if let Some(without) =
            self.clone().without_events(|partition, index| dropped.contains(&(partition, index)))
        {
            *self = without;
        }
    }

    /// Finds the facts of all versions that were observed anew, among those that are read.
    pub(crate) fn see_again(&mut self) {
        let Self { batches, partitions, expired, .. } = self;
        for batch in batches {
            let (events, expired) = (&partitions[batch.partition], &expired[batch.partition]);
            batch.see_again(&ReadFacts { events, expired });
        }
    }
}

/// The facts of a partition that do not expire unread.
struct ReadFacts<'a> {
    events: &'a [Event],
    expired: &'a [Range<usize>],
}

impl ReadFacts<'_> {
    /// The first fact of a batch with a body that is looked for.
    fn first(&self, key: &BatchKey, is_it: impl Fn(&FactBody) -> bool) -> Option<Seen> {
        self.events.iter().enumerate().find_map(|(index, event)| match event {
            Event::Fact(fact)
                if fact.key == *key
                    && is_it(&fact.body)
                    && !self.expired.iter().any(|range| range.contains(&index)) =>
            {
                Some(Seen { at: fact.observed_at, index })
            }
            Event::Fact(_) | Event::Cluster(_) => None,
        })
    }
}

impl Batch {
    /// Finds the facts of all versions that were observed anew.
    fn see_again(&mut self, facts: &ReadFacts<'_>) {
        fn renew<T>(version: &mut Version<T>, find: impl FnOnce(&Revision) -> Option<Seen>) {
            if version.seen.is_some() {
                version.seen = find(&version.revision);
            }
        }
        let Self { key, cron_job, objectives, runs, .. } = self;
        for version in cron_job {
            renew(version, |known| {
                facts.first(
                    key,
                    |body| matches!(body, FactBody::CronJob { revision, .. } if revision == known),
                )
            });
        }
        for Declared { name: own, versions } in objectives {
            for version in versions {
                renew(version, |known| {
                    facts.first(key, |body| {
                        matches!(body, FactBody::Objective { name, revision, .. } if name == own && revision == known)
                    })
                });
            }
        }
        for run in runs {
            for version in &mut run.versions {
                renew(version, |known| {
                    facts.first(
                        key,
                        |body| matches!(body, FactBody::Run { revision, .. } if revision == known),
                    )
                });
            }
            for version in run.attempts.iter_mut().flat_map(|attempt| &mut attempt.versions) {
                renew(version, |known| {
                    facts.first(
                        key,
                        |body| matches!(body, FactBody::Attempt { revision, .. } if revision == known),
                    )
                });
            }
        }
    }
}

/// Whether both are of one version of one object.
fn is_same(one: &Fact, other: &Fact) -> bool {
    one.key == other.key
        && match (&one.body, &other.body) {
            (FactBody::CronJob { revision, .. }, FactBody::CronJob { revision: other, .. })
            | (FactBody::Run { revision, .. }, FactBody::Run { revision: other, .. })
            | (FactBody::Attempt { revision, .. }, FactBody::Attempt { revision: other, .. }) => {
                revision == other
            }
            (
                FactBody::Objective { name, revision, .. },
                FactBody::Objective { name: of_other, revision: other, .. },
            ) => name == of_other && revision == other,
            _ => false,
        }
}

fn has_version(batch: &Batch, fact: &Fact) -> bool {
    match &fact.body {
        FactBody::CronJob { revision, .. } => batch.cron_job.iter().any(|known| known.revision == *revision),
        FactBody::Objective { name, revision, .. } => {
            let mut named = batch.objectives.iter().filter(|known| known.name == *name);
            named.any(|known| known.versions.iter().any(|version| version.revision == *revision))
        }
        FactBody::Run { revision, .. } => {
            let mut versions = batch.runs.iter().flat_map(|run| &run.versions);
            versions.any(|version| version.revision == *revision)
        }
        FactBody::Attempt { revision, .. } => {
            let attempts = batch.runs.iter().flat_map(|run| &run.attempts);
            attempts.flat_map(|attempt| &attempt.versions).any(|version| version.revision == *revision)
        }
    }
}
