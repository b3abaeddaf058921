//! The records that several topics share: CronJobs, runs, attempts, objectives, slots.

use apache_avro::types::Value;
use chrono::TimeDelta;
use kigen_model::event::Revision;
use kigen_model::metrics::Metrics;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource, Schedule, Severity};
use kigen_model::run::{Attempt, AttemptPhase, CronJob, Run, RunPhase};
use kigen_model::slot::{Gap, Slot};

use crate::error::DecodeError;
use crate::fields::{Fields, branch, instant, int, list, long, maybe, record, symbol, text};

pub(crate) fn of_revision(revision: &Revision) -> [(&'static str, Value); 2] {
    [("uid", text(&revision.uid)), ("resource_version", long(revision.resource_version))]
}

pub(crate) fn revision(fields: &mut Fields) -> Result<Revision, DecodeError> {
    Ok(Revision { uid: fields.text("uid")?, resource_version: fields.long("resource_version")? })
}

pub(crate) fn of_cron_job(cron_job: &CronJob) -> Value {
    record([
        ("schedule", text(&cron_job.schedule)),
        ("time_zone", maybe(cron_job.time_zone.as_deref().map(text))),
        ("suspended", Value::Boolean(cron_job.suspended)),
        ("created_at", instant(cron_job.created_at)),
        ("last_scheduled_at", maybe(cron_job.last_scheduled_at.map(instant))),
        ("last_succeeded_at", maybe(cron_job.last_succeeded_at.map(instant))),
    ])
}

pub(crate) fn cron_job(mut fields: Fields) -> Result<CronJob, DecodeError> {
    Ok(CronJob {
        schedule: fields.text("schedule")?,
        time_zone: fields.maybe_text("time_zone")?,
        suspended: fields.boolean("suspended")?,
        created_at: fields.instant("created_at")?,
        last_scheduled_at: fields.maybe_instant("last_scheduled_at")?,
        last_succeeded_at: fields.maybe_instant("last_succeeded_at")?,
    })
}

pub(crate) fn of_run(run: &Run) -> Value {
    let phase = match &run.phase {
        RunPhase::Pending => branch(0, record([])),
        RunPhase::Running => branch(1, record([])),
        RunPhase::Suspended => branch(2, record([])),
        RunPhase::Succeeded { completed_at } => branch(3, record([("completed_at", instant(*completed_at))])),
        RunPhase::Failed { failed_at, reason, message } => branch(
            4,
            record([
                ("failed_at", instant(*failed_at)),
                ("reason", text(reason)),
                ("message", text(message)),
            ]),
        ),
        RunPhase::Deleted { observed_at } => branch(5, record([("observed_at", instant(*observed_at))])),
    };
    record([
        ("job", text(&run.job)),
        ("scheduled_at", maybe(run.scheduled_at.map(instant))),
        ("created_at", instant(run.created_at)),
        ("started_at", maybe(run.started_at.map(instant))),
        ("failed_pods", int(run.failed_pods)),
        ("phase", phase),
        ("slot", maybe(run.slot.map(|mark| text(&mark.to_string())))),
    ])
}

pub(crate) fn run(mut fields: Fields) -> Result<Run, DecodeError> {
    let (place, mut phase) = fields.one_of("phase")?;
    let phase = match place {
        0 => RunPhase::Pending,
        1 => RunPhase::Running,
        2 => RunPhase::Suspended,
        3 => RunPhase::Succeeded { completed_at: phase.instant("completed_at")? },
        4 => RunPhase::Failed {
            failed_at: phase.instant("failed_at")?,
            reason: phase.text("reason")?,
            message: phase.text("message")?,
        },
        5 => RunPhase::Deleted { observed_at: phase.instant("observed_at")? },
        _ => return Err(fields.wrong("phase", "is of a kind this kigen does not know")),
    };
    let slot = fields.maybe_text("slot")?.map(|mark| mark.parse()).transpose();
    Ok(Run {
        slot: slot.map_err(|_| fields.wrong("slot", "is neither a day nor an instant"))?,
        job: fields.text("job")?,
        scheduled_at: fields.maybe_instant("scheduled_at")?,
        created_at: fields.instant("created_at")?,
        started_at: fields.maybe_instant("started_at")?,
        phase,
        failed_pods: fields.int("failed_pods")?,
    })
}

pub(crate) fn of_attempt(attempt: &Attempt) -> Value {
    let words = |value: &Option<String>| maybe(value.as_deref().map(text));
    let phase = match &attempt.phase {
        AttemptPhase::Waiting { reason, message } => {
            branch(0, record([("reason", words(reason)), ("message", words(message))]))
        }
        AttemptPhase::Running { since } => branch(1, record([("since", maybe(since.map(instant)))])),
        AttemptPhase::Succeeded { finished_at } => {
            branch(2, record([("finished_at", maybe(finished_at.map(instant)))]))
        }
        AttemptPhase::Failed { finished_at, exit_code, reason, message } => branch(
            3,
            record([
                ("finished_at", maybe(finished_at.map(instant))),
                ("exit_code", maybe(exit_code.map(Value::Int))),
                ("reason", words(reason)),
                ("message", words(message)),
            ]),
        ),
    };
    record([
        ("pod", text(&attempt.pod)),
        ("node", words(&attempt.node)),
        ("restarts", int(attempt.restarts)),
        ("phase", phase),
        ("metrics", of_metrics(&attempt.metrics)),
    ])
}

fn of_metrics(metrics: &Metrics) -> Value {
    list(
        metrics
            .iter()
            .map(|(name, number)| record([("name", text(name)), ("value", Value::Double(number.value()))])),
    )
}

fn metrics(records: Vec<Fields>) -> Result<Metrics, DecodeError> {
    let number = |mut fields: Fields| Ok((fields.text("name")?, fields.double("value")?));
    Ok(Metrics::new(records.into_iter().map(number).collect::<Result<Vec<_>, _>>()?))
}

pub(crate) fn attempt(mut fields: Fields) -> Result<Attempt, DecodeError> {
    let (place, mut phase) = fields.one_of("phase")?;
    let phase = match place {
        0 => AttemptPhase::Waiting {
            reason: phase.maybe_text("reason")?,
            message: phase.maybe_text("message")?,
        },
        1 => AttemptPhase::Running { since: phase.maybe_instant("since")? },
        2 => AttemptPhase::Succeeded { finished_at: phase.maybe_instant("finished_at")? },
        3 => AttemptPhase::Failed {
            finished_at: phase.maybe_instant("finished_at")?,
            exit_code: phase.maybe_int("exit_code")?,
            reason: phase.maybe_text("reason")?,
            message: phase.maybe_text("message")?,
        },
        _ => return Err(fields.wrong("phase", "is of a kind this kigen does not know")),
    };
    Ok(Attempt {
        pod: fields.text("pod")?,
        node: fields.maybe_text("node")?,
        restarts: fields.int("restarts")?,
        phase,
        metrics: metrics(fields.records("metrics")?)?,
    })
}

pub(crate) fn of_severity(severity: Severity) -> Value {
    symbol(match severity {
        Severity::Warning => (1, "WARNING"),
        Severity::Fatal => (2, "FATAL"),
    })
}

/// A word this kigen does not know is taken for the loudest: better one message too loud than one unheard.
pub(crate) fn severity(fields: &mut Fields) -> Result<Severity, DecodeError> {
    Ok(match fields.symbol("severity")?.as_str() {
        "WARNING" => Severity::Warning,
        _ => Severity::Fatal,
    })
}

pub(crate) fn of_objective(objective: &Objective) -> Value {
    let source = match objective.source {
        ObjectiveSource::Annotation => (1, "ANNOTATION"),
        ObjectiveSource::File => (2, "FILE"),
    };
    let (crontab, before) = match &objective.deadlines {
        Deadlines::CompleteBy { crontab } => (crontab.as_str(), None),
        Deadlines::Before { namespace, cron_job, schedule } => {
            let zone = schedule.as_ref().and_then(|schedule| schedule.time_zone.as_deref());
            let before = record([
                ("namespace", text(namespace)),
                ("cron_job", text(cron_job)),
                ("schedule", maybe(schedule.as_ref().map(|schedule| text(&schedule.crontab)))),
                ("time_zone", maybe(zone.map(text))),
            ]);
            ("", Some(before))
        }
    };
    record([
        ("complete_by", text(crontab)),
        ("time_zone", maybe(objective.time_zone.as_deref().map(text))),
        ("grace_s", Value::Long(objective.grace.num_seconds())),
        ("settle_s", Value::Long(objective.settle.num_seconds())),
        ("severity", of_severity(objective.severity)),
        ("owner", maybe(objective.owner.as_deref().map(text))),
        ("runbook", maybe(objective.runbook.as_deref().map(text))),
        ("source", symbol(source)),
        ("is_of_jobs", Value::Boolean(objective.is_of_jobs)),
        ("freshness_s", maybe(objective.freshness.map(|freshness| Value::Long(freshness.num_seconds())))),
        ("starts", maybe(objective.starts.as_deref().map(text))),
        ("before", maybe(before)),
    ])
}

pub(crate) fn objective(mut fields: Fields) -> Result<Objective, DecodeError> {
    let span = |fields: &mut Fields, name: &str| match fields.signed(name)? {
        seconds @ 0..=Objective::GRACE_MAX_S => Ok(TimeDelta::seconds(seconds)),
        _ => Err(fields.wrong(name, "is not 0 to 31 days")),
    };
    let freshness = match fields.maybe_signed("freshness_s")? {
        None => None,
        Some(seconds @ 1..=Objective::FRESHNESS_MAX_S) => Some(TimeDelta::seconds(seconds)),
        Some(_) => return Err(fields.wrong("freshness_s", "is not 1 second to 366 days")),
    };
    let crontab = fields.text("complete_by")?;
    let deadlines = match fields.maybe_record("before")? {
        None => Deadlines::CompleteBy { crontab },
        Some(before) => self::before(before)?,
    };
    let source = match fields.symbol("source")?.as_str() {
        "FILE" => ObjectiveSource::File,
        _ => ObjectiveSource::Annotation,
    };
    Ok(Objective {
        is_of_jobs: fields.boolean("is_of_jobs")?,
        deadlines,
        time_zone: fields.maybe_text("time_zone")?,
        grace: span(&mut fields, "grace_s")?,
        settle: span(&mut fields, "settle_s")?,
        freshness,
        starts: fields.maybe_text("starts")?,
        severity: severity(&mut fields)?,
        owner: fields.maybe_text("owner")?,
        runbook: fields.maybe_text("runbook")?,
        source,
    })
}

fn before(mut fields: Fields) -> Result<Deadlines, DecodeError> {
    let time_zone = fields.maybe_text("time_zone")?;
    Ok(Deadlines::Before {
        namespace: fields.text("namespace")?,
        cron_job: fields.text("cron_job")?,
        schedule: fields.maybe_text("schedule")?.map(|crontab| Schedule { crontab, time_zone }),
    })
}

pub(crate) fn of_gap(gap: &Gap) -> [(&'static str, Value); 2] {
    [("gap_from", maybe(gap.from.map(instant))), ("gap_to", instant(gap.to))]
}

pub(crate) fn gap(fields: &mut Fields) -> Result<Gap, DecodeError> {
    Ok(Gap::unwatched(fields.maybe_instant("gap_from")?, fields.instant("gap_to")?))
}

pub(crate) fn of_slot(slot: &Slot) -> Value {
    record([
        ("from", instant(slot.from)),
        ("deadline", instant(slot.deadline)),
        ("whole", Value::Boolean(slot.whole)),
    ])
}

pub(crate) fn slot(mut fields: Fields) -> Result<Slot, DecodeError> {
    Ok(Slot {
        from: fields.instant("from")?,
        deadline: fields.instant("deadline")?,
        whole: fields.boolean("whole")?,
    })
}
