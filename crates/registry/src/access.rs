//! Where a schema registry is, and who asks it.

use std::fmt;
use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::error::RegistryFailure;

/// Where a schema registry is, and who asks it.
#[derive(Clone, PartialEq, Eq)]
pub struct Access {
    /// The base of its API, without a slash at the end.
    url: String,
    /// User and password.
    credentials: Option<(String, String)>,
    /// More certificate authorities to trust than the machine does, as PEM.
    ca_file: Option<PathBuf>,
}

/// Without the password.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("url", &self.url).field("user", &self.user()).finish_non_exhaustive()
    }
}

impl Access {
    /// The registry whose API is at `url`, asked by nobody in particular or with HTTP's basic authentication; `ca_file`
    /// has certificate authorities (PEM) to be trusted beside the machine's.
    ///
    /// # Errors
    /// The URL is none, or of user and password one is missing.
    pub fn new(
        url: &str,
        user: Option<String>,
        password: Option<String>,
        ca_file: Option<PathBuf>,
    ) -> Result<Self, RegistryFailure> {
        let wrong = |problem| Err(RegistryFailure::Url { url: without_credentials(url), problem });
        let Some(rest) = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")) else {
            return wrong("does not begin with http:// or https://");
        };
        let host = rest.split('/').next().unwrap_or_default();
        if host.contains('@') {
            return wrong(
                "has a user in it, which goes under `user` and `password` (KIGEN_REGISTRY_USER, ...)",
            );
        }
        if host.is_empty() || rest.contains(|c: char| c.is_whitespace() || matches!(c, '?' | '#' | ',')) {
            return wrong("is not one address");
        }
        let credentials = match (user, password) {
            (Some(user), Some(password)) => Some((user, password)),
            (None, None) => None,
            (Some(_), None) => return Err(RegistryFailure::HalfOfCredentials { missing: "password" }),
            (None, Some(_)) => return Err(RegistryFailure::HalfOfCredentials { missing: "user" }),
        };
        Ok(Self { url: url.trim_end_matches('/').to_owned(), credentials, ca_file })
    }

    /// The base of its API.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Who asks; `None`: nobody in particular.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.credentials.as_ref().map(|(user, _)| user.as_str())
    }

    /// More certificate authorities to trust than the machine does.
    #[must_use]
    pub fn ca_file(&self) -> Option<&PathBuf> {
        self.ca_file.as_ref()
    }

    /// The header `Authorization`.
    pub(crate) fn authorization(&self) -> Option<String> {
        let (user, password) = self.credentials.as_ref()?;
        Some(format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))))
    }
}

/// What may be shown of a URL in which somebody may have written a password.
#[must_use]
pub fn without_credentials(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((_, rest)) => format!("...@{rest}"),
        None => url.to_owned(),
    }
}
