//! A request that a shipper would make, and whether it may.

use crate::error::{RequestError, ShipperError};

/// A request that a shipper would make, and its outcome.
#[derive(Debug)]
pub struct Check {
    /// The request, for a user.
    pub what: String,
    /// The API server's answer.
    pub outcome: Result<Allowed, ShipperError>,
}

impl Check {
    /// Whether something is refused that every manifest grants.
    pub(super) fn is_refused(&self) -> bool {
        match &self.outcome {
            Ok(
                Allowed::Forbidden | Allowed::WithoutPods | Allowed::Unidentified | Allowed::WithoutStatuses,
            ) => true,
            Ok(
                Allowed::Yes
                | Allowed::Unavailable
                | Allowed::WithoutIdentity
                | Allowed::WithoutLogs
                | Allowed::LogsOfSome { .. }
                | Allowed::Unused,
            ) => false,
            Err(error) => error.request().is_some_and(RequestError::is_forbidden),
        }
    }
}

/// Whether kigen may make a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// It may.
    Yes,
    /// It need not: the cluster does not serve this optional resource (404).
    Unavailable,
    /// It may not read this optional resource, and works without it (403).
    Forbidden,
    /// It may not read the Pods, and works without them: verdicts hold, and texts are missing.
    WithoutPods,
    /// It may not read the cluster's UID, and so cannot distinguish two clusters of one name.
    Unidentified,
    /// There is no namespace whose UID could be that of the cluster (404).
    WithoutIdentity,
    /// It may not read logs, and works without them: texts are missing.
    WithoutLogs,
    /// It may read logs in some namespaces that have CronJobs.
    LogsOfSome {
        /// In how many it was tried.
        of: usize,
        /// Where it may not.
        refused: Vec<String>,
    },
    /// The settings do without.
    Unused,
    /// It may not write the statuses of Objectives, and works without them.
    WithoutStatuses,
}
