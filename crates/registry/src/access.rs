//! The address and the credentials of a schema registry.

use std::fmt;
use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::error::RegistryFailure;

/// The address and the credentials of a schema registry.
#[derive(Clone, PartialEq, Eq)]
pub struct Access {
    /// The base URL of its API, without a slash at the end.
    url: String,
    /// User and password.
    credentials: Option<(String, String)>,
    /// Certificate authorities to trust beside the machine's, as PEM.
    ca_file: Option<PathBuf>,
}

/// Without the password.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("url", &self.url).field("user", &self.user()).finish_non_exhaustive()
    }
}

impl Access {
    /// The registry whose API is at `url`; with a user and a password by HTTP's basic authentication, else unauthenticated.
    /// `ca_file` has certificate authorities (PEM) to trust beside the machine's.
    ///
    /// # Errors
    /// The URL is invalid, or only one of user and password is given.
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

    /// The base URL of its API.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The user; `None`: unauthenticated.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.credentials.as_ref().map(|(user, _)| user.as_str())
    }

    /// Certificate authorities to trust beside the machine's.
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

/// The part of a URL that may be shown: without credentials, which a user may have put into it.
#[must_use]
pub fn without_credentials(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((_, rest)) => format!("...@{rest}"),
        None => url.to_owned(),
    }
}
