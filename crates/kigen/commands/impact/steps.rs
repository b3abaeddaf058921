//! The plan as CSV: a row for each step.

use super::findings::Findings;
use crate::output::text;

/// The steps, with a header.
pub(super) fn csv(of: &Findings) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "step",
        "wave",
        "after",
        "cluster",
        "namespace",
        "batch",
        "slot",
        "certain",
        "median_s",
        "slow_s",
        "done_at",
        "done_at_slow",
        "job",
        "command",
    ])?;
    for ((nth, step), repetition) in (1..).zip(&of.plan.steps).zip(&of.repetitions) {
        let after: Vec<String> = step.after.iter().map(|place| (place + 1).to_string()).collect();
        let seconds =
            |of: Option<chrono::TimeDelta>| of.map_or(String::new(), |of| of.num_seconds().to_string());
        let row: [String; 14] = [
            usize::to_string(&nth),
            (step.wave + 1).to_string(),
            after.join(" "),
            step.batch.cluster.clone(),
            step.batch.namespace.clone(),
            step.batch.batch.clone(),
            text(step.mark),
            step.is_certain.to_string(),
            seconds(step.usual.map(|usual| usual.median)),
            seconds(step.usual.map(|usual| usual.slow)),
            text(of.until + step.done_after),
            text(of.until + step.done_after_slow),
            repetition.job.clone(),
            repetition.command.clone(),
        ];
        writer.write_record(row)?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}
