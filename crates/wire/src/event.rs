//! `kigen.events`: facts and the passing of a cluster's time.

use apache_avro::types::Value;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, StreamPosition};
use kigen_model::key::BatchKey;
use kigen_model::slot::Gap;
use kigen_model::topic::Topic;

use crate::codec;
use crate::error::DecodeError;
use crate::fields::{Fields, branch, instant, list, long, maybe, record, text};
use crate::shared::{
    attempt, cron_job, objective, of_attempt, of_cron_job, of_objective, of_revision, of_run, revision, run,
};

const TOPIC: Topic = Topic::Events;

/// An event as a record's value.
pub fn encode_event(event: &Event) -> Vec<u8> {
    let datum = match event {
        Event::Fact(fact) => record([
            ("cluster", text(&fact.key.cluster)),
            ("namespace", maybe(Some(text(&fact.key.namespace)))),
            ("batch", maybe(Some(text(&fact.key.batch)))),
            ("observed_at", maybe(Some(instant(fact.observed_at)))),
            ("body", of_fact(&fact.body)),
        ]),
        Event::Cluster(event) => record([
            ("cluster", text(&event.cluster)),
            ("namespace", maybe(None)),
            ("batch", maybe(None)),
            ("observed_at", maybe(None)),
            ("body", of_cluster(event)),
        ]),
    };
    codec::encode(TOPIC, datum)
}

/// The event that a record's value says.
///
/// # Errors
/// The bytes are no event, or one that only a newer kigen knows.
pub fn decode_event(bytes: &[u8]) -> Result<Event, DecodeError> {
    let mut fields = Fields::of(TOPIC, codec::decode(TOPIC, bytes)?.0)?;
    let cluster = fields.text("cluster")?;
    let (place, mut body) = fields.one_of("body")?;
    if let Some(body) = cluster_body(place, &mut body)? {
        return Ok(Event::Cluster(ClusterEvent { cluster, epoch: body.0, body: body.1 }));
    }
    let absent = "is absent in a fact";
    let namespace = fields.maybe_text("namespace")?.ok_or_else(|| fields.wrong("namespace", absent))?;
    let batch = fields.maybe_text("batch")?.ok_or_else(|| fields.wrong("batch", absent))?;
    let observed_at =
        fields.maybe_instant("observed_at")?.ok_or_else(|| fields.wrong("observed_at", absent))?;
    let body = fact_body(place, body)?;
    Ok(Event::Fact(Fact { key: BatchKey { cluster, namespace, batch }, observed_at, body }))
}

fn of_fact(body: &FactBody) -> Value {
    match body {
        FactBody::CronJob { revision, cron_job: Some(cron_job) } => {
            let [uid, version] = of_revision(revision);
            branch(0, record([uid, version, ("cron_job", of_cron_job(cron_job))]))
        }
        FactBody::CronJob { revision, cron_job: None } => branch(1, record(of_revision(revision))),
        FactBody::Run { revision, run } => {
            let [uid, version] = of_revision(revision);
            branch(2, record([uid, version, ("run", of_run(run))]))
        }
        FactBody::Attempt { revision, run_uid, attempt } => {
            let [uid, version] = of_revision(revision);
            branch(3, record([uid, version, ("run_uid", text(run_uid)), ("attempt", of_attempt(attempt))]))
        }
        FactBody::Objective { name, revision, objective: Some(objective) } => {
            let [uid, version] = of_revision(revision);
            branch(4, record([("name", text(name)), uid, version, ("objective", of_objective(objective))]))
        }
        FactBody::Objective { name, revision, objective: None } => {
            let [uid, version] = of_revision(revision);
            branch(5, record([("name", text(name)), uid, version]))
        }
    }
}

fn of_cluster(event: &ClusterEvent) -> Value {
    let epoch = ("epoch", long(event.epoch));
    match &event.body {
        ClusterBody::Epoch { shipper } => branch(6, record([epoch, ("shipper", text(shipper))])),
        ClusterBody::Tick { observed_until, positions } => {
            let positions = positions.iter().map(|position| {
                record([
                    ("stream", text(&position.stream)),
                    ("resource_version", long(position.resource_version)),
                ])
            });
            let positions = list(positions);
            branch(7, record([epoch, ("observed_until", instant(*observed_until)), ("positions", positions)]))
        }
        ClusterBody::Gap(gap) => {
            branch(8, record([epoch, ("from", maybe(gap.from.map(instant))), ("to", instant(gap.to))]))
        }
    }
}

/// The epoch and the body of a cluster's event; `None`: the union holds a fact.
fn cluster_body(place: u32, body: &mut Fields) -> Result<Option<(u64, ClusterBody)>, DecodeError> {
    let said = match place {
        6 => ClusterBody::Epoch { shipper: body.text("shipper")? },
        7 => {
            let position = |mut position: Fields| {
                Ok(StreamPosition {
                    stream: position.text("stream")?,
                    resource_version: position.long("resource_version")?,
                })
            };
            ClusterBody::Tick {
                observed_until: body.instant("observed_until")?,
                positions: body.records("positions")?.into_iter().map(position).collect::<Result<_, _>>()?,
            }
        }
        8 => ClusterBody::Gap(Gap::unwatched(body.maybe_instant("from")?, body.instant("to")?)),
        _ => return Ok(None),
    };
    Ok(Some((body.long("epoch")?, said)))
}

fn fact_body(place: u32, mut body: Fields) -> Result<FactBody, DecodeError> {
    let revision = revision(&mut body)?;
    Ok(match place {
        0 => FactBody::CronJob { revision, cron_job: Some(cron_job(body.record("cron_job")?)?) },
        1 => FactBody::CronJob { revision, cron_job: None },
        2 => FactBody::Run { revision, run: run(body.record("run")?)? },
        3 => FactBody::Attempt {
            revision,
            run_uid: body.text("run_uid")?,
            attempt: attempt(body.record("attempt")?)?,
        },
        4 => FactBody::Objective {
            name: body.text("name")?,
            revision,
            objective: Some(objective(body.record("objective")?)?),
        },
        5 => FactBody::Objective { name: body.text("name")?, revision, objective: None },
        _ => return Err(body.wrong("body", "is of a kind this kigen does not know")),
    })
}
