//! Why a slot is at risk, as a record of `kigen.alerts` has it.

use chrono::TimeDelta;
use kigen_model::risk::Risk;
use serde::{Deserialize, Serialize};

use crate::error::DecodeError;
use crate::fields::{FieldReader, Millis, int};

#[derive(Serialize, Deserialize)]
pub(crate) enum RiskRecord {
    RiskNotStarted { expected_at: Millis, needs_ms: Option<i64>, of_runs: i32, start_by_s: Option<i64> },
    RiskRunningLate { since: Millis, longer: i32, of_runs: i32 },
    RiskLongerThanEver { since: Millis, longest_ms: i64, of_runs: i32 },
    RiskTrend { misses: Millis, by_ms: i64, margin_ms: i64, of_slots: i32 },
    RiskNewLevel { before_ms: i64, now_ms: i64, of_slots: i32 },
}

impl From<Risk> for RiskRecord {
    fn from(risk: Risk) -> Self {
        let ms = |time: TimeDelta| time.num_milliseconds();
        match risk {
            Risk::NotStarted { expected_at, needs, of_runs, start_by } => Self::RiskNotStarted {
                expected_at: expected_at.into(),
                needs_ms: needs.map(ms),
                of_runs: int(of_runs),
                start_by_s: start_by.map(|start_by| start_by.num_seconds()),
            },
            Risk::RunningLate { since, longer, of_runs } => {
                Self::RiskRunningLate { since: since.into(), longer: int(longer), of_runs: int(of_runs) }
            }
            Risk::LongerThanEver { since, longest, of_runs } => Self::RiskLongerThanEver {
                since: since.into(),
                longest_ms: ms(longest),
                of_runs: int(of_runs),
            },
            Risk::Trend { misses, by, margin, of_slots } => Self::RiskTrend {
                misses: misses.into(),
                by_ms: ms(by),
                margin_ms: ms(margin),
                of_slots: int(of_slots),
            },
            Risk::NewLevel { before, now, of_slots } => {
                Self::RiskNewLevel { before_ms: ms(before), now_ms: ms(now), of_slots: int(of_slots) }
            }
        }
    }
}

impl RiskRecord {
    pub(crate) fn read(self, of: FieldReader) -> Result<Risk, DecodeError> {
        let time = |field: &str, ms: i64| {
            TimeDelta::try_milliseconds(ms).ok_or_else(|| of.wrong(field, "is too long"))
        };
        Ok(match self {
            Self::RiskNotStarted { expected_at, needs_ms, of_runs, start_by_s } => Risk::NotStarted {
                expected_at: of.instant("expected_at", expected_at)?,
                needs: needs_ms.map(|ms| time("needs_ms", ms)).transpose()?,
                of_runs: of.int("of_runs", of_runs)?,
                start_by: start_by_s
                    .map(|s| TimeDelta::try_seconds(s).ok_or_else(|| of.wrong("start_by_s", "is too long")))
                    .transpose()?,
            },
            Self::RiskRunningLate { since, longer, of_runs } => Risk::RunningLate {
                since: of.instant("since", since)?,
                longer: of.int("longer", longer)?,
                of_runs: of.int("of_runs", of_runs)?,
            },
            Self::RiskLongerThanEver { since, longest_ms, of_runs } => Risk::LongerThanEver {
                since: of.instant("since", since)?,
                longest: time("longest_ms", longest_ms)?,
                of_runs: of.int("of_runs", of_runs)?,
            },
            Self::RiskTrend { misses, by_ms, margin_ms, of_slots } => Risk::Trend {
                misses: of.instant("misses", misses)?,
                by: time("by_ms", by_ms)?,
                margin: time("margin_ms", margin_ms)?,
                of_slots: of.int("of_slots", of_slots)?,
            },
            Self::RiskNewLevel { before_ms, now_ms, of_slots } => Risk::NewLevel {
                before: time("before_ms", before_ms)?,
                now: time("now_ms", now_ms)?,
                of_slots: of.int("of_slots", of_slots)?,
            },
        })
    }
}
