//! Records of a log as Avro container files, for the archive: each with its offset, timestamp and key, and its value as it is in
//! the log. The file states in its header which records it has, so that one that was cut short is noticed.

use std::collections::HashMap;
use std::io::Read;
use std::sync::LazyLock;

use apache_avro::types::Value;
use apache_avro::{Codec, Reader, Schema, Writer};
use serde::{Deserialize, Serialize};

use crate::codec::limit_allocations;

/// About how many bytes of records are compressed together.
const BLOCK_BYTES: usize = 256 * 1024;
/// The header's key of what the file contains.
const CONTENTS: &str = "kigen.contents";

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    Schema::parse_str(
        r#"{
            "type": "record", "name": "Record", "namespace": "dev.kigen.archive",
            "doc": "A record of one of kigen's topics, in the order of its partition.",
            "fields": [
                {"name": "offset", "type": "long"},
                {"name": "timestamp", "type": {"type": "long", "logicalType": "timestamp-millis"}},
                {"name": "key", "type": "string"},
                {"name": "value", "type": ["null", "bytes"], "doc": "Avro's single-object encoding, by a schema of kigen."}
            ]
        }"#,
    )
    .expect("the schema is valid, as each test of it shows")
});

/// A record of a topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "Record")]
pub struct ContainerRecord {
    /// Its offset in the partition.
    pub offset: i64,
    /// Its stored time, in milliseconds since 1970.
    pub timestamp: i64,
    /// Its key.
    pub key: String,
    /// Its value; `None` is a tombstone.
    #[serde(with = "apache_avro::serde::bytes_opt")]
    pub value: Option<Vec<u8>>,
}

/// What a file contains, by its header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: u32,
    /// The day in UTC, such as `2026-11-23`.
    pub day: String,
    /// The offset at which the file begins.
    pub first: u64,
    /// The offset at which the next file begins.
    pub next: u64,
    /// How many records it has.
    pub records: u64,
    /// The offset of its last record.
    pub last: u64,
    /// The stored time of its last record, in milliseconds since 1970.
    pub last_timestamp: i64,
    /// The offset from which on records had expired before they could be archived, up to `first`.
    pub lost_from: Option<u64>,
}

/// Why a file of records cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    /// It is no Avro container file, it is cut or damaged, or it cannot be written or read.
    #[error("it is no whole Avro container file")]
    Avro(#[source] Box<apache_avro::Error>),
    /// The header has not what it must have.
    #[error("its header does not state what it contains")]
    NoContents,
    /// The file does not have the records that its header states.
    #[error("it has {found} records, and its header states {stated}")]
    Incomplete {
        /// How many it has.
        found: u64,
        /// How many it should have.
        stated: u64,
    },
}

impl From<apache_avro::Error> for ContainerError {
    fn from(error: apache_avro::Error) -> Self {
        Self::Avro(Box::new(error))
    }
}

/// Writes a file, block by block, into memory.
pub struct ContainerWriter {
    writer: Writer<'static, Vec<u8>>,
}

impl ContainerWriter {
    /// Begins a file with these contents.
    ///
    /// # Errors
    /// Avro refuses it.
    pub fn new(contents: &Contents) -> Result<Self, ContainerError> {
        let stated = serde_json::to_vec(contents).map_err(|_| ContainerError::NoContents)?;
        let metadata = HashMap::from([(CONTENTS.to_owned(), Value::Bytes(stated))]);
        let builder = Writer::builder().schema(&SCHEMA).writer(Vec::new()).codec(Codec::Snappy);
        Ok(Self { writer: builder.block_size(BLOCK_BYTES).user_metadata(metadata).build()? })
    }

    /// Appends a record.
    ///
    /// # Errors
    /// Avro refuses it.
    pub fn append(&mut self, record: &ContainerRecord) -> Result<(), ContainerError> {
        self.writer.append_ser(record)?;
        Ok(())
    }

    /// The bytes of the file that were not taken yet.
    #[must_use]
    pub fn ready(&self) -> usize {
        self.writer.get_ref().len()
    }

    /// Takes the bytes that are ready.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.writer.get_mut())
    }

    /// Ends the file; returns its last bytes.
    ///
    /// # Errors
    /// Avro refuses it.
    pub fn finish(self) -> Result<Vec<u8>, ContainerError> {
        Ok(self.writer.into_inner()?)
    }
}

/// Reads a file, record by record.
pub struct ContainerReader<R: Read> {
    records: apache_avro::reader::ReaderDeser<'static, R, ContainerRecord>,
    contents: Contents,
    found: u64,
}

impl<R: Read> ContainerReader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// It is no such file.
    pub fn new(from: R) -> Result<Self, ContainerError> {
        limit_allocations();
        let reader = Reader::new(from)?;
        let contents = reader.user_metadata().get(CONTENTS);
        let contents = contents.and_then(|stated| serde_json::from_slice(stated).ok());
        let contents = contents.ok_or(ContainerError::NoContents)?;
        Ok(Self { records: reader.into_deser_iter(), contents, found: 0 })
    }

    /// What the file contains.
    #[must_use]
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// The next record; `None`: the file is at its end, and was whole.
    ///
    /// # Errors
    /// The file is damaged, or has more or fewer records than its header states.
    pub fn read(&mut self) -> Result<Option<ContainerRecord>, ContainerError> {
        let (stated, record) = (self.contents.records, self.records.next().transpose()?);
        self.found += u64::from(record.is_some());
        if self.found > stated || record.is_none() && self.found < stated {
            return Err(ContainerError::Incomplete { found: self.found, stated });
        }
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(records: u64) -> Contents {
        Contents {
            topic: "kigen.events".to_owned(),
            partition: 3,
            day: "2026-11-23".to_owned(),
            first: 7,
            next: 7 + records,
            records,
            last: 6 + records,
            last_timestamp: 1_795_000_000_004,
            lost_from: None,
        }
    }

    /// Values of all lengths up to the longest that the log accepts, which do not compress.
    fn records() -> Vec<ContainerRecord> {
        let lengths = [Some(0), Some(1), None, Some(300_000), Some(1024 * 1024)];
        let mut seed = 1_u32;
        let mut byte = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            u8::try_from(seed >> 24).expect("a byte")
        };
        let record = |(nth, length): (i64, Option<usize>)| ContainerRecord {
            offset: 7 + nth,
            timestamp: 1_795_000_000_000 + nth,
            key: format!("shop/ml/{nth}"),
            value: length.map(|length| (0..length).map(|_| byte()).collect()),
        };
        (0..).zip(lengths).map(record).collect()
    }

    fn written() -> Vec<u8> {
        let records = records();
        let mut writer = ContainerWriter::new(&contents(5)).expect("a file");
        let mut bytes = Vec::new();
        for record in &records {
            writer.append(record).expect("it appends");
            bytes.extend(writer.take());
        }
        bytes.extend(writer.finish().expect("it ends"));
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Vec<ContainerRecord>, ContainerError> {
        let mut reader = ContainerReader::new(bytes)?;
        let mut records = Vec::new();
        while let Some(record) = reader.read()? {
            records.push(record);
        }
        Ok(records)
    }

    #[test]
    fn a_file_has_the_records_that_were_written_to_the_byte() {
        let bytes = written();
        assert_eq!(ContainerReader::new(&bytes[..]).expect("a file").contents(), &contents(5));
        assert_eq!(read(&bytes).expect("whole"), records());
    }

    #[test]
    fn a_file_that_is_cut_anywhere_or_has_another_byte_anywhere_is_an_error() {
        let bytes = written();
        for length in (0..bytes.len()).step_by(4_099).chain([bytes.len() - 1, bytes.len() - 17]) {
            assert!(read(&bytes[..length]).is_err(), "cut at {length}");
        }
        // In the compressed blocks each byte counts; the header is compared with the file's name.
        for place in (1_000..bytes.len()).step_by(40_009) {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0x10;
            assert!(read(&damaged).is_err(), "changed at {place}");
        }
    }
}
