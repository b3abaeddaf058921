//! The state of an objective: its plan, its incident and its verdicts.

use kigen_model::risk::RiskKind;
use kigen_model::slot::{CauseKind, Excuse, Gap, Verdict};
use kigen_state::{
    Incident, Judged, JudgedSlot, ObjectiveState, OpenSlot, Plan, SlotEnd, Successor, UnknownRange, Window,
};
use serde::{Deserialize, Serialize};

use crate::budget::BudgetRecord;
use crate::error::DecodeError;
use crate::fields::{FieldReader, Millis, Text, int, long, text};
use crate::shared::{ObjectiveRecord, SlotRecord, revision};

#[derive(Serialize, Deserialize)]
#[serde(rename = "ObjectiveState")]
pub(super) struct ObjectiveStateRecord<'a> {
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
    #[serde(default)]
    unknown: Vec<UnknownRangeRecord>,
    #[serde(default)]
    ends: Vec<SlotEndRecord>,
    trend_warned_at: Option<Millis>,
    level_warned_at: Option<Millis>,
    budget: Option<BudgetRecord>,
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
            unknown: known.unknown.iter().map(UnknownRangeRecord::from).collect(),
            ends: known.ends.iter().map(SlotEndRecord::from).collect(),
            trend_warned_at: known.trend_warned_at.map(Millis::from),
            level_warned_at: known.level_warned_at.map(Millis::from),
            budget: BudgetRecord::of(&known.budget),
        }
    }
}

impl ObjectiveStateRecord<'_> {
    pub(super) fn read(self, of: FieldReader) -> Result<(String, ObjectiveState), DecodeError> {
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
            unknown: self.unknown.into_iter().map(|range| range.read(of)).collect::<Result<_, _>>()?,
            ends: self.ends.into_iter().map(|end| end.read(of)).collect::<Result<_, _>>()?,
            trend_warned_at: of.maybe_instant("trend_warned_at", self.trend_warned_at)?,
            level_warned_at: of.maybe_instant("level_warned_at", self.level_warned_at)?,
            budget: self.budget.map(|budget| budget.read(of)).transpose()?.unwrap_or_default(),
        };
        Ok((self.name.into_owned(), known))
    }
}

#[derive(Serialize, Deserialize)]
enum PlanRecord<'a> {
    OpenSlot {
        slot: SlotRecord,
        time_zone: Text<'a>,
        window: WindowRecord,
        met_at: Option<Millis>,
        #[serde(default)]
        risk_due: Option<Millis>,
        #[serde(default)]
        warned_of: Vec<RiskKindRecord>,
    },
    PlanUnresolved {
        reason: Text<'a>,
    },
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
                risk_due: open.risk_due.map(Millis::from),
                warned_of: open.warned_of.iter().map(|kind| (*kind).into()).collect(),
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
            Self::OpenSlot { slot, time_zone, window, met_at, risk_due, warned_of } => Plan::Open(OpenSlot {
                slot: slot.read(of)?,
                time_zone: time_zone.into_owned(),
                window: window.read(of)?,
                met_at: of.maybe_instant("met_at", met_at)?,
                risk_due: of.maybe_instant("risk_due", risk_due)?,
                warned_of: warned_of.into_iter().map(|kind| kind.read(of)).collect::<Result<_, _>>()?,
            }),
            Self::PlanUnresolved { reason } => Plan::Unresolved { reason: reason.into_owned() },
            Self::PlanExhausted => Plan::Exhausted,
            Self::PlanWithdrawn => Plan::Withdrawn,
        })
    }
}

/// The first variant replaces one that only a newer kigen knows.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum RiskKindRecord {
    Unknown,
    NotStarted,
    RunningLate,
    Trend,
    NewLevel,
    Expectation,
}

impl From<RiskKind> for RiskKindRecord {
    fn from(kind: RiskKind) -> Self {
        match kind {
            RiskKind::NotStarted => Self::NotStarted,
            RiskKind::RunningLate => Self::RunningLate,
            RiskKind::Trend => Self::Trend,
            RiskKind::NewLevel => Self::NewLevel,
            RiskKind::Expectation => Self::Expectation,
        }
    }
}

impl RiskKindRecord {
    fn read(self, of: FieldReader) -> Result<RiskKind, DecodeError> {
        Ok(match self {
            Self::NotStarted => RiskKind::NotStarted,
            Self::RunningLate => RiskKind::RunningLate,
            Self::Trend => RiskKind::Trend,
            Self::NewLevel => RiskKind::NewLevel,
            Self::Expectation => RiskKind::Expectation,
            Self::Unknown => return Err(unknown(of, "warned_of")),
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "SlotEnd")]
struct SlotEndRecord {
    reference: Millis,
    ended_at: Millis,
}

impl From<&SlotEnd> for SlotEndRecord {
    fn from(end: &SlotEnd) -> Self {
        Self { reference: end.reference.into(), ended_at: end.ended_at.into() }
    }
}

impl SlotEndRecord {
    fn read(self, of: FieldReader) -> Result<SlotEnd, DecodeError> {
        Ok(SlotEnd {
            reference: of.instant("reference", self.reference)?,
            ended_at: of.instant("ended_at", self.ended_at)?,
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
    #[serde(default)]
    muted: i32,
    muted_until: Option<Millis>,
}

impl From<&Incident> for IncidentRecord<'_> {
    fn from(incident: &Incident) -> Self {
        Self {
            id: incident.id.to_string().into(),
            since: incident.since.into(),
            misses: int(incident.misses),
            last: (&incident.last).into(),
            opens: incident.opens.into(),
            muted: int(incident.muted),
            muted_until: incident.muted_until.map(Millis::from),
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
            muted: of.int("muted", self.muted)?,
            muted_until: of.maybe_instant("muted_until", self.muted_until)?,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "UnknownRange")]
struct UnknownRangeRecord {
    since: Millis,
    last: SlotRecord,
    slots: i32,
    gap_from: Option<Millis>,
    gap_to: Millis,
    is_of_log: bool,
    is_reported: bool,
    met: i32,
    missed: i32,
}

impl From<&UnknownRange> for UnknownRangeRecord {
    fn from(range: &UnknownRange) -> Self {
        Self {
            since: range.since.into(),
            last: (&range.last).into(),
            slots: int(range.slots),
            gap_from: range.gap.from.map(Millis::from),
            gap_to: range.gap.to.into(),
            is_of_log: range.gap.is_of_log,
            is_reported: range.is_reported,
            met: int(range.met),
            missed: int(range.missed),
        }
    }
}

impl UnknownRangeRecord {
    fn read(self, of: FieldReader) -> Result<UnknownRange, DecodeError> {
        Ok(UnknownRange {
            since: of.instant("since", self.since)?,
            last: self.last.read(of)?,
            slots: of.int("slots", self.slots)?,
            gap: Gap {
                from: of.maybe_instant("gap_from", self.gap_from)?,
                to: of.instant("gap_to", self.gap_to)?,
                is_of_log: self.is_of_log,
            },
            is_reported: self.is_reported,
            met: of.int("met", self.met)?,
            missed: of.int("missed", self.missed)?,
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
    unobserved: Option<UnobservedRecord>,
    #[serde(default)]
    muted: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Unobserved")]
struct UnobservedRecord {
    from: Option<Millis>,
    to: Millis,
    is_of_log: bool,
}

impl From<Gap> for UnobservedRecord {
    fn from(gap: Gap) -> Self {
        Self { from: gap.from.map(Millis::from), to: gap.to.into(), is_of_log: gap.is_of_log }
    }
}

impl UnobservedRecord {
    fn read(self, of: FieldReader) -> Result<Gap, DecodeError> {
        Ok(Gap {
            from: of.maybe_instant("from", self.from)?,
            to: of.instant("to", self.to)?,
            is_of_log: self.is_of_log,
        })
    }
}

impl From<&Judged> for JudgedRecord<'_> {
    fn from(judged: &Judged) -> Self {
        let slot = judged.judged.as_ref().map(|judged| JudgedSlotRecord {
            slot: (&judged.slot).into(),
            window: judged.window.into(),
            until: judged.until.into(),
            incident: judged.incident.map(|incident| incident.to_string().into()),
            unobserved: judged.unobserved.map(UnobservedRecord::from),
            muted: judged.muted,
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
                unobserved: judged.unobserved.map(|gap| gap.read(of)).transpose()?,
                muted: judged.muted,
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
    NotObserved,
    Expectation,
}

/// The first variant replaces one that only a newer kigen knows.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ExcuseRecord {
    Unknown,
    NoFire,
    Partial,
    Calendar,
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
                    Excuse::Calendar => ExcuseRecord::Calendar,
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
                ExcuseRecord::Calendar => Excuse::Calendar,
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
            CauseKind::NotObserved => Self::NotObserved,
            CauseKind::Expectation => Self::Expectation,
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
            Self::NotObserved => CauseKind::NotObserved,
            Self::Expectation => CauseKind::Expectation,
            Self::Unknown => return Err(unknown(of, "cause")),
        })
    }
}

fn unknown(of: FieldReader, field: &str) -> DecodeError {
    of.wrong(field, "is of a kind this kigen does not know")
}
