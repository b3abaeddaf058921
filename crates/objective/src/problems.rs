//! The errors of a file, each with its line.

use std::fmt;

/// The errors of a file, by line.
#[derive(Debug, Default)]
pub struct Problems(Vec<(u64, String)>);

impl Problems {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Adds an error on this line.
    pub fn add(&mut self, line: u64, text: String) {
        self.0.push((line, text));
    }

    /// The errors without their lines.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, text)| text.as_str())
    }

    /// Puts them in the order of their lines.
    pub(crate) fn sort(&mut self) {
        self.0.sort();
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, (line, text)) in self.0.iter().enumerate() {
            let end = if nth + 1 < self.0.len() { "\n" } else { "" };
            write!(f, "line {line}: {text}{end}")?;
        }
        Ok(())
    }
}
