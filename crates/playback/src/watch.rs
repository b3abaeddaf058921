//! WATCH: changes as they become visible, bookmarks between them, and the end of the stream.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use chrono::TimeDelta;
use kigen_model::Instant;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::sync::watch;

use crate::cache::Caches;
use crate::clock::Clock;
use crate::faults::{FaultState, ResourceFaults};
use crate::selection::Selection;
use crate::status::Status;
use crate::timeline::Timeline;

/// Cuts a response in its middle.
#[derive(Debug, Error)]
#[error("the stream was cut by an injected fault")]
pub(crate) struct StreamCut;

/// The end of a watch by its `timeoutSeconds`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum EndsAt {
    Played(Instant),
    Real(tokio::time::Instant),
}

/// How long before the end of a watch by its `timeoutSeconds` an API server sends a bookmark.
const PARTING: Duration = Duration::from_secs(2);

/// The parameters of a WATCH.
pub(crate) struct WatchRequest {
    pub(crate) selection: Selection,
    /// The revision to resume from; `None` begins with the initial objects.
    pub(crate) from: Option<u64>,
    /// Whether an annotated bookmark ends the initial objects.
    pub(crate) marks_initial: bool,
    pub(crate) with_bookmarks: bool,
    pub(crate) ends_at: Option<EndsAt>,
    /// When a proxy closes the connection.
    pub(crate) closed_at: Option<tokio::time::Instant>,
    pub(crate) bookmark_every: TimeDelta,
    pub(crate) eager_bookmarks: bool,
    pub(crate) retained: Option<TimeDelta>,
}

pub(crate) struct Watch {
    timeline: Arc<Timeline>,
    caches: Arc<Caches>,
    clock: Clock,
    faults: watch::Receiver<FaultState>,
    request: WatchRequest,
    /// When the bookmark before the end is due; `None`: it was sent, or there is none.
    parts_at: Option<EndsAt>,
    /// Initial objects that are still to be sent.
    initial: VecDeque<usize>,
    /// The first change that was not examined.
    next: usize,
    /// The revision that the client has reached.
    sent_revision: u64,
    /// The oldest revision in the window of retention when the watch was opened. An open watch loses nothing when the
    /// window moves.
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
    Cut,
    End,
}

impl Watch {
    /// A watch that begins at `now`.
    pub(crate) fn open(
        (timeline, caches): (Arc<Timeline>, Arc<Caches>),
        clock: Clock,
        faults: watch::Receiver<FaultState>,
        request: WatchRequest,
        now: Instant,
    ) -> Self {
        let state = *faults.borrow();
        let resource = request.selection.resource;
        // Initial objects with an annotated bookmark come from the store, not from the watch cache.
        let shown_at = if request.marks_initial { now } else { state.cached_at(resource, now) };
        let visible = timeline.visible(shown_at);
        let mut watch = Self {
            next: request.from.map_or(visible, |revision| timeline.up_to(revision)),
            sent_revision: request.from.unwrap_or_else(|| timeline.revision(shown_at, state.revision_min)),
            window_from: window_from(&timeline, &request, now),
            bookmark_at: now + request.bookmark_every,
            breaks: state.of(resource).breaks,
            silences: state.of(resource).silences,
            expiries: state.of(resource).expiries,
            initial: VecDeque::new(),
            has_ended: false,
            parts_at: request.ends_at.and_then(|ends_at| ends_at.before(PARTING, now)),
            timeline,
            caches,
            clock,
            faults,
            request,
        };
        if watch.request.from.is_none() {
            watch.initial = watch.timeline.present(resource, visible).values().copied().collect();
        }
        watch
    }

    /// The next line; `None` at the end.
    pub(crate) async fn next_line(&mut self) -> Option<Result<Bytes, StreamCut>> {
        loop {
            let state = *self.faults.borrow_and_update();
            let now = self.clock.now();
            match self.due(now, &state) {
                Due::Line(line) => return Some(Ok(Bytes::from(format!("{line}\n")))),
                Due::Cut => return Some(Err(StreamCut)),
                Due::End => return None,
                Due::Wait { until } => self.wait(now, until).await,
            }
        }
    }

    fn due(&mut self, now: Instant, state: &FaultState) -> Due {
        let resource = self.request.selection.resource;
        let faults = state.of(resource);
        if faults.breaks != self.breaks {
            return Due::Cut;
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
        let is_closed = self.request.closed_at.is_some_and(|at| tokio::time::Instant::now() >= at);
        if is_closed || self.request.ends_at.is_some_and(|ends_at| ends_at.is_over(now)) {
            return Due::End;
        }
        let cached_at = state.cached_at(resource, now);
        let visible = self.timeline.visible(cached_at);
        if let Some(line) = self.initial() {
            return Due::Line(line);
        }
        if let Some(line) = self.event(visible) {
            return Due::Line(line);
        }
        if let Some(line) = self.bookmark(now, cached_at, state) {
            return Due::Line(line);
        }
        let changes_at = self.timeline.next_at(visible).filter(|_| faults.cache_stalled_at.is_none());
        let bookmark_at = self.takes_bookmarks(state).then_some(self.bookmark_at);
        let ends_at = self.request.ends_at.and_then(EndsAt::played);
        let parts_at = self.parts_at.and_then(EndsAt::played);
        Due::Wait { until: [changes_at, bookmark_at, ends_at, parts_at].into_iter().flatten().min() }
    }

    /// An API server has changes from some revision on; a client that has reached less has a gap that cannot be filled.
    fn too_old(&self, faults: ResourceFaults) -> Option<Value> {
        let oldest_revision = faults.oldest_revision.max(self.window_from);
        let is_behind = self.request.from.is_some() && self.sent_revision < oldest_revision;
        (is_behind || faults.expiries != self.expiries).then(|| {
            let message = format!("too old resource version: {} ({oldest_revision})", self.sent_revision);
            json!({"type": "ERROR", "object": Status::expired(message).object()})
        })
    }

    /// The next initial object, or the bookmark after the last one.
    fn initial(&mut self) -> Option<Value> {
        while let Some(nth) = self.initial.pop_front() {
            let change = self.timeline.change(nth)?;
            if self.request.selection.contains(change) {
                return Some(json!({"type": "ADDED", "object": change.object}));
            }
        }
        std::mem::take(&mut self.request.marks_initial).then(|| {
            let mut bookmark = self.request.selection.resource.bookmark(self.sent_revision);
            bookmark["metadata"]["annotations"] = json!({"k8s.io/initial-events-end": "true"});
            // From here on the watch is like one that resumed.
            self.request.from = Some(self.sent_revision);
            json!({"type": "BOOKMARK", "object": bookmark})
        })
    }

    fn event(&mut self, visible: usize) -> Option<Value> {
        while let Some(nth) = self.timeline.next_of(self.request.selection.resource, self.next, visible) {
            self.next = nth + 1;
            let change = self.timeline.change(nth)?;
            if self.request.selection.contains(change) {
                self.sent_revision = self.sent_revision.max(self.timeline.revision_of(nth));
                return Some(json!({"type": change.kind.label(), "object": change.object}));
            }
        }
        self.next = self.next.max(visible);
        None
    }

    fn bookmark(&mut self, now: Instant, cached_at: Instant, state: &FaultState) -> Option<Value> {
        let parts = self.parts_at.take_if(|parts_at| parts_at.is_over(now)).is_some();
        if !self.takes_bookmarks(state) {
            return None;
        }
        let is_stalled = cached_at < now;
        let store = self.timeline.revision(cached_at, if is_stalled { 0 } else { state.revision_min });
        let resource = self.request.selection.resource;
        let changed = || self.timeline.last_of(resource, self.timeline.visible(cached_at));
        let revision = self.caches.revision(resource, store, changed);
        let is_news = self.request.eager_bookmarks && self.clock.rests() && revision > self.sent_revision;
        let is_time = parts || now >= self.bookmark_at;
        if now >= self.bookmark_at {
            self.bookmark_at = now + self.request.bookmark_every;
        }
        (is_news || is_time).then(|| {
            self.sent_revision = self.sent_revision.max(revision);
            json!({"type": "BOOKMARK", "object": self.request.selection.resource.bookmark(revision)})
        })
    }

    fn takes_bookmarks(&self, state: &FaultState) -> bool {
        self.request.with_bookmarks && !state.bookmarks_stalled
    }

    async fn wait(&mut self, now: Instant, until: Option<Instant>) {
        let instants = [self.request.ends_at, self.parts_at].map(|at| at.and_then(EndsAt::real));
        let wakes_at = instants.into_iter().chain([self.request.closed_at]).flatten().min();
        tokio::select! {
            changed = self.faults.changed() => self.has_ended |= changed.is_err(),
            () = self.clock.reached(until.unwrap_or_default()), if until.is_some() => {}
            () = self.clock.left(now), if self.request.eager_bookmarks => {}
            () = tokio::time::sleep_until(wakes_at.unwrap_or_else(tokio::time::Instant::now)), if wakes_at.is_some() => {}
        }
    }
}

fn window_from(timeline: &Timeline, request: &WatchRequest, now: Instant) -> u64 {
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

    /// So long before it; `None`: that is over.
    fn before(self, time: Duration, now: Instant) -> Option<Self> {
        match self {
            Self::Played(instant) => {
                let before = instant - TimeDelta::from_std(time).unwrap_or_default();
                (before > now).then_some(Self::Played(before))
            }
            Self::Real(instant) => {
                let before = instant.checked_sub(time)?;
                (before > tokio::time::Instant::now()).then_some(Self::Real(before))
            }
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
