//! Where the rows of a sheet of objectives come from: Google's API, or CSV of a file or a URL.
//!
//! A row is its number and its cells as a person sees them. What they mean is read elsewhere (`kigen-objective`).

mod address;
mod credentials;
mod csv;
mod error;
mod google;
mod http;
mod row;
mod source;

pub use address::{Account, GOOGLE_API, GoogleSheet, METADATA_HOST, RANGE_DEFAULT};
pub use error::SourceError;
pub use row::Row;
pub use source::{Source, SourceReader};
