//! The probe: whether the cluster is still the same, its time, and the versions of its store.

use std::time::Duration;

use futures::future::try_join_all;
use tokio::sync::mpsc::Sender;
use tokio::time::MissedTickBehavior;

use crate::error::RequestError;
use crate::input::Input;
use crate::kubernetes::api::Api;
use crate::resource::Resource;
use crate::watermark::ProbeRound;

/// Probes each `interval`, until the receiver of `inputs` is dropped.
pub async fn probe(api: Api, interval: Duration, inputs: Sender<Input>) {
    let mut timer = tokio::time::interval(interval.max(Duration::from_millis(1)));
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        timer.tick().await;
        let input = round(&api).await.unwrap_or_else(Input::ProbeFailed);
        if inputs.send(input).await.is_err() {
            return;
        }
    }
}

/// The time must be answered before the lists are requested: see [`ProbeRound`].
async fn round(api: &Api) -> Result<Input, RequestError> {
    // Clusters may change behind an address, and kubeconfigs are read again.
    if let Some(known) = api.cluster_uid() {
        let uid = api.fetch_cluster_uid().await?;
        if uid != known {
            return Ok(Input::AnotherCluster { uid });
        }
    }
    let answered = api.time().await?;
    let versions = try_join_all(Resource::ALL.map(|resource| version(api, resource))).await?;
    let mut resource_versions = [None; Resource::COUNT];
    resource_versions.iter_mut().zip(versions).for_each(|(at, version)| *at = version);
    let round = ProbeRound { server_time: answered.date, resource_versions };
    Ok(Input::Probed { answered, round })
}

/// The store's version of `resource`; `None`: the resource is optional, and unavailable (404) or forbidden (403).
async fn version(api: &Api, resource: Resource) -> Result<Option<u64>, RequestError> {
    match api.list(resource, 1, None).await {
        Ok(page) => Ok(Some(page.resource_version)),
        Err(error) if resource.is_optional() && error.is_not_found_or_forbidden() => Ok(None),
        Err(error) => Err(error),
    }
}
