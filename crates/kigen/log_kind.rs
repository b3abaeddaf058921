//! The two kinds of event log, as the configuration names them.

use clap::ValueEnum;
use serde::Deserialize;

/// The kind of event log.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogKind {
    /// Embedded in the data directory, for one process
    #[default]
    Embedded,
    /// On Apache Kafka
    Kafka,
}

impl LogKind {
    /// The name in the configuration.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Kafka => "kafka",
        }
    }
}
