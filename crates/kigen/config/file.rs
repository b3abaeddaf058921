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

#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// The cluster's name, in keys and messages; by default the log's only one, else that of the kubeconfig's context.
    pub(super) cluster: Option<String>,
    /// The folder of the embedded log and of the store; by default `kigen-data`.
    pub(super) data_dir: Option<PathBuf>,
    /// A file of objectives (YAML), read again when it changes.
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

#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KubernetesFile {
    /// The kubeconfig; by default the one that kubectl uses, else the pod's service account.
    pub(super) kubeconfig: Option<PathBuf>,
    /// The kubeconfig's context.
    pub(super) context: Option<String>,
    /// An API server that needs no credentials, such as `kubectl proxy`.
    pub(super) api_url: Option<String>,
    /// The one namespace to watch; by default all.
    pub(super) namespace: Option<String>,
    /// Milliseconds between two probes, which ticks follow: 100 to 60,000, by default 10,000.
    pub(super) probe_interval_ms: Option<u64>,
    /// The Lease by which shippers elect a leader; by default its name is made of the cluster, the namespace and the brokers.
    pub(super) lease: Option<String>,
    /// The namespace of the Lease; by default the pod's, else that of the kubeconfig.
    pub(super) lease_namespace: Option<String>,
    /// Whether the end of a failed container's log is read, where it left no termination message; by default true.
    pub(super) read_logs: Option<bool>,
    #[serde(default)]
    pub(super) quotas: QuotasFile,
}

/// What one namespace may take a day.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QuotasFile {
    /// Jobs a day without CronJob and objective; the Jobs of one label count once.
    pub(super) keys_a_day_max: Option<u32>,
    /// MiB a day of facts and rejected objects.
    pub(super) mib_a_day_max: Option<u32>,
    /// Ends of containers' logs a day.
    pub(super) log_reads_a_day_max: Option<u32>,
}

#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogFile {
    /// Where the event log is; by default embedded.
    pub(super) kind: Option<LogKind>,
    /// Partitions of each topic: 1 to 1,024, by default 4. It cannot be changed later.
    pub(super) partitions: Option<u32>,
    /// Days that the embedded log keeps: 1 to 3,650.
    pub(super) retention_days_max: Option<u32>,
    /// MiB that the embedded log keeps of a partition of a topic.
    pub(super) partition_mib_max: Option<u32>,
    /// The highest record level that is written, so that an older kigen can read all.
    pub(super) record_level_max: Option<u32>,
    /// Hours after an upgrade in which it can be taken back: at most 720, by default 24.
    pub(super) rollback_hours: Option<u32>,
}

#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KafkaFile {
    /// The brokers, as host:port, separated by commas.
    pub(super) brokers: Option<String>,
    /// The name of this process on Kafka: unique, and the same after a restart; by default the host's name.
    pub(super) instance: Option<String>,
    /// Replicas of the topics that `kigen topics create` creates; by default as the brokers are configured.
    pub(super) replication: Option<u16>,
    /// A file whose first line is `sasl.password`, read again when it changes.
    pub(super) password_file: Option<PathBuf>,
    /// Any of librdkafka's settings, by name.
    #[serde(default)]
    pub(super) settings: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) registry: RegistryFile,
}

#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ArchiveFile {
    /// A folder, `s3://BUCKET/FOLDER` or `gs://BUCKET/FOLDER`; without it there is no archive.
    pub(super) url: Option<String>,
}

#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HealthFile {
    /// The address of /healthz, /readyz and /metrics, or `off`; by default 127.0.0.1:9469.
    pub(super) address: Option<String>,
}

#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProcessorFile {
    /// Seconds without a tick of a cluster after which it is silent: at most 86,400, by default 180.
    pub(super) silent_after_s: Option<u32>,
}

#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeartbeatFile {
    /// The URL that is requested each minute while all parts work.
    pub(super) url: Option<String>,
    /// A file whose first line is that URL, read again for each request.
    pub(super) url_file: Option<PathBuf>,
}

#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SlackFile {
    /// The channel of missed deadlines, as #name or id.
    pub(super) channel: Option<String>,
    /// The channel of failed runs; without it they are only recorded.
    pub(super) error_channel: Option<String>,
    /// The channel of warnings before a deadline; by default `channel`.
    pub(super) warning_channel: Option<String>,
    /// The language of the messages: `en` or `ja`; by default `en`.
    pub(super) locale: Option<String>,
    /// After which time without news what lasts is in its thread again, such as `24h`; by default never.
    pub(super) remind: Option<String>,
    /// Which failed runs are delivered; by default all.
    pub(super) failures: Option<FailuresFile>,
    /// The same, of single namespaces.
    #[serde(default)]
    pub(super) failures_by_namespace: BTreeMap<String, FailuresFile>,
    /// The bot token; rather in the environment, `KIGEN_SLACK_TOKEN`, or a file.
    pub(super) token: Option<String>,
    /// A file whose first line is the bot token, read again for each message.
    pub(super) token_file: Option<PathBuf>,
    /// The Web API's base, where it is not Slack's own.
    pub(super) api_url: Option<String>,
    /// Whether messages are printed in place of sent.
    pub(super) dry_run: Option<bool>,
}

/// Which failed runs are delivered.
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
