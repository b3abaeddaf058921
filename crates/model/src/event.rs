//! Events, the records of `kigen.events`: facts of one batch, and the passing of a cluster's time.

use crate::Instant;
use crate::key::BatchKey;
use crate::mute::Mute;
use crate::objective::Objective;
use crate::run::{Attempt, CronJob, Run};
use crate::slot::Gap;
use crate::stall::StallReport;
use crate::working_days::WorkingDays;

/// One record of `kigen.events`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "events are handled one at a time, and nearly all of them are facts"
)]
pub enum Event {
    /// Something about one batch, under the batch's key.
    Fact(Fact),
    /// Something about a whole cluster, addressed to a partition.
    Cluster(ClusterEvent),
}

/// Something about one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The batch.
    pub key: BatchKey,
    /// When it was observed, in the API server's time; may be a little late, never early.
    pub observed_at: Instant,
    /// What was observed.
    pub body: FactBody,
}

/// The version of a Kubernetes object. A fact that is not newer than what is known changes nothing.
///
/// Resource versions of one object are compared as numbers (Kubernetes KEP-5504).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// `metadata.uid`; of an objective see [`origin`](Self::origin).
    pub uid: String,
    /// `metadata.resourceVersion`; above its 48 bits, how often the cluster's store was restored from a backup before.
    pub resource_version: u64,
}

/// What declares an objective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An object in Kubernetes.
    Object {
        /// `metadata.uid`.
        uid: String,
    },
    /// A file, which has no UID.
    File,
}

/// The UID of a file in records; no object's, since those are UUIDs.
const UID_OF_FILE: &str = "file";

impl Revision {
    /// The version of what `origin` declares.
    pub fn of(origin: &Origin, resource_version: u64) -> Self {
        let uid = match origin {
            Origin::Object { uid } => uid.clone(),
            Origin::File => UID_OF_FILE.to_owned(),
        };
        Self { uid, resource_version }
    }

    /// What declares the objective of this version.
    pub fn origin(&self) -> Origin {
        if self.is_of_file() { Origin::File } else { Origin::Object { uid: self.uid.clone() } }
    }

    /// Whether [`Origin::File`] declares the objective of this version.
    pub fn is_of_file(&self) -> bool {
        self.uid == UID_OF_FILE
    }

    /// Whether this is a newer version than `known`. Resource versions grow over all objects of a type, so they also order
    /// two objects of one name, of which the second was created after the deletion of the first.
    pub fn is_newer_than(&self, known: &Self) -> bool {
        self.resource_version > known.resource_version
    }
}

/// What is known of one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactBody {
    /// The CronJob as it is now; `None`: it is deleted.
    CronJob {
        /// The object's version.
        revision: Revision,
        /// Its spec and evidence, or `None` once deleted.
        cron_job: Option<CronJob>,
    },
    /// A run as it is now. The phase shows whether a Job was deleted before its end; a deletion after it is not a fact.
    Run {
        /// The Job's version; the UID is the run's identity.
        revision: Revision,
        /// The Job.
        run: Run,
    },
    /// An attempt as it is now.
    Attempt {
        /// The Pod's version; the UID is the attempt's identity.
        revision: Revision,
        /// The UID of the Job it belongs to.
        run_uid: String,
        /// The Pod.
        attempt: Attempt,
    },
    /// An objective as it is now; `None`: it is withdrawn.
    Objective {
        /// The name, unique within the batch.
        name: String,
        /// The version of the object that carries it.
        revision: Revision,
        /// Its spec, or `None` once withdrawn.
        objective: Option<Objective>,
    },
}

/// Something about a whole cluster, addressed to every partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterEvent {
    /// The cluster's name as configured in kigen.
    pub cluster: String,
    /// The UID of its namespace `kube-system`, or of the one that is watched, which distinguishes clusters of one name;
    /// `None`: the shipper may not read it.
    pub cluster_uid: Option<String>,
    /// The shipper's generation; events of an older one are ignored.
    pub epoch: u64,
    /// The kind of event and its content.
    pub body: ClusterBody,
}

/// The kind of an event of a whole cluster, and its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClusterBody {
    /// A shipper of a new epoch begins.
    Epoch {
        /// The shipper's identity, for a person who reads the log.
        shipper: String,
    },
    /// The passing of time: a watermark, in Flink's and Beam's word. All that will ever be reported as observed up to
    /// `observed_until` is already in this partition.
    Tick {
        /// The watermark, in the API server's time.
        observed_until: Instant,
        /// The position of each watch stream, to resume from.
        positions: Vec<StreamPosition>,
    },
    /// Facts of the time between the two instants may be missing for ever.
    Gap(Gap),
    /// A calendar that objectives of the cluster may name.
    Calendar {
        /// Its name.
        name: String,
        /// When it was declared, in the API server's time, in milliseconds since 1970; made larger than that of the version
        /// before. A version that is not newer than what is known changes nothing, nor does one with the same days.
        revision: u64,
        /// Its working days, or `None` once withdrawn.
        working_days: Option<WorkingDays>,
    },
    /// A change of a mute. It counts whatever the epoch: a command writes it, too, beside the shipper.
    Mute {
        /// The mute's id, unique in the cluster.
        id: String,
        /// What changed.
        change: MuteChange,
    },
    /// No CronJob of the cluster fires, though several should: the CronJob controller does not run, or cannot make Jobs. Written
    /// again while it lasts, which changes nothing.
    Stalled {
        /// When that was found, in the API server's time.
        at: Instant,
        /// What is known of it.
        report: StallReport,
    },
    /// CronJobs fire again; without effect where no stall is known.
    StallOver {
        /// When one did first, in the API server's time.
        at: Instant,
    },
    /// An operator retires the cluster: its time and the states of its batches are dropped, without an alert. Of the epoch
    /// after the newest, so that the records of a shipper that still runs are ignored. A shipper that begins later emits
    /// everything anew, as of a cluster that was never observed.
    Forgotten {
        /// The user and host that ran the command.
        author: String,
    },
}

/// A change of a mute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MuteChange {
    /// It is declared. If its id is known, this changes nothing: so it may be written again and again.
    Declared(Mute),
    /// It ends, unless it has ended before.
    Ended {
        /// When, by the clock of what wrote this.
        at: Instant,
        /// Who ended it.
        author: String,
    },
}

/// The position of a watch stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamPosition {
    /// The watched resource: `cronjobs`, `jobs` or `pods`.
    pub stream: String,
    /// The resource version it had reached.
    pub resource_version: u64,
}
