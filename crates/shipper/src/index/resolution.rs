//! The resolution of declared objectives: the batches for which each holds, and what of it cannot be resolved.

use std::collections::BTreeMap;

use kigen_model::key::BatchKey;
use kigen_model::objective::Objective;
use kigen_objective::annotation::READS;
use kigen_objective::read::NamedBatch;
use kigen_objective::spec::ObjectiveStatus;

use super::calendars::Calendars;
use super::cron_jobs::CronJobs;
use super::emitted::{EmittedObjective, ObjectiveKey, emitted_in, target};
use super::objects::{KnownObject, NamespacedName, Objects};

/// The resolutions of all declared objectives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolutions {
    /// Each Objective of the cluster, by namespace and name.
    pub objects: BTreeMap<(String, String), Resolution>,
    /// What cannot be resolved of the objectives of a file, by batch and name.
    pub in_file: BTreeMap<(BatchKey, String), String>,
    /// What is wrong with the annotations of CronJobs, by batch.
    pub annotated: BTreeMap<BatchKey, String>,
}

/// The resolution of an Objective of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// Its `metadata.generation`.
    pub generation: Option<i64>,
    /// The batches for which it holds.
    pub batches: Vec<BatchKey>,
    /// What of it cannot be resolved.
    pub problem: Option<String>,
    /// Its `status`, as it is in the cluster.
    pub status: ObjectiveStatus,
}

impl Resolutions {
    /// How many objects of the cluster have something that cannot be resolved.
    pub fn objects_unresolved(&self) -> usize {
        self.objects.values().filter(|resolution| resolution.problem.is_some()).count()
    }
}

pub(super) fn of(
    cluster: &str,
    objects: &Objects,
    in_file: Option<&BTreeMap<ObjectiveKey, Objective>>,
    emitted: &BTreeMap<ObjectiveKey, EmittedObjective>,
    (cron_jobs, calendars): (&CronJobs, &Calendars),
) -> Resolutions {
    let known = KnownBatches { cron_jobs, emitted };
    let in_force =
        |key: &BatchKey, name: &str| emitted.get(&(key.clone(), name.to_owned())).filter(is_in_force);
    let of_object = |name: &NamespacedName, object: &KnownObject| {
        let named = objects.batches(cluster, name, cron_jobs);
        let is_taken = |key: &&BatchKey| in_force(key, &name.1).is_some_and(EmittedObjective::is_of_file);
        let taken = named.iter().find(is_taken).map(|key| {
            format!(
                "a file of objectives has a `{}` for {}, which was first: choose another name",
                name.1, key.batch
            )
        });
        let own = |(_, of): &(&ObjectiveKey, &EmittedObjective)| !of.is_of_file() && is_in_force(of);
        let batches =
            emitted_in(cluster, name, emitted).filter(own).map(|((key, _), _)| key.clone()).collect();
        let of_calendar = || {
            let written = object.object.parsed.as_ref().ok()?;
            calendars.problem(written.objective.calendar.as_deref()).cloned()
        };
        let problem = unresolved((cluster, name), object, &named, known).or(taken).or_else(of_calendar);
        let problem = problem.or_else(|| object.object.unread.clone());
        let (generation, status) = (object.object.generation, object.object.status.clone());
        Resolution { generation, batches, problem, status }
    };
    let of_file = |((key, name), objective): (&ObjectiveKey, &Objective)| {
        let taken = in_force(key, name).filter(|emitted| !emitted.is_of_file());
        let taken = taken.map(|_| {
            format!(
                "an Objective {}/{name} holds for it, which was first: choose another name",
                key.namespace
            )
        });
        let of_calendar = || calendars.problem(objective.calendar.as_deref()).cloned();
        let problem = taken.or_else(|| absent(key, objective, known)).or_else(of_calendar)?;
        Some(((key.clone(), name.clone()), problem))
    };
    let of_calendars =
        cron_jobs.calendars().filter_map(|(key, name)| Some((key, calendars.problem(Some(name))?)));
    let mut annotated: BTreeMap<BatchKey, String> =
        of_calendars.map(|(key, problem)| (key.clone(), problem.clone())).collect();
    let of_reads = cron_jobs.reads().filter_map(|(key, reads)| Some((key, absent(key, &reads, known)?)));
    annotated
        .extend(of_reads.map(|(key, problem)| (key.clone(), format!("the annotation `{READS}`: {problem}"))));
    annotated.extend(cron_jobs.problems().map(|(key, problem)| (key.clone(), problem.to_owned())));
    Resolutions {
        objects: objects.all().map(|(name, known)| (name.clone(), of_object(name, known))).collect(),
        in_file: in_file.into_iter().flatten().filter_map(of_file).collect(),
        annotated,
    }
}

fn is_in_force(emitted: &&EmittedObjective) -> bool {
    emitted.objective.is_some()
}

fn unresolved(
    (cluster, name): (&str, &NamespacedName),
    object: &KnownObject,
    named: &[BatchKey],
    known: KnownBatches<'_>,
) -> Option<String> {
    let written = match &object.object.parsed {
        Ok(written) => written,
        Err(reason) => return Some(reason.clone()),
    };
    if let Some(refusal) = written.refusal() {
        return Some(refusal);
    }
    match &written.batch {
        NamedBatch::Selector(_) if named.is_empty() => {
            return Some(format!("no CronJob of the namespace {} has these labels", name.0));
        }
        NamedBatch::Selector(_) | NamedBatch::CronJob(_) | NamedBatch::Jobs(_) => {}
    }
    let key = named.first().cloned().unwrap_or_else(|| BatchKey::new(cluster, &name.0, ""));
    absent(&key, &written.objective, known)
}

/// The batches that are known: the CronJobs, and what objectives name that are of Jobs.
#[derive(Clone, Copy)]
struct KnownBatches<'a> {
    cron_jobs: &'a CronJobs,
    emitted: &'a BTreeMap<ObjectiveKey, EmittedObjective>,
}

impl KnownBatches<'_> {
    fn has(&self, key: &BatchKey) -> bool {
        let first = (key.clone(), String::new());
        let mut declared = self.emitted.range(first..).take_while(|((of, _), _)| of == key);
        let is_of_jobs = |of: &EmittedObjective| of.objective.as_ref().is_some_and(|it| it.is_of_jobs);
        self.cron_jobs.has(key) || declared.any(|(_, emitted)| is_of_jobs(emitted))
    }
}

/// A batch that is named and does not exist.
fn absent(key: &BatchKey, objective: &Objective, known: KnownBatches<'_>) -> Option<String> {
    let exists = |key: &BatchKey| known.cron_jobs.has(key);
    let gone =
        |key: &BatchKey| format!("there is no CronJob {} in the namespace {}", key.batch, key.namespace);
    if !objective.is_of_jobs && !exists(key) {
        return Some(gone(key));
    }
    if let Some(target) = target(key, objective).filter(|target| !exists(target)) {
        return Some(gone(&target));
    }
    let read = objective.reads().unwrap_or_default().iter();
    let mut read = read.map(|source| BatchKey::new(&key.cluster, &source.namespace, &source.batch));
    let missing = read.find(|source| !known.has(source))?;
    Some(format!("{}, nor an objective of Jobs of that name, so nothing of it is known", gone(&missing)))
}
