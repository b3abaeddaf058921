//! A history as the server reads it: the visible changes at an instant, and the objects at a revision.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use kigen_model::Instant;

use crate::history::{Change, ChangeKind, History, Key};
use crate::resource::Resource;

/// The index of the last change of each object of a resource.
pub(crate) type Present = Arc<BTreeMap<Key, usize>>;

/// How many snapshots of paged LISTs are cached; an older one is computed again.
const SNAPSHOTS_MAX: usize = 8;

#[derive(Debug)]
pub(crate) struct Timeline {
    history: History,
    revisions: Vec<u64>,
    cache: Mutex<SnapshotCache>,
}

#[derive(Debug, Default)]
struct SnapshotCache {
    newest: [(usize, Present); Resource::COUNT],
    snapshots: VecDeque<(Resource, usize, Present)>,
}

impl Timeline {
    pub(crate) fn new(history: History) -> Self {
        let revisions = history.changes().iter().map(Change::resource_version).collect();
        Self { history, revisions, cache: Mutex::default() }
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

    /// The number of changes that are visible at that instant.
    pub(crate) fn visible(&self, now: Instant) -> usize {
        let base = self.up_to(self.history.initial_revision());
        self.history.changes().partition_point(|change| change.at <= now).max(base)
    }

    /// The number of changes up to that revision.
    pub(crate) fn up_to(&self, revision: u64) -> usize {
        self.revisions.partition_point(|each| *each <= revision)
    }

    /// The cluster's revision at that instant, raised to `at_least` as far as the next change permits.
    pub(crate) fn revision(&self, now: Instant, at_least: u64) -> u64 {
        let visible = self.visible(now);
        let changed = visible.checked_sub(1).map_or(0, |nth| self.revision_of(nth));
        let marks = self.history.marks();
        let marked =
            marks.partition_point(|mark| mark.at <= now).checked_sub(1).map_or(0, |nth| marks[nth].revision);
        let known = self.history.initial_revision().max(changed).max(marked);
        at_least.min(self.revision_of(visible).saturating_sub(1)).max(known)
    }

    /// The index of the next visible change of that resource, from the nth on.
    pub(crate) fn next_of(&self, resource: Resource, nth: usize, visible: usize) -> Option<usize> {
        (nth..visible).find(|nth| self.change(*nth).is_some_and(|change| change.resource == resource))
    }

    /// The revision of the last visible change of that resource; 0 without one.
    pub(crate) fn last_of(&self, resource: Resource, visible: usize) -> u64 {
        let nth =
            (0..visible).rfind(|nth| self.change(*nth).is_some_and(|change| change.resource == resource));
        nth.map_or(0, |nth| self.revision_of(nth))
    }

    /// When the change after the visible ones becomes visible.
    pub(crate) fn next_at(&self, visible: usize) -> Option<Instant> {
        self.change(visible).map(|change| change.at)
    }

    /// The objects after that many changes.
    pub(crate) fn present(&self, resource: Resource, visible: usize) -> Present {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, _, present)) =
            cache.snapshots.iter().find(|snapshot| snapshot.0 == resource && snapshot.1 == visible)
        {
            return present.clone();
        }
        let (upto, newest) = &mut cache.newest[resource.index()];
        if *upto <= visible {
            self.fold(resource, *upto, visible, newest);
            *upto = visible;
            return newest.clone();
        }
        let mut present = Present::default();
        self.fold(resource, 0, visible, &mut present);
        present
    }

    /// Caches a snapshot for the remaining pages of a LIST.
    pub(crate) fn cache(&self, resource: Resource, visible: usize, present: Present) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.snapshots.iter().any(|snapshot| snapshot.0 == resource && snapshot.1 == visible) {
            return;
        }
        cache.snapshots.push_back((resource, visible, present));
        if cache.snapshots.len() > SNAPSHOTS_MAX {
            cache.snapshots.pop_front();
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
