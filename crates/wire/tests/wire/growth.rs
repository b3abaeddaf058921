//! How a schema may grow: the rules of compatibility with old data and old readers, as a comparison of two versions.
//!
//! They are stricter than Avro's own resolution: existing parts stay as they were, and only what an old reader can ignore
//! is added. So a message can name the part that breaks the rule.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// Which unions of records may get another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choices {
    /// Only `body` of the topic's own record: a reader skips a record of an unknown kind. A new kind within a kind would make
    /// the reader skip a record that it would have understood, a missed deadline perhaps.
    BodyOnly,
    /// Any: only a kigen of at least the same version restores the state.
    Any,
}

/// The incompatibilities with old readers or old data; empty: the new version may be released.
pub(crate) fn problems(old: &Json, new: &Json, choices: Choices) -> Vec<String> {
    let (old_types, new_types) = (types(old), types(new));
    let mut problems = Vec::new();
    if name(old) != name(new) {
        problems.push(format!("the topic's record {} is now {}", name(old), name(new)));
    }
    for (type_name, old_type) in &old_types {
        let Some(new_type) = new_types.get(type_name) else {
            problems.push(format!("{type_name} is gone: old data cannot be read"));
            continue;
        };
        match (kind(old_type), kind(new_type)) {
            ("record", "record") => {
                let is_root = *type_name == name(old);
                let may_grow = |field: &str| choices == Choices::Any || (is_root && field == "body");
                record(type_name, old_type, new_type, may_grow, &mut problems);
            }
            ("enum", "enum") => words(type_name, old_type, new_type, &mut problems),
            (was, is) => problems.push(format!("{type_name} was of type {was}, is of type {is}")),
        }
    }
    for (type_name, new_type) in new_types {
        if kind(new_type) == "enum"
            && (new_type["default"] != "UNKNOWN" || new_type["symbols"][0] != "UNKNOWN")
        {
            problems.push(format!(
                "{type_name} has no default UNKNOWN as its first word: it can never get another"
            ));
        }
    }
    problems
}

fn record(
    type_name: &str,
    old: &Json,
    new: &Json,
    may_grow: impl Fn(&str) -> bool,
    problems: &mut Vec<String>,
) {
    let fields = |of: &'_ Json| -> BTreeMap<String, Json> {
        list(&of["fields"]).iter().map(|field| (text(&field["name"]).to_owned(), field.clone())).collect()
    };
    let (old, new) = (fields(old), fields(new));
    for (field, was) in &old {
        let Some(is) = new.get(field) else {
            problems.push(format!("{type_name}.{field} is gone: an old reader needs it"));
            continue;
        };
        if !grew(&was["type"], &is["type"], may_grow(field)) {
            problems.push(format!("{type_name}.{field} is of another type"));
        }
        if was.get("default") != is.get("default") {
            problems.push(format!("{type_name}.{field} has another default"));
        }
    }
    for (field, is) in &new {
        if !old.contains_key(field) && is.get("default").is_none() {
            problems.push(format!("{type_name}.{field} is new and has no default: old data cannot be read"));
        }
    }
}

fn words(type_name: &str, old: &Json, new: &Json, problems: &mut Vec<String>) {
    let is = list(&new["symbols"]);
    for (place, word) in list(&old["symbols"]).iter().enumerate() {
        if is.get(place) != Some(word) {
            problems.push(format!("{type_name} has lost or moved {word}: old data cannot be read"));
        }
    }
}

/// Whether the new type is the old one, or the old union with more branches at its end.
fn grew(old: &Json, new: &Json, may_grow: bool) -> bool {
    match (old, new) {
        (Json::Array(old), Json::Array(new)) => {
            let is_choice = new.iter().all(|branch| branch != "null");
            let same = old.len() <= new.len() && old.iter().zip(new).all(|(old, new)| grew(old, new, false));
            same && (old.len() == new.len() || (is_choice && may_grow))
        }
        (Json::Object(was), Json::Object(is)) if kind(old) == "array" && kind(new) == "array" => {
            grew(&was["items"], &is["items"], may_grow)
        }
        (Json::Object(was), Json::Object(is)) if !is_named(old) && !is_named(new) => was == is,
        _ => !is_array(old) && !is_array(new) && reference(old) == reference(new),
    }
}

/// The named types of a schema, wherever they are defined.
fn types(schema: &Json) -> BTreeMap<String, &Json> {
    let mut found = BTreeMap::new();
    let mut left = vec![schema];
    while let Some(schema) = left.pop() {
        match schema {
            Json::Array(branches) => left.extend(branches),
            Json::Object(of) => {
                if is_named(schema) {
                    found.insert(name(schema).to_owned(), schema);
                }
                left.extend(list(&schema["fields"]).iter().map(|field| &field["type"]));
                left.extend(of.get("items"));
            }
            _ => {}
        }
    }
    found
}

/// The name of a type, whether it is defined here or elsewhere.
fn reference(schema: &Json) -> &str {
    if is_named(schema) { name(schema) } else { schema.as_str().unwrap_or_default() }
}

fn is_named(schema: &Json) -> bool {
    ["record", "enum"].contains(&kind(schema))
}

fn is_array(schema: &Json) -> bool {
    kind(schema) == "array"
}

fn kind(schema: &Json) -> &str {
    schema["type"].as_str().unwrap_or_default()
}

fn name(schema: &Json) -> &str {
    text(&schema["name"])
}

fn text(json: &Json) -> &str {
    json.as_str().unwrap_or_default()
}

fn list(json: &Json) -> &[Json] {
    json.as_array().map(Vec::as_slice).unwrap_or_default()
}
