//! The table of routes, as the configuration file has it: which alerts go to which channel.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{NaiveTime, Weekday};
use kigen_calendar::Zone;
use kigen_model::objective::Severity;
use kigen_model::working_days::WorkingDays;
use kigen_notifier::language::Language;
use kigen_notifier::routing::{Conditions, Kind, Mention, Pattern, Rule, Times, number_of};
use kigen_objective::file::read_file;
use kigen_working_days::Catalog;
use serde::{Deserialize, Serialize};

use super::error::ConfigError;

/// The years for which the days of a calendar are computed.
const CALENDAR_YEARS: (i32, i32) = (2020, 2050);

/// A rule of the file.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteFile {
    /// The rule's name, in `kigen notify --explain`.
    name: String,
    /// It matches objectives of one of these severities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    severity: Vec<SeverityFile>,
    /// It matches alerts of one of these kinds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    kind: Vec<KindFile>,
    /// It matches one of these clusters; `*` at the end stands for any rest of a name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cluster: Vec<String>,
    /// It matches one of these namespaces; `*` at the end stands for any rest of a name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    namespace: Vec<String>,
    /// It matches one of these owners; `*` at the end stands for any rest of a name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    owner: Vec<String>,
    /// It matches at these hours of the day, such as `22:00-07:00`.
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<String>,
    /// It matches on these days of the week, such as `sat-sun`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    days: Vec<String>,
    /// It matches on the working days of this calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    working_days: Option<String>,
    /// It matches on the other days of this calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    days_off: Option<String>,
    /// The time zone of hours and days, which need one.
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
    /// The channel in Slack of what it matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    /// The other receivers of what it matches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    receivers: Vec<String>,
    /// The language of what it matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    /// Whom its message in Slack notifies: ids of users and user groups, `here` or `channel`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mention: Vec<String>,
    /// Whether further rules are asked, too.
    #[serde(default, rename = "continue", skip_serializing_if = "std::ops::Not::not")]
    is_continued: bool,
}

#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum SeverityFile {
    Fatal,
    Warning,
}

#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum KindFile {
    Miss,
    Failure,
    Warning,
    Unknown,
    Cluster,
}

/// What rules may name.
pub(super) struct Named<'a> {
    pub(super) calendars: Calendars<'a>,
    /// The addresses of receivers, by their names.
    pub(super) receivers: BTreeMap<&'a str, &'a str>,
}

/// The calendars that rules may name.
pub(super) struct Calendars<'a> {
    /// A file of objectives, which may define some.
    pub(super) objectives_file: Option<&'a Path>,
    pub(super) cluster: &'a str,
}

/// The rules of a file, in their order.
pub(super) fn rules(file: &[RouteFile], named: &Named<'_>) -> Result<Vec<Rule>, ConfigError> {
    let mut names = BTreeSet::new();
    let mut rules = Vec::new();
    for route in file {
        if route.name.is_empty() || !names.insert(&route.name) {
            return Err(wrong(
                &route.name,
                "its name is empty, or another rule's: explanations name the rule",
            ));
        }
        rules.push(rule(route, named)?);
    }
    Ok(rules)
}

fn rule(file: &RouteFile, named: &Named<'_>) -> Result<Rule, ConfigError> {
    let has_own = file.channel.is_some() || !file.receivers.is_empty();
    if !has_own && file.mention.is_empty() && file.locale.is_none() {
        return Err(wrong(
            &file.name,
            "it has neither a channel nor receivers nor a mention nor a locale, so that it would change nothing",
        ));
    }
    let receiver = |name: &String| {
        let found = named.receivers.get(&**name).map(|address| (*address).to_owned());
        found.ok_or_else(|| {
            let names: Vec<&str> = named.receivers.keys().copied().collect();
            let there =
                if names.is_empty() { "is none".to_owned() } else { format!("are: {}", names.join(", ")) };
            wrong(
                &file.name,
                &format!("no receiver under [[receivers]] has the name `{name}`; there {there}"),
            )
        })
    };
    let patterns = |texts: &[String]| -> Result<Vec<Pattern>, ConfigError> {
        let pattern = |text: &String| {
            Pattern::new(text).ok_or_else(|| {
                wrong(
                    &file.name,
                    &format!("`{text}` is no name; a `*` stands at the end only, as in `dwh-*`"),
                )
            })
        };
        texts.iter().map(pattern).collect()
    };
    let mention = |text: &String| {
        Mention::new(text).ok_or_else(|| {
            let rule =
                "is no mention: it is a member's id (U...), a user group's (S...), `here` or `channel`";
            wrong(&file.name, &format!("`{text}` {rule}"))
        })
    };
    let locale = |tag: &str| {
        language(tag).map_err(|rule| wrong(&file.name, &format!("its locale is `{tag}`: {rule}")))
    };
    Ok(Rule {
        name: file.name.clone(),
        when: Conditions {
            severities: file.severity.iter().map(|severity| (*severity).into()).collect(),
            kinds: file.kind.iter().map(|kind| (*kind).into()).collect(),
            clusters: patterns(&file.cluster)?,
            namespaces: patterns(&file.namespace)?,
            owners: patterns(&file.owner)?,
            times: times(file, &named.calendars)?,
        },
        channel: file.channel.clone(),
        receivers: file.receivers.iter().map(receiver).collect::<Result<_, _>>()?,
        language: file.locale.as_deref().map(locale).transpose()?,
        mentions: file.mention.iter().map(mention).collect::<Result<_, _>>()?,
        is_continued: file.is_continued,
    })
}

fn times(file: &RouteFile, calendars: &Calendars<'_>) -> Result<Option<Times>, ConfigError> {
    let RouteFile { name, hours, days, working_days, days_off, zone, .. } = file;
    let has_times = hours.is_some() || !days.is_empty() || working_days.is_some() || days_off.is_some();
    let zone = match (zone, has_times) {
        (None, false) => return Ok(None),
        (Some(_), false) => {
            return Err(wrong(name, "it has a zone, but no hours, days, working_days or days_off"));
        }
        (None, true) => return Err(wrong(name, "its times need a zone, such as `zone = \"Asia/Tokyo\"`")),
        (Some(zone), true) => Zone::named(zone).map_err(|error| wrong(name, &error.to_string()))?,
    };
    let calendar = match (working_days, days_off) {
        (Some(_), Some(_)) => return Err(wrong(name, "it has both working_days and days_off: keep one")),
        (Some(calendar), None) => Some((calendar.clone(), calendars.find(name, calendar)?, true)),
        (None, Some(calendar)) => Some((calendar.clone(), calendars.find(name, calendar)?, false)),
        (None, None) => None,
    };
    let hours = hours.as_ref().map(|text| {
        parse_hours(text).ok_or_else(|| {
            wrong(name, &format!("`{text}` are no hours; they are two times of the day, as in `22:00-07:00`"))
        })
    });
    let mut numbers = BTreeSet::new();
    for text in days {
        numbers.extend(parse_days(text).ok_or_else(|| {
            wrong(name, &format!("`{text}` is no day; it is `mon` to `sun`, or several as in `mon-fri`"))
        })?);
    }
    Ok(Some(Times { zone, hours: hours.transpose()?, days: numbers, calendar }))
}

impl Calendars<'_> {
    fn find(&self, rule: &str, name: &str) -> Result<WorkingDays, ConfigError> {
        let mut catalog = Catalog::default();
        if catalog.find(name).is_err()
            && let Some(path) = self.objectives_file
            && let Ok(contents) = read_file(path, self.cluster)
        {
            catalog = contents.catalog;
        }
        let found = catalog.find(name).map_err(|error| wrong(rule, &error.to_string()))?;
        Ok(found.working_days(CALENDAR_YEARS.0, CALENDAR_YEARS.1))
    }
}

/// `22:00-07:00`; two equal times would be no time or the whole day.
fn parse_hours(text: &str) -> Option<(NaiveTime, NaiveTime)> {
    let (from, until) = text.split_once('-')?;
    let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
    let (from, until) = (time(from)?, if until.trim() == "24:00" { NaiveTime::MIN } else { time(until)? });
    (from != until).then_some((from, until))
}

/// `mon`, or `fri-mon`.
fn parse_days(text: &str) -> Option<Vec<u8>> {
    let day = |text: &str| {
        let day: Weekday = text.parse().ok().filter(|_| text.len() == 3)?;
        Some(number_of(day))
    };
    match text.split_once('-') {
        None => Some(vec![day(text)?]),
        Some((from, until)) => {
            let (from, until) = (day(from)?, day(until)?);
            let length = (until + 7 - from) % 7;
            Some((0..=length).map(|nth| (from + nth) % 7).collect())
        }
    }
}

fn wrong(rule: &str, why: &str) -> ConfigError {
    ConfigError::Route { rule: rule.to_owned(), why: why.to_owned() }
}

impl From<SeverityFile> for Severity {
    fn from(file: SeverityFile) -> Self {
        match file {
            SeverityFile::Fatal => Self::Fatal,
            SeverityFile::Warning => Self::Warning,
        }
    }
}

impl From<KindFile> for Kind {
    fn from(file: KindFile) -> Self {
        match file {
            KindFile::Miss => Self::Miss,
            KindFile::Failure => Self::Failure,
            KindFile::Warning => Self::Warning,
            KindFile::Unknown => Self::Unknown,
            KindFile::Cluster => Self::Cluster,
        }
    }
}

/// The language of a tag in the file.
pub(super) fn language(tag: &str) -> Result<Language, String> {
    Language::named(tag).ok_or_else(|| {
        let tags: Vec<String> = Language::all().map(|language| format!("`{}`", language.tag())).collect();
        format!("the languages of messages are {}", tags.join(" and "))
    })
}

/// The rules as the file that would give them.
pub(super) fn show(file: &[RouteFile]) -> String {
    #[derive(Serialize)]
    struct File<'a> {
        routes: &'a [RouteFile],
    }
    match file.is_empty() {
        true => String::new(),
        false => toml::to_string(&File { routes: file }).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_hours_are_read_over_the_ends_of_week_and_day() {
        assert_eq!(parse_days("mon"), Some(vec![0]));
        assert_eq!(parse_days("fri-mon"), Some(vec![4, 5, 6, 0]));
        assert_eq!((parse_days("monday"), parse_days("mon-")), (None, None));
        let time = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).expect("a time");
        assert_eq!(parse_hours("22:00-07:30"), Some((time(22, 0), time(7, 30))));
        assert_eq!(parse_hours("09:00-24:00"), Some((time(9, 0), time(0, 0))));
        assert_eq!((parse_hours("9"), parse_hours("09:00-09:00")), (None, None));
    }
}
