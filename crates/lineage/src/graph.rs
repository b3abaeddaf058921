//! The graph of who reads whom: as a tree, and its cycles.

use std::collections::{BTreeMap, BTreeSet};

use kigen_model::key::BatchKey;

use crate::history::Edge;

/// Who reads whom now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// The readers of each batch that is read.
    readers: BTreeMap<BatchKey, BTreeSet<BatchKey>>,
}

/// A line of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// How deep it is.
    pub depth: usize,
    /// The batch.
    pub batch: BatchKey,
    /// Whether its readers are at an earlier line with the same batch.
    pub is_above: bool,
}

impl Graph {
    /// Of the edges that no later record has ended.
    #[must_use]
    pub fn of<'a>(edges: impl IntoIterator<Item = &'a Edge>) -> Self {
        let mut graph = Self::default();
        for edge in edges.into_iter().filter(|edge| edge.until.is_none()) {
            graph.readers.entry(edge.source.clone()).or_default().insert(edge.reader.clone());
        }
        graph
    }

    /// Each source with one reader, sorted.
    pub fn pairs(&self) -> impl Iterator<Item = (&BatchKey, &BatchKey)> {
        self.readers.iter().flat_map(|(source, readers)| readers.iter().map(move |reader| (source, reader)))
    }

    /// The batches that read this one directly, sorted.
    pub fn readers_of(&self, source: &BatchKey) -> impl Iterator<Item = &BatchKey> {
        self.readers.get(source).into_iter().flatten()
    }

    /// The batches that this one reads, directly or through others: the nearest first, then by name; itself never.
    #[must_use]
    pub fn sources_of(&self, reader: &BatchKey) -> Vec<&BatchKey> {
        let mut sources: BTreeMap<&BatchKey, BTreeSet<&BatchKey>> = BTreeMap::new();
        for (source, reader) in self.pairs() {
            sources.entry(reader).or_default().insert(source);
        }
        let (mut found, mut seen) = (Vec::new(), BTreeSet::from([reader]));
        let mut nearest = vec![reader];
        while !nearest.is_empty() {
            let next = nearest.iter().filter_map(|key| sources.get(key)).flatten().copied();
            let next: BTreeSet<&BatchKey> = next.filter(|key| !seen.contains(key)).collect();
            seen.extend(&next);
            found.extend(&next);
            nearest = next.into_iter().collect();
        }
        found
    }

    /// The graph as a tree: each batch below those that it reads. It begins with the batches that read nothing; of a cycle that
    /// none of these leads to with its first batch by name.
    #[must_use]
    pub fn tree(&self) -> Vec<Branch> {
        let reading: BTreeSet<&BatchKey> = self.readers.values().flatten().collect();
        let first = self.readers.keys().filter(|key| !reading.contains(*key));
        let mut branches = Vec::new();
        let mut seen = BTreeSet::new();
        for root in first.chain(self.readers.keys()) {
            if !seen.contains(root) {
                self.branch(root, &mut seen, &mut branches);
            }
        }
        branches
    }

    fn branch<'a>(
        &'a self,
        root: &'a BatchKey,
        seen: &mut BTreeSet<&'a BatchKey>,
        branches: &mut Vec<Branch>,
    ) {
        let mut left = vec![(0, root)];
        while let Some((depth, key)) = left.pop() {
            let readers = self.readers.get(key);
            let is_above = !seen.insert(key) && readers.is_some();
            branches.push(Branch { depth, batch: key.clone(), is_above });
            if !is_above {
                left.extend(readers.into_iter().flatten().rev().map(|reader| (depth + 1, reader)));
            }
        }
    }

    /// The batches of each cycle, sorted: each of them reads the others, directly or through others.
    #[must_use]
    pub fn cycles(&self) -> Vec<Vec<&BatchKey>> {
        let mut found: Vec<Vec<&BatchKey>> = Vec::new();
        for key in self.readers.keys() {
            if found.iter().any(|cycle| cycle.contains(&key)) {
                continue;
            }
            let reached = self.reached(key);
            let cycle: Vec<&BatchKey> =
                reached.iter().copied().filter(|other| self.reached(other).contains(key)).collect();
            if !cycle.is_empty() {
                found.push(cycle);
            }
        }
        found
    }

    /// The batches that read this one, directly or through others; itself only if it is in a cycle.
    fn reached(&self, from: &BatchKey) -> BTreeSet<&BatchKey> {
        let mut reached = BTreeSet::new();
        let mut left: Vec<&BatchKey> = self.readers.get(from).into_iter().flatten().collect();
        while let Some(key) = left.pop() {
            if reached.insert(key) {
                left.extend(self.readers.get(key).into_iter().flatten());
            }
        }
        reached
    }
}
