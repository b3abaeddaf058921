//! What one partition knows of the stalls of a cluster: times in which none of its CronJobs fired.

use chrono::TimeDelta;
use kigen_model::Instant;

/// How many stalls of a cluster are kept; the oldest is dropped first. The deadlines within it have been judged by then, unless
/// a cluster stalls again and again within the grace of one.
pub const STALLS_MAX: usize = 4;
/// How long after a stall a deadline may still be made up for before its miss is alerted by itself, in minutes.
pub const MADE_UP_WITHIN_M: i64 = 60;
/// Until when misses in a stall without an end are silent, in days after its beginning: longer than any lasts.
const ENDLESS_D: i64 = 366;

/// A time in which no CronJob fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    /// When one had fired last before.
    pub since: Instant,
    /// When one fired again; `None`: it goes on.
    pub until: Option<Instant>,
}

impl Stall {
    /// Whether a fire that was expected then fell into it.
    pub fn has(&self, expected_at: Instant) -> bool {
        self.since < expected_at && self.until.is_none_or(|until| expected_at < until)
    }

    /// Until when a miss that it caused is no alert of its own.
    pub fn silent_until(&self) -> Instant {
        match self.until {
            Some(until) => until + TimeDelta::minutes(MADE_UP_WITHIN_M),
            None => self.since + TimeDelta::days(ENDLESS_D),
        }
    }
}

/// The stalls of a cluster, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stalls(Vec<Stall>);

impl Stalls {
    /// None.
    pub const NONE: Self = Self(Vec::new());

    /// These.
    pub fn of(stalls: Vec<Stall>) -> Self {
        Self(stalls)
    }

    /// All of them.
    pub fn all(&self) -> &[Stall] {
        &self.0
    }

    /// The cluster stalls since then, unless that is known, or over.
    pub fn begin(&mut self, since: Instant) {
        if self.0.last().is_some_and(|last| last.until.is_none_or(|until| since < until)) {
            return;
        }
        self.0.push(Stall { since, until: None });
        if self.0.len() > STALLS_MAX {
            self.0.remove(0);
        }
    }

    /// A CronJob fired at `at`: the stall that goes on is over, if it began before.
    pub fn end(&mut self, at: Instant) {
        if let Some(last) = self.0.last_mut().filter(|last| last.until.is_none() && last.since < at) {
            last.until = Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Instant {
        Instant::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    #[test]
    fn a_stall_begins_and_ends_once_however_often_that_is_written() {
        let mut stalls = Stalls::default();
        stalls.end(at(5));
        assert_eq!(stalls, Stalls::NONE);
        [10, 10, 11].into_iter().for_each(|minute| stalls.begin(at(minute)));
        stalls.end(at(10));
        assert_eq!(stalls.all(), [Stall { since: at(10), until: None }], "the fire that it began with");
        [60, 61].into_iter().for_each(|minute| stalls.end(at(minute)));
        stalls.begin(at(10));
        let over = Stall { since: at(10), until: Some(at(60)) };
        assert_eq!(stalls.all(), [over], "a record of before");
        stalls.begin(at(60));
        assert_eq!(stalls.all(), [over, Stall { since: at(60), until: None }], "it had fired once");
        (1..10).for_each(|hour| {
            stalls.end(at(60 * hour + 30));
            stalls.begin(at(60 * hour + 40));
        });
        assert_eq!(stalls.all().len(), STALLS_MAX);
    }

    #[test]
    fn a_stall_has_the_fires_between_the_last_before_and_the_first_after_it() {
        let stall = Stall { since: at(10), until: Some(at(60)) };
        assert_eq!([10, 11, 59, 60].map(|minute| stall.has(at(minute))), [false, true, true, false]);
        assert_eq!(stall.silent_until(), at(120));
        let open = Stall { until: None, ..stall };
        assert!(open.has(at(1_000)) && open.silent_until() > at(500_000));
    }
}
