//! What was last said of each CronJob and of the objective in its annotations.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kigen_model::event::{FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, Schedule};
use kigen_model::run::CronJob;

use super::labels::Labels;
use super::{Saying, Seen};
use crate::decode::{ANNOTATED_OBJECTIVE, Identity};
use crate::notice::Notice;

#[derive(Debug)]
struct KnownCronJob {
    resource_version: u64,
    key: Arc<BatchKey>,
    cron_job: CronJob,
    /// Empty until a list has shown them: the log does not have them.
    labels: Labels,
}

/// An objective as it was last said: under the same version it is no news to anybody.
#[derive(Debug)]
struct SaidObjective {
    revision: Revision,
    objective: Objective,
}

/// The CronJobs by UID, and by key the UID that bears the name now. Boxed, since half of a map's places may be empty.
#[derive(Debug)]
pub(super) struct CronJobs {
    by_uid: HashMap<String, Box<KnownCronJob>>,
    bearers: HashMap<Arc<BatchKey>, String>,
    objectives: HashMap<Arc<BatchKey>, Box<SaidObjective>>,
    /// An objective that was withdrawn while no shipper ran is known to the log alone: then its absence is said of
    /// every CronJob once.
    resumed: bool,
}

impl CronJobs {
    pub(super) fn new(resumed: bool) -> Self {
        Self { by_uid: HashMap::new(), bearers: HashMap::new(), objectives: HashMap::new(), resumed }
    }

    pub(super) fn remember(&mut self, key: &BatchKey, revision: &Revision, cron_job: Option<&CronJob>) {
        if self.is_old(key, revision) {
            return;
        }
        if let Some(former) = self.bearers.remove(key) {
            self.by_uid.remove(&former);
        }
        if let Some(cron_job) = cron_job {
            let resource_version = revision.resource_version;
            let (key, labels) = (self.share(key.clone()), Labels::default());
            self.bearers.insert(Arc::clone(&key), revision.uid.clone());
            let known = KnownCronJob { resource_version, key, cron_job: cron_job.clone(), labels };
            self.by_uid.insert(revision.uid.clone(), Box::new(known));
        }
    }

    /// The key as it is kept here: one text for all that is known of a batch.
    pub(super) fn share(&self, key: BatchKey) -> Arc<BatchKey> {
        let by_name = self.bearers.get_key_value(&key).map(|(key, _)| key);
        let kept = by_name.or_else(|| self.objectives.get_key_value(&key).map(|(key, _)| key));
        kept.map_or_else(|| Arc::new(key), Arc::clone)
    }

    /// The CronJob that bears this name now.
    pub(super) fn get(&self, key: &BatchKey) -> Option<&CronJob> {
        Some(&self.by_uid.get(self.bearers.get(key)?)?.cron_job)
    }

    /// Whether the CronJob that bears this name now has all of these labels.
    pub(super) fn has_labels(&self, key: &BatchKey, wanted: &BTreeMap<String, String>) -> bool {
        let bearer = self.bearers.get(key).and_then(|uid| self.by_uid.get(uid));
        bearer.is_some_and(|known| known.labels.have(wanted))
    }

    /// The CronJobs of the namespace that have all of these labels, in no order.
    pub(super) fn labelled<'a>(
        &'a self,
        namespace: &'a str,
        wanted: &'a BTreeMap<String, String>,
    ) -> impl Iterator<Item = &'a BatchKey> {
        let there = self.by_uid.values().filter(move |known| known.key.namespace == namespace);
        there.filter(|known| known.labels.have(wanted)).map(|known| &*known.key)
    }

    pub(super) fn remember_objective(
        &mut self,
        key: &BatchKey,
        revision: &Revision,
        objective: Option<&Objective>,
    ) {
        match objective.cloned() {
            Some(objective) => {
                let said = Box::new(SaidObjective { revision: revision.clone(), objective });
                self.objectives.insert(self.share(key.clone()), said)
            }
            None => self.objectives.remove(key),
        };
    }

    /// Says again what holds of the batches that are due.
    pub(super) fn restate(&self, is_due: &dyn Fn(&BatchKey) -> bool, saying: &mut Saying<'_>) {
        for (key, uid) in self.bearers.iter().filter(|(key, _)| is_due(key)) {
            let Some(known) = self.by_uid.get(uid) else { continue };
            let revision = Revision { uid: uid.clone(), resource_version: known.resource_version };
            saying.say(key, FactBody::CronJob { revision, cron_job: Some(known.cron_job.clone()) });
        }
        for (key, said) in self.objectives.iter().filter(|(key, _)| is_due(key)) {
            let (revision, objective) = (said.revision.clone(), Some(said.objective.clone()));
            let name = ANNOTATED_OBJECTIVE.to_owned();
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
        if self.is_old(key, &id.revision) {
            let known = self.by_uid.get_mut(&id.revision.uid);
            let same = known.filter(|known| known.resource_version == id.revision.resource_version);
            return same.is_some_and(|same| std::mem::replace(&mut same.labels, labels) != same.labels);
        }
        let known = self.by_uid.get(&id.revision.uid);
        let is_first = known.is_none();
        let moves = known.is_none_or(|known| {
            known.labels != labels || Schedule::of(&known.cron_job) != Schedule::of(&cron_job)
        });
        let objective_before = self.objectives.get(key).map(|said| &said.objective);
        note(
            key,
            &cron_job,
            known.map(|known| &known.cron_job),
            objective.as_ref(),
            objective_before,
            saying,
        );
        if known.is_none_or(|known| known.cron_job != cron_job) {
            let body = FactBody::CronJob { revision: id.revision.clone(), cron_job: Some(cron_job.clone()) };
            saying.say(key, body);
        }
        if objective_before != objective.as_ref() || (is_first && self.resumed && objective.is_none()) {
            self.say_objective(key, id.revision.clone(), objective, saying);
        }
        let key = self.share(key.clone());
        if let Some(former) = self.bearers.insert(Arc::clone(&key), id.revision.uid.clone())
            && former != id.revision.uid
        {
            self.by_uid.remove(&former);
        }
        let resource_version = id.revision.resource_version;
        let known = KnownCronJob { resource_version, key, cron_job, labels };
        self.by_uid.insert(id.revision.uid, Box::new(known));
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
        let mut gone: Vec<_> = self
            .by_uid
            .iter()
            .filter(|(uid, known)| !seen.has(uid, &known.key.namespace, &known.key.batch))
            .map(|(uid, known)| (Arc::clone(&known.key), uid.clone()))
            .collect();
        // In the order of their keys, since a map has none and the same list should give the same events.
        gone.sort();
        for (key, uid) in gone {
            self.gone(&key, Revision { uid, resource_version }, false, saying);
        }
    }

    /// Whether this version, or a later CronJob of the same name, was heard of before: then it changes nothing.
    fn is_old(&self, key: &BatchKey, revision: &Revision) -> bool {
        self.bearers
            .get(key)
            .and_then(|uid| self.by_uid.get(uid))
            .is_some_and(|bearer| bearer.resource_version >= revision.resource_version)
    }

    fn gone(&mut self, key: &BatchKey, revision: Revision, withdraw: bool, saying: &mut Saying<'_>) {
        self.by_uid.remove(&revision.uid);
        if self.bearers.get(key).is_some_and(|bearer| *bearer == revision.uid) {
            self.bearers.remove(key);
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
