//! Who read whom, as the objectives in the log show: by `before`, and by `reads`.

use std::collections::BTreeMap;

use kigen_lineage::history::Edge;
use kigen_log::LogReader;
use kigen_model::Instant;
use kigen_model::event::{Event, Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::Objective;
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
                    let others = objective.as_ref().map(|it| others(it, cluster)).unwrap_or_default();
                    let declared = objectives.entry((key.clone(), name.clone())).or_insert_with(|| {
                        Declared { revision: revision.clone(), others: Others::default(), from: observed_at }
                    });
                    edges.extend(declared.change(&key, &name, revision, others, observed_at));
                }
            }
            Ok(())
        })?;
        for ((key, name), declared) in objectives {
            edges.extend(declared.edges(&key, &name, None));
        }
    }
    Ok(edges)
}

/// The batches that an objective relates to its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Others {
    /// The one that reads it.
    reader: Option<BatchKey>,
    /// Those that it reads.
    sources: Vec<BatchKey>,
}

fn others(objective: &Objective, cluster: &str) -> Others {
    let reader = objective.target().map(|(namespace, batch)| BatchKey::new(cluster, namespace, batch));
    let sources = objective.reads().unwrap_or_default().iter();
    let sources = sources.map(|source| BatchKey::new(cluster, &source.namespace, &source.batch));
    Others { reader, sources: sources.collect() }
}

/// An objective's edges while the log is read.
struct Declared {
    revision: Revision,
    others: Others,
    from: Instant,
}

impl Declared {
    /// Takes a newer version; returns the edges that end.
    fn change(
        &mut self,
        of: &BatchKey,
        objective: &str,
        revision: Revision,
        others: Others,
        at: Instant,
    ) -> Vec<Edge> {
        if self.others == others || self.revision.is_newer_than(&revision) {
            return Vec::new();
        }
        let ended = self.edges(of, objective, Some(at)).collect();
        *self = Self { revision, others, from: at };
        ended
    }

    /// The edges of an objective of this batch.
    fn edges(&self, of: &BatchKey, objective: &str, until: Option<Instant>) -> impl Iterator<Item = Edge> {
        let from = self.from;
        let to_reader = self.others.reader.clone().map(|reader| Edge {
            reader,
            source: of.clone(),
            objective: Some(objective.to_owned()),
            from,
            until,
        });
        let from_source = move |source: &BatchKey| Edge {
            reader: of.clone(),
            source: source.clone(),
            objective: None,
            from,
            until,
        };
        to_reader.into_iter().chain(self.others.sources.iter().map(from_source))
    }
}
