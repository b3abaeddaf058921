//! Who read whom, as the objectives in the log show: by `before`, and by `reads`.

use std::collections::BTreeMap;

use kigen_lineage::history::Edge;
use kigen_log::LogReader;
use kigen_model::Instant;
use kigen_model::event::{Event, Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::topic::{Partition, Topic};

use crate::reader::Pages;

/// Who read whom in a cluster, by the objectives of the log.
pub(crate) fn edges(reader: &dyn LogReader, cluster: &str) -> anyhow::Result<Vec<Edge>> {
    let pages = Pages::of(reader, Topic::Events)?;
    let mut edges = Vec::new();
    for partition in (0..reader.partitions()).map(Partition) {
        let mut objectives: BTreeMap<(BatchKey, String), Declared> = BTreeMap::new();
        pages.each(partition, |records| {
            // Ticks, which are most of a log, have the cluster as key.
            for record in records.iter().filter(|record| record.key.contains('/')) {
                let Ok(Event::Fact(fact)) =
                    kigen_wire::decode_event(record.value.as_deref().unwrap_or_default())
                else {
                    continue;
                };
                if let Fact { key, observed_at, body: FactBody::Objective { name, revision, objective } } =
                    fact
                    && key.cluster == cluster
                {
                    let declared = objective.map(|it| Edge::declared(&key, &name, &it, observed_at));
                    let declared = declared.unwrap_or_default();
                    match objectives.get_mut(&(key.clone(), name.clone())) {
                        Some(known) => edges.extend(known.change(revision, declared, observed_at)),
                        None => {
                            objectives.insert((key, name), Declared { revision, edges: declared });
                        }
                    }
                }
            }
            Ok(())
        })?;
        edges.extend(objectives.into_values().flat_map(|declared| declared.edges));
    }
    Ok(edges)
}

/// An objective's edges while the log is read.
struct Declared {
    revision: Revision,
    edges: Vec<Edge>,
}

impl Declared {
    /// Takes a newer version; returns the edges that end.
    fn change(&mut self, revision: Revision, edges: Vec<Edge>, at: Instant) -> Vec<Edge> {
        if !revision.is_newer_than(&self.revision) {
            return Vec::new();
        }
        self.revision = revision;
        let is_same = self.edges.len() == edges.len()
            && self.edges.iter().zip(&edges).all(|(known, edge)| known.is_same_relation(edge));
        if is_same {
            return Vec::new();
        }
        let ended = std::mem::replace(&mut self.edges, edges);
        ended.into_iter().map(|edge| Edge { until: Some(at), ..edge }).collect()
    }
}
