//! `kigen impact --follow`: how far the repetition is, and each change of that, until all is repaired.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use kigen_lineage::impact::impact;
use kigen_lineage::progress::{StepState, Tracked, progress, result_of};
use kigen_lineage::timeline::Period;
use kigen_log::LogReader;
use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_text::secrets::scrub;
use serde_json::{Value as Json, json};

use super::announce::Announcer;
use super::json::period;
use super::left_out::left_out;
use super::past::Recorder;
use super::wrong::wrong;
use crate::cli::{ImpactArgs, ImpactFormatArg};
use crate::config::Config;
use crate::exit::misused;
use crate::output::{print, print_json, text};

/// How often new records are read.
const FOLLOW_DELAY_MS: u64 = 1_000;

/// That a format has no changes to print.
#[derive(Debug, thiserror::Error)]
#[error(
    "--follow prints each change as text or JSON: give --format text or --format json, or leave --follow out"
)]
struct WholeFormat;

/// Prints each change until all is repaired.
pub(super) fn run(
    config: &Config,
    reader: &dyn LogReader,
    mut recorder: Recorder<'_>,
    of: &BatchKey,
    args: &ImpactArgs,
) -> anyhow::Result<()> {
    let is_json = match args.format {
        ImpactFormatArg::Text => false,
        ImpactFormatArg::Json => true,
        ImpactFormatArg::Csv | ImpactFormatArg::Svg => return Err(misused(WholeFormat)),
    };
    let mut followed = Followed::default();
    let mut announcer: Option<Announcer> = None;
    loop {
        let past = recorder.recorded()?;
        let wrong = wrong(&past, of, args)?;
        if args.announce && announcer.is_none() {
            announcer = Some(Announcer::new(config, &wrong)?);
        }
        let left_out = left_out(&past, of, &args.left_out).map_err(misused)?;
        let impact = impact(&past.history, of, &wrong, &left_out);
        let steps = progress(&past.history, &impact);
        let result = |batch: &BatchKey, period: &Period| result_of(&past.history, batch, period);
        let changes = followed.take(steps, result);
        let until = past.history.until;
        let counts = followed.counts();
        if is_json {
            for change in &changes {
                print_json(change_json(change, until, counts))?;
            }
        } else if !changes.is_empty() {
            print(&scrub(&changes_text(&changes, until, counts)))?;
        }
        if counts.is_done() {
            if let Some(announcer) = announcer.filter(|_| counts.repaired > 0) {
                let messages = announcer.announce(reader, of, &wrong, (counts.repaired, until))?;
                tracing::info!("replied to {messages} messages in Slack");
            }
            return match is_json {
                true => {
                    print_json(json!({"at": text(until), "state": "all_repaired", "steps": counts.json()}))
                }
                false if counts.repaired == 0 => print("Nothing has to be repeated.\n"),
                false => print("All is repaired.\n"),
            };
        }
        std::thread::sleep(Duration::from_millis(FOLLOW_DELAY_MS));
        reader.refresh()?;
        recorder.advance(reader)?;
    }
}

/// The steps as they were printed last.
#[derive(Default)]
struct Followed(BTreeMap<(Period, BatchKey), Tracked>);

impl Followed {
    /// Takes the steps as they are now; returns those that are new or have changed. One that is not there any more needs no
    /// repetition: it has a result.
    fn take(
        &mut self,
        steps: Vec<Tracked>,
        result: impl Fn(&BatchKey, &Period) -> Option<StepState>,
    ) -> Vec<Tracked> {
        let mut now: BTreeMap<(Period, BatchKey), Tracked> =
            steps.into_iter().map(|step| ((step.period.clone(), step.batch.clone()), step)).collect();
        for (place, known) in &self.0 {
            if !now.contains_key(place)
                && let Some(state) = result(&known.batch, &known.period)
            {
                now.insert(place.clone(), Tracked { state, ..known.clone() });
            }
        }
        let is_new = |(place, step): &(&(Period, BatchKey), &Tracked)| {
            self.0.get(*place).is_none_or(|known| known.state != step.state)
        };
        let changes = now.iter().filter(is_new).map(|(_, step)| step.clone()).collect();
        self.0 = now;
        changes
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for step in self.0.values() {
            *match step.state {
                StepState::Left => &mut counts.left,
                StepState::Running { .. } => &mut counts.running,
                StepState::Failed { .. } => &mut counts.failed,
                StepState::WrongAgain { .. } => &mut counts.wrong_again,
                StepState::Repaired { .. } => &mut counts.repaired,
            } += 1;
        }
        counts
    }
}

/// How many steps are in each state.
#[derive(Clone, Copy, Default)]
struct Counts {
    repaired: usize,
    running: usize,
    failed: usize,
    wrong_again: usize,
    left: usize,
}

impl Counts {
    fn is_done(self) -> bool {
        self.running + self.failed + self.wrong_again + self.left == 0
    }

    fn json(self) -> Json {
        let Self { repaired, running, failed, wrong_again, left } = self;
        json!({
            "repaired": repaired,
            "running": running,
            "failed": failed,
            "wrong_again": wrong_again,
            "left": left,
        })
    }

    fn text(self) -> String {
        let Self { repaired, running, failed, wrong_again, left } = self;
        let all = repaired + running + failed + wrong_again + left;
        let again = match wrong_again {
            0 => String::new(),
            count => format!("{count} repeated too early, "),
        };
        format!("{repaired} of {all} repaired, {running} running, {failed} failed, {again}{left} left")
    }
}

fn change_json(of: &Tracked, until: Instant, counts: Counts) -> Json {
    let (job, started_at, ended_at) = match &of.state {
        StepState::Left => (None, None, None),
        StepState::Running { job, since } => (Some(job), *since, None),
        StepState::Failed { job, at }
        | StepState::WrongAgain { job, at }
        | StepState::Repaired { job, at } => (Some(job), None, Some(*at)),
    };
    json!({
        "at": text(until),
        "batch": of.batch.to_string(),
        "period": period(&of.period),
        "certain": of.is_certain,
        "state": of.state.label(),
        "job": job,
        "started_at": started_at.map(text),
        "ended_at": ended_at.map(text),
        "steps": counts.json(),
    })
}

fn changes_text(changes: &[Tracked], until: Instant, counts: Counts) -> String {
    let mut out = format!("{}: {}\n", text(until), counts.text());
    for step in changes {
        let possibly = if step.is_certain { "" } else { "possibly " };
        let state = match &step.state {
            StepState::Left => format!("{possibly}to be repeated"),
            StepState::Running { job, since: Some(since) } => {
                format!("{job} is running since {}", text(*since))
            }
            StepState::Running { job, since: None } => format!("{job} has not started yet"),
            StepState::Failed { job, at } => format!("{job} failed at {}", text(*at)),
            StepState::WrongAgain { job, at } => {
                format!("{job} ended at {}, but had read a result that is wrong: repeat it again", text(*at))
            }
            StepState::Repaired { job, at } => format!("repaired by {job} at {}", text(*at)),
        };
        let _ = writeln!(out, "  {} {}: {state}", step.batch, text(step.period.mark));
    }
    out
}
