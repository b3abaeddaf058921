//! Retention: how much of a batch is kept, and for how long. History is dropped first.

use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ReadBatch};
use kigen_model::run::{Attempt, AttemptPhase, CronJob, RunPhase};
use kigen_model::slot::Verdict;
use kigen_state::{
    Activity, AttemptState, BatchState, CronJobState, ForgottenFailure, Judged, ObjectiveState, Plan,
    RUNS_MAX, RunState, STATE_BYTES_MAX, VERDICTS_MAX,
};

use crate::attempts;
use crate::incident::would_end;
use crate::past_runs;
use crate::successes;

/// The largest part of [`STATE_BYTES_MAX`] that objectives may take; one that would take more is refused.
const OBJECTIVES_BYTES_MAX: usize = 40 * 1024;

/// The most bytes of a record's fixed parts: its numbers, instants, enums and the lengths of its texts.
const RUN_BYTES: usize = 144;
const ATTEMPT_BYTES: usize = 96;
const METRIC_BYTES: usize = 16;
const CONTAINER_BYTES: usize = 24;
const MOMENT_BYTES: usize = 24;
const EDIT_BYTES: usize = 48;
const STANDING_BYTES: usize = 16;
const OBJECTIVE_BYTES: usize = 304;
const BUDGET_DAY_BYTES: usize = 20;
const VERDICT_BYTES: usize = 225;
const UNKNOWN_RANGE_BYTES: usize = 96;
const SUCCESS_BYTES: usize = 64;
const PAST_RUN_BYTES: usize = 32;
const PAST_NUMBER_BYTES: usize = 20;
const NAME_BYTES: usize = 8;
const SLOT_END_BYTES: usize = 20;
const SUCCESSOR_BYTES: usize = 96;
const RULE_BYTES: usize = 48;
const LABEL_BYTES: usize = 48;
/// What a batch that is read needs beside its names.
const READ_BYTES: usize = 8;
const REFUSED_BYTES: usize = 128;
const BATCH_BYTES: usize = 256;

/// Removes the batch if that is due: its state is that of a batch without facts, and a later fact begins a new one.
pub(crate) fn remove_if_due(state: &mut BatchState, observed_until: Instant) -> bool {
    let is_due = state.removal_due().is_some_and(|due| due <= observed_until);
    if is_due {
        *state = BatchState::new(state.key.clone());
    }
    is_due
}

/// Whether a new objective, or an edit of one, fits beside the others.
pub(crate) fn has_room(state: &BatchState, name: &str, objective: &Objective) -> bool {
    let mut weight = Weight::default();
    for (other, known) in state.objectives.iter().filter(|(other, _)| *other != name) {
        weight.objective(other, known);
    }
    weight.add(OBJECTIVE_BYTES, &[name]);
    // An edit may wait beside the spec by which the open slot was planned.
    weight.spec(objective);
    weight.spec(objective);
    weight.0 <= OBJECTIVES_BYTES_MAX
}

/// Keeps the newest runs, and those that have not ended before those that have. A late success that its slot's miss will name,
/// and what explains the miss of a slot that is open, are dropped after the others that have ended.
pub(crate) fn drop_oldest_runs(state: &mut BatchState) {
    while state.runs.len() > RUNS_MAX {
        let (late, opens) = (would_end(state), first_opens(state));
        let has_ended = |known: &RunState| known.run.phase.is_terminal();
        let is_late = |known: &RunState| late.contains(&known.revision.uid.as_str());
        let explains = |known: &RunState| opens.is_some_and(|opens| may_explain(known, opens));
        let explaining = state.runs.iter().filter(|known| explains(known)).count();
        let is_kept =
            |known: &RunState| is_late(known) || explaining <= EXPLAINING_RUNS_MAX && explains(known);
        let oldest = state.runs.iter().position(|known| has_ended(known) && !is_kept(known));
        let oldest = oldest.or_else(|| state.runs.iter().position(has_ended));
        forget_run(state, oldest.unwrap_or(0));
    }
}

/// How many of the runs may be kept although newer ones have succeeded, since they explain misses that are still to come. With
/// more of them the oldest run goes, as else.
const EXPLAINING_RUNS_MAX: usize = RUNS_MAX * 3 / 4;

/// When the first window opens of a slot that is not judged yet.
fn first_opens(state: &BatchState) -> Option<Instant> {
    state.objectives.values().filter_map(|known| Some(known.plan.open()?.opens())).min()
}

/// Whether a run ended without success, and may be of a slot whose window opens at `opens` or later.
fn may_explain(known: &RunState, opens: Instant) -> bool {
    match known.run.phase {
        RunPhase::Failed { .. } | RunPhase::Deleted { .. } => {
            known.run.slot.is_some() || known.run.nominal_start() >= opens
        }
        RunPhase::Pending | RunPhase::Running | RunPhase::Suspended | RunPhase::Succeeded { .. } => false,
    }
}

/// Forgets a run, but not that it succeeded, nor that its failure was reported.
fn forget_run(state: &mut BatchState, place: usize) {
    let forgotten = forgotten_failure(state);
    let run = state.runs.remove(place);
    if !run.run.phase.is_terminal() {
        state.leave_out();
    }
    successes::keep(state, &run);
    past_runs::keep(state, &run);
    state.forgotten_failure = failure(&run).max(Some(forgotten));
}

/// The newest failure among the runs that are no longer kept. An older kigen did not store it; all that it knew is reported.
pub(crate) fn forgotten_failure(state: &mut BatchState) -> ForgottenFailure {
    let none = ForgottenFailure { failed_at: Instant::UNIX_EPOCH, resource_version: 0 };
    let BatchState { runs, forgotten_failure, .. } = state;
    *forgotten_failure.get_or_insert_with(|| runs.iter().filter_map(failure).max().unwrap_or(none))
}

fn failure(run: &RunState) -> Option<ForgottenFailure> {
    match run.run.phase {
        RunPhase::Failed { failed_at, .. } => {
            Some(ForgottenFailure { failed_at, resource_version: run.revision.resource_version })
        }
        RunPhase::Pending
        | RunPhase::Running
        | RunPhase::Suspended
        | RunPhase::Succeeded { .. }
        | RunPhase::Deleted { .. } => None,
    }
}

/// Keeps the newest verdicts. One that excuses its slot is dropped before a verdict on a run, except the newest: a crontab
/// of workdays over runs of each day must not push the real verdicts out.
pub(crate) fn drop_oldest_verdicts(verdicts: &mut Vec<Judged>) {
    while verdicts.len() > VERDICTS_MAX {
        let older = &verdicts[..verdicts.len() - 1];
        let excused = older.iter().position(|known| matches!(known.verdict, Verdict::Excused(_)));
        verdicts.remove(excused.unwrap_or(0));
    }
}

/// Drops an objective that is withdrawn, with its revision, to make room for another; false: there is none.
pub(crate) fn drop_withdrawn(state: &mut BatchState) -> bool {
    let withdrawn = state.objectives.iter().find(|(_, known)| known.plan == Plan::Withdrawn);
    let Some(name) = withdrawn.map(|(name, _)| name.clone()) else {
        return false;
    };
    state.objectives.remove(&name);
    true
}

/// An upper bound of the bytes of an encoded state.
#[must_use]
pub fn encoded_bytes_max(state: &BatchState) -> usize {
    Weight::of(state).0
}

/// Drops what is not needed any more, and then, until the state is small enough: the objectives without room, the attempts of
/// runs that have ended, those runs, the past runs, the numbers of past runs, the ends of slots, verdicts, old schedules, edits between others, the other
/// runs, successes.
pub(crate) fn fit(state: &mut BatchState) {
    successes::forget(state);
    while Weight::of(state).0 > STATE_BYTES_MAX {
        if !drop_one(state) {
            return;
        }
    }
}

/// Drops one piece of history; false: there is none left.
fn drop_one(state: &mut BatchState) -> bool {
    if state.refused.pop_last().is_some() {
        state.leave_out();
        return true;
    }
    let is_ended_with_moments = |run: &&mut RunState| run.run.phase.is_terminal() && !run.moments.is_empty();
    if let Some(run) = state.runs.iter_mut().find(is_ended_with_moments) {
        run.moments.clear();
        return true;
    }
    let has_attempts = |run: &RunState| run.run.phase.is_terminal() && !run.attempts.is_empty();
    if let Some(run) = state.runs.iter().find(|run| has_attempts(run)).cloned() {
        // The attempts show when the work ended.
        successes::keep(state, &run);
        if let Some(run) = state.run_mut(&run.revision.uid) {
            drop_attempt(run);
        }
        return true;
    }
    if let Some(oldest) = state.runs.iter().position(|run| run.run.phase.is_terminal()) {
        forget_run(state, oldest);
        return true;
    }
    if !state.past_runs.is_empty() {
        state.past_runs.remove(0);
        return true;
    }
    if let Some(numbers) = state.past_numbers.values_mut().find(|numbers| !numbers.is_empty()) {
        numbers.remove(0);
        return true;
    }
    if let Some(objective) = state.objectives.values_mut().find(|objective| !objective.ends.is_empty()) {
        objective.ends.remove(0);
        return true;
    }
    let longest = state.objectives.values_mut().max_by_key(|objective| objective.verdicts.len());
    if let Some(objective) = longest.filter(|objective| objective.verdicts.len() > 1) {
        objective.verdicts.remove(0);
        return true;
    }
    if let Some(cron_job) = state.cron_job.as_mut().filter(|known| known.edits.len() > 1) {
        cron_job.edits.remove(0);
        return true;
    }
    if let Some(objective) = state.objectives.values_mut().find(|objective| objective.successors.len() > 1) {
        objective.successors.remove(0);
        return true;
    }
    if let Some(run) = state.runs.iter_mut().find(|run| !run.moments.is_empty()) {
        run.moments.clear();
        return true;
    }
    if let Some(run) = state.runs.iter_mut().find(|run| !run.attempts.is_empty()) {
        drop_attempt(run);
        return true;
    }
    if !state.runs.is_empty() {
        // None of them has ended.
        state.runs.remove(0);
        state.leave_out();
        return true;
    }
    if state.successes.is_empty() {
        return false;
    }
    state.successes.remove(0);
    true
}

fn drop_attempt(run: &mut RunState) {
    if let Some(least) = attempts::least_informative(&run.attempts) {
        run.attempts.remove(least);
    }
}

/// An upper bound of the bytes of an encoded state.
#[derive(Default)]
struct Weight(usize);

impl Weight {
    fn of(state: &BatchState) -> Self {
        let BatchKey { cluster, namespace, batch } = &state.key;
        let mut weight = Self::default();
        weight.add(BATCH_BYTES, &[cluster, namespace, batch]);
        if let Some(known) = &state.cron_job {
            weight.cron_job(known);
        }
        for run in &state.runs {
            weight.run(run);
        }
        for (name, objective) in &state.objectives {
            weight.objective(name, objective);
        }
        for success in &state.successes {
            weight.add(SUCCESS_BYTES, &[]);
            weight.names(success.broke.iter());
        }
        weight.add(state.past_runs.len() * PAST_RUN_BYTES, &[]);
        for numbers in state.past_numbers.values() {
            weight.add(numbers.len() * PAST_NUMBER_BYTES, &[]);
        }
        weight.names(state.past_numbers.keys());
        for (name, refused) in &state.refused {
            weight.add(REFUSED_BYTES, &[name, &refused.revision.uid]);
            weight.spec(&refused.objective);
        }
        weight
    }

    /// Adds a record with so many bytes of fixed parts, and these texts.
    fn add(&mut self, fixed: usize, texts: &[&str]) {
        self.0 += fixed;
        for text in texts {
            self.0 += text.len();
        }
    }

    fn names<'a>(&mut self, names: impl Iterator<Item = &'a String>) {
        names.for_each(|name| self.add(NAME_BYTES, &[name]));
    }

    fn cron_job(&mut self, known: &CronJobState) {
        let CronJob { schedule, time_zone, .. } = &known.cron_job;
        self.add(0, &[&known.revision.uid, schedule, or_nothing(time_zone)]);
        self.add(known.standings.len() * STANDING_BYTES, &[]);
        for edit in &known.edits {
            self.add(EDIT_BYTES, &[&edit.schedule, or_nothing(&edit.time_zone)]);
        }
    }

    fn run(&mut self, known: &RunState) {
        self.add(RUN_BYTES, &[&known.revision.uid, &known.run.job]);
        match &known.run.phase {
            RunPhase::Failed { reason, message, .. } => self.add(0, &[reason, message]),
            RunPhase::Pending
            | RunPhase::Running
            | RunPhase::Suspended
            | RunPhase::Succeeded { .. }
            | RunPhase::Deleted { .. } => {}
        }
        for attempt in &known.attempts {
            self.attempt(attempt);
        }
        for moment in &known.moments {
            match &moment.activity {
                Activity::Runs => self.add(MOMENT_BYTES, &[]),
                Activity::Waits { why } => self.add(MOMENT_BYTES, &[or_nothing(why)]),
            }
        }
    }

    fn attempt(&mut self, known: &AttemptState) {
        let Attempt { pod, node, phase, metrics, containers, .. } = &known.attempt;
        self.add(ATTEMPT_BYTES, &[&known.revision.uid, pod, or_nothing(node)]);
        for (name, _) in metrics.iter() {
            self.add(METRIC_BYTES, &[name]);
        }
        for container in containers {
            self.add(CONTAINER_BYTES, &[&container.name]);
        }
        match phase {
            AttemptPhase::Waiting { reason, message } | AttemptPhase::Failed { reason, message, .. } => {
                self.add(0, &[or_nothing(reason), or_nothing(message)]);
            }
            AttemptPhase::Running { .. } | AttemptPhase::Succeeded { .. } => {}
        }
    }

    fn objective(&mut self, name: &str, known: &ObjectiveState) {
        self.add(OBJECTIVE_BYTES, &[name, &known.revision.uid]);
        self.spec(&known.objective);
        for successor in &known.successors {
            self.add(SUCCESSOR_BYTES, &[]);
            self.spec(&successor.objective);
        }
        match &known.plan {
            Plan::Open(open) => self.add(0, &[&open.time_zone]),
            Plan::Unresolved { reason } => self.add(0, &[reason]),
            Plan::Exhausted | Plan::Withdrawn => {}
        }
        self.add(known.verdicts.len() * VERDICT_BYTES, &[]);
        self.add(known.unknown.len() * UNKNOWN_RANGE_BYTES, &[]);
        self.add(known.ends.len() * SLOT_END_BYTES, &[]);
        self.add(known.budget.days.len() * BUDGET_DAY_BYTES, &[]);
    }

    fn spec(&mut self, objective: &Objective) {
        let Objective { deadlines, time_zone, starts, calendar, owner, runbook, expect, labels, .. } =
            objective;
        for text in [time_zone, starts, calendar, owner, runbook] {
            self.add(0, &[or_nothing(text)]);
        }
        for name in expect.iter().flat_map(|expect| expect.metrics.keys()) {
            self.add(RULE_BYTES, &[name]);
        }
        for (name, value) in labels.iter() {
            self.add(LABEL_BYTES, &[name, value]);
        }
        match deadlines {
            Deadlines::CompleteBy { crontab } => self.add(0, &[crontab]),
            Deadlines::Before { namespace, cron_job, schedule } => {
                self.add(0, &[namespace, cron_job]);
                if let Some(schedule) = schedule {
                    self.add(0, &[&schedule.crontab, or_nothing(&schedule.time_zone)]);
                }
            }
            Deadlines::Reads { sources } => {
                for ReadBatch { namespace, batch } in sources {
                    self.add(READ_BYTES, &[namespace, batch]);
                }
            }
        }
    }
}

fn or_nothing(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::TimeDelta;
    use kigen_model::event::Revision;
    use kigen_model::expectation::{Expectation, NumberRule};
    use kigen_model::labels::Labels;
    use kigen_model::objective::{ObjectiveSource, Schedule, Severity};
    use kigen_model::reported::{Number, ReportedMetrics};
    use kigen_model::run::{Container, ContainerRole, ContainerState, Run};
    use kigen_model::slot::{Excuse, Gap, Slot};

    use super::*;
    use kigen_state::{
        Budget, PastNumber, PastRun, RefusedObjective, RunMoment, ScheduleEdit, SlotEnd, Standing,
        StandingKind, Success, Successor, UnknownRange,
    };

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn revision() -> Revision {
        Revision { uid: "12".to_owned(), resource_version: 1 }
    }

    fn objective(deadlines: Deadlines) -> Objective {
        Objective {
            is_of_jobs: false,
            deadlines,
            time_zone: some("123"),
            grace: TimeDelta::zero(),
            settle: TimeDelta::zero(),
            freshness: None,
            starts: some("1234"),
            calendar: None,
            start_by: None,
            expect: None,
            target: None,
            severity: Severity::Fatal,
            owner: some("12345"),
            runbook: some("123456"),
            labels: Labels::default(),
            source: ObjectiveSource::File,
        }
    }

    fn by(crontab: &str) -> Objective {
        objective(Deadlines::CompleteBy { crontab: crontab.to_owned() })
    }

    fn known(objective: Objective, plan: Plan) -> ObjectiveState {
        ObjectiveState {
            revision: revision(),
            objective,
            successors: Vec::new(),
            since: Instant::UNIX_EPOCH,
            withdrawn_at: None,
            plan,
            incident: None,
            verdicts: Vec::new(),
            warned_of_no_fire: false,
            unknown: Vec::new(),
            ends: Vec::new(),
            trend_warned_at: None,
            level_warned_at: None,
            budget: Budget::default(),
        }
    }

    fn attempt(at: Instant) -> Attempt {
        let (reason, message) = (some("123"), some("1234"));
        let failed = AttemptPhase::Failed { finished_at: None, exit_code: None, reason, message };
        let metrics = ReportedMetrics::new([("12345".to_owned(), 1.0), ("123456".to_owned(), 2.0)]);
        let state = ContainerState::Running { since: Some(at) };
        let container = Container { name: "1234567".to_owned(), role: ContainerRole::Sidecar, state };
        let containers = vec![container; 2];
        Attempt { pod: "1".to_owned(), node: some("12"), restarts: 0, phase: failed, metrics, containers }
    }

    /// Each text counts once, and each record by its fixed part.
    #[test]
    fn every_part_of_a_state_is_weighed() {
        let at = Instant::UNIX_EPOCH;
        let schedule = Some(Schedule { crontab: "12".to_owned(), time_zone: some("123") });
        let before = Deadlines::Before { namespace: "1".to_owned(), cron_job: "12".to_owned(), schedule };
        let known = ObjectiveState {
            successors: vec![Successor { objective: by("1234567"), edited_at: at }; 2],
            verdicts: vec![
                Judged { deadline: at, verdict: Verdict::Excused(Excuse::NoFire), judged: None };
                3
            ],
            ..known(objective(before), Plan::Unresolved { reason: "12345678".to_owned() })
        };
        let attempt = attempt(at);
        let run = Run {
            job: "123".to_owned(),
            scheduled_at: None,
            created_at: at,
            started_at: None,
            phase: RunPhase::Failed { failed_at: at, reason: "1".to_owned(), message: "12".to_owned() },
            failed_pods: 1,
            slot: None,
        };
        let edit =
            ScheduleEdit { from: at, schedule: "12345".to_owned(), time_zone: some("1"), made_up: Some(at) };
        let cron_job = CronJob {
            schedule: "12345".to_owned(),
            time_zone: some("1"),
            suspended: false,
            concurrency: None,
            created_at: at,
            last_scheduled_at: None,
            last_succeeded_at: None,
        };
        let state = BatchState {
            cron_job: Some(CronJobState {
                revision: revision(),
                cron_job,
                deleted_at: None,
                edits: vec![edit.clone(), edit],
                seen_at: Some(at),
                standings: vec![Standing { from: at, kind: StandingKind::Active }; 2],
            }),
            runs: vec![RunState {
                revision: revision(),
                run,
                attempts: vec![AttemptState { revision: revision(), attempt }],
                moments: vec![RunMoment { from: at, activity: Activity::Waits { why: some("12345") } }],
                gone_after: None,
            }],
            objectives: BTreeMap::from([("1234".to_owned(), known)]),
            ..BatchState::new(BatchKey::new("c", "nn", "bbb"))
        };
        let batch = BATCH_BYTES + 6;
        let cron_job = (2 + 5 + 1) + 2 * (EDIT_BYTES + 5 + 1) + 2 * STANDING_BYTES;
        let runs = (RUN_BYTES + 2 + 3 + 1 + 2)
            + (ATTEMPT_BYTES + 2 + 1 + 2 + 3 + 4)
            + (2 * METRIC_BYTES + 5 + 6)
            + 2 * (CONTAINER_BYTES + 7)
            + (MOMENT_BYTES + 5);
        let specs = (18 + 1 + 2 + 2 + 3) + 2 * (SUCCESSOR_BYTES + 18 + 7);
        let objectives = OBJECTIVE_BYTES + 4 + 2 + specs + 8 + 3 * VERDICT_BYTES;
        assert_eq!(Weight::of(&state).0, batch + cron_job + runs + objectives);
    }

    #[test]
    fn successes_past_runs_and_refused_objectives_are_weighed() {
        let at = Instant::UNIX_EPOCH;
        let rule = NumberRule { min: None, max: None, drop_max_percent: None, over: 1 };
        let metrics = BTreeMap::from([("1234".to_owned(), rule)]);
        let expect = Some(Expectation { min_duration: None, metrics, counts: false });
        let objective = Objective { expect, ..by("1234567") };
        let refused = RefusedObjective { revision: revision(), objective };
        let value = Number::new(1.0).expect("a number");
        let state = BatchState {
            successes: vec![
                Success {
                    nominal_start: at,
                    slot: None,
                    ended_at: at,
                    broke: vec!["12".to_owned()]
                };
                5
            ],
            past_runs: vec![PastRun { nominal_start: at, started_at: None, ended_at: at }; 7],
            past_numbers: BTreeMap::from([(
                "123".to_owned(),
                vec![PastNumber { nominal_start: at, value }; 3],
            )]),
            refused: BTreeMap::from([("12345".to_owned(), refused)]),
            ..BatchState::new(BatchKey::new("c", "nn", "bbb"))
        };
        let numbers = NAME_BYTES + 3 + 3 * PAST_NUMBER_BYTES;
        let refused = REFUSED_BYTES + 5 + 2 + 18 + 7 + RULE_BYTES + 4;
        let successes = 5 * (SUCCESS_BYTES + NAME_BYTES + 2);
        let expected = BATCH_BYTES + 6 + successes + 7 * PAST_RUN_BYTES + numbers + refused;
        assert_eq!(Weight::of(&state).0, expected);
    }

    #[test]
    fn ranges_of_unknown_slots_and_ends_of_slots_are_weighed() {
        let at = Instant::UNIX_EPOCH;
        let range = UnknownRange {
            since: at,
            last: Slot { from: at, deadline: at, whole: true },
            slots: 2,
            gap: Gap::unwatched(None, at),
            is_reported: true,
            met: 0,
            missed: 0,
        };
        let mut known = known(by("1"), Plan::Exhausted);
        let weight = |known: &ObjectiveState| {
            let mut weight = Weight::default();
            weight.objective("1", known);
            weight.0
        };
        let without = weight(&known);
        known.unknown = vec![range; 2];
        known.ends = vec![SlotEnd { reference: at, ended_at: at }; 3];
        assert_eq!(weight(&known), without + 2 * UNKNOWN_RANGE_BYTES + 3 * SLOT_END_BYTES);
    }
}
