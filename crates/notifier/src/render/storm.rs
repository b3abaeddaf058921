//! The message about many alerts at once: counts by cause, cluster and owner, and the first lines of the most severe.

use std::collections::BTreeMap;

use kigen_model::alert::{Alert, AlertBody};
use kigen_model::objective::Severity;
use kigen_model::slot::CauseKind;

use super::content;
use super::message::{Message, Tone};
use super::subject::{Subject, owner};
use crate::clean::clean;
use crate::language::{Language, phrase};
use crate::surroundings::Surroundings;

/// How many alerts have a line.
const LINES_MAX: usize = 10;
/// How many clusters, owners and causes are named.
const NAMES_MAX: usize = 8;

/// The message about these alerts, each with whether it is over.
#[must_use]
pub fn render_storm(alerts: &[(&Alert, bool)], language: Language) -> Message {
    let over = alerts.iter().filter(|(_, is_over)| *is_over).count();
    let is_over = over == alerts.len();
    let mut paragraphs = what_and_whose(alerts.iter().map(|(alert, _)| *alert), language);
    let mut open: Vec<&Alert> =
        alerts.iter().filter(|(_, is_over)| !is_over).map(|(alert, _)| *alert).collect();
    open.sort_by_key(|alert| (rank(alert), alert.decided_at, alert.key.clone()));
    paragraphs.extend(lines(&open, LINES_MAX, language));
    paragraphs.push(phrase!(language, "storm-thread"));
    let state = if is_over { phrase!(language, "state-over") } else { phrase!(language, "state-storm") };
    let tone = if is_over { Tone::Recovered } else { Tone::Missed };
    let headline = match over {
        0 => phrase!(language, "storm-headline", alerts = alerts.len()),
        _ => phrase!(language, "storm-headline-over", alerts = alerts.len(), over = over),
    };
    let context = clusters(alerts.iter().map(|(alert, _)| *alert), language);
    Message { context, paragraphs, ..Message::bare(language, state, tone, headline) }
}

/// Counts of what happened, and of the owners.
pub(super) fn what_and_whose<'a>(
    alerts: impl Iterator<Item = &'a Alert> + Clone,
    language: Language,
) -> Vec<String> {
    let owner_of = |alert: &Alert| owner(alert).unwrap_or_else(|| phrase!(language, "no-owner"));
    let what = alerts.clone().map(|alert| phrase!(language, what(alert)));
    let owners = alerts.map(owner_of);
    vec![
        phrase!(language, "storm-what", counts = counts(language, what)),
        phrase!(language, "storm-owners", counts = counts(language, owners)),
    ]
}

/// The line with the clusters.
pub(super) fn clusters<'a>(alerts: impl Iterator<Item = &'a Alert>, language: Language) -> String {
    let clusters = counts(language, alerts.map(|alert| clean(&alert.key.cluster)));
    phrase!(language, "context-clusters", clusters = clusters)
}

/// A line for each of these alerts, up to so many.
pub(super) fn lines(alerts: &[&Alert], lines_max: usize, language: Language) -> Vec<String> {
    let line = |alert: &&Alert| {
        let Message { headline, brief, .. } =
            content(Subject { alert, language, surroundings: Surroundings::NONE });
        match brief {
            Some(cause) => phrase!(language, "storm-line-with-cause", headline = headline, cause = cause),
            None => phrase!(language, "storm-line", headline = headline),
        }
    };
    let mut lines: Vec<String> = alerts.iter().take(lines_max).map(line).collect();
    let more = alerts.len().saturating_sub(lines_max);
    if more > 0 {
        lines.push(phrase!(language, "storm-more", more = more));
    }
    lines
}

/// How often each name is there, the most frequent first.
fn counts(language: Language, names: impl Iterator<Item = String>) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let others = counts.len().saturating_sub(NAMES_MAX);
    let named = counts.into_iter().take(NAMES_MAX);
    let named = named.map(|(name, count)| phrase!(language, "storm-count", name = name, count = count));
    let shown = language.list(&named.collect::<Vec<_>>());
    if others > 0 { phrase!(language, "and-others", shown = shown, others = others) } else { shown }
}

/// What happened, in a word or two.
fn what(alert: &Alert) -> &'static str {
    match &alert.body {
        AlertBody::SlotMissed { cause, .. } => match cause.kind() {
            CauseKind::CronJobAbsent => "what-no-cron-job",
            CauseKind::Suspended => "what-suspended",
            CauseKind::Failed => "what-failed",
            CauseKind::StillRunning => "what-still-running",
            CauseKind::Pending => "what-pending",
            CauseKind::NeverStarted => "what-never-started",
            CauseKind::NotObserved => "what-not-observed",
            CauseKind::Expectation => "what-not-as-expected",
        },
        AlertBody::SlotAtRisk { .. } => "what-at-risk",
        AlertBody::ExpectationBroken { .. } => "what-not-as-expected",
        AlertBody::SlotUnknown { .. } => "what-unknown",
        AlertBody::RunFailed { .. } => "what-run-failed",
        AlertBody::SlotRecovered { .. } => "what-recovered",
        AlertBody::SlotRetracted { .. } => "what-retracted",
        AlertBody::UnknownClosed { .. } => "what-judged-again",
        AlertBody::RiskOver { .. } => "what-risk-over",
        AlertBody::BudgetSpent { .. } => "what-budget-spent",
        AlertBody::ClusterSilent { .. } => "what-cluster-silent",
        AlertBody::ClusterStalled(_) => "what-cluster-stalled",
        AlertBody::SilenceOver { .. } => "what-silence-over",
        AlertBody::StallOver { .. } => "what-stall-over",
    }
}

/// The most severe first.
pub(super) fn rank(alert: &Alert) -> u8 {
    let is_warning =
        alert.objective.as_ref().is_some_and(|objective| objective.severity == Severity::Warning);
    match &alert.body {
        AlertBody::ClusterSilent { .. } | AlertBody::ClusterStalled(_) => 0,
        AlertBody::SlotMissed { .. } if !is_warning => 0,
        AlertBody::SlotMissed { .. } => 1,
        AlertBody::RunFailed { .. } => 2,
        AlertBody::SlotUnknown { .. } => 3,
        AlertBody::SlotAtRisk { .. }
        | AlertBody::ExpectationBroken { .. }
        | AlertBody::BudgetSpent { .. } => 4,
        AlertBody::SlotRecovered { .. }
        | AlertBody::SlotRetracted { .. }
        | AlertBody::UnknownClosed { .. }
        | AlertBody::RiskOver { .. }
        | AlertBody::SilenceOver { .. }
        | AlertBody::StallOver { .. } => 5,
    }
}
