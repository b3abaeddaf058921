//! The error text that is kept of what a failed program printed, and the part of it that a message shows: one ranking of
//! its lines, cut to two sizes.
//!
//! The exception's line always survives; then come its own frames, then causes, then the rest, the beginning and the end
//! of it first. Frames of libraries, listings of a query and noise at exit are worth least: of a text that must be cut
//! they are left out.

mod block;
mod chain;
mod cut;
mod error_line;
mod json;
mod lines;
mod output;
mod python;
mod source;
mod stack;

use kigen_model::run::ERROR_TEXT_BYTES_MAX;

use crate::secrets::scrub;
use cut::{Ranked, Size, WORTHLESS};

/// The most of an error text that a message shows, in characters.
pub const MESSAGE_CHARS_MAX: usize = 1_200;

/// The longest line that a fact keeps whole of a text that must be cut, in bytes: an exception's message begins with its
/// subject, and may continue with a whole query.
const LINE_BYTES_MAX: usize = 1_000;
/// The most of the one line that explains most, in characters.
const LINE_CHARS_MAX: usize = 500;
/// A line of a message that must be cut has at most this part of it.
const LINE_OF_MESSAGE: usize = 3;
/// The worst rank of a line in a message that must be cut: rather a short message than one with progress reports.
const RANK_OF_MESSAGE_MAX: usize = 16;

/// At most [`ERROR_TEXT_BYTES_MAX`] bytes of what a program printed, without secrets, colours and other control
/// sequences. A line in place of each omission counts the lines left out.
pub fn kept(text: &str) -> String {
    best(
        text,
        &Size {
            max: ERROR_TEXT_BYTES_MAX,
            line_max: LINE_BYTES_MAX,
            rank_max: WORTHLESS - 1,
            without: |_| false,
            of: str::len,
        },
    )
}

/// At most `chars_max` characters of a text by the same rules, also of one that was cut before, without the lines that report
/// progress. [`MESSAGE_CHARS_MAX`] is what a message has room for.
pub fn shown(text: &str, chars_max: usize) -> String {
    let line_max = chars_max / LINE_OF_MESSAGE;
    best(
        text,
        &Size {
            max: chars_max,
            line_max,
            rank_max: RANK_OF_MESSAGE_MAX,
            without: error_line::is_progress,
            of: |text| text.chars().count(),
        },
    )
}

/// The line of a text that explains most, such as the exception's; empty if the text is.
pub fn line(text: &str) -> String {
    let lines = lines::read(text).join("\n");
    let lines = scrub(&lines);
    let lines: Vec<&str> = lines.lines().collect();
    let line = ranked(&lines).best().map_or("", |line| lines[line]);
    line.trim().chars().take(LINE_CHARS_MAX).collect()
}

fn best(text: &str, size: &Size) -> String {
    // Secrets are hidden in the whole text, since a private key has several lines, and before anything is cut off.
    let text = lines::read(text).join("\n");
    let text = scrub(&text);
    let lines: Vec<&str> = text.lines().collect();
    cut::cut(&lines, ranked(&lines), size)
}

fn ranked(lines: &[&str]) -> Ranked {
    chain::ranked(lines).unwrap_or_else(|| output::ranked(lines))
}
