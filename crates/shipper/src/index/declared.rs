//! What was last said of each objective that a file or an Objective of the cluster declares, and what is declared now.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kigen_model::event::{FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::Objective;

use super::cron_jobs::CronJobs;
use super::emit::Saying;
use super::emitted::{Name, Said, said_in, target};
use super::list_snapshot::Seen;
use super::objects::{Objects, Place, Wish};
use super::resolution::{self, Standings};
use crate::decode::{Identity, ObjectiveObject};
use crate::input::{Declaration, Declared};

/// The declared objectives, by batch and name.
///
/// Two sources that give one name to one batch do not take turns: the one that was first keeps it until it takes its word
/// back.
#[derive(Debug)]
pub(super) struct DeclaredObjectives {
    cluster: String,
    /// What the file says; `None`: nothing was declared yet, not even that there is nothing.
    in_file: Option<BTreeMap<Name, Objective>>,
    /// Whether what is not in the file is to be withdrawn.
    is_whole: bool,
    objects: Objects,
    said: BTreeMap<Name, Said>,
    /// By the CronJob before whose fires the result must be there.
    followers: HashMap<BatchKey, BTreeSet<Name>>,
    /// Before the CronJobs are known, nothing can be resolved.
    can_resolve: bool,
    /// How they stand may have changed since somebody asked.
    has_moved: bool,
}

impl DeclaredObjectives {
    pub(super) fn new(cluster: &str) -> Self {
        Self {
            cluster: cluster.to_owned(),
            in_file: None,
            is_whole: false,
            objects: Objects::default(),
            said: BTreeMap::new(),
            followers: HashMap::new(),
            can_resolve: false,
            has_moved: false,
        }
    }

    pub(super) fn remember(
        &mut self,
        key: &BatchKey,
        name: &str,
        revision: &Revision,
        objective: Option<&Objective>,
    ) {
        let Revision { uid, resource_version } = revision.clone();
        let said = Said { revision: resource_version, uid, objective: objective.cloned() };
        self.keep(&(key.clone(), name.to_owned()), said);
    }

    /// This holds from now on.
    pub(super) fn declare(
        &mut self,
        declaration: Declaration,
        cron_jobs: &CronJobs,
        saying: &mut Saying<'_>,
    ) {
        let Declaration { all, is_whole } = declaration;
        let mut in_file = self.in_file.take().filter(|_| !is_whole).unwrap_or_default();
        in_file.extend(all.into_iter().map(|Declared { key, name, objective }| ((key, name), objective)));
        self.in_file = Some(in_file);
        self.is_whole = is_whole;
        self.say_all(cron_jobs, saying);
    }

    /// From now on it is known which CronJobs there are, and each change of one will be told.
    pub(super) fn resolve(&mut self, cron_jobs: &CronJobs, saying: &mut Saying<'_>) {
        self.can_resolve = true;
        self.say_all(cron_jobs, saying);
    }

    /// A CronJob has changed: the objectives whose deadlines are its fires follow it, and so do those that select it.
    pub(super) fn follow(&mut self, cron_job: &BatchKey, cron_jobs: &CronJobs, saying: &mut Saying<'_>) {
        self.has_moved = true;
        let mut names = self.followers.get(cron_job).cloned().unwrap_or_default();
        let selectors = self.objects.selectors(&cron_job.namespace);
        names.extend(selectors.map(|name| (cron_job.clone(), name.to_owned())));
        for name in names {
            self.say(&name, cron_jobs, saying);
        }
    }

    /// An Objective was created or changed.
    pub(super) fn object_changed(
        &mut self,
        id: Identity,
        object: ObjectiveObject,
        cron_jobs: &CronJobs,
        saying: &mut Saying<'_>,
    ) {
        let place = (id.namespace.clone(), id.name.clone());
        if self.objects.changed(id, object) {
            self.say_of(&place, cron_jobs, saying);
        }
    }

    /// An Objective was deleted.
    pub(super) fn object_deleted(&mut self, id: &Identity, cron_jobs: &CronJobs, saying: &mut Saying<'_>) {
        if self.objects.deleted(id) {
            self.say_of(&(id.namespace.clone(), id.name.clone()), cron_jobs, saying);
        }
    }

    /// A list of the Objectives showed these; which are gone is said once they are known.
    pub(super) fn objects_listed(&mut self, seen: &Seen) {
        self.objects.listed(seen);
    }

    /// From now on it is known which Objectives there are.
    pub(super) fn objects_are_known(&mut self, cron_jobs: &CronJobs, saying: &mut Saying<'_>) {
        self.objects.are_known();
        self.say_all(cron_jobs, saying);
    }

    /// The Objectives are not to be had: what was said of them holds, unless it is sure that there are none.
    pub(super) fn objects_are_withheld(
        &mut self,
        is_not_served: bool,
        cron_jobs: &CronJobs,
        saying: &mut Saying<'_>,
    ) {
        if is_not_served && self.objects.are_not_served() {
            self.say_all(cron_jobs, saying);
        }
    }

    /// How all stand, once it is known what there is, and if that may have changed since this was asked last.
    pub(super) fn standings(&mut self, cron_jobs: &CronJobs) -> Option<Standings> {
        let is_news = self.can_resolve && std::mem::take(&mut self.has_moved);
        is_news.then(|| {
            resolution::of(&self.cluster, &self.objects, self.in_file.as_ref(), &self.said, cron_jobs)
        })
    }

    /// Says again what holds of the batches that are due.
    pub(super) fn restate(&self, is_due: &dyn Fn(&BatchKey) -> bool, saying: &mut Saying<'_>) {
        for ((key, name), said) in self.said.iter().filter(|((key, _), _)| is_due(key)) {
            let Some(objective) = said.objective.clone() else { continue };
            let revision = Revision { uid: said.uid.clone(), resource_version: said.revision };
            let objective = Some(objective);
            saying.say(key, FactBody::Objective { name: name.clone(), revision, objective });
        }
    }

    fn say_all(&mut self, cron_jobs: &CronJobs, saying: &mut Saying<'_>) {
        self.has_moved = true;
        if !self.can_resolve {
            return;
        }
        let mut names: BTreeSet<Name> = self.said.keys().cloned().collect();
        names.extend(self.in_file.iter().flatten().map(|(name, _)| name.clone()));
        for (place, _) in self.objects.all() {
            let batches = self.objects.batches(&self.cluster, place, cron_jobs);
            names.extend(batches.into_iter().map(|key| (key, place.1.clone())));
        }
        for name in names {
            self.say(&name, cron_jobs, saying);
        }
    }

    /// Says what the Objective of this place declares, and what it no longer does.
    fn say_of(&mut self, place: &Place, cron_jobs: &CronJobs, saying: &mut Saying<'_>) {
        self.has_moved = true;
        if !self.can_resolve {
            return;
        }
        let mut keys: BTreeSet<BatchKey> =
            self.objects.batches(&self.cluster, place, cron_jobs).into_iter().collect();
        keys.extend(said_in(&self.cluster, place, &self.said).map(|((key, _), _)| key.clone()));
        for key in keys {
            self.say(&(key, place.1.clone()), cron_jobs, saying);
        }
    }

    /// Says what is declared under this name, if that is not what was said last.
    fn say(&mut self, name: &Name, cron_jobs: &CronJobs, saying: &mut Saying<'_>) {
        if !self.can_resolve {
            return;
        }
        let said = self.said.get(name);
        let holds = said.and_then(|said| Some((said.uid.clone(), said.objective.clone()?)));
        let declared = self.declared(name, holds.as_ref(), cron_jobs);
        let now = declared.map(|(uid, objective)| (uid, resolved(&name.0, &objective, cron_jobs)));
        if holds.as_ref().map(|(_, objective)| objective) == now.as_ref().map(|(_, objective)| objective) {
            return;
        }
        self.has_moved = true;
        // What is declared has no versions that two sources could share, nor a new one whenever the schedule changes that it
        // follows. The server's time gives one that is newer than all that were given before the last restart, those of
        // which the log no longer knows included.
        let by_time = u64::try_from(saying.observed_at.timestamp_millis()).unwrap_or(0);
        let revision = said.map_or(by_time, |said| by_time.max(said.revision + 1));
        let of = said.map(|said| said.uid.clone()).unwrap_or_default();
        let (uid, objective) = now.map_or((of, None), |(uid, objective)| (uid, Some(objective)));
        self.keep(name, Said { revision, uid: uid.clone(), objective: objective.clone() });
        let revision = Revision { uid, resource_version: revision };
        saying.say(&name.0, FactBody::Objective { name: name.1.clone(), revision, objective });
    }

    /// What is declared under this name, and by whom, where this `holds`.
    fn declared(
        &self,
        name: &Name,
        holds: Option<&(String, Objective)>,
        cron_jobs: &CronJobs,
    ) -> Option<(String, Objective)> {
        let of_file = self.wish_of_file(name);
        let of_objects = self.objects.wish(&name.0, &name.1, cron_jobs);
        let is_held_by_object = holds.is_some_and(|(uid, _)| uid != Revision::OF_FILE);
        let (first, second) = if is_held_by_object { (of_objects, of_file) } else { (of_file, of_objects) };
        match (first, second) {
            (Wish::Wants(uid, objective), _) => Some((uid, *objective)),
            (Wish::Unknown, _) if holds.is_some() => holds.cloned(),
            (Wish::Unknown | Wish::Nothing, Wish::Wants(uid, objective)) => Some((uid, *objective)),
            (Wish::Unknown | Wish::Nothing, Wish::Unknown | Wish::Nothing) => None,
        }
    }

    fn wish_of_file(&self, name: &Name) -> Wish {
        match self.in_file.as_ref().map(|in_file| in_file.get(name)) {
            Some(Some(objective)) => Wish::Wants(Revision::OF_FILE.to_owned(), Box::new(objective.clone())),
            Some(None) if self.is_whole => Wish::Nothing,
            Some(None) | None => Wish::Unknown,
        }
    }

    fn keep(&mut self, name: &Name, said: Said) {
        let target_now = said.objective.as_ref().and_then(|objective| target(&name.0, objective));
        let before = self.said.insert(name.clone(), said);
        let target_before = before.and_then(|said| target(&name.0, &said.objective?));
        if target_before == target_now {
            return;
        }
        if let Some(target) = target_before
            && let Some(followers) = self.followers.get_mut(&target)
        {
            followers.remove(name);
            if followers.is_empty() {
                self.followers.remove(&target);
            }
        }
        if let Some(target) = target_now {
            self.followers.entry(target).or_default().insert(name.clone());
        }
    }
}

/// The objective with its target's schedule as it is now.
fn resolved(of: &BatchKey, objective: &Objective, cron_jobs: &CronJobs) -> Objective {
    let now = target(of, objective).and_then(|target| cron_jobs.schedule(&target));
    objective.with_target_schedule(now)
}
