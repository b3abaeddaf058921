//! The suite over the embedded log.

use std::path::Path;

use kigen_log::EmbeddedLog;

use crate::settings;

fn open(path: &Path) -> EmbeddedLog {
    EmbeddedLog::open(path, settings()).expect("it opens")
}

macro_rules! over_the_embedded_log {
    ($($promise:ident),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $promise() {
            let dir = tempfile::tempdir().expect("a temporary directory");
            crate::$promise(open(dir.path())).await;
        }
    )*};
}

over_the_embedded_log!(
    order_is_kept,
    a_commit_is_whole,
    a_commit_that_fails_leaves_nothing,
    a_time_is_sought,
    a_member_goes_where_it_is_told,
    the_last_of_a_key_stays,
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_older_generation_is_fenced() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let log = open(dir.path());
    crate::the_older_generation_is_fenced(log.clone(), log).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_loses_nothing() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    crate::a_restart_loses_nothing(open(dir.path()), async || open(dir.path())).await;
}
