//! Which channels an alert is for: a table of rules, of which the first that matches decides, unless it continues. Pure.
//!
//! An alert is routed by its content and by the time at which it was decided, never by the time at which it is sent: the same
//! alert has the same channels after a restart and in an explanation.

pub mod conditions;
pub mod kind;
pub mod times;

use std::collections::{BTreeMap, BTreeSet};

use kigen_model::Instant;
use kigen_model::alert::Alert;
use kigen_model::delivery::SLACK;
use kigen_model::objective::Severity;
use uuid::Uuid;

use self::conditions::Conditions;
use self::kind::Kind;
use self::times::Times;
use crate::language::Language;

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
    /// When what it matches waits for a digest; `None`: as those after it have it, or never.
    pub quiet: Option<Times>,
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
    /// When what may wait is held back for a digest.
    pub quiet: Option<Times>,
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
    /// When what may wait is held back for a digest, unless a rule has other quiet hours.
    pub quiet: Option<Times>,
}

/// The address of the receiver of this kind and name: what `kigen.deliveries`, explanations and `/readyz` call it.
#[must_use]
pub fn address(kind: &str, name: &str) -> String {
    format!("{kind}:{name}")
}

/// The kind of receiver at an address.
#[must_use]
pub fn kind_of(address: &str) -> &str {
    address.split_once(':').map_or(address, |(kind, _)| kind)
}

impl Target {
    /// The id of what has this one, in its channel: that of a copy is another one.
    pub(crate) fn id_of(&self, id: Uuid) -> Uuid {
        if self.is_copy { Uuid::new_v5(&id, self.channel.as_bytes()) } else { id }
    }

    /// The end of the quiet hours in which an alert was decided that may wait for it; `None`: it is sent at once.
    #[must_use]
    pub fn quiet_until(&self, alert: &Alert) -> Option<Instant> {
        let quiet = self.quiet.as_ref().filter(|_| may_wait(Kind::of(alert), severity(alert)))?;
        quiet.end_after(alert.decided_at)
    }
}

/// Whether quiet hours hold back what is of this kind, about an objective of this severity: not the miss of a deadline that wakes
/// a person, and nothing about a whole cluster.
fn may_wait(kind: Kind, severity: Option<Severity>) -> bool {
    match kind {
        Kind::Miss | Kind::Unknown => severity != Some(Severity::Fatal),
        Kind::Failure | Kind::Warning => true,
        Kind::Cluster => false,
    }
}

fn severity(alert: &Alert) -> Option<Severity> {
    alert.objective.as_ref().map(|objective| objective.severity)
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
        let (all, languages) = Default::default();
        let mut targets = Targets { all, languages, routes: self };
        let of_kind = self.channel_of_kind(alert);
        for rule in self.rules.iter().filter(|rule| rule.when.mismatch(alert).is_none()) {
            if let Some(channel) = rule.channel_among(of_kind) {
                targets.add(SLACK, channel, Some(rule), &rule.mentions);
            }
            for address in &rule.receivers {
                targets.add(kind_of(address), address, Some(rule), &[]);
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
        Target { receiver, channel, language: self.language, mentions, is_copy, quiet: None }
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

    /// The rules and receivers whose quiet hours hold back nothing, each with the reason.
    #[must_use]
    pub fn never_quiet(&self) -> Vec<(&str, String)> {
        let of_rules = self.rules.iter().filter_map(|rule| Some((rule, rule.quiet.as_ref()?)));
        let of_rules = of_rules.filter_map(|(rule, quiet)| {
            let Conditions { kinds, severities, times, .. } = &rule.when;
            let kinds = if kinds.is_empty() { &Kind::ALL[..] } else { kinds };
            let severity = match &severities[..] {
                [Severity::Fatal] => Some(Severity::Fatal),
                _ => None,
            };
            let why = if !kinds.iter().any(|kind| may_wait(*kind, severity)) {
                "all that it matches is sent at once: about clusters, or about missed deadlines of severity fatal".to_owned()
            } else if times.as_ref().is_some_and(|times| times.is_apart_from(quiet)) {
                "it never matches in them".to_owned()
            } else {
                return None;
            };
            Some((&*rule.name, why))
        });
        of_rules.collect()
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
    fn add(&mut self, receiver: &str, channel: &str, rule: Option<&Rule>, mentions: &[Mention]) {
        let nth = self.all.iter().position(|target| target.channel == channel).unwrap_or(self.all.len());
        if nth == self.all.len() {
            let is_copy = receiver != SLACK || self.all.iter().any(|target| target.receiver == SLACK);
            self.all.push(self.routes.forgotten(receiver, channel, is_copy));
        }
        if let Some(language) = rule.and_then(|rule| rule.language) {
            self.languages.entry(nth).or_insert(language);
        }
        let target = &mut self.all[nth];
        if target.quiet.is_none() {
            target.quiet = rule.and_then(|rule| rule.quiet.clone());
        }
        let is_new = |mention: &&Mention| !target.mentions.contains(mention);
        let new: Vec<Mention> = mentions.iter().filter(is_new).cloned().collect();
        target.mentions.extend(new);
    }

    /// Each in its language: of a rule, else of the receiver, else that of all. And with its quiet hours: of a rule, else of the
    /// receiver.
    fn done(mut self) -> Vec<Target> {
        for (nth, target) in self.all.iter_mut().enumerate() {
            let endpoint = self.routes.endpoints.iter().find(|endpoint| endpoint.address == target.channel);
            let of_endpoint = endpoint.and_then(|endpoint| endpoint.language);
            target.language =
                self.languages.get(&nth).copied().or(of_endpoint).unwrap_or(self.routes.language);
            if target.quiet.is_none() {
                target.quiet = endpoint.and_then(|endpoint| endpoint.quiet.clone());
            }
        }
        self.all
    }
}
