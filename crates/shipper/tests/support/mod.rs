//! What the shipper's tests share: the recordings, the independent check, and final states folded from events.

#![allow(dead_code, reason = "each test binary uses its own part of this")]

pub(crate) mod shipping;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::read::GzDecoder;
use kigen_model::event::{Fact, FactBody};
use kigen_model::run::{Run, RunPhase};
use serde::Deserialize;
use serde_json::Value;

/// The end of a Job's story, as the Python check prints it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct FinalState {
    pub(crate) batch: String,
    pub(crate) phase: String,
    pub(crate) ended_at: Option<String>,
    pub(crate) scheduled_at: Option<String>,
    pub(crate) failed_pods: u32,
}

pub(crate) type FinalStates = BTreeMap<String, FinalState>;

/// Cargo runs a test in its package's folder. The path is not compiled in: another checkout may share the build.
pub(crate) fn fixtures() -> PathBuf {
    PathBuf::from("../../tests")
}

/// The recordings of scenarios by name; those that probe the protocol have another form and are none.
pub(crate) fn recordings() -> Vec<(String, PathBuf)> {
    recordings_of(None)
}

/// Those in another folder, where one is named; a relative one is below the folder that the tests are started from.
pub(crate) fn recordings_of(folder: Option<&OsStr>) -> Vec<(String, PathBuf)> {
    let folder = match folder {
        Some(folder) => Path::new("../..").join(folder),
        None => fixtures().join("fixtures/kubernetes"),
    };
    let named = |path: PathBuf| {
        let name = path.file_name()?.to_str()?;
        let name = name.strip_suffix(".jsonl.gz").or_else(|| name.strip_suffix(".jsonl"))?.to_owned();
        (!name.starts_with("watch_semantics")).then_some((name, path))
    };
    let entries = std::fs::read_dir(&folder).expect("the folder of recordings");
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    let mut recordings: Vec<_> = paths.filter_map(named).collect();
    recordings.sort();
    recordings
}

pub(crate) fn recording(name: &str) -> PathBuf {
    fixtures().join(format!("fixtures/kubernetes/{name}.jsonl.gz"))
}

pub(crate) fn lines(path: &Path) -> Vec<Value> {
    let file = std::fs::File::open(path).expect("a recording");
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).expect("gzipped UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect()
}

/// What `final_states.py` derives from the raw recording.
pub(crate) fn independent_final_states(recording: &Path) -> FinalStates {
    let script = fixtures().join("recordings/final_states.py");
    let output = Command::new("python3").arg(&script).arg(recording).output().expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the script prints JSON")
}

/// The final states that the facts tell, folded as the engine must: an older version changes nothing.
pub(crate) fn final_states<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> FinalStates {
    let mut runs: BTreeMap<&str, (u64, &Fact, &Run)> = BTreeMap::new();
    for fact in facts {
        let FactBody::Run { revision, run } = &fact.body else { continue };
        let known = runs.get(revision.uid.as_str());
        if let Some((_, known, _)) = known {
            assert_eq!(known.key, fact.key, "a run stays with its batch");
        }
        if known.is_none_or(|(version, _, _)| *version < revision.resource_version) {
            runs.insert(&revision.uid, (revision.resource_version, fact, run));
        }
    }
    runs.into_iter().map(|(uid, (_, fact, run))| (uid.to_owned(), final_state(fact, run))).collect()
}

fn final_state(fact: &Fact, run: &Run) -> FinalState {
    let utc = |instant: &kigen_model::Instant| instant.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let (phase, ended_at) = match &run.phase {
        RunPhase::Pending => ("pending", None),
        RunPhase::Running => ("running", None),
        RunPhase::Suspended => ("suspended", None),
        RunPhase::Succeeded { completed_at } => ("succeeded", Some(utc(completed_at))),
        RunPhase::Failed { failed_at, .. } => ("failed", Some(utc(failed_at))),
        RunPhase::Deleted { .. } => ("deleted", None),
    };
    FinalState {
        batch: format!("{}/{}", fact.key.namespace, fact.key.batch),
        phase: phase.to_owned(),
        ended_at,
        scheduled_at: run.scheduled_at.as_ref().map(utc),
        failed_pods: run.failed_pods,
    }
}
