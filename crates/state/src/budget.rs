//! What is stored of an objective's error budget: the verdicts of the days that its target is about, counted by day.

use kigen_model::Instant;
use kigen_model::budget::{BudgetReport, Target};

const DAY_S: i64 = 86_400;

/// The verdicts of an objective with a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Those of the latest days with a deadline, oldest first, at most as many as the target is about.
    pub days: Vec<BudgetDay>,
    /// How many slots are expected in so many days, those that are excused not counted, as of the last day.
    pub slots: u32,
    /// Whether it is alerted that half of the budget is spent, and that is still so.
    pub is_half_alerted: bool,
    /// Whether it is alerted that all of it is spent, and that is still so.
    pub is_all_alerted: bool,
}

/// The verdicts on the deadlines of one day in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BudgetDay {
    /// The days since 1970.
    pub day: i32,
    /// Slots that were met.
    pub met: u32,
    /// Slots that were missed, and not muted.
    pub missed: u32,
    /// Slots that were excused.
    pub excused: u32,
}

impl Budget {
    /// The day of a deadline.
    #[must_use]
    pub fn day_of(deadline: Instant) -> i32 {
        i32::try_from(deadline.timestamp().div_euclid(DAY_S)).unwrap_or(i32::MAX)
    }

    /// The counts of a day, which is added if it is one of the latest days; `None`: it is older.
    pub fn day_mut(&mut self, day: i32, target: Target) -> Option<&mut BudgetDay> {
        let over = i32::try_from(target.over_d).unwrap_or(i32::MAX);
        let last = self.days.last().map_or(day, |last| last.day.max(day));
        self.days.retain(|known| known.day > last.saturating_sub(over));
        if day <= last.saturating_sub(over) {
            return None;
        }
        let place = self.days.partition_point(|known| known.day < day);
        if self.days.get(place).is_none_or(|known| known.day != day) {
            self.days.insert(place, BudgetDay { day, ..BudgetDay::default() });
        }
        self.days.get_mut(place)
    }

    /// The sum of all days, without a day of its own.
    #[must_use]
    pub fn sum(&self) -> BudgetDay {
        self.days.iter().fold(BudgetDay::default(), |sum, day| BudgetDay {
            met: sum.met + day.met,
            missed: sum.missed + day.missed,
            excused: sum.excused + day.excused,
            ..sum
        })
    }

    /// How much of it is spent.
    #[must_use]
    pub fn report(&self, target: Target) -> BudgetReport {
        BudgetReport { target, slots: self.slots, missed: self.sum().missed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Target = Target { ratio_ppm: 900_000, over_d: 3 };

    #[test]
    fn the_days_that_a_target_is_about_end_with_the_latest_deadline() {
        let mut budget = Budget::default();
        for day in [10, 11, 12, 13, 11] {
            budget.day_mut(day, TARGET).expect("a late day").missed += 1;
        }
        let days: Vec<_> = budget.days.iter().map(|day| (day.day, day.missed)).collect();
        assert_eq!(days, [(11, 2), (12, 1), (13, 1)]);
        assert_eq!(budget.day_mut(10, TARGET), None, "it is over");
        assert_eq!(budget.report(TARGET).missed, 4);
        budget.day_mut(20, TARGET).expect("a day").met += 1;
        assert_eq!((budget.days.len(), budget.sum().missed), (1, 0));
    }

    #[test]
    fn the_day_of_a_deadline_is_that_of_utc() {
        let at = |text: &str| text.parse::<Instant>().expect("an instant");
        assert_eq!(Budget::day_of(at("1970-01-02T00:00:00Z")), 1);
        assert_eq!(Budget::day_of(at("1970-01-01T23:59:59Z")), 0);
        assert_eq!(Budget::day_of(at("1969-12-31T23:59:59Z")), -1);
    }
}
