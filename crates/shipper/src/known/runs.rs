//! What was last said of each Job, and which batch it belongs to.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use kigen_model::event::{FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::run::{Run, RunPhase};

use super::{Saying, Seen};
use crate::decode::{BatchHint, Identity};

/// Of how many Jobs that are gone the batch is remembered: the streams are not in step, and how a Pod ended may be heard
/// after its Job was deleted.
const RUNS_GONE_MAX: usize = 10_000;

#[derive(Debug)]
struct KnownRun {
    resource_version: u64,
    key: Arc<BatchKey>,
    run: Run,
}

/// The Jobs by UID. Boxed, since half of a map's places may be empty.
#[derive(Debug, Default)]
pub(super) struct Runs {
    by_uid: HashMap<String, Box<KnownRun>>,
    gone: Gone,
}

/// The batches of the Jobs that went last.
#[derive(Debug, Default)]
struct Gone {
    keys: HashMap<String, Arc<BatchKey>>,
    order: VecDeque<String>,
}

impl Gone {
    fn put(&mut self, uid: &str, key: &Arc<BatchKey>) {
        if self.keys.insert(uid.to_owned(), Arc::clone(key)).is_none() {
            self.order.push_back(uid.to_owned());
        }
        if self.order.len() > RUNS_GONE_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.keys.remove(&oldest);
        }
    }
}

impl Runs {
    /// The batch of the Job with this UID, if it was seen and has not gone long ago.
    pub(super) fn key(&self, uid: &str) -> Option<Arc<BatchKey>> {
        self.by_uid.get(uid).map(|known| &known.key).or_else(|| self.gone.keys.get(uid)).cloned()
    }

    pub(super) fn remember(&mut self, key: Arc<BatchKey>, revision: &Revision, run: &Run) {
        let resource_version = revision.resource_version;
        let known = self.by_uid.get(&revision.uid);
        if known.is_some_and(|known| known.resource_version >= resource_version) {
            return;
        }
        if let RunPhase::Deleted { .. } = run.phase {
            self.by_uid.remove(&revision.uid);
            return;
        }
        let known = KnownRun { resource_version, key, run: run.clone() };
        self.by_uid.insert(revision.uid.clone(), Box::new(known));
    }

    /// Returns the batch if the Job was not known before. `share` gives the batch's key as whoever else knows it has it.
    pub(super) fn changed(
        &mut self,
        id: Identity,
        run: Run,
        share: impl FnOnce(&Identity) -> Arc<BatchKey>,
        saying: &mut Saying<'_>,
    ) -> Option<Arc<BatchKey>> {
        if let Some(known) = self.by_uid.get_mut(&id.revision.uid) {
            if known.resource_version < id.revision.resource_version {
                known.resource_version = id.revision.resource_version;
                if known.run != run {
                    known.run = run.clone();
                    saying.say(&known.key, FactBody::Run { revision: id.revision, run });
                }
            }
            return None;
        }
        let key = share(&id);
        let resource_version = id.revision.resource_version;
        let known = KnownRun { resource_version, key: Arc::clone(&key), run: run.clone() };
        self.by_uid.insert(id.revision.uid.clone(), Box::new(known));
        saying.say(&key, FactBody::Run { revision: id.revision, run });
        Some(key)
    }

    /// Returns the batch.
    pub(super) fn deleted(
        &mut self,
        id: Identity,
        mut run: Run,
        share: impl FnOnce(&Identity) -> Arc<BatchKey>,
        saying: &mut Saying<'_>,
    ) -> Arc<BatchKey> {
        let known = self.by_uid.remove(&id.revision.uid);
        if !has_ended(&run) {
            run.phase = RunPhase::Deleted { observed_at: saying.observed_at };
        }
        let is_news = known.as_ref().is_none_or(|known| known.run != run);
        let key = known.map_or_else(|| share(&id), |known| known.key);
        self.gone.put(&id.revision.uid, &key);
        if is_news {
            saying.say(&key, FactBody::Run { revision: id.revision, run });
        }
        key
    }

    /// Says again what is known of the runs of the batches that are due. Of those that ended too, as long as the Job is
    /// there: by `freshness` one may count for deadlines that are still to come.
    pub(super) fn restate(&self, is_due: &dyn Fn(&BatchKey) -> bool, saying: &mut Saying<'_>) {
        for (uid, known) in self.by_uid.iter().filter(|(_, known)| is_due(&known.key)) {
            let revision = Revision { uid: uid.clone(), resource_version: known.resource_version };
            saying.say(&known.key, FactBody::Run { revision, run: known.run.clone() });
        }
    }

    /// A Job that ended and is gone is no news; one that had not ended when it was last seen may have ended since, and
    /// then the gap that follows says that this cannot be known.
    pub(super) fn listed(&mut self, seen: &Seen, resource_version: u64, saying: &mut Saying<'_>) {
        let mut gone: Vec<_> = self
            .by_uid
            .extract_if(|uid, known| !seen.has(uid, &known.key.namespace, &known.run.job))
            .collect();
        // In the order of their UIDs, since a map has none and the same list should give the same events.
        gone.sort_by(|(left, _), (right, _)| left.cmp(right));
        for (uid, known) in gone {
            self.gone.put(&uid, &known.key);
            if has_ended(&known.run) {
                continue;
            }
            let run = Run { phase: RunPhase::Deleted { observed_at: saying.observed_at }, ..known.run };
            saying.say(&known.key, FactBody::Run { revision: Revision { uid, resource_version }, run });
        }
    }
}

fn has_ended(run: &Run) -> bool {
    match run.phase {
        RunPhase::Succeeded { .. } | RunPhase::Failed { .. } => true,
        RunPhase::Pending | RunPhase::Running | RunPhase::Suspended | RunPhase::Deleted { .. } => false,
    }
}

/// The batch of a Job that is seen for the first time. Later it keeps it, whatever becomes of its owner and labels.
pub(super) fn key(cluster: &str, id: &Identity, batch: BatchHint) -> BatchKey {
    let batch = match batch {
        BatchHint::CronJob(name) | BatchHint::Label(name) | BatchHint::Orphan(name) => name,
        BatchHint::None => id.name.clone(),
    };
    BatchKey::new(cluster, &id.namespace, batch)
}
