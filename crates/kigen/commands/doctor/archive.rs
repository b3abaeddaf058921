//! The check of the archive: whether it can be written, is whole, and has what it should have by now.

use kigen_archive::{ArchiveError, inspect};
use kigen_ops::{error_chain, on_thread};

use super::results::Results;
use crate::config::Config;
use crate::output::text;
use crate::reader;

/// Checks the archive, where one is configured.
pub(super) async fn check(config: &Config, results: &mut Results) -> anyhow::Result<()> {
    let Some(address) = config.archive.clone() else { return Ok(()) };
    let of_log = config.without_archive();
    let inspected = on_thread(move || {
        // That the log cannot be read is a result of another check.
        let reader = reader::open(&of_log).ok();
        inspect(&address, reader.as_deref())
    });
    let outcome = match inspected.await {
        Ok(found) => match found.behind() {
            Some((since, latest)) => Err(format!(
                "it is behind: the log has records since {} that are not archived, and its newest is of {}. Where `kigen archive` or \
                 `kigen up` run with it, /readyz and the log name what fails; what expires before it is archived is lost",
                text(since),
                text(latest)
            )),
            None => Ok(found.to_string()),
        },
        Err(ArchiveError::NoFolder { address }) => {
            Ok(format!("none yet: {address} is created with the first day"))
        }
        Err(error) => Err(error_chain(&error)),
    };
    results.add("archive", outcome)
}
