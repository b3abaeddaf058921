//! The probe: whether the cluster is still the same, its time, and the versions of its store.

use std::time::Duration;

use futures::future::join_all;
use tokio::sync::mpsc::Sender;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::error::RequestError;
use crate::input::Input;
use crate::kubernetes::api::Api;
use crate::kubernetes::known_versions::KnownVersions;
use crate::resource::Resource;
use crate::watermark::ProbeRound;

/// What a probe works with.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The cluster's API.
    pub api: Api,
    /// Between two rounds.
    pub interval: Duration,
    /// Until the first round.
    pub delay: Duration,
    /// What the streams have shown.
    pub known: KnownVersions,
    /// Becomes true once the cluster that answers is the same as before.
    pub is_same_cluster: watch::Sender<bool>,
}

/// Probes until the receiver of `inputs` is dropped.
pub async fn probe(probe: Probe, inputs: Sender<Input>) {
    let interval = probe.interval.max(Duration::from_millis(1));
    let mut timer = tokio::time::interval_at(tokio::time::Instant::now() + probe.delay, interval);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        timer.tick().await;
        let input = round(&probe).await.unwrap_or_else(Input::ProbeFailed);
        if inputs.send(input).await.is_err() {
            return;
        }
    }
}

/// The time must be answered before the lists are requested: see [`ProbeRound`].
async fn round(probe: &Probe) -> Result<Input, RequestError> {
    let Probe { api, known, is_same_cluster, .. } = probe;
    // Clusters may change behind an address, and kubeconfigs are read again.
    if let Some(same) = api.cluster_uid() {
        let uid = api.fetch_cluster_uid().await?;
        if uid != same {
            return Ok(Input::AnotherCluster { uid });
        }
    }
    is_same_cluster.send_replace(true);
    let answered = api.time().await?;
    let known_before = Resource::ALL.map(|resource| known.before_request(resource));
    let versions = join_all(Resource::ALL.map(|resource| version(api, resource))).await;
    // One version is evidence, whatever became of the others.
    for (before, version) in known_before.into_iter().zip(&versions) {
        if let Ok(Some(version)) = version
            && let Err(went_back) = known.check(before, *version)
        {
            return Ok(Input::WentBack(went_back));
        }
    }
    let mut resource_versions = [None; Resource::COUNT];
    for (at, version) in resource_versions.iter_mut().zip(versions) {
        *at = version?;
    }
    let round = ProbeRound { server_time: answered.date, resource_versions };
    Ok(Input::Probed { answered, round })
}

/// The store's version of `resource`; `None`: the resource is optional, and unavailable (404) or forbidden (403).
async fn version(api: &Api, resource: Resource) -> Result<Option<u64>, RequestError> {
    match api.probe(resource).await {
        Ok(page) => Ok(Some(page.resource_version)),
        Err(error) if resource.is_optional() && error.is_not_found_or_forbidden() => Ok(None),
        Err(error) => Err(error),
    }
}
