//! `kigen objectives pull`: a sheet becomes a file of objectives, or with `--check` a text about what that would change.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use kigen_objective::file::read_file;
use kigen_objective::sheet::{self, RefusedRow, Sheet};
use kigen_sheet::SourceReader;
use kigen_shipper::index::withdrawals::are_many;

use super::fields::id;
use super::proposal;
use crate::cli::PullArgs;
use crate::config::Config;
use crate::exit::misused;
use crate::output::print;

/// Reads the sheet, and writes or checks it.
pub(super) fn run(config: &Config, args: &PullArgs) -> anyhow::Result<()> {
    let sheet = read(config, args)?;
    if args.check {
        return proposal::run(config, args.output.as_deref(), sheet);
    }
    for RefusedRow { row, reason } in &sheet.refused {
        tracing::warn!("row {row} is refused: {reason}");
    }
    if !sheet.ignored.is_empty() {
        tracing::info!("columns that are not read: {}", sheet.ignored.join(", "));
    }
    match &args.output {
        Some(path) => write(config, path, &sheet),
        None => print(&sheet.yaml()),
    }
}

fn read(config: &Config, args: &PullArgs) -> anyhow::Result<Sheet> {
    let settings = config.sheet.clone().unwrap_or_default().with(args).resolve().map_err(misused)?;
    let namespace = config.kubernetes.namespace.as_deref().or(settings.namespace.as_deref());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let rows = runtime.block_on(SourceReader::new(settings.source).rows())?;
    Ok(sheet::read(&rows, &config.cluster, namespace)?)
}

/// Writes the file, whole or not at all.
fn write(config: &Config, path: &Path, sheet: &Sheet) -> anyhow::Result<()> {
    if path.exists() {
        refuse_withdrawals(config, path, sheet)?;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unwritten = || format!("the file {} cannot be written", path.display());
    let mut new = tempfile::NamedTempFile::new_in(folder).with_context(unwritten)?;
    new.write_all(sheet.yaml().as_bytes()).with_context(unwritten)?;
    new.as_file().sync_all().with_context(unwritten)?;
    new.persist(path).with_context(unwritten)?;
    let (objectives, refused) = (sheet.objectives.len(), sheet.refused.len());
    tracing::info!("{}: {objectives} objectives written, {refused} rows refused", path.display());
    Ok(())
}

/// Half a sheet must not replace a whole file.
fn refuse_withdrawals(config: &Config, path: &Path, sheet: &Sheet) -> anyhow::Result<()> {
    let present = read_file(path, &config.cluster)?.objectives;
    let wanted: BTreeSet<_> = sheet.objectives.iter().map(id).collect();
    let gone = present.iter().filter(|objective| !wanted.contains(&id(objective))).count();
    if are_many(gone, present.len()) && gone > config.kubernetes.withdrawals_confirmed {
        bail!(
            "{gone} of the {} objectives of {} are not in the sheet: it is not written. If they are to be withdrawn, confirm it by \
             --confirm-withdrawals {gone}; else complete the sheet",
            present.len(),
            path.display()
        );
    }
    Ok(())
}
