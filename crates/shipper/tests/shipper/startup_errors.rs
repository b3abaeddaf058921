//! The errors of a shipper that cannot start: which file, which server, and which command to run.

use std::error::Error;
use std::path::Path;

use chrono::DateTime;
use expect_test::{Expect, expect};
use kigen_shipper::error::ShipperError;
use kigen_shipper::kubernetes::connect::connect;
use kigen_shipper::preflight::{self, Allowed};
use kigen_shipper::server_clock::Clock;
use kigen_shipper::settings::{Access, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

async fn refusal(access: Access) -> ShipperError {
    let mut settings = Settings::new("test", access);
    settings.start_ms_max = 50;
    settings.retry_delay_ms_min = 10;
    let clock = Clock::new(|| DateTime::UNIX_EPOCH);
    connect(&settings, clock).await.expect_err("it cannot start")
}

/// The error and its sources, a line each; `hide` is what differs from run to run.
fn check(error: &ShipperError, hide: &[(&str, &str)], expected: &Expect) {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}\n- {error}");
        source = error.source();
    }
    for (from, to) in hide {
        text = text.replace(from, to);
    }
    expected.assert_eq(&text);
}

fn kubeconfig(folder: &Path, name: &str, text: &str) -> Access {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a writable folder");
    Access::Kubeconfig { path, context: None }
}

#[tokio::test]
async fn a_kubeconfig_that_does_not_exist_or_parse_or_has_no_such_context_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let hide = [(folder.path().to_str().expect("UTF-8"), "DIR")];
    let absent = Access::Kubeconfig { path: folder.path().join("absent"), context: None };
    check(
        &refusal(absent).await,
        &hide,
        &expect![[r#"
        there is no kubeconfig DIR/absent; name one that exists by --kubeconfig, kubeconfig under [kubernetes] or $KUBECONFIG"#]],
    );
    let garbage = kubeconfig(folder.path(), "garbage", "clusters: {");
    let error = refusal(garbage).await;
    check(
        &error,
        &hide,
        &expect![[r#"
        the current context of the kubeconfig DIR/garbage cannot be used; check it with `kubectl --kubeconfig DIR/garbage config view --minify`, or name another file by kubeconfig or $KUBECONFIG
        - failed to parse kubeconfig YAML: error: line 1 column 11: expected sequence start
         --> <input>:1:11
          |
        1 | clusters: {
          |           ^ expected sequence start"#]],
    );
    let text = "{apiVersion: v1, kind: Config, clusters: [], contexts: [], users: []}";
    let Access::Kubeconfig { path, .. } = kubeconfig(folder.path(), "empty", text) else {
        unreachable!("it is one")
    };
    let access = Access::Kubeconfig { path, context: Some("production".to_owned()) };
    check(
        &refusal(access).await,
        &hide,
        &expect![[r#"
        the context `production` of the kubeconfig DIR/empty cannot be used; check it with `kubectl --kubeconfig DIR/empty config view --minify`, or name another file by kubeconfig or $KUBECONFIG
        - failed to load current context: production"#]],
    );
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_named_with_its_url() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    drop(listener);
    check(
        &refusal(Access::Url(url.clone())).await,
        &[(&url, "URL")],
        &expect![[r#"
            the API server URL/ of the configured URL cannot be queried; check the address and that it is reachable from here with `kubectl version`
            - the API server does not answer GET /version: client error (Connect): tcp connect error: Connection refused (os error 111)"#]],
    );
}

/// Answers each request with `status`, and `/version` with 200 if `has_time`.
async fn server(status: &'static str, has_time: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let Ok(bytes) = stream.read(&mut request).await else { continue };
            let is_time = request[..bytes].starts_with(b"GET /version ") && has_time;
            let status = if is_time { "200 OK" } else { status };
            let body = r#"{"kind":"Status","message":"as the test wants"}"#;
            let answer = format!(
                "HTTP/1.1 {status}\r\nDate: Mon, 23 Nov 2026 11:46:32 GMT\r\nConnection: close\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            // The client may have closed the connection.
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    url
}

#[tokio::test]
async fn a_server_that_refuses_the_credentials_or_a_resource_is_named_with_the_command_that_shows_it() {
    let url = server("401 Unauthorized", false).await;
    check(
        &refusal(Access::Url(url.clone())).await,
        &[(&url, "URL")],
        &expect![[r#"
            the API server URL/ does not accept the credentials of the configured URL; check them with `kubectl auth whoami`
            - the API server answers GET /version with 401: as the test wants"#]],
    );
    let url = server("403 Forbidden", true).await;
    check(
        &refusal(Access::Url(url.clone())).await,
        &[(&url, "URL")],
        &expect![[r#"
            the configured URL may not list cronjobs at URL/; check with `kubectl auth can-i list cronjobs -A`, and grant list and watch on cronjobs, or watch one namespace only
            - the API server answers GET /apis/batch/v1/cronjobs with 403: as the test wants"#]],
    );
}

#[tokio::test]
async fn a_server_that_is_not_kubernetes_is_detected() {
    let url = server("200 OK", true).await;
    check(
        &refusal(Access::Url(url.clone())).await,
        &[(&url, "URL")],
        &expect![[r#"
            the API server URL/ of the configured URL cannot be queried; check the address and that it is reachable from here with `kubectl version`
            - the answer to GET /apis/batch/v1/cronjobs is not what Kubernetes answers: missing field `metadata` at line 1 column 47"#]],
    );
}

#[tokio::test]
async fn a_check_names_the_namespaces_in_which_logs_may_not_be_read() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let Ok(bytes) = stream.read(&mut request).await else { continue };
            let head = String::from_utf8_lossy(&request[..bytes]).into_owned();
            let cron_job = |namespace: &str| format!(r#"{{"metadata": {{"namespace": "{namespace}"}}}}"#);
            let (status, body) = match head.as_str() {
                head if head.contains("/dwh/pods/") => ("403 Forbidden", "{}".to_owned()),
                head if head.contains("/pods/") => ("404 Not Found", "{}".to_owned()),
                head if head.contains("/cronjobs") => {
                    let items = ["ml", "dwh", "ml"].map(cron_job).join(",");
                    ("200 OK", format!(r#"{{"metadata": {{"resourceVersion": "1"}}, "items": [{items}]}}"#))
                }
                _ => (
                    "200 OK",
                    r#"{"metadata": {"resourceVersion": "1", "uid": "1"}, "items": []}"#.to_owned(),
                ),
            };
            let answer = format!(
                "HTTP/1.1 {status}\r\nDate: Mon, 23 Nov 2026 11:46:32 GMT\r\nConnection: close\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            // The client may have closed the connection.
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    let settings = Settings { read_logs: true, ..Settings::new("test", Access::Url(url)) };
    let checks = preflight::checks(&settings, Clock::new(|| DateTime::UNIX_EPOCH)).await.expect("it answers");
    let of_logs = checks.into_iter().find(|check| check.what == "get pods/log").expect("it is checked");
    let expected = Allowed::LogsOfSome { of: 2, refused: vec!["dwh".to_owned()] };
    assert_eq!(of_logs.outcome.expect("an answer"), expected);
}
