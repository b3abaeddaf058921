//! When each version of each object is observed, and which are never: the watch is late, away, or has expired.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use fastrand::Rng;
use kigen_model::Instant;
use kigen_model::event::Revision;
use kigen_model::run::RunPhase;

use crate::generate::dice::{percent, seconds, version_at};
use crate::history::{Batch, Seen, TrueRun, Version};
use crate::world::World;

/// A time in which the shipper observed nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outage {
    pub(super) from: Instant,
    pub(super) to: Instant,
    /// Whether the watch had expired, so that only what is still there is observed, and a gap follows.
    pub(super) has_expired: bool,
    /// Whether another shipper leads from then on.
    pub(super) is_new_epoch: bool,
}

/// How long after an outage nothing else happens than the listing and the first tick.
pub(super) const QUIET_AFTER: TimeDelta = TimeDelta::seconds(3);

impl Outage {
    /// Some of a cluster, by time, far from each other.
    pub(super) fn some(rng: &mut Rng, world: &mut World) -> Vec<Self> {
        let mut outages: Vec<Self> = Vec::new();
        if !percent(rng, 50) {
            return outages;
        }
        let span_s = (world.ends - world.begins).num_seconds();
        let mut begins: Vec<Instant> =
            (0..rng.usize(1..4)).map(|_| world.begins + seconds(rng, 86_400, span_s)).collect();
        begins.sort_unstable();
        for from in begins {
            let length = if rng.bool() { seconds(rng, 300, 7_200) } else { seconds(rng, 7_200, 60_000) };
            let to = from + length;
            let is_apart = outages.last().is_none_or(|last| from > last.to + TimeDelta::hours(2));
            if !is_apart || to + TimeDelta::hours(2) > world.ends {
                continue;
            }
            let (has_expired, is_new_epoch) = (percent(rng, 60), percent(rng, 50));
            world.count(if has_expired { "outage: the watch expired" } else { "outage: the watch went on" });
            if is_new_epoch {
                world.count("outage: another shipper leads");
            }
            outages.push(Self { from, to, has_expired, is_new_epoch });
        }
        outages
    }

    /// Whether what would have been observed at `seen`, and was so from `at` on, is observed at the end of the outage.
    fn hides(&self, at: Instant, seen: Instant) -> bool {
        self.from < seen && at <= self.to && seen <= self.to.max(at + DELAY_MAX)
    }
}

const DELAY_MAX: TimeDelta = TimeDelta::seconds(900);

/// Decides when each version of the batch is observed first. The places in the log are found later.
pub(super) fn observe(rng: &mut Rng, batch: &mut Batch, outages: &[Outage], kinds: &mut Vec<&'static str>) {
    let mut watch = Watch { rng, outages, kinds };
    watch.observe(&mut batch.cron_job, None, None, |_| None);
    // What is declared on a CronJob is observed with it.
    let cron_job: BTreeMap<Instant, Instant> =
        batch.cron_job.iter().filter_map(|version| Some((version.at, version.seen?.at))).collect();
    for declared in &mut batch.objectives {
        watch.observe(&mut declared.versions, None, None, |at| cron_job.get(&at).copied());
    }
    for run in &mut batch.runs {
        watch.observe(&mut run.versions, None, run.removed_at, |_| None);
        watch.miss(run);
        // Of a pod that is observed before its Job the engine keeps nothing, so none is.
        let first = run.versions.iter().find_map(|version| version.seen).map(|seen| seen.at);
        for attempt in &mut run.attempts {
            match first {
                Some(_) => watch.observe(&mut attempt.versions, first, run.removed_at, |_| None),
                None => attempt.versions.iter_mut().for_each(|version| version.seen = None),
            }
        }
    }
}

struct Watch<'a> {
    rng: &'a mut Rng,
    outages: &'a [Outage],
    kinds: &'a mut Vec<&'static str>,
}

impl Watch<'_> {
    /// Of an object that was removed at `gone` nothing is listed later. `with` is when something else was observed that
    /// shows the version.
    fn observe<T>(
        &mut self,
        versions: &mut [Version<T>],
        not_before: Option<Instant>,
        gone: Option<Instant>,
        with: impl Fn(Instant) -> Option<Instant>,
    ) {
        let mut last = not_before;
        for nth in 0..versions.len() {
            let at = versions[nth].at;
            let delay =
                if percent(self.rng, 2) { seconds(self.rng, 30, 900) } else { seconds(self.rng, 0, 3) };
            let mut seen = last.map_or(at, |last| last.max(at)).max(with(at).unwrap_or(at + delay));
            if let Some(outage) = self.outages.iter().find(|outage| outage.hides(at, seen)) {
                let is_past = versions.get(nth + 1).is_some_and(|next| next.at <= outage.to);
                let is_gone = gone.is_some_and(|gone| gone <= outage.to);
                if outage.has_expired && (is_past || is_gone) {
                    self.kinds.push("fact: never observed");
                    versions[nth].seen = None;
                    continue;
                }
                seen = outage.to;
            }
            if let Some(outage) = self.outages.iter().find(|it| it.to < seen && seen <= it.to + QUIET_AFTER) {
                seen = outage.to + QUIET_AFTER;
            }
            last = Some(seen);
            versions[nth].seen = Some(Seen { at: seen, index: usize::MAX });
        }
    }

    /// A run whose end was not observed, and that is not listed any more, is observed to be deleted.
    fn miss(&mut self, run: &mut TrueRun) {
        for version in &mut run.versions {
            if let (RunPhase::Deleted { observed_at }, Some(seen)) = (&mut version.value.phase, version.seen)
                && self.outages.iter().any(|outage| outage.to == seen.at)
            {
                *observed_at = seen.at;
            }
        }
        let Some(gone) = run.removed_at else { return };
        let Some(outage) = self.outages.iter().find(|it| it.has_expired && it.from < gone && gone <= it.to)
        else {
            return;
        };
        let known = run.versions.iter().rfind(|version| version.seen.is_some());
        let Some(known) = known.filter(|known| !known.value.phase.is_terminal()) else { return };
        let mut value = known.value.clone();
        value.phase = RunPhase::Deleted { observed_at: outage.to };
        let revision = Revision { uid: run.uid.clone(), resource_version: version_at(outage.to, 100) };
        let seen = Some(Seen { at: outage.to, index: usize::MAX });
        self.kinds.push("run: gone after a gap");
        run.versions.push(Version { at: gone, revision, value, seen });
    }
}
