//! Which batch a job of OpenLineage is. OpenLineage has no rule for names of jobs that are Kubernetes' objects, so each tool names
//! them in its way. A job is a batch that the log has, by the first of these that finds one:
//!
//! 1. what the user states: `--map JOB=NAMESPACE/BATCH`;
//! 2. the last part of the job's namespace is a namespace of Kubernetes, and its name is a batch there;
//! 3. its name is `NAMESPACE/BATCH` or `NAMESPACE.BATCH`;
//! 4. its name is that of one batch of the cluster, and of no other;
//! 5. the same of the job of which it is a part, such as the flow of a task.
//!
//! Names are compared as Kubernetes writes them: in lower case, with `-` in place of `_`.

use std::collections::{BTreeMap, BTreeSet};

use kigen_model::key::BatchKey;

use super::openlineage::{Id, Job};

/// That an argument maps no job to a batch.
#[derive(Debug, thiserror::Error)]
pub(super) enum MapError {
    #[error(
        "`{0}` maps no job: write --map JOB=NAMESPACE/BATCH, with a job's name, or its namespace, `:` and its name"
    )]
    Form(String),
    #[error("--map {map}: the log has no batch {batch}; `kigen events` prints the records of all")]
    NoBatch { map: String, batch: String },
}

/// Why a job is no batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unmapped {
    /// No batch has its name.
    Unknown,
    /// These have.
    Ambiguous(Vec<BatchKey>),
}

/// The batches of a cluster, by the names that jobs may have.
pub(super) struct JobNames<'a> {
    batches: &'a BTreeSet<BatchKey>,
    by_name: BTreeMap<&'a str, Vec<&'a BatchKey>>,
    maps: BTreeMap<String, BatchKey>,
    parents: BTreeMap<&'a Id, Option<&'a str>>,
}

impl<'a> JobNames<'a> {
    /// Of these batches, all of one cluster.
    ///
    /// # Errors
    /// One of `maps` is none.
    pub(super) fn new(
        cluster: &str,
        batches: &'a BTreeSet<BatchKey>,
        jobs: &'a [Job],
        maps: &[String],
    ) -> Result<Self, MapError> {
        let mut by_name: BTreeMap<&str, Vec<&BatchKey>> = BTreeMap::new();
        for key in batches {
            by_name.entry(&key.batch).or_default().push(key);
        }
        let parents = jobs.iter().map(|job| (&job.id, job.parent.as_deref())).collect();
        let mut names = Self { batches, by_name, maps: BTreeMap::new(), parents };
        for map in maps {
            let (job, batch) = map.rsplit_once('=').ok_or_else(|| MapError::Form(map.clone()))?;
            let (namespace, name) = batch.split_once('/').ok_or_else(|| MapError::Form(map.clone()))?;
            let key = BatchKey::new(cluster, namespace, name);
            if !batches.contains(&key) {
                return Err(MapError::NoBatch { map: map.clone(), batch: batch.to_owned() });
            }
            names.maps.insert(job.to_owned(), key);
        }
        Ok(names)
    }

    /// The batch that a job is.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn batch(&self, job: &Id) -> Result<BatchKey, Unmapped> {
        let mut why = Unmapped::Unknown;
        let mut seen = BTreeSet::new();
        let mut next = Some(job.clone());
        while let Some(id) = next.filter(|id| seen.insert(id.clone())) {
            match self.own(&id) {
                Ok(key) => return Ok(key),
                Err(Unmapped::Unknown) => {}
                Err(ambiguous @ Unmapped::Ambiguous(_)) => why = ambiguous,
            }
            let parent = self.parents.get(&id).copied().flatten();
            next = parent.map(|name| Id { namespace: id.namespace.clone(), name: name.to_owned() });
        }
        Err(why)
    }

    /// The batch by the job's own name.
    fn own(&self, job: &Id) -> Result<BatchKey, Unmapped> {
        let stated = self.maps.get(&format!("{}:{}", job.namespace, job.name));
        if let Some(key) = stated.or_else(|| self.maps.get(&job.name)) {
            return Ok(key.clone());
        }
        let (name, of) = (canonical(&job.name), canonical(&job.namespace));
        let of = of.rsplit(['/', ':']).next().unwrap_or_default();
        let in_namespace = |namespace: &str, batch: &str| {
            let found = self.by_name.get(batch)?.iter().find(|key| key.namespace == namespace)?;
            Some((*found).clone())
        };
        let parts = ['/', '.'].into_iter().filter_map(|between| name.split_once(between));
        let mut by_namespace = std::iter::once((of, name.as_str())).chain(parts);
        if let Some(key) = by_namespace.find_map(|(namespace, batch)| in_namespace(namespace, batch)) {
            return Ok(key);
        }
        match self.by_name.get(name.as_str()).map(Vec::as_slice) {
            Some([key]) => Ok((*key).clone()),
            Some(several) => Err(Unmapped::Ambiguous(several.iter().map(|key| (*key).clone()).collect())),
            None => Err(Unmapped::Unknown),
        }
    }

    /// Whether there is a batch at all.
    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }
}

/// A name as Kubernetes would write it.
fn canonical(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(namespace: &str, name: &str, parent: Option<&str>) -> Job {
        let id = Id { namespace: namespace.to_owned(), name: name.to_owned() };
        Job { id, parent: parent.map(str::to_owned), inputs: Vec::new(), outputs: Vec::new() }
    }

    #[test]
    fn a_job_is_the_batch_that_its_name_or_that_of_its_flow_names() {
        let batches = ["ml/recommend", "dwh/prices", "dwh/report", "ml/report"];
        let batches = batches.iter().filter_map(|name| format!("shop/{name}").parse().ok()).collect();
        let jobs = [
            job("k8s://prod/dwh", "Prices", None),
            job("airflow", "ml/recommend", None),
            job("airflow", "dwh.report", None),
            job("airflow", "recommend", None),
            job("airflow", "recommend.train", Some("recommend")),
            job("airflow", "recommend.train.step", Some("recommend.train")),
            job("airflow", "report", None),
            job("airflow", "nightly", None),
            job("airflow", "nightly.load", Some("nightly")),
            // Each is a part of the other.
            job("airflow", "round", Some("about")),
            job("airflow", "about", Some("round")),
        ];
        let maps = ["airflow:nightly=ml/report".to_owned()];
        let names = JobNames::new("shop", &batches, &jobs, &maps).expect("maps");
        let of = |job: &Job| match names.batch(&job.id) {
            Ok(key) => format!("{}: {}/{}", job.id.name, key.namespace, key.batch),
            Err(Unmapped::Unknown) => format!("{}: none", job.id.name),
            Err(Unmapped::Ambiguous(several)) => format!("{}: {} of that name", job.id.name, several.len()),
        };
        let found: Vec<String> = jobs.iter().map(of).collect();
        assert_eq!(
            found,
            [
                "Prices: dwh/prices",
                "ml/recommend: ml/recommend",
                "dwh.report: dwh/report",
                "recommend: ml/recommend",
                "recommend.train: ml/recommend",
                "recommend.train.step: ml/recommend",
                "report: 2 of that name",
                "nightly: ml/report",
                "nightly.load: ml/report",
                "round: none",
                "about: none",
            ]
        );
    }

    #[test]
    fn a_map_names_a_batch_of_the_log() {
        let batches = BTreeSet::from([BatchKey::new("shop", "ml", "recommend")]);
        for (map, part) in [
            ("nightly", "maps no job"),
            ("nightly=recommend", "maps no job"),
            ("a=ml/other", "has no batch ml/other"),
        ] {
            let error = JobNames::new("shop", &batches, &[], &[map.to_owned()]).err().expect(map);
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
