//! The reference: each partition folded in memory in one pass, without cuts, stores and faults.

use std::collections::BTreeMap;

use kigen_log::{ConsumedRecord, NewRecord};
use kigen_model::Instant;
use kigen_model::alert::Alert;
use kigen_model::key::BatchKey;
use kigen_model::slot::Verdict;
use kigen_model::topic::{Offset, Partition};
use kigen_processor::Replay;
use kigen_wire::Level;

use crate::input::{Input, InputPartition};

/// A verdict, or another one than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The batch.
    pub key: BatchKey,
    /// The objective's name.
    pub objective: String,
    /// The slot's deadline.
    pub deadline: Instant,
    /// The verdict that is in force from here on.
    pub verdict: Verdict,
    /// The index of the event that led to it.
    pub index: usize,
}

/// An alert, and the event that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    /// The alert.
    pub alert: Alert,
    /// The index of the event.
    pub index: usize,
}

/// What an input leads to.
#[derive(Debug, Default)]
pub struct Undisturbed {
    /// The alerts of each partition, in their order.
    pub alerts: Vec<Vec<Raised>>,
    /// The verdicts of each partition, in their order.
    pub verdicts: Vec<Vec<Judged>>,
    /// The encoded states at the end, by key.
    pub states: BTreeMap<String, Vec<u8>>,
}

impl Undisturbed {
    /// Judges all of it.
    ///
    /// # Panics
    /// A record is of a newer kigen.
    #[must_use]
    pub fn of(input: &Input) -> Self {
        let mut judged = Self::default();
        for (nth, partition) in (0..).zip(&input.partitions) {
            judged.fold(Partition(nth), input.count(), partition);
        }
        judged
    }

    fn fold(&mut self, partition: Partition, partitions: u32, input: &InputPartition) {
        let mut replay = Replay::new(partition, partitions);
        let (mut alerts, mut verdicts, mut next) = (Vec::new(), Vec::new(), 0);
        loop {
            let expires = input.expires_next(next);
            let until = expires.as_ref().map_or(input.records.len(), |range| range.start);
            for index in next..until {
                let record = consumed(index, &input.records[index]);
                let output = replay.fold(&[record]).expect("records of this kigen");
                alerts.extend(output.alerts.into_iter().map(|alert| Raised { alert, index }));
                verdicts.extend(output.judgements.into_iter().map(|judged| Judged {
                    key: judged.key,
                    objective: judged.objective,
                    deadline: judged.deadline,
                    verdict: judged.verdict,
                    index,
                }));
            }
            let Some(expires) = expires else { break };
            // A partition of which nothing was judged begins at the log's start: it knows of no time that it has lost.
            if expires.start > 0 {
                replay.lose();
            }
            next = expires.end;
        }
        let states = replay
            .states()
            .map(|state| (state.key.to_string(), kigen_wire::encode_batch(state, Level::NEWEST)));
        self.states.extend(states);
        self.alerts.push(alerts);
        self.verdicts.push(verdicts);
    }
}

fn consumed(nth: usize, record: &NewRecord) -> ConsumedRecord {
    let NewRecord { key, value, timestamp, .. } = record.clone();
    ConsumedRecord { offset: Offset(nth as u64), key, value, timestamp, schema_prefix: None }
}
