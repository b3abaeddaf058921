//! The one validated configuration: file, environment and flags in one, or an error that names what is wrong.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use kigen_log::kafka::topics::Layout;
use kigen_log::kafka::{Connection, KafkaFailure, is_secret};
use kigen_notifier::slack::client::Channels;
use kigen_registry::{Access as RegistryAccess, RegistryFailure};
use kigen_shipper::settings::{Access, LeaseSettings};
use serde::Deserialize;

use crate::cli::SettingsArgs;

mod registry;

use registry::{RegistryFile, RegistrySettings};

/// The file that is read if none is named and it exists.
const DEFAULT_FILE: &str = "kigen.toml";
const DEFAULT_DATA_DIR: &str = "kigen-data";
/// On this machine alone, since nobody is asked who he is.
const HEALTH_DEFAULT: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 9469);
const HEALTH_OFF: &str = "off";
const DEFAULT_LEASE: &str = "kigen-shipper";
const PARTITIONS_DEFAULT: u32 = 4;
const PARTITIONS_MAX: u32 = 1024;
const DAYS_MAX: u32 = 3_650;
const DAY_MS: u64 = 86_400_000;
const MIB: u64 = 1024 * 1024;
const PROBE_INTERVAL_MS_MIN: u64 = 100;
const PROBE_INTERVAL_MS_MAX: u64 = 60_000;

/// What holds.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) cluster: String,
    pub(crate) data_dir: PathBuf,
    pub(crate) objectives_file: Option<PathBuf>,
    pub(crate) kubernetes: kigen_shipper::settings::Settings,
    pub(crate) log_kind: LogKind,
    pub(crate) log: kigen_log::Settings,
    /// Where it is told over HTTP how it goes; `None`: nowhere.
    pub(crate) health: Option<SocketAddr>,
    kafka: KafkaSettings,
    slack: Slack,
}

/// Where events, alerts and states are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogKind {
    /// In the data directory, by one process
    #[default]
    Embedded,
    /// On Apache Kafka
    Kafka,
}

impl LogKind {
    fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Kafka => "kafka",
        }
    }
}

/// What is known of Kafka; needed only where it is used.
#[derive(Clone, Debug)]
struct KafkaSettings {
    brokers: Option<String>,
    instance: String,
    replication: Option<u16>,
    settings: BTreeMap<String, String>,
    registry: RegistrySettings,
}

/// A Kafka to be used.
#[derive(Clone, Debug)]
pub(crate) struct Kafka {
    /// How it is reached. Values stand there as they are handed over; see [`crate::commands::framed`].
    pub(crate) connection: Connection,
    /// The schema registry by whose numbers values name their schemas there; `None`: by fingerprints.
    pub(crate) registry: Option<RegistryAccess>,
    /// What its topics are like.
    pub(crate) layout: Layout,
    /// What this process is called, and no other.
    pub(crate) instance: String,
}

/// What is known of Slack; complete only where a role needs it.
#[derive(Clone, Debug)]
struct Slack {
    channel: Option<String>,
    error_channel: Option<String>,
    token: Option<String>,
    api_url: Option<String>,
    dry_run: bool,
}

/// Where messages go.
#[derive(Clone, Debug)]
pub(crate) enum Notify {
    /// To stdout.
    DryRun {
        /// Failed runs, too.
        failures: bool,
    },
    /// To Slack.
    Slack {
        /// The bot token.
        token: String,
        /// The channels.
        channels: Channels,
        /// The Web API's base.
        api_url: Option<String>,
    },
}

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("the configuration file {} cannot be read", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("the configuration file {} is not understood; `kigen config` shows all keys", path.display())]
    Syntax { path: PathBuf, source: toml::de::Error },
    #[error("{what} is {value}: {rule}")]
    OutOfRange { what: &'static str, value: String, rule: String },
    #[error(
        "there is nobody to tell: set the Slack channel (--slack-channel, KIGEN_SLACK_CHANNEL, or `channel` under \
         [slack]) and the token (KIGEN_SLACK_TOKEN), or say --dry-run to print the messages"
    )]
    NobodyToTell,
    #[error(
        "which Kafka is not said: give its brokers (--brokers HOST:PORT, KIGEN_BROKERS, or `brokers` under [kafka])"
    )]
    NoBrokers,
    #[error(transparent)]
    Kafka(#[from] KafkaFailure),
    #[error(transparent)]
    Registry(#[from] RegistryFailure),
    #[error("the schema registry has both a password and a password_file: give one of them")]
    TwoPasswords,
    #[error("the schema registry's password_file {} cannot be read", path.display())]
    UnreadableSecret { path: PathBuf, source: std::io::Error },
    #[error("Slack's {missing} is not set ({how}); or say --dry-run to print the messages")]
    HalfOfSlack { missing: &'static str, how: &'static str },
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    cluster: Option<String>,
    data_dir: Option<PathBuf>,
    objectives_file: Option<PathBuf>,
    #[serde(default)]
    kubernetes: KubernetesFile,
    #[serde(default)]
    log: LogFile,
    #[serde(default)]
    kafka: KafkaFile,
    #[serde(default)]
    health: HealthFile,
    #[serde(default)]
    slack: SlackFile,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct KubernetesFile {
    kubeconfig: Option<PathBuf>,
    context: Option<String>,
    api_url: Option<String>,
    namespace: Option<String>,
    probe_interval_ms: Option<u64>,
    lease: Option<String>,
    lease_namespace: Option<String>,
    read_logs: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LogFile {
    kind: Option<LogKind>,
    partitions: Option<u32>,
    retention_days_max: Option<u32>,
    partition_mib_max: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct KafkaFile {
    brokers: Option<String>,
    instance: Option<String>,
    replication: Option<u16>,
    #[serde(default)]
    settings: BTreeMap<String, String>,
    #[serde(default)]
    registry: RegistryFile,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct HealthFile {
    address: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SlackFile {
    channel: Option<String>,
    error_channel: Option<String>,
    token: Option<String>,
    api_url: Option<String>,
    dry_run: Option<bool>,
}

impl Config {
    /// Reads the file and lays environment and flags over it.
    pub(crate) fn resolve(args: &SettingsArgs) -> Result<Self, ConfigError> {
        let file = read(args.config.as_deref())?;
        let cluster = args.cluster.clone().or(file.cluster).unwrap_or_else(|| "default".to_owned());
        if cluster.is_empty() || cluster.contains(['/', '\n']) || cluster.len() > 63 {
            return Err(ConfigError::OutOfRange {
                what: "the cluster's name",
                value: format!("`{cluster}`"),
                rule: "it must have 1 to 63 characters and no `/`, since it begins every key".to_owned(),
            });
        }
        let data_dir =
            args.data_dir.clone().or(file.data_dir).unwrap_or_else(|| PathBuf::from(DEFAULT_DATA_DIR));
        let objectives_file = args.objectives_file.clone().or(file.objectives_file);
        let log_kind = args.log.or(file.log.kind).unwrap_or_default();
        let log = log(&file.log)?;
        let mut kubernetes = kubernetes(args, file.kubernetes, &cluster)?;
        kubernetes.retention_ms = log.events.age_ms_max;
        if log_kind == LogKind::Embedded {
            // One process has the log, so that there is nobody to agree with.
            kubernetes.lease = None;
        }
        let kafka = KafkaSettings {
            brokers: args.brokers.clone().or(file.kafka.brokers),
            instance: args.instance.clone().or(file.kafka.instance).unwrap_or_else(host_name),
            replication: file.kafka.replication,
            settings: file.kafka.settings,
            registry: RegistrySettings::resolve(args, file.kafka.registry)?,
        };
        let health = health(args.health_address.as_deref().or(file.health.address.as_deref()))?;
        let slack = Slack {
            channel: args.slack_channel.clone().or(file.slack.channel),
            error_channel: args.slack_error_channel.clone().or(file.slack.error_channel),
            token: args.slack_token.clone().or(file.slack.token),
            api_url: file.slack.api_url,
            dry_run: args.dry_run || file.slack.dry_run.unwrap_or_default(),
        };
        Ok(Self { cluster, data_dir, objectives_file, kubernetes, log_kind, log, health, kafka, slack })
    }

    /// What this process is called, and no other.
    pub(crate) fn instance(&self) -> &str {
        &self.kafka.instance
    }

    /// Where messages go, for a role that sends them.
    pub(crate) fn notify(&self) -> Result<Notify, ConfigError> {
        let Slack { channel, error_channel, token, api_url, dry_run } = self.slack.clone();
        match (dry_run, channel, token) {
            (true, ..) => Ok(Notify::DryRun { failures: error_channel.is_some() }),
            (false, Some(fatal), Some(token)) => {
                Ok(Notify::Slack { token, channels: Channels { fatal, error: error_channel }, api_url })
            }
            (false, None, None) => Err(ConfigError::NobodyToTell),
            (false, Some(_), None) => {
                Err(ConfigError::HalfOfSlack { missing: "token", how: "KIGEN_SLACK_TOKEN=xoxb-..." })
            }
            (false, None, Some(_)) => Err(ConfigError::HalfOfSlack {
                missing: "channel",
                how: "--slack-channel, KIGEN_SLACK_CHANNEL, or `channel` under [slack]",
            }),
        }
    }

    /// The Kafka that is to be used, for what needs one.
    pub(crate) fn kafka(&self) -> Result<Kafka, ConfigError> {
        let KafkaSettings { brokers, instance, replication, settings, registry } = self.kafka.clone();
        let brokers = brokers.ok_or(ConfigError::NoBrokers)?;
        let connection = Connection::new(&brokers, settings)?;
        let layout = Layout { log: self.log.clone(), replication };
        Ok(Kafka { connection, registry: registry.access()?, layout, instance })
    }

    /// The configuration as a file that says the same, with secrets hidden.
    pub(crate) fn shown(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "cluster = {}", quoted(&self.cluster));
        let _ = writeln!(text, "data_dir = {}", quoted(&self.data_dir.display().to_string()));
        let objectives_file = self.objectives_file.as_ref().map(|path| path.display().to_string());
        show(&mut text, "objectives_file", objectives_file.as_deref());
        let _ = writeln!(text, "\n[kubernetes]");
        match &self.kubernetes.access {
            Access::Inferred { context } => {
                let _ = writeln!(text, "# kubeconfig: as kubectl finds it, else the pod's service account");
                show(&mut text, "context", context.as_deref());
            }
            Access::Kubeconfig { path, context } => {
                show(&mut text, "kubeconfig", Some(&path.display().to_string()));
                show(&mut text, "context", context.as_deref());
            }
            Access::Url(url) => show(&mut text, "api_url", Some(url)),
        }
        show(&mut text, "namespace", self.kubernetes.namespace.as_deref());
        let _ = writeln!(text, "probe_interval_ms = {}", self.kubernetes.probe_interval_ms);
        match &self.kubernetes.lease {
            Some(lease) => {
                show(&mut text, "lease", Some(&lease.name));
                show(&mut text, "lease_namespace", lease.namespace.as_deref());
            }
            None => {
                let _ = writeln!(text, "# lease: none, since an embedded log is written by one process");
            }
        }
        let _ = writeln!(text, "read_logs = {}", self.kubernetes.read_logs);
        let _ = writeln!(text, "\n[log]");
        let _ = writeln!(text, "kind = {}", quoted(self.log_kind.name()));
        let _ = writeln!(text, "partitions = {}", self.log.partitions);
        let _ = writeln!(text, "retention_days_max = {}", self.log.events.age_ms_max / DAY_MS);
        let _ = writeln!(text, "partition_mib_max = {}", self.log.events.partition_bytes_max / MIB);
        let _ = writeln!(text, "\n[kafka]");
        show(&mut text, "brokers", self.kafka.brokers.as_deref());
        show(&mut text, "instance", Some(&self.kafka.instance));
        match self.kafka.replication {
            Some(replication) => {
                let _ = writeln!(text, "replication = {replication}");
            }
            None => show(&mut text, "replication", None),
        }
        let _ = writeln!(text, "\n[kafka.settings]");
        for (name, value) in &self.kafka.settings {
            let value = if is_secret(name) { "(hidden)" } else { value };
            let _ = writeln!(text, "{} = {}", quoted(name), quoted(value));
        }
        let _ = writeln!(text, "\n[kafka.registry]");
        for (name, value) in self.kafka.registry.shown() {
            show(&mut text, name, value.as_deref());
        }
        let _ = writeln!(text, "\n[health]");
        let address = self.health.map_or_else(|| HEALTH_OFF.to_owned(), |address| address.to_string());
        let _ = writeln!(text, "address = {}", quoted(&address));
        let _ = writeln!(text, "\n[slack]");
        show(&mut text, "channel", self.slack.channel.as_deref());
        show(&mut text, "error_channel", self.slack.error_channel.as_deref());
        show(&mut text, "token", self.slack.token.as_ref().map(|_| "(hidden)"));
        show(&mut text, "api_url", self.slack.api_url.as_deref());
        let _ = writeln!(text, "dry_run = {}", self.slack.dry_run);
        text
    }

    /// The folder of the event log.
    pub(crate) fn log_dir(&self) -> PathBuf {
        self.data_dir.join("log")
    }

    /// The folder of the store.
    pub(crate) fn store_dir(&self) -> PathBuf {
        self.data_dir.join("store")
    }
}

fn read(named: Option<&Path>) -> Result<File, ConfigError> {
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

fn kubernetes(
    args: &SettingsArgs,
    file: KubernetesFile,
    cluster: &str,
) -> Result<kigen_shipper::settings::Settings, ConfigError> {
    // What a flag says of the place replaces all that the file says of it.
    let is_placed = args.kubeconfig.is_some() || args.api_url.is_some();
    let (of_file, url_of_file) = if is_placed { (None, None) } else { (file.kubeconfig, file.api_url) };
    let context = args.context.clone().or(file.context);
    let access = match (args.api_url.clone().or(url_of_file), args.kubeconfig.clone().or(of_file)) {
        (Some(url), _) => Access::Url(url),
        (None, Some(path)) => Access::Kubeconfig { path, context },
        (None, None) => Access::Inferred { context },
    };
    let mut settings = kigen_shipper::settings::Settings::new(cluster, access);
    settings.namespace = args.namespace.clone().or(file.namespace);
    settings.lease = Some(lease(file.lease, file.lease_namespace)?);
    settings.read_logs = file.read_logs.unwrap_or(true);
    if let Some(interval) = file.probe_interval_ms {
        if !(PROBE_INTERVAL_MS_MIN..=PROBE_INTERVAL_MS_MAX).contains(&interval) {
            return Err(ConfigError::OutOfRange {
                what: "kubernetes.probe_interval_ms",
                value: interval.to_string(),
                rule: format!("it may be {PROBE_INTERVAL_MS_MIN} to {PROBE_INTERVAL_MS_MAX}"),
            });
        }
        settings.probe_interval_ms = interval;
    }
    Ok(settings)
}

fn lease(name: Option<String>, namespace: Option<String>) -> Result<LeaseSettings, ConfigError> {
    let name = name.unwrap_or_else(|| DEFAULT_LEASE.to_owned());
    let parts = [("kubernetes.lease", Some(&name)), ("kubernetes.lease_namespace", namespace.as_ref())];
    for (what, text) in parts.into_iter().filter_map(|(what, text)| Some((what, text?))) {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        if text.is_empty() || text.len() > 63 || !text.chars().all(is_plain) {
            return Err(ConfigError::OutOfRange {
                what,
                value: format!("`{text}`"),
                rule: "Kubernetes' names have 1 to 63 of a-z, 0-9, `-` and `.`".to_owned(),
            });
        }
    }
    Ok(LeaseSettings { namespace, ..LeaseSettings::new(name) })
}

fn log(file: &LogFile) -> Result<kigen_log::Settings, ConfigError> {
    let mut settings = kigen_log::Settings::default();
    let partitions = within("log.partitions", file.partitions.unwrap_or(PARTITIONS_DEFAULT), PARTITIONS_MAX)?;
    settings.partitions = partitions;
    if let Some(days) = file.retention_days_max {
        let days = within("log.retention_days_max", days, DAYS_MAX)?;
        settings.events.age_ms_max = u64::from(days) * DAY_MS;
    }
    if let Some(mib) = file.partition_mib_max {
        let mib = within("log.partition_mib_max", mib, u32::MAX)?;
        settings.events.partition_bytes_max = u64::from(mib) * MIB;
    }
    Ok(settings)
}

fn health(said: Option<&str>) -> Result<Option<SocketAddr>, ConfigError> {
    match said {
        None => Ok(Some(HEALTH_DEFAULT.into())),
        Some(HEALTH_OFF) => Ok(None),
        Some(address) => address.parse().map(Some).map_err(|_| ConfigError::OutOfRange {
            what: "the address of /healthz, /readyz and /metrics",
            value: format!("`{address}`"),
            rule: "it must be an address with a port, such as 127.0.0.1:9469 or 0.0.0.0:9469, or `off`"
                .to_owned(),
        }),
    }
}

fn within(what: &'static str, value: u32, max: u32) -> Result<u32, ConfigError> {
    if (1..=max).contains(&value) {
        return Ok(value);
    }
    Err(ConfigError::OutOfRange { what, value: value.to_string(), rule: format!("it may be 1 to {max}") })
}

/// The machine's name, in a pod the pod's.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if name.trim().is_empty() { "kigen".to_owned() } else { name.trim().to_owned() }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn show(text: &mut String, key: &str, value: Option<&str>) {
    let _ = match value {
        Some(value) => writeln!(text, "{key} = {}", quoted(value)),
        None => writeln!(text, "# {key}: not set"),
    };
}
