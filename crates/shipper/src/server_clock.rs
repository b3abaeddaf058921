//! The API server's time, estimated from its answers: never this machine's.

use std::fmt;
use std::sync::Arc;

use chrono::TimeDelta;
use kigen_model::Instant;

/// This machine's clock, passed in. Only differences of it are used, so that it may be wrong.
#[derive(Clone)]
pub struct Clock {
    now: Arc<dyn Fn() -> Instant + Send + Sync>,
    steady: Arc<dyn Fn() -> Instant + Send + Sync>,
}

impl Clock {
    /// A clock that reads `now`.
    pub fn new(now: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        let now: Arc<dyn Fn() -> Instant + Send + Sync> = Arc::new(now);
        Self { steady: now.clone(), now }
    }

    /// Measures how long an answer takes by `steady`, which no one sets forward or back.
    #[must_use]
    pub fn with_steady(self, steady: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self { steady: Arc::new(steady), ..self }
    }

    /// An instant of which only the difference to another one counts.
    pub(crate) fn steady(&self) -> Instant {
        (self.steady)()
    }

    /// The present instant.
    pub fn now(&self) -> Instant {
        (self.now)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// An answer's `Date`, and when its request was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The header `Date`: the server's time, cut to the second.
    pub date: Instant,
    /// When the request was sent, by [`Clock`]'s steady time.
    pub sent_at: Instant,
}

impl Answered {
    /// The latest that the server's clock can have shown when it answered: `Date` is cut to the second.
    pub fn date_at_latest(self) -> Instant {
        self.date + TimeDelta::seconds(1)
    }
}

/// An estimate of the API server's time between its answers: a little late, never early.
#[derive(Debug)]
pub struct ServerClock {
    clock: Clock,
    latest: Option<Answered>,
}

impl ServerClock {
    /// Shows `clock` until the first answer.
    pub fn new(clock: Clock) -> Self {
        Self { clock, latest: None }
    }

    /// Adjusts to an answer.
    pub fn note(&mut self, answered: Option<Answered>) {
        if answered.is_some() {
            self.latest = answered;
        }
    }

    /// What the server's clock shows now, at the latest. Counted from when the request was sent, since the server
    /// answered at some unknown instant after it.
    pub fn now_at_latest(&self) -> Instant {
        self.latest.map_or_else(
            || self.clock.now(),
            |answered| {
                let since = self.clock.steady() - answered.sent_at;
                answered.date_at_latest() + since.max(TimeDelta::zero())
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_this_machines_clock_forward_or_back_changes_nothing() {
        let at = |seconds| Instant::from_timestamp(seconds, 0).expect("a small number of seconds");
        for set_to in [1_000, 1_000_000] {
            let clock = Clock::new(move || at(set_to)).with_steady(move || at(50_010));
            let mut server = ServerClock::new(clock);
            server.note(Some(Answered { date: at(200), sent_at: at(50_000) }));
            assert_eq!(server.now_at_latest(), at(211));
        }
    }
}
