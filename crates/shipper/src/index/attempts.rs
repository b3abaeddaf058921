//! The last emitted version of each Pod of a Job, and the Pods whose Job is not known yet.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::event::{FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::run::{Attempt, AttemptPhase};
use kigen_text::error::{MESSAGE_CHARS_MAX, kept, shown};

use super::emit::Emit;
use super::encoded::Encoded;
use super::list_snapshot::ListSnapshot;
use super::uid::Uid;
use crate::decode::object::ContainerLog;
use crate::input::LogRequest;
use crate::notice::Notice;

/// For how long after its end an attempt's log is worth reading, in minutes: a first list shows failures of long ago.
const LOG_AGE_MINUTES_MAX: i64 = 60;
/// How long others must have waited for a container whose log is read, in seconds, and after how many times as long it is read
/// again.
const HANGS_S_MIN: i64 = 60;
const HANGS_AGAIN: i32 = 4;
/// How many log requests may wait to be taken; beyond, no log is requested.
const LOG_REQUESTS_MAX: usize = 1_000;

#[derive(Debug)]
struct KnownAttempt {
    resource_version: u64,
    key: Arc<BatchKey>,
    attempt: Encoded<Attempt>,
}

/// The Pods by UID.
#[derive(Debug)]
pub(super) struct Attempts {
    by_uid: BTreeMap<Uid, KnownAttempt>,
    pending: PendingPods,
    log_requests: Vec<LogRequest>,
    /// The Pods whose other containers wait for one: its log is read when that has lasted.
    hanging: BTreeMap<Uid, Hanging>,
}

/// A Pod that waits for one of its own containers.
#[derive(Debug)]
struct Hanging {
    /// When that container's log is read next.
    due: Instant,
    since: Instant,
    request: LogRequest,
}

impl Attempts {
    pub(super) fn new(pods_waiting_max: usize) -> Self {
        Self {
            by_uid: BTreeMap::new(),
            pending: PendingPods::new(pods_waiting_max),
            log_requests: Vec::new(),
            hanging: BTreeMap::new(),
        }
    }

    /// `run_key` is the batch of its Job, if that is known.
    pub(super) fn apply(
        &mut self,
        mut pod: PodVersion,
        run_uid: String,
        run_key: Option<Arc<BatchKey>>,
        emit: &mut Emit<'_>,
    ) {
        let Some(known) = self.by_uid.get_mut(&Uid::of(&pod.revision.uid)) else {
            match run_key {
                Some(key) => self.insert(pod, run_uid, key, emit),
                None => self.pending.put(pod, run_uid, emit),
            }
            return;
        };
        if known.resource_version >= pod.revision.resource_version {
            return;
        }
        known.resource_version = pod.revision.resource_version;
        keep_text(&mut pod.attempt, &known.attempt);
        let kept = Encoded::of(&pod.attempt);
        if known.attempt != kept {
            known.attempt = kept;
            let key = Arc::clone(&known.key);
            self.request_log(&pod, &run_uid, &key, emit);
            emit.fact(&key, FactBody::Attempt { revision: pod.revision, run_uid, attempt: pod.attempt });
        }
    }

    /// A Pod that is gone before it ended was killed.
    pub(super) fn delete(
        &mut self,
        mut pod: PodVersion,
        run_uid: String,
        run_key: Option<Arc<BatchKey>>,
        emit: &mut Emit<'_>,
    ) {
        match pod.attempt.phase {
            AttemptPhase::Succeeded { .. } | AttemptPhase::Failed { .. } => {}
            AttemptPhase::Waiting { .. } | AttemptPhase::Running { .. } => {
                pod.attempt.phase = AttemptPhase::Failed {
                    finished_at: None,
                    exit_code: None,
                    reason: Some("Deleted".to_owned()),
                    message: None,
                };
            }
        }
        let uid = Uid::of(&pod.revision.uid);
        let known = self.by_uid.remove(&uid);
        self.hanging.remove(&uid);
        if let Some(known) = &known {
            keep_text(&mut pod.attempt, &known.attempt);
            if known.attempt == Encoded::of(&pod.attempt) {
                return;
            }
        }
        match known.map(|known| known.key).or(run_key) {
            Some(key) => {
                let PodVersion { revision, attempt, .. } = pod;
                emit.fact(&key, FactBody::Attempt { revision, run_uid, attempt });
            }
            None => self.pending.put(pod, run_uid, emit),
        }
    }

    /// Emits the end of an attempt's log, as one more fact of the same version of the Pod, also when the Pod is gone.
    pub(super) fn apply_log(&mut self, request: LogRequest, text: &str, emit: &mut Emit<'_>) {
        let LogRequest { key, mut revision, run_uid, mut attempt, log } = request;
        let text = if log.hangs_since.is_some() { shown(text, MESSAGE_CHARS_MAX) } else { kept(text) };
        if text.is_empty() {
            return;
        }
        let waited = first_line(&attempt).map(str::to_owned);
        let known = self.by_uid.get_mut(&Uid::of(&revision.uid));
        if let Some(known) = &known {
            revision.resource_version = known.resource_version;
            attempt = known.attempt.get();
        }
        if log.hangs_since.is_some() && first_line(&attempt) != waited.as_deref() {
            return;
        }
        match &mut attempt.phase {
            AttemptPhase::Failed { message: message @ None, .. } if log.hangs_since.is_none() => {
                *message = Some(text);
            }
            AttemptPhase::Waiting { reason: None, message: Some(why) } if log.hangs_since.is_some() => {
                // The texts of two readings are in the order of their times, so that the later one is kept.
                let at = emit.observed_at.format("%Y-%m-%dT%H:%M:%SZ");
                *why = format!("{}\n[its log at {at}]\n{text}", waited.unwrap_or_default());
            }
            AttemptPhase::Failed { .. }
            | AttemptPhase::Waiting { .. }
            | AttemptPhase::Running { .. }
            | AttemptPhase::Succeeded { .. } => return,
        }
        if let Some(known) = known {
            known.attempt = Encoded::of(&attempt);
        }
        emit.fact(&key, FactBody::Attempt { revision, run_uid, attempt });
    }

    /// The logs to read: of the attempts that failed without an error text since the last call.
    pub(super) fn take_log_requests(&mut self) -> Vec<LogRequest> {
        std::mem::take(&mut self.log_requests)
    }

    /// Requests the logs of the containers for which others have waited long enough by `observed_until`, and again each time
    /// when that has lasted four times as long.
    pub(super) fn request_logs_of_hanging(&mut self, observed_until: Instant) {
        for hanging in self.hanging.values_mut().filter(|hanging| hanging.due <= observed_until) {
            if self.log_requests.len() >= LOG_REQUESTS_MAX {
                return;
            }
            let waited = (observed_until - hanging.since).max(TimeDelta::seconds(HANGS_S_MIN));
            hanging.due = hanging.since + waited * HANGS_AGAIN;
            self.log_requests.push(hanging.request.clone());
        }
    }

    fn request_log(&mut self, pod: &PodVersion, run_uid: &str, key: &BatchKey, emit: &Emit<'_>) {
        let uid = Uid::of(&pod.revision.uid);
        let request = pod.log.clone().map(|log| LogRequest {
            key: key.clone(),
            revision: pod.revision.clone(),
            run_uid: run_uid.to_owned(),
            attempt: pod.attempt.clone(),
            log,
        });
        let Some(request) = request else {
            self.hanging.remove(&uid);
            return;
        };
        if let Some(since) = request.log.hangs_since {
            if self.hanging.get(&uid).is_some_and(|hanging| hanging.request.log == request.log) {
                return;
            }
            if self.hanging.len() < LOG_REQUESTS_MAX {
                let due = since + TimeDelta::seconds(HANGS_S_MIN);
                self.hanging.insert(uid, Hanging { due, since, request });
            }
            return;
        }
        self.hanging.remove(&uid);
        let AttemptPhase::Failed { finished_at: Some(finished_at), message: None, .. } = pod.attempt.phase
        else {
            return;
        };
        let is_recent = emit.observed_at - finished_at <= TimeDelta::minutes(LOG_AGE_MINUTES_MAX);
        if is_recent && self.log_requests.len() < LOG_REQUESTS_MAX {
            self.log_requests.push(request);
        }
    }

    /// The Job with this UID is known now, and so its Pods no longer wait.
    pub(super) fn run_known(&mut self, run_uid: &str, key: &Arc<BatchKey>, emit: &mut Emit<'_>) {
        for pod in self.pending.take(run_uid) {
            self.insert(pod, run_uid.to_owned(), Arc::clone(key), emit);
        }
    }

    /// Nothing is emitted for a Pod that vanished between two lists: how it ended cannot be known, and its Job counts.
    pub(super) fn reset(&mut self, snapshot: &ListSnapshot) {
        self.by_uid.retain(|uid, known| {
            snapshot.has(uid, || (known.key.namespace.clone(), known.attempt.get().pod))
        });
        self.hanging.retain(|uid, _| self.by_uid.contains_key(uid));
    }

    fn insert(&mut self, pod: PodVersion, run_uid: String, key: Arc<BatchKey>, emit: &mut Emit<'_>) {
        self.request_log(&pod, &run_uid, &key, emit);
        let PodVersion { revision, attempt, is_gone, log: _ } = pod;
        if !is_gone {
            let known = KnownAttempt {
                resource_version: revision.resource_version,
                key: Arc::clone(&key),
                attempt: Encoded::of(&attempt),
            };
            self.by_uid.insert(Uid::of(&revision.uid), known);
        }
        emit.fact(&key, FactBody::Attempt { revision, run_uid, attempt });
    }
}

/// Why an attempt waits for one of its own containers; the end of that one's log may follow it.
fn first_line(attempt: &Attempt) -> Option<&str> {
    match &attempt.phase {
        AttemptPhase::Waiting { reason: None, message } => message.as_deref()?.lines().next(),
        AttemptPhase::Waiting { reason: Some(_), .. }
        | AttemptPhase::Running { .. }
        | AttemptPhase::Succeeded { .. }
        | AttemptPhase::Failed { .. } => None,
    }
}

/// The text of a log is in no version of the Pod: once read, it is kept as long as the attempt is failed, or waits for the same.
fn keep_text(attempt: &mut Attempt, known: &Encoded<Attempt>) {
    match &mut attempt.phase {
        AttemptPhase::Failed { message: message @ None, .. } => {
            if let AttemptPhase::Failed { message: known, .. } = known.get().phase {
                *message = known;
            }
        }
        AttemptPhase::Waiting { reason: None, message: Some(why) } => {
            if let AttemptPhase::Waiting { reason: None, message: Some(known) } = known.get().phase
                && known.lines().next() == Some(why.as_str())
            {
                *why = known;
            }
        }
        AttemptPhase::Failed { .. }
        | AttemptPhase::Waiting { .. }
        | AttemptPhase::Running { .. }
        | AttemptPhase::Succeeded { .. } => {}
    }
}

/// A version of a Pod of a Job.
#[derive(Debug)]
pub(super) struct PodVersion {
    pub(super) revision: Revision,
    pub(super) attempt: Attempt,
    /// The log that may have the error, if it failed without an error text.
    pub(super) log: Option<ContainerLog>,
    pub(super) is_gone: bool,
}

/// The Pods whose Job is not known yet: the two streams are not in step.
#[derive(Debug)]
struct PendingPods {
    by_run: HashMap<String, Vec<PodVersion>>,
    /// The UIDs of the Jobs in the order in which Pods first waited for them. Some are taken already.
    order: VecDeque<String>,
    pods: usize,
    pods_max: usize,
    pods_forgotten: u64,
}

impl PendingPods {
    fn new(pods_max: usize) -> Self {
        Self { by_run: HashMap::new(), order: VecDeque::new(), pods: 0, pods_max, pods_forgotten: 0 }
    }

    fn put(&mut self, pod: PodVersion, run_uid: String, emit: &mut Emit<'_>) {
        if !self.by_run.contains_key(&run_uid) {
            self.order.push_back(run_uid.clone());
        }
        let pods = self.by_run.entry(run_uid).or_default();
        match pods.iter_mut().find(|known| known.revision.uid == pod.revision.uid) {
            Some(known) if known.revision.resource_version < pod.revision.resource_version => *known = pod,
            Some(_) => {}
            None => {
                pods.push(pod);
                self.pods += 1;
            }
        }
        while self.pods > self.pods_max {
            self.forget_oldest(emit);
        }
    }

    fn take(&mut self, run_uid: &str) -> Vec<PodVersion> {
        let pods = self.by_run.remove(run_uid).unwrap_or_default();
        self.pods -= pods.len();
        // Taken Jobs are removed from the order only once they are half of it, so that a take costs little.
        if self.order.len() > 2 * self.by_run.len() + 16 {
            self.order.retain(|run_uid| self.by_run.contains_key(run_uid));
        }
        pods
    }

    fn forget_oldest(&mut self, emit: &mut Emit<'_>) {
        let Some(run_uid) = self.order.pop_front() else {
            self.pods = 0;
            return;
        };
        let forgotten = self.by_run.remove(&run_uid).unwrap_or_default().len();
        self.pods -= forgotten;
        let before = self.pods_forgotten;
        self.pods_forgotten += u64::try_from(forgotten).unwrap_or(u64::MAX);
        // At the first and then at each power of two: a cluster where Jobs are hidden would flood the log.
        if before.checked_ilog2() != self.pods_forgotten.checked_ilog2() {
            emit.notices
                .push(Notice::PodsForgotten { pods: self.pods_forgotten, pods_waiting_max: self.pods_max });
        }
    }
}
