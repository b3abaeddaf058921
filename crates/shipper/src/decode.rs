//! Kubernetes objects to facts, without the batch's key: one object in, one decoded object or one reason out.

pub mod annotations;
mod containers;
mod cron_job;
mod decoded;
mod fields;
mod job;
pub mod labels;
mod names;
pub mod object;
mod objective;
mod pod;
pub mod work;

use kigen_model::Instant;
use serde::de::DeserializeOwned;

pub use crate::decode::decoded::{
    AnnouncedFailure, BatchHint, Decoded, Identity, ObjectiveObject, Undecodable, Unusable,
};
pub use crate::decode::names::{BATCH, SCHEDULED_AT, SLOT};
use crate::decode::object::AnyObject;
use crate::resource::Resource;

/// Decodes one object of `resource`. `observed_at` replaces instants that Kubernetes always sets, should they be missing.
pub fn decode(resource: Resource, bytes: &[u8], observed_at: Instant) -> Result<Decoded, Box<Undecodable>> {
    let decoded = match resource {
        Resource::CronJobs => parse(bytes).and_then(|object| cron_job::decode(&object)),
        Resource::Jobs => parse(bytes).and_then(|object| job::decode(&object, observed_at)),
        Resource::Pods => parse(bytes).and_then(|object| pod::decode(&object)),
        Resource::Objectives => parse(bytes).and_then(objective::decode),
    };
    decoded.map_err(|reason| {
        let named = parse::<AnyObject>(bytes).ok().and_then(|object| object.metadata).unwrap_or_default();
        Box::new(Undecodable {
            resource_version: fields::resource_version(&named).ok(),
            namespace: named.namespace,
            uid: named.uid,
            name: named.name,
            reason,
        })
    })
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unusable> {
    serde_json::from_slice(bytes).map_err(|error| Unusable::NotReadable(error.to_string()))
}
