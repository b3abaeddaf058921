//! Plain technical English: the words of a private dialect do not come back.
//!
//! A newcomer who reads "whoever heard it" must ask who; "the consumer that received it" needs no translation. Each word
//! below hides a noun or a verb of the field. `REMAINING` lists the places where one is right, such as a quotation of a
//! text that alerts promise; its counts may only fall.

use std::collections::BTreeMap;
use std::path::Path;

use crate::sources::{Faults, Source, files_under, read, root};

/// The words, and what to write instead.
const WORDS: &[(&str, &str)] = &[
    ("anybody", "any caller, any user"),
    ("hear", "receive, observe"),
    ("heard", "received, observed"),
    ("hearing", "receiving"),
    ("hears", "receives, observes"),
    ("nobody", "no caller, no process, no user; or the passive"),
    ("said", "emitted, logged, reported, written"),
    ("say", "state, report, write, set"),
    ("saying", "stating, reporting, writing"),
    ("says", "states, reports, sets, describes"),
    ("somebody", "a user, a person, another process"),
    ("tell", "report, notify, log, return, distinguish"),
    ("telling", "reporting, notifying"),
    ("tells", "reports, returns, shows"),
    ("told", "emitted, logged, reported, notified"),
    ("untold", "suppressed, unrouted, unreported"),
    ("whoever", "the caller, the process that"),
    ("whomever", "the caller, the process that"),
];

/// Where a word of the list is right, and how often it occurs there: texts of alerts and warnings that stories hold, the
/// stories' own grammar, data of golden files, and former names in the changelog.
const REMAINING: &[(&str, usize)] = &[
    ("CHANGELOG.md", 4),
    ("crates/engine/src/deadlines.rs", 2),
    ("crates/engine/src/judge.rs", 1),
    ("crates/engine/tests/engine/lint.rs", 2),
    ("crates/engine/tests/engine/story.rs", 4),
    ("crates/engine/tests/engine/story/render.rs", 3),
    ("crates/wire/tests/wire/history.rs", 1),
    ("crates/wire/tests/wire/samples.rs", 1),
    ("tests/kigen/objectives.rs", 1),
];

/// The words of a thousand comment lines that may be of the list, over all crates.
const PER_THOUSAND_COMMENT_LINES_MAX: usize = 5;

#[test]
fn no_file_has_more_words_of_the_dialect_than_listed() {
    let remaining: BTreeMap<&str, usize> = REMAINING.iter().copied().collect();
    let mut faults = Faults::default();
    for source in sources() {
        let found: Vec<(usize, String)> = found_in(&source).collect();
        let allowed = remaining.get(source.path.to_string_lossy().as_ref()).copied().unwrap_or_default();
        if found.len() > allowed {
            for (line, word) in found {
                let (_, instead) =
                    WORDS.iter().find(|(listed, _)| *listed == word).expect("it was found by the list");
                faults.add(&source.path, line, &format!("`{word}`: write {instead}"));
            }
        } else if found.len() < allowed {
            let advice = format!("only {} of {allowed} remain: lower its count in REMAINING", found.len());
            faults.add(&source.path, 1, &advice);
        }
    }
    for (path, _) in remaining.iter().filter(|(path, _)| !root().join(path).exists()) {
        faults.add(Path::new(path), 1, "the file is gone: remove it from REMAINING");
    }
    faults.assert_none();
}

#[test]
fn comments_are_in_plain_technical_english() {
    let is_comment = |line: &str| line.trim_start().starts_with("//");
    let (mut comment_lines, mut words) = (0, 0);
    for source in sources().iter().filter(|source| source.path.extension().is_some_and(|it| it == "rs")) {
        for line in source.text.lines().filter(|line| is_comment(line)) {
            comment_lines += 1;
            words += words_in(line).count();
        }
    }
    println!("{words} words of the dialect in {comment_lines} comment lines");
    assert!(
        words * 1000 <= comment_lines * PER_THOUSAND_COMMENT_LINES_MAX,
        "{words} words of the dialect in {comment_lines} comment lines; {PER_THOUSAND_COMMENT_LINES_MAX} in 1,000 are the limit"
    );
}

/// Code, documents and configuration; not fixtures and stories, which are quoted, nor this list.
fn sources() -> Vec<Source> {
    let kinds = ["rs", "md", "toml", "yaml", "py", "sh"];
    let of_kinds = kinds.iter().flat_map(|kind| files_under(&root(), kind));
    let others = ["Makefile", ".ci/run", "deploy/Dockerfile"].map(Into::into);
    of_kinds
        .chain(others)
        .filter(|path| !path.starts_with("tests/fixtures") && !path.ends_with("tests/tidy/words.rs"))
        .map(|path| Source { text: read(&path), path })
        .collect()
}

fn found_in(source: &Source) -> impl Iterator<Item = (usize, String)> {
    source.numbered_lines().flat_map(|(number, line)| words_in(line).map(move |word| (number, word)))
}

/// The listed words of a line, those within names such as `was_told` and `ToldOnce` included.
fn words_in(line: &str) -> impl Iterator<Item = String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for c in line.chars().chain([' ']) {
        let begins_a_part = c.is_uppercase() && word.chars().last().is_some_and(char::is_lowercase);
        if (begins_a_part || !c.is_alphabetic()) && !word.is_empty() {
            words.push(std::mem::take(&mut word).to_lowercase());
        }
        if c.is_alphabetic() {
            word.push(c);
        }
    }
    words.into_iter().filter(|word| WORDS.iter().any(|(listed, _)| listed == word))
}

#[test]
fn words_are_found_in_prose_and_in_names() {
    let found = |line| words_in(line).collect::<Vec<_>>();
    assert_eq!(found("/// Whoever heard it"), ["whoever", "heard"]);
    assert_eq!(found("fn was_told(Untold: NobodyTold)"), ["told", "untold", "nobody", "told"]);
    assert!(found("essays foretold hearsay").is_empty());
}
