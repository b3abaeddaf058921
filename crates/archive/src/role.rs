//! Archives each day once it is over, until the process stops.

use std::time::Duration;

use kigen_log::LogReader;
use kigen_ops::{Retry, ThrottledWarnings, error_chain, on_thread};

use crate::address::Address;
use crate::archiver::Archiver;
use crate::health::Health;

/// How often the log is read on.
const INTERVAL: Duration = Duration::from_secs(10);
/// The delays before what failed is attempted again.
const DELAY_MS_MIN: u64 = 1_000;
const DELAY_MS_MAX: u64 = 60_000;

/// Archives until `until` completes. What fails is logged and attempted again.
pub async fn run<R: LogReader + 'static>(
    reader: R,
    address: Address,
    (health, warnings): (Health, ThrottledWarnings),
    until: impl Future<Output = ()>,
) {
    let mut retry = Retry::new(warnings, DELAY_MS_MIN, DELAY_MS_MAX);
    let archiving = async {
        let (mut archiver, mut files) = (Archiver::new(reader, address), 0);
        loop {
            // A file that is being written when the process stops is not there.
            let (done, round) = on_thread(move || {
                let round = archiver.round();
                (archiver, round)
            })
            .await;
            archiver = done;
            match round {
                Ok(written) => {
                    files += written;
                    health.set(Ok(files));
                    retry.succeeded();
                    tokio::time::sleep(INTERVAL).await;
                }
                Err(error) => {
                    health.set(Err(error_chain(&error)));
                    retry.failed(&error).await;
                }
            }
        }
    };
    tokio::select! {
        () = archiving => {}
        () = until => {}
    }
}
