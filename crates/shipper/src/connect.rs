//! From settings to an API that answers: whatever is wrong with the configuration is found here, and said.

use std::io;
use std::time::Duration;

use kigen_log::back_off::BackOff;
use thiserror::Error;
use tokio::time::Instant as TimerInstant;

use crate::api::{Api, RequestError};
use crate::client::RenewedClient;
use crate::resource::Resource;
use crate::server_clock::Clock;
use crate::settings::{Access, Settings};

/// Why the shipper cannot start. After the start nothing stops it.
#[derive(Debug, Error)]
pub enum ShipperError {
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
        "the API server {server} of {place} cannot be asked; check the address and that it is reachable from here \
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
    /// The server does not know who asks.
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
    /// The server knows who asks and does not allow it.
    #[error(
        "{place} may not {verb} {resource} at {server}; check with `kubectl auth can-i {verb} {resource} {scope}`, and \
         grant list and watch on {resource}, or watch one namespace only"
    )]
    Forbidden {
        /// The server's URL.
        server: String,
        /// Which file and context.
        place: String,
        /// What it may not do.
        verb: &'static str,
        /// What may not be listed, or watched.
        resource: Resource,
        /// The arguments that say where.
        scope: String,
        /// Why.
        #[source]
        source: RequestError,
    },
}

impl ShipperError {
    /// Whether it may mend itself, or is mended elsewhere: the API server is away, or does not let kigen in yet.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Kubeconfig { .. } | Self::Client { .. } => false,
            Self::Unreachable { .. } | Self::Unauthorised { .. } | Self::Forbidden { .. } => true,
        }
    }

    /// Whether the kubeconfig is a file that is not there.
    pub fn is_of_missing_file(&self) -> bool {
        let Self::Kubeconfig { source, .. } = self else { return false };
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&**source);
        while let Some(error) = cause {
            if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
            {
                return true;
            }
            cause = error.source();
        }
        false
    }

    /// The request that failed, if one did.
    pub(crate) fn request(&self) -> Option<&RequestError> {
        match self {
            Self::Kubeconfig { .. } | Self::Client { .. } => None,
            Self::Unreachable { source, .. }
            | Self::Unauthorised { source, .. }
            | Self::Forbidden { source, .. } => Some(source),
        }
    }
}

/// Which server is asked, and who asks.
pub(crate) struct Place {
    pub(crate) server: String,
    name: String,
}

/// Reads the kubeconfig and asks the first questions: what time it is, and each resource that will be watched.
pub async fn connect(settings: &Settings, clock: Clock) -> Result<Api, ShipperError> {
    let (api, place) = configured(settings, clock).await?;
    let deadline = TimerInstant::now() + Duration::from_millis(settings.start_ms_max);
    let mut back_off = BackOff::new(settings.retry_delay_ms_min, settings.retry_delay_ms_max);
    loop {
        let Err((resource, error)) = ask(&api).await else {
            return Ok(api);
        };
        let delay = back_off.next_delay(error.retry_after());
        if TimerInstant::now() + delay > deadline {
            return Err(match resource {
                Some(resource) => may_not(settings, &place, "list", resource, error),
                None => unusable(&place, error),
            });
        }
        tokio::time::sleep(delay).await;
    }
}

/// Reads the kubeconfig, and asks nothing yet.
pub(crate) async fn configured(settings: &Settings, clock: Clock) -> Result<(Api, Place), ShipperError> {
    let (client, server) = RenewedClient::make(&settings.access, settings.answer_ms_max).await?;
    let place = Place { server, name: place(&settings.access) };
    Ok((Api::new(client, clock, settings.namespace.clone(), settings.answer_ms_max), place))
}

async fn ask(api: &Api) -> Result<(), (Option<Resource>, RequestError)> {
    api.time().await.map_err(|error| (None, error))?;
    for resource in Resource::ALL {
        match api.list(resource, 1, None).await {
            Err(error) if !(resource.is_optional() && error.is_withheld()) => {
                return Err((Some(resource), error));
            }
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

/// What it means that the server did not answer at all, or not as such a one does.
pub(crate) fn unusable(place: &Place, source: RequestError) -> ShipperError {
    let (server, place) = (place.server.clone(), place.name.clone());
    match source.status() {
        Some(401) => ShipperError::Unauthorised { server, place, source },
        _ => ShipperError::Unreachable { server, place, source },
    }
}

/// What it means that this was not answered.
pub(crate) fn may_not(
    settings: &Settings,
    place: &Place,
    verb: &'static str,
    resource: Resource,
    source: RequestError,
) -> ShipperError {
    if source.status() != Some(403) {
        return unusable(place, source);
    }
    let scope =
        settings.namespace.as_ref().map_or_else(|| "-A".to_owned(), |namespace| format!("-n {namespace}"));
    let (server, place) = (place.server.clone(), place.name.clone());
    ShipperError::Forbidden { server, place, verb, resource, scope, source }
}

pub(crate) fn place(access: &Access) -> String {
    let context = |context: &Option<String>| {
        context
            .as_ref()
            .map_or_else(|| "the current context".to_owned(), |context| format!("the context `{context}`"))
    };
    match access {
        Access::Inferred { context: chosen } => match std::env::var("KUBECONFIG") {
            Ok(files) => format!("{} of $KUBECONFIG ({files})", context(chosen)),
            Err(_) => format!("{} of ~/.kube/config", context(chosen)),
        },
        Access::Kubeconfig { path, context: chosen } => {
            format!("{} of the kubeconfig {}", context(chosen), path.display())
        }
        Access::Url(_) => "the configured URL".to_owned(),
    }
}

pub(crate) fn check(access: &Access) -> String {
    match access {
        Access::Inferred { .. } => "kubectl config view --minify".to_owned(),
        Access::Kubeconfig { path, .. } => {
            format!("kubectl --kubeconfig {} config view --minify", path.display())
        }
        Access::Url(url) => format!("curl {url}/version"),
    }
}
