//! From settings to an API that answers: errors of the configuration are found and explained here.

use std::time::Duration;

use kigen_ops::BackOff;
use tokio::time::Instant as TimerInstant;

use crate::error::{RequestError, ShipperError};
use crate::kubernetes::api::Api;
use crate::kubernetes::client::RenewedClient;
use crate::kubernetes::kubeconfig::describe;
use crate::resource::Resource;
use crate::server_clock::Clock;
use crate::settings::Settings;

/// The API server and the source of the credentials, for error messages.
pub(crate) struct Endpoint {
    pub(crate) server: String,
    access: String,
}

/// Reads the kubeconfig and makes the first requests: the time, and each resource that will be watched.
pub async fn connect(settings: &Settings, clock: Clock) -> Result<Api, ShipperError> {
    let (api, endpoint) = configure(settings, clock).await?;
    let deadline = TimerInstant::now() + Duration::from_millis(settings.start_ms_max);
    let mut back_off = BackOff::new(settings.retry_delay_ms_min, settings.retry_delay_ms_max);
    loop {
        let Err((resource, error)) = first_requests(&api).await else {
            return Ok(api);
        };
        let delay = back_off.next_delay(error.retry_after());
        if TimerInstant::now() + delay > deadline {
            return Err(match resource {
                Some(resource) => refused(settings, &endpoint, "list", resource, error),
                None => unusable(&endpoint, error),
            });
        }
        tokio::time::sleep(delay).await;
    }
}

/// Reads the kubeconfig, without any request.
pub(crate) async fn configure(settings: &Settings, clock: Clock) -> Result<(Api, Endpoint), ShipperError> {
    let (client, server) = RenewedClient::create(&settings.access, settings.answer_ms_max).await?;
    let endpoint = Endpoint { server, access: describe(&settings.access) };
    Ok((Api::new(client, clock, settings.namespace.clone(), settings.answer_ms_max), endpoint))
}

async fn first_requests(api: &Api) -> Result<(), (Option<Resource>, RequestError)> {
    api.time().await.map_err(|error| (None, error))?;
    for resource in Resource::ALL {
        match api.list_one(resource).await {
            Err(error) if !error.is_tolerated(resource) => {
                return Err((Some(resource), error));
            }
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

/// The error of a server that did not answer at all, or not as a Kubernetes API server.
pub(crate) fn unusable(endpoint: &Endpoint, source: RequestError) -> ShipperError {
    let (server, place) = (endpoint.server.clone(), endpoint.access.clone());
    match source.status() {
        Some(401) => ShipperError::Unauthorised { server, place, source },
        _ => ShipperError::Unreachable { server, place, source },
    }
}

/// The error of a list or a watch that failed.
pub(crate) fn refused(
    settings: &Settings,
    endpoint: &Endpoint,
    verb: &'static str,
    resource: Resource,
    source: RequestError,
) -> ShipperError {
    if !source.is_forbidden() {
        return unusable(endpoint, source);
    }
    let scope =
        settings.namespace.as_ref().map_or_else(|| "-A".to_owned(), |namespace| format!("-n {namespace}"));
    let (server, place) = (endpoint.server.clone(), endpoint.access.clone());
    ShipperError::Forbidden { server, place, verb, resource, scope, source }
}
