//! The address of a spreadsheet of Google, and the account that reads it.

use std::path::PathBuf;

/// The base URL of Google's API of spreadsheets.
pub const GOOGLE_API: &str = "https://sheets.googleapis.com";
/// The range that is read by default: the first sheet, from its first row.
pub const RANGE_DEFAULT: &str = "A:Z";
/// The host of the server that gives a machine of Google's cloud, or a pod of GKE, the tokens of its account.
pub const METADATA_HOST: &str = "metadata.google.internal";

/// A range of a spreadsheet of Google.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoogleSheet {
    /// The spreadsheet's id: in its address the part between `/d/` and `/edit`.
    pub id: String,
    /// The range in A1 notation, such as `A:H` or `Objectives!A:H`.
    pub range: String,
    /// The account that reads it.
    pub account: Account,
    /// The base URL of the API, without a slash at the end.
    pub api_url: String,
}

/// An account of Google.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// The service account of this key file.
    KeyFile(PathBuf),
    /// That of the machine or, by workload identity, of the pod.
    Machine {
        /// The host of its metadata server.
        metadata_host: String,
    },
}
