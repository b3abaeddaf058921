//! The heartbeat: a request each minute to an outside service while all parts of this process do their work, so that the service
//! reports when kigen itself is gone.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use kigen_ops::{Secret, ThrottledWarnings, http_client, on_thread, trust};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::board::HealthBoard;
use crate::metrics;
use crate::role::until_stopped;

/// How often the URL is requested while the process is ready.
pub(crate) const INTERVAL: Duration = Duration::from_secs(60);
/// How often a process that was not ready is looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// How long a response may take.
const RESPONSE_MAX: Duration = Duration::from_secs(10);

/// Why a heartbeat was not accepted, without the URL, which is a secret.
#[derive(Debug, thiserror::Error)]
enum HeartbeatFailure {
    #[error("the file of the heartbeat's URL cannot be read: {0}")]
    Unreadable(std::io::Error),
    #[error("the heartbeat's URL is not one")]
    NoUrl,
    #[error("the service of the heartbeat answers with HTTP status {0}")]
    Refused(u16),
    #[error("the service of the heartbeat cannot be reached: {0}")]
    Unreachable(String),
}

/// Requests `url` every `interval` until the process stops, while all parts are ready. A request that fails is tried again at the
/// next one.
pub(crate) async fn run(
    url: Secret,
    interval: Duration,
    board: HealthBoard,
    warnings: &ThrottledWarnings,
    stopped: watch::Receiver<bool>,
) {
    let mut look = tokio::time::interval(LOOK_INTERVAL.min(interval));
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = None;
    let beating = async {
        loop {
            look.tick().await;
            let now = Instant::now();
            if last.is_some_and(|last| now.duration_since(last) < interval) || !board.report(now).ready {
                continue;
            }
            last = Some(now);
            let url = url.clone();
            if let Err(failure) = on_thread(move || request(&url)).await {
                metrics::heartbeat_failed();
                warnings.warn("heartbeat", || failure.to_string());
            }
        }
    };
    tokio::select! {
        () = beating => {}
        () = until_stopped(stopped) => {}
    }
}

fn request(url: &Secret) -> Result<(), HeartbeatFailure> {
    let url = url.read().map_err(HeartbeatFailure::Unreadable)?;
    match http_client(trust([]), RESPONSE_MAX).build().new_agent().get(&url).call() {
        Ok(_) => Ok(()),
        Err(ureq::Error::StatusCode(status)) => Err(HeartbeatFailure::Refused(status)),
        Err(ureq::Error::Io(error)) if error.kind() != ErrorKind::Other => {
            Err(HeartbeatFailure::Unreachable(error.kind().to_string()))
        }
        Err(ureq::Error::BadUri(_) | ureq::Error::Http(_)) => Err(HeartbeatFailure::NoUrl),
        Err(error) => Err(HeartbeatFailure::Unreachable(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::get;
    use tokio::net::TcpListener;

    use super::*;

    const OFTEN: Duration = Duration::from_millis(20);

    /// A service with one check, at `/ping/c0ffee`; returns its base and how often that was requested.
    async fn service() -> (String, Arc<AtomicUsize>) {
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = requests.clone();
        let ping = get(async move || {
            counted.fetch_add(1, Ordering::SeqCst);
            StatusCode::OK
        });
        let router = Router::new().route("/ping/c0ffee", ping);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (base, requests)
    }

    #[tokio::test]
    async fn a_process_that_is_not_ready_has_no_heartbeat_and_one_that_is_has_one_at_each_interval() {
        let (base, requests) = service().await;
        let board = HealthBoard::of(&[]);
        let (stop, stopped) = watch::channel(false);
        let (beats, warnings) = (board.clone(), ThrottledWarnings::default());
        let running = tokio::spawn(async move {
            run(Secret::Text(format!("{base}/ping/c0ffee")), OFTEN, beats, &warnings, stopped).await;
        });
        tokio::time::sleep(OFTEN * 10).await;
        assert_eq!(requests.load(Ordering::SeqCst), 0, "the log is not open");
        board.set_log(Ok("it answers".to_owned()));
        while requests.load(Ordering::SeqCst) < 3 {
            tokio::time::sleep(OFTEN).await;
        }
        stop.send_replace(true);
        running.await.expect("it ends");
    }

    #[tokio::test]
    async fn a_failure_is_named_without_the_url() {
        let (base, _) = service().await;
        let unknown = format!("{base}/ping/decaf");
        for (url, expected) in [
            (unknown.as_str(), "the service of the heartbeat answers with HTTP status 404"),
            (
                "http://127.0.0.1:9/decaf",
                "the service of the heartbeat cannot be reached: connection refused",
            ),
            ("decaf", "the heartbeat's URL is not one"),
        ] {
            let url = Secret::Text(url.to_owned());
            let failure = on_thread(move || request(&url)).await.expect_err("it fails");
            assert_eq!(failure.to_string(), expected);
        }
    }
}
