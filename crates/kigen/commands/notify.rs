//! `kigen notify --retry`, `--explain` and `--preview`, and `kigen config check`: has alerts that no receiver accepted sent again,
//! explains to which channels alerts go, and shows what messages look like.

use std::fmt::Write;
use std::path::Path;

use anyhow::Context;
use chrono::Utc;
use kigen_calendar::Zone;
use kigen_log::{Log, LogReader};
use kigen_model::alert::Alert;
use kigen_model::topic::{Partition, Topic};
use kigen_notifier::language::Language;
use kigen_notifier::routing::kind::Kind;
use kigen_notifier::routing::{Mention, Outcome};
use kigen_notifier::slack::preview::{self, Page};
use kigen_notifier::undelivered::{self, AllUndelivered};
use kigen_ops::on_thread;

use crate::config::Config;
use crate::exit::misused;
use crate::log_kind::LogKind;
use crate::open::{open_kafka_beside, open_log_alone};
use crate::output::print;
use crate::reader::{self, Pages};

/// Writes that the alerts that have failed so far are sent again, and prints which.
pub(crate) async fn retry(config: Config) -> anyhow::Result<()> {
    let author = config.operator();
    match config.log_kind {
        LogKind::Embedded => {
            let log = open_log_alone(&config.log_dir(), config.log.clone())?;
            write(log, &author, "when `kigen up` starts").await
        }
        LogKind::Kafka => {
            let log = open_kafka_beside(&config, "retry").await?;
            write(log, &author, "within seconds").await
        }
    }
}

async fn write<L: Log>(log: L, author: &str, when: &str) -> anyhow::Result<()> {
    let reader = log.reader().clone();
    let (AllUndelivered { failed, .. }, partitions) =
        on_thread(move || undelivered::read(&reader).map(|all| (all, reader.partitions()))).await?;
    if failed.is_empty() {
        return print("no alert is given up: there is nothing to send again\n");
    }
    log.append(undelivered::retry(partitions, author, Utc::now())).await?;
    for alert in &failed {
        print(&format!("alert {} of {} is sent again {when}: {}\n", alert.id, alert.key, alert.reason))?;
    }
    Ok(())
}

/// Prints to which channels an alert goes, and why.
pub(crate) fn explain(config: &Config, id: &str) -> anyhow::Result<()> {
    let routes = config.routes().map_err(misused)?;
    let reader = reader::open(config)?;
    let Some(alert) = find(&*reader, id)? else {
        anyhow::bail!(
            "{} has no alert {id}, or not any more: `kigen events --topic alerts --json` prints those that it has, with their ids",
            Topic::Alerts
        )
    };
    let kind = Kind::of(&alert).name();
    let mut text = format!("alert {id}: {} of {}, an alert of kind {kind}\n", alert.body.kind(), alert.key);
    for (rule, outcome) in routes.explain(&alert) {
        let why = match outcome {
            Outcome::Matched(to) if to.is_empty() => {
                format!("matches, and there is no receiver for the kind {kind}")
            }
            Outcome::Matched(to) => format!("matches: to {}", to.join(", ")),
            Outcome::Mismatch(why) => format!("does not match: {why}"),
            Outcome::NotAsked => "is not asked: a rule before it decided".to_owned(),
        };
        let _ = writeln!(text, "  {rule:<24} {why}");
    }
    let targets = routes.targets(&alert).into_iter().map(|target| {
        let mentions = target.mentions.iter().map(Mention::markup).collect::<Vec<_>>().join(" ");
        let mut text = target.channel.clone();
        if !mentions.is_empty() {
            let _ = write!(text, " with {mentions}");
        }
        if let Some(until) = target.quiet_until(&alert) {
            let zone = target.quiet.as_ref().map_or_else(Zone::utc, |quiet| quiet.zone.clone());
            let until = zone.local(until).date_time.format("%a %Y-%m-%d %H:%M");
            let _ = write!(text, " in the digest after its quiet hours (until {until} {})", zone.name());
        }
        if target.language != Language::ENGLISH {
            let _ = write!(text, " in `{}`", target.language.tag());
        }
        text
    });
    let targets = targets.collect::<Vec<_>>().join(", ");
    let _ = writeln!(text, "it goes to {}", if targets.is_empty() { "no receiver" } else { &targets });
    print(&text)
}

fn find(reader: &dyn LogReader, id: &str) -> anyhow::Result<Option<Alert>> {
    let pages = Pages::of(reader, Topic::Alerts)?;
    let mut found = None;
    for partition in (0..reader.partitions()).map(Partition) {
        pages.each(partition, |records| {
            let values = records.iter().filter_map(|record| record.value.as_deref());
            let mut alerts = values.filter_map(|value| kigen_wire::decode_alert(value).ok());
            found = found.take().or_else(|| alerts.find(|alert| alert.id.to_string() == id));
            Ok(())
        })?;
    }
    Ok(found)
}

/// Writes a message of each kind, in each language, as pages that look like Slack.
pub(crate) fn preview(folder: &Path) -> anyhow::Result<()> {
    let pages = preview::pages();
    for Page { path, html } in &pages {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).with_context(|| format!("{} cannot be made", parent.display()))?;
        std::fs::write(&path, html).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let all = Language::all().map(|language| format!("{}.html", language.tag())).collect::<Vec<_>>();
    print(&format!(
        "{} pages in {}: {} have all messages of a language\n",
        pages.len(),
        folder.display(),
        all.join(" and ")
    ))
}

/// Reports rules that can never match; what cannot be read was reported when it was read.
pub(crate) fn check(config: &Config) -> anyhow::Result<()> {
    let routes = match config.notify() {
        Ok(_) => config.routes(),
        Err(error) => Err(error),
    };
    let routes = routes.map_err(misused)?;
    let (unreachable, never_quiet) = (routes.unreachable(), routes.never_quiet());
    for (rule, why) in &unreachable {
        print(&format!("the rule `{rule}` under [[routes]] can never match: {why}\n"))?;
    }
    for (rule, why) in &never_quiet {
        print(&format!("the quiet hours of the rule `{rule}` under [[routes]] hold back nothing: {why}\n"))?;
    }
    anyhow::ensure!(
        never_quiet.is_empty() || !unreachable.is_empty(),
        "the quiet hours of {} rules hold back nothing",
        never_quiet.len()
    );
    anyhow::ensure!(unreachable.is_empty(), "{} rules can never match", unreachable.len());
    print("nothing is wrong with the configuration\n")
}
