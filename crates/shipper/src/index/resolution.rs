//! How what is declared stands: for which batches it holds, and what of it cannot be resolved.

use std::collections::BTreeMap;

use kigen_model::key::BatchKey;
use kigen_model::objective::Objective;

use super::cron_jobs::CronJobs;
use super::emitted::{Name, Said, said_in, target};
use super::objects::{Known, Objects, Place};
use crate::custom_resource::ObjectiveStatus;
use crate::decode::NamedBatch;

/// How all that is declared stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standings {
    /// Each Objective of the cluster, by namespace and name.
    pub objects: BTreeMap<(String, String), Standing>,
    /// What cannot be resolved of the objectives of a file, by batch and name.
    pub in_file: BTreeMap<(BatchKey, String), String>,
}

/// How an Objective of the cluster stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its `metadata.generation`.
    pub generation: Option<i64>,
    /// The batches for which it holds.
    pub batches: Vec<BatchKey>,
    /// What of it cannot be resolved.
    pub problem: Option<String>,
    /// Its `status`, as it is in the cluster.
    pub status: ObjectiveStatus,
}

impl Standings {
    /// How many objects of the cluster have something that cannot be resolved.
    pub fn objects_unresolved(&self) -> usize {
        self.objects.values().filter(|standing| standing.problem.is_some()).count()
    }
}

pub(super) fn of(
    cluster: &str,
    objects: &Objects,
    in_file: Option<&BTreeMap<Name, Objective>>,
    said: &BTreeMap<Name, Said>,
    cron_jobs: &CronJobs,
) -> Standings {
    let holding = |key: &BatchKey, name: &str| said.get(&(key.clone(), name.to_owned())).filter(holds);
    let standing = |place: &Place, known: &Known| {
        let named = objects.batches(cluster, place, cron_jobs);
        let is_taken = |key: &&BatchKey| holding(key, &place.1).is_some_and(Said::is_of_file);
        let taken = named.iter().find(is_taken).map(|key| {
            format!(
                "a file of objectives has a `{}` for {}, which was first: choose another name",
                place.1, key.batch
            )
        });
        let own = |(_, said): &(&Name, &Said)| !said.is_of_file() && holds(said);
        let batches = said_in(cluster, place, said).filter(own).map(|((key, _), _)| key.clone()).collect();
        let problem = unresolved(cluster, place, known, &named, cron_jobs).or(taken);
        let (generation, status) = (known.object.generation, known.object.status.clone());
        Standing { generation, batches, problem, status }
    };
    let of_file = |((key, name), objective): (&Name, &Objective)| {
        let taken = holding(key, name).filter(|said| !said.is_of_file());
        let taken = taken.map(|_| {
            format!(
                "an Objective {}/{name} holds for it, which was first: choose another name",
                key.namespace
            )
        });
        let problem = taken.or_else(|| absent(key, objective, cron_jobs))?;
        Some(((key.clone(), name.clone()), problem))
    };
    Standings {
        objects: objects.all().map(|(place, known)| (place.clone(), standing(place, known))).collect(),
        in_file: in_file.into_iter().flatten().filter_map(of_file).collect(),
    }
}

fn holds(said: &&Said) -> bool {
    said.objective.is_some()
}

fn unresolved(
    cluster: &str,
    place: &Place,
    known: &Known,
    named: &[BatchKey],
    cron_jobs: &CronJobs,
) -> Option<String> {
    let written = match &known.object.written {
        Ok(written) => written,
        Err(reason) => return Some(reason.clone()),
    };
    if written.meaningless.is_some() {
        return written.meaningless.clone();
    }
    match &written.batch {
        NamedBatch::Selector(_) if named.is_empty() => {
            return Some(format!("no CronJob of the namespace {} has these labels", place.0));
        }
        NamedBatch::Selector(_) | NamedBatch::CronJob(_) | NamedBatch::Jobs(_) => {}
    }
    let key = named.first().cloned().unwrap_or_else(|| BatchKey::new(cluster, &place.0, ""));
    absent(&key, &written.objective, cron_jobs)
}

/// The CronJob that is named and is not there.
fn absent(key: &BatchKey, objective: &Objective, cron_jobs: &CronJobs) -> Option<String> {
    let is_there = |key: &BatchKey| cron_jobs.has(key);
    let gone =
        |key: &BatchKey| format!("there is no CronJob {} in the namespace {}", key.batch, key.namespace);
    if !objective.is_of_jobs && !is_there(key) {
        return Some(gone(key));
    }
    target(key, objective).filter(|target| !is_there(target)).map(|target| gone(&target))
}
