//! The ranking of a text without an exception that has frames: the lines that name an error, what belongs to them, and
//! the end.

use super::cut::{Piece, Ranked, WORTHLESS, omitted};
use super::error_line::{Severity, is_command, is_quiet, severity};

/// How many lines after one that names an error belong to it.
const DETAILS_MAX: usize = 12;
/// So many lines after an error weigh as one that is further away.
const LINES_A_STEP: usize = 4;
/// A line that was logged below the level of errors, or a command, weighs as one that is so many steps further away.
const QUIET_STEPS: usize = 20;

/// The ranking of the whole text.
pub(super) fn ranked(lines: &[&str]) -> Ranked {
    let severities: Vec<Severity> = lines.iter().map(|line| severity(line)).collect();
    let worst = severities.iter().copied().max().unwrap_or(Severity::None);
    let named: Vec<usize> =
        (0..lines.len()).filter(|line| worst > Severity::None && severities[*line] == worst).collect();
    let mut ranks: Vec<usize> = (0..lines.len()).rev().map(|from_end| of_end(from_end, lines)).collect();
    let mut rank_at_most = |line: usize, rank: usize| {
        if let Some(known) = ranks.get_mut(line) {
            *known = rank.min(*known);
        }
    };
    for (nth, line) in named.iter().rev().enumerate() {
        // The last and the first: that with which the program ended, and that with which the trouble began.
        let rank = if nth == 0 {
            0
        } else if nth == named.len() - 1 {
            1
        } else {
            1 + nth
        };
        rank_at_most(*line, rank);
        let next = named[..].get(named.len() - nth).copied().unwrap_or(lines.len());
        let details = (line + 1..next)
            .take(DETAILS_MAX)
            .take_while(|line| !is_quiet(lines[*line]) && !is_command(lines[*line]));
        for (distance, detail) in details.enumerate() {
            rank_at_most(detail, rank + 1 + distance / LINES_A_STEP);
        }
        // The command that failed, and what was reported before the error.
        if let Some(command) = (0..*line).rev().take(DETAILS_MAX).find(|line| is_command(lines[*line])) {
            rank_at_most(command, rank + 1);
        }
        if *line > 0 {
            rank_at_most(*line - 1, rank + 2);
        }
    }
    let pieces = ranks.into_iter().enumerate().map(|(line, rank)| {
        let is_nothing = omitted(lines[line]).is_some();
        Piece { rank: if is_nothing { WORTHLESS } else { rank }, lines: line..line + 1 }
    });
    Ranked { begins: 0, pieces: pieces.collect() }
}

/// The rank of a line by its distance from the end; the last line is worth as much as an error.
fn of_end(from_end: usize, lines: &[&str]) -> usize {
    let line = lines[lines.len() - 1 - from_end];
    let by_distance = 1 + from_end;
    let quiet = if is_command(line) || is_quiet(line) { QUIET_STEPS } else { 0 };
    by_distance + quiet
}
