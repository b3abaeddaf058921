//! `kigen doctor`: tries all that kigen needs, one thing after the other, and says what is wrong and what to do.
//!
//! Each check is a function of its own and tells what it found at once, since some wait for somebody who does not answer.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use chrono::Utc;
use kigen_log::kafka::{permissions, topics};
use kigen_log::{EmbeddedLog, LogError, LogReader, on_thread};
use kigen_model::reasons::reasons;
use kigen_model::topic::Topic;
use kigen_notifier::slack::client::Slack;
use kigen_shipper::preflight::{self, Allowed};
use kigen_shipper::server_clock::Clock;

use crate::cli::SettingsArgs;
use crate::config::{Config, Kafka, LogKind, Notify};

/// How long Slack may take to answer.
const SLACK_MS_MAX: u64 = 10_000;

/// What was found so far.
#[derive(Default)]
struct Found {
    checks: usize,
    wrong: usize,
}

impl Found {
    /// Tells of one thing: how it is, or what is wrong with it and what to do.
    fn tell(&mut self, what: &str, outcome: Result<String, String>) -> anyhow::Result<()> {
        self.checks += 1;
        self.wrong += usize::from(outcome.is_err());
        let (word, says) = match outcome {
            Ok(how) => ("ok", how),
            Err(why) => ("WRONG", why),
        };
        super::print(&format!("{word:<6} {what:<28} {says}\n"))
    }
}

/// Tries everything; fails where something is wrong.
pub(crate) async fn run(args: SettingsArgs) -> anyhow::Result<()> {
    let mut found = Found::default();
    if let Some(config) = configuration(&args, &mut found)? {
        data_directory(&config, &mut found)?;
        match config.log_kind {
            LogKind::Embedded => embedded_log(&config, &mut found)?,
            LogKind::Kafka => kafka(&config, &mut found).await?,
        }
        kubernetes(&config, &mut found).await?;
        slack(&config, &mut found).await?;
    }
    let Found { checks, wrong } = found;
    anyhow::ensure!(wrong == 0, "{wrong} of {checks} checks found something wrong");
    Ok(())
}

fn configuration(args: &SettingsArgs, found: &mut Found) -> anyhow::Result<Option<Config>> {
    let config = Config::resolve(args);
    let how = match &config {
        Ok(Config { cluster, log_kind: LogKind::Embedded, .. }) => {
            Ok(format!("cluster `{cluster}`, events in the data directory"))
        }
        Ok(Config { cluster, .. }) => Ok(format!("cluster `{cluster}`, events on Kafka")),
        Err(error) => Err(reasons(error).trim_end().to_owned()),
    };
    found.tell("configuration", how)?;
    Ok(config.ok())
}

fn data_directory(config: &Config, found: &mut Found) -> anyhow::Result<()> {
    let dir = &config.data_dir;
    let outcome = match try_to_write(dir) {
        Ok(()) => Ok(format!("{} can be written", dir.display())),
        Err(error) => Err(format!(
            "{} cannot be written ({error}): name another by --data-dir, or give this user the right to write there",
            dir.display()
        )),
    };
    found.tell("data directory", outcome)
}

/// Writes a file and takes it away again.
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

fn embedded_log(config: &Config, found: &mut Found) -> anyhow::Result<()> {
    let wanted = config.log.partitions;
    let outcome = match EmbeddedLog::open_beside(&config.log_dir()) {
        Ok(view) if view.partitions() != wanted => Err(format!(
            "it has {0} partitions, not {wanted}: the place of every key depends on it; set partitions to {0}, or start \
             with an empty data directory",
            view.partitions()
        )),
        Ok(view) => Ok(format!("{} partitions", view.partitions())),
        Err(LogError::Absent { .. }) => Ok("none yet: `kigen up` makes it".to_owned()),
        Err(error) => Err(reasons(&error)),
    };
    found.tell("event log", outcome)
}

async fn kafka(config: &Config, found: &mut Found) -> anyhow::Result<()> {
    let Kafka { connection, registry, layout, instance } = match config.kafka() {
        Ok(kafka) => kafka,
        Err(error) => return found.tell("kafka", Err(reasons(&error))),
    };
    let brokers = permissions::brokers(&connection).await;
    let is_there = brokers.is_ok();
    let how = |count| format!("answers at {}, brokers: {count}", connection.brokers());
    found.tell("kafka", brokers.map(how).map_err(|error| reasons(&error)))?;
    if !is_there {
        return Ok(());
    }
    if let Some(access) = registry {
        subjects(access, found).await?;
    }
    let there = match topics::check(&connection, &layout).await {
        Ok(all) => topics_of(&all, found)?,
        Err(error) => {
            found.tell("topics", Err(reasons(&error)))?;
            Topic::ALL.to_vec()
        }
    };
    for topic in &there {
        let outcome = permissions::read(&connection, &layout, *topic).await;
        found.tell(&format!("read {topic}"), allowed(outcome))?;
    }
    for (group, topic) in
        [(kigen_processor::GROUP, Topic::Events), (kigen_notifier::role::GROUP, Topic::Alerts)]
    {
        let outcome = permissions::join(&connection, group, topic).await;
        found.tell(&format!("group of the {group}s"), allowed(outcome))?;
        let transactions = match permissions::Transactions::of(&connection, group, &instance).await {
            Ok(transactions) => transactions,
            Err(error) => {
                found.tell(&format!("transactions of the {group}"), Err(reasons(&error)))?;
                continue;
            }
        };
        found.tell(&format!("transactions of the {group}"), Ok("allowed, and possible".to_owned()))?;
        // The processors write what is written to all topics but one, and what may be written is asked of the user.
        for topic in there.iter().filter(|_| group == kigen_processor::GROUP) {
            let outcome = transactions.write(*topic, Utc::now()).await;
            found.tell(&format!("write {topic}"), allowed(outcome))?;
        }
    }
    Ok(())
}

/// How kigen's schemas are in the schema registry. What is missing there each role adds when it starts.
async fn subjects(access: kigen_registry::Access, found: &mut Found) -> anyhow::Result<()> {
    let all = match on_thread(move || kigen_registry::check(&access)).await {
        Ok(all) => all,
        Err(error) => return found.tell("schema registry", Err(reasons(&error))),
    };
    for subject in all {
        let problems = subject.problems();
        let outcome = match problems.is_empty() {
            true => "registered".to_owned(),
            false => format!("note: {}", problems.join("; ")),
        };
        found.tell(&format!("subject {}", subject.name()), Ok(outcome))?;
    }
    Ok(())
}

/// How the topics are; those that are there.
fn topics_of(all: &[topics::Found], found: &mut Found) -> anyhow::Result<Vec<Topic>> {
    let mut there = Vec::new();
    for topics::Found { topic, partitions, problems } in all {
        let told: Vec<String> = problems.iter().map(|problem| problem.told(*topic)).collect();
        let outcome = match (partitions, told.is_empty()) {
            (Some(partitions), true) => Ok(format!("{partitions} partitions, as asked for")),
            _ if problems.iter().all(topics::Problem::is_bearable) => {
                Ok(format!("note: {}", told.join("; ")))
            }
            _ => Err(told.join("; ")),
        };
        found.tell(&format!("topic {topic}"), outcome)?;
        there.extend(partitions.map(|_| *topic));
    }
    Ok(there)
}

fn allowed(outcome: Result<(), LogError>) -> Result<String, String> {
    outcome.map(|()| "allowed".to_owned()).map_err(|error| reasons(&error))
}

async fn kubernetes(config: &Config, found: &mut Found) -> anyhow::Result<()> {
    match preflight::checks(&config.kubernetes, Clock::new(Utc::now)).await {
        Ok(checks) => {
            found.tell("kubernetes", Ok("the API server answers".to_owned()))?;
            for check in checks {
                let outcome = check.outcome.map(|allowed| told_of(allowed).to_owned());
                found.tell(&check.what, outcome.map_err(|error| reasons(&error)))?;
            }
            Ok(())
        }
        Err(error) => found.tell("kubernetes", Err(reasons(&error))),
    }
}

fn told_of(allowed: Allowed) -> &'static str {
    match allowed {
        Allowed::Yes => "allowed",
        Allowed::Unavailable => {
            "not there, and not needed; to declare objectives with kubectl, apply deploy/objectives.crd.yaml"
        }
        Allowed::Forbidden => {
            "note: not allowed, and not needed where nobody declares objectives with kubectl; else apply \
             deploy/objectives.crd.yaml, and grant list and watch on objectives.kigen.dev"
        }
        Allowed::Unidentified => {
            "note: not allowed, and not needed while no other cluster has this name in the same log; kigen cannot tell: \
             grant get on this one namespace"
        }
    }
}

async fn slack(config: &Config, found: &mut Found) -> anyhow::Result<()> {
    let (token, channels, api_url) = match config.notify() {
        Ok(Notify::DryRun { .. }) => {
            return found.tell("slack", Ok("not used: messages are printed".to_owned()));
        }
        Ok(Notify::Slack { token, channels, api_url }) => (token, channels, api_url),
        Err(error) => return found.tell("slack", Err(reasons(&error))),
    };
    let asking = async { Slack::new(token, channels, api_url.as_deref())?.token_owner().await };
    let outcome = match tokio::time::timeout(Duration::from_millis(SLACK_MS_MAX), asking).await {
        Ok(Ok((bot, workspace))) => Ok(format!("the token is that of {bot} in {workspace}")),
        Ok(Err(error)) => Err(reasons(&error)),
        Err(_) => {
            Err(format!("Slack has not answered in {SLACK_MS_MAX} ms: check that it is reachable from here"))
        }
    };
    found.tell("slack", outcome)
}
