//! The health of the processor: its readiness, and its lag for the metrics.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as RealInstant};

use kigen_log::{LogError, LogReader};
use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_state::{ClusterClock, PartitionState};

use crate::metrics;

/// How long a failure counts if nothing has been judged since: without events nothing shows that it is over. Longer than
/// the delay between two retries.
const FAILURE_COUNTS: Duration = Duration::from_secs(60);

/// The most partitions that are listed by number.
const LISTED_MAX: usize = 8;

/// The health of a processor. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<HealthState>>);

#[derive(Debug, Default)]
struct HealthState {
    /// It is a member of its group, possibly one without partitions.
    is_member: bool,
    partitions: BTreeMap<Partition, PartitionHealth>,
    /// Why and when the last round failed, until something is judged again.
    failing: Option<(String, RealInstant)>,
}

/// The health of a partition.
#[derive(Clone, Debug)]
enum PartitionHealth {
    Restoring,
    /// Its restore is repeated after a failure.
    Retrying {
        why: String,
    },
    Judging {
        next: Offset,
        /// The time up to which each cluster is judged.
        judged_until: Vec<(String, Instant)>,
        /// The clusters whose silence is reported, with their time.
        silent: Vec<(String, Instant)>,
    },
    Paused {
        why: String,
    },
}

impl PartitionHealth {
    fn label(&self) -> &'static str {
        match self {
            Self::Restoring | Self::Retrying { .. } => "restoring",
            Self::Judging { .. } => "judging",
            Self::Paused { .. } => "paused",
        }
    }
}

impl Health {
    /// Whether it judges all partitions that are assigned to it, in words.
    ///
    /// # Errors
    /// Why it does not.
    pub fn readiness(&self, now: RealInstant) -> Result<String, String> {
        let state = self.state();
        if let Some((why, at)) = &state.failing
            && now.duration_since(*at) < FAILURE_COUNTS
        {
            return Err(format!("judging fails and is tried again: {why}"));
        }
        if !state.is_member {
            return Err("it has not been given its partitions yet".to_owned());
        }
        let paused = state.partitions.values().find_map(|partition| match partition {
            PartitionHealth::Paused { why } | PartitionHealth::Retrying { why } => Some(why),
            PartitionHealth::Restoring | PartitionHealth::Judging { .. } => None,
        });
        if let Some(why) = paused {
            return Err(why.clone());
        }
        let restoring = state.restoring();
        if !restoring.is_empty() {
            return Err(format!("it is bringing its store up to date for {restoring}"));
        }
        let silent = state.silent();
        match state.partitions.len() {
            0 => Ok("it is on standby: others own all partitions".to_owned()),
            1 => Ok(format!("it judges 1 partition{silent}")),
            count => Ok(format!("it judges {count} partitions{silent}")),
        }
    }

    /// Updates the metrics of lag, by reading the end of each partition. To be called from time to time, not for each
    /// record: it waits for the disk or the network.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn measure(&self, reader: &impl LogReader, now: Instant) -> Result<(), LogError> {
        let partitions = self.state().partitions.clone();
        let mut counts: BTreeMap<&'static str, u32> =
            ["judging", "paused", "restoring"].map(|label| (label, 0)).into();
        for (partition, health) in partitions {
            *counts.entry(health.label()).or_default() += 1;
            let PartitionHealth::Judging { next, judged_until, .. } = health else { continue };
            let end = reader.latest(Topic::Events, partition)?;
            metrics::lag_records(partition, end.0.saturating_sub(next.0));
            for (cluster, judged_until) in judged_until {
                metrics::lag_seconds(partition, &cluster, (now - judged_until).as_seconds_f64());
            }
        }
        counts.into_iter().for_each(|(label, count)| metrics::partitions(label, count));
        Ok(())
    }

    /// The time up to which each partition is judged for a cluster; `None`: some partition is not, or there is none.
    #[must_use]
    pub fn judged_until(&self, cluster: &str) -> Option<Instant> {
        let state = self.state();
        let of_partition = |health: &PartitionHealth| match health {
            PartitionHealth::Judging { judged_until, .. } => {
                judged_until.iter().find(|(name, _)| name == cluster).map(|(_, until)| *until)
            }
            PartitionHealth::Restoring
            | PartitionHealth::Retrying { .. }
            | PartitionHealth::Paused { .. } => None,
        };
        let all: Option<Vec<Instant>> = state.partitions.values().map(of_partition).collect();
        all?.into_iter().min()
    }

    pub(crate) fn joined(&self) {
        self.state().is_member = true;
    }

    pub(crate) fn restoring(&self, partition: Partition) {
        self.state().partitions.insert(partition, PartitionHealth::Restoring);
    }

    pub(crate) fn retrying(&self, partition: Partition, why: String) {
        metrics::failed();
        self.state().partitions.insert(partition, PartitionHealth::Retrying { why });
    }

    pub(crate) fn judging(&self, partition: Partition, position: &PartitionState) {
        let clocks = position.clocks.iter();
        let judged_until =
            clocks.filter_map(|(cluster, clock)| Some((cluster.clone(), clock.observed_until?))).collect();
        let is_silent = |clock: &ClusterClock| clock.silence.filter(|silence| silence.until.is_none());
        let silent = position.clocks.iter();
        let silent =
            silent.filter_map(|(cluster, clock)| Some((cluster.clone(), is_silent(clock)?.since))).collect();
        let health = PartitionHealth::Judging { next: position.next, judged_until, silent };
        self.state().partitions.insert(partition, health);
    }

    pub(crate) fn paused(&self, partition: Partition, why: String) {
        self.state().partitions.insert(partition, PartitionHealth::Paused { why });
    }

    pub(crate) fn lost(&self, partition: Partition) {
        self.state().partitions.remove(&partition);
    }

    pub(crate) fn failed(&self, why: String) {
        metrics::failed();
        self.state().failing = Some((why, RealInstant::now()));
    }

    pub(crate) fn judged(&self) {
        self.state().failing = None;
    }

    fn state(&self) -> MutexGuard<'_, HealthState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HealthState {
    /// The silent clusters, in words; empty: none is.
    fn silent(&self) -> String {
        let of_partition = |health: &PartitionHealth| match health {
            PartitionHealth::Judging { silent, .. } => silent.clone(),
            PartitionHealth::Restoring
            | PartitionHealth::Retrying { .. }
            | PartitionHealth::Paused { .. } => Vec::new(),
        };
        let silent = self.partitions.values().flat_map(of_partition).map(|(cluster, since)| {
            let since = since.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            format!("; cluster {cluster} is silent since {since}")
        });
        silent.collect()
    }

    /// The partitions that are being restored, in words; empty: none is.
    fn restoring(&self) -> String {
        let is_restoring = |health: &PartitionHealth| matches!(health, PartitionHealth::Restoring);
        let numbers: Vec<String> = self
            .partitions
            .iter()
            .filter(|(_, health)| is_restoring(health))
            .map(|(partition, _)| partition.to_string())
            .collect();
        match numbers.len() {
            0 => String::new(),
            1 => format!("partition {}", numbers[0]),
            count if count > LISTED_MAX => {
                format!("partitions {} and {} more", numbers[..LISTED_MAX].join(", "), count - LISTED_MAX)
            }
            _ => format!("partitions {}", numbers.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use kigen_state::Silence;

    use super::*;

    #[test]
    fn a_cluster_is_judged_until_the_earliest_of_its_partitions() {
        let health = Health::default();
        let at = |seconds| Instant::from_timestamp(seconds, 0).expect("a small number of seconds");
        let judged = |nth, cluster: &str, until| {
            let mut position = PartitionState::new(Offset(0));
            position.clocks.entry(cluster.to_owned()).or_default().observed_until = Some(until);
            health.judging(Partition(nth), &position);
        };
        assert_eq!(health.judged_until("one"), None);
        judged(0, "one", at(20));
        judged(1, "one", at(10));
        assert_eq!(health.judged_until("one"), Some(at(10)));
        assert_eq!(health.judged_until("other"), None);
        health.restoring(Partition(1));
        assert_eq!(health.judged_until("one"), None);
    }

    #[test]
    fn a_silent_cluster_is_named_and_the_processor_is_ready_all_the_same() {
        let health = Health::default();
        let mut position = PartitionState::new(Offset(0));
        let clock = position.clocks.entry("shop".to_owned()).or_default();
        clock.silence = Some(Silence { since: Instant::UNIX_EPOCH, until: None });
        health.joined();
        health.judging(Partition(0), &position);
        let readiness = health.readiness(RealInstant::now());
        assert_eq!(
            readiness.as_deref(),
            Ok("it judges 1 partition; cluster shop is silent since 1970-01-01T00:00:00Z")
        );
        let clock = position.clocks.entry("shop".to_owned()).or_default();
        clock.silence = Some(Silence { since: Instant::UNIX_EPOCH, until: Some(Instant::UNIX_EPOCH) });
        health.judging(Partition(0), &position);
        assert_eq!(health.readiness(RealInstant::now()).as_deref(), Ok("it judges 1 partition"));
    }

    #[test]
    fn it_is_ready_once_all_of_its_partitions_are_judged() {
        let health = Health::default();
        let readiness_at = |now| health.readiness(now).unwrap_or_else(|why| format!("no: {why}"));
        let readiness = || readiness_at(RealInstant::now());
        assert_eq!(readiness(), "no: it has not been given its partitions yet");
        health.joined();
        assert_eq!(readiness(), "it is on standby: others own all partitions");
        (0..10).for_each(|nth| health.restoring(Partition(nth)));
        assert_eq!(
            readiness(),
            "no: it is bringing its store up to date for partitions 0, 1, 2, 3, 4, 5, 6, 7 and 2 more"
        );
        (0..10).for_each(|nth| health.judging(Partition(nth), &PartitionState::new(Offset(0))));
        assert_eq!(readiness(), "it judges 10 partitions");
        health.paused(Partition(3), "partition 3 is not judged: its state is of a newer kigen".to_owned());
        assert_eq!(readiness(), "no: partition 3 is not judged: its state is of a newer kigen");
        health.lost(Partition(3));
        health.failed("the event log failed".to_owned());
        assert_eq!(readiness(), "no: judging fails and is tried again: the event log failed");
        assert_eq!(readiness_at(RealInstant::now() + FAILURE_COUNTS), "it judges 9 partitions");
        health.judged();
        assert_eq!(readiness(), "it judges 9 partitions");
    }
}
