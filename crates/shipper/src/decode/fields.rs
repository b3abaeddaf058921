//! Fields that every Kubernetes object has, and how their texts are parsed.

use chrono::{DateTime, Utc};
use kigen_model::Instant;
use kigen_model::event::Revision;

use super::decoded::{Identity, Unusable};
use super::object::Metadata;

pub(super) fn identity(metadata: Option<&Metadata>) -> Result<Identity, Unusable> {
    let metadata = metadata.ok_or(Unusable::Missing("metadata"))?;
    let created_at = present(metadata.creation_timestamp.as_deref(), "metadata.creationTimestamp")?;
    Ok(Identity {
        revision: Revision {
            uid: present(metadata.uid.as_deref(), "metadata.uid")?.to_owned(),
            resource_version: resource_version(metadata)?,
        },
        namespace: key_part(metadata.namespace.as_deref(), "metadata.namespace")?,
        name: key_part(metadata.name.as_deref(), "metadata.name")?,
        created_at: instant(created_at).ok_or_else(|| Unusable::Malformed {
            field: "metadata.creationTimestamp",
            text: created_at.to_owned(),
            expected: "an RFC 3339 instant",
        })?,
    })
}

pub(super) fn resource_version(metadata: &Metadata) -> Result<u64, Unusable> {
    let text = present(metadata.resource_version.as_deref(), "metadata.resourceVersion")?;
    text.parse().map_err(|_| Unusable::Malformed {
        field: "metadata.resourceVersion",
        text: text.to_owned(),
        expected: "a number",
    })
}

/// A name that becomes a part of a batch's key, in which `/` is the separator.
fn key_part(text: Option<&str>, field: &'static str) -> Result<String, Unusable> {
    let text = present(text, field)?;
    if text.contains('/') {
        return Err(Unusable::Malformed { field, text: text.to_owned(), expected: "a Kubernetes name" });
    }
    Ok(text.to_owned())
}

pub(super) fn present<'a>(text: Option<&'a str>, field: &'static str) -> Result<&'a str, Unusable> {
    text.filter(|text| !text.is_empty()).ok_or(Unusable::Missing(field))
}

pub(super) fn instant(text: &str) -> Option<Instant> {
    DateTime::parse_from_rfc3339(text).ok().map(|instant| instant.with_timezone(&Utc))
}

pub(super) fn optional_instant(text: Option<&String>) -> Option<Instant> {
    instant(text?)
}

pub(super) fn counter(number: Option<i64>) -> u32 {
    u32::try_from(number.unwrap_or(0).max(0)).unwrap_or(u32::MAX)
}
