//! What a message contains beside its alert: how the last deadlines went, who reads the result next, and which batch before it is
//! late. Pure; `status_view` computes it.

use chrono::TimeDelta;
use kigen_model::Instant;

/// How many of the latest deadlines a message shows.
pub const MARKS_MAX: usize = 14;
/// How many readers, and how many late sources, a message names.
pub const NAMED_MAX: usize = 3;

/// What is known around an alert; nothing where `kigen.status` could not be read in time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// How the latest deadlines of the objective went, oldest first, at most [`MARKS_MAX`].
    pub marks: Vec<Mark>,
    /// When the results of the latest deadlines came, oldest first, of those that have one.
    pub ends: Vec<End>,
    /// How long its successful runs usually take.
    pub usual: Option<Usual>,
    /// The runs that read the result next, the earliest first, at most [`NAMED_MAX`].
    pub readers: Vec<NextRead>,
    /// How many more batches read it.
    pub more_readers: usize,
    /// The batches that it reads and that are late, directly or through others, the nearest first, at most [`NAMED_MAX`].
    pub sources: Vec<LateSource>,
}

impl Surroundings {
    /// Nothing is known.
    pub const NONE: &'static Self = &Self {
        marks: Vec::new(),
        ends: Vec::new(),
        usual: None,
        readers: Vec::new(),
        more_readers: 0,
        sources: Vec::new(),
    };
}

/// How a deadline went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The result was there in time.
    Met,
    /// It was not.
    Missed,
    /// There was nothing to judge.
    Excused,
    /// It is not known.
    Unknown,
}

impl Mark {
    /// As a message shows it.
    #[must_use]
    pub fn sign(self) -> char {
        match self {
            Self::Met => '✓',
            Self::Missed => '✗',
            Self::Excused => '·',
            Self::Unknown => '?',
        }
    }
}

/// When the result of a deadline came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The deadline.
    pub deadline: Instant,
    /// When the work ended.
    pub ended_at: Instant,
}

/// How long runs usually take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usual {
    /// The shortest.
    pub shortest: TimeDelta,
    /// The longest.
    pub longest: TimeDelta,
    /// Of how many runs.
    pub runs: usize,
}

/// A run that reads the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextRead {
    /// The batch, `namespace/name`.
    pub batch: String,
    /// When it starts; `None`: no start is planned.
    pub starts_at: Option<Instant>,
}

/// A batch whose result the alert's batch reads, and that is late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateSource {
    /// The batch, `namespace/name`.
    pub batch: String,
    /// The deadline.
    pub deadline: Instant,
    /// How late.
    pub lateness: Lateness,
}

/// How late a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lateness {
    /// There is no good result yet.
    Missing,
    /// It came after the deadline.
    Came(Instant),
    /// The deadline has not passed and may be missed.
    AtRisk,
}
