//! Reads recordings of a real API server: one JSON object per line, with one watch per stream.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use flate2::read::MultiGzDecoder;
use kigen_model::Instant;
use serde_json::Value;
use thiserror::Error;

use crate::history::{Change, ChangeKind, Disturbance, History, Key, Mark, Trouble};
use crate::resource::Resource;

/// Why a recording cannot be played.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// The file cannot be read, or not to its end.
    #[error("cannot read the recording {}: check the path, and that the file is whole", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is not JSON.
    #[error("line {line} of the recording {} is no JSON object: record it again or cut the line", path.display())]
    NoJson {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// A line lacks a field, or the recording is empty.
    #[error("line {line} of the recording {} has no {what}: it is not a recording of watches", path.display())]
    Incomplete {
        /// The file.
        path: PathBuf,
        /// The line, from 1; the one after the last if the whole recording lacks it.
        line: usize,
        /// The missing field or record.
        what: &'static str,
    },
}

impl History {
    /// Reads the history of CronJobs, Jobs and Pods in a `.jsonl` or `.jsonl.gz` file.
    ///
    /// The first LIST of a stream has its initial objects. The differences that a later LIST (after a 410) reveals become
    /// changes at its instant: a missing object is deleted with its last state, under a resource version that no other
    /// change has.
    ///
    /// # Errors
    /// The file cannot be read, or is not a recording.
    pub fn from_recording(path: impl AsRef<Path>) -> Result<Self, RecordingError> {
        let path = path.as_ref();
        let unreadable = |source| RecordingError::Unreadable { path: path.to_owned(), source };
        let file = File::open(path).map_err(unreadable)?;
        let bytes: Box<dyn Read> = if path.extension().is_some_and(|extension| extension == "gz") {
            Box::new(MultiGzDecoder::new(file))
        } else {
            Box::new(file)
        };
        Self::from_recorded(bytes, path)
    }

    /// Reads such a history from the bytes of a `.jsonl.gz` file; errors name it `name`.
    ///
    /// # Errors
    /// As of [`Self::from_recording`].
    pub fn from_compressed_recording(bytes: &[u8], name: &str) -> Result<Self, RecordingError> {
        Self::from_recorded(MultiGzDecoder::new(bytes), Path::new(name))
    }

    fn from_recorded(bytes: impl Read, path: &Path) -> Result<Self, RecordingError> {
        let unreadable = |source| RecordingError::Unreadable { path: path.to_owned(), source };
        let mut parser = RecordingParser::default();
        let mut lines_read = 0;
        for (nth, line) in BufReader::new(bytes).lines().enumerate() {
            let text = line.map_err(unreadable)?;
            let line = nth + 1;
            lines_read = line;
            let no_json = |source| RecordingError::NoJson { path: path.to_owned(), line, source };
            let record: Value = serde_json::from_str(&text).map_err(no_json)?;
            let incomplete = |what| RecordingError::Incomplete { path: path.to_owned(), line, what };
            parser.read(record).map_err(incomplete)?;
        }
        let line = lines_read + 1;
        parser.finish().ok_or(RecordingError::Incomplete { path: path.to_owned(), line, what: "LIST" })
    }
}

/// The state of one stream.
#[derive(Default)]
struct Stream {
    is_listed: bool,
    is_refused: bool,
    /// The last change of each object.
    latest: BTreeMap<Key, Change>,
}

/// A deletion that no watch has received; its resource version is chosen when all others are known.
struct InferredDeletion {
    change: Change,
    revision_max: u64,
}

#[derive(Default)]
struct RecordingParser {
    start: Option<Instant>,
    initial_revision: Option<u64>,
    streams: BTreeMap<Resource, Stream>,
    changes: Vec<Change>,
    inferred: Vec<InferredDeletion>,
    marks: Vec<Mark>,
    disturbances: Vec<Disturbance>,
}

impl RecordingParser {
    fn read(&mut self, mut record: Value) -> Result<(), &'static str> {
        let Some(resource) = record["stream"].as_str().and_then(Resource::named) else { return Ok(()) };
        let at = record["t"].as_str().and_then(instant).ok_or("time `t`")?;
        let start = *self.start.get_or_insert(at);
        let object = record["object"].take();
        match record["type"].as_str().ok_or("`type`")? {
            "LIST" => self.list(at, start, resource, object)?,
            "ADDED" => self.change(Change { at, resource, kind: ChangeKind::Added, object })?,
            "MODIFIED" => self.change(Change { at, resource, kind: ChangeKind::Modified, object })?,
            "DELETED" => self.change(Change { at, resource, kind: ChangeKind::Deleted, object })?,
            "BOOKMARK" => {
                let revision = revision(&object).ok_or("resource version")?;
                self.marks.push(Mark { at, revision });
            }
            "ERROR" => {
                // "too old resource version: 10434 (10435)": the second is the oldest revision available.
                let message = object["message"].as_str().unwrap_or_default();
                let newest =
                    message.rsplit_once('(').and_then(|(_, rest)| rest.trim_end_matches(')').parse().ok());
                self.marks.extend(newest.map(|revision| Mark { at, revision }));
                self.disturb(at, resource, Trouble::Expired);
            }
            "HTTP_ERROR" => {
                let code = record["code"].as_u64().and_then(|code| u16::try_from(code).ok());
                self.refuse(at, resource, code.unwrap_or(UNAVAILABLE));
            }
            "WATCH_END" => {
                self.disturb(at, resource, Trouble::StreamBroken);
                let error = record["error"].as_str().unwrap_or_default();
                if error.contains("refused") {
                    self.refuse(at, resource, UNAVAILABLE);
                }
            }
            "WATCH_OPEN" => self.answer(at, resource),
            _ => {}
        }
        Ok(())
    }

    fn change(&mut self, change: Change) -> Result<(), &'static str> {
        revision(&change.object).ok_or("resource version")?;
        let stream = self.streams.entry(change.resource).or_default();
        if change.kind == ChangeKind::Deleted {
            stream.latest.remove(&change.key());
        } else {
            stream.latest.insert(change.key(), change.clone());
        }
        self.changes.push(change);
        Ok(())
    }

    fn list(
        &mut self,
        at: Instant,
        start: Instant,
        resource: Resource,
        mut object: Value,
    ) -> Result<(), &'static str> {
        let listed_at = revision(&object).ok_or("resource version")?;
        self.marks.push(Mark { at, revision: listed_at });
        self.answer(at, resource);
        let stream = self.streams.entry(resource).or_default();
        let is_first = !std::mem::replace(&mut stream.is_listed, true);
        if is_first {
            self.initial_revision =
                Some(self.initial_revision.map_or(listed_at, |known| known.min(listed_at)));
        }
        let mut missing = std::mem::take(&mut stream.latest);
        let items = object["items"].as_array_mut().map(std::mem::take).unwrap_or_default();
        for mut object in items {
            object["kind"] = Value::from(resource.kind());
            object["apiVersion"] = Value::from(resource.api_version());
            let revision = revision(&object).ok_or("resource version of an item")?;
            let at = if is_first { start } else { at };
            let mut change = Change { at, resource, kind: ChangeKind::Added, object };
            match missing.remove(&change.key()) {
                Some(before) if before.resource_version() == revision => {
                    stream.latest.insert(before.key(), before);
                    continue;
                }
                Some(before) if before.uid() == change.uid() => change.kind = ChangeKind::Modified,
                Some(before) => {
                    self.inferred.push(InferredDeletion {
                        change: before.deleted(at),
                        revision_max: revision.saturating_sub(1),
                    });
                }
                None => {}
            }
            stream.latest.insert(change.key(), change.clone());
            self.changes.push(change);
        }
        let deletions = missing
            .into_values()
            .map(|before| InferredDeletion { change: before.deleted(at), revision_max: listed_at });
        self.inferred.extend(deletions);
        Ok(())
    }

    fn disturb(&mut self, at: Instant, resource: Resource, trouble: Trouble) {
        self.disturbances.push(Disturbance { at, resource, trouble });
    }

    fn refuse(&mut self, at: Instant, resource: Resource, status: u16) {
        self.streams.entry(resource).or_default().is_refused = true;
        self.disturb(at, resource, Trouble::Refused(status));
    }

    fn answer(&mut self, at: Instant, resource: Resource) {
        let was_refused = std::mem::take(&mut self.streams.entry(resource).or_default().is_refused);
        if was_refused {
            self.disturb(at, resource, Trouble::Answered);
        }
    }

    fn finish(mut self) -> Option<History> {
        let mut used: BTreeSet<u64> = self.changes.iter().map(Change::resource_version).collect();
        for InferredDeletion { mut change, revision_max } in self.inferred {
            let known = change.resource_version();
            // Other objects were written between the last state and the LIST, too; if every number is taken, the deletion
            // shares the last one.
            let free = (known + 1..=revision_max).rev().find(|revision| !used.contains(revision));
            let revision = free.unwrap_or(revision_max.max(known));
            used.insert(revision);
            change.object["metadata"]["resourceVersion"] = Value::from(revision.to_string());
            self.changes.push(change);
        }
        let (start, initial_revision) = (self.start?, self.initial_revision?);
        Some(History::with_marks(start, initial_revision, self.changes, self.marks, self.disturbances))
    }
}

const UNAVAILABLE: u16 = 503;

impl Change {
    fn deleted(self, at: Instant) -> Self {
        Self { at, kind: ChangeKind::Deleted, ..self }
    }
}

fn instant(text: &str) -> Option<Instant> {
    DateTime::parse_from_rfc3339(text).ok().map(|instant| instant.with_timezone(&Utc))
}

fn revision(object: &Value) -> Option<u64> {
    object["metadata"]["resourceVersion"].as_str()?.parse().ok()
}
