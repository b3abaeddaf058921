//! Figures on this machine, printed: `cargo test -p kigen-log --release -- --ignored measure --nocapture`.

use std::time::Instant;

use kigen_model::topic::{Offset, Topic};

use crate::bounds::Noise;
use crate::{P0, directory, open, record};

const RECORDS: usize = 300_000;
const AT_ONCE: usize = 1000;

#[tokio::test]
#[ignore = "a measurement, without an expectation"]
async fn measure_appends_scans_and_compaction() {
    let dir = directory();
    let log = open(dir.path());
    let mut noise = Noise(5);
    let value = noise.text(200);
    for (topic, keys) in [(Topic::Events, usize::MAX), (Topic::Status, 10_000)] {
        let mut took = std::time::Duration::ZERO;
        for round in 0..RECORDS / AT_ONCE {
            let key = |i| format!("cluster/namespace/batch-{}", (round * AT_ONCE + i) % keys);
            let records = (0..AT_ONCE).map(|i| record(topic, &key(i), &value, 0)).collect();
            let start = Instant::now();
            log.append(records).await.expect("appends");
            took += start.elapsed();
        }
        println!(
            "{topic}: append {:.2} us a record, {AT_ONCE} at once, each with fsync",
            per_record(took, RECORDS)
        );
        let start = Instant::now();
        let (mut from, mut read) = (Offset(0), 0);
        loop {
            let records = log.read(topic, P0, from, AT_ONCE, usize::MAX).expect("reads");
            let Some(last) = records.last() else { break };
            from = last.offset.next();
            read += records.len();
        }
        println!("{topic}: scan {:.2} us a record, {read} records", per_record(start.elapsed(), read));
    }
    let start = Instant::now();
    for i in 0..100 {
        log.append(vec![record(Topic::Events, "k", &value, i)]).await.expect("appends");
    }
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let memory = status.lines().filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS"));
        memory.for_each(|line| println!("{line}"));
    }
    println!("append of a single record {:.0} us", per_record(start.elapsed(), 100));
}

fn per_record(took: std::time::Duration, records: usize) -> f64 {
    took.as_secs_f64() * 1e6 / records as f64
}
