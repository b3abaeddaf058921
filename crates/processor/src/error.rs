//! Why judging fails, with what an operator can do about it.

use kigen_log::LogError;
use kigen_model::key::BatchKey;
use kigen_model::topic::{Offset, Partition};
use kigen_ops::{RetriedError, error_chain};
use kigen_store::StoreError;

use crate::recovery::Pause;

/// Why a round of the loop failed. No data is lost: what was not committed is read again.
#[derive(Debug, thiserror::Error)]
pub enum ProcessorError {
    /// The log failed.
    #[error("the event log failed")]
    Log(#[from] LogError),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// Log and state do not belong together.
    #[error(transparent)]
    Pause(Pause),
    /// A state in the store cannot be decoded.
    #[error(
        "the stored state of {key} cannot be decoded; the partition's store is rebuilt from kigen.status"
    )]
    StoredState {
        /// The batch.
        key: BatchKey,
        /// Why.
        source: kigen_wire::DecodeError,
    },
    /// The store holds a position record under a batch's key.
    #[error("the store holds no batch under {key}; the partition's store is rebuilt from kigen.status")]
    NotABatch {
        /// The key of the batch.
        key: BatchKey,
    },
    /// A newer kigen wrote an event.
    #[error(
        "a newer kigen wrote the event at offset {offset} of kigen.events, partition {partition}: upgrade this process; or, \
         to judge without that event, which may cause a false alert: kigen skip kigen.events {partition} {offset}"
    )]
    NewerEvent {
        /// The partition.
        partition: Partition,
        /// The offset.
        offset: Offset,
        /// Its version.
        source: kigen_wire::DecodeError,
    },
    /// A status record cannot be decoded.
    #[error(
        "kigen.status, partition {partition}, offset {offset} cannot be decoded: a newer kigen, or another program, wrote \
         it; start that version again, or set kigen up with a new kigen.status, which is filled from kigen.events"
    )]
    Status {
        /// The partition.
        partition: Partition,
        /// The offset.
        offset: Offset,
        /// Why.
        source: kigen_wire::DecodeError,
    },
    /// A state in `kigen.status` cannot be decoded.
    #[error(
        "the state of {key} in kigen.status, partition {partition}, cannot be decoded: a newer kigen, or another program, \
         wrote it; start that version again, or set kigen up with a new kigen.status, which is filled from kigen.events"
    )]
    RestoredState {
        /// The partition.
        partition: Partition,
        /// The batch.
        key: BatchKey,
        /// Why.
        source: kigen_wire::DecodeError,
    },
    /// The last record of a partition of `kigen.status` is not a position record.
    #[error(
        "kigen.status, partition {partition} ends at offset {offset} without a position record: another program wrote to \
         it; set kigen up with a new kigen.status, which is filled from kigen.events, and let kigen alone write to it"
    )]
    NoPosition {
        /// The partition.
        partition: Partition,
        /// The offset of its last record.
        offset: Offset,
    },
}

/// What is done about the failure of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Its restore is repeated.
    Retry,
    /// Its part of the store is dropped, and filled again from `kigen.status`.
    DropStored,
    /// The store of all partitions is deleted, and filled again from `kigen.status`.
    RecreateStore,
    /// It waits for an operator.
    Operator,
}

impl ProcessorError {
    pub(crate) fn remedy(&self) -> Remedy {
        match self {
            Self::StoredState { .. } | Self::NotABatch { .. } => Remedy::DropStored,
            Self::Store(StoreError::Corrupt { .. }) => Remedy::RecreateStore,
            Self::Pause(_)
            | Self::NewerEvent { .. }
            | Self::Status { .. }
            | Self::RestoredState { .. }
            | Self::NoPosition { .. }
            | Self::Store(StoreError::BadKey { .. } | StoreError::StateTooLarge { .. }) => Remedy::Operator,
            Self::Log(_) | Self::Store(_) => Remedy::Retry,
        }
    }

    /// The cause by which warnings are throttled.
    fn label(&self) -> &'static str {
        match self {
            Self::Log(error) => error.label(),
            Self::Store(_) => "store",
            Self::StoredState { .. } | Self::NotABatch { .. } => "stored_state",
            Self::Pause(_) => "pause",
            Self::NewerEvent { .. } => "newer_event",
            Self::Status { .. } | Self::RestoredState { .. } | Self::NoPosition { .. } => "status",
        }
    }
}

impl RetriedError for ProcessorError {
    fn cause_key(&self) -> String {
        match self {
            Self::Log(error) => error.cause_key(),
            error => error.label().to_owned(),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Log(error) => error.text(),
            error => format!("judging waits: {}", error_chain(error)),
        }
    }

    fn count(&self) {
        if let Self::Log(error) = self {
            error.count();
        }
    }
}
