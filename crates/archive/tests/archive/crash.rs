//! A process that is killed while it writes into a folder.

use std::process::{Command, Stdio};
use std::time::Duration;

use kigen_archive::Archiver;
use kigen_log::EmbeddedLog;

use crate::support::{address, all, archive, archived, files, hour, log, write};

/// The folder with the child's log and archive.
const DIR: &str = "KIGEN_TEST_DIR";
const HOURS: i64 = 24 * 40;

#[test]
#[ignore = "the child process of the test below"]
fn archives_into_a_folder() {
    let dir = std::path::PathBuf::from(std::env::var(DIR).expect("started by a test"));
    let log = EmbeddedLog::open_beside(&dir.join("log")).expect("a log");
    Archiver::new(log, address(&dir.join("archive"))).round().expect("it archives");
}

#[tokio::test]
async fn a_process_that_is_killed_leaves_whole_files_and_the_next_goes_on_and_removes_what_is_unfinished() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = log(&dir.path().join("log"));
    write(&log, 0..HOURS).await;
    let whole = all(&log, 1_000).expect("it is read");
    let folder = dir.path().join("archive");
    let (mut kills, mut unfinished) = (0, 0);
    loop {
        let mut command = Command::new(std::env::current_exe().expect("this test's path"));
        command.args(["--exact", "crash::archives_into_a_folder", "--ignored"]).env(DIR, dir.path());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
        let before = files(&folder).len();
        // Once it has written a little.
        while files(&folder).len() < before + 3 && child.try_wait().expect("it waits").is_none() {
            std::thread::sleep(Duration::from_micros(300));
        }
        let has_ended = child.try_wait().expect("it waits").is_some();
        child.kill().expect("it runs or has ended");
        child.wait().expect("it ends");
        unfinished += files(&folder).iter().filter(|name| name.contains('#')).count();
        if has_ended {
            break;
        }
        kills += 1;
    }
    println!("{kills} kills, {unfinished} unfinished files");
    assert!(kills > 10, "{kills} kills");
    archive(&log, &folder);
    let names = files(&folder);
    assert!(names.iter().all(|name| !name.contains('#')), "{names:?}");
    assert_eq!(names.len(), 2 * 39 + 13, "{names:?}");
    log.trim(hour(HOURS)).await.expect("it trims");
    assert!(all(&archived(&log, &folder), 1_000).expect("it is read") == whole);
}
