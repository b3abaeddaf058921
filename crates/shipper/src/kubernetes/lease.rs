//! The Lease: which of several shippers of a cluster leads, and until when it may be sure of that.
//!
//! A Lease is a record in the cluster that its holder renews. Whoever sees the same version of it for as long as it is
//! given takes it, and both sides count by their own timers, never by the instants that stand in it: no clock need be
//! right. The holder stops trusting it well before anybody else may take it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::Method;
use kigen_log::back_off::BackOff;
use kigen_model::reasons::reasons;
use serde_json::{Value, json};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use tokio::time::Instant as TimerInstant;

use crate::error::RequestError;
use crate::kubernetes::api::Api;
use crate::settings::LeaseSettings;

/// How often failures are told at most.
const TOLD_EVERY: Duration = Duration::from_secs(60);
/// The longest that a Lease of somebody else is believed to be given for, in seconds.
const DURATION_S_MAX: u64 = 300;
/// How long giving the Lease back may take, in milliseconds.
const RELEASE_MS_MAX: u64 = 2_000;

/// What came of asking for the Lease.
#[derive(Debug)]
pub enum Acquired {
    /// This shipper leads.
    Term(Term),
    /// The cluster lets nobody like this shipper have one.
    Refused(RequestError),
}

/// The Lease as one shipper sees it.
#[derive(Debug)]
pub struct Lease {
    place: Place,
    /// Whether it was read once: then it is not refused for good.
    was_read: bool,
    seen: Option<Seen>,
    /// Who was last told to hold it.
    told: Option<String>,
}

/// Where it is, and who asks.
#[derive(Clone)]
struct Place {
    api: Api,
    settings: LeaseSettings,
    /// The path of the namespace's Leases.
    path: String,
    identity: String,
}

/// A version of it, and since when it was seen.
#[derive(Debug)]
struct Seen {
    resource_version: Option<String>,
    since: TimerInstant,
}

impl Lease {
    /// The Lease in the cluster behind `api`. `shipper` says who asks, for a person who reads it.
    pub fn new(api: &Api, settings: &LeaseSettings, shipper: &str) -> Self {
        let namespace = settings.namespace.clone().unwrap_or_else(|| api.default_namespace());
        let place = Place {
            api: api.clone(),
            settings: settings.clone(),
            path: format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"),
            // Two of one name would each take the other's Lease for its own.
            identity: format!("{shipper}, {:016x}", fastrand::u64(..)),
        };
        Self { place, was_read: false, seen: None, told: None }
    }

    /// Waits until this shipper leads. Nothing is lost if the future is dropped.
    pub async fn acquire(&mut self) -> Acquired {
        let settings = &self.place.settings;
        let interval_ms = settings.interval_ms.max(1);
        let refused_max = Duration::from_millis(settings.refused_ms_max);
        let mut back_off = BackOff::new(interval_ms.div_ceil(4), interval_ms);
        let began_at = TimerInstant::now();
        let mut told_at: Option<TimerInstant> = None;
        loop {
            let error = match self.attempt().await {
                Ok(Some(term)) => return Acquired::Term(term),
                Ok(None) => {
                    back_off.reset();
                    tokio::time::sleep(Duration::from_millis(interval_ms)).await;
                    continue;
                }
                Err(error) => error,
            };
            // Once it was read, the right to it is there, and a refusal is a disturbance: two that then went on without
            // it would both lead.
            let is_refused = matches!(error.status(), Some(403..=405)) && !self.was_read;
            if is_refused && began_at.elapsed() >= refused_max {
                return Acquired::Refused(error);
            }
            if !is_refused && told_at.is_none_or(|told_at| told_at.elapsed() >= TOLD_EVERY) {
                told_at = Some(TimerInstant::now());
                tracing::warn!("{}; kigen tries again, and does not lead meanwhile", reasons(&error));
            }
            tokio::time::sleep(back_off.next_delay(error.retry_after())).await;
        }
    }

    /// Takes it if it is free.
    async fn attempt(&mut self) -> Result<Option<Term>, RequestError> {
        let asked_at = TimerInstant::now();
        let Some(held) = self.place.read().await? else {
            self.seen = None;
            let taken = self.place.create().await?;
            self.was_read = true;
            return Ok(taken.map(|taken| Term::begin(self.place.clone(), taken, asked_at)));
        };
        self.was_read = true;
        if !self.is_free(&held) {
            return Ok(None);
        }
        let asked_at = TimerInstant::now();
        let transitions = transitions(&held) + 1;
        let taken = self.place.write(held, &self.place.identity, transitions, true).await?;
        Ok(taken.map(|taken| Term::begin(self.place.clone(), taken, asked_at)))
    }

    /// Whether nobody holds it, or its holder was not heard of for as long as it was given. A holder that this shipper was
    /// itself, in a term before, is nobody.
    fn is_free(&mut self, held: &Value) -> bool {
        let resource_version = held["metadata"]["resourceVersion"].as_str().map(str::to_owned);
        let since = match &self.seen {
            Some(seen) if seen.resource_version == resource_version => seen.since,
            _ => {
                let since = TimerInstant::now();
                self.seen = Some(Seen { resource_version, since });
                since
            }
        };
        let holder = holder(held);
        if holder.is_empty() || holder == self.place.identity {
            return true;
        }
        let given_s = held["spec"]["leaseDurationSeconds"].as_u64();
        let given = given_s.map_or(Duration::from_millis(self.place.settings.duration_ms), |given_s| {
            Duration::from_secs(given_s.min(DURATION_S_MAX))
        });
        if since.elapsed() >= given {
            return true;
        }
        if self.told.as_deref() != Some(holder) {
            tracing::info!(holder, "another shipper leads; this one stands by");
            self.told = Some(holder.to_owned());
        }
        false
    }
}

impl Place {
    fn of_one(&self) -> String {
        format!("{}/{}", self.path, self.settings.name)
    }

    /// The Lease, if there is one.
    async fn read(&self) -> Result<Option<Value>, RequestError> {
        match self.api.exchange(Method::GET, &self.of_one(), "", Vec::new()).await {
            Ok((_, bytes)) => self.parse(Method::GET, &bytes).map(Some),
            Err(error) if error.status() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes it; `None`: another was faster.
    async fn create(&self) -> Result<Option<Value>, RequestError> {
        let lease = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self.settings.name},
            "spec": self.spec(&self.identity, 0, None),
        });
        self.send(Method::POST, &self.path, &lease).await
    }

    /// Writes it over the version that was read; `None`: another was faster.
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
        self.send(Method::PUT, &self.of_one(), &held).await
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
            request: format!("{method} {}", self.of_one()),
            reason: error.to_string(),
        })
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Place").field("path", &self.path).field("identity", &self.identity).finish()
    }
}

fn holder(held: &Value) -> &str {
    held["spec"]["holderIdentity"].as_str().unwrap_or_default()
}

fn transitions(held: &Value) -> u64 {
    held["spec"]["leaseTransitions"].as_u64().unwrap_or(0)
}

/// A time in which this shipper leads. It is kept by a task of its own, which ends with it.
#[derive(Debug)]
pub struct Term {
    holding: Arc<Holding>,
    trusted_until: watch::Receiver<TimerInstant>,
    keeping: JoinSet<()>,
}

#[derive(Debug)]
struct Holding {
    place: Place,
    /// As it was last written.
    held: Mutex<Value>,
    /// How many leaders there were before this one.
    leaders_before: AtomicU64,
}

impl Term {
    fn begin(place: Place, held: Value, asked_at: TimerInstant) -> Self {
        let trusted = Duration::from_millis(place.settings.trusted_ms);
        let leaders_before = AtomicU64::new(transitions(&held));
        let holding = Arc::new(Holding { place, held: Mutex::new(held), leaders_before });
        // Counted from before it was asked for: nobody can have seen it earlier.
        let (trust, trusted_until) = watch::channel(asked_at + trusted);
        let mut keeping = JoinSet::new();
        keeping.spawn(keep(holding.clone(), trust));
        Self { holding, trusted_until, keeping }
    }

    /// How many leaders there were, this one included.
    pub fn leaders(&self) -> u64 {
        self.holding.leaders_before.load(Ordering::Relaxed) + 1
    }

    /// The log has seen more leaders than the Lease, which was made anew: from here on it counts on from there.
    pub fn count_from(&self, leaders: u64) {
        self.holding.leaders_before.fetch_max(leaders.saturating_sub(1), Ordering::Relaxed);
    }

    /// Whether this shipper leads for sure.
    pub fn holds(&self) -> bool {
        TimerInstant::now() < *self.trusted_until.borrow()
    }

    /// Ends when this shipper no longer leads for sure.
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

    /// Gives it back, so that another need not wait until it is free.
    pub async fn release(mut self) {
        self.keeping.shutdown().await;
        let released = async {
            let held = self.holding.held.lock().await.clone();
            let leaders_before = self.holding.leaders_before.load(Ordering::Relaxed);
            self.holding.place.write(held, "", leaders_before, false).await
        };
        match tokio::time::timeout(Duration::from_millis(RELEASE_MS_MAX), released).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the Lease was not given back; it is free in a while"),
            Err(_) => tracing::debug!("the Lease was not given back in time; it is free in a while"),
        }
    }
}

/// Renews it until that fails for too long, or it is lost.
async fn keep(holding: Arc<Holding>, trust: watch::Sender<TimerInstant>) {
    let settings = &holding.place.settings;
    let trusted = Duration::from_millis(settings.trusted_ms);
    loop {
        tokio::time::sleep(Duration::from_millis(settings.interval_ms)).await;
        let asked_at = TimerInstant::now();
        let until = *trust.borrow();
        match tokio::time::timeout_at(until, holding.renew()).await {
            Ok(Ok(Renewal::Done)) => drop(trust.send_replace(asked_at + trusted)),
            Ok(Ok(Renewal::Again)) => {}
            Ok(Ok(Renewal::Lost)) => {
                trust.send_replace(asked_at);
                return;
            }
            Ok(Err(error)) => tracing::debug!(%error, "the Lease was not renewed; kigen tries again"),
            Err(_) => return,
        }
    }
}

/// What came of a renewal.
enum Renewal {
    Done,
    /// Somebody changed something else in it meanwhile.
    Again,
    /// Another holds it, or it is gone.
    Lost,
}

impl Holding {
    async fn renew(&self) -> Result<Renewal, RequestError> {
        let mut held = self.held.lock().await;
        let leaders_before = self.leaders_before.load(Ordering::Relaxed);
        let place = &self.place;
        match place.write(held.clone(), &place.identity, leaders_before, false).await {
            Ok(Some(renewed)) => {
                *held = renewed;
                Ok(Renewal::Done)
            }
            Ok(None) => match place.read().await? {
                Some(found) if holder(&found) == place.identity => {
                    *held = found;
                    Ok(Renewal::Again)
                }
                _ => Ok(Renewal::Lost),
            },
            Err(error) if error.status() == Some(404) => Ok(Renewal::Lost),
            Err(error) => Err(error),
        }
    }
}
