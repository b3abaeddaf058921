//! Who read whom, as the objectives in the log show: by `before`, and by `reads`.

use std::collections::BTreeMap;

use kigen_lineage::history::Edge;
use kigen_log::{ConsumedRecord, LogReader};
use kigen_model::Instant;
use kigen_model::event::{Event, Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::topic::{Offset, Partition, Topic};

use crate::reader::{Pages, on_all_processors};

/// Who read whom in a cluster, by the objectives of the log.
pub(crate) fn edges(reader: &dyn LogReader, cluster: &str) -> anyhow::Result<Vec<Edge>> {
    let mut objectives = DeclaredEdges::of(cluster);
    objectives.advance(reader, None)?;
    Ok(objectives.edges())
}

/// The edges of a cluster while the log is read.
pub(crate) struct DeclaredEdges {
    cluster: String,
    /// An objective is in one partition.
    partitions: BTreeMap<Partition, PartitionEdges>,
}

#[derive(Default)]
struct PartitionEdges {
    objectives: BTreeMap<(BatchKey, String), Declared>,
    ended: Vec<Edge>,
    next: Option<Offset>,
}

/// What else is done with the records of a partition, so that they are read once.
pub(crate) type AlsoRead<'a> = &'a mut (dyn FnMut(&[ConsumedRecord]) -> anyhow::Result<()> + Send);

impl DeclaredEdges {
    /// Before the log is read.
    pub(crate) fn of(cluster: &str) -> Self {
        Self { cluster: cluster.to_owned(), partitions: BTreeMap::new() }
    }

    /// Reads what the log has had since.
    pub(crate) fn advance(
        &mut self,
        reader: &dyn LogReader,
        mut also: Option<(Partition, AlsoRead<'_>)>,
    ) -> anyhow::Result<()> {
        let pages = Pages::of(reader, Topic::Events)?;
        for partition in (0..reader.partitions()).map(Partition) {
            self.partitions.entry(partition).or_default();
        }
        let work = self.partitions.iter_mut().map(|(partition, edges)| {
            (*partition, edges, also.take_if(|(of, _)| *of == *partition).map(|(_, also)| also))
        });
        let cluster = self.cluster.as_str();
        on_all_processors(work.collect(), |(partition, edges, mut also)| {
            pages.each_from(partition, edges.next, |records| {
                // Ticks, which are most of a log, have the cluster as key.
                for record in records.iter().filter(|record| record.key.contains('/')) {
                    edges.note(cluster, record);
                }
                edges.next = records.last().map(|last| last.offset.next()).or(edges.next);
                also.as_mut().map_or(Ok(()), |also| also(records))
            })
        })
    }

    /// The edges as of what was read.
    pub(crate) fn edges(&self) -> Vec<Edge> {
        let ended = self.partitions.values().flat_map(|of| &of.ended);
        let in_force: BTreeMap<_, _> = self.partitions.values().flat_map(|of| &of.objectives).collect();
        ended.chain(in_force.into_values().flat_map(|declared| &declared.edges)).cloned().collect()
    }
}

impl PartitionEdges {
    fn note(&mut self, cluster: &str, record: &ConsumedRecord) {
        let Ok(Event::Fact(fact)) = kigen_wire::decode_event(record.value.as_deref().unwrap_or_default())
        else {
            return;
        };
        let Fact { key, observed_at, body: FactBody::Objective { name, revision, objective } } = fact else {
            return;
        };
        if key.cluster != cluster {
            return;
        }
        let declared = objective.map(|it| Edge::declared(&key, &name, &it, observed_at));
        let declared = Declared { revision, edges: declared.unwrap_or_default() };
        match self.objectives.get_mut(&(key.clone(), name.clone())) {
            Some(known) => self.ended.extend(known.change(declared, observed_at)),
            None => {
                self.objectives.insert((key, name), declared);
            }
        }
    }
}

/// An objective's edges in its latest version.
struct Declared {
    revision: Revision,
    edges: Vec<Edge>,
}

impl Declared {
    /// Takes a newer version; returns the edges that end.
    fn change(&mut self, newer: Self, at: Instant) -> Vec<Edge> {
        if !newer.revision.is_newer_than(&self.revision) {
            return Vec::new();
        }
        let is_same = self.edges.len() == newer.edges.len()
            && self.edges.iter().zip(&newer.edges).all(|(known, edge)| known.is_same_relation(edge));
        self.revision = newer.revision;
        if is_same {
            return Vec::new();
        }
        let ended = std::mem::replace(&mut self.edges, newer.edges);
        ended.into_iter().map(|edge| Edge { until: Some(at), ..edge }).collect()
    }
}
