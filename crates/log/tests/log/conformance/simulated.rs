//! The promises over the simulated log.

use kigen_testkit::simulated::{Faults, SimulatedLog};

use super::{LogUnderTest, settings};

/// In memory, so that each handle is to the same log, also after a restart.
impl LogUnderTest for SimulatedLog {
    type Log = Self;

    async fn open(&self) -> Self {
        self.clone()
    }

    async fn open_beside(&self, log: &Self) -> Self {
        log.clone()
    }
}

macro_rules! over_the_simulated_log {
    ($($promise:ident),* $(,)?) => {$(
        #[tokio::test]
        async fn $promise() {
            super::$promise(SimulatedLog::new(settings(), Faults::default(), 0)).await;
        }
    )*};
}

for_each_promise!(over_the_simulated_log);
