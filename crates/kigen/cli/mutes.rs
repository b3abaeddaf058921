//! The arguments of `mute`, `mutes` and `unmute`.

use chrono::{DateTime, Utc};
use clap::Args;
use kigen_model::mute::MuteScope;
use kigen_objective::mute::instant;

/// The arguments of `mute`.
#[derive(Debug, Args)]
pub(crate) struct MuteArgs {
    /// What is muted: NAMESPACE/BATCH, NAMESPACE/BATCH/OBJECTIVE, owner:NAME, namespace:NAME or cluster
    pub(crate) scope: MuteScope,
    /// Until when, such as 2026-12-01T09:00+09:00
    #[arg(long, value_name = "TIME", value_parser = instant, required_unless_present = "lasting")]
    pub(crate) until: Option<DateTime<Utc>>,
    /// For how long, such as 4h
    #[arg(long = "for", value_name = "LENGTH", conflicts_with = "until")]
    pub(crate) lasting: Option<String>,
    /// From when on; by default from now on
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) from: Option<DateTime<Utc>>,
    /// Only at these times, such as "0 22 * * 6", each for --each-for
    #[arg(long, value_name = "CRONTAB", requires = "each_lasting")]
    pub(crate) each: Option<String>,
    /// How long each of these times lasts, such as 4h
    #[arg(long = "each-for", value_name = "LENGTH", requires = "each")]
    pub(crate) each_lasting: Option<String>,
    /// The zone of --each; by default UTC
    #[arg(long, value_name = "ZONE", requires = "each")]
    pub(crate) time_zone: Option<String>,
    /// Why, for those who look later
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
}

/// The arguments of `unmute`.
#[derive(Debug, Args)]
pub(crate) struct UnmuteArgs {
    /// The mute, as `kigen mutes` lists it
    #[arg(value_name = "MUTE")]
    pub(crate) id: String,
}

/// The arguments of `mutes`.
#[derive(Debug, Args)]
pub(crate) struct MutesArgs {
    /// Also those that have ended, as far as they are kept
    #[arg(long)]
    pub(crate) all: bool,
}
