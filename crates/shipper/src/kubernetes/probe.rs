//! The probe: whether the cluster is still the same, its time, and the versions of its store.

use std::time::Duration;

use futures::future::join_all;
use kigen_ops::error_chain;
use tokio::sync::mpsc::Sender;
use tokio::sync::watch;
use tokio::time::Instant as TimerInstant;

use crate::error::RequestError;
use crate::input::Input;
use crate::kubernetes::api::Api;
use crate::kubernetes::cadence::{Cadence, until_next_probe};
use crate::kubernetes::known_versions::KnownVersions;
use crate::resource::Resource;
use crate::watermark::ProbeRound;

/// What a probe works with.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The cluster's API.
    pub api: Api,
    /// How far apart the rounds are; the streams follow it.
    pub cadence: Cadence,
    /// Until the first round.
    pub delay: Duration,
    /// What the streams have shown.
    pub known: KnownVersions,
    /// Becomes true after the first round, and lets the streams start: their lists then are as new as that round, and prove
    /// its instant without a bookmark.
    pub is_probed: watch::Sender<bool>,
    /// Whether the cluster must have been found to be the same before that.
    pub must_be_identified: bool,
}

/// Probes until the receiver of `inputs` is dropped.
pub async fn probe(probe: Probe, inputs: Sender<Input>) {
    let interval = probe.cadence.interval();
    let mut next = TimerInstant::now() + probe.delay;
    let mut identity = Identity::Readable;
    loop {
        probe.cadence.announce(next);
        tokio::time::sleep_until(next).await;
        let began_at = TimerInstant::now();
        let input = match round(&probe, &mut identity).await {
            Ok(input) => input,
            Err(error) => Input::ProbeFailed(error),
        };
        if matches!(input, Input::ProbeFailed(_)) && !probe.must_be_identified {
            probe.is_probed.send_replace(true);
        }
        next = match &input {
            Input::Probed { answered, .. } => {
                let date_ms = answered.date.timestamp_millis();
                (began_at + until_next_probe(date_ms, interval)).max(TimerInstant::now())
            }
            _ => TimerInstant::now() + interval,
        };
        if inputs.send(input).await.is_err() {
            return;
        }
    }
}

/// Whether the cluster's UID can be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Identity {
    Readable,
    /// It was refused once, which may pass.
    Refused,
    /// The permission was revoked, or the namespace deleted: that was logged, and time moves on without it.
    Unreadable,
}

/// The time must be answered before the lists are requested: see [`ProbeRound`].
async fn round(probe: &Probe, identity: &mut Identity) -> Result<Input, RequestError> {
    let Probe { api, known, is_probed, .. } = probe;
    let mut answered = None;
    // Clusters may change behind an address, and kubeconfigs are read again.
    if let Some(same) = api.cluster_uid() {
        match api.fetch_cluster_uid().await {
            Ok((_, uid)) if uid != same => return Ok(Input::AnotherCluster { uid }),
            Ok((at, _)) => {
                *identity = Identity::Readable;
                answered = at;
            }
            Err(error) if error.is_not_found_or_forbidden() => unidentified(api, identity, &error),
            Err(error) => return Err(error),
        }
    }
    let answered = match answered {
        Some(answered) => answered,
        None => api.time().await?,
    };
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
    is_probed.send_replace(true);
    let mut resource_versions = [None; Resource::COUNT];
    for (at, version) in resource_versions.iter_mut().zip(versions) {
        *at = version?;
    }
    let round = ProbeRound { server_time: answered.date, resource_versions };
    Ok(Input::Probed { answered, round })
}

/// At startup the UID is not required either.
fn unidentified(api: &Api, identity: &mut Identity, error: &RequestError) {
    match *identity {
        // An API server that has just started refuses for seconds what it grants.
        Identity::Readable => *identity = Identity::Refused,
        Identity::Refused => {
            *identity = Identity::Unreadable;
            tracing::warn!(
                "{}; kigen continues, but cannot detect another cluster behind this address any more: grant it get on the \
                 namespace {} again",
                error_chain(error),
                api.identifying_namespace()
            );
        }
        Identity::Unreadable => {}
    }
}

/// The store's version of `resource`; `None`: it is refused, and kigen works without it.
async fn version(api: &Api, resource: Resource) -> Result<Option<u64>, RequestError> {
    match api.probe(resource).await {
        Ok(version) => Ok(Some(version)),
        Err(error) if error.is_tolerated(resource) => Ok(None),
        Err(error) => Err(error),
    }
}
