//! `kigen objectives`: checks a file of objectives, lists the objectives in force, and writes the file from a sheet.

mod fields;
mod proposal;
mod pull;
mod starts;
mod suggest;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use chrono::Utc;
use kigen_engine::lint::{is_duplicate, lint};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Objective, ObjectiveSource, Schedule};
use kigen_objective::annotation::{COMPLETE_BY, reserved_for};
use kigen_objective::file::{FileObjective, read_file};
use kigen_ops::error_chain;
use kigen_shipper::preflight::{Unresolved, unresolved_objectives};
use kigen_shipper::server_clock::Clock;
use kigen_shipper::settings::Settings;
use kigen_state::{BatchState, ObjectiveState, Plan};

use self::fields::deadlines;
use crate::batch_table::{BatchTable, last_verdict, next_deadline, note, sum};
use crate::cli::ObjectivesArgs;
use crate::config::Config;
use crate::output::{columns, print};
use crate::reader::{open, unknown_batch};

/// The longest wait for the cluster's answer, which most of the list does not need.
const CLUSTER_MS_MAX: u64 = 3_000;

/// Checks a file, lists the objectives in force, or reads a sheet.
pub(crate) fn run(config: &Config, args: &ObjectivesArgs) -> anyhow::Result<()> {
    match args {
        ObjectivesArgs::Check { file } => check(config, file),
        ObjectivesArgs::Pull(args) => pull::run(config, args),
        ObjectivesArgs::Suggest(args) => suggest::run(config, args),
        ObjectivesArgs::List { batch } => list(config, batch.as_deref()),
    }
}

fn check(config: &Config, file: &Path) -> anyhow::Result<()> {
    let objectives = read_file(file, &config.cluster)?.whole(file)?.objectives;
    let mut out = String::new();
    let mut warnings = Vec::new();
    let mut table = BatchTable::default();
    if config.log_dir().exists() {
        table = BatchTable::read(&*open(config)?, None)?;
        warnings.extend(objectives.iter().flat_map(|objective| warnings_of(objective, &table)));
    } else {
        let _ = writeln!(
            out,
            "there is no event log in {}, so objectives are not checked against batches; name it by --data-dir",
            config.data_dir.display()
        );
    }
    warnings.extend(duplicates_in(&objectives, &table));
    warnings.sort();
    for (line, warning) in &warnings {
        let _ = writeln!(out, "line {line}: {warning}");
    }
    let understood = format!("{}: {} objectives, all understood", file.display(), objectives.len());
    let _ = match warnings.len() {
        0 => writeln!(out, "{understood}"),
        1 => writeln!(out, "{understood}; 1 warning"),
        warnings => writeln!(out, "{understood}; {warnings} warnings"),
    };
    print(&out)
}

type Warning = (u64, String);

/// What can never be met, by the runs in the log.
fn warnings_of(of_file: &FileObjective, table: &BatchTable) -> Vec<Warning> {
    let FileObjective { key, name, line, objective } = of_file;
    let batch = table.batches.get(key);
    let objective = resolved(key, objective, table);
    let from = table.judged_until.unwrap_or_else(Utc::now);
    let about = |text: String| (*line, format!("`{name}` of {}/{}: {text}", key.namespace, key.batch));
    let mut warnings: Vec<Warning> = lint(&objective, batch, from).into_iter().map(about).collect();
    if let Some(annotation) = reserved_for(name) {
        let text = format!(
            "this name is reserved for the annotation {annotation}, so that `kigen up` ignores this objective; \
             rename it"
        );
        warnings.push(about(text));
    }
    for (other, is) in batch.into_iter().flat_map(|batch| &batch.objectives) {
        let is_annotated = is.objective.source == ObjectiveSource::Annotation && is.plan != Plan::Withdrawn;
        if is_annotated && other != name && is_duplicate(&objective, &is.objective, batch) {
            warnings.push(about(format!(
                "the annotation {COMPLETE_BY} declares the same: a miss is alerted twice"
            )));
        }
    }
    warnings
}

/// The objective with the schedule of the CronJob under `before`, by the log.
fn resolved(key: &BatchKey, objective: &Objective, table: &BatchTable) -> Objective {
    let target = objective.target().map(|(namespace, name)| BatchKey::new(&key.cluster, namespace, name));
    let cron_job = target.and_then(|target| table.batches.get(&target)?.cron_job.as_ref());
    let living = cron_job.filter(|cron_job| cron_job.deleted_at.is_none());
    objective.with_target_schedule(living.map(|living| Schedule::of(&living.cron_job)))
}

fn duplicates_in(objectives: &[FileObjective], table: &BatchTable) -> Vec<Warning> {
    let mut by_batch: BTreeMap<&BatchKey, Vec<&FileObjective>> = BTreeMap::new();
    let mut warnings = Vec::new();
    for one in objectives {
        let others = by_batch.entry(&one.key).or_default();
        let batch = table.batches.get(&one.key);
        let twin = others.iter().find(|other| is_duplicate(&other.objective, &one.objective, batch));
        if let Some(FileObjective { name, line, .. }) = twin {
            let text = format!(
                "`{}` of {}/{}: `{name}` on line {line} declares the same: a miss is alerted twice",
                one.name, one.key.namespace, one.key.batch
            );
            warnings.push((one.line, text));
        }
        others.push(one);
    }
    warnings
}

fn list(config: &Config, batch: Option<&str>) -> anyhow::Result<()> {
    let table = BatchTable::read(&*open(config)?, batch)?;
    if let Some(batch) = batch.filter(|_| table.batches.is_empty()) {
        return Err(unknown_batch(batch));
    }
    let rows: Vec<Vec<String>> = table.batches.values().flat_map(rows_of).collect();
    let heads = ["BATCH", "OBJECTIVE", "FROM", "DEADLINES", "NEXT", "LAST VERDICT", "NOTE"];
    let mut out = columns(&heads, &rows);
    let _ = writeln!(out, "\n{}", sum(&table, rows.len()));
    if batch.is_none() {
        out.push_str(&of_cluster(&config.kubernetes)?);
    }
    print(&out)
}

/// The Objectives of the cluster that match no batch, which therefore are not in the log.
fn of_cluster(settings: &Settings) -> anyhow::Result<String> {
    let settings = Settings { answer_ms_max: CLUSTER_MS_MAX, ..settings.clone() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let Unresolved { server, all, of: _ } =
        match runtime.block_on(unresolved_objectives(&settings, Clock::new(Utc::now))) {
            Ok(unresolved) => unresolved,
            // No cluster is configured, and none is found: the log alone is listed.
            Err(error) if error.is_missing_file() && !settings.access.is_named() => return Ok(String::new()),
            Err(error) => {
                tracing::warn!(
                    "Objectives of the cluster that match no batch are not listed: {}",
                    error_chain(&error)
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
    Ok(format!("\nnot in force as written, in the cluster at {server}:\n\n{table}"))
}

fn rows_of(state: &BatchState) -> Vec<Vec<String>> {
    let in_force = state.objectives.iter().filter(|(_, objective)| objective.plan != Plan::Withdrawn);
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
    in_force.map(row).collect()
}

/// Why the objective does not match its batch.
fn unresolved(state: &BatchState, objective: &ObjectiveState) -> Option<String> {
    let is_there = state.cron_job.as_ref().is_some_and(|cron_job| cron_job.deleted_at.is_none());
    let needs_cron_job = objective.withdrawn_at.is_none() && !objective.objective.is_of_jobs;
    (needs_cron_job && !is_there).then(|| "there is no such CronJob".to_owned())
}
