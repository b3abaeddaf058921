//! Writes an event of a cluster to the log, as a command or its `kigen up` does.

use chrono::Utc;
use kigen_log::{Log, LogError, LogReader, NewRecord};
use kigen_model::event::{ClusterEvent, Event};
use kigen_model::topic::{Partition, Topic};
use kigen_wire::Level;

/// Writes an event to each partition, at once: each is judged alone.
pub(crate) async fn write_to_all<L: Log>(log: &L, event: ClusterEvent) -> Result<(), LogError> {
    let key = event.cluster.clone();
    let value = kigen_wire::encode_event(&Event::Cluster(event), Level::NEWEST);
    let now = Utc::now();
    let record = |nth| NewRecord {
        topic: Topic::Events,
        partition: Partition(nth),
        key: key.clone(),
        value: Some(value.clone()),
        timestamp: now,
    };
    log.append((0..log.reader().partitions()).map(record).collect()).await?;
    Ok(())
}
