//! The last emitted version of each Job, and the batch that it belongs to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use kigen_model::Instant;
use kigen_model::event::{FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::run::{Run, RunPhase};

use super::emit::Emit;
use super::encoded::Encoded;
use super::list_snapshot::ListSnapshot;
use super::uid::Uid;
use crate::decode::{AnnouncedFailure, Identity};

/// Of how many deleted Jobs the batch is remembered: the streams are not in step, and the end of a Pod may arrive after
/// the deletion of its Job.
const RUNS_GONE_MAX: usize = 10_000;

#[derive(Debug)]
struct KnownRun {
    resource_version: u64,
    key: Arc<BatchKey>,
    run: Encoded<Run>,
}

/// The Jobs by UID.
#[derive(Debug, Default)]
pub(super) struct Runs {
    by_uid: BTreeMap<Uid, KnownRun>,
    /// Those that have failed and wait for their last pods to end. No version of them is emitted meanwhile, since the failure
    /// may have no newer one.
    failing: BTreeMap<Uid, Failing>,
    gone: Gone,
}

/// A run with its failure, to be emitted once it is due.
#[derive(Debug)]
struct Failing {
    due: Instant,
    resource_version: u64,
    run: Run,
}

/// The batches of the Jobs that were deleted last.
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
    /// The batch of the Job with this UID, if the Job exists or was deleted not long ago.
    pub(super) fn key(&self, uid: &str) -> Option<Arc<BatchKey>> {
        let uid = Uid::of(uid);
        self.by_uid.get(&uid).map(|known| &known.key).or_else(|| self.gone.keys.get(&uid)).cloned()
    }

    pub(super) fn restore(&mut self, key: Arc<BatchKey>, revision: &Revision, run: &Run) {
        let (uid, resource_version) = (Uid::of(&revision.uid), revision.resource_version);
        let known = self.by_uid.get(&uid);
        if known.is_some_and(|known| known.resource_version >= resource_version) {
            return;
        }
        if let RunPhase::Deleted { .. } = run.phase {
            self.by_uid.remove(&uid);
            return;
        }
        self.by_uid.insert(uid, KnownRun { resource_version, key, run: Encoded::of(run) });
    }

    /// Returns the batch if the Job was not known before. `share` returns the index's shared copy of the batch's key.
    pub(super) fn apply(
        &mut self,
        id: Identity,
        mut run: Run,
        failing: Option<AnnouncedFailure>,
        share: impl FnOnce(&Identity) -> Arc<BatchKey>,
        emit: &mut Emit<'_>,
    ) -> Option<Arc<BatchKey>> {
        let (uid, resource_version) = (Uid::of(&id.revision.uid), id.revision.resource_version);
        let due = failing.as_ref().map(|failing| failing.emit_at);
        if let Some(failing) = failing {
            run.phase = failing.phase;
        }
        let kept = Encoded::of(&run);
        if let Some(known) = self.by_uid.get_mut(&uid) {
            if known.resource_version < resource_version {
                self.failing.remove(&uid);
                if let Some(due) = due.filter(|due| *due > emit.observed_at) {
                    self.failing.insert(uid, Failing { due, resource_version, run });
                    return None;
                }
                known.resource_version = resource_version;
                if known.run != kept {
                    known.run = kept;
                    emit.fact(&known.key, FactBody::Run { revision: id.revision, run });
                }
            }
            return None;
        }
        let key = share(&id);
        self.by_uid.insert(uid, KnownRun { resource_version, key: Arc::clone(&key), run: kept });
        emit.fact(&key, FactBody::Run { revision: id.revision, run });
        Some(key)
    }

    /// Returns the batch.
    pub(super) fn delete(
        &mut self,
        id: Identity,
        mut run: Run,
        failing: Option<AnnouncedFailure>,
        share: impl FnOnce(&Identity) -> Arc<BatchKey>,
        emit: &mut Emit<'_>,
    ) -> Arc<BatchKey> {
        let uid = Uid::of(&id.revision.uid);
        let known = self.by_uid.remove(&uid);
        self.failing.remove(&uid);
        if let Some(failing) = failing {
            run.phase = failing.phase;
        } else if !has_ended(&run) {
            run.phase = RunPhase::Deleted { observed_at: emit.observed_at };
        }
        let is_changed = known.as_ref().is_none_or(|known| known.run != Encoded::of(&run));
        let key = known.map_or_else(|| share(&id), |known| known.key);
        self.gone.put(uid, &key);
        if is_changed {
            emit.fact(&key, FactBody::Run { revision: id.revision, run });
        }
        key
    }

    /// Emits the failures that are due.
    pub(super) fn emit_announced(&mut self, observed_until: Instant, emit: &mut Emit<'_>) {
        let due = self.failing.extract_if(.., |_, failing| failing.due <= observed_until);
        for (uid, Failing { resource_version, run, due: _ }) in due {
            if let Some(known) = self.by_uid.get_mut(&uid) {
                known.resource_version = resource_version;
                known.run = Encoded::of(&run);
                let revision = Revision { uid: uid.to_string(), resource_version };
                emit.fact(&known.key, FactBody::Run { revision, run });
            }
        }
    }

    /// Emits the runs of the batches that are due, ended ones included as long as the Job exists: by `freshness` one may
    /// count for deadlines that are still to come.
    pub(super) fn resync(&self, is_due: &dyn Fn(&BatchKey) -> bool, emit: &mut Emit<'_>) {
        for (uid, known) in self.by_uid.iter().filter(|(_, known)| is_due(&known.key)) {
            let revision = Revision { uid: uid.to_string(), resource_version: known.resource_version };
            emit.fact(&known.key, FactBody::Run { revision, run: known.run.get() });
        }
    }

    /// The batches with a run that has not ended.
    pub(super) fn unfinished(&self) -> BTreeSet<Arc<BatchKey>> {
        let unfinished = self.by_uid.values().filter(|known| !has_ended(&known.run.get()));
        unfinished.map(|known| Arc::clone(&known.key)).collect()
    }

    /// Nothing is emitted for a Job that ended and is gone. One that had not ended in its last version may have ended since;
    /// the gap that follows marks that this cannot be known.
    pub(super) fn reset(&mut self, snapshot: &ListSnapshot, resource_version: u64, emit: &mut Emit<'_>) {
        let is_gone = |uid: &Uid, known: &mut KnownRun| {
            !snapshot.has(uid, || (known.key.namespace.clone(), known.run.get().job))
        };
        for (uid, known) in self.by_uid.extract_if(.., is_gone) {
            let failing = self.failing.remove(&uid);
            let has_failed = failing.is_some();
            let mut run = failing.map_or_else(|| known.run.get(), |failing| failing.run);
            if has_failed {
                let revision = Revision { uid: uid.to_string(), resource_version };
                emit.fact(&known.key, FactBody::Run { revision, run });
            } else if !has_ended(&run) {
                run.phase = RunPhase::Deleted { observed_at: emit.observed_at };
                let revision = Revision { uid: uid.to_string(), resource_version };
                emit.fact(&known.key, FactBody::Run { revision, run });
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
