//! The role: watches one cluster and appends what it says to the log, until it is told to stop.

mod append;
mod identity;
mod read_back;

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use kigen_log::back_off::BackOff;
use kigen_log::{Fate, Log, LogError};
use kigen_model::event::{ClusterBody, ClusterEvent};
use kigen_model::reasons::reasons;
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant as TimerInstant;

use crate::core::Acknowledged;
use crate::error::{RequestError, ShipperError};
use crate::health::Health;
use crate::input::{Declaration, Input};
use crate::kubernetes::api::Api;
use crate::kubernetes::connect::connect;
use crate::kubernetes::lease::{Acquired, Lease, Term};
use crate::metrics;
use crate::role::append::{Appended, Appender, Trying};
pub use crate::role::identity::AnotherCluster;
use crate::role::read_back::{LastWords, first_to_speak, read_back};
use crate::server_clock::Clock;
use crate::settings::Settings;
use crate::shipper::{Failures, Shipper};
use crate::status_writer;

/// Why the role ended by itself.
#[derive(Debug, Error)]
pub enum RoleError {
    /// It could not start.
    #[error(transparent)]
    Start(#[from] ShipperError),
    /// The log has another cluster under this name.
    #[error(transparent)]
    AnotherCluster(#[from] AnotherCluster),
    /// The log cannot be used.
    #[error("the shipper of cluster {cluster} cannot go on with its event log")]
    Log {
        /// The cluster.
        cluster: String,
        /// Why.
        #[source]
        source: LogError,
    },
}

/// Why leading ended by itself.
#[derive(Debug, Error)]
enum LeadError {
    #[error(transparent)]
    AnotherCluster(#[from] AnotherCluster),
    #[error(transparent)]
    Log(#[from] LogError),
}

impl LeadError {
    fn of(self, cluster: &str) -> RoleError {
        match self {
            Self::AnotherCluster(another) => another.into(),
            Self::Log(source) => RoleError::Log { cluster: cluster.to_owned(), source },
        }
    }
}

/// Watches the cluster of `settings` and appends to `log` until `shutdown`. What was taken from a stream by then is
/// appended; what was not will be heard again. Where `settings` name a Lease, that is so while this shipper leads;
/// while another does, it stands by and watches nothing.
///
/// `clock` measures how long answers take and dates records; `shipper` says who writes, for a person who reads the log.
/// `declared` is what is declared beside the cluster; while it is `None`, that holds which the log has. `health` is told
/// how it goes.
///
/// # Errors
/// If the kubeconfig cannot be used, if the log needs a person, or if it has another cluster under this name. Whatever else
/// fails is tried again.
pub async fn run<L: Log>(
    log: L,
    settings: Settings,
    clock: Clock,
    shipper: &str,
    declared: watch::Receiver<Option<Declaration>>,
    health: Health,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), RoleError> {
    let shutdown = shutdown.shared();
    let api = tokio::select! {
        () = shutdown.clone() => return Ok(()),
        api = connect_until_it_answers(&settings, &clock, &health) => api?,
    };
    // Before it may lead: whoever waits for a cluster to be watched does not wait for this as well.
    let api = tokio::select! {
        () = shutdown.clone() => return Ok(()),
        api = identity::identified(api, &settings, &health) => api,
    };
    let mut lease = settings.lease.as_ref().map(|lease| Lease::new(&api, lease, shipper));
    let mut leading = Leading { log, settings, clock, api, shipper, declared, health };
    loop {
        leading.health.stands_by();
        let term = tokio::select! {
            () = shutdown.clone() => return Ok(()),
            term = next_term(&mut lease) => term,
        };
        leading.health.leads();
        let ended = leading.lead(term.as_ref(), shutdown.clone()).await;
        let ended = ended.map_err(|error| error.of(&leading.settings.cluster));
        // Whoever ends by itself gives the Lease back; whoever lost it has nothing to give.
        match (ended, term) {
            (Ok(Over::Lost), _) => tracing::warn!(
                "this shipper no longer holds its Lease, and leads no more; another one does, or this one in a while"
            ),
            (ended, term) => {
                if let Some(term) = term {
                    term.release().await;
                }
                return ended.map(|_| ());
            }
        }
    }
}

/// Why leading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    /// The process was told to stop.
    Stopped,
    /// The Lease is no longer held for sure.
    Lost,
}

/// Waits until this shipper leads; `None`: there is no Lease, and it leads without.
async fn next_term(lease: &mut Option<Lease>) -> Option<Term> {
    match lease.as_mut()?.acquire().await {
        Acquired::Term(term) => Some(term),
        Acquired::Refused(error) => {
            *lease = None;
            tracing::warn!(
                "{}; kigen ships without a Lease. Run one shipper only for this cluster, or grant it get, create and \
                 update on leases.coordination.k8s.io in a namespace that exists (lease_namespace)",
                reasons(&error)
            );
            None
        }
    }
}

/// What a shipper leads with, term by term.
struct Leading<'a, L> {
    log: L,
    settings: Settings,
    clock: Clock,
    api: Api,
    shipper: &'a str,
    declared: watch::Receiver<Option<Declaration>>,
    health: Health,
}

impl<L: Log> Leading<'_, L> {
    /// Goes on from what the log has, under a new epoch, until the term is over.
    async fn lead(
        &mut self,
        term: Option<&Term>,
        shutdown: impl Future<Output = ()> + Clone + Send,
    ) -> Result<Over, LeadError> {
        let lost = term.map(Term::lost);
        let over = async move {
            tokio::select! {
                biased;
                () = shutdown => Over::Stopped,
                () = until_lost(lost) => Over::Lost,
            }
        };
        let over = over.boxed().shared();
        // What a leader before this one still writes from here on is of an older epoch, and so is ignored.
        let read = || read_back(&self.log, &self.settings);
        let read = tokio::select! {
            over = over.clone() => return Ok(over),
            read = until_it_can_be(&self.log, &self.health, read) => read?,
        };
        let LastWords { epoch, cluster_uid, resume, end } = read;
        AnotherCluster::check(&self.api, &self.settings, cluster_uid.as_deref())?;
        let epoch = (epoch + 1).max(term.map_or(0, Term::leaders));
        if let Some(term) = term {
            term.count_from(epoch);
        }
        let mut shipping =
            Shipper::start(&self.api, &self.settings, epoch, &resume).telling(self.health.clone());
        drop(resume);
        let (stand, standings) = watch::channel(shipping.standings().clone());
        // Ends with the term.
        let mut writing = JoinSet::new();
        let interval = Duration::from_millis(self.settings.statuses_interval_ms);
        writing.spawn(statuses::run(self.api.clone(), self.log.reader().clone(), interval, standings));
        let appender = Appender::new(
            self.log.clone(),
            self.clock.clone(),
            self.health.clone(),
            over.clone().map(drop).boxed().shared(),
        );
        let begun = shipping.begin(self.shipper);
        let mut appended = appender.append(appender.records_of_cluster(std::slice::from_ref(&begun))).await?;
        if appended == Appended::All {
            let first = || first_to_speak(&self.log, end, &begun);
            let first = tokio::select! {
                over = over.clone() => return Ok(over),
                first = until_it_can_be(&self.log, &self.health, first) => first?,
            };
            AnotherCluster::check(&self.api, &self.settings, first.as_deref())?;
        }
        self.declared.mark_changed();
        while appended == Appended::All {
            // Only here may the work be interrupted: what is not handed out yet was not said yet.
            let inputs = tokio::select! {
                biased;
                over = over.clone() => return Ok(over),
                declaration = next_of(&mut self.declared) => vec![Input::Declared(declaration)],
                inputs = shipping.next() => inputs,
            };
            let another = inputs.iter().find_map(|input| match input {
                Input::AnotherCluster { uid } => Some(uid),
                Input::Stream { .. }
                | Input::Probed { .. }
                | Input::ProbeFailed(_)
                | Input::Declared(_)
                | Input::Log(_) => None,
            });
            if let Some((known, uid)) = self.api.cluster_uid().zip(another) {
                return Err(AnotherCluster::new(&self.api, &self.settings, known, uid).into());
            }
            appended = turn(&appender, &mut shipping, inputs, &self.health, term).await?;
            if !Arc::ptr_eq(&stand.borrow(), shipping.standings()) {
                stand.send_replace(shipping.standings().clone());
            }
        }
        Ok(over.await)
    }
}

async fn until_lost(lost: Option<impl Future<Output = ()>>) {
    match lost {
        Some(lost) => lost.await,
        None => std::future::pending().await,
    }
}

/// Asks the first questions; an API server that does not answer them, or does not let kigen in, is asked until it does.
async fn connect_until_it_answers(
    settings: &Settings,
    clock: &Clock,
    health: &Health,
) -> Result<Api, ShipperError> {
    let mut back_off = BackOff::new(settings.retry_delay_ms_min, settings.retry_delay_ms_max);
    let mut failures = Failures::default();
    let mut settings = settings.clone();
    loop {
        let error = match connect(&settings, clock.clone()).await {
            Err(error) if error.is_passing() => error,
            connected => return connected,
        };
        // It had its time to start.
        settings.start_ms_max = 0;
        error.request().into_iter().for_each(metrics::failed);
        health.unseen(reasons(&error));
        if failures.untold_before_one_more(TimerInstant::now()).is_some() {
            tracing::warn!("{}; kigen tries again, and until then nothing is judged", reasons(&error));
        }
        let asked = error.request().and_then(RequestError::retry_after);
        tokio::time::sleep(back_off.next_delay(asked)).await;
    }
}

/// Reads from the log; one that cannot be read is tried again until it can.
async fn until_it_can_be<T, F: Future<Output = Result<T, LogError>>>(
    log: &impl Log,
    health: &Health,
    read: impl Fn() -> F,
) -> Result<T, LogError> {
    let mut trying = Trying::default();
    loop {
        match read().await {
            Err(error) if error.fate() == Fate::Retry => trying.failed(log, health, &error).await,
            read => return read,
        }
    }
}

/// What is declared now, once it is another than before. Nothing is lost if the future is dropped.
async fn next_of(declared: &mut watch::Receiver<Option<Declaration>>) -> Declaration {
    while declared.changed().await.is_ok() {
        if let Some(declaration) = declared.borrow_and_update().clone() {
            return declaration;
        }
    }
    // Nobody is left to declare another.
    std::future::pending().await
}

/// Applies, appends, and only then asks for a tick, and only if it still leads.
async fn turn<L: Log, S>(
    appender: &Appender<L, S>,
    shipping: &mut Shipper,
    inputs: Vec<Input>,
    health: &Health,
    term: Option<&Term>,
) -> Result<Appended, LogError>
where
    S: Future<Output = ()> + Clone,
{
    let mut records = Vec::new();
    for input in inputs {
        let output = shipping.apply(input);
        records.extend(appender.records_of_facts(&output.facts));
        records.extend(appender.records_of_rejected(output.rejected));
    }
    if appender.append(records).await? == Appended::Interrupted || term.is_some_and(|term| !term.holds()) {
        return Ok(Appended::Interrupted);
    }
    let Acknowledged { restated, events } = shipping.acknowledged();
    let mut records = appender.records_of_facts(&restated);
    records.extend(appender.records_of_cluster(&events));
    let appended = appender.append(records).await?;
    let is_tick = |event: &ClusterEvent| matches!(event.body, ClusterBody::Tick { .. });
    if appended == Appended::All && events.iter().any(is_tick) {
        health.ticked();
    }
    Ok(appended)
}
