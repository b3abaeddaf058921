//! Histories as a real control plane would make them, from plans: which CronJob, which runs, how each goes.
//!
//! Nothing is random: names, UIDs, nodes and delays follow from the plan, so a plan always makes the same history. The
//! objects and their order are those of recordings (`tests/fixtures/kubernetes`), whose tests compare them.

mod cron;
pub(crate) mod names;
mod objectives;
mod objects;
mod run;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::TimeDelta;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use kigen_model::Instant;
use serde_json::Value;
use thiserror::Error;

use self::objectives::PlannedObjective;
use crate::history::{Change, ChangeKind, History};
use crate::resource::Resource;

/// A CronJob as it is created.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CronJobPlan {
    /// Its namespace.
    pub namespace: String,
    /// Its name, at most 52 characters.
    pub name: String,
    /// `spec.schedule`. It is only shown: which runs there are, the plan says.
    pub schedule: String,
    /// `spec.timeZone`; without, the controller's, which is UTC.
    pub time_zone: Option<String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// `spec.suspend`, until [`Cluster::suspend`] says otherwise.
    pub suspended: bool,
    /// `backoffLimit` of its Jobs; 6 if not given. It is only shown: a run fails with the last attempt of its plan.
    pub backoff_limit: Option<u32>,
    /// When it is created; without, a month before the start.
    pub created_at: Option<Instant>,
}

impl CronJobPlan {
    /// A CronJob with nothing special about it.
    pub fn new(namespace: &str, name: &str, schedule: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            schedule: schedule.to_owned(),
            ..Self::default()
        }
    }

    /// In that time zone (an IANA name).
    #[must_use]
    pub fn zone(mut self, time_zone: &str) -> Self {
        self.time_zone = Some(time_zone.to_owned());
        self
    }

    /// With that annotation.
    #[must_use]
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.insert(key.to_owned(), value.to_owned());
        self
    }
}

/// How one run goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunPlan {
    /// One attempt after the other, with Kubernetes' back-off between (10 s, doubling up to 10 minutes); the run ends as
    /// the last one does.
    Attempts(Vec<Attempt>),
    /// It starts, and never ends.
    Hangs {
        /// From the Pod's creation to the container's start.
        starts_after: TimeDelta,
    },
    /// Its Pod never starts: with the reason `Unschedulable` it finds no node, with any other its container waits.
    Pends {
        /// Such as `Unschedulable`, `ImagePullBackOff`.
        reason: String,
        /// What Kubernetes says of it.
        message: String,
    },
}

impl RunPlan {
    /// It starts at once and succeeds.
    pub fn succeeds(lasts: TimeDelta) -> Self {
        Self::Attempts(vec![Attempt { starts_after: TimeDelta::zero(), lasts, outcome: Outcome::Succeeds }])
    }

    /// It starts at once and never ends.
    pub fn hangs() -> Self {
        Self::Hangs { starts_after: TimeDelta::zero() }
    }

    /// No node has room for it.
    pub fn unschedulable(message: &str) -> Self {
        Self::Pends { reason: "Unschedulable".to_owned(), message: message.to_owned() }
    }
}

/// One Pod of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// From the Pod's creation to the container's start; at least the 0.6 s that a node needs.
    pub starts_after: TimeDelta,
    /// From the container's start to its end.
    pub lasts: TimeDelta,
    /// How it ends.
    pub outcome: Outcome,
}

impl Attempt {
    /// It starts at once and fails with a reason of `Error`.
    pub fn fails(lasts: TimeDelta, exit_code: i32, message: &str) -> Self {
        let outcome = Outcome::Fails { exit_code, reason: "Error".to_owned(), message: message.to_owned() };
        Self { starts_after: TimeDelta::zero(), lasts, outcome }
    }

    /// It starts at once and succeeds.
    pub fn succeeds(lasts: TimeDelta) -> Self {
        Self { starts_after: TimeDelta::zero(), lasts, outcome: Outcome::Succeeds }
    }
}

/// How an attempt ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With exit code 0.
    Succeeds,
    /// With another.
    Fails {
        /// The exit code.
        exit_code: i32,
        /// The container's reason, such as `Error`, `OOMKilled`.
        reason: String,
        /// The container's termination message; none if empty.
        message: String,
    },
}

/// Why a plan makes no history.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// Something is planned for a CronJob that is not.
    #[error("no CronJob {namespace}/{name} is planned: plan it before its runs and edits")]
    NoCronJob {
        /// The namespace.
        namespace: String,
        /// The name.
        name: String,
    },
    /// A time zone is not in the bundled data.
    #[error(
        "CronJob {namespace}/{name} has the unknown time zone {zone:?}: use an IANA name such as Asia/Tokyo"
    )]
    NoZone {
        /// The namespace.
        namespace: String,
        /// The name.
        name: String,
        /// The zone.
        zone: String,
    },
}

/// A cluster to be: CronJobs, their runs, and what is done to them. Everything can be planned in any order, but a CronJob
/// before what belongs to it.
#[derive(Clone, Debug)]
pub struct Cluster {
    start: Instant,
    planned: Vec<Planned>,
    objectives: Vec<PlannedObjective>,
    missing: Option<PlanError>,
}

#[derive(Clone, Debug)]
struct Planned {
    plan: CronJobPlan,
    runs: Vec<(Instant, RunPlan)>,
    edits: Vec<(Instant, Edit)>,
    deleted_at: Option<Instant>,
}

#[derive(Clone, Debug)]
enum Edit {
    Suspend(bool),
    Schedule(String),
    Annotation(String, Option<String>),
    Label(String, Option<String>),
}

impl Cluster {
    /// A cluster that is watched from `start` on. What its plans say of the time before is what is there at the start.
    pub fn new(start: Instant) -> Self {
        Self { start, planned: Vec::new(), objectives: Vec::new(), missing: None }
    }

    /// Plans a CronJob. The runs and edits that follow under its name are its own, also if there was one before that was
    /// deleted.
    pub fn cron_job(&mut self, plan: CronJobPlan) -> &mut Self {
        self.planned.push(Planned { plan, runs: Vec::new(), edits: Vec::new(), deleted_at: None });
        self
    }

    /// Plans a run of it for that fire; to plan none is to let it never start.
    pub fn run(&mut self, namespace: &str, name: &str, scheduled_at: Instant, plan: RunPlan) -> &mut Self {
        self.with(namespace, name, |planned| planned.runs.push((scheduled_at, plan)))
    }

    /// Suspends it, or lets it go on.
    pub fn suspend(&mut self, namespace: &str, name: &str, at: Instant, suspended: bool) -> &mut Self {
        self.edit(namespace, name, at, Edit::Suspend(suspended))
    }

    /// Gives it another schedule.
    pub fn edit_schedule(&mut self, namespace: &str, name: &str, at: Instant, schedule: &str) -> &mut Self {
        self.edit(namespace, name, at, Edit::Schedule(schedule.to_owned()))
    }

    /// Gives it an annotation, or takes one away.
    pub fn annotate(
        &mut self,
        namespace: &str,
        name: &str,
        at: Instant,
        key: &str,
        value: Option<&str>,
    ) -> &mut Self {
        self.edit(namespace, name, at, Edit::Annotation(key.to_owned(), value.map(str::to_owned)))
    }

    /// Gives it a label, or takes one away.
    pub fn label(
        &mut self,
        namespace: &str,
        name: &str,
        at: Instant,
        key: &str,
        value: Option<&str>,
    ) -> &mut Self {
        self.edit(namespace, name, at, Edit::Label(key.to_owned(), value.map(str::to_owned)))
    }

    /// Lets there be an Objective of this name that says `spec` from `at` on, or none any more.
    pub fn objective(&mut self, namespace: &str, name: &str, at: Instant, spec: Option<Value>) -> &mut Self {
        let is_it = |planned: &&mut PlannedObjective| planned.namespace == namespace && planned.name == name;
        match self.objectives.iter_mut().find(is_it) {
            Some(planned) => planned.specs.push((at, spec)),
            None => {
                let (namespace, name) = (namespace.to_owned(), name.to_owned());
                self.objectives.push(PlannedObjective { namespace, name, specs: vec![(at, spec)] });
            }
        }
        self
    }

    /// Deletes it, with its Jobs and their Pods (background propagation). What is planned for later does not happen.
    pub fn delete_cron_job(&mut self, namespace: &str, name: &str, at: Instant) -> &mut Self {
        self.with(namespace, name, |planned| planned.deleted_at = Some(at))
    }

    /// The history that follows from all plans.
    ///
    /// # Errors
    /// If something was planned for a CronJob that was not, or if there is no such time zone.
    pub fn build(&self) -> Result<History, PlanError> {
        if let Some(missing) = &self.missing {
            return Err(missing.clone());
        }
        let mut drafts = Vec::new();
        for (nth, planned) in self.planned.iter().enumerate() {
            let zone = zone(&planned.plan)?;
            drafts.extend(cron::drafts(nth, planned, &zone, self.start));
        }
        drafts.extend(self.objectives.iter().flat_map(objectives::drafts));
        drafts.sort_by_key(|draft| draft.at);
        Ok(number(self.start, drafts))
    }

    fn edit(&mut self, namespace: &str, name: &str, at: Instant, edit: Edit) -> &mut Self {
        self.with(namespace, name, |planned| planned.edits.push((at, edit)))
    }

    fn with(&mut self, namespace: &str, name: &str, change: impl FnOnce(&mut Planned)) -> &mut Self {
        let mut planned = self.planned.iter_mut().rev();
        match planned.find(|it| it.plan.namespace == namespace && it.plan.name == name) {
            Some(planned) => change(planned),
            None => {
                let (namespace, name) = (namespace.to_owned(), name.to_owned());
                self.missing.get_or_insert(PlanError::NoCronJob { namespace, name });
            }
        }
        self
    }
}

fn zone(plan: &CronJobPlan) -> Result<TimeZone, PlanError> {
    let Some(zone) = &plan.time_zone else { return Ok(TimeZone::UTC) };
    TimeZoneDatabase::bundled().get(zone).map_err(|_| PlanError::NoZone {
        namespace: plan.namespace.clone(),
        name: plan.name.clone(),
        zone: zone.clone(),
    })
}

/// A change that has no resource version yet.
#[derive(Clone, Debug)]
struct Draft {
    at: Instant,
    resource: Resource,
    kind: ChangeKind,
    object: Value,
}

impl Draft {
    fn uid(&self) -> &str {
        self.object["metadata"]["uid"].as_str().unwrap_or_default()
    }
}

const REVISION_FIRST: u64 = 1000;
/// Other objects of a cluster are written, too; and a test can move the revision in between.
const REVISION_STEP: u64 = 3;

/// Gives the resource versions in the order of time. Of what lies before the start only the outcome is told.
fn number(start: Instant, drafts: Vec<Draft>) -> History {
    let mut last_before = HashMap::new();
    for (nth, draft) in drafts.iter().enumerate().take_while(|(_, draft)| draft.at <= start) {
        last_before.insert(draft.uid().to_owned(), nth);
    }
    let outcomes: BTreeSet<usize> = last_before.into_values().collect();
    let mut revision = REVISION_FIRST;
    let mut initial_revision = revision;
    let mut created = HashMap::new();
    let mut changes = Vec::with_capacity(drafts.len());
    for (nth, mut draft) in drafts.into_iter().enumerate() {
        revision += REVISION_STEP;
        if draft.kind == ChangeKind::Added {
            created.insert(draft.uid().to_owned(), revision);
        }
        if draft.at <= start {
            if draft.kind == ChangeKind::Deleted || !outcomes.contains(&nth) {
                continue;
            }
            draft.kind = ChangeKind::Added;
            initial_revision = revision;
        }
        draft.object["metadata"]["resourceVersion"] = Value::from(revision.to_string());
        let active = draft.object.pointer_mut("/status/active").and_then(Value::as_array_mut);
        for job in active.into_iter().flatten() {
            let known = job["uid"].as_str().and_then(|uid| created.get(uid));
            job["resourceVersion"] = Value::from(known.copied().unwrap_or(revision).to_string());
        }
        let Draft { at, resource, kind, object } = draft;
        changes.push(Change { at, resource, kind, object });
    }
    History::new(start, initial_revision, changes)
}
