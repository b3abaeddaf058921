//! What a run is expected to have done besides ending well: how long it took, and the numbers that it reported.

use std::collections::BTreeMap;
use std::fmt;

use chrono::TimeDelta;

use crate::reported::Number;

/// What an objective expects of each run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The least time from its start to its end.
    pub min_duration: Option<TimeDelta>,
    /// The numbers that it must report, by name, at most [`METRICS_MAX`](crate::reported::METRICS_MAX).
    pub metrics: BTreeMap<String, NumberRule>,
    /// Whether a run counts that breaks it: then that is only warned of.
    pub counts: bool,
}

/// What is expected of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberRule {
    /// The least that it may be.
    pub min: Option<Number>,
    /// The most that it may be.
    pub max: Option<Number>,
    /// By how much it may be less than usual, in percent.
    pub drop_max_percent: Option<u32>,
    /// Over how many of the latest runs it is compared: the median of them is usual.
    pub over: u32,
}

impl NumberRule {
    /// The default of `over`.
    pub const OVER_DEFAULT: u32 = 14;
    /// The most runs that a number is compared with.
    pub const OVER_MAX: u32 = 64;
    /// With fewer numbers than this, or than `over`, nothing is usual.
    pub const OVER_MIN: u32 = 8;

    /// The first limit that a reported number breaks; `usual`: the median of the past ones, if there are enough.
    #[must_use]
    pub fn broken_by(&self, was: Number, usual: Option<Number>) -> Option<Limit> {
        let drop = self.drop_max_percent.zip(usual);
        let is_drop = |(percent, usual): &(u32, Number)| {
            // Each step is exact for whole numbers, so that no drop of just so much is one.
            was.value() * 100.0 < usual.value() * 100.0 - usual.value().abs() * f64::from(*percent)
        };
        let min = self.min.filter(|min| was.value() < min.value()).map(Limit::Min);
        let max = || self.max.filter(|max| was.value() > max.value()).map(Limit::Max);
        min.or_else(max).or_else(|| drop.filter(is_drop).map(|(percent, _)| Limit::DropMax { percent }))
    }
}

/// What a run did otherwise than expected, with what is usual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It took too short a time.
    Duration {
        /// The time from its start to its end.
        took: TimeDelta,
        /// The least that is expected.
        min: TimeDelta,
        /// The median of the past runs; `None`: there are too few.
        usual: Option<TimeDelta>,
        /// How many past runs that is the median of.
        of_runs: u32,
    },
    /// A number is missing, too small, too large, or less than usual.
    Number {
        /// Its name.
        name: String,
        /// What it was; `None`: it was not reported.
        was: Option<Number>,
        /// What is expected.
        limit: Limit,
        /// The median of the past ones; `None`: there are too few.
        usual: Option<Number>,
        /// How many past numbers that is the median of.
        of_runs: u32,
    },
}

/// A limit of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// It must be reported.
    Reported,
    /// The least.
    Min(Number),
    /// The most.
    Max(Number),
    /// By how much it may be less than usual.
    DropMax {
        /// In percent.
        percent: u32,
    },
}

/// All that is broken, in one line.
#[must_use]
pub fn broken_text(broken: &[Broken]) -> String {
    broken.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl fmt::Display for Broken {
    /// Such as `rows is 12, expected is at least 1000; the median of the last 14 is 120345`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (usual, of_runs) = match self {
            Self::Duration { took, min, usual, of_runs } => {
                write!(f, "it took {}, expected is at least {}", span(*took), span(*min))?;
                (usual.map(span), of_runs)
            }
            Self::Number { name, was, limit, usual, of_runs } => {
                match was {
                    Some(was) => write!(f, "{name} is {was}{limit}")?,
                    None => write!(f, "{name} was not reported")?,
                }
                (usual.map(|usual| usual.to_string()), of_runs)
            }
        };
        match usual {
            Some(usual) => write!(f, "; the median of the last {of_runs} is {usual}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reported => Ok(()),
            Self::Min(min) => write!(f, ", expected is at least {min}"),
            Self::Max(max) => write!(f, ", expected is at most {max}"),
            Self::DropMax { percent } => write!(f, ", more than {percent} % less than usual"),
        }
    }
}

/// In whole seconds below two minutes, else in minutes.
fn span(span: TimeDelta) -> String {
    match span.num_seconds() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: f64) -> Number {
        Number::new(value).expect("a finite number")
    }

    fn rule() -> NumberRule {
        NumberRule { min: None, max: None, drop_max_percent: None, over: NumberRule::OVER_DEFAULT }
    }

    #[test]
    fn a_number_at_a_limit_is_as_expected() {
        let within = NumberRule { min: Some(number(10.0)), max: Some(number(20.0)), ..rule() };
        let broken_by = |was| within.broken_by(number(was), None);
        assert_eq!(broken_by(10.0), None);
        assert_eq!(broken_by(9.9), Some(Limit::Min(number(10.0))));
        assert_eq!(broken_by(20.0), None);
        assert_eq!(broken_by(20.1), Some(Limit::Max(number(20.0))));
    }

    #[test]
    fn a_drop_of_just_so_much_is_none_also_of_large_and_of_negative_numbers() {
        let rule = NumberRule { drop_max_percent: Some(20), ..rule() };
        let drops = |was, usual| rule.broken_by(number(was), Some(number(usual))).is_some();
        assert!(!drops(96_276.0, 120_345.0));
        assert!(drops(96_275.0, 120_345.0));
        assert!(!drops(800_000_000_004.0, 1_000_000_000_005.0));
        assert!(drops(800_000_000_003.0, 1_000_000_000_005.0));
        assert!(!drops(-12.0, -10.0));
        assert!(drops(-12.1, -10.0));
        assert!(!drops(0.0, 0.0));
        assert!(drops(-0.1, 0.0));
        assert_eq!(rule.broken_by(number(0.0), None), None, "nothing is usual yet");
    }

    #[test]
    fn what_is_broken_is_described_with_what_is_usual() {
        let of = |was: Option<f64>, limit, usual: Option<f64>| Broken::Number {
            name: "rows".to_owned(),
            was: was.map(number),
            limit,
            usual: usual.map(number),
            of_runs: 14,
        };
        let took = |took, usual| Broken::Duration {
            took: TimeDelta::seconds(took),
            min: TimeDelta::minutes(5),
            usual,
            of_runs: 40,
        };
        let broken = [
            of(Some(12.0), Limit::Min(number(1000.0)), Some(120_345.0)),
            of(Some(12.5), Limit::Max(number(1.0)), None),
            of(Some(12.0), Limit::DropMax { percent: 20 }, Some(16.0)),
            of(None, Limit::Reported, Some(16.0)),
            took(3, None),
            took(299, Some(TimeDelta::minutes(21))),
        ];
        let texts: Vec<String> = broken.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "rows is 12, expected is at least 1000; the median of the last 14 is 120345",
                "rows is 12.5, expected is at most 1",
                "rows is 12, more than 20 % less than usual; the median of the last 14 is 16",
                "rows was not reported; the median of the last 14 is 16",
                "it took 3 s, expected is at least 5 min",
                "it took 4 min 59 s, expected is at least 5 min; the median of the last 40 is 21 min",
            ]
        );
    }
}
