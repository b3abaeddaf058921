//! The fields of records, and how they become values of the model.
//!
//! A record is a struct of this crate whose names follow its schema: an optional field is a union with null, an enum is a
//! union of records (or an Avro enum, if its variants have no fields) in the order of the variants. A field that the writer's
//! schema did not have yet is absent, empty or false.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, Utc};
use kigen_model::Instant;
use kigen_model::topic::Topic;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::DecodeError;

/// The last year of an event: the last that RFC 3339 can represent. What is computed from it, such as the next deadline, may
/// be some years later, and never overflows.
const YEAR_MAX: i32 = 9999;

/// A text: borrowed from the model when it is encoded, owned when it was decoded.
pub(crate) type Text<'a> = Cow<'a, str>;

/// An instant, in milliseconds since 1970 UTC.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Millis(i64);

impl From<Instant> for Millis {
    fn from(at: Instant) -> Self {
        Self(at.timestamp_millis())
    }
}

/// A text of the model.
pub(crate) fn text(text: &str) -> Text<'_> {
    Cow::Borrowed(text)
}

/// A text that may be absent.
pub(crate) fn maybe_text(text: &Option<String>) -> Option<Text<'_>> {
    text.as_deref().map(Cow::Borrowed)
}

/// An unsigned number: Avro has only signed types.
pub(crate) fn long(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A small unsigned number.
pub(crate) fn int(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Checks values that the schema allows and the model may not.
#[derive(Clone, Copy)]
pub(crate) struct FieldReader(pub(crate) Topic);

impl FieldReader {
    pub(crate) fn instant(self, field: &str, at: Millis) -> Result<Instant, DecodeError> {
        DateTime::<Utc>::from_timestamp_millis(at.0)
            .filter(|at| self.0 != Topic::Events || (1..=YEAR_MAX).contains(&at.year()))
            .ok_or_else(|| self.wrong(field, "is not within the years 1 to 9999"))
    }

    pub(crate) fn maybe_instant(
        self,
        field: &str,
        at: Option<Millis>,
    ) -> Result<Option<Instant>, DecodeError> {
        at.map(|at| self.instant(field, at)).transpose()
    }

    pub(crate) fn long(self, field: &str, number: i64) -> Result<u64, DecodeError> {
        u64::try_from(number).map_err(|_| self.wrong(field, "is negative"))
    }

    pub(crate) fn int(self, field: &str, number: i32) -> Result<u32, DecodeError> {
        u32::try_from(number).map_err(|_| self.wrong(field, "is negative"))
    }

    pub(crate) fn uuid(self, field: &str, id: &str) -> Result<Uuid, DecodeError> {
        Uuid::parse_str(id).map_err(|_| self.wrong(field, "is no UUID"))
    }

    pub(crate) fn maybe_uuid(self, field: &str, id: Option<Text<'_>>) -> Result<Option<Uuid>, DecodeError> {
        id.map(|id| self.uuid(field, &id)).transpose()
    }

    /// The error of a field with an invalid value.
    pub(crate) fn wrong(self, field: &str, problem: &'static str) -> DecodeError {
        DecodeError::Field { topic: self.0, field: field.to_owned(), problem }
    }
}
