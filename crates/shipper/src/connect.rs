//! From settings to an API that answers: whatever is wrong with the configuration is found here, and said.

use std::time::Duration;

use thiserror::Error;
use tokio::time::Instant as TimerInstant;

use crate::api::{Api, RequestError};
use crate::back_off::BackOff;
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
        "{place} may not list {resource} at {server}; check with `kubectl auth can-i list {resource} {scope}`, and \
             grant get, list and watch on cronjobs, jobs and pods, or watch one namespace only"
    )]
    Forbidden {
        /// The server's URL.
        server: String,
        /// Which file and context.
        place: String,
        /// What may not be listed.
        resource: Resource,
        /// The arguments that say where.
        scope: String,
        /// Why.
        #[source]
        source: RequestError,
    },
}

/// Reads the kubeconfig and asks the first questions: what time it is, and each resource that will be watched.
pub async fn connect(settings: &Settings, clock: Clock) -> Result<Api, ShipperError> {
    let (client, server) = RenewedClient::make(&settings.access, settings.answer_ms_max).await?;
    let place = place(&settings.access);
    let api = Api::new(client, clock, settings.namespace.clone(), settings.answer_ms_max);
    let deadline = TimerInstant::now() + Duration::from_millis(settings.start_ms_max);
    let mut back_off = BackOff::new(settings.retry_delay_ms_min, settings.retry_delay_ms_max);
    loop {
        let Err((resource, error)) = ask(&api).await else {
            return Ok(api);
        };
        let delay = back_off.next_delay(error.retry_after());
        if TimerInstant::now() + delay > deadline {
            return Err(refused(settings, server, place, resource, error));
        }
        tokio::time::sleep(delay).await;
    }
}

async fn ask(api: &Api) -> Result<(), (Option<Resource>, RequestError)> {
    api.time().await.map_err(|error| (None, error))?;
    for resource in Resource::ALL {
        api.list(resource, 1, None).await.map_err(|error| (Some(resource), error))?;
    }
    Ok(())
}

fn refused(
    settings: &Settings,
    server: String,
    place: String,
    resource: Option<Resource>,
    source: RequestError,
) -> ShipperError {
    match (source.status(), resource) {
        (Some(401), _) => ShipperError::Unauthorised { server, place, source },
        (Some(403), Some(resource)) => {
            let scope = settings
                .namespace
                .as_ref()
                .map_or_else(|| "-A".to_owned(), |namespace| format!("-n {namespace}"));
            ShipperError::Forbidden { server, place, resource, scope, source }
        }
        _ => ShipperError::Unreachable { server, place, source },
    }
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
