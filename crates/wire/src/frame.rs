//! The prefix of a datum, which identifies the writer's schema: Avro's single-object encoding, or Confluent's wire format.
//!
//! This crate decodes only the first. The second needs a schema registry, which alone can resolve its numbers;
//! `kigen-registry` replaces one prefix with the other.

/// The two bytes at the beginning of Avro's single-object encoding.
pub(crate) const MARKER: [u8; 2] = [0xc3, 0x01];
/// The byte at the beginning of Confluent's wire format.
const MAGIC: u8 = 0;

/// The prefix of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Avro's single-object encoding: the marker `C3 01`, and the fingerprint of the schema as the value contains it
    /// (CRC-64-AVRO, little-endian).
    Object([u8; 8]),
    /// Confluent's wire format: a zero byte, and the schema's number in a registry, big-endian.
    Registered(u32),
}

impl Frame {
    /// The length of the prefix of an [`Object`](Self::Object), in bytes.
    pub const OBJECT_BYTES: usize = 10;
    /// The length of the prefix of a value that is [`Registered`](Self::Registered), in bytes.
    pub const REGISTERED_BYTES: usize = 5;

    /// The prefix of a value and its datum; `None`: it has neither prefix.
    #[must_use]
    pub fn of(value: &[u8]) -> Option<(Self, &[u8])> {
        if let Some((&[0xc3, 0x01, fingerprint @ ..], datum)) =
            value.split_first_chunk::<{ Self::OBJECT_BYTES }>()
        {
            return Some((Self::Object(fingerprint), datum));
        }
        match value.split_first_chunk::<{ Self::REGISTERED_BYTES }>() {
            Some((&[MAGIC, id @ ..], datum)) => Some((Self::Registered(u32::from_be_bytes(id)), datum)),
            Some(_) | None => None,
        }
    }

    /// The datum with this prefix.
    #[must_use]
    pub fn around(self, datum: &[u8]) -> Vec<u8> {
        let mut value = Vec::with_capacity(Self::OBJECT_BYTES + datum.len());
        match self {
            Self::Object(fingerprint) => {
                value.extend(MARKER);
                value.extend(fingerprint);
            }
            Self::Registered(id) => {
                value.push(MAGIC);
                value.extend(id.to_be_bytes());
            }
        }
        value.extend(datum);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_both_frames_are_those_of_their_specifications() {
        let object = Frame::Object([1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(object.around(b"datum"), b"\xc3\x01\x01\x02\x03\x04\x05\x06\x07\x08datum");
        let registered = Frame::Registered(0x0102_0304);
        assert_eq!(registered.around(b"datum"), b"\x00\x01\x02\x03\x04datum");
        for frame in [object, registered] {
            assert_eq!(Frame::of(&frame.around(b"datum")), Some((frame, b"datum".as_slice())));
            assert_eq!(Frame::of(&frame.around(b"")), Some((frame, b"".as_slice())));
        }
    }

    #[test]
    fn what_has_no_whole_frame_has_none() {
        for value in [
            &b""[..],
            b"\x00",
            b"\x00\x01\x02\x03",
            b"\xc3\x01\x01\x02\x03\x04\x05\x06\x07",
            b"{\"a\": 1, \"b\": 2}",
        ] {
            assert_eq!(Frame::of(value), None, "{value:02x?}");
        }
    }
}
