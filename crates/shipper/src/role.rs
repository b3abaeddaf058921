//! The role: watches one cluster and appends its events to the log, until the process stops.
//!
//! With a Lease, a shipper leads in terms; between them it is a standby, which watches nothing.
//!
//! ```text
//!                    acquired
//! start ──▶ standby ──────────▶ lead ──── stopped, or an error ────▶ end: the Lease is released
//!              ▲                  │
//!              └── lost, or newer ┘
//! ```
//!
//! A log with a record of a newer kigen is left to a newer shipper: the Lease is released, and wanted again after a delay.

mod append;
mod cluster_tail;
mod identity;
mod leader;
mod live_facts;
mod partition_tail;
pub mod read_back;
mod snapshot;
mod successor;
mod term_end;

use std::time::{Duration, Instant as RealInstant};

use futures::FutureExt;
use kigen_control::Control;
use kigen_log::Log;
use kigen_ops::{BackOff, Throttle, ThrottledWarnings, error_chain};
use tokio::sync::watch;

use crate::error::{RequestError, RoleError, ShipperError};
use crate::health::Health;
use crate::input::Declaration;
use crate::kubernetes::api::Api;
use crate::kubernetes::connect::connect;
use crate::kubernetes::lease::{Acquired, Lease, Term};
use crate::metrics;
use crate::role::leader::Leader;
use crate::role::term_end::TermEnd;
use crate::server_clock::Clock;
use crate::settings::Settings;

/// How long a shipper leaves a log with records of a newer kigen to others.
const NEWER_DELAY: Duration = Duration::from_secs(15);

/// A shipper of one cluster.
#[derive(Debug)]
pub struct ShipperRole<L> {
    /// The log to append to.
    pub log: L,
    /// How the cluster is watched, and by which Lease a leader is elected.
    pub settings: Settings,
    /// Measures how long answers take, and dates records.
    pub clock: Clock,
    /// Names this process to a user who reads the log.
    pub shipper: String,
    /// The objectives that a file declares. While it is `None`, those in the log stay in force.
    pub declared: watch::Receiver<Option<Declaration>>,
    /// What the role reports to.
    pub health: Health,
    /// Logs failures; the roles of a process share it.
    pub warnings: ThrottledWarnings,
    /// The record level at which it writes.
    pub control: Control,
}

impl<L: Log> ShipperRole<L> {
    /// Watches the cluster and appends to the log until `shutdown`. Events received by then are appended; later ones will be
    /// delivered to the next shipper. Where the settings name a Lease, this is so while this shipper leads; while another
    /// does, it stands by and watches nothing.
    ///
    /// # Errors
    /// If the kubeconfig cannot be used, if the log needs a person, or if it has another cluster under this name. All other
    /// failures are retried.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) -> Result<(), RoleError> {
        let Self { log, settings, clock, shipper, declared, health, warnings, control } = self;
        let shutdown = shutdown.shared();
        let connected = async {
            let api = connect_until_it_answers(&settings, &clock, &health).await?;
            // Before it may lead, so that a cluster without a leader does not wait for this as well.
            Ok::<_, ShipperError>(identity::identified(api, &settings, &health).await)
        };
        let api = tokio::select! {
            () = shutdown.clone() => return Ok(()),
            api = connected => api?,
        };
        let mut lease = settings.lease.as_ref().map(|lease| Lease::new(&api, lease, &shipper));
        let mut leader = Leader { log, settings, clock, api, shipper, declared, health, warnings, control };
        loop {
            // Without a Lease there is no other leader: a moment as a standby would count as ready.
            if lease.is_some() {
                leader.health.stands_by();
            }
            let term = tokio::select! {
                () = shutdown.clone() => return Ok(()),
                term = next_term(&mut lease) => term,
            };
            let ended = leader.lead(term.as_ref(), shutdown.clone()).await;
            match (ended, term) {
                (Ok(TermEnd::Lost), _) => tracing::warn!(
                    "this shipper no longer holds its Lease, and leads no more; another one does, or this one in a while"
                ),
                (Ok(TermEnd::Newer), term) => {
                    if let Some(term) = term {
                        term.release().await;
                    }
                    tokio::select! {
                        () = shutdown.clone() => return Ok(()),
                        () = tokio::time::sleep(NEWER_DELAY) => {}
                    }
                }
                (ended, term) => {
                    if let Some(term) = term {
                        term.release().await;
                    }
                    return ended.map(|_| ());
                }
            }
        }
    }
}

/// Waits until this shipper leads; `None`: there is no Lease, and it leads without.
async fn next_term(lease: &mut Option<Lease>) -> Option<Term> {
    match lease.as_mut()?.acquire().await {
        Acquired::Term(term) => Some(term),
        Acquired::Refused(error) => {
            let name = lease.take().map(|lease| lease.name().to_owned()).unwrap_or_default();
            tracing::warn!(
                "{}; kigen ships without a Lease. Run one shipper only for this cluster, or grant it get, create and \
                 update on leases.coordination.k8s.io named {name} in a namespace that exists (lease and lease_namespace \
                 under [kubernetes])",
                error_chain(&error)
            );
            None
        }
    }
}

/// Makes the first requests, and retries while the API server does not answer, or does not admit kigen.
async fn connect_until_it_answers(
    settings: &Settings,
    clock: &Clock,
    health: &Health,
) -> Result<Api, ShipperError> {
    let mut back_off = BackOff::new(settings.retry_delay_ms_min, settings.retry_delay_ms_max);
    let mut failures = Throttle::default();
    let mut settings = settings.clone();
    loop {
        let error = match connect(&settings, clock.clone()).await {
            Err(error) if error.is_transient() => error,
            connected => return connected,
        };
        // The first attempt has used up the time for a start.
        settings.start_ms_max = 0;
        error.request().into_iter().for_each(metrics::request_failed);
        health.cluster_failed(error_chain(&error));
        if failures.admit(RealInstant::now()).is_some() {
            tracing::warn!("{}; kigen tries again, and until then nothing is judged", error_chain(&error));
        }
        let requested = error.request().and_then(RequestError::retry_after);
        tokio::time::sleep(back_off.next_delay(requested)).await;
    }
}
