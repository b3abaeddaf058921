//! The probe: whether it still is the same cluster, how late it is there, and how far its store is.

use std::time::Duration;

use futures::future::try_join_all;
use tokio::sync::mpsc::Sender;
use tokio::time::MissedTickBehavior;

use crate::error::RequestError;
use crate::input::Input;
use crate::kubernetes::api::Api;
use crate::resource::Resource;
use crate::watermark::Round;

/// Probes each `interval` for as long as somebody reads `inputs`.
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

/// The time must be answered before the lists are asked for: see [`Round`].
async fn round(api: &Api) -> Result<Input, RequestError> {
    // Clusters may change behind an address, and kubeconfigs are read again.
    if let Some(known) = api.cluster_uid() {
        let uid = api.ask_cluster_uid().await?;
        if uid != known {
            return Ok(Input::AnotherCluster { uid });
        }
    }
    let answered = api.time().await?;
    let versions = try_join_all(Resource::ALL.map(|resource| version(api, resource))).await?;
    let mut resource_versions = [None; Resource::COUNT];
    resource_versions.iter_mut().zip(versions).for_each(|(at, version)| *at = version);
    let round = Round { server_time: answered.date, resource_versions };
    Ok(Input::Probed { answered, round })
}

/// How far the store is with `resource`; `None`: it is an optional one, which is not to be had.
async fn version(api: &Api, resource: Resource) -> Result<Option<u64>, RequestError> {
    match api.list(resource, 1, None).await {
        Ok(page) => Ok(Some(page.resource_version)),
        Err(error) if resource.is_optional() && error.is_withheld() => Ok(None),
        Err(error) => Err(error),
    }
}
