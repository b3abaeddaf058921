//! Why the rows of a sheet cannot be had, each with its remedy.

use std::path::PathBuf;

/// Why the rows of a sheet cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The operating system does not give the file's contents.
    #[error("the file {} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not CSV.
    #[error("{from} is not CSV in UTF-8; a spreadsheet exports it as \"CSV UTF-8\"")]
    NotCsv {
        /// The file or the URL.
        from: String,
        /// Why.
        source: csv::Error,
    },
    /// It is larger than any sheet that a person keeps.
    #[error("{from} has more than {bytes_max} bytes: a sheet of objectives is smaller")]
    TooLong {
        /// The file or the URL.
        from: String,
        /// The most that is read.
        bytes_max: u64,
    },
    /// There is no response, or not all of it.
    #[error("{from} does not answer; check the address, and that it is reachable and trusted from here")]
    Unreachable {
        /// The URL.
        from: String,
        /// Why.
        source: Box<ureq::Error>,
    },
    /// A page for people came in place of CSV.
    #[error(
        "{from} is a page and not CSV: publish the sheet as CSV (File, Share, Publish to web), or read it by Google's API (--sheet)"
    )]
    IsPage {
        /// The URL.
        from: String,
    },
    /// The server of a CSV refuses.
    #[error("{from} answers {status}")]
    Refused {
        /// The URL.
        from: String,
        /// HTTP's status.
        status: u16,
    },
    /// A key file is none of a service account.
    #[error("the key file {} {what}: create one of a service account of Google, as JSON", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Neither a key file nor a metadata server.
    #[error(
        "there are no credentials of Google: name the key file of a service account (--key-file, `key_file` under \
         [objectives.sheet], or GOOGLE_APPLICATION_CREDENTIALS), or run where Google's cloud gives an account (workload identity)"
    )]
    NoCredentials {
        /// Why the metadata server gives none.
        source: Box<SourceError>,
    },
    /// Google gave no token.
    #[error(
        "Google gives no token ({status}: {message}): is the key still valid, and the clock of this machine right?"
    )]
    NoToken {
        /// HTTP's status.
        status: u16,
        /// Google's message.
        message: String,
    },
    /// Google does not accept the token (401).
    #[error(
        "Google does not accept the token ({message}): is the key still valid, and the clock of this machine right?"
    )]
    Unauthenticated {
        /// Google's message.
        message: String,
    },
    /// The account may not read it (403).
    #[error(
        "the account may not read the spreadsheet {id} ({message}): share it with the service account's address as a viewer, and \
         enable the Google Sheets API in its project"
    )]
    Forbidden {
        /// The spreadsheet.
        id: String,
        /// Google's message.
        message: String,
    },
    /// There is no such spreadsheet (404).
    #[error(
        "there is no spreadsheet {id} ({message}): its id is the part of its address between `/d/` and `/edit`"
    )]
    Missing {
        /// The spreadsheet.
        id: String,
        /// Google's message.
        message: String,
    },
    /// The range is wrong (400).
    #[error(
        "Google does not read the range `{range}` ({message}): write it as A:H, or with the sheet's name as Objectives!A:H"
    )]
    Range {
        /// The range.
        range: String,
        /// Google's message.
        message: String,
    },
    /// It is unavailable for now, or too much was requested (429).
    #[error(
        "Google cannot answer now ({status}: {message}); it allows 60 reads a minute: try again in a minute"
    )]
    Unavailable {
        /// HTTP's status.
        status: u16,
        /// Google's message.
        message: String,
    },
    /// The response is none of Google's API.
    #[error("{from} does not answer as Google's API of spreadsheets does ({status})")]
    NotTheApi {
        /// The URL.
        from: String,
        /// HTTP's status.
        status: u16,
    },
}
