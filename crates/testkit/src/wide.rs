//! A generated wide fleet: many batches, each with a full ring of finished runs, and the facts of further runs in random
//! order, so that nearly each of them needs another state. UIDs are as random as real ones: counted ones compress too well.

use chrono::TimeDelta;
use fastrand::Rng;
use kigen_model::Instant;
use kigen_model::event::{Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
use kigen_model::reported::ReportedMetrics;
use kigen_model::run::{Attempt, AttemptPhase, Run, RunPhase};

use crate::fleet::{CLUSTER, cron_job, start};

/// The finished runs of each batch, one a day: as many as kigen keeps.
pub const RUNS: i32 = 32;
/// The facts of each batch before its further runs: a CronJob, an objective, and of each run a Job and a Pod.
pub const FACTS_PER_HISTORY: usize = 2 + 2 * RUNS as usize;
/// The letters and digits that Kubernetes takes for the names it makes.
const NAME_LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Batches that run daily at 11:00 and are due at noon.
pub struct WideFleet {
    random: Rng,
    version: u64,
    current: Vec<CurrentRun>,
}

/// The run of a batch that is under way.
#[derive(Clone, Default)]
struct CurrentRun {
    /// How many came after the history, this one included.
    nth: i32,
    /// How many of its facts there were.
    facts: usize,
    uid: String,
    pod: String,
}

/// A run's facts, in their order.
#[derive(Clone, Copy)]
enum Step {
    Created,
    Running,
    PodRunning,
    PodSucceeded,
    Succeeded,
}

const STEPS: [Step; 5] =
    [Step::Created, Step::Running, Step::PodRunning, Step::PodSucceeded, Step::Succeeded];

impl WideFleet {
    /// So many batches; the same seed gives the same facts.
    #[must_use]
    pub fn new(batches: usize, seed: u64) -> Self {
        Self { random: Rng::with_seed(seed), version: 0, current: vec![CurrentRun::default(); batches] }
    }

    /// When the batches are first observed: the midnight after their last finished run.
    #[must_use]
    pub fn listed_at() -> Instant {
        start() + TimeDelta::days(1) * RUNS
    }

    /// What a list shows of a batch: its CronJob, its objective, and its finished runs.
    pub fn history(&mut self, nth: usize) -> Vec<Fact> {
        let deadlines = Deadlines::CompleteBy { crontab: "0 12 * * *".to_owned() };
        let objective = Objective::new(deadlines, ObjectiveSource::Annotation);
        let uid = self.uid();
        let at = Self::listed_at();
        let mut facts = vec![
            self.fact(nth, &uid, at, |revision| FactBody::CronJob {
                revision,
                cron_job: Some(cron_job("0 11 * * *")),
            }),
            self.fact(nth, &uid, at, |revision| FactBody::Objective {
                name: "complete-by".to_owned(),
                revision,
                objective: Some(objective),
            }),
        ];
        for day in 0..RUNS {
            let fired_at = start() + TimeDelta::days(1) * day + TimeDelta::hours(11);
            let took = TimeDelta::seconds(i64::from(self.random.i32(1_800..2_400)));
            let (uid, pod_uid) = (self.uid(), self.uid());
            let job = format!("batch-{nth}-{}", fired_at.timestamp() / 60);
            let pod = self.pod(&job);
            let phase = RunPhase::Succeeded { completed_at: fired_at + took };
            let run = run(job, Some(fired_at), fired_at, phase);
            let phase = AttemptPhase::Succeeded { finished_at: Some(fired_at + took) };
            let attempt = self.attempt(pod, phase);
            facts.push(self.fact(nth, &uid, at, |revision| FactBody::Run { revision, run }));
            let body = |revision| FactBody::Attempt { revision, run_uid: uid, attempt };
            facts.push(self.fact(nth, &pod_uid, at, body));
        }
        facts
    }

    /// The next fact of a random batch's run, observed at this instant.
    pub fn next_fact(&mut self, at: Instant) -> Fact {
        let nth = self.random.usize(..self.current.len());
        let mut current = std::mem::take(&mut self.current[nth]);
        if current.facts == 0 {
            (current.uid, current.pod) = (self.uid(), self.uid());
            current.nth += 1;
        }
        let step = STEPS[current.facts];
        current.facts = (current.facts + 1) % STEPS.len();
        let created_at = Self::listed_at() + TimeDelta::hours(11) + TimeDelta::seconds(1) * current.nth;
        let job = format!("batch-{nth}-{}", created_at.timestamp());
        let of_run = |phase| run(job.clone(), (current.nth == 1).then_some(created_at), created_at, phase);
        let (uid, pod_uid) = (&current.uid, &current.pod);
        let fact = match step {
            Step::Created => {
                self.fact(nth, uid, at, |revision| FactBody::Run { revision, run: of_run(RunPhase::Pending) })
            }
            Step::Running => {
                self.fact(nth, uid, at, |revision| FactBody::Run { revision, run: of_run(RunPhase::Running) })
            }
            Step::Succeeded => self.fact(nth, uid, at, |revision| FactBody::Run {
                revision,
                run: of_run(RunPhase::Succeeded { completed_at: at }),
            }),
            Step::PodRunning | Step::PodSucceeded => {
                let phase = match step {
                    Step::PodRunning => AttemptPhase::Running { since: Some(at) },
                    _ => AttemptPhase::Succeeded { finished_at: Some(at) },
                };
                let attempt = self.attempt(format!("{job}-{}", &pod_uid[..5]), phase);
                let body = |revision| FactBody::Attempt { revision, run_uid: uid.clone(), attempt };
                self.fact(nth, pod_uid, at, body)
            }
        };
        self.current[nth] = current;
        fact
    }

    fn fact(&mut self, nth: usize, uid: &str, at: Instant, make: impl FnOnce(Revision) -> FactBody) -> Fact {
        self.version += 1;
        let body = make(Revision { uid: uid.to_owned(), resource_version: self.version });
        Fact {
            key: BatchKey::new(CLUSTER, format!("team-{}", nth % 40), format!("batch-{nth}")),
            observed_at: at,
            body,
        }
    }

    /// A random UUID, as Kubernetes makes them.
    fn uid(&mut self) -> String {
        let bits = self.random.u128(..);
        let text = format!("{bits:032x}");
        format!("{}-{}-4{}-a{}-{}", &text[..8], &text[8..12], &text[13..16], &text[17..20], &text[20..])
    }

    fn pod(&mut self, job: &str) -> String {
        let letter = |random: &mut Rng| char::from(NAME_LETTERS[random.usize(..NAME_LETTERS.len())]);
        let suffix: String = (0..5).map(|_| letter(&mut self.random)).collect();
        format!("{job}-{suffix}")
    }

    fn attempt(&mut self, pod: String, phase: AttemptPhase) -> Attempt {
        let node = Some(format!("node-{}", self.random.u8(..)));
        Attempt { pod, node, restarts: 0, phase, metrics: ReportedMetrics::default(), containers: Vec::new() }
    }
}

fn run(job: String, scheduled_at: Option<Instant>, created_at: Instant, phase: RunPhase) -> Run {
    let started_at = Some(created_at);
    Run { job, scheduled_at, created_at, started_at, phase, failed_pods: 0, slot: None }
}
