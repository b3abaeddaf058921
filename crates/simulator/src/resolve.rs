//! Where several answers are right, the one that was given: what follows from it is then compared as if it were the only one.

use std::collections::BTreeMap;

use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::slot::Verdict;

use crate::answer::{Again, Disagreement, Later, ObjectiveAnswer, Right, SlotAnswer};
use crate::undisturbed::{Judged, Undisturbed};
use crate::verdicts::{disagreement, is_right, text};

/// How many of the last verdicts on an objective are kept: only those are judged again.
pub(crate) const VERDICTS_KEPT: usize = 16;

/// Puts in the place of the answers about each slot that a gap overlaps the one that was given, and what became of it.
///
/// # Errors
/// A verdict that is not right.
pub fn resolve(answers: &mut [ObjectiveAnswer], found: &Undisturbed) -> Result<(), Box<Disagreement>> {
    let mut verdicts: BTreeMap<(&BatchKey, &str, Instant), Vec<&Judged>> = BTreeMap::new();
    for judged in found.verdicts.iter().flatten() {
        let slot = (&judged.key, judged.objective.as_str(), judged.deadline);
        verdicts.entry(slot).or_default().push(judged);
    }
    for ObjectiveAnswer { key, objective, slots, .. } in answers {
        let judged_at: Vec<Option<usize>> = slots.iter().map(|slot| slot.judged_at).collect();
        for (nth, answer) in slots.iter_mut().enumerate() {
            let Some(again) = answer.again else { continue };
            let slot = (&*key, objective.as_str(), answer.deadline);
            let reported = verdicts.get(&slot).map_or(&[][..], Vec::as_slice);
            // When it is among those that are kept no more.
            let dropped_at = judged_at.get(nth + VERDICTS_KEPT).copied().flatten();
            resolve_slot(answer, again, reported, dropped_at)
                .map_err(|right| Box::new(disagreement(slot, right, text(reported))))?;
        }
    }
    Ok(())
}

/// What is right, if that was not reported.
fn resolve_slot(
    answer: &mut SlotAnswer,
    again: Again,
    reported: &[&Judged],
    dropped_at: Option<usize>,
) -> Result<(), String> {
    let right = |answer: &SlotAnswer| format!("one of {:?} ({again:?})", answer.right);
    let Some((first, changes)) = reported.split_first() else { return Err(right(answer)) };
    let Some(given) = answer.right.iter().find(|right| is_right(right, first.verdict)) else {
        return Err(right(answer));
    };
    let given = match (given, first.verdict) {
        (Right::Missed { .. }, Verdict::Missed(cause)) => Right::Missed { causes: vec![cause] },
        (other, _) => other.clone(),
    };
    let mut later = Vec::new();
    for change in changes {
        later.push(match change.verdict {
            Verdict::Met { ended_at } if again.may_be_met && ended_at <= answer.stops_counting => {
                Later::Met { index: change.index, ended_at }
            }
            Verdict::Missed(cause) if again.may_be_missed && given == Right::Unknown => {
                Later::Missed { index: change.index, cause }
            }
            Verdict::Met { .. } | Verdict::Missed(_) | Verdict::Excused(_) | Verdict::Unknown(_) => {
                return Err(format!("no such change ({again:?})"));
            }
        });
    }
    // A success in time that is observed is taken.
    let observed = answer.later.first().filter(|observed| dropped_at.is_none_or(|at| observed.index() < at));
    if let (Some(observed), Right::Missed { .. } | Right::Unknown) = (observed, &given)
        && !later.iter().any(|it| matches!(it, Later::Met { .. }) && it.index() <= observed.index())
    {
        return Err(format!("{observed:?} ({again:?})"));
    }
    answer.right = vec![given];
    answer.later = later;
    Ok(())
}
