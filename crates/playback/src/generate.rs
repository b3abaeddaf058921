//! Generates histories from plans, as a real control plane would make them.
//!
//! Nothing is random: names, UIDs, nodes and delays follow from the plan, so a plan always makes the same history. The
//! objects and their order equal those of recordings (`tests/fixtures/kubernetes`), as a test checks.

mod cron;
mod draft;
mod objectives;
mod objects;
mod plan;
mod run;

use kigen_calendar::Zone;
use kigen_model::Instant;
use serde_json::Value;

pub use self::plan::{Attempt, CronJobPlan, Outcome, PlanError, RunPlan};
use self::plan::{Edit, PlannedCronJob, PlannedObjective};
use crate::history::History;

/// The plan of a cluster: CronJobs with their runs and edits, and Objectives. The order of planning is free, except that
/// a CronJob precedes its runs and edits.
#[derive(Clone, Debug)]
pub struct Cluster {
    start: Instant,
    cron_jobs: Vec<PlannedCronJob>,
    objectives: Vec<PlannedObjective>,
    missing: Option<PlanError>,
}

impl Cluster {
    /// A cluster whose history starts at `start`. Changes planned for earlier make up its initial objects.
    pub fn new(start: Instant) -> Self {
        Self { start, cron_jobs: Vec::new(), objectives: Vec::new(), missing: None }
    }

    /// Plans a CronJob. Later calls with its name refer to it, not to a deleted CronJob of the same name.
    pub fn cron_job(&mut self, plan: CronJobPlan) -> &mut Self {
        self.cron_jobs.push(PlannedCronJob { plan, runs: Vec::new(), edits: Vec::new(), deleted_at: None });
        self
    }

    /// Plans a run for the fire at `scheduled_at`. A fire without a planned run is one that the controller missed.
    pub fn run(&mut self, namespace: &str, name: &str, scheduled_at: Instant, plan: RunPlan) -> &mut Self {
        self.with(namespace, name, |planned| planned.runs.push((scheduled_at, plan)))
    }

    /// Suspends or resumes a CronJob.
    pub fn suspend(&mut self, namespace: &str, name: &str, at: Instant, suspended: bool) -> &mut Self {
        self.edit(namespace, name, at, Edit::Suspend(suspended))
    }

    /// Changes the schedule.
    pub fn edit_schedule(&mut self, namespace: &str, name: &str, at: Instant, schedule: &str) -> &mut Self {
        self.edit(namespace, name, at, Edit::Schedule(schedule.to_owned()))
    }

    /// Sets or removes an annotation.
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

    /// Sets or removes a label.
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

    /// Creates or edits an Objective, or deletes it if `spec` is `None`.
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

    /// Deletes a CronJob with its Jobs and their Pods (background propagation). Its later changes are dropped.
    pub fn delete_cron_job(&mut self, namespace: &str, name: &str, at: Instant) -> &mut Self {
        self.with(namespace, name, |planned| planned.deleted_at = Some(at))
    }

    /// Builds the history.
    ///
    /// # Errors
    /// A run or an edit is of a CronJob that is not planned, or a time zone does not exist.
    pub fn build(&self) -> Result<History, PlanError> {
        if let Some(missing) = &self.missing {
            return Err(missing.clone());
        }
        let mut drafts = Vec::new();
        for (nth, planned) in self.cron_jobs.iter().enumerate() {
            let zone = zone(&planned.plan)?;
            drafts.extend(draft::sorted(self.start, cron::drafts(nth, planned, &zone, self.start)));
        }
        drafts.extend(self.objectives.iter().flat_map(objectives::drafts));
        drafts.sort_by_key(|draft| draft.at);
        Ok(draft::number(self.start, drafts))
    }

    fn edit(&mut self, namespace: &str, name: &str, at: Instant, edit: Edit) -> &mut Self {
        self.with(namespace, name, |planned| planned.edits.push((at, edit)))
    }

    fn with(&mut self, namespace: &str, name: &str, change: impl FnOnce(&mut PlannedCronJob)) -> &mut Self {
        let mut planned = self.cron_jobs.iter_mut().rev();
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

fn zone(plan: &CronJobPlan) -> Result<Zone, PlanError> {
    let Some(zone) = &plan.time_zone else { return Ok(Zone::utc()) };
    Zone::named(zone).map_err(|_| PlanError::NoZone {
        namespace: plan.namespace.clone(),
        name: plan.name.clone(),
        zone: zone.clone(),
    })
}
