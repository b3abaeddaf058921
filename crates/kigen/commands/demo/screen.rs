//! Draws the demo: Slack's messages as they are delivered, beside the errors that a plain error monitor would have raised.

use std::io::Write;

use kigen_calendar::Zone;
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_notifier::render::Message;
use kigen_notifier::terminal::{Style, draw};
use kigen_playback::error_monitor::ErrorSeen;

use super::history::{RECORDED, SHOP, ZONE};

/// The widths of the two columns, in characters.
const SLACK_WIDTH: usize = 74;
const MONITOR_WIDTH: usize = 56;

/// An error that an error monitor would have raised.
pub(super) struct Seen {
    pub(super) cluster: &'static str,
    pub(super) error: ErrorSeen,
}

/// Draws on stdout.
pub(super) struct Screen {
    style: Style,
    zone: Zone,
    /// The errors that are not drawn yet, the latest first.
    pending: Vec<Seen>,
    missed: usize,
    recovered: usize,
    warned: usize,
    errors: usize,
}

impl Screen {
    pub(super) fn new(colours: bool, mut seen: Vec<Seen>) -> Self {
        seen.sort_by_key(|seen| std::cmp::Reverse(seen.error.at));
        let errors = seen.len();
        let zone = Zone::named(ZONE).unwrap_or_else(|_| Zone::utc());
        Self {
            style: Style { colours, width: SLACK_WIDTH },
            zone,
            pending: seen,
            missed: 0,
            recovered: 0,
            warned: 0,
            errors,
        }
    }

    /// Draws the introduction and the heads of the columns.
    pub(super) fn begin(&self) -> anyhow::Result<()> {
        let text = "\
Twenty-three days of a shop, and 27 minutes recorded on a real Kubernetes control plane, pass in under a minute.
Product A (ml/recommend) starts at 08:00 and takes four minutes longer each day.
Product B (dwh/report) reads A's table at 12:00. Nothing of this ever fails.
The bank has statements (billing/statements) on business days only: on other days their import fails, rightly.
Shipper, event log, engine, store and notifier are those of `kigen up`.
";
        let mut out = std::io::stdout().lock();
        writeln!(out, "{text}")?;
        let heads = (self.bold("kigen, in Slack"), self.bold("a plain error monitor"));
        writeln!(out, "{}{}   {}", heads.0, " ".repeat(SLACK_WIDTH - "kigen, in Slack".len()), heads.1)?;
        writeln!(out, "{}   {}", "─".repeat(SLACK_WIDTH), "─".repeat(MONITOR_WIDTH))?;
        Ok(())
    }

    /// Draws a message, beside the errors of the same cluster up to then.
    pub(super) fn message(&mut self, alert: &Alert, message: &Message) -> anyhow::Result<()> {
        match alert.body {
            AlertBody::SlotMissed { .. } => self.missed += 1,
            AlertBody::SlotRecovered { .. } => self.recovered += 1,
            AlertBody::SlotAtRisk { .. } => self.warned += 1,
            AlertBody::SlotRetracted { .. }
            | AlertBody::SlotUnknown { .. }
            | AlertBody::UnknownClosed { .. }
            | AlertBody::RiskOver { .. }
            | AlertBody::ExpectationBroken { .. }
            | AlertBody::RunFailed { .. }
            | AlertBody::ClusterSilent { .. }
            | AlertBody::ClusterStalled(_)
            | AlertBody::BudgetSpent { .. }
            | AlertBody::SilenceOver { .. }
            | AlertBody::StallOver { .. } => {}
        }
        let drawn = draw(message, &self.style);
        let monitor = self.monitor_until(&alert.key.cluster, alert.decided_at);
        self.row(&drawn, &monitor)
    }

    /// Draws the remaining errors and the totals.
    pub(super) fn end(&mut self, location: Option<&str>) -> anyhow::Result<()> {
        let last = self.pending.first().map(|seen| seen.error.at);
        let mut rest = Vec::new();
        for cluster in [SHOP, RECORDED] {
            rest.extend(last.map(|last| self.monitor_until(cluster, last)).unwrap_or_default());
        }
        self.row("", &rest)?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", "─".repeat(SLACK_WIDTH + 3 + MONITOR_WIDTH))?;
        writeln!(
            out,
            "{} deadlines missed and {} recovered, each alerted once, and {} warnings before. The error monitor raised {} \
             errors; none of them shows that\nproduct B read half a table, that a job hung, or that one never started.",
            self.missed, self.recovered, self.warned, self.errors
        )?;
        if let Some(location) = location {
            writeln!(
                out,
                "\nRead its log:\n  kigen status {location}\n  kigen events {location}\n  kigen impact {location} ml/recommend --since \
                 2026-11-16T00:00:00Z    # which runs read half of A's table, and how to repeat them"
            )?;
        }
        Ok(())
    }

    fn monitor_until(&mut self, cluster: &str, until: Instant) -> Vec<String> {
        let mut lines = Vec::new();
        let mut unseen = Vec::new();
        while let Some(seen) = self.pending.pop() {
            if seen.error.at > until {
                unseen.push(seen);
                break;
            }
            if seen.cluster == cluster { lines.push(self.seen_line(&seen)) } else { unseen.push(seen) }
        }
        self.pending.extend(unseen.into_iter().rev());
        shortened(lines)
    }

    fn seen_line(&self, seen: &Seen) -> String {
        let ErrorSeen { at, namespace, batch, what, .. } = &seen.error;
        // The recorded cluster is in UTC.
        let at = if seen.cluster == SHOP { self.zone.local(*at).date_time } else { at.naive_utc() };
        let local = at.format("%d %b %H:%M");
        let what = what.trim_start_matches("container main ended with ");
        let line = format!("{local} {namespace}/{batch}: {what}");
        if line.chars().count() <= MONITOR_WIDTH {
            return line;
        }
        line.chars().take(MONITOR_WIDTH - 1).chain(['…']).collect()
    }

    fn row(&self, slack: &str, monitor: &[String]) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        let slack: Vec<&str> = slack.lines().collect();
        for i in 0..slack.len().max(monitor.len()) {
            let left = slack.get(i).copied().unwrap_or_default();
            let pad = SLACK_WIDTH.saturating_sub(visible_width(left));
            match monitor.get(i) {
                Some(right) => writeln!(out, "{left}{}   {right}", " ".repeat(pad))?,
                None => writeln!(out, "{left}")?,
            }
        }
        writeln!(out)?;
        Ok(())
    }

    fn bold(&self, text: &str) -> String {
        if self.style.colours { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// At most a few lines beside a message; the last gives the number of those left out.
fn shortened(mut lines: Vec<String>) -> Vec<String> {
    const LINES_MAX: usize = 6;
    if lines.len() > LINES_MAX {
        let more = lines.len() - (LINES_MAX - 1);
        lines.truncate(LINES_MAX - 1);
        lines.push(format!("… and {more} more errors"));
    }
    lines
}

/// The width of a line in columns, without its colours.
fn visible_width(line: &str) -> usize {
    let mut width = 0;
    let mut in_escape = false;
    for c in line.chars() {
        match (in_escape, c) {
            (false, '\x1b') => in_escape = true,
            (true, 'm') => in_escape = false,
            (true, _) => {}
            // Emoji are two columns wide.
            (false, '\u{1f000}'..) => width += 2,
            (false, _) => width += 1,
        }
    }
    width
}
