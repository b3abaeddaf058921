//! Why a receiver has not accepted an alert, as the queues treat it.

use std::time::Duration;

/// Why a receiver has not accepted an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// In words, with what to do where a person has to do something.
    pub(crate) reason: String,
    /// Its label in the metrics.
    pub(crate) label: &'static str,
    pub(crate) remedy: Remedy,
}

/// What lets the alert through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Time: it is sent again after a delay that doubles.
    Wait,
    /// Time: as much as the receiver wants.
    WaitFor(Duration),
    /// A person, outside of kigen: it is sent again at the longest delay, for a day.
    Repair,
    /// Nothing but another content: it has failed.
    Content,
    /// The receiver wants no alerts any more: it has failed, and those that follow fail without a request.
    Gone,
}
