//! The role: watches one cluster and appends what it says to the log, until it is told to stop.

mod append;
mod read_back;

use futures::FutureExt;
use kigen_log::back_off::BackOff;
use kigen_log::{Fate, Log, LogError};
use kigen_model::event::{ClusterBody, ClusterEvent};
use kigen_model::reasons::reasons;
use thiserror::Error;
use tokio::sync::watch;
use tokio::time::Instant as TimerInstant;

use crate::api::{Api, RequestError};
use crate::connect::{ShipperError, connect};
use crate::health::Health;
use crate::input::{Declaration, Input};
use crate::metrics;
use crate::role::append::{Appended, Appender, Trying};
use crate::role::read_back::{LastWords, read_back};
use crate::server_clock::Clock;
use crate::settings::Settings;
use crate::shipper::{Failures, Shipper};

/// Why the role ended by itself.
#[derive(Debug, Error)]
pub enum RoleError {
    /// It could not start.
    #[error(transparent)]
    Start(#[from] ShipperError),
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

/// Watches the cluster of `settings` and appends to `log` until `shutdown`. What was taken from a stream by then is
/// appended; what was not will be heard again.
///
/// `clock` measures how long answers take and dates records; `shipper` says who writes, for a person who reads the log.
/// `declared` is what is declared beside the cluster; while it is `None`, that holds which the log has. `health` is told
/// how it goes.
///
/// # Errors
/// If the kubeconfig cannot be used, or if the log needs a person. Whatever else fails is tried again.
pub async fn run<L: Log>(
    log: L,
    settings: Settings,
    clock: Clock,
    shipper: &str,
    declared: watch::Receiver<Option<Declaration>>,
    health: Health,
    shutdown: impl Future<Output = ()>,
) -> Result<(), RoleError> {
    let cluster = settings.cluster.clone();
    let failed = |source| RoleError::Log { cluster: cluster.clone(), source };
    let shutdown = shutdown.shared();
    let api = tokio::select! {
        () = shutdown.clone() => return Ok(()),
        api = connect_until_it_answers(&settings, &clock, &health) => api?,
    };
    let read = tokio::select! {
        () = shutdown.clone() => return Ok(()),
        read = read_until_it_can_be(&log, &cluster, &health) => read,
    };
    let LastWords { epoch, resume } = read.map_err(failed)?;
    let mut shipping = Shipper::start(&api, &settings, epoch + 1, &resume).telling(health.clone());
    drop(resume);
    let appender = Appender::new(log, clock, health.clone(), shutdown.clone());
    let begin = appender.records_of_cluster(&[shipping.begin(shipper)]);
    let mut declared = declared;
    declared.mark_changed();
    let mut appended = appender.append(begin).await.map_err(failed)?;
    while appended == Appended::All {
        // Only here may the work be interrupted: what is not handed out yet was not said yet.
        let inputs = tokio::select! {
            biased;
            () = shutdown.clone() => return Ok(()),
            declaration = next_of(&mut declared) => vec![Input::Declared(declaration)],
            inputs = shipping.next() => inputs,
        };
        appended = turn(&appender, &mut shipping, inputs, &health).await.map_err(failed)?;
    }
    Ok(())
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

/// Reads what the log has; one that cannot be read is tried again until it can.
async fn read_until_it_can_be(log: &impl Log, cluster: &str, health: &Health) -> Result<LastWords, LogError> {
    let mut trying = Trying::default();
    loop {
        match read_back(log, cluster.to_owned()).await {
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

/// Applies, appends, and only then asks for a tick.
async fn turn<L: Log, S>(
    appender: &Appender<L, S>,
    shipping: &mut Shipper,
    inputs: Vec<Input>,
    health: &Health,
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
    if appender.append(records).await? == Appended::Interrupted {
        return Ok(Appended::Interrupted);
    }
    let ticks = shipping.acknowledged();
    let appended = appender.append(appender.records_of_cluster(&ticks)).await?;
    let is_tick = |event: &ClusterEvent| matches!(event.body, ClusterBody::Tick { .. });
    if appended == Appended::All && ticks.iter().any(is_tick) {
        health.ticked();
    }
    Ok(appended)
}
