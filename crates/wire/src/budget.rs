//! Targets and error budgets, in objectives, their states and alerts.

use kigen_model::budget::{BudgetReport, Target};
use kigen_state::{Budget, BudgetDay};
use serde::{Deserialize, Serialize};

use crate::error::DecodeError;
use crate::fields::{FieldReader, int};

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename = "Target")]
pub(crate) struct TargetRecord {
    ratio_ppm: i32,
    over_d: i32,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Budget")]
pub(crate) struct BudgetRecord {
    days: Vec<BudgetDayRecord>,
    slots: i32,
    is_half_alerted: bool,
    is_all_alerted: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "BudgetDay")]
struct BudgetDayRecord {
    day: i32,
    met: i32,
    missed: i32,
    excused: i32,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "BudgetReport")]
pub(crate) struct BudgetReportRecord {
    target: TargetRecord,
    slots: i32,
    missed: i32,
}

impl From<&Target> for TargetRecord {
    fn from(target: &Target) -> Self {
        Self { ratio_ppm: int(target.ratio_ppm), over_d: int(target.over_d) }
    }
}

impl TargetRecord {
    pub(crate) fn read(self, of: FieldReader) -> Result<Target, DecodeError> {
        let (ratio_ppm, over_d) = (of.int("ratio_ppm", self.ratio_ppm)?, of.int("over_d", self.over_d)?);
        if !(1..=Target::RATIO_PPM_MAX).contains(&ratio_ppm) {
            return Err(of.wrong("ratio_ppm", "is not between 0 and a million"));
        }
        if !(1..=Target::OVER_D_MAX).contains(&over_d) {
            return Err(of.wrong("over_d", "is not 1 to 90 days"));
        }
        Ok(Target { ratio_ppm, over_d })
    }
}

impl BudgetRecord {
    /// Of an objective without a target there is none.
    pub(crate) fn of(budget: &Budget) -> Option<Self> {
        let day = |day: &BudgetDay| BudgetDayRecord {
            day: day.day,
            met: int(day.met),
            missed: int(day.missed),
            excused: int(day.excused),
        };
        (*budget != Budget::default()).then(|| Self {
            days: budget.days.iter().map(day).collect(),
            slots: int(budget.slots),
            is_half_alerted: budget.is_half_alerted,
            is_all_alerted: budget.is_all_alerted,
        })
    }

    pub(crate) fn read(self, of: FieldReader) -> Result<Budget, DecodeError> {
        let day = |day: BudgetDayRecord| {
            Ok(BudgetDay {
                day: day.day,
                met: of.int("met", day.met)?,
                missed: of.int("missed", day.missed)?,
                excused: of.int("excused", day.excused)?,
            })
        };
        Ok(Budget {
            days: self.days.into_iter().map(day).collect::<Result<_, _>>()?,
            slots: of.int("slots", self.slots)?,
            is_half_alerted: self.is_half_alerted,
            is_all_alerted: self.is_all_alerted,
        })
    }
}

impl From<&BudgetReport> for BudgetReportRecord {
    fn from(report: &BudgetReport) -> Self {
        Self { target: (&report.target).into(), slots: int(report.slots), missed: int(report.missed) }
    }
}

impl BudgetReportRecord {
    pub(crate) fn read(self, of: FieldReader) -> Result<BudgetReport, DecodeError> {
        Ok(BudgetReport {
            target: self.target.read(of)?,
            slots: of.int("slots", self.slots)?,
            missed: of.int("missed", self.missed)?,
        })
    }
}
