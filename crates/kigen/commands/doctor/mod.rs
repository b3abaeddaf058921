//! `kigen doctor`: tests everything that kigen needs, and prints what is wrong and how to fix it.
//!
//! Each check is a function of its own and prints its result at once, since some wait for a server that does not answer.

mod archive;
mod kubernetes;
mod results;
mod slack;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use chrono::Utc;
use kigen_control::Members;
use kigen_log::kafka::{permissions, topics};
use kigen_log::{EmbeddedError, EmbeddedLog, LogError, LogReader};
use kigen_model::topic::Topic;
use kigen_ops::{error_chain, on_thread};
use kigen_shipper::server_clock::Clock;
use kigen_shipper::watched::{self, Watched};

use self::results::Results;
use crate::cli::{DoctorArgs, SettingsArgs};
use crate::config::cluster::{NamedBy, clusters_in};
use crate::config::{Config, Kafka};
use crate::log_kind::LogKind;
use crate::outages::Outages;
use crate::output::print;
use crate::reader;

/// For how long a watch is observed; API servers send a bookmark each minute.
const WATCHED_S_MAX: u32 = 70;
/// Kigen's own watches end within less.
const CLOSED_S_MIN: u64 = 15;

/// The names of the clusters that are judged in the log, or why it cannot be read.
type LogClusters = Result<BTreeSet<String>, String>;

/// Runs all checks; fails if any finds something wrong.
pub(crate) async fn run(args: SettingsArgs, doctor: &DoctorArgs) -> anyhow::Result<()> {
    let mut results = Results::default();
    if let Some(mut config) = configuration(&args, &mut results)? {
        data_directory(&config, &mut results)?;
        let in_log = match config.log_kind {
            LogKind::Embedded => embedded_log(&config, &mut results)?,
            LogKind::Kafka => kafka(&config, &mut results).await?,
        };
        archive::check(&config, &mut results).await?;
        name_cluster(&mut config, in_log, &mut results)?;
        kubernetes::check(&config, &mut results).await?;
        if doctor.wait {
            watch(&config, &mut results).await?;
        }
        slack::check(&config, doctor.test, &mut results).await?;
    }
    let Results { checks, wrong } = results;
    anyhow::ensure!(wrong == 0, "{wrong} of {checks} checks found something wrong");
    Ok(())
}

fn configuration(args: &SettingsArgs, results: &mut Results) -> anyhow::Result<Option<Config>> {
    let config = Config::resolve(args);
    let outcome = match &config {
        Ok(Config { log_kind: LogKind::Embedded, .. }) => Ok("events in the data directory".to_owned()),
        Ok(Config { log_kind: LogKind::Kafka, .. }) => Ok("events on Kafka".to_owned()),
        Err(error) => Err(error_chain(error).trim_end().to_owned()),
    };
    results.add("configuration", outcome)?;
    Ok(config.ok())
}

fn data_directory(config: &Config, results: &mut Results) -> anyhow::Result<()> {
    let dir = &config.data_dir;
    let outcome = match try_to_write(dir) {
        Ok(()) => Ok(format!("{} can be written", dir.display())),
        Err(error) => Err(format!(
            "{} cannot be written ({error}): name another by --data-dir, or give this user write permission",
            dir.display()
        )),
    };
    results.add("data directory", outcome)
}

/// Writes a file and removes it.
fn try_to_write(dir: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)?;
    let path = dir.join(format!("doctor-{}", std::process::id()));
    let written = File::create(&path).and_then(|mut file| {
        file.write_all(&[0; 4096])?;
        file.sync_all()
    });
    let removed = std::fs::remove_file(&path);
    written.and(removed)
}

fn embedded_log(config: &Config, results: &mut Results) -> anyhow::Result<LogClusters> {
    let wanted = config.log.partitions;
    let (outcome, in_log) = match EmbeddedLog::open_beside(&config.log_dir()) {
        Ok(reader) if reader.partitions() != wanted => {
            let outcome = Err(format!(
                "it has {0} partitions, not {wanted}: the partition of every key depends on it; set partitions to {0}, or \
                 start with an empty data directory",
                reader.partitions()
            ));
            (outcome, clusters(&reader))
        }
        Ok(reader) => {
            record_level(&reader, config, results)?;
            outages(&reader, results)?;
            slack::undelivered(&reader, results)?;
            (Ok(format!("{} partitions", reader.partitions())), clusters(&reader))
        }
        Err(LogError::Embedded(EmbeddedError::Absent { .. })) => {
            (Ok("none yet: `kigen up` creates it".to_owned()), Ok(BTreeSet::new()))
        }
        Err(error) => (Err(error_chain(&error)), Err(error_chain(&error))),
    };
    results.add("event log", outcome)?;
    Ok(in_log)
}

fn clusters(reader: &(impl LogReader + ?Sized)) -> LogClusters {
    clusters_in(reader).map_err(|error| error_chain(&error))
}

/// The cluster's name, as `kigen up` chooses it: what is checked after this depends on it.
fn name_cluster(config: &mut Config, in_log: LogClusters, results: &mut Results) -> anyhow::Result<()> {
    let is_configured = config.cluster_named_by == NamedBy::Setting;
    let outcome = match in_log {
        Err(reason) if !is_configured => Err(format!(
            "not configured, and the log, which may have its name, cannot be read ({reason}): correct that, or give the name \
             (--cluster NAME, KIGEN_CLUSTER, or `cluster` in kigen.toml)"
        )),
        in_log => match config.name_cluster_among(&in_log.unwrap_or_default()) {
            Ok(()) => Ok(format!("`{}`, {}", config.cluster, config.cluster_named_by)),
            Err(error) => Err(error_chain(&error)),
        },
    };
    results.add("cluster", outcome)
}

/// The level at which the processes of the log write, and what holds it down.
fn record_level(
    reader: &(impl LogReader + ?Sized),
    config: &Config,
    results: &mut Results,
) -> anyhow::Result<()> {
    let mut members = Members::default();
    let standing = members.refresh(reader).map(|()| members.standing(Utc::now(), config.rollback()));
    let outcome = standing.map(|standing| standing.to_string()).map_err(|error| error_chain(&error));
    results.add("record level", outcome)
}

/// Clusters of which nothing is judged, or nothing is started. That the log cannot be read is a result of another check.
fn outages(reader: &(impl LogReader + ?Sized), results: &mut Results) -> anyhow::Result<()> {
    let outages = Outages::read(reader).unwrap_or_default();
    for (cluster, outage) in outages.each() {
        let reason = format!("{}: {}", outage.wording(), outage.advice());
        results.add(&format!("cluster {cluster}"), Err(reason))?;
    }
    Ok(())
}

async fn kafka(config: &Config, results: &mut Results) -> anyhow::Result<LogClusters> {
    let Kafka { connection, registry, layout, instance } = match config.kafka() {
        Ok(kafka) => kafka,
        Err(error) => {
            results.add("kafka", Err(error_chain(&error)))?;
            return Ok(Err(error_chain(&error)));
        }
    };
    let brokers = permissions::brokers(&connection).await.map_err(|error| error_chain(&error));
    let unanswered = brokers.as_ref().err().cloned();
    let state = |count| format!("answers at {}, brokers: {count}", connection.brokers());
    results.add("kafka", brokers.map(state))?;
    if let Some(reason) = unanswered {
        return Ok(Err(reason));
    }
    if let Some(access) = registry {
        subjects(access, results).await?;
    }
    let there = match topics::check(&connection, &layout).await {
        Ok(all) => topics_of(&all, results)?,
        Err(error) => {
            results.add("topics", Err(error_chain(&error)))?;
            Topic::ALL.to_vec()
        }
    };
    for topic in &there {
        let outcome = permissions::read(&connection, &layout, *topic).await;
        results.add(&format!("read {topic}"), allowed(outcome))?;
    }
    let of_reader = config.without_archive();
    let opened = on_thread(move || reader::open(&of_reader)).await.map_err(|error| format!("{error:#}"));
    if there.contains(&Topic::Control) {
        match &opened {
            Ok(reader) => record_level(&**reader, config, results)?,
            Err(reason) => results.add("record level", Err(reason.clone()))?,
        }
    }
    if let Ok(reader) = &opened {
        if there.contains(&Topic::Status) {
            outages(&**reader, results)?;
        }
        if there.contains(&Topic::Deliveries) {
            slack::undelivered(&**reader, results)?;
        }
    }
    let in_log = match opened {
        _ if !there.contains(&Topic::Status) => Ok(BTreeSet::new()),
        Ok(reader) => on_thread(move || clusters(&*reader)).await,
        Err(reason) => Err(reason),
    };
    for (group, topic) in
        [(kigen_processor::GROUP, Topic::Events), (kigen_notifier::role::GROUP, Topic::Alerts)]
    {
        let outcome = permissions::join(&connection, group, topic).await;
        results.add(&format!("group of the {group}s"), allowed(outcome))?;
        let transactions = match permissions::Transactions::of(&connection, group, &instance).await {
            Ok(transactions) => transactions,
            Err(error) => {
                results.add(&format!("transactions of the {group}"), Err(error_chain(&error)))?;
                continue;
            }
        };
        results.add(&format!("transactions of the {group}"), Ok("allowed, and possible".to_owned()))?;
        // The processors write to all topics but one, and rights to write belong to the user, not to the consumer group.
        for topic in there.iter().filter(|_| group == kigen_processor::GROUP) {
            let outcome = transactions.write(*topic, Utc::now()).await;
            results.add(&format!("write {topic}"), allowed(outcome))?;
        }
    }
    Ok(in_log)
}

/// Checks kigen's schemas in the schema registry. Each role registers the missing ones when it starts.
async fn subjects(access: kigen_registry::Access, results: &mut Results) -> anyhow::Result<()> {
    let all = match on_thread(move || kigen_registry::check(&access)).await {
        Ok(all) => all,
        Err(error) => return results.add("schema registry", Err(error_chain(&error))),
    };
    for subject in all {
        let problems = subject.problems();
        let outcome = match problems.is_empty() {
            true => "registered".to_owned(),
            false => format!("note: {}", problems.join("; ")),
        };
        results.add(&format!("subject {}", subject.name()), Ok(outcome))?;
    }
    Ok(())
}

/// Prints the checks of the topics; returns those that exist.
fn topics_of(all: &[topics::Found], results: &mut Results) -> anyhow::Result<Vec<Topic>> {
    let mut there = Vec::new();
    for topics::Found { topic, partitions, problems } in all {
        let texts: Vec<String> = problems.iter().map(|problem| problem.describe(*topic)).collect();
        let outcome = match (partitions, texts.is_empty()) {
            (Some(partitions), true) => Ok(format!("{partitions} partitions, as configured")),
            _ if problems.iter().all(topics::Problem::is_bearable) => {
                Ok(format!("note: {}", texts.join("; ")))
            }
            _ => Err(texts.join("; ")),
        };
        results.add(&format!("topic {topic}"), outcome)?;
        there.extend(partitions.map(|_| *topic));
    }
    Ok(there)
}

fn allowed(outcome: Result<(), LogError>) -> Result<String, String> {
    outcome.map(|()| "allowed".to_owned()).map_err(|error| error_chain(&error))
}

/// What happens to a watch on its way from the API server.
async fn watch(config: &Config, results: &mut Results) -> anyhow::Result<()> {
    let seconds_max = WATCHED_S_MAX;
    print(&format!("       one watch is observed for up to {seconds_max} s, until its bookmark\n"))?;
    let observed = watched::observe(&config.kubernetes, Clock::new(Utc::now), seconds_max).await;
    let outcome = match observed {
        Ok(Watched::Bookmark { after_s }) => Ok(format!("a bookmark came after {after_s} s")),
        Ok(Watched::Closed { after_s }) if after_s >= CLOSED_S_MIN => Ok(format!(
            "it was closed after {after_s} s, before its bookmark, as by a proxy: kigen's own watches end before that"
        )),
        Ok(Watched::Closed { after_s }) => Err(format!(
            "it was closed after {after_s} s, before its bookmark: kigen sees the cluster late, or only by lists, with runs \
             between two of them unseen. Let the proxy or load balancer between kigen and the API server keep responses open \
             for 20 s or longer"
        )),
        Ok(Watched::Silent) => Err(format!(
            "no bookmark came within {seconds_max} s: a proxy or load balancer between kigen and the API server holds \
             responses back; let it pass each line at once"
        )),
        Err(error) => Err(error_chain(&error)),
    };
    results.add("one watch", outcome)
}
