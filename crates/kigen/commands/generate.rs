//! `kigen generate`: completions for shells and man pages, as a package installs them. It is hidden: only packages need it.

use std::path::Path;

use anyhow::Context;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;

/// The shells that have completions.
const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

/// Writes `completions` and `man` below a folder.
pub(crate) fn run(dir: &Path) -> anyhow::Result<()> {
    let [completions, man] = ["completions", "man"].map(|name| dir.join(name));
    for folder in [&completions, &man] {
        std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be created", folder.display()))?;
    }
    let unwritten = |folder: &Path| format!("{} cannot be written", folder.display());
    for shell in SHELLS {
        clap_complete::generate_to(shell, &mut Cli::command(), "kigen", &completions)
            .with_context(|| unwritten(&completions))?;
    }
    clap_mangen::generate_to(Cli::command(), &man).with_context(|| unwritten(&man))
}
