//! The changes of one run: its Job and Pods, from creation to the end.

use chrono::{SubsecRound, TimeDelta};
use kigen_model::Instant;
use serde_json::{Value, json};

use super::draft::Draft;
use super::objects::{CONTAINER, Job, Pod, StartTimes, condition, job_condition, time};
use super::plan::{Attempt, Outcome, RunPlan};
use crate::history::ChangeKind;
use crate::resource::Resource;

/// The end of a Job.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) at: Instant,
    pub(super) has_succeeded: bool,
}

/// All changes of a Job and its Pods before deletions.
pub(super) struct Run {
    pub(super) job: Job,
    pub(super) drafts: Vec<Draft>,
    pub(super) ended: Option<Ended>,
}

impl Run {
    pub(super) fn new(job: Job, plan: &RunPlan) -> Self {
        let mut run = Self { drafts: Vec::new(), ended: None, job };
        run.job_draft(run.job.created_at, ChangeKind::Added, json!({}));
        let pod_at = run.job.created_at + POD_AFTER_JOB;
        match plan {
            RunPlan::Attempts(attempts) => run.attempts(attempts, pod_at),
            RunPlan::Hangs { starts_after } => {
                let status = run.pod_created(0, pod_at);
                run.container_started(0, pod_at, *starts_after, &status, None);
            }
            RunPlan::Pends { reason, message } => run.pending(pod_at, reason, message),
        }
        run.drafts.sort_by_key(|draft| draft.at);
        run
    }

    fn attempts(&mut self, attempts: &[Attempt], mut pod_at: Instant) {
        for (nth, attempt) in attempts.iter().enumerate() {
            let status = self.pod_created(nth, pod_at);
            let started =
                self.container_started(nth, pod_at, attempt.starts_after, &status, Some(attempt.lasts));
            let ended_at = started.at + attempt.lasts.max(TimeDelta::zero());
            match &attempt.outcome {
                Outcome::Succeeds => {
                    self.succeeded(nth, &started, ended_at);
                    return;
                }
                Outcome::Fails { exit_code, reason, message } => {
                    let exit = Exit { code: *exit_code, reason, message };
                    let is_last = nth + 1 == attempts.len();
                    let counted_at = self.failed(nth, &started, ended_at, &exit, is_last);
                    let back_off = TimeDelta::seconds((10 << nth.min(6)).min(600));
                    pod_at = (ended_at.trunc_subsecs(0) + back_off + ms(40)).max(counted_at + ms(100));
                }
            }
        }
    }

    /// A Pod is created and the Job counts it as active. Returns the Job's status.
    fn pod_created(&mut self, nth: usize, at: Instant) -> Value {
        let pod = Pod::new(&self.job, nth, at);
        let created = pod.object(json!({"phase": "Pending", "qosClass": "BestEffort"}), false, false);
        self.pod_draft(at, ChangeKind::Added, created);
        let active = self.job_status(nth, json!({"active": 1, "ready": 0}));
        self.job_draft(at + ms(95), ChangeKind::Modified, active.clone());
        active
    }

    fn container_started(
        &mut self,
        nth: usize,
        at: Instant,
        starts_after: TimeDelta,
        active: &Value,
        lasts: Option<TimeDelta>,
    ) -> Started {
        let pod = Pod::new(&self.job, nth, at);
        let scheduled_at = at + ms(90);
        let scheduled = condition("PodScheduled", true, scheduled_at, "", "");
        let placed = json!({"phase": "Pending", "conditions": [scheduled], "qosClass": "BestEffort"});
        self.pod_draft(scheduled_at, ChangeKind::Modified, pod.object(placed, true, false));
        let kubelet_at = at + ms(130);
        let waiting = json!({"waiting": {"reason": "ContainerCreating"}});
        let creating = creating(&pod, scheduled_at, kubelet_at, kubelet_at, waiting);
        self.pod_draft(kubelet_at, ChangeKind::Modified, pod.object(creating, true, false));
        let started_at = at + starts_after.max(START_AFTER_MIN);
        let starts = StartTimes { kubelet_at, container_at: Some(started_at) };
        let conditions = vec![
            condition("PodReadyToStartContainers", true, started_at, "", ""),
            condition("Initialized", true, kubelet_at, "", ""),
            condition("Ready", true, started_at, "", ""),
            condition("ContainersReady", true, started_at, "", ""),
            condition("PodScheduled", true, scheduled_at, "", ""),
        ];
        let state = json!({"running": {"startedAt": time(started_at)}});
        let running = pod.status("Running", conditions, &starts, state);
        self.pod_draft(started_at, ChangeKind::Modified, pod.object(running, true, false));
        // The controller batches updates for up to a second: a shorter Pod is never counted as ready.
        if lasts.is_none_or(|lasts| lasts > ms(600)) {
            let mut ready = active.clone();
            ready["ready"] = json!(1);
            self.job_draft(started_at + ms(500), ChangeKind::Modified, ready);
        }
        Started { pod, at: started_at, starts, scheduled_at }
    }

    fn succeeded(&mut self, nth: usize, started: &Started, at: Instant) {
        let terminated = started.terminated(at, &Exit { code: 0, reason: "Completed", message: "" });
        let status = started.ended("Succeeded", "PodCompleted", at, terminated);
        self.pod_draft(at, ChangeKind::Modified, started.pod.object(status.clone(), true, false));
        let (met_at, counted_at, ended_at) = (at + ms(1000), at + ms(1010), at + ms(1012));
        let message = "Reached expected number of succeeded pods";
        let met = job_condition("SuccessCriteriaMet", met_at, "CompletionsReached", message);
        let uncounted = json!({"succeeded": [started.pod.uid]});
        let fields = json!({"conditions": [met], "ready": 0, "uncountedTerminatedPods": uncounted});
        self.job_draft(met_at, ChangeKind::Modified, self.job_status(nth, fields));
        self.pod_draft(counted_at, ChangeKind::Modified, started.pod.object(status, true, true));
        let complete = job_condition("Complete", ended_at, "CompletionsReached", message);
        let fields = json!({
            "conditions": [met, complete],
            "completionTime": time(ended_at),
            "succeeded": 1,
            "ready": 0,
        });
        self.job_draft(ended_at, ChangeKind::Modified, self.job_status(nth, fields));
        self.ended = Some(Ended { at: ended_at, has_succeeded: true });
    }

    /// Returns when the Job counts the failure.
    fn failed(
        &mut self,
        nth: usize,
        started: &Started,
        at: Instant,
        exit: &Exit<'_>,
        is_last: bool,
    ) -> Instant {
        let status = started.ended("Failed", "PodFailed", at, started.terminated(at, exit));
        self.pod_draft(at, ChangeKind::Modified, started.pod.object(status.clone(), true, false));
        let (noticed_at, counted_at, ended_at) = (at + ms(500), at + ms(507), at + ms(510));
        let (reason, message) = ("BackoffLimitExceeded", "Job has reached the specified backoff limit");
        let target = job_condition("FailureTarget", noticed_at, reason, message);
        let mut noticed = json!({"ready": 0, "uncountedTerminatedPods": {"failed": [started.pod.uid]}});
        let mut counted = json!({"ready": 0});
        if is_last {
            let failed = job_condition("Failed", ended_at, reason, message);
            noticed["conditions"] = json!([target]);
            counted["conditions"] = json!([target, failed]);
            self.ended = Some(Ended { at: ended_at, has_succeeded: false });
        }
        self.job_draft(noticed_at, ChangeKind::Modified, self.job_status(nth, noticed));
        self.pod_draft(counted_at, ChangeKind::Modified, started.pod.object(status, true, true));
        self.job_draft(ended_at, ChangeKind::Modified, self.job_status(nth + 1, counted));
        ended_at
    }

    fn pending(&mut self, at: Instant, reason: &str, message: &str) {
        self.pod_created(0, at);
        let pod = Pod::new(&self.job, 0, at);
        let tried_at = at + ms(90);
        if reason == "Unschedulable" {
            let unplaced = condition("PodScheduled", false, tried_at, reason, message);
            let status = json!({"phase": "Pending", "conditions": [unplaced], "qosClass": "BestEffort"});
            self.pod_draft(tried_at, ChangeKind::Modified, pod.object(status, false, false));
            return;
        }
        let scheduled = condition("PodScheduled", true, tried_at, "", "");
        let placed = json!({"phase": "Pending", "conditions": [scheduled], "qosClass": "BestEffort"});
        self.pod_draft(tried_at, ChangeKind::Modified, pod.object(placed, true, false));
        let kubelet_at = at + ms(130);
        let waits = json!({"waiting": {"reason": reason, "message": message}});
        for (after, state) in [(130, json!({"waiting": {"reason": "ContainerCreating"}})), (430, waits)] {
            let status = creating(&pod, tried_at, kubelet_at, at + ms(after), state);
            self.pod_draft(at + ms(after), ChangeKind::Modified, pod.object(status, true, false));
        }
    }

    /// The Job's status after that many failures, with these fields. Counters that are 0 are absent.
    fn job_status(&self, failures: usize, fields: Value) -> Value {
        let started_at = self.job.created_at + POD_AFTER_JOB + ms(95);
        let mut status =
            json!({"startTime": time(started_at), "terminating": 0, "uncountedTerminatedPods": {}});
        if failures > 0 {
            status["failed"] = json!(failures);
        }
        if let Value::Object(fields) = fields {
            for (field, value) in fields {
                status[field] = value;
            }
        }
        status
    }

    fn job_draft(&mut self, at: Instant, kind: ChangeKind, status: Value) {
        let object = self.job.object(status);
        self.drafts.push(Draft { at, resource: Resource::Jobs, kind, object });
    }

    fn pod_draft(&mut self, at: Instant, kind: ChangeKind, object: Value) {
        self.drafts.push(Draft { at, resource: Resource::Pods, kind, object });
    }
}

const POD_AFTER_JOB: TimeDelta = TimeDelta::milliseconds(400);
const START_AFTER_MIN: TimeDelta = TimeDelta::milliseconds(600);

fn ms(milliseconds: i64) -> TimeDelta {
    TimeDelta::milliseconds(milliseconds)
}

/// The end of a container.
struct Exit<'a> {
    code: i32,
    reason: &'a str,
    message: &'a str,
}

/// A Pod whose container has started.
struct Started {
    pod: Pod,
    at: Instant,
    starts: StartTimes,
    scheduled_at: Instant,
}

impl Started {
    fn terminated(&self, at: Instant, exit: &Exit<'_>) -> Value {
        let mut terminated = json!({
            "exitCode": exit.code,
            "reason": exit.reason,
            "startedAt": time(self.at),
            "finishedAt": time(at),
            "containerID": self.pod.container_id(),
        });
        if !exit.message.is_empty() {
            terminated["message"] = json!(exit.message);
        }
        json!({"terminated": terminated})
    }

    fn ended(&self, phase: &str, reason: &str, at: Instant, state: Value) -> Value {
        let initialized_reason = if phase == "Succeeded" { reason } else { "" };
        let conditions = vec![
            condition("PodReadyToStartContainers", false, at, "", ""),
            condition("Initialized", true, self.starts.kubelet_at, initialized_reason, ""),
            condition("Ready", false, at, reason, ""),
            condition("ContainersReady", false, at, reason, ""),
            condition("PodScheduled", true, self.scheduled_at, "", ""),
        ];
        self.pod.status(phase, conditions, &self.starts, state)
    }
}

/// The status of a scheduled Pod whose container has not started.
fn creating(pod: &Pod, scheduled_at: Instant, kubelet_at: Instant, at: Instant, state: Value) -> Value {
    let message = format!("containers with unready status: [{CONTAINER}]");
    let conditions = vec![
        condition("PodReadyToStartContainers", false, at, "", ""),
        condition("Initialized", true, kubelet_at, "", ""),
        condition("Ready", false, at, "ContainersNotReady", &message),
        condition("ContainersReady", false, at, "ContainersNotReady", &message),
        condition("PodScheduled", true, scheduled_at, "", ""),
    ];
    pod.status("Pending", conditions, &StartTimes { kubelet_at, container_at: None }, state)
}
