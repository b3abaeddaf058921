//! Virtual time, shared by the server and its clients.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use chrono::TimeDelta;
use kigen_model::Instant;
use tokio::sync::watch;

/// How virtual time passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// Continuously, that many virtual seconds per real second; more than 0.
    Times(f64),
    /// In jumps from one instant to the next, with a rest at each: the instants of the history, and each multiple of
    /// `every` after the Unix epoch, shifted by `offset`.
    Steps {
        /// Virtual time between the regular steps; there are none if it is not positive.
        every: TimeDelta,
        /// The shift of the regular steps from the multiples.
        offset: TimeDelta,
        /// The rest at each instant, in real time.
        dwell: Duration,
    },
    /// Only by [`Clock::advance_to`].
    Manual,
}

/// A virtual clock. Clones share it. It shows its start until it [begins](Clock::begin).
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
    /// The last instant; known once the clock has begun.
    end: watch::Sender<Option<Instant>>,
    /// The current instant in the paces that jump.
    current: watch::Sender<Instant>,
}

impl Clock {
    /// A clock that shows `start` and never passes `until`.
    pub fn new(start: Instant, pace: Pace, until: Option<Instant>) -> Self {
        let shared = Shared {
            pace,
            start,
            until,
            began: OnceLock::new(),
            end: watch::Sender::new(until),
            current: watch::Sender::new(start),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The virtual instant, in whole milliseconds.
    pub fn now(&self) -> Instant {
        let Pace::Times(factor) = self.shared.pace else { return *self.shared.current.borrow() };
        let Some(began) = self.shared.began.get() else { return self.shared.start };
        let passed_ms = began.elapsed().as_secs_f64() * factor * 1000.0;
        // Casts of floats saturate; the sum is then capped at the latest representable instant.
        let passed = TimeDelta::try_milliseconds(passed_ms as i64).unwrap_or(TimeDelta::MAX);
        let now = self.shared.start.checked_add_signed(passed).unwrap_or(Instant::MAX_UTC);
        self.shared.until.map_or(now, |until| now.min(until))
    }

    /// Waits until the clock shows `instant`; for ever if the clock ends earlier.
    pub async fn reached(&self, instant: Instant) {
        let Pace::Times(factor) = self.shared.pace else {
            let mut current = self.shared.current.subscribe();
            // The sender lives in `self`, so waiting cannot fail.
            let _ = current.wait_for(|now| *now >= instant).await;
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

    /// Waits for the end of the clock: its `until`, or else the last instant of the history. A continuous clock without
    /// an `until` keeps running after it.
    pub async fn finished(&self) {
        let mut end = self.shared.end.subscribe();
        let Ok(end) = end.wait_for(Option::is_some).await.map(|end| *end) else { return };
        if let Some(end) = end {
            self.reached(end).await;
        }
    }

    /// Advances a clock of [`Pace::Manual`], up to its `until`. Backwards, or with another pace, it does nothing.
    pub fn advance_to(&self, instant: Instant) {
        if self.shared.pace == Pace::Manual {
            self.shared.jump_to(self.shared.until.map_or(instant, |until| instant.min(until)));
        }
    }

    /// Starts the clock, which passes through these instants to the last. The server does this at its start unless
    /// configured otherwise. A second call does nothing.
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

    /// Waits until a clock that jumps shows another instant; for ever with a continuous clock.
    pub(crate) async fn left(&self, instant: Instant) {
        if matches!(self.shared.pace, Pace::Times(_)) {
            return std::future::pending().await;
        }
        let mut current = self.shared.current.subscribe();
        let _ = current.wait_for(|now| *now != instant).await;
    }

    /// Whether the clock jumps and rests between jumps.
    pub(crate) fn rests(&self) -> bool {
        !matches!(self.shared.pace, Pace::Times(_))
    }
}

impl Shared {
    fn jump_to(&self, instant: Instant) {
        self.current.send_if_modified(|now| {
            let is_later = instant > *now;
            *now = instant.max(*now);
            is_later
        });
    }
}

/// Drives a clock with a weak reference, so that it stops when the last clone is dropped.
async fn walk(clock: Weak<Shared>, steps: Steps, dwell: Duration) {
    loop {
        tokio::time::sleep(dwell).await;
        let Some(clock) = clock.upgrade() else { return };
        let now = *clock.current.borrow();
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
    async fn steps_visit_each_instant_of_the_history_and_each_multiple_up_to_the_end() {
        let pace = Pace::Steps {
            every: TimeDelta::seconds(10),
            offset: TimeDelta::seconds(1),
            dwell: Duration::from_millis(1),
        };
        let clock = Clock::new(at(100), pace, None);
        let mut visited = vec![clock.now()];
        let mut current = clock.shared.current.subscribe();
        clock.begin(vec![at(103), at(112), at(125)]);
        while current.changed().await.is_ok() {
            visited.push(*current.borrow_and_update());
            if visited.last() == Some(&at(125)) {
                break;
            }
        }
        clock.finished().await;
        assert_eq!(visited, [100, 101, 103, 111, 112, 121, 125].map(at));
    }

    #[tokio::test]
    async fn a_continuous_clock_passes_each_instant_and_stops_at_its_until() {
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
