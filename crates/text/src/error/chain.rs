//! The ranking of a text that has exceptions with frames: which of them ended the program, and what each line is worth.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::block::{Block, Link};
use super::cut::{Piece, Ranked, WORTHLESS, omitted};
use super::error_line::{self, Severity};
use super::{python, stack};

/// So many lines after an exception, or so many exceptions of a group, weigh as one frame.
const LINES_A_FRAME: usize = 4;
/// A frame of a library weighs as one of the program that is so many frames further away.
const LIBRARY_FRAMES: usize = 4;
/// How many frames of a library are worth anything where the language prints them without their source.
const LIBRARY_FRAMES_KEPT: usize = 2;
/// A line that was logged below the level of errors weighs as one that is so many frames further away.
const QUIET_FRAMES: usize = 8;

/// Listings and other lines that no reader needs: a numbered query, its ruler, parameters, lists of modules, bars.
static LISTING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(?:\s*\d+:|[\s|.]*\|[\s|.]*$|\[parameters: |\(Background on this error|Extension modules: |\s*[=*#~_-]{10,}\s*$|.*\d+%\||│)",
    )
    .expect("a valid pattern")
});
/// Go lists all goroutines after the one that panicked.
const OTHER_GOROUTINE: &str = "goroutine ";
/// A query that SQLAlchemy adds to a message.
const QUERY: &str = "[SQL: ";
/// Where a query is wrong: `at [17:8]`.
static PLACE_IN_QUERY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\bat \[(\d+):\d+\]").expect("a valid pattern"));
/// The event of a log line at whose end the exception was: `ERROR the day could not be read`.
static EVENT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("^(?:ERROR|CRITICAL|FATAL) ").expect("a valid pattern"));

/// The ranking of the exception that ended the program with all that led to it and all that follows; `None`: there is no
/// exception with frames.
pub(super) fn ranked(lines: &[&str]) -> Option<Ranked> {
    let mut blocks = python::blocks(lines);
    let stack::Stacks { blocks: stacks, is_frame } = stack::stacks(lines, &blocks);
    blocks.extend(stacks);
    blocks.sort_by_key(|block| block.begins);
    let chain = chain(&blocks)?;
    let later = blocks.get(chain.end).map(|next| next.begins);
    let blocks = &blocks[chain];
    let first = blocks.first()?.begins;
    let is_led = first > 0 && EVENT.is_match(lines[first - 1]);
    let begins = if is_led { first - 1 } else { first };
    let mut ranking = Ranking { lines, is_frame: &is_frame, pieces: Vec::new() };
    let ranks = ranks(blocks);
    if is_led {
        ranking.add(ranks.iter().copied().min().unwrap_or_default() + 1, begins..first);
    }
    for (nth, (block, rank)) in blocks.iter().zip(&ranks).enumerate() {
        ranking.add_block(block, *rank);
        let next = blocks.get(nth + 1).map(|next| next.begins);
        ranking.add_lines_after(block, *rank, next.unwrap_or(lines.len()), later.filter(|_| next.is_none()));
    }
    Some(Ranked { begins, pieces: ranking.pieces })
}

/// The chain that ended the program: of those of the most informative origin the last.
fn chain(blocks: &[Block]) -> Option<Range<usize>> {
    let last = (0..blocks.len()).rev().min_by_key(|at| blocks[*at].origin)?;
    let begins = (0..=last).rev().find(|at| blocks[*at].link == Link::Apart).unwrap_or(0);
    let ends = (last + 1..blocks.len()).find(|at| blocks[*at].link == Link::Apart);
    Some(begins..ends.unwrap_or(blocks.len()))
}

/// The worth of each block's exception: 0 is the one that the program ended with, or the root of `Caused by:`.
fn ranks(blocks: &[Block]) -> Vec<usize> {
    let Some(cause) = blocks.iter().position(|block| block.link == Link::Cause) else {
        return ranks_of_python(blocks);
    };
    let (top, last) = (cause.saturating_sub(1), blocks.len() - 1);
    let adjoins = blocks[cause].begins == blocks[top].exception.end;
    (0..blocks.len())
        .map(|at| match at {
            at if at == last => 0,
            at if at <= top => 1 + top - at,
            at if at == cause && adjoins => 1,
            at => 2 + last - at,
        })
        .collect()
}

/// The distance of each block's exception from the last one of the chain, which of a group is the group itself. The
/// first of a long chain is its root, and worth more than those between.
fn ranks_of_python(blocks: &[Block]) -> Vec<usize> {
    const OF_ROOT: usize = 2;
    let chain = blocks.iter().filter(|block| block.depth <= 1).count();
    let mut ranks: Vec<usize> = Vec::new();
    // Of each depth above the present one: the rank, and how many exceptions of it came so far.
    let mut above: Vec<(usize, usize)> = Vec::new();
    let mut seen = 0;
    for block in blocks {
        let rank = if block.depth <= 1 {
            seen += 1;
            let rank = if seen == 1 { OF_ROOT.min(chain - 1) } else { chain - seen };
            above = vec![(rank, 0)];
            rank
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

struct Ranking<'a> {
    lines: &'a [&'a str],
    is_frame: &'a [bool],
    pieces: Vec<Piece>,
}

impl Ranking<'_> {
    fn add(&mut self, rank: usize, lines: Range<usize>) {
        self.pieces.push(Piece { rank, lines });
    }

    fn add_block(&mut self, block: &Block, rank: usize) {
        self.add(rank, block.exception.start..block.exception.start + 1);
        for (nth, line) in block.exception.clone().skip(1).enumerate() {
            let rank = self.rank_after(line, rank + 1 + nth / LINES_A_FRAME);
            self.add(rank, line..line + 1);
        }
        let (mut own, mut of_libraries) = (0, 0);
        for frame in &block.frames {
            let rank = if frame.is_own {
                own += 1;
                rank + own
            } else {
                of_libraries += 1;
                let is_bare = self.is_frame[frame.lines.start] && of_libraries > LIBRARY_FRAMES_KEPT;
                if is_bare { WORTHLESS } else { rank + LIBRARY_FRAMES + own.max(of_libraries) }
            };
            self.add(rank, frame.lines.clone());
        }
        // The header and what else stands between the frames and the exception.
        let mut is_ranked = vec![false; block.ends() - block.begins];
        for lines in block.frames.iter().map(|frame| &frame.lines).chain([&block.exception]) {
            is_ranked[lines.start - block.begins..lines.end - block.begins].fill(true);
        }
        for line in (block.begins..block.ends()).filter(|line| !is_ranked[line - block.begins]) {
            let rank = self.rank_after(line, rank + 1);
            self.add(rank, line..line + 1);
        }
    }

    /// The lines from the end of a block up to `end`: of those after the last exception the beginning, which may belong to
    /// its message, and the end. From `noise` on begins another exception.
    fn add_lines_after(&mut self, block: &Block, rank: usize, end: usize, noise: Option<usize>) {
        let place =
            PLACE_IN_QUERY.captures(self.lines[block.exception.start]).map(|found| found[1].to_owned());
        let follows = block.ends()..end;
        let (count, is_last) = (follows.len(), end == self.lines.len());
        let mut is_in_query = false;
        for (nth, line) in follows.enumerate() {
            let text = self.lines[line];
            let from_end = if is_last { count - 1 - nth } else { count };
            let by_distance = rank + 1 + nth.min(from_end) / LINES_A_FRAME;
            let is_the_place = place.as_ref().is_some_and(|place| {
                text.trim_start().strip_prefix(place.as_str()).is_some_and(|rest| rest.starts_with(':'))
            });
            is_in_query = is_in_query || text.starts_with(QUERY);
            let is_noise = noise.is_some_and(|noise| line >= noise) || text.starts_with(OTHER_GOROUTINE);
            let rank = if is_noise {
                WORTHLESS
            } else if is_in_query {
                by_distance + QUIET_FRAMES
            } else if python::is_between(text) {
                rank
            } else if is_the_place {
                rank + 2
            } else {
                self.rank_after(line, by_distance)
            };
            self.add(rank, line..line + 1);
            is_in_query = is_in_query && !text.ends_with(']');
        }
    }

    /// A line's rank by what it is.
    fn rank_after(&self, line: usize, by_distance: usize) -> usize {
        let text = self.lines[line];
        if self.is_frame[line] || omitted(text).is_some() || LISTING.is_match(text) {
            WORTHLESS
        } else if error_line::is_quiet(text) {
            by_distance + QUIET_FRAMES
        } else if error_line::severity(text) == Severity::Severe {
            by_distance.min(LIBRARY_FRAMES)
        } else {
            by_distance
        }
    }
}
