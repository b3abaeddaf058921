//! Data as they are written and read nearly always: fields in the order of the schema, without a search by names.
//!
//! `apache-avro` looks up each record by its name in a table, each field by its name in another, and allocates per record: with
//! large states that was more than half of what judging costs. A [`Plan`] is the schema with all of that resolved once. What it
//! does not provide for, and whatever is not as expected, is [`Unplanned`], and left to `apache-avro`, which also finds the words
//! for what is wrong. So what both accept is the same, byte for byte, as the tests show for arbitrary records.

mod plan;
mod read;
mod write;

use std::fmt;

use serde::{de, ser};

pub(crate) use plan::Plan;
pub(crate) use read::read;
pub(crate) use write::write;

/// It is left to `apache-avro`.
#[derive(Debug)]
pub(crate) struct Unplanned;

impl fmt::Display for Unplanned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is not provided for")
    }
}

impl std::error::Error for Unplanned {}

impl ser::Error for Unplanned {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl de::Error for Unplanned {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}
