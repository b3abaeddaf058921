//! A message drawn in a terminal as Slack shows it: for `--dry-run` and the demo.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::language::phrase;
use crate::render::{Fact, Message, Tone};

/// How a message is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// With ANSI colours.
    pub colours: bool,
    /// The widest line, in columns; at least 40.
    pub width: usize,
}

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";

/// The message with a coloured bar at its left; each line ends with a line break.
pub fn draw(message: &Message, style: &Style) -> String {
    let (bar, mark) = match message.tone {
        Tone::Missed => (RED, "🔴"),
        Tone::Recovered => (GREEN, "🟢"),
        Tone::Unknown => (YELLOW, "🟡"),
        Tone::Failed => (YELLOW, "🟠"),
        Tone::AtRisk => (YELLOW, "⚠️"),
    };
    let width = style.width.max(40) - 3;
    let mut lines: Vec<String> = Vec::new();
    // The mark is one character, but two columns wide.
    let headline = wrapped(&format!("{mark} {}", message.headline), width - 1);
    lines.extend(headline.iter().map(|line| painted(line, BOLD, style)));
    lines.extend(wrapped(&message.context, width).iter().map(|line| painted(line, DIM, style)));
    for paragraph in message.paragraphs.iter().chain(&message.to_do) {
        lines.extend(wrapped(paragraph, width));
    }
    for error in &message.error {
        for line in error.lines() {
            // A traceback needs its indentation.
            let indent: String = line.chars().take_while(|c| *c == ' ').take(width / 2).collect();
            lines.extend(
                wrapped(line, width - 2 - indent.len()).iter().map(|line| format!("  {indent}{line}")),
            );
        }
    }
    for Fact { label, value, .. } in &message.facts {
        let label = phrase!(message.language, "fact", label = label);
        let value = wrapped(value, width.saturating_sub(label.width() + 1));
        for (i, line) in value.iter().enumerate() {
            let head = if i == 0 { format!("{label} ") } else { " ".repeat(label.width() + 1) };
            lines.push(format!("{}{line}", painted(&head, DIM, style)));
        }
    }
    lines.iter().map(|line| format!("{} {line}\n", painted("▌", bar, style))).collect()
}

fn painted(text: &str, colour: &str, style: &Style) -> String {
    if style.colours { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
}

/// Lines of at most `width` columns, broken at spaces where possible.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(10);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        for piece in pieces(word, width) {
            let long = piece.width();
            if length > 0 && length + 1 + long > width {
                lines.push(std::mem::take(&mut line));
                length = 0;
            }
            if length > 0 {
                line.push(' ');
                length += 1;
            }
            line.push_str(&piece);
            length += long;
        }
    }
    lines.push(line);
    lines
}

/// A word, cut where it is longer than a line; a character of Chinese or Japanese is two columns wide, and such texts have no
/// spaces.
fn pieces(word: &str, width: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut left = width;
    for c in word.chars() {
        let columns = c.width().unwrap_or(0);
        if columns > left {
            pieces.push(String::new());
            left = width;
        }
        left = left.saturating_sub(columns);
        if let Some(last) = pieces.last_mut() {
            last.push(c);
        }
    }
    pieces
}
