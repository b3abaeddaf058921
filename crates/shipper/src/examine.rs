//! What a shipper would meet in a cluster: asked once, for a person.

use crate::connect::{ShipperError, configured, may_not, unusable};
use crate::resource::Resource;
use crate::server_clock::Clock;
use crate::settings::Settings;

/// What was asked, and what came of it.
#[derive(Debug)]
pub struct Examined {
    /// In a person's words.
    pub what: String,
    /// The API server's answer.
    pub outcome: Result<(), ShipperError>,
}

/// Asks whether the API server is there, and whether each type may be listed and watched. Changes nothing.
///
/// # Errors
/// The server cannot be asked at all.
pub async fn examine(settings: &Settings, clock: Clock) -> Result<Vec<Examined>, ShipperError> {
    let (api, place) = configured(settings, clock).await?;
    api.time().await.map_err(|error| unusable(&place, error))?;
    let mut examined = Vec::new();
    for resource in Resource::ALL {
        let listed = api.list(resource, 1, None).await;
        let version = listed.as_ref().map(|page| page.resource_version).unwrap_or_default();
        let refused = |verb, error| may_not(settings, &place, verb, resource, error);
        examined.push(Examined {
            what: format!("list {resource}"),
            outcome: listed.map(|_| ()).map_err(|error| refused("list", error)),
        });
        // The stream ends with its answer, unread.
        let watched = api.watch(resource, version).await;
        examined.push(Examined {
            what: format!("watch {resource}"),
            outcome: watched.map(|_| ()).map_err(|error| refused("watch", error)),
        });
    }
    Ok(examined)
}
