//! Judges all that a log has, and measures where the time goes.

use std::path::Path;
use std::time::{Duration, Instant as RealInstant};

use kigen_log::Log;
use kigen_processor::{Processor, TurnBounds};
use kigen_store::Store;
use kigen_testkit::process::processor_time;

/// Where a processor's time goes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Shares {
    pub(crate) poll: Duration,
    pub(crate) fold: Duration,
    pub(crate) commit: Duration,
    pub(crate) store: Duration,
    pub(crate) commits: u32,
    /// The processor time of all threads of this process, librdkafka's and RocksDB's included.
    pub(crate) processors: Duration,
}

impl Shares {
    pub(crate) fn whole(&self) -> Duration {
        self.poll + self.fold + self.commit + self.store
    }

    /// A part in percent of the whole.
    pub(crate) fn percent(&self, part: Duration) -> f64 {
        100.0 * part.as_secs_f64() / self.whole().as_secs_f64()
    }
}

/// Judges all events; returns the time of each step, from the first poll with events on.
pub(crate) async fn judge<L: Log>(log: &L, store: &Path) -> Shares {
    let (store, _) = Store::open(store).expect("a store");
    let mut processor = Processor::open(log.clone(), store, TurnBounds::default()).expect("a processor");
    let mut shares = Shares::default();
    let mut polls = 0;
    let mut taken_before = Duration::ZERO;
    while !processor.is_idle().expect("a readable log") {
        let began = RealInstant::now();
        let poll = processor.next().await.expect("events");
        let polled = RealInstant::now();
        let has_events = poll.events() > 0;
        let staged = processor.apply(poll);
        let folded = RealInstant::now();
        let committed = processor.commit(staged).await.expect("a commit");
        let taken = RealInstant::now();
        processor.store(committed).expect("a write of the store");
        if has_events {
            polls += 1;
            // The first poll includes joining the group, which is not measured.
            if polls > 1 {
                shares.poll += polled - began;
            } else {
                taken_before = processor_time(std::process::id());
            }
            shares.fold += folded - polled;
            shares.commit += taken - folded;
            shares.store += taken.elapsed();
            shares.commits += 1;
        }
    }
    shares.processors = processor_time(std::process::id()) - taken_before;
    shares
}
