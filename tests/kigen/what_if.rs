//! `kigen objectives suggest` and `kigen replay --what-if` over the ninety days of the incident, of which the truth is known: `a` starts
//! at 2:00 and takes 180 minutes and four more each day until day 70, then 120; `b` reads it at 6:00, `c` at 7:00, and `d` reads `b` at
//! 13:00.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::TimeDelta;
use expect_test::expect;
use serde_json::Value as Json;

use crate::impact::{CLUSTER, runs, write};
use crate::support::{kigen, start};

fn stdout(dir: &Path, args: &[&str]) -> String {
    let mut command = kigen();
    command.current_dir(dir).args(["--cluster", CLUSTER, "--data-dir", "."]).args(args);
    let output = command.output().expect("kigen runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test]
async fn a_deadline_is_proposed_that_the_past_would_have_met() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    write(dir, &runs()).await;
    let proposed = stdout(dir, &["objectives", "suggest"]);
    expect![[r##"
        # Deadlines that the results from 2026-11-09T00:00:00Z to 2027-02-07T00:00:00Z would have met 99 % of the time, by the log.

        # ml/a: starts at 0 2 * * *; of 89 starts 89 had a good result, half of them within 4 h 44 min, the slowest after 14 h 50 min (2026-11-29T02:00:00Z)
        #   read by ml/b, which starts at 0 6 * * *: 35 of its 89 starts found the result that was due
        #   read by ml/c, which starts at 0 7 * * *: 49 of its 89 starts found the result that was due
        #   15 h 00 min after its start: would have been met 90 times, missed 0
        ---
        apiVersion: kigen.dev/v1alpha1
        kind: Objective
        metadata: {name: suggested, namespace: "ml"}
        spec:
          batch: {cronJob: "a"}
          completeBy: "0 17 * * *"

        # ml/b: starts at 0 6 * * *; of 88 starts 88 had a good result, half of them within 1 h 00 min, the slowest after 1 h 00 min (2026-11-09T06:00:00Z)
        #   read by ml/d, which starts at 0 13 * * *: 88 of its 88 starts found the result that was due
        #   no deadline: even 1 h 45 min after its start the engine finds 89 met and 1 missed

        # ml/c: starts at 0 7 * * *; of 89 starts 89 had a good result, half of them within 30 min, the slowest after 30 min (2026-11-09T07:00:00Z)
        #   30 min after its start: would have been met 90 times, missed 0
        ---
        apiVersion: kigen.dev/v1alpha1
        kind: Objective
        metadata: {name: suggested, namespace: "ml"}
        spec:
          batch: {cronJob: "c"}
          completeBy: "30 7 * * *"

        # ml/d: starts at 0 13 * * *; of 89 starts 89 had a good result, half of them within 45 min, the slowest after 45 min (2026-11-09T13:00:00Z)
        #   45 min after its start: would have been met 90 times, missed 0
        ---
        apiVersion: kigen.dev/v1alpha1
        kind: Objective
        metadata: {name: suggested, namespace: "ml"}
        spec:
          batch: {cronJob: "d"}
          completeBy: "45 13 * * *"
    "##]].assert_eq(&proposed);
    std::fs::write(dir.join("proposed.yaml"), &proposed).expect("a file");
    assert!(stdout(dir, &["objectives", "check", "proposed.yaml"]).contains("3 objectives, all understood"));
    let one = stdout(dir, &["objectives", "suggest", "ml/c", "--days", "30"]);
    assert!(one.contains("cronJob: \"c\"") && !one.contains("cronJob: \"a\""), "{one}");
}

/// What differs, by objective and day.
fn difference(dir: &Path, changes: &[[&str; 3]]) -> BTreeMap<(String, i64), Json> {
    let mut args = vec!["replay", "--format", "json"];
    changes.iter().for_each(|change| args.extend([&["--what-if"][..], change].concat()));
    let text = stdout(dir, &args);
    let rows = text.lines().map(|line| serde_json::from_str::<Json>(line).expect("JSON"));
    let row = |row: Json| {
        let deadline: chrono::DateTime<chrono::Utc> =
            row["deadline"].as_str().expect("a deadline").parse().expect("an instant");
        let objective = row["objective"].as_str().expect("a name").to_owned();
        ((objective, (deadline - start()).num_days()), row)
    };
    rows.map(row).collect()
}

/// Minutes from the start of `a` to its end on a day.
fn a_takes(day: i64) -> i64 {
    if day < 70 { 180 + 4 * day } else { 120 }
}

/// Days on which `a` is not as usual: its night run fails, or nothing was observed.
const UNUSUAL: [i64; 2] = [20, 40];

#[tokio::test]
async fn an_earlier_start_saves_the_slots_that_it_would_have_saved_and_no_other() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    write(dir, &runs()).await;
    let found = difference(dir, &[["starts", "ml/a", "0 0 * * *"]]);
    for day in (1..90).filter(|day| !UNUSUAL.contains(day)) {
        for (objective, deadline) in [("before-b", 6 * 60), ("before-c", 7 * 60)] {
            let verdict = |starts: i64| if starts + a_takes(day) <= deadline { "met" } else { "missed" };
            let Some(row) = found.get(&(objective.to_owned(), day)) else {
                assert_eq!((verdict(120), verdict(0)), ("missed", "missed"), "{objective} on day {day}");
                continue;
            };
            assert_eq!(row["before"], verdict(120), "{row}");
            assert_eq!(row["after"], verdict(0), "{row}");
            if row["after"] == "met" {
                let margin = TimeDelta::minutes(deadline - a_takes(day)).num_seconds();
                assert_eq!(row["margin_s_after"], margin, "{row}");
            }
        }
    }
    // `b` starts by its own schedule, earlier for nothing that is earlier.
    assert!(found.keys().all(|(objective, _)| objective != "before-d"), "{found:?}");
}

#[tokio::test]
async fn a_reader_that_found_its_result_waits_for_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    write(dir, &runs()).await;
    let found = difference(dir, &[["faster", "ml/a", "1.5"]]);
    for day in 1..=15 {
        // In truth `a` was done by 6:00: `b` waits, and is an hour late after it.
        let a_ends = 120 + a_takes(day) * 3 / 2;
        let row = &found[&("before-d".to_owned(), day)];
        assert_eq!((row["before"].as_str(), row["after"].as_str()), (Some("met"), Some("met")), "{row}");
        assert_eq!(row["margin_s_after"], (13 * 60 - a_ends.max(6 * 60) - 60) * 60, "{row}");
    }
    // From then on `b` did not find it in truth, and does not wait.
    assert!((21..40).all(|day| !found.contains_key(&("before-d".to_owned(), day))), "{found:?}");
}

#[tokio::test]
async fn deadlines_and_calendars_are_tried_and_mistakes_are_reported() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    write(dir, &runs()).await;
    let table = stdout(
        dir,
        &[
            "replay",
            "--from",
            "2026-11-26T00:00:00Z",
            "--to",
            "2026-11-30T00:00:00Z",
            "--what-if",
            "deadline",
            "ml/b",
            "0 8 * * *",
            "--what-if",
            "calendar",
            "ml/a",
            "weekdays",
        ],
    );
    expect![[r#"
        BATCH      OBJECTIVE  DEADLINE              BEFORE                  AFTER
        shop/ml/a  before-b   2026-11-28T06:00:00Z  missed, still running   excused, calendar
        shop/ml/a  before-b   2026-11-29T06:00:00Z  missed, still running   excused, calendar
        shop/ml/a  before-c   2026-11-29T07:00:00Z  missed, failed          excused, calendar
        shop/ml/b  before-d   2026-11-26T08:00:00Z  -                       met, 1 h 00 min before
        shop/ml/b  before-d   2026-11-26T13:00:00Z  met, 6 h 00 min before  -
        shop/ml/b  before-d   2026-11-27T08:00:00Z  -                       met, 1 h 00 min before
        shop/ml/b  before-d   2026-11-27T13:00:00Z  met, 6 h 00 min before  -
        shop/ml/b  before-d   2026-11-28T08:00:00Z  -                       met, 1 h 00 min before
        shop/ml/b  before-d   2026-11-28T13:00:00Z  met, 6 h 00 min before  -
        shop/ml/b  before-d   2026-11-29T08:00:00Z  -                       met, 1 h 00 min before
        shop/ml/b  before-d   2026-11-29T13:00:00Z  met, 6 h 00 min before  -

        11 slots differ; missed before: 5, after: 2
    "#]]
    .assert_eq(&table);
    let mut errors = String::new();
    for change in [
        ["starts", "ml/a", "0 25 * * *"],
        ["faster", "ml/a", "80%"],
        ["slower", "ml/a", "2"],
        ["deadline", "a", "0 8 * * *"],
        ["deadline", "ml/nothing", "0 8 * * *"],
        ["calendar", "ml/a", "wekdays"],
    ] {
        let mut command = kigen();
        command
            .current_dir(dir)
            .args(["--cluster", CLUSTER, "--data-dir", ".", "replay", "--what-if"])
            .args(change);
        let output = command.output().expect("kigen runs");
        assert!(!output.status.success(), "{output:?}");
        errors.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    expect![[r#"
        kigen: --what-if starts ml/a: the hour `25` does not read: 25 is above 23; allowed are 0 to 23, lists `6,18`, ranges `9-17`, steps `*/2`
        kigen: --what-if faster ml/a: `80%` is no factor of its time: write one such as 0.8, from 0.001 to 100
        kigen: --what-if has no change `slower`: it may be starts, faster, deadline or calendar
        kigen: --what-if deadline: `a` names no batch: give it as NAMESPACE/BATCH
        kigen: the log has no batch `ml/nothing`: give it as NAMESPACE/BATCH; `kigen status` lists those with an objective, and `kigen events` prints the records of all
        kigen: there is no calendar `wekdays`: there are weekdays, jp-business-days, jp-office-days
    "#]].assert_eq(&errors);
}
