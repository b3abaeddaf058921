//! The keys of the embedded log: one table of prefixes, which only ever grows.
//!
//! | prefix | key | value |
//! |---|---|---|
//! | 1 | - | format u32, partitions u32 |
//! | 2 | topic u8, partition u32, offset u64 | a record, see `encoding.rs` |
//! | 3 | topic u8, partition u32 | start u64, end u64, last timestamp i64, bytes ever written u64 |
//! | 4 | topic u8, partition u32, record key | offset u64 and tombstone u8 of the key's latest record (compacted topics) |
//! | 5 | topic u8, partition u32, consumer | next offset u64 |
//! | 6 | topic u8, partition u32, offset u64 | timestamp i64 of a tombstone (compacted topics) |
//! | 7 | topic u8, partition u32, consumer | part u8, next offset u64 of the part of its work that is ahead of prefix 5 |
//!
//! Numbers are big-endian, so that the order of bytes is the order of numbers. Bytes on disk are promises: a prefix or
//! a topic's code is never used for something else, and a change of a value's layout takes a new prefix.

use kigen_model::topic::{Offset, Partition, Topic};

/// The format written under prefix 1.
pub(super) const FORMAT: u32 = 1;

const META: u8 = 1;
const RECORD: u8 = 2;
const BOUNDS: u8 = 3;
const LATEST: u8 = 4;
const POSITION: u8 = 5;
const TOMBSTONE: u8 = 6;
const AHEAD: u8 = 7;

/// The bytes of prefix, topic and partition.
const PLACE_BYTES: usize = 6;

/// The key of the log's own description.
pub(super) fn meta() -> [u8; 1] {
    [META]
}

/// The key of a record.
pub(super) fn record(topic: Topic, partition: Partition, offset: Offset) -> Vec<u8> {
    with(RECORD, topic, partition, &offset.0.to_be_bytes())
}

/// The first key after all records of this partition.
pub(super) fn record_after(topic: Topic, partition: Partition) -> Vec<u8> {
    after(RECORD, topic, partition)
}

/// The offset in a record's key.
pub(super) fn record_offset(key: &[u8]) -> Option<Offset> {
    offset_of(RECORD, key)
}

/// The key of a partition's bounds.
pub(super) fn bounds(topic: Topic, partition: Partition) -> Vec<u8> {
    with(BOUNDS, topic, partition, &[])
}

/// The key under which a compacted topic finds the latest record of `key`.
pub(super) fn latest(topic: Topic, partition: Partition, key: &str) -> Vec<u8> {
    with(LATEST, topic, partition, key.as_bytes())
}

/// The key of a consumer's position.
pub(super) fn position(consumer: &str, topic: Topic, partition: Partition) -> Vec<u8> {
    with(POSITION, topic, partition, consumer.as_bytes())
}

/// The key of the part of a consumer's work that is ahead of its position.
pub(super) fn ahead(consumer: &str, topic: Topic, partition: Partition) -> Vec<u8> {
    with(AHEAD, topic, partition, consumer.as_bytes())
}

/// The range of all positions: the first key, and the first after it.
pub(super) fn positions() -> ([u8; 1], [u8; 1]) {
    ([POSITION], [POSITION + 1])
}

/// The range of the positions in a partition: the first key, and the first after it.
pub(super) fn positions_in(topic: Topic, partition: Partition) -> (Vec<u8>, Vec<u8>) {
    (with(POSITION, topic, partition, &[]), after(POSITION, topic, partition))
}

/// The consumer, topic and partition in a position's key.
pub(super) fn position_of(key: &[u8]) -> Option<(String, Topic, Partition)> {
    let (place, consumer) = key.split_at_checked(PLACE_BYTES)?;
    let [POSITION, code, partition @ ..] = place else { return None };
    let partition = u32::from_be_bytes(partition.try_into().ok()?);
    let consumer = String::from_utf8(consumer.to_vec()).ok()?;
    Some((consumer, topic_of(*code)?, Partition(partition)))
}

/// The key of the entry which marks the record at `offset` as a tombstone.
pub(super) fn tombstone(topic: Topic, partition: Partition, offset: Offset) -> Vec<u8> {
    with(TOMBSTONE, topic, partition, &offset.0.to_be_bytes())
}

/// The range of a partition's tombstones: the first key, and the first after it.
pub(super) fn tombstones(topic: Topic, partition: Partition) -> (Vec<u8>, Vec<u8>) {
    (with(TOMBSTONE, topic, partition, &[]), after(TOMBSTONE, topic, partition))
}

/// The offset in a tombstone's key.
pub(super) fn tombstone_offset(key: &[u8]) -> Option<Offset> {
    offset_of(TOMBSTONE, key)
}

/// The number of a partition among all partitions of all topics; `None` if there is no such partition.
pub(super) fn slot(topic: Topic, partition: Partition, partitions: u32) -> Option<usize> {
    if partition.0 >= partitions {
        return None;
    }
    let topic = usize::from(topic_code(topic) - 1);
    Some(topic * partitions as usize + partition.0 as usize)
}

/// All partitions of all topics, in the order of their `slot`s.
pub(super) fn slots(partitions: u32) -> impl Iterator<Item = (Topic, Partition)> {
    let topics =
        [Topic::Events, Topic::Alerts, Topic::Status, Topic::Rejects, Topic::Control, Topic::Deliveries];
    topics.into_iter().flat_map(move |topic| (0..partitions).map(move |i| (topic, Partition(i))))
}

fn with(prefix: u8, topic: Topic, partition: Partition, rest: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(PLACE_BYTES + rest.len());
    key.extend([prefix, topic_code(topic)]);
    key.extend(partition.0.to_be_bytes());
    key.extend(rest);
    key
}

/// Partitions are below 1024, so the next number does not overflow.
fn after(prefix: u8, topic: Topic, partition: Partition) -> Vec<u8> {
    with(prefix, topic, Partition(partition.0 + 1), &[])
}

fn offset_of(prefix: u8, key: &[u8]) -> Option<Offset> {
    let (place, offset) = key.split_at_checked(PLACE_BYTES)?;
    let offset = u64::from_be_bytes(offset.try_into().ok()?);
    (place.first() == Some(&prefix)).then_some(Offset(offset))
}

/// From 1 without holes: `slot` depends on it.
fn topic_code(topic: Topic) -> u8 {
    match topic {
        Topic::Events => 1,
        Topic::Alerts => 2,
        Topic::Status => 3,
        Topic::Rejects => 4,
        Topic::Control => 5,
        Topic::Deliveries => 6,
    }
}

fn topic_of(code: u8) -> Option<Topic> {
    Topic::ALL.into_iter().find(|&topic| topic_code(topic) == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_every_key_are_those_promised() {
        let (place, offset) = (Partition(0x0102), Offset(0x0a0b_0c0d));
        let table: [(&str, Vec<u8>, &[u8]); 10] = [
            ("meta", meta().to_vec(), b"\x01"),
            (
                "record",
                record(Topic::Events, place, offset),
                b"\x02\x01\x00\x00\x01\x02\x00\x00\x00\x00\x0a\x0b\x0c\x0d",
            ),
            ("beyond the records", record_after(Topic::Events, place), b"\x02\x01\x00\x00\x01\x03"),
            ("bounds", bounds(Topic::Alerts, place), b"\x03\x02\x00\x00\x01\x02"),
            ("latest", latest(Topic::Status, place, "c/n/b"), b"\x04\x03\x00\x00\x01\x02c/n/b"),
            ("position", position("notify", Topic::Rejects, place), b"\x05\x04\x00\x00\x01\x02notify"),
            ("ahead", ahead("notify", Topic::Rejects, place), b"\x07\x04\x00\x00\x01\x02notify"),
            (
                "tombstone",
                tombstone(Topic::Status, place, offset),
                b"\x06\x03\x00\x00\x01\x02\x00\x00\x00\x00\x0a\x0b\x0c\x0d",
            ),
            ("tombstones from", tombstones(Topic::Status, place).0, b"\x06\x03\x00\x00\x01\x02"),
            ("tombstones to", tombstones(Topic::Status, place).1, b"\x06\x03\x00\x00\x01\x03"),
        ];
        for (name, written, promised) in table {
            assert_eq!(written, promised, "{name}");
        }
        assert_eq!(positions(), (*b"\x05", *b"\x06"));
    }

    #[test]
    fn what_was_put_into_a_key_is_read_out_of_it() {
        let key = position("notify", Topic::Rejects, Partition(7));
        assert_eq!(position_of(&key), Some(("notify".to_owned(), Topic::Rejects, Partition(7))));
        assert_eq!(position_of(&key[..5]), None);
        let key = record(Topic::Status, Partition(1), Offset(u64::MAX));
        assert_eq!(record_offset(&key), Some(Offset(u64::MAX)));
        assert_eq!(tombstone_offset(&key), None);
        assert_eq!(record_offset(&key[..13]), None);
    }

    #[test]
    fn every_partition_has_a_slot_of_its_own() {
        for (i, (topic, partition)) in slots(3).enumerate() {
            assert_eq!(slot(topic, partition, 3), Some(i));
        }
        assert_eq!(slots(3).count(), 3 * Topic::ALL.len());
        assert_eq!(slot(Topic::Events, Partition(3), 3), None);
    }
}
