//! The successor of a leader: a shipper that began a newer epoch, so that the log ignores the records of this one; or the
//! record by which an operator had the cluster forgotten.
//!
//! The Lease excludes it among shippers that share one. Another Lease (of a laptop, whose kubeconfig names another namespace)
//! or none at all excludes nothing, so the log itself is read.

use kigen_log::{Log, LogError, LogReader};
use kigen_model::event::{ClusterBody, ClusterEvent, Event};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::on_thread;

/// How much is read at once.
const RECORDS_PER_READ_MAX: usize = 1_000;
const BYTES_PER_READ_MAX: usize = 4 << 20;

/// What ended the epoch of this shipper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Successor {
    pub(super) epoch: u64,
    pub(super) by: SucceededBy,
}

/// What has a newer epoch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SucceededBy {
    /// A shipper whose name was not read.
    Unnamed,
    /// A shipper, as it names itself.
    Shipper(String),
    /// The cluster is forgotten: what this shipper has emitted of it counts no more, and must be emitted anew.
    Forgotten,
}

/// Reads the cluster's records as they are appended, to find a successor of one term.
#[derive(Clone, Debug)]
pub(super) struct SuccessorSearch {
    /// The record with which the term began.
    begun: ClusterEvent,
    /// Of each partition, where to read on.
    next: Vec<Offset>,
    /// Whether `begun` was read in the first partition, which decides between two shippers that begin the same epoch.
    has_read_begun: bool,
}

impl SuccessorSearch {
    /// Of the term that `begun` began, after which each partition is read from `next`.
    pub(super) fn new(begun: ClusterEvent, next: Vec<Offset>) -> Self {
        Self { begun, next, has_read_begun: false }
    }

    /// The newest successor with a record in any partition, up to `until` if that is there, else up to the end.
    ///
    /// # Errors
    /// The log cannot be read; a repeated call reads on.
    pub(super) async fn find(
        &mut self,
        log: &impl Log,
        until: Option<ClusterEvent>,
    ) -> Result<Option<Successor>, LogError> {
        let (reader, mut search) = (log.reader().clone(), self.clone());
        let (search, found) = on_thread(move || {
            let mut newest = None;
            for nth in 0..reader.partitions() {
                match search.find_in(&reader, Partition(nth), until.as_ref()) {
                    Ok(found) => newest = newer(newest, found),
                    Err(error) => return (search, Err(error)),
                }
            }
            (search, Ok(newest))
        })
        .await;
        *self = search;
        found
    }

    fn find_in(
        &mut self,
        reader: &impl LogReader,
        partition: Partition,
        until: Option<&ClusterEvent>,
    ) -> Result<Option<Successor>, LogError> {
        let mut found = None;
        let Some(mut next) = self.next.get(partition.0 as usize).copied() else { return Ok(None) };
        loop {
            let records =
                match reader.read(Topic::Events, partition, next, RECORDS_PER_READ_MAX, BYTES_PER_READ_MAX) {
                    Ok(records) => records,
                    // The processor meets the same error and logs it.
                    Err(LogError::Corrupt { offset, .. }) => {
                        next = offset.next();
                        continue;
                    }
                    Err(error) => return Err(error),
                };
            let Some(last) = records.last() else { return Ok(found) };
            next = last.offset.next();
            let mut is_last = false;
            for record in records {
                if record.key != self.begun.cluster {
                    continue;
                }
                let event = record.value.as_deref().map(kigen_wire::decode_event);
                let Some(Ok(Event::Cluster(event))) = event else { continue };
                is_last |= until == Some(&event);
                found = newer(found, self.successor(partition, event));
            }
            // Only now: after an error, the same records are read again.
            self.next[partition.0 as usize] = next;
            if is_last {
                return Ok(found);
            }
        }
    }

    /// The successor that wrote `event`. Of two shippers that began one epoch the later in the first partition leads.
    fn successor(&mut self, partition: Partition, event: ClusterEvent) -> Option<Successor> {
        let is_own = event == self.begun;
        self.has_read_begun |= is_own && partition == Partition(0);
        let ClusterEvent { epoch, body, .. } = event;
        let by = match body {
            ClusterBody::Epoch { shipper } => SucceededBy::Shipper(shipper),
            ClusterBody::Tick { .. }
            | ClusterBody::Gap(_)
            | ClusterBody::Calendar { .. }
            | ClusterBody::Mute { .. }
            | ClusterBody::Stalled { .. }
            | ClusterBody::StallOver { .. } => SucceededBy::Unnamed,
            // Of any epoch: before or after this one began, it came after the log was read back.
            ClusterBody::Forgotten { .. } => {
                return Some(Successor { epoch, by: SucceededBy::Forgotten });
            }
        };
        let is_same = epoch == self.begun.epoch && by != SucceededBy::Unnamed && !is_own;
        let comes_later = is_same && partition == Partition(0) && self.has_read_begun;
        (epoch > self.begun.epoch || comes_later).then_some(Successor { epoch, by })
    }
}

/// The one with the newer epoch; of one epoch that the cluster is forgotten, else the one with a name.
fn newer(one: Option<Successor>, other: Option<Successor>) -> Option<Successor> {
    one.into_iter().chain(other).max_by_key(|of| (of.epoch, of.by.clone()))
}
