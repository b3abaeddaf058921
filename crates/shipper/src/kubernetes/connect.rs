//! From settings to an API that answers: whatever is wrong with the configuration is found here, and said.

use std::time::Duration;

use kigen_log::back_off::BackOff;
use tokio::time::Instant as TimerInstant;

use crate::error::{RequestError, ShipperError};
use crate::kubernetes::api::Api;
use crate::kubernetes::client::RenewedClient;
use crate::kubernetes::kubeconfig::place;
use crate::resource::Resource;
use crate::server_clock::Clock;
use crate::settings::Settings;

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
