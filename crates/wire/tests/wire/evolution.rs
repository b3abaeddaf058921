//! A released schema stays as it is; the next version is compatible with old data and old readers.

use apache_avro::Schema;
use apache_avro::schema_compatibility::{Compatibility, SchemaCompatibility};
use expect_test::expect;
use kigen_model::topic::Topic;
use serde_json::{Value as Json, json};

use crate::growth::{Choices, problems};
use crate::{hex, schemas, versions};

#[test]
fn a_released_version_never_changes() {
    let released = schemas(Topic::Events).with_file_name("fingerprints.txt");
    let released = std::fs::read_to_string(released).expect("the list of fingerprints");
    let mut released: Vec<&str> = released.lines().collect();
    for topic in Topic::ALL {
        for (version, text) in versions(topic) {
            let fingerprint = hex(&kigen_wire::fingerprint(&text).expect("a valid schema"));
            let line = format!("{topic} v{version} {fingerprint}");
            let place = released.iter().position(|released| *released == line);
            released.remove(place.unwrap_or_else(|| {
                panic!(
                    "schemas/{topic}/v{version}.avsc is not as it was released. What was written stays readable only \
                     if it does: undo the change, and add v{next}.avsc. A new version is released with this line in \
                     schemas/fingerprints.txt:\n{line}",
                    next = version + 1,
                )
            }));
        }
    }
    assert!(released.is_empty(), "these schemas are listed, but gone: {released:#?}");
}

#[test]
fn each_version_is_compatible_with_the_one_before() {
    for topic in Topic::ALL {
        let parsed: Vec<Json> = versions(topic)
            .iter()
            .map(|(_, text)| serde_json::from_str(text).expect("a schema is JSON"))
            .collect();
        let choices = if topic == Topic::Status { Choices::Any } else { Choices::BodyOnly };
        for (index, new) in parsed.iter().enumerate() {
            let old = &parsed[index.saturating_sub(1)];
            let problems = problems(old, new, choices);
            assert!(problems.is_empty(), "schemas/{topic}/v{}.avsc: {problems:#?}", index + 1);
        }
    }
}

#[test]
fn a_compatible_change_is_allowed() {
    let grown = [
        changed("/fields/0/doc", json!("A better wording.")),
        added("/fields", json!({ "name": "owner", "type": ["null", "string"], "default": null })),
        added("/fields/2/type/symbols", json!("FATAL")),
        added("/fields/3/type", json!({ "type": "record", "name": "Unknown", "fields": [] })),
        added("/fields/3/type/0/fields", json!({ "name": "misses", "type": "int", "default": 1 })),
    ];
    for new in grown {
        assert_eq!(problems(&schema(), &new, Choices::BodyOnly), Vec::<String>::new(), "{new:#}");
        let (old, new) = (parse(&schema()), parse(&new));
        assert_eq!(SchemaCompatibility::can_read(&old, &new), Ok(Compatibility::Full));
        assert!(SchemaCompatibility::can_read(&new, &old).is_ok());
    }
}

#[test]
fn an_incompatible_change_is_named() {
    let broken = [
        added("/fields", json!({ "name": "owner", "type": "string" })),
        removed("/fields", 1),
        changed("/fields/1/name", json!("moment")),
        changed("/fields/1/type", json!("long")),
        changed("/fields/1/type/logicalType", json!("timestamp-micros")),
        changed("/fields/0/type", json!(["null", "string"])),
        removed("/fields/2/type/symbols", 1),
        changed("/fields/2/type/default", json!("WARNING")),
        removed("/fields/3/type", 0),
        changed("/fields/3/type/0/name", json!("Fulfilled")),
        changed("/fields/4/default", json!("kigen")),
        added("/fields/4/type", json!("int")),
        changed("/fields/5/type/items", json!("string")),
        added("/fields/3/type/1/fields/0/type", json!({ "type": "record", "name": "Hung", "fields": [] })),
        changed("/name", json!("Notice")),
    ];
    let named: Vec<String> = broken
        .iter()
        .flat_map(|new| {
            let problems = problems(&schema(), new, Choices::BodyOnly);
            assert!(!problems.is_empty(), "it is not noticed: {new:#}");
            problems
        })
        .collect();
    expect![[r#"
        Alert.owner is new and has no default: old data cannot be read
        Alert.at is gone: an old reader needs it
        Alert.at is gone: an old reader needs it
        Alert.moment is new and has no default: old data cannot be read
        Alert.at is of another type
        Alert.at is of another type
        Alert.id is of another type
        Severity has lost or moved "WARNING": old data cannot be read
        Severity has no default UNKNOWN as its first word: it can never get another
        Alert.body is of another type
        Met is gone: old data cannot be read
        Alert.body is of another type
        Met is gone: old data cannot be read
        Alert.runbook has another default
        Alert.runbook is of another type
        Alert.past is of another type
        Missed.cause is of another type
        the topic's record Alert is now Notice
        Alert is gone: old data cannot be read"#]]
    .assert_eq(&named.join("\n"));
}

#[test]
fn only_a_status_may_get_new_kinds_within_a_kind() {
    let new =
        added("/fields/3/type/1/fields/0/type", json!({ "type": "record", "name": "Hung", "fields": [] }));
    assert_eq!(problems(&schema(), &new, Choices::Any), Vec::<String>::new());
}

/// A schema with one of everything that kigen's have.
fn schema() -> Json {
    json!({
        "type": "record",
        "name": "Alert",
        "fields": [
            { "name": "id", "type": "string", "doc": "Who." },
            { "name": "at", "type": { "type": "long", "logicalType": "timestamp-millis" } },
            { "name": "severity", "type": {
                "type": "enum", "name": "Severity", "symbols": ["UNKNOWN", "WARNING"], "default": "UNKNOWN"
            } },
            { "name": "body", "type": [
                { "type": "record", "name": "Met", "fields": [] },
                { "type": "record", "name": "Missed", "fields": [
                    { "name": "cause", "type": [
                        { "type": "record", "name": "Suspended", "fields": [] },
                        { "type": "record", "name": "Failed", "fields": [] }
                    ] }
                ] }
            ] },
            { "name": "runbook", "type": ["null", "string"], "default": null },
            { "name": "past", "type": { "type": "array", "items": "long" } }
        ]
    })
}

fn changed(place: &str, to: Json) -> Json {
    let (parent, key) = place.rsplit_once('/').expect("a place in the schema");
    let mut new = schema();
    new.pointer_mut(parent).expect(place)[key] = to;
    new
}

fn added(place: &str, item: Json) -> Json {
    let mut new = schema();
    array(&mut new, place).push(item);
    new
}

fn removed(place: &str, index: usize) -> Json {
    let mut new = schema();
    array(&mut new, place).remove(index);
    new
}

fn array<'a>(schema: &'a mut Json, place: &str) -> &'a mut Vec<Json> {
    schema.pointer_mut(place).and_then(Json::as_array_mut).expect(place)
}

fn parse(schema: &Json) -> Schema {
    Schema::parse_str(&schema.to_string()).expect("a valid schema")
}
