//! The state of a batch.

use kigen_model::key::BatchKey;
use kigen_model::slot::{CauseKind, Excuse, Gap, Verdict};
use kigen_state::{
    AttemptState, BatchState, CronJobState, ForgottenFailure, Incident, Judged, JudgedSlot, ObjectiveState,
    OpenSlot, Plan, RefusedObjective, RunState, ScheduleEdit, Success, Successor, Window,
};
use serde::{Deserialize, Serialize};

use crate::error::DecodeError;
use crate::fields::{FieldReader, Millis, Text, int, long, maybe_text, text};
use crate::shared::{
    AttemptRecord, CronJobRecord, ObjectiveRecord, RunRecord, SlotRecord, revision, slot_mark,
};

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
            forgotten_failure: self.forgotten_failure.map(|failure| failure.read(of)).transpose()?,
            refused: refused.collect::<Result<_, _>>()?,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Success")]
struct SuccessRecord<'a> {
    nominal_start: Millis,
    slot: Option<Text<'a>>,
    ended_at: Millis,
}

impl From<&Success> for SuccessRecord<'_> {
    fn from(success: &Success) -> Self {
        Self {
            nominal_start: success.nominal_start.into(),
            slot: success.slot.map(|mark| Text::Owned(mark.to_string())),
            ended_at: success.ended_at.into(),
        }
    }
}

impl SuccessRecord<'_> {
    fn read(self, of: FieldReader) -> Result<Success, DecodeError> {
        Ok(Success {
            nominal_start: of.instant("nominal_start", self.nominal_start)?,
            slot: slot_mark(of, self.slot)?,
            ended_at: of.instant("ended_at", self.ended_at)?,
        })
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
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "ScheduleEdit")]
struct ScheduleEditRecord<'a> {
    from: Millis,
    schedule: Text<'a>,
    time_zone: Option<Text<'a>>,
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
        })
    }
}

impl<'a> From<&'a ScheduleEdit> for ScheduleEditRecord<'a> {
    fn from(edit: &'a ScheduleEdit) -> Self {
        Self {
            from: edit.from.into(),
            schedule: text(&edit.schedule),
            time_zone: maybe_text(&edit.time_zone),
        }
    }
}

impl ScheduleEditRecord<'_> {
    fn read(self, of: FieldReader) -> Result<ScheduleEdit, DecodeError> {
        Ok(ScheduleEdit {
            from: of.instant("from", self.from)?,
            schedule: self.schedule.into_owned(),
            time_zone: self.time_zone.map(Text::into_owned),
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
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "ObjectiveState")]
struct ObjectiveStateRecord<'a> {
    name: Text<'a>,
    uid: Text<'a>,
    resource_version: i64,
    objective: ObjectiveRecord<'a>,
    successor: Option<SuccessorRecord<'a>>,
    since: Millis,
    withdrawn_at: Option<Millis>,
    plan: PlanRecord<'a>,
    incident: Option<IncidentRecord<'a>>,
    verdicts: Vec<JudgedRecord<'a>>,
    warned_of_no_fire: bool,
    #[serde(default)]
    later_successors: Vec<SuccessorRecord<'a>>,
}

/// The first of the edits that wait is in a field of its own, since once there was only one.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Successor")]
struct SuccessorRecord<'a> {
    objective: ObjectiveRecord<'a>,
    edited_at: Millis,
}

impl<'a> From<(&'a String, &'a ObjectiveState)> for ObjectiveStateRecord<'a> {
    fn from((name, known): (&'a String, &'a ObjectiveState)) -> Self {
        let mut successors = known.successors.iter().map(|successor| SuccessorRecord {
            objective: (&successor.objective).into(),
            edited_at: successor.edited_at.into(),
        });
        Self {
            name: text(name),
            uid: text(&known.revision.uid),
            resource_version: long(known.revision.resource_version),
            objective: (&known.objective).into(),
            successor: successors.next(),
            since: known.since.into(),
            withdrawn_at: known.withdrawn_at.map(Millis::from),
            plan: (&known.plan).into(),
            incident: known.incident.as_ref().map(IncidentRecord::from),
            verdicts: known.verdicts.iter().map(JudgedRecord::from).collect(),
            warned_of_no_fire: known.warned_of_no_fire,
            later_successors: successors.collect(),
        }
    }
}

impl ObjectiveStateRecord<'_> {
    fn read(self, of: FieldReader) -> Result<(String, ObjectiveState), DecodeError> {
        let successor = |successor: SuccessorRecord<'_>| {
            Ok(Successor {
                objective: successor.objective.read(of)?,
                edited_at: of.instant("edited_at", successor.edited_at)?,
            })
        };
        let known = ObjectiveState {
            revision: revision(of, self.uid, self.resource_version)?,
            objective: self.objective.read(of)?,
            successors: self
                .successor
                .into_iter()
                .chain(self.later_successors)
                .map(successor)
                .collect::<Result<_, _>>()?,
            since: of.instant("since", self.since)?,
            withdrawn_at: of.maybe_instant("withdrawn_at", self.withdrawn_at)?,
            plan: self.plan.read(of)?,
            incident: self.incident.map(|incident| incident.read(of)).transpose()?,
            verdicts: self.verdicts.into_iter().map(|judged| judged.read(of)).collect::<Result<_, _>>()?,
            warned_of_no_fire: self.warned_of_no_fire,
        };
        Ok((self.name.into_owned(), known))
    }
}

#[derive(Serialize, Deserialize)]
enum PlanRecord<'a> {
    OpenSlot { slot: SlotRecord, time_zone: Text<'a>, window: WindowRecord, met_at: Option<Millis> },
    PlanUnresolved { reason: Text<'a> },
    PlanExhausted,
    PlanWithdrawn,
}

impl<'a> From<&'a Plan> for PlanRecord<'a> {
    fn from(plan: &'a Plan) -> Self {
        match plan {
            Plan::Open(open) => Self::OpenSlot {
                slot: (&open.slot).into(),
                time_zone: text(&open.time_zone),
                window: open.window.into(),
                met_at: open.met_at.map(Millis::from),
            },
            Plan::Unresolved { reason } => Self::PlanUnresolved { reason: text(reason) },
            Plan::Exhausted => Self::PlanExhausted,
            Plan::Withdrawn => Self::PlanWithdrawn,
        }
    }
}

impl PlanRecord<'_> {
    fn read(self, of: FieldReader) -> Result<Plan, DecodeError> {
        Ok(match self {
            Self::OpenSlot { slot, time_zone, window, met_at } => Plan::Open(OpenSlot {
                slot: slot.read(of)?,
                time_zone: time_zone.into_owned(),
                window: window.read(of)?,
                met_at: of.maybe_instant("met_at", met_at)?,
            }),
            Self::PlanUnresolved { reason } => Plan::Unresolved { reason: reason.into_owned() },
            Self::PlanExhausted => Plan::Exhausted,
            Self::PlanWithdrawn => Plan::Withdrawn,
        })
    }
}

#[derive(Serialize, Deserialize)]
enum WindowRecord {
    WindowNoFire,
    WindowFires { opens: Millis, closes: Option<Millis> },
    WindowSlot,
    WindowFresh { after: Millis },
}

impl From<Window> for WindowRecord {
    fn from(window: Window) -> Self {
        match window {
            Window::NoFire => Self::WindowNoFire,
            Window::Fires { opens, closes } => {
                Self::WindowFires { opens: opens.into(), closes: closes.map(Millis::from) }
            }
            Window::Slot => Self::WindowSlot,
            Window::Fresh { after } => Self::WindowFresh { after: after.into() },
        }
    }
}

impl WindowRecord {
    fn read(self, of: FieldReader) -> Result<Window, DecodeError> {
        Ok(match self {
            Self::WindowNoFire => Window::NoFire,
            Self::WindowFires { opens, closes } => Window::Fires {
                opens: of.instant("opens", opens)?,
                closes: of.maybe_instant("closes", closes)?,
            },
            Self::WindowSlot => Window::Slot,
            Self::WindowFresh { after } => Window::Fresh { after: of.instant("after", after)? },
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Incident")]
struct IncidentRecord<'a> {
    id: Text<'a>,
    since: Millis,
    misses: i32,
    last: SlotRecord,
    opens: Millis,
}

impl From<&Incident> for IncidentRecord<'_> {
    fn from(incident: &Incident) -> Self {
        Self {
            id: incident.id.to_string().into(),
            since: incident.since.into(),
            misses: int(incident.misses),
            last: (&incident.last).into(),
            opens: incident.opens.into(),
        }
    }
}

impl IncidentRecord<'_> {
    fn read(self, of: FieldReader) -> Result<Incident, DecodeError> {
        Ok(Incident {
            id: of.uuid("id", &self.id)?,
            since: of.instant("since", self.since)?,
            misses: of.int("misses", self.misses)?,
            last: self.last.read(of)?,
            opens: of.instant("opens", self.opens)?,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Judged")]
struct JudgedRecord<'a> {
    deadline: Millis,
    verdict: VerdictRecord,
    judged: Option<JudgedSlotRecord<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "JudgedSlot")]
struct JudgedSlotRecord<'a> {
    slot: SlotRecord,
    window: WindowRecord,
    until: Millis,
    incident: Option<Text<'a>>,
}

impl From<&Judged> for JudgedRecord<'_> {
    fn from(judged: &Judged) -> Self {
        let slot = judged.judged.as_ref().map(|judged| JudgedSlotRecord {
            slot: (&judged.slot).into(),
            window: judged.window.into(),
            until: judged.until.into(),
            incident: judged.incident.map(|incident| incident.to_string().into()),
        });
        Self { deadline: judged.deadline.into(), verdict: judged.verdict.into(), judged: slot }
    }
}

impl JudgedRecord<'_> {
    fn read(self, of: FieldReader) -> Result<Judged, DecodeError> {
        let slot = |judged: JudgedSlotRecord<'_>| {
            Ok(JudgedSlot {
                slot: judged.slot.read(of)?,
                window: judged.window.read(of)?,
                until: of.instant("until", judged.until)?,
                incident: of.maybe_uuid("incident", judged.incident)?,
            })
        };
        Ok(Judged {
            deadline: of.instant("deadline", self.deadline)?,
            verdict: self.verdict.read(of)?,
            judged: self.judged.map(slot).transpose()?,
        })
    }
}

#[derive(Serialize, Deserialize)]
enum VerdictRecord {
    VerdictMet {
        ended_at: Millis,
    },
    VerdictMissed {
        cause: CauseKindRecord,
    },
    VerdictExcused {
        excuse: ExcuseRecord,
    },
    VerdictUnknown {
        gap_from: Option<Millis>,
        gap_to: Millis,
        #[serde(default)]
        is_of_log: bool,
    },
}

/// The first variant replaces one that only a newer kigen knows.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum CauseKindRecord {
    Unknown,
    CronJobAbsent,
    Suspended,
    Failed,
    StillRunning,
    Pending,
    NeverStarted,
}

/// The first variant replaces one that only a newer kigen knows.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ExcuseRecord {
    Unknown,
    NoFire,
    Partial,
}

impl From<Verdict> for VerdictRecord {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Met { ended_at } => Self::VerdictMet { ended_at: ended_at.into() },
            Verdict::Missed(cause) => Self::VerdictMissed { cause: cause.into() },
            Verdict::Excused(excuse) => Self::VerdictExcused {
                excuse: match excuse {
                    Excuse::NoFire => ExcuseRecord::NoFire,
                    Excuse::Partial => ExcuseRecord::Partial,
                },
            },
            Verdict::Unknown(gap) => Self::VerdictUnknown {
                gap_from: gap.from.map(Millis::from),
                gap_to: gap.to.into(),
                is_of_log: gap.is_of_log,
            },
        }
    }
}

impl VerdictRecord {
    fn read(self, of: FieldReader) -> Result<Verdict, DecodeError> {
        Ok(match self {
            Self::VerdictMet { ended_at } => Verdict::Met { ended_at: of.instant("ended_at", ended_at)? },
            Self::VerdictMissed { cause } => Verdict::Missed(cause.read(of)?),
            Self::VerdictExcused { excuse } => Verdict::Excused(match excuse {
                ExcuseRecord::NoFire => Excuse::NoFire,
                ExcuseRecord::Partial => Excuse::Partial,
                ExcuseRecord::Unknown => return Err(unknown(of, "excuse")),
            }),
            Self::VerdictUnknown { gap_from, gap_to, is_of_log } => Verdict::Unknown(Gap {
                from: of.maybe_instant("gap_from", gap_from)?,
                to: of.instant("gap_to", gap_to)?,
                is_of_log,
            }),
        })
    }
}

impl From<CauseKind> for CauseKindRecord {
    fn from(cause: CauseKind) -> Self {
        match cause {
            CauseKind::CronJobAbsent => Self::CronJobAbsent,
            CauseKind::Suspended => Self::Suspended,
            CauseKind::Failed => Self::Failed,
            CauseKind::StillRunning => Self::StillRunning,
            CauseKind::Pending => Self::Pending,
            CauseKind::NeverStarted => Self::NeverStarted,
        }
    }
}

impl CauseKindRecord {
    fn read(self, of: FieldReader) -> Result<CauseKind, DecodeError> {
        Ok(match self {
            Self::CronJobAbsent => CauseKind::CronJobAbsent,
            Self::Suspended => CauseKind::Suspended,
            Self::Failed => CauseKind::Failed,
            Self::StillRunning => CauseKind::StillRunning,
            Self::Pending => CauseKind::Pending,
            Self::NeverStarted => CauseKind::NeverStarted,
            Self::Unknown => return Err(unknown(of, "cause")),
        })
    }
}

fn unknown(of: FieldReader, field: &str) -> DecodeError {
    of.wrong(field, "is of a kind this kigen does not know")
}
