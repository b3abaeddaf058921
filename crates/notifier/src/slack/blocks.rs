//! A message as Slack's blocks, and as the line that a phone's lock screen shows. Pure.

use kigen_text::error::shown;
use slack_morphism::prelude::*;

use crate::clean::{escape, escape_code};
use crate::render::{Message, Tone};

/// The most characters of a section's text (Slack's limit is 3,000).
const SECTION_CHARS_MAX: usize = 2_900;

/// The text of notifications, which show no blocks.
pub(super) fn fallback(message: &Message) -> String {
    format!("{} {} ({})", mark(message.tone), escape(&message.headline), escape(&message.context))
}

fn mark(tone: Tone) -> &'static str {
    match tone {
        Tone::Missed => ":red_circle:",
        Tone::Recovered => ":large_green_circle:",
        Tone::Unknown => ":large_yellow_circle:",
        Tone::Failed => ":large_orange_circle:",
    }
}

/// One section each for the headline, the paragraphs, the error and the facts.
pub(super) fn blocks(message: &Message) -> Vec<SlackBlock> {
    let head =
        format!("{} *{}*\n{}", mark(message.tone), escape(&message.headline), escape(&message.context));
    let mut sections = vec![head];
    sections.push(message.paragraphs.iter().map(|text| escape(text)).collect::<Vec<_>>().join("\n"));
    sections.extend(message.error.as_ref().map(|error| format!("```{}```", fitting(error))));
    let facts = message.facts.iter().map(|(label, value)| match *label {
        // A crontab's asterisks would make it bold.
        "Look" | "Objective" => format!("*{label}:* `{}`", escape_code(value)),
        _ => format!("*{label}:* {}", escape(value)),
    });
    sections.push(facts.collect::<Vec<_>>().join("\n"));
    let section = |text: String| {
        let text: String = text.chars().take(SECTION_CHARS_MAX).collect();
        SlackBlock::Section(
            SlackSectionBlock::new().with_text(SlackBlockText::MarkDown(SlackBlockMarkDownText::new(text))),
        )
    };
    sections.into_iter().filter(|text| !text.is_empty()).map(section).collect()
}

/// The lines of an error that explain most and fit into a section's code block after escaping, which makes a text up to
/// five times as long.
fn fitting(error: &str) -> String {
    let max = SECTION_CHARS_MAX - "``````".len();
    let escaped = escape_code(error);
    if escaped.chars().count() <= max { escaped } else { escape_code(&shown(error, max / "&amp;".len())) }
}
