//! One watch: the changes that are due, bookmarks between them, and how it ends.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::Bytes;
use chrono::TimeDelta;
use kigen_model::Instant;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::faults::{FaultState, ResourceFaults};
use crate::resource::Resource;
use crate::status::Status;
use crate::timeline::Timeline;

/// Ends a response in its middle.
#[derive(Debug, Error)]
#[error("the stream was broken on purpose")]
pub(crate) struct Broken;

/// Which objects are asked for.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub(crate) resource: Resource,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
}

impl Selection {
    pub(crate) fn takes(&self, namespace: &str, name: &str) -> bool {
        let is_equal =
            |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        is_equal(&self.namespace, namespace) && is_equal(&self.name, name)
    }
}

/// When a watch ends by its `timeoutSeconds`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum EndsAt {
    Played(Instant),
    Real(tokio::time::Instant),
}

/// How a watch is to be served.
pub(crate) struct Request {
    pub(crate) selection: Selection,
    /// After which revision, or from what is there.
    pub(crate) from: Option<u64>,
    /// Whether a bookmark says where what was there from the start ends.
    pub(crate) marks_initial: bool,
    pub(crate) with_bookmarks: bool,
    pub(crate) ends_at: Option<EndsAt>,
    pub(crate) bookmark_every: TimeDelta,
    pub(crate) eager_bookmarks: bool,
    pub(crate) retained: Option<TimeDelta>,
}

pub(crate) struct Watch {
    timeline: Arc<Timeline>,
    clock: Clock,
    faults: watch::Receiver<FaultState>,
    request: Request,
    /// What was there when the watch began from nothing.
    initial: VecDeque<usize>,
    /// The first change that was not looked at.
    next: usize,
    /// The revision up to which the client has heard.
    told: u64,
    /// The oldest revision that was still known when the watch began; whoever listens loses nothing by its moving on.
    window_from: u64,
    bookmark_at: Instant,
    breaks: u64,
    silences: u64,
    expiries: u64,
    has_ended: bool,
}

enum Due {
    Line(Value),
    Wait { until: Option<Instant> },
    Broken,
    End,
}

impl Watch {
    /// A watch that begins at `now`.
    pub(crate) fn open(
        timeline: Arc<Timeline>,
        clock: Clock,
        faults: watch::Receiver<FaultState>,
        request: Request,
        now: Instant,
    ) -> Self {
        let state = *faults.borrow();
        let resource = request.selection.resource;
        // What is marked as whole is as new as the store.
        let view = if request.marks_initial { now } else { cached_view(&state, resource, now) };
        let visible = timeline.visible(view);
        let mut watch = Self {
            next: request.from.map_or(visible, |revision| timeline.up_to(revision)),
            told: request.from.unwrap_or_else(|| timeline.revision(view, state.revision_min)),
            window_from: window_from(&timeline, &request, now),
            bookmark_at: now + request.bookmark_every,
            breaks: state.of(resource).breaks,
            silences: state.of(resource).silences,
            expiries: state.of(resource).expiries,
            initial: VecDeque::new(),
            has_ended: false,
            timeline,
            clock,
            faults,
            request,
        };
        if watch.request.from.is_none() {
            watch.initial = watch.timeline.present(resource, visible).values().copied().collect();
        }
        watch
    }

    /// The next line; none at the end.
    pub(crate) async fn next_line(&mut self) -> Option<Result<Bytes, Broken>> {
        loop {
            let state = *self.faults.borrow_and_update();
            let now = self.clock.now();
            match self.due(now, &state) {
                Due::Line(line) => return Some(Ok(Bytes::from(format!("{line}\n")))),
                Due::Broken => return Some(Err(Broken)),
                Due::End => return None,
                Due::Wait { until } => self.wait(now, until).await,
            }
        }
    }

    fn due(&mut self, now: Instant, state: &FaultState) -> Due {
        let resource = self.request.selection.resource;
        let faults = state.of(resource);
        if faults.breaks != self.breaks {
            return Due::Broken;
        }
        if self.has_ended || state.is_shut_down {
            return Due::End;
        }
        if faults.is_frozen || faults.silences != self.silences {
            return Due::Wait { until: None };
        }
        if let Some(too_old) = self.too_old(faults) {
            self.has_ended = true;
            return Due::Line(too_old);
        }
        if self.request.ends_at.is_some_and(|ends_at| ends_at.is_over(now)) {
            return Due::End;
        }
        let view = cached_view(state, resource, now);
        let visible = self.timeline.visible(view);
        if let Some(line) = self.initial() {
            return Due::Line(line);
        }
        if let Some(line) = self.event(visible) {
            return Due::Line(line);
        }
        if let Some(line) = self.bookmark(now, view, state) {
            return Due::Line(line);
        }
        let changes_at = self.timeline.next_at(visible).filter(|_| faults.cache_stalled_at.is_none());
        let bookmark_at = self.takes_bookmarks(state).then_some(self.bookmark_at);
        let ends_at = self.request.ends_at.and_then(EndsAt::played);
        Due::Wait { until: [changes_at, bookmark_at, ends_at].into_iter().flatten().min() }
    }

    /// An API server knows changes only from some revision on; one who has heard less cannot be told what is between.
    fn too_old(&self, faults: ResourceFaults) -> Option<Value> {
        let known_from = faults.known_from.max(self.window_from);
        let is_behind = self.request.from.is_some() && self.told < known_from;
        (is_behind || faults.expiries != self.expiries).then(|| {
            let message = format!("too old resource version: {} ({known_from})", self.told);
            json!({"type": "ERROR", "object": Status::expired(message).object()})
        })
    }

    /// What was there when the watch began, and where that ends.
    fn initial(&mut self) -> Option<Value> {
        while let Some(nth) = self.initial.pop_front() {
            let change = self.timeline.change(nth)?;
            if self.request.selection.takes(change.namespace(), change.name()) {
                return Some(json!({"type": "ADDED", "object": change.object}));
            }
        }
        std::mem::take(&mut self.request.marks_initial).then(|| {
            let mut bookmark = self.request.selection.resource.bookmark(self.told);
            bookmark["metadata"]["annotations"] = json!({"k8s.io/initial-events-end": "true"});
            // From here on it is a watch like any other.
            self.request.from = Some(self.told);
            json!({"type": "BOOKMARK", "object": bookmark})
        })
    }

    fn event(&mut self, visible: usize) -> Option<Value> {
        while let Some(nth) = self.timeline.next_of(self.request.selection.resource, self.next, visible) {
            self.next = nth + 1;
            let change = self.timeline.change(nth)?;
            if self.request.selection.takes(change.namespace(), change.name()) {
                self.told = self.told.max(self.timeline.revision_of(nth));
                return Some(json!({"type": change.kind.label(), "object": change.object}));
            }
        }
        self.next = self.next.max(visible);
        None
    }

    fn bookmark(&mut self, now: Instant, view: Instant, state: &FaultState) -> Option<Value> {
        if !self.takes_bookmarks(state) {
            return None;
        }
        let is_stalled = view < now;
        let revision = self.timeline.revision(view, if is_stalled { 0 } else { state.revision_min });
        let is_news = self.request.eager_bookmarks && self.clock.rests() && revision > self.told;
        let is_time = now >= self.bookmark_at && revision >= self.told;
        if now >= self.bookmark_at {
            self.bookmark_at = now + self.request.bookmark_every;
        }
        (is_news || is_time).then(|| {
            self.told = self.told.max(revision);
            json!({"type": "BOOKMARK", "object": self.request.selection.resource.bookmark(revision)})
        })
    }

    fn takes_bookmarks(&self, state: &FaultState) -> bool {
        self.request.with_bookmarks && !state.bookmarks_stalled
    }

    async fn wait(&mut self, now: Instant, until: Option<Instant>) {
        let ends_at = self.request.ends_at.and_then(EndsAt::real);
        tokio::select! {
            changed = self.faults.changed() => self.has_ended |= changed.is_err(),
            () = self.clock.reached(until.unwrap_or_default()), if until.is_some() => {}
            () = self.clock.left(now), if self.request.eager_bookmarks => {}
            () = tokio::time::sleep_until(ends_at.unwrap_or_else(tokio::time::Instant::now)), if ends_at.is_some() => {}
        }
    }
}

fn window_from(timeline: &Timeline, request: &Request, now: Instant) -> u64 {
    let retained_from = request.retained.map(|retained| timeline.visible(now - retained));
    let forgotten = retained_from.and_then(|visible| visible.checked_sub(1));
    let forgotten = forgotten.map_or(0, |nth| timeline.revision_of(nth));
    forgotten.max(timeline.history().initial_revision())
}

impl EndsAt {
    fn is_over(self, now: Instant) -> bool {
        match self {
            Self::Played(instant) => now >= instant,
            Self::Real(instant) => tokio::time::Instant::now() >= instant,
        }
    }

    fn played(self) -> Option<Instant> {
        match self {
            Self::Played(instant) => Some(instant),
            Self::Real(_) => None,
        }
    }

    fn real(self) -> Option<tokio::time::Instant> {
        match self {
            Self::Played(_) => None,
            Self::Real(instant) => Some(instant),
        }
    }
}

/// The instant whose state the watch cache shows.
pub(crate) fn cached_view(state: &FaultState, resource: Resource, now: Instant) -> Instant {
    state.of(resource).cache_stalled_at.map_or(now, |stalled_at| stalled_at.min(now))
}
