//! The receivers of alerts beside Slack, as the configuration file has them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use kigen_notifier::dispatch::{Receivers, by_address};
use kigen_notifier::language::Language;
use kigen_notifier::receiver::Receiver;
use kigen_notifier::receiver::alertmanager::{ALERTMANAGER, Alertmanager};
use kigen_notifier::receiver::discord::{DISCORD, Discord};
use kigen_notifier::receiver::email::{EMAIL, Email, Security};
use kigen_notifier::receiver::pagerduty::{PAGERDUTY, PagerDuty};
use kigen_notifier::receiver::teams::{TEAMS, Teams};
use kigen_notifier::receiver::webhook::{WEBHOOK, Webhook, key_of};
use kigen_notifier::routing::times::Times;
use kigen_notifier::routing::{Endpoint, address};
use kigen_ops::Secret;
use serde::{Deserialize, Serialize};

use super::error::ConfigError;
use super::routes::{KindFile, language};
use super::times::{Calendars, NO_QUIET, TimesFile, has_quiet_hours};

/// How long a name may be: it is in each line about the receiver.
const NAME_CHARS_MAX: usize = 40;

/// The kinds.
const KINDS: [&str; 6] = [WEBHOOK, PAGERDUTY, ALERTMANAGER, EMAIL, TEAMS, DISCORD];
/// The keys that each kind has, beside those of all: of three that give a secret the first.
const KEYS: [(&str, &[&str]); 6] = [
    (WEBHOOK, &["url", "secrets"]),
    (PAGERDUTY, &["url", "key"]),
    (ALERTMANAGER, &["url"]),
    (EMAIL, &["host", "port", "security", "user", "password", "from", "to"]),
    (TEAMS, &["url"]),
    (DISCORD, &["url"]),
];

/// A receiver of the file. What is read has secrets in it, so it has no debug output.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ReceiverFile {
    /// Its name, in rules, logs and `/readyz`.
    name: String,
    /// `webhook`, `pagerduty`, `alertmanager`, `email`, `teams` or `discord`.
    kind: String,
    /// What it receives where no rule decides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    default: Vec<KindFile>,
    /// The language of its messages, unless a rule has another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    /// When what it receives is held back for a digest at their end, unless a rule has other quiet hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    quiet: Option<TimesFile>,
    /// Where it is. Of this and each further secret, one of the three forms is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// A file whose first line is the URL, read again for each request.
    #[serde(skip_serializing_if = "Option::is_none")]
    url_file: Option<PathBuf>,
    /// The variable of the environment with the URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    url_env: Option<String>,
    /// PagerDuty's integration key.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// A file with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_file: Option<PathBuf>,
    /// The variable with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_env: Option<String>,
    /// The secrets of a webhook, each of which signs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<String>,
    /// Files with them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secret_files: Vec<PathBuf>,
    /// Variables with them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secret_envs: Vec<String>,
    /// The mail server.
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    /// Its port; by default that of `security`.
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    /// How the connection to it is secured.
    #[serde(skip_serializing_if = "Option::is_none")]
    security: Option<SecurityFile>,
    /// The user of the mail server.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// That user's password.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    /// A file with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    password_file: Option<PathBuf>,
    /// The variable with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    password_env: Option<String>,
    /// The sender of the mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// Who receives it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    to: Vec<String>,
}

/// How the connection to a mail server is secured.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum SecurityFile {
    Tls,
    StartTls,
    None,
}

impl From<SecurityFile> for Security {
    fn from(file: SecurityFile) -> Self {
        match file {
            SecurityFile::Tls => Self::Tls,
            SecurityFile::StartTls => Self::StartTls,
            SecurityFile::None => Self::None,
        }
    }
}

/// The receivers of a file.
#[derive(Clone)]
pub(super) struct ReceiverSettings {
    file: Vec<ReceiverFile>,
    pub(super) receivers: Receivers,
    pub(super) endpoints: Vec<Endpoint>,
}

/// Without the file, which has secrets in it.
impl std::fmt::Debug for ReceiverSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReceiverSettings").field("receivers", &self.receivers).finish_non_exhaustive()
    }
}

impl ReceiverSettings {
    /// Each receiver of the file, or what is wrong with the first one that is not understood.
    pub(super) fn resolve(file: Vec<ReceiverFile>, calendars: &Calendars<'_>) -> Result<Self, ConfigError> {
        let mut names = BTreeSet::new();
        let (mut receivers, mut endpoints) = (Vec::new(), Vec::new());
        for receiver in &file {
            let name = &receiver.name;
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if !(1..=NAME_CHARS_MAX).contains(&name.len()) || !name.chars().all(is_plain) {
                return Err(receiver.wrong("a name has 1 to 40 of a-z, 0-9 and `-`"));
            }
            if !names.insert(name) {
                return Err(receiver.wrong("another receiver has this name"));
            }
            let built = receiver.build()?;
            endpoints.push(Endpoint {
                address: address(built.kind(), name),
                kinds: receiver.default.iter().map(|kind| (*kind).into()).collect(),
                language: receiver.language()?,
                quiet: receiver.quiet(calendars)?,
            });
            receivers.push((name.clone(), built));
        }
        Ok(Self { receivers: by_address(receivers), endpoints, file })
    }

    /// The addresses, by name.
    pub(super) fn addresses(&self) -> BTreeMap<&str, &str> {
        self.file.iter().zip(&self.endpoints).map(|(file, it)| (&*file.name, &*it.address)).collect()
    }

    /// The receivers as the file that would give them, with secrets hidden.
    pub(super) fn show(&self) -> String {
        #[derive(Serialize)]
        struct File<'a> {
            receivers: &'a [ReceiverFile],
        }
        let hidden = |text: &Option<String>| text.as_ref().map(|_| "(hidden)".to_owned());
        let shown = self.file.iter().map(|file| ReceiverFile {
            url: hidden(&file.url),
            key: hidden(&file.key),
            password: hidden(&file.password),
            secrets: file.secrets.iter().map(|_| "(hidden)".to_owned()).collect(),
            ..file.clone()
        });
        let shown: Vec<ReceiverFile> = shown.collect();
        match shown.is_empty() {
            true => String::new(),
            false => toml::to_string(&File { receivers: &shown }).unwrap_or_default(),
        }
    }
}

impl ReceiverFile {
    fn build(&self) -> Result<Arc<dyn Receiver>, ConfigError> {
        let keys = KEYS.iter().find(|(kind, _)| *kind == self.kind).map_or(&[][..], |(_, keys)| keys);
        let unused = self.given().into_iter().find(|(key, is_given)| *is_given && !keys.contains(key));
        if let Some((key, _)) = unused.filter(|_| KINDS.contains(&&*self.kind)) {
            let keys = keys.join(", ");
            return Err(self.wrong(&format!("the kind {} has no key `{key}`: it has {keys}", self.kind)));
        }
        match &*self.kind {
            WEBHOOK => self.webhook(),
            PAGERDUTY => {
                let key = self.secret("key", (&self.key, &self.key_file, &self.key_env))?;
                if self.url_file.is_some() || self.url_env.is_some() {
                    return Err(self.wrong(
                        "its `url` is an address of PagerDuty, such as that of a region, and no secret",
                    ));
                }
                Ok(Arc::new(PagerDuty::new(&self.address(), key, self.url.as_deref())))
            }
            ALERTMANAGER => Ok(Arc::new(Alertmanager::new(&self.address(), self.url()?))),
            EMAIL => self.email(),
            TEAMS => Ok(Arc::new(Teams::new(&self.address(), self.url()?))),
            DISCORD => Ok(Arc::new(Discord::new(&self.address(), self.url()?))),
            _ => Err(self.wrong(&format!("its kind is `{}`: the kinds are {}", self.kind, KINDS.join(", ")))),
        }
    }

    fn webhook(&self) -> Result<Arc<dyn Receiver>, ConfigError> {
        let mut secrets: Vec<Secret> = self.secrets.iter().cloned().map(Secret::Text).collect();
        for variable in &self.secret_envs {
            secrets.push(self.of_environment("secret_envs", variable)?);
        }
        for secret in &secrets {
            let Secret::Text(text) = secret else { continue };
            key_of(text).map_err(|problem| self.wrong(&format!("a secret (not shown) {problem}")))?;
        }
        secrets.extend(self.secret_files.iter().cloned().map(Secret::File));
        if secrets.is_empty() {
            return Err(self.wrong(
                "a webhook needs a secret, by which its receiver knows that kigen has sent the alert: `secret_files`, \
                 `secret_envs` or `secrets`; make one by `echo whsec_$(openssl rand -base64 32)`",
            ));
        }
        Ok(Arc::new(Webhook::new(&self.address(), self.url()?, secrets)))
    }

    fn email(&self) -> Result<Arc<dyn Receiver>, ConfigError> {
        let Some(host) = &self.host else { return Err(self.wrong("it needs `host`, a mail server")) };
        let Some(from) = self.from.as_ref().filter(|_| !self.to.is_empty()) else {
            return Err(self.wrong("it needs `from`, a mailbox, and `to`, a list of them"));
        };
        let security = self.security.unwrap_or(SecurityFile::StartTls).into();
        let email = Email::new(&self.address(), (host, self.port), security, (from, &self.to));
        let email = email.map_err(|problem| self.wrong(&problem))?;
        let given = (&self.password, &self.password_file, &self.password_env);
        match &self.user {
            Some(_) if security == Security::None => Err(self.wrong(
                "with `security = \"none\"` its password would be readable on the way: leave out the user",
            )),
            Some(user) => Ok(Arc::new(email.with_login(user, self.secret("password", given)?))),
            None if given == (&None, &None, &None) => Ok(Arc::new(email)),
            None => Err(self.wrong("it has a password, and no `user`")),
        }
    }

    /// The keys that some kinds have, and whether each is given.
    fn given(&self) -> [(&'static str, bool); 9] {
        let Self { url, url_file, url_env, key, key_file, key_env, .. } = self;
        let Self { secrets, secret_files, secret_envs, password, password_file, password_env, .. } = self;
        let is_any = |text: &Option<String>, file: &Option<PathBuf>, variable: &Option<String>| {
            text.is_some() || file.is_some() || variable.is_some()
        };
        let has_secrets = !secrets.is_empty() || !secret_files.is_empty() || !secret_envs.is_empty();
        [
            ("url", is_any(url, url_file, url_env)),
            ("key", is_any(key, key_file, key_env)),
            ("secrets", has_secrets),
            ("host", self.host.is_some()),
            ("port", self.port.is_some()),
            ("security", self.security.is_some()),
            ("user", self.user.is_some() || is_any(password, password_file, password_env)),
            ("from", self.from.is_some()),
            ("to", !self.to.is_empty()),
        ]
    }

    fn address(&self) -> String {
        address(&self.kind, &self.name)
    }

    fn language(&self) -> Result<Option<Language>, ConfigError> {
        let locale = |tag: &String| {
            language(tag).map_err(|rule| self.wrong(&format!("its locale is `{tag}`: {rule}")))
        };
        self.locale.as_ref().map(locale).transpose()
    }

    fn quiet(&self, calendars: &Calendars<'_>) -> Result<Option<Times>, ConfigError> {
        let Some(quiet) = &self.quiet else { return Ok(None) };
        if !has_quiet_hours(&self.kind) {
            return Err(self.wrong(&format!("it has quiet hours: {NO_QUIET}")));
        }
        quiet.read_quiet(calendars).map(Some).map_err(|why| self.wrong(&why))
    }

    fn url(&self) -> Result<Secret, ConfigError> {
        let url = self.secret("url", (&self.url, &self.url_file, &self.url_env))?;
        if let Secret::Text(text) = &url
            && !text.starts_with("https://")
            && !text.starts_with("http://")
        {
            return Err(
                self.wrong("its url (not shown, since it may have a secret) begins with https:// or http://")
            );
        }
        Ok(url)
    }

    /// The one of three keys that gives a secret: as it is, in a file, or in a variable of the environment.
    fn secret(
        &self,
        key: &str,
        given: (&Option<String>, &Option<PathBuf>, &Option<String>),
    ) -> Result<Secret, ConfigError> {
        match given {
            (Some(text), None, None) => Ok(Secret::Text(text.clone())),
            (None, Some(path), None) => Ok(Secret::File(path.clone())),
            (None, None, Some(variable)) => self.of_environment(&format!("{key}_env"), variable),
            (None, None, None) => Err(self.wrong(&format!("it needs `{key}`, `{key}_file` or `{key}_env`"))),
            _ => Err(self
                .wrong(&format!("it has more than one of `{key}`, `{key}_file` and `{key}_env`: keep one"))),
        }
    }

    fn of_environment(&self, key: &str, variable: &str) -> Result<Secret, ConfigError> {
        let text = std::env::var(variable).ok().filter(|text| !text.is_empty());
        text.map(Secret::Text).ok_or_else(|| {
            self.wrong(&format!("the environment has no variable `{variable}`, which its {key} names"))
        })
    }

    fn wrong(&self, why: &str) -> ConfigError {
        ConfigError::Receiver { name: self.name.clone(), why: why.to_owned() }
    }
}
