//! What was last said of each Job, and which batch it belongs to.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use kigen_model::event::{FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::run::{Run, RunPhase};

use super::emit::Saying;
use super::encoded::Kept;
use super::list_snapshot::Seen;
use super::uid::Uid;
use crate::decode::{BatchHint, Identity};

/// Of how many Jobs that are gone the batch is remembered: the streams are not in step, and how a Pod ended may be heard
/// after its Job was deleted.
const RUNS_GONE_MAX: usize = 10_000;

#[derive(Debug)]
struct KnownRun {
    resource_version: u64,
    key: Arc<BatchKey>,
    run: Kept<Run>,
}

/// The Jobs by UID.
#[derive(Debug, Default)]
pub(super) struct Runs {
    by_uid: BTreeMap<Uid, KnownRun>,
    gone: Gone,
}

/// The batches of the Jobs that went last.
#[derive(Debug, Default)]
struct Gone {
    keys: BTreeMap<Uid, Arc<BatchKey>>,
    order: VecDeque<Uid>,
}

impl Gone {
    fn put(&mut self, uid: Uid, key: &Arc<BatchKey>) {
        if self.keys.insert(uid.clone(), Arc::clone(key)).is_none() {
            self.order.push_back(uid);
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
        let uid = Uid::of(uid);
        self.by_uid.get(&uid).map(|known| &known.key).or_else(|| self.gone.keys.get(&uid)).cloned()
    }

    pub(super) fn remember(&mut self, key: Arc<BatchKey>, revision: &Revision, run: &Run) {
        let (uid, resource_version) = (Uid::of(&revision.uid), revision.resource_version);
        let known = self.by_uid.get(&uid);
        if known.is_some_and(|known| known.resource_version >= resource_version) {
            return;
        }
        if let RunPhase::Deleted { .. } = run.phase {
            self.by_uid.remove(&uid);
            return;
        }
        self.by_uid.insert(uid, KnownRun { resource_version, key, run: Kept::of(run) });
    }

    /// Returns the batch if the Job was not known before. `share` gives the batch's key as whoever else knows it has it.
    pub(super) fn changed(
        &mut self,
        id: Identity,
        run: Run,
        share: impl FnOnce(&Identity) -> Arc<BatchKey>,
        saying: &mut Saying<'_>,
    ) -> Option<Arc<BatchKey>> {
        let (uid, resource_version) = (Uid::of(&id.revision.uid), id.revision.resource_version);
        let kept = Kept::of(&run);
        if let Some(known) = self.by_uid.get_mut(&uid) {
            if known.resource_version < resource_version {
                known.resource_version = resource_version;
                if known.run != kept {
                    known.run = kept;
                    saying.say(&known.key, FactBody::Run { revision: id.revision, run });
                }
            }
            return None;
        }
        let key = share(&id);
        self.by_uid.insert(uid, KnownRun { resource_version, key: Arc::clone(&key), run: kept });
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
        let uid = Uid::of(&id.revision.uid);
        let known = self.by_uid.remove(&uid);
        if !has_ended(&run) {
            run.phase = RunPhase::Deleted { observed_at: saying.observed_at };
        }
        let is_news = known.as_ref().is_none_or(|known| known.run != Kept::of(&run));
        let key = known.map_or_else(|| share(&id), |known| known.key);
        self.gone.put(uid, &key);
        if is_news {
            saying.say(&key, FactBody::Run { revision: id.revision, run });
        }
        key
    }

    /// Says again what is known of the runs of the batches that are due. Of those that ended too, as long as the Job is
    /// there: by `freshness` one may count for deadlines that are still to come.
    pub(super) fn restate(&self, is_due: &dyn Fn(&BatchKey) -> bool, saying: &mut Saying<'_>) {
        for (uid, known) in self.by_uid.iter().filter(|(_, known)| is_due(&known.key)) {
            let revision = Revision { uid: uid.to_string(), resource_version: known.resource_version };
            saying.say(&known.key, FactBody::Run { revision, run: known.run.get() });
        }
    }

    /// A Job that ended and is gone is no news; one that had not ended when it was last seen may have ended since, and
    /// then the gap that follows says that this cannot be known.
    pub(super) fn listed(&mut self, seen: &Seen, resource_version: u64, saying: &mut Saying<'_>) {
        let is_gone = |uid: &Uid, known: &mut KnownRun| {
            !seen.has(uid, || (known.key.namespace.clone(), known.run.get().job))
        };
        for (uid, known) in self.by_uid.extract_if(.., is_gone) {
            let mut run = known.run.get();
            if !has_ended(&run) {
                run.phase = RunPhase::Deleted { observed_at: saying.observed_at };
                let revision = Revision { uid: uid.to_string(), resource_version };
                saying.say(&known.key, FactBody::Run { revision, run });
            }
            self.gone.put(uid, &known.key);
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
