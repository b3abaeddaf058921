//! What is right about a slot that a gap overlaps: what truly happened, and what of it could vanish.
//!
//! Naive on purpose: where the evidence neither proves nor refutes a success that nothing shows, both *unknown* and the truth
//! are right, and never the contrary of the truth.

use kigen_model::Instant;
use kigen_model::run::{CronJob, Run};
use kigen_model::slot::CauseKind;

use crate::answer::{Again, Open, Right};
use crate::history::TrueRun;
use crate::judge::cause::Causes;
use crate::judge::known::{Known, KnownGap};
use crate::judge::slots::{Planned, Window};
use crate::judge::verdict::Verdict;

/// The verdicts that are right; `None`: no gap overlaps the slot.
pub(super) fn verdict(
    known: &Known<'_>,
    slot: &Planned,
    window: &Window<'_>,
    causes: &Causes,
) -> Option<Verdict> {
    let (opens, _) = window.span?;
    let stops_counting = slot.stops_counting();
    let overlapping = |until: Instant| -> Vec<&KnownGap> {
        known.gaps().filter(|it| it.from.is_none_or(|from| from <= until) && it.to >= opens).collect()
    };
    let gaps = overlapping(stops_counting + slot.settle);
    if gaps.is_empty() {
        return None;
    }
    // What was observed of its numbers is not all that it may have reported.
    let demanded = slot.demanded();
    let succeeded = known
        .batch
        .runs
        .iter()
        .filter(|run| run.succeeded_at.is_some_and(|at| at <= stops_counting))
        .filter_map(|run| Some((run, &run.versions.last()?.value)));
    let met: Vec<(&TrueRun, &Run)> = succeeded.filter(|(_, run)| window.has(run)).collect();
    // What ended after the gaps was listed before, unfinished.
    let may_be_hidden =
        |run: &TrueRun| gaps.iter().any(|gap| run.succeeded_at.is_some_and(|at| at <= gap.to));
    // Of what a person started nothing is expected, so its success is not either.
    let is_expected = met
        .iter()
        .any(|(truth, run)| may_be_hidden(truth) && (run.scheduled_at.is_some() || slot.is_of_jobs))
        && demanded.is_none();
    let again = Again { may_be_met: !met.is_empty(), may_be_missed: !is_expected };
    let mut right = Vec::new();
    if again.may_be_missed {
        let mut causes = causes.causes.clone();
        if !overlapping(stops_counting).is_empty() && !causes.contains(&CauseKind::NotObserved) {
            causes.push(CauseKind::NotObserved);
        }
        right.push(Right::Missed { causes });
    }
    let status = known.seen(&known.batch.cron_job).last();
    let status = status.filter(|(_, version)| {
        version.seen.is_some_and(|seen| gaps.iter().all(|gap| gap.is_before(seen.index)))
    });
    let status = status.and_then(|(_, version)| version.value.as_ref());
    let last_succeeded_at = status.and_then(|status| status.last_succeeded_at);
    let in_time = last_succeeded_at.filter(|at| (opens..=stops_counting).contains(at) && demanded.is_none());
    if again.may_be_met {
        right.extend(in_time.map(|ended_at| Right::Met { ended_at }));
    }
    let begins = gaps.iter().map(|gap| gap.from.unwrap_or(Instant::MIN_UTC)).min().unwrap_or(opens);
    if again.may_be_met || !status.is_some_and(|status| proves_miss(status, opens, begins)) {
        right.push(Right::Unknown);
    }
    let open = if right.len() > 1 { Some(Open::Gap) } else { causes.open };
    Some(Verdict { right, open, again: Some(again) })
}

/// Whether the CronJob's status shows that none of its runs succeeded from `opens` on. One that was created after the gap
/// began shows nothing of the one before.
fn proves_miss(status: &CronJob, opens: Instant, begins: Instant) -> bool {
    status.created_at <= begins && status.last_succeeded_at.is_none_or(|at| at < opens)
}
