//! The history of a cluster: the ordered changes of its CronJobs, Jobs, Pods and Objectives.

use std::collections::{BTreeMap, BTreeSet};

use kigen_model::Instant;
use serde_json::Value;

use crate::names;
use crate::resource::Resource;

/// The kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// The object was created.
    Added,
    /// The object was changed.
    Modified,
    /// The object was deleted; the change carries its last state.
    Deleted,
}

impl ChangeKind {
    /// The `type` of the watch event.
    pub fn label(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
        }
    }
}

/// One change of one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// When the change is visible.
    pub at: Instant,
    /// The object's resource.
    pub resource: Resource,
    /// The kind of the change.
    pub kind: ChangeKind,
    /// The object after the change, with `kind`, `apiVersion` and its own `metadata.resourceVersion`.
    pub object: Value,
}

impl Change {
    /// The object's `metadata.resourceVersion`, 0 if it has none.
    pub fn resource_version(&self) -> u64 {
        self.metadata("resourceVersion").parse().unwrap_or(0)
    }

    /// The object's namespace, empty if it has none.
    pub fn namespace(&self) -> &str {
        self.metadata("namespace")
    }

    /// The object's name, empty if it has none.
    pub fn name(&self) -> &str {
        self.metadata("name")
    }

    /// The object's UID, empty if it has none.
    pub fn uid(&self) -> &str {
        self.metadata("uid")
    }

    /// Whether the object has this label, with any value.
    pub(crate) fn has_label(&self, label: &str) -> bool {
        self.object["metadata"]["labels"].get(label).is_some()
    }

    pub(crate) fn key(&self) -> Key {
        (self.namespace().to_owned(), self.name().to_owned())
    }

    fn metadata(&self, field: &str) -> &str {
        self.object["metadata"][field].as_str().unwrap_or_default()
    }
}

/// Namespace and name, in the order of a LIST.
pub(crate) type Key = (String, String);

/// A revision of the cluster without a change of the history: Leases and other objects, which are not part of it,
/// increment the revision, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When the cluster had reached the revision.
    pub at: Instant,
    /// The revision.
    pub revision: u64,
}

/// A failure of the API during the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The watch ended.
    StreamBroken,
    /// Requests are refused with this HTTP status from here on.
    Refused(u16),
    /// Requests are answered again.
    Answered,
    /// The API server forgot all but its newest revision.
    Expired,
}

/// A failure of the API for one resource at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disturbance {
    /// When.
    pub at: Instant,
    /// The resource whose requests it affects.
    pub resource: Resource,
    /// The failure.
    pub trouble: Trouble,
}

/// The initial objects of a cluster, and the changes that follow, in the order of time.
///
/// Resource versions and times increase together over all resources: a client that has seen the cluster at a revision has
/// seen every change up to the instant of that revision. (In a recording each stream has its own delay, so a change can
/// have arrived later than one with a higher revision; it then has the time of the latter.)
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    start: Instant,
    initial_revision: u64,
    changes: Vec<Change>,
    marks: Vec<Mark>,
    disturbances: Vec<Disturbance>,
}

impl History {
    /// A history that starts at `start` with the cluster at `initial_revision`. Changes up to that revision are the
    /// initial objects.
    pub fn new(start: Instant, initial_revision: u64, changes: Vec<Change>) -> Self {
        Self::with_marks(start, initial_revision, changes, Vec::new(), Vec::new())
    }

    pub(crate) fn with_marks(
        start: Instant,
        initial_revision: u64,
        mut changes: Vec<Change>,
        mut marks: Vec<Mark>,
        mut disturbances: Vec<Disturbance>,
    ) -> Self {
        changes.sort_by_key(Change::resource_version);
        marks.retain(|mark| mark.revision > initial_revision);
        marks.sort_by_key(|mark| mark.revision);
        disturbances.sort_by_key(|disturbance| disturbance.at);
        let mut history = Self { start, initial_revision, changes, marks, disturbances };
        history.align_times();
        history
    }

    /// The start.
    pub fn start(&self) -> Instant {
        self.start
    }

    /// The instant of the last change or disturbance.
    pub fn end(&self) -> Instant {
        let changed = self.changes.last().map(|change| change.at);
        let disturbed = self.disturbances.last().map(|disturbance| disturbance.at);
        changed.max(disturbed).unwrap_or(self.start).max(self.start)
    }

    /// The cluster's revision at the start.
    pub fn initial_revision(&self) -> u64 {
        self.initial_revision
    }

    /// All changes by resource version, the initial objects first.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Revisions without changes of the history, in order.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// The failures of the API during the recording, by time.
    pub fn disturbances(&self) -> &[Disturbance] {
        &self.disturbances
    }

    /// The same history with an annotation on all states of this CronJob: recorded clusters have none of kigen's.
    #[must_use]
    pub fn annotate(mut self, namespace: &str, cron_job: &str, key: &str, value: &str) -> Self {
        for change in &mut self.changes {
            let is_annotated = change.resource == Resource::CronJobs
                && change.namespace() == namespace
                && change.name() == cron_job;
            if is_annotated {
                change.object["metadata"]["annotations"][key] = Value::from(value);
            }
        }
        self
    }

    /// The history of the same cluster after its store was restored at `at` from a backup of `backup`: it starts with the
    /// objects and the revision of the backup. What had followed the backup happens again, that much later and under the same
    /// revisions, to objects with other UIDs.
    #[must_use]
    pub fn restored(&self, backup: Instant, at: Instant) -> Self {
        let is_kept =
            |change: &Change| change.resource_version() <= self.initial_revision || change.at <= backup;
        let (mut changes, followed): (Vec<_>, Vec<_>) = self.changes.iter().cloned().partition(is_kept);
        let marks = self.marks.iter().partition::<Vec<Mark>, _>(|mark| mark.at <= backup);
        let revisions = changes.iter().map(Change::resource_version);
        let revisions = revisions.chain(marks.0.iter().map(|mark| mark.revision));
        let revision = revisions.max().unwrap_or_default().max(self.initial_revision);
        let known: BTreeSet<&str> =
            self.changes.iter().filter(|change| is_kept(change)).map(Change::uid).collect();
        let new = followed.iter().map(Change::uid).filter(|uid| !known.contains(uid));
        let renamed: BTreeMap<String, String> =
            new.map(|uid| (uid.to_owned(), names::uid(&["restored", uid]))).collect();
        let later = at - backup;
        changes.extend(followed.into_iter().map(|mut change| {
            rename_uids(&mut change.object, &renamed);
            Change { at: change.at + later, ..change }
        }));
        let marks = marks.1.into_iter().map(|mark| Mark { at: mark.at + later, ..mark }).collect();
        Self::with_marks(at, revision, changes, marks, Vec::new())
    }

    /// Merges the histories of several clusters into one, which starts with the earliest. Resource versions are assigned
    /// anew, in the order of time. The initial objects of a later history are added at its start. Disturbances keep
    /// their resources, and affect all namespaces.
    ///
    /// Without histories, the result is empty and starts at the Unix epoch.
    pub fn merge(histories: impl IntoIterator<Item = Self>) -> Self {
        let histories: Vec<Self> = histories.into_iter().collect();
        let start = histories.iter().map(Self::start).min().unwrap_or_default();
        let mut entries = Vec::new();
        let mut disturbances = Vec::new();
        for (nth, history) in histories.into_iter().enumerate() {
            let present_until = if history.start == start { history.initial_revision } else { 0 };
            for change in history.changes {
                let revision = change.resource_version();
                let is_present = revision <= present_until;
                entries.push(Entry { is_present, at: change.at, nth, revision, change: Some(change) });
            }
            for mark in history.marks {
                let revision = mark.revision;
                entries.push(Entry { is_present: false, at: mark.at, nth, revision, change: None });
            }
            disturbances.extend(history.disturbances);
        }
        entries.sort_by_key(|entry| (!entry.is_present, entry.at, entry.nth, entry.revision));
        renumber(start, entries, disturbances)
    }

    /// Makes times increase with revisions, and none earlier than the start.
    fn align_times(&mut self) {
        let mut latest = Instant::MAX_UTC;
        let mut marks = self.marks.iter_mut().rev().peekable();
        for change in self.changes.iter_mut().rev() {
            let revision = change.resource_version();
            while let Some(mark) = marks.next_if(|mark| mark.revision > revision) {
                mark.at = mark.at.min(latest).max(self.start);
                latest = mark.at;
            }
            change.at = change.at.min(latest).max(self.start);
            latest = change.at;
        }
        for mark in marks {
            mark.at = mark.at.min(latest).max(self.start);
            latest = mark.at;
        }
    }
}

struct Entry {
    is_present: bool,
    at: Instant,
    nth: usize,
    revision: u64,
    change: Option<Change>,
}

/// Leaves a revision between two changes, to which a test can advance the cluster.
const REVISION_STEP: u64 = 2;
const REVISION_FIRST: u64 = 1000;

fn renumber(start: Instant, entries: Vec<Entry>, disturbances: Vec<Disturbance>) -> History {
    let mut revision = REVISION_FIRST;
    let mut initial_revision = revision;
    let mut changes = Vec::with_capacity(entries.len());
    let mut marks = Vec::new();
    let mut renamed = BTreeMap::new();
    for entry in entries {
        revision += REVISION_STEP;
        renamed.insert((entry.nth, entry.revision), revision);
        if entry.is_present {
            initial_revision = revision;
        }
        let Some(mut change) = entry.change else {
            marks.push(Mark { at: entry.at, revision });
            continue;
        };
        change.object["metadata"]["resourceVersion"] = Value::from(revision.to_string());
        rename_active(&mut change.object, entry.nth, &renamed);
        changes.push(change);
    }
    History::with_marks(start, initial_revision, changes, marks, disturbances)
}

/// An object refers to others by their UIDs.
fn rename_uids(value: &mut Value, renamed: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(uid) = renamed.get(text) {
                text.clone_from(uid);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| rename_uids(value, renamed)),
        Value::Object(fields) => fields.values_mut().for_each(|value| rename_uids(value, renamed)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A CronJob refers to its active Jobs by the resource versions of their creation.
fn rename_active(object: &mut Value, nth: usize, renamed: &BTreeMap<(usize, u64), u64>) {
    let Some(active) = object.pointer_mut("/status/active").and_then(Value::as_array_mut) else { return };
    for job in active {
        let known = job["resourceVersion"].as_str().and_then(|revision| revision.parse().ok());
        if let Some(revision) = known.and_then(|known| renamed.get(&(nth, known))) {
            job["resourceVersion"] = Value::from(revision.to_string());
        }
    }
}
