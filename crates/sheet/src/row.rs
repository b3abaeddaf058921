//! A row of a sheet.

/// A row: its number, from 1, and its cells.
pub type Row = (u64, Vec<String>);
