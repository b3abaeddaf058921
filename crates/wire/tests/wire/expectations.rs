//! Samples of what objectives expect of runs, and of what runs did otherwise.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use kigen_model::alert::AlertBody;
use kigen_model::expectation::{Broken, Expectation, Limit, NumberRule};
use kigen_model::reported::Number;
use kigen_model::slot::RunSummary;
use kigen_state::{PastNumber, PastNumbers};

use crate::values::{at, slot};

fn number(value: f64) -> Number {
    Number::new(value).expect("a finite number")
}

pub(crate) fn expectation() -> Expectation {
    let rule = NumberRule { min: None, max: None, drop_max_percent: None, over: 14 };
    let rows = NumberRule { min: Some(number(1000.0)), drop_max_percent: Some(20), ..rule };
    let auc = NumberRule { min: Some(number(0.7)), max: Some(number(1.0)), over: 64, ..rule };
    Expectation {
        min_duration: Some(TimeDelta::minutes(5)),
        metrics: [("rows", rows), ("auc", auc), ("written", rule)]
            .map(|(name, rule)| (name.to_owned(), rule))
            .into(),
        counts: false,
    }
}

pub(crate) fn least_expectation() -> Expectation {
    Expectation { min_duration: None, metrics: BTreeMap::new(), counts: true }
}

pub(crate) fn broken() -> Vec<Broken> {
    let of = |was: Option<f64>, limit, usual: Option<f64>| Broken::Number {
        name: "rows".to_owned(),
        was: was.map(number),
        limit,
        usual: usual.map(number),
        of_runs: 14,
    };
    let took = |usual| Broken::Duration {
        took: TimeDelta::seconds(3),
        min: TimeDelta::minutes(5),
        usual,
        of_runs: 40,
    };
    vec![
        took(None),
        took(Some(TimeDelta::minutes(21))),
        of(Some(12.0), Limit::Min(number(1000.0)), Some(120_345.0)),
        of(Some(0.5), Limit::Max(number(0.25)), None),
        of(Some(12.0), Limit::DropMax { percent: 20 }, Some(16.0)),
        of(None, Limit::Reported, None),
    ]
}

/// A run that counts for the slot nevertheless.
pub(crate) fn expectations_broken(run: RunSummary) -> [(&'static str, AlertBody); 2] {
    let of = |broken, run| AlertBody::ExpectationBroken { slot: slot(), broken, run };
    [
        ("at risk: an expectation is broken", of(broken().into_iter().take(3).collect(), run.clone())),
        ("at risk: an expectation is broken, by nothing", of(Vec::new(), run)),
    ]
}

pub(crate) fn past_numbers() -> PastNumbers {
    let number = |value| PastNumber { nominal_start: at("2026-10-18T03:00:00Z"), value: number(value) };
    BTreeMap::from([("auc".to_owned(), vec![number(0.81)]), ("rows".to_owned(), Vec::new())])
}
