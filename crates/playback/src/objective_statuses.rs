//! The statuses of Objectives, which clients patch and reads then include.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use serde_json::{Map, Value};

use crate::history::Key;
use crate::resource::Resource;
use crate::status::Status;

/// All statuses that were written. A write changes no resource version: it must not move the revision of a history
/// whose clock rests.
#[derive(Debug, Default)]
pub(crate) struct ObjectiveStatuses(Mutex<StatusTable>);

#[derive(Debug, Default)]
struct StatusTable {
    by_key: BTreeMap<Key, Map<String, Value>>,
    written: u64,
}

impl ObjectiveStatuses {
    /// The namespace and name in the path of a status; `None` for other paths.
    pub(crate) fn parse(path: &str) -> Option<Key> {
        let rest = path.strip_prefix(Resource::Objectives.prefix())?.strip_prefix("/namespaces/")?;
        let (namespace, rest) = rest.split_once('/')?;
        let name = rest.strip_prefix("objectives/")?.strip_suffix("/status")?;
        Some((namespace.to_owned(), name.to_owned()))
    }

    /// Applies a JSON merge patch (RFC 7396) to an existing object.
    pub(crate) fn patch(&self, key: Key, object: &Value, body: &[u8]) -> Result<Value, Status> {
        let patch: Value =
            serde_json::from_slice(body).map_err(|error| Status::bad_request(error.to_string()))?;
        let Some(fields) = patch["status"].as_object() else {
            return Err(Status::bad_request("the patch has no `status`".to_owned()));
        };
        let mut table = self.table();
        table.written += 1;
        let status = table.by_key.entry(key).or_default();
        for (name, value) in fields {
            match value {
                Value::Null => drop(status.remove(name)),
                value => drop(status.insert(name.clone(), value.clone())),
            }
        }
        let mut object = object.clone();
        object["status"] = Value::Object(status.clone());
        Ok(object)
    }

    pub(crate) fn find(&self, namespace: &str, name: &str) -> Option<Value> {
        let status = self.table().by_key.get(&(namespace.to_owned(), name.to_owned())).cloned();
        status.map(Value::Object)
    }

    /// The number of writes.
    pub(crate) fn written(&self) -> u64 {
        self.table().written
    }

    /// Sets the written status in the object.
    pub(crate) fn apply(&self, object: &mut Value) {
        let metadata = &object["metadata"];
        let key = metadata["namespace"].as_str().zip(metadata["name"].as_str());
        if let Some(status) = key.and_then(|(namespace, name)| self.find(namespace, name)) {
            object["status"] = status;
        }
    }

    /// Sets the written status in the object of a watch event.
    pub(crate) fn apply_to_line(&self, line: Bytes) -> Bytes {
        let Ok(mut event) = serde_json::from_slice::<Value>(&line) else { return line };
        self.apply(&mut event["object"]);
        Bytes::from(format!("{event}\n"))
    }

    fn table(&self) -> MutexGuard<'_, StatusTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
