//! The log's end of a cluster: the last epoch, the last tick, and the facts that may still be live.
//!
//! ```text
//! of each partition   the states in kigen.status suffice ──▶ those states, and the events after their position
//!                     else                               ──▶ the events of two resync periods, or all
//! ```

use chrono::TimeDelta;
use kigen_control::Control;
use kigen_log::{Log, LogError, LogReader};
use kigen_model::Instant;
use kigen_model::event::{ClusterEvent, Event};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::on_thread;

use super::partition_tail::{Events, NewerRecord, PartitionTail};
use super::snapshot::Snapshots;
use crate::core::Resume;
use crate::past::Past;
use crate::resync::Resync;
use crate::settings::Settings;

/// How much is read at once.
const RECORDS_PER_READ_MAX: usize = 1_000;
const BYTES_PER_READ_MAX: usize = 4 << 20;

/// What the log has of a cluster at its end.
#[derive(Debug, Default)]
pub struct LogTail {
    /// The last shipper's epoch; 0 without one.
    pub epoch: u64,
    /// The last UID of a cluster under this name; `None`: no shipper could read one.
    pub cluster_uid: Option<String>,
    /// Where to resume.
    pub resume: Resume,
    /// A record of the cluster that a newer kigen wrote: what is resumed lacks it.
    pub newer: Option<NewerRecord>,
    /// The end of each partition when it was read.
    pub ends: Vec<Offset>,
    /// Of how many partitions the states were read, in place of the events that have made them.
    pub by_states: usize,
    /// How many events were read.
    pub events: usize,
}

/// Reads the end of the log that has all live facts. A tick only counts if every partition has it.
///
/// # Errors
/// The log cannot be read.
pub async fn read_back(log: &impl Log, settings: &Settings, control: &Control) -> Result<LogTail, LogError> {
    let reader = log.reader().clone();
    let (cluster, control) = (settings.cluster.clone(), control.clone());
    let period = TimeDelta::try_milliseconds(Resync::new(settings.retention_ms).period_ms());
    on_thread(move || {
        let of = ReadBack { reader: &reader, cluster: &cluster, control: &control, period };
        of.read()
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

/// Reads the end of the log of one cluster.
struct ReadBack<'a, R> {
    reader: &'a R,
    cluster: &'a str,
    control: &'a Control,
    /// The resync period.
    period: Option<TimeDelta>,
}

impl<R: LogReader> ReadBack<'_, R> {
    fn read(&self) -> Result<LogTail, LogError> {
        let (mut tails, mut by_states) = (Vec::new(), 0);
        for partition in (0..self.reader.partitions()).map(Partition) {
            let (tail, is_by_state) = self.read_partition(partition)?;
            tails.push(tail);
            by_states += usize::from(is_by_state);
        }
        Ok(LogTail { by_states, ..tail_of(tails) })
    }

    /// The end of a partition, and whether it was read by states.
    fn read_partition(&self, partition: Partition) -> Result<(PartitionTail, bool), LogError> {
        let start = self.reader.earliest(Topic::Events, partition)?;
        let recent = self.recent(partition, start);
        let (reader, cluster, resynced_after) = (self.reader, self.cluster, self.resynced_after());
        let least = recent.map_or(start, |(_, from)| from);
        match (Snapshots { reader, cluster, resynced_after }).read(partition, least)? {
            Ok(snapshot) => Ok((self.events().read(partition, snapshot)?, true)),
            Err(why) => {
                tracing::debug!(%partition, "reads the events of a partition without its states: {why}");
                Ok((self.read_events(partition, start, recent)?, false))
            }
        }
    }

    /// Every live fact was emitted within the last resync period before the last tick, and so after a position two periods
    /// before the last record, unless the cluster was silent for most of a period: then the whole partition is read. So is
    /// a log that is younger.
    fn read_events(
        &self,
        partition: Partition,
        start: Offset,
        recent: Option<(Instant, Offset)>,
    ) -> Result<PartitionTail, LogError> {
        if let Some((since, from)) = recent {
            let tail = self.read_from(partition, from)?;
            let is_enough =
                |ticked_at: Instant| self.resynced_after().is_some_and(|it| ticked_at - since >= it);
            if tail.cluster.ticked_at.is_some_and(is_enough) {
                return Ok(tail);
            }
        }
        self.read_from(partition, start)
    }

    fn read_from(&self, partition: Partition, from: Offset) -> Result<PartitionTail, LogError> {
        self.events().read(partition, PartitionTail { end: from, ..PartitionTail::default() })
    }

    fn events(&self) -> Events<'_, R> {
        Events { reader: self.reader, cluster: self.cluster, control: self.control }
    }

    /// The instant two periods before the last record, and the first record from then on; `None`: it is the first of
    /// all, or cannot be found.
    fn recent(&self, partition: Partition, start: Offset) -> Option<(Instant, Offset)> {
        let last = self.reader.last(Topic::Events, partition).ok()??;
        let since = last.timestamp.checked_sub_signed(self.period?)?.checked_sub_signed(self.period?)?;
        let from = self.reader.offset_for_time(Topic::Events, partition, since).ok()?;
        (from > start).then_some((since, from))
    }

    /// A period and an eighth, since records are dated by the shippers' clocks, and periods by the cluster's.
    fn resynced_after(&self) -> Option<TimeDelta> {
        self.period.map(|period| period + period / 8)
    }
}

fn tail_of(partitions: Vec<PartitionTail>) -> LogTail {
    let (mut log, mut past) = (LogTail::default(), Past::default());
    let (mut ticks, mut uid_epoch) = (Some(Vec::new()), 0);
    for PartitionTail { cluster, live, end, events, newer } in partitions {
        log.epoch = log.epoch.max(cluster.epoch);
        if cluster.cluster_uid.is_some() && cluster.epoch >= uid_epoch {
            (log.cluster_uid, uid_epoch) = (cluster.cluster_uid, cluster.epoch);
        }
        log.newer = log.newer.or(newer);
        log.ends.push(end);
        log.events += events;
        ticks = ticks.zip(cluster.tick).map(|(mut ticks, tick)| {
            ticks.push(tick);
            ticks
        });
        past = past.max(live.past());
        log.resume.facts.extend(live.into_facts());
    }
    let tick = ticks.into_iter().flatten().min_by_key(|(observed_until, _)| *observed_until);
    let (observed_until, positions) =
        tick.map_or_else(Default::default, |(at, positions)| (Some(at), positions));
    let of_positions = positions.iter().map(|position| Past::of(position.resource_version));
    let past = of_positions.fold(past, Past::max);
    log.resume = Resume { observed_until, positions, past, facts: log.resume.facts };
    log
}
