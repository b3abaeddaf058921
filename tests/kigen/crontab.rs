//! `kigen crontab`, as used by people and by programs.

use std::io::Write;
use std::process::{Output, Stdio};

use expect_test::{Expect, expect};

use crate::support::kigen;

fn crontab(args: &[&str], stdin: &str) -> Output {
    let mut child = kigen()
        .arg("crontab")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kigen runs");
    let mut input = child.stdin.take().expect("its stdin");
    let stdin = stdin.to_owned();
    let writer = std::thread::spawn(move || {
        // A program that refuses its arguments closes its stdin.
        let _ = input.write_all(stdin.as_bytes());
    });
    let output = child.wait_with_output().expect("kigen ends");
    writer.join().expect("the writer ends");
    output
}

fn check(args: &[&str], stdin: &str, code: i32, expected: &Expect) {
    let output = crontab(args, stdin);
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    let stdout = String::from_utf8(output.stdout).expect("stdout is text");
    let stderr = String::from_utf8(output.stderr).expect("stderr is text");
    expected.assert_eq(&format!("{stdout}{stderr}"));
}

#[test]
fn the_output_has_utc_and_local_time() {
    check(
        &["30 2 * * *", "--zone", "America/New_York", "--after", "2026-03-07T00:00:00Z", "--next", "3"],
        "",
        0,
        &expect![[r#"
            2026-03-07T07:30:00Z  Sat 2026-03-07 02:30:00 America/New_York
            2026-03-09T06:30:00Z  Mon 2026-03-09 02:30:00 America/New_York
            2026-03-10T06:30:00Z  Tue 2026-03-10 02:30:00 America/New_York
        "#]],
    );
}

#[test]
fn a_deadline_is_never_skipped() {
    let args = ["30 2 * * *", "--zone", "America/New_York", "--after", "2026-03-07T00:00:00Z", "--next", "3"];
    check(
        &[&args[..], &["--reading", "deadline"]].concat(),
        "",
        0,
        &expect![[r#"
            2026-03-07T07:30:00Z  Sat 2026-03-07 02:30:00 America/New_York
            2026-03-08T07:00:00Z  Sun 2026-03-08 03:00:00 America/New_York
            2026-03-09T06:30:00Z  Mon 2026-03-09 02:30:00 America/New_York
        "#]],
    );
}

#[test]
fn an_invalid_crontab_is_explained_with_the_valid_syntax() {
    check(
        &["0 12 * * 7"],
        "",
        1,
        &expect![[r#"
        kigen: the day of week `7` does not read: 7 is no day here, write 0 for Sunday, and a range up to it as two, such as `5-6,0`; allowed are 0 (Sunday) to 6 or sun to sat, lists `1,3`, ranges `1-5`, steps `*/2`
    "#]],
    );
    check(
        &["0 0 30 2 *"],
        "",
        1,
        &expect![[r#"
        kigen: `0 0 30 2 *` has no instant within five years
    "#]],
    );
    check(
        &["0 12 * * *", "--zone", "asia/tokio"],
        "",
        1,
        &expect![[r#"
        kigen: there is no time zone `asia/tokio` in tzdata 2026f: did you mean `Asia/Tokyo`?
    "#]],
    );
    check(
        &["@every 5m", "--reading", "deadline"],
        "",
        1,
        &expect![[r#"
        kigen: `@every 5m` cannot be a deadline, since it names no time of day: write five fields such as `*/5 * * * *` or `0 12 * * *`
    "#]],
    );
}

#[test]
fn each_line_of_stdin_gets_a_response_and_a_bad_one_stops_nothing() {
    let lines = [
        r#"{"spec":"0 12 * * *","tz":"Asia/Tokyo","after":"2026-11-23T00:00:00Z","count":2}"#,
        r#"{"spec":"0 25 * * *","tz":"UTC","after":"2026-11-23T00:00:00Z","count":1}"#,
        r#"not json"#,
        r#"{"spec":"0 12 * * *","tz":"UTC","after":"2026-11-23T00:00:00Z","count":1,"zone":"UTC"}"#,
        r#"{"spec":"0 12 * * *","tz":"UTC","after":"2026-11-23T00:00:00Z","count":1000000000}"#,
        r#"{"spec":"0 0 30 2 *","tz":"UTC","after":"2026-11-23T00:00:00Z","count":8}"#,
        "",
        r#"{"spec":"@every 1h30m","after":"2026-11-23T00:00:00.5Z","count":2}"#,
    ];
    check(
        &["--stdin"],
        &lines.join("\n"),
        0,
        &expect![[r#"
        {"next":["2026-11-23T03:00:00Z","2026-11-24T03:00:00Z"]}
        {"error":"the hour `25` does not read: 25 is above 23; allowed are 0 to 23, lists `6,18`, ranges `9-17`, steps `*/2`"}
        {"error":"not an object like {\"spec\",\"tz\",\"after\",\"count\"}: expected ident at line 1 column 2"}
        {"error":"not an object like {\"spec\",\"tz\",\"after\",\"count\"}: unknown field `zone`, expected one of `spec`, `tz`, `after`, `count` at line 1 column 79"}
        {"error":"count is 1000000000: at most 10000"}
        {"next":[]}
        {"next":["2026-11-23T01:30:00Z","2026-11-23T03:00:00Z"]}
    "#]],
    );
}

#[test]
fn an_endless_line_is_refused_without_filling_the_memory() {
    let long = "x".repeat(1_000_000);
    let next = r#"{"spec":"0 12 * * *","tz":"UTC","after":"2026-11-23T00:00:00Z","count":1}"#;
    check(
        &["--stdin"],
        &format!("{long}\n{next}\n"),
        0,
        &expect![[r#"
        {"error":"the line is longer than 65536 bytes"}
        {"next":["2026-11-23T12:00:00Z"]}
    "#]],
    );
}

/// The command gives the results of Kubernetes' own library; the calendar's tests check all of its vectors.
#[test]
fn the_vectors_of_kubernetes_are_met_through_stdin() {
    let path = "tests/fixtures/crontab/vectors.jsonl.gz";
    let file = std::fs::File::open(path).expect("the vectors");
    let vectors = std::io::read_to_string(flate2::read::GzDecoder::new(file)).expect("the vectors are text");
    let vectors: Vec<serde_json::Value> =
        vectors.lines().map(|line| serde_json::from_str(line).expect("a vector")).collect();
    let requests: String = vectors
        .iter()
        .map(|vector| {
            let mut request = vector.clone();
            let fields = request.as_object_mut().expect("an object");
            fields.remove("next");
            fields.remove("error");
            fields.insert("count".to_owned(), 8.into());
            format!("{request}\n")
        })
        .collect();
    let output = crontab(&["--stdin"], &requests);
    let responses = String::from_utf8(output.stdout).expect("stdout is text");
    let responses: Vec<serde_json::Value> =
        responses.lines().map(|line| serde_json::from_str(line).expect("a response")).collect();
    assert_eq!(responses.len(), vectors.len());
    let same = vectors.iter().zip(&responses).filter(|(vector, response)| {
        vector.get("error").is_some() == response.get("error").is_some()
            && vector.get("next") == response.get("next")
    });
    let share = same.count() as f64 / vectors.len() as f64;
    assert!(share >= 0.98, "{:.2} % of the vectors", share * 100.0);
}
