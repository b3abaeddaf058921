//! What a real registry holds of kigen, and values under its numbers.

use expect_test::expect;
use kigen_log::kafka::Framing;
use kigen_model::Instant;
use kigen_model::reject::Reject;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_registry::{COMPATIBILITY, Found, Intent, Registry, check, register};
use kigen_testkit::registry::Registry as Server;
use serde_json::{Value as Json, json};

use crate::access;

#[test]
fn every_version_is_registered_in_order_and_once_and_the_compatibility_is_set() {
    let server = Server::start();
    let access = access(&server.url());
    let before = check(&access).expect("it answers");
    assert!(before.iter().all(|found| found.ids.iter().all(Option::is_none)));
    expect![[r#"
        version 1, 2, 3, 4, 5 is not registered: `kigen topics create` does so, and each role when it starts, if they may
        its compatibility is not set, not BACKWARD_TRANSITIVE, so that others could register what kigen's readers do not survive: `kigen topics create` sets it, and each role when it starts, if they may"#]]
    .assert_eq(&before[0].problems().join("\n"));

    let made = register(&access).expect("it takes them");
    assert_eq!(check(&access).expect("it answers"), made);
    assert_eq!(register(&access).expect("they are there"), made);
    for found in &made {
        assert_eq!(found.problems(), Vec::<String>::new());
        let subject = found.subject();
        let versions = get(&server, &format!("/subjects/{subject}/versions"));
        let expected: Vec<usize> = (1..=kigen_wire::schemas(found.topic).len()).collect();
        assert_eq!(versions, json!(expected), "{subject}");
        for (version, (schema, id)) in (1..).zip(kigen_wire::schemas(found.topic).iter().zip(&found.ids)) {
            let there = get(&server, &format!("/subjects/{subject}/versions/{version}"));
            assert_eq!(there["id"], json!(id), "{subject} {version}");
            let text = there["schema"].as_str().expect("a schema");
            assert_eq!(kigen_wire::fingerprint(text).ok(), kigen_wire::fingerprint(schema).ok());
        }
    }
    let names: Vec<String> = made.iter().map(Found::subject).collect();
    let expected = ["kigen.events-value", "kigen.alerts-value", "kigen.status-value", "kigen.rejects-value"];
    assert_eq!(names, expected);

    let (status, _) = ask("PUT", &server, "/config/kigen.alerts-value", &json!({ "compatibility": "NONE" }));
    assert_eq!(status, 200);
    let found = check(&access).expect("it answers");
    assert!(found[1].problems()[0].contains("its compatibility is NONE"), "{found:?}");
    assert_eq!(register(&access).expect("it takes it"), made);
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
                ask("PUT", &server, &format!("/config/{subject}"), &json!({ "compatibility": level })).0,
                200
            );
            let taken = add(&server, &subject, second);
            assert_eq!(taken, if level == COMPATIBILITY { 200 } else { 409 }, "{topic} under {level}");
        }
    }
}

#[test]
fn a_value_goes_out_under_its_schemas_number_and_comes_back_as_it_was() {
    let server = Server::start();
    let registry = Registry::open(access(&server.url()), Intent::Write).expect("it takes the schemas");
    let value = value();
    let out = registry.outward(Topic::Rejects, &value);
    let id = register(&access(&server.url())).expect("they are there")[3].ids[0].expect("a number");
    assert_eq!(*out, [&[0][..], &id.to_be_bytes(), &value[10..]].concat());
    let inward = registry.inward(Topic::Rejects, &out).expect("it is known").expect("it is kigen's");
    assert_eq!(inward.value, value);
    assert_eq!([&inward.head.was, &inward.value[inward.head.now_bytes..]].concat(), *out);
    // What is in the other encoding, or in none, stays as it is.
    for value in [&value[..], b"", b"\0\0\0", b"{\"level\": \"info\"}"] {
        assert!(registry.inward(Topic::Rejects, value).expect("nobody is asked").is_none());
    }
}

#[test]
fn a_reader_asks_for_a_number_that_was_given_after_it_started() {
    let mut server = Server::start();
    let access = access(&server.url());
    let reader = Registry::open(access.clone(), Intent::Read).expect("it answers");
    let value = value();
    // It registers nothing, and what has no number is written as it is.
    assert_eq!(check(&access).expect("it answers")[3].ids, [None]);
    assert_eq!(*reader.outward(Topic::Rejects, &value), value);

    let writer = Registry::open(access, Intent::Write).expect("it takes the schemas");
    let out = writer.outward(Topic::Rejects, &value).into_owned();
    let inward = reader.inward(Topic::Rejects, &out).expect("it answers").expect("it is kigen's");
    assert_eq!(inward.value, value);

    let foreign = json!({ "type": "record", "name": "Order", "fields": [] }).to_string();
    assert_eq!(add(&server, "orders-value", &foreign), 200);
    let id = get(&server, "/subjects/orders-value/versions/1")["id"].as_u64().expect("a number");
    let id = u32::try_from(id).expect("a small number");
    let of = |id: u32| [&[0][..], &id.to_be_bytes(), b"datum"].concat();
    for id in [id, 4_000_000] {
        assert!(reader.inward(Topic::Rejects, &of(id)).expect("it answers").is_none(), "{id} is not kigen's");
    }
    // Nothing that was met needs it any more; what was not met cannot be told yet.
    server.kill();
    assert!(reader.inward(Topic::Rejects, &out).expect("it is known").is_some());
    assert!(reader.inward(Topic::Rejects, &of(id)).expect("it is known").is_none());
    assert_eq!(*writer.outward(Topic::Rejects, &value), out);
    let error = reader.inward(Topic::Rejects, &of(4_000_001)).err().expect("nobody answers");
    assert!(error.to_string().contains("does not answer"), "{error}");
}

#[test]
fn a_registry_with_a_certificate_of_an_own_authority_is_trusted_where_that_is_named() {
    let server = Server::start_with_tls();
    let trusting =
        |ca_file| kigen_registry::Access::new(&server.url(), None, None, ca_file).expect("an address");
    let failure = check(&trusting(None)).expect_err("nobody vouches for it");
    assert!(failure.to_string().contains("does not answer"), "{failure}");
    let source = std::error::Error::source(&failure).expect("why").to_string();
    assert!(source.contains("UnknownIssuer"), "{source}");
    let found = check(&trusting(Some(server.ca_file()))).expect("it is trusted");
    assert_eq!(found.len(), 4);
}

/// Some record's value.
fn value() -> Vec<u8> {
    let place = (Topic::Events, Partition(1), Offset(2));
    kigen_wire::encode_reject(&Reject::of_record(
        place,
        "prod/ml/recommend",
        b"bytes",
        "why",
        Instant::UNIX_EPOCH,
    ))
}

fn add(server: &Server, subject: &str, schema: &str) -> u16 {
    ask("POST", server, &format!("/subjects/{subject}/versions"), &json!({ "schema": schema })).0
}

fn get(server: &Server, path: &str) -> Json {
    let mut answer = ureq::get(format!("{}{path}", server.url())).call().expect("it answers");
    serde_json::from_str(&answer.body_mut().read_to_string().expect("text")).expect("JSON")
}

fn ask(method: &str, server: &Server, path: &str, body: &Json) -> (u16, String) {
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("{}{path}", server.url()))
        .header("content-type", "application/json")
        .body(body.to_string())
        .expect("a request");
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let mut answer = agent.run(request).expect("it answers");
    (answer.status().as_u16(), answer.body_mut().read_to_string().expect("text"))
}
