//! Which cluster it is: asked once, and compared with what the log means by its name.

use std::time::Duration;

use kigen_log::back_off::BackOff;
use kigen_model::reasons::reasons;
use kigen_model::topic::Topic;
use thiserror::Error;
use tokio::time::Instant as TimerInstant;

use crate::health::Health;
use crate::kubernetes::api::Api;
use crate::metrics;
use crate::settings::Settings;
use crate::shipper::Failures;

/// Two clusters have one name.
#[derive(Debug, PartialEq, Eq, Error)]
#[error(
    "{topic} knows the cluster `{cluster}` by the UID {known}, but the one that answers has the UID {uid} (of its namespace \
     {namespace}); kigen ships nothing of it, since verdicts would mix the two. Give each a name of its own (--cluster, \
     KIGEN_CLUSTER, or `cluster` in kigen.toml). One that was made anew, or is watched in another scope than before, counts as \
     another too, since nothing known of the old one holds for it: name it otherwise, or begin with an empty log",
    topic = Topic::Events
)]
pub struct AnotherCluster {
    /// The name.
    pub cluster: String,
    /// The namespace whose UID is meant.
    pub namespace: String,
    /// The UID in the log.
    pub known: String,
    /// The UID of the cluster that answers.
    pub uid: String,
}

impl AnotherCluster {
    /// The refusal of the cluster behind `api` once it has this UID.
    pub(super) fn new(api: &Api, settings: &Settings, known: &str, uid: &str) -> Self {
        Self {
            cluster: settings.cluster.clone(),
            namespace: api.telling_namespace().to_owned(),
            known: known.to_owned(),
            uid: uid.to_owned(),
        }
    }

    /// Whether the log means another cluster, as far as both UIDs are known.
    pub(super) fn check(api: &Api, settings: &Settings, known: Option<&str>) -> Result<(), Self> {
        match (known, api.cluster_uid()) {
            (Some(known), Some(uid)) if known != uid => Err(Self::new(api, settings, known, uid)),
            (Some(_) | None, Some(_) | None) => Ok(()),
        }
    }
}

/// Asks which cluster it is. An API server that does not answer is asked until it does; one that says no for as long as a
/// start may take means it, and then nobody tells two clusters of one name apart.
pub(super) async fn identified(api: Api, settings: &Settings, health: &Health) -> Api {
    let refused_max = Duration::from_millis(settings.start_ms_max);
    let began_at = TimerInstant::now();
    let mut back_off = BackOff::new(settings.retry_delay_ms_min, settings.retry_delay_ms_max);
    let mut failures = Failures::default();
    loop {
        let error = match api.ask_cluster_uid().await {
            Ok(uid) => {
                health.seen();
                return api.with_cluster_uid(Some(uid));
            }
            Err(error) => error,
        };
        if !error.is_withheld() {
            metrics::failed(&error);
            health.unseen(reasons(&error));
            if failures.untold_before_one_more(TimerInstant::now()).is_some() {
                tracing::warn!("{}; kigen tries again, and until then nothing is judged", reasons(&error));
            }
        } else if began_at.elapsed() >= refused_max {
            tracing::warn!(
                "{}; kigen goes on, but cannot tell whether another cluster has the name `{}` too: grant it get on the \
                 namespace {}",
                reasons(&error),
                settings.cluster,
                api.telling_namespace()
            );
            health.seen();
            return api;
        }
        tokio::time::sleep(back_off.next_delay(error.retry_after())).await;
    }
}
