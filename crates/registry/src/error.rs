//! The failures of a schema registry, each with its remedy and its fate.

use std::path::PathBuf;

use kigen_log::Fate;

/// Why a request to a schema registry failed.
#[derive(Debug, thiserror::Error)]
pub enum RegistryFailure {
    /// The address is invalid.
    #[error(
        "the schema registry's url `{url}` {problem}: give the base of its API, such as https://registry:8081 \
         (Confluent) or https://registry:8080/apis/ccompat/v7 (Apicurio)"
    )]
    Url {
        /// As given, without credentials.
        url: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// There is a user without a password, or a password without a user.
    #[error("the schema registry's {missing} is not set: give both user and password, or neither")]
    HalfOfCredentials {
        /// The missing one.
        missing: &'static str,
    },
    /// A file of certificates cannot be used.
    #[error("the schema registry's ca_file {} {problem}", path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no response.
    #[error(
        "the schema registry at {url} does not answer; check the address, and that it is reachable and trusted from here"
    )]
    Unreachable {
        /// Its address.
        url: String,
        /// Why.
        source: Box<ureq::Error>,
    },
    /// It is unavailable for now.
    #[error("the schema registry at {url} cannot {doing} now ({status}: {message})")]
    Unavailable {
        /// Its address.
        url: String,
        /// The request, as a verb.
        doing: String,
        /// HTTP's status.
        status: u16,
        /// The registry's message.
        message: String,
    },
    /// It refuses the credentials, or requires some.
    #[error(
        "the schema registry at {url} does not know the user {user} (401: {message}): give its user and password \
         (KIGEN_REGISTRY_USER and KIGEN_REGISTRY_PASSWORD, or `user` and `password_file` under [kafka.registry])"
    )]
    Unauthenticated {
        /// Its address.
        url: String,
        /// The user.
        user: String,
        /// The registry's message.
        message: String,
    },
    /// The user is not allowed to do this.
    #[error(
        "the schema registry at {url} does not let the user {user} {doing} (403: {message}): allow it there, or have a \
         user who may run `kigen topics create` once for this version of kigen, which then needs to read only"
    )]
    Forbidden {
        /// Its address.
        url: String,
        /// The user.
        user: String,
        /// The request, as a verb.
        doing: String,
        /// The registry's message.
        message: String,
    },
    /// A schema is not compatible with those that are registered under its subject.
    #[error(
        "the schema registry at {url} does not {doing}, as incompatible with what is registered there (409: {message}): \
         something else than kigen has written to this subject, or set another compatibility for it; look what its \
         versions are, and delete those that are not in kigen's `schemas/`"
    )]
    Incompatible {
        /// Its address.
        url: String,
        /// The request, as a verb.
        doing: String,
        /// The registry's message.
        message: String,
    },
    /// It refuses for another reason.
    #[error(
        "the schema registry at {url} does not {doing} ({status}: {message}): check that it takes Avro schemas and that this \
         subject is not read-only"
    )]
    Refused {
        /// Its address.
        url: String,
        /// The request, as a verb.
        doing: String,
        /// HTTP's status.
        status: u16,
        /// The registry's message.
        message: String,
    },
    /// The server at this address is not a schema registry.
    #[error(
        "what answers at {url} is no schema registry (asked to {doing}, it returned {status}): give the base of its API, such \
         as https://registry:8081 (Confluent) or https://registry:8080/apis/ccompat/v7 (Apicurio)"
    )]
    NotARegistry {
        /// The address.
        url: String,
        /// The request, as a verb.
        doing: String,
        /// HTTP's status.
        status: u16,
    },
}

impl RegistryFailure {
    /// Its fate: a failure that can be mended at the registry is retried, since the same configuration works then.
    #[must_use]
    pub fn fate(&self) -> Fate {
        match self {
            Self::Unreachable { .. }
            | Self::Unavailable { .. }
            | Self::Unauthenticated { .. }
            | Self::Forbidden { .. } => Fate::Retry,
            Self::Url { .. }
            | Self::HalfOfCredentials { .. }
            | Self::Certificates { .. }
            | Self::Incompatible { .. }
            | Self::Refused { .. }
            | Self::NotARegistry { .. } => Fate::Stop,
        }
    }
}
