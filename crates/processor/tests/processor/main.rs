//! The processor, over embedded, simulated and real logs.

mod chaos;
mod cut;
mod determinism;
mod disk;
mod feed;
mod forgotten;
mod isolation;
mod kills;
mod newer;
mod poison;
mod recovery;
mod rejects;
mod removal;
mod silence;
mod simulated;
mod too_large;

use std::path::Path;

use kigen_log::Log;
use kigen_processor::{Processor, TurnBounds};
use kigen_store::Store;

/// Judges until there is nothing more to judge, with a store in the folder `store`.
async fn judge_all<L: Log>(log: &L, store: &Path, bounds: TurnBounds) {
    let (store, _) = Store::open(store).expect("a store");
    let mut processor = Processor::open(log.clone(), store, bounds).expect("a processor");
    while !processor.is_idle().expect("a readable log") {
        processor.turn().await.expect("a turn");
    }
}
