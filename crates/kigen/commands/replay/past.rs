//! What a replay finds: the verdicts on all slots, and against them what was really said.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use kigen_log::ConsumedRecord;
use kigen_model::Instant;
use kigen_model::alert::AlertBody;
use kigen_model::event::{ClusterBody, Event, Fact, FactBody, Origin, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Objective, Schedule};
use kigen_model::slot::Verdict;
use kigen_model::topic::Partition;
use kigen_objective::file::FileObjective;
use kigen_processor::{Replay, ReplayOutput};

/// The schedules of CronJobs, by namespace and name, as they were seen; `None`: the CronJob was gone.
type Schedules = BTreeMap<(String, String), Vec<(Instant, Option<Schedule>)>>;
/// An objective of a batch.
pub(super) type Name = (BatchKey, String);

/// The verdicts found, and the misses that were told of, by objective and deadline.
pub(super) struct Past {
    from: Option<Instant>,
    to: Option<Instant>,
    pub(super) verdicts: BTreeMap<Name, BTreeMap<Instant, Verdict>>,
    pub(super) said: BTreeMap<Name, BTreeSet<Instant>>,
    /// What whoever wrote an objective would have been told.
    pub(super) warnings: Vec<String>,
}

impl Past {
    /// Of the slots with a deadline in `[from, to)`.
    pub(super) fn new(from: Option<Instant>, to: Option<Instant>) -> Self {
        Self { from, to, verdicts: BTreeMap::new(), said: BTreeMap::new(), warnings: Vec::new() }
    }

    /// Of the same slots, with nothing in it.
    pub(super) fn empty(&self) -> Self {
        Self::new(self.from, self.to)
    }

    /// Takes what was found elsewhere, of other batches.
    pub(super) fn take(&mut self, other: Self) {
        self.verdicts.extend(other.verdicts);
        self.said.extend(other.said);
        self.warnings.extend(other.warnings);
    }

    fn has(&self, deadline: Instant) -> bool {
        self.from.is_none_or(|from| deadline >= from) && self.to.is_none_or(|to| deadline < to)
    }

    /// Notes the misses that alerts told of, and those that they took back.
    pub(super) fn was_said(&mut self, alerts: &[ConsumedRecord]) -> anyhow::Result<()> {
        for record in alerts {
            // What is no alert is no word that was said; `kigen events --topic rejects` shows it.
            let Ok(alert) = kigen_wire::decode_alert(record.value.as_deref().unwrap_or_default()) else {
                continue;
            };
            let Some(objective) = alert.objective else { continue };
            let name = (alert.key, objective.name);
            match alert.body {
                AlertBody::SlotMissed { slot, .. } if self.has(slot.deadline) => {
                    self.said.entry(name).or_default().insert(slot.deadline);
                }
                AlertBody::SlotRetracted { slot, .. } => {
                    self.said.entry(name).or_default().remove(&slot.deadline);
                }
                AlertBody::SlotMissed { .. }
                | AlertBody::SlotRecovered { .. }
                | AlertBody::SlotUnknown { .. }
                | AlertBody::RunFailed { .. } => {}
            }
        }
        Ok(())
    }

    fn found(&mut self, output: ReplayOutput) {
        for judgement in output.judgements {
            if self.has(judgement.deadline) {
                let name = (judgement.key, judgement.objective);
                self.verdicts.entry(name).or_default().insert(judgement.deadline, judgement.verdict);
            }
        }
        self.warnings.extend(output.warnings.into_iter().map(|warning| warning.text));
    }
}

/// What is played: the log as it is, or the log with the objectives of a file in place of its own.
pub(super) struct Playing {
    written: Option<BTreeMap<BatchKey, Vec<FileObjective>>>,
    /// Of the CronJobs that objectives name under `before`.
    schedules: Schedules,
    heard_of: BTreeSet<BatchKey>,
}

impl Playing {
    pub(super) fn new(written: Option<Vec<FileObjective>>) -> Self {
        let by_key = written.map(|written| {
            let mut by_key: BTreeMap<BatchKey, Vec<FileObjective>> = BTreeMap::new();
            for written in written {
                by_key.entry(written.key.clone()).or_default().push(written);
            }
            by_key
        });
        let mut schedules = BTreeMap::new();
        for written in by_key.iter().flat_map(BTreeMap::values).flatten() {
            if let Some((namespace, cron_job)) = written.objective.target() {
                schedules.insert((namespace.to_owned(), cron_job.to_owned()), Vec::new());
            }
        }
        Self { written: by_key, schedules, heard_of: BTreeSet::new() }
    }

    /// Whether an objective's deadlines are another CronJob's fires, so that its schedule must be known beforehand.
    pub(super) fn follows_schedules(&self) -> bool {
        !self.schedules.is_empty()
    }

    pub(super) fn note_schedules(&mut self, records: &[ConsumedRecord]) {
        for record in records {
            let Ok(Event::Fact(fact)) = kigen_wire::decode_event(record.value.as_deref().unwrap_or_default())
            else {
                continue;
            };
            let target = (fact.key.namespace, fact.key.batch);
            if let FactBody::CronJob { cron_job, .. } = fact.body
                && let Some(seen) = self.schedules.get_mut(&target)
            {
                let schedule = cron_job.as_ref().map(Schedule::of);
                if seen.last().is_none_or(|(_, last)| *last != schedule) {
                    seen.push((fact.observed_at, schedule));
                }
            }
        }
    }

    pub(super) fn partition(&self, partition: Partition, partitions: u32) -> PartitionPlayed<'_> {
        PartitionPlayed {
            playing: self,
            replay: Replay::new(partition, partitions),
            heard_of: BTreeSet::new(),
            to_say: VecDeque::new(),
            revision: 0,
        }
    }

    /// The batches of the file of which the log says nothing.
    pub(super) fn unheard_of(&self) -> Vec<String> {
        let written = self.written.iter().flat_map(BTreeMap::values).flatten();
        written
            .filter(|written| !self.heard_of.contains(&written.key))
            .map(|written| {
                format!(
                    "line {}: the log says nothing of the batch {}, so `{}` is not judged; check its namespace and name",
                    written.line, written.key, written.name
                )
            })
            .collect()
    }

    pub(super) fn took(&mut self, heard_of: BTreeSet<BatchKey>) {
        self.heard_of.extend(heard_of);
    }
}

/// One partition on the way.
pub(super) struct PartitionPlayed<'a> {
    playing: &'a Playing,
    replay: Replay,
    heard_of: BTreeSet<BatchKey>,
    /// What the file's objectives become later, by time.
    to_say: VecDeque<(Instant, Fact)>,
    revision: u64,
}

impl PartitionPlayed<'_> {
    /// Plays the next records.
    pub(super) fn play(&mut self, records: &[ConsumedRecord], past: &mut Past) -> anyhow::Result<()> {
        if self.playing.written.is_none() {
            past.found(self.replay.fold(records)?);
            return Ok(());
        }
        for record in records {
            let event = kigen_wire::decode_event(record.value.as_deref().unwrap_or_default());
            match event {
                Ok(Event::Fact(Fact { body: FactBody::Objective { .. }, .. })) | Err(_) => {}
                Ok(Event::Fact(fact)) => {
                    self.say_until(fact.observed_at, past)?;
                    if self.heard_of.insert(fact.key.clone()) {
                        self.declare(&fact, past)?;
                    }
                    past.found(self.replay.fold_fact(fact)?);
                }
                Ok(Event::Cluster(event)) => {
                    if let ClusterBody::Tick { observed_until, .. } = event.body {
                        self.say_until(observed_until, past)?;
                    }
                    past.found(self.replay.fold(std::slice::from_ref(record))?);
                }
            }
        }
        Ok(())
    }

    /// The batches that were heard of.
    pub(super) fn heard_of(self) -> BTreeSet<BatchKey> {
        self.heard_of
    }

    /// Says the file's objectives for a batch that is heard of for the first time.
    fn declare(&mut self, first: &Fact, past: &mut Past) -> anyhow::Result<()> {
        let playing = self.playing;
        let of_batch = playing.written.iter().filter_map(|written| written.get(&first.key)).flatten();
        for written in of_batch {
            let at = first.observed_at;
            let mut wordings = wordings(&written.objective, &playing.schedules, at);
            let (_, now) = wordings.remove(0);
            let fact = self.fact(written, now, at);
            past.found(self.replay.fold_fact(fact)?);
            for (at, later) in wordings {
                let fact = self.fact(written, later, at);
                self.to_say.push_back((at, fact));
            }
        }
        self.to_say.make_contiguous().sort_by_key(|(at, _)| *at);
        Ok(())
    }

    fn fact(&mut self, written: &FileObjective, objective: Objective, observed_at: Instant) -> Fact {
        self.revision += 1;
        let revision = Revision::of(&Origin::File, self.revision);
        let body = FactBody::Objective { name: written.name.clone(), revision, objective: Some(objective) };
        Fact { key: written.key.clone(), observed_at, body }
    }

    fn say_until(&mut self, until: Instant, past: &mut Past) -> anyhow::Result<()> {
        while self.to_say.front().is_some_and(|(at, _)| *at <= until) {
            if let Some((_, fact)) = self.to_say.pop_front() {
                past.found(self.replay.fold_fact(fact)?);
            }
        }
        Ok(())
    }
}

/// An objective as it stands at `at`, and as it becomes later, when a schedule that it follows changes.
fn wordings(objective: &Objective, schedules: &Schedules, at: Instant) -> Vec<(Instant, Objective)> {
    let Some((namespace, cron_job)) = objective.target() else {
        return vec![(at, objective.clone())];
    };
    let target = (namespace.to_owned(), cron_job.to_owned());
    let seen = schedules.get(&target).map(Vec::as_slice).unwrap_or_default();
    let with = |schedule: &Option<Schedule>| objective.with_target_schedule(schedule.clone());
    let known = seen.iter().rev().find(|(since, _)| *since <= at);
    let now = (at, with(&known.and_then(|(_, schedule)| schedule.clone())));
    let later =
        seen.iter().filter(|(since, _)| *since > at).map(|(since, schedule)| (*since, with(schedule)));
    std::iter::once(now).chain(later).collect()
}
