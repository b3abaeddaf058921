//! `kigen objectives check`: whether a file of objectives says what can be meant.

use crate::cli::ObjectivesArgs;
use crate::config::Config;
use crate::objectives;

/// Checks the file.
pub(crate) fn run(config: &Config, args: &ObjectivesArgs) -> anyhow::Result<()> {
    let ObjectivesArgs::Check { file } = args;
    let written = objectives::read(file, &config.cluster)?.whole(file)?;
    super::print(&format!("{}: {} objectives, all understood\n", file.display(), written.len()))
}
