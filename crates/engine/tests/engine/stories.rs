//! Plays the stories: text files that say what happens to a batch and when, and then what kigen says.
//!
//! A story is one file in `stories/`: its first line is its title, then come the events, one a line, and after `---`
//! what is said. `UPDATE_EXPECT=1 cargo test -p kigen-engine --test engine stories` writes the second part anew.

use std::path::PathBuf;

#[test]
fn every_story_ends_as_it_is_told() {
    // Cargo runs a test in its package's folder; a relative path would be taken as relative to this file.
    let dir = std::path::absolute("tests/stories").expect("the working directory");
    let list = |dir: &PathBuf| {
        let entries = std::fs::read_dir(dir).expect("the stories' folder is readable");
        entries.map(|entry| entry.expect("an entry of the stories' folder").path()).collect::<Vec<_>>()
    };
    let mut paths: Vec<PathBuf> = list(&dir).iter().flat_map(list).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no stories in {}", dir.display());
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a story is readable");
        let told = text.split_once("---\n").map_or(text.as_str(), |(told, _)| told);
        let said = crate::story::play(told).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
        expect_test::expect_file![path].assert_eq(&format!("{told}---\n{said}"));
    }
}
