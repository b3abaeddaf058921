//! `kigen impact --follow --announce`: replies in the threads of the incident that all is repaired.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, bail};
use kigen_lineage::impact::Wrong;
use kigen_log::LogReader;
use kigen_model::Instant;
use kigen_model::alert::AlertBody;
use kigen_model::delivery::{Delivery, DeliveryRecord, SLACK};
use kigen_model::key::BatchKey;
use kigen_model::topic::{Partition, Topic};
use kigen_notifier::slack::client::Slack;
use uuid::Uuid;

use crate::config::Config;
use crate::config::slack::{Notify, SlackAccess};
use crate::exit::misused;
use crate::reader::Pages;

/// The longest wait for Slack.
const SLACK_MAX: Duration = Duration::from_secs(30);

/// Why nothing could be announced.
#[derive(Debug, thiserror::Error)]
enum Unannounced {
    #[error(
        "--announce replies to the messages of missed deadlines: name them (or --since); --wrong-from has no incident"
    )]
    NoIncident,
    #[error("--announce replies in Slack, and the configuration has --dry-run (or `dry_run` under [slack])")]
    DryRun,
    #[error("--announce replies in Slack, and the configuration has other receivers only: configure [slack]")]
    NoSlack,
}

/// Replies to the messages of an incident.
pub(super) struct Announcer(Slack);

impl Announcer {
    /// Checks that there can be such messages.
    pub(super) fn new(config: &Config, wrong: &Wrong) -> anyhow::Result<Self> {
        if matches!(wrong, Wrong::Results { .. }) {
            return Err(misused(Unannounced::NoIncident));
        }
        match config.notify().map_err(misused)? {
            Notify::DryRun { .. } => Err(misused(Unannounced::DryRun)),
            Notify::Receivers { slack: None, .. } => Err(misused(Unannounced::NoSlack)),
            Notify::Receivers { slack: Some(SlackAccess { token, api_url }), routes, .. } => {
                Ok(Self(Slack::new(token, *routes, api_url.as_deref())?))
            }
        }
    }

    /// Replies to each message of the incidents that these misses belong to; returns to how many.
    pub(super) fn announce(
        &self,
        reader: &dyn LogReader,
        of: &BatchKey,
        wrong: &Wrong,
        (periods, at): (usize, Instant),
    ) -> anyhow::Result<usize> {
        let messages = messages(reader, &incidents(reader, of, wrong)?)?;
        if messages.is_empty() {
            bail!(
                "all is repaired, but nothing was announced: kigen.deliveries has no message of these misses in Slack; it keeps \
                 each for seven days after its last alert"
            );
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let posting = async {
            for message in &messages {
                self.0.post_repaired(message, periods, at).await?;
            }
            anyhow::Ok(messages.len())
        };
        runtime
            .block_on(async { tokio::time::timeout(SLACK_MAX, posting).await })
            .context("Slack did not answer in time; run the command again: it replies once")?
    }
}

/// The incidents of the misses, by the alerts.
fn incidents(reader: &dyn LogReader, of: &BatchKey, wrong: &Wrong) -> anyhow::Result<BTreeSet<Uuid>> {
    let Wrong::Late(late) = wrong else { return Ok(BTreeSet::new()) };
    let partition = reader.partition_of(&of.to_string());
    let mut found = BTreeSet::new();
    let pages = Pages::of_some(reader, Topic::Alerts, [partition])?;
    pages.each(partition, |records| {
        for record in records.iter().filter(|record| record.key == of.to_string()) {
            let alert = kigen_wire::decode_alert(record.value.as_deref().unwrap_or_default());
            let Ok(alert) = alert else { continue };
            let objective = alert.objective.as_ref().map(|objective| objective.name.as_str());
            if let AlertBody::SlotMissed { slot, incident, .. } = &alert.body
                && late
                    .iter()
                    .any(|period| period.mark == slot.deadline && period.objective.as_deref() == objective)
            {
                found.insert(*incident);
            }
        }
        Ok(())
    })?;
    Ok(found)
}

/// What Slack has of these incidents.
fn messages(reader: &dyn LogReader, incidents: &BTreeSet<Uuid>) -> anyhow::Result<Vec<Delivery>> {
    let pages = Pages::of(reader, Topic::Deliveries)?;
    let mut found: BTreeMap<String, Delivery> = BTreeMap::new();
    for partition in (0..reader.partitions()).map(Partition) {
        pages.each(partition, |records| {
            for record in records {
                let decoded = record.value.as_deref().map(kigen_wire::decode_delivery);
                match decoded {
                    Some(Ok(DeliveryRecord::Message(message)))
                        if message.receiver == SLACK && incidents.contains(&message.subject) =>
                    {
                        found.insert(record.key.clone(), message);
                    }
                    // A tombstone: it is forgotten.
                    None => {
                        found.remove(&record.key);
                    }
                    Some(_) => {}
                }
            }
            Ok(())
        })?;
    }
    Ok(found.into_values().collect())
}
