//! The API server's time, estimated from its answers: never this machine's.

use std::fmt;
use std::sync::Arc;

use chrono::TimeDelta;
use kigen_model::Instant;

/// This machine's clock, passed in. Only differences of it are used, so that it may be wrong.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Instant + Send + Sync>);

impl Clock {
    /// A clock that reads `now`.
    pub fn new(now: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The present instant.
    pub fn now(&self) -> Instant {
        (self.0)()
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
    /// When the request was sent, by [`Clock`].
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
        let now = self.clock.now();
        self.latest.map_or(now, |answered| {
            answered.date_at_latest() + (now - answered.sent_at).max(TimeDelta::zero())
        })
    }
}
