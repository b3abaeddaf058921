//! A server that stands where Slack's Web API would: it keeps what it is sent, and answers what the test says.

use std::collections::VecDeque;
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

/// Longer than anything takes that does not fail.
const DEADLINE: Duration = Duration::from_secs(30);

/// What the server does with a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// Takes it.
    Ok,
    /// Refuses it with Slack's word for why.
    Error(&'static str),
    /// Asks to be left alone for so many seconds.
    TooMany(u32),
    /// Breaks.
    Broken,
    /// Takes it, and breaks before it says so.
    TakenAndBroken,
    /// Takes it, and says so only when the test lets it.
    Held,
}

/// One workspace with one channel.
#[derive(Clone)]
pub(crate) struct Workspace {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    answers: Mutex<VecDeque<Answer>>,
    /// All that came to `chat.postMessage`, taken or not, with its headers.
    asked: watch::Sender<Vec<(HeaderMap, Json)>>,
    /// What stands in the channel, the newest last.
    channel: watch::Sender<Vec<Json>>,
    looked_up: watch::Sender<usize>,
    released: watch::Sender<bool>,
}

impl Workspace {
    /// Answers so, and from then on takes everything.
    pub(crate) async fn answering(answers: &[Answer]) -> Self {
        let shared = Arc::new(Shared {
            answers: Mutex::new(answers.iter().copied().collect()),
            asked: watch::Sender::default(),
            channel: watch::Sender::default(),
            looked_up: watch::Sender::default(),
            released: watch::Sender::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/api/", listener.local_addr().expect("an address"));
        let routes = Router::new()
            .route("/api/chat.postMessage", post(post_message))
            .route("/api/conversations.history", get(history))
            .with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, shared }
    }

    /// What stands in the channel.
    pub(crate) fn channel(&self) -> Vec<Json> {
        self.shared.channel.borrow().clone()
    }

    /// All that was asked of `chat.postMessage`, with its headers.
    pub(crate) fn asked(&self) -> Vec<(HeaderMap, Json)> {
        self.shared.asked.borrow().clone()
    }

    /// How often the channel's history was read.
    pub(crate) fn looked_up(&self) -> usize {
        *self.shared.looked_up.borrow()
    }

    /// Until so many messages were sent here, taken or not.
    pub(crate) async fn is_asked(&self, times: usize) {
        let mut asked = self.shared.asked.subscribe();
        let enough = asked.wait_for(|asked| asked.len() >= times);
        tokio::time::timeout(DEADLINE, enough).await.expect("in time").expect("the server lives");
    }

    /// Lets what is held go.
    pub(crate) fn release(&self) {
        self.shared.released.send_replace(true);
    }
}

async fn post_message(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let message: Json = serde_json::from_slice(&body).expect("a message is JSON");
    let answer = shared.answers.lock().expect("unpoisoned").pop_front().unwrap_or(Answer::Ok);
    let ts = format!("1763609430.{:06}", shared.asked.borrow().len());
    if matches!(answer, Answer::Ok | Answer::TakenAndBroken | Answer::Held) {
        let mut taken = message.clone();
        taken["ts"] = ts.clone().into();
        taken["type"] = "message".into();
        shared.channel.send_modify(|channel| channel.push(taken));
    }
    shared.asked.send_modify(|asked| asked.push((headers, message.clone())));
    match answer {
        Answer::Held => {
            let mut released = shared.released.subscribe();
            let _ = released.wait_for(|released| *released).await;
        }
        Answer::Ok => {}
        Answer::Error(code) => return answered(&json!({ "ok": false, "error": code })),
        Answer::TooMany(seconds) => {
            let after = [(header::RETRY_AFTER, seconds.to_string())];
            let body = answered(&json!({ "ok": false, "error": "ratelimited" }));
            return (StatusCode::TOO_MANY_REQUESTS, after, body).into_response();
        }
        Answer::Broken | Answer::TakenAndBroken => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
    answered(
        &json!({ "ok": true, "channel": message["channel"], "ts": ts, "message": { "ts": ts, "type": "message" } }),
    )
}

async fn history(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    assert!(query.contains("include_all_metadata=true"), "metadata is shown only when asked for: {query}");
    shared.looked_up.send_modify(|times| *times += 1);
    let messages: Vec<Json> = shared.channel.borrow().iter().rev().cloned().collect();
    answered(&json!({ "ok": true, "messages": messages, "has_more": false }))
}

fn answered(body: &Json) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
