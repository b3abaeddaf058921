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
    pub outcome: Result<Allowed, ShipperError>,
}

/// How kigen may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// It may.
    Yes,
    /// It need not: the cluster has no such thing.
    NotServed,
    /// It may not, or the cluster has no such thing: without, kigen goes on.
    Withheld,
    /// It may not, and so cannot tell two clusters of one name apart.
    Unidentified,
}

/// Asks whether the API server is there, whether it may be told which cluster it is, and whether each type may be listed
/// and watched. Changes nothing.
///
/// # Errors
/// The server cannot be asked at all.
pub async fn examine(settings: &Settings, clock: Clock) -> Result<Vec<Examined>, ShipperError> {
    let (api, place) = configured(settings, clock).await?;
    api.time().await.map_err(|error| unusable(&place, error))?;
    let namespace = api.telling_namespace();
    let outcome = match api.ask_cluster_uid().await {
        Ok(_) => Ok(Allowed::Yes),
        Err(error) if error.is_withheld() => Ok(Allowed::Unidentified),
        Err(error) => Err(unusable(&place, error)),
    };
    let mut examined = vec![Examined { what: format!("get namespace {namespace}"), outcome }];
    for resource in Resource::ALL {
        let listed = api.list(resource, 1, None).await;
        if let Err(error) = &listed
            && resource.is_optional()
            && error.is_withheld()
        {
            let allowed = if error.is_not_served() { Allowed::NotServed } else { Allowed::Withheld };
            examined.push(Examined { what: format!("list {resource}"), outcome: Ok(allowed) });
            continue;
        }
        let version = listed.as_ref().map(|page| page.resource_version).unwrap_or_default();
        let refused = |verb, error| may_not(settings, &place, verb, resource, error);
        examined.push(Examined {
            what: format!("list {resource}"),
            outcome: listed.map(|_| Allowed::Yes).map_err(|error| refused("list", error)),
        });
        // The stream ends with its answer, unread.
        let watched = api.watch(resource, version).await;
        examined.push(Examined {
            what: format!("watch {resource}"),
            outcome: watched.map(|_| Allowed::Yes).map_err(|error| refused("watch", error)),
        });
    }
    Ok(examined)
}
