//! The partitions that are assigned to this process, and the state of each.
//!
//! The members of the group [`GROUP`](crate::GROUP) divide the partitions between them. A partition that is assigned is first restored,
//! on another thread, while the others are judged. After a revocation everything in memory of the partition is dropped;
//! what was not committed of it is judged by its next owner.
//!
//! ```text
//!              Assigned          begun                 restored
//!  not owned ------------> Queued -----> Restoring ------------> Judging --+
//!                          ^  ^ ^           |                     |   ^    |  a round is committed
//!                          |  | |  failed   |    its round failed |   +----+
//!                          |  | +-----------+---------------------+
//!                          |  |             |                     |
//!                   5 min  |  |  backoff    |  needs an operator  |
//!                          |  +- (delayed)  v                     |
//!                          +------------- Paused <----------------+
//!
//!  Revoked:  Queued, Judging, Paused -> not owned;  Restoring -> not owned, once the restore has ended
//!  Assigned, or restarted, while Restoring: it is restored once more
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use kigen_log::{ConsumedRecord, Consumer, LogReader};
use kigen_model::topic::Partition;
use kigen_ops::{ThrottledWarnings, error_chain};
use kigen_state::PartitionState;
use kigen_store::Store;

use crate::commit::Committed;
use crate::error::{ProcessorError, Remedy};
use crate::health::Health;
use crate::leftover::Leftover;
use crate::restore::Judging;
use crate::restores::{RestoreEvent, Restores};
use crate::states::{Cache, States};

/// The partitions, with what is in memory of them, and the store below.
pub(crate) struct OwnedPartitions {
    /// Ordered, so that one seed of a test gives the same run twice.
    partitions: BTreeMap<Partition, Ownership>,
    pub(crate) leftover: Leftover,
    cache: Cache,
    restores: Restores,
    store: Arc<Store>,
    /// A read has found damage: the store is replaced before the next restore.
    store_is_damaged: bool,
    pub(crate) health: Health,
    pub(crate) warnings: ThrottledWarnings,
}

/// The state of a partition that is assigned, or was until its restore began.
pub(crate) enum Ownership {
    /// Its restore waits for room, or is repeated after a delay.
    Queued,
    /// The store is being brought to the committed position. A second restore of the partition would write to the same
    /// store, so that one that is under way is always waited for.
    Restoring {
        /// The partition was assigned or restarted meanwhile: the restore is repeated.
        is_stale: bool,
        /// False: the partition was revoked meanwhile.
        is_own: bool,
    },
    /// It is judged, up to this position.
    Judging(Judging),
    /// It cannot be judged until an operator mends its fault, which was logged.
    Paused,
}

impl OwnedPartitions {
    /// None yet.
    pub(crate) fn new(store: Store) -> Self {
        Self {
            partitions: BTreeMap::new(),
            leftover: Leftover::default(),
            cache: Cache::default(),
            restores: Restores::default(),
            store: Arc::new(store),
            store_is_damaged: false,
            health: Health::default(),
            warnings: ThrottledWarnings::default(),
        }
    }

    /// The number of partitions.
    pub(crate) fn len(&self) -> usize {
        self.partitions.len()
    }

    /// The state of a partition; `None`: it is another process's.
    pub(crate) fn get(&self, partition: Partition) -> Option<&Ownership> {
        self.partitions.get(&partition)
    }

    /// The position of a partition that is judged.
    pub(crate) fn judging(&self, partition: Partition) -> Option<&Judging> {
        match self.partitions.get(&partition) {
            Some(Ownership::Judging(judging)) => Some(judging),
            Some(Ownership::Queued | Ownership::Restoring { .. } | Ownership::Paused) | None => None,
        }
    }

    /// How far the partitions are judged, of those that are.
    pub(crate) fn positions(&self) -> BTreeMap<Partition, &PartitionState> {
        let judged =
            self.partitions.keys().filter_map(|partition| Some((*partition, self.judging(*partition)?)));
        judged.map(|(partition, judging)| (partition, &judging.position)).collect()
    }

    /// The committed states of a partition.
    pub(crate) fn states(&mut self, partition: Partition) -> States<'_> {
        States { partition, store: Some(&self.store), cache: &mut self.cache }
    }

    /// Waits until a restore ends or is due. Cancel-safe.
    pub(crate) async fn next_restore(&mut self) -> RestoreEvent {
        self.restores.next().await
    }

    /// Retains records for the next round, and reads nothing more of their partition meanwhile.
    pub(crate) fn hold(
        &mut self,
        partition: Partition,
        records: Vec<ConsumedRecord>,
        consumer: &mut impl Consumer,
    ) {
        if self.leftover.hold(partition, records) {
            consumer.pause(partition);
        }
    }

    /// Reads on in the partitions whose leftover records are judged.
    pub(crate) async fn resume_drained(&mut self, consumer: &mut impl Consumer) {
        for partition in self.leftover.drained() {
            let Some(judging) = self.judging(partition) else { continue };
            if let Err(error) = consumer.seek(partition, judging.position.next).await {
                self.failed(partition, &error.into(), consumer);
            }
        }
    }

    /// Moves the store to what the log has committed.
    pub(crate) fn store(&mut self, committed: Committed) -> Result<(), ProcessorError> {
        let moved = committed.into_store(&self.store, &mut self.cache);
        if let Err(error) = &moved {
            self.store_is_damaged |= error.remedy() == Remedy::RecreateStore;
        }
        for moved in moved? {
            self.health.judging(moved.partition, &moved.position);
            self.health.judged();
            self.restores.succeeded(moved.partition);
            let judging = Judging { position: moved.position, has_lost: false };
            self.partitions.insert(moved.partition, Ownership::Judging(judging));
        }
        Ok(())
    }

    /// Drops what is in memory of these partitions, of all if there are none, and restores them. Those that are paused or
    /// already wait for their restore continue to.
    pub(crate) fn restart(&mut self, partitions: Vec<Partition>, consumer: &mut impl Consumer) {
        let all = || self.partitions.keys().copied().collect();
        let restarted = if partitions.is_empty() { all() } else { partitions };
        for partition in restarted {
            match self.partitions.get_mut(&partition) {
                Some(Ownership::Restoring { is_stale, .. }) => *is_stale = true,
                Some(Ownership::Judging(_)) => {
                    consumer.pause(partition);
                    self.restore(partition);
                }
                Some(Ownership::Queued | Ownership::Paused) | None => {}
            }
        }
    }

    /// The partition is this process's from now on.
    pub(crate) fn assigned(&mut self, partition: Partition) {
        match self.partitions.get_mut(&partition) {
            Some(Ownership::Restoring { is_stale, is_own }) => (*is_stale, *is_own) = (true, true),
            Some(Ownership::Queued | Ownership::Judging(_) | Ownership::Paused) | None => {
                self.restore(partition)
            }
        }
    }

    /// The partition is no longer this process's: everything in memory of it is dropped.
    pub(crate) fn revoked(&mut self, partition: Partition) {
        self.forget(partition);
        self.restores.cancel(partition);
        self.health.lost(partition);
        match self.partitions.get_mut(&partition) {
            Some(Ownership::Restoring { is_own, .. }) => *is_own = false,
            Some(Ownership::Queued | Ownership::Judging(_) | Ownership::Paused) | None => {
                self.partitions.remove(&partition);
            }
        }
    }

    /// Drops what is in memory of a partition.
    fn forget(&mut self, partition: Partition) {
        self.cache.forget(partition);
        self.leftover.forget(partition);
    }

    /// Replaces a damaged store by an empty one, or opens it again if RocksDB has given up, once no restore uses it. Then all
    /// partitions are restored: the store may be older now than what is in memory. False: not yet.
    fn mend_store(&mut self, consumer: &mut impl Consumer) -> bool {
        let is_damaged = self.store_is_damaged;
        let Some(store) = Arc::get_mut(&mut self.store) else { return false };
        let mended = if is_damaged { store.recreate() } else { store.reopen() };
        let concerned: Vec<Partition> = self
            .partitions
            .iter()
            .filter(|(_, ownership)| matches!(ownership, Ownership::Judging(_) | Ownership::Queued))
            .map(|(partition, _)| *partition)
            .collect();
        match mended {
            Ok(()) => {
                self.store_is_damaged = false;
                if is_damaged {
                    tracing::error!(
                        "the store was damaged: it was deleted, and is filled again from kigen.status"
                    );
                } else {
                    tracing::warn!("the store is opened again after a failed write");
                }
                for partition in concerned {
                    consumer.pause(partition);
                    self.restore(partition);
                }
                true
            }
            Err(error) => {
                let error = error.into();
                concerned.into_iter().for_each(|partition| self.failed(partition, &error, consumer));
                false
            }
        }
    }

    /// The partition is restored as soon as there is room.
    pub(crate) fn restore(&mut self, partition: Partition) {
        self.forget(partition);
        self.health.restoring(partition);
        self.partitions.insert(partition, Ownership::Queued);
        self.restores.queue(partition);
    }

    /// Begins the restores for which there is room, once the store can be used.
    pub(crate) fn begin_restores<R: LogReader + Clone + 'static>(
        &mut self,
        reader: &R,
        consumer: &mut impl Consumer,
    ) {
        if (self.store_is_damaged || self.store.has_given_up()) && !self.mend_store(consumer) {
            return;
        }
        for partition in self.restores.begin(reader, &self.store) {
            self.partitions.insert(partition, Ownership::Restoring { is_stale: false, is_own: true });
        }
    }

    /// A restore has ended.
    pub(crate) async fn restored(
        &mut self,
        partition: Partition,
        restored: Result<Judging, ProcessorError>,
        consumer: &mut impl Consumer,
    ) {
        match self.partitions.get(&partition) {
            Some(Ownership::Restoring { is_own: false, .. }) => {
                self.partitions.remove(&partition);
                return;
            }
            Some(Ownership::Restoring { is_stale: true, .. }) => {
                self.restore(partition);
                return;
            }
            Some(
                Ownership::Queued | Ownership::Restoring { .. } | Ownership::Judging(_) | Ownership::Paused,
            )
            | None => {}
        }
        match restored {
            Ok(judging) => {
                if let Err(error) = consumer.seek(partition, judging.position.next).await {
                    return self.failed(partition, &error.into(), consumer);
                }
                self.health.judging(partition, &judging.position);
                self.partitions.insert(partition, Ownership::Judging(judging));
            }
            Err(error) => self.failed(partition, &error, consumer),
        }
    }

    /// One partition cannot be restored or folded: it is restored again after a delay, or paused if only an operator can
    /// mend it. The others continue.
    pub(crate) fn failed(
        &mut self,
        partition: Partition,
        error: &ProcessorError,
        consumer: &mut impl Consumer,
    ) {
        self.forget(partition);
        consumer.pause(partition);
        let why = format!("partition {partition} is not judged: {}", error_chain(error));
        match error.remedy() {
            Remedy::Operator => {
                tracing::error!("{why}");
                self.health.paused(partition, why);
                self.partitions.insert(partition, Ownership::Paused);
                // In case that an operator has mended it.
                self.restores.examine_later(partition);
            }
            remedy @ (Remedy::Retry | Remedy::DropStored | Remedy::RecreateStore) => {
                if remedy == Remedy::DropStored {
                    self.restores.drop_first(partition);
                }
                self.store_is_damaged |= remedy == Remedy::RecreateStore;
                self.warnings.retried(error);
                self.health.retrying(partition, why);
                self.partitions.insert(partition, Ownership::Queued);
                self.restores.retry(partition);
            }
        }
    }

    /// Examines the paused partitions now: a record at which one waits may be skipped.
    pub(crate) fn examine_paused(&mut self) {
        let is_paused = |ownership: &Ownership| matches!(ownership, Ownership::Paused);
        let paused = self.partitions.iter().filter(|(_, ownership)| is_paused(ownership));
        let paused: Vec<Partition> = paused.map(|(partition, _)| *partition).collect();
        paused.into_iter().for_each(|partition| self.restore(partition));
    }
}
