//! The message about many alerts at once: counts by cause, cluster and owner, and the first lines of the most severe.

use std::collections::BTreeMap;

use kigen_model::alert::{Alert, AlertBody};
use kigen_model::objective::Severity;
use kigen_model::slot::CauseKind;

use super::{Message, Tone, owner, render};
use crate::clean::clean;

/// How many alerts have a line.
const LINES_MAX: usize = 10;
/// How many clusters, owners and causes are named.
const NAMES_MAX: usize = 8;

/// The message about these alerts, each with whether it is over.
pub fn render_storm(alerts: &[(&Alert, bool)]) -> Message {
    let over = alerts.iter().filter(|(_, is_over)| *is_over).count();
    let is_over = over == alerts.len();
    let ended = if over == 0 { String::new() } else { format!(", {over} of them are over") };
    let mut paragraphs = vec![
        format!("What: {}.", counts(alerts.iter().map(|(alert, _)| what(alert).to_owned()).collect())),
        format!(
            "Owners: {}.",
            counts(alerts.iter().map(|(alert, _)| owner(alert).unwrap_or("none".to_owned())).collect())
        ),
    ];
    let mut open: Vec<&Alert> =
        alerts.iter().filter(|(_, is_over)| !is_over).map(|(alert, _)| *alert).collect();
    open.sort_by_key(|alert| (rank(alert), alert.decided_at, alert.key.clone()));
    paragraphs.extend(open.iter().take(LINES_MAX).map(|alert| {
        let message = render(alert);
        let brief = message.brief.map_or(String::new(), |brief| format!(": {brief}"));
        format!("• {}{brief}", message.headline)
    }));
    let more = open.len().saturating_sub(LINES_MAX);
    if more > 0 {
        paragraphs.push(format!("and {more} more."));
    }
    paragraphs.push("Each has its message in the thread.".to_owned());
    Message {
        state: if is_over { "Over" } else { "Storm" },
        tone: if is_over { Tone::Recovered } else { Tone::Missed },
        headline: format!("{} alerts at once{ended}", alerts.len()),
        brief: None,
        owner: None,
        context: format!(
            "clusters: {}",
            counts(alerts.iter().map(|(alert, _)| clean(&alert.key.cluster)).collect())
        ),
        paragraphs,
        error: None,
        facts: Vec::new(),
        mentions: Vec::new(),
    }
}

/// How often each name is there, the most frequent first.
fn counts(names: Vec<String>) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let more = counts.len().saturating_sub(NAMES_MAX);
    let named = counts.iter().take(NAMES_MAX).map(|(name, count)| format!("{name} {count}"));
    let mut named: Vec<String> = named.collect();
    if more > 0 {
        named.push(format!("and {more} others"));
    }
    named.join(", ")
}

/// What happened, in a word or two.
fn what(alert: &Alert) -> &'static str {
    match &alert.body {
        AlertBody::SlotMissed { cause, .. } => match cause.kind() {
            CauseKind::CronJobAbsent => "no CronJob",
            CauseKind::Suspended => "suspended",
            CauseKind::Failed => "failed",
            CauseKind::StillRunning => "still running",
            CauseKind::Pending => "waiting",
            CauseKind::NeverStarted => "never started",
            CauseKind::NotObserved => "not observed",
            CauseKind::Expectation => "not as expected",
        },
        AlertBody::SlotAtRisk { .. } => "at risk",
        AlertBody::ExpectationBroken { .. } => "not as expected",
        AlertBody::SlotUnknown { .. } => "unknown",
        AlertBody::RunFailed { .. } => "run failed",
        AlertBody::SlotRecovered { .. } => "recovered",
        AlertBody::SlotRetracted { .. } => "retracted",
        AlertBody::UnknownClosed { .. } => "judged again",
        AlertBody::RiskOver { .. } => "no more at risk",
        AlertBody::BudgetSpent { .. } => "budget spent",
        AlertBody::ClusterSilent { .. } => "cluster silent",
        AlertBody::ClusterStalled(_) => "cluster stalled",
        AlertBody::SilenceOver { .. } => "silence over",
        AlertBody::StallOver { .. } => "stall over",
    }
}

/// The most severe first.
fn rank(alert: &Alert) -> u8 {
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
