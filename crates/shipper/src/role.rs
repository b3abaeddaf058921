//! The role: watches one cluster and appends what it says to the log, until it is told to stop.

mod append;
mod read_back;

use futures::FutureExt;
use kigen_log::{Fate, Log, LogError};
use thiserror::Error;
use tokio::sync::watch;

use crate::connect::{ShipperError, connect};
use crate::input::{Declaration, Input};
use crate::role::append::{Appended, Appender, Trying};
use crate::role::read_back::{LastWords, read_back};
use crate::server_clock::Clock;
use crate::settings::Settings;
use crate::shipper::Shipper;

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
/// `declared` is what is declared beside the cluster; while it is `None`, that holds which the log has.
///
/// # Errors
/// If the cluster cannot be watched at the start, or if the log needs a person. Whatever else fails is tried again.
pub async fn run<L: Log>(
    log: L,
    settings: Settings,
    clock: Clock,
    shipper: &str,
    declared: watch::Receiver<Option<Declaration>>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), RoleError> {
    let cluster = settings.cluster.clone();
    let failed = |source| RoleError::Log { cluster: cluster.clone(), source };
    let shutdown = shutdown.shared();
    let api = tokio::select! {
        () = shutdown.clone() => return Ok(()),
        api = connect(&settings, clock.clone()) => api?,
    };
    let read = tokio::select! {
        () = shutdown.clone() => return Ok(()),
        read = read_until_it_can_be(&log, &cluster) => read,
    };
    let LastWords { epoch, resume } = read.map_err(failed)?;
    let mut shipping = Shipper::start(&api, &settings, epoch + 1, &resume);
    drop(resume);
    let appender = Appender::new(log, clock, shutdown.clone());
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
        appended = turn(&appender, &mut shipping, inputs).await.map_err(failed)?;
    }
    Ok(())
}

/// Reads what the log has; one that cannot be read is tried again until it can.
async fn read_until_it_can_be(log: &impl Log, cluster: &str) -> Result<LastWords, LogError> {
    let mut trying = Trying::default();
    loop {
        match read_back(log, cluster.to_owned()).await {
            Err(error) if error.fate() == Fate::Retry => trying.failed(&error).await,
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
    appender.append(appender.records_of_cluster(&ticks)).await
}
