//! The client of the API server, re-created from its configuration when the server no longer accepts the credentials.
//!
//! kube itself reads a token's file again once a minute, and calls its plugins; the rest of a kubeconfig or a service account
//! (certificates, a token in the file itself) it reads once. So each answer 401 re-creates the client from the present
//! configuration, and the retry uses that.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Request, Response, Uri};
use kigen_ops::{on_thread, proxy_for};
use kube::Client;
use kube::client::Body;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use tokio::runtime::Handle;
use tokio::time::Instant as TimerInstant;

use crate::error::ShipperError;
use crate::kubernetes::kubeconfig::{check_command, describe, missing, proxy_of};
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
    /// Whether requests may run a program that makes credentials.
    runs_plugins: bool,
    created_at: TimerInstant,
}

impl RenewedClient {
    /// Reads the configuration that `access` names and creates a client. Also returns the server's URL.
    ///
    /// # Errors
    /// The configuration is missing or cannot be used.
    pub async fn create(access: &Access, answer_ms_max: u64) -> Result<(Self, String), ShipperError> {
        let Created { client, runs_plugins, server } = create(access, answer_ms_max).await?;
        let shared = Shared { client, runs_plugins, created_at: TimerInstant::now() };
        let shared = Arc::new(Mutex::new(shared));
        Ok((Self { access: access.clone(), answer_ms_max, shared }, server))
    }

    /// The namespace of the configuration.
    pub(crate) fn default_namespace(&self) -> String {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).client.default_namespace().to_owned()
    }

    /// Sends a request with the present client.
    ///
    /// kube runs a plugin (`exec`) on the thread of the request that needs new credentials, and waits for it: such a client is
    /// used on a thread for blocking calls, until the head of the response.
    pub(crate) async fn send(&self, request: Request<Body>) -> kube::Result<Response<Body>> {
        let (client, runs_plugins) = {
            let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            (shared.client.clone(), shared.runs_plugins)
        };
        if !runs_plugins {
            return client.send(request).await;
        }
        let (runtime, limit) = (Handle::current(), Duration::from_millis(self.answer_ms_max));
        // The caller may give up meanwhile; then the thread does, too, as soon as the plugin ends.
        let send = async move { tokio::time::timeout(limit, client.send(request)).await };
        let answer = on_thread(move || runtime.block_on(send)).await;
        answer.unwrap_or_else(|late| Err(kube::Error::Service(Box::new(late))))
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
            Ok(Created { client, runs_plugins, .. }) => {
                let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
                (shared.client, shared.runs_plugins) = (client, runs_plugins);
            }
            Err(error) => tracing::debug!(%error, "the credentials could not be read again"),
        }
    }
}

struct Created {
    client: Client,
    runs_plugins: bool,
    /// Its URL.
    server: String,
}

async fn create(access: &Access, answer_ms_max: u64) -> Result<Created, ShipperError> {
    let mut config = configure(access).await?;
    let user = &config.auth_info;
    let runs_plugins = user.exec.is_some() || user.auth_provider.is_some();
    config.connect_timeout = Some(Duration::from_millis(answer_ms_max));
    // The shipper retries by itself, and counts and logs each failure.
    config.default_retry = false;
    let server = config.cluster_url.to_string();
    // The first credentials of a plugin are made with the client.
    let client = on_thread(move || Client::try_from(config)).await.map_err(|source| {
        ShipperError::Client { server: server.clone(), place: describe(access), source: Box::new(source) }
    })?;
    Ok(Created { client, runs_plugins, server })
}

async fn configure(access: &Access) -> Result<Config, ShipperError> {
    let options =
        |context: &Option<String>| KubeConfigOptions { context: context.clone(), ..Default::default() };
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| match missing(access, &*source) {
        Some(missing) => missing,
        None => ShipperError::Kubeconfig { place: describe(access), check: check_command(access), source },
    };
    match access {
        Access::Inferred { context: None } => {
            let of_file = match Kubeconfig::read() {
                Ok(file) => of_kubeconfig(file, &options(&None)).await,
                Err(error) => Err(error.into()),
            };
            // A pod reaches its own API server directly.
            of_file.or_else(|error| Config::incluster().map_err(|_| error)).map_err(failed)
        }
        Access::Inferred { context } => {
            let file = Kubeconfig::read().map_err(|error| failed(Box::new(error)))?;
            of_kubeconfig(file, &options(context)).await.map_err(failed)
        }
        Access::Kubeconfig { path, context } => {
            let file = Kubeconfig::read_from(path).map_err(|error| failed(Box::new(error)))?;
            of_kubeconfig(file, &options(context)).await.map_err(failed)
        }
        Access::Url(url) => url.parse().map(Config::new).map_err(|error| failed(Box::new(error))),
    }
}

/// A kubeconfig's `proxy-url`, else the proxy that the environment states for this cluster's address. kube would compare
/// `NO_PROXY` with the address of the proxy.
async fn of_kubeconfig(
    file: Kubeconfig,
    options: &KubeConfigOptions,
) -> Result<Config, Box<dyn std::error::Error + Send + Sync>> {
    let proxy = proxy_of(&file, options.context.as_deref());
    let mut config = Config::from_custom_kubeconfig(file, options).await?;
    let proxy = proxy.or_else(|| proxy_for(&config.cluster_url).and_then(|_| environment_proxy()));
    config.proxy_url = proxy.map(|url| url.parse::<Uri>()).transpose()?;
    // kube's own error has the URL in it, and with it a password.
    match config.proxy_url.as_ref().and_then(Uri::scheme_str) {
        Some(scheme) if !matches!(scheme, "http" | "https") => {
            Err(format!("a proxy for `{scheme}` cannot be used: its URL must begin with http:// or https://")
                .into())
        }
        _ => Ok(config),
    }
}

/// The proxy for https, with its credentials.
fn environment_proxy() -> Option<String> {
    let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let url = names.iter().find_map(|name| std::env::var(name).ok().filter(|url| !url.is_empty()))?;
    Some(if url.contains("://") { url } else { format!("http://{url}") })
}
