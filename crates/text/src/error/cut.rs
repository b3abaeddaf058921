//! Cuts a ranked text to a size: what is worth most stays, in the order of its lines, and each omission is counted.

use std::ops::Range;

/// The rank of lines that are kept only of a text that is kept whole.
pub(super) const WORTHLESS: usize = usize::MAX;

/// Lines that are kept or left out together.
#[derive(Debug)]
pub(super) struct Piece {
    /// 0 is worth most.
    pub(super) rank: usize,
    pub(super) lines: Range<usize>,
}

/// The lines of a text that explain the error, from the first of them on.
#[derive(Debug)]
pub(super) struct Ranked {
    /// The first line that belongs to the error; what is before is no omission.
    pub(super) begins: usize,
    pub(super) pieces: Vec<Piece>,
}

impl Ranked {
    /// The line that is worth most.
    pub(super) fn best(&self) -> Option<usize> {
        let best =
            self.pieces.iter().min_by_key(|piece| (piece.rank, std::cmp::Reverse(piece.lines.start)))?;
        Some(best.lines.start)
    }
}

/// How much may be kept.
pub(super) struct Size {
    /// Of the whole text.
    pub(super) max: usize,
    /// Of a line, where the text must be cut.
    pub(super) line_max: usize,
    /// The worst rank, where the text must be cut.
    pub(super) rank_max: usize,
    /// The lines that are left out wherever there are others, also of a text that would fit.
    pub(super) without: fn(&str) -> bool,
    /// The size of a text.
    pub(super) of: fn(&str) -> usize,
}

/// The text of the pieces that are worth most and fit.
pub(super) fn cut(lines: &[&str], ranked: Ranked, size: &Size) -> String {
    let Ranked { begins, mut pieces } = ranked;
    let all = pieces.len();
    leave_out(lines, &mut pieces, size.without);
    let whole = if pieces.len() == all {
        lines[begins..].join("\n")
    } else {
        render(lines, begins, &pieces, str::to_owned)
    };
    if (size.of)(&whole) <= size.max {
        return whole.trim_end().trim_start_matches('\n').to_owned();
    }
    if let [line] = lines[begins..] {
        return end_of(line, size);
    }
    let shorten = |line: &str| beginning_of(line, size);
    pieces.retain(|piece| piece.rank <= size.rank_max && !piece.lines.is_empty());
    // Of the same rank, later lines are worth more.
    pieces.sort_by_key(|piece| (piece.rank, std::cmp::Reverse(piece.lines.start)));
    let mut sum = 0;
    let mut kept = pieces
        .iter()
        .take_while(|piece| {
            sum += lines[piece.lines.clone()].iter().map(|line| (size.of)(&shorten(line)) + 1).sum::<usize>();
            sum <= size.max + 1
        })
        .count();
    loop {
        let text = render(lines, begins, &pieces[..kept], shorten);
        // The lines that count omissions are not in the sum by which `kept` was found.
        if (size.of)(&text) <= size.max || kept == 0 {
            return text;
        }
        kept -= 1;
    }
}

/// Leaves out the pieces that consist of such lines, unless nothing else has text.
fn leave_out(lines: &[&str], pieces: &mut Vec<Piece>, is_left_out: fn(&str) -> bool) {
    let is_kept = |piece: &Piece| !lines[piece.lines.clone()].iter().all(|line| is_left_out(line));
    let has_text = |piece: &&Piece| lines[piece.lines.clone()].iter().any(|line| !line.trim().is_empty());
    if pieces.iter().filter(has_text).any(is_kept) {
        pieces.retain(is_kept);
    }
}

/// These pieces in the order of their lines, with a line for each omission.
fn render(lines: &[&str], begins: usize, pieces: &[Piece], shorten: impl Fn(&str) -> String) -> String {
    let mut is_kept = vec![false; lines.len()];
    for piece in pieces {
        is_kept[piece.lines.clone()].fill(true);
    }
    let mut text = String::new();
    let mut left_out = 0;
    for (line, is_kept) in lines.iter().zip(is_kept).skip(begins) {
        if let Some(omitted) = omitted(line) {
            left_out += omitted;
        } else if line.is_empty() && left_out > 0 {
            // An empty line beside an omission separates nothing.
        } else if is_kept {
            count_omitted(&mut text, &mut left_out);
            text.push_str(&shorten(line));
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

/// How many lines were left out where this line stands, in a text that was cut before.
pub(super) fn omitted(line: &str) -> Option<usize> {
    let count = line.strip_prefix("  [")?.strip_suffix(" left out]")?;
    count.strip_suffix(" lines").or(count.strip_suffix(" line"))?.parse().ok()
}

/// The beginning of a line that is too long: an exception's message begins with its subject.
fn beginning_of(line: &str, size: &Size) -> String {
    if (size.of)(line) <= size.line_max {
        return line.to_owned();
    }
    line.chars().take_while(fitting(size, size.line_max + (size.of)("…"))).chain(['…']).collect()
}

/// The end of a text of one line: it may be the end of many lines that a program wrote as one.
fn end_of(line: &str, size: &Size) -> String {
    let end: Vec<char> = line.chars().rev().take_while(fitting(size, size.max)).collect();
    std::iter::once('…').chain(end.into_iter().rev()).collect()
}

/// Whether one more character fits, beside an ellipsis.
fn fitting(size: &Size, max: usize) -> impl FnMut(&char) -> bool {
    let of = size.of;
    let mut left = max.saturating_sub(of("…"));
    move |c| {
        let of_char = of(c.encode_utf8(&mut [0; 4]));
        let fits = of_char <= left;
        left = left.saturating_sub(of_char);
        fits
    }
}
