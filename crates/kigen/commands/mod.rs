//! The commands: one file each, the wiring of roles in `up`.

use std::io::Write;

pub(crate) mod crontab;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod objectives;
mod pages;
pub(crate) mod replay;
pub(crate) mod status;
pub(crate) mod topics;
pub(crate) mod up;

/// Writes data to stdout.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    Ok(())
}
