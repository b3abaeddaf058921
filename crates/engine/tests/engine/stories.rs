//! Plays the stories: text files with the events of a batch and the effects that follow.
//!
//! A story is one file in `tests/stories/`: its first line is its title, then come the events, one per line, and after
//! `---` the effects. `UPDATE_EXPECT=1 cargo test -p kigen-engine --test engine stories` rewrites the second part.

use std::path::PathBuf;

use crate::story::play;

#[test]
fn every_story_has_the_effects_that_it_lists() {
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
        let events = text.split_once("---\n").map_or(text.as_str(), |(events, _)| events);
        let effects = play(events).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
        expect_test::expect_file![path].assert_eq(&format!("{events}---\n{effects}"));
    }
}
