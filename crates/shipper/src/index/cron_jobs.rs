//! What was last said of each CronJob and of the objective in its annotations.

use std::collections::BTreeMap;
use std::sync::Arc;

use kigen_model::event::{FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, Schedule};
use kigen_model::run::CronJob;

use super::emit::Saying;
use super::encoded::Kept;
use super::list_snapshot::Seen;
use super::uid::Uid;
use crate::decode::labels::Labels;
use crate::decode::{ANNOTATED_OBJECTIVE, Identity};
use crate::notice::Notice;

/// The CronJob that bears a name now.
#[derive(Debug)]
struct KnownCronJob {
    uid: Uid,
    resource_version: u64,
    cron_job: Kept<CronJob>,
    /// Empty until a list has shown them: the log does not have them.
    labels: Labels,
}

/// An objective as it was last said: under the same version it is no news to anybody.
#[derive(Debug)]
struct SaidObjective {
    uid: Uid,
    resource_version: u64,
    objective: Kept<Objective>,
}

/// The CronJobs, and the objectives in their annotations.
#[derive(Debug)]
pub(super) struct CronJobs {
    by_key: BTreeMap<Arc<BatchKey>, KnownCronJob>,
    objectives: BTreeMap<Arc<BatchKey>, SaidObjective>,
    /// An objective that was withdrawn while no shipper ran is known to the log alone: then its absence is said of
    /// every CronJob once.
    resumed: bool,
}

impl CronJobs {
    pub(super) fn new(resumed: bool) -> Self {
        Self { by_key: BTreeMap::new(), objectives: BTreeMap::new(), resumed }
    }

    pub(super) fn remember(&mut self, key: &BatchKey, revision: &Revision, cron_job: Option<&CronJob>) {
        if self.is_old(key, revision) {
            return;
        }
        match cron_job {
            Some(cron_job) => {
                let known = KnownCronJob {
                    uid: Uid::of(&revision.uid),
                    resource_version: revision.resource_version,
                    cron_job: Kept::of(cron_job),
                    labels: Labels::default(),
                };
                self.by_key.insert(self.share(key.clone()), known);
            }
            None => drop(self.by_key.remove(key)),
        }
    }

    /// The key as it is kept here: one text for all that is known of a batch.
    pub(super) fn share(&self, key: BatchKey) -> Arc<BatchKey> {
        let by_name = self.by_key.get_key_value(&key).map(|(key, _)| key);
        let kept = by_name.or_else(|| self.objectives.get_key_value(&key).map(|(key, _)| key));
        kept.map_or_else(|| Arc::new(key), Arc::clone)
    }

    /// Whether a CronJob bears this name now.
    pub(super) fn has(&self, key: &BatchKey) -> bool {
        self.by_key.contains_key(key)
    }

    /// The schedule of the CronJob that bears this name now.
    pub(super) fn schedule(&self, key: &BatchKey) -> Option<Schedule> {
        Some(Schedule::of(&self.by_key.get(key)?.cron_job.get()))
    }

    /// Whether the CronJob that bears this name now has all of these labels.
    pub(super) fn has_labels(&self, key: &BatchKey, wanted: &BTreeMap<String, String>) -> bool {
        self.by_key.get(key).is_some_and(|known| known.labels.have(wanted))
    }

    /// The CronJobs of the namespace that have all of these labels, in the order of their keys.
    pub(super) fn labelled<'a>(
        &'a self,
        namespace: &'a str,
        wanted: &'a BTreeMap<String, String>,
    ) -> impl Iterator<Item = &'a BatchKey> {
        let there = self.by_key.iter().filter(move |(key, _)| key.namespace == namespace);
        there.filter(|(_, known)| known.labels.have(wanted)).map(|(key, _)| &**key)
    }

    pub(super) fn remember_objective(
        &mut self,
        key: &BatchKey,
        revision: &Revision,
        objective: Option<&Objective>,
    ) {
        match objective {
            Some(objective) => {
                let said = SaidObjective {
                    uid: Uid::of(&revision.uid),
                    resource_version: revision.resource_version,
                    objective: Kept::of(objective),
                };
                self.objectives.insert(self.share(key.clone()), said);
            }
            None => drop(self.objectives.remove(key)),
        }
    }

    /// Says again what holds of the batches that are due.
    pub(super) fn restate(&self, is_due: &dyn Fn(&BatchKey) -> bool, saying: &mut Saying<'_>) {
        for (key, known) in self.by_key.iter().filter(|(key, _)| is_due(key)) {
            let revision = Revision { uid: known.uid.to_string(), resource_version: known.resource_version };
            saying.say(key, FactBody::CronJob { revision, cron_job: Some(known.cron_job.get()) });
        }
        for (key, said) in self.objectives.iter().filter(|(key, _)| is_due(key)) {
            let revision = Revision { uid: said.uid.to_string(), resource_version: said.resource_version };
            let (name, objective) = (ANNOTATED_OBJECTIVE.to_owned(), Some(said.objective.get()));
            saying.say(key, FactBody::Objective { name, revision, objective });
        }
    }

    /// Whether whoever names it, or selects it by its labels, has to look at it again.
    pub(super) fn changed(
        &mut self,
        key: &BatchKey,
        id: Identity,
        labels: Labels,
        (cron_job, objective): (CronJob, Option<Objective>),
        saying: &mut Saying<'_>,
    ) -> bool {
        let (uid, resource_version) = (Uid::of(&id.revision.uid), id.revision.resource_version);
        if self.is_old(key, &id.revision) {
            let known = self.by_key.get_mut(key).filter(|known| known.uid == uid);
            let same = known.filter(|known| known.resource_version == resource_version);
            return same.is_some_and(|same| std::mem::replace(&mut same.labels, labels) != same.labels);
        }
        let known = self.by_key.get(key).filter(|known| known.uid == uid);
        let cron_job_before = known.map(|known| known.cron_job.get());
        let is_first = known.is_none();
        let moves = known.is_none_or(|known| known.labels != labels)
            || cron_job_before.as_ref().map(Schedule::of) != Some(Schedule::of(&cron_job));
        let objective_before = self.objectives.get(key).map(|said| said.objective.get());
        note(key, &cron_job, cron_job_before.as_ref(), objective.as_ref(), objective_before.as_ref(), saying);
        let kept = Kept::of(&cron_job);
        if known.is_none_or(|known| known.cron_job != kept) {
            let body = FactBody::CronJob { revision: id.revision.clone(), cron_job: Some(cron_job) };
            saying.say(key, body);
        }
        if objective_before != objective || (is_first && self.resumed && objective.is_none()) {
            self.say_objective(key, id.revision, objective, saying);
        }
        let known = KnownCronJob { uid, resource_version, cron_job: kept, labels };
        self.by_key.insert(self.share(key.clone()), known);
        moves
    }

    pub(super) fn deleted(
        &mut self,
        key: &BatchKey,
        id: &Identity,
        had_objective: bool,
        saying: &mut Saying<'_>,
    ) {
        if self.is_old(key, &id.revision) {
            return;
        }
        self.gone(key, id.revision.clone(), had_objective || self.resumed, saying);
    }

    pub(super) fn listed(&mut self, seen: &Seen, resource_version: u64, saying: &mut Saying<'_>) {
        let place = |key: &BatchKey| (key.namespace.clone(), key.batch.clone());
        let gone = self.by_key.iter().filter(|(key, known)| !seen.has(&known.uid, || place(key)));
        let gone: Vec<_> = gone.map(|(key, known)| (Arc::clone(key), known.uid.to_string())).collect();
        for (key, uid) in gone {
            self.gone(&key, Revision { uid, resource_version }, false, saying);
        }
    }

    /// Whether this version, or a later CronJob of the same name, was heard of before: then it changes nothing.
    fn is_old(&self, key: &BatchKey, revision: &Revision) -> bool {
        self.by_key.get(key).is_some_and(|bearer| bearer.resource_version >= revision.resource_version)
    }

    fn gone(&mut self, key: &BatchKey, revision: Revision, withdraw: bool, saying: &mut Saying<'_>) {
        let uid = Uid::of(&revision.uid);
        if self.by_key.get(key).is_some_and(|bearer| bearer.uid == uid) {
            self.by_key.remove(key);
        }
        saying.say(key, FactBody::CronJob { revision: revision.clone(), cron_job: None });
        if withdraw || self.objectives.contains_key(key) {
            self.say_objective(key, revision, None, saying);
        }
    }

    fn say_objective(
        &mut self,
        key: &BatchKey,
        revision: Revision,
        objective: Option<Objective>,
        saying: &mut Saying<'_>,
    ) {
        self.remember_objective(key, &revision, objective.as_ref());
        saying.say(key, FactBody::Objective { name: ANNOTATED_OBJECTIVE.to_owned(), revision, objective });
    }
}

/// Tells of what cannot be meant, once for each way it is written.
fn note(
    key: &BatchKey,
    cron_job: &CronJob,
    cron_job_before: Option<&CronJob>,
    objective: Option<&Objective>,
    objective_before: Option<&Objective>,
    saying: &mut Saying<'_>,
) {
    let same_schedule = cron_job_before
        .is_some_and(|before| before.schedule == cron_job.schedule && before.time_zone == cron_job.time_zone);
    if !same_schedule && let Err(reason) = crate::crontab::schedule(cron_job) {
        saying.notices.push(Notice::Schedule {
            key: key.clone(),
            schedule: cron_job.schedule.clone(),
            time_zone: cron_job.time_zone.clone(),
            reason,
        });
    }
    let deadlines_before = objective_before.map(|before| &before.deadlines);
    if let Some(deadlines @ Deadlines::CompleteBy { crontab }) =
        objective.map(|objective| &objective.deadlines)
        && deadlines_before != Some(deadlines)
        && let Err(reason) = crate::crontab::complete_by(crontab)
    {
        saying.notices.push(Notice::CompleteBy { key: key.clone(), text: crontab.clone(), reason });
    }
}
