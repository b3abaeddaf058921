//! The identity of the cluster: its UID, read once and compared with the one in the log.

use std::time::{Duration, Instant as RealInstant};

use kigen_ops::{BackOff, Throttle, error_chain};
use tokio::time::Instant as TimerInstant;

use crate::error::AnotherCluster;
use crate::health::Health;
use crate::kubernetes::api::Api;
use crate::metrics;
use crate::settings::Settings;

/// The refusal of the cluster behind `api`, which has the UID `uid` while the log has `known`.
pub(super) fn another(api: &Api, settings: &Settings, known: &str, uid: &str) -> AnotherCluster {
    AnotherCluster {
        cluster: settings.cluster.clone(),
        namespace: api.identifying_namespace().to_owned(),
        known: known.to_owned(),
        uid: uid.to_owned(),
    }
}

/// Fails if the log has another cluster's UID. Without both UIDs that is unknown.
pub(super) fn check(api: &Api, settings: &Settings, known: Option<&str>) -> Result<(), AnotherCluster> {
    match (known, api.cluster_uid()) {
        (Some(known), Some(uid)) if known != uid => Err(another(api, settings, known, uid)),
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}

/// Fetches the cluster's UID, with retries. An API server that refuses for longer than a start may take will not grant it;
/// then kigen continues, and two clusters of one name cannot be distinguished.
pub(super) async fn identified(api: Api, settings: &Settings, health: &Health) -> Api {
    let refused_max = Duration::from_millis(settings.start_ms_max);
    let began_at = TimerInstant::now();
    let mut back_off = BackOff::new(settings.retry_delay_ms_min, settings.retry_delay_ms_max);
    let mut failures = Throttle::default();
    loop {
        let error = match api.fetch_cluster_uid().await {
            Ok((_, uid)) => {
                health.cluster_answered();
                return api.with_cluster_uid(Some(uid));
            }
            Err(error) => error,
        };
        if !error.is_not_found_or_forbidden() {
            metrics::request_failed(&error);
            health.cluster_failed(error_chain(&error));
            if failures.admit(RealInstant::now()).is_some() {
                tracing::warn!(
                    "{}; kigen tries again, and until then nothing is judged",
                    error_chain(&error)
                );
            }
        } else if began_at.elapsed() >= refused_max {
            tracing::warn!(
                "{}; kigen continues, but cannot detect another cluster with the name `{}`: grant it get on the \
                 namespace {}",
                error_chain(&error),
                settings.cluster,
                api.identifying_namespace()
            );
            health.cluster_answered();
            return api;
        }
        tokio::time::sleep(back_off.next_delay(error.retry_after())).await;
    }
}
