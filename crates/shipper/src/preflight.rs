//! What a shipper would meet in a cluster, and what it has left there: asked once, for a person.

use kigen_model::Instant;

use crate::decode::{Decoded, ObjectiveObject, decode};
use crate::error::ShipperError;
use crate::kubernetes::connect::{configured, may_not, unusable};
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

/// What the Objectives of a cluster say that does not hold as they are written.
#[derive(Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// The API server's URL.
    pub server: String,
    /// Namespace and name of each, and why.
    pub all: Vec<(String, String, String)>,
}

/// Asks for the Objectives of which something cannot be resolved, as the shipper has written it into them. Changes nothing.
///
/// # Errors
/// They cannot be asked for. Where there is no such resource, there are none.
pub async fn unresolved_objectives(settings: &Settings, clock: Clock) -> Result<Unresolved, ShipperError> {
    let now = clock.now();
    let (api, place) = configured(settings, clock).await?;
    let mut all = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let page = match api.list(Resource::Objectives, settings.page_objects_max, next.as_deref()).await {
            Err(error) if error.is_not_served() => break,
            page => page.map_err(|error| may_not(settings, &place, "list", Resource::Objectives, error))?,
        };
        all.extend(page.objects.iter().filter_map(|object| problem_of(object.get().as_bytes(), now)));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    Ok(Unresolved { server: place.server, all })
}

fn problem_of(object: &[u8], now: Instant) -> Option<(String, String, String)> {
    match decode(Resource::Objectives, object, now) {
        Ok(Decoded::Objective { id, object }) => Some((id.namespace, id.name, problem(*object)?)),
        Ok(Decoded::CronJob { .. } | Decoded::Job { .. } | Decoded::Pod { .. } | Decoded::Ignored { .. }) => {
            None
        }
        Err(unusable) => {
            let named = |name: Option<String>| name.unwrap_or_else(|| "?".to_owned());
            Some((named(unusable.namespace), named(unusable.name), unusable.reason.to_string()))
        }
    }
}

/// What the shipper has found; where it has not written it there, what can be seen without it.
fn problem(object: ObjectiveObject) -> Option<String> {
    let ObjectiveObject { status, written, .. } = object;
    let untold = || {
        let text = "kigen has not written how it stands: check that it runs, and may patch objectives.kigen.dev/status";
        status.observed_generation.is_none().then(|| text.to_owned())
    };
    status.problem.clone().or_else(|| written.err()).or_else(untold)
}
