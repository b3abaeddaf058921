//! The connections to Slack: directly, or through a proxy by HTTP's CONNECT.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use kigen_ops::proxy_for;
use tokio::net::TcpStream;
use tower_service::Service;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Connects to a host, through the proxy that the environment states for it.
#[derive(Clone, Debug)]
pub(super) struct ProxiedConnector {
    direct: HttpConnector,
}

impl Default for ProxiedConnector {
    fn default() -> Self {
        let mut direct = HttpConnector::new();
        // TLS is added by the connector around this one.
        direct.enforce_http(false);
        Self { direct }
    }
}

impl Service<http::Uri> for ProxiedConnector {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.direct.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, destination: http::Uri) -> Self::Future {
        let Some(proxy) = proxy_for(&destination) else {
            let connecting = self.direct.call(destination);
            return Box::pin(async { Ok(connecting.await?) });
        };
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.direct.clone());
        if let Some(credentials) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(credentials.clone());
        }
        let connecting = tunnel.call(destination);
        Box::pin(async { Ok(connecting.await?) })
    }
}
