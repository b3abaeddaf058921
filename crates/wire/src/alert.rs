//! `kigen.alerts`: what a person should know.

use apache_avro::types::Value;
use kigen_model::alert::{Alert, AlertBody, ObjectiveSummary};
use kigen_model::key::BatchKey;
use kigen_model::slot::{Cause, PastSuccess, RunSummary};
use kigen_model::topic::Topic;

use crate::codec;
use crate::error::DecodeError;
use crate::fields::{Fields, branch, instant, int, list, maybe, record, text, uuid};
use crate::shared::{attempt, of_attempt, of_run, of_severity, of_slot, run, severity, slot};

const TOPIC: Topic = Topic::Alerts;

/// An alert as a record's value.
pub fn encode_alert(alert: &Alert) -> Vec<u8> {
    let objective = &alert.objective;
    let datum = record([
        ("id", uuid(alert.id)),
        ("cluster", text(&alert.key.cluster)),
        ("namespace", text(&alert.key.namespace)),
        ("batch", text(&alert.key.batch)),
        ("objective", text(&objective.name)),
        ("complete_by", text(&objective.complete_by)),
        ("time_zone", text(&objective.time_zone)),
        ("severity", of_severity(objective.severity)),
        ("owner", maybe(objective.owner.as_deref().map(text))),
        ("runbook", maybe(objective.runbook.as_deref().map(text))),
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
    let mut fields = Fields::of(TOPIC, codec::decode(TOPIC, bytes)?)?;
    let key = BatchKey {
        cluster: fields.text("cluster")?,
        namespace: fields.text("namespace")?,
        batch: fields.text("batch")?,
    };
    let objective = ObjectiveSummary {
        name: fields.text("objective")?,
        complete_by: fields.text("complete_by")?,
        time_zone: fields.text("time_zone")?,
        severity: severity(&mut fields)?,
        owner: fields.maybe_text("owner")?,
        runbook: fields.maybe_text("runbook")?,
    };
    let (place, body) = fields.one_of("body")?;
    Ok(Alert {
        id: fields.uuid("id")?,
        key,
        objective,
        decided_at: fields.instant("decided_at")?,
        body: body_of(place, body)?,
    })
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
    }
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
        _ => return Err(body.wrong("body", "is of a kind this kigen does not know")),
    })
}

fn of_cause(cause: &Cause) -> Value {
    match cause {
        Cause::CronJobAbsent => branch(0, record([])),
        Cause::Suspended => branch(1, record([])),
        Cause::Failed { reason, exit_code, attempts, last_error } => branch(
            2,
            record([
                ("reason", text(reason)),
                ("exit_code", maybe(exit_code.map(Value::Int))),
                ("attempts", int(*attempts)),
                ("last_error", maybe(last_error.as_deref().map(text))),
            ]),
        ),
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
        2 => Cause::Failed {
            reason: cause.text("reason")?,
            exit_code: cause
                .maybe_signed("exit_code")?
                .map(|code| i32::try_from(code).map_err(|_| cause.wrong("exit_code", "is too large")))
                .transpose()?,
            attempts: cause.int("attempts")?,
            last_error: cause.maybe_text("last_error")?,
        },
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
