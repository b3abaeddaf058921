//! The pages below `docs/reference`: made of the code, so that they state what it does. `UPDATE_EXPECT=1 cargo test --bin kigen
//! reference` writes them anew.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use expect_test::{ExpectFile, expect_file};
use kigen_model::topic::Topic;
use kigen_objective::annotation;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use serde_json::Value;

use crate::cli::Cli;

fn check(page: &ExpectFile, title: &str, from: &str, content: &str) {
    page.assert_eq(&format!(
        "# {title}\n\nMade of {from} by a test; not edited by hand.\n\n{}\n",
        content.trim()
    ));
}

#[test]
fn the_page_of_the_commands_has_each_option() {
    let options = clap_markdown::MarkdownOptions::new().show_footer(false).show_table_of_contents(false);
    let text = clap_markdown::help_markdown_custom::<Cli>(&options);
    // The page has a title of its own.
    let (_, text) = text.split_at(text.find("## `kigen`").expect("the program itself"));
    let lines = text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    check(
        &expect_file!["../../docs/reference/commands.md"],
        "Commands and their options",
        "the command line",
        &lines,
    );
}

#[test]
fn the_page_of_the_annotations_has_all() {
    let mut table = "| name | of a | meaning | such as |\n|---|---|---|---|\n".to_owned();
    for (name, of, meaning, example) in annotation::ALL {
        let _ = writeln!(table, "| `{name}` | {of} | {meaning} | `{example}` |");
    }
    check(&expect_file!["../../docs/reference/annotations.md"], "Annotations and labels", "the code", &table);
}

#[test]
fn the_page_of_the_settings_has_each_key() {
    let schema = crate::config::file_schema();
    let mut page = "In `kigen.toml`, or the file that `--config` names. `kigen config` prints it with every value that applies.\n".to_owned();
    section(&schema, &schema["$defs"], ("", ""), &mut page);
    check(&expect_file!["../../docs/reference/settings.md"], "Settings", "the code", &page);
}

/// The keys of a table, which has this path and this head, and then the tables below it.
fn section(table: &Value, all: &Value, (path, head): (&str, &str), page: &mut String) {
    let (mut keys, mut below) = (String::new(), Vec::new());
    for (key, value) in table["properties"].as_object().into_iter().flatten() {
        let is_list = value["type"] == "array";
        let inner = resolved(if is_list { &value["items"] } else { value }, all);
        if inner.get("properties").is_some() {
            let dot = if path.is_empty() { "" } else { "." };
            below.push((format!("{path}{dot}{key}"), is_list, inner));
            continue;
        }
        let list = if is_list { "list of " } else { "" };
        let doc = value["description"].as_str().unwrap_or_default();
        let _ = writeln!(keys, "| `{key}` | {list}{} | {doc} |", kind_of(inner, all));
    }
    if !keys.is_empty() {
        let _ = write!(page, "{head}\n| key | type | meaning |\n|---|---|---|\n{keys}");
    }
    for (path, is_list, table) in below {
        let name = if is_list { format!("[[{path}]]") } else { format!("[{path}]") };
        section(table, all, (&path, &format!("\n## `{name}`\n")), page);
    }
}

/// What a schema refers to; that of an optional value is beside `null`.
fn resolved<'a>(schema: &'a Value, all: &'a Value) -> &'a Value {
    let of_any = schema["anyOf"].as_array().into_iter().flatten().find(|one| one.get("$ref").is_some());
    let schema = of_any.unwrap_or(schema);
    match schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
        Some(name) => &all[name],
        None => schema,
    }
}

/// The type of a value, in words.
fn kind_of(schema: &Value, all: &Value) -> String {
    let choices = schema["enum"].as_array().into_iter().flatten().cloned();
    let choices =
        choices.chain(schema["oneOf"].as_array().into_iter().flatten().map(|one| one["const"].clone()));
    let choices: Vec<String> = choices.filter_map(|one| one.as_str().map(|one| format!("`{one}`"))).collect();
    if !choices.is_empty() {
        return choices.join(", ");
    }
    if let Some(value) = schema.get("additionalProperties").filter(|value| value.is_object()) {
        return format!("table of {}", kind_of(resolved(value, all), all));
    }
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find_map(|kind| kind.as_str().filter(|kind| *kind != "null")),
        kind => kind.as_str(),
    };
    kinds.unwrap_or_default().to_owned()
}

/// Notes what is described.
#[derive(Default)]
struct Described(Arc<Mutex<Vec<[String; 3]>>>);

impl Described {
    fn note(&self, kind: &str, name: &KeyName, text: &SharedString) {
        let entry = [name.as_str(), kind, text].map(str::to_owned);
        self.0.lock().expect("one thread").push(entry);
    }
}

impl Recorder for Described {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, text: SharedString) {
        self.note("counter", &name, &text);
    }

    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, text: SharedString) {
        self.note("gauge", &name, &text);
    }

    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, text: SharedString) {
        self.note("histogram", &name, &text);
    }

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn the_page_of_the_metrics_has_each_with_its_kind() {
    let described = Described::default();
    metrics::with_local_recorder(&described, crate::metrics::describe);
    let mut all = described.0.lock().expect("one thread").clone();
    all.sort();
    let mut table = "| metric | kind | what it is |\n|---|---|---|\n".to_owned();
    for [name, kind, text] in all {
        let _ = writeln!(table, "| `{name}` | {kind} | {text} |");
    }
    check(
        &expect_file!["../../docs/reference/metrics.md"],
        "Metrics",
        "the descriptions at /metrics",
        &table,
    );
}

#[test]
fn the_page_of_the_topics_has_each_field_of_their_newest_schemas() {
    let mut page = String::new();
    for topic in Topic::ALL {
        let schemas = kigen_wire::schemas(topic);
        let newest = schemas.last().expect("a version");
        let schema: Value = serde_json::from_str(newest).expect("JSON");
        let _ = writeln!(page, "## {topic}, version {}\n", schemas.len());
        named(&schema, &mut page);
    }
    check(&expect_file!["../../docs/reference/topics.md"], "Topics and their fields", "the schemas", &page);
}

/// Each record and enum of a schema, in the order in which they are defined.
fn named(schema: &Value, page: &mut String) {
    match schema {
        Value::Array(branches) => branches.iter().for_each(|branch| named(branch, page)),
        Value::Object(fields) => {
            if let (Some(name), Some("record" | "enum")) = (fields.get("name"), fields["type"].as_str()) {
                let doc = fields.get("doc").and_then(Value::as_str).unwrap_or_default();
                let _ = writeln!(page, "### {}\n\n{doc}\n", name.as_str().expect("a name"));
            }
            if let Some(symbols) = fields.get("symbols").and_then(Value::as_array) {
                let symbols: Vec<String> = symbols
                    .iter()
                    .map(|symbol| format!("`{}`", symbol.as_str().expect("a symbol")))
                    .collect();
                let _ = writeln!(page, "One of {}.\n", symbols.join(", "));
            }
            let own = fields.get("fields").and_then(Value::as_array);
            if let Some(own) = own.filter(|own| !own.is_empty()) {
                page.push_str("| field | type | meaning |\n|---|---|---|\n");
                for field in own {
                    let doc = field["doc"].as_str().unwrap_or_default();
                    let name = field["name"].as_str().expect("a name");
                    let _ = writeln!(page, "| `{name}` | {} | {doc} |", type_text(&field["type"]));
                }
                page.push('\n');
            }
            let inner = own.into_iter().flatten().map(|field| &field["type"]);
            let inner = inner.chain(["items", "values", "type"].iter().filter_map(|part| fields.get(*part)));
            inner.for_each(|inner| named(inner, page));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A type in one cell.
fn type_text(of: &Value) -> String {
    match of {
        Value::String(name) => name.clone(),
        Value::Array(branches) => branches.iter().map(type_text).collect::<Vec<_>>().join(" or "),
        Value::Object(fields) => {
            match (fields.get("logicalType"), fields.get("name"), fields["type"].as_str()) {
                (Some(logical), ..) => logical.as_str().unwrap_or_default().to_owned(),
                (None, Some(name), _) => name.as_str().unwrap_or_default().to_owned(),
                (None, None, Some("array")) => format!("list of {}", type_text(&fields["items"])),
                (None, None, Some("map")) => format!("map of {}", type_text(&fields["values"])),
                (None, None, _) => type_text(&fields["type"]),
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => String::new(),
    }
}
