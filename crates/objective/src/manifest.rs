//! Generates the manifest of the custom resource from the Rust types: `UPDATE_EXPECT=1` writes
//! `deploy/objectives.crd.yaml`, and its copy in the chart.

use std::fmt::Write;

use expect_test::expect_file;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::annotation::{ANNOTATED_OBJECTIVE, ANNOTATED_READS};
use crate::spec::{GROUP, KIND, ObjectiveSpec, ObjectiveStatus, VERSION};

#[test]
fn the_manifest_is_generated_from_the_types() {
    let head = "# The custom resource in which objectives are declared with kubectl, and who may do that. Generated from\n\
                # crates/objective/src/spec.rs by a test, which rewrites it with `UPDATE_EXPECT=1`.\n";
    let mut yaml = head.to_owned();
    write_yaml(&manifest(), 0, &mut yaml);
    for role in roles() {
        yaml.push_str("---\n");
        write_yaml(&role, 0, &mut yaml);
    }
    expect_file!["../../../deploy/objectives.crd.yaml"].assert_eq(&yaml);
    // Helm reads no file outside a chart.
    expect_file!["../../../deploy/chart/files/objectives.crd.yaml"].assert_eq(&yaml);
}

/// Kubernetes adds what is labelled so to its own roles `view`, `edit` and `admin`: who may edit CronJobs may edit Objectives.
fn roles() -> [Value; 2] {
    let role = |name: &str, into: &[&str], verbs: &[&str]| {
        let label = |role: &&str| (format!("rbac.authorization.k8s.io/aggregate-to-{role}"), json!("true"));
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {
                "name": format!("kigen-objectives-{name}"),
                "labels": into.iter().map(label).collect::<Map<_, _>>(),
            },
            "rules": [{"apiGroups": [GROUP], "resources": ["objectives"], "verbs": verbs}],
        })
    };
    [
        role("view", &["view", "edit", "admin"], &["get", "list", "watch"]),
        role("edit", &["edit", "admin"], &["create", "delete", "deletecollection", "patch", "update"]),
    ]
}

fn manifest() -> Value {
    let column = |name: &str, path: &str, kind: &str, priority: u32| json!({"name": name, "jsonPath": path, "type": kind, "priority": priority});
    let root = json!({
        "type": "object",
        "description": "By when a batch must have a good result.",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": schema::<ObjectiveSpec>(),
            "status": schema::<ObjectiveStatus>(),
        },
        "x-kubernetes-validations": [{
            "rule": format!("!(self.metadata.name in ['{ANNOTATED_OBJECTIVE}', '{ANNOTATED_READS}'])"),
            "message": "this is the name of what the annotation kigen.dev/complete-by or kigen.dev/reads makes: choose another",
        }],
    });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("objectives.{GROUP}")},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": "ObjectiveList",
                "plural": "objectives",
                "singular": "objective",
            },
            "versions": [{
                "name": VERSION,
                "served": true,
                "storage": true,
                "subresources": {"status": {}},
                "additionalPrinterColumns": [
                    column("Batch", ".spec.batch", "string", 0),
                    column("Batches", ".status.batches", "integer", 0),
                    column("Deadline", ".spec.completeBy", "string", 0),
                    column("Before", ".spec.before.cronJob", "string", 0),
                    column("Next deadline", ".status.nextDeadline", "string", 0),
                    column("Last verdict", ".status.lastVerdict", "string", 0),
                    column("Age", ".metadata.creationTimestamp", "date", 0),
                    column("Problem", ".status.problem", "string", 1),
                ],
                "schema": {"openAPIV3Schema": root},
            }],
        },
    })
}

fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::openapi3().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    structural(&mut schema);
    schema
}

/// A structural schema as Kubernetes defines it: no title, no `null`, and one type per node. An optional field is not required, and the
/// API server drops a `null`.
fn structural(schema: &mut Value) {
    match schema {
        Value::Object(node) => {
            for word in ["$schema", "title", "default", "nullable", "components"] {
                // An object under such a key is a field of that name, unless the key is `components`.
                if node.get(word).is_some_and(|value| word == "components" || !value.is_object()) {
                    node.remove(word);
                }
            }
            let choices = node.remove("anyOf").or_else(|| node.remove("allOf"));
            if let Some(Value::Array(choices)) = choices {
                let one = choices.into_iter().find_map(|choice| match choice {
                    Value::Object(choice) if choice.contains_key("properties") => Some(choice),
                    _ => None,
                });
                let one = one.unwrap_or_default();
                let described: Map<String, Value> = std::mem::take(node);
                node.extend(one);
                node.extend(described);
            }
            node.values_mut().for_each(structural);
        }
        Value::Array(items) => items.iter_mut().for_each(structural),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Writes YAML in block style, one key a line.
fn write_yaml(value: &Value, indent: usize, out: &mut String) {
    let space = " ".repeat(indent);
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let _ = match is_block(value) {
                    true => writeln!(out, "{space}{key}:"),
                    false => writeln!(out, "{space}{key}: {}", scalar(value)),
                };
                write_yaml(value, indent + 2, out);
            }
        }
        Value::Array(items) => {
            for item in items {
                let mut block = String::new();
                write_yaml(item, indent + 2, &mut block);
                let _ = match is_block(item) {
                    true => write!(out, "{space}- {}", block.trim_start()),
                    false => writeln!(out, "{space}- {}", scalar(item)),
                };
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// A plain word, else JSON's form, which YAML reads the same. YAML reads some plain words otherwise than as a text.
fn scalar(value: &Value) -> String {
    let is_word = |text: &&str| {
        if matches!(*text, "true" | "false" | "null") {
            return false;
        }
        let mut letters = text.bytes();
        letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'.')
            && letters.all(|letter| letter.is_ascii_alphanumeric() || b" ./-".contains(&letter))
    };
    value.as_str().filter(is_word).map_or_else(|| value.to_string(), str::to_owned)
}
