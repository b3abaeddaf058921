//! Reads from the log what an impact is computed from: first who read whom, then the runs and slots of the batches concerned;
//! and what the log has had since.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use kigen_control::Control;
use kigen_engine::explain::{slot_mark, succeeded_at};
use kigen_lineage::forget::{KEPT, forgettable_runs, forgettable_slots};
use kigen_lineage::history::{
    BatchHistory, End, Forgotten, History, PastRun, PastSlot, SlotVerdict, Start, downstream,
};
use kigen_lineage::impact::Wrong;
use kigen_log::{ConsumedRecord, LogReader};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, Event, Fact, FactBody};
use kigen_model::key::BatchKey;
use kigen_model::run::RunPhase;
use kigen_model::slot::{Gap, Slot, Verdict};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::Replay;
use kigen_state::{BatchState, RunState, Window};

use crate::edges::DeclaredEdges;
use crate::reader::{Pages, on_all_processors, skips};

/// The past of a batch and of everything that read it.
pub(super) struct Recorded {
    pub(super) history: History,
    /// The states of these batches at the end.
    pub(super) states: BTreeMap<BatchKey, BatchState>,
}

/// What was wrong at the batch, by its own past.
pub(super) type FindWrong<'a> = dyn Fn(&Recorded) -> anyhow::Result<Wrong> + 'a;

/// Reads the past of a batch and of everything that read it from a log that grows.
///
/// The log is read once for who reads whom and for the batch itself, which shows when the incident began; then once more for those
/// that read it, of which little is kept from before.
pub(super) struct Recorder<'a> {
    of: BatchKey,
    wrong: &'a FindWrong<'a>,
    edges: DeclaredEdges,
    of_source: Partition,
    source: Played,
    readers: BTreeSet<BatchKey>,
    partitions: BTreeMap<Partition, Played>,
}

impl<'a> Recorder<'a> {
    /// Before the log is read.
    pub(super) fn new(
        reader: &dyn LogReader,
        of: &BatchKey,
        wrong: &'a FindWrong<'a>,
    ) -> anyhow::Result<Self> {
        let of_source = reader.partition_of(&of.to_string());
        let source = Played::begin(reader, of_source, BTreeSet::from([of.clone()]), skips(reader), None)?;
        Ok(Self {
            of: of.clone(),
            wrong,
            edges: DeclaredEdges::of(&of.cluster),
            of_source,
            source,
            readers: BTreeSet::new(),
            partitions: BTreeMap::new(),
        })
    }

    /// Reads what the log has had since. Another batch that reads these needs its own past: then all readers are judged again.
    pub(super) fn advance(&mut self, reader: &dyn LogReader) -> anyhow::Result<()> {
        let source = &mut self.source;
        self.edges.advance(reader, Some((self.of_source, &mut |records| source.play(records))))?;
        let mut readers = downstream(&self.edges.edges(), &self.of);
        readers.remove(&self.of);
        if readers != self.readers {
            self.begin(reader, readers)?;
        }
        let pages = Pages::of_some(reader, Topic::Events, self.partitions.keys().copied())?;
        on_all_processors(self.partitions.iter_mut().collect(), |(partition, played)| {
            pages.each_from(*partition, played.next, |records| played.play(records))
        })
    }

    fn begin(&mut self, reader: &dyn LogReader, readers: BTreeSet<BatchKey>) -> anyhow::Result<()> {
        let mut by_partition: BTreeMap<Partition, BTreeSet<BatchKey>> = BTreeMap::new();
        for key in &readers {
            by_partition.entry(reader.partition_of(&key.to_string())).or_default().insert(key.clone());
        }
        let source = self.recorded_of([&self.source])?;
        let begins = (self.wrong)(&source)?.begins().unwrap_or(source.history.until);
        let control = skips(reader);
        self.readers = readers;
        self.partitions.clear();
        for (partition, keys) in by_partition {
            let played = Played::begin(reader, partition, keys, control.clone(), Some(begins))?;
            self.partitions.insert(partition, played);
        }
        Ok(())
    }

    /// The past as of what was read.
    pub(super) fn recorded(&self) -> anyhow::Result<Recorded> {
        self.recorded_of(std::iter::once(&self.source).chain(self.partitions.values()))
    }

    fn recorded_of<'b>(&self, all: impl IntoIterator<Item = &'b Played>) -> anyhow::Result<Recorded> {
        let (mut batches, mut states) = (BTreeMap::new(), BTreeMap::new());
        let mut until: Option<Instant> = None;
        for played in all {
            let observed_until = played.observed_until;
            until = until.map_or(observed_until, |until| Some(until.min(observed_until?)));
            played.collect(&mut batches, &mut states);
        }
        let until = until.with_context(|| {
            format!(
                "the log has no tick of cluster `{}`, so nothing of it is known to be over",
                self.of.cluster
            )
        })?;
        Ok(Recorded { history: History { batches, edges: self.edges.edges(), until }, states })
    }
}

/// A partition while it is judged again.
struct Played {
    replay: Replay,
    cluster: String,
    /// Each batch by the key of its records.
    batches: BTreeMap<String, (BatchKey, Collected)>,
    gaps: Vec<Gap>,
    observed_until: Option<Instant>,
    /// Whether the log has lost records before the first one that it has.
    has_expired: bool,
    /// When the incident began: little is kept of the time before; `None`: all is.
    begins: Option<Instant>,
    /// The offset that is read next; `None`: nothing was read yet.
    next: Option<Offset>,
}

/// What is collected of a batch.
#[derive(Clone, Default)]
struct Collected {
    runs: BTreeMap<String, PastRun>,
    /// By objective and deadline.
    slots: BTreeMap<(String, Instant), PastSlot>,
    /// How many runs and slots were kept last time, and what was not.
    kept: usize,
    forgotten: Forgotten,
}

impl Played {
    fn begin(
        reader: &dyn LogReader,
        partition: Partition,
        keys: BTreeSet<BatchKey>,
        control: Control,
        begins: Option<Instant>,
    ) -> anyhow::Result<Self> {
        let cluster = keys.first().map_or(String::new(), |key| key.cluster.clone());
        Ok(Self {
            replay: Replay::new(partition, reader.partitions()).with_control(control),
            cluster,
            batches: keys.into_iter().map(|key| (key.to_string(), (key, Collected::default()))).collect(),
            gaps: Vec::new(),
            observed_until: None,
            has_expired: reader.earliest(Topic::Events, partition)? > Offset(0),
            begins,
            next: None,
        })
    }

    fn play(&mut self, records: &[ConsumedRecord]) -> anyhow::Result<()> {
        if self.next.is_none()
            && let Some(first) = records.first().filter(|_| self.has_expired)
        {
            self.gaps.push(Gap { from: None, to: first.timestamp, is_of_log: true });
        }
        self.next = records.last().map(|last| last.offset.next()).or(self.next);
        for record in records {
            if record.key != self.cluster && !self.batches.contains_key(&record.key) {
                continue;
            }
            let output = self.replay.fold(std::slice::from_ref(record))?;
            match kigen_wire::decode_event(record.value.as_deref().unwrap_or_default()) {
                Ok(Event::Fact(fact)) => self.note_run(&record.key, fact),
                Ok(Event::Cluster(event)) => self.note_time(event.body),
                Err(_) => {}
            }
            for judgement in output.judgements {
                let Some((key, collected)) = self.batches.get_mut(&judgement.key.to_string()) else {
                    continue;
                };
                let state = self.replay.state(key);
                let known = state.and_then(|state| state.objectives.get(&judgement.objective));
                let judged = known.and_then(|known| {
                    known.verdicts.iter().rev().find(|judged| judged.deadline == judgement.deadline)
                });
                let verdict = verdict(judgement.verdict);
                match judged.and_then(|judged| judged.judged) {
                    Some(judged) => {
                        collected.note_slot(judgement.objective, judged.slot, judged.window, verdict);
                    }
                    // One tick decided more slots than the state keeps.
                    None => collected.note_deadline(judgement.objective, judgement.deadline, verdict),
                }
            }
        }
        if let Some(begins) = self.begins {
            self.batches.values_mut().for_each(|(_, collected)| collected.forget(begins));
        }
        Ok(())
    }

    fn note_time(&mut self, body: ClusterBody) {
        match body {
            ClusterBody::Tick { observed_until, .. } => {
                self.observed_until = self.observed_until.max(Some(observed_until));
            }
            ClusterBody::Gap(gap) if !self.gaps.contains(&gap) => self.gaps.push(gap),
            ClusterBody::Gap(_)
            | ClusterBody::Epoch { .. }
            | ClusterBody::Calendar { .. }
            | ClusterBody::Mute { .. }
            | ClusterBody::Stalled { .. }
            | ClusterBody::StallOver { .. }
            | ClusterBody::Forgotten { .. } => {}
        }
    }

    fn note_run(&mut self, key: &str, fact: Fact) {
        let uid = match fact.body {
            FactBody::Run { revision, .. } => revision.uid,
            FactBody::Attempt { run_uid, .. } => run_uid,
            FactBody::CronJob { .. } | FactBody::Objective { .. } => return,
        };
        let Some((key, collected)) = self.batches.get_mut(key) else { return };
        let Some(state) = self.replay.state(key) else { return };
        if let Some(run) = state.run(&uid) {
            collected.runs.insert(uid, past_run(run, zone_of(state)));
        }
    }

    fn collect(
        &self,
        batches: &mut BTreeMap<BatchKey, BatchHistory>,
        states: &mut BTreeMap<BatchKey, BatchState>,
    ) {
        for (key, collected) in self.batches.values() {
            let mut collected = collected.clone();
            if let Some(state) = self.replay.state(key) {
                for (name, objective) in &state.objectives {
                    if let Some(open) = objective.plan.open() {
                        collected.note_slot(name.clone(), open.slot, open.window, SlotVerdict::Open);
                    }
                }
                states.insert(key.clone(), state.clone());
            }
            let runs = collected.runs.into_values().collect();
            let slots = collected.slots.into_values().collect();
            let (gaps, forgotten) = (self.gaps.clone(), collected.forgotten);
            batches.insert(key.clone(), BatchHistory { runs, slots, gaps, forgotten });
        }
    }
}

impl Collected {
    /// Forgets what the impact of an incident does not need, whenever there is as much again as can be.
    fn forget(&mut self, begins: Instant) {
        if self.runs.len() + self.slots.len() < self.kept + KEPT {
            return;
        }
        let runs = forgettable_runs(self.runs.values(), begins, KEPT);
        let runs_until = runs.iter().map(|run| run.nominal_start).max();
        self.forgotten.runs_until = self.forgotten.runs_until.max(runs_until);
        let runs: Vec<String> = runs.into_iter().map(|run| run.uid.clone()).collect();
        runs.iter().for_each(|uid| drop(self.runs.remove(uid)));
        let objectives: BTreeSet<String> =
            self.slots.keys().map(|(objective, _)| objective.clone()).collect();
        for objective in objectives {
            let from = (objective.clone(), Instant::MIN_UTC);
            let slots = self.slots.range(from..).take_while(|((of, _), _)| *of == objective);
            let over = forgettable_slots(slots.map(|(_, slot)| slot), begins, KEPT);
            let over: Vec<Instant> = over.map(|slot| slot.deadline).collect();
            self.forgotten.has_slots |= !over.is_empty();
            over.into_iter().for_each(|deadline| drop(self.slots.remove(&(objective.clone(), deadline))));
        }
        self.kept = self.runs.len() + self.slots.len();
    }

    fn note_slot(&mut self, objective: String, slot: Slot, window: Window, verdict: SlotVerdict) {
        let Slot { from, deadline, .. } = slot;
        let (opens, closes) = match window {
            Window::NoFire => return,
            Window::Fires { opens, closes } => (opens, closes),
            Window::Slot => (from, Some(deadline)),
            // Nominal starts in `(after, deadline]`; instants are whole milliseconds.
            Window::Fresh { after } => {
                let next = chrono::TimeDelta::milliseconds(1);
                (after + next, Some(deadline + next))
            }
        };
        let known = PastSlot { objective: objective.clone(), from, deadline, opens, closes, verdict };
        self.slots.insert((objective, deadline), known);
    }

    /// Notes a slot of which only the deadline is known: it begins with the deadline before.
    fn note_deadline(&mut self, objective: String, deadline: Instant, verdict: SlotVerdict) {
        let before = self.slots.range(..(objective.clone(), deadline)).next_back();
        if let Some(((_, from), _)) = before.filter(|((of, _), _)| *of == objective) {
            let slot = Slot { from: *from, deadline, whole: true };
            self.note_slot(objective, slot, Window::Slot, verdict);
        }
    }
}

/// The zone in which a day in a run's annotation begins: that of the first objective, else of the CronJob.
fn zone_of(state: &BatchState) -> &str {
    let mut judged = state.objectives.values().filter(|objective| objective.objective.reads().is_none());
    let of_objective = judged.next().map(|objective| objective.planned_zone());
    let of_cron_job = || state.cron_job.as_ref().and_then(|known| known.cron_job.time_zone.as_deref());
    of_objective.or_else(of_cron_job).unwrap_or("UTC")
}

fn verdict(of: Verdict) -> SlotVerdict {
    match of {
        Verdict::Met { .. } => SlotVerdict::Met,
        Verdict::Missed(_) => SlotVerdict::Missed,
        Verdict::Excused(_) => SlotVerdict::Excused,
        Verdict::Unknown(_) => SlotVerdict::Unknown,
    }
}

fn past_run(known: &RunState, time_zone: &str) -> PastRun {
    let run = &known.run;
    let end = match run.phase {
        RunPhase::Pending | RunPhase::Running | RunPhase::Suspended => End::Open,
        RunPhase::Succeeded { completed_at } => End::Good(succeeded_at(known).unwrap_or(completed_at)),
        RunPhase::Failed { failed_at, .. } => End::Failed(failed_at),
        RunPhase::Deleted { observed_at } => End::Gone(known.gone_after, observed_at),
    };
    let start = match (run.started_at, end) {
        // The start is of another clock than the end.
        (Some(at), End::Good(ended_at) | End::Failed(ended_at)) => Start::At(at.min(ended_at)),
        (Some(at), End::Open | End::Gone(..)) => Start::At(at),
        (None, End::Good(ended_at) | End::Failed(ended_at)) => {
            Start::Within(run.created_at.min(ended_at), ended_at)
        }
        (None, End::Open | End::Gone(..)) => Start::NotYet,
    };
    PastRun {
        uid: known.revision.uid.clone(),
        job: run.job.clone(),
        nominal_start: run.nominal_start(),
        is_scheduled: run.scheduled_at.is_some(),
        mark: slot_mark(known, time_zone),
        start,
        end,
    }
}
