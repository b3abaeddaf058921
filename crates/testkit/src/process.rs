//! Child processes that a failed test or bench does not leave behind, and their memory and processor time, from Linux' `/proc`.

use std::process::Child;
use std::time::Duration;

/// The unit of times in `/proc`, `USER_HZ`: a hundredth of a second on all architectures of today.
const TICK_MS: u64 = 10;

/// A child process that is killed when dropped.
#[derive(Debug)]
pub struct Background(pub Child);

impl Drop for Background {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The resident memory of a running process: now, and its peak.
///
/// # Panics
/// There is no such process.
#[must_use]
pub fn memory(id: u32) -> String {
    let status = read_proc(id, "status");
    let mib = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).expect("a line of this name");
        let kib: f64 = line.split_whitespace().nth(1).expect("a number").parse().expect("a number");
        kib / 1_024.0
    };
    format!("{:.0} MiB resident, {:.0} MiB at most", mib("VmRSS:"), mib("VmHWM:"))
}

/// The processor time that a running process has used so far, in user and system mode.
///
/// # Panics
/// There is no such process.
#[must_use]
pub fn processor_time(id: u32) -> Duration {
    let stat = read_proc(id, "stat");
    // The name before the last parenthesis may contain spaces; utime and stime are the 14th and 15th field.
    let (_, fields) = stat.rsplit_once(')').expect("a name");
    let fields = fields.split_whitespace().skip(11).take(2);
    Duration::from_millis(TICK_MS * fields.map(|field| field.parse::<u64>().expect("a number")).sum::<u64>())
}

/// The bytes that a running process has written to disks so far, as Linux counts them: of a page that is written several times
/// before it is on the disk, once.
///
/// # Panics
/// There is no such process, or it is another user's.
#[must_use]
pub fn bytes_written(id: u32) -> u64 {
    let io = read_proc(id, "io");
    let line = io.lines().find_map(|line| line.strip_prefix("write_bytes: ")).expect("a line of this name");
    line.trim().parse().expect("a number")
}

/// Makes the resident memory that this process has now its peak.
///
/// # Panics
/// Linux does not allow it.
pub fn forget_memory_peak() {
    std::fs::write("/proc/self/clear_refs", "5").expect("a process may reset its own peak");
}

fn read_proc(id: u32, file: &str) -> String {
    std::fs::read_to_string(format!("/proc/{id}/{file}")).expect("a running process")
}
