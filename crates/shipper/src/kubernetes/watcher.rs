//! One watched resource as a state machine: list, open, watch, and again from wherever it broke.
//!
//! ```text
//!           failed, 404, 403         failed, 410 (fallback)         event
//!              ┌────┐                      ┌────┐                   ┌────┐
//!              ▼    │       listed         ▼    │      opened       ▼    │
//! start ────▶ List ─┴────────────────────▶ Open ┴────────────────▶ Watch ┘
//!              ▲                           │ ▲                        │
//!              │                           │ └─ ended, broke, silent, ┤
//!              │                           │    410 (fallback)        │
//!              └─ 410 (no fallback), ──────┴──────────────────────────┘
//!                 404, 403, without a line again and again
//! ```
//!
//! Each watch ends by itself a few seconds after the next probe, with a bookmark before that: see [`Cadence`]. One that ends
//! without a line is opened for the shortest time next; after `EMPTY_WATCHES_MAX` of them in a row, one that does so although
//! the API server had shown a later version is followed by a list. Time then moves by lists, one in two probes at most, and
//! what came and went between two of them is lost.
//!
//! Each failure sends [`StreamEvent::Broken`] and waits, by exponential backoff with jitter. 404 and 403 are special only for an
//! optional resource: they send [`StreamEvent::Unavailable`] or [`StreamEvent::Forbidden`] and wait for the longest delay.
//! 410 means that the version to watch from has expired. The fallback is then the version of a list that was read before:
//! the stream resumes from it and sends [`StreamEvent::HistoryLost`]; without one it lists again.

use std::time::Duration;

use kigen_model::reject::REJECT_BYTES_MAX;
use kigen_ops::BackOff;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc::Sender;
use tokio::time::Instant as TimerInstant;

use crate::decode::object::{AnyObject, Metadata};
use crate::error::RequestError;
use crate::input::{INPUTS_WAITING_MAX, Input, StreamEvent};
use crate::kubernetes::api::Api;
use crate::kubernetes::cadence::{Cadence, WATCH_SECONDS_MIN};
use crate::kubernetes::known_versions::{KnownBefore, KnownVersions};
use crate::kubernetes::lines::{Line, Lines};
use crate::kubernetes::page_limit::{PAGE_BYTES_MAX, PageLimit};
use crate::resource::Resource;
use crate::settings::Settings;

/// How many pages of lists wait for the loop, of all streams together: each is a few megabytes.
const PAGES_WAITING_MAX: usize = 2;

/// The annotation on the bookmark that ends the initial events of a watch.
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// A page is slow if it takes longer than such a part of what an answer may take.
const SLOW_PART: u32 = 3;
/// How many watches in a row may end without a line. Beyond, each one that does although it is behind is followed by a list.
const EMPTY_WATCHES_MAX: u32 = 4;
/// How often in a row Pods are refused before nothing waits for them: for a few seconds, by the delays between requests.
const REFUSALS_MAX: u32 = 3;
/// How long after its time a watch may end.
const OVERDUE_MAX: Duration = Duration::from_secs(10);

/// The stream is over: the receiver of the inputs was dropped, or [`Input::WentBack`] was sent.
#[derive(Debug)]
struct Ended;

/// Where a stream is.
enum State {
    /// The objects are to be listed. `resume`: the version that a shipper before this one had reached.
    List { resume: Option<u64> },
    /// A watch is to be opened from `from`; if that has expired, from `fallback`, the version of a list that was read.
    Open { from: u64, fallback: Option<u64> },
    /// A watch is open and has reached `position`.
    Watch { watch: OpenWatch, position: u64, fallback: Option<u64> },
}

struct OpenWatch {
    lines: Lines,
    opened_at: TimerInstant,
    /// Whether the API server had shown a later version than that from which it was opened.
    was_behind: bool,
    /// For how long the server keeps it open.
    open_for: Duration,
}

/// The content of a line of a watch.
enum ParsedLine {
    Event {
        event: StreamEvent,
        resource_version: Option<u64>,
    },
    /// The bookmark that ends the initial events.
    InitialEventsEnd {
        resource_version: u64,
    },
    Failed(RequestError),
}

struct Watcher {
    api: Api,
    resource: Resource,
    inputs: Sender<Input>,
    known: KnownVersions,
    cadence: Cadence,
    back_off: BackOff,
    /// How many watches in a row ended without a line.
    empty_watches: u32,
    /// Whether the API server may serve watches that begin with the initial events.
    lists_by_watch: bool,
    page_objects_max: u32,
    answer_max: Duration,
    watch_silence_max: Duration,
    /// Between the requests for a resource that is unavailable or forbidden.
    unwatched_delay: Duration,
    /// How often it was refused since it was last read.
    refusals: u32,
}

/// Lists and watches `resource` until the receiver of `inputs` is dropped, or a list shows that the store has gone back.
/// `resume` is the version that a shipper before this one had reached.
///
/// With it, the list comes first and shows what exists, and the watch then goes back to the old version, so that it also
/// delivers what came and went in between; objects that the list has shown are older there and change nothing.
pub async fn watch(
    api: Api,
    settings: &Settings,
    resource: Resource,
    resume: Option<u64>,
    known: KnownVersions,
    cadence: Cadence,
    inputs: Sender<Input>,
) {
    let mut watcher = Watcher {
        api,
        resource,
        inputs,
        known,
        cadence,
        empty_watches: 0,
        back_off: BackOff::new(settings.retry_delay_ms_min, settings.retry_delay_ms_max),
        lists_by_watch: true,
        page_objects_max: settings.page_objects_max,
        answer_max: Duration::from_millis(settings.answer_ms_max),
        watch_silence_max: Duration::from_millis(settings.watch_silence_ms_max),
        unwatched_delay: Duration::from_millis(settings.retry_delay_ms_max),
        refusals: 0,
    };
    let mut state = State::List { resume };
    while let Ok(next) = watcher.step(state).await {
        state = next;
    }
}

impl Watcher {
    async fn step(&mut self, state: State) -> Result<State, Ended> {
        match state {
            State::List { resume } => self.list(resume).await,
            State::Open { from, fallback } => self.open(from, fallback).await,
            State::Watch { watch, position, fallback } => self.follow(watch, position, fallback).await,
        }
    }

    async fn list(&mut self, resume: Option<u64>) -> Result<State, Ended> {
        if self.lists_by_watch {
            if let Some(next) = self.list_by_watch(resume).await? {
                return Ok(next);
            }
            // For good: an API server that is upgraded while kigen runs only saves less.
            self.lists_by_watch = false;
        }
        self.list_in_pages(resume).await
    }

    /// Lists by a watch that begins with the initial events; `None`: this server does not support that.
    ///
    /// It costs the API server no copy of all objects. It would continue as the watch of all changes after them, but has no
    /// bookmark soon after the next probe: another one is opened.
    async fn list_by_watch(&mut self, resume: Option<u64>) -> Result<Option<State>, Ended> {
        let known = self.known.before_request(self.resource);
        let (answered, mut lines) = match self.api.watch_with_initial_events(self.resource).await {
            Ok(opened) => {
                self.refusals = 0;
                opened
            }
            Err(error) if self.is_unwatched(&error) => return self.unwatched(error).await.map(Some),
            Err(error) if is_unsupported(&error) => return Ok(None),
            Err(error) => {
                self.wait_after(error).await?;
                return Ok(Some(State::List { resume }));
            }
        };
        self.send(StreamEvent::ListStarted { answered }).await?;
        let (mut objects, mut bytes) = (Vec::new(), 0);
        loop {
            let line = match tokio::time::timeout(self.answer_max, lines.next()).await {
                Ok(Ok(Some(line))) => line,
                Ok(Err(error)) => {
                    self.wait_after(error).await?;
                    return Ok(Some(State::List { resume }));
                }
                Ok(Ok(None)) | Err(_) => return Ok(None),
            };
            match parse_line(&self.api.path(self.resource), line) {
                ParsedLine::Event { event: StreamEvent::Changed(object), .. } => {
                    bytes += object.get().len();
                    if bytes > PAGE_BYTES_MAX || objects.len() >= self.page_objects_max as usize {
                        bytes = object.get().len();
                        self.send(page(&mut objects)).await?;
                    }
                    objects.push(object);
                }
                ParsedLine::Event { event: StreamEvent::Bookmark { .. }, .. } => return Ok(None),
                // A change may be delivered before the end of the initial events.
                ParsedLine::Event { event, .. } => {
                    bytes = 0;
                    self.send(page(&mut objects)).await?;
                    self.send(event).await?;
                }
                ParsedLine::InitialEventsEnd { resource_version } => {
                    self.send(page(&mut objects)).await?;
                    self.check(known, resource_version).await?;
                    return self.listed(resource_version, resume).await.map(Some);
                }
                ParsedLine::Failed(error) if is_unsupported(&error) => return Ok(None),
                ParsedLine::Failed(error) => {
                    self.wait_after(error).await?;
                    return Ok(Some(State::List { resume }));
                }
            }
        }
    }

    async fn list_in_pages(&mut self, resume: Option<u64>) -> Result<State, Ended> {
        let known = self.known.before_request(self.resource);
        self.send(StreamEvent::ListStarted { answered: None }).await?;
        let mut from: Option<String> = None;
        let mut limit = PageLimit::new(self.page_objects_max, self.answer_max / SLOW_PART);
        loop {
            let began_at = TimerInstant::now();
            let page = match self.api.list(self.resource, limit.objects(), from.as_deref()).await {
                Ok(page) => {
                    self.refusals = 0;
                    page
                }
                Err(error) if self.is_unwatched(&error) => return self.unwatched(error).await,
                Err(RequestError::TooLarge { .. }) if limit.halve() => continue,
                // When the next page has expired, the list starts again.
                Err(error) if from.is_none() || matches!(error.status(), Some(400 | 404 | 410)) => {
                    self.wait_after(error).await?;
                    return Ok(State::List { resume });
                }
                // Of hundreds of pages one fails, sooner or later.
                Err(error) => {
                    if matches!(error, RequestError::TooSlow { .. }) {
                        limit.halve();
                    }
                    self.wait_after(error).await?;
                    continue;
                }
            };
            self.back_off.reset();
            limit.answered(began_at.elapsed(), page.objects.iter().map(|object| object.get().len()).sum());
            let listed = page.resource_version;
            self.check(known, listed).await?;
            self.send(StreamEvent::Page { answered: page.answered, objects: page.objects }).await?;
            if page.next.is_some() {
                from = page.next;
                continue;
            }
            return self.listed(listed, resume).await;
        }
    }

    /// A list below what was known ends the stream, and its objects count for nothing.
    async fn check(&self, known: KnownBefore, listed: u64) -> Result<(), Ended> {
        match self.known.check(known, listed) {
            Ok(()) => Ok(()),
            Err(went_back) => {
                // A dropped receiver needs no evidence either.
                let _ = self.inputs.send(Input::WentBack(went_back)).await;
                Err(Ended)
            }
        }
    }

    /// The list is complete.
    async fn listed(&mut self, listed: u64, resume: Option<u64>) -> Result<State, Ended> {
        self.send(StreamEvent::Listed { resource_version: listed }).await?;
        if let Some(resume) = resume {
            return Ok(State::Open { from: resume, fallback: Some(listed) });
        }
        self.send(StreamEvent::HistoryLost).await?;
        Ok(State::Open { from: listed, fallback: None })
    }

    async fn open(&mut self, from: u64, fallback: Option<u64>) -> Result<State, Ended> {
        let opened_at = TimerInstant::now();
        let was_behind = self.known.is_behind(self.resource, from);
        let seconds = match self.empty_watches {
            0 => self.cadence.watch_seconds(opened_at),
            1.. => WATCH_SECONDS_MIN,
        };
        match self.api.watch(self.resource, from, seconds).await {
            Ok((answered, lines)) => {
                self.refusals = 0;
                self.send(StreamEvent::Opened { resource_version: from, answered }).await?;
                let watch =
                    OpenWatch { lines, opened_at, was_behind, open_for: Duration::from_secs(seconds.into()) };
                Ok(State::Watch { watch, position: from, fallback })
            }
            Err(error) if error.is_expired() => self.expired(error, fallback).await,
            Err(error) if self.is_unwatched(&error) => self.unwatched(error).await,
            Err(error) => {
                self.wait_after(error).await?;
                Ok(State::Open { from, fallback })
            }
        }
    }

    async fn follow(
        &mut self,
        mut watch: OpenWatch,
        mut position: u64,
        mut fallback: Option<u64>,
    ) -> Result<State, Ended> {
        let silence_max = self.watch_silence_max.min(watch.open_for + OVERDUE_MAX);
        let mut is_empty = true;
        loop {
            let line = match tokio::time::timeout(silence_max, watch.lines.next()).await {
                Ok(Ok(Some(line))) => line,
                Ok(Ok(None)) if is_empty => {
                    return self.ended_empty(watch, position, fallback).await;
                }
                Ok(Ok(None)) => break,
                // A proxy may close it so, too.
                Ok(Err(RequestError::BrokenOff { .. })) if is_empty => {
                    return self.ended_empty(watch, position, fallback).await;
                }
                Ok(Err(error)) => break self.wait_after(error).await?,
                Err(_) => break self.idle("sends nothing, not even a bookmark").await?,
            };
            match parse_line(&self.api.path(self.resource), line) {
                ParsedLine::Event { event, resource_version } => {
                    is_empty = false;
                    self.empty_watches = 0;
                    self.back_off.reset();
                    self.send(event).await?;
                    position = resource_version.map_or(position, |reached| reached.max(position));
                    self.known.raise(self.resource, position);
                    fallback = fallback.filter(|fallback| *fallback > position);
                }
                ParsedLine::InitialEventsEnd { .. } => {}
                ParsedLine::Failed(error) if error.is_expired() => {
                    return self.expired(error, fallback).await;
                }
                ParsedLine::Failed(error) => break self.wait_after(error).await?,
            }
        }
        Ok(State::Open { from: position, fallback })
    }

    /// The server, or a proxy, ended the watch without a line: it is opened again at its position, or, if that does not help,
    /// what is there is listed.
    async fn ended_empty(
        &mut self,
        OpenWatch { opened_at, was_behind, .. }: OpenWatch,
        position: u64,
        fallback: Option<u64>,
    ) -> Result<State, Ended> {
        self.empty_watches = self.empty_watches.saturating_add(1);
        let is_usual = self.empty_watches >= EMPTY_WATCHES_MAX;
        let lists = is_usual && was_behind;
        let path = self.api.path(self.resource);
        let after_ms = u64::try_from(opened_at.elapsed().as_millis()).unwrap_or(u64::MAX);
        let error = RequestError::ClosedEmpty { path, after_ms, lists };
        // Time moves by probes: another list before the next one would prove nothing.
        let delay = if is_usual { self.cadence.interval() } else { self.back_off.next_delay(None) };
        self.wait(error, delay).await?;
        if lists { Ok(State::List { resume: None }) } else { Ok(State::Open { from: position, fallback }) }
    }

    /// The history in between is lost: the stream resumes from a list, one that was read already or a new one. Not at once:
    /// after a restart of the API server every client of it gets this answer at the same instant.
    async fn expired(&mut self, error: RequestError, fallback: Option<u64>) -> Result<State, Ended> {
        self.wait_after(error).await?;
        match fallback {
            Some(listed) => {
                self.send(StreamEvent::HistoryLost).await?;
                Ok(State::Open { from: listed, fallback: None })
            }
            None => Ok(State::List { resume: None }),
        }
    }

    /// Whether the stream goes on without the resource. An API server that starts refuses for a second or two what it will
    /// grant; of what came and went meanwhile, that would lose the Pods.
    fn is_unwatched(&mut self, error: &RequestError) -> bool {
        if !error.is_tolerated(self.resource) {
            return false;
        }
        self.refusals = self.refusals.saturating_add(1);
        self.resource.is_optional() || self.refusals > REFUSALS_MAX
    }

    /// The resource is unavailable or forbidden. That may stay so for ever, so it is requested no more often than from an API
    /// server that is away.
    async fn unwatched(&mut self, error: RequestError) -> Result<State, Ended> {
        let event =
            if error.is_forbidden() { StreamEvent::Forbidden(error) } else { StreamEvent::Unavailable };
        self.send(event).await?;
        tokio::time::sleep(self.unwatched_delay).await;
        Ok(State::List { resume: None })
    }

    async fn idle(&mut self, what: &'static str) -> Result<(), Ended> {
        let path = self.api.path(self.resource);
        self.wait_after(RequestError::Idle { path, what }).await
    }

    async fn wait_after(&mut self, error: RequestError) -> Result<(), Ended> {
        let delay = self.back_off.next_delay(error.retry_after());
        self.wait(error, delay).await
    }

    async fn wait(&self, error: RequestError, delay: Duration) -> Result<(), Ended> {
        let retry_delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.send(StreamEvent::Broken { error, retry_delay_ms }).await?;
        tokio::time::sleep(delay).await;
        Ok(())
    }

    async fn send(&self, event: StreamEvent) -> Result<(), Ended> {
        // A page waits until there is room for many inputs, and then takes the room of one: few large inputs wait at a time.
        let room = match &event {
            StreamEvent::Page { .. } => INPUTS_WAITING_MAX - PAGES_WAITING_MAX + 1,
            _ => 1,
        };
        let mut permits = self.inputs.reserve_many(room).await.map_err(|_| Ended)?;
        let permit = permits.next().ok_or(Ended)?;
        permit.send(Input::Stream { resource: self.resource, event });
        Ok(())
    }
}

#[derive(Deserialize)]
struct Envelope {
    r#type: String,
    object: Box<RawValue>,
}

#[derive(Deserialize)]
struct Status {
    code: Option<u16>,
    message: Option<String>,
}

fn parse_line(path: &str, line: Line) -> ParsedLine {
    let line = match line {
        Line::Whole(line) => line,
        Line::TooLong(beginning) => {
            return unreadable(beginning, "it is longer than any object can be".to_owned());
        }
    };
    let envelope: Envelope = match serde_json::from_slice(&line) {
        Ok(envelope) => envelope,
        Err(error) => return unreadable(line, error.to_string()),
    };
    let metadata = metadata(&envelope.object);
    let resource_version = metadata.resource_version.as_deref().and_then(|version| version.parse().ok());
    match (envelope.r#type.as_str(), resource_version) {
        ("ADDED" | "MODIFIED", _) => {
            ParsedLine::Event { event: StreamEvent::Changed(envelope.object), resource_version }
        }
        ("DELETED", _) => {
            ParsedLine::Event { event: StreamEvent::Deleted(envelope.object), resource_version }
        }
        ("BOOKMARK", Some(reached)) if metadata.annotation(INITIAL_EVENTS_END) == Some("true") => {
            ParsedLine::InitialEventsEnd { resource_version: reached }
        }
        ("BOOKMARK", Some(reached)) => {
            ParsedLine::Event { event: StreamEvent::Bookmark { resource_version: reached }, resource_version }
        }
        ("ERROR", _) => ParsedLine::Failed(refused(path, &envelope.object)),
        (other, _) => {
            let reason = format!("its type `{other}` is none, or a bookmark without a version");
            unreadable(line, reason)
        }
    }
}

/// Whether the line of a watch is a bookmark.
pub fn is_bookmark(line: Line) -> bool {
    matches!(
        parse_line("", line),
        ParsedLine::Event { event: StreamEvent::Bookmark { .. }, .. } | ParsedLine::InitialEventsEnd { .. }
    )
}

fn metadata(object: &RawValue) -> Metadata {
    let object: AnyObject = serde_json::from_str(object.get()).unwrap_or_default();
    object.metadata.unwrap_or_default()
}

/// Whether the server does not support watches that begin with the initial events: it is too old, has them switched off
/// (400, 422), or its etcd is too old for them (500). Any other failure may pass.
fn is_unsupported(error: &RequestError) -> bool {
    matches!(error.status(), Some(400 | 404 | 405 | 422 | 500 | 501))
}

fn page(objects: &mut Vec<Box<RawValue>>) -> StreamEvent {
    StreamEvent::Page { answered: None, objects: std::mem::take(objects) }
}

fn unreadable(mut line: Vec<u8>, reason: String) -> ParsedLine {
    line.truncate(REJECT_BYTES_MAX);
    ParsedLine::Event { event: StreamEvent::Unreadable { line, reason }, resource_version: None }
}

/// Kubernetes answers a watch with 200 and sends the error as a line.
fn refused(path: &str, object: &RawValue) -> RequestError {
    let status = serde_json::from_str(object.get()).unwrap_or(Status { code: None, message: None });
    RequestError::Refused {
        request: format!("GET {path}"),
        status: status.code.unwrap_or(500),
        message: status.message.unwrap_or_default(),
        retry_after: None,
    }
}
