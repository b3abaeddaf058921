//! The states of all batches, read from `kigen.status`, and the cells of the tables that show them.

use std::collections::BTreeMap;

use anyhow::Context;
use kigen_log::LogReader;
use kigen_model::Instant;
use kigen_model::budget::BudgetReport;
use kigen_model::key::BatchKey;
use kigen_model::slot::{Excuse, Verdict};
use kigen_model::topic::{Partition, Topic};
use kigen_state::{BatchState, ObjectiveState, POSITION_KEY, PartitionState, Plan};
use kigen_wire::Status;

use crate::outages::Outages;
use crate::output::{human, local, text};
use crate::reader::{Pages, is_of};

/// The state of each batch, and until when all are judged.
#[derive(Default)]
pub(crate) struct BatchTable {
    /// By key.
    pub(crate) batches: BTreeMap<BatchKey, BatchState>,
    /// The clock of the slowest partition: until then all partitions are judged.
    pub(crate) judged_until: Option<Instant>,
    /// The outages of clusters that go on.
    pub(crate) outages: Outages,
}

impl BatchTable {
    /// Reads the states of all batches, or of one, given as `namespace/batch`.
    pub(crate) fn read(reader: &dyn LogReader, batch: Option<&str>) -> anyhow::Result<Self> {
        let mut table = Self::default();
        let pages = Pages::of(reader, Topic::Status)?;
        for partition in (0..reader.partitions()).map(Partition) {
            for (key, bytes) in
                latest_statuses(&pages, partition, |key| key == POSITION_KEY || is_of(key, batch))?
            {
                match kigen_wire::decode_status(&bytes).with_context(|| format!("the status of {key}"))? {
                    Status::Position(position) => {
                        table.judged_until = earliest(table.judged_until, &position);
                        table.outages.add(&position);
                    }
                    Status::Batch(state) => {
                        table.batches.insert(state.key.clone(), state);
                    }
                }
            }
        }
        Ok(table)
    }
}

/// The latest value of each key of a partition for which `is_wanted` is true; a key that was removed has none.
pub(crate) fn latest_statuses(
    pages: &Pages<'_>,
    partition: Partition,
    is_wanted: impl Fn(&str) -> bool,
) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut latest = BTreeMap::new();
    pages.each(partition, |records| {
        for record in records.iter().filter(|record| is_wanted(&record.key)) {
            match &record.value {
                Some(bytes) => latest.insert(record.key.clone(), bytes.clone()),
                None => latest.remove(&record.key),
            };
        }
        Ok(())
    })?;
    Ok(latest)
}

fn earliest(so_far: Option<Instant>, position: &PartitionState) -> Option<Instant> {
    let of_partition = position.clocks.values().filter_map(|clock| clock.observed_until).min();
    match (so_far, of_partition) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// How many objectives a table shows, and until when they are judged.
pub(crate) fn sum(table: &BatchTable, objectives: usize) -> String {
    let until = table.judged_until.map_or("not yet: no tick was received".to_owned(), text);
    format!("{objectives} objectives of {} batches; judged until: {until}", table.batches.len())
}

/// The deadline of the open slot.
pub(crate) fn next_deadline(objective: &ObjectiveState) -> String {
    match &objective.plan {
        Plan::Open(open) => local(&open.time_zone, open.slot.deadline),
        Plan::Unresolved { .. } | Plan::Exhausted | Plan::Withdrawn => "-".to_owned(),
    }
}

/// The latest verdict.
pub(crate) fn last_verdict(objective: &ObjectiveState) -> String {
    let Some(last) = objective.verdicts.last() else {
        return "none yet".to_owned();
    };
    let is_muted = last.judged.is_some_and(|judged| judged.muted);
    match last.verdict {
        Verdict::Met { ended_at } if ended_at > last.deadline => {
            format!("met, {} after, within the grace", human(ended_at - last.deadline))
        }
        Verdict::Met { ended_at } => {
            format!("met, {} before", human(last.deadline - ended_at))
        }
        Verdict::Missed(cause) if is_muted => format!("missed, muted, {}", cause.label().replace('_', " ")),
        Verdict::Missed(cause) => format!("MISSED, {}", cause.label().replace('_', " ")),
        Verdict::Unknown(_) => "unknown, not observed".to_owned(),
        Verdict::Excused(Excuse::NoFire) => "excused, no fire".to_owned(),
        Verdict::Excused(Excuse::Partial) => "excused, began within".to_owned(),
        Verdict::Excused(Excuse::Calendar) => "excused, day off".to_owned(),
    }
}

/// Why an objective is not judged, or its incident, and what is left of its budget of misses.
pub(crate) fn note(objective: &ObjectiveState) -> String {
    let notes =
        [standing(objective), objective.budget_report().map_or(String::new(), |report| budget(&report))];
    notes.into_iter().filter(|note| !note.is_empty()).collect::<Vec<_>>().join("; ")
}

/// A budget, in words.
pub(crate) fn budget(report: &BudgetReport) -> String {
    let over = report.target.over_d;
    format!("{} of {} misses left over {over}d", report.left(), report.allowed())
}

fn standing(objective: &ObjectiveState) -> String {
    if let Plan::Unresolved { reason } = &objective.plan {
        return format!("not judged: {reason}");
    }
    if let Some(at) = objective.withdrawn_at {
        return format!("withdrawn at {}", text(at));
    }
    match &objective.incident {
        Some(incident) => {
            let muted =
                incident.muted_until.map_or(String::new(), |at| format!(", muted until {}", text(at)));
            format!("{} missed since {}{muted}", incident.misses, text(incident.since))
        }
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use kigen_log::{Log, NewRecord, Settings};
    use kigen_model::budget::Target;
    use kigen_model::event::Revision;
    use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
    use kigen_model::run::{Run, RunPhase};
    use kigen_state::{Budget, BudgetDay, Judged, RunState};
    use kigen_testkit::simulated::{Faults, SimulatedLog};
    use kigen_wire::Level;

    use super::*;

    /// Kafka compacts later, so a removed batch's states and its tombstone are all read.
    #[tokio::test]
    async fn a_tombstone_removes_what_was_read_before_and_a_later_state_is_that_of_a_new_batch() {
        let settings = Settings { partitions: 1, ..Settings::default() };
        let log = SimulatedLog::new(settings, Faults::default(), 0);
        let records = [("gone", true), ("back", true), ("gone", false), ("back", false), ("back", true)];
        log.append(records.map(|(batch, is_there)| record(batch, is_there)).into()).await.expect("in memory");
        let table = BatchTable::read(&log, None).expect("readable");
        let batches: Vec<String> = table.batches.keys().map(ToString::to_string).collect();
        assert_eq!(batches, ["shop/ml/back"]);
        let of_one = BatchTable::read(&log, Some("ml/gone")).expect("readable");
        assert!(of_one.batches.is_empty());
    }

    #[test]
    fn what_is_left_of_a_budget_stands_beside_the_incident() {
        let target = Some(Target { ratio_ppm: 900_000, over_d: 30 });
        let day = BudgetDay { day: 20_000, met: 2, missed: 1, excused: 0 };
        let budget = Budget { days: vec![day], slots: 30, ..Budget::default() };
        let with = ObjectiveState { budget, ..objective() };
        assert_eq!(note(&with), "", "without a target there is none");
        let spec = Objective { target, ..with.objective.clone() };
        assert_eq!(note(&ObjectiveState { objective: spec, ..with }), "2 of 3 misses left over 30d");
    }

    #[test]
    fn a_margin_below_a_minute_is_in_seconds_and_one_within_the_grace_is_none() {
        let verdict = |ended_at: &str| {
            let deadline = "2026-11-20T03:30:00Z".parse().expect("an instant");
            let ended_at = ended_at.parse().expect("an instant");
            let judged = Judged { deadline, verdict: Verdict::Met { ended_at }, judged: None };
            last_verdict(&ObjectiveState { verdicts: vec![judged], ..objective() })
        };
        assert_eq!(verdict("2026-11-20T03:29:05Z"), "met, 55 s before");
        assert_eq!(verdict("2026-11-20T02:25:00Z"), "met, 1 h 05 min before");
        assert_eq!(verdict("2026-11-20T03:33:00Z"), "met, 3 min after, within the grace");
    }

    fn objective() -> ObjectiveState {
        let deadlines = Deadlines::CompleteBy { crontab: "30 3 * * *".to_owned() };
        let revision = Revision { uid: "cron-job".to_owned(), resource_version: 1 };
        let objective = Objective::new(deadlines, ObjectiveSource::Annotation);
        ObjectiveState::new(revision, objective, Instant::UNIX_EPOCH)
    }

    fn record(batch: &str, is_there: bool) -> NewRecord {
        let mut state = BatchState::new(BatchKey::new("shop", "ml", batch));
        state.runs.push(RunState {
            revision: Revision { uid: "job".to_owned(), resource_version: 1 },
            run: Run {
                job: batch.to_owned(),
                scheduled_at: None,
                created_at: Instant::UNIX_EPOCH,
                started_at: None,
                phase: RunPhase::Pending,
                failed_pods: 0,
                slot: None,
            },
            attempts: Vec::new(),
            moments: Vec::new(),
            gone_after: None,
        });
        NewRecord {
            topic: Topic::Status,
            partition: Partition(0),
            key: state.key.to_string(),
            value: is_there.then(|| kigen_wire::encode_batch(&state, Level::NEWEST)),
            timestamp: Instant::UNIX_EPOCH,
        }
    }
}
