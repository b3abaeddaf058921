//! `kigen impact`: which runs read a late or wrong result, what followed from it, and how to repeat them. Starts nothing.

mod chart;
mod coming;
mod findings;
mod json;
mod past;
mod repetition;
mod report;
mod steps;

use std::collections::BTreeSet;

use anyhow::bail;
use kigen_lineage::history::{PastSlot, SlotVerdict};
use kigen_lineage::impact::{Wrong, impact};
use kigen_lineage::plan::plan;
use kigen_lineage::timeline::Period;
use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_text::secrets::scrub;

use self::coming::coming;
use self::findings::Findings;
use self::past::Recorded;
use self::repetition::repetitions;
use crate::cli::{ImpactArgs, ImpactFormatArg};
use crate::config::Config;
use crate::deadlines::{matches, zone_of};
use crate::output::{print, print_json, text};
use crate::reader::{configured_key, key_of, open};

/// How many deadlines an error names.
const NAMED_MAX: usize = 5;

/// Prints the impact and the plan.
pub(crate) fn run(config: &Config, args: &ImpactArgs) -> anyhow::Result<()> {
    configured_key(config, &args.batch)?;
    let reader = open(config)?;
    let of = key_of(&*reader, config, &args.batch)?;
    let past = Recorded::read(&*reader, &of)?;
    if !past.states.contains_key(&of) {
        bail!(
            "the log has no record of {of}; `kigen status` lists the batches of the cluster, --cluster names another"
        );
    }
    let wrong = wrong(&past, &of, args)?;
    let impact = impact(&past.history, &of, &wrong);
    let plan = plan(&past.history, &impact);
    let until = past.history.until;
    let repetitions = repetitions(&plan);
    let coming = coming(&past.states, until, &plan);
    let findings = Findings { of, wrong, impact, plan, repetitions, until, coming };
    match args.format {
        ImpactFormatArg::Text => print(&scrub(&report::findings(&findings))),
        ImpactFormatArg::Json => print_json(json::findings(&findings)),
        ImpactFormatArg::Csv => print(&steps::csv(&findings)?),
        ImpactFormatArg::Svg => print(&chart::findings(&findings)),
    }
}

/// What was wrong at the batch, by the arguments.
fn wrong(past: &Recorded, of: &BatchKey, args: &ImpactArgs) -> anyhow::Result<Wrong> {
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
