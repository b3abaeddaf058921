//! What was last said of each object: so that nothing is said twice, and that what a new list no longer shows is said
//! to be gone. As large as the cluster: some hundred bytes for each CronJob, Job and Pod of a Job that exists there.

mod attempts;
mod cron_jobs;
mod declared;
pub mod emit;
mod emitted;
mod encoded;
mod list_snapshot;
mod objects;
pub mod resolution;
mod runs;
mod uid;

use kigen_model::event::{Fact, FactBody, Revision};
use kigen_model::key::BatchKey;

use crate::decode::{ANNOTATED_OBJECTIVE, Decoded, Identity, Undecodable};
use crate::index::attempts::{Attempts, SeenPod};
use crate::index::cron_jobs::CronJobs;
use crate::index::declared::DeclaredObjectives;
use crate::index::emit::Saying;
use crate::index::list_snapshot::Seen;
use crate::index::resolution::Standings;
use crate::index::runs::Runs;
use crate::index::uid::Uid;
use crate::input::{Declaration, LogWanted};
use crate::notice::Notice;
use crate::resource::Resource;

/// What was last said of each object of the cluster.
#[derive(Debug)]
pub struct Known {
    cluster: String,
    cron_jobs: CronJobs,
    runs: Runs,
    attempts: Attempts,
    declared: DeclaredObjectives,
    listing: [Option<Seen>; Resource::COUNT],
}

impl Known {
    /// Nothing is known yet. `resumed`: a shipper before this one has written of this cluster.
    pub fn new(cluster: String, resumed: bool, pods_waiting_max: usize) -> Self {
        Self {
            declared: DeclaredObjectives::new(&cluster),
            cluster,
            cron_jobs: CronJobs::new(resumed),
            runs: Runs::default(),
            attempts: Attempts::new(pods_waiting_max),
            listing: Default::default(),
        }
    }

    /// A shipper before this one has said this: then it needs not be said again, and if it no longer holds, that must
    /// be said, even if nobody saw it end.
    pub fn remember(&mut self, fact: &Fact) {
        match &fact.body {
            FactBody::CronJob { revision, cron_job } => {
                self.cron_jobs.remember(&fact.key, revision, cron_job.as_ref());
            }
            FactBody::Run { revision, run } => {
                self.runs.remember(self.cron_jobs.share(fact.key.clone()), revision, run);
            }
            FactBody::Objective { name, revision, objective }
                if name == ANNOTATED_OBJECTIVE && revision.uid != Revision::OF_FILE =>
            {
                self.cron_jobs.remember_objective(&fact.key, revision, objective.as_ref());
            }
            FactBody::Objective { name, revision, objective } => {
                self.declared.remember(&fact.key, name, revision, objective.as_ref());
            }
            // An attempt matters as long as its Pod is there, and then the list shows it.
            FactBody::Attempt { .. } => {}
        }
    }

    /// Says again what holds of the batches that are due, as a first start would say it: a batch after the other, of
    /// each the CronJob first. Attempts are left out, since no verdict hangs on one.
    pub fn restate(&self, is_due: &dyn Fn(&BatchKey) -> bool, saying: &mut Saying<'_>) {
        let first = saying.facts.len();
        self.cron_jobs.restate(is_due, saying);
        self.declared.restate(is_due, saying);
        self.runs.restate(is_due, saying);
        // In the order of keys and UIDs, since a map has none.
        saying.facts[first..].sort_by(|left, right| place(left).cmp(&place(right)));
    }

    /// This is declared beside the cluster.
    pub fn declare(&mut self, declaration: Declaration, saying: &mut Saying<'_>) {
        self.declared.declare(declaration, &self.cron_jobs, saying);
    }

    /// The stream tells of all that comes after what is known.
    pub fn opened(&mut self, resource: Resource, saying: &mut Saying<'_>) {
        match resource {
            Resource::CronJobs => self.declared.resolve(&self.cron_jobs, saying),
            Resource::Objectives => self.declared.objects_are_known(&self.cron_jobs, saying),
            Resource::Jobs | Resource::Pods => {}
        }
    }

    /// The Objectives of the cluster are not to be had; `is_not_served`: because there are none.
    pub fn withheld(&mut self, is_not_served: bool, saying: &mut Saying<'_>) {
        self.declared.objects_are_withheld(is_not_served, &self.cron_jobs, saying);
    }

    /// How the Objectives of the cluster and those of a file stand, if that may have changed since it was asked last.
    pub fn standings(&mut self) -> Option<Standings> {
        self.declared.standings(&self.cron_jobs)
    }

    /// A list of `resource` begins.
    pub fn list_began(&mut self, resource: Resource) {
        self.listing[resource.index()] = Some(Seen::default());
    }

    /// An object was listed.
    pub fn listed(&mut self, decoded: Decoded, saying: &mut Saying<'_>) {
        match &decoded {
            Decoded::CronJob { id, .. } => self.seen(Resource::CronJobs, &id.revision.uid),
            Decoded::Job { id, .. } => self.seen(Resource::Jobs, &id.revision.uid),
            Decoded::Pod { id, .. } => self.seen(Resource::Pods, &id.revision.uid),
            Decoded::Objective { id, .. } => self.seen(Resource::Objectives, &id.revision.uid),
            Decoded::Ignored { .. } => {}
        }
        self.changed(decoded, saying);
    }

    /// An object was created or changed.
    pub fn changed(&mut self, decoded: Decoded, saying: &mut Saying<'_>) {
        match decoded {
            Decoded::CronJob { id, labels, cron_job, objective } => {
                let key = BatchKey::new(&self.cluster, &id.namespace, &id.name);
                if self.cron_jobs.changed(&key, id, labels, (cron_job, objective), saying) {
                    self.declared.follow(&key, &self.cron_jobs, saying);
                }
            }
            Decoded::Job { id, run, batch, not_a_slot } => {
                let (uid, job) = (id.revision.uid.clone(), run.job.clone());
                let share = |id: &Identity| self.cron_jobs.share(runs::key(&self.cluster, id, batch));
                if let Some(key) = self.runs.changed(id, run, share, saying) {
                    if let Some(reason) = not_a_slot {
                        saying.notices.push(Notice::Slot { key: BatchKey::clone(&key), job, reason });
                    }
                    self.attempts.run_seen(&uid, &key, saying);
                }
            }
            Decoded::Pod { id, run_uid, attempt, log } => {
                let key = self.runs.key(&run_uid);
                let pod = SeenPod { revision: id.revision, attempt, log, is_gone: false };
                self.attempts.changed(pod, run_uid, key, saying);
            }
            Decoded::Objective { id, object } => {
                self.declared.object_changed(id, *object, &self.cron_jobs, saying);
            }
            Decoded::Ignored { .. } => {}
        }
    }

    /// An object was deleted; `decoded` is the last of it.
    pub fn deleted(&mut self, decoded: Decoded, saying: &mut Saying<'_>) {
        match decoded {
            Decoded::CronJob { id, objective, .. } => {
                let key = BatchKey::new(&self.cluster, &id.namespace, &id.name);
                self.cron_jobs.deleted(&key, &id, objective.is_some(), saying);
                self.declared.follow(&key, &self.cron_jobs, saying);
            }
            Decoded::Job { id, run, batch, not_a_slot: _ } => {
                let uid = id.revision.uid.clone();
                let share = |id: &Identity| self.cron_jobs.share(runs::key(&self.cluster, id, batch));
                let key = self.runs.deleted(id, run, share, saying);
                self.attempts.run_seen(&uid, &key, saying);
            }
            Decoded::Pod { id, run_uid, attempt, log: _ } => {
                let key = self.runs.key(&run_uid);
                let pod = SeenPod { revision: id.revision, attempt, log: None, is_gone: true };
                self.attempts.deleted(pod, run_uid, key, saying);
            }
            Decoded::Objective { id, object: _ } => {
                self.declared.object_deleted(&id, &self.cron_jobs, saying);
            }
            Decoded::Ignored { .. } => {}
        }
    }

    /// The end of an attempt's log was read.
    pub fn log_read(&mut self, wanted: LogWanted, text: &str, saying: &mut Saying<'_>) {
        self.attempts.log_read(wanted, text, saying);
    }

    /// The attempts that failed since this was asked last and do not say why.
    pub fn logs_wanted(&mut self) -> Vec<LogWanted> {
        self.attempts.logs_wanted()
    }

    /// An object is there but could not be used.
    pub fn unusable(&mut self, resource: Resource, what: &Undecodable) {
        let Some(seen) = &mut self.listing[resource.index()] else {
            return;
        };
        if let Some(uid) = &what.uid {
            seen.uids.insert(Uid::of(uid));
        } else if let (Some(namespace), Some(name)) = (&what.namespace, &what.name) {
            seen.names.insert((namespace.clone(), name.clone()));
        }
    }

    /// The stream goes on from its last list, which is of `resource_version`, and not from a watch that would tell of
    /// what was deleted: what the list did not show is gone.
    pub fn list_counts(&mut self, resource: Resource, resource_version: u64, saying: &mut Saying<'_>) {
        let Some(seen) = self.listing[resource.index()].take() else {
            return;
        };
        match resource {
            Resource::CronJobs => self.cron_jobs.listed(&seen, resource_version, saying),
            Resource::Jobs => self.runs.listed(&seen, resource_version, saying),
            Resource::Pods => self.attempts.listed(&seen),
            Resource::Objectives => self.declared.objects_listed(&seen),
        }
    }

    /// The stream is past its last list: from here on a watch tells what goes, or another list does.
    pub fn list_is_past(&mut self, resource: Resource) {
        self.listing[resource.index()] = None;
    }

    /// Whether it is kept what a list has shown.
    #[cfg(test)]
    pub fn is_list_kept(&self, resource: Resource) -> bool {
        self.listing[resource.index()].is_some()
    }

    fn seen(&mut self, resource: Resource, uid: &str) {
        if let Some(seen) = &mut self.listing[resource.index()] {
            seen.uids.insert(Uid::of(uid));
        }
    }
}

/// The order in which facts are said again.
fn place(fact: &Fact) -> (&BatchKey, u8, &str) {
    match &fact.body {
        FactBody::CronJob { revision, .. } => (&fact.key, 0, revision.uid.as_str()),
        FactBody::Objective { name, .. } => (&fact.key, 1, name.as_str()),
        FactBody::Run { revision, .. } => (&fact.key, 2, revision.uid.as_str()),
        FactBody::Attempt { revision, .. } => (&fact.key, 3, revision.uid.as_str()),
    }
}
