//! `kigen export`: each table in all formats, as DuckDB reads it.

use std::process::Command;

use expect_test::expect;
use kigen_log::{EmbeddedLog, Settings};
use kigen_processor::{Processor, TurnBounds};
use kigen_store::Store;

use crate::impact::{CLUSTER, runs, write};
use crate::support::kigen;

#[tokio::test]
async fn duckdb_reads_the_exports_of_all_formats_as_the_same_tables() {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), &runs()).await;
    let settings = Settings { partitions: 1, ..Settings::default() };
    let log = EmbeddedLog::open(&dir.path().join("log"), settings).expect("a log");
    let (store, _) = Store::open(&dir.path().join("store")).expect("a store");
    let mut processor = Processor::open(log, store, TurnBounds::default()).expect("a processor");
    while !processor.is_idle().expect("a log") {
        processor.turn().await.expect("judged");
    }
    drop(processor);
    for table in ["slots", "alerts", "runs"] {
        for format in ["avro", "csv", "parquet"] {
            let mut command = kigen();
            command.args(["export", table, "--format", format, "--from", "2026-11-20T00:00:00Z"]);
            command
                .args(["--to", "2027-01-01T00:00:00Z", "--cluster", CLUSTER, "--data-dir"])
                .arg(dir.path());
            let output = command.output().expect("kigen runs");
            assert!(output.status.success(), "{output:?}");
            std::fs::write(dir.path().join(format!("{table}.{format}")), output.stdout).expect("a file");
        }
    }
    let python = kigen_testkit::cache().join("consumer/bin/python");
    assert!(python.exists(), "there is no {}: run `make consumer`, which creates it", python.display());
    let output = Command::new(python).arg("tests/consumer/read_exports.py").arg(dir.path()).output();
    let output = output.expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    expect![[r#"
        slots: 126 rows of cluster, namespace, batch, objective, slot_from, deadline, time_zone, verdict, cause, muted, ended_at, margin_s, job, job_uid, severity, owner
        alerts: 126 rows of id, kind, decided_at, cluster, namespace, batch, objective, deadline, cause, incident, ended_at, job, job_uid, severity, owner
        runs: 171 rows of cluster, namespace, batch, job, job_uid, nominal_start, scheduled_at, created_at, started_at, result, ended_at, took_s, reason, exit_code, failed_pods, slot
        before-b met None 5 960
        before-b missed still_running 37 None
        before-c met None 19 4560
        before-c missed failed 1 None
        before-c missed still_running 22 None
        before-d met None 41 21600
        before-d missed never_started 1 None
        65 3600 18000
        at_risk_trend 3 2026-11-23 06:00:00+00
        run_failed 1 None
        slot_missed 61 2026-11-25 06:00:00+00
        slot_recovered 61 2026-11-25 06:00:00+00
    "#]].assert_eq(&String::from_utf8(output.stdout).expect("text"));
}
