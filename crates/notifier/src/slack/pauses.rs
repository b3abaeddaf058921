//! Channels that failed, and are left alone for a while: a delay that doubles, or as long as Slack wants.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kigen_ops::error_chain;
use tokio::time::Instant as TimerInstant;

use super::error::SlackError;
use crate::queue::Queue;

/// The longest `Retry-After` that is respected.
const RETRY_AFTER_MS_MAX: u64 = 600_000;

/// The channels that are left alone, each for one queue.
#[derive(Debug, Default)]
pub(super) struct Pauses(Mutex<BTreeMap<(Queue, String), Pause>>);

#[derive(Debug)]
struct Pause {
    until: TimerInstant,
    delay_ms: u64,
    reason: String,
}

impl Pauses {
    /// Why nothing is sent to a channel now.
    pub(super) fn reason(&self, queue: Queue, channel: &str) -> Option<String> {
        let pauses = self.pauses();
        let pause =
            pauses.get(&(queue, channel.to_owned())).filter(|pause| pause.until > TimerInstant::now());
        pause.map(|pause| pause.reason.clone())
    }

    /// Until when nothing is sent to a channel.
    pub(super) fn until(&self, queue: Queue, channel: &str) -> Option<TimerInstant> {
        let until = self.pauses().get(&(queue, channel.to_owned())).map(|pause| pause.until);
        until.filter(|until| *until > TimerInstant::now())
    }

    /// When the next pause of a queue is over.
    pub(super) fn next_end(&self, queue: Queue) -> Option<TimerInstant> {
        let now = TimerInstant::now();
        let pauses = self.pauses();
        let of_queue = pauses.iter().filter(|((of, _), pause)| *of == queue && pause.until > now);
        of_queue.map(|(_, pause)| pause.until).min()
    }

    /// A request for a channel failed: nothing is sent there for as long as this returns, between these delays.
    pub(super) fn failed(
        &self,
        (queue, channel): (Queue, &str),
        error: &SlackError,
        (delay_ms_min, delay_ms_max): (u64, u64),
    ) -> Duration {
        let mut pauses = self.pauses();
        let key = (queue, channel.to_owned());
        let delay_ms = pauses.get(&key).map_or(delay_ms_min, |pause| pause.delay_ms);
        let wait_ms = match error {
            SlackError::Retry { after: Some(after), .. } => u64::try_from(after.as_millis())
                .unwrap_or(RETRY_AFTER_MS_MAX)
                .clamp(delay_ms_min, RETRY_AFTER_MS_MAX),
            SlackError::Retry { after: None, .. } | SlackError::Silent { .. } | SlackError::Token { .. } => {
                delay_ms
            }
            SlackError::Refused { .. } | SlackError::Certificates(_) => delay_ms_max,
        };
        let wait = Duration::from_millis(wait_ms);
        let delay_ms = (delay_ms * 2).min(delay_ms_max);
        let pause = Pause { until: TimerInstant::now() + wait, delay_ms, reason: error_chain(error) };
        pauses.insert(key, pause);
        wait
    }

    /// A request for a channel succeeded.
    pub(super) fn succeeded(&self, queue: Queue, channel: &str) {
        self.pauses().remove(&(queue, channel.to_owned()));
    }

    fn pauses(&self) -> MutexGuard<'_, BTreeMap<(Queue, String), Pause>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
