//! A full disk, on a small tmpfs of its own.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use kigen_archive::Archiver;
use kigen_log::EmbeddedLog;

use crate::support::{address, all, archived, files, hour, log, write};

/// Where the child finds its log and, below it, its small disk.
const DIR: &str = "KIGEN_TEST_SMALL_DISK";
/// How the small disk is mounted, visible to the child only: as root, or as root of a user namespace.
const UNSHARES: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
const HOURS: i64 = 24 * 7 + 5;

#[tokio::test]
async fn a_full_disk_is_reported_leaves_whole_files_and_archiving_goes_on_when_there_is_space() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(dir.path().join("small")).expect("a folder");
    let log = log(&dir.path().join("log"));
    write(&log, 0..HOURS).await;
    let mount = "mount -t tmpfs -o size=256k kigen-test \"$1/small\"";
    let unshare = |how: &[&str], script: &str| {
        let mut command = Command::new("unshare");
        command.args(how).args(["sh", "-c", script, "sh"]).arg(dir.path()).env(DIR, dir.path());
        command
    };
    let works = |how: &&&[&str]| unshare(how, mount).output().is_ok_and(|output| output.status.success());
    let Some(how) = UNSHARES.iter().find(works) else {
        // Past the harness, which hides what a passing test prints.
        let notice =
            b"\nNOT TESTED: a full disk (neither root nor a user namespace to mount a small tmpfs in)\n";
        std::io::stderr().write_all(notice).expect("writes");
        return;
    };
    drop(log);
    let script = format!("{mount} && exec \"$2\" --exact disk::child --ignored --nocapture");
    let exe = std::env::current_exe().expect("this test's path");
    let output = unshare(how, &script).arg(exe).output().expect("runs");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{out}\n{err}");
}

#[tokio::test]
#[ignore = "the child process of the test above, which starts it beside a small disk"]
async fn child() {
    let dir = PathBuf::from(std::env::var(DIR).expect("started by a test"));
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
