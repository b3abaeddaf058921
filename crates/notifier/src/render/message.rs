//! A message, as it is rendered once for each way of showing it.

use kigen_model::Instant;

use crate::language::{Language, phrase};
use crate::routing::Mention;
use crate::surroundings::Surroundings;

/// The longest piece of an error text, in characters.
const PIECE_CHARS_MAX: usize = 2_000;

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

/// A text in pieces of whole lines, where they are not too long.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for line in text.lines() {
        let chars: Vec<char> = line.chars().collect();
        let parts: Vec<String> = match chars.is_empty() {
            true => vec![String::new()],
            false => chars.chunks(PIECE_CHARS_MAX).map(|part| part.iter().collect()).collect(),
        };
        for part in parts {
            let last = pieces.last_mut().filter(|last| {
                last.is_empty() || last.chars().count() + 1 + part.chars().count() <= PIECE_CHARS_MAX
            });
            match last {
                Some(last) if last.is_empty() => last.push_str(&part),
                Some(last) => {
                    last.push('\n');
                    last.push_str(&part);
                }
                None => pieces.push(part),
            }
        }
    }
    pieces
}
