//! Clusters that are silent, or start no CronJobs, as the position records of `kigen.status` have it.

use std::collections::BTreeMap;

use kigen_log::{LogError, LogReader};
use kigen_model::Instant;
use kigen_model::topic::{Partition, Topic};
use kigen_state::PartitionState;
use kigen_wire::Status;

use crate::output::text;

/// What is wrong with a cluster, and since when, by its own time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outage {
    /// No tick of it comes: nothing of it is judged.
    Silent(Instant),
    /// None of its CronJobs has fired since, though several should have.
    Stalled(Instant),
}

impl Outage {
    /// What is wrong, as after the cluster's name.
    pub(crate) fn wording(self) -> String {
        match self {
            Self::Silent(since) => format!("is silent since {}: nothing of it is judged", text(since)),
            Self::Stalled(since) => format!("has started none of its CronJobs since {}", text(since)),
        }
    }

    /// What to do about it.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Silent(_) => {
                "see whether its `kigen ship` (or `kigen up`) runs and can reach the API server; if the cluster is gone for \
                 good: kigen clusters forget"
            }
            Self::Stalled(_) => {
                "see whether the kube-controller-manager runs, and whether a quota or an admission webhook refuses its Jobs"
            }
        }
    }
}

/// The outages that go on, by cluster.
#[derive(Debug, Default)]
pub(crate) struct Outages(BTreeMap<String, Vec<Outage>>);

impl Outages {
    /// Reads the last position record of each partition.
    pub(crate) fn read(reader: &(impl LogReader + ?Sized)) -> Result<Self, LogError> {
        let mut outages = Self::default();
        for position in last_positions(reader)? {
            outages.add(&position);
        }
        Ok(outages)
    }

    /// Adds what a partition has of them. Only the one that a cluster's name hashes to has its silence, each has its stalls.
    pub(crate) fn add(&mut self, position: &PartitionState) {
        for (cluster, clock) in &position.clocks {
            let silence = clock.silence.filter(|silence| silence.until.is_none());
            let stall = clock.mutes.stalls.all().last().filter(|stall| stall.until.is_none());
            let silent = silence.map(|silence| Outage::Silent(silence.since));
            let stalled = stall.map(|stall| Outage::Stalled(stall.since));
            for outage in silent.into_iter().chain(stalled) {
                let known = self.0.entry(cluster.clone()).or_default();
                if let Err(place) = known.binary_search(&outage) {
                    known.insert(place, outage);
                }
            }
        }
    }

    /// Each with its cluster.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&str, Outage)> {
        self.0.iter().flat_map(|(cluster, all)| all.iter().map(|outage| (cluster.as_str(), *outage)))
    }

    /// A line for each; empty: there is none.
    pub(crate) fn lines(&self) -> String {
        self.each().map(|(cluster, outage)| format!("cluster {cluster} {}\n", outage.wording())).collect()
    }
}

/// The last position record of each partition that has one.
pub(crate) fn last_positions(reader: &(impl LogReader + ?Sized)) -> Result<Vec<PartitionState>, LogError> {
    let mut positions = Vec::new();
    for partition in (0..reader.partitions()).map(Partition) {
        let last = reader.last(Topic::Status, partition)?.and_then(|record| record.value);
        // What cannot be read is reported by the processor.
        if let Some(Ok(Status::Position(position))) = last.as_deref().map(kigen_wire::decode_status) {
            positions.push(position);
        }
    }
    Ok(positions)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use kigen_model::topic::Offset;
    use kigen_state::{ClusterClock, Silence, Stall, Stalls};

    use super::*;

    fn at(hour: i64) -> Instant {
        Instant::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    fn position(silence: Option<Silence>, stalls: Vec<Stall>) -> PartitionState {
        let mut clock = ClusterClock { silence, ..ClusterClock::default() };
        clock.mutes.stalls = Stalls::of(stalls);
        let mut position = PartitionState::new(Offset(0));
        position.clocks.insert("shop".to_owned(), clock);
        position
    }

    #[test]
    fn what_goes_on_is_named_once_however_many_partitions_have_it() {
        let stall = Stall { since: at(1), until: None };
        let mut outages = Outages::default();
        outages.add(&position(None, vec![stall]));
        outages.add(&position(Some(Silence { since: at(2), until: None }), vec![stall]));
        assert_eq!(
            outages.lines(),
            "cluster shop is silent since 1970-01-01T02:00:00Z: nothing of it is judged\n\
             cluster shop has started none of its CronJobs since 1970-01-01T01:00:00Z\n"
        );
    }

    #[test]
    fn what_is_over_is_not_named() {
        let mut outages = Outages::default();
        let over = Silence { since: at(2), until: Some(at(3)) };
        outages.add(&position(Some(over), vec![Stall { since: at(1), until: Some(at(4)) }]));
        assert_eq!(outages.lines(), "");
    }
}
