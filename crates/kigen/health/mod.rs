//! What an operator and Kubernetes ask over HTTP: `/healthz`, `/readyz` and `/metrics`.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::Utc;
use kigen_log::{Log, LogReader, Telling};
use kigen_model::reasons::reasons;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::commands::up::stop_of;
use crate::metrics;

pub(crate) mod board;

use board::Board;

/// How often the log is asked whether it is there, and how far ahead it is.
const PULSE_MS: u64 = 10_000;
/// How often an address that cannot be had is tried again.
const BIND_DELAY_MS: u64 = 5_000;
/// What Prometheus reads.
const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

#[derive(Clone)]
struct Told {
    board: Board,
    kept: PrometheusHandle,
}

/// Answers at `address` until it is told to stop. An address that cannot be had is tried again and again: that nobody can
/// look is no reason to judge nothing.
pub(crate) async fn serve(
    address: SocketAddr,
    board: Board,
    kept: PrometheusHandle,
    stopped: watch::Receiver<bool>,
) {
    let router = Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics_page))
        .with_state(Told { board, kept });
    let serving = async {
        let telling = Telling::default();
        loop {
            let served = match TcpListener::bind(address).await {
                Ok(listener) => {
                    tracing::info!("/healthz, /readyz and /metrics are at http://{address}");
                    axum::serve(listener, router.clone()).await
                }
                Err(error) => Err(error),
            };
            if let Err(error) = served {
                telling.say("address", || {
                    format!(
                        "nobody can ask whether kigen is ready: {address} cannot be had ({error}); give another address and \
                         port by --health-address (KIGEN_HEALTH_ADDRESS, or `address` under [health]), or `off`"
                    )
                });
            }
            tokio::time::sleep(Duration::from_millis(BIND_DELAY_MS)).await;
        }
    };
    tokio::select! {
        () = serving => {}
        () = stop_of(stopped) => {}
    }
}

/// Asks the log now and then whether it is there, and how far it is ahead of the processor. `kept` is told to tidy up.
pub(crate) async fn pulse<L: Log>(
    log: L,
    board: Board,
    kept: Option<PrometheusHandle>,
    stopped: watch::Receiver<bool>,
) {
    let mut every = tokio::time::interval(Duration::from_millis(PULSE_MS));
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let pulsing = async {
        loop {
            every.tick().await;
            let (look, processor) = (log.reader().clone(), board.processor.clone());
            let asked = tokio::task::spawn_blocking(move || {
                look.ping()?;
                processor.map_or(Ok(()), |processor| processor.measure(&look, Utc::now()))
            });
            match asked.await {
                Ok(Ok(())) => board.log_is(Ok("it answers".to_owned())),
                Ok(Err(error)) => {
                    log.tell(&error);
                    board.log_is(Err(reasons(&error)));
                }
                Err(failed) => board.log_is(Err(failed.to_string())),
            }
            if let Some(kept) = &kept {
                kept.run_upkeep();
            }
        }
    };
    tokio::select! {
        () = pulsing => {}
        () = stop_of(stopped) => {}
    }
}

#[derive(Deserialize)]
struct ProbeQuery {
    format: Option<String>,
}

async fn readyz(State(told): State<Told>, Query(asked): Query<ProbeQuery>, headers: HeaderMap) -> Response {
    let report = told.board.report(Instant::now());
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let accepts = headers.get(header::ACCEPT).and_then(|accepts| accepts.to_str().ok()).unwrap_or_default();
    if asked.format.as_deref() == Some("json") || accepts.contains("application/json") {
        (status, axum::Json(report)).into_response()
    } else {
        (status, report.text()).into_response()
    }
}

async fn metrics_page(State(told): State<Told>) -> Response {
    metrics::build_info();
    if let Some(shipper) = &told.board.shipper {
        shipper.measure();
    }
    ([(header::CONTENT_TYPE, PROMETHEUS_TEXT)], told.kept.render()).into_response()
}
