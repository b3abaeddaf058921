//! Other processes: one that is killed while it commits, and one that is read while it writes.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use kigen_log::{
    AtomicWrite, EmbeddedError, EmbeddedLog, Log, LogError, LogReader, NewRecord, Retention, Settings,
};
use kigen_model::topic::{Offset, Partition, Topic};

use super::bounds::Noise;
use super::{P0, at, directory, event, open, position, read_all, record, settings};

/// Where the child finds its log.
const DIR: &str = "KIGEN_TEST_LOG_DIR";

#[test]
fn killed_at_any_moment_outputs_and_position_agree_and_nothing_acknowledged_is_lost() {
    let dir = directory();
    let mut before = 0;
    for round in 0..20_u64 {
        let (mut child, mut lines) = start(dir.path());
        let mut acknowledged = before;
        // From an early death to one after some dozens of commits; the rest of the moment is the scheduler's.
        for _ in 0..=(round * 7 % 40) {
            acknowledged = next_line(&mut lines).expect("the child commits");
        }
        child.kill().expect("kills");
        child.wait().expect("dies");
        while let Some(line) = next_line(&mut lines) {
            acknowledged = line;
        }
        let log = open(dir.path());
        let position = log.position("process", Topic::Events, P0).expect("reads").expect("was committed").0;
        let alerts = log.latest(Topic::Alerts, Partition(1)).expect("has an end").0;
        let events = read_all(&log, Topic::Events);
        let status = read_all(&log, Topic::Status);
        assert_eq!(alerts, position, "round {round}");
        assert_eq!(events.len() as u64, 2 * position, "round {round}");
        assert_eq!(status.len(), 1, "round {round}: a status replaced and its successor go together");
        assert_eq!(status[0].value, Some(position.to_string().into_bytes()), "round {round}");
        assert!(
            (acknowledged..=acknowledged + 1).contains(&position),
            "round {round}: {acknowledged} {position}"
        );
        before = position;
    }
}

#[test]
fn a_running_log_is_read_from_another_process() {
    let dir = directory();
    assert!(
        matches!(EmbeddedLog::open_beside(dir.path()), Err(LogError::Embedded(EmbeddedError::Absent { .. }))),
        "no log yet"
    );
    let (mut child, mut lines) = start(dir.path());
    next_line(&mut lines).expect("the child commits");
    let reader = EmbeddedLog::open_beside(dir.path()).expect("opens beside");
    assert!(matches!(
        EmbeddedLog::open(dir.path(), settings(2)),
        Err(LogError::Embedded(EmbeddedError::InUse { .. }))
    ));
    assert_eq!(reader.partitions(), 2);
    for _ in 0..5 {
        let mut acknowledged = 0;
        for _ in 0..20 {
            acknowledged = next_line(&mut lines).expect("the child commits");
        }
        reader.refresh().expect("refreshes");
        let position =
            reader.position("process", Topic::Events, P0).expect("reads").expect("was committed").0;
        assert!(position >= acknowledged, "what was acknowledged before the refresh is seen");
        assert_eq!(reader.latest(Topic::Alerts, Partition(1)).expect("has an end"), Offset(position));
        let events = reader.read(Topic::Events, P0, Offset(0), usize::MAX, usize::MAX).expect("reads");
        assert_eq!(events.len() as u64, 2 * position);
        let status = reader.read(Topic::Status, P0, Offset(0), 10, 1000).expect("reads");
        assert_eq!(status.len(), 1);
    }
    child.kill().expect("kills");
    child.wait().expect("dies");
    let reader = EmbeddedLog::open_beside(dir.path()).expect("opens what no process writes any more");
    assert!(reader.latest(Topic::Events, P0).expect("has an end") > Offset(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_has_no_holes_while_files_are_written_and_deleted_under_it() {
    let dir = directory();
    let events = Retention { age_ms_max: u64::MAX, partition_bytes_max: 1 << 20 };
    let log = EmbeddedLog::open(dir.path(), Settings { events, ..settings(2) }).expect("opens");
    let reader = EmbeddedLog::open_beside(dir.path()).expect("opens beside");
    let writer = tokio::spawn(async move {
        let value = Noise(7).text(64 << 10);
        for round in 0..100 {
            let mut records: Vec<_> = (0..20).map(|_| event(&value)).collect();
            records.push(record(Topic::Status, &format!("k{}", round % 10), "v", 0));
            log.append(records).await.expect("appends");
            log.trim(at(0)).await.expect("trims");
        }
        log
    });
    loop {
        let written = writer.is_finished();
        reader.refresh().expect("refreshes");
        let (start, end) = (reader.earliest(Topic::Events, P0), reader.latest(Topic::Events, P0));
        let (start, end) = (start.expect("has a start").0, end.expect("has an end").0);
        let seen = reader.read(Topic::Events, P0, Offset(0), usize::MAX, usize::MAX).expect("reads");
        assert!(
            seen.iter().map(|r| r.offset.0).eq(start..end),
            "of {start}..{end} only {} are seen",
            seen.len()
        );
        let seen = reader.read(Topic::Status, P0, Offset(0), usize::MAX, usize::MAX).expect("reads");
        let (rounds, seen) = (end / 20, seen.iter().map(|r| r.offset.0));
        assert!(seen.eq(rounds.saturating_sub(10)..rounds), "the last ten of {rounds} statuses");
        if written {
            break;
        }
    }
    let log = writer.await.expect("writes");
    assert_eq!(
        reader.latest(Topic::Events, P0).expect("has an end"),
        log.latest(Topic::Events, P0).expect("has an end")
    );
}

/// Commits until it is killed, and prints each position after it is acknowledged.
#[tokio::test]
#[ignore = "the child process of the tests above, which start it"]
async fn child() {
    let dir = std::env::var(DIR).expect("started by a test");
    let log = open(Path::new(&dir));
    let mut next = log.position("process", Topic::Events, P0).expect("reads").map_or(0, |next| next.0);
    loop {
        let alert = NewRecord { partition: Partition(1), ..record(Topic::Alerts, "k", "alert", 0) };
        let status = record(Topic::Status, "k", &(next + 1).to_string(), 0);
        let write = AtomicWrite {
            outputs: vec![event("a"), alert, event("b"), status],
            positions: vec![position(next + 1)],
        };
        log.commit(write).await.expect("commits");
        next += 1;
        let mut out = std::io::stdout().lock();
        // The leading line break separates it from the output of the test harness.
        writeln!(out, "\n{next}").expect("the parent reads");
    }
}

fn start(dir: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().expect("this test's path"))
        .args(["--exact", "embedded::crash::child", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let lines = BufReader::new(child.stdout.take().expect("piped"));
    (child, lines)
}

/// The next number; `None` when the child is dead and all its output is read.
fn next_line(lines: &mut BufReader<ChildStdout>) -> Option<u64> {
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).expect("reads") == 0 {
            return None;
        }
        if line.ends_with('\n')
            && let Ok(number) = line.trim().parse()
        {
            return Some(number);
        }
    }
}
