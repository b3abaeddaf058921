//! The impact and the plan as a picture: on the left the affected runs as they were, on the right their repetitions as planned.

use std::collections::BTreeMap;
use std::fmt::Write;

use kigen_lineage::history::End;
use kigen_lineage::impact::Affected;
use kigen_model::Instant;
use kigen_model::key::BatchKey;

use super::findings::Findings;
use crate::output::text;

/// In pixels.
const NAMES_WIDTH: f64 = 220.0;
const PANEL_WIDTH: f64 = 480.0;
const MARGIN: f64 = 20.0;
const HEAD_HEIGHT: f64 = 60.0;
const LANE_HEIGHT: f64 = 26.0;
const BAR_HEIGHT: f64 = 14.0;
/// A bar of a short run is still visible.
const BAR_WIDTH_MIN: f64 = 2.0;

const AFFECTED: &str = "#c0392b";
const POSSIBLY: &str = "#e67e22";
const PLANNED: &str = "#2471a3";
const SLOW: &str = "#aed6f1";

/// A time on the picture.
struct Panel {
    left: f64,
    from: Instant,
    to: Instant,
}

impl Panel {
    fn x(&self, at: Instant) -> f64 {
        let whole = (self.to - self.from).num_seconds().max(1) as f64;
        self.left + PANEL_WIDTH * (at - self.from).num_seconds() as f64 / whole
    }

    fn bar(&self, lane: f64, from: Instant, to: Instant, colour: &str, title: &str) -> String {
        let (x, width) = (self.x(from), (self.x(to) - self.x(from)).max(BAR_WIDTH_MIN));
        format!(
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{BAR_HEIGHT}\" fill=\"{colour}\"><title>{}</title></rect>\n",
            lane + (LANE_HEIGHT - BAR_HEIGHT) / 2.0,
            escaped(title)
        )
    }

    fn heading(&self, title: &str) -> String {
        let (left, right) = (self.left, self.left + PANEL_WIDTH);
        let label = |x: f64, y: f64, anchor: &str, label: &str| {
            format!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{}</text>\n", escaped(label))
        };
        format!(
            "{}{}{}",
            label(left, 22.0, "start", title),
            label(left, 44.0, "start", &text(self.from)),
            label(right, 44.0, "end", &text(self.to))
        )
    }
}

/// The picture as SVG.
pub(super) fn findings(of: &Findings) -> String {
    let mut lanes: BTreeMap<&BatchKey, f64> = BTreeMap::new();
    let batches = of.impact.affected.iter().map(|affected| &affected.batch);
    for batch in batches.chain(of.plan.steps.iter().map(|step| &step.batch)) {
        lanes.insert(batch, 0.0);
    }
    let mut bottom = HEAD_HEIGHT;
    for lane in lanes.values_mut() {
        *lane = bottom;
        bottom += LANE_HEIGHT;
    }
    let first = of.impact.affected.iter().filter_map(|affected| affected.run.start.earliest()).min();
    let left = MARGIN + NAMES_WIDTH;
    let happened = Panel { left, from: first.unwrap_or(of.until), to: of.until };
    let (_, slow) = of.plan.takes();
    let planned = Panel { left: left + PANEL_WIDTH + MARGIN, from: of.until, to: of.until + slow };
    let (width, height) = (planned.left + PANEL_WIDTH + MARGIN, bottom + MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    out.push_str(&happened.heading("affected and not repeated (orange: possibly)"));
    out.push_str(&planned.heading("to be repeated (light: with slow runs)"));
    for (batch, lane) in &lanes {
        let _ = writeln!(
            out,
            "<text x=\"{MARGIN}\" y=\"{}\">{}/{}</text>",
            lane + LANE_HEIGHT * 0.65,
            escaped(&batch.namespace),
            escaped(&batch.batch)
        );
    }
    for affected in &of.impact.affected {
        out.push_str(&past_bar(affected, lanes[&affected.batch], &happened));
    }
    for (step, repetition) in of.plan.steps.iter().zip(&of.repetitions) {
        let lane = lanes[&step.batch];
        let took = step.usual.map(|usual| (usual.median, usual.slow)).unwrap_or_default();
        let (end, slow_end) = (of.until + step.done_after, of.until + step.done_after_slow);
        out.push_str(&planned.bar(lane, slow_end - took.1, slow_end, SLOW, &repetition.job));
        out.push_str(&planned.bar(lane, end - took.0, end, PLANNED, &repetition.job));
    }
    out.push_str("</svg>\n");
    out
}

fn past_bar(of: &Affected, lane: f64, panel: &Panel) -> String {
    let Some(start) = of.run.start.earliest() else { return String::new() };
    let end = match of.run.end {
        End::Open => panel.to,
        End::Good(at) | End::Failed(at) | End::Gone(_, at) => at,
    };
    let colour = if of.doubt.is_none() { AFFECTED } else { POSSIBLY };
    panel.bar(lane, start, end, colour, &of.run.job)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
