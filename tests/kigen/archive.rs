//! `kigen archive`: what reads the log prints the same from the archive and what is left of the log as from the whole log.

use std::path::Path;

use chrono::TimeDelta;
use expect_test::{Expect, expect};
use kigen_log::{EmbeddedLog, Retention, Settings};
use kigen_testkit::bucket::{Answer, FakeBucket};

use crate::impact::{CLUSTER, DAYS, at, of_day, runs, write};
use crate::support::{Up, kigen, noon, play, start, steady_and_absent};

fn printed(dir: &Path, args: &[&str], archive: Option<&Path>) -> String {
    let mut command = kigen();
    command.args(args).args(["--cluster", CLUSTER, "--data-dir"]).arg(dir);
    if let Some(archive) = archive {
        command.arg("--archive").arg(archive);
    }
    let output = command.output().expect("kigen runs");
    assert!(output.status.success(), "kigen {}: {output:?}", args.join(" "));
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test]
async fn what_reads_the_log_prints_the_same_from_the_archive_and_the_rest_of_the_log() {
    let dir = tempfile::tempdir().expect("a folder");
    let archive = dir.path().join("archive");
    write(dir.path(), &runs()).await;
    let commands: [&[&str]; 8] = [
        &["impact", "ml/a", "--since", "2026-11-01T00:00:00Z", "--format", "json"],
        &["replay", "--slots", "--format", "csv"],
        &["explain", "ml/a", "2026-11-26T06:00:00Z", "--objective", "before-b"],
        &["events"],
        &["events", "--from", "2026-12-01T00:00:00Z", "--json", "ml/b"],
        &["export", "slots"],
        &["lineage"],
        &["objectives", "suggest", "ml/b"],
    ];
    let whole: Vec<String> = commands.iter().map(|args| printed(dir.path(), args, None)).collect();
    let written = printed(dir.path(), &["archive", "--once"], Some(&archive));
    assert_eq!(written, format!("{DAYS} files were written to {}.\n", archive.display()));
    let week = Retention { age_ms_max: 7 * 86_400_000, ..Settings::default().events };
    let settings = Settings { partitions: 1, events: week, ..Settings::default() };
    let log = EmbeddedLog::open(&dir.path().join("log"), settings).expect("a log");
    log.trim(at(of_day(DAYS, 0))).await.expect("it trims");
    drop(log);
    for (args, whole) in commands.iter().zip(whole) {
        assert!(printed(dir.path(), args, Some(&archive)) == whole, "kigen {}", args.join(" "));
    }
    let rest = printed(dir.path(), &["events", "--archive", "off"], None);
    assert!(rest.len() < printed(dir.path(), &["events"], Some(&archive)).len() / 2, "the log has lost most");
    std::fs::remove_file(archive.join("kigen.events/partition=0").join(first_file(&archive)))
        .expect("a file");
    let mut command = kigen();
    command
        .args(["replay", "--cluster", CLUSTER, "--archive"])
        .arg(&archive)
        .arg("--data-dir")
        .arg(dir.path());
    let output = command.output().expect("kigen runs");
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).expect("text");
    assert!(error.contains("has no file with the offsets"), "{error}");
}

/// The name of the file of the third day.
fn first_file(archive: &Path) -> String {
    let files = std::fs::read_dir(archive.join("kigen.events/partition=0")).expect("a folder");
    let names = files.map(|file| file.expect("a file").file_name().into_string().expect("text"));
    names.filter(|name| name.starts_with("2026-11-11")).last().expect("a file of that day")
}

#[tokio::test(flavor = "multi_thread")]
async fn up_archives_each_day_once_it_is_over_where_an_archive_is_configured() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = play(steady_and_absent(3, None)).await;
    let config = format!("[archive]\nurl = \"{}\"\n", dir.path().join("archive").display());
    let mut up = Up::start_with_config(dir.path(), &server.url(), &config);
    up.wait_for_readyz(200, "archive    ready  all days that are over are archived").await;
    server.clock().advance_to(noon(1));
    server.clock().advance_to(start() + TimeDelta::hours(50));
    // An alert has the time of the played cluster; events have that of this process, whose day goes on.
    up.wait_for_metric("kigen_archived_files_total", 1.0).await;
    let alerts = dir.path().join("archive/kigen.alerts/partition=2/2026-11-11.0-1.avro");
    assert!(alerts.exists(), "{}", alerts.display());
    let (status, _) = up.terminate();
    assert!(status.success(), "{status}");
    server.shutdown().await;
}

#[test]
fn without_an_address_the_command_names_what_is_missing_and_a_bad_one_is_refused() {
    for (args, words) in [
        (&["archive"][..], "no archive is configured"),
        (&["archive", "--archive", "https://example.com"], "`https://example.com` is no archive"),
        (&["events", "--archive", "ftp://x/y"], "`ftp://x/y` is no archive"),
    ] {
        let output = kigen().args(args).args(["--data-dir", "/nonexistent"]).output().expect("kigen runs");
        let error = String::from_utf8(output.stderr).expect("text");
        assert!(output.status.code() == Some(2) && error.contains(words), "{args:?}: {error}");
    }
}

/// The line about the archive of `kigen doctor`, without the widths of the columns.
fn doctor(dir: &Path, archive: &str, environment: &[(&str, String)]) -> String {
    let mut command = kigen();
    command.args(["doctor", "--dry-run", "--api-url", "http://127.0.0.1:1", "--cluster", CLUSTER]);
    command.arg("--data-dir").arg(dir).args(["--archive", archive]).envs(environment.iter().cloned());
    let text = String::from_utf8(command.output().expect("kigen runs").stdout).expect("text");
    let line = text.lines().find(|line| line.split_whitespace().nth(1) == Some("archive"));
    line.unwrap_or(&text).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn doctor_names_an_archive_that_is_behind_damaged_or_cannot_be_written() {
    let dir = tempfile::tempdir().expect("a folder");
    let archive = dir.path().join("archive");
    let address = archive.to_str().expect("text").to_owned();
    write(dir.path(), &runs()).await;
    let check = |expected: Expect| {
        let line = doctor(dir.path(), &address, &[]);
        expected.assert_eq(&line.replace(dir.path().to_str().expect("text"), "DIR"));
    };
    check(expect!["ok archive none yet: DIR/archive is created with the first day"]);
    std::fs::create_dir(&archive).expect("a folder");
    check(expect![
        "WRONG archive it is behind: the log has records since 2026-11-09T00:00:00Z that are not archived, and its newest is of 2027-02-07T00:00:00Z. Where `kigen archive` or `kigen up` run with it, /readyz and the log name what fails; what expires before it is archived is lost"
    ]);
    printed(dir.path(), &["archive", "--once"], Some(&archive));
    check(expect!["ok archive 90 files; it can be written; the log has more since 2027-02-07T00:00:00Z"]);

    let files = archive.join("kigen.events/partition=0");
    let mut names: Vec<_> =
        std::fs::read_dir(&files).expect("a folder").map(|file| file.expect("a file").path()).collect();
    names.sort();
    let (newest, early) = (names.last().expect("files"), &names[3]);
    let whole = std::fs::read(newest).expect("a file");
    std::fs::write(newest, &whole[..whole.len() - 20]).expect("a file");
    check(expect![
        "WRONG archive the archive's file DIR/archive/kigen.events/partition=0/2027-02-06.2900-2932.avro is damaged: restore it from a copy; without it, nothing before it can be read (move it and those before it to another folder): it is no whole Avro container file: Read into buffer failed: failed to fill whole buffer"
    ]);
    std::fs::write(newest, whole).expect("a file");
    std::fs::remove_file(early).expect("a file");
    check(expect![
        "WRONG archive the archive DIR/archive has no file with the offsets 103 to 134 of kigen.events, partition 0: 2026-11-11.71-103.avro is the one before, and what follows is 2026-11-13.135-167.avro; restore the missing file from a copy, or read the log alone (--archive off)"
    ]);

    let bucket = FakeBucket::start();
    bucket.decide(|_, request| if request.starts_with("GET") { Answer::Served } else { Answer::Refused });
    let line = doctor(dir.path(), "s3://bucket/kigen", &bucket.environment());
    assert!(line.starts_with("WRONG archive s3://bucket/kigen: kigen/doctor cannot be written"), "{line}");
    assert!(bucket.files().is_empty(), "nothing is left");
}
