//! The graph of who reads whom: its tree and its cycles.

use kigen_lineage::graph::Graph;
use kigen_lineage::history::Edge;

use crate::world::{at, key};

fn graph(edges: &[(&str, &str)]) -> Graph {
    let edge = |(reader, source): &(&str, &str)| Edge {
        reader: key(reader),
        source: key(source),
        objective: None,
        from: at(0),
        until: None,
    };
    Graph::of(&edges.iter().map(edge).collect::<Vec<_>>())
}

fn lines(graph: &Graph) -> Vec<String> {
    let line = |branch: &kigen_lineage::graph::Branch| {
        let above = if branch.is_above { "^" } else { "" };
        format!("{}{}{above}", ".".repeat(branch.depth), branch.batch.batch)
    };
    graph.tree().iter().map(line).collect()
}

#[test]
fn a_batch_that_reads_two_is_below_both_and_its_readers_below_the_first() {
    let graph = graph(&[("b", "a"), ("c", "a"), ("d", "b"), ("d", "c"), ("e", "d")]);
    assert_eq!(lines(&graph), ["a", ".b", "..d", "...e", ".c", "..d^"]);
    assert!(graph.cycles().is_empty());
}

#[test]
fn the_sources_of_a_batch_are_all_before_it_the_nearest_first() {
    let graph = graph(&[("b", "a"), ("c", "b"), ("c", "x"), ("d", "c"), ("a", "c")]);
    let sources = |batch: &str| -> Vec<String> {
        graph.sources_of(&key(batch)).iter().map(|key| key.batch.clone()).collect()
    };
    assert_eq!(sources("d"), ["c", "b", "x", "a"]);
    assert_eq!(sources("a"), ["c", "b", "x"], "around a cycle, itself not");
    assert!(sources("x").is_empty());
    let readers: Vec<&str> = graph.readers_of(&key("c")).map(|key| key.batch.as_str()).collect();
    assert_eq!(readers, ["a", "d"]);
    assert_eq!(graph.readers_of(&key("d")).count(), 0);
}

#[test]
fn each_cycle_is_found_once_and_printed_once() {
    let graph = graph(&[("b", "a"), ("c", "b"), ("b", "c"), ("d", "c"), ("x", "y"), ("y", "x"), ("z", "z")]);
    let cycles: Vec<Vec<&str>> = graph
        .cycles()
        .into_iter()
        .map(|cycle| cycle.into_iter().map(|key| key.batch.as_str()).collect())
        .collect();
    assert_eq!(cycles, [vec!["b", "c"], vec!["x", "y"], vec!["z"]]);
    assert_eq!(lines(&graph), ["a", ".b", "..c", "...b^", "...d", "x", ".y", "..x^", "z", ".z^"]);
}

#[test]
fn an_edge_that_has_ended_is_in_no_graph() {
    let mut edge =
        Edge { reader: key("b"), source: key("a"), objective: None, from: at(0), until: Some(at(1)) };
    assert!(lines(&Graph::of(&[edge.clone()])).is_empty());
    edge.until = None;
    assert_eq!(lines(&Graph::of(&[edge])), ["a", ".b"]);
}
