//! What to do about a failure.

/// What to do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Attempt the same again, after a pause.
    Retry,
    /// The record is at fault: set it aside and continue.
    Reject,
    /// An operator must do something first.
    Stop,
}
