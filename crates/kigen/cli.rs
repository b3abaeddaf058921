//! The command line and its help.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::lineage::{ImportArgs, LineageArgs, LineageCommand, LineageFormatArg};
pub(crate) use self::mutes::{MuteArgs, MutesArgs, UnmuteArgs};
pub(crate) use self::objectives::{ObjectivesArgs, PullArgs, SuggestArgs};
use crate::log_kind::LogKind;

mod lineage;
mod mutes;
mod objectives;

/// Watches batch jobs on Kubernetes: alerts when a good result is not there by its deadline.
///
/// Put the annotation `kigen.dev/complete-by: "0 12 * * *"` on a CronJob, and run `kigen up`.
#[derive(Parser)]
#[command(name = "kigen", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// Log more to stderr (or set KIGEN_LOG, as in `KIGEN_LOG=debug`).
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch a cluster, judge its batches and send alerts; runs until SIGTERM or Ctrl-C
    Up,
    /// Only watch the cluster: one role of `up` in its own process; needs Kafka
    Ship,
    /// Only judge: as many of these processes as there are partitions share the work; needs Kafka
    Process,
    /// Only send alerts; needs Kafka. With an option it only does that, and ends
    Notify(NotifyArgs),
    /// Only write the archive: each day of events and alerts, once it is over; also beside a running `kigen up`
    Archive(ArchiveArgs),
    /// Play 23 days with an incident in half a minute; needs nothing but this program
    Demo(DemoArgs),
    /// Print the records of the event log, also beside a running `kigen up`
    Events(EventsArgs),
    /// Print each batch's objectives, next deadlines and last verdicts, also beside a running `kigen up`
    Status(StatusArgs),
    /// Explain why there was an alert for a deadline, or none
    Explain(ExplainArgs),
    /// Print which batch reads the result of which, by the objectives with `before` or `reads`
    Lineage(LineageArgs),
    /// List the runs that read a late or wrong result and everything that followed, and plan their repetition; starts nothing
    Impact(ImpactArgs),
    /// Check a file of objectives, or print the objectives in force
    #[command(subcommand)]
    Objectives(ObjectivesArgs),
    /// Judge the past again, by the objectives in the log or those of a file; sends and writes nothing
    Replay(ReplayArgs),
    /// Write slots, alerts or runs as flat rows for a warehouse, as Avro, Parquet or CSV
    Export(ExportArgs),
    /// Test everything that kigen needs, and print what is wrong and how to fix it; changes nothing
    Doctor(DoctorArgs),
    /// Create or check kigen's topics on Kafka
    #[command(subcommand)]
    Topics(TopicsArgs),
    /// List the clusters of the log, or retire one that is gone
    #[command(subcommand)]
    Clusters(ClustersArgs),
    /// Judge misses of some objectives as before, but send no alerts about them, until an end; also beside a running `kigen up`
    Mute(MuteArgs),
    /// End a mute before its time: what is still missed is alerted then
    Unmute(UnmuteArgs),
    /// List the mutes
    Mutes(MutesArgs),
    /// Go on without a record at which a partition waits, since a newer kigen wrote it
    Skip(SkipArgs),
    /// Print the working days of a calendar
    #[command(subcommand)]
    Calendar(CalendarArgs),
    /// Print the next instants of a crontab, as Kubernetes fires it or as kigen reads a deadline
    Crontab(CrontabArgs),
    /// Print the effective configuration: file, environment and flags combined, secrets hidden
    Config {
        /// What to do instead
        #[command(subcommand)]
        check: Option<ConfigArgs>,
    },
    /// Print what Slack needs to know
    #[command(subcommand)]
    Slack(SlackArgs),
    /// Write completions for shells and man pages, for packages
    #[command(hide = true)]
    Generate {
        /// The folder, in which `completions` and `man` are created
        dir: PathBuf,
    },
}

/// What Slack needs to know.
#[derive(Debug, Subcommand)]
pub(crate) enum SlackArgs {
    /// Print the manifest of an app with the least scopes for the channels that are configured; create the app from it at
    /// api.slack.com/apps
    Manifest {
        /// Also with the scopes for private channels
        #[arg(long)]
        private: bool,
    },
}

/// The settings of all commands. Flags take precedence over the environment, and that over the file. No debug output: there are
/// secrets among them.
#[derive(Default, Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct SettingsArgs {
    /// The configuration file (TOML); by default ./kigen.toml if it exists
    #[arg(long, global = true, env = "KIGEN_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The directory of the event log and the store
    #[arg(long, global = true, env = "KIGEN_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The cluster's name in keys and messages
    #[arg(long, global = true, env = "KIGEN_CLUSTER", value_name = "NAME")]
    pub(crate) cluster: Option<String>,
    /// The event log: embedded in the data directory, or on Kafka
    #[arg(long, global = true, env = "KIGEN_LOG_KIND", value_enum, value_name = "KIND")]
    pub(crate) log: Option<LogKind>,
    /// The name of this process on Kafka: unique, and the same after a restart; by default the host's name
    #[arg(long, global = true, env = "KIGEN_INSTANCE", value_name = "NAME")]
    pub(crate) instance: Option<String>,
    /// Kafka's brokers, as host:port, separated by commas
    #[arg(long, global = true, env = "KIGEN_BROKERS", value_name = "HOST:PORT")]
    pub(crate) brokers: Option<String>,
    /// The schema registry for values on Kafka (Confluent's API); without one, `schemas/` is enough to read them
    #[arg(long, global = true, env = "KIGEN_REGISTRY_URL", value_name = "URL")]
    pub(crate) registry_url: Option<String>,
    /// The user of the schema registry
    #[arg(long, global = true, env = "KIGEN_REGISTRY_USER", value_name = "NAME")]
    pub(crate) registry_user: Option<String>,
    /// That user's password; set it in the environment, so that no process list shows it
    #[arg(
        long,
        global = true,
        env = "KIGEN_REGISTRY_PASSWORD",
        value_name = "PASSWORD",
        hide_env_values = true
    )]
    pub(crate) registry_password: Option<String>,
    /// The kubeconfig file; by default the one that kubectl uses, else the pod's service account
    #[arg(long, global = true, env = "KIGEN_KUBECONFIG", value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The kubeconfig's context
    #[arg(long, global = true, env = "KIGEN_CONTEXT", value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// An API server that needs no credentials, such as `kubectl proxy`
    #[arg(long, global = true, env = "KIGEN_API_URL", value_name = "URL", conflicts_with_all = ["kubeconfig", "context"])]
    pub(crate) api_url: Option<String>,
    /// The one namespace to watch; by default all
    #[arg(long, global = true, env = "KIGEN_NAMESPACE", value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    /// A file of objectives (YAML), reloaded when it changes; see `kigen objectives check`
    #[arg(long, global = true, env = "KIGEN_OBJECTIVES_FILE", value_name = "FILE")]
    pub(crate) objectives_file: Option<PathBuf>,
    /// Withdraw up to this many objectives at once: the number of a warning that so many are held in force
    #[arg(long, global = true, env = "KIGEN_CONFIRM_WITHDRAWALS", value_name = "N")]
    pub(crate) confirm_withdrawals: Option<usize>,
    /// The archive: a folder, s3://BUCKET/FOLDER or gs://BUCKET/FOLDER, or `off`. `kigen up` writes it, and what reads the log reads
    /// it and the log as one
    #[arg(long, global = true, env = "KIGEN_ARCHIVE", value_name = "URL")]
    pub(crate) archive: Option<String>,
    /// The address of /healthz, /readyz and /metrics, as address:port, or `off`; in a pod 0.0.0.0:9469
    #[arg(long, global = true, env = "KIGEN_HEALTH_ADDRESS", value_name = "ADDRESS")]
    pub(crate) health_address: Option<String>,
    /// The Slack channel for missed deadlines, as #name or id
    #[arg(long, global = true, env = "KIGEN_SLACK_CHANNEL", value_name = "CHANNEL")]
    pub(crate) slack_channel: Option<String>,
    /// The Slack channel for failed runs; without one they are only recorded in `kigen.alerts`
    #[arg(long, global = true, env = "KIGEN_SLACK_ERROR_CHANNEL", value_name = "CHANNEL")]
    pub(crate) slack_error_channel: Option<String>,
    /// Slack's bot token (xoxb-...); set it in the environment, so that no process list shows it
    #[arg(long, global = true, env = "KIGEN_SLACK_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub(crate) slack_token: Option<String>,
    /// A file whose first line is that token, read again for each message
    #[arg(long, global = true, env = "KIGEN_SLACK_TOKEN_FILE", value_name = "FILE")]
    pub(crate) slack_token_file: Option<PathBuf>,
    /// The URL that is requested each minute while all parts work; set it in the environment, so that no process list shows it
    #[arg(long, global = true, env = "KIGEN_HEARTBEAT_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) heartbeat_url: Option<String>,
    /// A file whose first line is that URL, read again for each request
    #[arg(long, global = true, env = "KIGEN_HEARTBEAT_URL_FILE", value_name = "FILE")]
    pub(crate) heartbeat_url_file: Option<PathBuf>,
    /// Print the messages instead of sending them
    #[arg(long, global = true)]
    pub(crate) dry_run: bool,
}

/// The arguments of `notify`.
#[derive(Debug, Args)]
pub(crate) struct NotifyArgs {
    /// Have the alerts that no receiver accepted, and that are given up, sent again. The embedded log has one process at a time:
    /// stop `kigen up` first
    #[arg(long, conflicts_with = "explain")]
    pub(crate) retry: bool,
    /// Print to which channels an alert goes, and which rule of the configuration decides that
    #[arg(long, value_name = "ALERT_ID")]
    pub(crate) explain: Option<String>,
    /// Write a message of each kind, in each language, as pages that look like Slack into this folder; needs no log and no Slack
    #[arg(long, value_name = "DIR", conflicts_with_all = ["explain", "retry"])]
    pub(crate) preview: Option<PathBuf>,
}

/// The arguments of `archive`.
#[derive(Debug, Args)]
pub(crate) struct ArchiveArgs {
    /// Write the days that are over now, and end
    #[arg(long)]
    pub(crate) once: bool,
}

/// The arguments of `config`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigArgs {
    /// Report what is wrong with the configuration: what cannot be read, and rules that can never match
    Check,
}

/// The arguments of `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Draw without colours
    #[arg(long)]
    pub(crate) plain: bool,
    /// Keep the demo's log and store in this directory, for `kigen events --data-dir DIR`
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
}

/// The arguments of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Also observe one watch for up to 70 s, until its bookmark: shows what a proxy does to watches
    #[arg(long)]
    pub(crate) wait: bool,
    /// Also post a message to each Slack channel that is configured
    #[arg(long)]
    pub(crate) test: bool,
}

/// The arguments of `events`.
#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    /// The topic
    #[arg(long, value_enum, default_value_t = TopicArg::Events)]
    pub(crate) topic: TopicArg,
    /// Only this batch
    #[arg(value_name = "NAMESPACE/BATCH")]
    pub(crate) batch: Option<String>,
    /// Only records of this time or later, such as 2026-11-23T12:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<DateTime<Utc>>,
    /// One JSON object a line, with all fields
    #[arg(long)]
    pub(crate) json: bool,
    /// Also print the ticks: one for each partition about every ten seconds while the cluster can be watched
    #[arg(long)]
    pub(crate) ticks: bool,
    /// Continue with new records, until Ctrl-C
    #[arg(long, short)]
    pub(crate) follow: bool,
}

/// A topic, as `--topic` names it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum TopicArg {
    /// Facts and ticks of the cluster
    Events,
    /// Alerts
    Alerts,
    /// The state of each batch
    Status,
    /// Records that could not be decoded or applied
    Rejects,
    /// What processes announce, and operators decide
    Control,
    /// The messages that receivers have
    Deliveries,
}

/// The arguments of `status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Only this batch
    #[arg(value_name = "NAMESPACE/BATCH")]
    pub(crate) batch: Option<String>,
    /// One JSON object a batch and line, with all fields
    #[arg(long)]
    pub(crate) json: bool,
}

/// The arguments of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The batch
    #[arg(value_name = "NAMESPACE/BATCH")]
    pub(crate) batch: String,
    /// The deadline: 2026-11-23T03:00:00Z, or in the objective's zone "2026-11-23 12:00" or 2026-11-23
    #[arg(value_name = "DEADLINE")]
    pub(crate) deadline: String,
    /// Only this objective of the batch
    #[arg(long, value_name = "NAME")]
    pub(crate) objective: Option<String>,
}

/// The arguments of `impact`.
#[derive(Debug, Args)]
pub(crate) struct ImpactArgs {
    /// The batch whose result was late or wrong
    #[arg(value_name = "NAMESPACE/BATCH")]
    pub(crate) batch: String,
    /// Deadlines by which its result was not there: 2026-11-23T03:00:00Z, or in the objective's zone "2026-11-23 12:00" or
    /// 2026-11-23
    #[arg(
        value_name = "DEADLINE",
        required_unless_present_any = ["since", "wrong_from"],
        conflicts_with_all = ["since", "wrong_from"]
    )]
    pub(crate) deadlines: Vec<String>,
    /// All deadlines from this time on that were missed
    #[arg(long, value_name = "TIME", conflicts_with = "wrong_from")]
    pub(crate) since: Option<DateTime<Utc>>,
    /// The results from this time on were wrong, though the runs succeeded
    #[arg(long, value_name = "TIME", requires = "wrong_until")]
    pub(crate) wrong_from: Option<DateTime<Utc>>,
    /// The results from this time on were right again
    #[arg(long, value_name = "TIME", requires = "wrong_from")]
    pub(crate) wrong_until: Option<DateTime<Utc>>,
    /// Only the deadlines of this objective of the batch
    #[arg(long, value_name = "NAME")]
    pub(crate) objective: Option<String>,
    /// What is not repeated, such as a table that is written anew each night: of a batch all, or the SLOT of the plan. What reads it is
    /// repeated all the same, and does not wait for it. May be repeated
    #[arg(long = "leave-out", value_name = "NAMESPACE/BATCH[@SLOT]")]
    pub(crate) left_out: Vec<String>,
    /// Instead of the plan print how far it is, and each change of that, until all is repaired; as text or JSON
    #[arg(long)]
    pub(crate) follow: bool,
    /// Reply in the Slack threads of the missed deadlines once all is repaired
    #[arg(long, requires = "follow")]
    pub(crate) announce: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t = ImpactFormatArg::Text)]
    pub(crate) format: ImpactFormatArg,
}

/// A format of `impact`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ImpactFormatArg {
    /// Sentences, the plan and its commands
    Text,
    /// One JSON object, with all fields
    Json,
    /// The plan as comma-separated values with a header
    Csv,
    /// A picture of the runs that are affected and of the plan
    Svg,
}

/// The arguments of `clusters`.
#[derive(Debug, Subcommand)]
pub(crate) enum ClustersArgs {
    /// Print each cluster with its last tick, its batches and objectives, and the shipper that began last; also beside a running
    /// `kigen up`
    List,
    /// Retire a cluster that no shipper watches any more: its batches are removed, and its lag is no longer measured. The
    /// embedded log has one process at a time: stop `kigen up` first
    Forget {
        /// The cluster's name
        name: String,
    },
}

/// The arguments of `skip`, as the error that reports the record names them.
#[derive(Debug, Args)]
pub(crate) struct SkipArgs {
    /// The record's topic
    #[arg(value_name = "TOPIC", value_enum)]
    pub(crate) topic: SkippedTopicArg,
    /// Its partition
    #[arg(value_name = "PARTITION")]
    pub(crate) partition: u32,
    /// Its offset
    #[arg(value_name = "OFFSET")]
    pub(crate) offset: u64,
}

/// A topic whose records are waited for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SkippedTopicArg {
    /// A fact: verdicts lack it
    #[value(name = "kigen.events")]
    Events,
    /// An alert: no message is sent for it
    #[value(name = "kigen.alerts")]
    Alerts,
}

/// The arguments of `topics`.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum TopicsArgs {
    /// Create the missing topics, then check all
    Create,
    /// Print their settings, and what kigen cannot run with; changes nothing
    Check,
}

/// The arguments of `replay`.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// Only slots with a deadline at this time or later, such as 2026-11-23T12:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<DateTime<Utc>>,
    /// Only slots with a deadline before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<DateTime<Utc>>,
    /// Judge by the objectives of this file instead of those in the log
    #[arg(long, value_name = "FILE")]
    pub(crate) objectives: Option<PathBuf>,
    /// Change the past before it is judged, and print the slots that differ. Repeatable: `starts ml/recommend "0 6 * * *"`,
    /// `faster ml/recommend 0.8`, `deadline ml/recommend "0 11 * * *"` or `calendar ml/recommend jp-business-days`
    #[arg(
        long,
        num_args = 3,
        value_names = ["CHANGE", "NAMESPACE/BATCH", "VALUE"],
        action = clap::ArgAction::Append,
        conflicts_with_all = ["objectives", "slots"]
    )]
    pub(crate) what_if: Vec<String>,
    /// Print each slot with its verdict, instead of one line an objective
    #[arg(long)]
    pub(crate) slots: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t = FormatArg::Table)]
    pub(crate) format: FormatArg,
}

/// An output format.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum FormatArg {
    /// A table
    Table,
    /// One JSON object a line
    Json,
    /// Comma-separated values with a header
    Csv,
}

/// The arguments of `calendar`.
#[derive(Debug, Subcommand)]
pub(crate) enum CalendarArgs {
    /// Print a calendar's exceptions from the week, with what makes them: of one that kigen knows, or of one that the file of
    /// objectives defines (--objectives-file)
    Show {
        /// The calendar's name, such as jp-business-days
        name: String,
        /// The year; by default this one
        #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i32).range(1900..=2999))]
        year: Option<i32>,
    },
}

/// The arguments of `export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The table
    #[arg(value_enum)]
    pub(crate) table: ExportTableArg,
    /// Only rows of this time or later, such as 2026-11-23T12:00:00Z: deadlines, decisions or nominal starts
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<DateTime<Utc>>,
    /// Only rows before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<DateTime<Utc>>,
    /// The output format
    #[arg(long, value_enum, default_value_t = ExportFormatArg::Csv)]
    pub(crate) format: ExportFormatArg,
}

/// A table of `export`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ExportTableArg {
    /// Each slot that was judged, with its verdict
    Slots,
    /// Each alert
    Alerts,
    /// Each run of a batch
    Runs,
}

/// A format of `export`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ExportFormatArg {
    /// An Avro container file, with times as `timestamp-millis`
    Avro,
    /// A Parquet file, with times as timestamps in UTC
    Parquet,
    /// Comma-separated values with a header
    Csv,
}

/// The arguments of `crontab`.
#[derive(Debug, Args)]
pub(crate) struct CrontabArgs {
    /// The crontab, such as "0 12 * * 1-5" or "@daily"
    #[arg(value_name = "EXPR", required_unless_present = "stdin")]
    pub(crate) expr: Option<String>,
    /// The time zone
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub(crate) zone: String,
    /// Print instants after this one; by default now
    #[arg(long, value_name = "TIME")]
    pub(crate) after: Option<DateTime<Utc>>,
    /// The number of instants
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) next: u32,
    /// Fires of a CronJob (skipped or doubled by clock changes), or deadlines (never skipped or doubled)
    #[arg(long, value_enum, default_value_t = ReadingArg::Kubernetes)]
    pub(crate) reading: ReadingArg,
    /// Read one JSON object a line, {"spec","tz","after","count"}, and print {"next":[...]} or {"error":"..."} for each
    #[arg(long, conflicts_with = "expr")]
    pub(crate) stdin: bool,
}

/// A reading of a crontab.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ReadingArg {
    /// Fires of a CronJob
    Kubernetes,
    /// Deadlines
    Deadline,
}
