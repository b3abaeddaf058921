//! The sources of rows, behind one function.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kigen_ops::on_thread;

use crate::address::GoogleSheet;
use crate::credentials::Credentials;
use crate::error::SourceError;
use crate::row::Row;
use crate::{csv, google, http};

/// The largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Where a sheet is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file of CSV.
    File(PathBuf),
    /// A URL of CSV, such as that of a sheet that is published.
    Url(String),
    /// A spreadsheet of Google, by its API.
    Google(GoogleSheet),
}

impl Source {
    /// CSV at this path or URL.
    #[must_use]
    pub fn csv(place: &str) -> Self {
        if place.starts_with("http://") || place.starts_with("https://") {
            Self::Url(place.to_owned())
        } else {
            Self::File(place.into())
        }
    }
}

/// Reads a sheet, as often as it is called.
pub struct SourceReader {
    source: Source,
    credentials: Arc<Credentials>,
}

impl SourceReader {
    /// Of this source; reads nothing yet.
    #[must_use]
    pub fn new(source: Source) -> Self {
        Self { source, credentials: Arc::default() }
    }

    /// The rows as they are now. To be called within a tokio runtime.
    ///
    /// # Errors
    /// They cannot be had; each error names the remedy.
    pub async fn rows(&self) -> Result<Vec<Row>, SourceError> {
        match self.source.clone() {
            Source::File(path) => on_thread(move || of_file(&path)).await,
            Source::Url(url) => on_thread(move || of_url(&url)).await,
            Source::Google(sheet) => {
                let credentials = self.credentials.clone();
                on_thread(move || google::rows(&sheet, &credentials.token(&sheet.account)?)).await
            }
        }
    }
}

fn of_file(path: &Path) -> Result<Vec<Row>, SourceError> {
    let unreadable = |source| SourceError::Unreadable { path: path.to_owned(), source };
    let from = path.display().to_string();
    if std::fs::metadata(path).map_err(unreadable)?.len() > FILE_BYTES_MAX {
        return Err(SourceError::TooLong { from, bytes_max: FILE_BYTES_MAX });
    }
    csv::rows(&std::fs::read(path).map_err(unreadable)?, &from)
}

fn of_url(url: &str) -> Result<Vec<Row>, SourceError> {
    let answer = http::get(url)?;
    let from = http::from(url);
    match answer.status {
        200 if answer.content_type.starts_with("text/html") => Err(SourceError::IsPage { from }),
        200 => csv::rows(&answer.body, &from),
        status => Err(SourceError::Refused { from, status }),
    }
}
