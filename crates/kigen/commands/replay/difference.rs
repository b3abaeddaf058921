//! What differs between two pasts, slot by slot.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use kigen_model::Instant;
use kigen_model::slot::Verdict;
use serde_json::json;

use super::past::Past;
use super::slots::Judged;
use super::table::{Row, csv, json_line, verdict_parts};
use crate::cli::FormatArg;
use crate::output::{columns, human, print, text};

/// A slot whose verdict, cause or result differs.
struct Difference<'a> {
    batch: String,
    objective: &'a str,
    deadline: Instant,
    before: Option<&'a Verdict>,
    after: Option<&'a Verdict>,
}

/// Prints the slots that differ.
pub(super) fn print_difference(before: &Past, after: &Past, format: FormatArg) -> anyhow::Result<()> {
    let differences = differences(before, after);
    let text = match format {
        FormatArg::Table => table(&differences, before, after),
        FormatArg::Json => differences.iter().map(row).map(json_line).collect(),
        FormatArg::Csv => csv(&differences.iter().map(row).collect::<Vec<_>>())?,
    };
    print(&text)
}

fn differences<'a>(before: &'a Past, after: &'a Past) -> Vec<Difference<'a>> {
    let names: BTreeSet<_> = before.slots.keys().chain(after.slots.keys()).collect();
    let none = BTreeMap::new();
    let mut differences = Vec::new();
    for name @ (key, objective) in names {
        let of = |past: &'a Past| past.slots.get(name).map(|slots| &slots.judged);
        let (before, after) = (of(before), of(after));
        let deadlines: BTreeSet<&Instant> =
            before.unwrap_or(&none).keys().chain(after.unwrap_or(&none).keys()).collect();
        for deadline in deadlines {
            let verdict = |of: Option<&'a BTreeMap<Instant, Judged>>| Some(&of?.get(deadline)?.verdict);
            let (before, after) = (verdict(before), verdict(after));
            if before.map(verdict_parts) != after.map(verdict_parts) {
                let batch = key.to_string();
                differences.push(Difference { batch, objective, deadline: *deadline, before, after });
            }
        }
    }
    differences
}

fn table(differences: &[Difference<'_>], before: &Past, after: &Past) -> String {
    let rows: Vec<Vec<String>> = differences
        .iter()
        .map(|of| {
            let shown =
                |verdict: Option<&Verdict>| verdict.map_or("-".to_owned(), |it| shown(it, of.deadline));
            vec![
                of.batch.clone(),
                of.objective.to_owned(),
                text(of.deadline),
                shown(of.before),
                shown(of.after),
            ]
        })
        .collect();
    let mut out = columns(&["BATCH", "OBJECTIVE", "DEADLINE", "BEFORE", "AFTER"], &rows);
    let missed = |past: &Past| past.slots.values().map(|slots| slots.sums().missed.len()).sum::<usize>();
    let _ = writeln!(
        out,
        "\n{} slots differ; missed before: {}, after: {}",
        differences.len(),
        missed(before),
        missed(after)
    );
    out
}

fn shown(verdict: &Verdict, deadline: Instant) -> String {
    let (name, detail, ended_at) = verdict_parts(verdict);
    match (detail, ended_at) {
        (Some(detail), _) => format!("{name}, {}", detail.replace('_', " ")),
        (None, Some(ended_at)) if ended_at > deadline => {
            format!("{name}, {} after", human(ended_at - deadline))
        }
        (None, Some(ended_at)) => format!("{name}, {} before", human(deadline - ended_at)),
        (None, None) => name.to_owned(),
    }
}

fn row(of: &Difference<'_>) -> Row {
    let parts = |verdict: Option<&Verdict>| match verdict.map(verdict_parts) {
        Some((name, detail, ended_at)) => (Some(name), detail, ended_at),
        None => (None, None, None),
    };
    let margin = |ended_at: Option<Instant>| ended_at.map(|ended_at| (of.deadline - ended_at).num_seconds());
    let ((before, cause_before, ended_before), (after, cause_after, ended_after)) =
        (parts(of.before), parts(of.after));
    vec![
        ("batch", json!(of.batch)),
        ("objective", json!(of.objective)),
        ("deadline", json!(text(of.deadline))),
        ("before", json!(before)),
        ("cause_before", json!(cause_before)),
        ("margin_s_before", json!(margin(ended_before))),
        ("after", json!(after)),
        ("cause_after", json!(cause_after)),
        ("margin_s_after", json!(margin(ended_after))),
    ]
}
