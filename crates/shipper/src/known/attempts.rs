//! What was last said of each Pod of a Job, and the Pods that wait for their Job to be seen.

use std::collections::{HashMap, VecDeque};

use kigen_model::event::{FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::run::{Attempt, AttemptPhase};

use super::{Saying, Seen};
use crate::notice::Notice;

#[derive(Debug)]
struct KnownAttempt {
    resource_version: u64,
    key: BatchKey,
    attempt: Attempt,
}

/// The Pods by UID.
#[derive(Debug)]
pub(super) struct Attempts {
    by_uid: HashMap<String, KnownAttempt>,
    waiting: Waiting,
}

impl Attempts {
    pub(super) fn new(pods_waiting_max: usize) -> Self {
        Self { by_uid: HashMap::new(), waiting: Waiting::new(pods_waiting_max) }
    }

    /// `run_key` is the batch of its Job, if that is known.
    pub(super) fn changed(
        &mut self,
        revision: Revision,
        run_uid: String,
        attempt: Attempt,
        run_key: Option<BatchKey>,
        saying: &mut Saying<'_>,
    ) {
        if let Some(known) = self.by_uid.get_mut(&revision.uid) {
            if known.resource_version < revision.resource_version {
                known.resource_version = revision.resource_version;
                if known.attempt != attempt {
                    known.attempt = attempt.clone();
                    saying.say(&known.key, FactBody::Attempt { revision, run_uid, attempt });
                }
            }
            return;
        }
        let Some(key) = run_key else {
            self.waiting.put(WaitingPod { revision, attempt, is_gone: false }, run_uid, saying);
            return;
        };
        self.first_seen(WaitingPod { revision, attempt, is_gone: false }, run_uid, key, saying);
    }

    /// A Pod that is gone before it ended was killed.
    pub(super) fn deleted(
        &mut self,
        revision: Revision,
        run_uid: String,
        mut attempt: Attempt,
        run_key: Option<BatchKey>,
        saying: &mut Saying<'_>,
    ) {
        match attempt.phase {
            AttemptPhase::Succeeded { .. } | AttemptPhase::Failed { .. } => {}
            AttemptPhase::Waiting { .. } | AttemptPhase::Running { .. } => {
                attempt.phase = AttemptPhase::Failed {
                    finished_at: None,
                    exit_code: None,
                    reason: Some("Deleted".to_owned()),
                    message: None,
                };
            }
        }
        let known = self.by_uid.remove(&revision.uid);
        if known.as_ref().is_some_and(|known| known.attempt == attempt) {
            return;
        }
        match known.map(|known| known.key).or(run_key) {
            Some(key) => saying.say(&key, FactBody::Attempt { revision, run_uid, attempt }),
            None => self.waiting.put(WaitingPod { revision, attempt, is_gone: true }, run_uid, saying),
        }
    }

    /// The Job with this UID is known now: its Pods need not wait any longer.
    pub(super) fn run_seen(&mut self, run_uid: &str, key: BatchKey, saying: &mut Saying<'_>) {
        for pod in self.waiting.take(run_uid) {
            self.first_seen(pod, run_uid.to_owned(), key.clone(), saying);
        }
    }

    /// How a Pod that vanished between two lists ended cannot be known, so that nothing is said of it: its Job counts.
    pub(super) fn listed(&mut self, seen: &Seen) {
        self.by_uid.retain(|uid, known| seen.has(uid, &known.key.namespace, &known.attempt.pod));
    }

    fn first_seen(&mut self, pod: WaitingPod, run_uid: String, key: BatchKey, saying: &mut Saying<'_>) {
        let WaitingPod { revision, attempt, is_gone } = pod;
        if !is_gone {
            let known = KnownAttempt {
                resource_version: revision.resource_version,
                key: key.clone(),
                attempt: attempt.clone(),
            };
            self.by_uid.insert(revision.uid.clone(), known);
        }
        saying.say(&key, FactBody::Attempt { revision, run_uid, attempt });
    }
}

/// A Pod whose Job was not seen yet: the two streams are not in step.
#[derive(Debug)]
struct WaitingPod {
    revision: Revision,
    attempt: Attempt,
    is_gone: bool,
}

#[derive(Debug)]
struct Waiting {
    by_run: HashMap<String, Vec<WaitingPod>>,
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

    fn put(&mut self, pod: WaitingPod, run_uid: String, saying: &mut Saying<'_>) {
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

    fn take(&mut self, run_uid: &str) -> Vec<WaitingPod> {
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
