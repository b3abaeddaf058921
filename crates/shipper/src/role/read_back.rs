//! What the log has of a cluster: the last epoch, the last tick, and what was said and may still hold.

use std::collections::{BTreeMap, VecDeque};

use kigen_log::{Log, LogError, Look};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, Revision, StreamPosition};
use kigen_model::key::BatchKey;
use kigen_model::run::RunPhase;
use kigen_model::topic::{Partition, Topic};

use crate::core::Resume;

/// How much is read at once.
const RECORDS_PER_READ_MAX: usize = 1_000;
const BYTES_PER_READ_MAX: usize = 4 << 20;
/// How many of a partition's last records of the cluster are looked at for a tick. Among these are only those of
/// starts without one; a log that has more of them is resumed as if it had no tick.
const CLUSTER_RECORDS_MAX: usize = 1_000;

/// The end of the story as the log has it.
#[derive(Debug, Default)]
pub(super) struct LastWords {
    /// The last shipper's epoch; 0 without one.
    pub(super) epoch: u64,
    /// Where to go on.
    pub(super) resume: Resume,
}

/// Reads all of `kigen.events`: some seconds for millions of records. A tick is only trusted if every partition has it.
pub(super) async fn read_back(log: &impl Log, cluster: String) -> Result<LastWords, LogError> {
    let look = log.look().clone();
    let reading = tokio::task::spawn_blocking(move || {
        let mut story = Story { cluster, live: BTreeMap::new() };
        let partitions: Result<Vec<_>, _> =
            (0..look.partitions()).map(|nth| story.read(&look, Partition(nth))).collect();
        Ok(story.last_words(partitions?))
    });
    match reading.await {
        Ok(last_words) => last_words,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is being shut down, and with it whoever would read the answer.
            Err(_) => Ok(LastWords::default()),
        },
    }
}

/// What a partition says of the cluster.
#[derive(Default)]
struct Told {
    epoch: u64,
    tick: Option<(Instant, Vec<StreamPosition>)>,
}

/// What a fact is about.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum About {
    CronJob(BatchKey),
    Objective(BatchKey, String),
    Run(String),
}

struct Story {
    cluster: String,
    live: BTreeMap<About, Fact>,
}

impl Story {
    fn read(&mut self, look: &impl Look, partition: Partition) -> Result<Told, LogError> {
        let mut from = look.start(Topic::Events, partition)?;
        let mut of_cluster = VecDeque::new();
        loop {
            let records =
                match look.read(Topic::Events, partition, from, RECORDS_PER_READ_MAX, BYTES_PER_READ_MAX) {
                    Ok(records) => records,
                    // The processor meets it too and says so.
                    Err(LogError::Corrupt { offset, .. }) => {
                        from = offset.next();
                        continue;
                    }
                    Err(error) => return Err(error),
                };
            let Some(last) = records.last() else {
                return Ok(self.told(&of_cluster));
            };
            from = last.offset.next();
            for record in records {
                let Some(value) = record.value else { continue };
                if record.key == self.cluster {
                    // Nearly all of these are ticks, and of ticks only the last counts: they are decoded at the end.
                    of_cluster.push_back(value);
                    if of_cluster.len() > CLUSTER_RECORDS_MAX {
                        of_cluster.pop_front();
                    }
                } else if let Ok(Event::Fact(fact)) = kigen_wire::decode_event(&value) {
                    self.heard(fact);
                }
            }
        }
    }

    fn told(&self, of_cluster: &VecDeque<Vec<u8>>) -> Told {
        let mut told = Told::default();
        for value in of_cluster.iter().rev() {
            let Ok(Event::Cluster(event)) = kigen_wire::decode_event(value) else { continue };
            let ClusterEvent { cluster, epoch, body } = event;
            if cluster != self.cluster {
                continue;
            }
            told.epoch = told.epoch.max(epoch);
            if let ClusterBody::Tick { observed_until, positions } = body {
                told.tick = Some((observed_until, positions));
                break;
            }
        }
        told
    }

    /// Runs that ended and attempts need no remembering: those that are still there are listed.
    fn heard(&mut self, fact: Fact) {
        if fact.key.cluster != self.cluster {
            return;
        }
        let (about, is_over) = match &fact.body {
            FactBody::CronJob { cron_job, .. } => (About::CronJob(fact.key.clone()), cron_job.is_none()),
            FactBody::Objective { name, revision, objective } => {
                // What a file declares has no version but the one given last, which so must not be forgotten.
                let is_over = objective.is_none() && revision.uid != Revision::OF_FILE;
                (About::Objective(fact.key.clone(), name.clone()), is_over)
            }
            FactBody::Run { revision, run } => {
                let is_open =
                    matches!(run.phase, RunPhase::Pending | RunPhase::Running | RunPhase::Suspended);
                (About::Run(revision.uid.clone()), !is_open)
            }
            FactBody::Attempt { .. } => return,
        };
        if is_over {
            self.live.remove(&about);
        } else {
            self.live.insert(about, fact);
        }
    }

    fn last_words(self, partitions: Vec<Told>) -> LastWords {
        let epoch = partitions.iter().map(|told| told.epoch).max().unwrap_or(0);
        let ticks: Option<Vec<_>> = partitions.into_iter().map(|told| told.tick).collect();
        let tick = ticks.into_iter().flatten().min_by_key(|(observed_until, _)| *observed_until);
        let facts = self.live.into_values().collect();
        let resume = match tick {
            Some((observed_until, positions)) => {
                Resume { observed_until: Some(observed_until), positions, facts }
            }
            None => Resume { observed_until: None, positions: Vec::new(), facts },
        };
        LastWords { epoch, resume }
    }
}
