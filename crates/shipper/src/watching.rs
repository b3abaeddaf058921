//! One watched resource as a state machine: list, open, watch, and again from wherever it broke.

use std::time::Duration;

use kigen_log::back_off::BackOff;
use kigen_model::reject::REJECT_BYTES_MAX;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc::Sender;

use crate::api::{Api, Line, Lines, RequestError};
use crate::input::{Input, News};
use crate::object::AnyObject;
use crate::resource::Resource;
use crate::settings::Settings;

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
    News { news: News, resource_version: Option<u64> },
    Failed(RequestError),
}

struct Watching {
    api: Api,
    resource: Resource,
    inputs: Sender<Input>,
    back_off: BackOff,
    page_objects_max: u32,
    watch_silence_max: Duration,
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
        page_objects_max: settings.page_objects_max,
        watch_silence_max: Duration::from_millis(settings.watch_silence_ms_max),
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
        self.send(News::ListBegan).await?;
        let mut from: Option<String> = None;
        loop {
            let page = match self.api.list(self.resource, self.page_objects_max, from.as_deref()).await {
                Ok(page) => page,
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
            self.send(News::Listed { resource_version: listed }).await?;
            // A list older than where the stream had got to is of another or a restored cluster: no history there.
            return match resume.filter(|resume| *resume <= listed) {
                Some(resume) => Ok(State::Open { from: resume, fallback: Some(listed) }),
                None => {
                    self.send(News::HistoryLost).await?;
                    Ok(State::Open { from: listed, fallback: None })
                }
            };
        }
    }

    async fn open(&mut self, from: u64, fallback: Option<u64>) -> Result<State, Closed> {
        match self.api.watch(self.resource, from).await {
            Ok((answered, lines)) => {
                self.send(News::Opened { resource_version: from, answered }).await?;
                Ok(State::Watch { lines, position: from, fallback })
            }
            Err(error) if error.is_expired() => self.expired(error, fallback).await,
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
        self.inputs.send(Input::Stream { resource: self.resource, news }).await.map_err(|_| Closed)
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
    let resource_version = version(&envelope.object);
    match (envelope.r#type.as_str(), resource_version) {
        ("ADDED" | "MODIFIED", _) => Said::News { news: News::Changed(envelope.object), resource_version },
        ("DELETED", _) => Said::News { news: News::Deleted(envelope.object), resource_version },
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

fn version(object: &RawValue) -> Option<u64> {
    let object: AnyObject = serde_json::from_str(object.get()).ok()?;
    object.metadata?.resource_version?.parse().ok()
}

fn unreadable(mut line: Vec<u8>, reason: String) -> Said {
    line.truncate(REJECT_BYTES_MAX);
    Said::News { news: News::Unreadable { line, reason }, resource_version: None }
}

/// Kubernetes answers a watch with 200 and says in its first line that it is none.
fn refused(path: &str, object: &RawValue) -> RequestError {
    let status = serde_json::from_str(object.get()).unwrap_or(Status { code: None, message: None });
    RequestError::Refused {
        path: path.to_owned(),
        status: status.code.unwrap_or(500),
        message: status.message.unwrap_or_default(),
        retry_after: None,
    }
}
