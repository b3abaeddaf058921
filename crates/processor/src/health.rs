//! What the processor can say of its own work, for whoever asks whether it does it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as RealInstant};

use kigen_log::{LogError, LogReader};
use kigen_model::Instant;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_state::PartitionState;

use crate::metrics;

/// How long a failure counts if nothing is judged since: where no events come, nothing shows that it is over. Longer than
/// the pause between two tries.
const FAILURE_COUNTS: Duration = Duration::from_secs(60);

/// How many partitions are named at most.
const NAMED_MAX: usize = 8;

/// How it stands with the processor. Clones are of the same one.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<Standing>>);

#[derive(Debug, Default)]
struct Standing {
    /// It is a member of its group, be it one without partitions.
    is_member: bool,
    partitions: BTreeMap<Partition, Stand>,
    /// Why the last round failed, and when, until something is judged again.
    failing: Option<(String, RealInstant)>,
}

/// How it stands with a partition.
#[derive(Clone, Debug)]
enum Stand {
    TakingUp,
    Judging {
        next: Offset,
        /// Of each cluster the time up to which it is judged.
        judged_until: Vec<(String, Instant)>,
    },
    Paused {
        why: String,
    },
}

impl Stand {
    fn label(&self) -> &'static str {
        match self {
            Self::TakingUp => "taking_up",
            Self::Judging { .. } => "judging",
            Self::Paused { .. } => "paused",
        }
    }
}

impl Health {
    /// Whether it judges what is its own: how it goes.
    ///
    /// # Errors
    /// Why not.
    pub fn readiness(&self, now: RealInstant) -> Result<String, String> {
        let standing = self.standing();
        if let Some((why, at)) = &standing.failing
            && now.duration_since(*at) < FAILURE_COUNTS
        {
            return Err(format!("judging fails and is tried again: {why}"));
        }
        if !standing.is_member {
            return Err("it has not been given its partitions yet".to_owned());
        }
        let paused = standing.partitions.values().find_map(|state| match state {
            Stand::Paused { why } => Some(why),
            Stand::TakingUp | Stand::Judging { .. } => None,
        });
        if let Some(why) = paused {
            return Err(why.clone());
        }
        let taking_up = standing.named(|state| matches!(state, Stand::TakingUp));
        if !taking_up.is_empty() {
            return Err(format!("it is bringing its store up to date for {taking_up}"));
        }
        match standing.partitions.len() {
            0 => Ok("it stands by: others have all partitions".to_owned()),
            1 => Ok("it judges 1 partition".to_owned()),
            count => Ok(format!("it judges {count} partitions")),
        }
    }

    /// Tells the metrics how far the log is ahead, by asking for its ends: once for each partition, so not for each
    /// record. Waits for the disk or the network.
    ///
    /// # Errors
    /// The log cannot be asked.
    pub fn measure(&self, look: &impl LogReader, now: Instant) -> Result<(), LogError> {
        let partitions = self.standing().partitions.clone();
        let mut counts: BTreeMap<&'static str, u32> =
            ["judging", "paused", "taking_up"].map(|label| (label, 0)).into();
        for (partition, state) in partitions {
            *counts.entry(state.label()).or_default() += 1;
            let Stand::Judging { next, judged_until } = state else { continue };
            let end = look.latest(Topic::Events, partition)?;
            metrics::lag_records(partition, end.0.saturating_sub(next.0));
            for (cluster, judged_until) in judged_until {
                metrics::lag_seconds(partition, &cluster, (now - judged_until).as_seconds_f64());
            }
        }
        counts.into_iter().for_each(|(label, count)| metrics::partitions(label, count));
        Ok(())
    }

    pub(crate) fn joined(&self) {
        self.standing().is_member = true;
    }

    pub(crate) fn taking_up(&self, partition: Partition) {
        self.standing().partitions.insert(partition, Stand::TakingUp);
    }

    pub(crate) fn judging(&self, partition: Partition, position: &PartitionState) {
        let clocks = position.clocks.iter();
        let judged_until =
            clocks.filter_map(|(cluster, clock)| Some((cluster.clone(), clock.observed_until?))).collect();
        let state = Stand::Judging { next: position.next, judged_until };
        self.standing().partitions.insert(partition, state);
    }

    pub(crate) fn paused(&self, partition: Partition, why: String) {
        self.standing().partitions.insert(partition, Stand::Paused { why });
    }

    pub(crate) fn lost(&self, partition: Partition) {
        self.standing().partitions.remove(&partition);
    }

    pub(crate) fn failed(&self, why: String) {
        metrics::failed();
        self.standing().failing = Some((why, RealInstant::now()));
    }

    pub(crate) fn judged(&self) {
        self.standing().failing = None;
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standing {
    /// The partitions that stand so, in words.
    fn named(&self, stand: impl Fn(&Stand) -> bool) -> String {
        let of: Vec<String> = self
            .partitions
            .iter()
            .filter(|(_, state)| stand(state))
            .map(|(partition, _)| partition.to_string())
            .collect();
        match of.len() {
            0 => String::new(),
            1 => format!("partition {}", of[0]),
            count if count > NAMED_MAX => {
                format!("partitions {} and {} more", of[..NAMED_MAX].join(", "), count - NAMED_MAX)
            }
            _ => format!("partitions {}", of.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_ready_once_all_of_its_partitions_are_judged() {
        let health = Health::default();
        let said_at = |now| health.readiness(now).unwrap_or_else(|why| format!("no: {why}"));
        let said = || said_at(RealInstant::now());
        assert_eq!(said(), "no: it has not been given its partitions yet");
        health.joined();
        assert_eq!(said(), "it stands by: others have all partitions");
        (0..10).for_each(|nth| health.taking_up(Partition(nth)));
        assert_eq!(
            said(),
            "no: it is bringing its store up to date for partitions 0, 1, 2, 3, 4, 5, 6, 7 and 2 more"
        );
        (0..10).for_each(|nth| health.judging(Partition(nth), &PartitionState::new(Offset(0))));
        assert_eq!(said(), "it judges 10 partitions");
        health.paused(Partition(3), "partition 3 is not judged: its state is of a newer kigen".to_owned());
        assert_eq!(said(), "no: partition 3 is not judged: its state is of a newer kigen");
        health.lost(Partition(3));
        health.failed("the event log failed".to_owned());
        assert_eq!(said(), "no: judging fails and is tried again: the event log failed");
        assert_eq!(said_at(RealInstant::now() + FAILURE_COUNTS), "it judges 9 partitions");
        health.judged();
        assert_eq!(said(), "it judges 9 partitions");
    }
}
