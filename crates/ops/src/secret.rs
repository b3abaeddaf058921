//! A password or token, which no debug output shows.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A password or token.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// Given as text.
    Text(String),
    /// In the first line of a file, such as a mounted Secret of Kubernetes, which is read again for each use.
    File(PathBuf),
}

impl Secret {
    /// The file, if it is in one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Text(_) => None,
            Self::File(path) => Some(path),
        }
    }

    /// The present text.
    ///
    /// # Errors
    /// The file cannot be read, or its first line is empty.
    pub fn read(&self) -> io::Result<String> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::File(path) => {
                let text = std::fs::read_to_string(path)?;
                let line = text.lines().next().unwrap_or_default().trim();
                if line.is_empty() {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "its first line is empty"));
                }
                Ok(line.to_owned())
            }
        }
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// Without the text.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text(hidden)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}
