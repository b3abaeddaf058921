//! Which failed runs are delivered, by namespace.

use std::collections::BTreeMap;

use kigen_model::alert::Alert;

/// Which failed runs of a namespace are delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Failures {
    /// All, those of Jobs that belong to no batch included.
    #[default]
    All,
    /// Those of batches that have an objective.
    Objectives,
    /// None.
    None,
}

impl Failures {
    /// Its name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Objectives => "objectives",
            Self::None => "none",
        }
    }
}

/// Which failed runs are delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailureFilter {
    /// Of a namespace that is not listed.
    pub default: Failures,
    /// By namespace, in whatever cluster.
    pub by_namespace: BTreeMap<String, Failures>,
}

impl FailureFilter {
    /// Whether an alert on a failed run is delivered.
    pub(crate) fn delivers(&self, alert: &Alert) -> bool {
        match self.by_namespace.get(&alert.key.namespace).unwrap_or(&self.default) {
            Failures::All => true,
            Failures::Objectives => alert.objective.is_some(),
            Failures::None => false,
        }
    }
}
