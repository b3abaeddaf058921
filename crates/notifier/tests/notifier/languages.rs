//! A message of each kind in each language, as a person on call reads it.

use expect_test::expect_file;
use kigen_notifier::language::Language;
use kigen_notifier::render::Message;
use kigen_notifier::samples::samples;
use kigen_notifier::terminal::{Style, draw};

/// Each message with its state, its lock screen's words and its replies.
fn drawn(language: Language) -> String {
    let draw = |message: &Message| {
        let brief = message.brief.as_deref().unwrap_or("-");
        let style = Style { colours: false, width: 110 };
        format!("[{}] {brief}\n{}", message.state, draw(message, &style))
    };
    let sample = |name: &str, messages: &[Message]| {
        let messages: Vec<String> = messages.iter().map(draw).collect();
        format!("# {name}\n{}\n", messages.join("in its thread:\n"))
    };
    samples().iter().map(|it| sample(it.name, &it.messages(language))).collect()
}

#[test]
fn each_kind_of_message_in_english() {
    expect_file!["golden/messages.en.txt"].assert_eq(&drawn(Language::ENGLISH));
}

#[test]
fn each_kind_of_message_in_japanese() {
    let japanese = Language::named("ja").expect("there is Japanese");
    expect_file!["golden/messages.ja.txt"].assert_eq(&drawn(japanese));
}

/// What a cluster wrote is as it was written; what kigen writes is in one language.
#[test]
fn a_japanese_message_has_no_english_sentence() {
    let japanese = Language::named("ja").expect("there is Japanese");
    for sample in samples() {
        for message in sample.messages(japanese) {
            let Message { state, headline, context, paragraphs, to_do, facts, .. } = &message;
            let labels = facts.iter().map(|fact| &fact.label);
            for text in [state, headline, context].into_iter().chain(paragraphs).chain(to_do).chain(labels) {
                let words = text.split(|c: char| !c.is_ascii_alphabetic());
                let english = words.filter(|word| {
                    ["the", "is", "of", "it", "and", "at", "was", "Look", "Owner"].contains(word)
                });
                // Words of an image registry, a database, and Slack.
                let of_cluster = text.contains("failed to pull image")
                    || text.contains("connect to server")
                    || text.contains("is_archived");
                assert!(of_cluster || english.count() == 0, "{}: {text}", sample.name);
            }
        }
    }
}

/// A name is found by its tag, and there is no other.
#[test]
fn a_language_is_named_by_its_tag() {
    assert_eq!(Language::all().map(Language::tag).collect::<Vec<_>>(), ["en", "ja"]);
    assert_eq!(Language::named("en"), Some(Language::ENGLISH));
    assert_eq!(Language::named("JA").or(Language::named("english")), None);
}

/// As long as something is to be done, and no longer.
#[test]
fn a_miss_and_a_warning_state_what_to_do_and_what_is_over_does_not() {
    for language in Language::all() {
        for sample in samples() {
            let message = sample.messages(language).remove(0);
            let is_over = ["recovered", "retracted", "judged", "storm", "digest"]
                .iter()
                .any(|over| sample.name.starts_with(over))
                || sample.name.ends_with("-over");
            // A known error has it in its own line.
            let is_known = ["missed-out-of-memory", "missed-node-drained", "missed-image-not-found"];
            let has_to_do = message.to_do.is_some();
            assert_eq!(
                has_to_do,
                !is_over && !is_known.contains(&sample.name),
                "{language:?}: {}",
                sample.name
            );
        }
    }
}
