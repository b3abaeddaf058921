//! What reaches the shipper's loop: news of the watch streams, the answers of the probe, the objectives that are
//! declared beside the cluster, and the logs of failed containers.

use kigen_model::event::Revision;
use kigen_model::key::BatchKey;
use kigen_model::objective::Objective;
use kigen_model::run::Attempt;
use serde_json::value::RawValue;

use crate::decode::object::LogPlace;
use crate::error::RequestError;
use crate::resource::Resource;
use crate::server_clock::Answered;
use crate::watermark::Round;

/// How many inputs wait for the loop; beyond, the streams are not read, and the API server keeps what it has to say.
pub(crate) const INPUTS_WAITING_MAX: usize = 64;

/// One input of the loop.
#[derive(Debug)]
pub enum Input {
    /// A stream has news.
    Stream {
        /// Which stream.
        resource: Resource,
        /// What it says.
        news: News,
    },
    /// A round of probing was answered.
    Probed {
        /// The server's time.
        answered: Answered,
        /// What it says.
        round: Round,
    },
    /// A round of probing was not answered.
    ProbeFailed(RequestError),
    /// What answers is another cluster than the one that was connected to.
    AnotherCluster {
        /// The UID that it has.
        uid: String,
    },
    /// Objectives are declared beside the cluster, in place of those before.
    Declared(Declaration),
    /// The log of a failed container was read, or could not be.
    Log(Box<LogRead>),
}

/// Objectives that are declared beside the cluster: in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// The objectives.
    pub all: Vec<Declared>,
    /// Whether these are all, so that any other is withdrawn. Of a file in which something is not understood, nobody
    /// knows what it takes away.
    pub is_whole: bool,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The batch.
    pub key: BatchKey,
    /// The objective's name, unique within the batch.
    pub name: String,
    /// What it says. The schedule of a CronJob that it names under `before` is filled in by the shipper, and again
    /// whenever it changes.
    pub objective: Objective,
}

/// What a stream says, in the order in which it happened.
#[derive(Debug)]
pub enum News {
    /// It lists from the start; what it had reached counts no more.
    ListBegan {
        /// The server's time, if it answered already. What it then tells may be of later.
        answered: Option<Answered>,
    },
    /// A page of the list.
    Page {
        /// The server's time, at which all of the list was as it is told.
        answered: Option<Answered>,
        /// The objects.
        objects: Vec<Box<RawValue>>,
    },
    /// The list is complete, as of this version.
    Listed {
        /// The list's version.
        resource_version: u64,
    },
    /// What happened before the last list will not be told: it is the first, or the watch before it has expired. What it
    /// did not show is gone.
    HistoryLost,
    /// The watch is open and tells of all that comes after this version.
    Opened {
        /// Where it begins.
        resource_version: u64,
        /// The server's time.
        answered: Option<Answered>,
    },
    /// An object was created or changed.
    Changed(Box<RawValue>),
    /// An object was deleted; this is the last that was known of it.
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
    /// An optional resource is not there, or is kept from kigen: nothing waits for it, and it is asked for again.
    Withheld(RequestError),
    /// A request failed or the stream broke; it is tried again.
    Broken {
        /// Why.
        error: RequestError,
        /// When, in milliseconds from now.
        retry_delay_ms: u64,
    },
}

/// An attempt that failed and does not say why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogWanted {
    /// Its batch.
    pub key: BatchKey,
    /// The Pod's version.
    pub revision: Revision,
    /// The UID of its Job.
    pub run_uid: String,
    /// What is known of it.
    pub attempt: Attempt,
    /// Where it may say why.
    pub place: LogPlace,
}

/// What came of reading a log.
#[derive(Debug)]
pub struct LogRead {
    /// Whose.
    pub wanted: LogWanted,
    /// Its end.
    pub text: Result<String, RequestError>,
}
