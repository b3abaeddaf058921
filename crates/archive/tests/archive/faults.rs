//! A file that is missing, damaged or another's is named; so is a log that is another one.

use std::path::Path;

use expect_test::expect;
use kigen_archive::{Address, ArchivedLog, Archiver};
use kigen_log::EmbeddedLog;
use kigen_ops::error_chain;

use crate::support::{address, all, archive, archived, earliest, hour, log, write};

/// A log of a week whose first days are in the archive only.
async fn archived_week(dir: &Path) -> EmbeddedLog {
    let log = log(&dir.join("log"));
    write(&log, 0..24 * 7 + 5).await;
    archive(&log, &dir.join("archive"));
    log.trim(hour(24 * 7 + 5)).await.expect("it trims");
    log
}

/// Why it cannot be read, without the names of temporary folders.
fn why(log: &EmbeddedLog, dir: &Path) -> String {
    let error = match ArchivedLog::open(log.clone(), &address(&dir.join("archive"))) {
        Ok(both) => error_chain(&all(&both, 1_000).expect_err("it cannot be read")),
        Err(error) => error_chain(&error),
    };
    error.replace(&dir.display().to_string(), "DIR")
}

fn file(dir: &Path, name: &str) -> std::path::PathBuf {
    dir.join("archive/kigen.events/partition=1").join(name)
}

#[tokio::test]
async fn a_missing_file_is_named_wherever_it_is() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = archived_week(dir.path()).await;
    std::fs::remove_file(file(dir.path(), "2026-11-11.288-432.avro")).expect("it was there");
    expect!["the archive DIR/archive has no file with the offsets 288 to 431 of kigen.events, partition 1: 2026-11-10.144-288.avro is the one before, and what follows is 2026-11-12.432-576.avro; restore the missing file from a copy, or read the log alone (--archive off)"].assert_eq(&why(&log, dir.path()));
    for name in [
        "2026-11-12.432-576.avro",
        "2026-11-13.576-720.avro",
        "2026-11-14.720-864.avro",
        "2026-11-15.864-1008.avro",
    ] {
        std::fs::remove_file(file(dir.path(), name)).expect("it was there");
    }
    // Now the newest ones are missing, too, and the log does not go back as far.
    expect!["the archive DIR/archive has no file with the offsets 288 to 749 of kigen.events, partition 1: 2026-11-10.144-288.avro is the one before, and what follows is the log, which begins at 750; restore the missing file from a copy, or read the log alone (--archive off)"].assert_eq(&why(&log, dir.path()));
    std::fs::remove_dir_all(dir.path().join("archive")).expect("it was there");
    expect!["there is no folder DIR/archive: `kigen archive` and `kigen up` create it"]
        .assert_eq(&why(&log, dir.path()));
}

#[tokio::test]
async fn a_damaged_file_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = archived_week(dir.path()).await;
    let path = file(dir.path(), "2026-11-10.144-288.avro");
    let bytes = std::fs::read(&path).expect("it is there");
    std::fs::write(&path, &bytes[..bytes.len() / 2]).expect("it is cut");
    expect!["the archive's file DIR/archive/kigen.events/partition=1/2026-11-10.144-288.avro is damaged: restore it from a copy; without it, nothing before it can be read (move it and those before it to another folder): it is no whole Avro container file: Read into buffer failed: failed to fill whole buffer"].assert_eq(&why(&log, dir.path()));
    let mut changed = bytes.clone();
    let middle = bytes.len() / 2;
    changed[middle] ^= 1;
    std::fs::write(&path, &changed).expect("it is changed");
    expect!["the archive's file DIR/archive/kigen.events/partition=1/2026-11-10.144-288.avro is damaged: restore it from a copy; without it, nothing before it can be read (move it and those before it to another folder): it is no whole Avro container file: Bad Snappy CRC32; expected 697c1c1e but got 731ec1f1"].assert_eq(&why(&log, dir.path()));
    std::fs::write(&path, b"").expect("it is emptied");
    expect!["the archive's file DIR/archive/kigen.events/partition=1/2026-11-10.144-288.avro is damaged: restore it from a copy; without it, nothing before it can be read (move it and those before it to another folder): it is no whole Avro container file: Failed to read header: failed to fill whole buffer"].assert_eq(&why(&log, dir.path()));
    std::fs::copy(file(dir.path(), "2026-11-11.288-432.avro"), &path).expect("it is another's");
    expect!["the archive's file DIR/archive/kigen.events/partition=1/2026-11-10.144-288.avro has the offsets 288 to 432 of kigen.events, partition 1, of 2026-11-11, not what its name states: restore it from a copy"].assert_eq(&why(&log, dir.path()));
    std::fs::write(&path, &bytes).expect("it is restored");
    all(&archived(&log, &dir.path().join("archive")), 1_000).expect("it is read again");
}

#[tokio::test]
async fn what_expired_before_it_was_archived_is_recorded_and_the_rest_is_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let (log, folder) = (log(&dir.path().join("log")), dir.path().join("archive"));
    write(&log, 0..24 * 2).await;
    archive(&log, &folder);
    write(&log, 24 * 2..24 * 9).await;
    log.trim(hour(24 * 9)).await.expect("it trims");
    let lost = earliest(&log);
    archive(&log, &folder);
    log.trim(hour(24 * 10)).await.expect("it trims");
    let both = archived(&log, &folder);
    assert_eq!(earliest(&both), lost, "it begins after what is lost");
    all(&both, 100).expect("it is read");
}

#[tokio::test]
async fn the_archive_of_another_log_is_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("archive");
    let first = log(&dir.path().join("first"));
    write(&first, 0..24 * 3).await;
    archive(&first, &folder);
    let before = crate::support::files(&folder);
    // One that is shorter, and one that is longer and has other records.
    for (name, hours) in [("shorter", 0..5), ("longer", 7..24 * 9)] {
        let other = log(&dir.path().join(name));
        write(&other, hours).await;
        let refused = Archiver::new(other.clone(), address(&folder)).round().expect_err(name);
        let refused = refused.to_string().replace(&dir.path().display().to_string(), "DIR");
        assert!(refused.contains("up to offset 288, which are not those of this log"), "{refused}");
        assert_eq!(crate::support::files(&folder), before);
    }
}

#[test]
fn an_address_that_is_none_is_refused() {
    expect!["`https://example.com/a` is no archive: give a folder, s3://BUCKET/FOLDER or gs://BUCKET/FOLDER"]
        .assert_eq(&Address::of("https://example.com/a").expect_err("no archive").to_string());
}
