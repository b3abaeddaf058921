//! A full disk, on a small tmpfs of its own; and damaged bytes.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use kigen_log::{Consumer, EmbeddedError, EmbeddedLog, Fate, Log, LogError, LogReader};
use kigen_model::topic::{Offset, Topic};
use kigen_testkit::small_disk;

use super::bounds::Noise;
use super::{P0, at, directory, event, joined, open, read_all, received, record, settings, shown};

/// Where the child finds its folder whose files it limits.
const DIR: &str = "KIGEN_TEST_LIMITED_DIR";

/// Generous: RocksDB checks every few seconds whether there is space again.
const RECOVERY: Duration = Duration::from_secs(120);

#[test]
fn a_full_disk_is_reported_and_loses_nothing_acknowledged_and_the_log_continues_when_there_is_space() {
    let dir = directory();
    small_disk::run_child("embedded::disk::child", dir.path(), "", "48m");
}

#[tokio::test]
#[ignore = "the child process of the test above, which starts it on a small disk"]
async fn child() {
    let dir = small_disk::dir();
    let (data, ballast) = (Path::new(&dir).join("data"), Path::new(&dir).join("ballast"));
    fs::write(&ballast, vec![1; 24 << 20]).expect("fits");
    let log = open(&data);
    let mut noise = Noise(3);
    let mut acknowledged = Vec::new();
    let error = loop {
        let value = noise.text(64 << 10);
        match log.append(vec![record(Topic::Events, "k", &value, 0)]).await {
            Ok(_) => acknowledged.push(value),
            Err(error) => break error,
        }
        assert!(acknowledged.len() < 1000, "24 MiB hold no 64");
    };
    assert!(matches!(error, LogError::Embedded(EmbeddedError::NoSpace { .. })), "{error:?}");
    assert_eq!(error.fate(), Fate::Retry);
    assert!(error.to_string().starts_with("no space is left for the event log in "), "{error}");
    for _ in 0..3 {
        let again = log.append(vec![event("still full")]).await.expect_err("still full");
        assert!(matches!(again, LogError::Embedded(EmbeddedError::NoSpace { .. })), "{again:?}");
    }
    assert_eq!(values(&log), acknowledged, "what was acknowledged is read while the disk is full");

    fs::remove_file(&ballast).expect("removes");
    let until = tokio::time::Instant::now() + RECOVERY;
    while let Err(error) = log.append(vec![event("again")]).await {
        assert!(matches!(error, LogError::Embedded(EmbeddedError::NoSpace { .. })), "{error:?}");
        assert!(tokio::time::Instant::now() < until, "not usable again: {error:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    acknowledged.push("again".to_owned());
    assert_eq!(values(&log), acknowledged);
    drop(log);
    fill(&ballast);
    let error = EmbeddedLog::open(&data, settings(2)).err().expect("nothing can be opened on a full disk");
    assert!(matches!(error, LogError::Embedded(EmbeddedError::NoSpace { .. })), "{error:?}");
    fs::remove_file(&ballast).expect("removes");
    let log = open(&data);
    assert_eq!(values(&log), acknowledged, "the same after a restart");
    assert_eq!(log.latest(Topic::Events, P0).expect("has an end"), Offset(acknowledged.len() as u64));
}

#[test]
fn the_log_continues_by_itself_after_an_error_on_which_rocksdb_gives_up() {
    let dir = directory();
    // The signal of the limit on files would end the process.
    let script = "trap '' XFSZ && exec \"$1\" --exact embedded::disk::limited_child --ignored --nocapture";
    let exe = std::env::current_exe().expect("this test's path");
    let output = Command::new("sh").args(["-c", script, "sh"]).arg(exe).env(DIR, dir.path()).output();
    let output = output.expect("runs");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{out}\n{err}");
}

#[tokio::test]
#[ignore = "the child process of the test above, whose files it limits"]
async fn limited_child() {
    let dir = std::env::var(DIR).expect("started by a test");
    let log = open(Path::new(&dir));
    let mut consumer = joined(&log, Topic::Events).await;
    log.append(vec![event("a")]).await.expect("appends");
    assert_eq!(received(&mut consumer, 10).await, ["0:c/n/b=a"]);
    limit_files("4096:");
    let large = record(Topic::Events, "k", &Noise(5).text(64 << 10), 0);
    for _ in 0..3 {
        let error = log.append(vec![large.clone()]).await.expect_err("larger than a file may be");
        assert!(matches!(error, LogError::Embedded(EmbeddedError::Io { .. })), "{error:?}");
    }
    assert_eq!(shown(&read_all(&log, Topic::Events)), ["0:c/n/b=a"], "it is read meanwhile");

    limit_files("unlimited:");
    let until = tokio::time::Instant::now() + RECOVERY;
    while let Err(error) = log.append(vec![event("b")]).await {
        assert!(tokio::time::Instant::now() < until, "not usable again: {error:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(received(&mut consumer, 10).await, ["1:c/n/b=b"], "consumers continue, too");
    drop((consumer, log));
    assert_eq!(shown(&read_all(&open(Path::new(&dir)), Topic::Events)), ["0:c/n/b=a", "1:c/n/b=b"]);
}

/// Sets the size that a file of this process may have.
fn limit_files(bytes: &str) {
    let mut command = Command::new("prlimit");
    command.arg(format!("--pid={}", std::process::id())).arg(format!("--fsize={bytes}"));
    assert!(command.status().expect("prlimit runs").success());
}

#[tokio::test]
async fn a_damaged_record_is_named_and_the_rest_is_still_read() {
    let dir = directory();
    let log = open(dir.path());
    log.append(vec![event("a"), event("b"), event("c")]).await.expect("appends");
    drop(log);
    overwrite(dir.path(), b"\x02\x01\0\0\0\0\0\0\0\0\0\0\0\x01", b"\x09noise");
    let log = open(dir.path());
    assert_eq!(shown(&read_all(&log, Topic::Events)), ["0:c/n/b=a"], "what precedes it comes first");
    let error = log.read(Topic::Events, P0, Offset(1), 10, 1000).expect_err("damaged");
    assert_eq!(
        error.to_string(),
        "the record at kigen.events partition 0 offset 1 is damaged (its version is unknown): check the disk; \
         reading continues at the next offset"
    );
    assert_eq!(error.fate(), Fate::Reject);

    let mut consumer = joined(&log, Topic::Events).await;
    assert_eq!(received(&mut consumer, 10).await, ["0:c/n/b=a"]);
    for _ in 0..2 {
        consumer.next(10, 1000).await.expect_err("it is met again until a seek after it");
    }
    assert_eq!(log.offset_for_time(Topic::Events, P0, at(0)).expect("finds"), Offset(0));
    log.trim(at(0)).await.expect("a damaged record does not keep the log from being trimmed");
    consumer.seek(P0, Offset(2)).await.expect("seeks");
    assert_eq!(received(&mut consumer, 10).await, ["2:c/n/b=c"]);
}

#[test]
fn damaged_entries_and_newer_formats_are_refused_by_name() {
    let dir = directory();
    drop(open(dir.path()));
    overwrite(dir.path(), b"\x03\x01\0\0\0\0", b"noise");
    let error = EmbeddedLog::open(dir.path(), settings(2)).err().expect("refused");
    assert!(
        error.to_string().contains("is damaged (entry 030100000000: not the bounds of a partition)"),
        "{error}"
    );
    assert_eq!(error.fate(), Fate::Stop);
    overwrite(dir.path(), b"\x01", b"\0\0\0\x02\0\0\0\x02");
    let error = EmbeddedLog::open(dir.path(), settings(2)).err().expect("refused");
    assert!(
        error.to_string().contains("has format 2, and this kigen knows 1: run the newer kigen"),
        "{error}"
    );
    assert!(EmbeddedLog::open_beside(dir.path()).is_err());
}

fn overwrite(path: &Path, key: &[u8], value: &[u8]) {
    let db = rocksdb::DB::open_default(path.join("rocksdb")).expect("opens");
    db.put(key, value).expect("writes");
}

/// Takes all the space that is left.
fn fill(ballast: &Path) {
    let mut file = fs::File::create(ballast).expect("creates");
    for size in [1 << 20, 1 << 12, 1] {
        while file.write_all(&vec![1; size]).is_ok() {}
    }
}

fn values(log: &EmbeddedLog) -> Vec<String> {
    let text = |value: Option<Vec<u8>>| String::from_utf8(value.expect("a value")).expect("text");
    read_all(log, Topic::Events).into_iter().map(|record| text(record.value)).collect()
}
