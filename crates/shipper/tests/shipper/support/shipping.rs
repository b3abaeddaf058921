//! A played cluster, a shipper that watches it over HTTP, and the events that it writes, in order.

use std::path::Path;
use std::time::Duration;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Fact, FactBody, StreamPosition};
use kigen_model::slot::Gap;
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::faults::WatchLists;
use kigen_playback::history::{ChangeKind, History};
use kigen_playback::resource::Resource;
use kigen_playback::server::{Options, Played, Server};
use kigen_shipper::core::{Acknowledged, Resume};
use kigen_shipper::decode::object::AnyObject;
use kigen_shipper::input::{Input, StreamEvent};
use kigen_shipper::kubernetes::api::Api;
use kigen_shipper::kubernetes::connect::connect;
use kigen_shipper::notice::Rejected;
use kigen_shipper::past::Past;
use kigen_shipper::server_clock;
use kigen_shipper::settings::{Access, Settings};
use kigen_shipper::shipper::Shipper;
use serde_json::value::RawValue;
use tokio::runtime::Handle;

/// How long a test waits for an expected event.
const PATIENCE: Duration = Duration::from_secs(120);

/// A written event.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there are few")]
pub(crate) enum Written {
    Fact(Box<Fact>),
    Cluster { event: ClusterEvent, server_time: Instant },
}

pub(crate) struct Shipping {
    pub(crate) server: Server,
    pub(crate) shipper: Shipper,
    pub(crate) written: Vec<Written>,
    pub(crate) rejected: Vec<Rejected>,
    pub(crate) history: History,
    /// The version that each stream has reached, and how often it was opened.
    pub(crate) reached: [u64; Resource::COUNT],
    pub(crate) opened: [u64; Resource::COUNT],
    api: Api,
    settings: Settings,
}

/// A clock that stops at each instant at which something happened, and each second.
pub(crate) const STEPS: Pace = Pace::Steps {
    every: TimeDelta::seconds(1),
    offset: TimeDelta::zero(),
    dwell: Duration::from_micros(500),
};

/// A cluster that is to be played, and a shipper of it.
pub(crate) struct Start {
    pub(crate) history: History,
    pub(crate) pace: Pace,
    /// By how much the shipper's own clock is ahead of the server's.
    pub(crate) ahead: TimeDelta,
    pub(crate) watch_lists: WatchLists,
    pub(crate) watch_silence_ms_max: u64,
    /// Whether the server serves Objectives.
    pub(crate) objectives: bool,
    /// The runtime of the server, if it is not the shipper's.
    pub(crate) server_on: Handle,
}

impl Start {
    pub(crate) fn of(history: History, pace: Pace) -> Self {
        Self {
            history,
            pace,
            ahead: TimeDelta::zero(),
            watch_lists: WatchLists::Served,
            watch_silence_ms_max: 150_000,
            objectives: false,
            server_on: Handle::current(),
        }
    }

    /// Starts server and shipper; the clock stays at the history's start until the shipper has ticked for it.
    pub(crate) async fn start(self) -> Shipping {
        let Self { history, pace, ahead, watch_lists, watch_silence_ms_max, objectives, server_on } = self;
        let end = second_after(history.end()) + TimeDelta::seconds(5);
        let clock = Clock::new(history.start(), pace, Some(end));
        let options = Options { hold_clock: true, eager_bookmarks: true, ..Options::default() };
        let played = Played { history: history.clone(), clock: clock.clone(), options };
        let server = server_on.spawn(Server::start(played)).await.expect("no panic").expect("a free port");
        server.faults().watch_lists(watch_lists);
        server.faults().serve_objectives(objectives);
        let settings = Settings {
            probe_interval_ms: 3,
            retry_delay_ms_min: 1,
            retry_delay_ms_max: 20,
            page_objects_max: 3,
            // Only this timeout shows that a server annotates no bookmark.
            answer_ms_max: if watch_lists == WatchLists::Unmarked { 1_000 } else { 30_000 },
            watch_silence_ms_max,
            ..Settings::new("test", Access::Url(server.url()))
        };
        let shippers_clock = server_clock::Clock::new(move || clock.now() + ahead);
        let api = connect(&settings, shippers_clock).await.expect("the server answers");
        let shipper = Shipper::start(&api, &settings, 1, &Resume::default());
        let (written, rejected) = (Vec::new(), Vec::new());
        let (reached, opened) = ([0; Resource::COUNT], [0; Resource::COUNT]);
        let mut shipping =
            Shipping { server, shipper, written, rejected, history, reached, opened, api, settings };
        let start = shipping.history.start() - TimeDelta::seconds(1);
        shipping.until_ticked(start).await;
        shipping.server.begin();
        shipping
    }
}

impl Shipping {
    pub(crate) async fn start(history: History, pace: Pace) -> Self {
        Start::of(history, pace).start().await
    }

    pub(crate) async fn of_recording(recording: &Path, pace: Pace) -> Self {
        Self::start(History::from_recording(recording).expect("a recording"), pace).await
    }

    /// Another shipper after this one died, which resumes from the log or, without a tick there, starts anew.
    pub(crate) fn restart(&mut self, epoch: u64) {
        let ticked =
            self.ticks().last().map(|(observed_until, positions, _)| (observed_until, positions.to_vec()));
        let (observed_until, positions) =
            ticked.map_or((None, Vec::new()), |(at, positions)| (Some(at), positions));
        let facts: Vec<Fact> = self.facts().cloned().collect();
        let versions = positions.iter().map(|position| Past::of(position.resource_version));
        let past = versions.chain(facts.iter().map(Past::of_fact)).max().unwrap_or_default();
        let resume = Resume { observed_until, positions, past, facts };
        self.shipper = Shipper::start(&self.api, &self.settings, epoch, &resume);
    }

    /// Stops the API server, and starts it at `at` over a store that was restored from a backup of `backup`.
    pub(crate) async fn restore_store(&mut self, backup: Instant, at: Instant) {
        let url = self.server.url();
        let port = url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        self.history = self.history.restored(backup, at);
        let played = |port| Played {
            history: self.history.clone(),
            clock: Clock::new(at, Pace::Manual, None),
            options: Options { port, eager_bookmarks: true, ..Options::default() },
        };
        let elsewhere = Server::start(played(0)).await.expect("a free port");
        std::mem::replace(&mut self.server, elsewhere).shutdown().await;
        self.server = Server::start(played(port)).await.expect("the port is free again");
        self.server.faults().serve_objectives(true);
    }

    /// The next shipper may withdraw so many objectives at once.
    pub(crate) fn confirm_withdrawals(&mut self, count: usize) {
        self.settings.withdrawals_confirmed = count;
    }

    /// Lets the shipper work until `is_done`.
    pub(crate) async fn until(&mut self, what: &str, is_done: impl Fn(&Self) -> bool) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !is_done(self) {
            let Ok(inputs) = tokio::time::timeout_at(deadline, self.shipper.next()).await else {
                panic!("waited in vain until {what}; ticked until {:?}", self.observed_until());
            };
            for input in inputs {
                self.apply(input);
            }
            let Acknowledged { facts, events } = self.shipper.acknowledged();
            self.written.extend(facts.into_iter().map(|fact| Written::Fact(Box::new(fact))));
            let calendars = if events.is_empty() { Vec::new() } else { self.shipper.calendars() };
            for event in calendars.into_iter().chain(events) {
                let server_time = self.server.clock().now();
                self.written.push(Written::Cluster { event, server_time });
            }
        }
    }

    pub(crate) fn apply(&mut self, input: Input) {
        self.observe(&input);
        let output = self.shipper.apply(input);
        self.written.extend(output.facts.into_iter().map(|fact| Written::Fact(Box::new(fact))));
        self.rejected.extend(output.rejected);
    }

    fn observe(&mut self, input: &Input) {
        let Input::Stream { resource, event } = input else { return };
        let nth = *resource as usize;
        let version = |object: &RawValue| {
            let object: AnyObject = serde_json::from_str(object.get()).expect("an object");
            object.metadata?.resource_version?.parse::<u64>().ok()
        };
        let reached = match event {
            StreamEvent::Changed(object) | StreamEvent::Deleted(object) => version(object),
            StreamEvent::Bookmark { resource_version } | StreamEvent::Listed { resource_version } => {
                Some(*resource_version)
            }
            StreamEvent::Opened { .. } => {
                self.opened[nth] += 1;
                None
            }
            _ => None,
        };
        self.reached[nth] = self.reached[nth].max(reached.unwrap_or(0));
    }

    pub(crate) async fn until_ticked(&mut self, instant: Instant) {
        self.until(&format!("it ticks for {instant}"), |shipping| shipping.observed_until() >= Some(instant))
            .await;
    }

    /// Lets the shipper work until it has probed that often again.
    pub(crate) async fn until_probed(&mut self, times: u64) {
        // Each round requests the time and three lists; a list in pages takes some more.
        let others = self.server.requests().others + times;
        self.until("it has probed", |shipping| shipping.server.requests().others >= others).await;
    }

    /// Plays to the end and a little further.
    pub(crate) async fn until_end(&mut self) {
        let end = second_after(self.history.end());
        self.until_ticked(end).await;
    }

    pub(crate) fn observed_until(&self) -> Option<Instant> {
        self.ticks().last().map(|(observed_until, _, _)| observed_until)
    }

    pub(crate) fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.written.iter().filter_map(|written| match written {
            Written::Fact(fact) => Some(fact.as_ref()),
            Written::Cluster { .. } => None,
        })
    }

    /// The instant of each tick, its positions, and when it was written, by the server's clock.
    pub(crate) fn ticks(&self) -> impl DoubleEndedIterator<Item = (Instant, &[StreamPosition], Instant)> {
        self.written.iter().filter_map(|written| match written {
            Written::Cluster {
                event: ClusterEvent { body: ClusterBody::Tick { observed_until, positions }, .. },
                server_time,
            } => Some((*observed_until, positions.as_slice(), *server_time)),
            _ => None,
        })
    }

    pub(crate) fn gaps(&self) -> Vec<(Option<Instant>, Instant)> {
        let gap = |written: &Written| match written {
            Written::Cluster {
                event: ClusterEvent { body: ClusterBody::Gap(Gap { from, to, .. }), .. },
                ..
            } => Some((*from, *to)),
            _ => None,
        };
        self.written.iter().filter_map(gap).collect()
    }

    /// No tick is in the future, none goes back, and none comes before the end of a Job that it covers.
    pub(crate) fn assert_that_no_tick_lies(&self) {
        let mut ends: Vec<_> = self.ends().into_iter().rev().collect();
        let mut emitted = std::collections::BTreeSet::new();
        let mut latest = None;
        for written in &self.written {
            match written {
                Written::Fact(fact) => {
                    if let FactBody::Run { revision, run } = &fact.body {
                        assert!(
                            Some(fact.observed_at) > latest,
                            "observed within what a tick has declared complete"
                        );
                        if run.phase.is_terminal() {
                            emitted.insert(revision.uid.clone());
                        }
                    }
                }
                Written::Cluster { event, server_time } => {
                    let ClusterBody::Tick { observed_until, .. } = event.body else { continue };
                    assert!(observed_until <= *server_time, "a tick of the future");
                    assert!(Some(observed_until) > latest, "a tick that goes back");
                    latest = Some(observed_until);
                    while let Some((end, uid)) = ends.pop_if(|(at, _)| *at <= observed_until) {
                        // Ticks are whole seconds: the first after the end may be later than the gap.
                        let is_gapped = self
                            .gaps()
                            .iter()
                            .any(|(from, to)| from.is_none_or(|from| from <= end) && end <= *to);
                        assert!(
                            emitted.contains(&uid) || is_gapped,
                            "the end of Job {uid} at {end} was not emitted by the tick {observed_until}; gaps: {:?}",
                            self.gaps()
                        );
                    }
                }
            }
        }
    }

    /// When each Job ended or was deleted, whichever came first, in the order of time.
    fn ends(&self) -> Vec<(Instant, String)> {
        let mut ends: Vec<(Instant, String)> = Vec::new();
        for change in self.history.changes().iter().filter(|change| change.resource == Resource::Jobs) {
            let conditions = change.object["status"]["conditions"].as_array();
            let has_ended = conditions.into_iter().flatten().any(|condition| {
                (condition["type"] == "Complete" || condition["type"] == "Failed")
                    && condition["status"] == "True"
            });
            let is_known = ends.iter().any(|(_, uid)| uid == change.uid());
            if (has_ended || change.kind == ChangeKind::Deleted) && !is_known {
                ends.push((change.at, change.uid().to_owned()));
            }
        }
        ends.sort();
        ends
    }
}

/// The first whole second at or after `instant`: the earliest `Date` of an answer that has seen what happened then.
pub(crate) fn second_after(instant: Instant) -> Instant {
    let second = instant.timestamp() + i64::from(instant.timestamp_subsec_millis() > 0);
    Instant::from_timestamp(second, 0).expect("near the instant")
}
