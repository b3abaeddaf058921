//! The role of a dry run: prints the alerts that are appended to `kigen.alerts` from its start on.
//!
//! It is a guest of the log: it joins no group, commits no position and writes nothing, so that the group delivers
//! all of them.

use std::time::Duration;

use kigen_log::{ConsumedRecord, Fate, LogError, LogReader};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::on_thread;

use crate::delivery::{Delivered, Delivery};
use crate::error::NotifierError;
use crate::log_retry::LogRetry;

/// How much is read at a time.
const ALERTS_READ_MAX: usize = 64;
const BYTES_READ_MAX: usize = 4 * 1024 * 1024;
/// How often the log is read.
const READ_INTERVAL: Duration = Duration::from_millis(250);

/// Delivers the alerts that are appended from now on until `shutdown`, in the order of each partition.
///
/// # Errors
/// The log needs a person, or the destination of the messages is closed.
pub async fn run<R: LogReader + Clone + 'static>(
    reader: R,
    delivery: Delivery,
    shutdown: impl Future<Output = ()>,
) -> Result<(), NotifierError> {
    let mut delivery = delivery.reading(reader.clone());
    let mut retry = LogRetry::new(&delivery);
    // Of each partition, where to read on; none before the ends are known.
    let mut next: Vec<Offset> = Vec::new();
    tokio::pin!(shutdown);
    loop {
        let (reader, from) = (reader.clone(), next.clone());
        let read = on_thread(move || if from.is_empty() { ends(&reader) } else { read_from(&reader, from) });
        match read.await {
            Ok(Read { next: read_until, records }) => {
                next = read_until;
                retry.succeeded();
                delivery.health().watches();
                for (partition, record) in &records {
                    match delivery.deliver(*partition, record, shutdown.as_mut()).await? {
                        // The reject of an undecodable record is written by a member of the group.
                        Delivered::Done(_) | Delivered::Nothing => {}
                        Delivered::ShutDown => return Ok(()),
                        Delivered::Newer(error) => {
                            tracing::warn!(%partition, offset = %record.offset, "an alert of a newer kigen is not printed: {error}");
                        }
                    }
                }
            }
            Err(error) if error.fate() != Fate::Retry => return Err(error.into()),
            Err(error) => {
                if !retry.wait_after(&error, shutdown.as_mut()).await {
                    return Ok(());
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(READ_INTERVAL) => {}
            () = &mut shutdown => return Ok(()),
        }
    }
}

/// What was read of all partitions.
struct Read {
    /// Of each partition, where to read on.
    next: Vec<Offset>,
    records: Vec<(Partition, ConsumedRecord)>,
}

fn ends(reader: &impl LogReader) -> Result<Read, LogError> {
    let ends = (0..reader.partitions()).map(|nth| reader.latest(Topic::Alerts, Partition(nth)));
    Ok(Read { next: ends.collect::<Result<_, _>>()?, records: Vec::new() })
}

fn read_from(reader: &impl LogReader, mut next: Vec<Offset>) -> Result<Read, LogError> {
    reader.refresh()?;
    let mut records = Vec::new();
    for (partition, next) in (0..).map(Partition).zip(&mut next) {
        match reader.read(Topic::Alerts, partition, *next, ALERTS_READ_MAX, BYTES_READ_MAX) {
            Ok(read) => {
                *next = read.last().map_or(*next, |last| last.offset.next());
                records.extend(read.into_iter().map(|record| (partition, record)));
            }
            Err(error @ LogError::Corrupt { offset, .. }) => {
                tracing::error!("{error}");
                *next = offset.next();
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Read { next, records })
}
