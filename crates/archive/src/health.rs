//! The archive's readiness, as its probe reports it.

use std::sync::{Arc, Mutex, PoisonError};

/// The archive's health. Clones share it.
#[derive(Clone, Debug)]
pub struct Health(Arc<Mutex<Result<u64, String>>>);

impl Default for Health {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Err("the archive was not read yet".to_owned()))))
    }
}

impl Health {
    /// Whether days are archived, with a summary.
    ///
    /// # Errors
    /// Why it is not ready.
    pub fn readiness(&self) -> Result<String, String> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        state.map(|files| {
            format!("all days that are over are archived; {files} files were written since the start")
        })
    }

    /// Sets how many files were written since the start, or why no more are.
    pub(crate) fn set(&self, state: Result<u64, String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}
