//! Text on stdout: tables, spans of time and instants, as every command prints them.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::Write as _;

use chrono::{SecondsFormat, TimeDelta};
use kigen_calendar::Zone;
use kigen_model::Instant;
use kigen_model::objective::ReadBatch;
use kigen_text::plain::{plain, plain_json};
use kigen_text::secrets::scrub;
use serde_json::Value;

/// Writes text to stdout, without what a terminal would obey: any part of it may be of a cluster.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    write(&plain(text))
}

/// Writes a JSON value to stdout as one line, with the secrets in its texts hidden.
pub(crate) fn print_json(mut value: Value) -> anyhow::Result<()> {
    scrub_texts(&mut value);
    write(&format!("{}\n", plain_json(&value.to_string())))
}

fn write(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    Ok(())
}

fn scrub_texts(value: &mut Value) {
    match value {
        Value::String(text) => {
            // A colour's code beside a secret could hide it.
            if let Cow::Owned(scrubbed) = scrub(&plain(text)) {
                *text = scrubbed;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(scrub_texts),
        Value::Object(fields) => fields.values_mut().for_each(scrub_texts),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// An instant in UTC.
pub(crate) fn text(at: Instant) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// An instant in the named zone, to the minute.
pub(crate) fn local(zone: &str, at: Instant) -> String {
    match Zone::named(zone) {
        Ok(known) => format!("{} {zone}", known.local(at).date_time.format("%a %Y-%m-%d %H:%M")),
        Err(_) => text(at),
    }
}

/// The names of batches that are read.
pub(crate) fn read_batches(sources: &[ReadBatch]) -> String {
    let names = sources.iter().map(|source| format!("{}/{}", source.namespace, source.batch));
    names.collect::<Vec<_>>().join(", ")
}

/// A span in hours and minutes; in seconds if it is shorter than a minute.
pub(crate) fn human(span: TimeDelta) -> String {
    let minutes = span.num_minutes();
    match minutes {
        _ if span < TimeDelta::zero() => format!("-{}", human(-span)),
        0 => format!("{} s", span.num_seconds()),
        ..60 => format!("{minutes} min"),
        _ => format!("{} h {:02} min", minutes / 60, minutes % 60),
    }
}

/// Rows under heads, each column as wide as its widest cell.
pub(crate) fn columns(heads: &[&str], rows: &[Vec<String>]) -> String {
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let lines = || std::iter::once(&heads).chain(rows);
    let width = |column: usize| lines().filter_map(|line| Some(line.get(column)?.chars().count())).max();
    let widths: Vec<usize> = (0..heads.len()).map(|column| width(column).unwrap_or_default()).collect();
    let mut out = String::new();
    for line in lines() {
        let cells: Vec<String> =
            line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        let _ = writeln!(out, "{}", cells.join("  ").trim_end());
    }
    out
}
