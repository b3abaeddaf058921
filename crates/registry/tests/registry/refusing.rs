//! Registries that refuse or fail: the error message, and whether kigen retries.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};

use expect_test::expect;
use kigen_log::Fate;
use kigen_log::kafka::Framing;
use kigen_model::topic::Topic;
use kigen_ops::error_chain;
use kigen_registry::{Access, Intent, Registry, check, register};

use crate::access;

#[test]
fn each_refusal_has_a_message_with_a_remedy() {
    let not_found = (404, r#"{"error_code": 40401, "message": "Subject not found."}"#);
    let response = |code: u16| match code {
        401 => (401, r#"{"error_code": 401, "message": "Unauthorized"}"#),
        403 => (403, r#"{"error_code": 40301, "message": "Subject access denied"}"#),
        409 => (
            409,
            r#"{"error_code": 409, "message": "Schema being registered is incompatible:\n  reader union"}"#,
        ),
        422 => {
            (422, r#"{"error_code": 42205, "message": "Subject kigen.events-value is in read-only mode"}"#)
        }
        503 => (503, "upstream away"),
        404 => (404, "<html>no such page</html>"),
        302 => (302, ""),
        _ => (200, "<html>welcome</html>"),
    };
    let mut messages = Vec::new();
    for code in [401, 403, 409, 422, 503, 404, 302, 200] {
        // The look-up finds nothing, and the registration is refused; or both are refused.
        let server = Scripted::start(move |request| {
            match request.starts_with("POST /base/subjects/kigen.events-value ") {
                true if matches!(code, 403 | 409 | 422 | 503) => not_found,
                _ => response(code),
            }
        });
        let failure = register(&server.access()).expect_err("it refuses");
        messages.push(format!(
            "{:?}: {}\n",
            failure.fate(),
            error_chain(&failure).replace(&server.url, "URL")
        ));
    }
    expect![[r#"
        Retry: the schema registry at URL does not know the user `Aladdin` (401: Unauthorized): give its user and password (KIGEN_REGISTRY_USER and KIGEN_REGISTRY_PASSWORD, or `user` and `password_file` under [kafka.registry])
        Retry: the schema registry at URL does not let the user `Aladdin` register version 1 of the subject kigen.events-value (403: Subject access denied): allow it there, or have a user who may run `kigen topics create` once for this version of kigen, which then needs to read only
        Stop: the schema registry at URL does not register version 1 of the subject kigen.events-value, as incompatible with what is registered there (409: Schema being registered is incompatible: reader union): something else than kigen has written to this subject, or set another compatibility for it; look what its versions are, and delete those that are not in kigen's `schemas/`
        Stop: the schema registry at URL does not register version 1 of the subject kigen.events-value (422: Subject kigen.events-value is in read-only mode): check that it takes Avro schemas and that this subject is not read-only
        Retry: the schema registry at URL cannot register version 1 of the subject kigen.events-value now (503: upstream away)
        Stop: what answers at URL is no schema registry (asked to look up a schema of the subject kigen.events-value, it returned 404): give the base of its API, such as https://registry:8081 (Confluent) or https://registry:8080/apis/ccompat/v7 (Apicurio)
        Stop: what answers at URL is no schema registry (asked to look up a schema of the subject kigen.events-value, it returned 302): give the base of its API, such as https://registry:8081 (Confluent) or https://registry:8080/apis/ccompat/v7 (Apicurio)
        Stop: what answers at URL is no schema registry (asked to look up a schema of the subject kigen.events-value, it returned 200): give the base of its API, such as https://registry:8081 (Confluent) or https://registry:8080/apis/ccompat/v7 (Apicurio)
    "#]].assert_eq(&messages.concat());
}

#[test]
fn user_and_password_are_sent_by_basic_authentication_and_the_password_is_not_shown() {
    let server = Scripted::start(|_| (404, r#"{"error_code": 40401, "message": "Subject not found."}"#));
    let access = server.access();
    check(&access).expect("a response");
    let requests = server.requests.lock().expect("no thread has panicked").concat();
    // RFC 7617's example.
    assert!(requests.contains("authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "{requests}");
    assert!(!format!("{access:?}").contains("sesame"), "{access:?}");
}

#[test]
fn a_user_who_may_only_read_uses_the_schemas_that_others_have_registered() {
    let server = Scripted::start(|request| match request {
        request if request.starts_with("POST") && !request.contains("/versions ") => (200, r#"{"id": 7}"#),
        request if request.starts_with("GET /base/config/") => {
            (404, r#"{"error_code": 40408, "message": "none"}"#)
        }
        _ => (403, r#"{"error_code": 40301, "message": "no"}"#),
    });
    let subjects = register(&server.access()).expect("only the compatibility is refused");
    assert!(
        subjects
            .iter()
            .all(|subject| subject.ids.iter().all(|id| *id == Some(7)) && subject.compatibility.is_none())
    );
}

#[test]
fn an_id_is_looked_up_once() {
    let server = Scripted::start(|request| match request {
        request if request.starts_with("GET /base/schemas/") => {
            (404, r#"{"error_code": 40403, "message": "Schema not found"}"#)
        }
        _ => (404, r#"{"error_code": 40401, "message": "Subject not found."}"#),
    });
    let registry = Registry::open(server.access(), Intent::Read).expect("a response");
    for _ in 0..3 {
        assert!(registry.unframe(Topic::Events, &[0, 0, 0, 0, 9, 1]).expect("a response").is_none());
    }
    let requests = server.requests.lock().expect("no thread has panicked");
    assert_eq!(requests.iter().filter(|request| request.starts_with("GET /base/schemas/ids/9 ")).count(), 1);
}

#[test]
fn a_registry_that_is_away_is_named_in_the_error() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    drop(listener);
    let failure = check(&access(&url)).expect_err("no listener");
    assert_eq!(failure.fate(), Fate::Retry);
    let message = error_chain(&failure).replace(&url, "URL");
    expect!["the schema registry at URL does not answer; check the address, and that it is reachable and trusted from here: io: Connection refused (os error 111)"].assert_eq(&message);
}

#[test]
fn a_wrong_address_or_half_of_the_credentials_is_named() {
    let mut messages = Vec::new();
    for url in ["registry:8081", "https://", "https://ann:secret@registry:8081", "http://a:1,http://b:1"] {
        messages.push(Access::new(url, None, None, None).expect_err("no address").to_string());
    }
    for (user, password) in [(Some("ann"), None), (None, Some("secret"))] {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let access = Access::new("https://registry:8081/", own(user), own(password), None);
        messages.push(access.expect_err("half").to_string());
    }
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("ca.pem");
    for text in [None, Some("no certificate")] {
        if let Some(text) = text {
            std::fs::write(&file, text).expect("a file");
        }
        let access =
            Access::new("https://registry:8081", None, None, Some(file.clone())).expect("an address");
        let failure = check(&access).expect_err("no certificates");
        messages.push(error_chain(&failure).replace(&dir.path().display().to_string(), "DIR"));
    }
    expect![[r#"
        the schema registry's url `registry:8081` does not begin with http:// or https://: give the base of its API, such as https://registry:8081 (Confluent) or https://registry:8080/apis/ccompat/v7 (Apicurio)
        the schema registry's url `https://` is not one address: give the base of its API, such as https://registry:8081 (Confluent) or https://registry:8080/apis/ccompat/v7 (Apicurio)
        the schema registry's url `...@registry:8081` has a user in it, which goes under `user` and `password` (KIGEN_REGISTRY_USER, ...): give the base of its API, such as https://registry:8081 (Confluent) or https://registry:8080/apis/ccompat/v7 (Apicurio)
        the schema registry's url `http://a:1,http://b:1` is not one address: give the base of its API, such as https://registry:8081 (Confluent) or https://registry:8080/apis/ccompat/v7 (Apicurio)
        the schema registry's password is not set: give both user and password, or neither
        the schema registry's user is not set: give both user and password, or neither
        the schema registry's ca_file DIR/ca.pem cannot be read: No such file or directory (os error 2)
        the schema registry's ca_file DIR/ca.pem holds no certificate: it has no CERTIFICATE block"#]].assert_eq(&messages.join("\n"));
}

/// A server with the responses of a test, which keeps the heads of its requests.
struct Scripted {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    fn start(respond: impl Fn(&str) -> (u16, &'static str) + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let url = format!("http://{}/base", listener.local_addr().expect("bound"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        // It ends with the process of the test.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
                let mut head = String::new();
                let mut body_bytes = 0;
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).expect("a line");
                    if let Some(length) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                        body_bytes = length.trim().parse().expect("a length");
                    }
                    if line.trim().is_empty() {
                        break;
                    }
                    head.push_str(&line);
                }
                reader.read_exact(&mut vec![0; body_bytes]).expect("the whole request");
                let (status, text) = respond(&head);
                kept.lock().expect("no thread has panicked").push(head);
                let length = text.len();
                write!(
                    stream,
                    "HTTP/1.1 {status} so\r\nlocation: /elsewhere\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}"
                )
                .expect("the response is sent");
            }
        });
        Self { url, requests }
    }

    fn access(&self) -> Access {
        let credentials = ("Aladdin".to_owned(), "open sesame".to_owned());
        Access::new(&self.url, Some(credentials.0), Some(credentials.1), None).expect("an address")
    }
}
