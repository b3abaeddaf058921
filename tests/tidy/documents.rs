//! The documents: the map names the crates as they are, commands and links lead somewhere, and nothing grows too long.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::packages::{short, workspace};
use crate::sources::{Faults, files_under, numbered, read, root};

/// Where a path that a document names may begin.
const FOLDERS: &[&str] = &["benches/", "crates/", "deploy/", "docs/", "examples/", "schemas/", "tests/"];

/// What a newcomer reads first, and how long it may be.
const LINES_MAX: &[(&str, usize)] = &[("README.md", 150), ("ARCHITECTURE.md", 120)];

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
                let advice = format!("the row of {} must list what it uses: {used}", short(&package.name));
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
        (".ci/run", "make demo"),
        (".ci/run", "make check"),
    ] {
        if !read(document).contains(command) {
            faults.add(Path::new(document), 1, &format!("it must give `{command}`"));
        }
    }
    faults.assert_none();
}

#[test]
fn the_documents_link_to_and_name_files_that_exist() {
    let mut faults = Faults::default();
    for path in files_under(&root(), "md").into_iter().filter(|path| !path.starts_with("tests/fixtures")) {
        let text = read(&path);
        for (number, line) in numbered(&text) {
            for link in links_in(line) {
                let target = link.split('#').next().unwrap_or_default();
                let folder = path.parent().expect("a file has a folder");
                let file =
                    if target.is_empty() { root().join(&path) } else { root().join(folder).join(target) };
                let leads_to_heading = |anchor| {
                    file.extension().is_none_or(|extension| extension != "md")
                        || anchors_of(&std::fs::read_to_string(&file).expect("a file of the checkout"))
                            .any(|heading| heading == anchor)
                };
                let anchor = link.split_once('#').map(|(_, anchor)| anchor);
                if !file.exists() || !anchor.is_none_or(leads_to_heading) {
                    faults.add(&path, number, &format!("the link `{link}` leads nowhere"));
                }
            }
            for named in paths_in(line).filter(|named| !root().join(named).exists()) {
                faults.add(
                    &path,
                    number,
                    &format!("`{named}` does not exist: name the file that took its place"),
                );
            }
        }
    }
    faults.assert_none();
}

#[test]
fn the_book_has_each_page() {
    let summary = Path::new("docs/book/SUMMARY.md");
    let text = read(summary);
    let mut faults = Faults::default();
    for page in files_under(&root().join("docs"), "md") {
        let within = page.strip_prefix("docs").expect("it is below docs");
        // The decisions follow by themselves.
        let is_listed = within.starts_with("adr") || text.contains(&format!("(../{})", within.display()));
        if page != summary && !is_listed {
            faults.add(summary, 1, &format!("the book lacks {}", page.display()));
        }
    }
    faults.assert_none();
}

#[test]
fn the_first_documents_stay_short() {
    let mut faults = Faults::default();
    for (document, lines_max) in LINES_MAX {
        let lines = read(document).lines().count();
        if lines > *lines_max {
            let advice = format!("{lines} lines, and {lines_max} are the limit: move a part into docs/");
            faults.add(Path::new(document), lines, &advice);
        }
    }
    faults.assert_none();
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

/// The anchors of a document's headings, as forges and mdBook make them.
fn anchors_of(document: &str) -> impl Iterator<Item = String> {
    let headings =
        document.lines().filter_map(|line| line.strip_prefix('#')?.trim_start_matches('#').strip_prefix(' '));
    headings.map(|heading| {
        let kept = |letter: &char| letter.is_alphanumeric() || [' ', '-', '_'].contains(letter);
        heading
            .to_lowercase()
            .chars()
            .filter(kept)
            .map(|letter| if letter == ' ' { '-' } else { letter })
            .collect()
    })
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

/// The files and folders of the repository that a line of Markdown names in backticks, from the root.
fn paths_in(line: &str) -> impl Iterator<Item = &str> {
    let is_path = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "_./-".contains(c));
    let named = line.split('`').skip(1).step_by(2).filter(move |text| is_path(text));
    named.filter(|text| FOLDERS.iter().any(|folder| text.starts_with(folder)))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}
