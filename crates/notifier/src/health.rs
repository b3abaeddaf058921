//! The notifier's readiness, as its probe reports it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as RealInstant};

use kigen_model::topic::Partition;

use crate::metrics;
use crate::queue::Queue;

/// How long a failure of the log counts unless a success clears it: without alerts to deliver, no success shows that it
/// is over. Longer than the delay between two retries.
const LOG_FAILURE_COUNTS: Duration = Duration::from_secs(60);

/// The notifier's health. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<HealthState>>);

#[derive(Debug, Default)]
struct HealthState {
    /// It has an assignment, be it one without partitions.
    is_member: bool,
    /// It is a dry run, and has found the ends of its partitions.
    is_guest: bool,
    /// Why the message under way of a queue is not delivered.
    undelivered: BTreeMap<Queue, String>,
    /// Why nothing more of a partition is delivered.
    blocked: BTreeMap<Partition, String>,
    /// Why alerts could not be read or committed, and when.
    log_failure: Option<(String, RealInstant)>,
    delivered: u64,
}

impl Health {
    /// Whether messages are delivered, with a summary. Before the first one the notifier is ready, too.
    ///
    /// # Errors
    /// Why it is not ready.
    pub fn readiness(&self, now: RealInstant) -> Result<String, String> {
        let state = self.state();
        if !state.undelivered.is_empty() {
            let reasons: Vec<&str> = state.undelivered.values().map(String::as_str).collect();
            return Err(format!("a message waits: {}", reasons.join("; another waits: ")));
        }
        if let Some(why) = state.blocked.values().next() {
            return Err(why.clone());
        }
        if let Some((why, at)) = &state.log_failure
            && now.duration_since(*at) < LOG_FAILURE_COUNTS
        {
            return Err(format!("alerts cannot be read, or their delivery cannot be committed: {why}"));
        }
        if state.is_guest {
            return Ok(format!("a dry run: {} messages were printed since the start", state.delivered));
        }
        if !state.is_member {
            return Err("it has not been assigned its partitions yet".to_owned());
        }
        Ok(format!("{} messages were delivered since the start, none waits", state.delivered))
    }

    /// Sets the gauges, as before each scrape: one that is not set for a minute disappears.
    pub fn measure(&self) {
        metrics::blocked(self.state().blocked.len());
    }

    pub(crate) fn joined(&self) {
        self.state().is_member = true;
    }

    /// It reads beside the group, without positions.
    pub(crate) fn watches(&self) {
        self.state().is_guest = true;
    }

    pub(crate) fn delivered(&self, queue: Queue) {
        let mut state = self.state();
        state.delivered += 1;
        state.undelivered.remove(&queue);
    }

    pub(crate) fn undelivered(&self, queue: Queue, why: String) {
        self.state().undelivered.insert(queue, why);
    }

    /// The message under way is another notifier's now.
    pub(crate) fn left(&self, queue: Queue) {
        self.state().undelivered.remove(&queue);
    }

    pub(crate) fn blocked(&self, partition: Partition, why: String) {
        self.state().blocked.insert(partition, why);
    }

    /// It is delivered again, or is another notifier's.
    pub(crate) fn unblocked(&self, partition: Partition) {
        self.state().blocked.remove(&partition);
    }

    pub(crate) fn log_succeeded(&self) {
        self.state().log_failure = None;
    }

    pub(crate) fn log_failed(&self, why: String) {
        self.state().log_failure = Some((why, RealInstant::now()));
    }

    fn state(&self) -> MutexGuard<'_, HealthState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notifier_is_ready_while_no_message_waits() {
        let health = Health::default();
        let readiness = || health.readiness(RealInstant::now());
        assert!(readiness().is_err_and(|why| why.contains("its partitions")));
        health.joined();
        assert!(readiness().is_ok_and(|how| how.starts_with("0 messages")));
        health.undelivered(Queue::Failures, "invite the bot".to_owned());
        assert_eq!(readiness(), Err("a message waits: invite the bot".to_owned()));
        health.undelivered(Queue::Deadlines, "no answer".to_owned());
        health.delivered(Queue::Failures);
        assert_eq!(readiness(), Err("a message waits: no answer".to_owned()));
        health.left(Queue::Deadlines);
        assert!(readiness().is_ok_and(|how| how.starts_with("1 messages")));
        health.log_failed("the log failed".to_owned());
        assert!(readiness().is_err_and(|why| why.contains("the log failed")));
        assert!(health.readiness(RealInstant::now() + LOG_FAILURE_COUNTS).is_ok());
        health.log_succeeded();
        assert!(readiness().is_ok());
    }
}
