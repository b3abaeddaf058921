//! What is known of a stall of a cluster, in events and alerts.

use kigen_model::Instant;
use kigen_model::alert::AlertBody;
use kigen_model::stall::{OverdueCronJob, StallReport};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::DecodeError;
use crate::fields::{FieldReader, Millis, Text, int, text};

#[derive(Serialize, Deserialize)]
#[serde(rename = "StallReport")]
pub(crate) struct StallReportRecord<'a> {
    since: Millis,
    overdue: i32,
    cron_jobs: Vec<OverdueRecord<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "OverdueCronJob")]
struct OverdueRecord<'a> {
    namespace: Text<'a>,
    name: Text<'a>,
    expected_at: Millis,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "StallOver")]
pub(crate) struct StallOverRecord<'a> {
    stalled: Text<'a>,
    since: Millis,
    until: Millis,
}

impl StallOverRecord<'_> {
    pub(crate) fn of(stalled: Uuid, since: Instant, until: Instant) -> Self {
        Self { stalled: stalled.to_string().into(), since: since.into(), until: until.into() }
    }

    pub(crate) fn read(self, of: FieldReader) -> Result<AlertBody, DecodeError> {
        Ok(AlertBody::StallOver {
            stalled: of.uuid("stalled", &self.stalled)?,
            since: of.instant("since", self.since)?,
            until: of.instant("until", self.until)?,
        })
    }
}

impl<'a> From<&'a StallReport> for StallReportRecord<'a> {
    fn from(report: &'a StallReport) -> Self {
        let overdue = report.cron_jobs.iter().map(|cron_job| OverdueRecord {
            namespace: text(&cron_job.namespace),
            name: text(&cron_job.name),
            expected_at: cron_job.expected_at.into(),
        });
        Self { since: report.since.into(), overdue: int(report.overdue), cron_jobs: overdue.collect() }
    }
}

impl StallReportRecord<'_> {
    pub(crate) fn read(self, of: FieldReader) -> Result<StallReport, DecodeError> {
        let read = |cron_job: OverdueRecord<'_>| {
            Ok(OverdueCronJob {
                namespace: cron_job.namespace.into_owned(),
                name: cron_job.name.into_owned(),
                expected_at: of.instant("expected_at", cron_job.expected_at)?,
            })
        };
        Ok(StallReport {
            since: of.instant("since", self.since)?,
            overdue: of.int("overdue", self.overdue)?,
            cron_jobs: self.cron_jobs.into_iter().map(read).collect::<Result<_, _>>()?,
        })
    }
}
