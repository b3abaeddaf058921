//! The loop that judges: log to engine to log and store.
