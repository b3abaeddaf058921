//! kigen's schemas in a real registry, and values under its ids.

use expect_test::expect;
use kigen_log::kafka::Framing;
use kigen_model::Instant;
use kigen_model::reject::Reject;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_registry::{COMPATIBILITY, Intent, Registry, Subject, check, register};
use kigen_testkit::registry::Registry as Server;
use serde_json::{Value as Json, json};

use crate::access;

#[test]
fn every_version_is_registered_in_order_and_once_and_the_compatibility_is_set() {
    let server = Server::start();
    let access = access(&server.url());
    let before = check(&access).expect("a response");
    assert!(before.iter().all(|subject| subject.ids.iter().all(Option::is_none)));
    expect![[r#"
        version 1, 2, 3, 4, 5, 6, 7 is not registered: `kigen topics create` does so, and each role when it starts, if they may
        its compatibility is not set, not BACKWARD_TRANSITIVE, so that others could register what kigen's readers do not survive: `kigen topics create` sets it, and each role when it starts, if they may"#]]
    .assert_eq(&before[0].problems().join("\n"));

    let registered = register(&access).expect("it accepts them");
    assert_eq!(check(&access).expect("a response"), registered);
    assert_eq!(register(&access).expect("they are registered"), registered);
    for subject in &registered {
        assert_eq!(subject.problems(), Vec::<String>::new());
        let name = subject.name();
        let versions = get(&server, &format!("/subjects/{name}/versions"));
        let schemas = kigen_wire::schemas(subject.topic);
        let expected: Vec<usize> = (1..=schemas.len()).collect();
        assert_eq!(versions, json!(expected), "{name}");
        for (version, (schema, id)) in (1..).zip(schemas.iter().zip(&subject.ids)) {
            let found = get(&server, &format!("/subjects/{name}/versions/{version}"));
            assert_eq!(found["id"], json!(id), "{name} {version}");
            let text = found["schema"].as_str().expect("a schema");
            assert_eq!(kigen_wire::fingerprint(text).ok(), kigen_wire::fingerprint(schema).ok());
        }
    }
    let names: Vec<String> = registered.iter().map(Subject::name).collect();
    let expected = Topic::ALL.map(|topic| format!("{topic}-value"));
    assert_eq!(names, expected);

    let (status, _) = send("PUT", &server, "/config/kigen.alerts-value", &json!({ "compatibility": "NONE" }));
    assert_eq!(status, 200);
    let found = check(&access).expect("a response");
    assert!(found[1].problems()[0].contains("its compatibility is NONE"), "{found:?}");
    assert_eq!(register(&access).expect("it accepts it"), registered);
}

/// `schemas/README.md`: a new kind in `body` is allowed, and an older reader cannot decode it.
#[test]
fn the_compatibility_is_the_strictest_that_the_rules_of_the_schemas_satisfy() {
    let server = Server::start();
    for level in ["FORWARD", "FULL", "FORWARD_TRANSITIVE", "FULL_TRANSITIVE", COMPATIBILITY] {
        for topic in [Topic::Alerts, Topic::Status] {
            let subject = format!("{topic}-{level}");
            let [first, second, ..] = kigen_wire::schemas(topic) else { panic!("two versions") };
            assert_eq!(add(&server, &subject, first), 200);
            assert_eq!(
                send("PUT", &server, &format!("/config/{subject}"), &json!({ "compatibility": level })).0,
                200
            );
            let status = add(&server, &subject, second);
            assert_eq!(status, if level == COMPATIBILITY { 200 } else { 409 }, "{topic} under {level}");
        }
    }
}

#[test]
fn a_value_is_written_under_its_schemas_id_and_read_as_it_was() {
    let server = Server::start();
    let registry = Registry::open(access(&server.url()), Intent::Write).expect("it accepts the schemas");
    let value = value();
    let out = registry.frame(Topic::Rejects, &value);
    let id = register(&access(&server.url())).expect("they are registered")[3].ids[0].expect("an id");
    assert_eq!(*out, [&[0][..], &id.to_be_bytes(), &value[10..]].concat());
    let unframed = registry.unframe(Topic::Rejects, &out).expect("a known id").expect("kigen's id");
    assert_eq!(unframed.value, value);
    assert_eq!([&unframed.prefix.read, &unframed.value[unframed.prefix.replaced_by_bytes..]].concat(), *out);
    // A value in the other encoding, or in none, is not changed.
    for value in [&value[..], b"", b"\0\0\0", b"{\"level\": \"info\"}"] {
        assert!(registry.unframe(Topic::Rejects, value).expect("no request is needed").is_none());
    }
}

#[test]
fn a_reader_looks_up_an_id_that_was_registered_after_it_started() {
    let mut server = Server::start();
    let access = access(&server.url());
    let reader = Registry::open(access.clone(), Intent::Read).expect("a response");
    let value = value();
    // A reader registers nothing, and a value without an id is not changed.
    assert_eq!(check(&access).expect("a response")[3].ids, [None]);
    assert_eq!(*reader.frame(Topic::Rejects, &value), value);

    let writer = Registry::open(access, Intent::Write).expect("it accepts the schemas");
    let out = writer.frame(Topic::Rejects, &value).into_owned();
    let unframed = reader.unframe(Topic::Rejects, &out).expect("a response").expect("kigen's id");
    assert_eq!(unframed.value, value);

    let foreign = json!({ "type": "record", "name": "Order", "fields": [] }).to_string();
    assert_eq!(add(&server, "orders-value", &foreign), 200);
    let id = get(&server, "/subjects/orders-value/versions/1")["id"].as_u64().expect("an id");
    let id = u32::try_from(id).expect("a small id");
    let of = |id: u32| [&[0][..], &id.to_be_bytes(), b"datum"].concat();
    for id in [id, 4_000_000] {
        assert!(
            reader.unframe(Topic::Rejects, &of(id)).expect("a response").is_none(),
            "{id} is not kigen's"
        );
    }
    // A version of a newer kigen is one of kigen's schemas: its record is waited for, not refused.
    let newest = kigen_wire::schemas(Topic::Rejects).last().expect("a version");
    let mut newer: Json = serde_json::from_str(newest).expect("a schema is JSON");
    let added = json!({ "name": "added", "type": ["null", "string"], "default": null });
    newer["fields"].as_array_mut().expect("fields").push(added);
    assert_eq!(add(&server, "kigen.rejects-value", &newer.to_string()), 200);
    let versions = kigen_wire::schemas(Topic::Rejects).len() + 1;
    let newer = get(&server, &format!("/subjects/kigen.rejects-value/versions/{versions}"));
    let newer = u32::try_from(newer["id"].as_u64().expect("an id")).expect("a small id");
    let unframed = reader.unframe(Topic::Rejects, &of(newer)).expect("a response").expect("kigen's id");
    let error = kigen_wire::decode_reject(&unframed.value).expect_err("of a newer version");
    assert!(error.is_newer(), "{error}");
    // Ids that were met need no request any more; others do.
    server.kill();
    assert!(reader.unframe(Topic::Rejects, &out).expect("a known id").is_some());
    assert!(reader.unframe(Topic::Rejects, &of(id)).expect("a known id").is_none());
    assert_eq!(*writer.frame(Topic::Rejects, &value), out);
    let error = reader.unframe(Topic::Rejects, &of(4_000_001)).err().expect("no response");
    assert!(error.to_string().contains("does not answer"), "{error}");
}

#[test]
fn a_certificate_of_a_private_authority_is_trusted_only_with_its_ca_file() {
    let server = Server::start_with_tls();
    let trusting =
        |ca_file| kigen_registry::Access::new(&server.url(), None, None, ca_file).expect("an address");
    let failure = check(&trusting(None)).expect_err("an unknown authority");
    assert!(failure.to_string().contains("does not answer"), "{failure}");
    let source = std::error::Error::source(&failure).expect("why").to_string();
    assert!(source.contains("UnknownIssuer"), "{source}");
    let found = check(&trusting(Some(server.ca_file()))).expect("a trusted authority");
    assert_eq!(found.len(), Topic::ALL.len());
}

/// A record's value.
fn value() -> Vec<u8> {
    let place = (Topic::Events, Partition(1), Offset(2));
    kigen_wire::encode_reject(
        &Reject::of_record(place, "prod/ml/recommend", b"bytes", "why", Instant::UNIX_EPOCH),
        kigen_wire::Level::NEWEST,
    )
}

fn add(server: &Server, subject: &str, schema: &str) -> u16 {
    send("POST", server, &format!("/subjects/{subject}/versions"), &json!({ "schema": schema })).0
}

fn get(server: &Server, path: &str) -> Json {
    let mut response = ureq::get(format!("{}{path}", server.url())).call().expect("a response");
    serde_json::from_str(&response.body_mut().read_to_string().expect("text")).expect("JSON")
}

fn send(method: &str, server: &Server, path: &str, body: &Json) -> (u16, String) {
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("{}{path}", server.url()))
        .header("content-type", "application/json")
        .body(body.to_string())
        .expect("a request");
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let mut response = agent.run(request).expect("a response");
    (response.status().as_u16(), response.body_mut().read_to_string().expect("text"))
}
