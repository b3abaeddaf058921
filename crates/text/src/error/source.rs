//! Prefixes that a launcher, a scheduler or a logger puts before each line.
//!
//! A prefix that names a process (`[rank3]:`, `(score pid=214)`) divides the text: the lines of several processes are
//! interleaved, and an error is read from the lines of one of them. A prefix of times and levels is the same in each line
//! but for its digits.

use std::sync::LazyLock;

use regex::Regex;

/// torchrun and deepspeed, mpirun, Ray, docker compose.
static PROCESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(?:\[(?:rank|default|worker-)\d+\]: ?|\[\d+,\d+\]<std(?:err|out)>: ?|\((?:[\w.<>:-]+ )?pid=\d+(?:, ip=[\d.]+)?\) |[\w.-]+ +\| )",
    )
    .expect("a valid pattern")
});
/// A line that only a report of an error has.
static REPORT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?:Traceback \(most recent call last\):$|  File ".*", line \d|\tat [\w$.<>]+\(|^ {4}at )"#)
        .expect("a valid pattern")
});

/// How many different beginnings of a report's lines are tried.
const PREFIXES_MAX: usize = 16;
/// The longest prefix, in bytes.
const PREFIX_BYTES_MAX: usize = 200;

/// What Airflow puts before each line that a command or a pod prints.
static RELAYED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^\[[^\]]*\] \{(?:subprocess|pod_manager|docker|process_utils)\.py:\d+\} INFO -(?: \[\w+\])? ?",
    )
    .expect("a valid pattern")
});

/// The lines without such prefixes.
pub(super) fn unprefixed(lines: Vec<String>) -> Vec<String> {
    let lines = lines.into_iter().map(|line| match RELAYED.find(&line) {
        Some(prefix) => line[prefix.end()..].to_owned(),
        None => line,
    });
    without_prefix(of_one_process(lines.collect()))
}

/// The lines of no process, and those of the first process that reports an error.
fn of_one_process(lines: Vec<String>) -> Vec<String> {
    let prefix = |line: &str| PROCESS.find(line).map(|found| found.as_str().trim_end().to_owned());
    let failed = lines.iter().find(|line| REPORT.is_match(line) && PROCESS.is_match(line));
    let Some(failed) = failed.and_then(|line| prefix(line)) else {
        return lines;
    };
    let is_of = |line: &str| prefix(line).is_some_and(|prefix| prefix == failed);
    let first = lines.iter().position(|line| is_of(line)).unwrap_or_default();
    let (of_it, others): (Vec<_>, Vec<_>) = lines.into_iter().enumerate().partition(|(_, line)| is_of(line));
    let of_none = |(number, line): (usize, String)| (!PROCESS.is_match(&line)).then_some((number, line));
    let (before, after): (Vec<_>, Vec<_>) =
        others.into_iter().filter_map(of_none).partition(|(number, _)| *number < first);
    let of_it = of_it.into_iter().map(|(_, line)| PROCESS.replace(&line, "").into_owned());
    let line = |(_, line)| line;
    before.into_iter().map(line).chain(of_it).chain(after.into_iter().map(line)).collect()
}

/// The lines without the prefix of the last report's lines, wherever it occurs.
fn without_prefix(lines: Vec<String>) -> Vec<String> {
    let prefixed = (1..lines.len()).rev().filter_map(|number| {
        let at = REPORT.find(&lines[number])?.start();
        Some((&lines[number][..at], &lines[number - 1]))
            .filter(|(prefix, _)| prefix.contains(char::is_alphanumeric))
    });
    let pattern = prefixed
        .take(PREFIXES_MAX)
        .find_map(|(prefix, before)| but_for_digits(prefix).filter(|pattern| pattern.is_match(before)));
    match pattern {
        Some(pattern) => lines.iter().map(|line| pattern.replace(line, "").into_owned()).collect(),
        None => lines,
    }
}

/// Matches this prefix, with any digits in place of its own.
fn but_for_digits(prefix: &str) -> Option<Regex> {
    static DIGITS: LazyLock<Regex> = LazyLock::new(|| Regex::new("[0-9]+").expect("a valid pattern"));
    if prefix.len() > PREFIX_BYTES_MAX {
        return None;
    }
    let literal = regex::escape(prefix.trim_end());
    let spaces = prefix.len() - prefix.trim_end().len();
    // A line that is empty but for the prefix has lost its last spaces.
    Regex::new(&format!("^{}(?: {{{spaces}}}|$)", DIGITS.replace_all(&literal, "[0-9]+"))).ok()
}
