//! A spreadsheet of objectives from the user's side: pulled from CSV, checked against a file and a log, and followed
//! by `kigen up`.

use std::path::Path;
use std::process::Output;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use expect_test::{Expect, expect};
use kigen_log::{EmbeddedLog, Settings};
use kigen_playback::generate::{Cluster, CronJobPlan};
use kigen_processor::{Processor, TurnBounds};
use kigen_store::Store;
use tokio::net::TcpListener;

use crate::impact::{CLUSTER, runs, write};
use crate::support::{PATIENCE, Up, kigen, play, start};

pub(crate) fn run(dir: &Path, args: &[&str]) -> Output {
    let mut command = kigen();
    command.current_dir(dir).args(["--cluster", CLUSTER, "--data-dir", ".", "objectives", "pull"]).args(args);
    command.output().expect("kigen runs")
}

pub(crate) fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn csv_becomes_a_file_and_refused_rows_are_reported() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let csv = "ジョブ,期限,担当\nml/recommend,１２：００,推薦チーム\nml/ads,2026/01/02,\n\"dwh/report\",before dwh/publish,\n";
    std::fs::write(dir.join("sheet.csv"), csv).expect("a file");
    let output = run(dir, &["--csv", "sheet.csv"]);
    expect![[r#"
        # row 3 is refused: the deadline `2026/01/02` is a date: a spreadsheet turns a crontab that looks like one into it. Format the column as plain text, and enter the crontab again, such as `0 12 * * *`
        # row 4
        apiVersion: kigen.dev/v1alpha1
        kind: Objective
        metadata: {name: "deadline", namespace: "dwh"}
        spec:
          batch: {cronJob: "report"}
          before: {cronJob: "publish", namespace: "dwh"}
        ---
        # row 2
        apiVersion: kigen.dev/v1alpha1
        kind: Objective
        metadata: {name: "deadline", namespace: "ml"}
        spec:
          batch: {cronJob: "recommend"}
          completeBy: "0 12 * * *"
          owner: "推薦チーム"
    "#]]
    .assert_eq(&stdout(&output));
    assert!(stderr(&output).contains("row 3 is refused: the deadline `2026/01/02` is a date"), "{output:?}");

    stdout(&run(dir, &["--csv", "sheet.csv", "-o", "objectives.yaml"]));
    let check = kigen()
        .current_dir(dir)
        .args(["objectives", "check", "objectives.yaml"])
        .output()
        .expect("kigen runs");
    assert!(stdout(&check).contains("2 objectives, all understood"), "{check:?}");
}

#[test]
fn half_a_sheet_does_not_replace_a_whole_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let rows: Vec<String> = (0..10).map(|nth| format!("ml/batch-{nth},12:00")).collect();
    let sheet = |rows: &[String]| {
        std::fs::write(dir.join("sheet.csv"), format!("job,deadline\n{}\n", rows.join("\n")))
    };
    sheet(&rows).expect("a file");
    stdout(&run(dir, &["--csv", "sheet.csv", "-o", "objectives.yaml"]));
    let whole = std::fs::read_to_string(dir.join("objectives.yaml")).expect("a file");

    sheet(&rows[..6]).expect("a file");
    let output = run(dir, &["--csv", "sheet.csv", "-o", "objectives.yaml"]);
    assert_eq!(output.status.code(), Some(1));
    expect!["kigen: 4 of the 10 objectives of objectives.yaml are not in the sheet: it is not written. If they are to be withdrawn, confirm it by --confirm-withdrawals 4; else complete the sheet\n"].assert_eq(&stderr(&output));
    assert_eq!(std::fs::read_to_string(dir.join("objectives.yaml")).expect("a file"), whole);
    let check = stdout(&run(dir, &["--csv", "sheet.csv", "-o", "objectives.yaml", "--check"]));
    assert!(check.contains("**4 of 10 objectives would be withdrawn.**"), "{check}");

    stdout(&run(dir, &["--csv", "sheet.csv", "-o", "objectives.yaml", "--confirm-withdrawals", "4"]));
    assert_ne!(std::fs::read_to_string(dir.join("objectives.yaml")).expect("a file"), whole);
}

#[tokio::test]
async fn a_check_shows_what_would_change_and_what_that_would_have_paged() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    write(dir, &runs()).await;
    let settings = Settings { partitions: 1, ..Settings::default() };
    let log = EmbeddedLog::open(&dir.join("log"), settings).expect("a log");
    let (store, _) = Store::open(&dir.join("store")).expect("a store");
    let mut processor = Processor::open(log, store, TurnBounds::default()).expect("a processor");
    while !processor.is_idle().expect("a log") {
        processor.turn().await.expect("judged");
    }
    drop(processor);
    let csv = "job,deadline,name,grace,owner\nml/a,before b,before-b,30m,a|`team`\nml/d,13:40,ready,,\nml/b,before d,before-d,,\n\
               ml/e,9:00,,,\nml/c,Jan 2,,,\n";
    std::fs::write(dir.join("sheet.csv"), csv).expect("a file");
    check(
        dir,
        &expect![[r#"
            ## Objectives of the sheet

            Compared with the objectives of a file or sheet in the log: 2 added, 1 changed, 1 withdrawn, 1 unchanged.

            | | batch | objective | what | row |
            |---|---|---|---|---|
            | changed | `ml/a` | `before-b` | grace: `0 s` to `30 min`; owner: none to `a\|'team'` | 2 |
            | **withdrawn** | `ml/a` | `before-c` | `before ml/c` |  |
            | added | `ml/d` | `ready` | `by 40 13 * * *` | 3 |
            | added | `ml/e` | `deadline` | `by 0 9 * * *` | 5 |

            ### Rows that are refused

            - row 6: the deadline `Jan 2` is a date: a spreadsheet turns a crontab that looks like one into it. Format the column as plain text, and enter the crontab again, such as `0 12 * * *`

            ### Batches that kigen has never seen

            - row 5: `ml/e`: each deadline will be missed; check namespace and name

            ### Misses from 2026-11-09T00:00:00Z to 2027-02-07T00:00:00Z

            The change would have paged 89 times more, and 46 times less:

            | batch | objective | misses | more | fewer |
            |---|---|---|---|---|
            | `ml/a` | `before-b` | 48 | - | 6: 2026-11-25T06:00:00Z, 2026-11-26T06:00:00Z, 2026-11-27T06:00:00Z, 2026-11-28T06:00:00Z, 2026-11-30T06:00:00Z, 2026-12-01T06:00:00Z |
            | `ml/a` | `before-c` | 0 | - | 40: 2026-11-29T07:00:00Z, 2026-12-10T07:00:00Z, 2026-12-11T07:00:00Z, 2026-12-12T07:00:00Z, 2026-12-13T07:00:00Z, 2026-12-14T07:00:00Z, 2026-12-15T07:00:00Z, 2026-12-16T07:00:00Z, 2026-12-17T07:00:00Z, 2026-12-18T07:00:00Z and 30 others |
            | `ml/d` | `ready` | 89 | 89: 2026-11-10T13:40:00Z, 2026-11-11T13:40:00Z, 2026-11-12T13:40:00Z, 2026-11-13T13:40:00Z, 2026-11-14T13:40:00Z, 2026-11-15T13:40:00Z, 2026-11-16T13:40:00Z, 2026-11-17T13:40:00Z, 2026-11-18T13:40:00Z, 2026-11-19T13:40:00Z and 79 others | - |
        "#]],
    );
    // Against a file that is the sheet's, nothing changes.
    stdout(&run(dir, &["--csv", "sheet.csv", "-o", "objectives.yaml"]));
    let same = stdout(&run(dir, &["--csv", "sheet.csv", "-o", "objectives.yaml", "--check"]));
    assert!(same.contains("`objectives.yaml`: 0 added, 0 changed, 0 withdrawn, 4 unchanged"), "{same}");
}

fn check(dir: &Path, expected: &Expect) {
    expected.assert_eq(&stdout(&run(dir, &["--csv", "sheet.csv", "--check"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_sheet_is_read_at_its_url_and_a_page_is_none() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let text =
        |kind: &'static str, body: &'static str| move || async move { ([("content-type", kind)], body) };
    let routes = Router::new()
        .route("/sheet", get(text("text/csv", "job,deadline\nml/a,12:00\n")))
        .route("/login", get(text("text/html; charset=utf-8", "<html>Sign in</html>")))
        .route("/pub", get(|| async { Redirect::temporary("/sheet") }));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let text = stdout(&run(dir, &["--csv", &format!("{url}/pub?output=csv&key=secret")]));
    assert!(text.contains("cronJob: \"a\""), "{text}");
    let refused = |path: &str| {
        let output = run(dir, &["--csv", &format!("{url}{path}")]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        stderr(&output).replace(&url, "URL")
    };
    expect![[r#"
        kigen: URL/login is a page and not CSV: publish the sheet as CSV (File, Share, Publish to web), or read it by Google's API (--sheet)
        kigen: URL/nowhere answers 404
    "#]]
    .assert_eq(&[refused("/login?key=secret"), refused("/nowhere?key=secret")].concat());
}

/// Six objectives, each of which is in force.
const WHOLE: &str = "job,deadline\nml/a,12:00\nml/b,12:00\nml/c,12:00\nml/d,12:00\nml/e,12:00\nml/f,12:00";

#[tokio::test(flavor = "multi_thread")]
async fn kigen_follows_a_sheet_and_half_of_it_withdraws_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let mut cluster = Cluster::new(start());
    for name in ["a", "b", "c", "d", "e", "f"] {
        cluster.cron_job(CronJobPlan::new("ml", name, "0 8 * * *"));
    }
    let server = play(cluster.build().expect("a history")).await;
    let sheet = dir.join("sheet.csv");
    let rows = |rows: &str| {
        std::fs::write(dir.join("new.csv"), rows).expect("a file");
        std::fs::rename(dir.join("new.csv"), &sheet).expect("in place of the old one");
    };
    rows(WHOLE);
    let config = format!("[objectives.sheet]\ncsv = \"{}\"\npoll_interval_ms = 100\n", sheet.display());
    let mut up = Up::start_with_config(dir, &server.url(), &config);
    up.wait_until_it_watches().await;
    until_in_force(dir, 6, "").await;

    // An edit applies, and a row that cannot be read keeps what it declared before.
    rows(&WHOLE.replace("ml/a,12:00", "ml/a,11:30").replace("ml/b,12:00", "ml/b,2026/01/02"));
    until_in_force(dir, 6, "by 30 11 * * *").await;
    up.wait_for_log("row 3: the deadline `2026/01/02` is a date").await;
    // Half a sheet, an empty one, none: nothing is withdrawn.
    rows("job,deadline\nml/a,12:00\nml/b,12:00");
    up.wait_for_log("4 of 6 objectives stay in force although their sources no longer declare them").await;
    rows("");
    up.wait_for_log("the sheet has no header").await;
    std::fs::remove_file(&sheet).expect("it is there");
    up.wait_for_log("sheet.csv cannot be read").await;
    until_in_force(dir, 6, "").await;
    // A single row that is gone is withdrawn.
    rows(&WHOLE.replace("ml/f,12:00", ""));
    until_in_force(dir, 5, "").await;
    let (status, _) = up.terminate();
    assert!(status.success(), "{status}");
    server.shutdown().await;
}

/// Waits until so many objectives are in force, and the list of them has these words.
async fn until_in_force(dir: &Path, objectives: usize, words: &str) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let mut command = kigen();
        command.current_dir(dir).args(["--data-dir", ".", "--cluster", CLUSTER, "objectives", "list"]);
        let list = stdout(&command.output().expect("kigen runs"));
        let in_force =
            list.lines().filter(|line| line.contains(" file ") && !line.contains("withdrawn")).count();
        if in_force == objectives && list.contains(words) {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "never {objectives} in force with `{words}`\n{list}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[test]
fn a_file_and_a_sheet_are_not_followed_both() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("kigen.toml"), "[objectives.sheet]\ncsv = \"sheet.csv\"\n")
        .expect("a file");
    let mut command = kigen();
    command.current_dir(dir.path()).args(["up", "--dry-run", "--objectives-file", "objectives.yaml"]);
    let output = command.output().expect("kigen runs");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(stderr(&output).contains("follow one of them"), "{output:?}");
}
