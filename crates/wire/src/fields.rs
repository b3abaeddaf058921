//! Small builders and readers of Avro values, so that the records' files say only what is in them.

use apache_avro::types::Value;
use chrono::{DateTime, Datelike, Utc};
use kigen_model::Instant;
use kigen_model::topic::Topic;
use uuid::Uuid;

use crate::error::DecodeError;

/// The last year of an event: the last that RFC 3339 can write. What is reckoned from it, such as the next deadline, may be
/// some years beyond, and never overflows.
const YEAR_MAX: i32 = 9999;

/// A record of these fields, in the schema's order.
pub(crate) fn record<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

pub(crate) fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

pub(crate) fn instant(at: Instant) -> Value {
    Value::TimestampMillis(at.timestamp_millis())
}

pub(crate) fn int(number: u32) -> Value {
    Value::Int(i32::try_from(number).unwrap_or(i32::MAX))
}

pub(crate) fn long(number: u64) -> Value {
    Value::Long(i64::try_from(number).unwrap_or(i64::MAX))
}

pub(crate) fn uuid(id: Uuid) -> Value {
    Value::String(id.to_string())
}

/// A field that may be absent: the union of null and the value.
pub(crate) fn maybe(value: Option<Value>) -> Value {
    match value {
        Some(value) => branch(1, value),
        None => branch(0, Value::Null),
    }
}

/// The branch of a union, by its place in the schema.
pub(crate) fn branch(place: u32, value: Value) -> Value {
    Value::Union(place, Box::new(value))
}

/// A symbol of an enumeration, with its place in the schema.
pub(crate) fn symbol((place, name): (u32, &str)) -> Value {
    Value::Enum(place, name.to_owned())
}

pub(crate) fn list(values: impl IntoIterator<Item = Value>) -> Value {
    Value::Array(values.into_iter().collect())
}

/// A record that is being read. A field that its writer's schema did not have yet is null, empty or false.
pub(crate) struct Fields {
    topic: Topic,
    fields: Vec<(String, Value)>,
}

impl Fields {
    pub(crate) fn of(topic: Topic, value: Value) -> Result<Self, DecodeError> {
        match value {
            Value::Record(fields) => Ok(Self { topic, fields }),
            _ => Err(DecodeError::Field { topic, field: "record".to_owned(), problem: "is no record" }),
        }
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<String, DecodeError> {
        let value = self.take(name);
        self.text_of(name, value)
    }

    pub(crate) fn maybe_text(&mut self, name: &str) -> Result<Option<String>, DecodeError> {
        self.maybe(name)?.map(|value| self.text_of(name, Some(value))).transpose()
    }

    pub(crate) fn instant(&mut self, name: &str) -> Result<Instant, DecodeError> {
        let value = self.take(name);
        self.instant_of(name, value)
    }

    pub(crate) fn maybe_instant(&mut self, name: &str) -> Result<Option<Instant>, DecodeError> {
        self.maybe(name)?.map(|value| self.instant_of(name, Some(value))).transpose()
    }

    pub(crate) fn boolean(&mut self, name: &str) -> Result<bool, DecodeError> {
        match self.take(name) {
            Some(Value::Boolean(value)) => Ok(value),
            None => Ok(false),
            Some(_) => Err(self.wrong(name, "is no boolean")),
        }
    }

    pub(crate) fn signed(&mut self, name: &str) -> Result<i64, DecodeError> {
        let value = self.take(name);
        self.signed_of(name, value)
    }

    pub(crate) fn maybe_signed(&mut self, name: &str) -> Result<Option<i64>, DecodeError> {
        self.maybe(name)?.map(|value| self.signed_of(name, Some(value))).transpose()
    }

    pub(crate) fn maybe_int(&mut self, name: &str) -> Result<Option<i32>, DecodeError> {
        let value = self.maybe_signed(name)?;
        value.map(|value| i32::try_from(value).map_err(|_| self.wrong(name, "is too large"))).transpose()
    }

    pub(crate) fn long(&mut self, name: &str) -> Result<u64, DecodeError> {
        let value = self.signed(name)?;
        u64::try_from(value).map_err(|_| self.wrong(name, "is negative"))
    }

    pub(crate) fn int(&mut self, name: &str) -> Result<u32, DecodeError> {
        let value = self.signed(name)?;
        u32::try_from(value).map_err(|_| self.wrong(name, "is negative or too large"))
    }

    pub(crate) fn double(&mut self, name: &str) -> Result<f64, DecodeError> {
        match self.take(name) {
            Some(Value::Double(value)) => Ok(value),
            _ => Err(self.wrong(name, "is no number")),
        }
    }

    pub(crate) fn bytes(&mut self, name: &str) -> Result<Vec<u8>, DecodeError> {
        match self.take(name) {
            Some(Value::Bytes(value)) => Ok(value),
            _ => Err(self.wrong(name, "is no bytes")),
        }
    }

    pub(crate) fn uuid(&mut self, name: &str) -> Result<Uuid, DecodeError> {
        let value = self.text(name)?;
        Uuid::parse_str(&value).map_err(|_| self.wrong(name, "is no UUID"))
    }

    pub(crate) fn maybe_uuid(&mut self, name: &str) -> Result<Option<Uuid>, DecodeError> {
        let value = self.maybe_text(name)?;
        value.map(|value| Uuid::parse_str(&value).map_err(|_| self.wrong(name, "is no UUID"))).transpose()
    }

    pub(crate) fn symbol(&mut self, name: &str) -> Result<String, DecodeError> {
        match self.take(name) {
            Some(Value::Enum(_, symbol)) => Ok(symbol),
            _ => Err(self.wrong(name, "is no symbol")),
        }
    }

    pub(crate) fn record(&mut self, name: &str) -> Result<Self, DecodeError> {
        match self.take(name) {
            Some(value) => Self::of(self.topic, value),
            None => Err(self.wrong(name, "is missing")),
        }
    }

    pub(crate) fn maybe_record(&mut self, name: &str) -> Result<Option<Self>, DecodeError> {
        self.maybe(name)?.map(|value| Self::of(self.topic, value)).transpose()
    }

    /// The records of an array.
    pub(crate) fn records(&mut self, name: &str) -> Result<Vec<Self>, DecodeError> {
        match self.take(name) {
            Some(Value::Array(values)) => {
                values.into_iter().map(|value| Self::of(self.topic, value)).collect()
            }
            None => Ok(Vec::new()),
            Some(_) => Err(self.wrong(name, "is no array")),
        }
    }

    /// The record in a union of records, and its place in the schema.
    pub(crate) fn one_of(&mut self, name: &str) -> Result<(u32, Self), DecodeError> {
        match self.take(name) {
            Some(Value::Union(place, value)) => Ok((place, Self::of(self.topic, *value)?)),
            _ => Err(self.wrong(name, "is no union")),
        }
    }

    /// The error of a field whose value makes no sense.
    pub(crate) fn wrong(&self, name: &str, problem: &'static str) -> DecodeError {
        DecodeError::Field { topic: self.topic, field: name.to_owned(), problem }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let (_, value) = self.fields.iter_mut().find(|(of, _)| of == name)?;
        Some(std::mem::replace(value, Value::Null))
    }

    fn maybe(&mut self, name: &str) -> Result<Option<Value>, DecodeError> {
        match self.take(name) {
            Some(Value::Union(_, value)) if *value == Value::Null => Ok(None),
            Some(Value::Union(_, value)) => Ok(Some(*value)),
            None => Ok(None),
            Some(_) => Err(self.wrong(name, "is no union")),
        }
    }

    fn text_of(&self, name: &str, value: Option<Value>) -> Result<String, DecodeError> {
        match value {
            Some(Value::String(text)) => Ok(text),
            _ => Err(self.wrong(name, "is no text")),
        }
    }

    fn instant_of(&self, name: &str, value: Option<Value>) -> Result<Instant, DecodeError> {
        match value {
            Some(Value::TimestampMillis(ms)) => DateTime::<Utc>::from_timestamp_millis(ms)
                .filter(|at| self.topic != Topic::Events || (1..=YEAR_MAX).contains(&at.year()))
                .ok_or_else(|| self.wrong(name, "is not within the years 1 to 9999")),
            _ => Err(self.wrong(name, "is no instant")),
        }
    }

    fn signed_of(&self, name: &str, value: Option<Value>) -> Result<i64, DecodeError> {
        match value {
            Some(Value::Long(number)) => Ok(number),
            Some(Value::Int(number)) => Ok(number.into()),
            _ => Err(self.wrong(name, "is no number")),
        }
    }
}
