//! A fake of an HTTP service that receives alerts: it follows the rules of its protocol, and fails as the test configures, before
//! or after it has accepted a request.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::chaos::Random;

/// Longer than anything takes in a test that passes.
const DEADLINE: Duration = Duration::from_secs(30);

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// Whether the service has done what it wants, whatever was answered.
    pub(crate) is_accepted: bool,
}

/// How a request fails.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// It is answered with this status, and not done.
    Before(u16),
    /// It is done, and answered with status 500.
    After,
    /// It is rate-limited, with a `Retry-After` in seconds.
    TooMany(u32),
}

/// What the protocol answers: the status, and a body.
pub(crate) type Rules = fn(&Received) -> (u16, String);

/// The service.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    rules: Rules,
    faults: Mutex<VecDeque<Fault>>,
    /// How many of a thousand requests fail.
    failing: Mutex<Option<(u64, Random)>>,
    received: watch::Sender<Vec<Received>>,
}

impl Service {
    /// Follows the rules, after these faults.
    pub(crate) async fn start(rules: Rules, faults: &[Fault]) -> Self {
        let shared = Arc::new(Shared {
            rules,
            faults: Mutex::new(faults.iter().copied().collect()),
            failing: Mutex::default(),
            received: watch::Sender::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(receive).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    /// Fails so many of a thousand requests.
    pub(crate) fn fail(&self, per_mille: u64, seed: u64) {
        *self.shared.failing.lock().expect("unpoisoned") = Some((per_mille, Random::new(seed)));
    }

    /// Has these faults from now on.
    pub(crate) fn then(&self, faults: &[Fault]) {
        self.shared.faults.lock().expect("unpoisoned").extend(faults);
    }

    /// All requests, in their order.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.received.borrow().clone()
    }

    /// Those that were accepted.
    pub(crate) fn accepted(&self) -> Vec<Received> {
        self.received().into_iter().filter(|received| received.is_accepted).collect()
    }

    /// Waits until the accepted requests are so.
    pub(crate) async fn has(&self, are_so: impl Fn(&[Received]) -> bool) {
        let mut received = self.shared.received.subscribe();
        let enough = received.wait_for(|all| {
            let accepted: Vec<Received> = all.iter().filter(|one| one.is_accepted).cloned().collect();
            are_so(&accepted)
        });
        tokio::time::timeout(DEADLINE, enough).await.expect("in time").expect("the server lives");
    }
}

async fn receive(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = String::from_utf8(body.to_vec()).expect("a text");
    let mut received = Received { method, uri, headers, body, is_accepted: false };
    let fault = shared.faults.lock().expect("unpoisoned").pop_front().or_else(|| shared.failure());
    let (mut status, text) = match fault {
        Some(Fault::Before(status)) => (status, String::new()),
        Some(Fault::TooMany(_)) => (429, String::new()),
        Some(Fault::After) | None => (shared.rules)(&received),
    };
    received.is_accepted = (200..300).contains(&status);
    if matches!(fault, Some(Fault::After)) {
        status = 500;
    }
    shared.received.send_modify(|all| all.push(received));
    let status = StatusCode::from_u16(status).expect("a status");
    match fault {
        Some(Fault::TooMany(seconds)) => {
            (status, [(header::RETRY_AFTER, seconds.to_string())], text).into_response()
        }
        Some(Fault::Before(_) | Fault::After) | None => (status, text).into_response(),
    }
}

impl Shared {
    /// How a request fails, if it does.
    fn failure(&self) -> Option<Fault> {
        let mut failing = self.failing.lock().expect("unpoisoned");
        let (per_mille, random) = failing.as_mut()?;
        if random.below(1_000) >= *per_mille {
            return None;
        }
        Some(match random.below(3) {
            0 => Fault::Before(500),
            1 => Fault::After,
            _ => Fault::TooMany(0),
        })
    }
}
