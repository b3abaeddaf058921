//! The suite over the simulated log of the tests, so that what they find with it holds of the real ones.

use kigen_testkit::simulated::{Faults, SimulatedLog};

use crate::settings;

fn open() -> SimulatedLog {
    SimulatedLog::new(settings(), Faults::default(), 0)
}

macro_rules! over_the_simulated_log {
    ($($promise:ident),* $(,)?) => {$(
        #[tokio::test]
        async fn $promise() {
            crate::$promise(open()).await;
        }
    )*};
}

over_the_simulated_log!(
    order_is_kept,
    a_commit_is_whole,
    a_commit_that_fails_leaves_nothing,
    a_time_is_sought,
    a_member_goes_where_it_is_told,
    the_last_of_a_key_stays,
);

#[tokio::test]
async fn the_older_generation_is_fenced() {
    let log = open();
    crate::the_older_generation_is_fenced(log.clone(), log).await;
}

#[tokio::test]
async fn a_restart_loses_nothing() {
    let log = open();
    crate::a_restart_loses_nothing(log.clone(), async move || log).await;
}
