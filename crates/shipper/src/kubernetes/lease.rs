//! The Lease: which of several shippers of a cluster leads, and until when it may be sure of that.
//!
//! A Lease is a record in the cluster that its holder renews. A shipper that reads the same version of it for its whole
//! duration takes it, and both sides count by their own timers, never by the instants written in it: no clock need be
//! right. The holder stops trusting it well before any other may take it.
//!
//! ```text
//!           held by another             renewed
//!              ┌────┐                   ┌────┐
//!              ▼    │   free: written   ▼    │      stop
//! start ───▶ Standby┴────────────────▶ Term ─┴─────────────▶ Released: it has no holder
//!              ▲ │                       │
//!              │ └─ 403 to 405 from the  │  not renewed within `trusted_ms`,
//!              │    start on: Refused    │  taken by another, deleted
//!              └──────── Lost ◀──────────┘
//! ```
//!
//! A Lease is free if it does not exist, has no holder, has this shipper as its holder, or has not changed for its duration.
//! Where it is refused, the shipper leads without one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant as RealInstant};

use http::Method;
use kigen_ops::{BackOff, Throttle, error_chain};
use serde_json::{Value, json};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use tokio::time::Instant as TimerInstant;

use crate::error::RequestError;
use crate::kubernetes::api::Api;
use crate::settings::LeaseSettings;

/// The longest duration of another shipper's Lease that is respected, in seconds.
const DURATION_S_MAX: u64 = 300;
/// How long releasing the Lease may take, in milliseconds.
const RELEASE_MS_MAX: u64 = 2_000;

/// The outcome of acquiring the Lease.
#[derive(Debug)]
pub enum Acquired {
    /// This shipper leads.
    Term(Term),
    /// The credentials do not permit a Lease.
    Refused(RequestError),
}

/// The Lease, as one shipper has observed it.
#[derive(Debug)]
pub struct Lease {
    client: LeaseClient,
    /// Whether it was read once: then a refusal is not final.
    was_read: bool,
    observed: Option<ObservedVersion>,
    /// The holder that was logged last.
    logged_holder: Option<String>,
}

/// Reads and writes the Lease under one identity.
#[derive(Clone)]
struct LeaseClient {
    api: Api,
    settings: LeaseSettings,
    /// The path of the namespace's Leases.
    path: String,
    identity: String,
}

/// A version of it, and since when it has been observed.
#[derive(Debug)]
struct ObservedVersion {
    resource_version: Option<String>,
    since: TimerInstant,
}

impl Lease {
    /// The Lease in the cluster behind `api`. `shipper` names this process to a user who reads the Lease.
    pub fn new(api: &Api, settings: &LeaseSettings, shipper: &str) -> Self {
        let namespace = settings.namespace.clone().unwrap_or_else(|| api.default_namespace());
        let client = LeaseClient {
            api: api.clone(),
            settings: settings.clone(),
            path: format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"),
            // Two of one identity would each consider the other's Lease its own.
            identity: format!("{shipper}, {:016x}", fastrand::u64(..)),
        };
        Self { client, was_read: false, observed: None, logged_holder: None }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.client.settings.name
    }

    /// Waits until this shipper leads. Nothing is lost if the future is dropped.
    pub async fn acquire(&mut self) -> Acquired {
        let settings = &self.client.settings;
        let interval_ms = settings.interval_ms.max(1);
        let refused_max = Duration::from_millis(settings.refused_ms_max);
        let mut back_off = BackOff::new(interval_ms.div_ceil(4), interval_ms);
        let began_at = TimerInstant::now();
        let mut failures = Throttle::default();
        loop {
            let error = match self.try_acquire().await {
                Ok(Some(term)) => return Acquired::Term(term),
                Ok(None) => {
                    back_off.reset();
                    tokio::time::sleep(Duration::from_millis(interval_ms)).await;
                    continue;
                }
                Err(error) => error,
            };
            // Once it was read, access is granted, and a refusal is a disturbance: two shippers that then continued without
            // the Lease would both lead.
            let is_refused = matches!(error.status(), Some(403..=405)) && !self.was_read;
            if is_refused && began_at.elapsed() >= refused_max {
                return Acquired::Refused(error);
            }
            if !is_refused && failures.admit(RealInstant::now()).is_some() {
                tracing::warn!("{}; kigen tries again, and does not lead meanwhile", error_chain(&error));
            }
            tokio::time::sleep(back_off.next_delay(error.retry_after())).await;
        }
    }

    /// Takes it if it is free.
    async fn try_acquire(&mut self) -> Result<Option<Term>, RequestError> {
        let sent_at = TimerInstant::now();
        let Some(held) = self.client.read().await? else {
            self.observed = None;
            let taken = self.client.create().await?;
            self.was_read = true;
            return Ok(taken.map(|taken| Term::begin(self.client.clone(), taken, sent_at)));
        };
        self.was_read = true;
        if !self.is_free(&held) {
            return Ok(None);
        }
        let sent_at = TimerInstant::now();
        let transitions = transitions(&held) + 1;
        let taken = self.client.write(held, &self.client.identity, transitions, true).await?;
        Ok(taken.map(|taken| Term::begin(self.client.clone(), taken, sent_at)))
    }

    /// Whether it has no holder, or was not renewed for its whole duration. This shipper itself, as the holder of an earlier
    /// term, does not count as one.
    fn is_free(&mut self, held: &Value) -> bool {
        let resource_version = held["metadata"]["resourceVersion"].as_str().map(str::to_owned);
        let since = match &self.observed {
            Some(observed) if observed.resource_version == resource_version => observed.since,
            _ => {
                let since = TimerInstant::now();
                self.observed = Some(ObservedVersion { resource_version, since });
                since
            }
        };
        let holder = holder(held);
        if holder.is_empty() || holder == self.client.identity {
            return true;
        }
        let duration_s = held["spec"]["leaseDurationSeconds"].as_u64();
        let duration = duration_s
            .map_or(Duration::from_millis(self.client.settings.duration_ms), |duration_s| {
                Duration::from_secs(duration_s.min(DURATION_S_MAX))
            });
        if since.elapsed() >= duration {
            return true;
        }
        if self.logged_holder.as_deref() != Some(holder) {
            tracing::info!(
                holder,
                lease = self.client.settings.name,
                "another shipper leads; this one stands by"
            );
            self.logged_holder = Some(holder.to_owned());
        }
        false
    }
}

impl LeaseClient {
    fn lease_path(&self) -> String {
        format!("{}/{}", self.path, self.settings.name)
    }

    /// The Lease, if there is one.
    async fn read(&self) -> Result<Option<Value>, RequestError> {
        match self.api.exchange(Method::GET, &self.lease_path(), "", Vec::new()).await {
            Ok((_, bytes)) => self.parse(Method::GET, &bytes).map(Some),
            Err(error) if error.status() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates it; `None`: another shipper was faster.
    async fn create(&self) -> Result<Option<Value>, RequestError> {
        let lease = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self.settings.name},
            "spec": self.spec(&self.identity, 0, None),
        });
        self.send(Method::POST, &self.path, &lease).await
    }

    /// Writes it over the version that was read; `None`: another shipper was faster.
    async fn write(
        &self,
        mut held: Value,
        holder: &str,
        transitions: u64,
        is_new: bool,
    ) -> Result<Option<Value>, RequestError> {
        let acquired_at = held["spec"]["acquireTime"].take();
        let acquired_at = acquired_at.as_str().filter(|_| !is_new);
        held["spec"] = self.spec(holder, transitions, acquired_at);
        self.send(Method::PUT, &self.lease_path(), &held).await
    }

    fn spec(&self, holder: &str, transitions: u64, acquired_at: Option<&str>) -> Value {
        let now = self.api.clock().now().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        let duration_s = if holder.is_empty() { 1 } else { self.settings.duration_ms.div_ceil(1_000) };
        json!({
            "holderIdentity": holder,
            "leaseDurationSeconds": duration_s,
            "acquireTime": acquired_at.unwrap_or(&now),
            "renewTime": now,
            "leaseTransitions": transitions,
        })
    }

    async fn send(&self, method: Method, path: &str, lease: &Value) -> Result<Option<Value>, RequestError> {
        match self.api.exchange(method.clone(), path, "", lease.to_string().into_bytes()).await {
            Ok((_, bytes)) => self.parse(method, &bytes).map(Some),
            Err(error) if error.status() == Some(409) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn parse(&self, method: Method, bytes: &[u8]) -> Result<Value, RequestError> {
        serde_json::from_slice(bytes).map_err(|error| RequestError::Unreadable {
            request: format!("{method} {}", self.lease_path()),
            reason: error.to_string(),
        })
    }
}

impl std::fmt::Debug for LeaseClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LeaseClient").field("path", &self.path).field("identity", &self.identity).finish()
    }
}

fn holder(held: &Value) -> &str {
    held["spec"]["holderIdentity"].as_str().unwrap_or_default()
}

fn transitions(held: &Value) -> u64 {
    held["spec"]["leaseTransitions"].as_u64().unwrap_or(0)
}

/// A term in which this shipper leads. A task of its own renews the Lease, and ends with it.
#[derive(Debug)]
pub struct Term {
    lease: Arc<HeldLease>,
    trusted_until: watch::Receiver<TimerInstant>,
    renewing: JoinSet<()>,
}

#[derive(Debug)]
struct HeldLease {
    client: LeaseClient,
    /// As it was last written.
    held: Mutex<Value>,
    /// How many leaders there were before this shipper.
    leaders_before: AtomicU64,
}

impl Term {
    fn begin(client: LeaseClient, held: Value, sent_at: TimerInstant) -> Self {
        let trusted = Duration::from_millis(client.settings.trusted_ms);
        let leaders_before = AtomicU64::new(transitions(&held));
        let lease = Arc::new(HeldLease { client, held: Mutex::new(held), leaders_before });
        // Counted from before the request was sent: no other shipper can have observed the Lease earlier.
        let (trust, trusted_until) = watch::channel(sent_at + trusted);
        let mut renewing = JoinSet::new();
        renewing.spawn(keep_renewed(lease.clone(), trust));
        Self { lease, trusted_until, renewing }
    }

    /// How many leaders there were, this one included.
    pub fn leaders(&self) -> u64 {
        self.lease.leaders_before.load(Ordering::Relaxed) + 1
    }

    /// Continues the count from the log's leaders. There are more of them than the Lease counts if that was re-created.
    pub fn count_from(&self, leaders: u64) {
        self.lease.leaders_before.fetch_max(leaders.saturating_sub(1), Ordering::Relaxed);
    }

    /// Whether this shipper is sure to lead.
    pub fn holds(&self) -> bool {
        TimerInstant::now() < *self.trusted_until.borrow()
    }

    /// Ends when this shipper is no longer sure to lead.
    pub fn lost(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut trusted_until = self.trusted_until.clone();
        async move {
            loop {
                let until = *trusted_until.borrow_and_update();
                if until <= TimerInstant::now() {
                    return;
                }
                tokio::select! {
                    () = tokio::time::sleep_until(until) => {}
                    changed = trusted_until.changed() => if changed.is_err() {
                        return tokio::time::sleep_until(until).await;
                    },
                }
            }
        }
    }

    /// Releases the Lease, so that another shipper need not wait until it expires.
    pub async fn release(mut self) {
        self.renewing.shutdown().await;
        let released = async {
            let held = self.lease.held.lock().await.clone();
            let leaders_before = self.lease.leaders_before.load(Ordering::Relaxed);
            self.lease.client.write(held, "", leaders_before, false).await
        };
        match tokio::time::timeout(Duration::from_millis(RELEASE_MS_MAX), released).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the Lease was not released; it expires in a while"),
            Err(_) => tracing::debug!("the Lease was not released in time; it expires in a while"),
        }
    }
}

/// Renews the Lease until that fails for too long, or the Lease is lost.
async fn keep_renewed(lease: Arc<HeldLease>, trust: watch::Sender<TimerInstant>) {
    let settings = &lease.client.settings;
    let trusted = Duration::from_millis(settings.trusted_ms);
    loop {
        tokio::time::sleep(Duration::from_millis(settings.interval_ms)).await;
        let sent_at = TimerInstant::now();
        let until = *trust.borrow();
        match tokio::time::timeout_at(until, lease.renew()).await {
            Ok(Ok(Renewal::Done)) => drop(trust.send_replace(sent_at + trusted)),
            Ok(Ok(Renewal::Conflict)) => {}
            Ok(Ok(Renewal::Lost)) => {
                trust.send_replace(sent_at);
                return;
            }
            Ok(Err(error)) => tracing::debug!(%error, "the Lease was not renewed; kigen tries again"),
            Err(_) => return,
        }
    }
}

/// The outcome of a renewal.
enum Renewal {
    Done,
    /// Another field of it was changed meanwhile; the next renewal writes over that version.
    Conflict,
    /// Another shipper holds it, or it was deleted.
    Lost,
}

impl HeldLease {
    async fn renew(&self) -> Result<Renewal, RequestError> {
        let mut held = self.held.lock().await;
        let leaders_before = self.leaders_before.load(Ordering::Relaxed);
        let client = &self.client;
        match client.write(held.clone(), &client.identity, leaders_before, false).await {
            Ok(Some(renewed)) => {
                *held = renewed;
                Ok(Renewal::Done)
            }
            Ok(None) => match client.read().await? {
                Some(found) if holder(&found) == client.identity => {
                    *held = found;
                    Ok(Renewal::Conflict)
                }
                _ => Ok(Renewal::Lost),
            },
            Err(error) if error.status() == Some(404) => Ok(Renewal::Lost),
            Err(error) => Err(error),
        }
    }
}
