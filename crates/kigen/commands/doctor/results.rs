//! The results of the checks: counted, and each printed at once.

use crate::output::print;

/// The results so far.
#[derive(Default)]
pub(super) struct Results {
    pub(super) checks: usize,
    pub(super) wrong: usize,
}

impl Results {
    /// Counts and prints one check: the state that it found, or what is wrong and how to fix it.
    pub(super) fn add(&mut self, what: &str, outcome: Result<String, String>) -> anyhow::Result<()> {
        self.checks += 1;
        self.wrong += usize::from(outcome.is_err());
        let (level, text) = match outcome {
            Ok(state) => ("ok", state),
            Err(reason) => ("WRONG", reason),
        };
        print(&format!("{level:<6} {what:<28} {text}\n"))
    }
}
