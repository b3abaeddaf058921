//! What the log has of a cluster: the last epoch, the last tick, and what was said and may still hold.

use std::collections::{BTreeMap, VecDeque};

use chrono::TimeDelta;
use kigen_log::{Log, LogError, LogReader, on_thread};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, Revision, StreamPosition};
use kigen_model::key::BatchKey;
use kigen_model::run::RunPhase;
use kigen_model::topic::{Offset, Partition, Topic};

use crate::core::Resume;
use crate::decode::ANNOTATED_OBJECTIVE;
use crate::resync::Restating;
use crate::settings::Settings;

/// How much is read at once.
const RECORDS_PER_READ_MAX: usize = 1_000;
const BYTES_PER_READ_MAX: usize = 4 << 20;
/// How many of a partition's last records of the cluster are looked at for a tick. Among these are only those of
/// starts without one; a log that has more of them is resumed as if it had no tick.
const CLUSTER_RECORDS_MAX: usize = 1_000;

/// The end of the story as the log has it.
#[derive(Debug, Default)]
pub(super) struct LastWords {
    /// The last shipper's epoch; 0 without one.
    pub(super) epoch: u64,
    /// The UID of the cluster that was last heard of under this name; `None`: nobody could read it.
    pub(super) cluster_uid: Option<String>,
    /// Where to go on.
    pub(super) resume: Resume,
    /// The end of the first partition when it was read.
    pub(super) end: Offset,
}

/// Reads what may still hold of `kigen.events`, or all of it. A tick is only trusted if every partition has it.
pub(super) async fn read_back(log: &impl Log, settings: &Settings) -> Result<LastWords, LogError> {
    let look = log.reader().clone();
    let cluster = settings.cluster.clone();
    let period = TimeDelta::try_milliseconds(Restating::new(settings.retention_ms).period_ms());
    on_thread(move || {
        let mut story = Story { cluster, period, live: BTreeMap::new() };
        let partitions: Result<Vec<_>, _> =
            (0..look.partitions()).map(|nth| story.read(&look, Partition(nth))).collect();
        Ok(story.last_words(partitions?))
    })
    .await
}

/// The UID of another cluster that has said something under this name from `from` on, before `begun` was said: two that begin
/// at the same time find an empty log both, and the second one to speak is the one that is refused.
pub(super) async fn first_to_speak(
    log: &impl Log,
    from: Offset,
    begun: &ClusterEvent,
) -> Result<Option<String>, LogError> {
    let (look, begun) = (log.reader().clone(), begun.clone());
    on_thread(move || {
        let mut from = from;
        loop {
            let records =
                look.read(Topic::Events, Partition(0), from, RECORDS_PER_READ_MAX, BYTES_PER_READ_MAX)?;
            let Some(last) = records.last() else { return Ok(None) };
            from = last.offset.next();
            let of_cluster = records.into_iter().filter(|record| record.key == begun.cluster);
            for value in of_cluster.filter_map(|record| record.value) {
                let Ok(Event::Cluster(event)) = kigen_wire::decode_event(&value) else { continue };
                if event == begun {
                    return Ok(None);
                }
                if event.cluster_uid.is_some() && event.cluster_uid != begun.cluster_uid {
                    return Ok(event.cluster_uid);
                }
            }
        }
    })
    .await
}

/// What a partition says of the cluster.
#[derive(Default)]
struct Told {
    epoch: u64,
    cluster_uid: Option<String>,
    tick: Option<(Instant, Vec<StreamPosition>)>,
    /// The timestamp of its record.
    ticked_at: Option<Instant>,
    /// Up to where it was read.
    end: Offset,
}

/// What a fact is about.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum About {
    CronJob(BatchKey),
    Objective(BatchKey, String),
    Run(String),
}

struct Story {
    cluster: String,
    /// Within how long all that holds is said again.
    period: Option<TimeDelta>,
    live: BTreeMap<About, Fact>,
}

impl Story {
    /// All that holds was said within the last period before the last tick, and so after a place two periods before the
    /// last record, unless the cluster was silent for most of one: then all is read. So is a log that is younger.
    ///
    /// A period and an eighth is asked for, since records are dated by the shippers' clocks, and periods by the cluster's.
    fn read(&mut self, look: &impl LogReader, partition: Partition) -> Result<Told, LogError> {
        let start = look.earliest(Topic::Events, partition)?;
        if let Some((since, from)) = self.recent(look, partition, start) {
            let told = self.read_from(look, partition, from)?;
            let is_enough = |ticked_at: Instant| {
                self.period.is_some_and(|period| ticked_at - since >= period + period / 8)
            };
            if told.ticked_at.is_some_and(is_enough) {
                return Ok(told);
            }
        }
        self.read_from(look, partition, start)
    }

    /// The instant two periods before the last record, and the first record from then on; `None`: it is the first of
    /// all, or that cannot be found.
    fn recent(
        &self,
        look: &impl LogReader,
        partition: Partition,
        start: Offset,
    ) -> Option<(Instant, Offset)> {
        let last = look.last(Topic::Events, partition).ok()??;
        let since = last.timestamp.checked_sub_signed(self.period?)?.checked_sub_signed(self.period?)?;
        let from = look.offset_for_time(Topic::Events, partition, since).ok()?;
        (from > start).then_some((since, from))
    }

    fn read_from(
        &mut self,
        look: &impl LogReader,
        partition: Partition,
        mut from: Offset,
    ) -> Result<Told, LogError> {
        let mut of_cluster = VecDeque::new();
        loop {
            let records =
                match look.read(Topic::Events, partition, from, RECORDS_PER_READ_MAX, BYTES_PER_READ_MAX) {
                    Ok(records) => records,
                    // The processor meets it too and says so.
                    Err(LogError::Corrupt { offset, .. }) => {
                        from = offset.next();
                        continue;
                    }
                    Err(error) => return Err(error),
                };
            let Some(last) = records.last() else {
                return Ok(Told { end: from, ..self.told(&of_cluster) });
            };
            from = last.offset.next();
            for record in records {
                let Some(value) = record.value else { continue };
                if record.key == self.cluster {
                    // Nearly all of these are ticks, and of ticks only the last counts: they are decoded at the end.
                    of_cluster.push_back((record.timestamp, value));
                    if of_cluster.len() > CLUSTER_RECORDS_MAX {
                        of_cluster.pop_front();
                    }
                } else if let Ok(Event::Fact(fact)) = kigen_wire::decode_event(&value) {
                    self.heard(fact);
                }
            }
        }
    }

    /// What a leader says that was followed by another is ignored, by those who judge and here: that it was frozen and
    /// wakes up must not hide what the one after it has lost.
    fn told(&self, of_cluster: &VecDeque<(Instant, Vec<u8>)>) -> Told {
        let mut told = Told::default();
        for (timestamp, value) in of_cluster {
            let Ok(Event::Cluster(event)) = kigen_wire::decode_event(value) else { continue };
            let ClusterEvent { cluster, cluster_uid, epoch, body } = event;
            if cluster != self.cluster || epoch < told.epoch {
                continue;
            }
            told.epoch = epoch;
            told.cluster_uid = cluster_uid.or(told.cluster_uid);
            if let ClusterBody::Tick { observed_until, positions } = body {
                told.tick = Some((observed_until, positions));
                told.ticked_at = Some(*timestamp);
            }
        }
        told
    }

    /// Runs that ended and attempts need no remembering: those that are still there are listed.
    fn heard(&mut self, fact: Fact) {
        if fact.key.cluster != self.cluster {
            return;
        }
        let (about, is_over) = match &fact.body {
            FactBody::CronJob { cron_job, .. } => (About::CronJob(fact.key.clone()), cron_job.is_none()),
            FactBody::Objective { name, revision, objective } => {
                // What is declared has no version but the one given last, which so must not be forgotten.
                let is_annotated = name == ANNOTATED_OBJECTIVE && revision.uid != Revision::OF_FILE;
                let is_over = objective.is_none() && is_annotated;
                (About::Objective(fact.key.clone(), name.clone()), is_over)
            }
            FactBody::Run { revision, run } => {
                let is_open =
                    matches!(run.phase, RunPhase::Pending | RunPhase::Running | RunPhase::Suspended);
                (About::Run(revision.uid.clone()), !is_open)
            }
            FactBody::Attempt { .. } => return,
        };
        if is_over {
            self.live.remove(&about);
        } else {
            self.live.insert(about, fact);
        }
    }

    fn last_words(self, partitions: Vec<Told>) -> LastWords {
        let epoch = partitions.iter().map(|told| told.epoch).max().unwrap_or(0);
        let identified = partitions.iter().filter(|told| told.cluster_uid.is_some());
        let cluster_uid = identified.max_by_key(|told| told.epoch).and_then(|told| told.cluster_uid.clone());
        let end = partitions.first().map(|told| told.end).unwrap_or_default();
        let ticks: Option<Vec<_>> = partitions.into_iter().map(|told| told.tick).collect();
        let tick = ticks.into_iter().flatten().min_by_key(|(observed_until, _)| *observed_until);
        let facts = self.live.into_values().collect();
        let resume = match tick {
            Some((observed_until, positions)) => {
                Resume { observed_until: Some(observed_until), positions, facts }
            }
            None => Resume { observed_until: None, positions: Vec::new(), facts },
        };
        LastWords { epoch, cluster_uid, resume, end }
    }
}
