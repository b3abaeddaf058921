//! A fake of Slack's Web API: it records the requests, and answers as the test configures.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Longer than anything takes in a test that passes.
const DEADLINE: Duration = Duration::from_secs(30);

/// How the server answers a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// Posts the message.
    Ok,
    /// Refuses it with this error code.
    Error(&'static str),
    /// Rate-limits it, with a `Retry-After` in seconds.
    TooMany(u32),
    /// Status 500; the message is not posted.
    Broken,
    /// Status 500, though the message was posted.
    PostedAndBroken,
    /// Posts the message, and answers only after [`Workspace::release`].
    Held,
}

/// One workspace; its channels share one history.
#[derive(Clone)]
pub(crate) struct Workspace {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    answers: Mutex<VecDeque<Answer>>,
    /// The answer to each message for one of these channels.
    of_channels: Mutex<BTreeMap<&'static str, Answer>>,
    /// All requests to `chat.postMessage`, with their headers.
    requests: watch::Sender<Vec<(HeaderMap, Json)>>,
    /// The channel's messages, the newest last.
    channel: watch::Sender<Vec<Json>>,
    lookups: watch::Sender<usize>,
    released: watch::Sender<bool>,
}

impl Workspace {
    /// Gives these answers, and then posts every message.
    pub(crate) async fn answering(answers: &[Answer]) -> Self {
        let shared = Arc::new(Shared {
            answers: Mutex::new(answers.iter().copied().collect()),
            of_channels: Mutex::default(),
            requests: watch::Sender::default(),
            channel: watch::Sender::default(),
            lookups: watch::Sender::default(),
            released: watch::Sender::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/api/", listener.local_addr().expect("an address"));
        let routes = Router::new()
            .route("/api/chat.postMessage", post(post_message))
            .route("/api/conversations.history", get(history))
            .route("/api/users.conversations", get(conversations))
            .with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, shared }
    }

    /// Answers each message for this channel so from now on; `None`: as any other.
    pub(crate) fn answer_in(&self, channel: &'static str, answer: Option<Answer>) {
        let mut of_channels = self.shared.of_channels.lock().expect("unpoisoned");
        match answer {
            Some(answer) => of_channels.insert(channel, answer),
            None => of_channels.remove(channel),
        };
    }

    /// The messages of one channel, the newest last.
    pub(crate) fn messages_in(&self, channel: &str) -> Vec<Json> {
        self.channel().into_iter().filter(|message| message["channel"] == channel).collect()
    }

    /// Waits for that many messages in a channel.
    pub(crate) async fn has_posted(&self, channel: &str, times: usize) {
        let mut posted = self.shared.channel.subscribe();
        let enough = posted.wait_for(|messages| {
            messages.iter().filter(|message| message["channel"] == channel).count() >= times
        });
        tokio::time::timeout(DEADLINE, enough).await.expect("in time").expect("the server lives");
    }

    /// Waits for that many requests for a channel, whatever their answers.
    pub(crate) async fn has_received_for(&self, channel: &str, times: usize) {
        let mut requests = self.shared.requests.subscribe();
        let enough = requests.wait_for(|requests| {
            requests.iter().filter(|(_, message)| message["channel"] == channel).count() >= times
        });
        tokio::time::timeout(DEADLINE, enough).await.expect("in time").expect("the server lives");
    }

    /// The channel's messages, the newest last.
    pub(crate) fn channel(&self) -> Vec<Json> {
        self.shared.channel.borrow().clone()
    }

    /// All requests to `chat.postMessage`, with their headers.
    pub(crate) fn requests(&self) -> Vec<(HeaderMap, Json)> {
        self.shared.requests.borrow().clone()
    }

    /// How often the channel's history was read.
    pub(crate) fn lookups(&self) -> usize {
        *self.shared.lookups.borrow()
    }

    /// Waits for that many requests to `chat.postMessage`, whatever their answers.
    pub(crate) async fn has_received(&self, times: usize) {
        let mut requests = self.shared.requests.subscribe();
        let enough = requests.wait_for(|requests| requests.len() >= times);
        tokio::time::timeout(DEADLINE, enough).await.expect("in time").expect("the server lives");
    }

    /// Answers the held request.
    pub(crate) fn release(&self) {
        self.shared.released.send_replace(true);
    }
}

async fn post_message(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let message: Json = serde_json::from_slice(&body).expect("a message is JSON");
    let channel = message["channel"].as_str().unwrap_or_default();
    let of_channel = shared.of_channels.lock().expect("unpoisoned").get(channel).copied();
    let answer = of_channel
        .unwrap_or_else(|| shared.answers.lock().expect("unpoisoned").pop_front().unwrap_or(Answer::Ok));
    let ts = format!("1763609430.{:06}", shared.requests.borrow().len());
    if matches!(answer, Answer::Ok | Answer::PostedAndBroken | Answer::Held) {
        let mut posted = message.clone();
        posted["ts"] = ts.clone().into();
        posted["type"] = "message".into();
        shared.channel.send_modify(|channel| channel.push(posted));
    }
    shared.requests.send_modify(|requests| requests.push((headers, message.clone())));
    match answer {
        Answer::Held => {
            let mut released = shared.released.subscribe();
            let _ = released.wait_for(|released| *released).await;
        }
        Answer::Ok => {}
        Answer::Error(code) => return json_response(&json!({ "ok": false, "error": code })),
        Answer::TooMany(seconds) => {
            let after = [(header::RETRY_AFTER, seconds.to_string())];
            let body = json_response(&json!({ "ok": false, "error": "ratelimited" }));
            return (StatusCode::TOO_MANY_REQUESTS, after, body).into_response();
        }
        Answer::Broken | Answer::PostedAndBroken => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
    json_response(
        &json!({ "ok": true, "channel": id_of(&message["channel"]), "ts": ts, "message": { "ts": ts, "type": "message" } }),
    )
}

/// A channel has an id, by which alone its history is read.
fn id_of(channel: &Json) -> Json {
    if channel.as_str().is_some_and(|channel| channel.starts_with('#')) {
        "C0ML".into()
    } else {
        channel.clone()
    }
}

async fn history(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    assert!(query.contains("include_all_metadata=true"), "Slack includes metadata only on request: {query}");
    shared.lookups.send_modify(|times| *times += 1);
    if query.contains("channel=%23") || query.contains("channel=#") {
        return json_response(&json!({ "ok": false, "error": "channel_not_found" }));
    }
    let messages: Vec<Json> = shared.channel.borrow().iter().rev().cloned().collect();
    json_response(&json!({ "ok": true, "messages": messages, "has_more": false }))
}

/// The public channels, one in a page; private ones may not be listed.
async fn conversations(RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let (id, name, next) =
        if query.contains("cursor=next") { ("C0ML", "ml-alerts", "") } else { ("C0OTHER", "other", "next") };
    json_response(&if query.contains("private_channel") {
        json!({ "ok": false, "error": "missing_scope" })
    } else {
        let channels = [json!({ "id": id, "name": name, "created": 1 })];
        json!({ "ok": true, "channels": channels, "response_metadata": { "next_cursor": next } })
    })
}

fn json_response(body: &Json) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
