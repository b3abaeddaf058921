//! What was last said of each Job, and which batch it belongs to.

use std::collections::HashMap;

use kigen_model::event::{FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::run::{Run, RunPhase};

use super::{Saying, Seen};
use crate::decode::{BatchHint, Identity};

#[derive(Debug)]
struct KnownRun {
    resource_version: u64,
    key: BatchKey,
    run: Run,
}

/// The Jobs by UID.
#[derive(Debug, Default)]
pub(super) struct Runs {
    by_uid: HashMap<String, KnownRun>,
}

impl Runs {
    /// The batch of the Job with this UID, if it was seen and is not gone.
    pub(super) fn key(&self, uid: &str) -> Option<BatchKey> {
        self.by_uid.get(uid).map(|known| known.key.clone())
    }

    pub(super) fn remember(&mut self, key: &BatchKey, revision: &Revision, run: &Run) {
        let resource_version = revision.resource_version;
        let known = self.by_uid.get(&revision.uid);
        if known.is_some_and(|known| known.resource_version >= resource_version) {
            return;
        }
        if let RunPhase::Deleted { .. } = run.phase {
            self.by_uid.remove(&revision.uid);
            return;
        }
        let known = KnownRun { resource_version, key: key.clone(), run: run.clone() };
        self.by_uid.insert(revision.uid.clone(), known);
    }

    /// Returns the batch if the Job was not known before.
    pub(super) fn changed(
        &mut self,
        cluster: &str,
        id: Identity,
        run: Run,
        batch: BatchHint,
        saying: &mut Saying<'_>,
    ) -> Option<BatchKey> {
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
        let key = key(cluster, &id, batch);
        let resource_version = id.revision.resource_version;
        let known = KnownRun { resource_version, key: key.clone(), run: run.clone() };
        self.by_uid.insert(id.revision.uid.clone(), known);
        saying.say(&key, FactBody::Run { revision: id.revision, run });
        Some(key)
    }

    /// Returns the batch.
    pub(super) fn deleted(
        &mut self,
        cluster: &str,
        id: Identity,
        mut run: Run,
        batch: BatchHint,
        saying: &mut Saying<'_>,
    ) -> BatchKey {
        let known = self.by_uid.remove(&id.revision.uid);
        if !has_ended(&run) {
            run.phase = RunPhase::Deleted { observed_at: saying.observed_at };
        }
        let is_news = known.as_ref().is_none_or(|known| known.run != run);
        let key = known.map_or_else(|| key(cluster, &id, batch), |known| known.key);
        if is_news {
            saying.say(&key, FactBody::Run { revision: id.revision, run });
        }
        key
    }

    /// A Job that ended and is gone is no news; one that had not ended when it was last seen may have ended since, and
    /// then the gap that follows says that this cannot be known.
    pub(super) fn listed(&mut self, seen: &Seen, resource_version: u64, saying: &mut Saying<'_>) {
        let mut gone: Vec<_> = self
            .by_uid
            .extract_if(|uid, known| !seen.has(uid, &known.key.namespace, &known.run.job))
            .filter(|(_, known)| !has_ended(&known.run))
            .collect();
        // In the order of their UIDs, since a map has none and the same list should give the same events.
        gone.sort_by(|(left, _), (right, _)| left.cmp(right));
        for (uid, known) in gone {
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
fn key(cluster: &str, id: &Identity, batch: BatchHint) -> BatchKey {
    let batch = match batch {
        BatchHint::CronJob(name) | BatchHint::Label(name) | BatchHint::Orphan(name) => name,
        BatchHint::None => id.name.clone(),
    };
    BatchKey::new(cluster, &id.namespace, batch)
}
