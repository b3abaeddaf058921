//! What can be made to go wrong while the server runs.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use kigen_model::Instant;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::history::{Disturbance, Trouble};
use crate::resource::Resource;
use crate::status::Status;
use crate::timeline::Timeline;

/// A handle on the troubles of a running server. Where a resource can be given, `None` means all of them.
#[derive(Clone, Debug)]
pub struct Faults {
    timeline: Arc<Timeline>,
    clock: Clock,
    state: watch::Sender<FaultState>,
    token: Arc<Mutex<Option<String>>>,
    /// The beginning of the names of Objectives whose status is refused, and with what.
    objectives_refused: Arc<Mutex<Option<(String, StatusCode)>>>,
}

/// What becomes of a watch that is to begin with what is there (`sendInitialEvents`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WatchLists {
    /// It does, and a marked bookmark says where that ends.
    #[default]
    Served,
    /// Status 200, and a line that it cannot be had: etcd 3.4 behind an API server that knows of it.
    Failed,
    /// Status 422: the API server has it switched off.
    Refused,
    /// It begins with what is there, and no bookmark is marked: the API server is too old to know of it.
    Unmarked,
}

/// What is wrong just now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FaultState {
    pub(crate) is_shut_down: bool,
    pub(crate) bookmarks_stalled: bool,
    /// The cluster is at least at this revision, though nothing that is played has changed.
    pub(crate) revision_min: u64,
    pub(crate) leases_refused_with: Option<StatusCode>,
    pub(crate) statuses_refused_with: Option<StatusCode>,
    pub(crate) namespaces_refused_with: Option<StatusCode>,
    pub(crate) watch_lists: WatchLists,
    of: [ResourceFaults; Resource::COUNT],
    pub(crate) objectives_served: bool,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ResourceFaults {
    /// How often its streams were broken.
    pub(crate) breaks: u64,
    /// How often its streams were told that they are too old.
    pub(crate) expiries: u64,
    /// How often its streams were silenced.
    pub(crate) silences: u64,
    /// Watches that have heard less than this revision are too old.
    pub(crate) known_from: u64,
    pub(crate) is_frozen: bool,
    pub(crate) cache_stalled_at: Option<Instant>,
    pub(crate) refused_with: Option<StatusCode>,
}

impl FaultState {
    /// Why a request for that resource is not answered.
    pub(crate) fn refusal(&self, resource: Resource) -> Option<Status> {
        if let Some(code) = self.of(resource).refused_with {
            return Some(Status::refused(code));
        }
        let is_there = resource != Resource::Objectives || self.objectives_served;
        (!is_there).then(|| Status::not_found(resource.prefix()))
    }

    pub(crate) fn of(&self, resource: Resource) -> ResourceFaults {
        self.of[resource.index()]
    }
}

impl Faults {
    pub(crate) fn new(timeline: Arc<Timeline>, clock: Clock) -> Self {
        Self {
            timeline,
            clock,
            state: watch::Sender::default(),
            token: Arc::default(),
            objectives_refused: Arc::default(),
        }
    }

    /// Ends the open watches abruptly, in the middle of the response.
    pub fn break_streams(&self, resource: Option<Resource>) {
        self.change(resource, |faults| faults.breaks += 1);
    }

    /// Lets the open watches say nothing any more, while their connections stay, as when a machine between is gone. Those
    /// that are opened later speak.
    pub fn silence_streams(&self, resource: Option<Resource>) {
        self.change(resource, |faults| faults.silences += 1);
    }

    /// Forgets all but the newest revision, as an API server that was restarted: a watch that has not heard of the
    /// newest gets one ERROR line with 410 and ends, as does any that wants to resume from before it.
    pub fn expire(&self, resource: Option<Resource>) {
        let revision = self.revision();
        self.change(resource, |faults| faults.known_from = revision);
    }

    /// Tells the open watches that they are too old, whatever they have heard, and ends them. A new one may begin anywhere.
    pub fn expire_streams(&self, resource: Option<Resource>) {
        self.change(resource, |faults| faults.expiries += 1);
    }

    /// Moves the cluster's revision by one, as each write of a lease does, if the next change leaves room for it. Answers
    /// the revision.
    pub fn turn_revision(&self) -> u64 {
        let wanted = self.revision() + 1;
        self.state.send_modify(|state| state.revision_min = wanted);
        self.revision()
    }

    /// Answers each request with this status (such as 401, 403, 429, 500, 503), or again as it should. Watches that are
    /// open stay so.
    pub fn refuse(&self, resource: Option<Resource>, status: Option<u16>) {
        let status = status.and_then(|status| StatusCode::from_u16(status).ok());
        self.change(resource, |faults| faults.refused_with = status);
    }

    /// Serves Objectives, or knows nothing of them, as at the start: their custom resource is installed, or taken away.
    pub fn serve_objectives(&self, is_served: bool) {
        self.state.send_modify(|state| state.objectives_served = is_served);
        self.break_streams(Some(Resource::Objectives));
    }

    /// Answers each request about Leases with this status, or again as it should.
    pub fn refuse_leases(&self, status: Option<u16>) {
        let status = status.and_then(|status| StatusCode::from_u16(status).ok());
        self.state.send_modify(|state| state.leases_refused_with = status);
    }

    /// Answers each write of an Objective's status with this status, or again as it should.
    pub fn refuse_statuses(&self, status: Option<u16>) {
        let status = status.and_then(|status| StatusCode::from_u16(status).ok());
        self.state.send_modify(|state| state.statuses_refused_with = status);
    }

    /// Answers each write of the status of an Objective whose name begins so with this status, and all others as it should.
    pub fn refuse_statuses_of(&self, beginning: &str, status: u16) {
        let refused = StatusCode::from_u16(status).ok().map(|status| (beginning.to_owned(), status));
        *self.objectives_refused.lock().unwrap_or_else(PoisonError::into_inner) = refused;
    }

    /// Answers each request for a namespace with this status, or again as it should.
    pub fn refuse_namespaces(&self, status: Option<u16>) {
        let status = status.and_then(|status| StatusCode::from_u16(status).ok());
        self.state.send_modify(|state| state.namespaces_refused_with = status);
    }

    /// What becomes of watches that are to begin with what is there.
    pub fn watch_lists(&self, how: WatchLists) {
        self.state.send_modify(|state| state.watch_lists = how);
    }

    /// Answers 401 to whoever does not show this token, or asks for none.
    pub fn accept_only(&self, token: Option<&str>) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token.map(str::to_owned);
    }

    /// Sends no bookmarks, or again.
    pub fn stall_bookmarks(&self, is_stalled: bool) {
        self.state.send_modify(|state| state.bookmarks_stalled = is_stalled);
    }

    /// Lets the watches say nothing, as over a half-open connection, or say all that they owe.
    pub fn freeze(&self, resource: Option<Resource>, is_frozen: bool) {
        self.change(resource, |faults| faults.is_frozen = is_frozen);
    }

    /// Stops the watch cache at what it shows now, or lets it catch up. Watches still send bookmarks, with the revision
    /// at which it stopped, and lists that read through to the store show what there is.
    pub fn stall_cache(&self, resource: Option<Resource>, is_stalled: bool) {
        let stalled_at = is_stalled.then(|| self.clock.now());
        self.change(resource, |faults| faults.cache_stalled_at = stalled_at);
    }

    /// Whether a request with this header `Authorization` is heard.
    pub(crate) fn accepts(&self, authorization: Option<&str>) -> bool {
        let token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = authorization.and_then(|header| header.strip_prefix("Bearer "));
        token.as_deref().is_none_or(|token| shown == Some(token))
    }

    /// What a write of the status of this Objective is refused with.
    pub(crate) fn refusal_of_status(&self, name: &str) -> Option<StatusCode> {
        let refused = self.objectives_refused.lock().unwrap_or_else(PoisonError::into_inner);
        let of_name = refused.as_ref().filter(|(beginning, _)| name.starts_with(beginning.as_str()));
        of_name.map(|(_, status)| *status).or(self.now().statuses_refused_with)
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<FaultState> {
        self.state.subscribe()
    }

    pub(crate) fn now(&self) -> FaultState {
        *self.state.borrow()
    }

    pub(crate) fn shut_down(&self) {
        self.state.send_modify(|state| state.is_shut_down = true);
    }

    pub(crate) fn disturb(&self, disturbance: Disturbance) {
        let resource = Some(disturbance.resource);
        tracing::debug!(?disturbance, "playing a recorded disturbance");
        match disturbance.trouble {
            Trouble::StreamBroken => self.break_streams(resource),
            Trouble::Refused(status) => self.refuse(resource, Some(status)),
            Trouble::Answered => self.refuse(resource, None),
            Trouble::Expired => self.expire(resource),
        }
    }

    fn revision(&self) -> u64 {
        self.timeline.revision(self.clock.now(), self.now().revision_min)
    }

    fn change(&self, resource: Option<Resource>, change: impl Fn(&mut ResourceFaults)) {
        self.state.send_modify(|state| {
            for each in Resource::ALL {
                if resource.is_none_or(|resource| resource == each) {
                    change(&mut state.of[each.index()]);
                }
            }
        });
    }
}
