//! The API server: HTTP on a local port, over a history and a clock.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, DATE};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri};
use axum::serve::ListenerExt;
use chrono::TimeDelta;
use futures::{TryStreamExt, stream};
use kigen_model::Instant;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::cache::{CacheProgress, Caches};
use crate::clock::Clock;
use crate::faults::{Faults, WatchLists};
use crate::history::{History, Key};
use crate::leases::{LeasePath, Leases};
use crate::list::{self, ListRequest};
use crate::names;
use crate::objective_statuses::ObjectiveStatuses;
use crate::resource::Resource;
use crate::response::{insert, json_body, number, refusal};
use crate::rights::Right;
use crate::selection::Selection;
use crate::status::Status;
use crate::timeline::Timeline;
use crate::watch::{EndsAt, Watch, WatchRequest};

/// What a server plays.
#[derive(Clone, Debug)]
pub struct Played {
    /// The changes.
    pub history: History,
    /// Their time.
    pub clock: Clock,
    /// How they are served.
    pub options: Options,
}

/// The time in which the `timeoutSeconds` of a watch are measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeoutsIn {
    /// Real time, whatever the clock shows.
    #[default]
    RealTime,
    /// The clock's time.
    PlayedTime,
}

/// How a history is served.
#[derive(Clone, Debug)]
pub struct Options {
    /// The port on 127.0.0.1; 0 chooses a free one.
    pub port: u16,
    /// Played time between the bookmarks of a watch.
    pub bookmark_every: TimeDelta,
    /// Whether each watch also receives a bookmark at each rest of a clock that jumps, if the revision has moved without
    /// an event: so that clients need not wait for the next regular one.
    pub eager_bookmarks: bool,
    /// Whether the disturbances of the history are played.
    pub with_disturbances: bool,
    /// How long changes are retained for new watches, in played time; `None` retains all.
    pub retained: Option<TimeDelta>,
    /// The time in which `timeoutSeconds` are measured.
    pub timeouts: TimeoutsIn,
    /// Whether the clock waits for [`Server::begin`] instead of starting with the server.
    pub hold_clock: bool,
    /// The UID of the namespace `kube-system`, which identifies the cluster.
    pub cluster_uid: String,
    /// By what the watch caches notice that the store has moved.
    pub cache_progress: CacheProgress,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            bookmark_every: TimeDelta::seconds(60),
            eager_bookmarks: false,
            with_disturbances: false,
            retained: None,
            timeouts: TimeoutsIn::default(),
            hold_clock: false,
            cluster_uid: "00000000-0000-4000-8000-000000000001".to_owned(),
            cache_progress: CacheProgress::default(),
        }
    }
}

/// Why a server did not start.
#[derive(Debug, Error)]
#[error("cannot listen on 127.0.0.1 port {port}: choose another port, or 0 for any")]
pub struct StartError {
    /// The requested port.
    pub port: u16,
    source: std::io::Error,
}

/// The requests and watch events so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// Pages of LISTs.
    pub lists: u64,
    /// WATCHes.
    pub watches: u64,
    /// All others, unknown paths included.
    pub others: u64,
    /// Lines of WATCHes that were passed to their connections.
    pub lines: u64,
}

impl Requests {
    /// All requests together.
    pub fn total(self) -> u64 {
        self.lists + self.watches + self.others
    }
}

/// A running server. Dropping it without [`Server::shutdown`] also ends its watches and stops it.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    api: Arc<Api>,
    serving: JoinHandle<()>,
    /// Ends with the server.
    tasks: Vec<JoinHandle<()>>,
}

impl Server {
    /// Serves the history on 127.0.0.1.
    ///
    /// # Errors
    /// The port is in use.
    pub async fn start(played: Played) -> Result<Self, StartError> {
        let Played { history, clock, options } = played;
        let port = options.port;
        let no_port = |source| StartError { port, source };
        let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(no_port)?;
        let address = listener.local_addr().map_err(no_port)?;
        let timeline = Arc::new(Timeline::new(history));
        let faults = Faults::new(timeline.clone(), clock.clone());
        let api = Arc::new(Api {
            timeline,
            caches: Arc::new(Caches::new(options.cache_progress)),
            clock,
            options,
            faults,
            leases: Leases::default(),
            statuses: ObjectiveStatuses::default(),
            counted: Counted::default(),
        });
        let router = Router::new().fallback(answer).with_state(api.clone());
        let mut state = api.faults.subscribe();
        let listener = listener.tap_io(|connection| {
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!(%error, "lines of a watch may be delayed");
            }
        });
        let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
            // The served state holds the sender, so it outlives this wait.
            let _ = state.wait_for(|state| state.is_shut_down).await;
        });
        let serving = tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::debug!(%error, "the played API server stopped");
            }
        });
        let disturbing = api.options.with_disturbances.then(|| tokio::spawn(disturb(api.clone())));
        let every = api.caches.reported_every().filter(|every| *every > TimeDelta::zero());
        let reporting = every.map(|every| tokio::spawn(report_progress(api.clone(), every)));
        let tasks = disturbing.into_iter().chain(reporting).collect();
        let server = Self { address, api, serving, tasks };
        if !server.api.options.hold_clock {
            server.begin();
        }
        Ok(server)
    }

    /// Starts the clock, if it was held.
    pub fn begin(&self) {
        let history = self.api.timeline.history();
        let changes = history.changes().iter().map(|change| change.at);
        let marks = history.marks().iter().map(|mark| mark.at);
        let disturbances = history.disturbances().iter().map(|disturbance| disturbance.at);
        let instants: Vec<Instant> = if self.api.options.with_disturbances {
            changes.chain(marks).chain(disturbances).collect()
        } else {
            changes.collect()
        };
        self.api.clock.begin(instants);
    }

    /// The base URL, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The faults, to inject some.
    pub fn faults(&self) -> &Faults {
        &self.api.faults
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.api.clock
    }

    /// A Lease, if a client has created it.
    pub fn lease(&self, namespace: &str, name: &str) -> Option<Value> {
        self.api.leases.find(namespace, name)
    }

    /// Deletes a Lease, as a person may.
    pub fn delete_lease(&self, namespace: &str, name: &str) {
        self.api.leases.delete(namespace, name);
    }

    /// The status that clients have written to an Objective, and the number of their writes to all Objectives.
    pub fn objective_status(&self, namespace: &str, name: &str) -> (Option<Value>, u64) {
        (self.api.statuses.find(namespace, name), self.api.statuses.written())
    }

    /// The requests so far.
    pub fn requests(&self) -> Requests {
        let counted = &self.api.counted;
        Requests {
            lists: counted.lists.load(Ordering::Relaxed),
            watches: counted.watches.load(Ordering::Relaxed),
            others: counted.others.load(Ordering::Relaxed),
            lines: counted.lines.load(Ordering::Relaxed),
        }
    }

    /// Ends the watches, answers what is in flight, and frees the port.
    pub async fn shutdown(mut self) {
        self.api.faults.shut_down();
        // An idle open connection must not delay the shutdown.
        if tokio::time::timeout(Duration::from_secs(5), &mut self.serving).await.is_err() {
            tracing::debug!("connections were still open at shutdown");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.api.faults.shut_down();
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn disturb(api: Arc<Api>) {
    for disturbance in api.timeline.history().disturbances() {
        api.clock.reached(disturbance.at).await;
        api.faults.disturb(*disturbance);
    }
}

/// Lets the watch caches notice the store's revision, as etcd reports it.
async fn report_progress(api: Arc<Api>, every: TimeDelta) {
    let mut at = api.clock.now();
    loop {
        Resource::ALL.into_iter().for_each(|resource| api.caches.notice(resource, api.faults.revision()));
        at += every;
        api.clock.reached(at).await;
    }
}

#[derive(Debug)]
struct Api {
    timeline: Arc<Timeline>,
    caches: Arc<Caches>,
    clock: Clock,
    options: Options,
    faults: Faults,
    leases: Leases,
    statuses: ObjectiveStatuses,
    counted: Counted,
}

#[derive(Debug, Default)]
struct Counted {
    lists: AtomicU64,
    watches: AtomicU64,
    others: AtomicU64,
    lines: AtomicU64,
}

async fn answer(
    State(api): State<Arc<Api>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let now = api.clock.now();
    let parameters =
        Query::<BTreeMap<String, String>>::try_from_uri(&uri).map(|Query(map)| map).unwrap_or_default();
    let route = match LeasePath::parse(uri.path()) {
        Some(path) => Route::Lease(path),
        None if method == Method::PATCH => {
            ObjectiveStatuses::parse(uri.path()).map_or(Route::Other, Route::Status)
        }
        None if method == Method::GET => Route::parse(uri.path(), &parameters),
        None => Route::Other,
    };
    let counted = match route {
        Route::List(_) => &api.counted.lists,
        Route::Watch(_) => &api.counted.watches,
        Route::Lease(_) | Route::Status(_) | Route::Other => &api.counted.others,
    };
    counted.fetch_add(1, Ordering::Relaxed);
    tracing::debug!(%method, %uri, %now, "request");
    let authorization = headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok());
    let is_watch = matches!(route, Route::Watch(_));
    let denied = Right::of(&method, uri.path(), is_watch).filter(|right| !api.faults.grants(right));
    let answered = match (route, denied) {
        _ if !api.faults.accepts(authorization) => Err(Status::refused(StatusCode::UNAUTHORIZED)),
        (_, Some(denied)) => Err(Status::denied(&denied)),
        (Route::List(selection), None) => api.list(selection, &parameters, now).map(json_body),
        (Route::Watch(selection), None) => api.watch(selection, &parameters, now),
        (Route::Lease(path), None) => api.lease(&method, &path, &body),
        (Route::Status(key), None) => api.status(key, &body, now).map(json_body),
        (Route::Other, None) => api.other(&method, uri.path()).map(json_body),
    };
    let mut response = answered.unwrap_or_else(|status| refusal(&status));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    insert(&mut response, DATE, &now.format("%a, %d %b %Y %H:%M:%S GMT").to_string());
    response
}

enum Route {
    List(Selection),
    Watch(Selection),
    Lease(LeasePath),
    Status(Key),
    Other,
}

impl Route {
    fn parse(path: &str, parameters: &BTreeMap<String, String>) -> Self {
        let found = Resource::ALL.into_iter().find_map(|resource| {
            let rest = path.strip_prefix(resource.prefix())?.strip_prefix('/')?;
            if rest == resource.name() {
                return Some((resource, None));
            }
            let (namespace, name) = rest.strip_prefix("namespaces/")?.split_once('/')?;
            (name == resource.name()).then(|| (resource, Some(namespace.to_owned())))
        });
        let Some((resource, namespace)) = found else { return Self::Other };
        let selector = parameters.get("fieldSelector").map(String::as_str).unwrap_or_default();
        let name = selector.split(',').find_map(|term| term.strip_prefix("metadata.name="));
        let name = name.map(|name| name.trim_start_matches('=').to_owned());
        // Only the existence of one label, which is all that kigen selects by.
        let label = parameters.get("labelSelector").filter(|label| !label.is_empty()).cloned();
        let selection = Selection { resource, namespace, name, label };
        match parameters.get("watch").map(String::as_str) {
            Some("true" | "1") => Self::Watch(selection),
            _ => Self::List(selection),
        }
    }
}

impl Api {
    fn list(
        &self,
        selection: Selection,
        parameters: &BTreeMap<String, String>,
        now: Instant,
    ) -> Result<Value, Status> {
        let state = self.faults.now();
        if let Some(status) = state.refusal(selection.resource) {
            return Err(status);
        }
        let nth = self.counted.lists.load(Ordering::Relaxed);
        if state.refused_each.is_some_and(|each| nth.is_multiple_of(each)) {
            return Err(Status::refused(StatusCode::SERVICE_UNAVAILABLE));
        }
        let request = ListRequest {
            selection,
            limit: number(parameters, "limit")?.and_then(|limit| usize::try_from(limit).ok()),
            continues: parameters.get("continue").filter(|token| !token.is_empty()).cloned(),
            not_older_than: number(parameters, "resourceVersion")?,
        };
        let resource = request.selection.resource;
        if request.continues.is_none() && request.not_older_than.is_none() {
            self.caches.read(resource, request.limit.is_some(), self.faults.revision());
        }
        let is_of_objectives = resource == Resource::Objectives;
        let mut page = list::page(&self.timeline, &state, now, &request)?;
        for object in page["items"].as_array_mut().into_iter().flatten().filter(|_| is_of_objectives) {
            self.statuses.apply(object);
        }
        Ok(page)
    }

    fn status(&self, key: Key, body: &[u8], now: Instant) -> Result<Value, Status> {
        let state = self.faults.now();
        let refusal = self.faults.refusal_of_status(&key.1).map(Status::refused);
        if let Some(status) = refusal.or_else(|| state.refusal(Resource::Objectives)) {
            return Err(status);
        }
        let present = self.timeline.present(Resource::Objectives, self.timeline.visible(now));
        let change = present.get(&key).and_then(|nth| self.timeline.change(*nth));
        let absent = || Status::absent(format!("objectives.kigen.dev \"{}\" not found", key.1));
        self.statuses.patch(key.clone(), &change.ok_or_else(absent)?.object, body)
    }

    fn watch(
        self: &Arc<Self>,
        selection: Selection,
        parameters: &BTreeMap<String, String>,
        now: Instant,
    ) -> Result<Response<Body>, Status> {
        let state = self.faults.now();
        if let Some(status) = state.refusal(selection.resource) {
            return Err(status);
        }
        let initial = parameters.get("sendInitialEvents").is_some_and(|it| it == "true" || it == "1");
        if initial && parameters.get("resourceVersionMatch").map(String::as_str) != Some("NotOlderThan") {
            let message = "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to \
                           NotOlderThan";
            return Err(Status::invalid(message.to_owned()));
        }
        match state.watch_lists {
            WatchLists::Failed if initial => {
                let line = json!({"type": "ERROR", "object": Status::no_progress().object()});
                return Ok(Response::new(Body::from(format!("{line}\n"))));
            }
            WatchLists::Refused if initial => {
                let message = "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the \
                               WatchList feature gate is enabled";
                return Err(Status::invalid(message.to_owned()));
            }
            WatchLists::Served | WatchLists::Failed | WatchLists::Refused | WatchLists::Unmarked => {}
        }
        let timeout_s = number(parameters, "timeoutSeconds")?.filter(|seconds| *seconds > 0);
        let ends_at = timeout_s.map(|seconds| match self.options.timeouts {
            TimeoutsIn::RealTime => EndsAt::Real(tokio::time::Instant::now() + Duration::from_secs(seconds)),
            TimeoutsIn::PlayedTime => {
                let after = i64::try_from(seconds).ok().and_then(TimeDelta::try_seconds);
                let at = after.and_then(|after| now.checked_add_signed(after));
                EndsAt::Played(at.unwrap_or(Instant::MAX_UTC))
            }
        });
        let request = WatchRequest {
            selection,
            from: number(parameters, "resourceVersion")?.filter(|revision| *revision > 0),
            marks_initial: initial && state.watch_lists == WatchLists::Served,
            with_bookmarks: parameters.get("allowWatchBookmarks").is_some_and(|it| it == "true" || it == "1"),
            ends_at,
            closed_at: state.watches_closed_after.map(|after| tokio::time::Instant::now() + after),
            bookmark_every: self.options.bookmark_every,
            eager_bookmarks: self.options.eager_bookmarks,
            retained: self.options.retained,
        };
        if request.marks_initial {
            // The server waits until its cache has all that the store has.
            self.caches.notice(request.selection.resource, self.faults.revision());
        }
        let faults = self.faults.subscribe();
        let is_of_objectives = request.selection.resource == Resource::Objectives;
        let watch = Watch::open(
            (self.timeline.clone(), self.caches.clone()),
            self.clock.clone(),
            faults,
            request,
            now,
        );
        let api = self.clone();
        let with_status = move |line| if is_of_objectives { api.statuses.apply_to_line(line) } else { line };
        let lines = stream::unfold((watch, self.clone()), async |(mut watch, api)| {
            let line = watch.next_line().await?;
            api.counted.lines.fetch_add(1, Ordering::Relaxed);
            Some((line, (watch, api)))
        });
        Ok(Response::new(Body::from_stream(lines.map_ok(with_status))))
    }

    fn lease(&self, method: &Method, path: &LeasePath, body: &[u8]) -> Result<Response<Body>, Status> {
        let refused = self.refused().or(self.faults.now().leases_refused_with);
        if let Some(code) = refused {
            return Err(Status::refused(code));
        }
        let (code, lease) = self.leases.answer(method, path, body)?;
        let mut response = json_body(lease);
        *response.status_mut() = code;
        Ok(response)
    }

    /// The refusal of all requests, if each built-in resource is refused.
    fn refused(&self) -> Option<StatusCode> {
        let state = self.faults.now();
        let [Some(code), Some(_), Some(_)] =
            Resource::BUILT_IN.map(|resource| state.of(resource).refused_with)
        else {
            return None;
        };
        Some(code)
    }

    fn other(&self, method: &Method, path: &str) -> Result<Value, Status> {
        if let Some(code) = self.refused() {
            return Err(Status::refused(code));
        }
        match (method, path) {
            (&Method::GET, "/version") => Ok(json!({
                "major": "1",
                "minor": "36",
                "gitVersion": "v1.36.2",
                "platform": "linux/amd64",
            })),
            (&Method::GET, path) => {
                let name = path.strip_prefix("/api/v1/namespaces/").filter(|name| !name.contains('/'));
                self.namespace(name.ok_or_else(|| Status::not_found(path))?)
            }
            _ => Err(Status::not_found(path)),
        }
    }

    /// Every namespace exists, with a UID that is unique across namespaces and clusters.
    fn namespace(&self, name: &str) -> Result<Value, Status> {
        if let Some(code) = self.faults.now().namespaces_refused_with {
            return Err(Status::refused(code));
        }
        let cluster_uid = &self.options.cluster_uid;
        let uid = match name {
            "kube-system" => cluster_uid.clone(),
            name => names::uid(&["Namespace", cluster_uid, name]),
        };
        Ok(json!({
            "kind": "Namespace",
            "apiVersion": "v1",
            "metadata": {"name": name, "uid": uid},
            "status": {"phase": "Active"},
        }))
    }
}
