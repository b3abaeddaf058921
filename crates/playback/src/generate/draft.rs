//! Changes without resource versions, and the history that numbering makes of them.

use std::collections::{BTreeSet, HashMap};

use kigen_model::Instant;
use serde_json::{Value, json};

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

/// Sorts the changes of some objects by time, and drops the content of those that no history has: a state before the start
/// that another one before the start replaces. A cluster of many CronJobs would not fit into memory with it.
pub(super) fn sorted(start: Instant, mut drafts: Vec<Draft>) -> Vec<Draft> {
    drafts.sort_by_key(|draft| draft.at);
    let outcomes = last_before(start, &drafts);
    let before = drafts.partition_point(|draft| draft.at <= start);
    for (nth, draft) in drafts.iter_mut().enumerate().take(before) {
        if !outcomes.contains(&nth) {
            draft.object = json!({"metadata": {"uid": draft.uid()}});
        }
    }
    drafts
}

/// The last change before the start of each object, by its place in `drafts`, which are sorted by time.
fn last_before(start: Instant, drafts: &[Draft]) -> BTreeSet<usize> {
    let before = drafts.iter().enumerate().take_while(|(_, draft)| draft.at <= start);
    let last: HashMap<&str, usize> = before.map(|(nth, draft)| (draft.uid(), nth)).collect();
    last.into_values().collect()
}

const REVISION_FIRST: u64 = 1000;
/// Other objects of a real cluster take revisions, too; and a test can advance the revision in between.
const REVISION_STEP: u64 = 3;

/// Assigns resource versions in the order of time. Changes before the start become one `Added` per object that is still
/// present.
pub(super) fn number(start: Instant, drafts: Vec<Draft>) -> History {
    let outcomes = last_before(start, &drafts);
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
