//! One document of a file: an Objective, a Calendar, or mutes.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use crate::located::Located;
use crate::spec::{CALENDAR_KIND, CalendarSpec, MuteSpec, ObjectiveSpec};
use crate::strict::Strict;

/// A document.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is taken apart at once")]
pub(crate) enum Entry {
    Object(Document),
    /// `mutes: [...]` alone.
    Mutes(Vec<Located<MuteSpec>>),
}

/// A document as it is written. Its `spec` is read as its `kind` wants it, which is why `kind` comes first.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) api_version: Located<String>,
    pub(crate) kind: String,
    pub(crate) metadata: Metadata,
    pub(crate) spec: Spec,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Metadata {
    pub(crate) name: Located<String>,
    pub(crate) namespace: Option<String>,
    pub(crate) labels: Option<BTreeMap<String, String>>,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is taken apart at once")]
pub(crate) enum Spec {
    Objective(Located<Strict<ObjectiveSpec>>),
    Calendar(Located<CalendarSpec>),
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Field {
    ApiVersion,
    Kind,
    Metadata,
    Spec,
    Mutes,
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct(
            "Document",
            &["apiVersion", "kind", "metadata", "spec", "mutes"],
            Fields,
        )
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a document with apiVersion, kind, metadata and spec, or with mutes")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
        let (mut api_version, mut kind, mut metadata, mut spec) = (None, None::<String>, None, None);
        let mut mutes = None;
        while let Some(field) = map.next_key()? {
            match field {
                Field::ApiVersion => api_version = Some(map.next_value()?),
                Field::Kind => kind = Some(map.next_value()?),
                Field::Metadata => metadata = Some(map.next_value()?),
                Field::Spec if kind.as_deref() == Some(CALENDAR_KIND) => {
                    spec = Some(Spec::Calendar(map.next_value()?));
                }
                Field::Spec => spec = Some(Spec::Objective(map.next_value()?)),
                Field::Mutes => mutes = Some(map.next_value()?),
            }
        }
        if let Some(mutes) = mutes {
            return match (&api_version, &kind, &metadata, &spec) {
                (None, None, None, None) => Ok(Entry::Mutes(mutes)),
                _ => Err(A::Error::custom("`mutes` is a document of its own: put `---` before it")),
            };
        }
        Ok(Entry::Object(Document {
            api_version: api_version.ok_or_else(|| A::Error::missing_field("apiVersion"))?,
            kind: kind.ok_or_else(|| A::Error::missing_field("kind"))?,
            metadata: metadata.ok_or_else(|| A::Error::missing_field("metadata"))?,
            spec: spec.ok_or_else(|| A::Error::missing_field("spec"))?,
        }))
    }
}
