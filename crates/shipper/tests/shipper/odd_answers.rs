//! Malformed answers of an API server, over HTTP: each is rejected, and stops nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::DateTime;
use expect_test::expect;
use kigen_model::event::ClusterBody;
use kigen_shipper::core::Resume;
use kigen_shipper::kubernetes::connect::connect;
use kigen_shipper::server_clock::Clock;
use kigen_shipper::settings::{Access, Settings};
use kigen_shipper::shipper::Shipper;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const JOBS: &str = concat!(
    "no JSON at all\n",
    r#"{"type":"ADDED","object":{"metadata":{"name":"no-uid","namespace":"ml","resourceVersion":"11","#,
    r#""creationTimestamp":"2026-11-23T08:00:00Z"}}}"#,
    "\n",
    r#"{"type":"FLASHED","object":{"metadata":{"resourceVersion":"11"}}}"#,
    "\n",
    r#"{"type":"ADDED","object":{"metadata":{"name":"good","namespace":"ml","uid":"u","resourceVersion":"12","#,
    r#""creationTimestamp":"2026-11-23T08:00:00Z"}}}"#,
    "\n",
    r#"{"type":"BOOKMARK","object":{"kind":"Job","metadata":{"resourceVersion":"13"},"#,
    r#""spec":{"template":{"metadata":{},"spec":{"containers":null}}},"status":{}}}"#,
    "\n",
);
const BOOKMARK: &str = "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"13\"}}}\n";

/// What has happened in the cluster.
#[derive(Default)]
struct Happened {
    was_expired: AtomicBool,
    were_jobs_listed: AtomicBool,
}

/// Answers one request of `stream`. Once the Jobs were listed, at version 10, the store is at version 13. The first watch of
/// CronJobs has expired, as HTTP status 410; a watch stays open after its lines.
async fn answer(mut stream: TcpStream, happened: Arc<Happened>) {
    let mut request = vec![0; 4096];
    let Ok(bytes) = stream.read(&mut request).await else { return };
    let request = String::from_utf8_lossy(&request[..bytes]).into_owned();
    let target = request.split(' ').nth(1).unwrap_or_default();
    let (status, body) = match target {
        _ if target.starts_with("/version") => ("200 OK", "{}"),
        _ if target.contains("sendInitialEvents") => (
            "422 Unprocessable Entity",
            r#"{"kind":"Status","code":422,"message":"sendInitialEvents: Forbidden"}"#,
        ),
        _ if target.contains("watch=true") && target.contains("cronjobs") => {
            if happened.was_expired.swap(true, Ordering::Relaxed) {
                ("200 OK", BOOKMARK)
            } else {
                ("410 Gone", r#"{"kind":"Status","code":410,"message":"too old"}"#)
            }
        }
        _ if target.contains("watch=true") && target.contains("/jobs") => ("200 OK", JOBS),
        _ if target.contains("watch=true") => ("200 OK", BOOKMARK),
        _ if target.contains("batch/v1/jobs")
            && !target.ends_with("limit=1")
            && !happened.were_jobs_listed.swap(true, Ordering::Relaxed) =>
        {
            ("200 OK", r#"{"metadata":{"resourceVersion":"10"},"items":null}"#)
        }
        _ if happened.were_jobs_listed.load(Ordering::Relaxed) => {
            ("200 OK", r#"{"metadata":{"resourceVersion":"13"},"items":[]}"#)
        }
        _ => ("200 OK", r#"{"metadata":{"resourceVersion":"10"},"items":null}"#),
    };
    let head =
        format!("HTTP/1.1 {status}\r\nDate: Mon, 23 Nov 2026 11:46:32 GMT\r\nConnection: close\r\n\r\n");
    // The client may have closed the connection.
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
    if target.contains("watch=true") && status == "200 OK" {
        std::future::pending::<()>().await;
    }
}

#[tokio::test]
async fn garbage_on_a_watch_and_an_object_without_its_parts_stop_neither_the_others_nor_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(async move {
        let happened = Arc::<Happened>::default();
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, happened.clone()));
        }
    });
    let settings = Settings { retry_delay_ms_min: 1, ..Settings::new("test", Access::Url(url)) };
    let api = connect(&settings, Clock::new(|| DateTime::UNIX_EPOCH)).await.expect("it answers");
    let mut shipper =
        Shipper::start(&api, &Settings { probe_interval_ms: 5, ..settings }, 1, &Resume::default());
    let (mut keys, mut rejected, mut cluster) = (Vec::new(), Vec::new(), Vec::new());
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    while !cluster.iter().any(|event| matches!(event, ClusterBody::Tick { .. })) {
        let inputs = tokio::time::timeout_at(deadline, shipper.next()).await.expect("it ticks in the end");
        for input in inputs {
            let output = shipper.apply(input);
            keys.extend(output.facts.iter().map(|fact| fact.key.to_string()));
            rejected.extend(output.rejected.iter().map(ToString::to_string));
        }
        cluster.extend(shipper.acknowledged().events.into_iter().map(|event| event.body));
    }
    assert_eq!(keys, ["test/ml/good"]);
    expect![[r#"
        an event of the watch on jobs is left out: it is not the JSON that Kubernetes sends (expected ident at line 1 column 2); its bytes are in kigen.rejects; if this goes on, look for a proxy between kigen and the API server that changes answers
        Job ml/no-uid (resource version 11) is left out: it has no `metadata.uid`; its bytes are in kigen.rejects; look at it with `kubectl get job no-uid -n ml -o yaml`
        an event of the watch on jobs is left out: it is not the JSON that Kubernetes sends (its type `FLASHED` is none, or a bookmark without a version); its bytes are in kigen.rejects; if this goes on, look for a proxy between kigen and the API server that changes answers"#]].assert_eq(&rejected.join("\n"));
    expect![[r#"
        [
            Gap(
                Gap {
                    from: None,
                    to: 2026-11-23T11:46:33Z,
                    is_of_log: false,
                },
            ),
            Tick {
                observed_until: 2026-11-23T11:46:32Z,
                positions: [
                    StreamPosition {
                        stream: "cronjobs",
                        resource_version: 13,
                    },
                    StreamPosition {
                        stream: "jobs",
                        resource_version: 13,
                    },
                    StreamPosition {
                        stream: "pods",
                        resource_version: 13,
                    },
                ],
            },
        ]
    "#]]
    .assert_debug_eq(&cluster);
}
