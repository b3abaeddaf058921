//! Golden files: records of every kind as bytes, beside each version of each schema, which stay readable for ever.
//!
//! A golden file has a JSON object per line: the record's name, its bytes in hexadecimal, and what `decode_to_json` returns
//! for them. `UPDATE_EXPECT=1` rewrites that of the newest version; those of older versions are never rewritten.

use std::collections::BTreeSet;
use std::process::Command;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::schema::ResolvedSchema;
use apache_avro::types::Value;
use kigen_model::reject::{REJECT_BYTES_MAX, Reject};
use kigen_model::topic::Topic;
use kigen_wire::decode_to_json;
use serde_json::{Value as Json, json};

use crate::samples::{Record, samples};
use crate::{hex, schemas, unhex, versions};

/// The length of the marker and the fingerprint.
const HEADER_BYTES: usize = 10;
/// The Python for which Debian's python3-avro is installed, whatever other Python is first in the path.
const PYTHON: &str = "/usr/bin/python3";

#[test]
fn every_kind_of_record_decodes_to_what_was_encoded() {
    for topic in Topic::ALL {
        for (name, record) in samples(topic) {
            let read = Record::decode(topic, &record.encode()).expect(name);
            assert_eq!(read, record, "{topic}: {name}");
        }
    }
}

#[test]
fn the_longest_reject_decodes_to_what_was_encoded() {
    let (_, Record::Reject(reject)) = samples(Topic::Rejects).remove(0) else { panic!("a reject") };
    let record = Record::Reject(Reject { bytes: vec![0xff; REJECT_BYTES_MAX], ..reject });
    assert_eq!(Record::decode(Topic::Rejects, &record.encode()).expect("a reject"), record);
}

#[test]
fn the_samples_contain_every_branch_and_every_symbol() {
    for topic in Topic::ALL {
        let (_, text) = versions(topic).pop().expect("a topic has a schema");
        let schema = Schema::parse_str(&text).expect("a valid schema");
        let names = ResolvedSchema::try_from(&schema).expect("its names are known");
        let reader = GenericDatumReader::builder(&schema).build().expect("a valid schema");
        let mut seen = BTreeSet::new();
        for (_, record) in samples(topic) {
            let value = reader.read_value(&mut &record.encode()[HEADER_BYTES..]).expect("a datum");
            collect(&value, &schema, "", &names, &mut seen);
        }
        let mut all = BTreeSet::new();
        list(&schema, "", &mut all);
        let missing: Vec<&String> = all.difference(&seen).collect();
        assert!(missing.is_empty(), "{topic}: no sample has {missing:#?}");
    }
}

#[test]
fn the_samples_encode_to_the_golden_file_of_the_newest_version() {
    for topic in Topic::ALL {
        let (version, _) = versions(topic).pop().expect("a topic has a schema");
        let lines = samples(topic).into_iter().map(|(name, record)| {
            let bytes = record.encode();
            let reads = decode_to_json(topic, &bytes).expect(name);
            format!("{}\n", json!({ "name": name, "bytes": hex(&bytes), "reads": reads }))
        });
        let lines: String = lines.collect();
        expect_test::expect_file![schemas(topic).join(format!("v{version}.golden"))].assert_eq(&lines);
    }
}

#[test]
fn every_golden_file_is_still_readable() {
    for topic in Topic::ALL {
        for (version, text) in versions(topic) {
            let fingerprint = kigen_wire::fingerprint(&text).expect("a valid schema");
            let lines = golden(topic, version);
            assert!(!lines.is_empty(), "{topic} v{version}: the golden file is empty");
            for line in lines {
                let name = line["name"].as_str().expect("a name");
                let bytes = unhex(line["bytes"].as_str().expect("bytes"));
                assert_eq!(bytes[2..HEADER_BYTES], fingerprint, "{topic} v{version}: {name}");
                let written_again = Record::decode(topic, &bytes).expect(name).encode();
                let kind = &decode_to_json(topic, &written_again).expect(name)["body"]["type"];
                assert_eq!(*kind, line["reads"]["body"]["type"], "{topic} v{version}: {name}");
                let reads = decode_to_json(topic, &bytes).expect(name);
                assert_eq!(reads, line["reads"], "{topic} v{version}: {name}");
            }
        }
    }
}

/// Another implementation of Avro, in another language, with nothing but the folder `schemas/`.
#[test]
fn another_avro_library_reads_the_golden_files_with_only_the_schemas() {
    let output = Command::new(PYTHON)
        .arg("tests/wire/read_golden.py")
        .arg(schemas(Topic::Events).parent().expect("the folder of all schemas"))
        .output()
        .unwrap_or_else(|error| panic!("{PYTHON} does not run; `make setup` installs it: {error}"));
    let output_text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output_text}{}", String::from_utf8_lossy(&output.stderr));
    let records: usize = Topic::ALL
        .into_iter()
        .flat_map(|topic| versions(topic).into_iter().map(move |(version, _)| golden(topic, version).len()))
        .sum();
    assert!(
        output_text.contains(&format!("{records} records of {} topics", Topic::ALL.len())),
        "{output_text}"
    );
}

fn golden(topic: Topic, version: u32) -> Vec<Json> {
    let path = schemas(topic).join(format!("v{version}.golden"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// Collects each branch and each symbol of the value, by its path in the schema.
fn collect(
    value: &Value,
    schema: &Schema,
    at: &str,
    names: &ResolvedSchema<'_>,
    seen: &mut BTreeSet<String>,
) {
    match (value, schema) {
        (value, Schema::Ref { name }) => collect(value, names.get_names()[name], at, names, seen),
        (Value::Record(fields), Schema::Record(record)) => {
            for ((name, value), field) in fields.iter().zip(&record.fields) {
                collect(value, &field.schema, &format!("{}.{name}", record.name.name()), names, seen);
            }
        }
        (Value::Union(place, value), Schema::Union(union)) => {
            seen.insert(format!("{at} of branch {place}"));
            collect(value, &union.variants()[*place as usize], at, names, seen);
        }
        (Value::Array(values), Schema::Array(array)) => {
            seen.insert(format!("{at} with {}", if values.is_empty() { "nothing" } else { "something" }));
            values.iter().for_each(|value| collect(value, &array.items, at, names, seen));
        }
        (Value::Enum(_, word), _) => {
            seen.insert(format!("{at} {word}"));
        }
        (Value::Boolean(value), _) => {
            seen.insert(format!("{at} {value}"));
        }
        _ => {}
    }
}

/// All branches and symbols of the schema except `UNKNOWN`, which is never written.
fn list(schema: &Schema, at: &str, all: &mut BTreeSet<String>) {
    match schema {
        Schema::Record(record) => {
            for field in &record.fields {
                list(&field.schema, &format!("{}.{}", record.name.name(), field.name), all);
            }
        }
        Schema::Union(union) => {
            for (place, branch) in union.variants().iter().enumerate() {
                all.insert(format!("{at} of branch {place}"));
                list(branch, at, all);
            }
        }
        Schema::Array(array) => {
            all.extend([format!("{at} with nothing"), format!("{at} with something")]);
            list(&array.items, at, all);
        }
        Schema::Enum(words) => {
            all.extend(
                words.symbols.iter().filter(|word| *word != "UNKNOWN").map(|word| format!("{at} {word}")),
            );
        }
        Schema::Boolean => all.extend([format!("{at} true"), format!("{at} false")]),
        _ => {}
    }
}
