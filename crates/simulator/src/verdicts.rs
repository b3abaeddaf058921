//! The verdicts of a processor beside what the judge finds right, those that raise no alert included.

use std::collections::{BTreeMap, BTreeSet};

use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::slot::Verdict;

use crate::answer::{Disagreement, Later, ObjectiveAnswer, Right, SlotAnswer};
use crate::undisturbed::{Judged, Undisturbed};

/// Compares each slot of the judge's answers, and finds verdicts on what is no slot.
#[must_use]
pub fn compare(answers: &[ObjectiveAnswer], found: &Undisturbed) -> Vec<Disagreement> {
    let mut verdicts: BTreeMap<(&BatchKey, &str, Instant), Vec<&Judged>> = BTreeMap::new();
    for judged in found.verdicts.iter().flatten() {
        let slot = (&judged.key, judged.objective.as_str(), judged.deadline);
        verdicts.entry(slot).or_default().push(judged);
    }
    let mut disagreements = Vec::new();
    let mut answered = BTreeSet::new();
    for ObjectiveAnswer { key, objective, slots, .. } in answers {
        for answer in slots {
            let slot = (key, objective.as_str(), answer.deadline);
            answered.insert(slot);
            let reported = verdicts.get(&slot).map_or(&[][..], Vec::as_slice);
            if let Err((right, reported)) = compare_slot(answer, reported) {
                disagreements.push(disagreement(slot, right, reported));
            }
        }
    }
    let unanswered = verdicts.into_iter().filter(|(slot, _)| !answered.contains(slot));
    let no_slots = unanswered.map(|(slot, judged)| disagreement(slot, "no slot".to_owned(), text(&judged)));
    disagreements.extend(no_slots);
    disagreements
}

/// What is right, and what was reported instead.
fn compare_slot(answer: &SlotAnswer, reported: &[&Judged]) -> Result<(), (String, String)> {
    let differs = |right: String| Err((right, text(reported)));
    let Some(judged_at) = answer.judged_at else {
        return if reported.is_empty() { Ok(()) } else { differs("it is not judged".to_owned()) };
    };
    let right = || format!("one of {:?} at event {judged_at} ({:?})", answer.right, answer.open);
    let Some((first, changes)) = reported.split_first() else { return differs(right()) };
    if first.index != judged_at || !answer.right.iter().any(|right| is_right(right, first.verdict)) {
        return differs(right());
    }
    let mut changes = changes.iter();
    let mut current = first.verdict;
    for later in &answer.later {
        let (index, is_met) = match later {
            Later::Met { index, .. } => (*index, true),
            Later::Missed { index, .. } => (*index, false),
        };
        let is_change = match current {
            Verdict::Unknown(_) => true,
            Verdict::Missed(_) => is_met,
            Verdict::Met { .. } | Verdict::Excused(_) => false,
        };
        if !is_change {
            continue;
        }
        let wanted = || format!("after {current:?}: {later:?} ({:?})", answer.open);
        let Some(change) = changes.next() else { return differs(wanted()) };
        let is_right = match (later, change.verdict) {
            (Later::Met { ended_at, .. }, Verdict::Met { ended_at: found }) => *ended_at == found,
            (Later::Missed { .. }, Verdict::Missed(_)) => true,
            _ => false,
        };
        if change.index != index || !is_right {
            return differs(wanted());
        }
        current = change.verdict;
    }
    match changes.next() {
        None => Ok(()),
        Some(change) => differs(format!("{current:?} to the end, but at event {}", change.index)),
    }
}

pub(crate) fn is_right(right: &Right, verdict: Verdict) -> bool {
    match (right, verdict) {
        (Right::Met { ended_at }, Verdict::Met { ended_at: found }) => *ended_at == found,
        (Right::Missed { causes }, Verdict::Missed(cause)) => causes.contains(&cause),
        (Right::Unknown, Verdict::Unknown(_)) | (Right::Excused, Verdict::Excused(_)) => true,
        _ => false,
    }
}

pub(crate) fn disagreement(
    (key, objective, deadline): (&BatchKey, &str, Instant),
    right: String,
    reported: String,
) -> Disagreement {
    Disagreement { key: key.clone(), objective: objective.to_owned(), deadline, right, reported }
}

pub(crate) fn text(judged: &[&Judged]) -> String {
    if judged.is_empty() {
        return "no verdict".to_owned();
    }
    let one = |judged: &&Judged| format!("{:?} at event {}", judged.verdict, judged.index);
    judged.iter().map(one).collect::<Vec<_>>().join(", then ")
}
