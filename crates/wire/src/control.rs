//! `kigen.control`: what processes announce and operators decide, to and from values.

use kigen_model::control::{Announcement, ControlRecord, Skip};
use kigen_model::topic::{Offset, Partition, Topic};
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::error::DecodeError;
use crate::fields::{FieldReader, Millis, Text, int, long, text};
use crate::level::Level;

const TOPIC: Topic = Topic::Control;

#[derive(Serialize, Deserialize)]
#[serde(rename = "Control")]
pub(crate) struct ControlWireRecord<'a> {
    body: Body<'a>,
}

#[derive(Serialize, Deserialize)]
enum Body<'a> {
    ProcessAnnounced {
        instance: Text<'a>,
        roles: Vec<Text<'a>>,
        version: Text<'a>,
        level: i32,
        newest_level: i32,
        announced_at: Millis,
    },
    RecordSkipped {
        topic: Text<'a>,
        partition: i32,
        offset: i64,
        author: Text<'a>,
        skipped_at: Millis,
    },
}

/// Encodes a control record as a record's value, in the version of a level.
pub fn encode_control(record: &ControlRecord, level: Level) -> Vec<u8> {
    let body = match record {
        ControlRecord::Process(Announcement {
            instance,
            roles,
            version,
            level,
            newest_level,
            announced_at,
        }) => Body::ProcessAnnounced {
            instance: text(instance),
            roles: roles.iter().map(|role| text(role)).collect(),
            version: text(version),
            level: int(*level),
            newest_level: int(*newest_level),
            announced_at: (*announced_at).into(),
        },
        ControlRecord::Skip(Skip { place: (topic, partition, offset), author, skipped_at }) => {
            Body::RecordSkipped {
                topic: text(topic.name()),
                partition: int(partition.0),
                offset: long(offset.0),
                author: text(author),
                skipped_at: (*skipped_at).into(),
            }
        }
    };
    codec::encode(TOPIC, level, &ControlWireRecord { body })
}

/// Decodes the control record of a record's value.
///
/// # Errors
/// The bytes are not a control record, or one that only a newer kigen knows.
pub fn decode_control(bytes: &[u8]) -> Result<ControlRecord, DecodeError> {
    let of = FieldReader(TOPIC);
    Ok(match codec::decode::<ControlWireRecord<'_>>(TOPIC, bytes)?.body {
        Body::ProcessAnnounced { instance, roles, version, level, newest_level, announced_at } => {
            ControlRecord::Process(Announcement {
                instance: instance.into_owned(),
                roles: roles.into_iter().map(Text::into_owned).collect(),
                version: version.into_owned(),
                level: of.int("level", level)?,
                newest_level: of.int("newest_level", newest_level)?,
                announced_at: of.instant("announced_at", announced_at)?,
            })
        }
        Body::RecordSkipped { topic, partition, offset, author, skipped_at } => {
            let known = Topic::ALL.into_iter().find(|known| known.name() == topic);
            let known = known.ok_or_else(|| of.wrong("topic", "is none of kigen's topics"))?;
            let partition = Partition(of.int("partition", partition)?);
            ControlRecord::Skip(Skip {
                place: (known, partition, Offset(of.long("offset", offset)?)),
                author: author.into_owned(),
                skipped_at: of.instant("skipped_at", skipped_at)?,
            })
        }
    })
}
