//! `kigen clusters`: lists the clusters of a log, and retires one that is gone.
//!
//! A cluster that does not tick any more stays: only an operator knows whether that is an outage or its end. That it is
//! forgotten is a record in each partition, so every processor and each replay drops the same.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::{TimeDelta, Utc};
use kigen_control::Members;
use kigen_log::{Log, LogReader};
use kigen_model::event::{ClusterBody, ClusterEvent, Event};
use kigen_model::key::is_key_part;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::on_thread;
use kigen_state::{ClusterClock, POSITION_KEY, Plan};
use kigen_wire::Status;

use crate::batch_table::latest_statuses;
use crate::cli::ClustersArgs;
use crate::cluster_event::write_to_all;
use crate::config::Config;
use crate::log_kind::LogKind;
use crate::open::{open_kafka_beside, open_log_alone};
use crate::output::{columns, human, print, text};
use crate::reader::{Pages, open};

/// A cluster with a tick within this time still ticks: a leader behind an old API server ticks once a minute, and another takes
/// over within three.
const TICKS_WITHIN: TimeDelta = TimeDelta::minutes(10);
/// The number of the first record level that has a record for it.
const FORGOTTEN_LEVEL: u32 = 3;

/// Runs one of the commands.
pub(crate) async fn run(config: Config, args: ClustersArgs) -> anyhow::Result<()> {
    match args {
        ClustersArgs::List => on_thread(move || list(&*open(&config)?)).await,
        ClustersArgs::Forget { name } => forget_in(config, name).await,
    }
}

/// What a log has of a cluster.
#[derive(Clone, Debug, Default)]
struct ClusterSummary {
    /// The latest of the partitions'.
    clock: ClusterClock,
    /// The shipper that began last.
    shipper: Option<String>,
    batches: usize,
    objectives: usize,
}

impl ClusterSummary {
    /// Of one that is forgotten only the epoch is left.
    fn is_there(&self) -> bool {
        self.clock.observed_until.is_some() || self.batches > 0 || self.shipper.is_some()
    }

    fn apply(&mut self, event: ClusterEvent) {
        if !self.clock.step(&event) {
            return;
        }
        match event.body {
            ClusterBody::Epoch { shipper } => self.shipper = Some(shipper),
            ClusterBody::Forgotten { .. } => self.shipper = None,
            ClusterBody::Tick { .. }
            | ClusterBody::Gap(_)
            | ClusterBody::Calendar { .. }
            | ClusterBody::Mute { .. }
            | ClusterBody::Stalled { .. }
            | ClusterBody::StallOver { .. } => {}
        }
    }
}

/// The clusters by name.
#[derive(Default)]
struct ClusterTable {
    clusters: BTreeMap<String, ClusterSummary>,
    /// Of each partition, up to where `kigen.status` has what `kigen.events` reported.
    judged: Vec<Offset>,
}

impl ClusterTable {
    /// What `kigen.status` has.
    fn read(reader: &dyn LogReader) -> anyhow::Result<Self> {
        let mut table = Self::default();
        let pages = Pages::of(reader, Topic::Status)?;
        for partition in (0..reader.partitions()).map(Partition) {
            let mut judged = reader.earliest(Topic::Events, partition)?;
            for (key, bytes) in latest_statuses(&pages, partition, |_| true)? {
                match kigen_wire::decode_status(&bytes) {
                    Ok(Status::Position(position)) => {
                        judged = judged.max(position.next);
                        for (name, clock) in position.clocks {
                            let latest = &mut table.clusters.entry(name).or_default().clock;
                            latest.epoch = latest.epoch.max(clock.epoch);
                            latest.observed_until = latest.observed_until.max(clock.observed_until);
                        }
                    }
                    Ok(Status::Batch(state)) => {
                        let cluster = table.clusters.entry(state.key.cluster).or_default();
                        cluster.batches += 1;
                        let objectives = state.objectives.values();
                        cluster.objectives +=
                            objectives.filter(|objective| objective.plan != Plan::Withdrawn).count();
                    }
                    Err(error) if key == POSITION_KEY => return Err(error.into()),
                    // `kigen status` reports it.
                    Err(_) => {}
                }
            }
            table.judged.push(judged);
        }
        Ok(table)
    }

    /// Applies the clusters' records in these partitions of `kigen.events`, from `first` of each.
    fn apply_events(
        &mut self,
        reader: &dyn LogReader,
        partitions: Range<u32>,
        first: impl Fn(&Self, Partition) -> Option<Offset>,
    ) -> anyhow::Result<()> {
        let pages = Pages::of_some(reader, Topic::Events, partitions.clone().map(Partition))?;
        for partition in partitions.map(Partition) {
            let from = first(self, partition);
            pages.each_from(partition, from, |records| {
                for record in records.iter().filter(|record| is_key_part(&record.key)) {
                    let value = record.value.as_deref().unwrap_or_default();
                    if let Ok(Event::Cluster(event)) = kigen_wire::decode_event(value) {
                        self.clusters.entry(event.cluster.clone()).or_default().apply(event);
                    }
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    fn names(&self) -> Vec<&str> {
        self.clusters.iter().filter(|(_, it)| it.is_there()).map(|(name, _)| name.as_str()).collect()
    }
}

fn list(reader: &dyn LogReader) -> anyhow::Result<()> {
    let mut table = ClusterTable::read(reader)?;
    // Each partition has all of a cluster's records; the first shows which shipper began last.
    table.apply_events(reader, 0..1, |_, _| None)?;
    let now = Utc::now();
    let rows: Vec<Vec<String>> = table
        .clusters
        .iter()
        .filter(|(_, cluster)| cluster.is_there())
        .map(|(name, cluster)| {
            let ticked = cluster.clock.observed_until.map_or("never".to_owned(), |at| {
                format!("{} ({} ago)", text(at), human((now - at).max(TimeDelta::zero())))
            });
            let (batches, objectives) = (cluster.batches.to_string(), cluster.objectives.to_string());
            let shipper = cluster.shipper.clone().unwrap_or_else(|| "unknown".to_owned());
            vec![name.clone(), ticked, batches, objectives, shipper]
        })
        .collect();
    print(&columns(&["CLUSTER", "LAST TICK", "BATCHES", "OBJECTIVES", "SHIPPER"], &rows))
}

async fn forget_in(config: Config, name: String) -> anyhow::Result<()> {
    let (author, window) = (config.operator(), config.rollback());
    match config.log_kind {
        LogKind::Embedded => {
            let log = open_log_alone(&config.log_dir(), config.log.clone())?;
            forget(log, name, author, window).await
        }
        LogKind::Kafka => {
            let log = open_kafka_beside(&config, "clusters").await?;
            forget(log, name, author, window).await
        }
    }
}

async fn forget<L: Log>(log: L, name: String, author: String, window: TimeDelta) -> anyhow::Result<()> {
    let (reader, sought) = (log.reader().clone(), name.clone());
    let cluster = on_thread(move || checked(&reader, &sought, window)).await?;
    let event = ClusterEvent {
        cluster: name.clone(),
        cluster_uid: None,
        epoch: cluster.clock.epoch + 1,
        body: ClusterBody::Forgotten { author },
    };
    write_to_all(&log, event).await?;
    print(&format!(
        "the cluster `{name}` is forgotten: its {} batches with {} objectives are removed once each partition is judged, and its \
         lag is no longer measured; messages of its open incidents stay as they are. A shipper of that name begins anew\n",
        cluster.batches, cluster.objectives
    ))
}

/// The cluster, if it may be forgotten.
fn checked(reader: &dyn LogReader, name: &str, window: TimeDelta) -> anyhow::Result<ClusterSummary> {
    let mut table = ClusterTable::read(reader)?;
    // What is not judged yet, since the processor may be down.
    table.apply_events(reader, 0..reader.partitions(), |table, partition| {
        table.judged.get(partition.0 as usize).copied()
    })?;
    let Some(cluster) = table.clusters.get(name).filter(|cluster| cluster.is_there()) else {
        anyhow::bail!("the log has no cluster `{name}`; it has: {}", table.names().join(", "));
    };
    if let Some(at) = cluster.clock.observed_until
        && let ago = Utc::now() - at
        && ago < TICKS_WITHIN
    {
        anyhow::bail!(
            "the cluster `{name}` still ticks: it was observed {} ago. Stop its shipper, wait until that is {} ago, and run this \
             command again; `kigen clusters list` names the shipper",
            human(ago.max(TimeDelta::zero())),
            human(TICKS_WITHIN)
        );
    }
    let mut members = Members::default();
    members.refresh(reader)?;
    let standing = members.standing(Utc::now(), window);
    let is_before_levels = members.is_empty();
    anyhow::ensure!(
        !is_before_levels && standing.level.number() >= FORGOTTEN_LEVEL,
        "a process of this log, or one that it may be rolled back to, does not know how to forget a cluster: the record level is \
         {}; it must be {FORGOTTEN_LEVEL}",
        if is_before_levels { "unknown".to_owned() } else { standing.to_string() }
    );
    Ok(cluster.clone())
}
