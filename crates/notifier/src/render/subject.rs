//! What a message is rendered of.

use kigen_model::Instant;
use kigen_model::alert::Alert;
use kigen_model::objective::ANNOTATED_OBJECTIVE;

use super::message::{Message, Tone};
use crate::clean::clean;
use crate::language::{Language, phrase};
use crate::surroundings::Surroundings;
use crate::time_text::TimeFormatter;

/// An alert, and for whom it is rendered.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) alert: &'a Alert,
    pub(super) language: Language,
    pub(super) surroundings: &'a Surroundings,
}

impl Subject<'_> {
    /// Times in the zone of the objective, with the day of `today` as today.
    pub(super) fn times(self, today: Instant) -> TimeFormatter {
        TimeFormatter::new(self.language, zone(self.alert), today)
    }

    /// A message with what each has.
    pub(super) fn message(self, state: &str, tone: Tone, headline: String) -> Message {
        Message {
            name: name_of_objective(self),
            owner: owner(self.alert),
            ..Message::bare(self.language, phrase!(self.language, state), tone, headline)
        }
    }
}

pub(super) fn owner(alert: &Alert) -> Option<String> {
    alert.objective.as_ref().and_then(|objective| objective.owner.as_deref()).map(clean)
}

/// The time zone of a message.
pub(super) fn zone(alert: &Alert) -> &str {
    alert.objective.as_ref().map_or("UTC", |objective| &objective.time_zone)
}

pub(super) fn name(alert: &Alert) -> String {
    clean(&format!("{}/{}", alert.key.namespace, alert.key.batch))
}

/// The name, with that of the objective where it was given one: a batch may have several.
pub(super) fn name_of_objective(of: Subject<'_>) -> String {
    let name = name(of.alert);
    match of.alert.objective.as_ref().filter(|objective| objective.name != ANNOTATED_OBJECTIVE) {
        Some(objective) => {
            phrase!(of.language, "name-of-objective", name = name, objective = clean(&objective.name))
        }
        None => name,
    }
}
