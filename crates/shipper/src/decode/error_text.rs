//! The error text that is kept of a failed program's output: of a Python traceback the exception and the frames nearest to
//! it, of any other text its end. Pure.

mod traceback;

use kigen_model::run::ERROR_TEXT_BYTES_MAX;

use traceback::Piece;

/// The longest line that is kept whole of a text that must be cut, in bytes: an exception's message begins with its
/// subject, and may continue with a whole query.
const LINE_BYTES_MAX: usize = 1_000;
/// How many lines of a text are read; of a longer one the last.
const LINES_MAX: usize = 4_000;

/// At most [`ERROR_TEXT_BYTES_MAX`] bytes of `text`: of the last traceback in it and what follows, else of its end.
///
/// A line in place of each omission counts the lines left out. Kept are, in this order: the last exception; the exceptions
/// that led to it, or that it is a group of; the frames nearest to each, outwards; and of the text after the last
/// exception its beginning, which may belong to the exception's message, and its end.
pub fn error_text(text: &str) -> String {
    let text = text.trim_end();
    let lines: Vec<&str> = last(text.lines().map(str::trim_end).collect(), LINES_MAX);
    let Some(pieces) = traceback::pieces(&lines) else {
        return last_bytes(text).to_owned();
    };
    let mut kept = fitting(&pieces, &lines);
    loop {
        let rendered = render(&pieces[..kept], &lines, traceback::first_line(&pieces));
        // The lines that count omissions are not in the sum by which `kept` was found.
        if rendered.len() <= ERROR_TEXT_BYTES_MAX || kept == 0 {
            return rendered;
        }
        kept -= 1;
    }
}

/// The last bytes of a text that fit, from a character's first byte on.
pub(crate) fn last_bytes(text: &str) -> &str {
    let mut start = text.len().saturating_sub(ERROR_TEXT_BYTES_MAX);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

fn last(mut lines: Vec<&str>, max: usize) -> Vec<&str> {
    let surplus = lines.len().saturating_sub(max);
    lines.drain(..surplus);
    lines
}

/// How many pieces fit, the most important first.
fn fitting(pieces: &[Piece], lines: &[&str]) -> usize {
    let bytes =
        |piece: &Piece| lines[piece.lines.clone()].iter().map(|line| cut(line).len() + 1).sum::<usize>();
    let mut sum = 0;
    pieces
        .iter()
        .take_while(|piece| {
            sum += bytes(piece);
            sum <= ERROR_TEXT_BYTES_MAX + 1
        })
        .count()
}

/// These pieces in the order of their lines, with a line for each omission between them and after them.
fn render(pieces: &[Piece], lines: &[&str], first: usize) -> String {
    let mut is_kept = vec![false; lines.len()];
    for piece in pieces {
        is_kept[piece.lines.clone()].fill(true);
    }
    let mut text = String::new();
    let mut left_out = 0;
    for (line, is_kept) in lines.iter().zip(is_kept).skip(first) {
        if is_kept {
            count_omitted(&mut text, &mut left_out);
            text.push_str(&cut(line));
            text.push('\n');
        } else if !line.is_empty() {
            left_out += 1;
        }
    }
    count_omitted(&mut text, &mut left_out);
    text.pop();
    text
}

fn count_omitted(text: &mut String, left_out: &mut usize) {
    match std::mem::take(left_out) {
        0 => {}
        1 => text.push_str("  [1 line left out]\n"),
        lines => text.push_str(&format!("  [{lines} lines left out]\n")),
    }
}

/// The beginning of a line that is too long.
fn cut(line: &str) -> String {
    if line.len() <= LINE_BYTES_MAX {
        return line.to_owned();
    }
    let end = (0..=LINE_BYTES_MAX).rev().find(|end| line.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", &line[..end])
}
