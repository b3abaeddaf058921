//! Mutes as users write them: an end is required.

use chrono::{DateTime, TimeDelta};
use kigen_calendar::{Crontab, Reading, Zone};
use kigen_model::Instant;
use kigen_model::mute::{Mute, MuteScope, Repeat};

use crate::duration;
use crate::located::Located;
use crate::problems::Problems;
use crate::spec::MuteSpec;

/// A mute as it is written, before it is checked.
#[derive(Clone, Debug)]
pub struct Written {
    /// What it mutes.
    pub scope: MuteScope,
    /// From when on.
    pub from: Instant,
    /// Until when, or for how long.
    pub end: Option<End>,
    /// The times in which it is in force: crontab, zone and length.
    pub repeats: Option<(String, Option<String>, String)>,
    /// Who declares it.
    pub author: String,
    /// Why.
    pub reason: String,
}

/// The end of a mute as it is written.
#[derive(Clone, Debug)]
pub enum End {
    /// At this instant.
    Until(Instant),
    /// So long after its beginning, such as `4h`.
    For(String),
}

/// The longest mute, in seconds.
const SECONDS: std::ops::RangeInclusive<i64> = 1..=Mute::LENGTH_MAX_S;

impl Written {
    /// The mute.
    ///
    /// # Errors
    /// What is wrong with it, and what to write instead.
    pub fn check(self) -> Result<Mute, String> {
        let Self { scope, from, end, repeats, author, reason } = self;
        let span = |name: &str, text: &str| {
            duration::parse(text, &SECONDS)
                .ok_or_else(|| format!("{name} is `{text}`: {}", duration::advice(&SECONDS)))
        };
        let until = match end {
            None => {
                return Err(
                    "a mute needs an end: without one it would be forgotten, and so would be what it mutes"
                        .to_owned(),
                );
            }
            Some(End::Until(until)) => until,
            Some(End::For(text)) => from + span("its length", &text)?,
        };
        if until <= from {
            let (from, until) = (from.to_rfc3339(), until.to_rfc3339());
            return Err(format!("it ends at {until}, which is not after its beginning, {from}"));
        }
        if until - from > TimeDelta::seconds(Mute::LENGTH_MAX_S) {
            return Err(
                "it lasts longer than 366 days: withdraw the objective, or mute it for less".to_owned()
            );
        }
        let repeats = repeats.map(|(crontab, time_zone, length)| {
            let length = span("the length of its times", &length)?;
            repeat(crontab, time_zone, length)
        });
        let text = |name: &str, text: String| {
            let chars = text.chars().count();
            match chars {
                0 => Err(format!("{name} is absent: those who look later need it")),
                1..=Mute::TEXT_CHARS_MAX => Ok(text),
                _ => Err(format!("{name} has {chars} characters; at most {}", Mute::TEXT_CHARS_MAX)),
            }
        };
        let (author, reason) = (text("the author", author)?, text("the reason", reason.trim().to_owned())?);
        Ok(Mute { scope, from, until, repeats: repeats.transpose()?, author, reason })
    }
}

fn repeat(crontab: String, time_zone: Option<String>, length: TimeDelta) -> Result<Repeat, String> {
    let time_zone = time_zone.unwrap_or_else(|| "UTC".to_owned());
    let zone = Zone::named(&time_zone).map_err(|error| error.to_string())?;
    let parsed = Crontab::parse(&crontab).map_err(|error| error.to_string())?;
    kigen_calendar::Calendar::new(parsed, zone, Reading::Deadline).map_err(|error| error.to_string())?;
    Ok(Repeat { crontab, time_zone, length })
}

/// The mutes of a file that can be read.
pub(crate) fn of_file(written: Vec<Located<MuteSpec>>, problems: &mut Problems) -> Vec<Mute> {
    let mut mutes = Vec::new();
    for spec in written {
        let line = spec.line();
        match checked(spec.into_value()) {
            Ok(mute) => mutes.push(mute),
            Err(text) => problems.add(line, format!("`mutes`: {text}")),
        }
    }
    mutes
}

fn checked(spec: MuteSpec) -> Result<Mute, String> {
    let MuteSpec { of, from, until, lasting, each, each_for, time_zone, reason, author } = spec;
    let end = match (until, lasting) {
        (Some(_), Some(_)) => return Err("`until` and `for` both name the end: keep one".to_owned()),
        (Some(until), None) => Some(End::Until(instant(until.value())?)),
        (None, Some(lasting)) => Some(End::For(lasting.into_value())),
        (None, None) => None,
    };
    let repeats = match (each, each_for) {
        (Some(each), Some(length)) => Some((each, time_zone, length)),
        (None, None) => None,
        _ => return Err("`each` and `eachFor` are given together".to_owned()),
    };
    let author = author.unwrap_or_else(|| "the file of objectives".to_owned());
    let (scope, from) = (of.value().parse()?, instant(from.value())?);
    Written { scope, from, end, repeats, author, reason }.check()
}

/// The end and the reason of an annotation like `2026-12-01T09:00+09:00 migration`.
///
/// # Errors
/// It is not like that.
pub fn annotated(text: &str) -> Result<(Instant, String), String> {
    let (until, reason) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
    let until = instant(until)?;
    match reason.trim() {
        "" => Err("the reason is absent: write it after the time, as in `2026-12-01T09:00+09:00 migration`"
            .to_owned()),
        reason => Ok((until, reason.chars().take(Mute::TEXT_CHARS_MAX).collect())),
    }
}

/// An instant with its offset, such as `2026-12-01T09:00+09:00`.
///
/// # Errors
/// It is none.
pub fn instant(text: &str) -> Result<Instant, String> {
    DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M%:z"))
        .or_else(|_| DateTime::parse_from_str(&text.replace('Z', "+00:00"), "%Y-%m-%dT%H:%M%:z"))
        .map(|at| at.to_utc())
        .map_err(|_| {
            format!("`{text}` is no time with its offset: write one such as `2026-12-01T09:00+09:00`")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(end: Option<End>) -> Written {
        let from = instant("2026-12-01T09:00+09:00").expect("an instant");
        let (author, reason) = ("ann".to_owned(), "migration".to_owned());
        Written { scope: MuteScope::Cluster, from, end, repeats: None, author, reason }
    }

    fn until(text: &str) -> Option<End> {
        Some(End::Until(instant(text).expect("an instant")))
    }

    #[test]
    fn a_mute_ends_after_it_begins_within_a_year() {
        assert!(written(until("2026-12-01T09:01+09:00")).check().is_ok());
        let of = |end: &str| written(Some(End::For(end.to_owned()))).check();
        assert_eq!(of("4h").expect("a mute").until, instant("2026-12-01T04:00Z").expect("an instant"));
        for end in ["ever", "0s", "367d"] {
            assert!(of(end).is_err_and(|error| error.contains("write a number")), "{end}");
        }
        let refused = |end| written(end).check().expect_err("an error");
        assert!(refused(None).contains("needs an end"));
        assert!(refused(until("2026-12-01T09:00+09:00")).contains("not after its beginning"));
        assert!(refused(until("2027-12-03T09:00+09:00")).contains("longer than 366 days"));
    }

    #[test]
    fn a_mute_has_a_reason_and_what_repeats_a_crontab_that_can_be_read() {
        let end = || until("2026-12-02T09:00+09:00");
        let without = Written { reason: "  ".to_owned(), ..written(end()) };
        assert!(without.check().is_err_and(|error| error.contains("the reason is absent")));
        let long = Written { reason: "x".repeat(201), ..written(end()) };
        assert!(long.check().is_err_and(|error| error.contains("at most 200")));
        let of = |crontab: &str, zone: &str, length: &str| {
            let repeats = Some((crontab.to_owned(), Some(zone.to_owned()), length.to_owned()));
            Written { repeats, ..written(end()) }.check()
        };
        assert!(of("0 22 * * 6", "Asia/Tokyo", "4h").is_ok());
        for (crontab, zone, length) in [
            ("0 25 * * *", "UTC", "4h"),
            ("0 1 * * *", "Asia/Tokio", "4h"),
            ("0 1 * * *", "UTC", "0h"),
            ("@every 1h", "UTC", "4h"),
        ] {
            assert!(of(crontab, zone, length).is_err(), "{crontab} {zone} {length}");
        }
    }

    #[test]
    fn an_annotation_has_an_end_and_a_reason() {
        let until = instant("2026-12-01T00:00Z").expect("an instant");
        let of = annotated("2026-12-01T09:00+09:00  the new warehouse ");
        assert_eq!(of, Ok((until, "the new warehouse".to_owned())));
        assert!(
            annotated("2026-12-01T09:00+09:00").is_err_and(|error| error.contains("the reason is absent"))
        );
        assert!(annotated("migration").is_err() && annotated("").is_err());
    }

    #[test]
    fn an_instant_has_its_offset() {
        for text in ["2026-12-01T09:00+09:00", "2026-12-01T00:00Z", "2026-12-01T00:00:00Z"] {
            assert_eq!(instant(text).map(|at| at.timestamp()), Ok(1_796_083_200), "{text}");
        }
        for text in ["2026-12-01", "2026-12-01T09:00", "tomorrow"] {
            assert!(instant(text).is_err(), "{text}");
        }
    }
}
