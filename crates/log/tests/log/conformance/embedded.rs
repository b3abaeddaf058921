//! The promises over the embedded log.

use kigen_log::EmbeddedLog;
use tempfile::TempDir;

use super::{LogUnderTest, settings};

/// The log in a directory.
impl LogUnderTest for TempDir {
    type Log = EmbeddedLog;

    async fn open(&self) -> EmbeddedLog {
        EmbeddedLog::open(self.path(), settings()).expect("it opens")
    }

    /// The log of one process: another handle stands in for another process.
    async fn open_beside(&self, log: &EmbeddedLog) -> EmbeddedLog {
        log.clone()
    }
}

macro_rules! over_the_embedded_log {
    ($($promise:ident),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $promise() {
            super::$promise(tempfile::tempdir().expect("a temporary directory")).await;
        }
    )*};
}

for_each_promise!(over_the_embedded_log);
