//! What was last said of each Pod of a Job, and the Pods that wait for their Job to be seen.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use chrono::TimeDelta;
use kigen_model::event::{FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::run::{Attempt, AttemptPhase};

use super::emit::Saying;
use super::encoded::Kept;
use super::list_snapshot::Seen;
use super::uid::Uid;
use crate::decode::error_text::error_text;
use crate::decode::object::LogPlace;
use crate::input::LogWanted;
use crate::notice::Notice;

/// For how long after its end an attempt's log is worth reading, in minutes: a first list shows failures of long ago.
const LOG_AGE_MINUTES_MAX: i64 = 60;
/// How many attempts may wait for whoever reads their logs; beyond, those that come are not read.
const LOGS_WANTED_MAX: usize = 1_000;

#[derive(Debug)]
struct KnownAttempt {
    resource_version: u64,
    key: Arc<BatchKey>,
    attempt: Kept<Attempt>,
}

/// The Pods by UID.
#[derive(Debug)]
pub(super) struct Attempts {
    by_uid: BTreeMap<Uid, KnownAttempt>,
    waiting: Waiting,
    logs_wanted: Vec<LogWanted>,
}

impl Attempts {
    pub(super) fn new(pods_waiting_max: usize) -> Self {
        Self { by_uid: BTreeMap::new(), waiting: Waiting::new(pods_waiting_max), logs_wanted: Vec::new() }
    }

    /// `run_key` is the batch of its Job, if that is known.
    pub(super) fn changed(
        &mut self,
        mut pod: SeenPod,
        run_uid: String,
        run_key: Option<Arc<BatchKey>>,
        saying: &mut Saying<'_>,
    ) {
        let Some(known) = self.by_uid.get_mut(&Uid::of(&pod.revision.uid)) else {
            match run_key {
                Some(key) => self.first_seen(pod, run_uid, key, saying),
                None => self.waiting.put(pod, run_uid, saying),
            }
            return;
        };
        if known.resource_version >= pod.revision.resource_version {
            return;
        }
        known.resource_version = pod.revision.resource_version;
        keep_text(&mut pod.attempt, &known.attempt);
        let kept = Kept::of(&pod.attempt);
        if known.attempt != kept {
            known.attempt = kept;
            let key = Arc::clone(&known.key);
            self.want_log(&pod, &run_uid, &key, saying);
            saying.say(&key, FactBody::Attempt { revision: pod.revision, run_uid, attempt: pod.attempt });
        }
    }

    /// A Pod that is gone before it ended was killed.
    pub(super) fn deleted(
        &mut self,
        mut pod: SeenPod,
        run_uid: String,
        run_key: Option<Arc<BatchKey>>,
        saying: &mut Saying<'_>,
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
        let known = self.by_uid.remove(&Uid::of(&pod.revision.uid));
        if let Some(known) = &known {
            keep_text(&mut pod.attempt, &known.attempt);
            if known.attempt == Kept::of(&pod.attempt) {
                return;
            }
        }
        match known.map(|known| known.key).or(run_key) {
            Some(key) => {
                let SeenPod { revision, attempt, .. } = pod;
                saying.say(&key, FactBody::Attempt { revision, run_uid, attempt });
            }
            None => self.waiting.put(pod, run_uid, saying),
        }
    }

    /// The end of an attempt's log is told as one more fact of the same version of the Pod, also when that is gone.
    pub(super) fn log_read(&mut self, wanted: LogWanted, log: &str, saying: &mut Saying<'_>) {
        let text = error_text(log);
        if text.is_empty() {
            return;
        }
        let LogWanted { key, mut revision, run_uid, mut attempt, place: _ } = wanted;
        let known = self.by_uid.get_mut(&Uid::of(&revision.uid));
        if let Some(known) = &known {
            revision.resource_version = known.resource_version;
            attempt = known.attempt.get();
        }
        let AttemptPhase::Failed { message: message @ None, .. } = &mut attempt.phase else {
            return;
        };
        *message = Some(text);
        if let Some(known) = known {
            known.attempt = Kept::of(&attempt);
        }
        saying.say(&key, FactBody::Attempt { revision, run_uid, attempt });
    }

    /// The attempts that failed since this was asked last and do not say why.
    pub(super) fn logs_wanted(&mut self) -> Vec<LogWanted> {
        std::mem::take(&mut self.logs_wanted)
    }

    fn want_log(&mut self, pod: &SeenPod, run_uid: &str, key: &BatchKey, saying: &Saying<'_>) {
        let Some(place) = pod.log.clone().filter(|_| self.logs_wanted.len() < LOGS_WANTED_MAX) else {
            return;
        };
        let AttemptPhase::Failed { finished_at: Some(finished_at), message: None, .. } = pod.attempt.phase
        else {
            return;
        };
        if saying.observed_at - finished_at > TimeDelta::minutes(LOG_AGE_MINUTES_MAX) {
            return;
        }
        self.logs_wanted.push(LogWanted {
            key: key.clone(),
            revision: pod.revision.clone(),
            run_uid: run_uid.to_owned(),
            attempt: pod.attempt.clone(),
            place,
        });
    }

    /// The Job with this UID is known now: its Pods need not wait any longer.
    pub(super) fn run_seen(&mut self, run_uid: &str, key: &Arc<BatchKey>, saying: &mut Saying<'_>) {
        for pod in self.waiting.take(run_uid) {
            self.first_seen(pod, run_uid.to_owned(), Arc::clone(key), saying);
        }
    }

    /// How a Pod that vanished between two lists ended cannot be known, so that nothing is said of it: its Job counts.
    pub(super) fn listed(&mut self, seen: &Seen) {
        self.by_uid
            .retain(|uid, known| seen.has(uid, || (known.key.namespace.clone(), known.attempt.get().pod)));
    }

    fn first_seen(&mut self, pod: SeenPod, run_uid: String, key: Arc<BatchKey>, saying: &mut Saying<'_>) {
        self.want_log(&pod, &run_uid, &key, saying);
        let SeenPod { revision, attempt, is_gone, log: _ } = pod;
        if !is_gone {
            let known = KnownAttempt {
                resource_version: revision.resource_version,
                key: Arc::clone(&key),
                attempt: Kept::of(&attempt),
            };
            self.by_uid.insert(Uid::of(&revision.uid), known);
        }
        saying.say(&key, FactBody::Attempt { revision, run_uid, attempt });
    }
}

/// The text of a log is in no version of the Pod: once it was read it stays, as long as the failure does.
fn keep_text(attempt: &mut Attempt, known: &Kept<Attempt>) {
    if let AttemptPhase::Failed { message: message @ None, .. } = &mut attempt.phase
        && let AttemptPhase::Failed { message: known, .. } = known.get().phase
    {
        *message = known;
    }
}

/// A Pod of a Job as it was seen.
#[derive(Debug)]
pub(super) struct SeenPod {
    pub(super) revision: Revision,
    pub(super) attempt: Attempt,
    /// Where it may say why it failed, if it failed without a word.
    pub(super) log: Option<LogPlace>,
    pub(super) is_gone: bool,
}

/// The Pods whose Job was not seen yet: the two streams are not in step.
#[derive(Debug)]
struct Waiting {
    by_run: HashMap<String, Vec<SeenPod>>,
    /// The UIDs of the Jobs in the order in which they were first waited for, some of them no longer.
    order: VecDeque<String>,
    pods: usize,
    pods_max: usize,
    pods_forgotten: u64,
}

impl Waiting {
    fn new(pods_max: usize) -> Self {
        Self { by_run: HashMap::new(), order: VecDeque::new(), pods: 0, pods_max, pods_forgotten: 0 }
    }

    fn put(&mut self, pod: SeenPod, run_uid: String, saying: &mut Saying<'_>) {
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
            self.forget_oldest(saying);
        }
    }

    fn take(&mut self, run_uid: &str) -> Vec<SeenPod> {
        let pods = self.by_run.remove(run_uid).unwrap_or_default();
        self.pods -= pods.len();
        // What was taken stays in the order until it is half of it, so that taking costs nothing each time.
        if self.order.len() > 2 * self.by_run.len() + 16 {
            self.order.retain(|run_uid| self.by_run.contains_key(run_uid));
        }
        pods
    }

    fn forget_oldest(&mut self, saying: &mut Saying<'_>) {
        let Some(run_uid) = self.order.pop_front() else {
            self.pods = 0;
            return;
        };
        let forgotten = self.by_run.remove(&run_uid).unwrap_or_default().len();
        self.pods -= forgotten;
        let before = self.pods_forgotten;
        self.pods_forgotten += u64::try_from(forgotten).unwrap_or(u64::MAX);
        // Said at the first and then at each power of two, or a cluster where Jobs are hidden would flood the log.
        if before.checked_ilog2() != self.pods_forgotten.checked_ilog2() {
            saying
                .notices
                .push(Notice::PodsForgotten { pods: self.pods_forgotten, pods_waiting_max: self.pods_max });
        }
    }
}
