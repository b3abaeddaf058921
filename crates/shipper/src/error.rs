//! Why a request failed, why the shipper cannot start, and why its role ends.

use std::time::Duration;

use http::StatusCode;
use kigen_log::LogError;
use kigen_model::topic::Topic;
use thiserror::Error;

use crate::resource::Resource;

/// What a watch that is closed again and again means, and what to do.
const CLOSED_EMPTY_ADVICE: &str = ", again and again: kigen lists instead, and a run that comes and goes between two lists is not seen, so slots \
     may become unknown. Look for a proxy or load balancer between kigen and the API server that closes responses within \
     seconds, or holds them back, and let it pass watches for 20 s or longer; `kigen doctor --wait` observes one";

/// Why a request has no usable answer.
#[derive(Debug, Error)]
pub enum RequestError {
    /// There was no answer.
    #[error("the API server does not answer {request}: {reason}")]
    NoAnswer {
        /// Method and path.
        request: String,
        /// Why.
        reason: String,
    },
    /// There was no answer in time.
    #[error("the API server did not answer {request} within {answer_ms_max} ms")]
    TooSlow {
        /// Method and path.
        request: String,
        /// The limit.
        answer_ms_max: u64,
    },
    /// The answer is too large to be read.
    #[error("the answer to {request} has more than {bytes_max} bytes")]
    TooLarge {
        /// Method and path.
        request: String,
        /// The limit.
        bytes_max: usize,
    },
    /// The answer is an error.
    #[error("the API server answers {request} with {status}: {message}")]
    Refused {
        /// Method and path.
        request: String,
        /// The HTTP status, or the code in the line of a watch.
        status: u16,
        /// The message of the answer.
        message: String,
        /// Its header `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// The answer is not what Kubernetes answers.
    #[error("the answer to {request} is not what Kubernetes answers: {reason}")]
    Unreadable {
        /// Method and path.
        request: String,
        /// Why.
        reason: String,
    },
    /// The answer broke off.
    #[error("the answer to {request} broke off: {reason}")]
    BrokenOff {
        /// Method and path.
        request: String,
        /// Why.
        reason: String,
    },
    /// A watch ended without an event or a bookmark.
    #[error(
        "the watch of {path} was closed after {after_ms} ms, without an event or a bookmark{}",
        if *.lists { CLOSED_EMPTY_ADVICE } else { "" }
    )]
    ClosedEmpty {
        /// The path.
        path: String,
        /// How long it was open, in milliseconds.
        after_ms: u64,
        /// Whether so many were closed like that that kigen lists instead.
        lists: bool,
    },
    /// A watch was silent for too long.
    #[error("the watch of {path} {what}")]
    Idle {
        /// The path.
        path: String,
        /// What happened.
        what: &'static str,
    },
}

impl RequestError {
    /// Its name among the metrics' labels.
    pub fn label(&self) -> &'static str {
        match self {
            Self::NoAnswer { .. } => "no_answer",
            Self::TooSlow { .. } => "too_slow",
            Self::TooLarge { .. } => "too_large",
            Self::Refused { status: 401 | 403, .. } => "forbidden",
            Self::Refused { status: 410, .. } => "expired",
            Self::Refused { status: 429, .. } => "throttled",
            Self::Refused { .. } => "refused",
            Self::Unreadable { .. } => "unreadable",
            Self::BrokenOff { .. } => "broken_off",
            Self::ClosedEmpty { .. } => "closed_empty",
            Self::Idle { .. } => "idle",
        }
    }

    /// Whether the requested resource version is no longer kept.
    pub fn is_expired(&self) -> bool {
        self.status() == Some(StatusCode::GONE.as_u16())
    }

    /// Whether the requested resource does not exist (404).
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND.as_u16())
    }

    /// Whether the credentials do not permit the request (403).
    pub fn is_forbidden(&self) -> bool {
        self.status() == Some(StatusCode::FORBIDDEN.as_u16())
    }

    /// Whether kigen works without this resource after this answer: where the Objectives are unavailable (404) or forbidden
    /// (403), and where the Pods are forbidden, of which no verdict depends on more than a detail.
    pub fn is_tolerated(&self, resource: Resource) -> bool {
        match resource {
            Resource::CronJobs | Resource::Jobs => false,
            Resource::Pods => self.is_forbidden(),
            Resource::Objectives => self.is_not_found_or_forbidden(),
        }
    }

    /// Whether one of both holds: a cluster may lack an optional resource, or not grant it.
    pub fn is_not_found_or_forbidden(&self) -> bool {
        self.is_not_found() || self.is_forbidden()
    }

    /// The HTTP status, if the server answered with one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::NoAnswer { .. }
            | Self::TooSlow { .. }
            | Self::TooLarge { .. }
            | Self::Unreadable { .. }
            | Self::BrokenOff { .. }
            | Self::ClosedEmpty { .. }
            | Self::Idle { .. } => None,
        }
    }

    /// How long the server demands to wait before a retry.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            Self::NoAnswer { .. }
            | Self::TooSlow { .. }
            | Self::TooLarge { .. }
            | Self::Unreadable { .. }
            | Self::BrokenOff { .. }
            | Self::ClosedEmpty { .. }
            | Self::Idle { .. } => None,
        }
    }
}

/// Why the shipper cannot start. After the start nothing stops it.
#[derive(Debug, Error)]
pub enum ShipperError {
    /// The kubeconfig is a file that does not exist.
    #[error(
        "there is no kubeconfig {path}{named_by}; name one that exists by --kubeconfig, kubeconfig under [kubernetes] or \
         $KUBECONFIG{elsewhere}"
    )]
    NoKubeconfig {
        /// The file.
        path: String,
        /// In brackets what names it, where no setting of kigen does.
        named_by: &'static str,
        /// What works without a kubeconfig, where kigen has looked for that too.
        elsewhere: &'static str,
    },
    /// The namespace to be watched does not exist.
    #[error(
        "there is no namespace {namespace} at {server}: correct --namespace or namespace under [kubernetes], or create it"
    )]
    NoNamespace {
        /// The namespace.
        namespace: String,
        /// The server's URL.
        server: String,
    },
    /// The kubeconfig cannot be used.
    #[error(
        "{place} cannot be used; check it with `{check}`, or name another file by kubeconfig or $KUBECONFIG"
    )]
    Kubeconfig {
        /// Which file and context.
        place: String,
        /// A command that shows the same.
        check: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The credentials or the certificates cannot be used.
    #[error(
        "no connection to the API server {server} can be set up; check certificates and credentials of {place}"
    )]
    Client {
        /// The server's URL.
        server: String,
        /// Which file and context.
        place: String,
        /// Why.
        #[source]
        source: Box<kube::Error>,
    },
    /// The server does not answer as a Kubernetes API server.
    #[error(
        "the API server {server} of {place} cannot be queried; check the address and that it is reachable from here \
         with `kubectl version`"
    )]
    Unreachable {
        /// The server's URL.
        server: String,
        /// Which file and context.
        place: String,
        /// Why.
        #[source]
        source: RequestError,
    },
    /// The server does not accept the credentials.
    #[error(
        "the API server {server} does not accept the credentials of {place}; check them with `kubectl auth whoami`"
    )]
    Unauthorised {
        /// The server's URL.
        server: String,
        /// Which file and context.
        place: String,
        /// Why.
        #[source]
        source: RequestError,
    },
    /// The server accepts the credentials and does not permit the request.
    #[error(
        "{place} may not {verb} {resource} at {server}; check with `kubectl auth can-i {verb} {resource} {scope}`, and \
         grant list and watch on {resource}, or watch one namespace only"
    )]
    Forbidden {
        /// The server's URL.
        server: String,
        /// Which file and context.
        place: String,
        /// `list` or `watch`.
        verb: &'static str,
        /// The resource.
        resource: Resource,
        /// The arguments of `kubectl` for the namespaces.
        scope: String,
        /// Why.
        #[source]
        source: RequestError,
    },
}

impl ShipperError {
    /// Whether it may pass without a change to kigen: the API server is away, or does not admit kigen yet.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::NoKubeconfig { .. }
            | Self::NoNamespace { .. }
            | Self::Kubeconfig { .. }
            | Self::Client { .. } => false,
            Self::Unreachable { .. } | Self::Unauthorised { .. } | Self::Forbidden { .. } => true,
        }
    }

    /// Whether the kubeconfig is a file that does not exist.
    pub fn is_missing_file(&self) -> bool {
        matches!(self, Self::NoKubeconfig { .. })
    }

    /// The request that failed, if one did.
    pub(crate) fn request(&self) -> Option<&RequestError> {
        match self {
            Self::NoKubeconfig { .. }
            | Self::NoNamespace { .. }
            | Self::Kubeconfig { .. }
            | Self::Client { .. } => None,
            Self::Unreachable { source, .. }
            | Self::Unauthorised { source, .. }
            | Self::Forbidden { source, .. } => Some(source),
        }
    }
}

/// Why the role ended by itself.
#[derive(Debug, Error)]
pub enum RoleError {
    /// It could not start.
    #[error(transparent)]
    Start(#[from] ShipperError),
    /// A task of it panicked, which is a fault of kigen.
    #[error(
        "a task of the shipper of cluster {cluster} panicked ({what}), and without it something would be missing from here on: \
         start kigen again, and report this with the lines of the log before it"
    )]
    Panicked {
        /// The cluster.
        cluster: String,
        /// The message of the panic.
        what: String,
    },
    /// The log has another cluster under this name.
    #[error(transparent)]
    AnotherCluster(#[from] AnotherCluster),
    /// The log cannot be used.
    #[error("the shipper of cluster {cluster} cannot continue with its event log")]
    Log {
        /// The cluster.
        cluster: String,
        /// Why.
        #[source]
        source: LogError,
    },
}

/// Two clusters have one name.
#[derive(Debug, PartialEq, Eq, Error)]
#[error(
    "{topic} knows the cluster `{cluster}` by the UID {known}, but the one that answers has the UID {uid} (of its namespace \
     {namespace}); kigen ships nothing of it, since verdicts would mix the two. Give each a name of its own (--cluster, \
     KIGEN_CLUSTER, or `cluster` in kigen.toml). One that was re-created, or is watched in another scope than before, counts as \
     another too, since no record of the old one applies to it: choose another name, or retire the old one (kigen clusters \
     forget)",
    topic = Topic::Events
)]
pub struct AnotherCluster {
    /// The name.
    pub cluster: String,
    /// The namespace that the UIDs are of.
    pub namespace: String,
    /// The UID in the log.
    pub known: String,
    /// The UID of the cluster that answers.
    pub uid: String,
}
