//! What was wrong at a batch, as the user names it.

use std::collections::BTreeSet;

use anyhow::bail;
use kigen_lineage::history::{PastSlot, SlotVerdict};
use kigen_lineage::impact::Wrong;
use kigen_lineage::timeline::Period;
use kigen_model::Instant;
use kigen_model::key::BatchKey;

use super::past::Recorded;
use crate::cli::ImpactArgs;
use crate::deadlines::{matches, zone_of};
use crate::output::text;

/// How many deadlines an error names.
const NAMED_MAX: usize = 5;

/// What was wrong at the batch, by the arguments.
pub(super) fn wrong(past: &Recorded, of: &BatchKey, args: &ImpactArgs) -> anyhow::Result<Wrong> {
    if !past.states.contains_key(of) {
        bail!(
            "the log has no record of {of}; `kigen status` lists the batches of the cluster, --cluster names another"
        );
    }
    if let Some((from, until)) = args.wrong_from.zip(args.wrong_until) {
        if from >= until {
            bail!("--wrong-from {} is not before --wrong-until {}", text(from), text(until));
        }
        return Ok(Wrong::Results { from, until });
    }
    let is_wanted =
        |slot: &&PastSlot| args.objective.as_ref().is_none_or(|objective| *objective == slot.objective);
    let slots = past.history.batches.get(of).map(|batch| batch.slots.as_slice()).unwrap_or_default();
    let slots: Vec<&PastSlot> = slots.iter().filter(is_wanted).collect();
    if slots.is_empty() {
        let named = args.objective.as_ref().map_or(String::new(), |name| format!(" `{name}`"));
        bail!(
            "{of} has no objective{named} with a deadline in the log; --wrong-from and --wrong-until name results that were \
             wrong without one"
        );
    }
    let Some(since) = args.since else { return named(past, of, &slots, &args.deadlines) };
    let missed = slots
        .iter()
        .filter(|slot| slot.deadline >= since && slot.verdict == SlotVerdict::Missed)
        .map(|slot| Period::of_slot(slot));
    Ok(Wrong::Late(missed.collect()))
}

/// The slots of the deadlines that the user named.
fn named(past: &Recorded, of: &BatchKey, slots: &[&PastSlot], deadlines: &[String]) -> anyhow::Result<Wrong> {
    let zone = |slot: &PastSlot| past.states.get(of).map(|state| zone_of(state, &slot.objective));
    let mut late = Vec::new();
    for requested in deadlines {
        let is_requested =
            |slot: &&&PastSlot| zone(slot).is_some_and(|zone| matches(requested, &zone, slot.deadline));
        let found: Vec<Period> =
            slots.iter().filter(is_requested).map(|slot| Period::of_slot(slot)).collect();
        if found.is_empty() {
            let known: BTreeSet<Instant> = slots.iter().map(|slot| slot.deadline).collect();
            let near: Vec<String> =
                known.iter().rev().take(NAMED_MAX).rev().map(|deadline| text(*deadline)).collect();
            bail!(
                "{of} has no deadline `{requested}`; give one as 2026-11-23T03:00:00Z, or in the objective's zone as \
                 2026-11-23 12:00 or 2026-11-23; the latest are {}",
                near.join(", ")
            );
        }
        late.extend(found);
    }
    late.sort();
    late.dedup();
    Ok(Wrong::Late(late))
}
