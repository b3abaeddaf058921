//! Who read whom, as the objectives in the log show.

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
                    let target = objective.as_ref().and_then(|objective| objective.target());
                    let reader = target.map(|(namespace, batch)| BatchKey::new(cluster, namespace, batch));
                    let declared = objectives.entry((key.clone(), name.clone())).or_insert_with(|| {
                        Declared { revision: revision.clone(), reader: None, from: observed_at }
                    });
                    edges.extend(declared.change(&key, &name, revision, reader, observed_at));
                }
            }
            Ok(())
        })?;
        for ((key, name), declared) in objectives {
            edges.extend(declared.edge(&key, &name, None));
        }
    }
    Ok(edges)
}

/// An objective's edge while the log is read.
struct Declared {
    revision: Revision,
    reader: Option<BatchKey>,
    from: Instant,
}

impl Declared {
    /// Takes a newer version; returns the edge that ends.
    fn change(
        &mut self,
        source: &BatchKey,
        objective: &str,
        revision: Revision,
        reader: Option<BatchKey>,
        at: Instant,
    ) -> Option<Edge> {
        if self.reader == reader || self.revision.is_newer_than(&revision) {
            return None;
        }
        let ended = self.edge(source, objective, Some(at));
        *self = Self { revision, reader, from: at };
        ended
    }

    fn edge(&self, source: &BatchKey, objective: &str, until: Option<Instant>) -> Option<Edge> {
        Some(Edge {
            reader: self.reader.clone()?,
            source: source.clone(),
            objective: Some(objective.to_owned()),
            from: self.from,
            until,
        })
    }
}
