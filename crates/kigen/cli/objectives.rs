//! The arguments of `objectives`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// The arguments of `objectives`.
#[derive(Debug, Subcommand)]
pub(crate) enum ObjectivesArgs {
    /// Report errors in a file of objectives, by line, and objectives that can never be met, by the runs in the event log
    Check {
        /// The file
        file: PathBuf,
    },
    /// Write a file of objectives from a spreadsheet: a row with a job (ジョブ) and a deadline (期限) is an objective. Rows that cannot
    /// be read are reported, and the others written
    Pull(PullArgs),
    /// Propose a deadline for each CronJob without an objective, and for each batch that another reads: one that the past would have
    /// met 99 % of the time, as YAML with the evidence as comments
    Suggest(SuggestArgs),
    /// Print each objective with its next deadline, last verdict and incident, and what could not be resolved. Objectives of the
    /// cluster that match no batch are read from its API server
    List {
        /// Only this batch
        #[arg(value_name = "NAMESPACE/BATCH")]
        batch: Option<String>,
    },
}

/// The arguments of `objectives pull`.
#[derive(Debug, Args)]
pub(crate) struct PullArgs {
    /// CSV in UTF-8, as a file or at a URL
    #[arg(long, value_name = "FILE|URL", conflicts_with = "sheet")]
    pub(crate) csv: Option<String>,
    /// A spreadsheet of Google: in its address the part between `/d/` and `/edit`. By default what `[objectives.sheet]` names
    #[arg(long, value_name = "ID")]
    pub(crate) sheet: Option<String>,
    /// Its range, such as A:H or Objectives!A:H; by default A:Z of the first sheet
    #[arg(long, value_name = "RANGE", conflicts_with = "csv")]
    pub(crate) range: Option<String>,
    /// The key of a service account that may read it; by default the credentials of the environment (workload identity)
    #[arg(long, value_name = "FILE", conflicts_with = "csv")]
    pub(crate) key_file: Option<PathBuf>,
    /// The file to write; by default stdout. It is not written if it would lose many objectives, unless --confirm-withdrawals
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write nothing: print, as Markdown, what would change against that file (or the file of objectives in use, or the log), and
    /// which misses of the last 90 days in the log the change would have added or taken away
    #[arg(long)]
    pub(crate) check: bool,
}

/// The arguments of `objectives suggest`.
#[derive(Debug, Args)]
pub(crate) struct SuggestArgs {
    /// Only for this batch
    #[arg(value_name = "NAMESPACE/BATCH")]
    pub(crate) batch: Option<String>,
    /// How many days before the last tick of the log are looked at
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=3650))]
    pub(crate) days: u16,
}
