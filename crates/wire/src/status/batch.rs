//! The state of a batch.

use kigen_model::key::BatchKey;
use kigen_model::reported::Number;
use kigen_state::{
    Activity, AttemptState, BatchState, CronJobState, ForgottenFailure, PastNumber, PastRun,
    RefusedObjective, RunMoment, RunState, ScheduleEdit, Standing, StandingKind, Success,
};
use serde::{Deserialize, Serialize};

use super::objective::ObjectiveStateRecord;
use crate::error::DecodeError;
use crate::fields::{FieldReader, Millis, Text, long, maybe_text, text};
use crate::shared::{AttemptRecord, CronJobRecord, ObjectiveRecord, RunRecord, revision, slot_mark};

#[derive(Serialize, Deserialize)]
#[serde(rename = "BatchState")]
pub(super) struct BatchRecord<'a> {
    cluster: Text<'a>,
    namespace: Text<'a>,
    batch: Text<'a>,
    cron_job: Option<CronJobStateRecord<'a>>,
    runs: Vec<RunStateRecord<'a>>,
    objectives: Vec<ObjectiveStateRecord<'a>>,
    since: Option<Millis>,
    #[serde(default)]
    successes: Vec<SuccessRecord<'a>>,
    forgotten_failure: Option<ForgottenFailureRecord>,
    #[serde(default)]
    refused: Vec<RefusedObjectiveRecord<'a>>,
    last_fact_at: Option<Millis>,
    #[serde(default)]
    past_runs: Vec<PastRunRecord>,
    left_out_at: Option<Millis>,
    #[serde(default)]
    past_numbers: Vec<PastNumbersRecord<'a>>,
}

impl<'a> From<&'a BatchState> for BatchRecord<'a> {
    fn from(state: &'a BatchState) -> Self {
        Self {
            cluster: text(&state.key.cluster),
            namespace: text(&state.key.namespace),
            batch: text(&state.key.batch),
            cron_job: state.cron_job.as_ref().map(CronJobStateRecord::from),
            runs: state.runs.iter().map(RunStateRecord::from).collect(),
            objectives: state.objectives.iter().map(ObjectiveStateRecord::from).collect(),
            since: state.since.map(Millis::from),
            successes: state.successes.iter().map(SuccessRecord::from).collect(),
            forgotten_failure: state.forgotten_failure.map(ForgottenFailureRecord::from),
            refused: state.refused.iter().map(RefusedObjectiveRecord::from).collect(),
            last_fact_at: state.last_fact_at.map(Millis::from),
            past_runs: state.past_runs.iter().map(PastRunRecord::from).collect(),
            left_out_at: state.left_out_at.map(Millis::from),
            past_numbers: state.past_numbers.iter().map(PastNumbersRecord::from).collect(),
        }
    }
}

impl BatchRecord<'_> {
    pub(super) fn read(self, of: FieldReader) -> Result<BatchState, DecodeError> {
        let objectives = self.objectives.into_iter().map(|known| known.read(of));
        let refused = self.refused.into_iter().map(|refused| refused.read(of));
        Ok(BatchState {
            key: BatchKey {
                cluster: self.cluster.into_owned(),
                namespace: self.namespace.into_owned(),
                batch: self.batch.into_owned(),
            },
            cron_job: self.cron_job.map(|known| known.read(of)).transpose()?,
            runs: self.runs.into_iter().map(|known| known.read(of)).collect::<Result<_, _>>()?,
            objectives: objectives.collect::<Result<_, _>>()?,
            since: of.maybe_instant("since", self.since)?,
            successes: self
                .successes
                .into_iter()
                .map(|success| success.read(of))
                .collect::<Result<_, _>>()?,
            past_runs: self.past_runs.into_iter().map(|past| past.read(of)).collect::<Result<_, _>>()?,
            past_numbers: self
                .past_numbers
                .into_iter()
                .map(|numbers| numbers.read(of))
                .collect::<Result<_, _>>()?,
            forgotten_failure: self.forgotten_failure.map(|failure| failure.read(of)).transpose()?,
            refused: refused.collect::<Result<_, _>>()?,
            last_fact_at: of.maybe_instant("last_fact_at", self.last_fact_at)?,
            left_out_at: of.maybe_instant("left_out_at", self.left_out_at)?,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Success")]
struct SuccessRecord<'a> {
    nominal_start: Millis,
    slot: Option<Text<'a>>,
    ended_at: Millis,
    #[serde(default)]
    broke: Vec<Text<'a>>,
}

impl<'a> From<&'a Success> for SuccessRecord<'a> {
    fn from(success: &'a Success) -> Self {
        Self {
            nominal_start: success.nominal_start.into(),
            slot: success.slot.map(|mark| Text::Owned(mark.to_string())),
            ended_at: success.ended_at.into(),
            broke: success.broke.iter().map(|name| text(name)).collect(),
        }
    }
}

impl SuccessRecord<'_> {
    fn read(self, of: FieldReader) -> Result<Success, DecodeError> {
        Ok(Success {
            nominal_start: of.instant("nominal_start", self.nominal_start)?,
            slot: slot_mark(of, self.slot)?,
            ended_at: of.instant("ended_at", self.ended_at)?,
            broke: self.broke.into_iter().map(Text::into_owned).collect(),
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "PastRun")]
struct PastRunRecord {
    nominal_start: Millis,
    started_at: Option<Millis>,
    ended_at: Millis,
}

impl From<&PastRun> for PastRunRecord {
    fn from(past: &PastRun) -> Self {
        Self {
            nominal_start: past.nominal_start.into(),
            started_at: past.started_at.map(Millis::from),
            ended_at: past.ended_at.into(),
        }
    }
}

impl PastRunRecord {
    fn read(self, of: FieldReader) -> Result<PastRun, DecodeError> {
        Ok(PastRun {
            nominal_start: of.instant("nominal_start", self.nominal_start)?,
            started_at: of.maybe_instant("started_at", self.started_at)?,
            ended_at: of.instant("ended_at", self.ended_at)?,
        })
    }
}

/// The numbers of one name.
#[derive(Serialize, Deserialize)]
#[serde(rename = "PastNumbers")]
struct PastNumbersRecord<'a> {
    name: Text<'a>,
    numbers: Vec<PastNumberRecord>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "PastNumber")]
struct PastNumberRecord {
    nominal_start: Millis,
    value: f64,
}

impl<'a> From<(&'a String, &'a Vec<PastNumber>)> for PastNumbersRecord<'a> {
    fn from((name, numbers): (&'a String, &'a Vec<PastNumber>)) -> Self {
        let number = |PastNumber { nominal_start, value }: &PastNumber| PastNumberRecord {
            nominal_start: (*nominal_start).into(),
            value: value.value(),
        };
        Self { name: text(name), numbers: numbers.iter().map(number).collect() }
    }
}

impl PastNumbersRecord<'_> {
    fn read(self, of: FieldReader) -> Result<(String, Vec<PastNumber>), DecodeError> {
        let number = |number: PastNumberRecord| {
            Ok(PastNumber {
                nominal_start: of.instant("nominal_start", number.nominal_start)?,
                value: Number::new(number.value).ok_or_else(|| of.wrong("value", "is not finite"))?,
            })
        };
        Ok((self.name.into_owned(), self.numbers.into_iter().map(number).collect::<Result<_, _>>()?))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "ForgottenFailure")]
struct ForgottenFailureRecord {
    failed_at: Millis,
    resource_version: i64,
}

impl From<ForgottenFailure> for ForgottenFailureRecord {
    fn from(failure: ForgottenFailure) -> Self {
        Self { failed_at: failure.failed_at.into(), resource_version: long(failure.resource_version) }
    }
}

impl ForgottenFailureRecord {
    fn read(self, of: FieldReader) -> Result<ForgottenFailure, DecodeError> {
        Ok(ForgottenFailure {
            failed_at: of.instant("failed_at", self.failed_at)?,
            resource_version: of.long("resource_version", self.resource_version)?,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "RefusedObjective")]
struct RefusedObjectiveRecord<'a> {
    name: Text<'a>,
    uid: Text<'a>,
    resource_version: i64,
    objective: ObjectiveRecord<'a>,
}

impl<'a> From<(&'a String, &'a RefusedObjective)> for RefusedObjectiveRecord<'a> {
    fn from((name, refused): (&'a String, &'a RefusedObjective)) -> Self {
        Self {
            name: text(name),
            uid: text(&refused.revision.uid),
            resource_version: long(refused.revision.resource_version),
            objective: (&refused.objective).into(),
        }
    }
}

impl RefusedObjectiveRecord<'_> {
    fn read(self, of: FieldReader) -> Result<(String, RefusedObjective), DecodeError> {
        let refused = RefusedObjective {
            revision: revision(of, self.uid, self.resource_version)?,
            objective: self.objective.read(of)?,
        };
        Ok((self.name.into_owned(), refused))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "CronJobState")]
struct CronJobStateRecord<'a> {
    uid: Text<'a>,
    resource_version: i64,
    cron_job: CronJobRecord<'a>,
    deleted_at: Option<Millis>,
    #[serde(default)]
    edits: Vec<ScheduleEditRecord<'a>>,
    seen_at: Option<Millis>,
    #[serde(default)]
    standings: Vec<StandingRecord>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "CronJobStanding")]
struct StandingRecord {
    from: Millis,
    standing: StandingKindRecord,
}

/// The first variant replaces one that only a newer kigen knows.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum StandingKindRecord {
    Unknown,
    Active,
    Suspended,
    Absent,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "ScheduleEdit")]
struct ScheduleEditRecord<'a> {
    from: Millis,
    schedule: Text<'a>,
    time_zone: Option<Text<'a>>,
    #[serde(default)]
    made_up: Option<Millis>,
}

impl<'a> From<&'a CronJobState> for CronJobStateRecord<'a> {
    fn from(known: &'a CronJobState) -> Self {
        Self {
            uid: text(&known.revision.uid),
            resource_version: long(known.revision.resource_version),
            cron_job: (&known.cron_job).into(),
            deleted_at: known.deleted_at.map(Millis::from),
            edits: known.edits.iter().map(ScheduleEditRecord::from).collect(),
            seen_at: known.seen_at.map(Millis::from),
            standings: known.standings.iter().map(StandingRecord::from).collect(),
        }
    }
}

impl CronJobStateRecord<'_> {
    fn read(self, of: FieldReader) -> Result<CronJobState, DecodeError> {
        Ok(CronJobState {
            revision: revision(of, self.uid, self.resource_version)?,
            cron_job: self.cron_job.read(of)?,
            deleted_at: of.maybe_instant("deleted_at", self.deleted_at)?,
            edits: self.edits.into_iter().map(|edit| edit.read(of)).collect::<Result<_, _>>()?,
            seen_at: of.maybe_instant("seen_at", self.seen_at)?,
            standings: self.standings.into_iter().map(|known| known.read(of)).collect::<Result<_, _>>()?,
        })
    }
}

impl From<&Standing> for StandingRecord {
    fn from(known: &Standing) -> Self {
        let standing = match known.kind {
            StandingKind::Active => StandingKindRecord::Active,
            StandingKind::Suspended => StandingKindRecord::Suspended,
            StandingKind::Absent => StandingKindRecord::Absent,
        };
        Self { from: known.from.into(), standing }
    }
}

impl StandingRecord {
    fn read(self, of: FieldReader) -> Result<Standing, DecodeError> {
        let kind = match self.standing {
            StandingKindRecord::Active => StandingKind::Active,
            StandingKindRecord::Suspended => StandingKind::Suspended,
            StandingKindRecord::Absent => StandingKind::Absent,
            StandingKindRecord::Unknown => {
                return Err(of.wrong("standing", "is of a kind this kigen does not know"));
            }
        };
        Ok(Standing { from: of.instant("from", self.from)?, kind })
    }
}

impl<'a> From<&'a ScheduleEdit> for ScheduleEditRecord<'a> {
    fn from(edit: &'a ScheduleEdit) -> Self {
        Self {
            from: edit.from.into(),
            schedule: text(&edit.schedule),
            time_zone: maybe_text(&edit.time_zone),
            made_up: edit.made_up.map(Millis::from),
        }
    }
}

impl ScheduleEditRecord<'_> {
    fn read(self, of: FieldReader) -> Result<ScheduleEdit, DecodeError> {
        Ok(ScheduleEdit {
            from: of.instant("from", self.from)?,
            schedule: self.schedule.into_owned(),
            time_zone: self.time_zone.map(Text::into_owned),
            made_up: of.maybe_instant("made_up", self.made_up)?,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "RunState")]
struct RunStateRecord<'a> {
    uid: Text<'a>,
    resource_version: i64,
    run: RunRecord<'a>,
    attempts: Vec<AttemptStateRecord<'a>>,
    #[serde(default)]
    moments: Vec<RunMomentRecord<'a>>,
    gone_after: Option<Millis>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "RunMoment")]
struct RunMomentRecord<'a> {
    from: Millis,
    runs: bool,
    why: Option<Text<'a>>,
}

impl<'a> From<&'a RunMoment> for RunMomentRecord<'a> {
    fn from(moment: &'a RunMoment) -> Self {
        let (runs, why) = match &moment.activity {
            Activity::Runs => (true, None),
            Activity::Waits { why } => (false, maybe_text(why)),
        };
        Self { from: moment.from.into(), runs, why }
    }
}

impl RunMomentRecord<'_> {
    fn read(self, of: FieldReader) -> Result<RunMoment, DecodeError> {
        let activity = match self.runs {
            true => Activity::Runs,
            false => Activity::Waits { why: self.why.map(Text::into_owned) },
        };
        Ok(RunMoment { from: of.instant("from", self.from)?, activity })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "AttemptState")]
struct AttemptStateRecord<'a> {
    uid: Text<'a>,
    resource_version: i64,
    attempt: AttemptRecord<'a>,
}

impl<'a> From<&'a RunState> for RunStateRecord<'a> {
    fn from(known: &'a RunState) -> Self {
        let attempts = known.attempts.iter().map(|known| AttemptStateRecord {
            uid: text(&known.revision.uid),
            resource_version: long(known.revision.resource_version),
            attempt: (&known.attempt).into(),
        });
        Self {
            uid: text(&known.revision.uid),
            resource_version: long(known.revision.resource_version),
            run: (&known.run).into(),
            attempts: attempts.collect(),
            moments: known.moments.iter().map(RunMomentRecord::from).collect(),
            gone_after: known.gone_after.map(Millis::from),
        }
    }
}

impl RunStateRecord<'_> {
    fn read(self, of: FieldReader) -> Result<RunState, DecodeError> {
        let known = |known: AttemptStateRecord<'_>| {
            Ok(AttemptState {
                revision: revision(of, known.uid, known.resource_version)?,
                attempt: known.attempt.read(of)?,
            })
        };
        Ok(RunState {
            revision: revision(of, self.uid, self.resource_version)?,
            run: self.run.read(of)?,
            attempts: self.attempts.into_iter().map(known).collect::<Result<_, _>>()?,
            moments: self.moments.into_iter().map(|moment| moment.read(of)).collect::<Result<_, _>>()?,
            gone_after: of.maybe_instant("gone_after", self.gone_after)?,
        })
    }
}
