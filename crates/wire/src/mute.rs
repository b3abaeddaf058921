//! A mute, in events and in the position of a partition.

use chrono::TimeDelta;
use kigen_model::mute::{Mute, MuteScope, Repeat};
use serde::{Deserialize, Serialize};

use crate::error::DecodeError;
use crate::fields::{FieldReader, Millis, Text, text};

#[derive(Serialize, Deserialize)]
#[serde(rename = "Mute")]
pub(crate) struct MuteRecord<'a> {
    namespace: Option<Text<'a>>,
    batch: Option<Text<'a>>,
    objective: Option<Text<'a>>,
    owner: Option<Text<'a>>,
    from: Millis,
    until: Millis,
    repeats: Option<RepeatRecord<'a>>,
    author: Text<'a>,
    reason: Text<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Repeat")]
struct RepeatRecord<'a> {
    crontab: Text<'a>,
    time_zone: Text<'a>,
    length_s: i64,
}

impl<'a> From<&'a Mute> for MuteRecord<'a> {
    fn from(mute: &'a Mute) -> Self {
        let (namespace, batch, objective, owner) = match &mute.scope {
            MuteScope::Cluster => (None, None, None, None),
            MuteScope::Namespace(namespace) => (Some(namespace), None, None, None),
            MuteScope::Owner(owner) => (None, None, None, Some(owner)),
            MuteScope::Batch { namespace, batch } => (Some(namespace), Some(batch), None, None),
            MuteScope::Objective { namespace, batch, objective } => {
                (Some(namespace), Some(batch), Some(objective), None)
            }
        };
        let maybe = |value: Option<&'a String>| value.map(|value| text(value));
        Self {
            namespace: maybe(namespace),
            batch: maybe(batch),
            objective: maybe(objective),
            owner: maybe(owner),
            from: mute.from.into(),
            until: mute.until.into(),
            repeats: mute.repeats.as_ref().map(RepeatRecord::from),
            author: text(&mute.author),
            reason: text(&mute.reason),
        }
    }
}

impl<'a> From<&'a Repeat> for RepeatRecord<'a> {
    fn from(repeat: &'a Repeat) -> Self {
        Self {
            crontab: text(&repeat.crontab),
            time_zone: text(&repeat.time_zone),
            length_s: repeat.length.num_seconds(),
        }
    }
}

impl MuteRecord<'_> {
    pub(crate) fn read(self, of: FieldReader) -> Result<Mute, DecodeError> {
        let owned = |value: Option<Text<'_>>| value.map(Text::into_owned);
        let of_what = (owned(self.namespace), owned(self.batch), owned(self.objective), owned(self.owner));
        let scope = match of_what {
            (None, None, None, None) => MuteScope::Cluster,
            (None, None, None, Some(owner)) => MuteScope::Owner(owner),
            (Some(namespace), None, None, None) => MuteScope::Namespace(namespace),
            (Some(namespace), Some(batch), None, None) => MuteScope::Batch { namespace, batch },
            (Some(namespace), Some(batch), Some(objective), None) => {
                MuteScope::Objective { namespace, batch, objective }
            }
            _ => return Err(of.wrong("owner", "and namespace, batch and objective are no scope together")),
        };
        Ok(Mute {
            scope,
            from: of.instant("from", self.from)?,
            until: of.instant("until", self.until)?,
            repeats: self.repeats.map(|repeat| repeat.read(of)).transpose()?,
            author: self.author.into_owned(),
            reason: self.reason.into_owned(),
        })
    }
}

impl RepeatRecord<'_> {
    fn read(self, of: FieldReader) -> Result<Repeat, DecodeError> {
        let length = match self.length_s {
            seconds @ 1..=Mute::LENGTH_MAX_S => TimeDelta::seconds(seconds),
            _ => return Err(of.wrong("length_s", "is not from 1 second to 366 days")),
        };
        Ok(Repeat { crontab: self.crontab.into_owned(), time_zone: self.time_zone.into_owned(), length })
    }
}
