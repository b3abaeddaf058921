//! Channels and receivers that failed, and are left alone for a while: a delay that doubles, or as long as they want.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant as TimerInstant;

use crate::failure::{Failure, Remedy};
use crate::metrics;
use crate::patience::Patience;
use crate::queue::Queue;

/// The longest `Retry-After` that is respected.
const RETRY_AFTER_MS_MAX: u64 = 600_000;

/// The channels that are left alone, each for one queue.
#[derive(Debug)]
pub(crate) struct Pauses {
    of_channels: Mutex<BTreeMap<(Queue, String), Pause>>,
    patience: Patience,
}

#[derive(Debug)]
struct Pause {
    until: TimerInstant,
    delay_ms: u64,
    reason: String,
}

impl Pauses {
    pub(crate) fn new(patience: Patience) -> Self {
        Self { of_channels: Mutex::default(), patience }
    }

    /// Why nothing is sent to a channel now.
    pub(crate) fn reason(&self, queue: Queue, channel: &str) -> Option<String> {
        let pauses = self.pauses();
        let pause =
            pauses.get(&(queue, channel.to_owned())).filter(|pause| pause.until > TimerInstant::now());
        pause.map(|pause| pause.reason.clone())
    }

    /// Until when nothing is sent to a channel.
    pub(crate) fn until(&self, queue: Queue, channel: &str) -> Option<TimerInstant> {
        let until = self.pauses().get(&(queue, channel.to_owned())).map(|pause| pause.until);
        until.filter(|until| *until > TimerInstant::now())
    }

    /// When the next pause of a queue is over.
    pub(crate) fn next_end(&self, queue: Queue) -> Option<TimerInstant> {
        let now = TimerInstant::now();
        let pauses = self.pauses();
        let of_queue = pauses.iter().filter(|((of, _), pause)| *of == queue && pause.until > now);
        of_queue.map(|(_, pause)| pause.until).min()
    }

    /// A request for a channel failed: it is left alone for a while.
    pub(crate) fn failed(&self, queue: Queue, channel: &str, failure: &Failure) {
        let Patience { retry_delay_ms_min, retry_delay_ms_max, .. } = self.patience;
        let mut pauses = self.pauses();
        let key = (queue, channel.to_owned());
        let delay_ms = pauses.get(&key).map_or(retry_delay_ms_min, |pause| pause.delay_ms);
        let wait_ms = match failure.remedy {
            Remedy::WaitFor(wanted) => u64::try_from(wanted.as_millis())
                .unwrap_or(RETRY_AFTER_MS_MAX)
                .clamp(retry_delay_ms_min, RETRY_AFTER_MS_MAX),
            Remedy::Wait => delay_ms,
            Remedy::Repair | Remedy::Content | Remedy::Gone => retry_delay_ms_max,
        };
        let wait = Duration::from_millis(wait_ms);
        let delay_ms = (delay_ms * 2).min(retry_delay_ms_max);
        let pause = Pause { until: TimerInstant::now() + wait, delay_ms, reason: failure.reason.clone() };
        pauses.insert(key, pause);
        metrics::failed(failure.label);
        tracing::error!("{}; nothing is lost, kigen tries again in {} s", failure.reason, wait.as_secs());
    }

    /// A request for a channel succeeded.
    pub(crate) fn succeeded(&self, queue: Queue, channel: &str) {
        self.pauses().remove(&(queue, channel.to_owned()));
    }

    fn pauses(&self) -> MutexGuard<'_, BTreeMap<(Queue, String), Pause>> {
        self.of_channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
