//! What the processors read: the records of each partition of `kigen.events`, and which of them expire unread.

use std::ops::Range;

use kigen_log::NewRecord;
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, Event};
use kigen_model::topic::{Partition, Topic};
use kigen_wire::Level;

/// The records of `kigen.events`.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// Its partitions.
    pub partitions: Vec<InputPartition>,
}

/// The records of one partition.
#[derive(Clone, Debug, Default)]
pub struct InputPartition {
    /// All records, in the log's order.
    pub records: Vec<NewRecord>,
    /// The places of those that expire unread: everything before them was judged, and they are trimmed while no processor
    /// runs. Ascending, not empty, not adjacent.
    pub expired: Vec<Range<usize>>,
}

impl Input {
    /// The input of these events, by partition.
    #[must_use]
    pub fn of(partitions: &[Vec<Event>], expired: &[Vec<Range<usize>>]) -> Self {
        let partitions = partitions.iter().enumerate().map(|(nth, events)| InputPartition {
            records: records(Partition(u32::try_from(nth).unwrap_or(u32::MAX)), events),
            expired: expired.get(nth).cloned().unwrap_or_default(),
        });
        Self { partitions: partitions.collect() }
    }

    /// The number of partitions of each topic.
    ///
    /// # Panics
    /// There are more than four thousand million.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.partitions.len()).expect("a few partitions")
    }

    /// The number of records.
    #[must_use]
    pub fn records(&self) -> usize {
        self.partitions.iter().map(|partition| partition.records.len()).sum()
    }
}

impl InputPartition {
    /// The range that expires next, at or after this place.
    pub(crate) fn expires_next(&self, from: usize) -> Option<Range<usize>> {
        self.expired.iter().find(|range| range.start >= from).cloned()
    }
}

fn records(partition: Partition, events: &[Event]) -> Vec<NewRecord> {
    let mut latest = Instant::UNIX_EPOCH;
    events
        .iter()
        .map(|event| {
            // As the log stores them: never decreasing.
            latest = written_at(event).map_or(latest, |at| at.max(latest));
            let key = match event {
                Event::Fact(fact) => fact.key.to_string(),
                Event::Cluster(event) => event.cluster.clone(),
            };
            let value = Some(kigen_wire::encode_event(event, Level::NEWEST));
            NewRecord { topic: Topic::Events, partition, key, value, timestamp: latest }
        })
        .collect()
}

fn written_at(event: &Event) -> Option<Instant> {
    match event {
        Event::Fact(fact) => Some(fact.observed_at),
        Event::Cluster(event) => match &event.body {
            ClusterBody::Tick { observed_until, .. } => Some(*observed_until),
            ClusterBody::Gap(gap) => Some(gap.to),
            ClusterBody::Epoch { .. }
            | ClusterBody::Calendar { .. }
            | ClusterBody::Mute { .. }
            | ClusterBody::Stalled { .. }
            | ClusterBody::StallOver { .. }
            | ClusterBody::Forgotten { .. } => None,
        },
    }
}
