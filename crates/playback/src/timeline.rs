//! A history as the server looks at it: what can be seen at an instant, and what was there at a revision.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use kigen_model::Instant;

use crate::history::{Change, ChangeKind, History, Key};
use crate::resource::Resource;

/// Which change last touched each present object of a resource.
pub(crate) type Present = Arc<BTreeMap<Key, usize>>;

/// How many snapshots that a LIST has pages left of are kept; an older one is computed again.
const SNAPSHOTS_MAX: usize = 8;

#[derive(Debug)]
pub(crate) struct Timeline {
    history: History,
    revisions: Vec<u64>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    newest: [(usize, Present); Resource::COUNT],
    snapshots: VecDeque<(Resource, usize, Present)>,
}

impl Timeline {
    pub(crate) fn new(history: History) -> Self {
        let revisions = history.changes().iter().map(Change::resource_version).collect();
        Self { history, revisions, kept: Mutex::default() }
    }

    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    pub(crate) fn change(&self, nth: usize) -> Option<&Change> {
        self.history.changes().get(nth)
    }

    pub(crate) fn revision_of(&self, nth: usize) -> u64 {
        self.revisions.get(nth).copied().unwrap_or(u64::MAX)
    }

    /// How many changes can be seen at that instant.
    pub(crate) fn visible(&self, now: Instant) -> usize {
        let base = self.up_to(self.history.initial_revision());
        self.history.changes().partition_point(|change| change.at <= now).max(base)
    }

    /// How many changes there are up to that revision.
    pub(crate) fn up_to(&self, revision: u64) -> usize {
        self.revisions.partition_point(|known| *known <= revision)
    }

    /// The cluster's revision at that instant, or `at_least` that if the next change leaves room for it.
    pub(crate) fn revision(&self, now: Instant, at_least: u64) -> u64 {
        let visible = self.visible(now);
        let changed = visible.checked_sub(1).map_or(0, |nth| self.revision_of(nth));
        let marks = self.history.marks();
        let marked =
            marks.partition_point(|mark| mark.at <= now).checked_sub(1).map_or(0, |nth| marks[nth].revision);
        let known = self.history.initial_revision().max(changed).max(marked);
        at_least.min(self.revision_of(visible).saturating_sub(1)).max(known)
    }

    /// The next change of that resource from the nth on, looking no further than where that many are visible.
    pub(crate) fn next_of(&self, resource: Resource, nth: usize, visible: usize) -> Option<usize> {
        (nth..visible).find(|nth| self.change(*nth).is_some_and(|change| change.resource == resource))
    }

    /// When the next change can be seen after the first so many.
    pub(crate) fn next_at(&self, visible: usize) -> Option<Instant> {
        self.change(visible).map(|change| change.at)
    }

    /// What was present after the first so many changes.
    pub(crate) fn present(&self, resource: Resource, visible: usize) -> Present {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, _, present)) =
            kept.snapshots.iter().find(|kept| kept.0 == resource && kept.1 == visible)
        {
            return present.clone();
        }
        let (upto, newest) = &mut kept.newest[resource.index()];
        if *upto <= visible {
            self.fold(resource, *upto, visible, newest);
            *upto = visible;
            return newest.clone();
        }
        let mut present = Present::default();
        self.fold(resource, 0, visible, &mut present);
        present
    }

    /// Keeps a snapshot for the pages that are still to be asked for.
    pub(crate) fn keep(&self, resource: Resource, visible: usize, present: Present) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.snapshots.iter().any(|kept| kept.0 == resource && kept.1 == visible) {
            return;
        }
        kept.snapshots.push_back((resource, visible, present));
        if kept.snapshots.len() > SNAPSHOTS_MAX {
            kept.snapshots.pop_front();
        }
    }

    fn fold(&self, resource: Resource, from: usize, to: usize, present: &mut Present) {
        let changes = self.history.changes().iter().enumerate().take(to).skip(from);
        let changes: Vec<_> = changes.filter(|(_, change)| change.resource == resource).collect();
        if changes.is_empty() {
            return;
        }
        let present = Arc::make_mut(present);
        for (nth, change) in changes {
            match change.kind {
                ChangeKind::Added | ChangeKind::Modified => present.insert(change.key(), nth),
                ChangeKind::Deleted => present.remove(&change.key()),
            };
        }
    }
}
