//! `kigen replay --what-if`: the past with another schedule, duration, deadline or calendar, judged by the same engine.
//!
//! Only the runs of the batches that are named move, and those of batches that read them, where they must wait. Everything else is
//! played as it is in the log.

mod change;
mod moves;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use kigen_log::{ConsumedRecord, LogReader};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective};
use kigen_model::topic::{Partition, Topic};
use kigen_objective::file::read_file;
use kigen_processor::Replay;
use kigen_working_days::Catalog;

pub(super) use self::change::Change;

use self::moves::moved;
use super::past::{CALENDAR_YEARS, Past};
use crate::config::Config;
use crate::edges::edges;
use crate::exit::misused;
use crate::reader::{Pages, skips};

/// A past that is changed before it is judged.
pub(super) struct WhatIf {
    changes: Vec<Change>,
    calendars: Vec<ClusterEvent>,
    /// The facts of batches whose runs move, in their new order.
    moved: BTreeMap<BatchKey, Vec<Fact>>,
}

impl WhatIf {
    /// Reads what moves from the log.
    pub(super) fn read(
        config: &Config,
        reader: &dyn LogReader,
        changes: Vec<Change>,
    ) -> anyhow::Result<Self> {
        let catalog = match &config.objectives_file {
            Some(path) => read_file(path, &config.cluster).map_err(misused)?.catalog,
            None => Catalog::default(),
        };
        let calendars = calendars(&changes, &catalog, &config.cluster)?;
        let edges = edges(reader, &config.cluster)?;
        let mut concerned: BTreeSet<BatchKey> = BTreeSet::new();
        for change in changes.iter().filter(|change| change.moves_runs()) {
            concerned.extend(kigen_lineage::history::downstream(&edges, change.batch()));
        }
        let mut facts: BTreeMap<BatchKey, Vec<Fact>> = BTreeMap::new();
        let mut known = BTreeSet::new();
        let pages = Pages::of(reader, Topic::Events)?;
        for partition in (0..reader.partitions()).map(Partition) {
            pages.each(partition, |records| {
                for fact in records.iter().filter_map(fact) {
                    if changes.iter().any(|change| *change.batch() == fact.key) {
                        known.insert(fact.key.clone());
                    }
                    if concerned.contains(&fact.key) {
                        facts.entry(fact.key.clone()).or_default().push(fact);
                    }
                }
                Ok(())
            })?;
        }
        if let Some(unknown) = changes.iter().find(|change| !known.contains(change.batch())) {
            return Err(crate::reader::unknown_batch(&unknown.name()));
        }
        let moved = moved(facts, &edges, &changes)?;
        Ok(Self { changes, calendars, moved })
    }

    /// Judges the changed past.
    pub(super) fn judge(&self, reader: &dyn LogReader, past: &mut Past) -> anyhow::Result<()> {
        let control = skips(reader);
        let events = Pages::of(reader, Topic::Events)?;
        for partition in (0..reader.partitions()).map(Partition) {
            let mut replay = Replay::new(partition, reader.partitions()).with_control(control.clone());
            self.calendars.iter().for_each(|calendar| replay.fold_cluster(calendar));
            let mut pending: Vec<&Fact> = self
                .moved
                .iter()
                .filter(|(key, _)| reader.partition_of(&key.to_string()) == partition)
                .flat_map(|(_, facts)| facts)
                .collect();
            pending.sort_by_key(|fact| fact.observed_at);
            let mut played = Played { what_if: self, replay, pending: pending.into() };
            events.each(partition, |records| played.play(records, past))?;
        }
        Ok(())
    }

    /// A fact of the log as it would have been; `None`: it is among those that move.
    fn changed(&self, fact: Fact) -> Option<Fact> {
        if self.moved.contains_key(&fact.key) {
            return None;
        }
        Some(changed(fact, &self.changes))
    }
}

fn fact(record: &ConsumedRecord) -> Option<Fact> {
    match kigen_wire::decode_event(record.value.as_deref()?) {
        Ok(Event::Fact(fact)) => Some(fact),
        Ok(Event::Cluster(_)) | Err(_) => None,
    }
}

/// A fact with the changes of objectives and schedules.
fn changed(mut fact: Fact, changes: &[Change]) -> Fact {
    match &mut fact.body {
        FactBody::Objective { objective: Some(objective), .. } => {
            changes.iter().for_each(|change| change_objective(objective, &fact.key, change));
        }
        FactBody::CronJob { cron_job: Some(cron_job), .. } => {
            for change in changes.iter().filter(|change| *change.batch() == fact.key) {
                if let Change::Starts { crontab, .. } = change {
                    cron_job.schedule.clone_from(crontab);
                    // What these prove is of the runs before they moved.
                    (cron_job.last_scheduled_at, cron_job.last_succeeded_at) = (None, None);
                }
            }
        }
        FactBody::Objective { .. }
        | FactBody::CronJob { .. }
        | FactBody::Run { .. }
        | FactBody::Attempt { .. } => {}
    }
    fact
}

fn change_objective(objective: &mut Objective, key: &BatchKey, change: &Change) {
    match change {
        Change::Deadline { batch, crontab } if batch == key && objective.reads().is_none() => {
            objective.deadlines = Deadlines::CompleteBy { crontab: crontab.clone() };
        }
        Change::Calendar { batch, name } if batch == key => objective.calendar = Some(name.clone()),
        Change::Starts { batch, crontab } => {
            let target = objective.target();
            let is_before_it = target == Some((batch.namespace.as_str(), batch.batch.as_str()));
            if let Deadlines::Before { schedule: Some(schedule), .. } = &mut objective.deadlines
                && is_before_it
                && batch.cluster == key.cluster
            {
                schedule.crontab.clone_from(crontab);
            }
        }
        Change::Deadline { .. } | Change::Calendar { .. } | Change::Faster { .. } => {}
    }
}

/// The calendars that the changes name, as the cluster has them from the beginning.
fn calendars(changes: &[Change], catalog: &Catalog, cluster: &str) -> anyhow::Result<Vec<ClusterEvent>> {
    let mut events = Vec::new();
    for change in changes {
        let Change::Calendar { name, .. } = change else { continue };
        let days = catalog.find(name).map_err(misused)?.working_days(CALENDAR_YEARS.0, CALENDAR_YEARS.1);
        let body = ClusterBody::Calendar { name: name.clone(), revision: 0, working_days: Some(days) };
        events.push(ClusterEvent { cluster: cluster.to_owned(), cluster_uid: None, epoch: 0, body });
    }
    Ok(events)
}

/// A partition while it is played.
struct Played<'a> {
    what_if: &'a WhatIf,
    replay: Replay,
    /// The facts that move, by time.
    pending: VecDeque<&'a Fact>,
}

impl Played<'_> {
    fn play(&mut self, records: &[ConsumedRecord], past: &mut Past) -> anyhow::Result<()> {
        for record in records {
            match kigen_wire::decode_event(record.value.as_deref().unwrap_or_default()) {
                Ok(Event::Fact(fact)) => {
                    let at = fact.observed_at;
                    if let Some(fact) = self.what_if.changed(fact) {
                        self.apply_pending(at, past)?;
                        past.add(self.replay.fold_fact(fact)?);
                    }
                }
                Ok(Event::Cluster(event)) => {
                    if let ClusterBody::Tick { observed_until, .. } = event.body {
                        self.apply_pending(observed_until, past)?;
                    }
                    past.add(self.replay.fold(std::slice::from_ref(record))?);
                }
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Applies the facts that move, up to an instant.
    fn apply_pending(&mut self, until: Instant, past: &mut Past) -> anyhow::Result<()> {
        while self.pending.front().is_some_and(|fact| fact.observed_at <= until) {
            if let Some(fact) = self.pending.pop_front() {
                past.add(self.replay.fold_fact(changed(fact.clone(), &self.what_if.changes))?);
            }
        }
        Ok(())
    }
}
