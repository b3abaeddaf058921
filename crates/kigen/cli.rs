//! The command line: what may be said, and the words that explain it.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::LogKind;

/// Watches batch jobs on Kubernetes: a good result must be there by its deadline, otherwise a person is told.
///
/// Put the annotation `kigen.dev/complete-by: "0 12 * * *"` on a CronJob, and run `kigen up`.
#[derive(Debug, Parser)]
#[command(name = "kigen", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// Say more on stderr (or set KIGEN_LOG, as in `KIGEN_LOG=debug`).
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch a cluster, judge its batches, and tell Slack; runs until SIGTERM or Ctrl-C
    Up,
    /// Only watch the cluster: one role of `up`, in a process of its own beside the others, on Kafka
    Ship,
    /// Only judge: as many of these as there are partitions share the work, on Kafka
    Process,
    /// Only tell Slack, on Kafka
    Notify,
    /// Show a week of incidents in half a minute, with nothing but this program
    Demo(DemoArgs),
    /// Print what is in the event log, also beside a running `kigen up`
    Events(EventsArgs),
    /// Print each batch's objectives, next deadlines and last verdicts, also beside a running `kigen up`
    Status(StatusArgs),
    /// Say why there was an alert for a deadline, or none
    Explain(ExplainArgs),
    /// Check a file of objectives, or print those that hold
    #[command(subcommand)]
    Objectives(ObjectivesArgs),
    /// Judge the past anew, with the objectives of the log or those of a file; sends and writes nothing
    Replay(ReplayArgs),
    /// Try all that kigen needs, one thing after the other, and say what is wrong and what to do; changes nothing
    Doctor,
    /// Make kigen's topics on Kafka, or say what is wrong with them
    #[command(subcommand)]
    Topics(TopicsArgs),
    /// Print the next instants of a crontab, as Kubernetes fires it or as kigen reads a deadline
    Crontab(CrontabArgs),
    /// Print the configuration that holds: file, environment and flags in one, secrets hidden
    Config,
}

/// What `up`, `events`, `status` and `config` are told; flags win over the environment, that over the file.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct SettingsArgs {
    /// The configuration file (TOML); by default ./kigen.toml if it exists
    #[arg(long, global = true, env = "KIGEN_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where the event log and the store are kept
    #[arg(long, global = true, env = "KIGEN_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The cluster's name in keys and messages
    #[arg(long, global = true, env = "KIGEN_CLUSTER", value_name = "NAME")]
    pub(crate) cluster: Option<String>,
    /// Where events, alerts and states are kept: in the data directory, or on Kafka
    #[arg(long, global = true, env = "KIGEN_LOG_KIND", value_enum, value_name = "KIND")]
    pub(crate) log: Option<LogKind>,
    /// What this process is called on Kafka, and no other: the same after a restart; by default the host's name
    #[arg(long, global = true, env = "KIGEN_INSTANCE", value_name = "NAME")]
    pub(crate) instance: Option<String>,
    /// Kafka's brokers, as host:port, several with commas
    #[arg(long, global = true, env = "KIGEN_BROKERS", value_name = "HOST:PORT")]
    pub(crate) brokers: Option<String>,
    /// The schema registry for what is written to Kafka (Confluent's API); without one, values need only `schemas/`
    #[arg(long, global = true, env = "KIGEN_REGISTRY_URL", value_name = "URL")]
    pub(crate) registry_url: Option<String>,
    /// Who asks the schema registry
    #[arg(long, global = true, env = "KIGEN_REGISTRY_USER", value_name = "NAME")]
    pub(crate) registry_user: Option<String>,
    /// That user's password; give it by the environment, so that no list of processes shows it
    #[arg(
        long,
        global = true,
        env = "KIGEN_REGISTRY_PASSWORD",
        value_name = "PASSWORD",
        hide_env_values = true
    )]
    pub(crate) registry_password: Option<String>,
    /// The kubeconfig file; by default as kubectl finds it, else the pod's service account
    #[arg(long, global = true, env = "KIGEN_KUBECONFIG", value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The kubeconfig's context
    #[arg(long, global = true, env = "KIGEN_CONTEXT", value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// An API server that asks for no credentials, such as `kubectl proxy`
    #[arg(long, global = true, env = "KIGEN_API_URL", value_name = "URL", conflicts_with_all = ["kubeconfig", "context"])]
    pub(crate) api_url: Option<String>,
    /// The one namespace to watch; by default all
    #[arg(long, global = true, env = "KIGEN_NAMESPACE", value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    /// A file of objectives (YAML), read again when it changes; see `kigen objectives check`
    #[arg(long, global = true, env = "KIGEN_OBJECTIVES_FILE", value_name = "FILE")]
    pub(crate) objectives_file: Option<PathBuf>,
    /// Where /healthz, /readyz and /metrics are, as address:port, or `off`; in a pod 0.0.0.0:9469
    #[arg(long, global = true, env = "KIGEN_HEALTH_ADDRESS", value_name = "ADDRESS")]
    pub(crate) health_address: Option<String>,
    /// The Slack channel for missed deadlines, as #name or id
    #[arg(long, global = true, env = "KIGEN_SLACK_CHANNEL", value_name = "CHANNEL")]
    pub(crate) slack_channel: Option<String>,
    /// The Slack channel for failed runs; without one they are not told, only kept in `kigen.alerts`
    #[arg(long, global = true, env = "KIGEN_SLACK_ERROR_CHANNEL", value_name = "CHANNEL")]
    pub(crate) slack_error_channel: Option<String>,
    /// Slack's bot token (xoxb-...); give it by the environment, so that no list of processes shows it
    #[arg(long, global = true, env = "KIGEN_SLACK_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub(crate) slack_token: Option<String>,
    /// Print the messages instead of sending them
    #[arg(long, global = true)]
    pub(crate) dry_run: bool,
}

/// What `demo` is told.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Draw without colours
    #[arg(long)]
    pub(crate) plain: bool,
    /// Keep the demo's log and store in this directory, for `kigen events --data-dir DIR`
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
}

/// What `events` is told.
#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    /// Which topic
    #[arg(long, value_enum, default_value_t = TopicArg::Events)]
    pub(crate) topic: TopicArg,
    /// Only this batch
    #[arg(value_name = "NAMESPACE/BATCH")]
    pub(crate) batch: Option<String>,
    /// Only records of this time or later, such as 2026-11-23T12:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<DateTime<Utc>>,
    /// One JSON object a line, whole
    #[arg(long)]
    pub(crate) json: bool,
    /// Also show the ticks, which a line a partition each ten seconds would bury the rest under
    #[arg(long)]
    pub(crate) ticks: bool,
    /// Go on with what comes, until Ctrl-C
    #[arg(long, short)]
    pub(crate) follow: bool,
}

/// A topic, as `--topic` names it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum TopicArg {
    /// What happened in the cluster
    Events,
    /// What a person is told
    Alerts,
    /// The state of each batch
    Status,
    /// What could not be understood
    Rejects,
}

/// What `status` is told.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Only this batch
    #[arg(value_name = "NAMESPACE/BATCH")]
    pub(crate) batch: Option<String>,
    /// One JSON object a batch and line, whole
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `explain` is told.
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

/// What `objectives` is told.
#[derive(Debug, Subcommand)]
pub(crate) enum ObjectivesArgs {
    /// Say what is wrong in a file of objectives, with its lines, and what can never work, by what the event log knows
    Check {
        /// The file
        file: PathBuf,
    },
    /// Print each objective with its next deadline, last verdict and incident, and what could not be resolved. Objectives that
    /// hold for no batch are asked of the cluster
    List {
        /// Only this batch
        #[arg(value_name = "NAMESPACE/BATCH")]
        batch: Option<String>,
    },
}

/// What `topics` is told.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum TopicsArgs {
    /// Make those that are not there, then check all
    Create,
    /// Say how they are, and what kigen could not run with; changes nothing
    Check,
}

/// What `replay` is told.
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
    /// Each slot with its verdict, instead of a line an objective
    #[arg(long)]
    pub(crate) slots: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = FormatArg::Table)]
    pub(crate) format: FormatArg,
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum FormatArg {
    /// For people
    Table,
    /// One JSON object a line
    Json,
    /// Comma-separated, with a head
    Csv,
}

/// What `crontab` is told.
#[derive(Debug, Args)]
pub(crate) struct CrontabArgs {
    /// The crontab, such as "0 12 * * 1-5" or "@daily"
    #[arg(value_name = "EXPR", required_unless_present = "stdin")]
    pub(crate) expr: Option<String>,
    /// The zone it is read in
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub(crate) zone: String,
    /// The instant after which to begin; by default now
    #[arg(long, value_name = "TIME")]
    pub(crate) after: Option<DateTime<Utc>>,
    /// How many instants
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) next: u32,
    /// As Kubernetes fires (skipped and doubled by clock changes), or as a deadline (never skipped, never doubled)
    #[arg(long, value_enum, default_value_t = ReadingArg::Kubernetes)]
    pub(crate) reading: ReadingArg,
    /// Read a JSON object a line, {"spec","tz","after","count"}, and answer each with {"next":[...]} or {"error":"..."}
    #[arg(long, conflicts_with = "expr")]
    pub(crate) stdin: bool,
}

/// A reading of a crontab.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ReadingArg {
    /// As Kubernetes fires
    Kubernetes,
    /// As a deadline
    Deadline,
}
