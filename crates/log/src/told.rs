//! Trouble that lasts is told of once a minute a cause, whichever role meets it and however often.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kigen_model::reasons::reasons;

use crate::error::LogError;
use crate::metrics;

/// How often a cause is told of at most.
const TOLD_EVERY: Duration = Duration::from_secs(60);
/// How many causes are told apart; at the limit all are forgotten, and told once more.
const CAUSES_MAX: usize = 100;

/// Tells of trouble. Clones tell together.
#[derive(Clone, Debug, Default)]
pub struct Telling(Arc<Mutex<BTreeMap<String, Told>>>);

/// When a cause was told of, and how often it was met since.
#[derive(Debug)]
struct Told {
    at: Instant,
    untold: u64,
}

impl Telling {
    /// Tells of a failure that is tried again.
    pub(crate) fn tell(&self, error: &LogError) {
        metrics::failed(error);
        self.say(&error.cause(), || reasons(error));
    }

    /// Says what happened, unless this cause was told of just before.
    pub fn say(&self, cause: &str, text: impl FnOnce() -> String) {
        match self.untold_before_one_more(cause, Instant::now()) {
            Some(0) => tracing::warn!("{}; kigen tries again, nothing is lost meanwhile", text()),
            Some(untold) => {
                tracing::warn!(untold, "{}; kigen tries again, nothing is lost meanwhile", text());
            }
            None => {}
        }
    }

    /// How often the cause was met since it was told of last, if it is to be told of now.
    fn untold_before_one_more(&self, cause: &str, now: Instant) -> Option<u64> {
        let mut causes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(told) = causes.get_mut(cause) {
            if now.duration_since(told.at) < TOLD_EVERY {
                told.untold += 1;
                return None;
            }
            told.at = now;
            return Some(std::mem::take(&mut told.untold));
        }
        if causes.len() >= CAUSES_MAX {
            causes.clear();
        }
        causes.insert(cause.to_owned(), Told { at: now, untold: 0 });
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_is_told_once_a_minute_by_all_who_meet_it_with_how_often_it_was_not() {
        let (one, start) = (Telling::default(), Instant::now());
        let other = one.clone();
        let met = |telling: &Telling, cause, seconds| {
            telling.untold_before_one_more(cause, start + Duration::from_secs(seconds))
        };
        assert_eq!(met(&one, "away", 0), Some(0));
        assert_eq!(met(&other, "away", 1), None);
        assert_eq!(met(&other, "denied", 2), Some(0));
        assert_eq!(met(&one, "away", 59), None);
        assert_eq!(met(&one, "away", 60), Some(2));
        assert_eq!(met(&one, "denied", 61), None);
    }

    #[test]
    fn the_causes_that_are_remembered_are_bounded() {
        let (telling, now) = (Telling::default(), Instant::now());
        for cause in 0..10 * CAUSES_MAX {
            assert_eq!(telling.untold_before_one_more(&cause.to_string(), now), Some(0));
        }
        assert!(telling.0.lock().expect("nobody panicked").len() <= CAUSES_MAX);
    }
}
