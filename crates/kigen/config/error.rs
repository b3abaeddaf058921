//! What can be wrong with the configuration, and what to do about it.

use std::path::PathBuf;

use kigen_log::kafka::KafkaFailure;
use kigen_registry::RegistryFailure;

/// An error in the configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("the configuration file {} cannot be read", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("the configuration file {} is not understood; `kigen config` shows all keys", path.display())]
    Syntax { path: PathBuf, source: toml::de::Error },
    #[error("{what} is {value}: {rule}")]
    OutOfRange { what: &'static str, value: String, rule: String },
    #[error(
        "no receiver of alerts is configured: set the Slack channel (--slack-channel, KIGEN_SLACK_CHANNEL, or `channel` \
         under [slack]) and the token (KIGEN_SLACK_TOKEN), or a receiver under [[receivers]], or give --dry-run to print the \
         messages"
    )]
    NoReceiver,
    #[error(
        "missed deadlines have no receiver where no rule decides: set the Slack channel (--slack-channel, KIGEN_SLACK_CHANNEL, or \
         `channel` under [slack]), or `default = [\"miss\", ...]` of a receiver under [[receivers]]"
    )]
    NoDefault,
    #[error("the receiver `{name}` under [[receivers]] is not understood: {why}")]
    Receiver { name: String, why: String },
    #[error(
        "no Kafka brokers are configured: give them (--brokers HOST:PORT, KIGEN_BROKERS, or `brokers` under [kafka])"
    )]
    NoBrokers,
    #[error(
        "the cluster has no name, which begins every key and is in every message: give it one (--cluster NAME, KIGEN_CLUSTER, \
         or `cluster` in kigen.toml). In a pod, or with an API server given by its URL, there is no kubeconfig whose context \
         names it. A cluster that was shipped without a name before is `default`"
    )]
    NoClusterName,
    #[error(transparent)]
    Kafka(#[from] KafkaFailure),
    #[error(transparent)]
    Registry(#[from] RegistryFailure),
    #[error("Kafka has both a password_file and the setting `sasl.password`: give one of them")]
    TwoKafkaPasswords,
    #[error(
        "Slack has both a token (KIGEN_SLACK_TOKEN, or `token` under [slack]) and a file of it (KIGEN_SLACK_TOKEN_FILE, or \
         `token_file`): give one of them"
    )]
    TwoTokens,
    #[error(
        "the heartbeat has both a URL (KIGEN_HEARTBEAT_URL, or `url` under [heartbeat]) and a file of it \
         (KIGEN_HEARTBEAT_URL_FILE, or `url_file`): give one of them"
    )]
    TwoHeartbeats,
    #[error(
        "the heartbeat's URL (KIGEN_HEARTBEAT_URL, or `url` under [heartbeat]; not shown, since it is a secret) {problem}: it is \
         the whole address that the outside service gives for a check, such as https://hc-ping.com/UUID"
    )]
    HeartbeatUrl { problem: &'static str },
    #[error(
        "no sheet of objectives is named: give its id (--sheet ID, or `id` under [objectives.sheet]), or CSV (--csv FILE|URL, or \
         `csv`)"
    )]
    NoSheet,
    #[error(
        "no archive is configured: give a folder, s3://BUCKET/FOLDER or gs://BUCKET/FOLDER (--archive URL, KIGEN_ARCHIVE, or `url` \
         under [archive])"
    )]
    NoArchive,
    #[error(transparent)]
    Archive(#[from] kigen_archive::ArchiveError),
    #[error("[objectives.sheet] has both an `id` and `csv`: give one of them")]
    TwoSheets,
    #[error(
        "objectives come from a file (--objectives-file, KIGEN_OBJECTIVES_FILE, or `objectives_file`) and from [objectives.sheet]: \
         follow one of them, since each withdraws what it does not have"
    )]
    FileAndSheet,
    #[error("the schema registry has both a password and a password_file: give one of them")]
    TwoPasswords,
    #[error("the schema registry's password_file {} cannot be read", path.display())]
    UnreadableSecret { path: PathBuf, source: std::io::Error },
    #[error(
        "a dry run writes nothing to a shared log, so this role has nothing to do: leave out --dry-run (or `dry_run` under \
         [slack]), or run `kigen notify --dry-run`, which prints the new alerts of the running processes"
    )]
    NothingToDo,
    #[error("the rule `{rule}` under [[routes]] is not understood: {why}")]
    Route { rule: String, why: String },
    #[error("Slack's {missing} is not set ({how}); or give --dry-run to print the messages")]
    IncompleteSlack { missing: &'static str, how: &'static str },
}
