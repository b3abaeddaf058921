//! The shipper's state and its one function: an input in; facts, gaps and rejects out. No clock but the one passed in,
//! no waiting.

use std::collections::HashMap;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Fact, StreamPosition};
use kigen_model::slot::Gap;

use crate::decode::{Undecodable, decode};
use crate::index::Known;
use crate::index::emit::Saying;
use crate::index::resolution::Standings;
use crate::input::{Input, LogRead, LogWanted, News};
use crate::notice::{Notice, Rejected};
use crate::resource::Resource;
use crate::resync::Restating;
use crate::server_clock::{Clock, ServerClock};
use crate::settings::Settings;
use crate::watermark::Evidence;

/// How many object versions are remembered as rejected; beyond, all are forgotten, and said once more.
const REJECTED_OBJECTS_MAX: usize = 10_000;

/// Where a shipper goes on: the last tick that the log has of this cluster, and what was said before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resume {
    /// Its `observed_until`; `None`: the log has none.
    pub observed_until: Option<Instant>,
    /// Its positions.
    pub positions: Vec<StreamPosition>,
    /// The facts that the log has of this cluster, oldest first.
    pub facts: Vec<Fact>,
}

/// What comes of one input.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// To be appended to `kigen.events`, in this order: facts, under their keys.
    pub facts: Vec<Fact>,
    /// To be appended to `kigen.rejects`.
    pub rejected: Vec<Rejected>,
    /// To be told to the operator.
    pub notices: Vec<Notice>,
}

/// What follows from it that all was appended.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Acknowledged {
    /// To be appended to `kigen.events` first: facts that were said before and still hold.
    pub restated: Vec<Fact>,
    /// To be appended to every partition then, in this order.
    pub events: Vec<ClusterEvent>,
}

/// The shipper's state.
#[derive(Debug)]
pub struct Core {
    cluster: String,
    cluster_uid: Option<String>,
    epoch: u64,
    clock: ServerClock,
    known: Known,
    evidence: Evidence,
    restating: Restating,
    /// The server's time at each stream's last list.
    listed_at: [Option<Instant>; Resource::COUNT],
    /// The version of each stream's last list.
    listed_as_of: [u64; Resource::COUNT],
    /// Up to where history is lost and not yet said to be.
    gap_to: Option<Instant>,
    /// Of each object that could not be used, the version that was rejected last.
    rejected: HashMap<(Resource, Option<String>, String), u64>,
}

/// How an object was heard of.
#[derive(Clone, Copy)]
enum How {
    Listed,
    Changed,
    Deleted,
}

impl Core {
    /// The state of a shipper of `epoch` that goes on from `resume`.
    pub fn new(settings: &Settings, epoch: u64, resume: &Resume, clock: Clock) -> Self {
        let resumed = resume.observed_until.is_some();
        let mut known = Known::new(settings.cluster.clone(), resumed, settings.pods_waiting_max);
        for fact in &resume.facts {
            known.remember(fact);
        }
        Self {
            cluster: settings.cluster.clone(),
            cluster_uid: None,
            epoch,
            clock: ServerClock::new(clock),
            known,
            evidence: Evidence::new(resume.observed_until, settings.rounds_pending_max),
            restating: Restating::new(settings.retention_ms),
            listed_at: [None; Resource::COUNT],
            listed_as_of: [0; Resource::COUNT],
            gap_to: None,
            rejected: HashMap::new(),
        }
    }

    /// Says of the cluster from here on that it is the one with this UID.
    #[must_use]
    pub fn with_cluster_uid(self, cluster_uid: Option<String>) -> Self {
        Self { cluster_uid, ..self }
    }

    /// The first thing to append, to every partition, before anything else.
    pub fn begin(&self, shipper: &str) -> ClusterEvent {
        self.cluster_event(ClusterBody::Epoch { shipper: shipper.to_owned() })
    }

    /// Turns an input into what is to be appended.
    pub fn apply(&mut self, input: Input) -> Output {
        let mut output = Output::default();
        match input {
            Input::Stream { resource, news } => self.heard(resource, news, &mut output),
            Input::Probed { answered, round } => {
                self.clock.note(Some(answered));
                self.evidence.probed(round);
            }
            Input::ProbeFailed(_) | Input::AnotherCluster { .. } => {}
            Input::Log(read) => {
                if let LogRead { wanted, text: Ok(text) } = *read {
                    self.say(&mut output, |known, saying| known.log_read(wanted, &text, saying));
                }
            }
            Input::Declared(declaration) => {
                self.say(&mut output, |known, saying| known.declare(declaration, saying));
            }
        }
        output
    }

    /// All that [`Core::apply`] gave so far is in the log: the tick to append to every partition, if there is evidence
    /// for a later one than before, and ahead of it the gap, if history was lost since the last.
    ///
    /// The gap waits for the tick, since nothing is judged in between, and streams that list again mostly do so
    /// together, as after a restart of the API server: then one gap says it for all of them. A shipper that dies before
    /// leaves the old positions in the log, and its successor finds the same loss.
    ///
    /// Ahead of the tick is also said again what is due by it, so that a tick in the log proves that this was done.
    pub fn acknowledged(&mut self) -> Acknowledged {
        let before = self.evidence.observed_until();
        let Some(observed_until) = self.evidence.advance() else {
            return Acknowledged::default();
        };
        let restated = before.map_or_else(Vec::new, |before| self.restated(before, observed_until));
        let gap = self
            .gap_to
            .take()
            .map(|to| ClusterBody::Gap(Gap::unwatched(before, before.map_or(to, |from| from.max(to)))));
        let tick = ClusterBody::Tick { observed_until, positions: self.evidence.positions() };
        let events = gap.into_iter().chain([tick]).map(|body| self.cluster_event(body)).collect();
        Acknowledged { restated, events }
    }

    fn restated(&mut self, from: Instant, to: Instant) -> Vec<Fact> {
        let restating = self.restating;
        let mut output = Output::default();
        self.say(&mut output, |known, saying| {
            known.restate(&|key| restating.is_due(key, from, to), saying);
        });
        output.facts
    }

    /// How what is declared stands, if that may have changed since it was asked last.
    pub fn standings(&mut self) -> Option<Standings> {
        self.known.standings()
    }

    /// The attempts that failed since this was asked last and do not say why.
    pub fn logs_wanted(&mut self) -> Vec<LogWanted> {
        self.known.logs_wanted()
    }

    fn heard(&mut self, resource: Resource, news: News, output: &mut Output) {
        match news {
            News::ListBegan { answered } => {
                self.clock.note(answered);
                self.evidence.lost(resource);
                self.known.list_began(resource);
                self.listed_at[resource.index()] = None;
            }
            News::Page { answered, objects } => {
                self.clock.note(answered);
                if let Some(answered) = answered {
                    self.listed_at[resource.index()].get_or_insert(answered.date_at_latest());
                }
                for object in objects {
                    self.heard_of(resource, object.get().as_bytes(), How::Listed, output);
                }
            }
            News::Listed { resource_version } => {
                self.listed_as_of[resource.index()] = resource_version;
                let listed_at = self.observed_at();
                self.listed_at[resource.index()].get_or_insert(listed_at);
            }
            News::HistoryLost => {
                let resource_version = self.listed_as_of[resource.index()];
                let listed_at = self.listed_at[resource.index()].unwrap_or_else(|| self.observed_at());
                // What is gone was seen to be gone by the list: within the gap, by which it is told apart from what was
                // seen to go.
                let listed_at = self.promised().map_or(listed_at, |promised| promised.max(listed_at));
                self.say_at(listed_at, output, |known, saying| {
                    known.list_counts(resource, resource_version, saying);
                });
                if !resource.is_optional() {
                    self.gap_to = self.gap_to.max(Some(listed_at));
                }
            }
            News::Opened { resource_version, answered } => {
                self.clock.note(answered);
                self.evidence.opened(resource, resource_version);
                self.say(output, |known, saying| known.opened(resource, saying));
            }
            News::Changed(object) => {
                self.heard_of(resource, object.get().as_bytes(), How::Changed, output);
                self.moved(resource);
            }
            News::Deleted(object) => {
                self.heard_of(resource, object.get().as_bytes(), How::Deleted, output);
                self.moved(resource);
            }
            News::Bookmark { resource_version } => {
                self.evidence.reached(resource, resource_version);
                self.moved(resource);
            }
            News::Unreadable { line, reason } => {
                output.rejected.push(Rejected::line(resource, reason, &line));
            }
            News::Withheld(error) => {
                self.evidence.withheld(resource);
                self.say(output, |known, saying| known.withheld(error.is_not_served(), saying));
            }
            News::Broken { .. } => {}
        }
    }

    /// A stream that goes on from before its last list may still have to fall back on it, until it has got as far.
    fn moved(&mut self, resource: Resource) {
        if self.evidence.has_reached(resource, self.listed_as_of[resource.index()]) {
            self.known.list_is_past(resource);
        }
    }

    fn heard_of(&mut self, resource: Resource, bytes: &[u8], how: How, output: &mut Output) {
        match decode(resource, bytes, self.observed_at()) {
            Ok(decoded) => {
                self.evidence.reached(resource, decoded.resource_version());
                self.say(output, |known, saying| match how {
                    How::Listed => known.listed(decoded, saying),
                    How::Changed => known.changed(decoded, saying),
                    How::Deleted => known.deleted(decoded, saying),
                });
            }
            Err(what) => self.reject(resource, *what, bytes, output),
        }
    }

    /// Once for each version of an object, as far as it can be told apart: a list shows again what the last one showed.
    fn reject(&mut self, resource: Resource, what: Undecodable, bytes: &[u8], output: &mut Output) {
        self.known.unusable(resource, &what);
        if let Some(resource_version) = what.resource_version {
            self.evidence.reached(resource, resource_version);
        }
        if let (Some(name), Some(resource_version)) = (&what.name, what.resource_version) {
            if self.rejected.len() >= REJECTED_OBJECTS_MAX {
                self.rejected.clear();
            }
            let object = (resource, what.namespace.clone(), name.clone());
            if self.rejected.insert(object, resource_version) == Some(resource_version) {
                return;
            }
        }
        output.rejected.push(Rejected::new(resource, what, bytes));
    }

    fn say(&mut self, output: &mut Output, speak: impl FnOnce(&mut Known, &mut Saying<'_>)) {
        self.say_at(self.observed_at(), output, speak);
    }

    fn say_at(
        &mut self,
        observed_at: Instant,
        output: &mut Output,
        speak: impl FnOnce(&mut Known, &mut Saying<'_>),
    ) {
        let mut saying = Saying { observed_at, facts: &mut output.facts, notices: &mut output.notices };
        speak(&mut self.known, &mut saying);
    }

    /// When what is heard now was observed: never before what a tick has promised to be all.
    fn observed_at(&self) -> Instant {
        let now = self.clock.now_at_latest();
        self.promised().map_or(now, |promised| promised.max(now))
    }

    /// The first instant that no tick has promised yet.
    fn promised(&self) -> Option<Instant> {
        self.evidence.observed_until().map(|promised| promised + TimeDelta::milliseconds(1))
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
    fn what_a_list_has_shown_is_forgotten_once_the_stream_has_got_as_far_and_not_before() {
        let settings = Settings::new("test", Access::Url(String::new()));
        let mut core = Core::new(&settings, 1, &Resume::default(), Clock::new(|| Instant::UNIX_EPOCH));
        let resource = Resource::Jobs;
        let mut hear = |news| {
            core.apply(Input::Stream { resource, news });
            core.known.is_list_kept(resource)
        };
        assert!(hear(News::ListBegan { answered: None }));
        // Of the watch that goes on until the list is whole.
        assert!(hear(News::Bookmark { resource_version: 30 }));
        assert!(hear(News::Listed { resource_version: 20 }));
        assert!(hear(News::Opened { resource_version: 10, answered: None }));
        assert!(hear(News::Bookmark { resource_version: 19 }), "the watch may still expire");
        assert!(!hear(News::Bookmark { resource_version: 20 }));
    }
}
