//! `kigen.alerts`: what a person should know.

use apache_avro::types::Value;
use kigen_model::alert::{Alert, AlertBody, DeadlineWords, ObjectiveSummary};
use kigen_model::key::BatchKey;
use kigen_model::slot::{Cause, Failure, PastSuccess, RunSummary};
use kigen_model::topic::Topic;

use crate::codec;
use crate::error::DecodeError;
use crate::fields::{Fields, branch, instant, int, list, maybe, record, symbol, text, uuid};
use crate::shared::{attempt, gap, of_attempt, of_gap, of_run, of_severity, of_slot, run, severity, slot};

const TOPIC: Topic = Topic::Alerts;

/// An alert as a record's value.
pub fn encode_alert(alert: &Alert) -> Vec<u8> {
    let objective = alert.objective.as_ref();
    let (complete_by, before) = match objective.map(|objective| &objective.deadlines) {
        Some(DeadlineWords::CompleteBy(crontab)) => (crontab.as_str(), None),
        Some(DeadlineWords::Before(cron_job)) => ("", Some(text(cron_job))),
        None => ("", None),
    };
    let word = |of: fn(&ObjectiveSummary) -> &String| text(objective.map_or("", |objective| of(objective)));
    let link = |of: fn(&ObjectiveSummary) -> &Option<String>| {
        maybe(objective.and_then(|objective| of(objective).as_deref()).map(text))
    };
    let datum = record([
        ("id", uuid(alert.id)),
        ("cluster", text(&alert.key.cluster)),
        ("namespace", text(&alert.key.namespace)),
        ("batch", text(&alert.key.batch)),
        ("objective", word(|objective| &objective.name)),
        ("complete_by", text(complete_by)),
        ("time_zone", word(|objective| &objective.time_zone)),
        ("before", maybe(before)),
        ("severity", objective.map_or(symbol((0, "UNKNOWN")), |objective| of_severity(objective.severity))),
        ("owner", link(|objective| &objective.owner)),
        ("runbook", link(|objective| &objective.runbook)),
        ("decided_at", instant(alert.decided_at)),
        ("body", of_body(&alert.body)),
    ]);
    codec::encode(TOPIC, datum)
}

/// The alert that a record's value says.
///
/// # Errors
/// The bytes are no alert, or one that only a newer kigen knows.
pub fn decode_alert(bytes: &[u8]) -> Result<Alert, DecodeError> {
    let mut fields = Fields::of(TOPIC, codec::decode(TOPIC, bytes)?.0)?;
    let key = BatchKey {
        cluster: fields.text("cluster")?,
        namespace: fields.text("namespace")?,
        batch: fields.text("batch")?,
    };
    let objective = objective(&mut fields)?;
    let (place, body) = fields.one_of("body")?;
    Ok(Alert {
        id: fields.uuid("id")?,
        key,
        objective,
        decided_at: fields.instant("decided_at")?,
        body: body_of(place, body)?,
    })
}

/// The objective as the alert tells of it; an alert about a run alone has no name there.
fn objective(fields: &mut Fields) -> Result<Option<ObjectiveSummary>, DecodeError> {
    let name = fields.text("objective")?;
    if name.is_empty() {
        return Ok(None);
    }
    let complete_by = fields.text("complete_by")?;
    let deadlines = match fields.maybe_text("before")? {
        Some(cron_job) => DeadlineWords::Before(cron_job),
        None => DeadlineWords::CompleteBy(complete_by),
    };
    Ok(Some(ObjectiveSummary {
        name,
        deadlines,
        time_zone: fields.text("time_zone")?,
        severity: severity(fields)?,
        owner: fields.maybe_text("owner")?,
        runbook: fields.maybe_text("runbook")?,
    }))
}

fn of_body(body: &AlertBody) -> Value {
    match body {
        AlertBody::SlotMissed { slot, incident, misses, cause, run, past } => {
            let past = past.iter().map(|success| {
                record([
                    ("nominal_start", instant(success.nominal_start)),
                    ("ended_at", instant(success.ended_at)),
                ])
            });
            branch(
                0,
                record([
                    ("slot", of_slot(slot)),
                    ("incident", uuid(*incident)),
                    ("misses", int(*misses)),
                    ("cause", of_cause(cause)),
                    ("run", maybe(run.as_ref().map(of_summary))),
                    ("past", list(past)),
                ]),
            )
        }
        AlertBody::SlotRecovered { slot, incident, since, misses, ended_at, run } => branch(
            1,
            record([
                ("slot", of_slot(slot)),
                ("incident", uuid(*incident)),
                ("since", instant(*since)),
                ("misses", int(*misses)),
                ("ended_at", instant(*ended_at)),
                ("run", of_summary(run)),
            ]),
        ),
        AlertBody::SlotRetracted { slot, incident, misses, ended_at, run } => branch(
            2,
            record([
                ("slot", of_slot(slot)),
                ("incident", maybe(incident.map(uuid))),
                ("misses", int(*misses)),
                ("ended_at", instant(*ended_at)),
                ("run", maybe(run.as_ref().map(of_summary))),
            ]),
        ),
        AlertBody::SlotUnknown { slot, gap } => {
            let [from, to] = of_gap(gap);
            branch(3, record([("slot", of_slot(slot)), from, to]))
        }
        AlertBody::RunFailed { run, failure } => {
            let [reason, exit_code, attempts, last_error] = of_failure(failure);
            branch(4, record([("run", of_summary(run)), reason, exit_code, attempts, last_error]))
        }
    }
}

fn of_failure(failure: &Failure) -> [(&'static str, Value); 4] {
    [
        ("reason", text(&failure.reason)),
        ("exit_code", maybe(failure.exit_code.map(Value::Int))),
        ("attempts", int(failure.attempts)),
        ("last_error", maybe(failure.last_error.as_deref().map(text))),
    ]
}

fn failure(fields: &mut Fields) -> Result<Failure, DecodeError> {
    Ok(Failure {
        reason: fields.text("reason")?,
        exit_code: fields.maybe_int("exit_code")?,
        attempts: fields.int("attempts")?,
        last_error: fields.maybe_text("last_error")?,
    })
}

fn body_of(place: u32, mut body: Fields) -> Result<AlertBody, DecodeError> {
    Ok(match place {
        0 => {
            let success = |mut success: Fields| {
                Ok(PastSuccess {
                    nominal_start: success.instant("nominal_start")?,
                    ended_at: success.instant("ended_at")?,
                })
            };
            let (kind, cause) = body.one_of("cause")?;
            AlertBody::SlotMissed {
                slot: slot(body.record("slot")?)?,
                incident: body.uuid("incident")?,
                misses: body.int("misses")?,
                cause: cause_of(kind, cause)?,
                run: body.maybe_record("run")?.map(summary).transpose()?,
                past: body.records("past")?.into_iter().map(success).collect::<Result<_, _>>()?,
            }
        }
        1 => AlertBody::SlotRecovered {
            slot: slot(body.record("slot")?)?,
            incident: body.uuid("incident")?,
            since: body.instant("since")?,
            misses: body.int("misses")?,
            ended_at: body.instant("ended_at")?,
            run: summary(body.record("run")?)?,
        },
        2 => AlertBody::SlotRetracted {
            slot: slot(body.record("slot")?)?,
            incident: body.maybe_uuid("incident")?,
            misses: body.int("misses")?,
            ended_at: body.instant("ended_at")?,
            run: body.maybe_record("run")?.map(summary).transpose()?,
        },
        3 => AlertBody::SlotUnknown { slot: slot(body.record("slot")?)?, gap: gap(&mut body)? },
        4 => AlertBody::RunFailed { run: summary(body.record("run")?)?, failure: failure(&mut body)? },
        _ => return Err(body.wrong("body", "is of a kind this kigen does not know")),
    })
}

fn of_cause(cause: &Cause) -> Value {
    match cause {
        Cause::CronJobAbsent => branch(0, record([])),
        Cause::Suspended => branch(1, record([])),
        Cause::Failed(failure) => branch(2, record(of_failure(failure))),
        Cause::StillRunning { since } => branch(3, record([("since", instant(*since))])),
        Cause::Pending { since, why } => {
            branch(4, record([("since", instant(*since)), ("why", maybe(why.as_deref().map(text)))]))
        }
        Cause::NeverStarted { expected_at } => branch(5, record([("expected_at", instant(*expected_at))])),
    }
}

fn cause_of(place: u32, mut cause: Fields) -> Result<Cause, DecodeError> {
    Ok(match place {
        0 => Cause::CronJobAbsent,
        1 => Cause::Suspended,
        2 => Cause::Failed(failure(&mut cause)?),
        3 => Cause::StillRunning { since: cause.instant("since")? },
        4 => Cause::Pending { since: cause.instant("since")?, why: cause.maybe_text("why")? },
        5 => Cause::NeverStarted { expected_at: cause.instant("expected_at")? },
        _ => return Err(cause.wrong("cause", "is of a kind this kigen does not know")),
    })
}

fn of_summary(summary: &RunSummary) -> Value {
    record([
        ("uid", text(&summary.uid)),
        ("run", of_run(&summary.run)),
        ("last_attempt", maybe(summary.last_attempt.as_ref().map(of_attempt))),
    ])
}

fn summary(mut fields: Fields) -> Result<RunSummary, DecodeError> {
    Ok(RunSummary {
        uid: fields.text("uid")?,
        run: run(fields.record("run")?)?,
        last_attempt: fields.maybe_record("last_attempt")?.map(attempt).transpose()?,
    })
}
