//! Crontabs as Kubernetes reads them, and the instants that they name in a time zone.
//!
//! One grammar, that of robfig/cron v3's `ParseStandard`, which Kubernetes uses for `CronJob.spec.schedule`; two readings
//! of it, see [`Reading`]. Zone rules come from the data bundled with kigen ([`tzdata_version`]), never from the
//! machine's.
//!
//! The `cron` crate walks a timeline without zones. Its calendar ends with the year 2100; kigen's does not.
#![deny(clippy::wildcard_enum_match_arm)]

mod cache;
mod calendar;
mod crontab;
mod every;
mod later;
mod parse;
mod similar;
mod timetable;
mod walk;
mod zone;

pub use cache::cached;
pub use calendar::{Calendar, Reading};
pub use crontab::Crontab;
pub use parse::{CRONTAB_BYTES_MAX, CrontabError, Fault, Field};
pub use similar::typos;
pub use timetable::Timetable;
pub use zone::{LocalTime, UnknownZone, Zone, tzdata_version};
