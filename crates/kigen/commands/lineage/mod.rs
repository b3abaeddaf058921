//! `kigen lineage`: which batch reads the result of which, as a tree, JSON or Mermaid; cycles are named.

mod import;
mod job_names;
mod openlineage;

use std::collections::BTreeMap;
use std::fmt::Write;

use kigen_lineage::graph::Graph;
use kigen_model::key::BatchKey;
use serde_json::json;

use crate::cli::{LineageArgs, LineageCommand, LineageFormatArg};
use crate::config::Config;
use crate::edges::edges;
use crate::output::{print, print_json};
use crate::reader::open;

/// Prints the graph, or what another tool's lineage proposes.
pub(crate) fn run(config: &Config, args: &LineageArgs) -> anyhow::Result<()> {
    if let Some(LineageCommand::Import(args)) = &args.command {
        return import::run(config, args);
    }
    let reader = open(config)?;
    let graph = Graph::of(&edges(&*reader, &config.cluster)?);
    match args.format {
        LineageFormatArg::Tree => print(&tree(&graph)),
        LineageFormatArg::Json => print_json(json(&graph)),
        LineageFormatArg::Mermaid => print(&mermaid(&graph)),
    }
}

fn name(key: &BatchKey) -> String {
    format!("{}/{}", key.namespace, key.batch)
}

fn names(keys: &[&BatchKey]) -> Vec<String> {
    keys.iter().copied().map(name).collect()
}

fn tree(graph: &Graph) -> String {
    let mut out = String::new();
    for branch in graph.tree() {
        let above = if branch.is_above { " (see above)" } else { "" };
        let _ = writeln!(out, "{}{}{above}", "  ".repeat(branch.depth), name(&branch.batch));
    }
    if out.is_empty() {
        out.push_str(
            "no batch reads another, as far as is declared: `before` names a reader, `reads` what is read\n",
        );
    }
    for cycle in graph.cycles() {
        let _ = writeln!(out, "\nA cycle, in which each reads the others: {}", names(&cycle).join(", "));
    }
    out
}

fn json(graph: &Graph) -> serde_json::Value {
    let edges = graph.pairs().map(|(source, reader)| json!({"source": name(source), "reader": name(reader)}));
    let cycles = graph.cycles();
    json!({
        "edges": edges.collect::<Vec<_>>(),
        "cycles": cycles.iter().map(|cycle| names(cycle)).collect::<Vec<_>>(),
    })
}

fn mermaid(graph: &Graph) -> String {
    let mut ids: BTreeMap<&BatchKey, usize> = BTreeMap::new();
    let mut out = "graph LR\n".to_owned();
    for key in graph.pairs().flat_map(|(source, reader)| [source, reader]) {
        let next = ids.len();
        if *ids.entry(key).or_insert(next) == next {
            let _ = writeln!(out, "  b{next}[\"{}\"]", name(key));
        }
    }
    for (source, reader) in graph.pairs() {
        let _ = writeln!(out, "  b{} --> b{}", ids[source], ids[reader]);
    }
    out
}
