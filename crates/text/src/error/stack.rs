//! Reports with the exception before its frames: of Java and Scala, Node, .NET, Go, Rust, PHP, Ruby, Julia.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::block::{Block, Frame, Link, Origin};
use super::cut::omitted;
use super::error_line;

/// How many lines above its frames a message is sought in.
const MESSAGE_LINES_MAX: usize = 40;

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a valid pattern")
}

/// A frame by its first line.
static FRAME: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?:\s+at \S|\s+from \S+:\d+|#\d+ |\s+\[\d+\] \S|\s+\.\.\. \d+ (?:more|common frames)|\s+--- End of )",
    )
});
/// The second line of Go's frames.
static PLACE_IN_GO: LazyLock<Regex> = LazyLock::new(|| regex(r"^(?:\t| {4,8})\S+\.(?:go|s|c):\d+"));
/// A line of Rust's, which counts only below its label.
static FRAME_IN_RUST: LazyLock<Regex> = LazyLock::new(|| regex(r"^\s+\d+: +\S"));
/// What stands between an exception and its frames.
static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"^(?:(?i:stack ?(?:back)?trace|backtrace|traceback):?|goroutine \d+.*:|\[signal .*\])?$")
});
static LIBRARY: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?x)
        site-packages | dist-packages | /lib/python\d | /lib64/python\d | <frozen\  | /pyspark | py4j | /opt/spark/
        | /usr/(?:local/)?s?bin/ | node: | node_modules | internal/ | /rustc/ | \.cargo/registry | /usr/local/go/ | /pkg/mod/
        | /vendor/ | /gems/ | <anonymous>\)$
        | ^\s*at\ (?:async\ )?(?:[\w.]*/)?(?:java|javax|jdk|sun|com\.sun|scala|kotlin|kotlinx|groovy|clojure|akka|reactor
            |io\.netty|io\.grpc|org\.apache|org\.spark|org\.spring\w*|org\.hibernate|org\.postgresql|org\.jetbrains|org\.eclipse
            |com\.google|com\.mysql|com\.fasterxml|com\.zaxxer|com\.amazonaws|software\.amazon|System|Microsoft|Npgsql)\.
        | ^\s*\d+:\ +(?:0x[0-9a-f]+\ -\ )?<?(?:std|core|alloc|tokio|rust_|__|_start|test)\b | rust_begin_unwind | _?__libc_start
        | @\ (?:Base|Core)\b
        | ^(?:runtime|panic|created\ by)\b
    ",
    )
});
const RUST_LABEL: &str = "stack backtrace:";

/// Whether a frame is of the program, by its first line or by its place.
pub(super) fn is_own(frame: &str) -> bool {
    !LIBRARY.is_match(frame)
}

/// The frames of a text that follow their exceptions, and the exceptions.
pub(super) struct Stacks {
    pub(super) blocks: Vec<Block>,
    /// Of each line whether it is of a frame, also of a stack without an exception.
    pub(super) is_frame: Vec<bool>,
}

/// All such exceptions outside of `python`, in the order of the text.
pub(super) fn stacks(lines: &[&str], python: &[Block]) -> Stacks {
    let mut is_taken = vec![false; lines.len()];
    for block in python {
        for frame in &block.frames {
            is_taken[frame.lines.clone()].fill(true);
        }
        is_taken[block.exception.clone()].fill(true);
    }
    let mut stacks = Stacks { blocks: Vec::new(), is_frame: vec![false; lines.len()] };
    let mut number = 0;
    while number < lines.len() {
        let frames = if is_taken[number] { Vec::new() } else { frames(lines, number) };
        let is_cut = omitted(lines[number]).is_some() && number > 0 && error_line::starts(lines[number - 1]);
        let end = frames.last().map_or(number + 1, |frame| frame.lines.end);
        if let Some(first) = frames.first().map(|frame| frame.lines.start) {
            stacks.is_frame[first..end].fill(true);
        }
        if (is_cut || !frames.is_empty())
            && let Some(exception) = exception_above(lines, number, &is_taken, &stacks)
        {
            stacks.push(lines, exception, frames, python);
        }
        number = end;
    }
    stacks.add_bare_causes(lines, python);
    stacks
}

impl Stacks {
    /// `Caused by:` without frames.
    fn add_bare_causes(&mut self, lines: &[&str], python: &[Block]) {
        let mut is_known = vec![false; lines.len()];
        for block in &self.blocks {
            is_known[block.exception.clone()].fill(true);
        }
        let framed = std::mem::take(&mut self.blocks);
        let mut framed = framed.into_iter().peekable();
        for (number, line) in lines.iter().enumerate() {
            while let Some(block) = framed.next_if(|block| block.begins <= number) {
                self.blocks.push(block);
            }
            if line.starts_with("Caused by: ") && !is_known[number] {
                self.push(lines, number..number + 1, Vec::new(), python);
            }
        }
        self.blocks.extend(framed);
    }

    fn push(&mut self, lines: &[&str], exception: Range<usize>, frames: Vec<Frame>, python: &[Block]) {
        let text = lines[exception.start].trim_start();
        let follows_python = python.iter().any(|block| block.exception.end == exception.start);
        let is_cause = ["Caused by:", "Suppressed:", "[cause]:", "--->", ": "]
            .iter()
            .any(|start| text.starts_with(start));
        let has_before = self.blocks.last().is_some_and(|last| last.ends() <= exception.start);
        let link = match (is_cause, has_before || follows_python) {
            (true, true) => Link::Cause,
            // The outer exception has no frames, or, as .NET prints it, has them after those of the inner one.
            (true, false) if exception.start > 0 && error_line::starts(lines[exception.start - 1]) => {
                let outer = exception.start - 1;
                self.blocks.push(Block {
                    begins: outer,
                    frames: Vec::new(),
                    exception: outer..outer + 1,
                    depth: 0,
                    link: Link::Apart,
                    origin: Origin::Program,
                });
                Link::Cause
            }
            _ => Link::Apart,
        };
        let before = exception.start.checked_sub(1).map_or("", |before| lines[before]);
        let is_warning = link == Link::Apart
            && (error_line::warns(text) || error_line::warns(before) && error_line::is_quiet(before));
        let origin = if is_warning { Origin::AtExit } else { Origin::Program };
        self.blocks.push(Block { begins: exception.start, frames, exception, depth: 0, link, origin });
    }
}

/// The frames that begin with this line, without a gap.
fn frames(lines: &[&str], first: usize) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    if lines[first].trim() == RUST_LABEL || lines[first].trim() == "Stack backtrace:" {
        let mut number = first + 1;
        while let Some(line) = lines.get(number) {
            if FRAME_IN_RUST.is_match(line) {
                frames.push(Frame { lines: number..number + 1, is_own: is_own(line) });
            } else if let (Some(frame), true) =
                (frames.last_mut(), line.starts_with(' ') && omitted(line).is_none())
            {
                frame.lines.end = number + 1;
                frame.is_own = frame.is_own && is_own(line);
            } else if omitted(line).is_none() {
                break;
            }
            number += 1;
        }
        return frames;
    }
    let mut number = first;
    while let Some(line) = lines.get(number) {
        let place = lines.get(number + 1).filter(|next| PLACE_IN_GO.is_match(next));
        if let Some(place) = place.filter(|_| !line.starts_with(char::is_whitespace) && !line.is_empty()) {
            frames.push(Frame { lines: number..number + 2, is_own: is_own(line) && is_own(place) });
            number += 2;
        } else if FRAME.is_match(line) {
            frames.push(Frame { lines: number..number + 1, is_own: is_own(line) });
            number += 1;
        } else if omitted(line).is_some() && !frames.is_empty() {
            number += 1;
        } else if is_more_of_a_frame(line, frames.last().map(|frame| lines[frame.lines.start])) {
            if let Some(frame) = frames.last_mut() {
                frame.lines.end = number + 1;
                frame.is_own = frame.is_own && is_own(line);
            }
            number += 1;
        } else {
            break;
        }
    }
    frames
}

/// Julia's second line of a frame.
fn is_more_of_a_frame(line: &str, frame: Option<&str>) -> bool {
    frame.is_some_and(|frame| frame.trim_start().starts_with('[')) && line.trim_start().starts_with("@ ")
}

/// The exception whose frames begin at `below`: the nearest line above that may begin a report, and the lines of its
/// message between.
fn exception_above(lines: &[&str], below: usize, is_taken: &[bool], stacks: &Stacks) -> Option<Range<usize>> {
    let is_free = |line: usize| !is_taken[line] && !stacks.is_frame[line];
    let last = (0..below)
        .rev()
        .take_while(|line| is_free(*line))
        .find(|line| !LABEL.is_match(lines[*line].trim()))?;
    let first = last.saturating_sub(MESSAGE_LINES_MAX);
    let above =
        (first..=last).rev().take_while(|line| is_free(*line)).find(|line| error_line::starts(lines[*line]));
    above.map(|start| start..last + 1)
}
