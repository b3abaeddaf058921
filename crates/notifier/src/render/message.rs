//! A message, as it is rendered once for each way of showing it.

use kigen_model::Instant;

use crate::language::{Language, phrase};
use crate::routing::Mention;
use crate::surroundings::Surroundings;

/// The longest piece of an error text, in UTF-16 units after it is escaped for Slack.
const PIECE_UNITS_MAX: usize = 2_800;

/// A message in plain text; text from the cluster in it is sanitized.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The language.
    pub language: Language,
    /// How it stands, in a word or two: what a reader sees first, without colours.
    pub state: String,
    /// The kind of news.
    pub tone: Tone,
    /// The batch, with the objective where it was given a name.
    pub name: String,
    /// What happened, in one line.
    pub headline: String,
    /// The cause in a few words, for the line that a lock screen shows.
    pub brief: Option<String>,
    /// Who is responsible.
    pub owner: Option<String>,
    /// Where and when, in one line.
    pub context: String,
    /// The cause and the history, a paragraph each.
    pub paragraphs: Vec<String>,
    /// What the reader should do first, as long as what it is about goes on.
    pub to_do: Option<String>,
    /// The last error text, in pieces of which each is shown as one.
    pub error: Vec<String>,
    /// All of that text, where a part of it is left out.
    pub whole_error: Option<String>,
    /// Further facts.
    pub facts: Vec<Fact>,
    /// When the latest results came.
    pub chart: Option<Chart>,
    /// Whom it notifies, beside the channel.
    pub mentions: Vec<Mention>,
}

/// When results came, against their deadlines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// What the vertical axis is.
    pub axis: String,
    /// What the line of the results is called.
    pub results: String,
    /// What the line of the deadlines is called.
    pub deadlines: String,
    /// Each deadline's label, all different, and how many minutes after it the result came; before it: less than zero.
    pub points: Vec<(String, i64)>,
}

/// A fact below a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// Its text.
    pub value: String,
    /// How it is shown.
    pub form: Form,
}

/// How a fact is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As it is.
    Text,
    /// As code, to be copied.
    Code,
    /// As a link, if it is an address.
    Address,
}

/// For whom a message is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edition<'a> {
    /// Its language.
    pub language: Language,
    /// When it is delivered: one that is late states its age. `None`: at once.
    pub delivered_at: Option<Instant>,
    /// What is known around the alert.
    pub surroundings: &'a Surroundings,
}

impl Edition<'_> {
    /// In this language, delivered at once, with nothing but the alert.
    #[must_use]
    pub fn of(language: Language) -> Self {
        Self { language, delivered_at: None, surroundings: Surroundings::NONE }
    }
}

/// The kind of news that a message brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// A deadline was missed.
    Missed,
    /// The incident is over, or was none.
    Recovered,
    /// There is no evidence for a verdict.
    Unknown,
    /// A run failed.
    Failed,
    /// A deadline that has not passed may be missed.
    AtRisk,
}

impl Message {
    /// The message with a reference to another one.
    #[must_use]
    pub(crate) fn linked_to(mut self, label: &str, address: &str) -> Self {
        self.facts.push(fact(self.language, label, address.to_owned(), Form::Address));
        self
    }

    /// A message that has nothing else.
    pub(super) fn bare(language: Language, state: String, tone: Tone, headline: String) -> Self {
        Self {
            language,
            state,
            tone,
            name: String::new(),
            headline,
            brief: None,
            owner: None,
            context: String::new(),
            paragraphs: Vec::new(),
            to_do: None,
            error: Vec::new(),
            whole_error: None,
            facts: Vec::new(),
            chart: None,
            mentions: Vec::new(),
        }
    }

    /// The message, notifying these: not where a person has nothing to do.
    #[must_use]
    pub(crate) fn notifying(mut self, mentions: &[Mention]) -> Self {
        if self.tone != Tone::Recovered {
            self.mentions = mentions.to_vec();
        }
        self
    }

    /// The message in its thread that has the whole error text, if this one has a part of it.
    pub(crate) fn with_whole_error(&self) -> Option<Self> {
        let whole = self.whole_error.as_ref()?;
        Some(Self {
            headline: phrase!(self.language, "whole-error-headline", name = &self.name),
            brief: None,
            paragraphs: Vec::new(),
            to_do: None,
            error: pieces(whole),
            whole_error: None,
            facts: Vec::new(),
            chart: None,
            mentions: Vec::new(),
            ..self.clone()
        })
    }

    /// The message without its chart.
    pub(crate) fn without_chart(&self) -> Self {
        Self { chart: None, ..self.clone() }
    }

    /// The message with a note before everything else.
    #[must_use]
    pub(crate) fn noted(mut self, note: &str) -> Self {
        self.paragraphs.insert(0, note.to_owned());
        self
    }
}

/// A fact with the label of this id.
pub(super) fn fact(language: Language, label: &str, value: String, form: Form) -> Fact {
    Fact { label: phrase!(language, label), value, form }
}

/// A text in pieces of whole lines; a line that is longer than a piece is in several.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut left = PIECE_UNITS_MAX;
    for line in text.split_inclusive('\n') {
        let is_whole = units(line) <= PIECE_UNITS_MAX;
        if is_whole && units(line) > left {
            pieces.push(String::new());
            left = PIECE_UNITS_MAX;
        }
        for c in line.chars() {
            if weight(c) > left {
                pieces.push(String::new());
                left = PIECE_UNITS_MAX;
            }
            left -= weight(c);
            if let Some(last) = pieces.last_mut() {
                last.push(c);
            }
        }
    }
    pieces
        .iter()
        .map(|piece| piece.trim_end_matches('\n').to_owned())
        .filter(|piece| !piece.is_empty())
        .collect()
}

fn units(text: &str) -> usize {
    text.chars().map(weight).sum()
}

/// How long a character is in a message, of which some are escaped.
fn weight(c: char) -> usize {
    match c {
        '&' => "&amp;".len(),
        '<' | '>' => "&lt;".len(),
        _ => c.len_utf16(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_in_pieces_that_fit_and_have_all_of_it() {
        for text in
            ["a line of text\n".repeat(400), "<&>\n".repeat(900), "x".repeat(9_000), "🔴&".repeat(900)]
        {
            let all = pieces(&text);
            assert!(all.iter().all(|piece| units(piece) <= PIECE_UNITS_MAX), "{text:.20}");
            let lost = |text: &str| text.replace('\n', "");
            assert_eq!(lost(&all.concat()), lost(&text), "{text:.20}");
        }
        assert_eq!(pieces("a\n b\n"), ["a\n b"]);
        let lines = format!("{}\nlast", "x".repeat(PIECE_UNITS_MAX - 2));
        assert_eq!(pieces(&lines).last().map(String::as_str), Some("last"), "no line is cut that fits");
    }
}
