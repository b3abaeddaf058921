//! The client of the API server, made anew from its source when the server no longer knows who asks.
//!
//! kube reads a token's file again by itself, once a minute, and asks its plugins; what else a kubeconfig or a service
//! account has (certificates, a token in the file itself) is read once. So whatever is refused as unauthorised makes a
//! new client of what stands there now, and the next try is made with that.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use tokio::time::Instant as TimerInstant;

use crate::error::ShipperError;
use crate::kubernetes::kubeconfig::{check, place};
use crate::settings::Access;

/// How often a client is made anew at most, in milliseconds: each of the streams is refused, and asks for it.
const RENEW_INTERVAL_MS_MIN: u64 = 1_000;

/// A client that can be made anew. Clones share it.
#[derive(Clone)]
pub struct RenewedClient {
    access: Access,
    answer_ms_max: u64,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    client: Client,
    made_at: TimerInstant,
}

impl RenewedClient {
    /// Reads what `access` names and makes a client of it. Also answers the server's URL.
    ///
    /// # Errors
    /// What is named is not there or cannot be used.
    pub async fn make(access: &Access, answer_ms_max: u64) -> Result<(Self, String), ShipperError> {
        let (client, server) = make(access, answer_ms_max).await?;
        let shared = Shared { client, made_at: TimerInstant::now() };
        let shared = Arc::new(Mutex::new(shared));
        Ok((Self { access: access.clone(), answer_ms_max, shared }, server))
    }

    /// The client as it is now.
    pub fn now(&self) -> Client {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).client.clone()
    }

    /// Makes it anew, unless that was done just before. While it cannot be made, the old one stays.
    pub async fn renew(&self) {
        {
            let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            if shared.made_at.elapsed() < Duration::from_millis(RENEW_INTERVAL_MS_MIN) {
                return;
            }
            // The others that are refused meanwhile need not make one too.
            shared.made_at = TimerInstant::now();
        }
        match make(&self.access, self.answer_ms_max).await {
            Ok((client, _)) => {
                self.shared.lock().unwrap_or_else(PoisonError::into_inner).client = client;
            }
            Err(error) => tracing::debug!(%error, "the credentials could not be read again"),
        }
    }
}

async fn make(access: &Access, answer_ms_max: u64) -> Result<(Client, String), ShipperError> {
    let mut config = configure(access).await?;
    config.connect_timeout = Some(Duration::from_millis(answer_ms_max));
    // The shipper counts its own failures and says them.
    config.default_retry = false;
    let server = config.cluster_url.to_string();
    let client = Client::try_from(config).map_err(|source| ShipperError::Client {
        server: server.clone(),
        place: place(access),
        source: Box::new(source),
    })?;
    Ok((client, server))
}

async fn configure(access: &Access) -> Result<Config, ShipperError> {
    let options =
        |context: &Option<String>| KubeConfigOptions { context: context.clone(), ..Default::default() };
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| ShipperError::Kubeconfig {
        place: place(access),
        check: check(access),
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
