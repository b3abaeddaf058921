//! `kigen objectives`: whether a file says what can be meant and what can be, and which objectives hold.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use chrono::Utc;
use kigen_engine::lint::{is_duplicate, lint};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource, Schedule};
use kigen_model::reasons::reasons;
use kigen_objective::annotation::{ANNOTATED_OBJECTIVE, COMPLETE_BY};
use kigen_objective::file::{FileObjective, read_file};
use kigen_shipper::preflight::{Unresolved, unresolved_objectives};
use kigen_shipper::server_clock::Clock;
use kigen_shipper::settings::Settings;
use kigen_state::{BatchState, ObjectiveState, Plan};

use super::events::open;
use super::status::{Known, columns, last_verdict, next_deadline, note, sum};
use crate::cli::ObjectivesArgs;
use crate::config::Config;

/// How long the cluster may take for an answer: the list waits for it, and most of it does not need it.
const CLUSTER_MS_MAX: u64 = 3_000;

/// Checks a file, or lists what holds.
pub(crate) fn run(config: &Config, args: &ObjectivesArgs) -> anyhow::Result<()> {
    match args {
        ObjectivesArgs::Check { file } => check(config, file),
        ObjectivesArgs::List { batch } => list(config, batch.as_deref()),
    }
}

fn check(config: &Config, file: &Path) -> anyhow::Result<()> {
    let written = read_file(file, &config.cluster)?.whole(file)?;
    let mut out = String::new();
    let mut warnings = Vec::new();
    let mut known = Known::default();
    if config.log_dir().exists() {
        known = Known::read(&*open(config)?, None)?;
        warnings.extend(written.iter().flat_map(|written| warnings_of(written, &known)));
    } else {
        let _ = writeln!(
            out,
            "there is no event log in {}, so nothing is known of the batches; name it by --data-dir",
            config.data_dir.display()
        );
    }
    warnings.extend(said_twice_in(&written, &known));
    warnings.sort();
    for (line, warning) in &warnings {
        let _ = writeln!(out, "line {line}: {warning}");
    }
    let understood = format!("{}: {} objectives, all understood", file.display(), written.len());
    let _ = match warnings.len() {
        0 => writeln!(out, "{understood}"),
        1 => writeln!(out, "{understood}; 1 warning"),
        warnings => writeln!(out, "{understood}; {warnings} warnings"),
    };
    super::print(&out)
}

type Warning = (u64, String);

/// What can never work by what is known of the cluster.
fn warnings_of(written: &FileObjective, known: &Known) -> Vec<Warning> {
    let FileObjective { key, name, line, objective } = written;
    let batch = known.batches.get(key);
    let objective = resolved(key, objective, known);
    let from = known.judged_until.unwrap_or_else(Utc::now);
    let about = |text: String| (*line, format!("`{name}` of {}/{}: {text}", key.namespace, key.batch));
    let mut warnings: Vec<Warning> = lint(&objective, batch, from).into_iter().map(about).collect();
    if name == ANNOTATED_OBJECTIVE {
        let text = format!(
            "this is the name of the objective that the annotation {COMPLETE_BY} makes, so that `kigen up` leaves it out; \
             name it otherwise"
        );
        warnings.push(about(text));
    }
    for (other, is) in batch.into_iter().flat_map(|batch| &batch.objectives) {
        let is_annotated = is.objective.source == ObjectiveSource::Annotation && is.plan != Plan::Withdrawn;
        if is_annotated && other != name && is_duplicate(&objective, &is.objective, batch) {
            warnings.push(about(format!("the annotation {COMPLETE_BY} says the same: a miss is told twice")));
        }
    }
    warnings
}

/// The objective with the schedule that it follows, as the log knows it.
fn resolved(key: &BatchKey, objective: &Objective, known: &Known) -> Objective {
    let target = objective.target().map(|(namespace, name)| BatchKey::new(&key.cluster, namespace, name));
    let cron_job = target.and_then(|target| known.batches.get(&target)?.cron_job.as_ref());
    let living = cron_job.filter(|known| known.deleted_at.is_none());
    objective.with_target_schedule(living.map(|known| Schedule::of(&known.cron_job)))
}

fn said_twice_in(written: &[FileObjective], known: &Known) -> Vec<Warning> {
    let mut by_batch: BTreeMap<&BatchKey, Vec<&FileObjective>> = BTreeMap::new();
    let mut warnings = Vec::new();
    for written in written {
        let others = by_batch.entry(&written.key).or_default();
        let batch = known.batches.get(&written.key);
        let twin = others.iter().find(|other| is_duplicate(&other.objective, &written.objective, batch));
        if let Some(FileObjective { name, line, .. }) = twin {
            let text = format!(
                "`{}` of {}/{}: `{name}` on line {line} says the same: a miss is told twice",
                written.name, written.key.namespace, written.key.batch
            );
            warnings.push((written.line, text));
        }
        others.push(written);
    }
    warnings
}

fn list(config: &Config, batch: Option<&str>) -> anyhow::Result<()> {
    let known = Known::read(&*open(config)?, batch)?;
    let rows: Vec<Vec<String>> = known.batches.values().flat_map(rows_of).collect();
    let heads = ["BATCH", "OBJECTIVE", "FROM", "DEADLINES", "NEXT", "LAST VERDICT", "NOTE"];
    let mut out = columns(&heads, &rows);
    let _ = writeln!(out, "\n{}", sum(&known, rows.len()));
    if batch.is_none() {
        out.push_str(&of_cluster(&config.kubernetes)?);
    }
    super::print(&out)
}

/// What the log cannot have, since it belongs to no batch: Objectives of the cluster that hold for none.
fn of_cluster(settings: &Settings) -> anyhow::Result<String> {
    let settings = Settings { answer_ms_max: CLUSTER_MS_MAX, ..settings.clone() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let Unresolved { server, all } =
        match runtime.block_on(unresolved_objectives(&settings, Clock::new(Utc::now))) {
            Ok(unresolved) => unresolved,
            // Nobody names a cluster, and there is none: it is the log alone that is asked.
            Err(error) if error.is_missing_file() && !settings.access.is_named() => return Ok(String::new()),
            Err(error) => {
                tracing::warn!(
                    "Objectives in the cluster that hold for no batch are not shown: {}",
                    reasons(&error)
                );
                return Ok(String::new());
            }
        };
    if all.is_empty() {
        return Ok(String::new());
    }
    let rows: Vec<Vec<String>> = all
        .into_iter()
        .map(|(namespace, name, problem)| vec![format!("{namespace}/{name}"), problem])
        .collect();
    let table = columns(&["OBJECTIVE", "PROBLEM"], &rows);
    Ok(format!("\nin the cluster at {server}, these do not hold as they are written:\n\n{table}"))
}

fn rows_of(state: &BatchState) -> Vec<Vec<String>> {
    let holding = state.objectives.iter().filter(|(_, objective)| objective.plan != Plan::Withdrawn);
    let row = |(name, objective): (&String, &ObjectiveState)| {
        vec![
            state.key.to_string(),
            name.clone(),
            objective.objective.source.label().to_owned(),
            deadlines(&objective.objective),
            next_deadline(objective),
            last_verdict(objective),
            unresolved(state, objective).unwrap_or_else(|| note(objective)),
        ]
    };
    holding.map(row).collect()
}

fn deadlines(objective: &Objective) -> String {
    match &objective.deadlines {
        Deadlines::CompleteBy { crontab } => format!("by {crontab}"),
        Deadlines::Before { namespace, cron_job, .. } => format!("before {namespace}/{cron_job}"),
    }
}

/// Why the objective's batch is not what it takes it for.
fn unresolved(state: &BatchState, objective: &ObjectiveState) -> Option<String> {
    let is_there = state.cron_job.as_ref().is_some_and(|known| known.deleted_at.is_none());
    let holds = objective.withdrawn_at.is_none() && !objective.objective.is_of_jobs;
    (holds && !is_there).then(|| "there is no such CronJob".to_owned())
}
