//! Bytes that are not a record: each gets an error that describes them, and nothing worse happens.

use expect_test::expect;
use kigen_model::topic::Topic;
use kigen_wire::{DecodeError, VALUE_BYTES_MAX, decode_to_json};

use crate::samples::{Record, samples};

/// How many changes each sample gets.
const CHANGES: u64 = 300;

#[test]
fn the_error_describes_what_is_wrong_with_the_bytes() {
    let whole = samples(Topic::Rejects)[0].1.encode();
    let of_alerts = samples(Topic::Alerts)[0].1.encode();
    let mut newer = whole.clone();
    newer[2] ^= 1;
    let huge = [&whole[..10], &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]].concat();
    let cases: [&[u8]; 9] = [
        b"",
        b"{\"id\": 1}",
        &[0x00, 0x00, 0x00, 0x00, 0x07, 0x02],
        &newer,
        &of_alerts,
        &whole[..whole.len() - 1],
        &[&whole[..], b"tail"].concat(),
        &huge,
        &vec![0xc3; VALUE_BYTES_MAX + 1],
    ];
    let errors: Vec<String> = cases
        .iter()
        .map(|bytes| match Record::decode(Topic::Rejects, bytes) {
            Ok(record) => panic!("{record:?} was read from {bytes:02x?}"),
            Err(error) => chain(&error),
        })
        .collect();
    expect![[r#"
        kigen.rejects: the record has no value
        kigen.rejects: the record begins with [7b, 22, 69, 64, 22, 3a, 20, 31, 7d], not with the marker c3 01 of Avro's single-object encoding: something else than kigen wrote it
        kigen.rejects: the record names its schema by the number 7 of a schema registry, which is none of this kigen's schemas there: a newer kigen or something else wrote it; upgrade kigen to read it, or, if no registry is configured, set `url` under [kafka.registry]
        kigen.rejects: no schema of this kigen has the fingerprint 4c6d3d9abafe5d77: a newer kigen or something else wrote it; upgrade kigen to read it
        kigen.rejects: the record is one of kigen.alerts: whatever copies records between topics must not write them here
        kigen.rejects: the record is damaged after its schema's fingerprint: Failed to read bytes for decoding variable length integer: failed to fill whole buffer: failed to fill whole buffer
        kigen.rejects: 4 bytes follow the record
        kigen.rejects: the record is damaged after its schema's fingerprint: Unable to allocate 9223372036854775807 bytes (maximum allowed: 2097152). Change the limit using `apache_avro::util::max_allocation_bytes`
        kigen.rejects: the record has 1048577 bytes, the most is 1048576"#]].assert_eq(&errors.join("\n"));
}

#[test]
fn a_value_that_the_schema_allows_and_kigen_does_not_is_named() {
    // Ten and four minutes in seconds, as zigzag varints; the same length of varint can encode a negative number.
    let (grace, growth) = ([0xb0, 0x09], [0xe0, 0x03]);
    for (topic, sample, number, expected) in [
        (
            Topic::Events,
            "an objective",
            grace,
            expect!["kigen.events: the field `grace_s` is not 0 to 31 days"],
        ),
        (Topic::Alerts, "recovered", grace, expect!["kigen.alerts: the field `grace_s` is not 0 to 31 days"]),
        (
            Topic::Alerts,
            "missed, there is no CronJob",
            growth,
            expect!["kigen.alerts: the field `later_by_s` is negative"],
        ),
    ] {
        let (_, record) = samples(topic).into_iter().find(|(name, _)| *name == sample).expect("a sample");
        let mut bytes = record.encode();
        let at = bytes.windows(2).position(|two| two == number).expect("the number");
        bytes[at] |= 1;
        let error = Record::decode(topic, &bytes).expect_err("a number below zero");
        expected.assert_eq(&chain(&error));
    }
}

/// Each sample, cut at every byte or with bytes changed, decodes to some record or to an error.
#[test]
fn damage_is_an_error_or_another_record_and_never_a_panic() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    for topic in Topic::ALL {
        for (name, record) in samples(topic) {
            let bytes = record.encode();
            for end in 0..bytes.len() {
                assert!(Record::decode(topic, &bytes[..end]).is_err(), "{topic}: {name} cut at {end}");
            }
            for _ in 0..CHANGES {
                let mut damaged = bytes.clone();
                let at = 10 + usize::try_from(next() % 0xffff).expect("small") % (bytes.len() - 10);
                damaged[at] = next().to_le_bytes()[0];
                let typed = Record::decode(topic, &damaged);
                let json = decode_to_json(topic, &damaged);
                assert!(typed.is_err() || json.is_ok(), "{topic}: {name}: a record that cannot be shown");
            }
        }
    }
}

fn chain(error: &DecodeError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
