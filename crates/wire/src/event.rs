//! `kigen.events`: facts and the passing of a cluster's time to and from values.

use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, MuteChange};
use kigen_model::key::BatchKey;
use kigen_model::slot::Gap;
use kigen_model::topic::Topic;
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::error::DecodeError;
use crate::fields::{FieldReader, Millis, Text, long, text};
use crate::frame::Frame;
use crate::level::Level;
use crate::mute::MuteRecord;
use crate::shared::{AttemptRecord, CronJobRecord, ObjectiveRecord, RunRecord, revision};
use crate::stall::StallReportRecord;
use crate::stream_position::StreamPositionRecord;
use crate::working_days::WorkingDaysRecord;

const TOPIC: Topic = Topic::Events;

#[derive(Serialize, Deserialize)]
#[serde(rename = "Event")]
pub(crate) struct EventRecord<'a> {
    cluster: Text<'a>,
    namespace: Option<Text<'a>>,
    batch: Option<Text<'a>>,
    observed_at: Option<Millis>,
    #[serde(default)]
    cluster_uid: Option<Text<'a>>,
    body: Body<'a>,
}

#[derive(Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is taken apart at once")]
enum Body<'a> {
    CronJobObserved { uid: Text<'a>, resource_version: i64, cron_job: CronJobRecord<'a> },
    CronJobDeleted { uid: Text<'a>, resource_version: i64 },
    RunObserved { uid: Text<'a>, resource_version: i64, run: RunRecord<'a> },
    AttemptObserved { uid: Text<'a>, resource_version: i64, run_uid: Text<'a>, attempt: AttemptRecord<'a> },
    ObjectiveDeclared { name: Text<'a>, uid: Text<'a>, resource_version: i64, objective: ObjectiveRecord<'a> },
    ObjectiveWithdrawn { name: Text<'a>, uid: Text<'a>, resource_version: i64 },
    EpochBegan { epoch: i64, shipper: Text<'a> },
    Tick { epoch: i64, observed_until: Millis, positions: Vec<StreamPositionRecord<'a>> },
    Gap { epoch: i64, from: Option<Millis>, to: Millis },
    ClusterForgotten { epoch: i64, author: Text<'a> },
    CalendarDeclared { epoch: i64, name: Text<'a>, revision: i64, working_days: Option<WorkingDaysRecord> },
    MuteDeclared { id: Text<'a>, mute: MuteRecord<'a> },
    MuteEnded { id: Text<'a>, at: Millis, author: Text<'a> },
    ClusterStalled { epoch: i64, at: Millis, report: StallReportRecord<'a> },
    StallOver { epoch: i64, at: Millis },
}

/// The first version of the schema that has calendars.
const CALENDARS_VERSION: usize = 7;

/// Whether a level has events about calendars. At one that lacks them they are written in the oldest version that has them, at
/// which the readers stop for whom the level is held down.
#[must_use]
pub fn has_calendars(level: Level) -> bool {
    level.version(TOPIC) >= CALENDARS_VERSION
}

/// The first version of the schema that has mutes.
const MUTES_VERSION: usize = 7;

/// Whether a level has events about mutes.
#[must_use]
pub fn has_mutes(level: Level) -> bool {
    level.version(TOPIC) >= MUTES_VERSION
}

/// Encodes an event as a record's value, in the version of a level.
pub fn encode_event(event: &Event, level: Level) -> Vec<u8> {
    let record = match event {
        Event::Fact(fact) => EventRecord {
            cluster: text(&fact.key.cluster),
            namespace: Some(text(&fact.key.namespace)),
            batch: Some(text(&fact.key.batch)),
            observed_at: Some(fact.observed_at.into()),
            cluster_uid: None,
            body: of_fact(&fact.body),
        },
        Event::Cluster(event) => EventRecord {
            cluster: text(&event.cluster),
            namespace: None,
            batch: None,
            observed_at: None,
            cluster_uid: event.cluster_uid.as_deref().map(text),
            body: of_cluster(event),
        },
    };
    codec::encode(TOPIC, level, &record)
}

/// Decodes the event of a record's value.
///
/// # Errors
/// The bytes are not an event, or one that only a newer kigen knows.
pub fn decode_event(bytes: &[u8]) -> Result<Event, DecodeError> {
    let of = FieldReader(TOPIC);
    let EventRecord { cluster, namespace, batch, observed_at, cluster_uid, body } =
        codec::decode(TOPIC, bytes)?;
    let cluster = cluster.into_owned();
    let body = match decoded(of, body)? {
        Decoded::OfBatch(body) => body,
        Decoded::OfCluster(epoch, body) => {
            let cluster_uid = cluster_uid.map(Text::into_owned);
            return Ok(Event::Cluster(ClusterEvent { cluster, cluster_uid, epoch, body }));
        }
    };
    let absent = |field| of.wrong(field, "is absent in a fact");
    let key = BatchKey {
        cluster,
        namespace: namespace.ok_or_else(|| absent("namespace"))?.into_owned(),
        batch: batch.ok_or_else(|| absent("batch"))?.into_owned(),
    };
    let observed_at = of.maybe_instant("observed_at", observed_at)?;
    Ok(Event::Fact(Fact { key, observed_at: observed_at.ok_or_else(|| absent("observed_at"))?, body }))
}

/// The event of a record's value if a cluster is forgotten by it. Costs a hundredth of [`decode_event`] otherwise: of the
/// records of a cluster, nearly all are ticks.
pub fn decode_forgotten(bytes: &[u8]) -> Option<ClusterEvent> {
    // An older version without `cluster_uid` may have this number elsewhere.
    if body_index(bytes)? != FORGOTTEN_INDEX {
        return None;
    }
    match decode_event(bytes) {
        Ok(Event::Cluster(event)) if matches!(event.body, ClusterBody::Forgotten { .. }) => Some(event),
        Ok(_) | Err(_) => None,
    }
}

/// The place of `ClusterForgotten` in the union `body`.
const FORGOTTEN_INDEX: i64 = 9;

/// The index in the union `body`, by the layout of the newest version.
fn body_index(bytes: &[u8]) -> Option<i64> {
    let (_, mut datum) = Frame::of(bytes)?;
    skip_text(&mut datum)?;
    for _ in ["namespace", "batch"] {
        if long_of(&mut datum)? == 1 {
            skip_text(&mut datum)?;
        }
    }
    if long_of(&mut datum)? == 1 {
        let _observed_at = long_of(&mut datum)?;
    }
    if long_of(&mut datum)? == 1 {
        skip_text(&mut datum)?;
    }
    long_of(&mut datum)
}

/// Reads an Avro `long`: seven bits a byte, the least first, in zigzag.
fn long_of(datum: &mut &[u8]) -> Option<i64> {
    let mut bits = 0_u64;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, rest) = datum.split_first()?;
        *datum = rest;
        bits |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((bits >> 1).cast_signed() ^ -(bits & 1).cast_signed());
        }
    }
    None
}

fn skip_text(datum: &mut &[u8]) -> Option<()> {
    let bytes = usize::try_from(long_of(datum)?).ok()?;
    *datum = datum.get(bytes..)?;
    Some(())
}

fn of_fact(body: &FactBody) -> Body<'_> {
    match body {
        FactBody::CronJob { revision, cron_job } => {
            let (uid, resource_version) = (text(&revision.uid), long(revision.resource_version));
            match cron_job {
                Some(cron_job) => Body::CronJobObserved { uid, resource_version, cron_job: cron_job.into() },
                None => Body::CronJobDeleted { uid, resource_version },
            }
        }
        FactBody::Run { revision, run } => Body::RunObserved {
            uid: text(&revision.uid),
            resource_version: long(revision.resource_version),
            run: run.into(),
        },
        FactBody::Attempt { revision, run_uid, attempt } => Body::AttemptObserved {
            uid: text(&revision.uid),
            resource_version: long(revision.resource_version),
            run_uid: text(run_uid),
            attempt: attempt.into(),
        },
        FactBody::Objective { name, revision, objective } => {
            let (name, uid) = (text(name), text(&revision.uid));
            let resource_version = long(revision.resource_version);
            match objective {
                Some(objective) => {
                    Body::ObjectiveDeclared { name, uid, resource_version, objective: objective.into() }
                }
                None => Body::ObjectiveWithdrawn { name, uid, resource_version },
            }
        }
    }
}

fn of_cluster(event: &ClusterEvent) -> Body<'_> {
    let epoch = long(event.epoch);
    match &event.body {
        ClusterBody::Epoch { shipper } => Body::EpochBegan { epoch, shipper: text(shipper) },
        ClusterBody::Tick { observed_until, positions } => {
            let positions = positions.iter().map(StreamPositionRecord::from).collect();
            Body::Tick { epoch, observed_until: (*observed_until).into(), positions }
        }
        ClusterBody::Gap(gap) => Body::Gap { epoch, from: gap.from.map(Millis::from), to: gap.to.into() },
        ClusterBody::Calendar { name, revision, working_days } => Body::CalendarDeclared {
            epoch,
            name: text(name),
            revision: long(*revision),
            working_days: working_days.as_ref().map(WorkingDaysRecord::from),
        },
        ClusterBody::Mute { id, change: MuteChange::Declared(mute) } => {
            Body::MuteDeclared { id: text(id), mute: mute.into() }
        }
        ClusterBody::Mute { id, change: MuteChange::Ended { at, author } } => {
            Body::MuteEnded { id: text(id), at: (*at).into(), author: text(author) }
        }
        ClusterBody::Stalled { at, report } => {
            Body::ClusterStalled { epoch, at: (*at).into(), report: report.into() }
        }
        ClusterBody::StallOver { at } => Body::StallOver { epoch, at: (*at).into() },
        ClusterBody::Forgotten { author } => Body::ClusterForgotten { epoch, author: text(author) },
    }
}

/// What an event is about, with its body.
enum Decoded {
    OfBatch(FactBody),
    OfCluster(u64, ClusterBody),
}

fn decoded(of: FieldReader, body: Body<'_>) -> Result<Decoded, DecodeError> {
    Ok(Decoded::OfBatch(match body {
        Body::CronJobObserved { uid, resource_version, cron_job } => FactBody::CronJob {
            revision: revision(of, uid, resource_version)?,
            cron_job: Some(cron_job.read(of)?),
        },
        Body::CronJobDeleted { uid, resource_version } => {
            FactBody::CronJob { revision: revision(of, uid, resource_version)?, cron_job: None }
        }
        Body::RunObserved { uid, resource_version, run } => {
            FactBody::Run { revision: revision(of, uid, resource_version)?, run: run.read(of)? }
        }
        Body::AttemptObserved { uid, resource_version, run_uid, attempt } => FactBody::Attempt {
            revision: revision(of, uid, resource_version)?,
            run_uid: run_uid.into_owned(),
            attempt: attempt.read(of)?,
        },
        Body::ObjectiveDeclared { name, uid, resource_version, objective } => FactBody::Objective {
            name: name.into_owned(),
            revision: revision(of, uid, resource_version)?,
            objective: Some(objective.read(of)?),
        },
        Body::ObjectiveWithdrawn { name, uid, resource_version } => FactBody::Objective {
            name: name.into_owned(),
            revision: revision(of, uid, resource_version)?,
            objective: None,
        },
        Body::EpochBegan { epoch, shipper } => {
            let body = ClusterBody::Epoch { shipper: shipper.into_owned() };
            return Ok(Decoded::OfCluster(of.long("epoch", epoch)?, body));
        }
        Body::Tick { epoch, observed_until, positions } => {
            let body = ClusterBody::Tick {
                observed_until: of.instant("observed_until", observed_until)?,
                positions: positions
                    .into_iter()
                    .map(|position| position.read(of))
                    .collect::<Result<_, _>>()?,
            };
            return Ok(Decoded::OfCluster(of.long("epoch", epoch)?, body));
        }
        Body::Gap { epoch, from, to } => {
            let gap = Gap::unwatched(of.maybe_instant("from", from)?, of.instant("to", to)?);
            return Ok(Decoded::OfCluster(of.long("epoch", epoch)?, ClusterBody::Gap(gap)));
        }
        Body::CalendarDeclared { epoch, name, revision, working_days } => {
            let body = ClusterBody::Calendar {
                name: name.into_owned(),
                revision: of.long("revision", revision)?,
                working_days: working_days.map(|days| days.read(of)).transpose()?,
            };
            return Ok(Decoded::OfCluster(of.long("epoch", epoch)?, body));
        }
        Body::MuteDeclared { id, mute } => {
            return Ok(of_mute(id, MuteChange::Declared(mute.read(of)?)));
        }
        Body::MuteEnded { id, at, author } => {
            let change = MuteChange::Ended { at: of.instant("at", at)?, author: author.into_owned() };
            return Ok(of_mute(id, change));
        }
        Body::ClusterStalled { epoch, at, report } => {
            let body = ClusterBody::Stalled { at: of.instant("at", at)?, report: report.read(of)? };
            return of_epoch(of, epoch, body);
        }
        Body::StallOver { epoch, at } => {
            return of_epoch(of, epoch, ClusterBody::StallOver { at: of.instant("at", at)? });
        }
        Body::ClusterForgotten { epoch, author } => {
            return of_epoch(of, epoch, ClusterBody::Forgotten { author: author.into_owned() });
        }
    }))
}

fn of_epoch(of: FieldReader, epoch: i64, body: ClusterBody) -> Result<Decoded, DecodeError> {
    Ok(Decoded::OfCluster(of.long("epoch", epoch)?, body))
}

/// A change of a mute is of no epoch.
fn of_mute(id: Text<'_>, change: MuteChange) -> Decoded {
    Decoded::OfCluster(0, ClusterBody::Mute { id: id.into_owned(), change })
}
