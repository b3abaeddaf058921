//! Leases: the only objects that clients can create.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::history::Key;
use crate::status::Status;

const PREFIX: &str = "/apis/coordination.k8s.io/v1/namespaces/";

/// The path of a request for Leases.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LeasePath {
    namespace: String,
    /// `None`: the collection.
    name: Option<String>,
}

impl LeasePath {
    /// `None`: the path is not of Leases.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let (namespace, rest) = path.strip_prefix(PREFIX)?.split_once('/')?;
        let name = rest.strip_prefix("leases")?;
        let name = if name.is_empty() { None } else { Some(name.strip_prefix('/')?.to_owned()) };
        Some(Self { namespace: namespace.to_owned(), name })
    }
}

/// All Leases. Their resource versions are a sequence of their own: a write of a Lease must not move the revision of a
/// history whose clock rests.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    table: Mutex<LeaseTable>,
}

#[derive(Debug, Default)]
struct LeaseTable {
    revision: u64,
    by_key: BTreeMap<Key, Value>,
}

impl Leases {
    /// Answers as the API does: an update requires the current resource version.
    pub(crate) fn answer(
        &self,
        method: &Method,
        target: &LeasePath,
        body: &[u8],
    ) -> Result<(StatusCode, Value), Status> {
        match (method, &target.name) {
            (&Method::GET, Some(name)) => self
                .find(&target.namespace, name)
                .map(|lease| (StatusCode::OK, lease))
                .ok_or_else(|| absent(name)),
            (&Method::POST, None) => {
                self.create(&target.namespace, parse(body)?).map(|lease| (StatusCode::CREATED, lease))
            }
            (&Method::PUT, Some(name)) => {
                self.update(&target.namespace, name, parse(body)?).map(|lease| (StatusCode::OK, lease))
            }
            _ => Err(Status::not_found(PREFIX)),
        }
    }

    pub(crate) fn find(&self, namespace: &str, name: &str) -> Option<Value> {
        self.table().by_key.get(&(namespace.to_owned(), name.to_owned())).cloned()
    }

    pub(crate) fn delete(&self, namespace: &str, name: &str) {
        self.table().by_key.remove(&(namespace.to_owned(), name.to_owned()));
    }

    fn create(&self, namespace: &str, lease: Value) -> Result<Value, Status> {
        let name = lease["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(Status::invalid(
                "metadata.name: Required value: name or generateName is required".to_owned(),
            ));
        }
        let mut table = self.table();
        let key = (namespace.to_owned(), name);
        if table.by_key.contains_key(&key) {
            return Err(Status::already_exists(format!(
                "leases.coordination.k8s.io \"{}\" already exists",
                key.1
            )));
        }
        Ok(table.put(key, lease))
    }

    fn update(&self, namespace: &str, name: &str, lease: Value) -> Result<Value, Status> {
        let mut table = self.table();
        let key = (namespace.to_owned(), name.to_owned());
        let known = table.by_key.get(&key).ok_or_else(|| absent(name))?;
        let changed = &lease["metadata"]["resourceVersion"];
        if changed.as_str().is_none_or(str::is_empty) {
            let message = "metadata.resourceVersion: Invalid value: 0: must be specified for an update";
            return Err(Status::invalid(message.to_owned()));
        }
        if *changed != known["metadata"]["resourceVersion"] {
            return Err(Status::conflict(format!(
                "Operation cannot be fulfilled on leases.coordination.k8s.io \"{name}\": the object has been modified; \
                 please apply your changes to the latest version and try again"
            )));
        }
        Ok(table.put(key, lease))
    }

    fn table(&self) -> MutexGuard<'_, LeaseTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LeaseTable {
    fn put(&mut self, key: Key, mut lease: Value) -> Value {
        self.revision += 1;
        lease["kind"] = Value::from("Lease");
        lease["apiVersion"] = Value::from("coordination.k8s.io/v1");
        if !lease["metadata"].is_object() {
            lease["metadata"] = json!({});
        }
        lease["metadata"]["namespace"] = Value::from(key.0.as_str());
        lease["metadata"]["resourceVersion"] = Value::from(self.revision.to_string());
        self.by_key.insert(key, lease.clone());
        lease
    }
}

fn parse(body: &[u8]) -> Result<Value, Status> {
    let lease: Value =
        serde_json::from_slice(body).map_err(|error| Status::bad_request(error.to_string()))?;
    if lease["spec"].is_object() {
        return Ok(lease);
    }
    Err(Status::bad_request("a Lease has a `spec`".to_owned()))
}

fn absent(name: &str) -> Status {
    Status::absent(format!("leases.coordination.k8s.io \"{name}\" not found"))
}
