//! How far the repetition of what an impact found is: a function of the past, like the impact, so that it is the same for each
//! reader of the same log.
//!
//! ```text
//!            starts             succeeds, and had read what was good
//!   left ───────────> running ───────────────────────────────────────> repaired
//!    ^                 ^   │ fails, or is gone
//!    │                 │   ├──────────────> failed
//!    │                 │   │ succeeds, and had read what is wrong
//!    │                 │   └──────────────> wrong again
//!    │                 └── starts once more ──┘
//!    └── what was repaired read a result that is wrong since
//! ```

use std::collections::BTreeSet;

use kigen_model::Instant;
use kigen_model::key::BatchKey;

use crate::history::{End, History, PastRun};
use crate::impact::Impact;
use crate::timeline::{Period, Timeline};

/// A period that must be repeated, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// The batch.
    pub batch: BatchKey,
    /// The period.
    pub period: Period,
    /// Whether it certainly must be repeated.
    pub is_certain: bool,
    /// How far that is.
    pub state: StepState,
}

/// How far the repetition of a period is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepState {
    /// It has not begun.
    Left,
    /// This Job repeats it.
    Running {
        /// The Job.
        job: String,
        /// When it was seen to start; `None`: it has not started yet.
        since: Option<Instant>,
    },
    /// The last Job that should have repeated it failed, or was gone before its end was seen.
    Failed {
        /// The Job.
        job: String,
        /// When it ended.
        at: Instant,
    },
    /// The last Job that repeated it read a result that is wrong: it came too early.
    WrongAgain {
        /// The Job.
        job: String,
        /// When it ended.
        at: Instant,
    },
    /// It has a good result.
    Repaired {
        /// The Job that made it.
        job: String,
        /// When it was there.
        at: Instant,
    },
}

impl StepState {
    /// Its name.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Running { .. } => "running",
            Self::Failed { .. } => "failed",
            Self::WrongAgain { .. } => "wrong_again",
            Self::Repaired { .. } => "repaired",
        }
    }
}

/// Each period that an impact found to be repeated, or that was repeated since, in the order of the plan.
#[must_use]
pub fn progress(history: &History, impact: &Impact) -> Vec<Tracked> {
    let affected: BTreeSet<&str> = impact.affected.iter().map(|affected| affected.run.uid.as_str()).collect();
    let open = impact.periods.iter().map(|((batch, period), is_certain)| Tracked {
        batch: batch.clone(),
        period: period.clone(),
        is_certain: *is_certain,
        state: state(history, batch, period, &affected),
    });
    let repaired = impact.repeated.iter().map(|repeated| Tracked {
        batch: repeated.batch.clone(),
        period: repeated.period.clone(),
        is_certain: true,
        state: StepState::Repaired { job: repeated.by.clone(), at: repeated.ended_at },
    });
    let mut tracked: Vec<Tracked> = open.chain(repaired).collect();
    tracked.sort_by(|one, other| (&one.period, &one.batch).cmp(&(&other.period, &other.batch)));
    tracked.dedup_by(|later, first| (&later.period, &later.batch) == (&first.period, &first.batch));
    tracked
}

/// The good result of a period that needs no repetition any more, if it is known.
#[must_use]
pub fn result_of(history: &History, batch: &BatchKey, period: &Period) -> Option<StepState> {
    let timeline = Timeline::new(history.batches.get(batch)?);
    let ends = timeline.runs_of(period).filter_map(|place| Some((timeline.runs[place].end.good()?, place)));
    let (at, place) = ends.max()?;
    Some(StepState::Repaired { job: timeline.runs[place].job.clone(), at })
}

/// The state of a period without a good result.
fn state(history: &History, batch: &BatchKey, period: &Period, affected: &BTreeSet<&str>) -> StepState {
    let Some(of_batch) = history.batches.get(batch) else { return StepState::Left };
    let timeline = Timeline::new(of_batch);
    let runs: Vec<&PastRun> = timeline.runs_of(period).map(|place| timeline.runs[place]).collect();
    // What was made for the period by its schedule, or the first one by hand, is what is repeated.
    let repetitions: Vec<&&PastRun> = runs.iter().filter(|run| timeline.is_repetition(run)).collect();
    let is_right = |run: &&&&PastRun| !affected.contains(run.uid.as_str());
    let mut running = repetitions.iter().filter(|run| run.end == End::Open).filter(is_right);
    if let Some(run) = running.next() {
        return StepState::Running { job: run.job.clone(), since: run.start.latest() };
    }
    let ended = |run: &&&PastRun| {
        let job = run.job.clone();
        match run.end {
            End::Open => None,
            End::Good(at) => Some((at, StepState::WrongAgain { job, at })),
            End::Failed(at) | End::Gone(_, at) => Some((at, StepState::Failed { job, at })),
        }
    };
    let last = repetitions.iter().filter_map(ended).max_by_key(|(at, _)| *at);
    last.map_or(StepState::Left, |(_, state)| state)
}
