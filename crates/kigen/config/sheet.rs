//! The sheet of objectives in the configuration: `[objectives.sheet]`, and the flags of one command.

use std::path::{Path, PathBuf};

use kigen_sheet::{Account, GOOGLE_API, GoogleSheet, METADATA_HOST, RANGE_DEFAULT, Source};
use serde::Deserialize;

use super::error::ConfigError;
use super::show::show;
use crate::cli::PullArgs;

/// How often the sheet is read: Google allows a user 60 reads a minute.
const POLL_INTERVAL_MS_DEFAULT: u64 = 60_000;
const POLL_INTERVAL_MS_MIN: u64 = 100;
const POLL_INTERVAL_MS_MAX: u64 = 24 * 3_600_000;

/// `[objectives]` of the file.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ObjectivesFile {
    pub(super) sheet: Option<SheetFile>,
}

/// `[objectives.sheet]` of the file.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SheetFile {
    /// The id of a Google sheet.
    id: Option<String>,
    /// Its cells, such as `A:H`.
    range: Option<String>,
    /// A file or URL of CSV, in place of a Google sheet.
    csv: Option<String>,
    /// The key of a service account (JSON); by default the identity of the pod or machine.
    key_file: Option<PathBuf>,
    /// The namespace of jobs that have none.
    namespace: Option<String>,
    /// Milliseconds between two reads: 100 to 86,400,000, by default 60,000.
    poll_interval_ms: Option<u64>,
    /// The base of Google's API, where it is not Google's own.
    api_url: Option<String>,
}

/// A sheet of objectives.
#[derive(Clone, Debug)]
pub(crate) struct SheetSettings {
    pub(crate) source: Source,
    /// That of jobs that have none.
    pub(crate) namespace: Option<String>,
    pub(crate) poll_interval_ms: u64,
}

impl SheetFile {
    /// What the file configures, with these flags in place of it.
    pub(crate) fn with(mut self, args: &PullArgs) -> Self {
        if args.csv.is_some() || args.sheet.is_some() {
            (self.csv, self.id) = (args.csv.clone(), args.sheet.clone());
        }
        self.range = args.range.clone().or(self.range);
        self.key_file = args.key_file.clone().or(self.key_file);
        self
    }

    /// The sheet that it names.
    ///
    /// # Errors
    /// It names none or two, or a value is out of its range.
    pub(crate) fn resolve(self) -> Result<SheetSettings, ConfigError> {
        let Self { id, range, csv, key_file, namespace, poll_interval_ms, api_url } = self;
        let source = match (id, csv) {
            (Some(id), None) => Source::Google(GoogleSheet {
                id,
                range: range.unwrap_or_else(|| RANGE_DEFAULT.to_owned()),
                account: account(key_file),
                api_url: api_url
                    .map_or_else(|| GOOGLE_API.to_owned(), |url| url.trim_end_matches('/').to_owned()),
            }),
            (None, Some(place)) => Source::csv(&place),
            (None, None) => return Err(ConfigError::NoSheet),
            (Some(_), Some(_)) => return Err(ConfigError::TwoSheets),
        };
        let poll_interval_ms = poll_interval_ms.unwrap_or(POLL_INTERVAL_MS_DEFAULT);
        if !(POLL_INTERVAL_MS_MIN..=POLL_INTERVAL_MS_MAX).contains(&poll_interval_ms) {
            return Err(ConfigError::OutOfRange {
                what: "objectives.sheet.poll_interval_ms",
                value: poll_interval_ms.to_string(),
                rule: format!("it may be {POLL_INTERVAL_MS_MIN} to {POLL_INTERVAL_MS_MAX}"),
            });
        }
        Ok(SheetSettings { source, namespace, poll_interval_ms })
    }

    /// The part of the file that would give it.
    pub(super) fn show(&self, text: &mut String) {
        use std::fmt::Write;
        let Self { id, range, csv, key_file, namespace, poll_interval_ms, api_url } = self;
        let _ = writeln!(text, "\n[objectives.sheet]");
        show(text, "id", id.as_deref());
        show(text, "range", range.as_deref().or(id.as_ref().map(|_| RANGE_DEFAULT)));
        show(text, "csv", csv.as_deref());
        let key_file = key_file.as_deref().map(Path::display).map(|path| path.to_string());
        show(text, "key_file", key_file.as_deref());
        show(text, "namespace", namespace.as_deref());
        let _ = writeln!(text, "poll_interval_ms = {}", poll_interval_ms.unwrap_or(POLL_INTERVAL_MS_DEFAULT));
        show(text, "api_url", api_url.as_deref());
    }
}

/// The account of a key file, else that of the environment by Google's own variables.
fn account(key_file: Option<PathBuf>) -> Account {
    let of_environment = || std::env::var_os("GOOGLE_APPLICATION_CREDENTIALS").map(PathBuf::from);
    match key_file.or_else(of_environment) {
        Some(path) => Account::KeyFile(path),
        None => Account::Machine {
            metadata_host: std::env::var("GCE_METADATA_HOST").unwrap_or_else(|_| METADATA_HOST.to_owned()),
        },
    }
}
