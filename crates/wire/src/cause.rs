//! Why a slot was missed and how a run failed, as records of `kigen.alerts` have it.

use kigen_model::expectation::broken_text;
use kigen_model::slot::{Cause, Failure};
use serde::{Deserialize, Serialize};

use crate::error::DecodeError;
use crate::fields::{FieldReader, Millis, Text, int, maybe_text, text};

/// The reason of a failure in place of a broken expectation.
const EXPECTATION: &str = "Expectation";

#[derive(Serialize, Deserialize)]
pub(crate) enum CauseRecord<'a> {
    CauseCronJobAbsent {
        #[serde(default)]
        of_target: bool,
    },
    CauseSuspended,
    CauseFailed {
        reason: Text<'a>,
        exit_code: Option<i32>,
        attempts: i32,
        last_error: Option<Text<'a>>,
    },
    CauseStillRunning {
        since: Millis,
    },
    CausePending {
        since: Millis,
        why: Option<Text<'a>>,
    },
    CauseNeverStarted {
        expected_at: Millis,
    },
}

impl<'a> From<&'a Cause> for CauseRecord<'a> {
    fn from(cause: &'a Cause) -> Self {
        match cause {
            Cause::CronJobAbsent => Self::CauseCronJobAbsent { of_target: false },
            Cause::TargetAbsent => Self::CauseCronJobAbsent { of_target: true },
            Cause::Suspended => Self::CauseSuspended,
            Cause::Failed(failure) => Self::CauseFailed {
                reason: text(&failure.reason),
                exit_code: failure.exit_code,
                attempts: int(failure.attempts),
                last_error: maybe_text(&failure.last_error),
            },
            // A reader of older versions reads the most that it knows.
            Cause::Expectation(broken) => Self::CauseFailed {
                reason: text(EXPECTATION),
                exit_code: None,
                attempts: 1,
                last_error: Some(Text::Owned(broken_text(broken))),
            },
            Cause::StillRunning { since } => Self::CauseStillRunning { since: (*since).into() },
            Cause::Pending { since, why } => {
                Self::CausePending { since: (*since).into(), why: maybe_text(why) }
            }
            // The same.
            Cause::NeverStarted { expected_at } | Cause::NotObserved { expected_at, gap: _ } => {
                Self::CauseNeverStarted { expected_at: (*expected_at).into() }
            }
        }
    }
}

impl CauseRecord<'_> {
    pub(crate) fn read(self, of: FieldReader) -> Result<Cause, DecodeError> {
        Ok(match self {
            Self::CauseCronJobAbsent { of_target: false } => Cause::CronJobAbsent,
            Self::CauseCronJobAbsent { of_target: true } => Cause::TargetAbsent,
            Self::CauseSuspended => Cause::Suspended,
            Self::CauseFailed { reason, exit_code, attempts, last_error } => {
                Cause::Failed(failure(of, reason, exit_code, attempts, last_error)?)
            }
            Self::CauseStillRunning { since } => Cause::StillRunning { since: of.instant("since", since)? },
            Self::CausePending { since, why } => {
                Cause::Pending { since: of.instant("since", since)?, why: why.map(Text::into_owned) }
            }
            Self::CauseNeverStarted { expected_at } => {
                Cause::NeverStarted { expected_at: of.instant("expected_at", expected_at)? }
            }
        })
    }
}

/// A failure: its fields are flattened into the record that has it.
pub(crate) fn failure(
    of: FieldReader,
    reason: Text<'_>,
    exit_code: Option<i32>,
    attempts: i32,
    last_error: Option<Text<'_>>,
) -> Result<Failure, DecodeError> {
    let attempts = of.int("attempts", attempts)?;
    let last_error = last_error.map(Text::into_owned);
    Ok(Failure { reason: reason.into_owned(), exit_code, attempts, last_error })
}
