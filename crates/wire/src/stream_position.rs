//! The position of a watch stream to and from its record.

use kigen_model::event::StreamPosition;
use serde::{Deserialize, Serialize};

use crate::error::DecodeError;
use crate::fields::{FieldReader, Text, long, text};

#[derive(Serialize, Deserialize)]
#[serde(rename = "StreamPosition")]
pub(crate) struct StreamPositionRecord<'a> {
    stream: Text<'a>,
    resource_version: i64,
}

impl<'a> From<&'a StreamPosition> for StreamPositionRecord<'a> {
    fn from(position: &'a StreamPosition) -> Self {
        Self { stream: text(&position.stream), resource_version: long(position.resource_version) }
    }
}

impl StreamPositionRecord<'_> {
    pub(crate) fn read(self, of: FieldReader) -> Result<StreamPosition, DecodeError> {
        Ok(StreamPosition {
            stream: self.stream.into_owned(),
            resource_version: of.long("resource_version", self.resource_version)?,
        })
    }
}
