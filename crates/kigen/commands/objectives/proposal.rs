//! `kigen objectives pull --check`: what a sheet would change, and what the change would have paged, as Markdown for a comment on a
//! pull request.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use chrono::{TimeDelta, Utc};
use kigen_model::Instant;
use kigen_model::objective::{Objective, ObjectiveSource};
use kigen_objective::file::{Contents, FileObjective, read_file};
use kigen_objective::sheet::Sheet;
use kigen_shipper::index::withdrawals::are_many;
use kigen_state::Plan;

use super::fields::{deadlines, described, id};
use crate::batch_table::BatchTable;
use crate::commands::replay::misses;
use crate::config::Config;
use crate::output::{print, text};
use crate::reader::open;

/// How far back the change is tried.
const PAST: TimeDelta = TimeDelta::days(90);
/// The most deadlines of an objective that are listed.
const DEADLINES_MAX: usize = 10;

/// What changes about one objective.
struct Change {
    present: Option<FileObjective>,
    proposed: Option<FileObjective>,
}

/// Prints what would change against the file, or against what the log has of one.
pub(super) fn run(config: &Config, file: Option<&Path>, sheet: Sheet) -> anyhow::Result<()> {
    let file = file.or(config.objectives_file.as_deref()).filter(|file| file.exists());
    let reader = config.log_dir().exists().then(|| open(config)).transpose()?;
    let table = reader.as_deref().map(|reader| BatchTable::read(reader, None)).transpose()?;
    let (present, against) = match (file, &table) {
        (Some(file), _) => (read_file(file, &config.cluster)?, format!("`{}`", file.display())),
        (None, Some(table)) => {
            (contents(of_log(table)), "the objectives of a file or sheet in the log".to_owned())
        }
        (None, None) => (contents(Vec::new()), "nothing: there is neither a file nor a log".to_owned()),
    };
    let (refused, in_force) = (sheet.refused, present.objectives.len());
    let changes = changes(&present.objectives, sheet.objectives);
    let mut out =
        format!("## Objectives of the sheet\n\nCompared with {against}: {}.\n", counts(&changes, in_force));
    let withdrawn = changes.values().filter(|change| change.proposed.is_none()).count();
    if are_many(withdrawn, in_force) {
        let _ = writeln!(
            out,
            "\n**{withdrawn} of {in_force} objectives would be withdrawn.** Is the sheet whole? kigen does so only when it is confirmed \
             by `--confirm-withdrawals {withdrawn}`."
        );
    }
    if !changes.is_empty() {
        out.push_str(&table_of(&changes));
    }
    if !refused.is_empty() {
        let _ = writeln!(out, "\n### Rows that are refused\n");
        for row in refused {
            let _ = writeln!(out, "- row {}: {}", row.row, plain(&row.reason));
        }
    }
    if let Some(table) = &table {
        out.push_str(&unknown(&changes, table));
    }
    if let (Some(reader), Some(table), false) = (reader, table, changes.is_empty()) {
        let until = table.judged_until.unwrap_or_else(Utc::now);
        let from = until - PAST;
        let catalog = present.catalog;
        let of = |objectives| Contents { catalog: catalog.clone(), ..contents(objectives) };
        let sides = changes.into_values().map(|change| (change.present, change.proposed));
        let (present, proposed): (Vec<_>, Vec<_>) = sides.unzip();
        let before = misses(&*reader, of(present.into_iter().flatten().collect()), (from, until))?;
        let after = misses(&*reader, of(proposed.into_iter().flatten().collect()), (from, until))?;
        out.push_str(&paged(&before, &after, (from, until)));
    }
    print(&out)
}

fn contents(objectives: Vec<FileObjective>) -> Contents {
    Contents {
        objectives,
        catalog: Default::default(),
        mutes: Vec::new(),
        reads: Vec::new(),
        problems: Default::default(),
    }
}

/// The objectives in force that a file or a sheet declared.
fn of_log(table: &BatchTable) -> Vec<FileObjective> {
    let states =
        table.batches.iter().flat_map(|(key, batch)| batch.objectives.iter().map(move |one| (key, one)));
    let of_file = states.filter(|(_, (_, state))| {
        state.objective.source == ObjectiveSource::File
            && state.plan != Plan::Withdrawn
            && state.withdrawn_at.is_none()
    });
    of_file
        .map(|(key, (name, state))| FileObjective {
            key: key.clone(),
            name: name.clone(),
            line: 0,
            // As a file has it: the schedule is looked up.
            objective: state.objective.with_target_schedule(None),
        })
        .collect()
}

fn changes(present: &[FileObjective], proposed: Vec<FileObjective>) -> BTreeMap<(String, String), Change> {
    let mut changes: BTreeMap<(String, String), Change> = BTreeMap::new();
    for one in present {
        changes.insert(id(one), Change { present: Some(one.clone()), proposed: None });
    }
    for one in proposed {
        let change = changes.entry(id(&one)).or_insert(Change { present: None, proposed: None });
        change.proposed = Some(one);
    }
    let objective = |of: &Option<FileObjective>| of.as_ref().map(|of| of.objective.clone());
    changes.retain(|_, change| objective(&change.present) != objective(&change.proposed));
    changes
}

fn counts(changes: &BTreeMap<(String, String), Change>, in_force: usize) -> String {
    let count = |has: fn(&Change) -> bool| changes.values().filter(|change| has(change)).count();
    let added = count(|change| change.present.is_none());
    let withdrawn = count(|change| change.proposed.is_none());
    let changed = changes.len() - added - withdrawn;
    let unchanged = in_force - changed - withdrawn;
    format!("{added} added, {changed} changed, {withdrawn} withdrawn, {unchanged} unchanged")
}

fn table_of(changes: &BTreeMap<(String, String), Change>) -> String {
    let mut out = "\n| | batch | objective | what | row |\n|---|---|---|---|---|\n".to_owned();
    for Change { present, proposed } in changes.values() {
        let (kind, one) = match (present, proposed) {
            (None, Some(one)) => ("added", one),
            (Some(_), Some(one)) => ("changed", one),
            (Some(one), None) => ("**withdrawn**", one),
            (None, None) => continue,
        };
        let batch = format!("{}/{}", one.key.namespace, one.key.batch);
        let what = match (present, proposed) {
            (Some(present), Some(proposed)) => difference(&present.objective, &proposed.objective),
            _ => code(&deadlines(&one.objective)),
        };
        let row = proposed.as_ref().map_or(String::new(), |one| one.line.to_string());
        let _ = writeln!(out, "| {kind} | {} | {} | {what} | {row} |", code(&batch), code(&one.name));
    }
    out
}

/// The fields that differ, each from what to what.
fn difference(present: &Objective, proposed: &Objective) -> String {
    let (present, proposed) = (described(present), described(proposed));
    let names: BTreeSet<&str> = present.keys().chain(proposed.keys()).copied().collect();
    let shown = |value: Option<&String>| value.map_or("none".to_owned(), |value| code(value));
    let changed = names.into_iter().filter(|name| present.get(name) != proposed.get(name));
    let changed =
        changed.map(|name| format!("{name}: {} to {}", shown(present.get(name)), shown(proposed.get(name))));
    changed.collect::<Vec<_>>().join("; ")
}

/// The batches of the proposed objectives that the log does not have.
fn unknown(changes: &BTreeMap<(String, String), Change>, table: &BatchTable) -> String {
    let proposed = changes.values().filter_map(|change| change.proposed.as_ref());
    let unknown = proposed.filter(|one| !table.batches.contains_key(&one.key));
    let lines = unknown.map(|one| {
        let batch = format!("{}/{}", one.key.namespace, one.key.batch);
        format!(
            "- row {}: {}: each deadline will be missed; check namespace and name\n",
            one.line,
            code(&batch)
        )
    });
    let lines: String = lines.collect();
    if lines.is_empty() { lines } else { format!("\n### Batches that kigen has never seen\n\n{lines}") }
}

type Misses = BTreeMap<(String, String), BTreeSet<Instant>>;

/// What would have been paged of the changed objectives.
fn paged(before: &Misses, after: &Misses, (from, until): (Instant, Instant)) -> String {
    let mut out = format!("\n### Misses from {} to {}\n\n", text(from), text(until));
    let none = BTreeSet::new();
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let mut rows = String::new();
    let (mut more_in_all, mut fewer_in_all) = (0, 0);
    for name in names {
        let (before, after) = (before.get(name).unwrap_or(&none), after.get(name).unwrap_or(&none));
        let more: Vec<Instant> = after.difference(before).copied().collect();
        let fewer: Vec<Instant> = before.difference(after).copied().collect();
        more_in_all += more.len();
        fewer_in_all += fewer.len();
        if more.is_empty() && fewer.is_empty() {
            continue;
        }
        let batch = name.0.split_once('/').map_or(name.0.as_str(), |(_, batch)| batch);
        let _ = writeln!(
            rows,
            "| {} | {} | {} | {} | {} |",
            code(batch),
            code(&name.1),
            after.len(),
            listed(&more),
            listed(&fewer)
        );
    }
    if rows.is_empty() {
        let same = before.values().map(BTreeSet::len).sum::<usize>();
        let _ = writeln!(
            out,
            "The change would have paged nothing else: {same} misses of these objectives before and after."
        );
        return out;
    }
    let _ = writeln!(
        out,
        "The change would have paged {more_in_all} times more, and {fewer_in_all} times less:\n\n\
         | batch | objective | misses | more | fewer |\n|---|---|---|---|---|\n{rows}"
    );
    out.trim_end().to_owned() + "\n"
}

fn listed(deadlines: &[Instant]) -> String {
    let shown: Vec<String> = deadlines.iter().take(DEADLINES_MAX).map(|at| text(*at)).collect();
    let more = deadlines.len().saturating_sub(DEADLINES_MAX);
    match (shown.is_empty(), more) {
        (true, _) => "-".to_owned(),
        (false, 0) => format!("{}: {}", deadlines.len(), shown.join(", ")),
        (false, more) => format!("{}: {} and {more} others", deadlines.len(), shown.join(", ")),
    }
}

/// A text of a sheet as code: neither Markdown nor a mention of a user.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'").replace('|', "\\|"))
}

/// A reason, whose quoted parts are code already.
fn plain(text: &str) -> String {
    text.replace('@', "@\u{200b}").replace('<', "&lt;")
}
