//! A spreadsheet of Google as the source of objectives, by a fake of Google's API.

use std::path::Path;

use expect_test::expect;

use crate::sheet::{run, stderr, stdout};
use crate::support::google::{Answer, Google};
use crate::support::kigen;

#[tokio::test(flavor = "multi_thread")]
async fn google_answers_in_many_ways_and_each_error_has_its_remedy() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let google = Google::start().await;
    std::fs::write(dir.join("kigen.toml"), google.config(dir)).expect("a configuration");
    google.answer(Answer::From(3, "ジョブ|期限|担当\nml/a|12:00\n|13:00|x\n\nml/b|9:30".to_owned()));
    let output = run(dir, &["--range", "Objectives!A3:H"]);
    let text = stdout(&output);
    // Of merged cells, Google gives the first; an empty row is none.
    assert!(text.starts_with("# row 5 is refused: the job is empty. Of cells that are merged"), "{text}");
    assert!(text.contains("# row 4\n") && text.contains("# row 7\n"), "{text}");

    let mut errors = String::new();
    for (status, message) in [
        (400, "Unable to parse range: A:"),
        (401, "Request had invalid authentication credentials."),
        (403, "The caller does not have permission"),
        (429, "Quota exceeded for quota metric 'Read requests'"),
        (503, "The service is currently unavailable."),
    ] {
        google.answer(Answer::Error(status, message));
        errors.push_str(&refused(dir, &[]));
    }
    google.rows("job|deadline\nml/a|12:00");
    errors.push_str(&refused(dir, &["--sheet", "another"]));
    google.answer(Answer::Half);
    errors.push_str(&refused(dir, &[]));
    // The columns moved away from their heads, and all rows are gone.
    google.rows("|ml/a|12:00\n|ml/b|13:00");
    errors.push_str(&refused(dir, &[]));
    google.rows("");
    errors.push_str(&refused(dir, &[]));
    std::fs::write(dir.join("key.json"), "{}").expect("a key file");
    errors.push_str(&refused(dir, &[]));
    let errors = errors.replace(google.host(), "HOST").replace(&dir.display().to_string(), "DIR");
    expect![[r#"
        kigen: Google does not read the range `A:Z` (Unable to parse range: A:): write it as A:H, or with the sheet's name as Objectives!A:H
        kigen: Google does not accept the token (Request had invalid authentication credentials.): is the key still valid, and the clock of this machine right?
        kigen: the account may not read the spreadsheet 1AbC_d-9 (The caller does not have permission): share it with the service account's address as a viewer, and enable the Google Sheets API in its project
        kigen: Google cannot answer now (429: Quota exceeded for quota metric 'Read requests'); it allows 60 reads a minute: try again in a minute
        kigen: Google cannot answer now (503: The service is currently unavailable.); it allows 60 reads a minute: try again in a minute
        kigen: there is no spreadsheet another (Requested entity was not found.): its id is the part of its address between `/d/` and `/edit`
        kigen: http://HOST/v4/spreadsheets/1AbC_d-9/values/A%3AZ does not answer as Google's API of spreadsheets does (200)
        kigen: the sheet has no header: none of its first 10 rows has the columns `job` (ジョブ) and `deadline` (期限); the first row has ``, `ml/a`, `12:00`
        kigen: the sheet has no header: none of its first 10 rows has the columns `job` (ジョブ) and `deadline` (期限); all of them are empty
        kigen: the key file DIR/key.json lacks `client_email`, `private_key` or `token_uri`: create one of a service account of Google, as JSON
    "#]].assert_eq(&errors);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_file_the_account_is_that_of_the_machine() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let google = Google::start().await;
    google.rows("job|deadline\nml/a|12:00");
    std::fs::write(dir.join("kigen.toml"), google.config_without_key()).expect("a configuration");
    let pull = |metadata_host: &str| {
        let mut command = kigen();
        command.current_dir(dir).args(["--cluster", "shop", "objectives", "pull"]);
        command.env("GCE_METADATA_HOST", metadata_host).env_remove("GOOGLE_APPLICATION_CREDENTIALS");
        command.output().expect("kigen runs")
    };
    assert!(stdout(&pull(google.host())).contains("cronJob: \"a\""));
    let output = pull("127.0.0.1:1");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(stderr(&output).contains("there are no credentials of Google: name the key file"), "{output:?}");
}

/// The error of a pull that must fail.
fn refused(dir: &Path, args: &[&str]) -> String {
    let output = run(dir, args);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    stderr(&output)
        .lines()
        .filter(|line| line.starts_with("kigen: "))
        .map(|line| format!("{line}\n"))
        .collect()
}
