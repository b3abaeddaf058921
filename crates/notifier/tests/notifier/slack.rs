//! A fake of Slack's Web API: it keeps channels by Slack's documented rules, and fails as the test configures.

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

use crate::chaos::Random;
use crate::slack_rules::{self, Query, Workings};

/// Longer than anything takes in a test that passes.
const DEADLINE: Duration = Duration::from_secs(30);

/// How the server answers a request that writes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// As Slack's rules want it.
    Ok,
    /// Refuses it with this error code.
    Error(&'static str),
    /// Refuses it with this error code, though it was done.
    DoneAndError(&'static str),
    /// Rate-limits it, with a `Retry-After` in seconds.
    TooMany(u32),
    /// Status 500; nothing was done.
    Broken,
    /// Status 500, though it was done.
    PostedAndBroken,
    /// Does it, and answers only after [`Workspace::release`].
    Held,
    /// Does it only after [`Workspace::release`].
    Late,
}

/// One workspace.
#[derive(Clone)]
pub(crate) struct Workspace {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    /// The answers to the next requests that write.
    answers: Mutex<VecDeque<Answer>>,
    /// How many of a thousand requests fail.
    failing: Mutex<Option<(u64, Random)>>,
    /// The answer to each message for one of these channels.
    of_channels: Mutex<BTreeMap<&'static str, Answer>>,
    /// All requests to `chat.postMessage`, with their headers.
    requests: watch::Sender<Vec<(HeaderMap, Json)>>,
    workings: watch::Sender<Workings>,
    lookups: watch::Sender<usize>,
    /// How fast messages may come for one channel.
    limit: Mutex<Option<Limit>>,
    released: watch::Sender<bool>,
}

/// How fast messages may come for one channel.
struct Limit {
    interval: Duration,
    at_once: u32,
    /// When the messages so far would have come, evenly spaced.
    spaced: BTreeMap<String, std::time::Instant>,
    exceeded: usize,
}

impl Limit {
    fn allows(&mut self, channel: &str) -> bool {
        let now = std::time::Instant::now();
        let next = self.spaced.get(channel).copied().unwrap_or(now).max(now);
        let is_allowed = next.saturating_duration_since(now) <= self.interval * (self.at_once - 1);
        if is_allowed {
            self.spaced.insert(channel.to_owned(), next + self.interval);
        } else {
            self.exceeded += 1;
        }
        is_allowed
    }
}

impl Workspace {
    /// Gives these answers, and then follows Slack's rules.
    pub(crate) async fn answering(answers: &[Answer]) -> Self {
        let shared = Arc::new(Shared {
            answers: Mutex::new(answers.iter().copied().collect()),
            failing: Mutex::default(),
            of_channels: Mutex::default(),
            requests: watch::Sender::default(),
            workings: watch::Sender::default(),
            lookups: watch::Sender::default(),
            limit: Mutex::default(),
            released: watch::Sender::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/api/", listener.local_addr().expect("an address"));
        let routes = Router::new()
            .route("/api/chat.postMessage", post(post_message))
            .route("/api/chat.update", post(update_message))
            .route("/api/chat.getPermalink", get(permalink))
            .route("/api/conversations.history", get(history))
            .route("/api/conversations.replies", get(replies))
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

    /// Fails so many of a thousand requests, before or after they are done.
    pub(crate) fn fail(&self, per_mille: u64, seed: u64) {
        *self.shared.failing.lock().expect("unpoisoned") = Some((per_mille, Random::new(seed)));
    }

    /// Allows a message for a channel each interval, and so many at once for one that had none lately.
    pub(crate) fn limit(&self, interval: Duration, at_once: u32) {
        let limit = Limit { interval, at_once, spaced: BTreeMap::new(), exceeded: 0 };
        *self.shared.limit.lock().expect("unpoisoned") = Some(limit);
    }

    /// How many requests were beyond the limit.
    pub(crate) fn exceeded(&self) -> usize {
        self.shared.limit.lock().expect("unpoisoned").as_ref().map_or(0, |limit| limit.exceeded)
    }

    /// Archives a channel, or opens it again.
    pub(crate) fn archive(&self, channel: &str, is_archived: bool) {
        self.shared.workings.send_modify(|workings| workings.archive(channel, is_archived));
    }

    /// Refuses charts: the workspace does not have them yet.
    pub(crate) fn refuse_charts(&self) {
        self.shared.workings.send_modify(|workings| workings.is_without_charts = true);
    }

    /// Deletes a message, as a person does.
    pub(crate) fn delete(&self, channel: &str, ts: &Json) {
        self.shared.workings.send_modify(|workings| workings.delete(channel, ts));
    }

    /// The messages of one channel and their replies, the newest last.
    pub(crate) fn messages_in(&self, channel: &str) -> Vec<Json> {
        self.channel().into_iter().filter(|message| message["channel"] == channel).collect()
    }

    /// Waits for that many messages in a channel.
    pub(crate) async fn has_posted(&self, channel: &str, times: usize) {
        self.has(|messages| messages.iter().filter(|message| message["channel"] == channel).count() >= times)
            .await;
    }

    /// Waits until the messages are so.
    pub(crate) async fn has(&self, are_so: impl Fn(&[Json]) -> bool) {
        let mut workings = self.shared.workings.subscribe();
        let enough = workings.wait_for(|workings| are_so(&workings.messages));
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

    /// All messages and replies, the newest last.
    pub(crate) fn channel(&self) -> Vec<Json> {
        self.shared.workings.borrow().messages.clone()
    }

    /// All requests to `chat.postMessage`, with their headers.
    pub(crate) fn requests(&self) -> Vec<(HeaderMap, Json)> {
        self.shared.requests.borrow().clone()
    }

    /// How often a channel's history was read.
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
    let channel = slack_rules::id_of(message["channel"].as_str().unwrap_or_default());
    let is_allowed =
        shared.limit.lock().expect("unpoisoned").as_mut().is_none_or(|limit| limit.allows(&channel));
    let answer = if is_allowed { shared.answer_for(&message) } else { Answer::TooMany(1) };
    shared.requests.send_modify(|requests| requests.push((headers.clone(), message.clone())));
    shared.begin(answer).await;
    let mut by = message.clone();
    // By which token, and how it is answered, for who looks for a fault.
    by["posted_by"] =
        format!("{:?} {answer:?} at {:?}", headers.get(header::AUTHORIZATION), std::time::SystemTime::now())
            .into();
    let response = shared.write(&headers, answer, |workings| workings.post(&by));
    shared.respond(answer, response).await
}

async fn update_message(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let message: Json = serde_json::from_slice(&body).expect("a message is JSON");
    let answer = shared.answer_for(&message);
    shared.begin(answer).await;
    let response = shared.write(&headers, answer, |workings| workings.update(&message));
    shared.respond(answer, response).await
}

async fn permalink(State(shared): State<Arc<Shared>>, headers: HeaderMap, query: RawQuery) -> Response {
    shared.read(&headers, query, Workings::permalink).await
}

async fn replies(State(shared): State<Arc<Shared>>, headers: HeaderMap, query: RawQuery) -> Response {
    shared.read(&headers, query, Workings::replies).await
}

async fn history(State(shared): State<Arc<Shared>>, headers: HeaderMap, query: RawQuery) -> Response {
    shared.lookups.send_modify(|times| *times += 1);
    shared.read(&headers, query, Workings::history).await
}

/// The public channels, one in a page; private ones may not be listed.
async fn conversations(query: RawQuery) -> Response {
    let query = Query::of(query.0);
    let (name, next) =
        if query.get("cursor") == Some("next") { ("ml-alerts", "") } else { ("other", "next") };
    let channels = [json!({ "id": slack_rules::id_of(&format!("#{name}")), "name": name, "created": 1 })];
    json_response(&slack_rules::envelope(match query.get("types") {
        Some("private_channel") => Err("missing_scope"),
        _ => Ok(json!({ "channels": channels, "response_metadata": { "next_cursor": next } })),
    }))
}

impl Shared {
    /// The answer to a request that writes.
    fn answer_for(&self, request: &Json) -> Answer {
        let channel = request["channel"].as_str().unwrap_or_default();
        let of_channel = self.of_channels.lock().expect("unpoisoned").get(channel).copied();
        let next = || self.answers.lock().expect("unpoisoned").pop_front();
        of_channel.or_else(next).or_else(|| self.failure()).unwrap_or(Answer::Ok)
    }

    /// Answers a request that reads.
    async fn read(
        &self,
        headers: &HeaderMap,
        query: RawQuery,
        read: impl FnOnce(&Workings, &Query) -> Result<Json, &'static str>,
    ) -> Response {
        let answer = self.failure().unwrap_or(Answer::Ok);
        let response = slack_rules::authed(headers);
        let response = response.and_then(|()| read(&self.workings.borrow(), &Query::of(query.0)));
        let response = match answer {
            Answer::Error(code) | Answer::DoneAndError(code) => Err(code),
            _ => response,
        };
        self.respond(answer, response).await
    }

    /// How a request fails, if it does.
    fn failure(&self) -> Option<Answer> {
        let mut failing = self.failing.lock().expect("unpoisoned");
        let (per_mille, random) = failing.as_mut()?;
        if random.below(1_000) >= *per_mille {
            return None;
        }
        Some(match random.below(5) {
            0 => Answer::Broken,
            1 => Answer::PostedAndBroken,
            2 => Answer::DoneAndError("fatal_error"),
            3 => Answer::Error("internal_error"),
            _ => Answer::TooMany(0),
        })
    }

    /// Does what a request wants, unless it fails before.
    fn write(
        &self,
        headers: &HeaderMap,
        answer: Answer,
        change: impl FnOnce(&mut Workings) -> Result<Json, &'static str>,
    ) -> Result<Json, &'static str> {
        match answer {
            Answer::Error(code) => return Err(code),
            Answer::TooMany(_) | Answer::Broken => return Err("ratelimited"),
            Answer::Ok | Answer::DoneAndError(_) | Answer::PostedAndBroken | Answer::Held | Answer::Late => {}
        }
        slack_rules::authed(headers)?;
        let mut response = Err("fatal_error");
        self.workings.send_modify(|workings| response = change(workings));
        match answer {
            Answer::DoneAndError(code) => Err(code),
            _ => response,
        }
    }

    /// Waits until a request is begun.
    async fn begin(&self, answer: Answer) {
        if matches!(answer, Answer::Late) {
            let mut released = self.released.subscribe();
            let _ = released.wait_for(|released| *released).await;
        }
    }

    async fn respond(&self, answer: Answer, response: Result<Json, &'static str>) -> Response {
        let body = json_response(&slack_rules::envelope(response));
        match answer {
            Answer::Held => {
                let mut released = self.released.subscribe();
                let _ = released.wait_for(|released| *released).await;
                body
            }
            Answer::Ok | Answer::Late | Answer::Error(_) | Answer::DoneAndError(_) => body,
            Answer::TooMany(seconds) => {
                let after = [(header::RETRY_AFTER, seconds.to_string())];
                (StatusCode::TOO_MANY_REQUESTS, after, body).into_response()
            }
            Answer::Broken | Answer::PostedAndBroken => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

fn json_response(body: &Json) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
