//! The settings of Slack, and where the notifier sends messages.

use std::collections::BTreeMap;
use std::fmt::Write;

use kigen_notifier::failures::{FailureFilter, Failures};
use kigen_notifier::language::Language;
use kigen_notifier::routing::{Channels, Routes, Rule};
use kigen_ops::Secret;

use super::error::ConfigError;
use super::file::{FailuresFile, SlackFile};
use super::routes::{self, Calendars, RouteFile, language, rules};
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
    routes: Vec<RouteFile>,
    rules: Vec<Rule>,
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
    /// To Slack.
    Slack {
        /// The bot token.
        token: Secret,
        /// Which channels alerts are for.
        routes: Routes,
        /// Which failed runs are posted, where there is a channel for them.
        failures: FailureFilter,
        /// The Web API's base.
        api_url: Option<String>,
    },
}

impl SlackSettings {
    /// Environment and flags override the file.
    pub(super) fn resolve(
        args: &SettingsArgs,
        file: SlackFile,
        calendars: &Calendars<'_>,
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
            rules: rules(&file.routes, calendars)?,
            routes: file.routes,
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
    /// Neither Slack nor a dry run is configured.
    pub(super) fn notify(&self) -> Result<Notify, ConfigError> {
        let Self { channel, error_channel, failures, token, api_url, dry_run, language, .. } = self.clone();
        match (dry_run, channel, token) {
            (true, ..) => Ok(Notify::DryRun { failures: error_channel.map(|_| failures), language }),
            (false, Some(fatal), Some(token)) => {
                let routes = self.routes(fatal);
                Ok(Notify::Slack { token, routes, failures, api_url })
            }
            (false, None, None) => Err(ConfigError::NoReceiver),
            (false, Some(_), None) => {
                Err(ConfigError::IncompleteSlack { missing: "token", how: "KIGEN_SLACK_TOKEN=xoxb-..." })
            }
            (false, None, Some(_)) => {
                Err(ConfigError::IncompleteSlack { missing: "channel", how: CHANNEL_HOW })
            }
        }
    }

    fn routes(&self, fatal: String) -> Routes {
        let (error, warning) = (self.error_channel.clone(), self.warning_channel.clone());
        let default = Channels { fatal, error, warning };
        Routes { rules: self.rules.clone(), default, language: self.language }
    }

    /// Which channels alerts are for.
    ///
    /// # Errors
    /// There is no channel for those that no rule routes.
    pub(super) fn table(&self) -> Result<Routes, ConfigError> {
        let missing = ConfigError::IncompleteSlack { missing: "channel", how: CHANNEL_HOW };
        self.channel.clone().map(|fatal| self.routes(fatal)).ok_or(missing)
    }

    /// Its part of the file, with the token hidden.
    pub(super) fn show(&self, text: &mut String) {
        let _ = writeln!(text, "\n[slack]");
        show(text, "channel", self.channel.as_deref());
        show(text, "error_channel", self.error_channel.as_deref());
        show(text, "warning_channel", self.warning_channel.as_deref());
        show(text, "locale", Some(self.language.tag()));
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
        if !self.routes.is_empty() {
            let _ = write!(text, "\n{}", routes::show(&self.routes));
        }
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
