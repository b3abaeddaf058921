//! A bucket by S3's protocol: written, read back, failing, and a process that is killed at each of its requests.

use std::process::{Child, Command};
use std::sync::{Arc, Mutex};

use kigen_archive::{Address, ArchivedLog, Archiver};
use kigen_log::EmbeddedLog;
use kigen_testkit::bucket::{Answer, FakeBucket};

use crate::support::{all, log, write};

/// The folder of the child's log.
const LOG: &str = "KIGEN_TEST_LOG";
/// What the child prints if the archive is complete.
const DONE: &str = "archived, and read back";
const HOURS: i64 = 24 * 3 + 2;

/// Starts this test's own child, which archives a log into the bucket.
fn child(bucket: &FakeBucket, dir: &std::path::Path) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this test's path"));
    command.args(["--exact", "bucket::archives_into_a_bucket", "--ignored", "--nocapture"]);
    command.env(LOG, dir).envs(bucket.environment()).stdout(std::process::Stdio::piped());
    command.stderr(std::process::Stdio::piped());
    command.spawn().expect("it runs")
}

#[test]
#[ignore = "the child process of the tests below"]
fn archives_into_a_bucket() {
    let dir = std::env::var(LOG).expect("started by a test");
    let log = EmbeddedLog::open_beside(dir.as_ref()).expect("a log");
    let whole = all(&log, 100).expect("it is read");
    let address = Address::of("s3://bucket/kigen").expect("an address");
    let mut archiver = Archiver::new(log, address.clone());
    let mut round = archiver.round();
    for _ in 0..9 {
        if round.is_err() {
            round = archiver.round();
        }
    }
    round.expect("it archives");
    let log = EmbeddedLog::open_beside(dir.as_ref()).expect("a log");
    let both = ArchivedLog::open(log, &address).expect("an archive");
    assert!(all(&both, 100).expect("it is read") == whole, "what is read is what was written");
    println!("{DONE}");
}

fn assert_done(child: Child) {
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains(DONE), "{text}{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn a_bucket_that_answers_500_or_not_at_all_loses_nothing_and_doubles_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = log(dir.path());
    write(&log, 0..HOURS).await;
    let good = FakeBucket::start();
    assert_done(child(&good, dir.path()));
    assert_eq!(good.files().len(), 3 * 2 + 1, "{:?}", good.files().keys());
    let bad = FakeBucket::start();
    // Half of all requests fail, more than are repeated in a row at first.
    bad.decide(|nth, _| match nth {
        0..6 => Answer::Refused,
        _ if nth % 4 == 1 => Answer::Refused,
        _ if nth % 4 == 3 => Answer::Lost,
        _ => Answer::Served,
    });
    assert_done(child(&bad, dir.path()));
    assert_eq!(bad.files().keys().collect::<Vec<_>>(), good.files().keys().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_process_that_is_killed_at_any_of_its_requests_leaves_whole_files_and_the_next_goes_on() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = log(dir.path());
    write(&log, 0..HOURS).await;
    let good = FakeBucket::start();
    assert_done(child(&good, dir.path()));
    let (names, requests) = (good.files(), good.requests());
    for nth in (0..requests).step_by(2) {
        let bucket = FakeBucket::start();
        let running: Arc<Mutex<Option<Child>>> = Arc::default();
        let killed = Arc::clone(&running);
        bucket.decide(move |at, _| {
            if at == nth
                && let Some(child) = killed.lock().expect("unpoisoned").as_mut()
            {
                child.kill().expect("it runs");
            }
            if at % 4 == 0 { Answer::Lost } else { Answer::Served }
        });
        {
            let mut running = running.lock().expect("unpoisoned");
            *running = Some(child(&bucket, dir.path()));
        }
        while bucket.requests() <= nth {
            std::thread::sleep(std::time::Duration::from_millis(2));
            let mut running = running.lock().expect("unpoisoned");
            if running.as_mut().expect("a child").try_wait().expect("it waits").is_some() {
                break;
            }
        }
        running.lock().expect("unpoisoned").take().expect("a child").wait().expect("it ends");
        bucket.decide(|_, _| Answer::Served);
        assert_done(child(&bucket, dir.path()));
        assert_eq!(
            bucket.files().keys().collect::<Vec<_>>(),
            names.keys().collect::<Vec<_>>(),
            "killed at request {nth}"
        );
    }
}
