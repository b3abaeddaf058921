//! Slack's rules about channels and messages, as its documentation of each method states them.

use std::collections::BTreeSet;

use axum::http::{HeaderMap, header};
use serde_json::{Value as Json, json};

/// The limits of "Reference: blocks", of `chat.postMessage`, and of "all blocks together", which is not documented.
const BLOCKS_MAX: usize = 50;
const SECTION_UNITS_MAX: usize = 3_000;
const BLOCK_ID_UNITS_MAX: usize = 255;
const BLOCKS_UNITS_MAX: usize = 12_000;
const TEXT_UNITS_MAX: usize = 40_000;
/// How many charts a message may have.
const CHARTS_MAX: usize = 2;
/// When all messages are posted: 2026-11-27T03:30:30Z, after all alerts of the tests were decided.
const FIRST_SECOND: u64 = 1_795_750_230;
/// The most messages in a page of a history.
const PAGE_MAX: usize = 999;

/// The channels of a workspace.
#[derive(Default)]
pub(crate) struct Workings {
    /// All messages and replies, the newest last, each with `channel`, `ts`, and `thread_ts` if it is a reply.
    pub(crate) messages: Vec<Json>,
    archived: BTreeSet<String>,
    /// Whether this workspace has no charts yet.
    pub(crate) is_without_charts: bool,
    posts: usize,
}

/// A result, or the word for an error.
type Outcome = Result<Json, &'static str>;

impl Workings {
    pub(crate) fn archive(&mut self, channel: &str, is_archived: bool) {
        if is_archived {
            self.archived.insert(id_of(channel));
        } else {
            self.archived.remove(&id_of(channel));
        }
    }

    /// `chat.postMessage`: to a channel by name or id.
    pub(crate) fn post(&mut self, request: &Json) -> Outcome {
        let channel = id_of(request["channel"].as_str().ok_or("channel_not_found")?);
        if self.archived.contains(&channel) {
            return Err("is_archived");
        }
        self.check(request)?;
        match request.get("thread_ts").map(|ts| self.find(&channel, ts)) {
            None if request.get("reply_broadcast").is_some() => return Err("cant_broadcast_message"),
            Some(None) => return Err("thread_not_found"),
            // "Avoid using a reply's ts value; use its parent instead."
            Some(Some(nth)) if self.messages[nth].get("thread_ts").is_some() => {
                return Err("cannot_reply_to_message");
            }
            None | Some(Some(_)) => {}
        }
        self.posts += 1;
        let ts = format!("{FIRST_SECOND}.{:06}", self.posts);
        let mut message = request.clone();
        message["channel"] = channel.clone().into();
        message["ts"] = ts.clone().into();
        message["type"] = "message".into();
        self.messages.push(message);
        Ok(json!({ "channel": channel, "ts": ts, "message": { "ts": ts, "type": "message" } }))
    }

    /// `chat.update`: of a channel by id.
    pub(crate) fn update(&mut self, request: &Json) -> Outcome {
        let channel = request["channel"].as_str().filter(|channel| is_id(channel));
        let channel = channel.ok_or("channel_not_found")?;
        if self.archived.contains(channel) {
            return Err("is_inactive");
        }
        self.check(request)?;
        let nth = self.find(channel, &request["ts"]).ok_or("message_not_found")?;
        let message = &mut self.messages[nth];
        let ids = |message: &Json| -> BTreeSet<String> {
            let blocks = message["blocks"].as_array().map(Vec::as_slice).unwrap_or_default();
            blocks.iter().filter_map(|block| block["block_id"].as_str().map(str::to_owned)).collect()
        };
        // "If a message is updated, use a new block_id."
        if !ids(message).is_disjoint(&ids(request)) {
            return Err("invalid_blocks");
        }
        message["text"] = request["text"].clone();
        message["blocks"] = request["blocks"].clone();
        if let Some(metadata) = request.get("metadata") {
            message["metadata"] = metadata.clone();
        }
        message["edits"] = (message["edits"].as_u64().unwrap_or_default() + 1).into();
        Ok(json!({
            "channel": channel,
            "ts": request["ts"],
            "text": request["text"],
            "message": { "text": request["text"], "user": "U1" },
        }))
    }

    fn check(&self, request: &Json) -> Result<(), &'static str> {
        let blocks = request["blocks"].as_array().map(Vec::as_slice).unwrap_or_default();
        if self.is_without_charts && blocks.iter().any(is_chart) {
            return Err("invalid_blocks");
        }
        check_content(request)
    }

    /// `chat.getPermalink`
    pub(crate) fn permalink(&self, query: &Query) -> Outcome {
        let channel = self.channel_of(query)?;
        let ts = query.get("message_ts").unwrap_or_default();
        self.find(channel, &ts.into()).ok_or("message_not_found")?;
        Ok(json!({ "channel": channel, "permalink": permalink(channel, ts) }))
    }

    /// Deletes a message, as a person does.
    pub(crate) fn delete(&mut self, channel: &str, ts: &Json) {
        self.messages.retain(|message| !(message["channel"] == channel && message["ts"] == *ts));
    }

    /// `conversations.replies`: the message, and its replies, the oldest first.
    pub(crate) fn replies(&self, query: &Query) -> Outcome {
        let channel = self.channel_of(query)?;
        let ts: Json = query.get("ts").unwrap_or_default().into();
        let first = &self.messages[self.find(channel, &ts).ok_or("thread_not_found")?];
        let replies = self.messages.iter().filter(|message| {
            message["channel"] == *channel && message["thread_ts"] == ts && query.has(message)
        });
        query.page(std::iter::once(first).chain(replies).cloned().collect())
    }

    /// `conversations.history`: the newest first, of replies only those that are shown in the channel, too.
    pub(crate) fn history(&self, query: &Query) -> Outcome {
        let channel = self.channel_of(query)?;
        let is_shown = |message: &&Json| {
            message["channel"] == *channel
                && (message.get("thread_ts").is_none() || message["reply_broadcast"] == true)
        };
        let shown = self.messages.iter().filter(is_shown).filter(|message| query.has(message));
        query.page(shown.rev().cloned().collect())
    }

    /// The channel of a request, which accepts no name.
    fn channel_of<'a>(&self, query: &'a Query) -> Result<&'a str, &'static str> {
        let channel = query.get("channel").unwrap_or_default();
        if is_id(channel) { Ok(channel) } else { Err("channel_not_found") }
    }

    fn find(&self, channel: &str, ts: &Json) -> Option<usize> {
        self.messages.iter().position(|message| message["channel"] == channel && message["ts"] == *ts)
    }
}

fn is_chart(block: &Json) -> bool {
    block["type"] == "data_visualization"
}

/// Whether a chart of lines is as "Data visualization block" wants it.
fn check_chart(block: &Json) -> Option<()> {
    let is_short =
        |text: &Json, max: usize| text.as_str().is_some_and(|text| (1..=max).contains(&text.chars().count()));
    let chart = &block["chart"];
    let (series, axis) = (chart["series"].as_array()?, &chart["axis_config"]);
    let categories = axis["categories"].as_array()?;
    let labels: BTreeSet<String> = categories.iter().map(Json::to_string).collect();
    let names: BTreeSet<String> = series.iter().map(|series| series["name"].to_string()).collect();
    let is_of_categories = |series: &Json| {
        let points = series["data"].as_array().map(Vec::as_slice).unwrap_or_default();
        points.len() == categories.len()
            && points
                .iter()
                .zip(categories)
                .all(|(point, label)| point["label"] == *label && point["value"].is_i64())
    };
    let is_valid = chart["type"] == "line"
        && is_short(&block["title"], 50)
        && is_short(&axis["y_label"], 50)
        && (1..=6).contains(&series.len())
        && (1..=20).contains(&categories.len())
        && labels.len() == categories.len()
        && names.len() == series.len()
        && categories
            .iter()
            .chain(series.iter().map(|series| &series["name"]))
            .all(|text| is_short(text, 20))
        && series.iter().all(is_of_categories);
    is_valid.then_some(())
}

/// What a message may contain.
fn check_content(request: &Json) -> Result<(), &'static str> {
    let units = |text: &str| text.encode_utf16().count();
    let text = request["text"].as_str().unwrap_or_default();
    let blocks = request["blocks"].as_array().map(Vec::as_slice).unwrap_or_default();
    if text.is_empty() && blocks.is_empty() {
        return Err("no_text");
    }
    if units(text) > TEXT_UNITS_MAX {
        return Err("msg_too_long");
    }
    if blocks.len() > BLOCKS_MAX {
        return Err("invalid_blocks");
    }
    let mut ids = BTreeSet::new();
    let mut of_all = 0;
    for block in blocks {
        let text = block["text"]["text"].as_str().unwrap_or_default();
        let is_section = block["type"] == "section";
        if is_section && !(1..=SECTION_UNITS_MAX).contains(&units(text)) {
            return Err("invalid_blocks");
        }
        if let Some(id) = block["block_id"].as_str()
            && !(ids.insert(id) && units(id) <= BLOCK_ID_UNITS_MAX)
        {
            return Err("invalid_blocks");
        }
        of_all += units(text);
        if is_chart(block) {
            check_chart(block).ok_or("invalid_blocks")?;
            of_all += units(&block.to_string());
        }
    }
    if blocks.iter().filter(|block| is_chart(block)).count() > CHARTS_MAX {
        return Err("invalid_blocks");
    }
    if of_all > BLOCKS_UNITS_MAX {
        return Err("msg_blocks_too_long");
    }
    match request.get("metadata") {
        Some(metadata) if !metadata["event_type"].is_string() || !metadata["event_payload"].is_object() => {
            Err("invalid_metadata_format")
        }
        _ => Ok(()),
    }
}

/// The id of a channel that is given by name or id: a name begins with `#` here.
pub(crate) fn id_of(channel: &str) -> String {
    match channel.strip_prefix('#') {
        Some(name) => {
            format!("C0{}", name.to_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), ""))
        }
        None => channel.to_owned(),
    }
}

fn is_id(channel: &str) -> bool {
    channel.starts_with('C')
}

/// The address of a message.
pub(crate) fn permalink(channel: &str, ts: &str) -> String {
    format!("https://x.slack.com/archives/{channel}/p{}", ts.replace('.', ""))
}

pub(crate) fn authed(headers: &HeaderMap) -> Result<(), &'static str> {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if token.is_some_and(|token| token.starts_with("Bearer xoxb-")) { Ok(()) } else { Err("not_authed") }
}

/// A response with `ok`, as every method has it.
pub(crate) fn envelope(outcome: Outcome) -> Json {
    match outcome {
        Ok(mut response) => {
            response["ok"] = true.into();
            response
        }
        Err(code) => json!({ "ok": false, "error": code }),
    }
}

/// The parameters of a request that reads.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn of(query: Option<String>) -> Self {
        let query = query.unwrap_or_default();
        let parts = query.split('&').filter_map(|part| part.split_once('='));
        Self(parts.map(|(name, value)| (name.to_owned(), value.replace("%23", "#"))).collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Whether a message is newer than `oldest`.
    fn has(&self, message: &Json) -> bool {
        let ts = message["ts"].as_str().unwrap_or_default();
        self.get("oldest").is_none_or(|oldest| number(ts) > number(oldest))
    }

    /// The page at the cursor; metadata only on request.
    fn page(&self, mut messages: Vec<Json>) -> Outcome {
        let limit = self.get("limit").map_or(Ok(100), str::parse::<usize>).map_err(|_| "invalid_limit")?;
        let from = self.get("cursor").map_or(Ok(0), str::parse::<usize>).map_err(|_| "invalid_cursor")?;
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err("invalid_limit");
        }
        let has_more = messages.len() > from + limit;
        messages = messages.into_iter().skip(from).take(limit).collect();
        if self.get("include_all_metadata") != Some("true") {
            messages.iter_mut().for_each(|message| {
                message.as_object_mut().map(|message| message.remove("metadata"));
            });
        }
        let next = if has_more { (from + limit).to_string() } else { String::new() };
        Ok(
            json!({ "messages": messages, "has_more": has_more, "response_metadata": { "next_cursor": next } }),
        )
    }
}

/// A message's `ts` as microseconds.
fn number(ts: &str) -> u64 {
    let (seconds, micros) = ts.split_once('.').unwrap_or((ts, "0"));
    seconds.parse::<u64>().unwrap_or_default() * 1_000_000 + micros.parse::<u64>().unwrap_or_default()
}
