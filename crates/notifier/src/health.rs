//! The notifier's readiness, as its probe reports it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as RealInstant};

use kigen_model::topic::Partition;

use crate::backlog::{TURN, Tallies, Tally};
use crate::metrics;

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
    /// The alerts that no receiver has accepted.
    backlog: Tallies,
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
        let waiting = state.backlog.iter().filter(|(_, tally)| tally.waiting > 0 && tally.reason != TURN);
        let waiting = waiting.map(|((_, channel), tally)| {
            format!("{} for {channel}: {}", alerts(tally.waiting, "waits", "wait"), tally.reason)
        });
        let waiting: Vec<String> = waiting.collect();
        if !waiting.is_empty() {
            return Err(waiting.join("; "));
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
        let failed = state.backlog.values().map(|tally| tally.failed).sum();
        let failed = match state.backlog.values().find(|tally| tally.failed > 0) {
            Some(tally) => format!(
                "; {} and sent again by `kigen notify --retry` alone: {}",
                alerts(
                    failed,
                    "was accepted by no receiver, is given up",
                    "were accepted by no receiver, are given up"
                ),
                tally.reason
            ),
            None => String::new(),
        };
        let waiting = match state.backlog.values().map(|tally| tally.waiting).sum::<usize>() {
            0 => "none waits".to_owned(),
            count => alerts(count, "waits for its turn", "wait for their turns"),
        };
        Ok(format!("{} messages were delivered since the start, {waiting}{failed}", state.delivered))
    }

    /// Sets the gauges, as before each scrape: one that is not set for a minute disappears.
    pub fn measure(&self) {
        let state = self.state();
        metrics::blocked(state.blocked.len());
        let sum = |of: fn(&Tally) -> usize| state.backlog.values().map(of).sum();
        metrics::undelivered(sum(|tally| tally.waiting), sum(|tally| tally.failed));
    }

    pub(crate) fn joined(&self) {
        self.state().is_member = true;
    }

    /// It reads beside the group, without positions.
    pub(crate) fn watches(&self) {
        self.state().is_guest = true;
    }

    pub(crate) fn delivered(&self) {
        self.state().delivered += 1;
    }

    pub(crate) fn set_backlog(&self, backlog: Tallies) {
        self.state().backlog = backlog;
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

fn alerts(number: usize, one: &str, many: &str) -> String {
    match number {
        1 => format!("1 alert {one}"),
        _ => format!("{number} alerts {many}"),
    }
}

#[cfg(test)]
mod tests {
    use kigen_model::Instant;

    use super::*;
    use crate::queue::Queue;

    #[test]
    fn the_notifier_is_ready_while_no_message_waits() {
        let health = Health::default();
        let readiness = || health.readiness(RealInstant::now());
        assert!(readiness().is_err_and(|why| why.contains("its partitions")));
        health.joined();
        assert!(readiness().is_ok_and(|how| how.starts_with("0 messages")));
        let tally = |waiting, failed, reason: &str| Tally {
            waiting,
            failed,
            reason: reason.to_owned(),
            since: Instant::UNIX_EPOCH,
        };
        health.set_backlog(Tallies::from([
            ((Queue::Deadlines, "#alerts".to_owned()), tally(2, 0, "no answer")),
            ((Queue::Failures, "#errors".to_owned()), tally(1, 1, "invite the bot")),
        ]));
        assert_eq!(
            readiness(),
            Err("2 alerts wait for #alerts: no answer; 1 alert waits for #errors: invite the bot".to_owned())
        );
        health.set_backlog(Tallies::from([((Queue::Deadlines, "#alerts".to_owned()), tally(2, 0, TURN))]));
        assert!(readiness().is_ok_and(|how| how.ends_with(", 2 alerts wait for their turns")));
        health.delivered();
        health
            .set_backlog(Tallies::from([((Queue::Failures, "#errors".to_owned()), tally(0, 1, "too long"))]));
        let failed = "1 messages were delivered since the start, none waits; 1 alert was accepted by no receiver, is given up \
                      and sent again by `kigen notify --retry` alone: too long";
        assert_eq!(readiness(), Ok(failed.to_owned()));
        health.log_failed("the log failed".to_owned());
        assert!(readiness().is_err_and(|why| why.contains("the log failed")));
        assert!(health.readiness(RealInstant::now() + LOG_FAILURE_COUNTS).is_ok());
        health.log_succeeded();
        assert!(readiness().is_ok());
    }
}
