//! The shipper's state and its one function: an input in; facts, gaps and rejects out. Its only clock is the one passed in,
//! and it never waits.

use std::collections::{BTreeMap, HashMap};

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Fact, StreamPosition};
use kigen_model::slot::Gap;

use crate::decode::{Undecodable, decode};
use crate::index::Index;
use crate::index::emit::Emit;
use crate::index::overview::Overview;
use crate::index::resolution::Resolutions;
use crate::index::withdrawals::HeldWithdrawals;
use crate::input::{Input, LogRead, LogRequest, StreamEvent};
use crate::notice::{Notice, Rejected};
use crate::past::Past;
use crate::quotas::{Quota, Quotas};
use crate::resource::Resource;
use crate::resync::Resync;
use crate::server_clock::{Clock, ServerClock};
use crate::settings::Settings;
use crate::watermark::Watermark;

/// How many object versions are remembered as rejected; beyond, all are forgotten, and rejected once more.
const REJECTED_OBJECTS_MAX: usize = 10_000;

/// Where a shipper resumes: the last tick of this cluster in the log, and the facts emitted before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resume {
    /// Its `observed_until`; `None`: the log has no tick.
    pub observed_until: Option<Instant>,
    /// Its positions.
    pub positions: Vec<StreamPosition>,
    /// The latest past of the cluster's store that the log has.
    pub past: Past,
    /// The facts of this cluster in the log, oldest first.
    pub facts: Vec<Fact>,
}

/// The effects of one input.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// To be appended to `kigen.events`, in this order: facts, under their keys.
    pub facts: Vec<Fact>,
    /// To be appended to `kigen.rejects`.
    pub rejected: Vec<Rejected>,
    /// To be logged for the operator.
    pub notices: Vec<Notice>,
    /// How often each quota was exceeded since the last output.
    pub over_quota: BTreeMap<Quota, u64>,
}

/// What may be appended once all outputs so far are in the log.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Acknowledged {
    /// To be appended to `kigen.events` first: withdrawals of objectives, failures of runs whose pods hang, and live facts
    /// that are due for their resync.
    pub facts: Vec<Fact>,
    /// To be appended to every partition then, in this order.
    pub events: Vec<ClusterEvent>,
}

/// The shipper's state.
#[derive(Debug)]
pub struct Core {
    cluster: String,
    cluster_uid: Option<String>,
    epoch: u64,
    past: Past,
    clock: ServerClock,
    index: Index,
    quotas: Quotas,
    watermark: Watermark,
    resync: Resync,
    /// The server's time at each stream's last list.
    listed_at: [Option<Instant>; Resource::COUNT],
    /// The version of each stream's last list.
    listed_as_of: [u64; Resource::COUNT],
    /// Whether kigen might not read the stream's resource since its last list.
    was_forbidden: [bool; Resource::COUNT],
    /// The end of a history gap that has not been emitted.
    gap_to: Option<Instant>,
    /// Of each object that could not be decoded, the version that was rejected last.
    rejected: HashMap<(Resource, Option<String>, String), u64>,
}

/// How an object came on its stream.
#[derive(Clone, Copy)]
enum ObjectChange {
    Listed,
    Changed,
    Deleted,
}

impl Core {
    /// The state of a shipper of `epoch` that resumes from `resume`.
    pub fn new(settings: &Settings, epoch: u64, resume: &Resume, clock: Clock) -> Self {
        let resumed = resume.observed_until.is_some();
        let index = Index::new(settings.cluster.clone(), resumed, settings.pods_waiting_max);
        let mut index = index.with_withdrawals_confirmed(settings.withdrawals_confirmed);
        for fact in &resume.facts {
            index.restore(fact);
        }
        Self {
            cluster: settings.cluster.clone(),
            cluster_uid: None,
            epoch,
            past: resume.past,
            clock: ServerClock::new(clock),
            index,
            quotas: Quotas::new(settings.quotas),
            watermark: Watermark::new(resume.observed_until, settings.rounds_pending_max),
            resync: Resync::new(settings.retention_ms),
            listed_at: [None; Resource::COUNT],
            listed_as_of: [0; Resource::COUNT],
            was_forbidden: [false; Resource::COUNT],
            gap_to: None,
            rejected: HashMap::new(),
        }
    }

    /// Stamps all further cluster events with this UID.
    #[must_use]
    pub fn with_cluster_uid(self, cluster_uid: Option<String>) -> Self {
        Self { cluster_uid, ..self }
    }

    /// The first event to append, to every partition, before anything else.
    pub fn begin(&self, shipper: &str) -> ClusterEvent {
        self.cluster_event(ClusterBody::Epoch { shipper: shipper.to_owned() })
    }

    /// Turns an input into what is to be appended.
    pub fn apply(&mut self, input: Input) -> Output {
        let mut output = Output::default();
        match input {
            Input::Stream { resource, event } => self.handle(resource, event, &mut output),
            Input::Probed { answered, mut round } => {
                self.clock.note(Some(answered));
                let versions = round.resource_versions.iter_mut().flatten();
                versions.for_each(|version| *version = self.past.version(*version));
                self.watermark.probed(round);
            }
            Input::WentBack(_) => self.begin_another_past(),
            Input::ProbeFailed(_) | Input::AnotherCluster { .. } | Input::Panicked { .. } => {}
            Input::Log(read) => {
                if let LogRead { request, text: Ok(text) } = *read {
                    self.emit(&mut output, |index, emit| index.apply_log(request, &text, emit));
                }
            }
            Input::Declared(declaration) => {
                self.emit(&mut output, |index, emit| index.declare(declaration, emit));
            }
        }
        let (over_quota, first) = self.quotas.take();
        output.over_quota = over_quota;
        output.notices.extend(first.into_iter().map(Notice::OverQuota));
        output
    }

    /// All outputs of [`Core::apply`] so far are in the log. Returns the tick to append to every partition, if there is
    /// evidence for a later one than before, and ahead of it the gap, if history was lost since the last.
    ///
    /// The gap waits for the tick, since nothing is judged in between, and streams that list again mostly do so
    /// together, as after a restart of the API server: then one gap covers all of them. A shipper that dies before
    /// leaves the old positions in the log, and its successor finds the same loss.
    ///
    /// The facts whose resync is due by the tick go ahead of it, so that a tick in the log proves that they were emitted.
    pub fn acknowledged(&mut self) -> Acknowledged {
        let before = self.watermark.observed_until();
        let Some(observed_until) = self.watermark.advance() else {
            return Acknowledged::default();
        };
        let mut withdrawn = Output::default();
        self.emit(&mut withdrawn, |index, emit| {
            index.withdraw_pending(emit);
            index.observed_until(observed_until, emit);
        });
        let mut facts = withdrawn.facts;
        facts.extend(before.map_or_else(Vec::new, |before| self.resynced(before, observed_until)));
        let gap = self
            .gap_to
            .take()
            .map(|to| ClusterBody::Gap(Gap::unwatched(before, before.map_or(to, |from| from.max(to)))));
        let tick = ClusterBody::Tick { observed_until, positions: self.watermark.positions() };
        let events = gap.into_iter().chain([tick]).map(|body| self.cluster_event(body)).collect();
        Acknowledged { facts, events }
    }

    fn resynced(&mut self, from: Instant, to: Instant) -> Vec<Fact> {
        let resync = self.resync;
        let mut output = Output::default();
        self.emit(&mut output, |index, emit| {
            index.resync(&|key| resync.is_due(key, from, to), emit);
        });
        output.facts
    }

    /// The stream that is open and holds back ticks, if one does for longer than a minute.
    pub fn stream_behind(&self) -> Option<Resource> {
        self.watermark.behind()
    }

    /// The withdrawals of objectives that are held until a person confirms them.
    pub fn held_withdrawals(&self) -> Option<&HeldWithdrawals> {
        self.index.held_withdrawals()
    }

    /// The resolutions of all declared objectives, if they may have changed since the last call.
    pub fn take_resolutions(&mut self) -> Option<Resolutions> {
        let at = self.observed_at();
        self.index.take_resolutions(at)
    }

    /// The calendars and mutes to append to every partition ahead of the next tick: the calendars that a file defines and those
    /// that objectives name, the mutes of a file and of annotations, if they have changed, and all of them once in each resync period; and whether CronJobs
    /// fire. What is judged by the tick is judged by them.
    pub fn calendars(&mut self) -> Vec<ClusterEvent> {
        let (at, period) = (self.observed_at(), TimeDelta::milliseconds(self.resync.period_ms()));
        let mut bodies = self.index.calendars_due(at, period);
        bodies.extend(self.watermark.observed_until().and_then(|until| self.index.stall_due(until, period)));
        bodies.into_iter().map(|body| self.cluster_event(body)).collect()
    }

    /// What is known of the cluster; `at`: after which the next deadline is.
    pub fn overview_at(&self, at: Instant) -> Overview {
        self.index.overview(at)
    }

    /// What is known of the cluster, as of the last tick; `None`: there was none.
    pub fn overview(&self) -> Option<Overview> {
        self.watermark.observed_until().map(|observed_until| self.overview_at(observed_until))
    }

    /// The logs to read: of the attempts that failed without an error text since the last call.
    pub fn take_log_requests(&mut self) -> Vec<LogRequest> {
        let now = self.observed_at();
        let mut requests = self.index.take_log_requests();
        requests.retain(|request| self.quotas.admit_log(&request.key.namespace, now));
        requests
    }

    /// The namespaces that are over a quota today, in words.
    pub fn over_quota(&self) -> Option<String> {
        self.quotas.report()
    }

    /// Whatever the restored store shows is newer than what was known, and no evidence of before counts. Its streams list
    /// anew, and lose history.
    fn begin_another_past(&mut self) {
        self.past = self.past.next();
        self.watermark.another_past();
        self.listed_as_of = [0; Resource::COUNT];
    }

    fn handle(&mut self, resource: Resource, event: StreamEvent, output: &mut Output) {
        match event {
            StreamEvent::ListStarted { answered } => {
                self.clock.note(answered);
                self.watermark.lost(resource);
                self.index.start_list(resource);
                self.listed_at[resource.index()] = None;
            }
            StreamEvent::Page { answered, objects } => {
                self.clock.note(answered);
                if let Some(answered) = answered {
                    self.listed_at[resource.index()].get_or_insert(answered.date_at_latest());
                }
                for object in objects {
                    self.apply_object(resource, object.get().as_bytes(), ObjectChange::Listed, output);
                }
            }
            StreamEvent::Listed { resource_version } => {
                self.listed_as_of[resource.index()] = self.past.version(resource_version);
                let listed_at = self.observed_at();
                self.listed_at[resource.index()].get_or_insert(listed_at);
            }
            StreamEvent::HistoryLost => self.lose_history(resource, output),
            StreamEvent::Opened { resource_version, answered } => {
                self.clock.note(answered);
                self.watermark.opened(resource, self.past.version(resource_version));
                self.emit(output, |index, emit| index.stream_opened(resource, emit));
            }
            StreamEvent::Changed(object) => {
                self.apply_object(resource, object.get().as_bytes(), ObjectChange::Changed, output);
                self.advanced(resource);
            }
            StreamEvent::Deleted(object) => {
                self.apply_object(resource, object.get().as_bytes(), ObjectChange::Deleted, output);
                self.advanced(resource);
            }
            StreamEvent::Bookmark { resource_version } => {
                self.watermark.reached(resource, self.past.version(resource_version));
                self.advanced(resource);
            }
            StreamEvent::Unreadable { line, reason } => {
                output.rejected.push(Rejected::line(resource, reason, &line));
            }
            StreamEvent::Unavailable => {
                self.watermark.not_watched(resource);
                self.emit(output, |index, emit| index.objectives_not_served(emit));
            }
            StreamEvent::Forbidden(_) => {
                self.watermark.not_watched(resource);
                self.was_forbidden[resource.index()] = true;
            }
            StreamEvent::Broken { .. } => {}
        }
    }

    fn lose_history(&mut self, resource: Resource, output: &mut Output) {
        let resource_version = self.listed_as_of[resource.index()];
        let listed_at = self.listed_at[resource.index()].unwrap_or_else(|| self.observed_at());
        // The list shows that an object is gone, not when it went. Dating this within the gap distinguishes it from a
        // deletion that was watched.
        let listed_at = self.after_watermark().map_or(listed_at, |after| after.max(listed_at));
        self.emit_at(listed_at, output, |index, emit| {
            index.reset(resource, resource_version, emit);
        });
        // No verdict counted on what was forbidden.
        let was_forbidden = std::mem::take(&mut self.was_forbidden[resource.index()]);
        if !resource.is_optional() && !was_forbidden {
            self.gap_to = self.gap_to.max(Some(listed_at));
        }
    }

    /// A stream that resumes from before its last list may still have to fall back on that list, until it has got as far.
    fn advanced(&mut self, resource: Resource) {
        if self.watermark.has_reached(resource, self.listed_as_of[resource.index()]) {
            self.index.forget_list(resource);
        }
    }

    fn apply_object(&mut self, resource: Resource, bytes: &[u8], change: ObjectChange, output: &mut Output) {
        match decode(resource, bytes, self.observed_at()) {
            Ok(decoded) => {
                let decoded = decoded.with_version(|version| self.past.version(version));
                self.watermark.reached(resource, decoded.resource_version());
                self.emit(output, |index, emit| match change {
                    ObjectChange::Listed => index.apply_listed(decoded, emit),
                    ObjectChange::Changed => index.apply(decoded, emit),
                    ObjectChange::Deleted => index.delete(decoded, emit),
                });
            }
            Err(what) => self.reject(resource, *what, bytes, output),
        }
    }

    /// Once for each version of an object, where name and version are readable: a list shows the same objects as the last.
    fn reject(&mut self, resource: Resource, what: Undecodable, bytes: &[u8], output: &mut Output) {
        self.index.mark_undecodable(resource, &what);
        let version = what.resource_version.map(|version| self.past.version(version));
        if let Some(resource_version) = version {
            self.watermark.reached(resource, resource_version);
        }
        if let (Some(name), Some(resource_version)) = (&what.name, version) {
            if self.rejected.len() >= REJECTED_OBJECTS_MAX {
                self.rejected.clear();
            }
            let object = (resource, what.namespace.clone(), name.clone());
            if self.rejected.insert(object, resource_version) == Some(resource_version) {
                return;
            }
        }
        let rejected = Rejected::new(resource, what, bytes);
        let namespace = rejected.what.namespace.as_deref().unwrap_or_default();
        if self.quotas.admit_rejected(namespace, rejected.bytes.len(), self.observed_at()) {
            output.rejected.push(rejected);
        }
    }

    fn emit(&mut self, output: &mut Output, change: impl FnOnce(&mut Index, &mut Emit<'_>)) {
        self.emit_at(self.observed_at(), output, change);
    }

    fn emit_at(
        &mut self,
        observed_at: Instant,
        output: &mut Output,
        change: impl FnOnce(&mut Index, &mut Emit<'_>),
    ) {
        let mut facts = Vec::new();
        change(&mut self.index, &mut Emit { observed_at, facts: &mut facts, notices: &mut output.notices });
        self.index.note_calendars(&facts);
        // Before all CronJobs and objectives are known, any Job may be one of theirs.
        let (index, quotas) = (&self.index, &mut self.quotas);
        facts.retain_mut(|fact| quotas.admit(fact, !index.is_known() || index.is_judged(&fact.key)));
        output.facts.append(&mut facts);
    }

    /// The instant at which a change that arrives now was observed: never within what a tick has declared complete.
    fn observed_at(&self) -> Instant {
        let now = self.clock.now_at_latest();
        self.after_watermark().map_or(now, |after| after.max(now))
    }

    /// The first instant that no tick has covered yet.
    fn after_watermark(&self) -> Option<Instant> {
        self.watermark.observed_until().map(|observed_until| observed_until + TimeDelta::milliseconds(1))
    }

    fn cluster_event(&self, body: ClusterBody) -> ClusterEvent {
        let (cluster, cluster_uid) = (self.cluster.clone(), self.cluster_uid.clone());
        ClusterEvent { cluster, cluster_uid, epoch: self.epoch, body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Access;

    #[test]
    fn a_list_is_kept_until_the_stream_has_reached_its_version() {
        let settings = Settings::new("test", Access::Url(String::new()));
        let mut core = Core::new(&settings, 1, &Resume::default(), Clock::new(|| Instant::UNIX_EPOCH));
        let resource = Resource::Jobs;
        let mut is_kept_after = |event| {
            core.apply(Input::Stream { resource, event });
            core.index.is_list_kept(resource)
        };
        assert!(is_kept_after(StreamEvent::ListStarted { answered: None }));
        // From a watch that is still open while the list is incomplete.
        assert!(is_kept_after(StreamEvent::Bookmark { resource_version: 30 }));
        assert!(is_kept_after(StreamEvent::Listed { resource_version: 20 }));
        assert!(is_kept_after(StreamEvent::Opened { resource_version: 10, answered: None }));
        assert!(is_kept_after(StreamEvent::Bookmark { resource_version: 19 }), "the watch may still expire");
        assert!(!is_kept_after(StreamEvent::Bookmark { resource_version: 20 }));
    }
}
