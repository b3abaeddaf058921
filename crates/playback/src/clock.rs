//! Virtual time, shared by the server and those who watch it.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use chrono::TimeDelta;
use kigen_model::Instant;
use tokio::sync::watch;

/// How virtual time moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// Steadily, that many virtual seconds each real second; more than 0.
    Times(f64),
    /// From one instant of interest to the next, resting at each. Of interest are the instants of the history, and each
    /// whole multiple of `every` after the Unix epoch, moved by `offset`.
    Steps {
        /// Virtual time between the regular steps; none if it is not positive.
        every: TimeDelta,
        /// By how much the regular steps come later than the multiples.
        offset: TimeDelta,
        /// Real time to rest at each instant.
        dwell: Duration,
    },
    /// Only by [`Clock::advance_to`].
    Manual,
}

/// A clock that all its clones share. It stands at its start until it [begins](Clock::begin).
#[derive(Clone, Debug)]
pub struct Clock {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    pace: Pace,
    start: Instant,
    until: Option<Instant>,
    began: OnceLock<tokio::time::Instant>,
    /// When what is played ends; known once the clock has begun.
    end: watch::Sender<Option<Instant>>,
    /// Where the clock stands in the paces that jump.
    stands: watch::Sender<Instant>,
}

impl Clock {
    /// A clock that stands at `start` and never runs past `until`.
    pub fn new(start: Instant, pace: Pace, until: Option<Instant>) -> Self {
        let shared = Shared {
            pace,
            start,
            until,
            began: OnceLock::new(),
            end: watch::Sender::new(until),
            stands: watch::Sender::new(start),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The virtual instant, in whole milliseconds.
    pub fn now(&self) -> Instant {
        let Pace::Times(factor) = self.shared.pace else { return *self.shared.stands.borrow() };
        let Some(began) = self.shared.began.get() else { return self.shared.start };
        let passed_ms = began.elapsed().as_secs_f64() * factor * 1000.0;
        // Casts of floats saturate, and the sum is then held at the latest instant that there is.
        let passed = TimeDelta::try_milliseconds(passed_ms as i64).unwrap_or(TimeDelta::MAX);
        let now = self.shared.start.checked_add_signed(passed).unwrap_or(Instant::MAX_UTC);
        self.shared.until.map_or(now, |until| now.min(until))
    }

    /// Waits until the clock shows `instant`; for ever if the clock ends before.
    pub async fn reached(&self, instant: Instant) {
        let Pace::Times(factor) = self.shared.pace else {
            let mut stands = self.shared.stands.subscribe();
            // The sender lives in `self`, so there is no error to be had.
            let _ = stands.wait_for(|now| *now >= instant).await;
            return;
        };
        if self.shared.until.is_some_and(|until| instant > until) {
            return std::future::pending().await;
        }
        let mut end = self.shared.end.subscribe();
        while self.now() < instant {
            if self.shared.began.get().is_none() {
                let _ = end.changed().await;
                continue;
            }
            let remaining_ms = (instant - self.now()).num_milliseconds() as f64 / factor;
            let remaining = Duration::try_from_secs_f64(remaining_ms / 1000.0).unwrap_or(Duration::MAX);
            tokio::time::sleep(remaining.clamp(Duration::from_millis(1), Duration::from_secs(3600))).await;
        }
    }

    /// Waits until the clock has ended: at its `until`, or at the end of what is played. A steady clock without an
    /// `until` runs on.
    pub async fn finished(&self) {
        let mut end = self.shared.end.subscribe();
        let Ok(end) = end.wait_for(Option::is_some).await.map(|end| *end) else { return };
        if let Some(end) = end {
            self.reached(end).await;
        }
    }

    /// Moves a clock of [`Pace::Manual`]; backwards, past its `until`, or with another pace nothing happens.
    pub fn advance_to(&self, instant: Instant) {
        if self.shared.pace == Pace::Manual {
            self.shared.jump_to(self.shared.until.map_or(instant, |until| instant.min(until)));
        }
    }

    /// Lets the clock run, through these instants of interest to their last. The server does it when it starts, unless
    /// told not to. A second time nothing happens.
    pub fn begin(&self, mut instants: Vec<Instant>) {
        if self.shared.began.set(tokio::time::Instant::now()).is_err() {
            return;
        }
        instants.sort_unstable();
        instants.dedup();
        let last = instants.last().copied().unwrap_or(self.shared.start).max(self.shared.start);
        let end = self.shared.until.unwrap_or(last);
        self.shared.end.send_replace(Some(end));
        if let Pace::Steps { every, offset, dwell } = self.shared.pace {
            let steps = Steps { instants, every, offset, end };
            tokio::spawn(walk(Arc::downgrade(&self.shared), steps, dwell));
        }
    }

    /// Waits until the clock stands elsewhere than at `instant`; for ever with a steady clock, which never stands.
    pub(crate) async fn left(&self, instant: Instant) {
        if matches!(self.shared.pace, Pace::Times(_)) {
            return std::future::pending().await;
        }
        let mut stands = self.shared.stands.subscribe();
        let _ = stands.wait_for(|now| *now != instant).await;
    }

    /// Whether the clock moves by jumps, and rests between them.
    pub(crate) fn rests(&self) -> bool {
        !matches!(self.shared.pace, Pace::Times(_))
    }
}

impl Shared {
    fn jump_to(&self, instant: Instant) {
        self.stands.send_if_modified(|now| {
            let is_later = instant > *now;
            *now = instant.max(*now);
            is_later
        });
    }
}

/// Holds no clock alive: once nobody looks at it, it stops.
async fn walk(clock: Weak<Shared>, steps: Steps, dwell: Duration) {
    loop {
        tokio::time::sleep(dwell).await;
        let Some(clock) = clock.upgrade() else { return };
        let now = *clock.stands.borrow();
        let Some(next) = steps.after(now) else { return };
        clock.jump_to(next);
    }
}

struct Steps {
    instants: Vec<Instant>,
    every: TimeDelta,
    offset: TimeDelta,
    end: Instant,
}

impl Steps {
    fn after(&self, now: Instant) -> Option<Instant> {
        if now >= self.end {
            return None;
        }
        let nth = self.instants.partition_point(|instant| *instant <= now);
        let of_interest = self.instants.get(nth).copied().unwrap_or(self.end);
        let next = self.regular_after(now).map_or(of_interest, |regular| regular.min(of_interest));
        Some(next.min(self.end))
    }

    fn regular_after(&self, now: Instant) -> Option<Instant> {
        let every_ms = self.every.num_milliseconds();
        if every_ms <= 0 {
            return None;
        }
        let offset_ms = self.offset.num_milliseconds();
        let passed_ms = now.timestamp_millis() - offset_ms;
        Instant::from_timestamp_millis((passed_ms.div_euclid(every_ms) + 1) * every_ms + offset_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_timestamp(seconds, 0).expect("a small number of seconds")
    }

    #[tokio::test]
    async fn steps_visit_each_instant_of_interest_and_each_multiple_and_stop_at_the_end() {
        let pace = Pace::Steps {
            every: TimeDelta::seconds(10),
            offset: TimeDelta::seconds(1),
            dwell: Duration::from_millis(1),
        };
        let clock = Clock::new(at(100), pace, None);
        let mut visited = vec![clock.now()];
        let mut stands = clock.shared.stands.subscribe();
        clock.begin(vec![at(103), at(112), at(125)]);
        while stands.changed().await.is_ok() {
            visited.push(*stands.borrow_and_update());
            if visited.last() == Some(&at(125)) {
                break;
            }
        }
        clock.finished().await;
        assert_eq!(visited, [100, 101, 103, 111, 112, 121, 125].map(at));
    }

    #[tokio::test]
    async fn a_steady_clock_passes_each_instant_and_holds_at_its_until() {
        let clock = Clock::new(at(0), Pace::Times(100_000.0), Some(at(3600)));
        clock.begin(vec![]);
        clock.reached(at(1800)).await;
        assert!(clock.now() >= at(1800));
        clock.finished().await;
        assert_eq!(clock.now(), at(3600));
    }

    #[tokio::test]
    async fn a_manual_clock_never_goes_back() {
        let clock = Clock::new(at(10), Pace::Manual, Some(at(30)));
        clock.advance_to(at(20));
        clock.advance_to(at(15));
        assert_eq!(clock.now(), at(20));
        clock.advance_to(at(40));
        assert_eq!(clock.now(), at(30));
    }
}
