//! Which days are working days, by calendars with names: those that kigen knows, and those of a user, from dates, iCalendar
//! files and other calendars.
//!
//! A [`Catalog`] has the calendars that may be named. Nothing here is asked while a slot is judged: the shipper writes what a
//! calendar means into the log, so that a verdict depends on neither this crate nor the law of a later year.

mod catalog;
pub mod ics;
mod japan;

pub use catalog::{Catalog, CatalogError, Day, Definition, Found, JOINED_MAX, Span, SpanError};
