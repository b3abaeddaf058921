//! The values of which samples are made.

use chrono::NaiveDate;
use kigen_model::Instant;
use kigen_model::event::Revision;
use kigen_model::key::BatchKey;
use kigen_model::slot::{Gap, Slot};
use uuid::Uuid;

pub(crate) fn gap() -> Gap {
    Gap::unwatched(Some(at("2026-11-20T01:00:00Z")), at("2026-11-20T02:00:00Z"))
}

pub(crate) fn day() -> NaiveDate {
    "2026-11-20".parse().expect("a day")
}

pub(crate) fn slot() -> Slot {
    Slot { from: at("2026-11-19T03:30:00Z"), deadline: at("2026-11-20T03:30:00Z"), whole: true }
}

pub(crate) fn key() -> BatchKey {
    BatchKey::new("prod", "ml", "recommend")
}

pub(crate) fn revision(resource_version: u64) -> Revision {
    Revision { uid: "0b1d6c3e".to_owned(), resource_version }
}

pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(crate) fn at(text: &str) -> Instant {
    text.parse().expect("an instant in RFC 3339")
}
