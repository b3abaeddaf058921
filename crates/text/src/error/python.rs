//! Python's tracebacks.
//!
//! The layout is that of CPython's `traceback` module: a header, frames from the outermost in, the exception. A chain has
//! a sentence between two tracebacks, the cause first. A group's exceptions follow it in a margin of `|`, each after
//! a line of `+-+---- 1 ----`. Dagster prints the exception first, and its cause after it. `faulthandler` prints the
//! exception first, and the frames from the innermost out. rich draws a box around the frames.

use super::block::{Block, Frame, Link, Origin};
use super::stack::is_own;

const HEADER: &str = "Traceback (most recent call last):";
const BOXED_HEADER: &str = "Traceback (most recent call last)";
const CONNECTORS: [&str; 2] = [
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
];
const DAGSTER_HEADER: &str = "Stack Trace:";
const DAGSTER_CONNECTOR: &str = "The above exception was caused by the following exception:";
const FATAL: &str = "Fatal Python error: ";
/// What the line before a header, or the one before that, begins with, where the exception ended no program.
const AT_EXIT: [&str; 6] = [
    "Exception ignored in",
    "Exception ignored on",
    "Error in atexit",
    "Error in sys.excepthook",
    "--- Logging error ---",
    "Task exception was never retrieved",
];
const IN_THREAD: &str = "Exception in thread ";
/// Exceptions of programs that start others, and only report that one failed.
const OF_LAUNCHERS: [&str; 4] =
    ["ChildFailedError", "ProcessExitedException", "SignalException", "subprocess.CalledProcessError"];

/// All exceptions with their frames, in the order of the text.
pub(super) fn blocks(lines: &[&str]) -> Vec<Block> {
    let mut reader = Reader { lines, blocks: Vec::new(), open: None };
    let mut is_separated = false;
    // Outside of groups there is no margin: a line of source may begin with `|`, too.
    let mut is_in_group = false;
    let mut number = 0;
    while let Some(line) = lines.get(number) {
        let (depth, text) = if is_in_group || line.ends_with(HEADER) { inside(line) } else { (0, *line) };
        if text.ends_with(HEADER) {
            is_in_group = depth > 0;
            reader.open = Some(open(number, depth));
        } else if text.starts_with('╭') && text.contains(BOXED_HEADER) {
            number = reader.read_box(number);
            continue;
        } else if text.starts_with(FATAL) {
            number = reader.read_fatal(number);
            continue;
        } else if text == DAGSTER_HEADER {
            number = reader.read_dagster(number);
            continue;
        } else if is_frame(text) {
            let block = reader.open.get_or_insert_with(|| open(number, depth));
            block.frames.push(Frame { lines: number..number + 1, is_own: true });
        } else if text.starts_with(' ') || text.is_empty() {
            if let Some(frame) = reader.open.as_mut().and_then(|block| block.frames.last_mut()) {
                frame.lines.end = number + 1;
            }
        } else if looks_like_an_exception(text) && (reader.open.is_some() || is_separated) {
            let block = reader.open.take().unwrap_or_else(|| open(number, depth));
            reader.close(block, number);
        } else {
            reader.open = None;
        }
        is_separated = is_separator(line);
        number += 1;
    }
    reader.blocks
}

/// Whether the line joins a chain or a group.
pub(super) fn is_between(line: &str) -> bool {
    is_separator(line) || inside(line).1 == DAGSTER_CONNECTOR || CONNECTORS.contains(&inside(line).1)
}

fn open(begins: usize, depth: usize) -> Block {
    let (frames, exception) = (Vec::new(), begins..begins + 1);
    Block { begins, frames, exception, depth, link: Link::Apart, origin: Origin::Program }
}

struct Reader<'a> {
    lines: &'a [&'a str],
    blocks: Vec<Block>,
    open: Option<Block>,
}

impl Reader<'_> {
    /// The block ends with this exception.
    fn close(&mut self, mut block: Block, exception: usize) {
        block.exception = exception..exception + 1;
        block.frames.reverse();
        let before = || self.lines[..block.begins].iter().rev().filter(|line| !inside(line).1.is_empty());
        let is_framed = block.begins < exception && is_frame(inside(self.lines[block.begins]).1);
        block.link =
            if block.depth > 1 || before().next().is_some_and(|line| CONNECTORS.contains(&inside(line).1)) {
                Link::CauseBefore
            } else if is_framed && self.blocks.last().is_some_and(|last| last.ends() == block.begins) {
                // Ray continues an exception with the worker's frames and exception.
                Link::Cause
            } else {
                Link::Apart
            };
        let name = inside(self.lines[exception]).1.split(':').next().unwrap_or_default();
        block.origin = if before().take(2).any(|line| AT_EXIT.iter().any(|text| line.starts_with(text))) {
            Origin::AtExit
        } else if OF_LAUNCHERS.iter().any(|of| name.ends_with(of)) {
            Origin::Launcher
        } else if before().next().is_some_and(|line| line.starts_with(IN_THREAD)) {
            Origin::Thread
        } else {
            Origin::Program
        };
        self.push(block);
    }

    fn push(&mut self, mut block: Block) {
        for frame in &mut block.frames {
            frame.is_own = is_own(self.lines[frame.lines.start]);
        }
        self.blocks.push(block);
    }

    /// A box that rich drew, and the exception after it.
    fn read_box(&mut self, header: usize) -> usize {
        let mut block = open(header, 0);
        let mut number = header + 1;
        while let Some(text) = self.lines.get(number).and_then(|line| line.strip_prefix('│')) {
            let text = text.trim();
            let of_frame = text.split_once(" in ").and_then(|(place, _)| place.rsplit_once(':'));
            if of_frame.is_some_and(|(_, line)| !line.is_empty() && line.bytes().all(|c| c.is_ascii_digit()))
            {
                block.frames.push(Frame { lines: number..number + 1, is_own: true });
            }
            number += 1;
        }
        if self.lines.get(number).is_some_and(|line| line.starts_with('╰')) {
            number += 1;
        }
        if self.lines.get(number).is_some_and(|line| looks_like_an_exception(line)) {
            self.close(block, number);
            number += 1;
        }
        number
    }

    /// `Fatal Python error`, and the frames of the thread that was running.
    fn read_fatal(&mut self, exception: usize) -> usize {
        let mut block = open(exception, 0);
        let mut number = exception + 1;
        let mut is_current = false;
        while let Some(line) = self.lines.get(number) {
            if line.ends_with("(most recent call first):") {
                is_current = line.starts_with("Current thread") || line.starts_with("Thread") && is_current;
                is_current = is_current && block.frames.is_empty();
            } else if is_frame(line) {
                if is_current {
                    block.frames.push(Frame { lines: number..number + 1, is_own: true });
                }
            } else if !line.is_empty() && !line.starts_with("Python runtime state") && !line.starts_with("  ")
            {
                break;
            }
            number += 1;
        }
        self.push(block);
        number
    }

    /// Frames that follow their exception.
    fn read_dagster(&mut self, header: usize) -> usize {
        let above = self.lines[..header].iter().rposition(|line| !line.is_empty());
        let Some(last) = above else { return header + 1 };
        let first = self.lines[..last].iter().rposition(|line| {
            line.is_empty() || [DAGSTER_CONNECTOR, DAGSTER_HEADER].contains(line) || is_frame(line)
        });
        let first = first.map_or(0, |before| before + 1);
        let mut block = open(first, 0);
        block.exception = first..last + 1;
        let before = self.lines[..first].iter().rev().find(|line| !line.is_empty());
        if before.is_some_and(|line| *line == DAGSTER_CONNECTOR) {
            block.link = Link::Cause;
        }
        let mut number = header + 1;
        while let Some(line) = self.lines.get(number) {
            if is_frame(line) {
                block.frames.push(Frame { lines: number..number + 1, is_own: true });
            } else if line.starts_with("    ") || super::cut::omitted(line).is_some() {
                if let Some(frame) = block.frames.last_mut() {
                    frame.lines.end = number + 1;
                }
            } else {
                break;
            }
            number += 1;
        }
        block.frames.reverse();
        self.push(block);
        number
    }
}

fn is_frame(text: &str) -> bool {
    // loguru marks the frame that caught the exception.
    text.starts_with("  File \"") || text.starts_with("> File \"")
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

/// `ValueError: ...`, `psycopg2.errors.UndefinedTable: ...`, `RayTaskError(KeyError): ...`, `KeyboardInterrupt`: a dotted
/// name, then nothing or a colon.
fn looks_like_an_exception(text: &str) -> bool {
    let name = text.split(':').next().unwrap_or_default();
    let is_of_a_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '<' | '>' | '(' | ')');
    name.starts_with(|c: char| c.is_alphabetic() || c == '_') && name.chars().all(is_of_a_name)
}
