//! What was last said of an object, small: encoded as the log has it, a quarter of what it takes as the model has it.

use std::fmt;
use std::marker::PhantomData;

use kigen_model::Instant;
use kigen_model::event::{Event, Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::Objective;
use kigen_model::run::{Attempt, CronJob, Run};

/// What was said. Two are equal if the log cannot tell them apart.
#[derive(PartialEq, Eq)]
pub(super) struct Kept<T> {
    /// A fact without whose it is, which whoever keeps it knows.
    bytes: Box<[u8]>,
    of: PhantomData<T>,
}

/// What can be said of an object.
pub(super) trait Keep: Clone {
    /// As a fact says it.
    fn into_body(self) -> FactBody;

    /// The other way; `None`: it is said of something else.
    fn from_body(body: FactBody) -> Option<Self>;
}

impl<T: Keep> Kept<T> {
    pub(super) fn of(said: &T) -> Self {
        let fact = Fact {
            key: BatchKey::new("", "", ""),
            observed_at: Instant::UNIX_EPOCH,
            body: said.clone().into_body(),
        };
        Self { bytes: kigen_wire::encode_event(&Event::Fact(fact)).into(), of: PhantomData }
    }

    pub(super) fn get(&self) -> T {
        let body = match kigen_wire::decode_event(&self.bytes) {
            Ok(Event::Fact(fact)) => T::from_body(fact.body),
            Ok(Event::Cluster(_)) | Err(_) => None,
        };
        body.expect("what was encoded here is decoded here")
    }
}

impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("bytes", &self.bytes.len()).finish()
    }
}

fn nobody() -> Revision {
    Revision { uid: String::new(), resource_version: 0 }
}

impl Keep for CronJob {
    fn into_body(self) -> FactBody {
        FactBody::CronJob { revision: nobody(), cron_job: Some(self) }
    }

    fn from_body(body: FactBody) -> Option<Self> {
        if let FactBody::CronJob { cron_job, .. } = body { cron_job } else { None }
    }
}

impl Keep for Objective {
    fn into_body(self) -> FactBody {
        FactBody::Objective { name: String::new(), revision: nobody(), objective: Some(self) }
    }

    fn from_body(body: FactBody) -> Option<Self> {
        if let FactBody::Objective { objective, .. } = body { objective } else { None }
    }
}

impl Keep for Run {
    fn into_body(self) -> FactBody {
        FactBody::Run { revision: nobody(), run: self }
    }

    fn from_body(body: FactBody) -> Option<Self> {
        if let FactBody::Run { run, .. } = body { Some(run) } else { None }
    }
}

impl Keep for Attempt {
    fn into_body(self) -> FactBody {
        FactBody::Attempt { revision: nobody(), run_uid: String::new(), attempt: self }
    }

    fn from_body(body: FactBody) -> Option<Self> {
        if let FactBody::Attempt { attempt, .. } = body { Some(attempt) } else { None }
    }
}
