//! The table of routes, as the configuration file has it: which alerts go to which channel.

use std::collections::{BTreeMap, BTreeSet};

use kigen_model::objective::Severity;
use kigen_notifier::language::Language;
use kigen_notifier::routing::conditions::{Conditions, Pattern};
use kigen_notifier::routing::kind::Kind;
use kigen_notifier::routing::{Mention, Rule, kind_of};
use serde::{Deserialize, Serialize};

use super::error::ConfigError;
use super::times::{Calendars, NO_QUIET, TimesFile, has_quiet_hours};

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
    /// It matches objectives with these labels, each with one of its values; `*` at the end stands for any rest of a value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, Vec<String>>,
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
    /// When what it matches is held back for a digest at their end: not what is about a missed deadline of severity fatal, or
    /// about a whole cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    quiet: Option<TimesFile>,
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
    if !has_own && file.mention.is_empty() && file.locale.is_none() && file.quiet.is_none() {
        return Err(wrong(
            &file.name,
            "it has neither a channel nor receivers nor a mention nor a locale nor quiet hours, so that it would change nothing",
        ));
    }
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
    let receivers = receivers(file, named)?;
    let mut labels = BTreeMap::new();
    for (label, values) in &file.labels {
        if values.is_empty() {
            return Err(wrong(&file.name, &format!("its label `{label}` has no values; any is `[\"*\"]`")));
        }
        labels.insert(label.clone(), patterns(values)?);
    }
    let of_rule = |why: String| wrong(&file.name, &why);
    Ok(Rule {
        name: file.name.clone(),
        when: Conditions {
            severities: file.severity.iter().map(|severity| (*severity).into()).collect(),
            kinds: file.kind.iter().map(|kind| (*kind).into()).collect(),
            clusters: patterns(&file.cluster)?,
            namespaces: patterns(&file.namespace)?,
            owners: patterns(&file.owner)?,
            labels,
            times: file.times().read(&named.calendars).map_err(of_rule)?,
        },
        channel: file.channel.clone(),
        receivers,
        language: file.locale.as_deref().map(locale).transpose()?,
        mentions: file.mention.iter().map(mention).collect::<Result<_, _>>()?,
        quiet: file
            .quiet
            .as_ref()
            .map(|quiet| quiet.read_quiet(&named.calendars))
            .transpose()
            .map_err(of_rule)?,
        is_continued: file.is_continued,
    })
}

/// The addresses of its receivers.
fn receivers(file: &RouteFile, named: &Named<'_>) -> Result<Vec<String>, ConfigError> {
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
    let receivers: Vec<String> = file.receivers.iter().map(receiver).collect::<Result<_, _>>()?;
    let of_program = receivers.iter().find(|address| !has_quiet_hours(kind_of(address)));
    if let (Some(address), Some(_)) = (of_program, &file.quiet) {
        return Err(wrong(
            &file.name,
            &format!("it has quiet hours, and {address} is a program's: {NO_QUIET}"),
        ));
    }
    Ok(receivers)
}

impl RouteFile {
    /// When it matches.
    fn times(&self) -> TimesFile {
        let Self { hours, days, working_days, days_off, zone, .. } = self.clone();
        TimesFile { hours, days, working_days, days_off, zone }
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
