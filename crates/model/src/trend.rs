//! Whether a batch ends later from run to run, and so will miss its next deadlines, too.

use chrono::TimeDelta;

use crate::slot::PastSuccess;

/// With fewer past successes than this there is no trend.
const SUCCESSES_MIN: usize = 4;
/// The smallest growth from one success to the next that counts as a trend, in seconds.
const GROWTH_S_MIN: i64 = 60;

/// How the ends of past successes develop, each measured from its nominal start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trend {
    /// An older kigen wrote the alert.
    Undecided,
    /// They do not come later from one to the next, or there are too few.
    Steady,
    /// They come later from one to the next.
    Later {
        /// By how much in the median, in whole seconds.
        by: TimeDelta,
        /// Whether the next end reaches the deadline by that, and a run is under way.
        goes_on_missing: bool,
    },
}

impl Trend {
    /// The trend of these successes, oldest first: at least four in five end later than the one before, by a minute or more in
    /// the median. `room` is the time from the nominal start of the run that is under way to the instant at which a success
    /// stops counting; `None`: no run is under way, so nothing is claimed of the next deadlines.
    #[must_use]
    pub fn of(past: &[PastSuccess], room: Option<TimeDelta>) -> Self {
        if past.len() < SUCCESSES_MIN {
            return Self::Steady;
        }
        let ends: Vec<TimeDelta> = past.iter().map(|run| run.ended_at - run.nominal_start).collect();
        let mut growths: Vec<i64> = ends.windows(2).map(|pair| (pair[1] - pair[0]).num_seconds()).collect();
        let growing = growths.iter().filter(|growth| **growth > 0).count();
        growths.sort_unstable();
        let median = growths[growths.len() / 2];
        if growing * 5 < growths.len() * 4 || median < GROWTH_S_MIN {
            return Self::Steady;
        }
        let by = TimeDelta::seconds(median);
        let next = ends[ends.len() - 1] + by;
        Self::Later { by, goes_on_missing: room.is_some_and(|room| next >= room) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Instant;

    fn past(minutes: &[i64]) -> Vec<PastSuccess> {
        let days = minutes.iter().zip(0..);
        let start = |day| Instant::UNIX_EPOCH + TimeDelta::days(day);
        days.map(|(minutes, day)| PastSuccess {
            nominal_start: start(day),
            started_at: None,
            ended_at: start(day) + TimeDelta::minutes(*minutes),
        })
        .collect()
    }

    fn trend(minutes: &[i64], room: Option<i64>) -> Trend {
        Trend::of(&past(minutes), room.map(TimeDelta::minutes))
    }

    fn later(minutes: i64, goes_on_missing: bool) -> Trend {
        Trend::Later { by: TimeDelta::minutes(minutes), goes_on_missing }
    }

    #[test]
    fn four_in_five_ends_come_a_minute_later_or_there_is_no_trend() {
        assert_eq!(trend(&[14, 18, 22], Some(0)), Trend::Steady, "too few");
        assert_eq!(trend(&[10, 10, 11, 10], Some(0)), Trend::Steady);
        assert_eq!(trend(&[10, 14, 18, 16, 22, 26], None), later(4, false), "one in five is earlier");
        assert_eq!(trend(&[10, 14, 12, 16, 20], None), Trend::Steady, "one in four is earlier");
        assert_eq!(Trend::of(&past(&[10, 11, 12, 13])[..], None), later(1, false));
    }

    #[test]
    fn it_goes_on_missing_if_a_run_is_under_way_and_the_next_end_reaches_the_deadline() {
        assert_eq!(trend(&[14, 18, 22, 26], Some(30)), later(4, true));
        assert_eq!(trend(&[13, 17, 21, 25], Some(30)), later(4, false), "a minute before the deadline");
        assert_eq!(trend(&[14, 18, 22, 26], None), later(4, false), "nothing is under way");
    }
}
