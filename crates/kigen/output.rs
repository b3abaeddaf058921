//! Text on stdout: tables, spans of time and instants, as every command prints them.

use std::fmt::Write as _;
use std::io::Write as _;

use chrono::{SecondsFormat, TimeDelta};
use kigen_calendar::Zone;
use kigen_model::Instant;

/// Writes data to stdout.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    Ok(())
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

/// A span in hours and minutes.
pub(crate) fn human(span: TimeDelta) -> String {
    let minutes = span.num_minutes();
    match minutes {
        ..0 => format!("-{}", human(-span)),
        0..60 => format!("{minutes} min"),
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
