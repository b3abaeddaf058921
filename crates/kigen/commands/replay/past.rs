//! The result of a replay: the verdicts on all slots, beside the alerts that were really sent.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use kigen_control::Control;
use kigen_log::ConsumedRecord;
use kigen_model::Instant;
use kigen_model::alert::AlertBody;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, MuteChange, Origin, Revision};
use kigen_model::key::BatchKey;
use kigen_model::mute::Mute;
use kigen_model::objective::{Objective, Schedule};
use kigen_model::topic::Partition;
use kigen_objective::file::{Contents, FileObjective};
use kigen_processor::{Replay, ReplayOutput};

use super::slots::{Judged, Slots};
use crate::warned::Warned;

/// The schedules of CronJobs over time, by namespace and name; `None`: the CronJob did not exist.
type Schedules = BTreeMap<(String, String), Vec<(Instant, Option<Schedule>)>>;
/// An objective of a batch.
pub(super) type Name = (BatchKey, String);

/// The verdicts of the replay, and the misses that were alerted, by objective and deadline.
pub(super) struct Past {
    from: Option<Instant>,
    to: Option<Instant>,
    /// Whether only the sums of slots are wanted.
    is_summed: bool,
    pub(super) slots: BTreeMap<Name, Slots>,
    pub(super) alerted: BTreeMap<Name, BTreeSet<Instant>>,
    /// The warnings that deadlines are at risk, of all slots.
    pub(super) warned: Warned,
    /// The deadlines with which half of a budget of misses was spent, and with which all of it was.
    pub(super) spent: BTreeMap<Name, [BTreeSet<Instant>; 2]>,
    /// The warnings to the authors of objectives.
    pub(super) warnings: Vec<String>,
}

impl Past {
    /// Of the slots with a deadline in `[from, to)`.
    pub(super) fn new(from: Option<Instant>, to: Option<Instant>) -> Self {
        Self {
            from,
            to,
            is_summed: false,
            slots: BTreeMap::new(),
            alerted: BTreeMap::new(),
            warned: Warned::default(),
            spent: BTreeMap::new(),
            warnings: Vec::new(),
        }
    }

    /// Of the same slots, but with sums in place of the slots themselves: it needs memory for what may still be judged again and
    /// for what was missed.
    pub(super) fn summed(self) -> Self {
        Self { is_summed: true, ..self }
    }

    /// An empty one of the same slots.
    pub(super) fn empty(&self) -> Self {
        Self { is_summed: self.is_summed, ..Self::new(self.from, self.to) }
    }

    /// Adds the result of other batches.
    pub(super) fn merge(&mut self, other: Self) {
        self.slots.extend(other.slots);
        self.alerted.extend(other.alerted);
        self.warned.merge(other.warned);
        self.spent.extend(other.spent);
        self.warnings.extend(other.warnings);
    }

    /// Whether it is of a slot with this deadline.
    pub(super) fn has(&self, deadline: Instant) -> bool {
        self.from.is_none_or(|from| deadline >= from) && self.to.is_none_or(|to| deadline < to)
    }

    /// Adds the misses that were alerted, without those that were retracted.
    pub(super) fn add_alerts(&mut self, alerts: &[ConsumedRecord]) -> anyhow::Result<()> {
        for record in alerts {
            // Not an alert, so it was not sent; `kigen events --topic rejects` shows it.
            let Ok(alert) = kigen_wire::decode_alert(record.value.as_deref().unwrap_or_default()) else {
                continue;
            };
            let Some(objective) = alert.objective else { continue };
            let name = (alert.key, objective.name);
            match alert.body {
                AlertBody::SlotMissed { slot, .. } if self.has(slot.deadline) => {
                    self.alerted.entry(name).or_default().insert(slot.deadline);
                }
                AlertBody::SlotRetracted { slot, .. } => {
                    self.alerted.entry(name).or_default().remove(&slot.deadline);
                }
                AlertBody::SlotMissed { .. }
                | AlertBody::SlotRecovered { .. }
                | AlertBody::SlotUnknown { .. }
                | AlertBody::UnknownClosed { .. }
                | AlertBody::SlotAtRisk { .. }
                | AlertBody::RiskOver { .. }
                | AlertBody::ExpectationBroken { .. }
                | AlertBody::RunFailed { .. }
                | AlertBody::ClusterSilent { .. }
                | AlertBody::ClusterStalled(_)
                | AlertBody::BudgetSpent { .. }
                | AlertBody::SilenceOver { .. }
                | AlertBody::StallOver { .. } => {}
            }
        }
        Ok(())
    }

    pub(super) fn add(&mut self, output: ReplayOutput) {
        output.alerts.iter().for_each(|alert| self.warned.add(alert));
        for alert in &output.alerts {
            if let (AlertBody::BudgetSpent { slot, is_all, .. }, Some(objective)) =
                (&alert.body, &alert.objective)
                && self.has(slot.deadline)
            {
                let spent = self.spent.entry((alert.key.clone(), objective.name.clone())).or_default();
                spent[usize::from(*is_all)].insert(slot.deadline);
            }
        }
        for judgement in output.judgements {
            if self.has(judgement.deadline) {
                let slots = self.slots.entry((judgement.key, judgement.objective)).or_default();
                let (verdict, is_muted) = (judgement.verdict, judgement.muted);
                slots.judge(judgement.deadline, Judged { verdict, is_muted });
                if self.is_summed {
                    slots.settle();
                }
            }
        }
        self.warnings.extend(output.warnings.into_iter().map(|warning| warning.text));
    }
}

/// The years of which a calendar of a file is played; a log has none before them.
pub(super) const CALENDAR_YEARS: (i32, i32) = (2000, 2099);

/// The input of a replay: the log as it is, or with the objectives and calendars of a file in place of its own.
pub(super) struct Playing {
    objectives: Option<BTreeMap<BatchKey, Vec<FileObjective>>>,
    /// The calendars that its objectives name, and its mutes, as each cluster has them from the beginning.
    calendars: Vec<ClusterEvent>,
    /// Those of the CronJobs under `before`.
    schedules: Schedules,
    /// The batches that are in the log.
    seen: BTreeSet<BatchKey>,
    control: Control,
}

impl Playing {
    pub(super) fn new(file: Option<Contents>, control: Control) -> Self {
        let mutes = file.iter().flat_map(mutes);
        let calendars = file.iter().flat_map(calendars).chain(mutes).collect();
        let objectives = file.map(|contents| contents.objectives);
        let by_key = objectives.map(|objectives| {
            let mut by_key: BTreeMap<BatchKey, Vec<FileObjective>> = BTreeMap::new();
            for objective in objectives {
                by_key.entry(objective.key.clone()).or_default().push(objective);
            }
            by_key
        });
        let mut schedules = BTreeMap::new();
        for of_file in by_key.iter().flat_map(BTreeMap::values).flatten() {
            if let Some((namespace, cron_job)) = of_file.objective.target() {
                schedules.insert((namespace.to_owned(), cron_job.to_owned()), Vec::new());
            }
        }
        Self { objectives: by_key, calendars, schedules, seen: BTreeSet::new(), control }
    }

    /// Whether the deadlines of an objective are the fires of another CronJob, whose schedules must be read first.
    pub(super) fn follows_schedules(&self) -> bool {
        !self.schedules.is_empty()
    }

    /// Adds the schedules in these records.
    pub(super) fn add_schedules(&mut self, records: &[ConsumedRecord]) {
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

    /// Starts to play a partition.
    pub(super) fn partition(&self, partition: Partition, partitions: u32) -> PartitionPlayed<'_> {
        let mut replay = Replay::new(partition, partitions).with_control(self.control.clone());
        self.calendars.iter().for_each(|calendar| replay.fold_cluster(calendar));
        PartitionPlayed {
            playing: self,
            replay,
            seen: BTreeSet::new(),
            pending: VecDeque::new(),
            revision: 0,
        }
    }

    /// A warning for each objective of the file whose batch is not in the log.
    pub(super) fn missing(&self) -> Vec<String> {
        let objectives = self.objectives.iter().flat_map(BTreeMap::values).flatten();
        objectives
            .filter(|objective| !self.seen.contains(&objective.key))
            .map(|objective| {
                format!(
                    "line {}: the log has no record of the batch {}, so `{}` is not judged; check its namespace and name",
                    objective.line, objective.key, objective.name
                )
            })
            .collect()
    }

    /// Adds batches that are in the log.
    pub(super) fn add_seen(&mut self, seen: BTreeSet<BatchKey>) {
        self.seen.extend(seen);
    }
}

/// A partition while it is played.
pub(super) struct PartitionPlayed<'a> {
    playing: &'a Playing,
    replay: Replay,
    seen: BTreeSet<BatchKey>,
    /// Later versions of the file's objectives, by time.
    pending: VecDeque<(Instant, Fact)>,
    revision: u64,
}

impl PartitionPlayed<'_> {
    /// Plays the next records.
    pub(super) fn play(&mut self, records: &[ConsumedRecord], past: &mut Past) -> anyhow::Result<()> {
        if self.playing.objectives.is_none() {
            past.add(self.replay.fold(records)?);
            return Ok(());
        }
        for record in records {
            let event = kigen_wire::decode_event(record.value.as_deref().unwrap_or_default());
            match event {
                Ok(Event::Fact(Fact { body: FactBody::Objective { .. }, .. })) | Err(_) => {}
                Ok(Event::Cluster(ClusterEvent { body: ClusterBody::Calendar { .. }, .. })) => {}
                Ok(Event::Fact(fact)) => {
                    self.apply_pending(fact.observed_at, past)?;
                    if self.seen.insert(fact.key.clone()) {
                        self.declare(&fact, past)?;
                    }
                    past.add(self.replay.fold_fact(fact)?);
                }
                Ok(Event::Cluster(event)) => {
                    if let ClusterBody::Tick { observed_until, .. } = event.body {
                        self.apply_pending(observed_until, past)?;
                    }
                    past.add(self.replay.fold(std::slice::from_ref(record))?);
                }
            }
        }
        Ok(())
    }

    /// The batches of the partition.
    pub(super) fn seen(self) -> BTreeSet<BatchKey> {
        self.seen
    }

    /// Applies the file's objectives of a batch at its first fact.
    fn declare(&mut self, first: &Fact, past: &mut Past) -> anyhow::Result<()> {
        let playing = self.playing;
        let of_batch = playing.objectives.iter().filter_map(|all| all.get(&first.key)).flatten();
        for of_file in of_batch {
            let at = first.observed_at;
            let mut versions = versions(&of_file.objective, &playing.schedules, at);
            let (_, now) = versions.remove(0);
            let fact = self.fact(of_file, now, at);
            past.add(self.replay.fold_fact(fact)?);
            for (at, later) in versions {
                let fact = self.fact(of_file, later, at);
                self.pending.push_back((at, fact));
            }
        }
        self.pending.make_contiguous().sort_by_key(|(at, _)| *at);
        Ok(())
    }

    fn fact(&mut self, of_file: &FileObjective, objective: Objective, observed_at: Instant) -> Fact {
        self.revision += 1;
        let revision = Revision::of(&Origin::File, self.revision);
        let body = FactBody::Objective { name: of_file.name.clone(), revision, objective: Some(objective) };
        Fact { key: of_file.key.clone(), observed_at, body }
    }

    /// Applies the versions of objectives up to an instant.
    fn apply_pending(&mut self, until: Instant, past: &mut Past) -> anyhow::Result<()> {
        while self.pending.front().is_some_and(|(at, _)| *at <= until) {
            if let Some((_, fact)) = self.pending.pop_front() {
                past.add(self.replay.fold_fact(fact)?);
            }
        }
        Ok(())
    }
}

/// The calendars that the objectives of a file name.
fn calendars(file: &Contents) -> Vec<ClusterEvent> {
    let named = file
        .objectives
        .iter()
        .filter_map(|of_file| Some((of_file.key.cluster.clone(), of_file.objective.calendar.clone()?)));
    let named: BTreeSet<(String, String)> = named.collect();
    let event = |(cluster, name): (String, String)| {
        // The objectives of a file name only calendars that are there.
        let days = file.catalog.find(&name).ok()?.working_days(CALENDAR_YEARS.0, CALENDAR_YEARS.1);
        let body = ClusterBody::Calendar { name, revision: 0, working_days: Some(days) };
        Some(ClusterEvent { cluster, cluster_uid: None, epoch: 0, body })
    };
    named.into_iter().filter_map(event).collect()
}

/// The mutes of a file, in each cluster that has an objective in it.
fn mutes(file: &Contents) -> Vec<ClusterEvent> {
    let clusters: BTreeSet<&String> = file.objectives.iter().map(|of_file| &of_file.key.cluster).collect();
    let event = |cluster: &String, mute: &Mute| {
        let (id, change) = (mute.id(cluster, "file"), MuteChange::Declared(mute.clone()));
        let body = ClusterBody::Mute { id, change };
        ClusterEvent { cluster: cluster.clone(), cluster_uid: None, epoch: 0, body }
    };
    clusters.into_iter().flat_map(|cluster| file.mutes.iter().map(move |mute| event(cluster, mute))).collect()
}

/// An objective as it is at `at`, and its later versions: one for each change of the schedule that gives its deadlines.
fn versions(objective: &Objective, schedules: &Schedules, at: Instant) -> Vec<(Instant, Objective)> {
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
