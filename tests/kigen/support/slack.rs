//! A fake of Slack's Web API for a process on Kafka, where a dry run delivers nothing: it appends each message, and each update
//! of one, to a file. A thread has the replies to it that are in the file.

use std::io::Write;
use std::path::{Path, PathBuf};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::routing::{any, get, post};
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;

/// Starts one that appends to `file`; returns the address of its API.
pub(crate) async fn slack_into(file: &Path) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/api/", listener.local_addr().expect("an address"));
    let routes = Router::new()
        .route("/api/chat.postMessage", post(post_message))
        .route(
            "/api/auth.test",
            any(|| async {
                answer(
                    r#"{"ok": true, "url": "https://x.slack.com/", "team": "x", "user": "kigen", "team_id": "T1",
                        "user_id": "U1"}"#,
                )
            }),
        )
        .route(
            "/api/conversations.info",
            get(|| async {
                answer(r#"{"ok": true, "channel": {"id": "C1", "created": 0, "name": "ops", "is_member": true}}"#)
            }),
        )
        .route(
            "/api/chat.update",
            post(update_message),
        )
        .route(
            "/api/chat.getPermalink",
            get(|| async { answer(r#"{"ok": true, "channel": "C1", "permalink": "https://x.slack.com/archives/C1/p11"}"#) }),
        )
        .route("/api/conversations.replies", get(replies))
        .route(
            "/api/conversations.history",
            get(|| async { answer(r#"{"ok": true, "messages": [], "has_more": false}"#) }),
        )
        .with_state(file.to_owned());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    url
}

async fn replies(State(file): State<PathBuf>, Query(of): Query<Thread>) -> axum::Json<Json> {
    let posted = std::fs::read_to_string(file).unwrap_or_default();
    let posted = posted.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
    let in_thread = posted.filter(|message| message["thread_ts"] == of.ts).map(|mut message| {
        message["ts"] = json!("1.1");
        message["type"] = json!("message");
        message
    });
    axum::Json(json!({"ok": true, "messages": in_thread.collect::<Vec<_>>(), "has_more": false}))
}

#[derive(serde::Deserialize)]
struct Thread {
    ts: String,
}

async fn post_message(State(file): State<PathBuf>, body: Bytes) -> impl axum::response::IntoResponse {
    append(file, &body);
    answer(r#"{"ok": true, "channel": "C1", "ts": "1.1", "message": {"ts": "1.1", "type": "message"}}"#)
}

async fn update_message(State(file): State<PathBuf>, body: Bytes) -> impl axum::response::IntoResponse {
    append(file, &body);
    answer(r#"{"ok": true, "channel": "C1", "ts": "1.1", "text": "", "message": {"text": "", "user": "U1"}}"#)
}

fn append(file: PathBuf, body: &[u8]) {
    let file = std::fs::OpenOptions::new().create(true).append(true).open(file);
    file.and_then(|mut file| file.write_all(&[body, b"\n"].concat())).expect("a file of messages");
}

fn answer(text: &'static str) -> impl axum::response::IntoResponse {
    ([("content-type", "application/json")], text)
}
