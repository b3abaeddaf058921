//! The list of hand-made bugs: each still changes one place of the sources.

use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
struct List {
    mutant: Vec<Mutant>,
}

#[derive(Deserialize)]
struct Mutant {
    name: String,
    file: String,
    old: String,
    new: String,
}

#[test]
fn each_hand_made_bug_changes_one_place_of_the_sources() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |path: &str| std::fs::read_to_string(root.join(path)).expect("a file of the repository");
    let List { mutant: mutants } =
        toml::from_str(&read("crates/simulator/mutants/mutants.toml")).expect("the list");
    assert!(mutants.len() >= 30, "{} are too few", mutants.len());
    let stale = mutants
        .iter()
        .filter(|mutant| read(&mutant.file).matches(&mutant.old).count() != 1 || mutant.old == mutant.new);
    let stale: Vec<&str> = stale.map(|mutant| mutant.name.as_str()).collect();
    assert!(stale.is_empty(), "their sources have changed, mend the list: {stale:#?}");
}
