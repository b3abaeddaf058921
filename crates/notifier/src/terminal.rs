//! A message drawn in a terminal as Slack shows it: for `--dry-run` and the demo.

use crate::render::{Message, Tone};

/// How a message is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// With ANSI colours.
    pub colours: bool,
    /// The widest line, in characters; at least 40.
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
    for paragraph in &message.paragraphs {
        lines.extend(wrapped(paragraph, width));
    }
    if let Some(error) = &message.error {
        for line in error.lines() {
            // A traceback needs its indentation.
            let indent: String = line.chars().take_while(|c| *c == ' ').take(width / 2).collect();
            lines.extend(
                wrapped(line, width - 2 - indent.len()).iter().map(|line| format!("  {indent}{line}")),
            );
        }
    }
    for (label, value) in &message.facts {
        let value = wrapped(value, width - label.chars().count() - 2);
        for (i, line) in value.iter().enumerate() {
            let head = if i == 0 { format!("{label}: ") } else { " ".repeat(label.chars().count() + 2) };
            lines.push(format!("{}{line}", painted(&head, DIM, style)));
        }
    }
    lines.iter().map(|line| format!("{} {line}\n", painted("▌", bar, style))).collect()
}

fn painted(text: &str, colour: &str, style: &Style) -> String {
    if style.colours { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
}

/// Lines of at most `width` characters, broken at spaces where possible.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(10);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        for piece in pieces(word, width) {
            let long = piece.chars().count();
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

/// A word, cut where it is longer than a line.
fn pieces(word: &str, width: usize) -> Vec<String> {
    let chars: Vec<char> = word.chars().collect();
    chars.chunks(width).map(|chunk| chunk.iter().collect()).collect()
}
