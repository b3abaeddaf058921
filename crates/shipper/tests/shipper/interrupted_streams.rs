//! Every recorded cluster, cut at every record and resumed: the final facts are those of an undisturbed shipper, or a gap
//! covers the loss.
//!
//! `KIGEN_RECORDINGS=DIR` reads the recordings of another folder; `KIGEN_TEST_SEED=N` repeats a run's choices.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::support::shipping::{Shipping, Start, second_after};
use crate::support::{FinalStates, final_states, independent_final_states, recordings_of};
use chrono::TimeDelta;
use fastrand::Rng;
use futures::stream::{self, StreamExt};
use kigen_model::event::{Fact, FactBody};
use kigen_model::run::RunPhase;
use kigen_playback::clock::Pace;
use kigen_playback::faults::WatchLists;
use kigen_playback::history::{Change, ChangeKind, History};
use kigen_playback::resource::Resource;

const SEED: &str = "KIGEN_TEST_SEED";
/// How far apart the cuts of one run are, in records: a recording that is longer is played that often, and each time
/// cut at other records.
const RECORDS_BETWEEN_CUTS: usize = 32;
/// Of a longer recording only some records are cut at.
const RECORDS_MAX: usize = 1_500;
const RECORDS_SAMPLED: usize = 48;
const CUTS_PER_RUN_SAMPLED: usize = 16;
/// How many records at most come unseen between the end of the streams and the list.
const RECORDS_UNSEEN_MAX: usize = 8;
/// How many clusters are played at once.
const RUNS_AT_ONCE: usize = 6;

/// How the streams are cut after a record was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// The connection of its stream breaks.
    Broken,
    /// Its stream has expired: the API server no longer has what came after.
    Expired,
    /// All streams fall silent, some records come, and then all have expired: as after a restart of the API server.
    ExpiredUnseen,
}

const CUTS: [Cut; 3] = [Cut::Broken, Cut::Expired, Cut::ExpiredUnseen];

/// A recording, and the final facts of an undisturbed shipper.
struct Recorded {
    name: String,
    history: History,
    independent: FinalStates,
    undisturbed: Finals,
}

/// The last fact of each object, by its kind and UID (of a CronJob its name), without versions.
type Finals = BTreeMap<(&'static str, String), String>;

#[test]
fn all_recordings_cut_at_every_record_come_to_the_same_final_facts_or_a_gap_covers_what_was_lost() {
    let seed = std::env::var(SEED).map_or_else(|_| fastrand::u64(..), |seed| seed.parse().expect("a seed"));
    // Before any failure, so that its output has the seed.
    println!("{SEED}={seed}");
    let mut random = Rng::with_seed(seed);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let cuts = runtime.expect("a runtime").block_on(async {
        let mut cuts = 0;
        for (name, path) in recordings_of(std::env::var_os("KIGEN_RECORDINGS").as_deref()) {
            cuts += cut_everywhere(&name, &path, &mut random).await;
        }
        cuts
    });
    println!("{cuts} cuts");
    assert!(cuts > 0, "there are recordings");
}

/// Plays the recording until it was cut at each record in each way.
async fn cut_everywhere(name: &str, path: &Path, random: &mut Rng) -> usize {
    let history = one_at_a_time(&History::from_recording(path).expect("a recording"));
    let mut undisturbed = Shipping::start(history.clone(), Pace::Manual).await;
    to_the_end(&mut undisturbed).await;
    let independent = independent_final_states(path);
    assert_eq!(final_states(undisturbed.facts()), independent, "{name}: undisturbed");
    undisturbed.assert_that_no_tick_lies();
    let undisturbed = finals(undisturbed.facts());
    let recorded = Arc::new(Recorded { name: name.to_owned(), history, independent, undisturbed });
    let mut runs = Vec::new();
    for cut in CUTS {
        for places in places(recorded.history.changes().len(), random) {
            runs.push((cut, places, random.fork()));
        }
    }
    let cuts = runs.iter().map(|(_, places, _)| places.len()).sum();
    let runs = runs.into_iter().map(|(cut, places, random)| {
        let recorded = recorded.clone();
        tokio::spawn(async move { recorded.cut_at(cut, &places, random).await })
    });
    let mut runs = stream::iter(runs).buffer_unordered(RUNS_AT_ONCE);
    while let Some(run) = runs.next().await {
        run.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()));
    }
    cuts
}

/// The records to cut at, run by run.
fn places(records: usize, random: &mut Rng) -> Vec<Vec<usize>> {
    if records > RECORDS_MAX {
        let mut sampled = random.choose_multiple(0..records, RECORDS_SAMPLED);
        sampled.sort_unstable();
        let runs = RECORDS_SAMPLED / CUTS_PER_RUN_SAMPLED;
        return (0..runs).map(|run| sampled.iter().copied().skip(run).step_by(runs).collect()).collect();
    }
    let runs = records.min(RECORDS_BETWEEN_CUTS);
    (0..runs).map(|run| (run..records).step_by(runs).collect()).collect()
}

/// The same history in which no two records share an instant, so that the clock can stop between any two.
fn one_at_a_time(history: &History) -> History {
    let apart = |(nth, change): (usize, &Change)| {
        let later = TimeDelta::microseconds(i64::try_from(nth).expect("a small number"));
        Change { at: change.at + later, ..change.clone() }
    };
    let changes = history.changes().iter().enumerate().map(apart).collect();
    History::new(history.start(), history.initial_revision(), changes)
}

async fn to_the_end(shipping: &mut Shipping) {
    let end = second_after(shipping.history.end());
    shipping.server.clock().advance_to(end + TimeDelta::seconds(3));
    shipping.until_end().await;
}

impl Recorded {
    async fn cut_at(&self, cut: Cut, places: &[usize], mut random: Rng) {
        // The way in which the API server lists differs, too.
        let ways = [WatchLists::Served, WatchLists::Failed];
        let watch_lists = ways[random.usize(..ways.len())];
        let start = Start { watch_lists, objectives: true, ..Start::of(self.history.clone(), Pace::Manual) };
        let mut shipping = start.start().await;
        for place in places {
            cut_after(&mut shipping, cut, *place, &mut random).await;
        }
        to_the_end(&mut shipping).await;
        let run = format!("{}, {cut:?} after {places:?}, watch lists {watch_lists:?}", self.name);
        shipping.assert_that_no_tick_lies();
        let gaps = shipping.gaps().len();
        match cut {
            Cut::Broken => assert_eq!(gaps, 1, "{run}: only that of the start"),
            Cut::Expired | Cut::ExpiredUnseen => assert!(gaps > 1, "{run}: a possible loss is emitted"),
        }
        self.compare(&shipping, cut, &run);
    }

    fn compare(&self, shipping: &Shipping, cut: Cut, run: &str) {
        let states = final_states(shipping.facts());
        for (uid, expected) in &self.independent {
            let found = states.get(uid);
            // Of a Job that came and went, or ended and went, no more can be known.
            let is_lost = found.is_none_or(|found| found.is_lost_end_of(expected));
            let may_be = found == Some(expected) || is_lost && self.is_covered(shipping, cut, Some(uid));
            assert!(may_be, "{run}: Job {uid} is {found:?}, not {expected:?}, in {:?}", shipping.gaps());
        }
        let found = finals(shipping.facts());
        for ((kind, id), expected) in &self.undisturbed {
            let found = found.get(&(*kind, id.clone()));
            let uid = (*kind != "CronJob").then_some(id.as_str());
            let may_be = found == Some(expected)
                || self.is_covered(shipping, cut, uid)
                || uid.is_none() && found.is_none() && self.came_and_went(shipping, cut, id)
                || found.is_none() && self.is_covered(shipping, cut, self.job_of(id));
            assert!(may_be, "{run}: {kind} {id} is {found:?}, not {expected}, in {:?}", shipping.gaps());
        }
        for (kind, id) in found.keys() {
            assert!(self.undisturbed.contains_key(&(*kind, id.clone())), "{run}: {kind} {id} is made up");
        }
    }

    /// Whether a gap covers the last change of the object. The facts of a CronJob that was known are complete in any case,
    /// since a list shows it, or that it is gone.
    fn is_covered(&self, shipping: &Shipping, cut: Cut, uid: Option<&str>) -> bool {
        let last = uid.and_then(|uid| self.history.changes().iter().rfind(|change| change.uid() == uid));
        Self::is_in_a_gap(shipping, cut, last)
    }

    /// The UID of the Job of a Pod: of one that came and went within a gap, no Pod is an attempt.
    fn job_of(&self, pod: &str) -> Option<&str> {
        let pod = self.history.changes().iter().find(|change| change.uid() == pod)?;
        pod.object["metadata"]["ownerReferences"][0]["uid"].as_str()
    }

    /// Whether a gap covers the deletion of a CronJob that no list has shown.
    fn came_and_went(&self, shipping: &Shipping, cut: Cut, key: &str) -> bool {
        let is_its = |change: &&Change| {
            change.resource == Resource::CronJobs
                && key.ends_with(&format!("/{}/{}", change.namespace(), change.name()))
        };
        let last = self.history.changes().iter().rfind(is_its);
        Self::is_in_a_gap(shipping, cut, last.filter(|last| last.kind == ChangeKind::Deleted))
    }

    fn is_in_a_gap(shipping: &Shipping, cut: Cut, last: Option<&Change>) -> bool {
        cut == Cut::ExpiredUnseen
            && last.is_some_and(|last| {
                let covers =
                    |(from, to): &(Option<_>, _)| from.is_none_or(|from| from <= last.at) && last.at <= *to;
                // The first is that of the start.
                shipping.gaps().iter().skip(1).any(covers)
            })
    }
}

/// Lets the shipper receive the record, and no other after it; then cuts, and lets it resume.
async fn cut_after(shipping: &mut Shipping, cut: Cut, place: usize, random: &mut Rng) {
    let changes = shipping.history.changes();
    let record = &changes[place];
    let (at, resource, revision) = (record.at, record.resource, record.resource_version());
    let unseen = changes[(place + random.usize(1..=RECORDS_UNSEEN_MAX)).min(changes.len() - 1)].at;
    shipping.server.clock().advance_to(at);
    let has_received = |shipping: &Shipping| shipping.reached[resource as usize] >= revision;
    shipping.until("it has received the record", has_received).await;
    let faults = shipping.server.faults();
    let cut_off = match cut {
        Cut::Broken => {
            faults.break_streams(Some(resource));
            vec![resource]
        }
        Cut::Expired => {
            faults.expire_streams(Some(resource));
            vec![resource]
        }
        Cut::ExpiredUnseen => {
            faults.freeze(None, true);
            faults.expire_streams(None);
            shipping.server.clock().advance_to(unseen);
            shipping.server.faults().freeze(None, false);
            Resource::ALL.to_vec()
        }
    };
    let opened = shipping.opened;
    let is_open = |shipping: &Shipping| {
        cut_off.iter().all(|resource| shipping.opened[*resource as usize] > opened[*resource as usize])
    };
    shipping.until("the streams are open again", is_open).await;
}

fn finals<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Finals {
    let mut newest: BTreeMap<_, (u64, String)> = BTreeMap::new();
    for Fact { key, body, .. } in facts {
        let (of, revision, wording) = match body {
            FactBody::CronJob { revision, cron_job } => {
                (("CronJob", key.to_string()), revision, format!("{cron_job:?}"))
            }
            FactBody::Run { revision, run } => {
                let mut run = run.clone();
                if let RunPhase::Deleted { observed_at } = &mut run.phase {
                    *observed_at = kigen_model::Instant::UNIX_EPOCH;
                }
                (("Job", revision.uid.clone()), revision, format!("{run:?}"))
            }
            FactBody::Attempt { revision, attempt, .. } => {
                (("Pod", revision.uid.clone()), revision, format!("{attempt:?}"))
            }
            FactBody::Objective { name, revision, objective } => {
                (("objective", format!("{key} {name}")), revision, format!("{objective:?}"))
            }
        };
        let known = newest.get(&of);
        if known.is_none_or(|(version, _)| *version < revision.resource_version) {
            newest.insert(of, (revision.resource_version, wording));
        }
    }
    newest.into_iter().map(|(of, (_, wording))| (of, wording)).collect()
}
