//! The HTTP server for operators, Kubernetes' probes and Prometheus.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use kigen_ops::ThrottledWarnings;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::board::HealthBoard;
use crate::metrics;
use crate::role::until_stopped;

/// The pause before an address that is not available is tried again.
const BIND_DELAY_MS: u64 = 5_000;
/// The content type of Prometheus' text format.
const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

#[derive(Clone)]
struct Endpoints {
    board: HealthBoard,
    prometheus: PrometheusHandle,
}

/// Serves at `address` until the process stops. Unauthenticated; exposes no secrets. An address that is not available is retried
/// for ever: a lack of monitoring is no reason to judge nothing.
pub(crate) async fn serve(
    address: SocketAddr,
    board: HealthBoard,
    prometheus: PrometheusHandle,
    warnings: &ThrottledWarnings,
    stopped: watch::Receiver<bool>,
) {
    let router = Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics_page))
        .with_state(Endpoints { board, prometheus });
    let serving = async {
        loop {
            let served = match TcpListener::bind(address).await {
                Ok(listener) => {
                    tracing::info!("/healthz, /readyz and /metrics are at http://{address}");
                    axum::serve(listener, router.clone()).await
                }
                Err(error) => Err(error),
            };
            if let Err(error) = served {
                warnings.warn("address", || {
                    format!(
                        "/healthz, /readyz and /metrics are not served: {address} is not available ({error}); give another \
                         address and port by --health-address (KIGEN_HEALTH_ADDRESS, or `address` under [health]), or `off`"
                    )
                });
            }
            tokio::time::sleep(Duration::from_millis(BIND_DELAY_MS)).await;
        }
    };
    tokio::select! {
        () = serving => {}
        () = until_stopped(stopped) => {}
    }
}

#[derive(Deserialize)]
struct ProbeQuery {
    format: Option<String>,
}

async fn readyz(
    State(endpoints): State<Endpoints>,
    Query(query): Query<ProbeQuery>,
    headers: HeaderMap,
) -> Response {
    let report = endpoints.board.report(Instant::now());
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let accepts = headers.get(header::ACCEPT).and_then(|accepts| accepts.to_str().ok()).unwrap_or_default();
    if query.format.as_deref() == Some("json") || accepts.contains("application/json") {
        (status, axum::Json(report)).into_response()
    } else {
        (status, report.text()).into_response()
    }
}

async fn metrics_page(State(endpoints): State<Endpoints>) -> Response {
    metrics::build_info();
    if let Some(shipper) = &endpoints.board.shipper {
        shipper.measure();
    }
    if let Some(notifier) = &endpoints.board.notifier {
        notifier.measure();
    }
    ([(header::CONTENT_TYPE, PROMETHEUS_TEXT)], endpoints.prometheus.render()).into_response()
}
