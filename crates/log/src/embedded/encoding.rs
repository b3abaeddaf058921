//! A record's bytes, and those of the entries beside the records.
//!
//! A record: version u8 (1), flags u8 (1 = tombstone), timestamp i64 in milliseconds, bytes written to the partition
//! before it u64, length of the key u32, the key, the value; numbers big-endian. By the running count of bytes a trim
//! finds the offset at which a size is exceeded from a few records instead of all.

use chrono::DateTime;
use kigen_model::Instant;
use kigen_model::topic::Offset;

use crate::record::{ConsumedRecord, NewRecord};

const VERSION: u8 = 1;
const FLAG_TOMBSTONE: u8 = 1;
const HEADER_BYTES: usize = 22;

/// What a record has beside its key and value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) tombstone: bool,
    /// Milliseconds since 1970 UTC.
    pub(super) timestamp_ms: i64,
    pub(super) bytes_before: u64,
}

/// The first and last offset of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) start: Offset,
    pub(super) end: Offset,
    /// That of the last record ever written; no later one is earlier.
    pub(super) timestamp_ms: i64,
    /// All bytes ever written, those removed included.
    pub(super) bytes: u64,
}

impl Bounds {
    pub(super) const EMPTY: Self =
        Self { start: Offset(0), end: Offset(0), timestamp_ms: i64::MIN, bytes: 0 };

    pub(super) fn encode(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[0..8].copy_from_slice(&self.start.0.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.end.0.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.timestamp_ms.to_be_bytes());
        bytes[24..32].copy_from_slice(&self.bytes.to_be_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let bounds = Self {
            start: Offset(u64::from_be_bytes(take(&mut rest)?)),
            end: Offset(u64::from_be_bytes(take(&mut rest)?)),
            timestamp_ms: i64::from_be_bytes(take(&mut rest)?),
            bytes: u64::from_be_bytes(take(&mut rest)?),
        };
        (rest.is_empty() && bounds.start <= bounds.end).then_some(bounds)
    }
}

/// The bytes a record of this size counts for in its partition.
pub(super) fn stored_bytes(record: &NewRecord) -> u64 {
    (HEADER_BYTES + record.payload_bytes()) as u64
}

/// The bytes under a record's key. `timestamp_ms` is the monotone timestamp, and not the record's own.
pub(super) fn encode(record: &NewRecord, timestamp_ms: i64, bytes_before: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + record.payload_bytes());
    bytes.push(VERSION);
    bytes.push(if record.value.is_none() { FLAG_TOMBSTONE } else { 0 });
    bytes.extend(timestamp_ms.to_be_bytes());
    bytes.extend(bytes_before.to_be_bytes());
    let key_bytes = u32::try_from(record.key.len()).unwrap_or(u32::MAX);
    bytes.extend(key_bytes.to_be_bytes());
    bytes.extend(record.key.as_bytes());
    bytes.extend(record.value.as_deref().unwrap_or_default());
    bytes
}

/// The header of a record.
///
/// # Errors
/// What is wrong with the bytes.
pub(super) fn header(bytes: &[u8]) -> Result<Header, &'static str> {
    Ok(split(bytes)?.0)
}

/// The whole record.
///
/// # Errors
/// What is wrong with the bytes.
pub(super) fn decode(offset: Offset, bytes: &[u8]) -> Result<ConsumedRecord, &'static str> {
    let (header, mut rest) = split(bytes)?;
    let key_bytes = u32::from_be_bytes(take(&mut rest).ok_or("it ends within its header")?) as usize;
    let (key, value) = rest.split_at_checked(key_bytes).ok_or("it ends within its key")?;
    let key = str::from_utf8(key).map_err(|_| "its key is not UTF-8")?.to_owned();
    if header.tombstone && !value.is_empty() {
        return Err("it is a tombstone with a value");
    }
    let timestamp = instant(header.timestamp_ms).ok_or("its timestamp is out of range")?;
    let value = (!header.tombstone).then(|| value.to_vec());
    Ok(ConsumedRecord { offset, key, value, schema_prefix: None, timestamp })
}

fn instant(ms: i64) -> Option<Instant> {
    DateTime::from_timestamp_millis(ms)
}

fn split(bytes: &[u8]) -> Result<(Header, &[u8]), &'static str> {
    let [version, flags, rest @ ..] = bytes else { return Err("it ends within its header") };
    if *version != VERSION {
        return Err("its version is unknown");
    }
    let tombstone = match *flags {
        0 => false,
        FLAG_TOMBSTONE => true,
        _ => return Err("its flags are unknown"),
    };
    let mut rest = rest;
    let timestamp_ms = i64::from_be_bytes(take(&mut rest).ok_or("it ends within its header")?);
    let bytes_before = u64::from_be_bytes(take(&mut rest).ok_or("it ends within its header")?);
    Ok((Header { tombstone, timestamp_ms, bytes_before }, rest))
}

/// Splits the next `N` bytes off the front.
pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = bytes.split_first_chunk()?;
    *bytes = tail;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use kigen_model::topic::{Partition, Topic};

    use super::*;

    fn record(value: Option<&[u8]>) -> NewRecord {
        NewRecord {
            topic: Topic::Status,
            partition: Partition(0),
            key: "c/n/b".to_owned(),
            value: value.map(<[u8]>::to_vec),
            timestamp: Instant::UNIX_EPOCH,
        }
    }

    #[test]
    fn the_bytes_of_a_record_are_those_promised() {
        let written = encode(&record(Some(b"v")), 0x0102, 0x0304);
        let promised =
            b"\x01\x00\x00\x00\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x00\x00\x03\x04\x00\x00\x00\x05c/n/bv";
        assert_eq!(written, promised);
        let written = encode(&record(None), -1, 0);
        let promised =
            b"\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05c/n/b";
        assert_eq!(written, promised);
    }

    #[test]
    fn an_empty_value_is_not_a_tombstone() {
        for value in [Some(b"".as_slice()), Some(b"x"), None] {
            let read = decode(Offset(9), &encode(&record(value), 1_700_000_000_123, 5)).expect("decodes");
            assert_eq!(read.value.as_deref(), value);
            assert_eq!(
                (read.offset, read.key.as_str(), read.timestamp.timestamp_millis()),
                (Offset(9), "c/n/b", 1_700_000_000_123)
            );
        }
    }

    #[test]
    fn a_record_cut_anywhere_in_header_or_key_is_refused_and_not_guessed() {
        let whole = encode(&record(Some(b"")), 1, 2);
        for length in 0..whole.len() {
            assert!(decode(Offset(0), &whole[..length]).is_err(), "cut to {length} bytes");
        }
    }

    #[test]
    fn the_bytes_of_bounds_are_those_promised() {
        let bounds = Bounds { start: Offset(1), end: Offset(2), timestamp_ms: 3, bytes: 4 };
        let promised = b"\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x04";
        assert_eq!(&bounds.encode(), promised);
        assert_eq!(Bounds::decode(promised), Some(bounds));
        assert_eq!(Bounds::decode(&promised[1..]), None);
    }
}
