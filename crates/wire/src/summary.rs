//! A run, and a past success, as alerts describe them.

use kigen_model::slot::{PastSuccess, RunSummary};
use serde::{Deserialize, Serialize};

use crate::error::DecodeError;
use crate::fields::{FieldReader, Millis, Text, text};
use crate::shared::{AttemptRecord, RunRecord};

#[derive(Serialize, Deserialize)]
#[serde(rename = "RunSummary")]
pub(crate) struct SummaryRecord<'a> {
    uid: Text<'a>,
    run: RunRecord<'a>,
    last_attempt: Option<AttemptRecord<'a>>,
    gone_after: Option<Millis>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "PastSuccess")]
pub(crate) struct PastSuccessRecord {
    nominal_start: Millis,
    #[serde(default)]
    started_at: Option<Millis>,
    ended_at: Millis,
}

impl<'a> From<&'a RunSummary> for SummaryRecord<'a> {
    fn from(summary: &'a RunSummary) -> Self {
        Self {
            uid: text(&summary.uid),
            run: (&summary.run).into(),
            last_attempt: summary.last_attempt.as_ref().map(AttemptRecord::from),
            gone_after: summary.gone_after.map(Millis::from),
        }
    }
}

impl SummaryRecord<'_> {
    pub(crate) fn read(self, of: FieldReader) -> Result<RunSummary, DecodeError> {
        Ok(RunSummary {
            uid: self.uid.into_owned(),
            run: self.run.read(of)?,
            last_attempt: self.last_attempt.map(|attempt| attempt.read(of)).transpose()?,
            gone_after: of.maybe_instant("gone_after", self.gone_after)?,
        })
    }
}

impl From<&PastSuccess> for PastSuccessRecord {
    fn from(success: &PastSuccess) -> Self {
        Self {
            nominal_start: success.nominal_start.into(),
            started_at: success.started_at.map(Millis::from),
            ended_at: success.ended_at.into(),
        }
    }
}

impl PastSuccessRecord {
    pub(crate) fn read(self, of: FieldReader) -> Result<PastSuccess, DecodeError> {
        Ok(PastSuccess {
            nominal_start: of.instant("nominal_start", self.nominal_start)?,
            started_at: of.maybe_instant("started_at", self.started_at)?,
            ended_at: of.instant("ended_at", self.ended_at)?,
        })
    }
}
