//! How fast messages are posted in a channel, so that Slack has to refuse none: "one message per second per channel", with short
//! bursts.
//!
//! Several notifiers share that: each has the part of its partitions.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant as TimerInstant;

/// How many messages for a channel that had none lately are not spaced.
const BURST: u32 = 3;

/// When each channel may have a message again.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When the messages so far would have been posted, evenly spaced.
    spaced: Mutex<HashMap<String, TimerInstant>>,
}

impl Pace {
    /// Reserves the next turn for a channel.
    pub(super) fn turn(&self, channel: &str, interval: Duration) -> TimerInstant {
        let now = TimerInstant::now();
        let mut spaced = self.spaced();
        let next = spaced.get(channel).copied().unwrap_or(now).max(now);
        spaced.insert(channel.to_owned(), next + interval);
        earliest(next, interval, now)
    }

    /// When the next turn for a channel is; `None`: now.
    pub(super) fn free_at(&self, channel: &str, interval: Duration) -> Option<TimerInstant> {
        let (now, next) = (TimerInstant::now(), self.spaced().get(channel).copied()?);
        Some(earliest(next, interval, now)).filter(|at| *at > now)
    }

    fn spaced(&self) -> MutexGuard<'_, HashMap<String, TimerInstant>> {
        self.spaced.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When the message of this place among the spaced ones may be posted: so many of them at once.
fn earliest(next: TimerInstant, interval: Duration, now: TimerInstant) -> TimerInstant {
    next.checked_sub(interval * (BURST - 1)).unwrap_or(now).max(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_few_are_posted_at_once_and_those_behind_at_the_pace_of_each_channel() {
        let (pace, second) = (Pace::default(), Duration::from_secs(1));
        let began = TimerInstant::now();
        let after: Vec<u64> = (0..6).map(|_| (pace.turn("C1", second) - began).as_secs()).collect();
        assert_eq!(after, [0, 0, 0, 1, 2, 3]);
        assert_eq!(pace.free_at("C1", second), Some(began + 4 * second));
        assert_eq!(pace.free_at("C2", second), None);
        tokio::time::advance(10 * second).await;
        assert_eq!(pace.free_at("C1", second), None);
    }
}
