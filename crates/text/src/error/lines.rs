//! The lines that a program meant: without colours and what a progress bar overwrote, out of JSON objects and escapes,
//! and without the prefix that a launcher or a logger put before each.

use super::{json, source};
use crate::plain::plain;

/// How many lines of a text are read; of a longer one the last.
const LINES_MAX: usize = 4_000;

/// The last lines of the text.
pub(super) fn read(text: &str) -> Vec<String> {
    let lines: Vec<&str> = last(text.trim_end().split('\n').collect());
    let written: Vec<String> = lines
        .into_iter()
        .map(last_written)
        .map(plain)
        .flat_map(|line| match json::unwrapped(&line).or_else(|| escaped(&line)) {
            Some(text) => text.lines().map(|line| plain(line).trim_end().to_owned()).collect(),
            None => vec![line.trim_end().to_owned()],
        })
        .collect();
    source::unprefixed(last(written))
}

fn last<T>(mut lines: Vec<T>) -> Vec<T> {
    let surplus = lines.len().saturating_sub(LINES_MAX);
    lines.drain(..surplus);
    lines
}

/// What a terminal shows in the end of a line that was overwritten.
fn last_written(line: &str) -> &str {
    let line = line.trim_end_matches('\r');
    line.rsplit('\r').find(|part| !part.trim().is_empty()).unwrap_or_default()
}

/// The lines of a traceback that was written as one line with `\n` in it: a text's `repr`, or a JSON object that was cut.
fn escaped(line: &str) -> Option<String> {
    const BREAKS: [&str; 3] = ["\\n  File ", "\\n\\tat ", "\\n    at "];
    if !BREAKS.iter().any(|escaped| line.contains(escaped)) {
        return None;
    }
    // In JSON a quotation mark within a text has a backslash.
    let texts: Vec<&str> = if line.contains("\\\"") { parts_of_json(line) } else { vec![line] };
    let unescaped =
        texts.into_iter().filter(|text| BREAKS.iter().any(|escaped| text.contains(escaped))).map(|text| {
            let text = text.replace("\\r\\n", "\n").replace("\\n", "\n").replace("\\t", "\t");
            text.replace("\\\"", "\"").replace("\\'", "'")
        });
    Some(unescaped.collect::<Vec<_>>().join("\n"))
}

/// The parts between quotation marks that no backslash precedes.
fn parts_of_json(line: &str) -> Vec<&str> {
    let mut is_escaped = false;
    line.split(|c| {
        let ends = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    })
    .collect()
}
