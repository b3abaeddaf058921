//! The setting of the archive: where the days of the log are kept.

use std::fmt::Write;

use kigen_archive::Address;

use super::error::ConfigError;
use super::file::ArchiveFile;
use super::show::show;

/// Neither written nor read.
const OFF: &str = "off";

/// Where the archive is, if there is one.
pub(super) fn address(flag: Option<&str>, file: &ArchiveFile) -> Result<Option<Address>, ConfigError> {
    match flag.or(file.url.as_deref()) {
        None | Some(OFF) => Ok(None),
        Some(url) => Ok(Some(Address::of(url)?)),
    }
}

/// Its part of the file.
pub(super) fn show_archive(text: &mut String, archive: Option<&Address>) {
    let _ = writeln!(text, "\n[archive]");
    show(text, "url", archive.map(ToString::to_string).as_deref());
}
