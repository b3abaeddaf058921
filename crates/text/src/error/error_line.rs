//! Lines that name an error, in any language.

use std::sync::LazyLock;

use regex::Regex;

/// What a logger puts before a message: a time, and perhaps where it was logged.
const LOGGED: &str =
    r"(?:\[?\d{2,4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d\S*(?: [+-]\d{4})?\]?\s+|\[?\d\d:\d\d:\d\d\S*\]?\s+)?";
/// The name of an exception's type: `java.io.IOException`, `KeyError`, `psycopg2.errors.UndefinedTable` only by its module.
const NAME: &str = r"(?:[A-Za-z_$][\w$]*(?:\.|::|\\))*[A-Za-z_$][\w$]*(?:Exception|Error|Throwable|Failure|Fault)(?:\([\w.]*\))?";

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a valid pattern")
}

static STARTS: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"^\s*{LOGGED}(?:(?:\S+ ){{0,6}}?{NAME}(?:\s\[[\w.]+\])?(?::|\s*$)|(?:Caused by|Suppressed): |\[cause\]: |---> |: {NAME}\b|panic: |fatal error: |Exception in thread |Unhandled [Ee]xception|Uncaught |thread '[^']*' (?:\(\d+\) )?panicked at |Error in |Error:|Fatal Python error: |PHP (?:Fatal|Parse) error: |\S+\.rb:\d+:in |ERROR: |\[?(?:ERROR|FATAL|CRITICAL|SEVERE|error|fatal)\b)"
    ))
});
static SEVERE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:\b(?:ERROR|FATAL|CRITICAL|SEVERE|PANIC)\b(?:[^=\w]|$)|\b[Ee]rror(?:\[\w+\])?:|\b[Ff]atal:|\bFAILED\b|(?:^|\W)(?:panic|fatal error): |Exception\b|\bpanicked at\b|\w(?:Error|Exception)\b|\bE\d{4} \d\d:\d\d|\bError (?:in|while|at)\b)",
    )
});
static BAD: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(?:fail(?:ed|ure|s)?|errors?|denied|refused|forbidden|unauthorized|not found|no such|cannot|can't|could not|couldn't|unable|timed? ?out|exceeded|killed|aborted?|invalid|undefined|unrecognized|unknown|missing|out of memory|no space|segmentation fault|core dumped|halted|does not exist|not permitted|non-zero)\b",
    )
});
static QUIET: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(r"^\s*{LOGGED}(?:\S+ ){{0,3}}?\[?(?:TRACE|DEBUG|INFO|WARN|WARNING|NOTICE)\b"))
});
static PROGRESS: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(r"^\s*(?:{LOGGED}(?:\S+ ){{0,3}}?\[?(?:TRACE|DEBUG|INFO|NOTICE)\b|={{5}}.*={{5}}\s*$)"))
});
static WARNS: LazyLock<Regex> =
    LazyLock::new(|| regex(r"\bWARN(?:ING)?\b|(?i)shutdown.?hook|DeprecationWarning"));
static COMMAND: LazyLock<Regex> = LazyLock::new(|| regex(r"^\++ \S"));
static COUNTED: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?i)\b(?:errors?|failed|failures)\s*[=:]\s*\d+|\b(?:with )?0 (?:errors?|failed|failures)\b")
});

/// Whether an exception's report may begin with this line.
pub(super) fn starts(line: &str) -> bool {
    STARTS.is_match(line)
}

/// Whether the line is of a level at which a program only warns, or is about its shutdown.
pub(super) fn warns(line: &str) -> bool {
    WARNS.is_match(line)
}

/// Whether the line is a command that a shell shows before it runs it (`set -x`).
pub(super) fn is_command(line: &str) -> bool {
    COMMAND.is_match(line)
}

/// Whether the line was logged at a level below that of errors.
pub(super) fn is_quiet(line: &str) -> bool {
    QUIET.is_match(line)
}

/// Whether the line reports progress, by the level at which it was logged, or is a heading between rules.
pub(super) fn is_progress(line: &str) -> bool {
    PROGRESS.is_match(line)
}

/// How much a line states that something went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// Not at all.
    None,
    /// By a word such as `denied`.
    Bad,
    /// By a level or an exception's name.
    Severe,
}

/// The severity of a line.
pub(super) fn severity(line: &str) -> Severity {
    if is_command(line) || is_quiet(line) {
        return Severity::None;
    }
    let is_severe = (SEVERE.is_match(line) || STARTS.is_match(line)) && !COUNTED.is_match(line);
    match (is_severe, BAD.is_match(line)) {
        (true, _) => Severity::Severe,
        (false, true) => Severity::Bad,
        (false, false) => Severity::None,
    }
}
