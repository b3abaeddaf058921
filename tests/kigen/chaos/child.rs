//! A processor in a process of its own, which ends itself where it is ordered to.

use std::io::Read;
use std::path::Path;
use std::process::Command;

use kigen_log::kafka::KafkaLog;
use kigen_processor::{Processor, TurnBounds};
use kigen_store::Store;

use super::year::open;

/// For a child: its instance.
pub(super) const INSTANCE: &str = "KIGEN_TEST_INSTANCE";
/// For a child: where Kafka is.
pub(super) const BOOTSTRAP: &str = "KIGEN_TEST_BOOTSTRAP";
/// For a child: `turn:step:signal`, the signal that it sends to itself, and when.
pub(super) const FAULT: &str = "KIGEN_TEST_FAULT";
/// How many replicas each partition has, and so how many brokers there are.
pub(super) const REPLICAS: &str = "KIGEN_TEST_REPLICAS";
/// Small, so that a day is many commits, and a tick's due work is cut by its cursor.
const BOUNDS: TurnBounds =
    TurnBounds { events_max: 64, batches_max: 8, slots_max: 16, bytes_max: 64 * 1024, due_page_max: 3 };
pub(super) const STEPS: u32 = 4;

/// Judges until stdin is closed.
pub(super) async fn child(instance: &str) {
    tracing_subscriber::fmt().with_ansi(false).init();
    let fault = std::env::var(FAULT).unwrap_or_default();
    let mut end = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0]));
    let bootstrap = std::env::var(BOOTSTRAP).expect("the brokers");
    let log = tokio::select! {
        _ = &mut end => return,
        log = open(&bootstrap, replicas(), instance) => log,
    };
    let (store, _) = Store::open(Path::new("store")).expect("a store");
    let mut processor = Processor::open(log, store, BOUNDS).expect("a processor");
    for turn in 0.. {
        let die = |step: u32| {
            if let Some(signal) = fault.strip_prefix(&format!("{turn}:{step}:")) {
                send(std::process::id(), signal);
            }
        };
        let judged = tokio::select! {
            _ = &mut end => return,
            judged = judge(&mut processor, die) => judged,
        };
        if let Err(error) = judged {
            tracing::warn!("{}", kigen_ops::error_chain(&error));
            processor.restart_partitions();
        }
    }
}

/// One turn.
async fn judge(
    processor: &mut Processor<KafkaLog>,
    die: impl Fn(u32),
) -> Result<(), kigen_processor::ProcessorError> {
    let round = processor.next().await?;
    die(0);
    let staged = processor.apply(round);
    die(1);
    let committed = processor.commit(staged).await?;
    die(2);
    processor.store(committed)?;
    die(3);
    Ok(())
}

/// The number of replicas, 1 by default.
pub(super) fn replicas() -> u16 {
    std::env::var(REPLICAS).map_or(1, |replicas| replicas.parse().expect("a number of replicas"))
}

pub(super) fn send(process: u32, signal: &str) {
    let sent = Command::new("kill").args([signal, &process.to_string()]).status();
    assert!(sent.expect("a signal can be sent").success(), "no process {process}");
}
