//! Schemas: which version wrote a value, and how a datum is encoded and decoded.

use std::io::Read;
use std::sync::LazyLock;

use apache_avro::Schema;
use apache_avro::rabin::Rabin;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::schema::ResolvedSchema;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use kigen_model::topic::Topic;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::datum::{self, Plan};
use crate::error::DecodeError;
use crate::frame::{Frame, MARKER};
use crate::level::Level;
use crate::narrow::narrowed;

/// The longest value that is decoded, in bytes; the log accepts no longer record either.
pub const VALUE_BYTES_MAX: usize = 1024 * 1024;

const PRIMITIVES: [&str; 8] = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

/// All versions of a topic's schema, oldest first. Records are written with the version of their level.
const EVENTS: [&str; 7] = [
    include_str!("../../../schemas/kigen.events/v1.avsc"),
    include_str!("../../../schemas/kigen.events/v2.avsc"),
    include_str!("../../../schemas/kigen.events/v3.avsc"),
    include_str!("../../../schemas/kigen.events/v4.avsc"),
    include_str!("../../../schemas/kigen.events/v5.avsc"),
    include_str!("../../../schemas/kigen.events/v6.avsc"),
    include_str!("../../../schemas/kigen.events/v7.avsc"),
];
const ALERTS: [&str; 7] = [
    include_str!("../../../schemas/kigen.alerts/v1.avsc"),
    include_str!("../../../schemas/kigen.alerts/v2.avsc"),
    include_str!("../../../schemas/kigen.alerts/v3.avsc"),
    include_str!("../../../schemas/kigen.alerts/v4.avsc"),
    include_str!("../../../schemas/kigen.alerts/v5.avsc"),
    include_str!("../../../schemas/kigen.alerts/v6.avsc"),
    include_str!("../../../schemas/kigen.alerts/v7.avsc"),
];
const STATUS: [&str; 9] = [
    include_str!("../../../schemas/kigen.status/v1.avsc"),
    include_str!("../../../schemas/kigen.status/v2.avsc"),
    include_str!("../../../schemas/kigen.status/v3.avsc"),
    include_str!("../../../schemas/kigen.status/v4.avsc"),
    include_str!("../../../schemas/kigen.status/v5.avsc"),
    include_str!("../../../schemas/kigen.status/v6.avsc"),
    include_str!("../../../schemas/kigen.status/v7.avsc"),
    include_str!("../../../schemas/kigen.status/v8.avsc"),
    include_str!("../../../schemas/kigen.status/v9.avsc"),
];
const REJECTS: [&str; 1] = [include_str!("../../../schemas/kigen.rejects/v1.avsc")];
const CONTROL: [&str; 1] = [include_str!("../../../schemas/kigen.control/v1.avsc")];
const DELIVERIES: [&str; 1] = [include_str!("../../../schemas/kigen.deliveries/v1.avsc")];

/// One version of a schema.
struct Version {
    schema: Schema,
    fingerprint: [u8; 8],
}

/// The codecs of one topic, one for each version of its schema, oldest first.
struct Codec(Vec<VersionCodec>);

/// The codec of values in one version of a schema.
struct VersionCodec {
    fingerprint: [u8; 8],
    schema: &'static Schema,
    plan: Plan,
    names: ResolvedSchema<'static>,
    reader: GenericDatumReader<'static>,
    writer: GenericDatumWriter<'static>,
}

static VERSIONS: LazyLock<[Vec<Version>; 6]> = LazyLock::new(|| {
    limit_allocations();
    [&EVENTS[..], &ALERTS, &STATUS, &REJECTS, &CONTROL, &DELIVERIES].map(parse)
});
static CODECS: LazyLock<[Codec; 6]> =
    LazyLock::new(|| VERSIONS.each_ref().map(|versions| Codec(versions.iter().map(codec).collect())));

/// An array or text cannot be longer than the value that contains it; Avro would trust a length of gigabytes. A block of an
/// archive's file has at most a value beside what is less than a block.
pub(crate) fn limit_allocations() {
    apache_avro::util::max_allocation_bytes(2 * VALUE_BYTES_MAX);
}

/// A datum's bytes, and whether more of them were requested than there are: `apache-avro` takes the end of its input for a
/// null where one is allowed, and so a truncated record for a complete one.
struct Whole<'a> {
    rest: &'a [u8],
    is_cut: bool,
}

impl Read for Whole<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.is_cut |= self.rest.len() < buffer.len();
        self.rest.read(buffer)
    }
}

/// Encodes a record in the version of a level. What that version lacks is left out; a record of a kind that it lacks is
/// encoded in the oldest version that has it: an older reader stops there, and loses nothing.
pub(crate) fn encode(topic: Topic, level: Level, record: &impl Serialize) -> Vec<u8> {
    let versions = &CODECS[index(topic)].0;
    let newest = &versions[versions.len() - 1];
    let bytes = newest.encode_record(record);
    let older = &versions[level.version(topic) - 1..versions.len() - 1];
    if older.is_empty() {
        return bytes;
    }
    let datum = &mut &bytes[Frame::OBJECT_BYTES..];
    let value = newest.reader.read_value(datum).expect("what was just encoded can be decoded");
    older.iter().find_map(|version| version.encode(value.clone())).unwrap_or(bytes)
}

/// Decodes a record.
///
/// It is decoded with the writer's schema and not resolved to the newest one: `apache-avro` resolves a union to the first
/// record whose fields all exist, whatever its name, and would take one kind for another. Versions only ever grow
/// (`schemas/README.md`), so indexes in unions stay, and a field that the writer did not know gets its default.
pub(crate) fn decode<T: DeserializeOwned>(topic: Topic, bytes: &[u8]) -> Result<T, DecodeError> {
    let (version, datum) = opened(topic, bytes)?;
    match datum::read(&version.plan, datum) {
        Ok(record) => Ok(record),
        Err(_) => whole(topic, datum, |bytes| version.reader.read_deser(bytes)),
    }
}

/// Whether a value is written in the newest version of its topic's schema: then it lacks nothing that this kigen writes.
#[must_use]
pub fn is_of_newest_version(topic: Topic, bytes: &[u8]) -> bool {
    let newest = CODECS[index(topic)].0.last().map(|version| version.fingerprint);
    matches!(Frame::of(bytes), Some((Frame::Object(fingerprint), _)) if newest == Some(fingerprint))
}

/// The datum of a value as it was written, and the writer's schema: for display.
pub(crate) fn decode_value(topic: Topic, bytes: &[u8]) -> Result<(Value, &'static Schema), DecodeError> {
    let (version, datum) = opened(topic, bytes)?;
    Ok((whole(topic, datum, |bytes| version.reader.read_value(bytes))?, version.schema))
}

/// The codec of the version in which a value was written, and the value's datum.
fn opened(topic: Topic, bytes: &[u8]) -> Result<(&'static VersionCodec, &[u8]), DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty { topic });
    }
    if bytes.len() > VALUE_BYTES_MAX {
        return Err(DecodeError::TooLong { topic, bytes: bytes.len(), max: VALUE_BYTES_MAX });
    }
    let (fingerprint, datum) = match Frame::of(bytes) {
        Some((Frame::Object(fingerprint), datum)) => (fingerprint, datum),
        Some((Frame::Registered(id), _)) => return Err(DecodeError::UnknownId { topic, id }),
        None => {
            let found = bytes[..bytes.len().min(Frame::OBJECT_BYTES)].to_vec();
            return Err(DecodeError::NotSingleObject { topic, found });
        }
    };
    let version = |of| CODECS[index(of)].0.iter().find(|version| version.fingerprint == fingerprint);
    if let Some(version) = version(topic) {
        return Ok((version, datum));
    }
    match Topic::ALL.into_iter().find(|other| version(*other).is_some()) {
        Some(found) => Err(DecodeError::AnotherTopic { topic, found }),
        None => Err(DecodeError::UnknownSchema { topic, fingerprint: u64::from_be_bytes(fingerprint) }),
    }
}

/// Decodes a datum to its last byte and no further.
fn whole<T>(
    topic: Topic,
    datum: &[u8],
    read: impl FnOnce(&mut Whole<'_>) -> apache_avro::AvroResult<T>,
) -> Result<T, DecodeError> {
    let mut bytes = Whole { rest: datum, is_cut: false };
    let read = read(&mut bytes).map_err(|source| DecodeError::Damaged { topic, source: Box::new(source) })?;
    match bytes {
        Whole { is_cut: true, .. } => Err(DecodeError::Cut { topic }),
        Whole { rest: [], .. } => Ok(read),
        Whole { rest, .. } => Err(DecodeError::Trailing { topic, bytes: rest.len() }),
    }
}

/// All versions of a topic's schema, oldest first.
#[must_use]
pub fn schemas(topic: Topic) -> &'static [&'static str] {
    match topic {
        Topic::Events => &EVENTS,
        Topic::Alerts => &ALERTS,
        Topic::Status => &STATUS,
        Topic::Rejects => &REJECTS,
        Topic::Control => &CONTROL,
        Topic::Deliveries => &DELIVERIES,
    }
}

/// The fingerprint of a schema as a value contains it: CRC-64-AVRO of the parsing canonical form, little-endian.
///
/// # Errors
/// The text is not an Avro schema.
pub fn fingerprint(schema: &str) -> Result<[u8; 8], Box<apache_avro::Error>> {
    Ok(fingerprint_of(&Schema::parse_str(schema)?))
}

/// Whether a schema is one of kigen's records, in a version of this kigen or a newer one: it has the name of such a record.
///
/// # Errors
/// The text is not an Avro schema.
pub fn is_of_kigen(schema: &str) -> Result<bool, Box<apache_avro::Error>> {
    let schema = Schema::parse_str(schema)?;
    let own_names: Vec<_> = VERSIONS.iter().flatten().filter_map(|version| version.schema.name()).collect();
    Ok(schema.name().is_some_and(|name| own_names.contains(&name)))
}

/// `apache-avro` leaves a primitive type that had a logical type as an object in the canonical form (`{"type":"long"}`),
/// where the specification's `[PRIMITIVES]` rule makes it `"long"`; no other library would compute its fingerprint.
fn fingerprint_of(schema: &Schema) -> [u8; 8] {
    let canonical = PRIMITIVES.iter().fold(schema.canonical_form(), |text, primitive| {
        text.replace(&format!(r#"{{"type":"{primitive}"}}"#), &format!(r#""{primitive}""#))
    });
    let canonical = Schema::parse_str(&canonical).expect("a canonical form is a schema");
    let mut fingerprint = [0; 8];
    for (to, from) in fingerprint.iter_mut().zip(&canonical.fingerprint::<Rabin>().bytes) {
        *to = *from;
    }
    fingerprint
}

fn parse(versions: &[&str]) -> Vec<Version> {
    let parse = |text| {
        let schema =
            Schema::parse_str(text).expect("the schemas of this source tree are valid, as the tests show");
        Version { fingerprint: fingerprint_of(&schema), schema }
    };
    versions.iter().copied().map(parse).collect()
}

fn codec(Version { schema, fingerprint }: &'static Version) -> VersionCodec {
    let resolves = "a valid schema resolves";
    VersionCodec {
        fingerprint: *fingerprint,
        schema,
        plan: Plan::of(schema),
        names: ResolvedSchema::new(schema).expect(resolves),
        reader: GenericDatumReader::builder(schema).build().expect(resolves),
        writer: GenericDatumWriter::builder(schema).build().expect(resolves),
    }
}

impl VersionCodec {
    /// A value without its datum.
    fn begun(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend(MARKER);
        bytes.extend(self.fingerprint);
        bytes
    }

    /// Encodes a record of this version.
    fn encode_record(&self, record: &impl Serialize) -> Vec<u8> {
        let mut bytes = self.begun();
        if datum::write(&self.plan, record, &mut bytes).is_err() {
            bytes = self.begun();
            self.writer.write_ser(&mut bytes, record).expect(
                "the records of this crate follow the schema, as the round trips of all variants show",
            );
        }
        bytes
    }

    /// Encodes a datum of a newer version; `None`: it is of a kind that this version lacks.
    fn encode(&self, value: Value) -> Option<Vec<u8>> {
        let value = narrowed(value, self.schema, self.names.get_names())?;
        let mut bytes = self.begun();
        self.writer.write_value(&mut bytes, value).expect("what is narrowed follows the older schema");
        Some(bytes)
    }
}

fn index(topic: Topic) -> usize {
    match topic {
        Topic::Events => 0,
        Topic::Alerts => 1,
        Topic::Status => 2,
        Topic::Rejects => 3,
        Topic::Control => 4,
        Topic::Deliveries => 5,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::Path;

    use super::*;

    /// What a byte is replaced by: the least and the largest numbers, long lengths, and numbers that go on in the next byte.
    const DAMAGES: [u8; 7] = [0, 1, 2, 3, 0x7f, 0x80, 0xff];
    /// About how many damages of each kind a record gets, spread over its bytes.
    const DAMAGED_MAX: usize = 250;

    /// Checks for a topic's records, whose golden file has each kind and branch: they are written by their plan to the same bytes
    /// as by `apache-avro`, read by it in each version of the schema, and where both accept damaged bytes they read the same.
    pub(crate) fn assert_plan_agrees_with_the_library<T: Serialize + DeserializeOwned>(topic: Topic) {
        let versions = &CODECS[index(topic)].0;
        let newest = &versions[versions.len() - 1];
        let written = |record: &T| {
            let mut bytes = Vec::new();
            newest.writer.write_ser(&mut bytes, record).expect("the records follow the schema");
            bytes
        };
        for (nth, version) in versions.iter().enumerate() {
            for datum in golden(topic, nth + 1) {
                let record: T = datum::read(&version.plan, &datum).expect("it is provided for");
                let library = version.reader.read_deser::<T>(&mut datum.as_slice()).expect("a golden record");
                assert_eq!(written(&record), written(&library), "{topic} v{}", nth + 1);
                let mut bytes = Vec::new();
                datum::write(&newest.plan, &record, &mut bytes).expect("it is provided for");
                assert_eq!(bytes, written(&record), "{topic} v{}", nth + 1);
                if nth + 1 == versions.len() {
                    assert_eq!(bytes, datum, "{topic}: as it is in the golden file");
                }
                for damaged in damaged(&datum) {
                    let Ok(record) = datum::read::<T>(&version.plan, &damaged) else { continue };
                    let library = whole(topic, &damaged, |bytes| version.reader.read_deser::<T>(bytes));
                    let library = library.unwrap_or_else(|error| panic!("{damaged:02x?}: {error}"));
                    assert_eq!(written(&record), written(&library), "{damaged:02x?}");
                }
            }
        }
    }

    /// The data of a golden file.
    fn golden(topic: Topic, version: usize) -> Vec<Vec<u8>> {
        let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
        let file = schemas.join(topic.name()).join(format!("v{version}.golden"));
        let text = std::fs::read_to_string(&file).expect("a golden file");
        let data = text.lines().map(|line| {
            let (_, rest) = line.split_once(r#""bytes":""#).expect("bytes");
            let (digits, _) = rest.split_once('"').expect("their end");
            let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("two digits");
            (0..digits.len()).step_by(2).map(byte).skip(Frame::OBJECT_BYTES).collect()
        });
        data.collect()
    }

    fn damaged(datum: &[u8]) -> impl Iterator<Item = Vec<u8>> {
        let replaced = |(at, byte): (usize, u8)| {
            let mut bytes = datum.to_vec();
            bytes[at] = byte;
            bytes
        };
        let step = |count: usize| (count / DAMAGED_MAX).max(1);
        let cut = (0..datum.len()).step_by(step(datum.len())).map(|end| datum[..end].to_vec());
        let longer = [[datum, &[0]].concat()];
        let places = (0..datum.len()).flat_map(|at| DAMAGES.map(|byte| (at, byte)));
        let places = places.step_by(step(datum.len() * DAMAGES.len()) | 1);
        places.map(replaced).chain(cut).chain(longer)
    }
}
