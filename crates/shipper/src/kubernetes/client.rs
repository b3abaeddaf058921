//! The client of the API server, re-created from its configuration when the server no longer accepts the credentials.
//!
//! kube itself reads a token's file again once a minute, and calls its plugins; the rest of a kubeconfig or a service account
//! (certificates, a token in the file itself) it reads once. So each answer 401 re-creates the client from the present
//! configuration, and the retry uses that.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use tokio::time::Instant as TimerInstant;

use crate::error::ShipperError;
use crate::kubernetes::kubeconfig::{check_command, describe};
use crate::settings::Access;

/// The shortest time between two re-creations, in milliseconds: each of the streams is refused, and calls for one.
const RENEW_INTERVAL_MS_MIN: u64 = 1_000;

/// A client that can be re-created. Clones share it.
#[derive(Clone)]
pub struct RenewedClient {
    access: Access,
    answer_ms_max: u64,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    client: Client,
    created_at: TimerInstant,
}

impl RenewedClient {
    /// Reads the configuration that `access` names and creates a client. Also returns the server's URL.
    ///
    /// # Errors
    /// The configuration is missing or cannot be used.
    pub async fn create(access: &Access, answer_ms_max: u64) -> Result<(Self, String), ShipperError> {
        let (client, server) = create(access, answer_ms_max).await?;
        let shared = Shared { client, created_at: TimerInstant::now() };
        let shared = Arc::new(Mutex::new(shared));
        Ok((Self { access: access.clone(), answer_ms_max, shared }, server))
    }

    /// The present client.
    pub fn current(&self) -> Client {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).client.clone()
    }

    /// Re-creates it, unless that was done just before. If that fails, the old one stays.
    pub async fn renew(&self) {
        {
            let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            if shared.created_at.elapsed() < Duration::from_millis(RENEW_INTERVAL_MS_MIN) {
                return;
            }
            // Other requests that are refused meanwhile need not create one too.
            shared.created_at = TimerInstant::now();
        }
        match create(&self.access, self.answer_ms_max).await {
            Ok((client, _)) => {
                self.shared.lock().unwrap_or_else(PoisonError::into_inner).client = client;
            }
            Err(error) => tracing::debug!(%error, "the credentials could not be read again"),
        }
    }
}

async fn create(access: &Access, answer_ms_max: u64) -> Result<(Client, String), ShipperError> {
    let mut config = configure(access).await?;
    config.connect_timeout = Some(Duration::from_millis(answer_ms_max));
    // The shipper retries by itself, and counts and logs each failure.
    config.default_retry = false;
    let server = config.cluster_url.to_string();
    let client = Client::try_from(config).map_err(|source| ShipperError::Client {
        server: server.clone(),
        place: describe(access),
        source: Box::new(source),
    })?;
    Ok((client, server))
}

async fn configure(access: &Access) -> Result<Config, ShipperError> {
    let options =
        |context: &Option<String>| KubeConfigOptions { context: context.clone(), ..Default::default() };
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| ShipperError::Kubeconfig {
        place: describe(access),
        check: check_command(access),
        source,
    };
    match access {
        Access::Inferred { context: None } => Config::infer().await.map_err(|error| failed(Box::new(error))),
        Access::Inferred { context } => {
            Config::from_kubeconfig(&options(context)).await.map_err(|error| failed(Box::new(error)))
        }
        Access::Kubeconfig { path, context } => {
            let file = Kubeconfig::read_from(path).map_err(|error| failed(Box::new(error)))?;
            Config::from_custom_kubeconfig(file, &options(context))
                .await
                .map_err(|error| failed(Box::new(error)))
        }
        Access::Url(url) => url.parse().map(Config::new).map_err(|error| failed(Box::new(error))),
    }
}
