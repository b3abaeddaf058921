//! The roles that a process can have, and how they are stopped.

use tokio::sync::watch;

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Kubernetes to events.
    Ship,
    /// Events to alerts.
    Process,
    /// Alerts to Slack.
    Notify,
    /// Events and alerts to the archive, if one is configured.
    Archive,
}

impl Role {
    /// Those of `kigen up`.
    pub(crate) const ALL: [Self; 4] = [Self::Ship, Self::Process, Self::Notify, Self::Archive];

    /// Its name, which is that of its command.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ship => "ship",
            Self::Process => "process",
            Self::Notify => "notify",
            Self::Archive => "archive",
        }
    }
}

/// Completes once the process is to stop.
pub(crate) async fn until_stopped(mut stopped: watch::Receiver<bool>) {
    // The sender is dropped only when the process ends anyway.
    let _ = stopped.wait_for(|stop| *stop).await;
}
