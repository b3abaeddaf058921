//! What truly happened to a batch, and when each part of it was observed.

use kigen_model::Instant;
use kigen_model::event::Revision;
use kigen_model::key::BatchKey;
use kigen_model::objective::Objective;
use kigen_model::run::{Attempt, CronJob, Run};

/// The whole true history of one batch.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The batch.
    pub key: BatchKey,
    /// The partition of `kigen.events` that has its facts: an index into [`World::partitions`](crate::world::World).
    pub partition: usize,
    /// Its CronJob, from version to version, by time; `None`: it is deleted. Empty: the batch is of bare Jobs.
    pub cron_job: Vec<Version<Option<CronJob>>>,
    /// Its runs, by creation.
    pub runs: Vec<TrueRun>,
    /// Its objectives.
    pub objectives: Vec<Declared>,
}

/// One version of an object.
#[derive(Clone, Debug)]
pub struct Version<T> {
    /// When it came to be, in the API server's time.
    pub at: Instant,
    /// Its version.
    pub revision: Revision,
    /// The object from then on.
    pub value: T,
    /// When it was observed first; `None`: never, since a gap or a newer version hid it.
    pub seen: Option<Seen>,
}

/// When a version of an object was observed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When, in the API server's time: `observed_at` of its fact.
    pub at: Instant,
    /// The index of its fact in the partition of its batch.
    pub index: usize,
}

/// A run as it truly was.
#[derive(Clone, Debug)]
pub struct TrueRun {
    /// `metadata.uid` of its Job.
    pub uid: String,
    /// The Job, from version to version. A deletion before its end is a version with the phase `Deleted`, which has the
    /// instant of its observation as far as there was one, else the true one.
    pub versions: Vec<Version<Run>>,
    /// Its pods.
    pub attempts: Vec<TrueAttempt>,
    /// When the work ended well, if it did: of whatever was observed, this is the truth.
    pub succeeded_at: Option<Instant>,
    /// When its Job was removed, by a person, a history limit, a TTL or its CronJob's deletion.
    pub removed_at: Option<Instant>,
}

/// An attempt as it truly was.
#[derive(Clone, Debug)]
pub struct TrueAttempt {
    /// `metadata.uid` of its Pod.
    pub uid: String,
    /// The Pod, from version to version.
    pub versions: Vec<Version<Attempt>>,
}

/// An objective as it was declared.
#[derive(Clone, Debug)]
pub struct Declared {
    /// Its name, unique within the batch.
    pub name: String,
    /// Its spec, from version to version; `None`: it was withdrawn.
    pub versions: Vec<Version<Option<Objective>>>,
}
