//! The arguments of `lineage`.

use clap::{Args, Subcommand, ValueEnum};

/// The arguments of `lineage`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct LineageArgs {
    /// What to do instead
    #[command(subcommand)]
    pub(crate) command: Option<LineageCommand>,
    /// The output format
    #[arg(long, value_enum, default_value_t = LineageFormatArg::Tree)]
    pub(crate) format: LineageFormatArg,
}

/// What `lineage` does instead of printing the graph.
#[derive(Debug, Subcommand)]
pub(crate) enum LineageCommand {
    /// Propose what batches read, by the lineage that another tool has recorded: prints a file of objectives with the evidence as
    /// comments, and what has no batch. Applies nothing
    Import(ImportArgs),
}

/// The arguments of `lineage import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// A server with the HTTP API of Marquez, the reference implementation of OpenLineage, such as http://marquez:5000. A key for it
    /// is read from OPENLINEAGE_API_KEY
    #[arg(long, value_name = "URL")]
    pub(crate) openlineage: String,
    /// A job of OpenLineage, by its name or as OPENLINEAGE-NAMESPACE:NAME, is this batch; may be repeated
    #[arg(long = "map", value_name = "JOB=NAMESPACE/BATCH")]
    pub(crate) maps: Vec<String>,
}

/// A format of `lineage`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LineageFormatArg {
    /// Each batch below those that it reads
    Tree,
    /// One JSON object
    Json,
    /// A Mermaid graph
    Mermaid,
}
