//! One check of what a shipper may do in a cluster, and of the Objectives that it could not resolve there, for a user.

use std::time::Duration;

use kigen_model::Instant;

use crate::decode::{Decoded, ObjectiveObject, decode};
use crate::error::ShipperError;
use crate::kubernetes::api::Api;
use crate::kubernetes::cadence::WATCH_SECONDS_MIN;
use crate::kubernetes::connect::{Endpoint, configure, refused, unusable};
use crate::resource::Resource;
use crate::server_clock::Clock;
use crate::settings::Settings;

mod check;
mod rights;

pub use check::{Allowed, Check};
pub use rights::{LeaseState, lease};

/// Checks whether the API server answers, whether the cluster's UID may be read, whether each resource may be listed and
/// watched, and whether logs may be read and statuses of Objectives written. Changes nothing. If something is refused that
/// every manifest grants, all is checked once more after `start_ms_max`: an API server that has just started refuses for
/// seconds what it grants.
///
/// # Errors
/// The server does not answer at all.
pub async fn checks(settings: &Settings, clock: Clock) -> Result<Vec<Check>, ShipperError> {
    let (api, endpoint) = configure(settings, clock).await?;
    api.time().await.map_err(|error| unusable(&endpoint, error))?;
    let checks = check_once(settings, &api, &endpoint).await?;
    if !checks.iter().any(|check| check.is_refused()) {
        return Ok(checks);
    }
    tokio::time::sleep(Duration::from_millis(settings.start_ms_max)).await;
    check_once(settings, &api, &endpoint).await
}

async fn check_once(settings: &Settings, api: &Api, endpoint: &Endpoint) -> Result<Vec<Check>, ShipperError> {
    let namespace = api.identifying_namespace();
    let outcome = match api.fetch_cluster_uid().await {
        Ok(_) => Ok(Allowed::Yes),
        Err(error) if error.is_forbidden() => Ok(Allowed::Unidentified),
        Err(error) if error.is_not_found() => match &settings.namespace {
            Some(namespace) => Err(ShipperError::NoNamespace {
                namespace: namespace.clone(),
                server: endpoint.server.clone(),
            }),
            None => Ok(Allowed::WithoutIdentity),
        },
        Err(error) => Err(unusable(endpoint, error)),
    };
    let mut checks = vec![Check { what: format!("get namespace {namespace}"), outcome }];
    for resource in Resource::ALL {
        let listed = api.list_one(resource).await;
        if let Err(error) = &listed
            && error.is_tolerated(resource)
        {
            let allowed = match resource {
                Resource::Pods => Allowed::WithoutPods,
                _ if error.is_not_found() => Allowed::Unavailable,
                _ => Allowed::Forbidden,
            };
            checks.push(Check { what: format!("list {resource}"), outcome: Ok(allowed) });
            continue;
        }
        let version = listed.as_ref().map(|page| page.resource_version).unwrap_or_default();
        let refused = |verb, error| refused(settings, endpoint, verb, resource, error);
        checks.push(Check {
            what: format!("list {resource}"),
            outcome: listed.map(|_| Allowed::Yes).map_err(|error| refused("list", error)),
        });
        // The watch is dropped, unread.
        let watched = api.watch(resource, version, WATCH_SECONDS_MIN).await;
        checks.push(Check {
            what: format!("watch {resource}"),
            outcome: watched.map(|_| Allowed::Yes).map_err(|error| refused("watch", error)),
        });
        match resource {
            Resource::Pods => checks.push(rights::logs(settings, api, endpoint).await),
            Resource::Objectives => checks.push(rights::statuses(api, endpoint).await),
            Resource::CronJobs | Resource::Jobs => {}
        }
    }
    Ok(checks)
}

/// The Objectives of a cluster that do not hold as they are written.
#[derive(Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// The API server's URL.
    pub server: String,
    /// Namespace and name of each, and why.
    pub all: Vec<(String, String, String)>,
    /// How many Objectives there are.
    pub of: usize,
}

/// So many Objectives at once, with their statuses, are far from the bytes that a page may have.
const OBJECTIVES_PER_PAGE_MAX: u32 = 50;

/// Lists the Objectives of which something cannot be resolved, by the status that the shipper has written. Changes nothing.
///
/// # Errors
/// They cannot be listed. Where the resource is unavailable, there are none.
pub async fn unresolved_objectives(settings: &Settings, clock: Clock) -> Result<Unresolved, ShipperError> {
    let now = clock.now();
    let (api, endpoint) = configure(settings, clock).await?;
    let (mut all, mut of) = (Vec::new(), 0);
    let mut next: Option<String> = None;
    loop {
        let objects_max = settings.page_objects_max.min(OBJECTIVES_PER_PAGE_MAX);
        let page = match api.list(Resource::Objectives, objects_max, next.as_deref()).await {
            Err(error) if error.is_not_found() => break,
            page => {
                page.map_err(|error| refused(settings, &endpoint, "list", Resource::Objectives, error))?
            }
        };
        of += page.objects.len();
        all.extend(page.objects.iter().filter_map(|object| problem_of(object.get().as_bytes(), now)));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    Ok(Unresolved { server: endpoint.server, all, of })
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

/// The problem that the shipper has written, else the one that the spec shows, else that there is no status.
fn problem(object: ObjectiveObject) -> Option<String> {
    let ObjectiveObject { status, parsed, .. } = object;
    let no_status = || {
        let text =
            "kigen has not written its status: check that it runs, and may patch objectives.kigen.dev/status";
        status.observed_generation.is_none().then(|| text.to_owned())
    };
    status.problem.clone().or_else(|| parsed.err()).or_else(no_status)
}
