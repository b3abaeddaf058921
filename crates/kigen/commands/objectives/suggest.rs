//! `kigen objectives suggest`: for each CronJob without an objective, and each batch that another reads, a deadline that its past
//! would have met 99 % of the time, judged again by the engine.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::TimeDelta;
use kigen_lineage::history::Edge;
use kigen_log::LogReader;
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
use kigen_objective::file::{Contents, FileObjective};

use super::starts::{BatchPast, FleetPast, StartResult, Starts};
use crate::cli::SuggestArgs;
use crate::commands::replay::{Met, met};
use crate::config::Config;
use crate::edges::edges;
use crate::output::{human, print, text};
use crate::reader::open;

/// The name of a proposed objective.
const NAME: &str = "suggested";
/// In how many of a hundred slots the result was there by the deadline.
const PERCENT: usize = 99;
/// A deadline is at such a minute, if it still is before the next start.
const ROUND_MIN: [i64; 3] = [15, 5, 1];
/// How often a deadline that the engine does not confirm is moved.
const MOVES_MAX: u32 = 3;
/// By how much, in minutes.
const MOVE_MIN: i64 = 15;

/// Prints the proposals as a file of objectives.
pub(super) fn run(config: &Config, args: &SuggestArgs) -> anyhow::Result<()> {
    let reader = open(config)?;
    let past = FleetPast::read(&*reader, &config.cluster, TimeDelta::days(args.days.into()))?;
    let edges: Vec<Edge> =
        edges(&*reader, &config.cluster)?.into_iter().filter(|edge| edge.until.is_none()).collect();
    let mut proposals: Vec<Proposal> = past
        .batches
        .iter()
        .filter(|(key, batch)| !batch.has_objective() || edges.iter().any(|edge| edge.source == **key))
        .filter(|(key, _)| {
            args.batch.as_ref().is_none_or(|of| *of == format!("{}/{}", key.namespace, key.batch))
        })
        .map(|(key, batch)| Proposal::of(key, batch, &past))
        .collect();
    confirm(&*reader, &mut proposals, &past)?;
    let mut out = format!(
        "# Deadlines that the results from {} to {} would have met {PERCENT} % of the time, by the log.\n",
        text(past.from),
        text(past.until)
    );
    for proposal in &proposals {
        proposal.write(&mut out, &edges, &past);
    }
    if proposals.is_empty() {
        let _ = writeln!(out, "# Each CronJob has an objective.");
    }
    print(&out)
}

/// What is proposed for a batch.
struct Proposal {
    key: BatchKey,
    starts: Starts,
    /// Why there is no deadline, or the deadline.
    deadline: Result<Deadline, String>,
}

/// A deadline some time after each start.
struct Deadline {
    crontab: String,
    /// How long after its start.
    after: TimeDelta,
    /// Given where the deadline is after the next start.
    freshness: Option<TimeDelta>,
    /// What the engine found.
    met: Met,
}

impl Proposal {
    fn of(key: &BatchKey, batch: &BatchPast, past: &FleetPast) -> Self {
        let starts = batch.starts(past);
        let deadline = starts.takes(PERCENT).and_then(|takes| Deadline::after(&starts, takes));
        Self { key: key.clone(), starts, deadline }
    }

    fn objective(&self) -> Option<FileObjective> {
        let deadline = self.deadline.as_ref().ok()?;
        let deadlines = Deadlines::CompleteBy { crontab: deadline.crontab.clone() };
        let objective =
            Objective { freshness: deadline.freshness, ..Objective::new(deadlines, ObjectiveSource::File) };
        Some(FileObjective { key: self.key.clone(), name: NAME.to_owned(), line: 0, objective })
    }

    fn write(&self, out: &mut String, edges: &[Edge], past: &FleetPast) {
        let batch = format!("{}/{}", self.key.namespace, self.key.batch);
        let _ = writeln!(out, "\n# {batch}: {}", self.starts.summary());
        for edge in edges.iter().filter(|edge| edge.source == self.key) {
            let reader = past.batches.get(&edge.reader).and_then(BatchPast::schedule).unwrap_or("?");
            let _ = writeln!(
                out,
                "#   read by {}/{}, which starts at {reader}{}",
                edge.reader.namespace,
                edge.reader.batch,
                past.batches.get(&self.key).map_or(String::new(), |source| source.before(&edge.reader, past))
            );
        }
        match &self.deadline {
            Err(why) => {
                let _ = writeln!(out, "#   no deadline: {why}");
            }
            Ok(Deadline { crontab, after, freshness, met }) => {
                let _ = writeln!(
                    out,
                    "#   {} after its start: would have been met {} times, missed {}",
                    human(*after),
                    met.met,
                    met.missed
                );
                let _ = write!(
                    out,
                    "---\napiVersion: kigen.dev/v1alpha1\nkind: Objective\nmetadata: {{name: {NAME}, namespace: \"{}\"}}\nspec:\n  \
                     batch: {{cronJob: \"{}\"}}\n  completeBy: \"{crontab}\"\n",
                    self.key.namespace, self.key.batch
                );
                if let Some(freshness) = freshness {
                    let _ = writeln!(out, "  freshness: {}m", freshness.num_minutes());
                }
            }
        }
    }
}

impl Deadline {
    /// The earliest round deadline, as a person reads a clock, that is so long after each start.
    fn after(starts: &Starts, takes: TimeDelta) -> Result<Self, String> {
        let first = i64::from(starts.first_minute());
        let minutes = (takes.num_seconds() + 59) / 60;
        let rounded = |to: i64| TimeDelta::minutes((first + minutes + to - 1).div_euclid(to) * to - first);
        let is_before_next = |after: &TimeDelta| *after < starts.gap_min;
        let within = ROUND_MIN.into_iter().map(rounded).find(is_before_next);
        let after = within.unwrap_or_else(|| rounded(ROUND_MIN[0]));
        let candidates = ROUND_MIN.into_iter().map(rounded).chain([after]);
        let written = candidates
            .filter(|candidate| is_before_next(candidate) == is_before_next(&after))
            .find_map(|candidate| Some((candidate, starts.later(candidate)?)));
        let Some((after, crontab)) = written else {
            return Err(format!(
                "{} % of the results were there {} after their start, but no crontab has these times of `{}`",
                PERCENT,
                human(takes),
                starts.schedule
            ));
        };
        // Runs that were scheduled at the deadline's own start count: the bound is exclusive.
        let freshness = (!is_before_next(&after)).then(|| after + TimeDelta::minutes(1));
        Ok(Self { crontab, after, freshness, met: Met::default() })
    }
}

/// Lets the engine judge the proposals, and moves those that it does not confirm.
fn confirm(reader: &dyn LogReader, proposals: &mut [Proposal], past: &FleetPast) -> anyhow::Result<()> {
    for nth in 0..=MOVES_MAX {
        let wanted: Vec<FileObjective> =
            proposals.iter().filter(|it| !it.is_confirmed()).filter_map(Proposal::objective).collect();
        if wanted.is_empty() {
            break;
        }
        let contents = Contents {
            objectives: wanted,
            catalog: Default::default(),
            mutes: Vec::new(),
            reads: Vec::new(),
            problems: Default::default(),
        };
        let found: BTreeMap<BatchKey, Met> = met(reader, contents, (past.from, past.until))?;
        for proposal in proposals.iter_mut().filter(|it| !it.is_confirmed()) {
            let Ok(deadline) = &mut proposal.deadline else { continue };
            deadline.met = found.get(&proposal.key).cloned().unwrap_or_default();
            if is_enough(&deadline.met) {
                continue;
            }
            let (after, found) = (deadline.after, deadline.met.clone());
            proposal.deadline = if nth < MOVES_MAX {
                Deadline::after(&proposal.starts, after + TimeDelta::minutes(MOVE_MIN))
            } else {
                Err(format!(
                    "even {} after its start the engine finds {} met and {} missed",
                    human(after),
                    found.met,
                    found.missed
                ))
            };
        }
    }
    Ok(())
}

impl Proposal {
    fn is_confirmed(&self) -> bool {
        self.deadline.as_ref().is_ok_and(|deadline| is_enough(&deadline.met))
    }
}

fn is_enough(met: &Met) -> bool {
    let judged = met.met + met.missed;
    judged > 0 && met.met * 100 >= judged * PERCENT
}

impl BatchPast {
    /// How many starts of a reader found the result of the start before them, in words.
    fn before(&self, reader: &BatchKey, past: &FleetPast) -> String {
        let Some(reader) = past.batches.get(reader) else { return String::new() };
        let own = self.starts(past);
        let read = reader.starts(past).all.into_iter().filter_map(|read| {
            let before = own.all.partition_point(|start| start.at < read.at);
            let due = own.all.get(before.checked_sub(1)?)?;
            match due.result {
                StartResult::Good(end) => Some(end <= read.at),
                StartResult::Missing => Some(false),
                StartResult::Hidden => None,
            }
        });
        let read: Vec<bool> = read.collect();
        let found = read.iter().filter(|found| **found).count();
        format!(": {found} of its {} starts found the result that was due", read.len())
    }
}
