//! The settings of Slack, and where the notifier sends messages: there, and to other receivers.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::TimeDelta;
use kigen_notifier::dispatch::Receivers;
use kigen_notifier::failures::{FailureFilter, Failures};
use kigen_notifier::language::Language;
use kigen_notifier::routing::kind::Kind;
use kigen_notifier::routing::{Channels, Routes, Rule};
use kigen_ops::Secret;

use super::error::ConfigError;
use super::file::{FailuresFile, SlackFile};
use super::receivers::ReceiverSettings;
use super::routes::{self, RouteFile, language};
use super::show::{quoted, show};
use crate::cli::SettingsArgs;

/// How the channel is set.
const CHANNEL_HOW: &str = "--slack-channel, KIGEN_SLACK_CHANNEL, or `channel` under [slack]";

/// The settings of Slack; required only for the notifier.
#[derive(Clone, Debug)]
pub(super) struct SlackSettings {
    channel: Option<String>,
    error_channel: Option<String>,
    warning_channel: Option<String>,
    language: Language,
    /// As the file has it, and after how many hours.
    remind: Option<(String, i64)>,
    routes: Vec<RouteFile>,
    rules: Vec<Rule>,
    receivers: ReceiverSettings,
    failures: FailureFilter,
    token: Option<Secret>,
    api_url: Option<String>,
    pub(super) dry_run: bool,
}

/// Where the notifier sends messages.
#[derive(Clone, Debug)]
pub(crate) enum Notify {
    /// To stdout.
    DryRun {
        /// Which failed runs are printed, too; `None`: none, since there is no channel for them.
        failures: Option<FailureFilter>,
        /// The language of the messages.
        language: Language,
    },
    /// To Slack, and other receivers.
    Receivers {
        /// Slack; `None`: it is not used.
        slack: Option<SlackAccess>,
        /// The others.
        receivers: Receivers,
        /// What alerts are for.
        routes: Box<Routes>,
        /// Which failed runs are delivered, where there is a receiver for them.
        failures: FailureFilter,
        /// After which time without news what lasts is in its thread again; `None`: never.
        remind_after: Option<TimeDelta>,
    },
}

/// How Slack is used.
#[derive(Clone, Debug)]
pub(crate) struct SlackAccess {
    /// The bot token.
    pub(crate) token: Secret,
    /// The Web API's base.
    pub(crate) api_url: Option<String>,
}

impl SlackSettings {
    /// Environment and flags override the file.
    pub(super) fn resolve(
        args: &SettingsArgs,
        file: SlackFile,
        (routes, rules): (Vec<RouteFile>, Vec<Rule>),
        receivers: ReceiverSettings,
    ) -> Result<Self, ConfigError> {
        let token = token(args, &file)?;
        let locale = |tag: &str| {
            let wrong =
                |rule| ConfigError::OutOfRange { what: "slack.locale", value: format!("`{tag}`"), rule };
            language(tag).map_err(wrong)
        };
        Ok(Self {
            warning_channel: file.warning_channel,
            language: file.locale.as_deref().map(locale).transpose()?.unwrap_or_default(),
            remind: file.remind.map(remind).transpose()?,
            rules,
            routes,
            receivers,
            channel: args.slack_channel.clone().or(file.channel),
            error_channel: args.slack_error_channel.clone().or(file.error_channel),
            failures: FailureFilter {
                default: file.failures.map(Failures::from).unwrap_or_default(),
                by_namespace: by_namespace(file.failures_by_namespace)?,
            },
            token,
            api_url: file.api_url,
            dry_run: args.dry_run || file.dry_run.unwrap_or_default(),
        })
    }

    /// Where the notifier sends messages.
    ///
    /// # Errors
    /// Neither a receiver nor a dry run is configured.
    pub(super) fn notify(&self) -> Result<Notify, ConfigError> {
        let Self { channel, error_channel, failures, token, api_url, dry_run, language, .. } = self.clone();
        let has_others = !self.receivers.endpoints.is_empty();
        let slack = match (dry_run, channel, token) {
            (true, ..) => {
                return Ok(Notify::DryRun { failures: error_channel.map(|_| failures), language });
            }
            (false, Some(_), Some(token)) => Some(SlackAccess { token, api_url }),
            // A token of the environment that nothing uses is no error beside other receivers.
            (false, None, _) if has_others => None,
            (false, None, None) => return Err(ConfigError::NoReceiver),
            (false, Some(_), None) => {
                let how = "KIGEN_SLACK_TOKEN=xoxb-...";
                return Err(ConfigError::IncompleteSlack { missing: "token", how });
            }
            (false, None, Some(_)) => {
                return Err(ConfigError::IncompleteSlack { missing: "channel", how: CHANNEL_HOW });
            }
        };
        let receivers = self.receivers.receivers.clone();
        let remind_after = self.remind.as_ref().map(|(_, hours)| TimeDelta::hours(*hours));
        Ok(Notify::Receivers { slack, receivers, routes: Box::new(self.table()?), failures, remind_after })
    }

    /// What alerts are for.
    ///
    /// # Errors
    /// There is no receiver for those that no rule routes, or a rule names a channel and Slack is not used.
    pub(super) fn table(&self) -> Result<Routes, ConfigError> {
        let endpoints = self.receivers.endpoints.clone();
        let default = self.channel.clone().map(|fatal| {
            let (error, warning) = (self.error_channel.clone(), self.warning_channel.clone());
            Channels { fatal, error, warning }
        });
        if default.is_none() {
            if endpoints.is_empty() {
                return Err(ConfigError::IncompleteSlack { missing: "channel", how: CHANNEL_HOW });
            }
            if !endpoints.iter().any(|endpoint| endpoint.kinds.contains(&Kind::Miss)) {
                return Err(ConfigError::NoDefault);
            }
            if let Some(rule) = self.rules.iter().find(|rule| rule.channel.is_some()) {
                let why = format!("it has a channel, and Slack is not used: set {CHANNEL_HOW}");
                return Err(ConfigError::Route { rule: rule.name.clone(), why });
            }
        }
        Ok(Routes { rules: self.rules.clone(), default, endpoints, language: self.language })
    }

    /// Its part of the file, with the token hidden.
    pub(super) fn show(&self, text: &mut String) {
        let _ = writeln!(text, "\n[slack]");
        show(text, "channel", self.channel.as_deref());
        show(text, "error_channel", self.error_channel.as_deref());
        show(text, "warning_channel", self.warning_channel.as_deref());
        show(text, "locale", Some(self.language.tag()));
        show(text, "remind", self.remind.as_ref().map(|(text, _)| &**text));
        show(text, "failures", Some(self.failures.default.name()));
        let token_file = self.token.as_ref().and_then(Secret::path).map(|path| path.display().to_string());
        let is_text = matches!(self.token, Some(Secret::Text(_)));
        show(text, "token", is_text.then_some("(hidden)"));
        show(text, "token_file", token_file.as_deref());
        show(text, "api_url", self.api_url.as_deref());
        let _ = writeln!(text, "dry_run = {}", self.dry_run);
        let _ = writeln!(text, "\n[slack.failures_by_namespace]");
        for (namespace, failures) in &self.failures.by_namespace {
            let _ = writeln!(text, "{} = {}", quoted(namespace), quoted(failures.name()));
        }
        for shown in [self.receivers.show(), routes::show(&self.routes)] {
            if !shown.is_empty() {
                let _ = write!(text, "\n{shown}");
            }
        }
    }
}

/// How many hours a time such as `24h` or `2d` has.
fn remind(text: String) -> Result<(String, i64), ConfigError> {
    let parse = |number: &str| number.parse::<i64>().ok().filter(|number| (1..=8_760).contains(number));
    let hours = match (text.strip_suffix('h'), text.strip_suffix('d')) {
        (Some(hours), _) => parse(hours),
        (None, Some(days)) => parse(days).map(|days| days * 24),
        (None, None) => None,
    };
    match hours {
        Some(hours) => Ok((text, hours)),
        None => Err(ConfigError::OutOfRange {
            what: "slack.remind",
            value: format!("`{text}`"),
            rule: "it is a number of hours or days, such as `24h` or `2d`".to_owned(),
        }),
    }
}

/// Each has the name of a namespace: another one would never apply.
fn by_namespace(file: BTreeMap<String, FailuresFile>) -> Result<BTreeMap<String, Failures>, ConfigError> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    for namespace in file.keys() {
        if namespace.is_empty() || namespace.len() > 63 || !namespace.chars().all(is_plain) {
            return Err(ConfigError::OutOfRange {
                what: "a namespace in slack.failures_by_namespace",
                value: format!("`{namespace}`"),
                rule: "Kubernetes' namespaces have 1 to 63 of a-z, 0-9 and `-`".to_owned(),
            });
        }
    }
    Ok(file.into_iter().map(|(namespace, failures)| (namespace, failures.into())).collect())
}

/// Environment and flags override the file.
fn token(args: &SettingsArgs, file: &SlackFile) -> Result<Option<Secret>, ConfigError> {
    let (text, path) = match (&args.slack_token, &args.slack_token_file) {
        (None, None) => (&file.token, &file.token_file),
        given => given,
    };
    match (text, path) {
        (Some(_), Some(_)) => Err(ConfigError::TwoTokens),
        (Some(text), None) => Ok(Some(Secret::Text(text.clone()))),
        (None, path) => Ok(path.clone().map(Secret::File)),
    }
}
