//! `kigen lineage import`: what batches read by the lineage of OpenLineage, as a file of objectives to be reviewed. Applies nothing.
//!
//! A batch reads another if a job that is the one has a dataset as input that a job which is the other has as output.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use anyhow::bail;
use kigen_lineage::graph::Graph;
use kigen_log::LogReader;
use kigen_model::key::BatchKey;
use kigen_model::objective::Objective;
use kigen_model::topic::{Partition, Topic};

use super::job_names::{JobNames, Unmapped};
use super::openlineage::{Client, Id, Job};
use crate::batch_table::latest_statuses;
use crate::cli::ImportArgs;
use crate::config::Config;
use crate::edges::edges;
use crate::exit::misused;
use crate::output::print;
use crate::reader::{Pages, open};

/// Where OpenLineage's own clients find the key of a backend.
const KEY: &str = "OPENLINEAGE_API_KEY";

/// Prints the proposals.
pub(super) fn run(config: &Config, args: &ImportArgs) -> anyhow::Result<()> {
    let key = std::env::var(KEY).ok().filter(|key| !key.is_empty());
    let client = Client::new(&args.openlineage, key).map_err(misused)?;
    let reader = open(config)?;
    let batches = batches(&*reader, &config.cluster)?;
    let jobs = client.jobs()?;
    let names = JobNames::new(&config.cluster, &batches, &jobs, &args.maps).map_err(misused)?;
    if names.is_empty() {
        bail!(
            "the log has no batch of cluster `{}`, so no job can be one; --cluster names another",
            config.cluster
        );
    }
    let declared = Graph::of(&edges(&*reader, &config.cluster)?);
    print(&Proposal::of(&jobs, &names, &declared).text(&args.openlineage, jobs.len()))
}

/// The batches of a cluster.
fn batches(reader: &dyn LogReader, cluster: &str) -> anyhow::Result<BTreeSet<BatchKey>> {
    let pages = Pages::of(reader, Topic::Status)?;
    let mut found = BTreeSet::new();
    for partition in (0..reader.partitions()).map(Partition) {
        let keys = latest_statuses(&pages, partition, |key| key.contains('/'))?.into_keys();
        let keys = keys.filter_map(|key| key.parse::<BatchKey>().ok());
        found.extend(keys.filter(|key| key.cluster == cluster));
    }
    Ok(found)
}

/// That one job reads what another writes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Evidence<'a> {
    dataset: &'a Id,
    reader: &'a Id,
    source: &'a Id,
}

/// A batch that is read, and why.
type Source<'b, 'a> = (&'b BatchKey, &'b BTreeSet<Evidence<'a>>);

#[derive(Default)]
struct Proposal<'a> {
    /// What each batch reads, and why, of those that read something which is not declared yet.
    reads: BTreeMap<BatchKey, BTreeMap<BatchKey, BTreeSet<Evidence<'a>>>>,
    /// The edges that are declared already.
    declared: BTreeSet<(BatchKey, BatchKey)>,
    /// The jobs of edges that are no batch.
    unmapped: BTreeMap<&'a Id, Unmapped>,
}

impl<'a> Proposal<'a> {
    fn of(jobs: &'a [Job], names: &JobNames<'_>, declared: &Graph) -> Self {
        let mut writers: BTreeMap<&Id, Vec<&Id>> = BTreeMap::new();
        for job in jobs {
            for dataset in &job.outputs {
                writers.entry(dataset).or_default().push(&job.id);
            }
        }
        let mut proposal = Self::default();
        let mut keys: BTreeMap<&Id, Result<BatchKey, Unmapped>> = BTreeMap::new();
        for (job, dataset) in jobs.iter().flat_map(|job| job.inputs.iter().map(move |input| (job, input))) {
            for source in writers.get(dataset).into_iter().flatten().filter(|source| **source != &job.id) {
                let of = [&job.id, *source]
                    .map(|id| (id, keys.entry(id).or_insert_with(|| names.batch(id)).clone()));
                match of {
                    [(reader, Ok(of_reader)), (source, Ok(of_source))] if of_reader != of_source => {
                        let evidence = Evidence { dataset, reader, source };
                        proposal.note(of_reader, of_source, evidence, declared);
                    }
                    // Two parts of one batch.
                    [(_, Ok(_)), (_, Ok(_))] => {}
                    of => {
                        let unmapped = of.into_iter().filter_map(|(id, of)| Some((id, of.err()?)));
                        proposal.unmapped.extend(unmapped);
                    }
                }
            }
        }
        let Self { reads, declared, .. } = &mut proposal;
        reads.retain(|reader, sources| {
            sources.keys().any(|source| !declared.contains(&(reader.clone(), source.clone())))
        });
        proposal
    }

    fn note(&mut self, reader: BatchKey, source: BatchKey, evidence: Evidence<'a>, declared: &Graph) {
        if declared.readers_of(&source).any(|known| *known == reader) {
            self.declared.insert((reader.clone(), source.clone()));
        }
        self.reads.entry(reader).or_default().entry(source).or_default().insert(evidence);
    }

    fn text(&self, address: &str, jobs: usize) -> String {
        let mut out = format!(
            "# What batches read by {jobs} jobs of OpenLineage at {}. Nothing was applied: review it, and add it to a file of\n\
             # objectives, or to the CronJobs as the annotation kigen.dev/reads.\n",
            comment(address)
        );
        for (reader, sources) in &self.reads {
            let sources: Vec<_> = sources.iter().collect();
            for (nth, some) in (1..).zip(sources.chunks(Objective::READS_MAX)) {
                self.write(&mut out, reader, nth, some);
            }
        }
        if self.reads.is_empty() {
            out.push_str("# It has nothing that is not declared already.\n");
        }
        if !self.unmapped.is_empty() {
            out.push_str(
                "\n# Jobs that read or write for another job, and are no batch of the log (--map JOB=NAMESPACE/BATCH names it):\n",
            );
        }
        for (job, why) in &self.unmapped {
            let why = match why {
                Unmapped::Unknown => "no batch has this name".to_owned(),
                Unmapped::Ambiguous(several) => {
                    let names = several.iter().map(|key| format!("{}/{}", key.namespace, key.batch));
                    format!("several have this name: {}", names.collect::<Vec<_>>().join(", "))
                }
            };
            let _ = writeln!(out, "#   {}: {why}", name(job));
        }
        out
    }

    /// Writes an objective with sources of a batch: the `nth` one, where one has not room for all.
    fn write(&self, out: &mut String, reader: &BatchKey, nth: usize, sources: &[Source<'_, 'a>]) {
        let suffix = if nth == 1 { String::new() } else { format!("-{nth}") };
        let _ = writeln!(
            out,
            "---\napiVersion: kigen.dev/v1alpha1\nkind: Objective\nmetadata: {{name: \"{0}-reads{suffix}\", namespace: \"{1}\"}}\n\
             spec:\n  batch: {{cronJob: \"{0}\"}}\n  reads:",
            reader.batch, reader.namespace
        );
        for (source, evidence) in sources {
            let is_declared = self.declared.contains(&(reader.clone(), (*source).clone()));
            let already = if is_declared { " # declared already" } else { "" };
            let _ = writeln!(out, "    - \"{}/{}\"{already}", source.namespace, source.batch);
            for Evidence { dataset, reader, source } in *evidence {
                let (reader, dataset, source) = (name(reader), name(dataset), name(source));
                let _ = writeln!(out, "      # {reader} reads {dataset}, which {source} writes");
            }
        }
    }
}

fn name(of: &Id) -> String {
    comment(&format!("{}:{}", of.namespace, of.name))
}

/// A text of another server as a part of a comment: on one line, without secrets.
fn comment(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    kigen_text::secrets::scrub(&line).into_owned()
}
