//! A record as JSON, for people and scripts.

use apache_avro::Schema;
use apache_avro::schema::{Name, RecordSchema, ResolvedSchema};
use apache_avro::types::Value;
use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};
use kigen_model::topic::Topic;
use serde_json::{Map, Value as Json};

use crate::codec;
use crate::error::DecodeError;

/// A record's value as JSON: the schema's field names, instants as RFC 3339 in UTC, a record of a union with its name under
/// `type`, bytes as text with invalid UTF-8 replaced.
///
/// # Errors
/// The bytes are not a record of the topic.
pub fn decode_to_json(topic: Topic, bytes: &[u8]) -> Result<Json, DecodeError> {
    let (value, schema) = codec::decode_value(topic, bytes)?;
    let damaged = |source| DecodeError::Damaged { topic, source: Box::new(source) };
    let names = ResolvedSchema::try_from(schema).map_err(damaged)?;
    Ok(json(value, schema, &names))
}

fn json(value: Value, schema: &Schema, names: &ResolvedSchema<'_>) -> Json {
    match (value, schema) {
        (value, Schema::Ref { name }) => match resolved(names, name) {
            Some(schema) => json(value, schema, names),
            None => Json::Null,
        },
        (Value::Record(fields), Schema::Record(record)) => Json::Object(object(fields, record, names)),
        (Value::Union(place, value), Schema::Union(union)) => {
            let branch = union.variants().get(place as usize).unwrap_or(&Schema::Null);
            let branch = match branch {
                Schema::Ref { name } => resolved(names, name).unwrap_or(branch),
                branch => branch,
            };
            let is_choice = union.variants().iter().filter(|branch| **branch != Schema::Null).count() > 1;
            match (json(*value, branch, names), branch) {
                (Json::Object(fields), Schema::Record(record)) if is_choice => {
                    let kind = Json::String(record.name.name().to_owned());
                    Json::Object(std::iter::once(("type".to_owned(), kind)).chain(fields).collect())
                }
                (value, _) => value,
            }
        }
        (Value::Array(values), Schema::Array(array)) => {
            values.into_iter().map(|value| json(value, &array.items, names)).collect()
        }
        (value, _) => scalar(value),
    }
}

fn object(
    fields: Vec<(String, Value)>,
    record: &RecordSchema,
    names: &ResolvedSchema<'_>,
) -> Map<String, Json> {
    fields
        .into_iter()
        .zip(&record.fields)
        .map(|((name, value), field)| (name, json(value, &field.schema, names)))
        .collect()
}

fn resolved<'a>(names: &ResolvedSchema<'a>, name: &Name) -> Option<&'a Schema> {
    names.get_names().get(name).copied()
}

fn scalar(value: Value) -> Json {
    match value {
        Value::Boolean(value) => value.into(),
        Value::Int(value) => value.into(),
        Value::Long(value) => value.into(),
        Value::Double(value) => value.into(),
        Value::String(value) | Value::Enum(_, value) => value.into(),
        Value::Bytes(value) => String::from_utf8_lossy(&value).into(),
        Value::Date(days) => NaiveDate::default()
            .checked_add_signed(TimeDelta::days(days.into()))
            .map_or(Json::Null, |date| date.to_string().into()),
        Value::TimestampMillis(ms) => DateTime::<Utc>::from_timestamp_millis(ms)
            .map_or(Json::Null, |at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true).into()),
        _ => Json::Null,
    }
}
