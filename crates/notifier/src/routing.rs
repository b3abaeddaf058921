//! Which channels an alert is for: a table of rules, of which the first that matches decides, unless it continues. Pure.
//!
//! An alert is routed by its content and by the time at which it was decided, never by the time at which it is sent: the same
//! alert has the same channels after a restart and in an explanation.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{Datelike, NaiveTime, Weekday};
use kigen_calendar::Zone;
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::delivery::SLACK;
use kigen_model::objective::Severity;
use kigen_model::working_days::WorkingDays;
use uuid::Uuid;

use crate::language::Language;

/// What an alert is about, as rules name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A deadline was missed, and what became of that.
    Miss,
    /// A run failed.
    Failure,
    /// A deadline may be missed, or a run did not do what is expected.
    Warning,
    /// There is no evidence for a verdict.
    Unknown,
    /// A whole cluster is not judged.
    Cluster,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Miss, Self::Failure, Self::Warning, Self::Unknown, Self::Cluster];

    /// Its name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Miss => "miss",
            Self::Failure => "failure",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Cluster => "cluster",
        }
    }

    /// The kind of an alert.
    #[must_use]
    pub fn of(alert: &Alert) -> Self {
        match &alert.body {
            AlertBody::SlotMissed { .. }
            | AlertBody::SlotRecovered { .. }
            | AlertBody::SlotRetracted { .. } => Self::Miss,
            AlertBody::SlotUnknown { .. } | AlertBody::UnknownClosed { .. } => Self::Unknown,
            AlertBody::SlotAtRisk { .. }
            | AlertBody::RiskOver { .. }
            | AlertBody::ExpectationBroken { .. }
            | AlertBody::BudgetSpent { .. } => Self::Warning,
            AlertBody::RunFailed { .. } => Self::Failure,
            AlertBody::ClusterSilent { .. }
            | AlertBody::ClusterStalled(_)
            | AlertBody::SilenceOver { .. }
            | AlertBody::StallOver { .. } => Self::Cluster,
        }
    }
}

/// The channels in Slack of alerts that no rule routes: by name (`#alerts`) or id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channels {
    /// For deadlines, and for what another channel rejects.
    pub fatal: String,
    /// For failed runs; without it they are not posted.
    pub error: Option<String>,
    /// For warnings; `None`: they go to the fatal channel.
    pub warning: Option<String>,
}

impl Channels {
    /// The channel of a kind; `None`: it has none.
    fn of(&self, kind: Kind) -> Option<&str> {
        match kind {
            Kind::Miss | Kind::Unknown | Kind::Cluster => Some(&self.fatal),
            Kind::Failure => self.error.as_deref(),
            Kind::Warning => Some(self.warning.as_ref().unwrap_or(&self.fatal)),
        }
    }
}

/// A name, or with `*` at its end the beginning of names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern(String);

impl Pattern {
    /// A pattern of this text; `None`: it is empty, or has a `*` elsewhere.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let beginning = text.strip_suffix('*').unwrap_or(text);
        (!text.is_empty() && !beginning.contains('*')).then(|| Self(text.to_owned()))
    }

    fn matches(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == self.0,
        }
    }

    /// Whether it matches whatever the other one does.
    fn covers(&self, other: &Self) -> bool {
        match (self.0.strip_suffix('*'), other.0.strip_suffix('*')) {
            (Some(beginning), _) => other.0.strip_suffix('*').unwrap_or(&other.0).starts_with(beginning),
            (None, Some(_)) => false,
            (None, None) => self == other,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whom a message notifies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mention {
    /// A member, by id.
    User(String),
    /// A user group, by id.
    Group(String),
    /// The members of the channel who are active.
    Here,
    /// All members of the channel.
    Channel,
}

impl Mention {
    /// The mention of a text: a member's id (`U…`, `W…`), a user group's (`S…`), `here` or `channel`.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let is_id = text.len() > 3 && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        match (text, text.chars().next()) {
            ("here", _) => Some(Self::Here),
            ("channel", _) => Some(Self::Channel),
            (_, Some('U' | 'W')) if is_id => Some(Self::User(text.to_owned())),
            (_, Some('S')) if is_id => Some(Self::Group(text.to_owned())),
            _ => None,
        }
    }

    /// As Slack wants it in a text.
    #[must_use]
    pub fn markup(&self) -> String {
        match self {
            Self::User(id) => format!("<@{id}>"),
            Self::Group(id) => format!("<!subteam^{id}>"),
            Self::Here => "<!here>".to_owned(),
            Self::Channel => "<!channel>".to_owned(),
        }
    }
}

/// When a rule applies: by the local time of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Times {
    /// The zone.
    pub zone: Zone,
    /// From the first to the second, which is not included; before the first: of the next day. `None`: the whole day.
    pub hours: Option<(NaiveTime, NaiveTime)>,
    /// The days of the week, of the local date; none: all.
    pub days: BTreeSet<u8>,
    /// A calendar by its name, and whether its working days are meant, or its days off.
    pub calendar: Option<(String, WorkingDays, bool)>,
}

/// The number of a day of the week, from 0 for Monday.
#[must_use]
pub fn number_of(day: Weekday) -> u8 {
    u8::try_from(day.num_days_from_monday()).unwrap_or_default()
}

impl Times {
    fn matches(&self, at: Instant) -> bool {
        let local = self.zone.local(at).date_time;
        let (date, time) = (local.date(), local.time());
        let is_in_hours = self.hours.is_none_or(|(from, until)| match from < until {
            true => from <= time && time < until,
            false => from <= time || time < until,
        });
        let is_of_days = self.days.is_empty() || self.days.contains(&number_of(date.weekday()));
        let is_of_calendar =
            self.calendar.as_ref().is_none_or(|(_, days, wanted)| days.contains(date) == *wanted);
        is_in_hours && is_of_days && is_of_calendar
    }

    /// Whether it applies whenever the other one does, as far as that is certain.
    fn covers(&self, other: &Self) -> bool {
        let has_calendar = self.calendar.is_none() || self.calendar == other.calendar;
        let has_days = self.days.is_empty() || (!other.days.is_empty() && self.days.is_superset(&other.days));
        let minutes = |times: &Self| -> BTreeSet<u32> { times.hours.map_or((0..1_440).collect(), of_hours) };
        let has_hours = self.hours.is_none() || minutes(self).is_superset(&minutes(other));
        let is_always = self.hours.is_none() && self.days.is_empty() && self.calendar.is_none();
        is_always || (self.zone == other.zone && has_calendar && has_days && has_hours)
    }
}

/// The minutes of a day.
fn of_hours((from, until): (NaiveTime, NaiveTime)) -> BTreeSet<u32> {
    use chrono::Timelike;
    let minute = |time: NaiveTime| time.hour() * 60 + time.minute();
    let (from, until) = (minute(from), minute(until));
    if from < until { (from..until).collect() } else { (from..1_440).chain(0..until).collect() }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let mut parts = Vec::new();
        parts.extend(
            self.hours.map(|(from, until)| format!("{}-{}", from.format("%H:%M"), until.format("%H:%M"))),
        );
        let days: Vec<&str> =
            self.days.iter().filter_map(|day| names.get(usize::from(*day)).copied()).collect();
        parts.extend((!days.is_empty()).then(|| days.join(", ")));
        parts.extend(self.calendar.as_ref().map(|(name, _, is_working)| {
            format!("{} of {name}", if *is_working { "working days" } else { "days off" })
        }));
        write!(f, "{} in {}", parts.join(", "), self.zone.name())
    }
}

/// What an alert must be for a rule. Of each list one has to match; an empty list matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// The severity of the objective; an alert without an objective has none.
    pub severities: Vec<Severity>,
    /// The kind.
    pub kinds: Vec<Kind>,
    /// The cluster.
    pub clusters: Vec<Pattern>,
    /// The namespace.
    pub namespaces: Vec<Pattern>,
    /// The owner of the objective.
    pub owners: Vec<Pattern>,
    /// When it was decided.
    pub times: Option<Times>,
}

impl Conditions {
    /// Why an alert does not match; `None`: it does.
    fn mismatch(&self, alert: &Alert) -> Option<String> {
        let objective = alert.objective.as_ref();
        let severity = objective.map(|objective| objective.severity);
        if !self.severities.is_empty() && !severity.is_some_and(|own| self.severities.contains(&own)) {
            return Some(format!("its severity is {}", severity.map_or("none", severity_name)));
        }
        let kind = Kind::of(alert);
        if !self.kinds.is_empty() && !self.kinds.contains(&kind) {
            return Some(format!("its kind is {}", kind.name()));
        }
        let lacks = |patterns: &[Pattern], name: Option<&str>| {
            !patterns.is_empty()
                && !name.is_some_and(|name| patterns.iter().any(|pattern| pattern.matches(name)))
        };
        let owner = objective.and_then(|objective| objective.owner.as_deref());
        let of_names = [
            ("cluster", &self.clusters, Some(&*alert.key.cluster)),
            (
                "namespace",
                &self.namespaces,
                Some(&*alert.key.namespace).filter(|_| !alert.key.is_of_cluster()),
            ),
            ("owner", &self.owners, owner),
        ];
        for (what, patterns, name) in of_names {
            if lacks(patterns, name) {
                return Some(format!("its {what} is {}", name.unwrap_or("none")));
            }
        }
        let times = self.times.as_ref().filter(|times| !times.matches(alert.decided_at))?;
        let local = times.zone.local(alert.decided_at).date_time.format("%a %Y-%m-%d %H:%M");
        Some(format!("it was decided {local} {}", times.zone.name()))
    }

    /// Whether it matches whatever the other one does, as far as that is certain.
    fn covers(&self, other: &Self) -> bool {
        fn has<T: PartialEq>(these: &[T], others: &[T]) -> bool {
            these.is_empty() || (!others.is_empty() && others.iter().all(|other| these.contains(other)))
        }
        let has_names = |these: &[Pattern], others: &[Pattern]| {
            these.is_empty()
                || (!others.is_empty()
                    && others.iter().all(|other| these.iter().any(|this| this.covers(other))))
        };
        let has_times = match (&self.times, &other.times) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(these), Some(others)) => these.covers(others),
        };
        has(&self.severities, &other.severities)
            && has(&self.kinds, &other.kinds)
            && has_names(&self.clusters, &other.clusters)
            && has_names(&self.namespaces, &other.namespaces)
            && has_names(&self.owners, &other.owners)
            && has_times
    }
}

/// The name of a severity in objectives and rules.
fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Fatal => "fatal",
        Severity::Warning => "warning",
    }
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, in explanations.
    pub name: String,
    /// What an alert must be.
    pub when: Conditions,
    /// The channel in Slack; `None`: that of the kind, unless there are receivers.
    pub channel: Option<String>,
    /// Other receivers, each by its [`address`].
    pub receivers: Vec<String>,
    /// The language of the message; `None`: that of those after it, or the default.
    pub language: Option<Language>,
    /// Whom the message notifies.
    pub mentions: Vec<Mention>,
    /// Whether the rules after it are asked, too.
    pub is_continued: bool,
}

/// What an alert is for: a channel in Slack, or another receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The kind of receiver, such as [`SLACK`].
    pub receiver: String,
    /// The channel as it is configured; of another receiver its [`address`].
    pub channel: String,
    /// The language of the message.
    pub language: Language,
    /// Whom the message notifies.
    pub mentions: Vec<Mention>,
    /// Whether it is not the first of the alert's channels in Slack.
    pub is_copy: bool,
}

/// A receiver beside Slack, as the table has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its kind and name, as in `webhook:ops`.
    pub address: String,
    /// What it receives where no rule decides.
    pub kinds: Vec<Kind>,
    /// The language of its messages; `None`: the default.
    pub language: Option<Language>,
}

/// The address of the receiver of this kind and name: what `kigen.deliveries`, explanations and `/readyz` call it.
#[must_use]
pub fn address(kind: &str, name: &str) -> String {
    format!("{kind}:{name}")
}

/// The kind of receiver at an address.
fn kind_of(address: &str) -> &str {
    address.split_once(':').map_or(address, |(kind, _)| kind)
}

impl Target {
    /// The id of what has this one, in its channel: that of a copy is another one.
    pub(crate) fn id_of(&self, id: Uuid) -> Uuid {
        if self.is_copy { Uuid::new_v5(&id, self.channel.as_bytes()) } else { id }
    }
}

/// The table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routes {
    /// In their order.
    pub rules: Vec<Rule>,
    /// Where no rule decides, in Slack; `None`: it is not configured.
    pub default: Option<Channels>,
    /// The receivers beside Slack.
    pub endpoints: Vec<Endpoint>,
    /// Of messages for which no rule has a language.
    pub language: Language,
}

impl From<Channels> for Routes {
    fn from(default: Channels) -> Self {
        let (rules, endpoints, language) = Default::default();
        Self { rules, default: Some(default), endpoints, language }
    }
}

/// What a rule makes of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It matches, and the alert goes to these: to none, if its kind has no channel.
    Matched(Vec<String>),
    /// It does not match, since.
    Mismatch(String),
    /// One before it decided.
    NotAsked,
}

impl Routes {
    /// What an alert is for; none: it is not delivered.
    #[must_use]
    pub fn targets(&self, alert: &Alert) -> Vec<Target> {
        let mut targets = Targets { all: Vec::new(), languages: BTreeMap::new(), routes: self };
        let of_kind = self.channel_of_kind(alert);
        for rule in self.rules.iter().filter(|rule| rule.when.mismatch(alert).is_none()) {
            if let Some(channel) = rule.channel_among(of_kind) {
                targets.add(SLACK, channel, rule.language, &rule.mentions);
            }
            for address in &rule.receivers {
                targets.add(kind_of(address), address, rule.language, &[]);
            }
            if !rule.is_continued {
                return targets.done();
            }
        }
        if let Some(channel) = of_kind {
            targets.add(SLACK, channel, None, &[]);
        }
        for endpoint in self.default_endpoints(alert) {
            targets.add(kind_of(&endpoint.address), &endpoint.address, None, &[]);
        }
        targets.done()
    }

    /// The channel in Slack for alerts of this one's kind.
    fn channel_of_kind(&self, alert: &Alert) -> Option<&str> {
        self.default.as_ref().and_then(|default| default.of(Kind::of(alert)))
    }

    /// The receivers beside Slack of an alert on which no rule decides.
    fn default_endpoints(&self, alert: &Alert) -> impl Iterator<Item = &Endpoint> {
        let kind = Kind::of(alert);
        self.endpoints.iter().filter(move |endpoint| endpoint.kinds.contains(&kind))
    }

    /// What an alert was for, though by the table it is so no more.
    pub(crate) fn forgotten(&self, receiver: &str, channel: &str, is_copy: bool) -> Target {
        let (receiver, channel, mentions) = (receiver.to_owned(), channel.to_owned(), Vec::new());
        Target { receiver, channel, language: self.language, mentions, is_copy }
    }

    /// What each rule makes of an alert, and at the end whether the default does.
    #[must_use]
    pub fn explain(&self, alert: &Alert) -> Vec<(&str, Outcome)> {
        let of_kind = self.channel_of_kind(alert);
        let matched = |channel: Option<&str>, receivers: &mut dyn Iterator<Item = &String>| {
            Outcome::Matched(channel.map(str::to_owned).into_iter().chain(receivers.cloned()).collect())
        };
        let mut is_decided = false;
        let mut outcomes = Vec::new();
        for rule in &self.rules {
            let outcome = match rule.when.mismatch(alert) {
                _ if is_decided => Outcome::NotAsked,
                Some(why) => Outcome::Mismatch(why),
                None => {
                    is_decided = !rule.is_continued;
                    matched(rule.channel_among(of_kind), &mut rule.receivers.iter())
                }
            };
            outcomes.push((rule.name.as_str(), outcome));
        }
        let mut endpoints = self.default_endpoints(alert).map(|endpoint| &endpoint.address);
        let default = if is_decided { Outcome::NotAsked } else { matched(of_kind, &mut endpoints) };
        outcomes.push(("default", default));
        outcomes
    }

    /// The rules that can never match, each with the reason.
    #[must_use]
    pub fn unreachable(&self) -> Vec<(&str, String)> {
        let mut found = Vec::new();
        for (nth, rule) in self.rules.iter().enumerate() {
            let before = self.rules.iter().take(nth).filter(|before| !before.is_continued);
            let mut covering = before.filter(|before| before.when.covers(&rule.when));
            let is_failure_alone = rule.when.kinds == [Kind::Failure];
            if let Some(before) = covering.next() {
                found.push((
                    &*rule.name,
                    format!("`{}` before it decides on all that it matches", before.name),
                ));
            } else if is_failure_alone && !rule.has_own_receiver() && !self.has_error_channel() {
                found.push((
                    &*rule.name,
                    "it is about failed runs and has neither a channel nor receivers, nor is there an error_channel"
                        .to_owned(),
                ));
            }
        }
        found
    }

    /// Whether a failed run is for any receiver.
    pub(crate) fn has_failures(&self) -> bool {
        let is_for_failures = |rule: &Rule| {
            rule.has_own_receiver()
                && (rule.when.kinds.is_empty() || rule.when.kinds.contains(&Kind::Failure))
        };
        let has_endpoint = self.endpoints.iter().any(|endpoint| endpoint.kinds.contains(&Kind::Failure));
        self.has_error_channel() || has_endpoint || self.rules.iter().any(is_for_failures)
    }

    fn has_error_channel(&self) -> bool {
        self.default.as_ref().is_some_and(|default| default.error.is_some())
    }

    /// All channels in Slack.
    #[must_use]
    pub fn slack_channels(&self) -> BTreeSet<String> {
        self.channels().into_iter().map(str::to_owned).collect()
    }

    /// All channels in Slack, each once.
    pub(crate) fn channels(&self) -> BTreeSet<&str> {
        let of_rules = self.rules.iter().filter_map(|rule| rule.channel.as_deref());
        let of_default = self.default.iter().flat_map(|Channels { fatal, error, warning }| {
            [Some(fatal), error.as_ref(), warning.as_ref()].into_iter().flatten()
        });
        of_default.map(String::as_str).chain(of_rules).collect()
    }
}

impl Rule {
    /// Its channel in Slack, where alerts of the kind have this one.
    fn channel_among<'a>(&'a self, of_kind: Option<&'a str>) -> Option<&'a str> {
        self.channel.as_deref().or(of_kind.filter(|_| self.receivers.is_empty()))
    }

    fn has_own_receiver(&self) -> bool {
        self.channel.is_some() || !self.receivers.is_empty()
    }
}

/// What an alert is for, while the rules are asked.
struct Targets<'a> {
    all: Vec<Target>,
    /// Those that a rule has chosen, by the number of the target: the first one decides.
    languages: BTreeMap<usize, Language>,
    routes: &'a Routes,
}

impl Targets<'_> {
    fn add(&mut self, receiver: &str, channel: &str, language: Option<Language>, mentions: &[Mention]) {
        let nth = self.all.iter().position(|target| target.channel == channel).unwrap_or(self.all.len());
        if nth == self.all.len() {
            let is_copy = receiver != SLACK || self.all.iter().any(|target| target.receiver == SLACK);
            self.all.push(self.routes.forgotten(receiver, channel, is_copy));
        }
        if let Some(language) = language {
            self.languages.entry(nth).or_insert(language);
        }
        let target = &mut self.all[nth];
        let is_new = |mention: &&Mention| !target.mentions.contains(mention);
        let new: Vec<Mention> = mentions.iter().filter(is_new).cloned().collect();
        target.mentions.extend(new);
    }

    /// Each in its language: of a rule, else of the receiver, else that of all.
    fn done(mut self) -> Vec<Target> {
        for (nth, target) in self.all.iter_mut().enumerate() {
            let endpoint = self.routes.endpoints.iter().find(|endpoint| endpoint.address == target.channel);
            let of_endpoint = endpoint.and_then(|endpoint| endpoint.language);
            target.language =
                self.languages.get(&nth).copied().or(of_endpoint).unwrap_or(self.routes.language);
        }
        self.all
    }
}
