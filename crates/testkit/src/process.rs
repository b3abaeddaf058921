//! What the kernel says of a process (Linux).

use std::time::Duration;

/// Hundredths of a second: what Linux calls `USER_HZ`, on every machine that it runs on today.
const TICK_MS: u64 = 10;

/// The resident memory of a process that runs: now, and at most so far.
///
/// # Panics
/// There is no such process.
#[must_use]
pub fn memory(id: u32) -> String {
    let status = told(id, "status");
    let mib = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).expect("Linux says it");
        let kib: f64 = line.split_whitespace().nth(1).expect("a number").parse().expect("a number");
        kib / 1_024.0
    };
    format!("{:.0} MiB resident, {:.0} MiB at most", mib("VmRSS:"), mib("VmHWM:"))
}

/// What a process that runs took of the processors so far, in user and system mode.
///
/// # Panics
/// There is no such process.
#[must_use]
pub fn processor_time(id: u32) -> Duration {
    let stat = told(id, "stat");
    // The name before them may have spaces; utime and stime are the 14th and 15th field.
    let (_, fields) = stat.rsplit_once(')').expect("a name");
    let fields = fields.split_whitespace().skip(11).take(2);
    Duration::from_millis(TICK_MS * fields.map(|field| field.parse::<u64>().expect("a number")).sum::<u64>())
}

fn told(id: u32, file: &str) -> String {
    std::fs::read_to_string(format!("/proc/{id}/{file}")).expect("it runs")
}
