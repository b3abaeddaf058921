//! Changes without resource versions, and the history that numbering makes of them.

use std::collections::{BTreeSet, HashMap};

use kigen_model::Instant;
use serde_json::Value;

use crate::history::{Change, ChangeKind, History};
use crate::resource::Resource;

/// A change without a resource version.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) at: Instant,
    pub(super) resource: Resource,
    pub(super) kind: ChangeKind,
    pub(super) object: Value,
}

impl Draft {
    pub(super) fn uid(&self) -> &str {
        self.object["metadata"]["uid"].as_str().unwrap_or_default()
    }
}

const REVISION_FIRST: u64 = 1000;
/// Other objects of a real cluster take revisions, too; and a test can advance the revision in between.
const REVISION_STEP: u64 = 3;

/// Assigns resource versions in the order of time. Changes before the start become one `Added` per object that is still
/// present.
pub(super) fn number(start: Instant, drafts: Vec<Draft>) -> History {
    let mut last_before = HashMap::new();
    for (nth, draft) in drafts.iter().enumerate().take_while(|(_, draft)| draft.at <= start) {
        last_before.insert(draft.uid().to_owned(), nth);
    }
    let outcomes: BTreeSet<usize> = last_before.into_values().collect();
    let mut revision = REVISION_FIRST;
    let mut initial_revision = revision;
    let mut created = HashMap::new();
    let mut changes = Vec::with_capacity(drafts.len());
    for (nth, mut draft) in drafts.into_iter().enumerate() {
        revision += REVISION_STEP;
        if draft.kind == ChangeKind::Added {
            created.insert(draft.uid().to_owned(), revision);
        }
        if draft.at <= start {
            if draft.kind == ChangeKind::Deleted || !outcomes.contains(&nth) {
                continue;
            }
            draft.kind = ChangeKind::Added;
            initial_revision = revision;
        }
        draft.object["metadata"]["resourceVersion"] = Value::from(revision.to_string());
        let active = draft.object.pointer_mut("/status/active").and_then(Value::as_array_mut);
        for job in active.into_iter().flatten() {
            let known = job["uid"].as_str().and_then(|uid| created.get(uid));
            job["resourceVersion"] = Value::from(known.copied().unwrap_or(revision).to_string());
        }
        let Draft { at, resource, kind, object } = draft;
        changes.push(Change { at, resource, kind, object });
    }
    History::new(start, initial_revision, changes)
}
