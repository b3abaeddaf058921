//! What an objective expects of a run, and what a run did otherwise, as records have it.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use kigen_model::expectation::{Broken, Expectation, Limit, NumberRule};
use kigen_model::objective::Objective;
use kigen_model::reported::{METRICS_MAX, Number};
use serde::{Deserialize, Serialize};

use crate::error::DecodeError;
use crate::fields::{FieldReader, Text, int, text};

#[derive(Serialize, Deserialize)]
#[serde(rename = "Expectation")]
pub(crate) struct ExpectationRecord<'a> {
    min_duration_s: Option<i64>,
    metrics: Vec<NumberRuleRecord<'a>>,
    counts: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "NumberRule")]
struct NumberRuleRecord<'a> {
    name: Text<'a>,
    min: Option<f64>,
    max: Option<f64>,
    drop_max_percent: Option<i32>,
    over: i32,
}

impl<'a> From<&'a Expectation> for ExpectationRecord<'a> {
    fn from(expect: &'a Expectation) -> Self {
        let rule = |(name, rule): (&'a String, &NumberRule)| NumberRuleRecord {
            name: text(name),
            min: rule.min.map(Number::value),
            max: rule.max.map(Number::value),
            drop_max_percent: rule.drop_max_percent.map(int),
            over: int(rule.over),
        };
        Self {
            min_duration_s: expect.min_duration.map(|duration| duration.num_seconds()),
            metrics: expect.metrics.iter().map(rule).collect(),
            counts: expect.counts,
        }
    }
}

impl ExpectationRecord<'_> {
    pub(crate) fn read(self, of: FieldReader) -> Result<Expectation, DecodeError> {
        let min_duration = match self.min_duration_s {
            None => None,
            Some(seconds @ 1..=Objective::MIN_DURATION_MAX_S) => Some(TimeDelta::seconds(seconds)),
            Some(_) => return Err(of.wrong("min_duration_s", "is not 1 second to 31 days")),
        };
        if self.metrics.len() > METRICS_MAX {
            return Err(of.wrong("metrics", "has more names than a run can report"));
        }
        let metrics = self.metrics.into_iter().map(|rule| rule.read(of));
        Ok(Expectation {
            min_duration,
            metrics: metrics.collect::<Result<BTreeMap<_, _>, _>>()?,
            counts: self.counts,
        })
    }
}

impl NumberRuleRecord<'_> {
    fn read(self, of: FieldReader) -> Result<(String, NumberRule), DecodeError> {
        let over = of.int("over", self.over)?;
        if !(1..=NumberRule::OVER_MAX).contains(&over) {
            return Err(of.wrong("over", "is not 1 to 64"));
        }
        let rule = NumberRule {
            min: number(of, "min", self.min)?,
            max: number(of, "max", self.max)?,
            drop_max_percent: self
                .drop_max_percent
                .map(|percent| of.int("drop_max_percent", percent))
                .transpose()?,
            over,
        };
        Ok((self.name.into_owned(), rule))
    }
}

fn number(of: FieldReader, field: &str, value: Option<f64>) -> Result<Option<Number>, DecodeError> {
    value.map(|value| Number::new(value).ok_or_else(|| of.wrong(field, "is not finite"))).transpose()
}

/// What is broken.
#[derive(Serialize, Deserialize)]
pub(crate) enum BrokenRecord<'a> {
    BrokenDuration {
        took_ms: i64,
        min_ms: i64,
        usual_ms: Option<i64>,
        of_runs: i32,
    },
    BrokenNumber {
        name: Text<'a>,
        was: Option<f64>,
        min: Option<f64>,
        max: Option<f64>,
        drop_max_percent: Option<i32>,
        usual: Option<f64>,
        of_runs: i32,
    },
}

impl<'a> From<&'a Broken> for BrokenRecord<'a> {
    fn from(broken: &'a Broken) -> Self {
        match broken {
            Broken::Duration { took, min, usual, of_runs } => Self::BrokenDuration {
                took_ms: took.num_milliseconds(),
                min_ms: min.num_milliseconds(),
                usual_ms: usual.map(|usual| usual.num_milliseconds()),
                of_runs: int(*of_runs),
            },
            Broken::Number { name, was, limit, usual, of_runs } => {
                let (min, max, drop_max_percent) = match limit {
                    Limit::Reported => (None, None, None),
                    Limit::Min(min) => (Some(min.value()), None, None),
                    Limit::Max(max) => (None, Some(max.value()), None),
                    Limit::DropMax { percent } => (None, None, Some(int(*percent))),
                };
                Self::BrokenNumber {
                    name: text(name),
                    was: was.map(Number::value),
                    min,
                    max,
                    drop_max_percent,
                    usual: usual.map(Number::value),
                    of_runs: int(*of_runs),
                }
            }
        }
    }
}

impl BrokenRecord<'_> {
    pub(crate) fn read(self, of: FieldReader) -> Result<Broken, DecodeError> {
        let time = |field: &str, ms: i64| {
            TimeDelta::try_milliseconds(ms).ok_or_else(|| of.wrong(field, "is too long"))
        };
        Ok(match self {
            Self::BrokenDuration { took_ms, min_ms, usual_ms, of_runs } => Broken::Duration {
                took: time("took_ms", took_ms)?,
                min: time("min_ms", min_ms)?,
                usual: usual_ms.map(|ms| time("usual_ms", ms)).transpose()?,
                of_runs: of.int("of_runs", of_runs)?,
            },
            Self::BrokenNumber { name, was, min, max, drop_max_percent, usual, of_runs } => {
                let limit = match (number(of, "min", min)?, number(of, "max", max)?, drop_max_percent) {
                    (Some(min), _, _) => Limit::Min(min),
                    (None, Some(max), _) => Limit::Max(max),
                    (None, None, Some(percent)) => {
                        Limit::DropMax { percent: of.int("drop_max_percent", percent)? }
                    }
                    (None, None, None) => Limit::Reported,
                };
                Broken::Number {
                    name: name.into_owned(),
                    was: number(of, "was", was)?,
                    limit,
                    usual: number(of, "usual", usual)?,
                    of_runs: of.int("of_runs", of_runs)?,
                }
            }
        })
    }
}
