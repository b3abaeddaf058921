//! The keys of the store: one table of prefixes, which only ever grows.
//!
//! | prefix | key | value |
//! |---|---|---|
//! | 1 | - | format u32 |
//! | 2 | partition u32 | offset in `kigen.status` u64, position record |
//! | 3 | partition u32, cluster 00 namespace 00 batch | state, or what the patch is to be applied to |
//! | 4 | partition u32, cluster 00 instant i64 namespace 00 batch | - |
//! | 5 | partition u32, cluster 00 namespace 00 batch | patch |
//!
//! Numbers are big-endian; an instant is in milliseconds with its sign bit flipped, so that instants before 1970 come
//! first. With the parts of a key ended by a zero byte, which none contains, the order of bytes is the order of
//! `BatchKey`.

use chrono::DateTime;
use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::topic::Partition;

/// The format written under prefix 1. A store of any other is dropped, except of [`FORMAT_WITHOUT_PATCHES`].
pub(crate) const FORMAT: u32 = 2;
/// The format before, which had no prefix 5: such a store is one without patches. A kigen that knows no patches drops a store of the
/// newer format, where it would find states that are too old.
pub(crate) const FORMAT_WITHOUT_PATCHES: u32 = 1;

const META: u8 = 1;
const POSITION: u8 = 2;
const STATE: u8 = 3;
const DUE: u8 = 4;
const PATCH: u8 = 5;

const SIGN: u64 = 1 << 63;
const PLACE_BYTES: usize = 5;

/// The key of the store's format.
pub(crate) fn meta() -> [u8; 1] {
    [META]
}

/// The key of a partition's position.
pub(crate) fn position(partition: Partition) -> Vec<u8> {
    place(POSITION, partition)
}

/// The key of a batch's state.
pub(crate) fn state(partition: Partition, key: &BatchKey) -> Vec<u8> {
    of_batch(STATE, partition, key)
}

/// The key of the patch of a batch's state.
pub(crate) fn patch(partition: Partition, key: &BatchKey) -> Vec<u8> {
    of_batch(PATCH, partition, key)
}

/// The range of a partition's states: the first key, and the first after it.
pub(crate) fn states(partition: Partition) -> (Vec<u8>, Vec<u8>) {
    (place(STATE, partition), beyond(place(STATE, partition)))
}

/// The range of a partition's patches.
pub(crate) fn patches(partition: Partition) -> (Vec<u8>, Vec<u8>) {
    (place(PATCH, partition), beyond(place(PATCH, partition)))
}

/// The batch in the key of a state.
pub(crate) fn state_key(bytes: &[u8]) -> Option<BatchKey> {
    let (place, rest) = bytes.split_at_checked(PLACE_BYTES)?;
    let (cluster, name) = split(rest)?;
    (place.first() == Some(&STATE)).then_some(())?;
    batch_key(cluster, name)
}

/// The key of an entry of the time-ordered index.
pub(crate) fn due(partition: Partition, at: Instant, key: &BatchKey) -> Vec<u8> {
    let mut bytes = due_at(partition, &key.cluster, at.timestamp_millis());
    extend_with_name(&mut bytes, key);
    bytes
}

/// The range of a cluster's due work with instants up to and including `until`.
pub(crate) fn dues(partition: Partition, cluster: &str, until: Instant) -> (Vec<u8>, Vec<u8>) {
    let next_ms = until.timestamp_millis().saturating_add(1);
    (due_at(partition, cluster, i64::MIN), due_at(partition, cluster, next_ms))
}

/// The range of all due work of a partition.
pub(crate) fn all_dues(partition: Partition) -> (Vec<u8>, Vec<u8>) {
    (place(DUE, partition), beyond(place(DUE, partition)))
}

/// The instant and the batch in the key of an entry of the index.
pub(crate) fn due_key(bytes: &[u8]) -> Option<(Instant, BatchKey)> {
    let (place, rest) = bytes.split_at_checked(PLACE_BYTES)?;
    (place.first() == Some(&DUE)).then_some(())?;
    let (cluster, rest) = split(rest)?;
    let (flipped, name) = rest.split_first_chunk()?;
    let at_ms = (u64::from_be_bytes(*flipped) ^ SIGN).cast_signed();
    Some((DateTime::from_timestamp_millis(at_ms)?, batch_key(cluster, name)?))
}

fn of_batch(prefix: u8, partition: Partition, key: &BatchKey) -> Vec<u8> {
    let mut bytes = place(prefix, partition);
    bytes.extend(key.cluster.bytes().chain([0]));
    extend_with_name(&mut bytes, key);
    bytes
}

fn place(prefix: u8, partition: Partition) -> Vec<u8> {
    let mut bytes = vec![prefix];
    bytes.extend(partition.0.to_be_bytes());
    bytes
}

/// The first bytes after all that begin with `prefix`, which has a byte below 255: one of the prefixes above.
fn beyond(mut prefix: Vec<u8>) -> Vec<u8> {
    while prefix.last() == Some(&u8::MAX) {
        prefix.pop();
    }
    if let Some(last) = prefix.last_mut() {
        *last += 1;
    }
    prefix
}

fn due_at(partition: Partition, cluster: &str, at_ms: i64) -> Vec<u8> {
    let mut bytes = place(DUE, partition);
    bytes.extend(cluster.bytes().chain([0]));
    bytes.extend((at_ms.cast_unsigned() ^ SIGN).to_be_bytes());
    bytes
}

fn extend_with_name(bytes: &mut Vec<u8>, key: &BatchKey) {
    bytes.extend(key.namespace.bytes().chain([0]).chain(key.batch.bytes()));
}

fn batch_key(cluster: &[u8], name: &[u8]) -> Option<BatchKey> {
    let (namespace, batch) = split(name)?;
    let text = |bytes| str::from_utf8(bytes).ok();
    Some(BatchKey::new(text(cluster)?, text(namespace)?, text(batch)?))
}

/// The bytes before and after the first zero byte.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|&byte| byte == 0)?;
    let (before, after) = bytes.split_at(at);
    Some((before, after.split_first()?.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Instant {
        DateTime::from_timestamp_millis(ms).expect("in range")
    }

    #[test]
    fn the_bytes_of_every_key_are_those_promised() {
        let place = Partition(0x0102);
        let key = BatchKey::new("c", "n", "b");
        let (first, after) = dues(place, "c", at(5));
        let table: [(&str, Vec<u8>, &[u8]); 9] = [
            ("meta", meta().to_vec(), b"\x01"),
            ("position", position(place), b"\x02\0\0\x01\x02"),
            ("state", state(place, &key), b"\x03\0\0\x01\x02c\0n\0b"),
            ("due", due(place, at(0x0304), &key), b"\x04\0\0\x01\x02c\0\x80\0\0\0\0\0\x03\x04n\0b"),
            (
                "due before 1970",
                due(place, at(-1), &key),
                b"\x04\0\0\x01\x02c\0\x7f\xff\xff\xff\xff\xff\xff\xffn\0b",
            ),
            ("due from", first, b"\x04\0\0\x01\x02c\0\0\0\0\0\0\0\0\0"),
            ("due to", after, b"\x04\0\0\x01\x02c\0\x80\0\0\0\0\0\0\x06"),
            ("patch", patch(place, &key), b"\x05\0\0\x01\x02c\0n\0b"),
            ("beyond the states", states(Partition(0x01ff)).1, b"\x03\0\0\x02"),
        ];
        for (name, written, promised) in table {
            assert_eq!(written, promised, "{name}");
        }
    }

    #[test]
    fn keys_sort_as_batch_keys_do_and_read_back() {
        // By text alone `a-b/x` would come before `a/x`.
        let keys = [("a", "a", "x"), ("a", "a-b", "x"), ("a-b", "a", "x"), ("b", "a", "a")]
            .map(|(cluster, namespace, batch)| BatchKey::new(cluster, namespace, batch));
        assert!(keys.is_sorted());
        let bytes = keys.clone().map(|key| state(Partition(3), &key));
        assert!(bytes.is_sorted());
        for (key, bytes) in keys.iter().zip(&bytes) {
            assert_eq!(state_key(bytes).as_ref(), Some(key));
            assert_eq!(due_key(&due(Partition(3), at(-7), key)), Some((at(-7), key.clone())));
        }
    }

    #[test]
    fn foreign_bytes_are_no_key() {
        for bytes in [b"".as_slice(), b"\x03\0\0", b"\x03\0\0\0\0abc", b"\x04\0\0\0\0c\0\x80n\0b"] {
            assert_eq!((state_key(bytes), due_key(bytes)), (None, None), "{bytes:?}");
        }
    }
}
