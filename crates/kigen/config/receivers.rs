//! The receivers of alerts beside Slack, as the configuration file has them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use kigen_notifier::dispatch::{Receivers, by_address};
use kigen_notifier::language::Language;
use kigen_notifier::receiver::Receiver;
use kigen_notifier::receiver::webhook::{WEBHOOK, Webhook, key_of};
use kigen_notifier::routing::{Endpoint, address};
use kigen_ops::Secret;
use serde::{Deserialize, Serialize};

use super::error::ConfigError;
use super::routes::{KindFile, language};

/// How long a name may be: it is in each line about the receiver.
const NAME_CHARS_MAX: usize = 40;

/// A receiver of the file. What is read has secrets in it, so it has no debug output.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ReceiverFile {
    name: String,
    kind: String,
    /// What it receives where no rule decides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    default: Vec<KindFile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url_file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url_env: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secret_files: Vec<PathBuf>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secret_envs: Vec<String>,
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
    pub(super) fn resolve(file: Vec<ReceiverFile>) -> Result<Self, ConfigError> {
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
        match &*self.kind {
            WEBHOOK => self.webhook(),
            _ => Err(self.wrong(&format!("its kind is `{}`: the kinds are `{WEBHOOK}`", self.kind))),
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

    fn address(&self) -> String {
        address(&self.kind, &self.name)
    }

    fn language(&self) -> Result<Option<Language>, ConfigError> {
        let locale = |tag: &String| {
            language(tag).map_err(|rule| self.wrong(&format!("its locale is `{tag}`: {rule}")))
        };
        self.locale.as_ref().map(locale).transpose()
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
