//! Why the notifier's role ends.

use kigen_log::LogError;

/// Why the role ended on its own: never for a failure that a retry may cure.
#[derive(Debug, thiserror::Error)]
pub enum NotifierError {
    /// The log is unusable.
    #[error("the notifier cannot continue with the event log")]
    Log(#[from] LogError),
    /// The output of a dry run is closed.
    #[error("the messages cannot be printed")]
    Print(#[source] std::io::Error),
    /// The receiver of `Delivery::channel` was dropped.
    #[error("the receiver of the messages is gone")]
    Closed,
}
