//! What an impact does not need of the past before the incident: it is forgotten while the past is read, so that memory grows with
//! the incident and not with the log.
//!
//! A run that started before the first wrong result could be there is not affected. What is read of the time before are the last
//! results, the last slots, and how long runs usually take.

use kigen_model::Instant;

use crate::history::{End, PastRun, PastSlot, SlotVerdict};
use crate::impact::Wrong;

/// How many successes, and slots of an objective, are kept from before the incident: as many as show how long a batch usually takes.
pub const KEPT: usize = 64;

impl Wrong {
    /// When the first run that made or should have made a wrong result may have begun; `None`: nothing was wrong.
    #[must_use]
    pub fn begins(&self) -> Option<Instant> {
        match self {
            Self::Late(periods) => periods.iter().map(|period| period.opens).min(),
            Self::Results { from, .. } => Some(*from),
        }
    }
}

/// The runs of a batch that were over before an incident began, and that were due before the last `kept` successes, or the last four
/// times as many runs. What is kept has no hole, so that what a run was made for stays the same.
#[must_use]
pub fn forgettable_runs<'a>(
    runs: impl IntoIterator<Item = &'a PastRun>,
    begins: Instant,
    kept: usize,
) -> Vec<&'a PastRun> {
    let is_over = |run: &&PastRun| {
        let last = [Some(run.nominal_start), run.mark, run.start.latest()].into_iter().flatten().max();
        let ended = match run.end {
            End::Good(at) | End::Failed(at) | End::Gone(_, at) => Some(at),
            End::Open => None,
        };
        last.is_some_and(|last| last < begins) && ended.is_some_and(|ended| ended < begins)
    };
    let mut over: Vec<&PastRun> = runs.into_iter().filter(is_over).collect();
    over.sort_unstable_by_key(|run| run.nominal_start);
    let successes = over.iter().rev().filter(|run| run.end.good().is_some());
    let of_successes = successes.map(|run| run.nominal_start).nth(kept.saturating_sub(1));
    let of_runs = over.iter().rev().map(|run| run.nominal_start).nth((4 * kept).saturating_sub(1));
    let Some(cut) = of_successes.max(of_runs) else { return Vec::new() };
    let left = over.partition_point(|run| run.nominal_start < cut);
    over.truncate(left);
    over
}

/// The slots of one objective, by deadline, that were judged before an incident began, without the last `kept`.
pub fn forgettable_slots<'a>(
    slots: impl IntoIterator<Item = &'a PastSlot>,
    begins: Instant,
    kept: usize,
) -> impl Iterator<Item = &'a PastSlot> {
    let is_over = |slot: &&PastSlot| {
        let ends = slot.closes.map_or(slot.deadline, |closes| closes.max(slot.deadline));
        ends < begins && slot.verdict != SlotVerdict::Open
    };
    let over: Vec<&PastSlot> = slots.into_iter().filter(is_over).collect();
    let left = over.len().saturating_sub(kept);
    over.into_iter().take(left)
}
