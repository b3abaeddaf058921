//! One watched resource as a state machine: list, open, watch, and again from wherever it broke.

use std::time::Duration;

use kigen_log::back_off::BackOff;
use kigen_model::reject::REJECT_BYTES_MAX;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc::Sender;

use crate::decode::object::{AnyObject, Metadata};
use crate::error::RequestError;
use crate::input::{INPUTS_WAITING_MAX, Input, News};
use crate::kubernetes::api::Api;
use crate::kubernetes::lines::{Line, Lines};
use crate::resource::Resource;
use crate::settings::Settings;

/// How many pages of lists wait for the loop, of all streams together: each is a few megabytes.
const PAGES_WAITING_MAX: usize = 2;

/// What marks the bookmark at the end of what was there when the watch began.
const ALL_LISTED: &str = "k8s.io/initial-events-end";

/// Nobody reads the inputs any more.
#[derive(Debug)]
struct Closed;

/// Where a stream is.
enum State {
    /// It must learn what is there. `resume`: where a shipper before this one had got to.
    List { resume: Option<u64> },
    /// It is to watch from `from`; if that has expired, from `fallback`, the version of a list that was read.
    Open { from: u64, fallback: Option<u64> },
    /// It watches and has got to `position`.
    Watch { lines: Lines, position: u64, fallback: Option<u64> },
}

/// What a line of a watch says.
enum Said {
    News {
        news: News,
        resource_version: Option<u64>,
    },
    /// A bookmark with which a watch that began with what is there says that this was all.
    AllListed {
        resource_version: u64,
    },
    Failed(RequestError),
}

struct Watching {
    api: Api,
    resource: Resource,
    inputs: Sender<Input>,
    back_off: BackOff,
    /// Whether the API server may know of watches that begin with what is there.
    lists_by_watch: bool,
    page_objects_max: u32,
    answer_max: Duration,
    watch_silence_max: Duration,
    /// Between the tries of a resource that is not to be had.
    withheld_delay: Duration,
}

/// Lists and watches `resource` for as long as somebody reads `inputs`. `resume` is the version that a shipper before
/// this one had got to.
///
/// With it, the list comes first and tells what is there, and the watch then goes back to the old version, so that what
/// came and went in between is told too; what the list told already is older there and changes nothing.
pub async fn watch(
    api: Api,
    settings: &Settings,
    resource: Resource,
    resume: Option<u64>,
    inputs: Sender<Input>,
) {
    let mut watching = Watching {
        api,
        resource,
        inputs,
        back_off: BackOff::new(settings.retry_delay_ms_min, settings.retry_delay_ms_max),
        lists_by_watch: true,
        page_objects_max: settings.page_objects_max,
        answer_max: Duration::from_millis(settings.answer_ms_max),
        watch_silence_max: Duration::from_millis(settings.watch_silence_ms_max),
        withheld_delay: Duration::from_millis(settings.retry_delay_ms_max),
    };
    let mut state = State::List { resume };
    while let Ok(next) = watching.step(state).await {
        state = next;
    }
}

impl Watching {
    async fn step(&mut self, state: State) -> Result<State, Closed> {
        match state {
            State::List { resume } => self.list(resume).await,
            State::Open { from, fallback } => self.open(from, fallback).await,
            State::Watch { lines, position, fallback } => self.follow(lines, position, fallback).await,
        }
    }

    async fn list(&mut self, resume: Option<u64>) -> Result<State, Closed> {
        if self.lists_by_watch {
            if let Some(next) = self.list_by_watch(resume).await? {
                return Ok(next);
            }
            // For good: an API server that learns it while kigen runs is only spared less.
            self.lists_by_watch = false;
        }
        self.list_in_pages(resume).await
    }

    /// What is there, told by a watch that begins with it; `None`: this server does not do that.
    ///
    /// It costs the API server no copy of all that is there, and it goes on as the watch of what comes after.
    async fn list_by_watch(&mut self, resume: Option<u64>) -> Result<Option<State>, Closed> {
        let (answered, mut lines) = match self.api.watch_from_all(self.resource).await {
            Ok(opened) => opened,
            Err(error) if self.is_withheld(&error) => return self.withheld(error).await.map(Some),
            Err(error) if is_unknown(&error) => return Ok(None),
            Err(error) => {
                self.rest(error).await?;
                return Ok(Some(State::List { resume }));
            }
        };
        self.send(News::ListBegan { answered }).await?;
        let mut objects = Vec::new();
        loop {
            let line = match tokio::time::timeout(self.answer_max, lines.next()).await {
                Ok(Ok(Some(line))) => line,
                Ok(Err(error)) => {
                    self.rest(error).await?;
                    return Ok(Some(State::List { resume }));
                }
                Ok(Ok(None)) | Err(_) => return Ok(None),
            };
            match said(&self.api.path(self.resource), line) {
                Said::News { news: News::Changed(object), .. } => objects.push(object),
                Said::News { news: News::Bookmark { .. }, .. } => return Ok(None),
                // What changes meanwhile may be told before the end of what was there.
                Said::News { news, .. } => {
                    self.send(page(&mut objects)).await?;
                    self.send(news).await?;
                }
                Said::AllListed { resource_version } => {
                    self.send(page(&mut objects)).await?;
                    return self.listed(resource_version, resume, Some(lines)).await.map(Some);
                }
                Said::Failed(error) if is_unknown(&error) => return Ok(None),
                Said::Failed(error) => {
                    self.rest(error).await?;
                    return Ok(Some(State::List { resume }));
                }
            }
            if objects.len() >= self.page_objects_max as usize {
                self.send(page(&mut objects)).await?;
            }
        }
    }

    async fn list_in_pages(&mut self, resume: Option<u64>) -> Result<State, Closed> {
        self.send(News::ListBegan { answered: None }).await?;
        let mut from: Option<String> = None;
        loop {
            let page = match self.api.list(self.resource, self.page_objects_max, from.as_deref()).await {
                Ok(page) => page,
                Err(error) if self.is_withheld(&error) => return self.withheld(error).await,
                // Also when the next page has expired: then the list begins anew.
                Err(error) => {
                    self.rest(error).await?;
                    return Ok(State::List { resume });
                }
            };
            let listed = page.resource_version;
            self.send(News::Page { answered: page.answered, objects: page.objects }).await?;
            if page.next.is_some() {
                from = page.next;
                continue;
            }
            return self.listed(listed, resume, None).await;
        }
    }

    /// All that is there was told. `lines` go on from there, if there are any.
    async fn listed(
        &mut self,
        listed: u64,
        resume: Option<u64>,
        lines: Option<Lines>,
    ) -> Result<State, Closed> {
        self.send(News::Listed { resource_version: listed }).await?;
        // A list older than where the stream had got to is of another or a restored cluster: no history there.
        if let Some(resume) = resume.filter(|resume| *resume <= listed) {
            return Ok(State::Open { from: resume, fallback: Some(listed) });
        }
        self.send(News::HistoryLost).await?;
        let Some(lines) = lines else {
            return Ok(State::Open { from: listed, fallback: None });
        };
        self.send(News::Opened { resource_version: listed, answered: None }).await?;
        Ok(State::Watch { lines, position: listed, fallback: None })
    }

    async fn open(&mut self, from: u64, fallback: Option<u64>) -> Result<State, Closed> {
        match self.api.watch(self.resource, from).await {
            Ok((answered, lines)) => {
                self.send(News::Opened { resource_version: from, answered }).await?;
                Ok(State::Watch { lines, position: from, fallback })
            }
            Err(error) if error.is_expired() => self.expired(error, fallback).await,
            Err(error) if self.is_withheld(&error) => self.withheld(error).await,
            Err(error) => {
                self.rest(error).await?;
                Ok(State::Open { from, fallback })
            }
        }
    }

    async fn follow(
        &mut self,
        mut lines: Lines,
        mut position: u64,
        mut fallback: Option<u64>,
    ) -> Result<State, Closed> {
        let mut was_silent = true;
        loop {
            let line = match tokio::time::timeout(self.watch_silence_max, lines.next()).await {
                Ok(Ok(Some(line))) => line,
                Ok(Ok(None)) if was_silent => break self.idle("ended without a word").await?,
                Ok(Ok(None)) => break,
                Ok(Err(error)) => break self.rest(error).await?,
                Err(_) => break self.idle("says nothing, not even a bookmark").await?,
            };
            match said(&self.api.path(self.resource), line) {
                Said::News { news, resource_version } => {
                    was_silent = false;
                    self.back_off.reset();
                    self.send(news).await?;
                    position = resource_version.map_or(position, |reached| reached.max(position));
                    fallback = fallback.filter(|fallback| *fallback > position);
                }
                Said::AllListed { .. } => {}
                Said::Failed(error) if error.is_expired() => return self.expired(error, fallback).await,
                Said::Failed(error) => break self.rest(error).await?,
            }
        }
        Ok(State::Open { from: position, fallback })
    }

    /// What was between is lost: the shipper goes on from a list, one that was read already or a new one. Not at once:
    /// after a restart of the API server every client of it is told the same at the same instant.
    async fn expired(&mut self, error: RequestError, fallback: Option<u64>) -> Result<State, Closed> {
        self.rest(error).await?;
        match fallback {
            Some(listed) => {
                self.send(News::HistoryLost).await?;
                Ok(State::Open { from: listed, fallback: None })
            }
            None => Ok(State::List { resume: None }),
        }
    }

    fn is_withheld(&self, error: &RequestError) -> bool {
        self.resource.is_optional() && error.is_withheld()
    }

    /// The resource is not to be had. That may stay so for ever, so it is asked for no more often than an API server that
    /// is away.
    async fn withheld(&mut self, error: RequestError) -> Result<State, Closed> {
        self.send(News::Withheld(error)).await?;
        tokio::time::sleep(self.withheld_delay).await;
        Ok(State::List { resume: None })
    }

    async fn idle(&mut self, what: &'static str) -> Result<(), Closed> {
        let path = self.api.path(self.resource);
        self.rest(RequestError::Idle { path, what }).await
    }

    async fn rest(&mut self, error: RequestError) -> Result<(), Closed> {
        let delay = self.back_off.next_delay(error.retry_after());
        let retry_delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.send(News::Broken { error, retry_delay_ms }).await?;
        tokio::time::sleep(delay).await;
        Ok(())
    }

    async fn send(&self, news: News) -> Result<(), Closed> {
        // A page waits until there is room for many inputs, and then takes that of one: what is large is small in number.
        let room = match &news {
            News::Page { .. } => INPUTS_WAITING_MAX - PAGES_WAITING_MAX + 1,
            _ => 1,
        };
        let mut places = self.inputs.reserve_many(room).await.map_err(|_| Closed)?;
        let place = places.next().ok_or(Closed)?;
        place.send(Input::Stream { resource: self.resource, news });
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

fn said(path: &str, line: Line) -> Said {
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
        ("ADDED" | "MODIFIED", _) => Said::News { news: News::Changed(envelope.object), resource_version },
        ("DELETED", _) => Said::News { news: News::Deleted(envelope.object), resource_version },
        ("BOOKMARK", Some(reached)) if metadata.annotation(ALL_LISTED) == Some("true") => {
            Said::AllListed { resource_version: reached }
        }
        ("BOOKMARK", Some(reached)) => {
            Said::News { news: News::Bookmark { resource_version: reached }, resource_version }
        }
        ("ERROR", _) => Said::Failed(refused(path, &envelope.object)),
        (other, _) => {
            let reason = format!("its type `{other}` is none, or a bookmark without a version");
            unreadable(line, reason)
        }
    }
}

fn metadata(object: &RawValue) -> Metadata {
    let object: AnyObject = serde_json::from_str(object.get()).unwrap_or_default();
    object.metadata.unwrap_or_default()
}

/// Whether the server says that it has no watches that begin with what is there: it is too old, has them switched off
/// (400, 422), or its etcd is too old for them (500). Whatever else fails may work the next time.
fn is_unknown(error: &RequestError) -> bool {
    matches!(error.status(), Some(400 | 404 | 405 | 422 | 500 | 501))
}

fn page(objects: &mut Vec<Box<RawValue>>) -> News {
    News::Page { answered: None, objects: std::mem::take(objects) }
}

fn unreadable(mut line: Vec<u8>, reason: String) -> Said {
    line.truncate(REJECT_BYTES_MAX);
    Said::News { news: News::Unreadable { line, reason }, resource_version: None }
}

/// Kubernetes answers a watch with 200 and says in its first line that it is none.
fn refused(path: &str, object: &RawValue) -> RequestError {
    let status = serde_json::from_str(object.get()).unwrap_or(Status { code: None, message: None });
    RequestError::Refused {
        request: format!("GET {path}"),
        status: status.code.unwrap_or(500),
        message: status.message.unwrap_or_default(),
        retry_after: None,
    }
}
