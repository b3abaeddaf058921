//! Who read whom, as the objectives in the log show: by `before`, and by `reads`.

use std::collections::BTreeMap;

use kigen_lineage::history::Edge;
use kigen_log::{ConsumedRecord, LogReader};
use kigen_model::Instant;
use kigen_model::event::{Event, Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::topic::{Offset, Partition, Topic};

use crate::reader::Pages;

/// Who read whom in a cluster, by the objectives of the log.
pub(crate) fn edges(reader: &dyn LogReader, cluster: &str) -> anyhow::Result<Vec<Edge>> {
    let mut objectives = DeclaredEdges::of(cluster);
    objectives.advance(reader)?;
    Ok(objectives.edges())
}

/// The edges of a cluster while the log is read.
pub(crate) struct DeclaredEdges {
    cluster: String,
    objectives: BTreeMap<(BatchKey, String), Declared>,
    ended: Vec<Edge>,
    next: BTreeMap<Partition, Offset>,
}

impl DeclaredEdges {
    /// Before the log is read.
    pub(crate) fn of(cluster: &str) -> Self {
        let cluster = cluster.to_owned();
        Self { cluster, objectives: BTreeMap::new(), ended: Vec::new(), next: BTreeMap::new() }
    }

    /// Reads what the log has had since.
    pub(crate) fn advance(&mut self, reader: &dyn LogReader) -> anyhow::Result<()> {
        let pages = Pages::of(reader, Topic::Events)?;
        for partition in (0..reader.partitions()).map(Partition) {
            let from = self.next.get(&partition).copied();
            pages.each_from(partition, from, |records| {
                // Ticks, which are most of a log, have the cluster as key.
                for record in records.iter().filter(|record| record.key.contains('/')) {
                    self.note(record);
                }
                self.next.extend(records.last().map(|last| (partition, last.offset.next())));
                Ok(())
            })?;
        }
        Ok(())
    }

    /// The edges as of what was read.
    pub(crate) fn edges(&self) -> Vec<Edge> {
        let in_force = self.objectives.values().flat_map(|declared| &declared.edges);
        self.ended.iter().chain(in_force).cloned().collect()
    }

    fn note(&mut self, record: &ConsumedRecord) {
        let Ok(Event::Fact(fact)) = kigen_wire::decode_event(record.value.as_deref().unwrap_or_default())
        else {
            return;
        };
        let Fact { key, observed_at, body: FactBody::Objective { name, revision, objective } } = fact else {
            return;
        };
        if key.cluster != self.cluster {
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
