//! Alerts about a silent cluster.

use kigen_model::Instant;
use kigen_model::alert::AlertBody;
use kigen_model::key::BatchKey;
use kigen_model::silence::{NextDeadline, SlotCounts};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::DecodeError;
use crate::fields::{FieldReader, Millis, Text, int, text};

#[derive(Serialize, Deserialize)]
#[serde(rename = "ClusterSilent")]
pub(crate) struct SilentRecord<'a> {
    since: Millis,
    objectives: i32,
    next: Option<NextDeadlineRecord<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "NextDeadline")]
struct NextDeadlineRecord<'a> {
    namespace: Text<'a>,
    batch: Text<'a>,
    objective: Text<'a>,
    deadline: Millis,
    time_zone: Text<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "SilenceOver")]
pub(crate) struct SilenceOverRecord<'a> {
    silent: Text<'a>,
    since: Millis,
    until: Option<Millis>,
    met: i32,
    missed: i32,
    unknown: i32,
    excused: i32,
    has_more: bool,
}

impl<'a> SilentRecord<'a> {
    pub(crate) fn of(since: Instant, objectives: u32, next: Option<&'a NextDeadline>) -> Self {
        let next = next.map(|next| NextDeadlineRecord {
            namespace: text(&next.key.namespace),
            batch: text(&next.key.batch),
            objective: text(&next.objective),
            deadline: next.deadline.into(),
            time_zone: text(&next.time_zone),
        });
        Self { since: since.into(), objectives: int(objectives), next }
    }

    pub(crate) fn read(self, of: FieldReader, cluster: &str) -> Result<AlertBody, DecodeError> {
        Ok(AlertBody::ClusterSilent {
            since: of.instant("since", self.since)?,
            objectives: of.int("objectives", self.objectives)?,
            next: self.next.map(|next| next.read(of, cluster)).transpose()?,
        })
    }
}

impl NextDeadlineRecord<'_> {
    fn read(self, of: FieldReader, cluster: &str) -> Result<NextDeadline, DecodeError> {
        Ok(NextDeadline {
            key: BatchKey::new(cluster, self.namespace, self.batch),
            objective: self.objective.into_owned(),
            deadline: of.instant("deadline", self.deadline)?,
            time_zone: self.time_zone.into_owned(),
        })
    }
}

impl SilenceOverRecord<'_> {
    pub(crate) fn of(silent: Uuid, since: Instant, until: Option<Instant>, judged: &SlotCounts) -> Self {
        Self {
            silent: silent.to_string().into(),
            since: since.into(),
            until: until.map(Millis::from),
            met: int(judged.met),
            missed: int(judged.missed),
            unknown: int(judged.unknown),
            excused: int(judged.excused),
            has_more: judged.has_more,
        }
    }

    pub(crate) fn read(self, of: FieldReader) -> Result<AlertBody, DecodeError> {
        Ok(AlertBody::SilenceOver {
            silent: of.uuid("silent", &self.silent)?,
            since: of.instant("since", self.since)?,
            until: of.maybe_instant("until", self.until)?,
            judged: SlotCounts {
                met: of.int("met", self.met)?,
                missed: of.int("missed", self.missed)?,
                unknown: of.int("unknown", self.unknown)?,
                excused: of.int("excused", self.excused)?,
                has_more: self.has_more,
            },
        })
    }
}
