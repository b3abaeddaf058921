//! What becomes of a run.

use chrono::TimeDelta;
use fastrand::Rng;
use kigen_model::Instant;
use kigen_model::event::Revision;
use kigen_model::reported::ReportedMetrics;
use kigen_model::run::{Attempt, AttemptPhase, Run, RunPhase, SlotMark};

use crate::generate::dice::{percent, seconds, version_at};
use crate::generate::ship::Cluster;
use crate::history::{TrueAttempt, TrueRun, Version};
use crate::world::World;

/// A run that is to be made.
pub(super) struct Plan<'a> {
    pub(super) uid: String,
    /// The fire that it is for; `None`: by hand.
    pub(super) fire: Option<Instant>,
    /// The slot that it is marked for.
    pub(super) slot: Option<SlotMark>,
    pub(super) created_at: Instant,
    /// The instants at which a success stops counting.
    pub(super) targets: &'a [Instant],
}

/// The run, and when it is over.
pub(super) fn generate(
    rng: &mut Rng,
    plan: &Plan<'_>,
    cluster: &Cluster,
    world: &mut World,
) -> (TrueRun, Option<Instant>) {
    let mut work = Work::begin(plan);
    let starts_at = plan.created_at + seconds(rng, 0, 2);
    work.run.started_at = Some(starts_at);
    work.becomes(starts_at, RunPhase::Pending);
    let outcome = rng.u8(..100);
    if outcome < 2 {
        return work.wait(rng, starts_at, world);
    }
    let starts_at = work.suspend(rng, starts_at, world);
    let is_short_of_room = percent(rng, 5);
    let pod_at = starts_at + if is_short_of_room { seconds(rng, 60, 7_200) } else { seconds(rng, 1, 20) };
    if is_short_of_room {
        world.count("run: its pod waits for a quota or a node");
    }
    work.becomes(pod_at, RunPhase::Running);
    let ends_at = end(rng, plan, pod_at, world);
    let has_pods = percent(rng, 50);
    let mut began_at = pod_at;
    if outcome < 10 && (ends_at - pod_at) > TimeDelta::seconds(40) {
        began_at = work.fail_first(rng, (pod_at, ends_at), has_pods, world);
    }
    match outcome {
        10..16 => {
            world.count("run: failed");
            if has_pods {
                work.attempt(began_at, ends_at, End::Failed);
            }
            work.run.failed_pods += 1;
            let reason = "BackoffLimitExceeded".to_owned();
            work.becomes(ends_at, RunPhase::Failed { failed_at: ends_at, reason, message: String::new() });
            (work.done(None, None), Some(ends_at))
        }
        16..18 => {
            world.count("run: hangs");
            if percent(rng, 30) {
                return (work.done(None, None), None);
            }
            let gone_at = ends_at + seconds(rng, 60, 100_000);
            work.becomes(gone_at, RunPhase::Deleted { observed_at: gone_at });
            (work.done(None, Some(gone_at)), Some(gone_at))
        }
        18..20 => {
            world.count("run: deleted by hand");
            work.becomes(ends_at, RunPhase::Deleted { observed_at: ends_at });
            (work.done(None, Some(ends_at)), Some(ends_at))
        }
        _ => {
            world.count("run: succeeded");
            let mut completed_at = ends_at;
            if has_pods {
                work.attempt(began_at, ends_at, End::Good);
                completed_at = ends_at + seconds(rng, 0, 2);
            }
            if let Some(until) = cluster.controller_out_until(completed_at) {
                world.count("run: completed late, the controller was away");
                completed_at = until + seconds(rng, 0, 3);
            }
            work.becomes(completed_at, RunPhase::Succeeded { completed_at });
            let done = if has_pods { ends_at } else { completed_at };
            (work.done(Some(done), None), Some(completed_at))
        }
    }
}

/// When the work ends: mostly long before the next instant at which it stops counting, sometimes right there, or after.
fn end(rng: &mut Rng, plan: &Plan<'_>, begins: Instant, world: &mut World) -> Instant {
    let next = plan.targets.iter().copied().find(|target| *target > begins + TimeDelta::seconds(2));
    let Some(next) = next else { return begins + seconds(rng, 1, 3_600) };
    let room = (next - begins).num_seconds();
    match rng.u8(..100) {
        0..8 => {
            world.count("run: ends within a second of a deadline");
            next + TimeDelta::seconds(rng.i64(-1..=1))
        }
        8..20 => begins + seconds(rng, room, room.min(10_800) + room + 60),
        _ => begins + seconds(rng, 1, room.clamp(2, 10_800)),
    }
}

/// How a pod ends.
enum End {
    Good,
    Failed,
    /// With its node.
    Lost,
}

/// A run as it comes to be.
struct Work {
    uid: String,
    run: Run,
    versions: Vec<Version<Run>>,
    attempts: Vec<TrueAttempt>,
}

impl Work {
    fn begin(plan: &Plan<'_>) -> Self {
        let run = Run {
            job: plan.uid.clone(),
            scheduled_at: plan.fire,
            created_at: plan.created_at,
            started_at: None,
            phase: RunPhase::Pending,
            failed_pods: 0,
            slot: plan.slot,
        };
        let mut work = Self { uid: plan.uid.clone(), run, versions: Vec::new(), attempts: Vec::new() };
        work.becomes(plan.created_at, RunPhase::Pending);
        work
    }

    fn becomes(&mut self, at: Instant, phase: RunPhase) {
        self.run.phase = phase;
        let order = self.versions.len() as u64;
        let revision = Revision { uid: self.uid.clone(), resource_version: version_at(at, order) };
        self.versions.push(Version { at, revision, value: self.run.clone(), seen: None });
    }

    /// Sometimes the Job is suspended some time before its pod is made; when it starts.
    fn suspend(&mut self, rng: &mut Rng, starts_at: Instant, world: &mut World) -> Instant {
        if !percent(rng, 3) {
            return starts_at;
        }
        world.count("run: suspended and resumed");
        let suspended_at = starts_at + seconds(rng, 1, 10);
        self.run.started_at = None;
        self.becomes(suspended_at, RunPhase::Suspended);
        let starts_at = suspended_at + seconds(rng, 60, 20_000);
        self.run.started_at = Some(starts_at);
        self.becomes(starts_at, RunPhase::Pending);
        starts_at
    }

    /// No pod of it can run. Mostly a person deletes it.
    fn wait(mut self, rng: &mut Rng, since: Instant, world: &mut World) -> (TrueRun, Option<Instant>) {
        if percent(rng, 10) {
            world.count("run: waits for ever");
            return (self.done(None, None), None);
        }
        world.count("run: waits, and is deleted");
        let gone_at = since + seconds(rng, 3_600, 100_000);
        self.becomes(gone_at, RunPhase::Deleted { observed_at: gone_at });
        (self.done(None, Some(gone_at)), Some(gone_at))
    }

    /// The first attempt of a run that takes from one instant to another fails; when the second one begins.
    fn fail_first(
        &mut self,
        rng: &mut Rng,
        (pod_at, ends_at): (Instant, Instant),
        has_pods: bool,
        world: &mut World,
    ) -> Instant {
        world.count("run: an attempt failed and was repeated");
        let failed_at = pod_at + seconds(rng, 5, (ends_at - pod_at).num_seconds() - 20);
        // One of a few: nothing else depends on the second.
        let is_lost = has_pods && failed_at.timestamp() % 3 == 0;
        if is_lost {
            world.count("run: its node was lost, and it was repeated");
        }
        if has_pods {
            self.attempt(pod_at, failed_at, if is_lost { End::Lost } else { End::Failed });
        }
        self.run.failed_pods += 1;
        self.becomes(failed_at, RunPhase::Pending);
        let began_at = failed_at + seconds(rng, 1, 10);
        self.becomes(began_at, RunPhase::Running);
        began_at
    }

    fn attempt(&mut self, began_at: Instant, ended_at: Instant, end: End) {
        let uid = format!("{}-{}", self.uid, self.attempts.len());
        let attempt = |phase| pod(&uid, phase);
        let failed = |finished_at, exit_code, reason: &str| AttemptPhase::Failed {
            finished_at,
            exit_code,
            reason: Some(reason.to_owned()),
            message: None,
        };
        let end = match end {
            End::Good => AttemptPhase::Succeeded { finished_at: Some(ended_at) },
            End::Failed => failed(Some(ended_at), Some(1), "Error"),
            // No kubelet is left that could write when it ended.
            End::Lost => failed(None, None, "NodeLost"),
        };
        let phases = [(began_at, AttemptPhase::Running { since: Some(began_at) }), (ended_at, end)];
        let versions = (0..).zip(phases).map(|(order, (at, phase))| Version {
            at,
            revision: Revision { uid: uid.clone(), resource_version: version_at(at, order) },
            value: attempt(phase),
            seen: None,
        });
        self.attempts.push(TrueAttempt { uid: uid.clone(), versions: versions.collect() });
    }

    fn done(self, succeeded_at: Option<Instant>, removed_at: Option<Instant>) -> TrueRun {
        TrueRun { uid: self.uid, versions: self.versions, attempts: self.attempts, succeeded_at, removed_at }
    }
}

/// A pod that reports nothing.
pub(super) fn pod(uid: &str, phase: AttemptPhase) -> Attempt {
    Attempt {
        pod: uid.to_owned(),
        node: Some("node-1".to_owned()),
        restarts: 0,
        metrics: ReportedMetrics::default(),
        phase,
        containers: Vec::new(),
    }
}
