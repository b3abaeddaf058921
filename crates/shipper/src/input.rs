//! What reaches the shipper's loop: events of the watch streams, answers of the probe, objectives declared in a file, and
//! logs of failed containers.

use kigen_model::event::Revision;
use kigen_model::key::BatchKey;
use kigen_model::mute::Mute;
use kigen_model::objective::Objective;
use kigen_model::run::Attempt;
use kigen_working_days::Catalog;
use serde_json::value::RawValue;

use crate::decode::object::ContainerLog;
use crate::error::RequestError;
use crate::resource::Resource;
use crate::server_clock::Answered;
use crate::watermark::ProbeRound;

/// How many inputs wait for the loop; beyond, the streams are not read, and the API server buffers their events.
pub(crate) const INPUTS_WAITING_MAX: usize = 64;

/// One input of the loop.
#[derive(Debug)]
pub enum Input {
    /// An event of a stream.
    Stream {
        /// Which stream.
        resource: Resource,
        /// The event.
        event: StreamEvent,
    },
    /// A round of probing was answered.
    Probed {
        /// The server's time.
        answered: Answered,
        /// The versions found.
        round: ProbeRound,
    },
    /// A round of probing was not answered.
    ProbeFailed(RequestError),
    /// The store has gone back. The streams that fed the loop so far are over, and so are their inputs after this one.
    WentBack(WentBack),
    /// The API server that answers is of another cluster than the one that was connected to.
    AnotherCluster {
        /// The UID of that cluster.
        uid: String,
    },
    /// A task that feeds the loop panicked: nothing that it would have sent comes any more.
    Panicked {
        /// The message of the panic.
        what: String,
    },
    /// The objectives declared in a file, in place of those before.
    Declared(Declaration),
    /// The log of a failed container was read, or could not be.
    Log(Box<LogRead>),
}

/// The evidence that the store was restored from a backup: a consistent read shows a version below one that was known when it
/// was requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WentBack {
    /// What was read.
    pub resource: Resource,
    /// Its resource version now.
    pub version: u64,
    /// The one that was known.
    pub known: u64,
}

/// The objectives, calendars and mutes declared in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declaration {
    /// The objectives.
    pub all: Vec<Declared>,
    /// The calendars that may be named, those that the file defines among them.
    pub catalog: Catalog,
    /// The mutes.
    pub mutes: Vec<Mute>,
    /// Whether these are all, so that any other is withdrawn. A file with errors is not whole: a part that does not parse may
    /// still declare an objective.
    pub is_whole: bool,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The batch.
    pub key: BatchKey,
    /// The objective's name, unique within the batch.
    pub name: String,
    /// The objective. The shipper fills in the schedule of a CronJob that it names under `before`, and again whenever that
    /// changes.
    pub objective: Objective,
}

/// An event of a stream, in the order in which it happened.
#[derive(Debug)]
pub enum StreamEvent {
    /// A list starts; the version the stream had reached no longer counts.
    ListStarted {
        /// The server's time, if it answered already. The objects that follow may be of later.
        answered: Option<Answered>,
    },
    /// A page of the list.
    Page {
        /// The server's time, at which the whole list was as its pages show.
        answered: Option<Answered>,
        /// The objects.
        objects: Vec<Box<RawValue>>,
    },
    /// The list is complete, as of this version.
    Listed {
        /// The list's version.
        resource_version: u64,
    },
    /// No watch will deliver what happened before the last list: it is the first, or the watch before it has expired. An
    /// object that the list did not show is gone.
    HistoryLost,
    /// The watch is open and delivers every change after this version.
    Opened {
        /// Where it starts.
        resource_version: u64,
        /// The server's time.
        answered: Option<Answered>,
    },
    /// An object was created or changed.
    Changed(Box<RawValue>),
    /// An object was deleted; this is its last version.
    Deleted(Box<RawValue>),
    /// Nothing happened up to this version.
    Bookmark {
        /// The version.
        resource_version: u64,
    },
    /// A line that is not an event.
    Unreadable {
        /// The line, cut to what a reject keeps.
        line: Vec<u8>,
        /// Why.
        reason: String,
    },
    /// The API server does not serve an optional resource (404): nothing waits for it, and it is requested again later.
    Unavailable,
    /// kigen may not read an optional resource (403): nothing waits for it, and it is requested again later.
    Forbidden(RequestError),
    /// A request failed or the stream broke; it is retried.
    Broken {
        /// Why.
        error: RequestError,
        /// When it is retried, in milliseconds from now.
        retry_delay_ms: u64,
    },
}

/// A request for the log of an attempt that failed without an error text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRequest {
    /// Its batch.
    pub key: BatchKey,
    /// The Pod's version.
    pub revision: Revision,
    /// The UID of its Job.
    pub run_uid: String,
    /// The attempt as it was emitted.
    pub attempt: Attempt,
    /// Which log may have the error.
    pub log: ContainerLog,
}

/// The answer to a [`LogRequest`].
#[derive(Debug)]
pub struct LogRead {
    /// The request.
    pub request: LogRequest,
    /// The end of the log.
    pub text: Result<String, RequestError>,
}
