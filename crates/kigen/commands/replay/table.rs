//! The result of a replay as a table, JSON lines or CSV.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::slot::{Excuse, Verdict};
use serde_json::{Map, Value as Json, json};

use super::past::{Name, Past};
use super::slots::{Judged, Sums};
use crate::cli::{FormatArg, ReplayArgs};
use crate::output::{columns, human, text};
use crate::warned::ahead;

/// An objective or a slot, for JSON and CSV.
pub(super) type Row = Vec<(&'static str, Json)>;

/// One objective's slots, beside the alerts and warnings.
#[derive(Default)]
struct Sum {
    of_slots: Sums,
    /// Missed by the replay, but not alerted.
    more: Vec<Instant>,
    /// Alerted, but not missed by the replay.
    fewer: Vec<Instant>,
    /// The deadlines with which half of the budget of misses is spent by the replay, and with which all of it is.
    spent: [Vec<Instant>; 2],
    /// How many warnings the replay raises that a deadline is at risk.
    warnings: usize,
    /// How long before its deadline the replay warns of a miss, of each that it warns of; shortest first.
    warned_before: Vec<TimeDelta>,
}

/// Prints the verdicts in the requested format.
pub(super) fn print(past: &Past, args: &ReplayArgs) -> anyhow::Result<()> {
    let rows = if args.slots { slots(past) } else { sums(past) };
    let text = match args.format {
        FormatArg::Table if args.slots => {
            let heads = ["BATCH", "OBJECTIVE", "DEADLINE", "VERDICT", "MARGIN", "WARNED BEFORE"];
            columns(&heads, &shown_slots(past))
        }
        FormatArg::Table => shown_sums(past),
        FormatArg::Json => rows.into_iter().map(json_line).collect(),
        FormatArg::Csv => csv(&rows)?,
    };
    crate::output::print(&text)
}

fn sum_of(past: &Past) -> BTreeMap<(String, String), Sum> {
    let nothing = BTreeSet::new();
    let mut sums = BTreeMap::new();
    for (name @ (key, objective), slots) in &past.slots {
        let alerted = past.alerted.get(name).unwrap_or(&nothing);
        let of_slots = slots.sums();
        let missed: BTreeSet<Instant> = of_slots.alertable().collect();
        let mut warned_before: Vec<TimeDelta> =
            missed.iter().filter_map(|deadline| past.warned.before(name, *deadline)).collect();
        warned_before.sort();
        let spent = past
            .spent
            .get(name)
            .map(|spent| spent.each_ref().map(|deadlines| deadlines.iter().copied().collect()));
        let sum = Sum {
            more: missed.difference(alerted).copied().collect(),
            fewer: alerted.difference(&missed).copied().collect(),
            spent: spent.unwrap_or_default(),
            warnings: past.warned.count(name, |deadline| past.has(deadline)),
            warned_before,
            of_slots,
        };
        sums.insert((key.to_string(), objective.clone()), sum);
    }
    for (name @ (key, objective), alerted) in &past.alerted {
        if !past.slots.contains_key(name) && !alerted.is_empty() {
            let sum = Sum { fewer: alerted.iter().copied().collect(), ..Sum::default() };
            sums.insert((key.to_string(), objective.clone()), sum);
        }
    }
    sums
}

impl Sum {
    fn missed(&self) -> usize {
        self.of_slots.missed.len() - self.of_slots.muted()
    }

    fn margin(&self, percent: u8) -> Option<TimeDelta> {
        self.of_slots.margins.percentile(percent)
    }
}

fn sums(past: &Past) -> Vec<Row> {
    let seconds = |margin: Option<TimeDelta>| margin.map(|margin| margin.num_seconds());
    let instants = |of: &[Instant]| of.iter().copied().map(text).collect::<Vec<_>>();
    sum_of(past)
        .into_iter()
        .map(|((batch, objective), sum)| {
            vec![
                ("batch", json!(batch)),
                ("objective", json!(objective)),
                ("met", json!(sum.of_slots.met)),
                ("missed", json!(sum.missed())),
                ("unknown", json!(sum.of_slots.unknown)),
                ("excused", json!(sum.of_slots.excused)),
                ("margin_s_min", json!(seconds(sum.margin(0)))),
                ("margin_s_median", json!(seconds(sum.margin(50)))),
                ("margin_s_p95", json!(seconds(sum.margin(95)))),
                ("missed_but_not_alerted", json!(instants(&sum.more))),
                ("alerted_but_not_missed", json!(instants(&sum.fewer))),
                ("missed_and_muted", json!(sum.of_slots.muted())),
                ("budget_half_spent", json!(instants(&sum.spent[0]))),
                ("budget_spent", json!(instants(&sum.spent[1]))),
                ("warnings", json!(sum.warnings)),
                ("missed_and_warned_of", json!(sum.warned_before.len())),
                ("warned_before_s_max", json!(seconds(sum.warned_before.last().copied()))),
            ]
        })
        .collect()
}

fn slots(past: &Past) -> Vec<Row> {
    let mut rows = Vec::new();
    for (name @ (key, objective), slots) in &past.slots {
        for (deadline, Judged { verdict, is_muted }) in &slots.judged {
            let warned_before =
                warned_before(past, name, *deadline, verdict).map(|before| before.num_seconds());
            let (verdict, detail, ended_at) = verdict_parts(verdict);
            rows.push(vec![
                ("batch", json!(key.to_string())),
                ("objective", json!(objective)),
                ("deadline", json!(text(*deadline))),
                ("verdict", json!(verdict)),
                ("cause", json!(detail)),
                ("ended_at", json!(ended_at.map(text))),
                ("margin_s", json!(ended_at.map(|ended_at| (*deadline - ended_at).num_seconds()))),
                ("warned_before_s", json!(warned_before)),
                ("muted", json!(is_muted)),
            ]);
        }
    }
    rows
}

/// A verdict as its columns have it: its name, the cause of a miss or excuse, and when the slot was met.
pub(crate) fn verdict_parts(verdict: &Verdict) -> (&'static str, Option<&'static str>, Option<Instant>) {
    match verdict {
        Verdict::Met { ended_at } => ("met", None, Some(*ended_at)),
        Verdict::Missed(cause) => ("missed", Some(cause.label()), None),
        Verdict::Unknown(_) => ("unknown", None, None),
        Verdict::Excused(Excuse::NoFire) => ("excused", Some("no_fire"), None),
        Verdict::Excused(Excuse::Partial) => ("excused", Some("partial"), None),
        Verdict::Excused(Excuse::Calendar) => ("excused", Some("calendar"), None),
    }
}

fn shown_slots(past: &Past) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for (name @ (key, objective), slots) in &past.slots {
        for (deadline, Judged { verdict, is_muted }) in &slots.judged {
            let warned_before = warned_before(past, name, *deadline, verdict).map_or(String::new(), ahead);
            let (verdict, detail, ended_at) = verdict_parts(verdict);
            let detail = detail.map_or(String::new(), |detail| format!(", {}", detail.replace('_', " ")));
            let margin = ended_at.map_or(String::new(), |ended_at| human(*deadline - ended_at));
            rows.push(vec![
                key.to_string(),
                objective.clone(),
                text(*deadline),
                format!("{verdict}{detail}{}", if *is_muted { ", muted" } else { "" }),
                margin,
                warned_before,
            ]);
        }
    }
    rows
}

fn shown_sums(past: &Past) -> String {
    let heads = [
        "BATCH",
        "OBJECTIVE",
        "MET",
        "MISSED",
        "MUTED",
        "UNKNOWN",
        "EXCUSED",
        "MARGIN MIN",
        "MEDIAN",
        "P95",
        "WARNED OF",
        "COMPARED WITH ALERTS",
    ];
    let sums = sum_of(past);
    let margin = |margin: Option<TimeDelta>| margin.map_or("-".to_owned(), human);
    let rows: Vec<Vec<String>> = sums
        .iter()
        .map(|((batch, objective), sum)| {
            vec![
                batch.clone(),
                objective.clone(),
                sum.of_slots.met.to_string(),
                sum.missed().to_string(),
                sum.of_slots.muted().to_string(),
                sum.of_slots.unknown.to_string(),
                sum.of_slots.excused.to_string(),
                margin(sum.margin(0)),
                margin(sum.margin(50)),
                margin(sum.margin(95)),
                warned(sum),
                difference(sum),
            ]
        })
        .collect();
    let mut out = columns(&heads, &rows);
    let total = |count: fn(&Sum) -> usize| sums.values().map(count).sum::<usize>();
    let _ = writeln!(
        out,
        "\n{} objectives: {} slots met, {} missed, {} muted, {} unknown, {} excused; {} missed but not alerted, {} alerted but not missed",
        sums.len(),
        total(|sum| sum.of_slots.met),
        total(Sum::missed),
        total(|sum| sum.of_slots.muted()),
        total(|sum| sum.of_slots.unknown),
        total(|sum| sum.of_slots.excused),
        total(|sum| sum.more.len()),
        total(|sum| sum.fewer.len()),
    );
    for ((batch, objective), sum) in &sums {
        if let Some(first) = sum.spent[1].first() {
            let _ = writeln!(
                out,
                "{objective} of {batch} spends its budget of misses with the deadline {}",
                text(*first)
            );
        }
    }
    out
}

/// How long before a miss the replay warns of it; what it warns of and what was met, too, is no such warning.
fn warned_before(past: &Past, name: &Name, deadline: Instant, verdict: &Verdict) -> Option<TimeDelta> {
    match verdict {
        Verdict::Missed(_) => past.warned.before(name, deadline),
        Verdict::Met { .. } | Verdict::Unknown(_) | Verdict::Excused(_) => None,
    }
}

/// How many of the missed deadlines the replay warns of, and how long before at most.
fn warned(sum: &Sum) -> String {
    match sum.warned_before.last() {
        None => "-".to_owned(),
        Some(most) => {
            format!("{} of {}, {} before", sum.warned_before.len(), sum.missed(), ahead(*most))
        }
    }
}

fn difference(sum: &Sum) -> String {
    match (sum.more.len(), sum.fewer.len()) {
        (0, 0) => "the same".to_owned(),
        (more, 0) => format!("{more} more missed"),
        (0, fewer) => format!("{fewer} fewer missed"),
        (more, fewer) => format!("{more} more missed, {fewer} fewer"),
    }
}

/// A row as a line of JSON.
pub(super) fn json_line(row: Row) -> String {
    let object: Map<String, Json> = row.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    format!("{}\n", Json::Object(object))
}

/// Rows as comma-separated values with a header.
pub(super) fn csv(rows: &[Row]) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    if let Some(first) = rows.first() {
        writer.write_record(first.iter().map(|(name, _)| name))?;
    }
    for row in rows {
        writer.write_record(row.iter().map(|(_, value)| match value {
            Json::Null => String::new(),
            Json::String(text) => text.clone(),
            Json::Array(items) => items.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(" "),
            other => other.to_string(),
        }))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}
