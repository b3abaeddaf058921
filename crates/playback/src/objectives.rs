//! The statuses of Objectives, which clients write: they are shown with the objects from then on.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use serde_json::{Map, Value};

use crate::history::Key;
use crate::resource::Resource;
use crate::status::Status;

/// All statuses that were written. A write changes no resource version, so that a test whose clock stands need not hear of it.
#[derive(Debug, Default)]
pub(crate) struct Statuses(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    by_key: BTreeMap<Key, Map<String, Value>>,
    written: u64,
}

impl Statuses {
    /// Namespace and name, if that is the path of a status.
    pub(crate) fn target(path: &str) -> Option<Key> {
        let rest = path.strip_prefix(Resource::Objectives.prefix())?.strip_prefix("/namespaces/")?;
        let (namespace, rest) = rest.split_once('/')?;
        let name = rest.strip_prefix("objectives/")?.strip_suffix("/status")?;
        Some((namespace.to_owned(), name.to_owned()))
    }

    /// Takes in a JSON merge patch (RFC 7396) of an object that is there.
    pub(crate) fn patch(&self, key: Key, object: &Value, body: &[u8]) -> Result<Value, Status> {
        let patch: Value =
            serde_json::from_slice(body).map_err(|error| Status::bad_request(error.to_string()))?;
        let Some(fields) = patch["status"].as_object() else {
            return Err(Status::bad_request("the patch has no `status`".to_owned()));
        };
        let mut kept = self.kept();
        kept.written += 1;
        let status = kept.by_key.entry(key).or_default();
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
        let status = self.kept().by_key.get(&(namespace.to_owned(), name.to_owned())).cloned();
        status.map(Value::Object)
    }

    /// How often one was written.
    pub(crate) fn written(&self) -> u64 {
        self.kept().written
    }

    /// The object with what was written of it.
    pub(crate) fn show(&self, object: &mut Value) {
        let metadata = &object["metadata"];
        let place = metadata["namespace"].as_str().zip(metadata["name"].as_str());
        if let Some(status) = place.and_then(|(namespace, name)| self.find(namespace, name)) {
            object["status"] = status;
        }
    }

    /// The line of a watch, with what was written of its object.
    pub(crate) fn show_line(&self, line: Bytes) -> Bytes {
        let Ok(mut event) = serde_json::from_slice::<Value>(&line) else { return line };
        self.show(&mut event["object"]);
        Bytes::from(format!("{event}\n"))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
