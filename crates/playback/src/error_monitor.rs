//! The reports of a plain error monitor about a history: each failure as it happens, whatever follows.

use std::collections::{BTreeMap, BTreeSet};

use kigen_model::Instant;
use serde_json::Value;

use crate::history::{Change, History};
use crate::resource::Resource;

/// One report of a plain error monitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorSeen {
    /// When the error was visible.
    pub at: Instant,
    /// The namespace.
    pub namespace: String,
    /// The CronJob, or the Job if it has none.
    pub batch: String,
    /// The Pod; `None` for a failure of the Job.
    pub pod: Option<String>,
    /// The error, in one line.
    pub what: String,
}

impl History {
    /// One report for each failed attempt (a container with an exit code other than 0, or a failed Pod without one), and
    /// one for each failed Job; by time.
    pub fn error_monitor(&self) -> Vec<ErrorSeen> {
        let mut monitor = Monitor::default();
        for change in self.changes() {
            match change.resource {
                Resource::CronJobs | Resource::Objectives => {}
                Resource::Jobs => monitor.job(change),
                Resource::Pods => monitor.pod(change),
            }
        }
        monitor.seen
    }
}

#[derive(Default)]
struct Monitor {
    /// The CronJob of each Job, by the Job's UID.
    owners: BTreeMap<String, String>,
    reported: BTreeSet<String>,
    seen: Vec<ErrorSeen>,
}

impl Monitor {
    fn job(&mut self, change: &Change) {
        let batch = owner(change, "CronJob", "name").unwrap_or_else(|| change.name().to_owned());
        self.owners.insert(change.uid().to_owned(), batch.clone());
        let conditions = change.object["status"]["conditions"].as_array();
        let failed =
            conditions.into_iter().flatten().find(|it| it["type"] == "Failed" && it["status"] == "True");
        if let Some(failed) = failed {
            let what =
                format!("Job {} failed: {}", change.name(), with_details(failed, "message", "no reason"));
            self.report(change, batch, None, what, change.uid());
        }
    }

    fn pod(&mut self, change: &Change) {
        let job = owner(change, "Job", "uid").unwrap_or_default();
        let batch = self.owners.get(&job).cloned();
        let batch =
            batch.or_else(|| owner(change, "Job", "name")).unwrap_or_else(|| change.name().to_owned());
        let status = &change.object["status"];
        let mut has_exit_code = false;
        for container in status["containerStatuses"].as_array().into_iter().flatten() {
            let restarts = container["restartCount"].as_u64().unwrap_or(0);
            let before = restarts.checked_sub(1).map(|nth| (nth, &container["lastState"]["terminated"]));
            for (nth, ended) in before.into_iter().chain([(restarts, &container["state"]["terminated"])]) {
                let Some(code) = ended["exitCode"].as_i64() else { continue };
                has_exit_code |= nth == restarts;
                if code == 0 {
                    continue;
                }
                let name = container["name"].as_str().unwrap_or_default();
                let why = with_details(ended, "message", "Error");
                let what = format!("container {name} ended with exit code {code}: {why}");
                let attempt = format!("{}/{name}/{nth}", change.uid());
                self.report(change, batch.clone(), Some(change.name()), what, &attempt);
            }
        }
        if status["phase"] == "Failed" && !has_exit_code {
            let why = with_details(status, "message", "no reason");
            let attempt = format!("{}/", change.uid());
            self.report(change, batch, Some(change.name()), format!("pod failed: {why}"), &attempt);
        }
    }

    fn report(&mut self, change: &Change, batch: String, pod: Option<&str>, what: String, once: &str) {
        if self.reported.insert(once.to_owned()) {
            let (at, namespace) = (change.at, change.namespace().to_owned());
            self.seen.push(ErrorSeen { at, namespace, batch, pod: pod.map(str::to_owned), what });
        }
    }
}

/// A field of the object's owner of that kind.
fn owner(change: &Change, kind: &str, field: &str) -> Option<String> {
    let owners = change.object["metadata"]["ownerReferences"].as_array()?;
    let owner = owners.iter().find(|owner| owner["kind"] == kind)?;
    owner[field].as_str().map(str::to_owned)
}

/// The reason, and the last line of the details: in a traceback it is the error.
fn with_details(object: &Value, field: &str, otherwise: &str) -> String {
    let reason = object["reason"].as_str().unwrap_or(otherwise);
    let details = object[field].as_str().unwrap_or_default();
    match details.lines().rev().find(|line| !line.trim().is_empty()) {
        Some(line) => format!("{reason}: {}", line.trim()),
        None => reason.to_owned(),
    }
}
