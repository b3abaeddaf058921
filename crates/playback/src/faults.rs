//! Faults that a test can inject into a running server.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use kigen_model::Instant;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::history::{Disturbance, Trouble};
use crate::resource::Resource;
use crate::rights::{Right, Rule};
use crate::status::Status;
use crate::timeline::Timeline;

/// A handle to inject faults. A resource of `None` means all resources.
#[derive(Clone, Debug)]
pub struct Faults {
    timeline: Arc<Timeline>,
    clock: Clock,
    state: watch::Sender<FaultState>,
    token: Arc<Mutex<Option<String>>>,
    granted: Arc<Mutex<Option<Vec<Rule>>>>,
    denied: Arc<Mutex<BTreeSet<String>>>,
    /// The prefix of the names of Objectives whose status is refused, and the HTTP status.
    objectives_refused: Arc<Mutex<Option<(String, StatusCode)>>>,
}

/// How the server answers a watch that requests the initial objects (`sendInitialEvents`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WatchLists {
    /// With the initial objects, and an annotated bookmark at their end.
    #[default]
    Served,
    /// Status 200 and one ERROR line: an API server that supports it on etcd 3.4, which does not.
    Failed,
    /// Status 422: the feature gate is disabled.
    Refused,
    /// With the initial objects, but no annotated bookmark: the API server is older than the feature.
    Unmarked,
}

/// The current faults.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FaultState {
    pub(crate) is_shut_down: bool,
    pub(crate) bookmarks_stalled: bool,
    /// The cluster's least revision, without changes of the history.
    pub(crate) revision_min: u64,
    pub(crate) leases_refused_with: Option<StatusCode>,
    pub(crate) statuses_refused_with: Option<StatusCode>,
    pub(crate) namespaces_refused_with: Option<StatusCode>,
    pub(crate) watch_lists: WatchLists,
    /// Of the pages of lists each so many-th is refused.
    pub(crate) refused_each: Option<u64>,
    /// How long a proxy keeps a watch open.
    pub(crate) watches_closed_after: Option<Duration>,
    of: [ResourceFaults; Resource::COUNT],
    pub(crate) objectives_served: bool,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ResourceFaults {
    /// How often its streams were broken.
    pub(crate) breaks: u64,
    /// How often its streams were expired.
    pub(crate) expiries: u64,
    /// How often its streams were silenced.
    pub(crate) silences: u64,
    /// The oldest revision from which a watch can resume.
    pub(crate) oldest_revision: u64,
    pub(crate) is_frozen: bool,
    pub(crate) cache_stalled_at: Option<Instant>,
    pub(crate) refused_with: Option<StatusCode>,
}

impl FaultState {
    /// The refusal of requests for that resource, if any.
    pub(crate) fn refusal(&self, resource: Resource) -> Option<Status> {
        if let Some(code) = self.of(resource).refused_with {
            return Some(Status::refused(code));
        }
        let is_served = resource != Resource::Objectives || self.objectives_served;
        (!is_served).then(|| Status::not_found(resource.prefix()))
    }

    pub(crate) fn of(&self, resource: Resource) -> ResourceFaults {
        self.of[resource.index()]
    }

    /// The instant whose state the watch cache shows.
    pub(crate) fn cached_at(&self, resource: Resource, now: Instant) -> Instant {
        self.of(resource).cache_stalled_at.map_or(now, |stalled_at| stalled_at.min(now))
    }
}

impl Faults {
    pub(crate) fn new(timeline: Arc<Timeline>, clock: Clock) -> Self {
        Self {
            timeline,
            clock,
            state: watch::Sender::default(),
            token: Arc::default(),
            granted: Arc::default(),
            denied: Arc::default(),
            objectives_refused: Arc::default(),
        }
    }

    /// Cuts the connections of open watches in the middle of the response.
    pub fn break_streams(&self, resource: Option<Resource>) {
        self.update(resource, |faults| faults.breaks += 1);
    }

    /// Silences the open watches while their connections stay open, as when a machine in between is gone. Later watches
    /// are not affected.
    pub fn silence_streams(&self, resource: Option<Resource>) {
        self.update(resource, |faults| faults.silences += 1);
    }

    /// Forgets all but the newest revision, as an API server does at a restart: a watch that has not reached the newest
    /// receives one ERROR line with 410 and ends, as does one that resumes from an older revision.
    pub fn expire(&self, resource: Option<Resource>) {
        let revision = self.revision();
        self.update(resource, |faults| faults.oldest_revision = revision);
    }

    /// Ends the open watches with an ERROR line with 410, whatever they have received. Later watches are not affected.
    pub fn expire_streams(&self, resource: Option<Resource>) {
        self.update(resource, |faults| faults.expiries += 1);
    }

    /// Increments the cluster's revision, as a write of a Lease does, unless the next change has that revision. Returns
    /// the revision.
    pub fn turn_revision(&self) -> u64 {
        let wanted = self.revision() + 1;
        self.state.send_modify(|state| state.revision_min = wanted);
        self.revision()
    }

    /// Answers each request with this status (such as 401, 403, 429, 500, 503); `None` ends the fault. Open watches stay
    /// open.
    pub fn refuse(&self, resource: Option<Resource>, status: Option<u16>) {
        let status = status.and_then(|status| StatusCode::from_u16(status).ok());
        self.update(resource, |faults| faults.refused_with = status);
    }

    /// Answers each so many-th page of a list with 503; `None` ends the fault.
    pub fn refuse_each(&self, nth: Option<u64>) {
        self.state.send_modify(|state| state.refused_each = nth);
    }

    /// Installs or removes the custom resource of Objectives. At the start it is not installed.
    pub fn serve_objectives(&self, is_served: bool) {
        self.state.send_modify(|state| state.objectives_served = is_served);
        self.break_streams(Some(Resource::Objectives));
    }

    /// Answers each request for Leases with this status; `None` ends the fault.
    pub fn refuse_leases(&self, status: Option<u16>) {
        let status = status.and_then(|status| StatusCode::from_u16(status).ok());
        self.state.send_modify(|state| state.leases_refused_with = status);
    }

    /// Answers each write of an Objective's status with this HTTP status; `None` ends the fault.
    pub fn refuse_statuses(&self, status: Option<u16>) {
        let status = status.and_then(|status| StatusCode::from_u16(status).ok());
        self.state.send_modify(|state| state.statuses_refused_with = status);
    }

    /// Answers each write of the status of an Objective whose name has this prefix with this HTTP status.
    pub fn refuse_statuses_of(&self, prefix: &str, status: u16) {
        let refused = StatusCode::from_u16(status).ok().map(|status| (prefix.to_owned(), status));
        *self.objectives_refused.lock().unwrap_or_else(PoisonError::into_inner) = refused;
    }

    /// Answers each request for a namespace with this status; `None` ends the fault.
    pub fn refuse_namespaces(&self, status: Option<u16>) {
        let status = status.and_then(|status| StatusCode::from_u16(status).ok());
        self.state.send_modify(|state| state.namespaces_refused_with = status);
    }

    /// Ends each later watch so long (real time) after its start, as a proxy that closes responses; `None` ends the fault.
    pub fn close_watches_after(&self, after: Option<Duration>) {
        self.state.send_modify(|state| state.watches_closed_after = after);
    }

    /// Sets the answer to watches that request the initial objects.
    pub fn watch_lists(&self, how: WatchLists) {
        self.state.send_modify(|state| state.watch_lists = how);
    }

    /// Answers 401 to requests without this bearer token; `None` accepts all requests.
    pub fn accept_only(&self, token: Option<&str>) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token.map(str::to_owned);
    }

    /// Answers 403 to what none of these rules grants.
    pub fn grant_only(&self, rules: Vec<Rule>) {
        *self.granted.lock().unwrap_or_else(PoisonError::into_inner) = Some(rules);
    }

    /// What was requested and not granted, such as `get pods/log`.
    pub fn denied(&self) -> Vec<String> {
        self.denied.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Stops or resumes bookmarks.
    pub fn stall_bookmarks(&self, is_stalled: bool) {
        self.state.send_modify(|state| state.bookmarks_stalled = is_stalled);
    }

    /// Freezes the watches, as on a half-open connection, or lets them send all that is due.
    pub fn freeze(&self, resource: Option<Resource>, is_frozen: bool) {
        self.update(resource, |faults| faults.is_frozen = is_frozen);
    }

    /// Stops the watch cache at its current state, or lets it catch up. Watches still send bookmarks, with the revision
    /// at which it stopped, and lists that read from the store are current.
    pub fn stall_cache(&self, resource: Option<Resource>, is_stalled: bool) {
        let stalled_at = is_stalled.then(|| self.clock.now());
        self.update(resource, |faults| faults.cache_stalled_at = stalled_at);
    }

    /// Whether a request with this `Authorization` header is accepted.
    pub(crate) fn accepts(&self, authorization: Option<&str>) -> bool {
        let token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = authorization.and_then(|header| header.strip_prefix("Bearer "));
        token.as_deref().is_none_or(|token| shown == Some(token))
    }

    /// Whether a request is granted; else it is noted.
    pub(crate) fn grants(&self, right: &Right) -> bool {
        let granted = self.granted.lock().unwrap_or_else(PoisonError::into_inner);
        let is_granted = granted.as_ref().is_none_or(|rules| right.is_granted(rules));
        if !is_granted {
            self.denied.lock().unwrap_or_else(PoisonError::into_inner).insert(right.to_string());
        }
        is_granted
    }

    /// The HTTP status that refuses a write of this Objective's status.
    pub(crate) fn refusal_of_status(&self, name: &str) -> Option<StatusCode> {
        let refused = self.objectives_refused.lock().unwrap_or_else(PoisonError::into_inner);
        let of_name = refused.as_ref().filter(|(prefix, _)| name.starts_with(prefix.as_str()));
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

    /// The cluster's revision.
    pub(crate) fn revision(&self) -> u64 {
        self.timeline.revision(self.clock.now(), self.now().revision_min)
    }

    fn update(&self, resource: Option<Resource>, change: impl Fn(&mut ResourceFaults)) {
        self.state.send_modify(|state| {
            for each in Resource::ALL {
                if resource.is_none_or(|resource| resource == each) {
                    change(&mut state.of[each.index()]);
                }
            }
        });
    }
}
