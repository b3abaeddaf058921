//! The requests to the Kubernetes API: its time, lists in pages, watches line by line, the one Lease, and the statuses of
//! Objectives, which are written.
//!
//! Raw requests through `kube`'s client, which brings credentials and TLS, and not its typed API: the header `Date`, the
//! bookmarks and each line as it was sent are what ticks and rejects are made of.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use kigen_objective::spec::ObjectiveStatus;
use kigen_ops::error_chain;
use kube::client::Body;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::decode::object::ContainerLog;
use crate::error::RequestError;
use crate::kubernetes::cadence::WATCH_SECONDS_MAX;
use crate::kubernetes::client::RenewedClient;
use crate::kubernetes::lines::Lines;
use crate::kubernetes::page_limit::PAGE_BYTES_MAX;
use crate::resource::Resource;
use crate::server_clock::{Answered, Clock};

/// The largest answer of one object that is read as a whole, in bytes; etcd keeps none of more than 1.5 MiB.
pub const ANSWER_BYTES_MAX: usize = 16 << 20;
/// The name in the field selector of a probe; whether an object has it does not matter.
const PROBED_NAME: &str = "kigen-probe";
/// The longest part of an error's text that is kept, in characters.
const ERROR_TEXT_CHARS_MAX: usize = 300;

/// A page of a list.
#[derive(Debug)]
pub struct Page {
    /// The server's time.
    pub answered: Option<Answered>,
    /// The version of the whole list.
    pub resource_version: u64,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
    /// The objects.
    pub objects: Vec<Box<RawValue>>,
}

/// The Kubernetes API of one cluster, as seen by one user.
#[derive(Clone)]
pub struct Api {
    client: RenewedClient,
    clock: Clock,
    namespace: Option<String>,
    answer_ms_max: u64,
    cluster_uid: Option<String>,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

impl Api {
    /// The API behind `client`; `clock` only measures how long an answer took.
    pub fn new(client: RenewedClient, clock: Clock, namespace: Option<String>, answer_ms_max: u64) -> Self {
        Self { client, clock, namespace, answer_ms_max, cluster_uid: None }
    }

    /// Stores the cluster's UID; `None`: kigen may not read it.
    #[must_use]
    pub fn with_cluster_uid(self, cluster_uid: Option<String>) -> Self {
        Self { cluster_uid, ..self }
    }

    /// The cluster's UID, if it was stored: see [`Api::fetch_cluster_uid`].
    pub fn cluster_uid(&self) -> Option<&str> {
        self.cluster_uid.as_deref()
    }

    /// The namespace whose UID identifies the cluster: the one that is watched, or `kube-system`, which every cluster has and
    /// which is never re-created.
    pub fn identifying_namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or("kube-system")
    }

    /// The clock that was passed in.
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// The namespace of the pod, or of the kubeconfig's context.
    pub fn default_namespace(&self) -> String {
        self.client.default_namespace()
    }

    /// The path of `resource` in the watched namespaces.
    pub fn path(&self, resource: Resource) -> String {
        resource.path(self.namespace.as_deref())
    }

    /// The server's time, by the cheapest of requests.
    pub async fn time(&self) -> Result<Answered, RequestError> {
        let path = "/version";
        let (answered, _) = self.exchange(Method::GET, path, "", Vec::new()).await?;
        answered.ok_or_else(|| RequestError::Unreadable {
            request: format!("GET {path}"),
            reason: "it has no header `Date`, without which kigen cannot know the cluster's time".to_owned(),
        })
    }

    /// The UID that identifies this cluster, and the server's time before it was answered.
    pub async fn fetch_cluster_uid(&self) -> Result<(Option<Answered>, String), RequestError> {
        let path = format!("/api/v1/namespaces/{}", self.identifying_namespace());
        let (answered, bytes) = self.exchange(Method::GET, &path, "", Vec::new()).await?;
        let namespace: Named = serde_json::from_slice(&bytes).map_err(|error| RequestError::Unreadable {
            request: format!("GET {path}"),
            reason: error.to_string(),
        })?;
        Ok((answered, namespace.metadata.uid))
    }

    /// A page of `resource`, read through to the store (no resource version is given). One of several objects has at most
    /// [`PAGE_BYTES_MAX`] bytes, or the error is [`RequestError::TooLarge`].
    pub async fn list(
        &self,
        resource: Resource,
        objects_max: u32,
        from: Option<&str>,
    ) -> Result<Page, RequestError> {
        let from = from.map_or_else(String::new, |from| format!("&continue={}", percent_encoded(from)));
        let query = format!("?limit={objects_max}{}{from}", selector(resource));
        let bytes_max = if objects_max > 1 { PAGE_BYTES_MAX } else { ANSWER_BYTES_MAX };
        self.page(self.path(resource), &query, bytes_max).await
    }

    /// A page of at most one object of `resource`, whichever it is. Without the selector, since the server would read the store
    /// until it finds an object that matches.
    pub async fn list_one(&self, resource: Resource) -> Result<Page, RequestError> {
        self.page(self.path(resource), "?limit=1", ANSWER_BYTES_MAX).await
    }

    /// The store's version of `resource`, by a consistent list of one name in one namespace: one key of the store, or of the
    /// watch cache, however many objects there are. Without a limit, since Kubernetes 1.31 reads a list with one from the
    /// store; else the cache, from which it is served, first has all that the store has, and so the watches get it.
    pub async fn probe(&self, resource: Resource) -> Result<u64, RequestError> {
        let path = resource.path(Some(self.identifying_namespace()));
        let query = format!("?fieldSelector=metadata.name%3D{PROBED_NAME}");
        let page = self.page(path, &query, ANSWER_BYTES_MAX).await?;
        Ok(page.resource_version)
    }

    async fn page(&self, path: String, query: &str, bytes_max: usize) -> Result<Page, RequestError> {
        let (answered, bytes) =
            self.exchange_bounded(Method::GET, &path, query, Vec::new(), bytes_max).await?;
        let request = format!("GET {path}");
        let list: List = serde_json::from_slice(&bytes).map_err(|error| RequestError::Unreadable {
            request: request.clone(),
            reason: error.to_string(),
        })?;
        let resource_version = list.metadata.resource_version.unwrap_or_default();
        Ok(Page {
            answered,
            resource_version: resource_version.parse().map_err(|_| RequestError::Unreadable {
                request,
                reason: format!("its metadata.resourceVersion is `{resource_version}`, not a number"),
            })?,
            next: list.metadata.next.filter(|next| !next.is_empty()),
            objects: list.items.unwrap_or_default(),
        })
    }

    /// The last lines of a container's log, of these the first `bytes_max` bytes.
    pub async fn log(
        &self,
        namespace: &str,
        pod: &str,
        log: &ContainerLog,
        lines_max: u32,
        bytes_max: usize,
    ) -> Result<Vec<u8>, RequestError> {
        let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}/log");
        let ContainerLog { container, is_previous, hangs_since: _ } = log;
        let query = format!(
            "?container={}&previous={is_previous}&tailLines={lines_max}&limitBytes={bytes_max}",
            percent_encoded(container)
        );
        let request = format!("GET {path}");
        let answer = async {
            let response = self.send(&request, Method::GET, format!("{path}{query}"), Vec::new()).await?;
            collect(&request, response.into_body(), bytes_max).await
        };
        self.in_time(&request, answer).await
    }

    /// Writes the status of an Objective, as a merge patch.
    pub(crate) async fn patch_status(
        &self,
        namespace: &str,
        name: &str,
        status: &ObjectiveStatus,
    ) -> Result<(), RequestError> {
        let path = format!("{}/{name}/status", Resource::Objectives.path(Some(namespace)));
        let body = serde_json::json!({"status": status}).to_string();
        self.exchange(Method::PATCH, &path, "", body.into_bytes()).await.map(drop)
    }

    /// Tries to write the status of an Objective, by a request that changes nothing.
    pub(crate) async fn try_to_patch_status(&self, namespace: &str, name: &str) -> Result<(), RequestError> {
        let path = format!("{}/{name}/status", Resource::Objectives.path(Some(namespace)));
        let body = serde_json::json!({"status": {}}).to_string();
        self.exchange(Method::PATCH, &path, "?dryRun=All", body.into_bytes()).await.map(drop)
    }

    /// Opens a watch of all changes after `resource_version`, which the server ends after `seconds`.
    pub async fn watch(
        &self,
        resource: Resource,
        resource_version: u64,
        seconds: u32,
    ) -> Result<(Option<Answered>, Lines), RequestError> {
        self.open(resource, seconds, &format!("&resourceVersion={resource_version}")).await
    }

    /// Opens a watch that streams all objects, an annotated bookmark, and then all changes; older API servers answer
    /// with an error, or annotate nothing.
    pub async fn watch_with_initial_events(
        &self,
        resource: Resource,
    ) -> Result<(Option<Answered>, Lines), RequestError> {
        let start = "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
        self.open(resource, WATCH_SECONDS_MAX, start).await
    }

    async fn open(
        &self,
        resource: Resource,
        seconds: u32,
        start: &str,
    ) -> Result<(Option<Answered>, Lines), RequestError> {
        let path = self.path(resource);
        let selector = selector(resource);
        let query = format!("?watch=true&allowWatchBookmarks=true&timeoutSeconds={seconds}{selector}{start}");
        let request = format!("GET {path}");
        let sent_at = self.clock.steady();
        let answer = self.send(&request, Method::GET, format!("{path}{query}"), Vec::new());
        let response = self.in_time(&request, answer).await?;
        let answered = date(response.headers()).map(|date| Answered { date, sent_at });
        Ok((answered, Lines::of(request, response.into_body())))
    }

    /// Sends `body` to `path` and reads the answer whole.
    pub(crate) async fn exchange(
        &self,
        method: Method,
        path: &str,
        query: &str,
        body: Vec<u8>,
    ) -> Result<(Option<Answered>, Vec<u8>), RequestError> {
        self.exchange_bounded(method, path, query, body, ANSWER_BYTES_MAX).await
    }

    async fn exchange_bounded(
        &self,
        method: Method,
        path: &str,
        query: &str,
        body: Vec<u8>,
        bytes_max: usize,
    ) -> Result<(Option<Answered>, Vec<u8>), RequestError> {
        let sent_at = self.clock.steady();
        let request = format!("{method} {path}");
        let answer = async {
            let response = self.send(&request, method, format!("{path}{query}"), body).await?;
            let answered = date(response.headers()).map(|date| Answered { date, sent_at });
            Ok((answered, collect(&request, response.into_body(), bytes_max).await?))
        };
        self.in_time(&request, answer).await
    }

    async fn in_time<T>(
        &self,
        request: &str,
        answer: impl Future<Output = Result<T, RequestError>>,
    ) -> Result<T, RequestError> {
        let late =
            |_| RequestError::TooSlow { request: request.to_owned(), answer_ms_max: self.answer_ms_max };
        tokio::time::timeout(Duration::from_millis(self.answer_ms_max), answer).await.map_err(late)?
    }

    async fn send(
        &self,
        request: &str,
        method: Method,
        uri: String,
        body: Vec<u8>,
    ) -> Result<Response<Body>, RequestError> {
        let unreadable = |reason| RequestError::Unreadable { request: request.to_owned(), reason };
        let is_patch = method == Method::PATCH;
        let content_type = if is_patch { "application/merge-patch+json" } else { "application/json" };
        let http_request = Request::builder()
            .method(method)
            .uri(uri)
            // A log is text; all else is JSON.
            .header(header::ACCEPT, "application/json, */*")
            // Kubernetes 1.37 compresses a watch event by event, which common decoders read only the first of.
            .header(header::ACCEPT_ENCODING, "identity")
            .header(header::CONTENT_TYPE, content_type)
            .body(Body::from(body))
            .map_err(|error| unreadable(error.to_string()))?;
        let response = self.client.send(http_request).await.map_err(|error| RequestError::NoAnswer {
            request: request.to_owned(),
            reason: client_reasons(&error),
        })?;
        if response.status().is_success() {
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        if parts.status == StatusCode::UNAUTHORIZED {
            self.client.renew().await;
        }
        let body = collect(request, body, ANSWER_BYTES_MAX).await?;
        Err(RequestError::Refused {
            request: request.to_owned(),
            status: parts.status.as_u16(),
            message: refusal(&body),
            retry_after: retry_after(&parts.headers),
        })
    }
}

#[derive(Deserialize)]
struct List {
    metadata: ListMetadata,
    items: Option<Vec<Box<RawValue>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListMetadata {
    resource_version: Option<String>,
    #[serde(rename = "continue")]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    metadata: NamedMetadata,
}

#[derive(Deserialize)]
struct NamedMetadata {
    uid: String,
}

#[derive(Deserialize)]
struct Status {
    message: Option<String>,
}

async fn collect(request: &str, body: Body, bytes_max: usize) -> Result<Vec<u8>, RequestError> {
    let limited = Limited::new(body, bytes_max);
    let collected = limited.collect().await.map_err(|error| {
        let request = request.to_owned();
        if error.is::<LengthLimitError>() {
            RequestError::TooLarge { request, bytes_max }
        } else {
            RequestError::BrokenOff { request, reason: error_chain(error.as_ref()) }
        }
    })?;
    Ok(collected.to_bytes().into())
}

fn date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let text = headers.get(header::DATE)?.to_str().ok()?;
    DateTime::parse_from_rfc2822(text).ok().map(|date| date.with_timezone(&Utc))
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    text.parse().ok().map(Duration::from_secs)
}

/// The `message` of a Kubernetes Status, or the beginning of any other answer.
fn refusal(body: &[u8]) -> String {
    let message = serde_json::from_slice::<Status>(body).ok().and_then(|status| status.message);
    let message = message.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    message.trim().chars().take(ERROR_TEXT_CHARS_MAX).collect()
}

/// The client's own errors name only which of its parts failed, and then repeat that part's message.
fn client_reasons(error: &kube::Error) -> String {
    error_chain(std::error::Error::source(error).unwrap_or(error))
}

/// The selector of a resource as a parameter.
fn selector(resource: Resource) -> String {
    resource.label_selector().map_or_else(String::new, |selector| format!("&labelSelector={selector}"))
}

/// RFC 3986: everything but the unreserved characters.
fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_for_the_next_page_is_encoded_for_the_query() {
        assert_eq!(percent_encoded("a+b/c=é~"), "a%2Bb%2Fc%3D%C3%A9~");
    }
}
