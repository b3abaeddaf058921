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
            let Message { state, headline, context, paragraphs, facts, .. } = &message;
            let labels = facts.iter().map(|fact| &fact.label);
            for text in [state, headline, context].into_iter().chain(paragraphs).chain(labels) {
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
