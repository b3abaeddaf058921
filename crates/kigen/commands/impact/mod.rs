//! `kigen impact`: which runs read a late or wrong result, what followed from it, and how to repeat them. Starts nothing.

mod announce;
mod chart;
mod coming;
mod findings;
mod follow;
mod json;
mod left_out;
mod past;
mod repetition;
mod report;
mod steps;
mod wrong;

use kigen_lineage::impact::impact;
use kigen_lineage::plan::plan;
use kigen_text::secrets::scrub;

use self::coming::coming;
use self::findings::Findings;
use self::left_out::left_out;
use self::past::{Recorded, Recorder};
use self::repetition::repetitions;
use self::wrong::wrong;
use crate::cli::{ImpactArgs, ImpactFormatArg};
use crate::config::Config;
use crate::exit::misused;
use crate::output::{print, print_json};
use crate::reader::{configured_key, key_of, open};

/// Prints the impact and the plan.
pub(crate) fn run(config: &Config, args: &ImpactArgs) -> anyhow::Result<()> {
    configured_key(config, &args.batch)?;
    let reader = open(config)?;
    let of = key_of(&*reader, config, &args.batch)?;
    let find_wrong = |past: &Recorded| wrong(past, &of, args);
    let mut recorder = Recorder::new(&*reader, &of, &find_wrong)?;
    recorder.advance(&*reader)?;
    let past = recorder.recorded()?;
    if args.follow {
        return follow::run(config, &*reader, recorder, &of, args);
    }
    let wrong = find_wrong(&past)?;
    let left_out = left_out(&past, &of, &args.left_out).map_err(misused)?;
    let impact = impact(&past.history, &of, &wrong, &left_out);
    let plan = plan(&past.history, &impact);
    let until = past.history.until;
    let repetitions = repetitions(&plan);
    let coming = coming(&past.states, until, &plan);
    let findings = Findings { of: of.clone(), wrong, impact, plan, repetitions, until, coming };
    match args.format {
        ImpactFormatArg::Text => print(&scrub(&report::findings(&findings))),
        ImpactFormatArg::Json => print_json(json::findings(&findings)),
        ImpactFormatArg::Csv => print(&steps::csv(&findings)?),
        ImpactFormatArg::Svg => print(&chart::findings(&findings)),
    }
}
