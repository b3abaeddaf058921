//! The message about what quiet hours held back: what goes on, the most severe first, and what is over.

use kigen_model::Instant;
use kigen_model::alert::Alert;

use super::content;
use super::message::{Message, Tone};
use super::storm::{clusters, lines, rank, what_and_whose};
use super::subject::{Subject, zone};
use crate::language::{Language, phrase};
use crate::surroundings::Surroundings;
use crate::time_text::TimeFormatter;

/// How many alerts that go on have a line, and how many that are over.
const OPEN_LINES_MAX: usize = 30;
const OVER_LINES_MAX: usize = 15;

/// The message about these alerts, each with what ended it, of quiet hours until then, by the clock of a zone; `None`: that of the
/// first alert. `has_thread`: each has a message in its thread.
#[must_use]
pub fn render_digest(
    alerts: &[(&Alert, Option<&Alert>)],
    (until, zone_of_hours): (Instant, Option<&str>),
    language: Language,
    has_thread: bool,
) -> Message {
    let all = || alerts.iter().map(|(alert, _)| *alert);
    let zone = zone_of_hours.or_else(|| all().next().map(zone)).unwrap_or("UTC");
    let times = TimeFormatter::new(language, zone, until);
    let mut open: Vec<&Alert> =
        alerts.iter().filter(|(_, ended_by)| ended_by.is_none()).map(|(alert, _)| *alert).collect();
    open.sort_by_key(|alert| (rank(alert), alert.decided_at, alert.key.clone()));
    let over: Vec<&Alert> = alerts.iter().filter_map(|(_, ended_by)| *ended_by).collect();
    let mut paragraphs = what_and_whose(all(), language);
    if !open.is_empty() {
        paragraphs.push(phrase!(language, "digest-open"));
        paragraphs.extend(lines(&open, OPEN_LINES_MAX, language));
    }
    if !over.is_empty() {
        paragraphs.push(phrase!(language, "digest-over"));
        paragraphs.extend(lines(&over, OVER_LINES_MAX, language));
    }
    if has_thread {
        paragraphs.push(phrase!(language, "storm-thread"));
    }
    let worst =
        open.first().map(|alert| content(Subject { alert, language, surroundings: Surroundings::NONE }));
    let headline = phrase!(
        language,
        "digest-headline",
        alerts = alerts.len(),
        over = over.len(),
        until = times.clock(until),
        zone = times.zone(),
    );
    let tone = worst.map_or(Tone::Recovered, |worst| worst.tone);
    let context = clusters(all(), language);
    Message {
        context,
        paragraphs,
        ..Message::bare(language, phrase!(language, "state-digest"), tone, headline)
    }
}
