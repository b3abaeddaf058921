//! Shared by the shipper's tests: the recordings, the independent check, and final states folded from events.

pub(crate) mod event_log;
pub(crate) mod gated_log;
pub(crate) mod running;
pub(crate) mod shipping;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{DateTime, Utc};
use flate2::read::GzDecoder;
use kigen_model::event::{Fact, FactBody};
use kigen_model::run::{Attempt, AttemptPhase, Run, RunPhase};
use kigen_shipper::core::{Core, Output, Resume};
use kigen_shipper::input::{Input, StreamEvent};
use kigen_shipper::resource::Resource;
use kigen_shipper::server_clock::{Answered, Clock};
use kigen_shipper::settings::{Access, Settings};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// The last state of a Job, as the Python check prints it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct FinalState {
    pub(crate) batch: String,
    pub(crate) phase: String,
    pub(crate) ended_at: Option<String>,
    pub(crate) scheduled_at: Option<String>,
    pub(crate) failed_pods: u32,
    pub(crate) reason: Option<String>,
}

/// The last state of an attempt, as the Python check prints it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct FinalAttempt {
    pub(crate) run: String,
    pub(crate) phase: String,
    pub(crate) exit_code: Option<i32>,
    pub(crate) reason: Option<String>,
    pub(crate) node: Option<String>,
    pub(crate) restarts: u32,
    pub(crate) metrics: BTreeMap<String, f64>,
}

impl FinalState {
    /// Whether it is what could be known of a Job that ended and went as `last` within a gap: that it was deleted, or, if its
    /// failure had been announced, that it failed, whatever was counted after that.
    pub(crate) fn is_lost_end_of(&self, last: &Self) -> bool {
        let counted = Self { failed_pods: last.failed_pods, ..self.clone() };
        self.phase == "deleted" || self.phase == "failed" && counted == *last
    }
}

pub(crate) type FinalStates = BTreeMap<String, FinalState>;

/// Cargo runs a test in its package's folder. The path is not compiled in: another checkout may share the build.
pub(crate) fn fixtures() -> PathBuf {
    PathBuf::from("../../tests")
}

/// The recordings of scenarios by name; those of protocol probes have another form and are left out.
pub(crate) fn recordings() -> Vec<(String, PathBuf)> {
    recordings_of(None)
}

/// Those in another folder, where one is named; a relative one is below the repository's root.
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

/// The output of the core for all lines of a recording.
pub(crate) fn played(recording: &Path) -> Output {
    let settings = Settings::new("test", Access::Url("http://unused".to_owned()));
    let mut core = Core::new(&settings, 1, &Resume::default(), Clock::new(|| DateTime::UNIX_EPOCH));
    let mut all = Output::default();
    for line in lines(recording) {
        let Some((resource, events)) = stream_events(&line) else { continue };
        for event in events {
            let output = core.apply(Input::Stream { resource, event });
            all.facts.extend(output.facts);
            all.rejected.extend(output.rejected);
            all.notices.extend(output.notices);
        }
    }
    all
}

fn stream_events(line: &Value) -> Option<(Resource, Vec<StreamEvent>)> {
    let resource = Resource::ALL.into_iter().find(|resource| line["stream"] == resource.name())?;
    let object = &line["object"];
    let resource_version = object["metadata"]["resourceVersion"].as_str().and_then(|text| text.parse().ok());
    let date = DateTime::parse_from_rfc3339(line["t"].as_str()?).ok()?.with_timezone(&Utc);
    let answered = Some(Answered { date, sent_at: DateTime::UNIX_EPOCH });
    let events = match line["type"].as_str()? {
        "LIST" => {
            let objects = object["items"].as_array().expect("a list has items").iter().map(raw).collect();
            let resource_version = resource_version?;
            vec![
                StreamEvent::ListStarted { answered },
                StreamEvent::Page { answered, objects },
                StreamEvent::Listed { resource_version },
                StreamEvent::HistoryLost,
                StreamEvent::Opened { resource_version, answered: None },
            ]
        }
        "ADDED" | "MODIFIED" => vec![StreamEvent::Changed(raw(object))],
        "DELETED" => vec![StreamEvent::Deleted(raw(object))],
        "BOOKMARK" => vec![StreamEvent::Bookmark { resource_version: resource_version? }],
        _ => return None,
    };
    Some((resource, events))
}

fn raw(object: &Value) -> Box<RawValue> {
    to_raw_value(object).expect("what was read can be written")
}

/// The final states that `final_states.py` derives from the raw recording.
pub(crate) fn independent_final_states(recording: &Path) -> FinalStates {
    derived(&[], recording)
}

/// The attempts' states that `final_states.py` derives.
pub(crate) fn independent_final_attempts(recording: &Path) -> BTreeMap<String, FinalAttempt> {
    derived(&["--attempts"], recording)
}

fn derived<T: DeserializeOwned>(arguments: &[&str], recording: &Path) -> T {
    let script = fixtures().join("recordings/final_states.py");
    let output =
        Command::new("python3").arg(&script).args(arguments).arg(recording).output().expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the script prints JSON")
}

/// The final states by the facts, folded as the engine must: an older version changes nothing.
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
    let reason = match &run.phase {
        RunPhase::Failed { reason, .. } => Some(reason.clone()),
        _ => None,
    };
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
        reason,
    }
}

/// The last state of each attempt by the facts.
pub(crate) fn final_attempts<'a>(
    facts: impl IntoIterator<Item = &'a Fact>,
) -> BTreeMap<String, FinalAttempt> {
    let mut attempts: BTreeMap<&str, (u64, FinalAttempt)> = BTreeMap::new();
    for fact in facts {
        let FactBody::Attempt { revision, run_uid, attempt } = &fact.body else { continue };
        let known = attempts.get(revision.uid.as_str());
        if known.is_none_or(|(version, _)| *version < revision.resource_version) {
            let attempt = final_attempt(run_uid, attempt);
            attempts.insert(&revision.uid, (revision.resource_version, attempt));
        }
    }
    attempts.into_iter().map(|(uid, (_, attempt))| (uid.to_owned(), attempt)).collect()
}

fn final_attempt(run_uid: &str, attempt: &Attempt) -> FinalAttempt {
    let (phase, exit_code, reason) = match &attempt.phase {
        AttemptPhase::Waiting { .. } => ("waiting", None, None),
        AttemptPhase::Running { .. } => ("running", None, None),
        AttemptPhase::Succeeded { .. } => ("succeeded", None, None),
        AttemptPhase::Failed { exit_code, reason, .. } => ("failed", *exit_code, reason.clone()),
    };
    FinalAttempt {
        run: run_uid.to_owned(),
        phase: phase.to_owned(),
        exit_code,
        reason,
        node: attempt.node.clone(),
        restarts: attempt.restarts,
        metrics: attempt.metrics.iter().map(|(name, number)| (name.to_owned(), number.value())).collect(),
    }
}
