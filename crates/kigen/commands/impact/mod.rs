//! `kigen impact`: which runs read a late or wrong result, what followed from it, and how to repeat them. Starts nothing.

mod announce;
mod chart;
mod coming;
mod findings;
mod follow;
mod json;
mod past;
mod repetition;
mod report;
mod steps;
mod wrong;

use anyhow::bail;
use kigen_lineage::impact::impact;
use kigen_lineage::plan::plan;
use kigen_text::secrets::scrub;

use self::coming::coming;
use self::findings::Findings;
use self::past::Recorder;
use self::repetition::repetitions;
use self::wrong::wrong;
use crate::cli::{ImpactArgs, ImpactFormatArg};
use crate::config::Config;
use crate::output::{print, print_json};
use crate::reader::{configured_key, key_of, open};

/// Prints the impact and the plan.
pub(crate) fn run(config: &Config, args: &ImpactArgs) -> anyhow::Result<()> {
    configured_key(config, &args.batch)?;
    let reader = open(config)?;
    let of = key_of(&*reader, config, &args.batch)?;
    let mut recorder = Recorder::new(&of);
    recorder.advance(&*reader)?;
    let past = recorder.recorded()?;
    if !past.states.contains_key(&of) {
        bail!(
            "the log has no record of {of}; `kigen status` lists the batches of the cluster, --cluster names another"
        );
    }
    if args.follow {
        return follow::run(config, &*reader, recorder, &of, args);
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
