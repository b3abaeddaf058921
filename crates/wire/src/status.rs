//! `kigen.status`: the whole state of a batch, or how far a partition is judged.

use std::collections::BTreeMap;

use apache_avro::types::Value;
use kigen_engine::clock::ClusterClock;
use kigen_engine::partition::{Cursor, PartitionState};
use kigen_engine::state::{
    AttemptState, BatchState, CronJobState, Incident, Judged, JudgedSlot, ObjectiveState, OpenSlot, Plan,
    RunState, ScheduleEdit, Successor, Window,
};
use kigen_model::key::BatchKey;
use kigen_model::slot::{CauseKind, Excuse, Gap, Verdict};
use kigen_model::topic::{Offset, Topic};

use crate::codec;
use crate::error::DecodeError;
use crate::fields::{Fields, branch, instant, int, list, long, maybe, record, symbol, text, uuid};
use crate::shared::{
    attempt, cron_job, gap, objective, of_attempt, of_cron_job, of_gap, of_objective, of_revision, of_run,
    of_slot, revision, run, slot,
};

const TOPIC: Topic = Topic::Status;

/// One record of `kigen.status`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// The state of a batch.
    Batch(BatchState),
    /// How far the partition is judged.
    Position(PartitionState),
}

/// A batch's state as a record's value.
pub fn encode_batch(state: &BatchState) -> Vec<u8> {
    let body = record([
        ("cluster", text(&state.key.cluster)),
        ("namespace", text(&state.key.namespace)),
        ("batch", text(&state.key.batch)),
        ("cron_job", maybe(state.cron_job.as_ref().map(of_known_cron_job))),
        ("runs", list(state.runs.iter().map(of_known_run))),
        ("objectives", list(state.objectives.iter().map(|(name, known)| of_known_objective(name, known)))),
        ("since", maybe(state.since.map(instant))),
    ]);
    codec::encode(TOPIC, record([("body", branch(0, body))]))
}

/// A partition's position as a record's value.
pub fn encode_position(position: &PartitionState) -> Vec<u8> {
    let cursor = position.cursor.as_ref().map(|cursor| {
        record([
            ("due", instant(cursor.due)),
            ("cluster", text(&cursor.key.cluster)),
            ("namespace", text(&cursor.key.namespace)),
            ("batch", text(&cursor.key.batch)),
        ])
    });
    let clocks = position.clocks.iter().map(|(cluster, clock)| {
        record([
            ("cluster", text(cluster)),
            ("epoch", long(clock.epoch)),
            ("observed_until", maybe(clock.observed_until.map(instant))),
            ("gaps", list(clock.gaps.iter().map(of_known_gap))),
        ])
    });
    let body = record([
        ("next", long(position.next.0)),
        ("cursor", maybe(cursor)),
        ("clocks", list(clocks)),
        ("engine_version", int(position.engine_version)),
    ]);
    codec::encode(TOPIC, record([("body", branch(1, body))]))
}

/// The status that a record's value says.
///
/// # Errors
/// The bytes are no status, or one that only a newer kigen knows.
pub fn decode_status(bytes: &[u8]) -> Result<Status, DecodeError> {
    let mut fields = Fields::of(TOPIC, codec::decode(TOPIC, bytes)?.0)?;
    match fields.one_of("body")? {
        (0, body) => batch(body).map(Status::Batch),
        (1, body) => position(body).map(Status::Position),
        _ => Err(fields.wrong("body", "is of a kind this kigen does not know")),
    }
}

fn batch(mut body: Fields) -> Result<BatchState, DecodeError> {
    let key = key(&mut body)?;
    let runs = body.records("runs")?.into_iter().map(known_run).collect::<Result<_, _>>()?;
    let objectives = body.records("objectives")?.into_iter().map(known_objective);
    Ok(BatchState {
        key,
        cron_job: body.maybe_record("cron_job")?.map(known_cron_job).transpose()?,
        runs,
        objectives: objectives.collect::<Result<BTreeMap<_, _>, _>>()?,
        since: body.maybe_instant("since")?,
    })
}

fn position(mut body: Fields) -> Result<PartitionState, DecodeError> {
    let cursor = |mut cursor: Fields| Ok(Cursor { due: cursor.instant("due")?, key: key(&mut cursor)? });
    let clock = |mut clock: Fields| {
        let observed_until = clock.maybe_instant("observed_until")?;
        let gaps = clock.records("gaps")?.into_iter().map(known_gap).collect::<Result<_, _>>()?;
        Ok((clock.text("cluster")?, ClusterClock { epoch: clock.long("epoch")?, observed_until, gaps }))
    };
    Ok(PartitionState {
        next: Offset(body.long("next")?),
        cursor: body.maybe_record("cursor")?.map(cursor).transpose()?,
        clocks: body.records("clocks")?.into_iter().map(clock).collect::<Result<_, _>>()?,
        engine_version: body.int("engine_version")?,
    })
}

fn of_known_gap(gap: &Gap) -> Value {
    let from = maybe(gap.from.map(instant));
    record([("from", from), ("to", instant(gap.to)), ("is_of_log", Value::Boolean(gap.is_of_log))])
}

fn known_gap(mut fields: Fields) -> Result<Gap, DecodeError> {
    Ok(Gap {
        from: fields.maybe_instant("from")?,
        to: fields.instant("to")?,
        is_of_log: fields.boolean("is_of_log")?,
    })
}

fn key(fields: &mut Fields) -> Result<BatchKey, DecodeError> {
    Ok(BatchKey {
        cluster: fields.text("cluster")?,
        namespace: fields.text("namespace")?,
        batch: fields.text("batch")?,
    })
}

fn of_known_cron_job(known: &CronJobState) -> Value {
    let edits = known.edits.iter().map(|edit| {
        record([
            ("from", instant(edit.from)),
            ("schedule", text(&edit.schedule)),
            ("time_zone", maybe(edit.time_zone.as_deref().map(text))),
        ])
    });
    let [uid, version] = of_revision(&known.revision);
    record([
        uid,
        version,
        ("cron_job", of_cron_job(&known.cron_job)),
        ("deleted_at", maybe(known.deleted_at.map(instant))),
        ("edits", list(edits)),
        ("seen_at", maybe(known.seen_at.map(instant))),
    ])
}

fn known_cron_job(mut fields: Fields) -> Result<CronJobState, DecodeError> {
    let edit = |mut edit: Fields| {
        Ok(ScheduleEdit {
            from: edit.instant("from")?,
            schedule: edit.text("schedule")?,
            time_zone: edit.maybe_text("time_zone")?,
        })
    };
    Ok(CronJobState {
        revision: revision(&mut fields)?,
        cron_job: cron_job(fields.record("cron_job")?)?,
        deleted_at: fields.maybe_instant("deleted_at")?,
        edits: fields.records("edits")?.into_iter().map(edit).collect::<Result<_, _>>()?,
        seen_at: fields.maybe_instant("seen_at")?,
    })
}

fn of_known_run(known: &RunState) -> Value {
    let attempts = known.attempts.iter().map(|known| {
        let [uid, version] = of_revision(&known.revision);
        record([uid, version, ("attempt", of_attempt(&known.attempt))])
    });
    let [uid, version] = of_revision(&known.revision);
    record([uid, version, ("run", of_run(&known.run)), ("attempts", list(attempts))])
}

fn known_run(mut fields: Fields) -> Result<RunState, DecodeError> {
    let known = |mut known: Fields| {
        Ok(AttemptState { revision: revision(&mut known)?, attempt: attempt(known.record("attempt")?)? })
    };
    Ok(RunState {
        revision: revision(&mut fields)?,
        run: run(fields.record("run")?)?,
        attempts: fields.records("attempts")?.into_iter().map(known).collect::<Result<_, _>>()?,
    })
}

fn of_known_objective(name: &str, known: &ObjectiveState) -> Value {
    let successor = known.successor.as_ref().map(|successor| {
        record([
            ("objective", of_objective(&successor.objective)),
            ("edited_at", instant(successor.edited_at)),
        ])
    });
    let plan = match &known.plan {
        Plan::Open(open) => branch(0, of_open_slot(open)),
        Plan::Unresolved { reason } => branch(1, record([("reason", text(reason))])),
        Plan::Exhausted => branch(2, record([])),
        Plan::Withdrawn => branch(3, record([])),
    };
    let [uid, version] = of_revision(&known.revision);
    record([
        ("name", text(name)),
        uid,
        version,
        ("objective", of_objective(&known.objective)),
        ("successor", maybe(successor)),
        ("since", instant(known.since)),
        ("withdrawn_at", maybe(known.withdrawn_at.map(instant))),
        ("plan", plan),
        ("incident", maybe(known.incident.as_ref().map(of_incident))),
        ("verdicts", list(known.verdicts.iter().map(of_judged))),
        ("warned_of_no_fire", Value::Boolean(known.warned_of_no_fire)),
    ])
}

fn known_objective(mut fields: Fields) -> Result<(String, ObjectiveState), DecodeError> {
    let successor = |mut fields: Fields| {
        Ok(Successor {
            objective: objective(fields.record("objective")?)?,
            edited_at: fields.instant("edited_at")?,
        })
    };
    let plan = match fields.one_of("plan")? {
        (0, open) => Plan::Open(open_slot(open)?),
        (1, mut unresolved) => Plan::Unresolved { reason: unresolved.text("reason")? },
        (2, _) => Plan::Exhausted,
        (3, _) => Plan::Withdrawn,
        _ => return Err(fields.wrong("plan", "is of a kind this kigen does not know")),
    };
    let known = ObjectiveState {
        revision: revision(&mut fields)?,
        objective: objective(fields.record("objective")?)?,
        successor: fields.maybe_record("successor")?.map(successor).transpose()?,
        since: fields.instant("since")?,
        withdrawn_at: fields.maybe_instant("withdrawn_at")?,
        plan,
        incident: fields.maybe_record("incident")?.map(incident).transpose()?,
        verdicts: fields.records("verdicts")?.into_iter().map(judged).collect::<Result<_, _>>()?,
        warned_of_no_fire: fields.boolean("warned_of_no_fire")?,
    };
    Ok((fields.text("name")?, known))
}

fn of_open_slot(open: &OpenSlot) -> Value {
    record([
        ("slot", of_slot(&open.slot)),
        ("time_zone", text(&open.time_zone)),
        ("window", of_window(open.window)),
        ("met_at", maybe(open.met_at.map(instant))),
    ])
}

fn open_slot(mut fields: Fields) -> Result<OpenSlot, DecodeError> {
    let window = window(&mut fields)?;
    Ok(OpenSlot {
        slot: slot(fields.record("slot")?)?,
        time_zone: fields.text("time_zone")?,
        window,
        met_at: fields.maybe_instant("met_at")?,
    })
}

fn of_window(window: Window) -> Value {
    match window {
        Window::NoFire => branch(0, record([])),
        Window::Fires { opens, closes } => {
            branch(1, record([("opens", instant(opens)), ("closes", maybe(closes.map(instant)))]))
        }
        Window::Slot => branch(2, record([])),
        Window::Fresh { after } => branch(3, record([("after", instant(after))])),
    }
}

fn window(fields: &mut Fields) -> Result<Window, DecodeError> {
    Ok(match fields.one_of("window")? {
        (0, _) => Window::NoFire,
        (1, mut fires) => {
            Window::Fires { opens: fires.instant("opens")?, closes: fires.maybe_instant("closes")? }
        }
        (2, _) => Window::Slot,
        (3, mut fresh) => Window::Fresh { after: fresh.instant("after")? },
        _ => return Err(fields.wrong("window", "is of a kind this kigen does not know")),
    })
}

fn of_incident(incident: &Incident) -> Value {
    record([
        ("id", uuid(incident.id)),
        ("since", instant(incident.since)),
        ("misses", int(incident.misses)),
        ("last", of_slot(&incident.last)),
        ("opens", instant(incident.opens)),
    ])
}

fn incident(mut fields: Fields) -> Result<Incident, DecodeError> {
    Ok(Incident {
        id: fields.uuid("id")?,
        since: fields.instant("since")?,
        misses: fields.int("misses")?,
        last: slot(fields.record("last")?)?,
        opens: fields.instant("opens")?,
    })
}

fn of_judged(judged: &Judged) -> Value {
    let verdict = match judged.verdict {
        Verdict::Met { ended_at } => branch(0, record([("ended_at", instant(ended_at))])),
        Verdict::Missed(cause) => branch(1, record([("cause", symbol(of_cause_kind(cause)))])),
        Verdict::Excused(excuse) => {
            let excuse = match excuse {
                Excuse::NoFire => (1, "NO_FIRE"),
                Excuse::Partial => (2, "PARTIAL"),
            };
            branch(2, record([("excuse", symbol(excuse))]))
        }
        Verdict::Unknown(gap) => {
            let [from, to] = of_gap(&gap);
            branch(3, record([from, to, ("is_of_log", Value::Boolean(gap.is_of_log))]))
        }
    };
    let slot = judged.judged.as_ref().map(|judged| {
        record([
            ("slot", of_slot(&judged.slot)),
            ("window", of_window(judged.window)),
            ("until", instant(judged.until)),
            ("incident", maybe(judged.incident.map(uuid))),
        ])
    });
    record([("deadline", instant(judged.deadline)), ("verdict", verdict), ("judged", maybe(slot))])
}

fn judged(mut fields: Fields) -> Result<Judged, DecodeError> {
    let unknown = "is of a kind this kigen does not know";
    let verdict = match fields.one_of("verdict")? {
        (0, mut met) => Verdict::Met { ended_at: met.instant("ended_at")? },
        (1, mut missed) => {
            let cause = cause_kind(&missed.symbol("cause")?);
            Verdict::Missed(cause.ok_or_else(|| fields.wrong("cause", unknown))?)
        }
        (2, mut excused) => match excused.symbol("excuse")?.as_str() {
            "NO_FIRE" => Verdict::Excused(Excuse::NoFire),
            "PARTIAL" => Verdict::Excused(Excuse::Partial),
            _ => return Err(fields.wrong("excuse", unknown)),
        },
        (3, mut of) => {
            let is_of_log = of.boolean("is_of_log")?;
            Verdict::Unknown(Gap { is_of_log, ..gap(&mut of)? })
        }
        _ => return Err(fields.wrong("verdict", unknown)),
    };
    let slot = |mut of: Fields| {
        Ok(JudgedSlot {
            slot: slot(of.record("slot")?)?,
            window: window(&mut of)?,
            until: of.instant("until")?,
            incident: of.maybe_uuid("incident")?,
        })
    };
    let judged = fields.maybe_record("judged")?.map(slot).transpose()?;
    Ok(Judged { deadline: fields.instant("deadline")?, verdict, judged })
}

fn of_cause_kind(cause: CauseKind) -> (u32, &'static str) {
    match cause {
        CauseKind::CronJobAbsent => (1, "CRON_JOB_ABSENT"),
        CauseKind::Suspended => (2, "SUSPENDED"),
        CauseKind::Failed => (3, "FAILED"),
        CauseKind::StillRunning => (4, "STILL_RUNNING"),
        CauseKind::Pending => (5, "PENDING"),
        CauseKind::NeverStarted => (6, "NEVER_STARTED"),
    }
}

fn cause_kind(symbol: &str) -> Option<CauseKind> {
    Some(match symbol {
        "CRON_JOB_ABSENT" => CauseKind::CronJobAbsent,
        "SUSPENDED" => CauseKind::Suspended,
        "FAILED" => CauseKind::Failed,
        "STILL_RUNNING" => CauseKind::StillRunning,
        "PENDING" => CauseKind::Pending,
        "NEVER_STARTED" => CauseKind::NeverStarted,
        _ => return None,
    })
}
