//! One seed: its world, judged by kigen in one pass and with faults, and by the judge.

use std::collections::BTreeMap;
use std::path::Path;

use kigen_log::partition_of;
use kigen_model::alert::Alert;
use kigen_model::key::BatchKey;
use kigen_model::slot::{Excuse, Verdict};

use crate::answer::Disagreement;
use crate::compare::{self, Comparison};
use crate::disturbed::{Disturbed, Tally, paused_runtime};
use crate::failures;
use crate::generate::{Size, generate};
use crate::input::Input;
use crate::invariants::{self, Broken};
use crate::judge::{judge, judge_warnings};
use crate::mutes;
use crate::resolve::resolve;
use crate::stalls;
use crate::undisturbed::Undisturbed;
use crate::verdicts;
use crate::world::World;

/// How often each kind of thing occurred, by table and name.
pub type Counts = BTreeMap<(&'static str, String), u64>;

/// What a seed showed.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The slots that were judged.
    pub slots: u64,
    /// How often each kind of thing occurred.
    pub counts: Counts,
}

/// Why a seed fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The judge and kigen disagree.
    Disagrees(Box<Disagreement>),
    /// An invariant does not hold.
    Broken(Broken),
    /// The processors with faults make no progress.
    Stuck(String),
}

impl Failure {
    /// The batch of which it fails; `None`: it is not of one.
    #[must_use]
    pub fn key(&self) -> Option<BatchKey> {
        match self {
            Self::Disagrees(disagreement) => Some(disagreement.key.clone()),
            Self::Broken(broken) => broken.key.as_ref()?.parse().ok(),
            Self::Stuck(_) => None,
        }
    }
}

impl Failure {
    /// Whether this is the same failure in another world: of the same batch and objective, and with the same words, whatever
    /// the numbers and instants in them.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        let words = |text: &str| text.replace(|letter: char| letter.is_ascii_digit(), "");
        match (self, other) {
            (Self::Disagrees(one), Self::Disagrees(other)) => {
                (&one.key, &one.objective) == (&other.key, &other.objective)
                    && words(&one.right) == words(&other.right)
                    && words(&one.reported) == words(&other.reported)
            }
            (Self::Broken(one), Self::Broken(other)) => {
                let begin = |text: &str| text.split_once(':').map_or(text, |(begin, _)| begin).to_owned();
                one.key == other.key && begin(&one.what) == begin(&other.what)
            }
            (Self::Stuck(_), Self::Stuck(_)) => true,
            (Self::Disagrees(_) | Self::Broken(_) | Self::Stuck(_), _) => false,
        }
    }
}

/// The world of a seed, of the default size.
#[must_use]
pub fn world(seed: u64) -> World {
    sized(seed, Size::default())
}

/// The world of a seed.
#[must_use]
pub fn sized(seed: u64, size: Size) -> World {
    let partitions = u32::try_from(size.partitions).unwrap_or(1);
    generate(seed, size, &|key| partition_of(key, partitions).0 as usize)
}

/// Judges a world, with faults only if there is a folder for stores.
///
/// # Errors
/// The first failure.
pub fn judge_world(world: &World, dir: Option<&Path>) -> Result<Report, Failure> {
    // The judge knows no mutes: what they make of the alerts without them is compared apart.
    let muted = Input::of(&world.partitions, &world.expired);
    let input = if mutes::has_mutes(world) {
        Input::of(&mutes::without(world).partitions, &world.expired)
    } else {
        muted.clone()
    };
    let found = Undisturbed::of(&input);
    let with_mutes = mutes::has_mutes(world).then(|| Undisturbed::of(&muted));
    invariants::of_one_pass(&input, &found).map_err(Failure::Broken)?;
    let mut answers = judge(world, &found);
    resolve(&mut answers, &found).map_err(Failure::Disagrees)?;
    let alerts: Vec<Alert> = found.alerts.iter().flatten().map(|raised| raised.alert.clone()).collect();
    let comparison = compare::compare(world, &answers, &alerts);
    let of_verdicts = verdicts::compare(&answers, &found);
    let of_failures = failures::compare(world, &found);
    if let Some(first) = comparison.disagreements.iter().chain(&of_verdicts).chain(&of_failures).next() {
        return Err(Failure::Disagrees(Box::new(first.clone())));
    }
    let of_mutes = with_mutes.as_ref().map(|with_mutes| mutes::compare(world, &answers, &found, with_mutes));
    if let Some(first) = of_mutes.into_iter().flatten().next() {
        return Err(Failure::Disagrees(Box::new(first)));
    }
    if let Some(first) = with_mutes.iter().flat_map(|with| stalls::compare(world, with)).next() {
        return Err(Failure::Disagrees(Box::new(first)));
    }
    let mut report = Report { slots: comparison.slots, counts: Counts::new() };
    count(&mut report, world, &comparison, &found);
    for raised in with_mutes.iter().flat_map(|with| with.alerts.iter().flatten()) {
        if raised.alert.objective.is_none() && raised.alert.key.batch.is_empty() {
            *report.counts.entry(("alert", raised.alert.body.kind().to_owned())).or_default() += 1;
        }
    }
    if let Some(dir) = dir {
        let disturbed = paused_runtime().block_on(Disturbed::of(&muted, world.seed, dir));
        let disturbed = disturbed.map_err(|stuck| Failure::Stuck(stuck.why))?;
        invariants::of_disturbed(with_mutes.as_ref().unwrap_or(&found), &disturbed)
            .map_err(Failure::Broken)?;
        count_faults(&mut report, &disturbed.tally);
    }
    match judge_warnings(world, &answers, &found).into_iter().next() {
        Some(first) => Err(Failure::Disagrees(Box::new(first))),
        None => Ok(report),
    }
}

fn count(report: &mut Report, world: &World, comparison: &Comparison, found: &Undisturbed) {
    let mut add = |table: &'static str, name: &str, count: u64| {
        *report.counts.entry((table, name.to_owned())).or_default() += count;
    };
    for (kind, count) in &world.kinds {
        add("world", kind, *count);
    }
    for (kind, count) in &comparison.open {
        add("slots with more than one right answer", kind, *count);
    }
    for judged in found.verdicts.iter().flatten() {
        let name = match judged.verdict {
            Verdict::Met { .. } => "met".to_owned(),
            Verdict::Missed(cause) => format!("missed: {}", cause.label()),
            Verdict::Excused(Excuse::NoFire) => "excused: no fire".to_owned(),
            Verdict::Excused(Excuse::Partial) => "excused: partial".to_owned(),
            Verdict::Excused(Excuse::Calendar) => "excused: calendar".to_owned(),
            Verdict::Unknown(_) => "unknown".to_owned(),
        };
        add("verdict", &name, 1);
    }
    for raised in found.alerts.iter().flatten() {
        add("alert", raised.alert.body.kind(), 1);
    }
}

fn count_faults(report: &mut Report, tally: &Tally) {
    let Tally { log, crashes, joined, lost_stores, old_stores, compactions, rounds, failed, bounds, expired } =
        *tally;
    let [idle, polled, staged, committed] = crashes;
    let [events, batches, slots, bytes, unbounded] = bounds;
    let faults = [
        ("crash before a poll", idle),
        ("crash after a poll", polled),
        ("crash after the fold", staged),
        ("crash after the commit", committed),
        ("processor joins", joined),
        ("store lost", lost_stores),
        ("store older", old_stores),
        ("compaction", compactions),
        ("round", rounds),
        ("round fails", failed),
        ("commit aborted", log.aborted),
        ("commit unanswered", log.unanswered),
        ("commit not visible yet", log.unsettled),
        ("commit fenced", log.fenced),
        ("write too large", log.too_large),
        ("read fails", log.unreadable),
        ("events expire", expired),
        ("turns bounded by events", events),
        ("turns bounded by batches", batches),
        ("turns bounded by slots", slots),
        ("turns bounded by bytes", bytes),
        ("turns not bounded", unbounded),
    ];
    for (name, count) in faults {
        *report.counts.entry(("fault", name.to_owned())).or_default() += count;
    }
}
