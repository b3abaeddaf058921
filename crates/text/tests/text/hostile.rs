//! Texts that are written to do harm: whatever they are, the bounds hold, and the work grows with their length.

use std::time::Duration;

use kigen_model::run::ERROR_TEXT_BYTES_MAX;
use kigen_text::error::{MESSAGE_CHARS_MAX, kept, shown};
use kigen_text::plain::plain;
use rustix::time::{ClockId, clock_gettime};

/// What readers of tracebacks, prefixes, JSON, secrets and control sequences look for.
const FRAGMENTS: &[&str] = &[
    "Traceback (most recent call last):\n",
    "  File \"/app/a.py\", line 1, in a\n",
    "> File \"a\", line 2\n",
    "ValueError: x\n",
    "Caused by: a.B: c\n",
    "Suppressed: a.B: c\n",
    "java.io.IOException: x\n",
    "\tat a.b.C.d(C.java:1)\n",
    "    at a (node:b:1:2)\n",
    "    ... 3 more\n",
    " ---> ",
    "Stack Trace:\n",
    "The above exception was caused by the following exception:\n",
    "The above exception was the direct cause of the following exception:\n",
    "Fatal Python error: x\n",
    "Current thread 0x1 (most recent call first):\n",
    "stack backtrace:\n",
    "   1: std::a\n",
    "goroutine 1 [running]:\n",
    "f()\n\t/x.go:1\n",
    "panic: ",
    "  + Exception Group Traceback (most recent call last):\n",
    "  | ",
    "    +---------------- 1 ----------------\n",
    "╭── Traceback (most recent call last) ──╮\n",
    "│ /a.py:1 in b\n",
    "╰──╯\n",
    "[rank0]: ",
    "(score pid=1) ",
    "2026-11-19T06:00:00Z ",
    "[2026-11-19, 06:00:00 +00] {subprocess.py:1} INFO - ",
    "{\"message\": \"",
    "\"exception\":[{",
    "\\n  File \\\"",
    "\\\"",
    "\"",
    "}\n",
    "  [1 line left out]\n",
    "[SQL: a\n",
    "+ cmd\n",
    "ERROR ",
    "password=",
    "token: ",
    "--password ",
    "https://a:",
    "mysql ",
    " -p",
    "curl ",
    " -u a:",
    "@",
    "/",
    "?sig=",
    "-----BEGIN RSA PRIVATE KEY-----",
    "-----END RSA PRIVATE KEY-----",
    "MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AHB7MhgwMbRvI0MBZhpI\n",
    "Cookie: a=b",
    "\u{1b}[31m",
    "\u{1b}]0;",
    "\u{1b}P",
    "\u{9b}",
    "\u{202e}",
    "\r",
    "\n",
    " ",
    "\t",
    "a",
    "é",
    "表",
    "0123456789",
];

fn text_of(seed: u64, bytes: usize) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    // Few different fragments make long repetitions, in which a reader may look far.
    let few: Vec<&str> = (0..random.usize(1..6)).filter_map(|_| random.choice(FRAGMENTS).copied()).collect();
    let mut text = String::new();
    while text.len() < bytes {
        let fragment = random.choice(&few).copied().unwrap_or_default();
        text.extend(std::iter::repeat_n(fragment, random.usize(1..4)));
    }
    text
}

const SECRET: &str = "hunter2";

/// The text with one more line somewhere, and a secret in it.
fn with_a_secret(seed: u64, text: &str) -> String {
    let mut lines: Vec<&str> = text.split('\n').collect();
    lines.insert(fastrand::Rng::with_seed(seed).usize(..=lines.len()), "DB_PASSWORD=hunter2");
    lines.join("\n")
}

#[test]
fn the_bounds_hold_for_any_text() {
    for seed in 0..1_000 {
        let text = with_a_secret(seed, &text_of(seed, 6_000));
        let fact = kept(&text);
        assert!(fact.len() <= ERROR_TEXT_BYTES_MAX, "seed {seed}: {} bytes", fact.len());
        let message = shown(&fact, MESSAGE_CHARS_MAX);
        assert!(message.chars().count() <= MESSAGE_CHARS_MAX, "seed {seed}: {message}");
        for text in [&fact, &message] {
            assert_eq!(plain(text), text.as_str(), "seed {seed}: a control character is left");
            assert!(!text.contains(SECRET), "seed {seed}: {text}");
        }
    }
}

/// Work that grows with the square of the length takes sixteen times as long for four times the text.
const GROWTH_MAX: f64 = 10.0;
/// How often a text is tried; the least time of all counts.
const TRIES: usize = 3;

/// How much longer this thread runs for four times the text. What a message shows of it is read from the text that was kept, which
/// is bounded.
fn growth(text: impl Fn(usize) -> String) -> f64 {
    // Enough that both texts must be cut, also where most of them is hidden.
    const BYTES: usize = 32_000;
    let (short, long) = (text(BYTES), text(4 * BYTES));
    let ran = || {
        Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).expect("a time since the thread's start")
    };
    let least = |text: &str| {
        let times = (0..TRIES).map(|_| {
            let start = ran();
            kept(text);
            ran() - start
        });
        times.min().unwrap_or_default().as_secs_f64().max(1e-6)
    };
    least(&long) / least(&short)
}

#[test]
fn the_work_grows_with_the_length_of_the_text() {
    for fragment in FRAGMENTS {
        let growth = growth(|bytes| fragment.repeat(bytes / fragment.len()));
        assert!(growth < GROWTH_MAX, "{fragment:?}: four times the text takes {growth:.1} times as long");
    }
    for seed in 0..60 {
        let growth = growth(|bytes| text_of(seed, bytes));
        assert!(growth < GROWTH_MAX, "seed {seed}: four times the text takes {growth:.1} times as long");
    }
}
