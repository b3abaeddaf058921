//! The configuration file. What is read has secrets in it, so nothing here has a debug output.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kigen_notifier::failures::Failures;
use serde::Deserialize;

use super::error::ConfigError;
use super::receivers::ReceiverFile;
use super::registry::RegistryFile;
use super::routes::RouteFile;
use super::sheet::ObjectivesFile;
use crate::log_kind::LogKind;

/// The file that is read if none is named and it exists.
const DEFAULT_FILE: &str = "kigen.toml";

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) cluster: Option<String>,
    pub(super) data_dir: Option<PathBuf>,
    pub(super) objectives_file: Option<PathBuf>,
    #[serde(default)]
    pub(super) objectives: ObjectivesFile,
    #[serde(default)]
    pub(super) kubernetes: KubernetesFile,
    #[serde(default)]
    pub(super) log: LogFile,
    #[serde(default)]
    pub(super) kafka: KafkaFile,
    #[serde(default)]
    pub(super) archive: ArchiveFile,
    #[serde(default)]
    pub(super) health: HealthFile,
    #[serde(default)]
    pub(super) heartbeat: HeartbeatFile,
    #[serde(default)]
    pub(super) processor: ProcessorFile,
    #[serde(default)]
    pub(super) slack: SlackFile,
    #[serde(default)]
    pub(super) receivers: Vec<ReceiverFile>,
    #[serde(default)]
    pub(super) routes: Vec<RouteFile>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KubernetesFile {
    pub(super) kubeconfig: Option<PathBuf>,
    pub(super) context: Option<String>,
    pub(super) api_url: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) probe_interval_ms: Option<u64>,
    pub(super) lease: Option<String>,
    pub(super) lease_namespace: Option<String>,
    pub(super) read_logs: Option<bool>,
    #[serde(default)]
    pub(super) quotas: QuotasFile,
}

/// What one namespace may take a day.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QuotasFile {
    pub(super) keys_a_day_max: Option<u32>,
    pub(super) mib_a_day_max: Option<u32>,
    pub(super) log_reads_a_day_max: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogFile {
    pub(super) kind: Option<LogKind>,
    pub(super) partitions: Option<u32>,
    pub(super) retention_days_max: Option<u32>,
    pub(super) partition_mib_max: Option<u32>,
    pub(super) record_level_max: Option<u32>,
    pub(super) rollback_hours: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KafkaFile {
    pub(super) brokers: Option<String>,
    pub(super) instance: Option<String>,
    pub(super) replication: Option<u16>,
    pub(super) password_file: Option<PathBuf>,
    #[serde(default)]
    pub(super) settings: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) registry: RegistryFile,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ArchiveFile {
    pub(super) url: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HealthFile {
    pub(super) address: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProcessorFile {
    pub(super) silent_after_s: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeartbeatFile {
    pub(super) url: Option<String>,
    pub(super) url_file: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SlackFile {
    pub(super) channel: Option<String>,
    pub(super) error_channel: Option<String>,
    pub(super) warning_channel: Option<String>,
    pub(super) locale: Option<String>,
    pub(super) remind: Option<String>,
    pub(super) failures: Option<FailuresFile>,
    #[serde(default)]
    pub(super) failures_by_namespace: BTreeMap<String, FailuresFile>,
    pub(super) token: Option<String>,
    pub(super) token_file: Option<PathBuf>,
    pub(super) api_url: Option<String>,
    pub(super) dry_run: Option<bool>,
}

/// Which failed runs are delivered.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FailuresFile {
    All,
    Objectives,
    None,
}

impl From<FailuresFile> for Failures {
    fn from(file: FailuresFile) -> Self {
        match file {
            FailuresFile::All => Self::All,
            FailuresFile::Objectives => Self::Objectives,
            FailuresFile::None => Self::None,
        }
    }
}

/// Reads the named file, or the default one if it exists.
pub(super) fn read(named: Option<&Path>) -> Result<File, ConfigError> {
    let path = named.unwrap_or(Path::new(DEFAULT_FILE));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(File::default());
        }
        Err(source) => return Err(ConfigError::Unreadable { path: path.to_owned(), source }),
    };
    toml::from_str(&text).map_err(|source| ConfigError::Syntax { path: path.to_owned(), source })
}
