//! What was last said of each objective that is declared beside the cluster, and what is declared now.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kigen_model::event::{FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Objective, Schedule};

use super::Saying;
use super::cron_jobs::CronJobs;
use crate::input::{Declaration, Declared};

/// An objective's identity within the cluster: the batch and its name.
type Name = (BatchKey, String);

#[derive(Debug)]
struct Said {
    revision: u64,
    /// `None`: it was withdrawn. Its revision is kept, so that it is newer if it comes back.
    objective: Option<Objective>,
}

/// The declared objectives, by batch and name.
#[derive(Debug, Default)]
pub(super) struct DeclaredObjectives {
    /// `None`: nothing was declared yet, not even that there is nothing.
    wanted: Option<BTreeMap<Name, Objective>>,
    /// Whether what is not wanted is to be withdrawn.
    is_whole: bool,
    said: BTreeMap<Name, Said>,
    /// By the CronJob before whose fires the result must be there.
    followers: HashMap<BatchKey, BTreeSet<Name>>,
    /// Before the CronJobs are known, nothing can be resolved.
    can_resolve: bool,
}

impl DeclaredObjectives {
    pub(super) fn remember(
        &mut self,
        key: &BatchKey,
        name: &str,
        revision: &Revision,
        objective: Option<&Objective>,
    ) {
        let said = Said { revision: revision.resource_version, objective: objective.cloned() };
        self.said.insert((key.clone(), name.to_owned()), said);
    }

    /// This holds from now on.
    pub(super) fn declare(
        &mut self,
        declaration: Declaration,
        cron_jobs: &CronJobs,
        saying: &mut Saying<'_>,
    ) {
        let Declaration { all, is_whole } = declaration;
        let mut wanted = self.wanted.take().filter(|_| !is_whole).unwrap_or_default();
        wanted.extend(all.into_iter().map(|Declared { key, name, objective }| ((key, name), objective)));
        self.followers.clear();
        for (name, objective) in &wanted {
            if let Some(target) = target(&name.0, objective) {
                self.followers.entry(target).or_default().insert(name.clone());
            }
        }
        self.wanted = Some(wanted);
        self.is_whole = is_whole;
        self.say_all(cron_jobs, saying);
    }

    /// From now on it is known which CronJobs there are, and each change of one will be told.
    pub(super) fn resolve(&mut self, cron_jobs: &CronJobs, saying: &mut Saying<'_>) {
        self.can_resolve = true;
        self.say_all(cron_jobs, saying);
    }

    /// A CronJob has changed: the objectives whose deadlines are its fires follow it.
    pub(super) fn follow(&mut self, target: &BatchKey, cron_jobs: &CronJobs, saying: &mut Saying<'_>) {
        for name in self.followers.get(target).cloned().unwrap_or_default() {
            self.say(&name, cron_jobs, saying);
        }
    }

    /// Says again what holds of the batches that are due.
    pub(super) fn restate(&self, is_due: &dyn Fn(&BatchKey) -> bool, saying: &mut Saying<'_>) {
        for ((key, name), said) in self.said.iter().filter(|((key, _), _)| is_due(key)) {
            let Some(objective) = said.objective.clone() else { continue };
            let revision = Revision { uid: Revision::OF_FILE.to_owned(), resource_version: said.revision };
            let objective = Some(objective);
            saying.say(key, FactBody::Objective { name: name.clone(), revision, objective });
        }
    }

    fn say_all(&mut self, cron_jobs: &CronJobs, saying: &mut Saying<'_>) {
        let Some(wanted) = &self.wanted else { return };
        let gone = self.said.keys().filter(|name| self.is_whole && !wanted.contains_key(name));
        let names: Vec<Name> = wanted.keys().chain(gone).cloned().collect();
        for name in names {
            self.say(&name, cron_jobs, saying);
        }
    }

    /// Says what is declared under this name, if that is not what was said last.
    fn say(&mut self, name: &Name, cron_jobs: &CronJobs, saying: &mut Saying<'_>) {
        let Some(wanted) = self.wanted.as_ref().filter(|_| self.can_resolve) else {
            return;
        };
        let objective = wanted.get(name).map(|objective| resolved(&name.0, objective, cron_jobs));
        let said = self.said.get(name);
        if said.and_then(|said| said.objective.as_ref()) == objective.as_ref() {
            return;
        }
        // A file has no versions of its own. The server's time gives one that is newer than all that were given before
        // the last restart, those of which the log no longer knows included.
        let by_time = u64::try_from(saying.observed_at.timestamp_millis()).unwrap_or(0);
        let revision = said.map_or(by_time, |said| by_time.max(said.revision + 1));
        self.said.insert(name.clone(), Said { revision, objective: objective.clone() });
        let revision = Revision { uid: Revision::OF_FILE.to_owned(), resource_version: revision };
        saying.say(&name.0, FactBody::Objective { name: name.1.clone(), revision, objective });
    }
}

/// The CronJob before whose fires the result must be there.
fn target(of: &BatchKey, objective: &Objective) -> Option<BatchKey> {
    let (namespace, cron_job) = objective.target()?;
    Some(BatchKey::new(&of.cluster, namespace, cron_job))
}

/// The objective with its target's schedule as it is now.
fn resolved(of: &BatchKey, objective: &Objective, cron_jobs: &CronJobs) -> Objective {
    let now = target(of, objective).and_then(|target| cron_jobs.get(&target));
    objective.with_target_schedule(now.map(Schedule::of))
}
