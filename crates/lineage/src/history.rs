//! The past that an impact is computed from: the runs and slots of each batch, and who read whom.

use std::collections::{BTreeMap, BTreeSet};

use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective};
use kigen_model::slot::Gap;

/// The past of all batches that matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The batches.
    pub batches: BTreeMap<BatchKey, BatchHistory>,
    /// Who read whom, and when.
    pub edges: Vec<Edge>,
    /// Until when everything that was observed is known.
    pub until: Instant,
}

/// That a batch reads the result of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The batch that reads.
    pub reader: BatchKey,
    /// The batch whose result it reads.
    pub source: BatchKey,
    /// The objective of the source by which the result must be there before the reader starts; `None`: the reader names the
    /// source, and any objective of it counts.
    pub objective: Option<String>,
    /// Since when.
    pub from: Instant,
    /// Until when; `None`: it still does.
    pub until: Option<Instant>,
}

impl Edge {
    /// What an objective of this batch declares from an instant on: by `before` that another batch reads it, by `reads` that it
    /// reads others.
    #[must_use]
    pub fn declared(of: &BatchKey, name: &str, objective: &Objective, from: Instant) -> Vec<Self> {
        let named = |namespace: &str, batch: &str| BatchKey::new(&of.cluster, namespace, batch);
        match &objective.deadlines {
            Deadlines::Before { namespace, cron_job, schedule: _ } => {
                let (reader, objective) = (named(namespace, cron_job), Some(name.to_owned()));
                vec![Self { reader, source: of.clone(), objective, from, until: None }]
            }
            Deadlines::Reads { sources } => {
                let edge = |source: BatchKey| Self {
                    reader: of.clone(),
                    source,
                    objective: None,
                    from,
                    until: None,
                };
                sources.iter().map(|source| edge(named(&source.namespace, &source.batch))).collect()
            }
            Deadlines::CompleteBy { .. } => Vec::new(),
        }
    }

    /// Whether another edge relates the same batches for the same reason, whenever that is.
    #[must_use]
    pub fn is_same_relation(&self, other: &Self) -> bool {
        (&self.reader, &self.source, &self.objective) == (&other.reader, &other.source, &other.objective)
    }

    /// Whether the reader read the source at this instant.
    #[must_use]
    pub fn is_in_force(&self, at: Instant) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// The past of one batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchHistory {
    /// Its runs, in any order.
    pub runs: Vec<PastRun>,
    /// The slots of its objectives, in any order, those that are still open included.
    pub slots: Vec<PastSlot>,
    /// When nothing was observed.
    pub gaps: Vec<Gap>,
    /// What is not among these.
    pub forgotten: Forgotten,
}

/// What was [forgotten](crate::forget) of the time before an incident.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// The latest nominal start of a run; `None`: all are there.
    pub runs_until: Option<Instant>,
    /// Whether slots are.
    pub has_slots: bool,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastRun {
    /// The Job's UID.
    pub uid: String,
    /// The Job's name.
    pub job: String,
    /// The scheduled time, or, of a manual or bare Job, the creation.
    pub nominal_start: Instant,
    /// Whether the CronJob made it.
    pub is_scheduled: bool,
    /// The annotation `kigen.dev/slot`, as an instant.
    pub mark: Option<Instant>,
    /// When it started.
    pub start: Start,
    /// What became of it.
    pub end: End,
}

/// When a run started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It has not.
    NotYet,
    /// At this instant.
    At(Instant),
    /// Within this time, both ends included: more was not observed.
    Within(Instant, Instant),
}

impl Start {
    /// The latest instant at which it may have started.
    #[must_use]
    pub fn latest(self) -> Option<Instant> {
        match self {
            Self::NotYet => None,
            Self::At(at) | Self::Within(_, at) => Some(at),
        }
    }

    /// The earliest instant at which it may have started.
    #[must_use]
    pub fn earliest(self) -> Option<Instant> {
        match self {
            Self::NotYet => None,
            Self::At(at) | Self::Within(at, _) => Some(at),
        }
    }
}

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It has not ended.
    Open,
    /// It succeeded, and its work ended then.
    Good(Instant),
    /// It failed then.
    Failed(Instant),
    /// It was gone before its end was observed: it ended after the first instant, where that is known, and by the second.
    Gone(Option<Instant>, Instant),
}

impl End {
    /// When it succeeded.
    #[must_use]
    pub fn good(self) -> Option<Instant> {
        match self {
            Self::Good(at) => Some(at),
            Self::Open | Self::Failed(_) | Self::Gone(..) => None,
        }
    }
}

/// A slot of an objective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastSlot {
    /// The objective.
    pub objective: String,
    /// The previous deadline.
    pub from: Instant,
    /// The deadline.
    pub deadline: Instant,
    /// The earliest nominal start of a run that belongs to it.
    pub opens: Instant,
    /// The first nominal start of a run of the next slot; `None`: there is no next one.
    pub closes: Option<Instant>,
    /// Its verdict.
    pub verdict: SlotVerdict,
}

/// The verdict on a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotVerdict {
    /// It is not judged yet.
    Open,
    /// Its result was there in time.
    Met,
    /// It was not.
    Missed,
    /// There was nothing to judge.
    Excused,
    /// A result may have come unobserved.
    Unknown,
}

impl SlotVerdict {
    /// Its name in tables and JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Met => "met",
            Self::Missed => "missed",
            Self::Excused => "excused",
            Self::Unknown => "unknown",
        }
    }
}

/// The batch itself, and every batch that at some time read it, directly or through others.
#[must_use]
pub fn downstream(edges: &[Edge], of: &BatchKey) -> BTreeSet<BatchKey> {
    let mut found = BTreeSet::from([of.clone()]);
    let mut left = vec![of.clone()];
    while let Some(source) = left.pop() {
        for edge in edges.iter().filter(|edge| edge.source == source) {
            if found.insert(edge.reader.clone()) {
                left.push(edge.reader.clone());
            }
        }
    }
    found
}
