//! The recordings of a real API server.

use std::path::PathBuf;

use kigen_playback::history::History;

pub(crate) fn fixture(name: &str) -> PathBuf {
    fixtures().join(format!("{name}.jsonl.gz"))
}

/// Cargo runs a test in its package's folder. The path is not compiled in: another checkout may share the build.
pub(crate) fn fixtures() -> PathBuf {
    PathBuf::from("../../tests/fixtures/kubernetes")
}

pub(crate) fn recorded(name: &str) -> History {
    History::from_recording(fixture(name)).expect("the recording is complete")
}
