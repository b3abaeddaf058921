//! What can go wrong with a schema registry, and what to do then.

use std::path::PathBuf;

use kigen_log::Fate;

/// Why a schema registry cannot be used as asked.
#[derive(Debug, thiserror::Error)]
pub enum RegistryFailure {
    /// The address is none.
    #[error(
        "the schema registry's url `{url}` {problem}: give the base of its API, such as https://registry:8081 \
         (Confluent) or https://registry:8080/apis/ccompat/v7 (Apicurio)"
    )]
    Url {
        /// As given, without what may be a password.
        url: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// There is a password and nobody whose it is, or the other way round.
    #[error("the schema registry's {missing} is not set: give both user and password, or neither")]
    HalfOfCredentials {
        /// Which of the two.
        missing: &'static str,
    },
    /// A file of certificates cannot be used.
    #[error("the schema registry's ca_file {} {problem}", path.display())]
    Certificates {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Nobody answers.
    #[error(
        "the schema registry at {url} does not answer; check the address, and that it is reachable and trusted from here"
    )]
    Silent {
        /// Its address.
        url: String,
        /// Why.
        source: Box<ureq::Error>,
    },
    /// It answers that it cannot answer now.
    #[error("the schema registry at {url} cannot {doing} now ({status}: {said})")]
    Unable {
        /// Its address.
        url: String,
        /// What was asked for, as a verb.
        doing: String,
        /// HTTP's status.
        status: u16,
        /// Its words.
        said: String,
    },
    /// It does not know who asks.
    #[error(
        "the schema registry at {url} does not know the user {user} (401: {said}): give its user and password \
         (KIGEN_REGISTRY_USER and KIGEN_REGISTRY_PASSWORD, or `user` and `password_file` under [kafka.registry])"
    )]
    Unknown {
        /// Its address.
        url: String,
        /// Who asks.
        user: String,
        /// Its words.
        said: String,
    },
    /// It does not let who asks do so.
    #[error(
        "the schema registry at {url} does not let the user {user} {doing} (403: {said}): allow it there, or let somebody \
         who may run `kigen topics create` once for this version of kigen, which then needs to read only"
    )]
    Forbidden {
        /// Its address.
        url: String,
        /// Who asks.
        user: String,
        /// What was asked for, as a verb.
        doing: String,
        /// Its words.
        said: String,
    },
    /// A schema does not follow from those that are registered under its subject.
    #[error(
        "the schema registry at {url} does not {doing}, as incompatible with what is registered there (409: {said}): \
         something else than kigen has written to this subject, or set another compatibility for it; look what its \
         versions are, and delete those that are not in kigen's `schemas/`"
    )]
    Incompatible {
        /// Its address.
        url: String,
        /// What was asked for, as a verb.
        doing: String,
        /// Its words.
        said: String,
    },
    /// It refuses.
    #[error(
        "the schema registry at {url} does not {doing} ({status}: {said}): check that it takes Avro schemas and that this \
         subject is not read-only"
    )]
    Refused {
        /// Its address.
        url: String,
        /// What was asked for, as a verb.
        doing: String,
        /// HTTP's status.
        status: u16,
        /// Its words.
        said: String,
    },
    /// What answers is something else.
    #[error(
        "what answers at {url} is no schema registry (asked to {doing}, it said {status}): give the base of its API, such \
         as https://registry:8081 (Confluent) or https://registry:8080/apis/ccompat/v7 (Apicurio)"
    )]
    NoRegistry {
        /// The address.
        url: String,
        /// What was asked for, as a verb.
        doing: String,
        /// HTTP's status.
        status: u16,
    },
}

impl RegistryFailure {
    /// What to do about it: what can be mended at the registry is tried again, since the same configuration then works.
    #[must_use]
    pub fn fate(&self) -> Fate {
        match self {
            Self::Silent { .. } | Self::Unable { .. } | Self::Unknown { .. } | Self::Forbidden { .. } => {
                Fate::Retry
            }
            Self::Url { .. }
            | Self::HalfOfCredentials { .. }
            | Self::Certificates { .. }
            | Self::Incompatible { .. }
            | Self::Refused { .. }
            | Self::NoRegistry { .. } => Fate::Stop,
        }
    }
}
