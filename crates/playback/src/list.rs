//! LIST: the objects of one revision, in pages.

use std::fmt::Write;
use std::ops::Bound;

use kigen_model::Instant;
use serde_json::{Map, Value, json};

use crate::faults::FaultState;
use crate::history::Key;
use crate::resource::Resource;
use crate::selection::Selection;
use crate::status::Status;
use crate::timeline::Timeline;

/// The parameters of a LIST.
pub(crate) struct ListRequest {
    pub(crate) selection: Selection,
    /// The most items of a page.
    pub(crate) limit: Option<usize>,
    pub(crate) continues: Option<String>,
    /// The least revision of the response; 0 accepts that of the watch cache, `None` requires the newest.
    pub(crate) not_older_than: Option<u64>,
}

/// The body of the response.
pub(crate) fn page(
    timeline: &Timeline,
    state: &FaultState,
    now: Instant,
    request: &ListRequest,
) -> Result<Value, Status> {
    let resource = request.selection.resource;
    let (revision, after) = match &request.continues {
        Some(token) => resume(token, state, resource)?,
        None => (current(timeline, state, now, request)?, None),
    };
    let visible = timeline.up_to(revision);
    let present = timeline.present(resource, visible);
    let after = match (&after, &request.selection.namespace) {
        (Some(key), _) => Bound::Excluded(key.clone()),
        (None, Some(namespace)) => Bound::Included((namespace.clone(), String::new())),
        (None, None) => Bound::Unbounded,
    };
    let mut rest = present
        .range((after, Bound::Unbounded))
        .take_while(|((namespace, _), _)| {
            request.selection.namespace.as_ref().is_none_or(|it| it == namespace)
        })
        .filter(|(_, nth)| timeline.change(**nth).is_some_and(|change| request.selection.contains(change)));
    let limit = request.limit.filter(|limit| *limit > 0).unwrap_or(usize::MAX);
    let mut items = Vec::new();
    let mut last = None;
    for (key, nth) in rest.by_ref().take(limit) {
        items.extend(timeline.change(*nth).map(|change| item(&change.object)));
        last = Some(key.clone());
    }
    let remaining = rest.count();
    let mut metadata = Map::new();
    metadata.insert("resourceVersion".to_owned(), revision.to_string().into());
    if let Some(last) = last.filter(|_| remaining > 0) {
        metadata.insert("continue".to_owned(), token(revision, &last).into());
        metadata.insert("remainingItemCount".to_owned(), remaining.into());
        timeline.cache(resource, visible, present);
    }
    Ok(json!({
        "kind": format!("{}List", resource.kind()),
        "apiVersion": resource.api_version(),
        "metadata": metadata,
        "items": items,
    }))
}

fn current(
    timeline: &Timeline,
    state: &FaultState,
    now: Instant,
    request: &ListRequest,
) -> Result<u64, Status> {
    let newest = timeline.revision(now, state.revision_min);
    match request.not_older_than {
        Some(0) => {
            let cached_at = state.cached_at(request.selection.resource, now);
            Ok(if cached_at < now { timeline.revision(cached_at, 0) } else { newest })
        }
        Some(wanted) if wanted > newest => Err(Status::from_the_future(wanted, newest)),
        Some(_) | None => Ok(newest),
    }
}

/// Items have neither `kind` nor `apiVersion`: the list has them.
fn item(object: &Value) -> Value {
    let fields = object.as_object().into_iter().flatten();
    let rest = fields.filter(|(field, _)| *field != "kind" && *field != "apiVersion");
    Value::Object(rest.map(|(field, value)| (field.clone(), value.clone())).collect())
}

/// Hexadecimal, so that clients treat it as opaque.
fn token(revision: u64, (namespace, name): &Key) -> String {
    format!("{revision}/{namespace}/{name}").bytes().fold(String::new(), |mut token, byte| {
        // Writing to a string cannot fail.
        let _ = write!(token, "{byte:02x}");
        token
    })
}

fn resume(token: &str, state: &FaultState, resource: Resource) -> Result<(u64, Option<Key>), Status> {
    let (revision, key) =
        read_token(token).ok_or_else(|| Status::bad_request("continue key is not valid".to_owned()))?;
    if revision < state.of(resource).oldest_revision {
        let message = "The provided continue parameter is too old to display a consistent list result.";
        return Err(Status::expired(message.to_owned()));
    }
    Ok((revision, Some(key)))
}

fn read_token(token: &str) -> Option<(u64, Key)> {
    let digits = token.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> =
        digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    let text = String::from_utf8(bytes?).ok()?;
    let (revision, key) = text.split_once('/')?;
    let (namespace, name) = key.split_once('/')?;
    Some((revision.parse().ok()?, (namespace.to_owned(), name.to_owned())))
}
