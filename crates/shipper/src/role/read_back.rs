//! The log's end of a cluster: the last epoch, the last tick, and the facts that may still be live.

use std::collections::{BTreeMap, VecDeque};

use chrono::TimeDelta;
use kigen_control::Control;
use kigen_log::{ConsumedRecord, Log, LogError, LogReader};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, StreamPosition};
use kigen_model::key::BatchKey;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_objective::annotation::ANNOTATED_OBJECTIVE;
use kigen_ops::on_thread;
use kigen_wire::DecodeError;
use thiserror::Error;

use crate::core::Resume;
use crate::past::Past;
use crate::resync::Resync;
use crate::settings::Settings;

/// How much is read at once.
const RECORDS_PER_READ_MAX: usize = 1_000;
const BYTES_PER_READ_MAX: usize = 4 << 20;
/// How many of a partition's last records of the cluster are searched for a tick. Only those of starts without a tick
/// are among them; a log that has more of them is resumed as if it had no tick.
const CLUSTER_RECORDS_MAX: usize = 1_000;

/// What the log has of a cluster at its end.
#[derive(Debug, Default)]
pub(super) struct LogTail {
    /// The last shipper's epoch; 0 without one.
    pub(super) epoch: u64,
    /// The last UID of a cluster under this name; `None`: no shipper could read one.
    pub(super) cluster_uid: Option<String>,
    /// Where to resume.
    pub(super) resume: Resume,
    /// A record of the cluster that a newer kigen wrote: what is resumed lacks it.
    pub(super) newer: Option<NewerRecord>,
    /// The end of each partition when it was read.
    pub(super) ends: Vec<Offset>,
}

/// A record that a newer kigen wrote.
#[derive(Debug, Error)]
#[error(
    "a newer kigen wrote the event at offset {offset} of kigen.events, partition {partition}, and this one does not begin to \
     ship without it: upgrade this process; or, to ship without it, which may cause a false alert: kigen skip kigen.events \
     {partition} {offset}"
)]
pub(super) struct NewerRecord {
    partition: Partition,
    offset: Offset,
    source: DecodeError,
}

/// Reads the end of `kigen.events` that holds all live facts, or the whole log. A tick only counts if every partition has it.
pub(super) async fn read_back(
    log: &impl Log,
    settings: &Settings,
    control: &Control,
) -> Result<LogTail, LogError> {
    let reader = log.reader().clone();
    let (cluster, control) = (settings.cluster.clone(), control.clone());
    let period = TimeDelta::try_milliseconds(Resync::new(settings.retention_ms).period_ms());
    on_thread(move || {
        let (past, newer) = Default::default();
        let mut live = LiveFacts { cluster, period, control, past, newer };
        let partitions: Result<Vec<_>, _> =
            (0..reader.partitions()).map(|nth| live.read(&reader, Partition(nth))).collect();
        Ok(live.into_tail(partitions?))
    })
    .await
}

/// The UID of another cluster with a record under this name between `from` and `begun`, the record with which this shipper
/// began its epoch. Two shippers that begin at the same time both find an empty log; the one that comes second is refused.
pub(super) async fn first_epoch_after(
    log: &impl Log,
    from: Offset,
    begun: &ClusterEvent,
) -> Result<Option<String>, LogError> {
    let (reader, begun) = (log.reader().clone(), begun.clone());
    on_thread(move || {
        let mut from = from;
        loop {
            let records =
                reader.read(Topic::Events, Partition(0), from, RECORDS_PER_READ_MAX, BYTES_PER_READ_MAX)?;
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

/// What a partition has of the cluster at its end.
#[derive(Default)]
struct PartitionTail {
    epoch: u64,
    cluster_uid: Option<String>,
    tick: Option<(Instant, Vec<StreamPosition>)>,
    /// The timestamp of its record.
    ticked_at: Option<Instant>,
    /// The offset up to which it was read.
    end: Offset,
    facts: BTreeMap<Subject, Fact>,
}

/// The object of a fact.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    CronJob(BatchKey),
    Objective(BatchKey, String),
    Run(String),
}

struct LiveFacts {
    cluster: String,
    /// The resync period.
    period: Option<TimeDelta>,
    control: Control,
    /// The latest past of any fact, also of those that are not kept.
    past: Past,
    newer: Option<NewerRecord>,
}

impl LiveFacts {
    /// Every live fact was emitted within the last resync period before the last tick, and so after a position two periods
    /// before the last record, unless the cluster was silent for most of a period: then the whole partition is read. So is
    /// a log that is younger.
    ///
    /// A period and an eighth is required, since records are dated by the shippers' clocks, and periods by the cluster's.
    fn read(&mut self, reader: &impl LogReader, partition: Partition) -> Result<PartitionTail, LogError> {
        let start = reader.earliest(Topic::Events, partition)?;
        if let Some((since, from)) = self.recent(reader, partition, start) {
            let tail = self.read_from(reader, partition, from)?;
            let is_enough = |ticked_at: Instant| {
                self.period.is_some_and(|period| ticked_at - since >= period + period / 8)
            };
            if tail.ticked_at.is_some_and(is_enough) {
                return Ok(tail);
            }
        }
        self.read_from(reader, partition, start)
    }

    /// The instant two periods before the last record, and the first record from then on; `None`: it is the first of
    /// all, or cannot be found.
    fn recent(
        &self,
        reader: &impl LogReader,
        partition: Partition,
        start: Offset,
    ) -> Option<(Instant, Offset)> {
        let last = reader.last(Topic::Events, partition).ok()??;
        let since = last.timestamp.checked_sub_signed(self.period?)?.checked_sub_signed(self.period?)?;
        let from = reader.offset_for_time(Topic::Events, partition, since).ok()?;
        (from > start).then_some((since, from))
    }

    fn read_from(
        &mut self,
        reader: &impl LogReader,
        partition: Partition,
        mut from: Offset,
    ) -> Result<PartitionTail, LogError> {
        let (mut of_cluster, mut facts) = (VecDeque::new(), BTreeMap::new());
        loop {
            let records =
                match reader.read(Topic::Events, partition, from, RECORDS_PER_READ_MAX, BYTES_PER_READ_MAX) {
                    Ok(records) => records,
                    // The processor meets the same error and logs it.
                    Err(LogError::Corrupt { offset, .. }) => {
                        from = offset.next();
                        continue;
                    }
                    Err(error) => return Err(error),
                };
            let Some(last) = records.last() else {
                return Ok(PartitionTail { end: from, facts, ..self.tail_of(&of_cluster) });
            };
            from = last.offset.next();
            for mut record in records {
                let Some(value) = record.value.take() else { continue };
                if record.key == self.cluster {
                    if kigen_wire::decode_forgotten(&value).is_some() {
                        facts.clear();
                    }
                    // Nearly all of these are ticks, and of ticks only the last counts: they are decoded at the end.
                    of_cluster.push_back((record.timestamp, value));
                    if of_cluster.len() > CLUSTER_RECORDS_MAX {
                        of_cluster.pop_front();
                    }
                } else {
                    match kigen_wire::decode_event(&value) {
                        Ok(Event::Fact(fact)) => self.apply(&mut facts, fact),
                        Err(source) if source.is_newer() => self.found_newer(partition, &record, source),
                        Ok(Event::Cluster(_)) | Err(_) => {}
                    }
                }
            }
        }
    }

    /// It is waited for if it is of this cluster and no operator skips it.
    fn found_newer(&mut self, partition: Partition, record: &ConsumedRecord, source: DecodeError) {
        let offset = record.offset;
        let is_of_cluster = record.key.parse::<BatchKey>().is_ok_and(|key| key.cluster == self.cluster);
        if is_of_cluster && !self.control.is_skipped(Topic::Events, partition, offset) {
            self.newer.get_or_insert(NewerRecord { partition, offset, source });
        }
    }

    /// Records of an older epoch after those of a newer one are ignored, here and by the processor: a leader that was frozen
    /// and wakes up must not hide what its successor has lost.
    fn tail_of(&self, of_cluster: &VecDeque<(Instant, Vec<u8>)>) -> PartitionTail {
        let mut tail = PartitionTail::default();
        for (timestamp, value) in of_cluster {
            let Ok(Event::Cluster(event)) = kigen_wire::decode_event(value) else { continue };
            let ClusterEvent { cluster, cluster_uid, epoch, body } = event;
            if cluster != self.cluster || epoch < tail.epoch {
                continue;
            }
            tail.epoch = epoch;
            tail.cluster_uid = cluster_uid.or(tail.cluster_uid);
            match body {
                ClusterBody::Tick { observed_until, positions } => {
                    tail.tick = Some((observed_until, positions));
                    tail.ticked_at = Some(*timestamp);
                }
                // Another cluster may have the name from here on.
                ClusterBody::Forgotten { .. } => tail = PartitionTail { epoch, ..PartitionTail::default() },
                ClusterBody::Epoch { .. } | ClusterBody::Gap(_) | ClusterBody::Calendar { .. } => {}
            }
        }
        tail
    }

    /// Ended runs and attempts are not kept: those that still exist are listed.
    fn apply(&mut self, facts: &mut BTreeMap<Subject, Fact>, fact: Fact) {
        if fact.key.cluster != self.cluster {
            return;
        }
        self.past = self.past.max(Past::of_fact(&fact));
        let (subject, is_over) = match &fact.body {
            FactBody::CronJob { cron_job, .. } => (Subject::CronJob(fact.key.clone()), cron_job.is_none()),
            FactBody::Objective { name, revision, objective } => {
                // A declared objective's only version is the one assigned last, which must not be forgotten.
                let is_annotated = name == ANNOTATED_OBJECTIVE && !revision.is_of_file();
                let is_over = objective.is_none() && is_annotated;
                (Subject::Objective(fact.key.clone(), name.clone()), is_over)
            }
            FactBody::Run { revision, run } => (Subject::Run(revision.uid.clone()), run.phase.is_terminal()),
            FactBody::Attempt { .. } => return,
        };
        if is_over {
            facts.remove(&subject);
        } else {
            facts.insert(subject, fact);
        }
    }

    fn into_tail(self, partitions: Vec<PartitionTail>) -> LogTail {
        let epoch = partitions.iter().map(|tail| tail.epoch).max().unwrap_or(0);
        let identified = partitions.iter().filter(|tail| tail.cluster_uid.is_some());
        let cluster_uid = identified.max_by_key(|tail| tail.epoch).and_then(|tail| tail.cluster_uid.clone());
        let ends = partitions.iter().map(|tail| tail.end).collect();
        let (mut ticks, mut facts) = (Some(Vec::new()), Vec::new());
        for tail in partitions {
            ticks = ticks.zip(tail.tick).map(|(mut ticks, tick)| {
                ticks.push(tick);
                ticks
            });
            facts.extend(tail.facts.into_values());
        }
        let tick = ticks.into_iter().flatten().min_by_key(|(observed_until, _)| *observed_until);
        let (observed_until, positions) =
            tick.map_or_else(Default::default, |(at, positions)| (Some(at), positions));
        let of_positions = positions.iter().map(|position| Past::of(position.resource_version));
        let past = of_positions.fold(self.past, Past::max);
        let resume = Resume { observed_until, positions, past, facts };
        LogTail { epoch, cluster_uid, resume, newer: self.newer, ends }
    }
}
