//! A full disk, on a small tmpfs of its own.

use kigen_archive::Archiver;
use kigen_log::EmbeddedLog;
use kigen_testkit::small_disk;

use crate::support::{address, all, archived, files, hour, log, write};

const HOURS: i64 = 24 * 7 + 5;

#[tokio::test]
async fn a_full_disk_is_reported_leaves_whole_files_and_archiving_goes_on_when_there_is_space() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(dir.path().join("small")).expect("a folder");
    let log = log(&dir.path().join("log"));
    write(&log, 0..HOURS).await;
    drop(log);
    small_disk::run_child("disk::child", dir.path(), "small", "256k");
}

#[tokio::test]
#[ignore = "the child process of the test above, which starts it beside a small disk"]
async fn child() {
    let dir = small_disk::dir();
    let (folder, ballast) = (dir.join("small/archive"), dir.join("small/ballast"));
    let log = log(&dir.join("log"));
    let whole = all(&log, 1_000).expect("it is read");
    std::fs::write(&ballast, vec![1; 200 << 10]).expect("it fits");
    let beside = EmbeddedLog::open_beside(&dir.join("log")).expect("a log");
    let mut archiver = Archiver::new(beside, address(&folder));
    let full = archiver.round().expect_err("the disk is full");
    let full = kigen_ops::error_chain(&full);
    assert!(full.contains("cannot be written") && full.contains("No space left"), "{full}");
    let before = files(&folder);
    assert!(!before.is_empty() && before.len() < 17, "{before:?}");
    archiver.round().expect_err("it is still full");
    std::fs::remove_file(&ballast).expect("there is space");
    let written = archiver.round().expect("it archives");
    assert_eq!(files(&folder).len(), 17, "{:?} and {written}", files(&folder));
    log.trim(hour(HOURS)).await.expect("it trims");
    assert!(all(&archived(&log, &folder), 1_000).expect("it is read") == whole);
}
