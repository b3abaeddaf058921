//! The restores of the partitions: how many run at a time, and when a failed one is repeated.
//!
//! ```text
//!           queue            begin                ended
//!  (idle) ---------> Queued -------> Running ------------------> (idle)
//!    |                  ^
//!    |   retry_after    |  its time has come
//!    +------------> Delayed
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use kigen_log::LogReader;
use kigen_model::topic::Partition;
use kigen_ops::BackOff;
use kigen_store::Store;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::error::ProcessorError;
use crate::restore::{Judging, RUNNING_MAX, restore};

/// The delays before a partition that failed is restored again.
const RETRY_DELAY_MS_MIN: u64 = 1_000;
const RETRY_DELAY_MS_MAX: u64 = 15_000;
/// The delay before a partition whose fault lasts until an operator mends it is examined again.
const EXAMINE_DELAY: Duration = Duration::from_secs(300);

/// What the restores report.
pub(crate) enum RestoreEvent {
    /// A restore ended.
    Ended(Partition, Result<Judging, ProcessorError>),
    /// The partition is to be restored again.
    Due(Partition),
}

/// The restores that wait, and those that run.
#[derive(Default)]
pub(crate) struct Restores {
    queued: VecDeque<Partition>,
    running: JoinSet<(Partition, Result<Judging, ProcessorError>)>,
    delayed: BTreeMap<Partition, Instant>,
    /// How often each partition has failed since it was last judged.
    back_offs: BTreeMap<Partition, BackOff>,
    /// The partitions whose part of the store is dropped first, since it cannot be read.
    dropped_first: Vec<Partition>,
}

impl Restores {
    /// The partition is restored as soon as there is room.
    pub(crate) fn queue(&mut self, partition: Partition) {
        self.delayed.remove(&partition);
        if !self.queued.contains(&partition) {
            self.queued.push_back(partition);
        }
    }

    /// The partition's part of the store is dropped before its next restore, which reads `kigen.status` instead.
    pub(crate) fn drop_first(&mut self, partition: Partition) {
        if !self.dropped_first.contains(&partition) {
            self.dropped_first.push(partition);
        }
    }

    /// The partition is restored again after a delay that grows with each failure.
    pub(crate) fn retry(&mut self, partition: Partition) {
        let back_off = self
            .back_offs
            .entry(partition)
            .or_insert_with(|| BackOff::new(RETRY_DELAY_MS_MIN, RETRY_DELAY_MS_MAX));
        let delay = back_off.next_delay(None);
        self.queued.retain(|queued| *queued != partition);
        self.delayed.insert(partition, Instant::now() + delay);
    }

    /// The partition is restored again in a while, in case that an operator has mended its fault.
    pub(crate) fn examine_later(&mut self, partition: Partition) {
        self.delayed.insert(partition, Instant::now() + EXAMINE_DELAY);
    }

    /// The partition is judged: its next failure is a first one.
    pub(crate) fn succeeded(&mut self, partition: Partition) {
        self.back_offs.remove(&partition);
    }

    /// The partition is no longer restored here. A restore that runs continues to its end.
    pub(crate) fn cancel(&mut self, partition: Partition) {
        self.queued.retain(|queued| *queued != partition);
        self.delayed.remove(&partition);
        self.back_offs.remove(&partition);
    }

    /// Begins restores while there is room for them, each on a thread of its own. Returns which.
    pub(crate) fn begin<R: LogReader + Clone + 'static>(
        &mut self,
        reader: &R,
        store: &Arc<Store>,
    ) -> Vec<Partition> {
        let mut begun = Vec::new();
        while self.running.len() < RUNNING_MAX
            && let Some(partition) = self.queued.pop_front()
        {
            let drops_first = self.dropped_first.iter().position(|dropped| *dropped == partition);
            let drops_first = drops_first.map(|nth| self.dropped_first.swap_remove(nth)).is_some();
            let (reader, store) = (reader.clone(), Arc::clone(store));
            self.running.spawn_blocking(move || {
                let restored = if drops_first { store.clear(partition).map_err(Into::into) } else { Ok(()) };
                (partition, restored.and_then(|()| restore(&reader, &store, partition)))
            });
            begun.push(partition);
        }
        begun
    }

    /// Waits until a restore ends or the delay of a partition is over; for ever if there is neither. Cancel-safe.
    pub(crate) async fn next(&mut self) -> RestoreEvent {
        let earliest = self.delayed.iter().min_by_key(|(partition, at)| (**at, **partition));
        let earliest = earliest.map(|(partition, at)| (*partition, *at));
        tokio::select! {
            biased;
            Some(ended) = self.running.join_next() => match ended {
                Ok((partition, restored)) => RestoreEvent::Ended(partition, restored),
                Err(failed) => match failed.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    // The runtime is shutting down.
                    Err(_) => std::future::pending().await,
                },
            },
            partition = delay_of(earliest) => {
                self.delayed.remove(&partition);
                RestoreEvent::Due(partition)
            }
        }
    }
}

async fn delay_of(delayed: Option<(Partition, Instant)>) -> Partition {
    let Some((partition, at)) = delayed else {
        return std::future::pending().await;
    };
    tokio::time::sleep_until(at).await;
    partition
}

#[cfg(test)]
mod tests {
    use kigen_log::{EmbeddedLog, Log, Settings};

    use super::*;

    #[tokio::test]
    async fn a_bounded_number_of_restores_run_at_a_time_and_each_partition_gets_its_turn() {
        let dir = tempfile::tempdir().expect("a folder");
        let settings = Settings { partitions: 10, ..Settings::default() };
        let log = EmbeddedLog::open(&dir.path().join("log"), settings).expect("a log");
        let (store, _) = Store::open(&dir.path().join("store")).expect("a store");
        let store = Arc::new(store);
        let mut restores = Restores::default();
        (0..10).map(Partition).for_each(|partition| restores.queue(partition));
        let (mut begun, mut ended) = (Vec::new(), Vec::new());
        while ended.len() < 10 {
            begun.extend(restores.begin(log.reader(), &store));
            assert!(begun.len() - ended.len() <= RUNNING_MAX);
            match restores.next().await {
                RestoreEvent::Ended(partition, restored) => {
                    restored.expect("an empty log");
                    ended.push(partition);
                }
                RestoreEvent::Due(partition) => panic!("partition {partition} was not delayed"),
            }
        }
        ended.sort_unstable();
        assert_eq!(ended, (0..10).map(Partition).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_restore_is_repeated_after_a_growing_delay_unless_the_partition_is_revoked() {
        let mut restores = Restores::default();
        let mut delay_of_next = async || {
            let began = Instant::now();
            restores.retry(Partition(3));
            assert!(matches!(restores.next().await, RestoreEvent::Due(Partition(3))));
            began.elapsed()
        };
        let delays = [delay_of_next().await, delay_of_next().await, delay_of_next().await];
        assert!(delays.iter().all(|delay| *delay <= Duration::from_millis(RETRY_DELAY_MS_MAX)), "{delays:?}");
        assert!(delays[2] > delays[0], "{delays:?}");
        restores.examine_later(Partition(3));
        restores.cancel(Partition(3));
        let none = tokio::time::timeout(2 * EXAMINE_DELAY, restores.next()).await;
        assert!(none.is_err(), "a partition that was revoked is restored by its next owner");
    }
}
