//! The schema registry in the configuration: `[kafka.registry]`, environment and flags combined.

use std::path::{Path, PathBuf};

use kigen_registry::{Access, without_credentials};
use serde::Deserialize;

use super::error::ConfigError;
use crate::cli::SettingsArgs;

/// The settings of the schema registry; required only where Kafka is used.
#[derive(Clone, Default)]
pub(super) struct RegistrySettings {
    url: Option<String>,
    user: Option<String>,
    password: Option<String>,
    password_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
}

/// `[kafka.registry]` of the file.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegistryFile {
    /// The schema registry (Confluent's API); without it values are in Avro's single-object encoding.
    url: Option<String>,
    /// Its user.
    user: Option<String>,
    /// That user's password; rather in the environment or a file.
    password: Option<String>,
    /// A file whose first line is that password.
    password_file: Option<PathBuf>,
    /// A certificate authority (PEM) that is trusted beside the machine's.
    ca_file: Option<PathBuf>,
}

/// Without the password.
impl std::fmt::Debug for RegistrySettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [(_, url), ..] = self.shown();
        f.debug_struct("RegistrySettings").field("url", &url).finish_non_exhaustive()
    }
}

impl RegistrySettings {
    /// Environment and flags override the file. A password in the environment also overrides a `password_file`.
    pub(super) fn resolve(args: &SettingsArgs, file: RegistryFile) -> Result<Self, ConfigError> {
        if file.password.is_some() && file.password_file.is_some() {
            return Err(ConfigError::TwoPasswords);
        }
        let is_given = args.registry_password.is_some();
        Ok(Self {
            url: args.registry_url.clone().or(file.url).filter(|url| !url.is_empty()),
            user: args.registry_user.clone().or(file.user),
            password: args.registry_password.clone().or(file.password),
            password_file: file.password_file.filter(|_| !is_given),
            ca_file: file.ca_file,
        })
    }

    /// How the registry is accessed; `None`: there is none.
    pub(super) fn access(&self) -> Result<Option<Access>, ConfigError> {
        let Some(url) = &self.url else { return Ok(None) };
        let password = match &self.password_file {
            Some(path) => Some(secret(path)?),
            None => self.password.clone(),
        };
        Ok(Some(Access::new(url, self.user.clone(), password, self.ca_file.clone())?))
    }

    /// The keys with their effective values; secrets hidden.
    pub(super) fn shown(&self) -> [(&'static str, Option<String>); 5] {
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        [
            ("url", self.url.as_deref().map(without_credentials)),
            ("user", self.user.clone()),
            ("password", self.password.as_ref().map(|_| "(hidden)".to_owned())),
            ("password_file", path(&self.password_file)),
            ("ca_file", path(&self.ca_file)),
        ]
    }
}

/// The first line of a file, such as a mounted secret.
fn secret(path: &Path) -> Result<String, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::UnreadableSecret { path: path.to_owned(), source })?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
