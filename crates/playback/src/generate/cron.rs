//! The changes of one CronJob with its runs: status, edits, and the deletion of old Jobs.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use kigen_calendar::Zone;
use kigen_model::Instant;
use serde_json::{Value, json};

use super::draft::Draft;
use super::objects::{CronJob, Job, time};
use super::plan::{Edit, PlannedCronJob};
use super::run::Run;
use crate::history::ChangeKind;
use crate::names;
use crate::resource::Resource;

/// `successfulJobsHistoryLimit`.
const SUCCESSES_MAX: usize = 3;
/// `failedJobsHistoryLimit`.
const FAILURES_MAX: usize = 1;

/// All changes of the CronJob, its Jobs and their Pods, unordered.
pub(super) fn drafts(nth: usize, planned: &PlannedCronJob, zone: &Zone, start: Instant) -> Vec<Draft> {
    let plan = planned.plan.clone();
    let uid = names::uid(&["cronjob", &plan.namespace, &plan.name, &nth.to_string()]);
    let created_at = plan.created_at.unwrap_or(start - TimeDelta::days(30));
    let cron_job = CronJob { plan, uid, created_at, generation: 1 };
    let deleted_at = planned.deleted_at.unwrap_or(Instant::MAX_UTC);
    let mut runs: Vec<(Instant, Run)> = planned
        .runs
        .iter()
        .map(|(scheduled_at, plan)| (*scheduled_at, Run::new(Job::new(&cron_job, *scheduled_at, zone), plan)))
        .filter(|(_, run)| run.job.created_at < deleted_at)
        .collect();
    runs.sort_by_key(|(scheduled_at, _)| *scheduled_at);
    for (_, run) in &mut runs {
        run.drafts.retain(|draft| draft.at < deleted_at);
    }
    let mut course = Course { cron_job, status: CronJobStatus::default(), runs, drafts: Vec::new() };
    course.play(planned, deleted_at);
    course.drafts.extend(course.runs.into_iter().flat_map(|(_, run)| run.drafts));
    course.drafts
}

/// What changes the CronJob itself.
enum Trigger<'a> {
    Edited(&'a Edit),
    Started(usize),
    Ended(usize),
}

#[derive(Default)]
struct CronJobStatus {
    active: Vec<Value>,
    scheduled_at: Option<Instant>,
    succeeded_at: Option<Instant>,
}

/// A CronJob over time.
struct Course {
    cron_job: CronJob,
    status: CronJobStatus,
    runs: Vec<(Instant, Run)>,
    drafts: Vec<Draft>,
}

impl Course {
    fn play(&mut self, planned: &PlannedCronJob, deleted_at: Instant) {
        self.draft(self.cron_job.created_at, ChangeKind::Added);
        let mut triggers: Vec<(Instant, Trigger<'_>)> =
            planned.edits.iter().map(|(at, edit)| (*at, Trigger::Edited(edit))).collect();
        for (nth, (_, run)) in self.runs.iter().enumerate() {
            triggers.push((run.job.created_at + TimeDelta::milliseconds(60), Trigger::Started(nth)));
            let ended = run.ended.map(|ended| (ended.at + TimeDelta::milliseconds(11), Trigger::Ended(nth)));
            triggers.extend(ended);
        }
        triggers.retain(|(at, _)| *at < deleted_at);
        triggers.sort_by_key(|(at, _)| *at);
        for (at, trigger) in triggers {
            match trigger {
                Trigger::Edited(edit) => self.edit(edit),
                Trigger::Started(nth) => self.started(nth),
                Trigger::Ended(nth) => self.ended(nth, at),
            }
            self.draft(at, ChangeKind::Modified);
        }
        if let Some(deleted_at) = planned.deleted_at {
            self.draft(deleted_at, ChangeKind::Deleted);
            for (_, run) in &mut self.runs {
                delete(&mut run.drafts, deleted_at + TimeDelta::milliseconds(5));
            }
        }
    }

    fn edit(&mut self, edit: &Edit) {
        let plan = &mut self.cron_job.plan;
        match edit {
            Edit::Suspend(suspended) => plan.suspended = *suspended,
            Edit::Schedule(schedule) => plan.schedule.clone_from(schedule),
            // Only a change of the spec increments the generation.
            Edit::Annotation(key, value) => {
                match value {
                    Some(value) => plan.annotations.insert(key.clone(), value.clone()),
                    None => plan.annotations.remove(key),
                };
                return;
            }
            Edit::Label(key, value) => {
                match value {
                    Some(value) => plan.labels.insert(key.clone(), value.clone()),
                    None => plan.labels.remove(key),
                };
                return;
            }
        }
        self.cron_job.generation += 1;
    }

    fn started(&mut self, nth: usize) {
        let (scheduled_at, run) = &self.runs[nth];
        self.status.active.push(run.job.reference());
        self.status.scheduled_at = self.status.scheduled_at.max(Some(*scheduled_at));
    }

    fn ended(&mut self, nth: usize, at: Instant) {
        let run = &self.runs[nth].1;
        let uid = run.job.uid.clone();
        self.status.active.retain(|job| job["uid"] != uid.as_str());
        let Some(ended) = run.ended else { return };
        if ended.has_succeeded {
            self.status.succeeded_at = self.status.succeeded_at.max(Some(ended.at));
        }
        let limit = if ended.has_succeeded { SUCCESSES_MAX } else { FAILURES_MAX };
        let is_like_it = |run: &Run| {
            run.ended.is_some_and(|it| it.has_succeeded == ended.has_succeeded && it.at <= ended.at)
                && is_present(&run.drafts)
        };
        let of_its_kind: Vec<usize> =
            (0..self.runs.len()).filter(|nth| is_like_it(&self.runs[*nth].1)).collect();
        let gone = of_its_kind.len().saturating_sub(limit);
        for oldest in &of_its_kind[..gone] {
            delete(&mut self.runs[*oldest].1.drafts, at - TimeDelta::milliseconds(6));
        }
    }

    fn draft(&mut self, at: Instant, kind: ChangeKind) {
        let mut status = json!({});
        if !self.status.active.is_empty() {
            status["active"] = json!(self.status.active);
        }
        if let Some(scheduled_at) = self.status.scheduled_at {
            status["lastScheduleTime"] = time(scheduled_at);
        }
        if let Some(succeeded_at) = self.status.succeeded_at {
            status["lastSuccessfulTime"] = time(succeeded_at);
        }
        let object = self.cron_job.object(status);
        self.drafts.push(Draft { at, resource: Resource::CronJobs, kind, object });
    }
}

fn is_present(drafts: &[Draft]) -> bool {
    !drafts.iter().any(|draft| draft.resource == Resource::Jobs && draft.kind == ChangeKind::Deleted)
}

/// Deletes the Job at once and its Pods after it; running Pods have a grace period.
fn delete(drafts: &mut Vec<Draft>, at: Instant) {
    let mut last = BTreeMap::new();
    for draft in drafts.iter() {
        last.insert((draft.resource, draft.uid().to_owned()), draft.clone());
    }
    for (_, before) in last {
        if before.kind == ChangeKind::Deleted {
            continue;
        }
        if before.resource == Resource::Jobs {
            drafts.push(Draft { at, kind: ChangeKind::Deleted, ..before });
            continue;
        }
        let is_running = before.object["status"]["phase"] == "Running";
        let (grace_s, gone_after_ms) = if is_running { (30, 700) } else { (0, 13) };
        let deletion_at = at + TimeDelta::milliseconds(12);
        let mut object = before.object;
        let metadata = &mut object["metadata"];
        if let Some(fields) = metadata.as_object_mut() {
            fields.remove("finalizers");
        }
        metadata["deletionTimestamp"] = time(deletion_at + TimeDelta::seconds(grace_s));
        metadata["deletionGracePeriodSeconds"] = json!(grace_s);
        metadata["generation"] = json!(2);
        let (resource, kind) = (Resource::Pods, ChangeKind::Modified);
        drafts.push(Draft { at: deletion_at, resource, kind, object: object.clone() });
        let gone_at = at + TimeDelta::milliseconds(gone_after_ms);
        object["metadata"]["deletionTimestamp"] = time(gone_at);
        object["metadata"]["deletionGracePeriodSeconds"] = json!(0);
        drafts.push(Draft { at: gone_at, resource, kind: ChangeKind::Deleted, object });
    }
}
