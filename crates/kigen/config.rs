//! The validated configuration: file, environment and flags combined, or an error that names what is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use kigen_archive::Address;
use kigen_log::LogReader;
use kigen_log::kafka::topics::Layout;
use kigen_log::kafka::{Connection, is_secret};
use kigen_model::key::is_key_part;
use kigen_notifier::routing::Routes;
use kigen_ops::Secret;
use kigen_registry::Access as RegistryAccess;
use kigen_shipper::kubernetes::kubeconfig::context_name;
use kigen_shipper::quotas::QuotaSettings;
use kigen_shipper::settings::Access;
use kigen_wire::Level;

mod archive;
pub(crate) mod cluster;
pub(crate) mod error;
mod file;
mod heartbeat;
mod lease;
mod receivers;
mod registry;
mod routes;
pub(crate) mod sheet;
mod show;
mod silence;
pub(crate) mod slack;
mod times;

use cluster::{NAME_BYTES_MAX, NamedBy, clusters_in};
use error::ConfigError;
use file::{KubernetesFile, LogFile, QuotasFile};
use lease::{lease, lease_name};
use receivers::ReceiverSettings;
use registry::RegistrySettings;
use routes::Named;
use sheet::{SheetFile, SheetSettings};
use show::{quoted, show};
use slack::{Notify, SlackSettings};
use times::Calendars;

use crate::cli::SettingsArgs;
use crate::exit::misused;
use crate::log_kind::LogKind;
use crate::role::Role;

const DEFAULT_DATA_DIR: &str = "kigen-data";
/// The loopback address, since the endpoint is unauthenticated.
const HEALTH_DEFAULT: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 9469);
const HEALTH_OFF: &str = "off";
const PASSWORD_SETTING: &str = "sasl.password";
const PARTITIONS_DEFAULT: u32 = 4;
const PARTITIONS_MAX: u32 = 1024;
const DAYS_MAX: u32 = 3_650;
const DAY_MS: u64 = 86_400_000;
const MIB: u64 = 1024 * 1024;
const ROLLBACK_HOURS_DEFAULT: u32 = 24;
const ROLLBACK_HOURS_MAX: u32 = 24 * 30;
const PROBE_INTERVAL_MS_MIN: u64 = 100;
const PROBE_INTERVAL_MS_MAX: u64 = 60_000;

/// The effective configuration.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) cluster: String,
    /// Where its name comes from.
    pub(crate) cluster_named_by: NamedBy,
    pub(crate) data_dir: PathBuf,
    pub(crate) objectives_file: Option<PathBuf>,
    /// The sheet of objectives, as the file has it.
    pub(crate) sheet: Option<SheetFile>,
    pub(crate) kubernetes: kigen_shipper::settings::Settings,
    pub(crate) log_kind: LogKind,
    pub(crate) log: kigen_log::Settings,
    levels: Levels,
    /// Where the archive is; `None`: there is none.
    pub(crate) archive: Option<Address>,
    /// The address of the HTTP endpoints; `None`: they are off.
    pub(crate) health: Option<SocketAddr>,
    kafka: KafkaSettings,
    /// The URL of the heartbeat; `None`: there is none.
    pub(crate) heartbeat: Option<Secret>,
    /// After which time without a tick a cluster is silent.
    pub(crate) silent_after: Duration,
    slack: SlackSettings,
}

/// At which record level the log may be written.
#[derive(Clone, Copy, Debug)]
struct Levels {
    level_max: Option<Level>,
    rollback_hours: u32,
}

/// The settings of Kafka; required only where it is used.
#[derive(Clone)]
struct KafkaSettings {
    brokers: Option<String>,
    instance: String,
    replication: Option<u16>,
    settings: BTreeMap<String, String>,
    /// Its file has the setting `sasl.password`.
    password_file: Option<PathBuf>,
    registry: RegistrySettings,
}

impl KafkaSettings {
    /// Their part of the file that would give them, with secrets hidden.
    fn show(&self, text: &mut String) {
        let _ = writeln!(text, "\n[kafka]");
        show(text, "brokers", self.brokers.as_deref());
        show(text, "instance", Some(&self.instance));
        match self.replication {
            Some(replication) => {
                let _ = writeln!(text, "replication = {replication}");
            }
            None => show(text, "replication", None),
        }
        let password_file = self.password_file.as_ref().map(|path| path.display().to_string());
        show(text, "password_file", password_file.as_deref());
        let _ = writeln!(text, "\n[kafka.settings]");
        for (name, value) in &self.settings {
            let value = if is_secret(name) { "(hidden)" } else { value };
            let _ = writeln!(text, "{} = {}", quoted(name), quoted(value));
        }
        let _ = writeln!(text, "\n[kafka.registry]");
        for (name, value) in self.registry.shown() {
            show(text, name, value.as_deref());
        }
    }
}

/// Without the settings, which have secrets among them.
impl std::fmt::Debug for KafkaSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaSettings").field("brokers", &self.brokers).finish_non_exhaustive()
    }
}

/// How kigen uses Kafka.
#[derive(Clone, Debug)]
pub(crate) struct Kafka {
    /// The connection, without the framing of values; see [`crate::kafka::connect`].
    pub(crate) connection: Connection,
    /// The schema registry whose ids name the schemas of values; `None`: fingerprints do.
    pub(crate) registry: Option<RegistryAccess>,
    /// The layout of the topics.
    pub(crate) layout: Layout,
    /// The name of this process, which no other has.
    pub(crate) instance: String,
}

/// The schema of the configuration file, for its page in the reference.
#[cfg(test)]
pub(crate) fn file_schema() -> serde_json::Value {
    schemars::schema_for!(file::File).to_value()
}

impl Config {
    /// The same without an archive: what is read is the log alone.
    pub(crate) fn without_archive(&self) -> Self {
        Self { archive: None, ..self.clone() }
    }

    /// Reads the file and overrides it by environment and flags.
    pub(crate) fn resolve(args: &SettingsArgs) -> Result<Self, ConfigError> {
        let file = file::read(args.config.as_deref())?;
        let access = access(args, &file.kubernetes);
        let configured = args.cluster.clone().or(file.cluster);
        let context = if configured.is_none() { context_name(&access) } else { None };
        let (cluster, cluster_named_by) = cluster::name(configured, context);
        if !is_key_part(&cluster) || cluster.contains('\n') || cluster.len() > NAME_BYTES_MAX {
            return Err(ConfigError::OutOfRange {
                what: "the cluster's name",
                value: format!("`{cluster}`"),
                rule: format!(
                    "it must have 1 to {NAME_BYTES_MAX} characters and no `/`, since it begins every key"
                ),
            });
        }
        let data_dir =
            args.data_dir.clone().or(file.data_dir).unwrap_or_else(|| PathBuf::from(DEFAULT_DATA_DIR));
        let objectives_file = args.objectives_file.clone().or(file.objectives_file);
        let log_kind = args.log.or(file.log.kind).unwrap_or_default();
        let log = log(&file.log)?;
        let levels = levels(&file.log)?;
        let brokers = args.brokers.clone().or(file.kafka.brokers);
        let mut kubernetes = kubernetes(args, file.kubernetes, access, (&cluster, brokers.as_deref()))?;
        kubernetes.retention_ms = log.events.age_ms_max;
        kubernetes.withdrawals_confirmed = args.confirm_withdrawals.unwrap_or(0);
        if log_kind == LogKind::Embedded {
            // The log has a single writer, so no leader needs to be elected.
            kubernetes.lease = None;
        }
        if file.kafka.password_file.is_some() && file.kafka.settings.contains_key(PASSWORD_SETTING) {
            return Err(ConfigError::TwoKafkaPasswords);
        }
        let kafka = KafkaSettings {
            brokers,
            instance: args.instance.clone().or(file.kafka.instance).unwrap_or_else(host_name),
            replication: file.kafka.replication,
            settings: file.kafka.settings,
            password_file: file.kafka.password_file,
            registry: RegistrySettings::resolve(args, file.kafka.registry)?,
        };
        let health = health(args.health_address.as_deref().or(file.health.address.as_deref()))?;
        let heartbeat = heartbeat::url(args, file.heartbeat)?;
        let silent_after = silence::silent_after(&file.processor, kubernetes.probe_interval_ms)?;
        let archive = archive::address(args.archive.as_deref(), &file.archive)?;
        let calendars = Calendars { objectives_file: objectives_file.as_deref(), cluster: &cluster };
        let receivers = ReceiverSettings::resolve(file.receivers, &calendars)?;
        let rules = routes::rules(&file.routes, &Named { calendars, receivers: receivers.addresses() })?;
        let slack = SlackSettings::resolve(args, file.slack, (file.routes, rules), receivers)?;
        Ok(Self {
            cluster,
            cluster_named_by,
            data_dir,
            objectives_file,
            sheet: file.objectives.sheet,
            kubernetes,
            log_kind,
            log,
            levels,
            archive,
            health,
            kafka,
            heartbeat,
            silent_after,
            slack,
        })
    }

    /// Decides on the cluster's name before it is shipped to this log.
    ///
    /// # Errors
    /// It has none, or the log cannot be read.
    pub(crate) fn name_cluster(&mut self, reader: &(impl LogReader + ?Sized)) -> anyhow::Result<()> {
        if self.cluster_named_by == NamedBy::Setting {
            return Ok(());
        }
        match self.name_cluster_among(&clusters_in(reader)?) {
            // The shipper ends with what is wrong with the kubeconfig, before it writes anything.
            Err(_) if cluster::needs_kubeconfig(&self.kubernetes.access) => Ok(()),
            named => named.map_err(misused),
        }
    }

    /// Decides on the cluster's name, beside these clusters in the log.
    ///
    /// # Errors
    /// It has none.
    pub(crate) fn name_cluster_among(&mut self, in_log: &BTreeSet<String>) -> Result<(), ConfigError> {
        let by_configuration = (self.cluster.clone(), self.cluster_named_by.clone());
        let (name, named_by) = cluster::shipped_name(by_configuration, self.log_kind, in_log)?;
        if let Some(lease) = &mut self.kubernetes.lease {
            let (namespace, brokers) = (self.kubernetes.namespace.as_deref(), self.kafka.brokers.as_deref());
            // Another name is a configured one.
            if lease.name == lease_name(&self.cluster, namespace, brokers) {
                lease.name = lease_name(&name, namespace, brokers);
            }
        }
        self.kubernetes.cluster.clone_from(&name);
        (self.cluster, self.cluster_named_by) = (name, named_by);
        Ok(())
    }

    /// The sheet of objectives that `kigen up` follows; `None`: none is configured.
    ///
    /// # Errors
    /// It is not named, or there is a file of objectives as well.
    pub(crate) fn followed_sheet(&self) -> Result<Option<SheetSettings>, ConfigError> {
        let Some(sheet) = self.sheet.clone() else { return Ok(None) };
        if self.objectives_file.is_some() {
            return Err(ConfigError::FileAndSheet);
        }
        let settings = sheet.resolve()?;
        let namespace = self.kubernetes.namespace.clone().or(settings.namespace);
        Ok(Some(SheetSettings { namespace, ..settings }))
    }

    /// The name of this process, which no other has.
    pub(crate) fn instance(&self) -> &str {
        &self.kafka.instance
    }

    /// The user and host that run a command, for the log.
    pub(crate) fn operator(&self) -> String {
        let user = std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned());
        format!("{user}@{}", self.instance())
    }

    /// How this process, with these roles, takes part in the log's record level.
    pub(crate) fn control(&self, roles: &[Role]) -> kigen_control::Settings {
        kigen_control::Settings {
            instance: self.instance().to_owned(),
            roles: roles.iter().map(|role| role.name().to_owned()).collect(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            level_max: self.levels.level_max,
            rollback: self.rollback(),
        }
    }

    /// How long records stay readable for an older kigen after one was last seen.
    pub(crate) fn rollback(&self) -> TimeDelta {
        TimeDelta::hours(self.levels.rollback_hours.into())
    }

    /// Whether messages are printed, and nothing is committed or written to a log that is shared.
    pub(crate) fn is_dry_run(&self) -> bool {
        self.slack.dry_run
    }

    /// Where the notifier sends messages.
    ///
    /// # Errors
    /// Neither Slack nor a dry run is configured.
    pub(crate) fn notify(&self) -> Result<Notify, ConfigError> {
        self.slack.notify()
    }

    /// Which channels alerts are for.
    ///
    /// # Errors
    /// There is no channel for those that no rule routes.
    pub(crate) fn routes(&self) -> Result<Routes, ConfigError> {
        self.slack.table()
    }

    /// How Kafka is used.
    ///
    /// # Errors
    /// No brokers are configured, or a setting of the client or the registry is wrong.
    pub(crate) fn kafka(&self) -> Result<Kafka, ConfigError> {
        let KafkaSettings { brokers, instance, replication, settings, password_file: _, registry } =
            self.kafka.clone();
        let brokers = brokers.ok_or(ConfigError::NoBrokers)?;
        let mut connection = Connection::new(&brokers, settings)?;
        if let Some(password) = self.kafka_password() {
            connection = connection.with_password(password)?;
        }
        let layout = Layout { log: self.log.clone(), replication };
        Ok(Kafka { connection, registry: registry.access()?, layout, instance })
    }

    /// Kafka's password, if it is in a file.
    pub(crate) fn kafka_password(&self) -> Option<Secret> {
        self.kafka.password_file.clone().map(Secret::File)
    }

    /// The configuration as the file that would give it, with secrets hidden.
    pub(crate) fn shown(&self) -> String {
        let mut text = String::new();
        match &self.cluster_named_by {
            NamedBy::Nothing => show(&mut text, "cluster", None),
            NamedBy::Setting => show(&mut text, "cluster", Some(&self.cluster)),
            named_by => {
                let _ = writeln!(text, "# {named_by}, unless a log has one cluster of another name");
                show(&mut text, "cluster", Some(&self.cluster));
            }
        }
        let _ = writeln!(text, "data_dir = {}", quoted(&self.data_dir.display().to_string()));
        let objectives_file = self.objectives_file.as_ref().map(|path| path.display().to_string());
        show(&mut text, "objectives_file", objectives_file.as_deref());
        if let Some(sheet) = &self.sheet {
            sheet.show(&mut text);
        }
        let _ = writeln!(text, "\n[kubernetes]");
        match &self.kubernetes.access {
            Access::Inferred { context } => {
                let _ = writeln!(text, "# kubeconfig: that of kubectl, else the pod's service account");
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
                let _ = writeln!(text, "# lease: none, since an embedded log has a single writer");
            }
        }
        let _ = writeln!(text, "read_logs = {}", self.kubernetes.read_logs);
        show_quotas(&mut text, &self.kubernetes.quotas);
        let _ = writeln!(text, "\n[log]");
        let _ = writeln!(text, "kind = {}", quoted(self.log_kind.name()));
        let _ = writeln!(text, "partitions = {}", self.log.partitions);
        let _ = writeln!(text, "retention_days_max = {}", self.log.events.age_ms_max / DAY_MS);
        let _ = writeln!(text, "partition_mib_max = {}", self.log.events.partition_bytes_max / MIB);
        match self.levels.level_max {
            Some(level) => {
                let _ = writeln!(text, "record_level_max = {level}");
            }
            None => show(&mut text, "record_level_max", None),
        }
        let _ = writeln!(text, "rollback_hours = {}", self.levels.rollback_hours);
        self.kafka.show(&mut text);
        let _ = writeln!(text, "\n[health]");
        let address = self.health.map_or_else(|| HEALTH_OFF.to_owned(), |address| address.to_string());
        let _ = writeln!(text, "address = {}", quoted(&address));
        archive::show_archive(&mut text, self.archive.as_ref());
        heartbeat::show(&mut text, self.heartbeat.as_ref());
        silence::show(&mut text, self.silent_after);
        self.slack.show(&mut text);
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

fn kubernetes(
    args: &SettingsArgs,
    file: KubernetesFile,
    access: Access,
    (cluster, brokers): (&str, Option<&str>),
) -> Result<kigen_shipper::settings::Settings, ConfigError> {
    let mut settings = kigen_shipper::settings::Settings::new(cluster, access);
    settings.namespace = args.namespace.clone().or(file.namespace);
    let of_scope = lease_name(cluster, settings.namespace.as_deref(), brokers);
    settings.lease = Some(lease(file.lease.unwrap_or(of_scope), file.lease_namespace)?);
    settings.read_logs = file.read_logs.unwrap_or(true);
    settings.quotas = quotas(&file.quotas);
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

/// Where the API server is.
fn access(args: &SettingsArgs, file: &KubernetesFile) -> Access {
    // A flag that names the API server overrides both keys of the file.
    let is_placed = args.kubeconfig.is_some() || args.api_url.is_some();
    let (of_file, url_of_file) = if is_placed { (&None, &None) } else { (&file.kubeconfig, &file.api_url) };
    let context = args.context.clone().or_else(|| file.context.clone());
    let url = args.api_url.as_ref().or(url_of_file.as_ref());
    match (url, args.kubeconfig.as_ref().or(of_file.as_ref())) {
        (Some(url), _) => Access::Url(url.clone()),
        (None, Some(path)) => Access::Kubeconfig { path: path.clone(), context },
        (None, None) => Access::Inferred { context },
    }
}

fn show_quotas(text: &mut String, quotas: &QuotaSettings) {
    let QuotaSettings { keys_a_day_max, bytes_a_day_max, log_reads_a_day_max } = quotas;
    let _ = writeln!(text, "\n[kubernetes.quotas]");
    let _ = writeln!(text, "keys_a_day_max = {keys_a_day_max}");
    let _ = writeln!(text, "mib_a_day_max = {}", bytes_a_day_max / MIB);
    let _ = writeln!(text, "log_reads_a_day_max = {log_reads_a_day_max}");
}

fn quotas(file: &QuotasFile) -> QuotaSettings {
    let default = QuotaSettings::default();
    QuotaSettings {
        keys_a_day_max: file.keys_a_day_max.map_or(default.keys_a_day_max, |keys| keys as usize),
        bytes_a_day_max: file.mib_a_day_max.map_or(default.bytes_a_day_max, |mib| u64::from(mib) * MIB),
        log_reads_a_day_max: file.log_reads_a_day_max.map_or(default.log_reads_a_day_max, u64::from),
    }
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

fn levels(file: &LogFile) -> Result<Levels, ConfigError> {
    let level_max = file
        .record_level_max
        .map(|number| within("log.record_level_max", number, Level::NEWEST.number()).map(Level::nearest));
    let rollback_hours = file.rollback_hours.unwrap_or(ROLLBACK_HOURS_DEFAULT);
    if rollback_hours > ROLLBACK_HOURS_MAX {
        return Err(ConfigError::OutOfRange {
            what: "log.rollback_hours",
            value: rollback_hours.to_string(),
            rule: format!("it may be 0 to {ROLLBACK_HOURS_MAX}"),
        });
    }
    Ok(Levels { level_max: level_max.transpose()?, rollback_hours })
}

fn health(address: Option<&str>) -> Result<Option<SocketAddr>, ConfigError> {
    match address {
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

/// The host name; in a pod, that of the pod.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if name.trim().is_empty() { "kigen".to_owned() } else { name.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_in_the_debug_output_or_the_shown_configuration() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("kigen.toml");
        let text = "[kafka]\nbrokers = \"a:9092\"\n[kafka.settings]\n\"sasl.password\" = \"hidden-1\"\n\
                    [kafka.registry]\nurl = \"http://u:hidden-2@b\"\npassword = \"hidden-3\"\n\
                    [slack]\ntoken = \"hidden-4\"\n";
        std::fs::write(&path, text).expect("a file");
        let args = SettingsArgs { config: Some(path), ..SettingsArgs::default() };
        let config = Config::resolve(&args).expect("a configuration");
        for text in [format!("{config:?}"), config.shown()] {
            assert!(!text.contains("hidden-"), "{text}");
        }
    }
}
