//! The last emitted version of an object, encoded as in the log: a quarter of the memory that the model's type takes.

use std::fmt;
use std::marker::PhantomData;

use kigen_model::Instant;
use kigen_model::event::{Event, Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::Objective;
use kigen_model::run::{Attempt, CronJob, Run};

/// An encoded object. Two are equal if the log cannot distinguish them.
#[derive(PartialEq, Eq)]
pub(super) struct Encoded<T> {
    /// A fact without its key and revision, which the holder has.
    bytes: Box<[u8]>,
    of: PhantomData<T>,
}

/// An object that a fact can hold.
pub(super) trait Encode: Clone {
    /// The fact's body.
    fn into_body(self) -> FactBody;

    /// The object in a fact's body; `None`: the body is of another kind.
    fn from_body(body: FactBody) -> Option<Self>;
}

impl<T: Encode> Encoded<T> {
    pub(super) fn of(object: &T) -> Self {
        let fact = Fact {
            key: BatchKey::new("", "", ""),
            observed_at: Instant::UNIX_EPOCH,
            body: object.clone().into_body(),
        };
        Self {
            bytes: kigen_wire::encode_event(&Event::Fact(fact), kigen_wire::Level::NEWEST).into(),
            of: PhantomData,
        }
    }

    pub(super) fn get(&self) -> T {
        let body = match kigen_wire::decode_event(&self.bytes) {
            Ok(Event::Fact(fact)) => T::from_body(fact.body),
            Ok(Event::Cluster(_)) | Err(_) => None,
        };
        body.expect("what was encoded here is decoded here")
    }
}

impl<T> fmt::Debug for Encoded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoded").field("bytes", &self.bytes.len()).finish()
    }
}

/// Stands in for the revision, which is not encoded.
fn no_revision() -> Revision {
    Revision { uid: String::new(), resource_version: 0 }
}

impl Encode for CronJob {
    fn into_body(self) -> FactBody {
        FactBody::CronJob { revision: no_revision(), cron_job: Some(self) }
    }

    fn from_body(body: FactBody) -> Option<Self> {
        if let FactBody::CronJob { cron_job, .. } = body { cron_job } else { None }
    }
}

impl Encode for Objective {
    fn into_body(self) -> FactBody {
        FactBody::Objective { name: String::new(), revision: no_revision(), objective: Some(self) }
    }

    fn from_body(body: FactBody) -> Option<Self> {
        if let FactBody::Objective { objective, .. } = body { objective } else { None }
    }
}

impl Encode for Run {
    fn into_body(self) -> FactBody {
        FactBody::Run { revision: no_revision(), run: self }
    }

    fn from_body(body: FactBody) -> Option<Self> {
        if let FactBody::Run { run, .. } = body { Some(run) } else { None }
    }
}

impl Encode for Attempt {
    fn into_body(self) -> FactBody {
        FactBody::Attempt { revision: no_revision(), run_uid: String::new(), attempt: self }
    }

    fn from_body(body: FactBody) -> Option<Self> {
        if let FactBody::Attempt { attempt, .. } = body { Some(attempt) } else { None }
    }
}
