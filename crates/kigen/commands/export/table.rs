//! A table of an export, and its cells.

use kigen_model::Instant;
use kigen_text::secrets::scrub;
use kigen_wire::table::{Cell, Column};

/// The rows of a table, each with a cell for each of its columns.
pub(super) struct Table {
    /// The name of the records in Avro.
    pub(super) name: &'static str,
    pub(super) columns: &'static [Column],
    pub(super) rows: Vec<Vec<Cell>>,
}

/// The time that is exported; the end is not in it.
#[derive(Clone, Copy)]
pub(super) struct Time {
    pub(super) from: Option<Instant>,
    pub(super) to: Option<Instant>,
}

impl Time {
    pub(super) fn has(self, at: Instant) -> bool {
        self.from.is_none_or(|from| at >= from) && self.to.is_none_or(|to| at < to)
    }
}

/// A text that a program or cluster wrote, with its secrets hidden.
pub(super) fn text(of: impl AsRef<str>) -> Cell {
    Cell::Text(scrub(of.as_ref()).into_owned())
}

pub(super) fn optional(of: Option<impl AsRef<str>>) -> Cell {
    of.map_or(Cell::Null, text)
}

pub(super) fn time(of: Option<Instant>) -> Cell {
    of.map_or(Cell::Null, Cell::Time)
}
