//! The last Python traceback of a text, split into pieces by their importance.
//!
//! The layout is that of CPython's `traceback` module: a header, frames from the outermost in, the exception. A chain has
//! a sentence between two tracebacks, the cause first. A group's exceptions follow it in a margin of `|`, each after
//! a line of `+-+---- 1 ----`.

use std::ops::Range;

const HEADER: &str = "Traceback (most recent call last):";
const CONNECTORS: [&str; 2] = [
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
];
/// So many lines after an exception, or so many exceptions of a group, weigh as one frame.
const LINES_A_FRAME: usize = 4;

/// Lines that are kept or left out together.
#[derive(Debug)]
pub(super) struct Piece {
    /// The distance from the last exception; 0 is that exception.
    rank: usize,
    /// The lines.
    pub(super) lines: Range<usize>,
}

/// The pieces of the last traceback and all that follows it, the most important first; `None`: there is no traceback.
pub(super) fn pieces(lines: &[&str]) -> Option<Vec<Piece>> {
    let blocks = last_chain(blocks(lines), lines);
    let last = blocks.last()?;
    let mut pieces = Vec::new();
    let mut add = |rank: usize, lines: Range<usize>| pieces.push(Piece { rank, lines });
    let ranks = ranks(&blocks);
    for (block, rank) in blocks.iter().zip(&ranks) {
        add(*rank, block.exception..block.exception + 1);
        for (nth, frame) in block.frames.iter().rev().enumerate() {
            add(rank + 1 + nth, frame.clone());
        }
        add(rank + 1, block.begins..block.frames.first().map_or(block.exception, |frame| frame.start));
        let next = blocks
            .iter()
            .find(|other| other.begins > block.exception)
            .map_or(lines.len(), |next| next.begins);
        let follows = block.exception + 1..next;
        let (count, is_last) = (follows.len(), block.exception == last.exception);
        for (nth, line) in follows.enumerate() {
            let from_end = if is_last { count - 1 - nth } else { count };
            let rank =
                if is_between(lines[line]) { *rank } else { rank + 1 + nth.min(from_end) / LINES_A_FRAME };
            add(rank, line..line + 1);
        }
    }
    // Of the same rank, later lines are more important.
    pieces.retain(|piece| !piece.lines.is_empty());
    pieces.sort_by_key(|piece| (piece.rank, std::cmp::Reverse(piece.lines.start)));
    Some(pieces)
}

/// Where the first of these pieces begins.
pub(super) fn first_line(pieces: &[Piece]) -> usize {
    pieces.iter().map(|piece| piece.lines.start).min().unwrap_or(0)
}

/// One exception with its frames.
#[derive(Debug)]
struct Block {
    /// The header, or the first frame where there is none: of a `SyntaxError`, or of a text that was cut.
    begins: usize,
    frames: Vec<Range<usize>>,
    exception: usize,
    /// 0 outside of groups, 1 for a group itself, 2 for its exceptions, and so on.
    depth: usize,
}

/// All exceptions with their frames, in the order of the text.
fn blocks(lines: &[&str]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    // After `+---- 2 ----` an exception may be alone: one that was never raised has no frames.
    let mut is_separated = false;
    // Outside of groups there is no margin: a line of source may begin with `|`, too.
    let mut is_in_group = false;
    for (number, line) in lines.iter().enumerate() {
        let (depth, text) = if is_in_group || line.ends_with(HEADER) { inside(line) } else { (0, *line) };
        if text.ends_with(HEADER) {
            is_in_group = depth > 0;
            open = Some(Block { begins: number, frames: Vec::new(), exception: number, depth });
        } else if text.starts_with("  File \"") {
            let block = open.get_or_insert_with(|| Block {
                begins: number,
                frames: Vec::new(),
                exception: number,
                depth,
            });
            block.frames.push(number..number + 1);
        } else if text.starts_with(' ') || text.is_empty() {
            if let Some(frame) = open.as_mut().and_then(|block| block.frames.last_mut()) {
                frame.end = number + 1;
            }
        } else if looks_like_an_exception(text) && (open.is_some() || is_separated) {
            let block =
                open.take().unwrap_or(Block { begins: number, frames: Vec::new(), exception: number, depth });
            blocks.push(Block { exception: number, ..block });
        } else {
            open = None;
        }
        is_separated = is_separator(line);
    }
    blocks
}

/// The blocks of the last chain: those that a sentence joins, and a group with its exceptions.
fn last_chain(mut blocks: Vec<Block>, lines: &[&str]) -> Vec<Block> {
    let is_joined = |block: &Block| {
        let before = lines[..block.begins].iter().rev().find(|line| !inside(line).1.is_empty());
        block.depth > 1 || before.is_some_and(|line| CONNECTORS.contains(&inside(line).1))
    };
    let first = blocks.iter().rposition(|block| !is_joined(block)).unwrap_or(0);
    blocks.drain(..first);
    blocks
}

/// The distance of each block's exception from the last one of the chain, which of a group is the group itself.
fn ranks(blocks: &[Block]) -> Vec<usize> {
    let chain = blocks.iter().filter(|block| block.depth <= 1).count();
    let mut ranks: Vec<usize> = Vec::new();
    // Of each depth above the present one: the rank, and how many exceptions of it came so far.
    let mut above: Vec<(usize, usize)> = Vec::new();
    let mut seen = 0;
    for block in blocks {
        let rank = if block.depth <= 1 {
            seen += 1;
            above = vec![(chain - seen, 0)];
            chain - seen
        } else {
            above.truncate(block.depth - 1);
            let (of_group, nth) = above.last_mut().map_or((0, 0), |(rank, nth)| {
                *nth += 1;
                (*rank, *nth - 1)
            });
            let rank = of_group + 1 + nth / LINES_A_FRAME;
            above.push((rank, 0));
            rank
        };
        ranks.push(rank);
    }
    ranks
}

/// The depth of a line within groups, and its text there.
fn inside(line: &str) -> (usize, &str) {
    let text = line.trim_start_matches(' ');
    let margin = line.len() - text.len();
    if margin == 0 || margin % 2 == 1 {
        return (0, line);
    }
    match text.strip_prefix("| ").or(text.strip_prefix("+ ")) {
        Some(text) => (margin / 2, text),
        None if text == "|" => (margin / 2, ""),
        None => (0, line),
    }
}

fn is_separator(line: &str) -> bool {
    let text = line.trim_start_matches(' ');
    line.len() > text.len() && (text.starts_with("+-+---") || text.starts_with("+---"))
}

/// Whether the line joins a chain or a group.
fn is_between(line: &str) -> bool {
    is_separator(line) || CONNECTORS.contains(&inside(line).1)
}

/// `ValueError: ...`, `psycopg2.errors.UndefinedTable: ...`, `KeyboardInterrupt`: a dotted name, then nothing or a colon.
fn looks_like_an_exception(text: &str) -> bool {
    let name = text.split(':').next().unwrap_or_default();
    let is_of_a_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '<' | '>');
    name.starts_with(|c: char| c.is_alphabetic() || c == '_') && name.chars().all(is_of_a_name)
}
