//! `kigen.alerts`: alerts to and from values.

use chrono::TimeDelta;
use kigen_model::alert::{Alert, AlertBody, CronJobPresence, DeadlineSummary, ObjectiveSummary, ResultOf};
use kigen_model::expectation::Broken;
use kigen_model::key::BatchKey;
use kigen_model::objective::Objective;
use kigen_model::slot::{Cause, Failure, Gap, PastSuccess, RunSummary, Slot};
use kigen_model::topic::Topic;
use kigen_model::trend::Trend;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::budget::BudgetReportRecord;
use crate::cause::{CauseRecord, failure};
use crate::codec;
use crate::error::DecodeError;
use crate::expectation::BrokenRecord;
use crate::fields::{FieldReader, Millis, Text, int, maybe_text, text};
use crate::labels::LabelRecord;
use crate::level::Level;
use crate::risk::RiskRecord;
use crate::shared::{SeverityRecord, SlotRecord};
use crate::silence::{SilenceOverRecord, SilentRecord};
use crate::stall::{StallOverRecord, StallReportRecord};
use crate::summary::{PastSuccessRecord, SummaryRecord};

const TOPIC: Topic = Topic::Alerts;

#[derive(Serialize, Deserialize)]
#[serde(rename = "Alert")]
pub(crate) struct AlertRecord<'a> {
    id: Text<'a>,
    cluster: Text<'a>,
    namespace: Text<'a>,
    batch: Text<'a>,
    objective: Text<'a>,
    complete_by: Text<'a>,
    time_zone: Text<'a>,
    before: Option<Text<'a>>,
    severity: SeverityRecord,
    owner: Option<Text<'a>>,
    runbook: Option<Text<'a>>,
    #[serde(default)]
    labels: Vec<LabelRecord<'a>>,
    #[serde(default)]
    grace_s: i64,
    decided_at: Millis,
    #[serde(default)]
    cron_job: PresenceRecord,
    body: Body<'a>,
}

/// Whether there is a CronJob; the first variant replaces what only a newer kigen knows.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum PresenceRecord {
    #[default]
    Unknown,
    NotExpected,
    NeverObserved,
    Deleted,
    Exists,
}

/// Of which slot a result is; the first variant replaces what only a newer kigen knows.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ResultOfRecord {
    #[default]
    Unknown,
    MissedSlot,
    LaterSlot,
}

#[derive(Serialize, Deserialize)]
enum Body<'a> {
    SlotMissed {
        slot: SlotRecord,
        incident: Text<'a>,
        misses: i32,
        cause: CauseRecord<'a>,
        run: Option<SummaryRecord<'a>>,
        past: Vec<PastSuccessRecord>,
        #[serde(default)]
        unobserved_from: Option<Millis>,
        #[serde(default)]
        unobserved_to: Option<Millis>,
        #[serde(default)]
        later_by_s: Option<i64>,
        #[serde(default)]
        goes_on_missing: bool,
        #[serde(default)]
        broken: Vec<BrokenRecord<'a>>,
    },
    SlotRecovered {
        slot: SlotRecord,
        incident: Text<'a>,
        since: Millis,
        misses: i32,
        ended_at: Millis,
        run: SummaryRecord<'a>,
        #[serde(default)]
        result_of: ResultOfRecord,
    },
    SlotRetracted {
        slot: SlotRecord,
        incident: Option<Text<'a>>,
        misses: i32,
        ended_at: Millis,
        run: Option<SummaryRecord<'a>>,
    },
    SlotUnknown {
        slot: SlotRecord,
        gap_from: Option<Millis>,
        gap_to: Millis,
        #[serde(default)]
        since: Option<Millis>,
        #[serde(default = "one")]
        slots: i32,
    },
    FailedRun {
        run: SummaryRecord<'a>,
        reason: Text<'a>,
        exit_code: Option<i32>,
        attempts: i32,
        last_error: Option<Text<'a>>,
    },
    UnknownClosed {
        unknown: Text<'a>,
        slot: SlotRecord,
        since: Millis,
        slots: i32,
        met: i32,
        missed: i32,
    },
    SlotAtRisk {
        slot: SlotRecord,
        risk: RiskRecord,
        run: Option<SummaryRecord<'a>>,
        past: Vec<PastSuccessRecord>,
    },
    RiskOver {
        slot: SlotRecord,
        ended_at: Option<Millis>,
        run: Option<SummaryRecord<'a>>,
    },
    ExpectationBroken {
        slot: SlotRecord,
        broken: Vec<BrokenRecord<'a>>,
        run: SummaryRecord<'a>,
    },
    BudgetSpent {
        slot: SlotRecord,
        is_all: bool,
        budget: BudgetReportRecord,
    },
    ClusterSilent(SilentRecord<'a>),
    SilenceOver(SilenceOverRecord<'a>),
    ClusterStalled {
        report: StallReportRecord<'a>,
    },
    StallOver(StallOverRecord<'a>),
}

/// The slots of an alert that an older kigen wrote.
fn one() -> i32 {
    1
}

/// The version of the schema that has the warnings, and alerts about a whole cluster, first.
const WARNINGS_VERSION: usize = 7;

/// Whether a level has alerts of this kind. One that it lacks is written in the oldest version that has it, at which the
/// readers stop for whom the level is held down.
pub fn has_kind(level: Level, body: &AlertBody) -> bool {
    match body {
        AlertBody::SlotAtRisk { .. }
        | AlertBody::RiskOver { .. }
        | AlertBody::ExpectationBroken { .. }
        | AlertBody::BudgetSpent { .. } => level.version(TOPIC) >= WARNINGS_VERSION,
        AlertBody::ClusterSilent { .. }
        | AlertBody::SilenceOver { .. }
        | AlertBody::ClusterStalled(_)
        | AlertBody::StallOver { .. } => has_silences(level),
        AlertBody::SlotMissed { .. }
        | AlertBody::SlotRecovered { .. }
        | AlertBody::SlotRetracted { .. }
        | AlertBody::SlotUnknown { .. }
        | AlertBody::UnknownClosed { .. }
        | AlertBody::RunFailed { .. } => true,
    }
}

/// Whether a level has alerts about silent clusters, and their part of a cluster's clock.
pub fn has_silences(level: Level) -> bool {
    level.version(TOPIC) >= WARNINGS_VERSION
}

/// Encodes an alert as a record's value, in the version of a level.
pub fn encode_alert(alert: &Alert, level: Level) -> Vec<u8> {
    let objective = alert.objective.as_ref();
    let (complete_by, before) = match objective.map(|objective| &objective.deadlines) {
        Some(DeadlineSummary::CompleteBy(crontab)) => (crontab.as_str(), None),
        Some(DeadlineSummary::Before(cron_job)) => ("", Some(text(cron_job))),
        None => ("", None),
    };
    let record = AlertRecord {
        id: alert.id.to_string().into(),
        cluster: text(&alert.key.cluster),
        namespace: text(&alert.key.namespace),
        batch: text(&alert.key.batch),
        objective: text(objective.map_or("", |objective| &objective.name)),
        complete_by: text(complete_by),
        time_zone: text(objective.map_or("", |objective| &objective.time_zone)),
        before,
        severity: objective.map_or(SeverityRecord::Unknown, |objective| objective.severity.into()),
        owner: objective.and_then(|objective| maybe_text(&objective.owner)),
        runbook: objective.and_then(|objective| maybe_text(&objective.runbook)),
        labels: objective.map(|objective| LabelRecord::all(&objective.labels)).unwrap_or_default(),
        grace_s: objective.map_or(0, |objective| objective.grace.num_seconds()),
        decided_at: alert.decided_at.into(),
        cron_job: alert.cron_job.into(),
        body: (&alert.body).into(),
    };
    codec::encode(TOPIC, level, &record)
}

/// Decodes the alert of a record's value.
///
/// # Errors
/// The bytes are not an alert, or one that only a newer kigen knows.
pub fn decode_alert(bytes: &[u8]) -> Result<Alert, DecodeError> {
    let of = FieldReader(TOPIC);
    let record: AlertRecord<'_> = codec::decode(TOPIC, bytes)?;
    if !(0..=Objective::GRACE_MAX_S).contains(&record.grace_s) {
        return Err(of.wrong("grace_s", "is not 0 to 31 days"));
    }
    // The name is empty in an alert about a run alone.
    let objective = (!record.objective.is_empty()).then(|| ObjectiveSummary {
        name: record.objective.into_owned(),
        deadlines: match record.before {
            Some(cron_job) => DeadlineSummary::Before(cron_job.into_owned()),
            None => DeadlineSummary::CompleteBy(record.complete_by.into_owned()),
        },
        time_zone: record.time_zone.into_owned(),
        grace: TimeDelta::seconds(record.grace_s),
        severity: record.severity.read(),
        owner: record.owner.map(Text::into_owned),
        runbook: record.runbook.map(Text::into_owned),
        labels: LabelRecord::read(record.labels),
    });
    let body = record.body.read(of, &record.cluster)?;
    Ok(Alert {
        id: of.uuid("id", &record.id)?,
        key: BatchKey::new(record.cluster, record.namespace, record.batch),
        objective,
        decided_at: of.instant("decided_at", record.decided_at)?,
        cron_job: record.cron_job.read(),
        body,
    })
}

impl From<CronJobPresence> for PresenceRecord {
    fn from(presence: CronJobPresence) -> Self {
        match presence {
            CronJobPresence::Unrecorded => Self::Unknown,
            CronJobPresence::NotExpected => Self::NotExpected,
            CronJobPresence::NeverObserved => Self::NeverObserved,
            CronJobPresence::Deleted => Self::Deleted,
            CronJobPresence::Exists => Self::Exists,
        }
    }
}

impl PresenceRecord {
    fn read(self) -> CronJobPresence {
        match self {
            Self::Unknown => CronJobPresence::Unrecorded,
            Self::NotExpected => CronJobPresence::NotExpected,
            Self::NeverObserved => CronJobPresence::NeverObserved,
            Self::Deleted => CronJobPresence::Deleted,
            Self::Exists => CronJobPresence::Exists,
        }
    }
}

impl From<ResultOf> for ResultOfRecord {
    fn from(result_of: ResultOf) -> Self {
        match result_of {
            ResultOf::Undecided => Self::Unknown,
            ResultOf::MissedSlot => Self::MissedSlot,
            ResultOf::LaterSlot => Self::LaterSlot,
        }
    }
}

impl ResultOfRecord {
    fn read(self) -> ResultOf {
        match self {
            Self::Unknown => ResultOf::Undecided,
            Self::MissedSlot => ResultOf::MissedSlot,
            Self::LaterSlot => ResultOf::LaterSlot,
        }
    }
}

/// A trend as its two fields; no field: none was decided, and of a steady one the seconds are 0.
fn trend_fields(trend: Trend) -> (Option<i64>, bool) {
    match trend {
        Trend::Undecided => (None, false),
        Trend::Steady => (Some(0), false),
        Trend::Later { by, goes_on_missing } => (Some(by.num_seconds()), goes_on_missing),
    }
}

fn trend(of: FieldReader, later_by_s: Option<i64>, goes_on_missing: bool) -> Result<Trend, DecodeError> {
    Ok(match later_by_s {
        None => Trend::Undecided,
        Some(0) => Trend::Steady,
        Some(seconds @ 1..) => {
            let by = TimeDelta::try_seconds(seconds).ok_or_else(|| of.wrong("later_by_s", "is too long"))?;
            Trend::Later { by, goes_on_missing }
        }
        Some(_) => return Err(of.wrong("later_by_s", "is negative")),
    })
}

fn missed<'a>(
    (slot, incident, misses): (&Slot, Uuid, u32),
    cause: &'a Cause,
    run: Option<&'a RunSummary>,
    past: &[PastSuccess],
    trend: Trend,
) -> Body<'a> {
    let (later_by_s, goes_on_missing) = trend_fields(trend);
    Body::SlotMissed {
        slot: slot.into(),
        incident: incident.to_string().into(),
        misses: int(misses),
        cause: cause.into(),
        run: run.map(SummaryRecord::from),
        past: past.iter().map(PastSuccessRecord::from).collect(),
        unobserved_from: cause.gap().and_then(|gap| gap.from).map(Millis::from),
        unobserved_to: cause.gap().map(|gap| gap.to.into()),
        later_by_s,
        goes_on_missing,
        broken: match cause {
            Cause::Expectation(broken) => broken.iter().map(BrokenRecord::from).collect(),
            _ => Vec::new(),
        },
    }
}

fn failed_run<'a>(run: &'a RunSummary, failure: &'a Failure) -> Body<'a> {
    Body::FailedRun {
        run: run.into(),
        reason: text(&failure.reason),
        exit_code: failure.exit_code,
        attempts: int(failure.attempts),
        last_error: maybe_text(&failure.last_error),
    }
}

impl<'a> From<&'a AlertBody> for Body<'a> {
    fn from(body: &'a AlertBody) -> Self {
        match body {
            AlertBody::SlotMissed { slot, incident, misses, cause, run, past, trend } => {
                missed((slot, *incident, *misses), cause, run.as_ref(), past, *trend)
            }
            AlertBody::SlotRecovered { slot, incident, since, misses, ended_at, run, result_of } => {
                Self::SlotRecovered {
                    slot: slot.into(),
                    incident: incident.to_string().into(),
                    since: (*since).into(),
                    misses: int(*misses),
                    ended_at: (*ended_at).into(),
                    run: run.into(),
                    result_of: (*result_of).into(),
                }
            }
            AlertBody::SlotRetracted { slot, incident, misses, ended_at, run } => Self::SlotRetracted {
                slot: slot.into(),
                incident: incident.map(|incident| incident.to_string().into()),
                misses: int(*misses),
                ended_at: (*ended_at).into(),
                run: run.as_ref().map(SummaryRecord::from),
            },
            AlertBody::SlotUnknown { slot, since, slots, gap } => Self::SlotUnknown {
                slot: slot.into(),
                gap_from: gap.from.map(Millis::from),
                gap_to: gap.to.into(),
                since: (*slots > 1).then_some(*since).map(Millis::from),
                slots: int(*slots),
            },
            AlertBody::UnknownClosed { unknown, slot, since, slots, met, missed } => Self::UnknownClosed {
                unknown: unknown.to_string().into(),
                slot: slot.into(),
                since: (*since).into(),
                slots: int(*slots),
                met: int(*met),
                missed: int(*missed),
            },
            AlertBody::SlotAtRisk { slot, risk, run, past } => Self::SlotAtRisk {
                slot: slot.into(),
                risk: (*risk).into(),
                run: run.as_ref().map(SummaryRecord::from),
                past: past.iter().map(PastSuccessRecord::from).collect(),
            },
            AlertBody::RiskOver { slot, ended_at, run } => Self::RiskOver {
                slot: slot.into(),
                ended_at: ended_at.map(Millis::from),
                run: run.as_ref().map(SummaryRecord::from),
            },
            AlertBody::ExpectationBroken { slot, broken, run } => Self::ExpectationBroken {
                slot: slot.into(),
                broken: broken.iter().map(BrokenRecord::from).collect(),
                run: run.into(),
            },
            AlertBody::RunFailed { run, failure } => failed_run(run, failure),
            AlertBody::BudgetSpent { slot, is_all, budget } => {
                Self::BudgetSpent { slot: slot.into(), is_all: *is_all, budget: budget.into() }
            }
            AlertBody::ClusterSilent { since, objectives, next } => {
                Self::ClusterSilent(SilentRecord::of(*since, *objectives, next.as_ref()))
            }
            AlertBody::SilenceOver { silent, since, until, judged } => {
                Self::SilenceOver(SilenceOverRecord::of(*silent, *since, *until, judged))
            }
            AlertBody::ClusterStalled(report) => Self::ClusterStalled { report: report.into() },
            AlertBody::StallOver { stalled, since, until } => {
                Self::StallOver(StallOverRecord::of(*stalled, *since, *until))
            }
        }
    }
}

impl Body<'_> {
    fn read(self, of: FieldReader, cluster: &str) -> Result<AlertBody, DecodeError> {
        Ok(match self {
            Self::SlotMissed {
                slot,
                incident,
                misses,
                cause,
                run,
                past,
                unobserved_from,
                unobserved_to,
                later_by_s,
                goes_on_missing,
                broken: what,
            } => AlertBody::SlotMissed {
                slot: slot.read(of)?,
                incident: of.uuid("incident", &incident)?,
                misses: of.int("misses", misses)?,
                cause: cause_of(of, cause, what, (unobserved_from, unobserved_to))?,
                run: maybe_run(of, run)?,
                past: past_successes(of, past)?,
                trend: trend(of, later_by_s, goes_on_missing)?,
            },
            Self::SlotRecovered { slot, incident, since, misses, ended_at, run, result_of } => {
                AlertBody::SlotRecovered {
                    slot: slot.read(of)?,
                    incident: of.uuid("incident", &incident)?,
                    since: of.instant("since", since)?,
                    misses: of.int("misses", misses)?,
                    ended_at: of.instant("ended_at", ended_at)?,
                    run: run.read(of)?,
                    result_of: result_of.read(),
                }
            }
            Self::SlotRetracted { slot, incident, misses, ended_at, run } => {
                slot_retracted(of, slot.read(of)?, (incident, misses), ended_at, run)?
            }
            Self::SlotUnknown { slot, gap_from, gap_to, since, slots } => {
                slot_unknown(of, slot.read(of)?, (gap_from, gap_to), since, slots)?
            }
            Self::UnknownClosed { unknown, slot, since, slots, met, missed } => unknown_closed(
                of,
                of.uuid("unknown", &unknown)?,
                slot.read(of)?,
                since,
                [slots, met, missed],
            )?,
            Self::SlotAtRisk { slot, risk, run, past } => AlertBody::SlotAtRisk {
                slot: slot.read(of)?,
                risk: risk.read(of)?,
                run: maybe_run(of, run)?,
                past: past_successes(of, past)?,
            },
            Self::RiskOver { slot, ended_at, run } => AlertBody::RiskOver {
                slot: slot.read(of)?,
                ended_at: of.maybe_instant("ended_at", ended_at)?,
                run: maybe_run(of, run)?,
            },
            Self::ExpectationBroken { slot, broken, run } => expectation_broken(of, slot, broken, run)?,
            Self::FailedRun { run, reason, exit_code, attempts, last_error } => AlertBody::RunFailed {
                run: run.read(of)?,
                failure: failure(of, reason, exit_code, attempts, last_error)?,
            },
            Self::BudgetSpent { slot, is_all, budget } => {
                AlertBody::BudgetSpent { slot: slot.read(of)?, is_all, budget: budget.read(of)? }
            }
            Self::ClusterSilent(silent) => silent.read(of, cluster)?,
            Self::SilenceOver(over) => over.read(of)?,
            Self::ClusterStalled { report } => AlertBody::ClusterStalled(report.read(of)?),
            Self::StallOver(over) => over.read(of)?,
        })
    }
}

fn slot_retracted(
    of: FieldReader,
    slot: Slot,
    (incident, misses): (Option<Text<'_>>, i32),
    ended_at: Millis,
    run: Option<SummaryRecord<'_>>,
) -> Result<AlertBody, DecodeError> {
    Ok(AlertBody::SlotRetracted {
        slot,
        incident: of.maybe_uuid("incident", incident)?,
        misses: of.int("misses", misses)?,
        ended_at: of.instant("ended_at", ended_at)?,
        run: maybe_run(of, run)?,
    })
}

/// Unknown slots; of one alone no first one is written.
fn slot_unknown(
    of: FieldReader,
    slot: Slot,
    (gap_from, gap_to): (Option<Millis>, Millis),
    since: Option<Millis>,
    slots: i32,
) -> Result<AlertBody, DecodeError> {
    let from = of.maybe_instant("gap_from", gap_from)?;
    Ok(AlertBody::SlotUnknown {
        slot,
        since: of.maybe_instant("since", since)?.unwrap_or(slot.deadline),
        slots: of.int("slots", slots)?,
        gap: Gap::unwatched(from, of.instant("gap_to", gap_to)?),
    })
}

fn unknown_closed(
    of: FieldReader,
    unknown: Uuid,
    slot: Slot,
    since: Millis,
    [slots, met, missed]: [i32; 3],
) -> Result<AlertBody, DecodeError> {
    Ok(AlertBody::UnknownClosed {
        unknown,
        slot,
        since: of.instant("since", since)?,
        slots: of.int("slots", slots)?,
        met: of.int("met", met)?,
        missed: of.int("missed", missed)?,
    })
}

fn expectation_broken(
    of: FieldReader,
    slot: SlotRecord,
    what: Vec<BrokenRecord<'_>>,
    run: SummaryRecord<'_>,
) -> Result<AlertBody, DecodeError> {
    let (slot, broken, run) = (slot.read(of)?, broken(of, what)?, run.read(of)?);
    Ok(AlertBody::ExpectationBroken { slot, broken, run })
}

/// The cause, which two newer versions have in fields of their own.
fn cause_of(
    of: FieldReader,
    cause: CauseRecord<'_>,
    what: Vec<BrokenRecord<'_>>,
    (from, to): (Option<Millis>, Option<Millis>),
) -> Result<Cause, DecodeError> {
    let what = broken(of, what)?;
    if !what.is_empty() {
        return Ok(Cause::Expectation(what));
    }
    let from = of.maybe_instant("unobserved_from", from)?;
    let to = of.maybe_instant("unobserved_to", to)?;
    Ok(cause.read(of)?.hidden_by(to.map(|to| Gap::unwatched(from, to))))
}

fn broken(of: FieldReader, broken: Vec<BrokenRecord<'_>>) -> Result<Vec<Broken>, DecodeError> {
    broken.into_iter().map(|broken| broken.read(of)).collect()
}

fn maybe_run(of: FieldReader, run: Option<SummaryRecord<'_>>) -> Result<Option<RunSummary>, DecodeError> {
    run.map(|run| run.read(of)).transpose()
}

fn past_successes(of: FieldReader, past: Vec<PastSuccessRecord>) -> Result<Vec<PastSuccess>, DecodeError> {
    past.into_iter().map(|success| success.read(of)).collect()
}
