//! What a shipper may do beside lists and watches: read logs, write statuses of Objectives, hold its Lease. Each is tried by a
//! request that changes nothing: on an object that does not exist, a permitted one is answered with 404.

use std::collections::BTreeSet;

use chrono::DateTime;
use http::Method;
use serde_json::Value;
use serde_json::value::RawValue;

use super::check::{Allowed, Check};
use crate::decode::object::{AnyObject, ContainerLog};
use crate::error::{RequestError, ShipperError};
use crate::kubernetes::api::Api;
use crate::kubernetes::connect::{Endpoint, configure, unusable};
use crate::resource::Resource;
use crate::server_clock::Clock;
use crate::settings::{LeaseSettings, Settings};

/// The name of an object that does not exist.
const NO_OBJECT: &str = "kigen-doctor";
/// How many CronJobs are listed to find the namespaces whose logs matter, and in how many of these that is tried.
const CRON_JOBS_MAX: u32 = 500;
const NAMESPACES_MAX: usize = 50;

/// The Lease of a cluster's shippers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseState {
    /// There is none, or it has no holder: the next shipper takes it.
    Free,
    /// It is held.
    Held {
        /// The process, as it named itself.
        holder: String,
        /// Since when, by the holder's clock, as written; empty: not written.
        since: String,
        /// Seconds since its last renewal, by the holder's clock and the API server's.
        renewed_s: i64,
        /// Whether it has not been renewed for longer than it lasts: the holder is gone.
        is_expired: bool,
    },
    /// It may not be read (403), or Leases are not served.
    Refused,
}

/// Reads the Lease; `None`: the settings name none.
///
/// # Errors
/// The server does not answer.
pub async fn lease(settings: &Settings, clock: Clock) -> Result<Option<LeaseState>, ShipperError> {
    let Some(lease) = &settings.lease else { return Ok(None) };
    let (api, endpoint) = configure(settings, clock).await?;
    let answered = api.time().await.map_err(|error| unusable(&endpoint, error))?;
    let namespace = lease.namespace.clone().unwrap_or_else(|| api.default_namespace());
    let path = format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{}", lease.name);
    match api.exchange(Method::GET, &path, "", Vec::new()).await {
        Ok((_, bytes)) => {
            let found: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            Ok(Some(state(&found["spec"], answered.date.timestamp(), lease)))
        }
        Err(error) if error.is_not_found() => Ok(Some(LeaseState::Free)),
        Err(error) if matches!(error.status(), Some(403..=405)) => Ok(Some(LeaseState::Refused)),
        Err(error) => Err(unusable(&endpoint, error)),
    }
}

fn state(spec: &Value, now_s: i64, settings: &LeaseSettings) -> LeaseState {
    let text = |field: &str| spec[field].as_str().unwrap_or_default().to_owned();
    let holder = text("holderIdentity");
    if holder.is_empty() {
        return LeaseState::Free;
    }
    let renewed_at = DateTime::parse_from_rfc3339(&text("renewTime")).ok();
    let renewed_s = renewed_at.map_or(0, |at| (now_s - at.timestamp()).max(0));
    let duration_ms = i64::try_from(settings.duration_ms).unwrap_or(i64::MAX);
    let duration_s = spec["leaseDurationSeconds"].as_i64().unwrap_or(duration_ms / 1_000);
    LeaseState::Held { holder, since: text("acquireTime"), renewed_s, is_expired: renewed_s > duration_s }
}

/// Whether logs may be read, in the namespaces that have CronJobs.
pub(super) async fn logs(settings: &Settings, api: &Api, endpoint: &Endpoint) -> Check {
    let what = "get pods/log".to_owned();
    if !settings.read_logs {
        return Check { what, outcome: Ok(Allowed::Unused) };
    }
    let (mut allowed, mut refused) = (0, Vec::new());
    for namespace in namespaces(settings, api).await {
        let log = ContainerLog { container: NO_OBJECT.to_owned(), is_previous: false, hangs_since: None };
        match is_permitted(api.log(&namespace, NO_OBJECT, &log, 1, 1_024).await.map(drop)) {
            Ok(true) => allowed += 1,
            Ok(false) => refused.push(namespace),
            Err(error) => return Check { what, outcome: Err(unusable(endpoint, error)) },
        }
    }
    let outcome = match (allowed, refused.is_empty()) {
        (_, true) => Allowed::Yes,
        (0, false) => Allowed::WithoutLogs,
        (allowed, false) => Allowed::LogsOfSome { of: allowed + refused.len(), refused },
    };
    Check { what, outcome: Ok(outcome) }
}

/// Whether the statuses of Objectives may be written.
pub(super) async fn statuses(api: &Api, endpoint: &Endpoint) -> Check {
    let tried = api.try_to_patch_status(api.identifying_namespace(), NO_OBJECT).await;
    let outcome = match is_permitted(tried) {
        Ok(true) => Ok(Allowed::Yes),
        Ok(false) => Ok(Allowed::WithoutStatuses),
        Err(error) => Err(unusable(endpoint, error)),
    };
    Check { what: "patch objectives/status".to_owned(), outcome }
}

/// Permissions are checked before existence.
fn is_permitted(answer: Result<(), RequestError>) -> Result<bool, RequestError> {
    match answer {
        Ok(()) => Ok(true),
        Err(error) if error.is_not_found() => Ok(true),
        Err(error) if error.is_forbidden() => Ok(false),
        Err(error) => Err(error),
    }
}

/// The watched namespace, else those of the first CronJobs.
async fn namespaces(settings: &Settings, api: &Api) -> BTreeSet<String> {
    if let Some(namespace) = &settings.namespace {
        return BTreeSet::from([namespace.clone()]);
    }
    // That CronJobs cannot be listed is another check's finding.
    let page = api.list(Resource::CronJobs, CRON_JOBS_MAX, None).await;
    let objects = page.map(|page| page.objects).unwrap_or_default();
    let namespace = |object: &RawValue| {
        let object: AnyObject = serde_json::from_str(object.get()).ok()?;
        object.metadata?.namespace
    };
    let all: BTreeSet<String> = objects.iter().filter_map(|object| namespace(object)).collect();
    match all.is_empty() {
        true => BTreeSet::from([api.identifying_namespace().to_owned()]),
        false => all.into_iter().take(NAMESPACES_MAX).collect(),
    }
}
