//! The setting of which failed runs are posted: its values, and what is wrong with others.

use crate::support::kigen;

/// The output of `kigen config` with this file, or what it reports as wrong.
fn configured(text: &str) -> Result<String, String> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(dir.path().join("kigen.toml"), text).expect("a configuration");
    let output = kigen().arg("config").current_dir(dir.path()).env_clear().output().expect("kigen runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    if output.status.success() {
        return Ok(text(output.stdout));
    }
    assert_eq!(output.status.code(), Some(2));
    Err(text(output.stderr))
}

#[test]
fn kigen_config_shows_which_failed_runs_are_posted_and_accepts_what_it_shows() {
    let shown = configured("").expect("a configuration");
    assert!(shown.contains("\nfailures = \"all\"\n"), "{shown}");
    assert!(shown.ends_with("\n[slack.failures_by_namespace]\n"), "{shown}");
    for value in ["all", "objectives", "none"] {
        let text =
            format!("[slack]\nfailures = \"{value}\"\n[slack.failures_by_namespace]\nml = \"{value}\"\n");
        let shown = configured(&text).expect("a configuration");
        assert!(shown.contains(&format!("\nfailures = \"{value}\"\n")), "{shown}");
        let by_namespace = format!("\n[slack.failures_by_namespace]\n\"ml\" = \"{value}\"\n");
        assert!(shown.contains(&by_namespace), "{shown}");
        assert_eq!(configured(&shown), Ok(shown));
    }
}

#[test]
fn another_value_and_a_name_that_is_no_namespace_are_errors() {
    let error = configured("[slack]\nfailures = \"some\"\n").expect_err("it is refused");
    assert!(error.contains("unknown variant `some`, expected one of `all`, `objectives`, `none`"), "{error}");
    let error = configured("[slack.failures_by_namespace]\nml = \"never\"\n").expect_err("it is refused");
    assert!(error.contains("TOML parse error at line 2, column 6"), "{error}");
    let error = configured("[slack.failures_by_namespace]\n\"ml/scratch\" = \"none\"\n");
    let error = error.expect_err("it is refused");
    let expected =
        "a namespace in slack.failures_by_namespace is `ml/scratch`: Kubernetes' namespaces have 1 to 63";
    assert!(error.contains(expected), "{error}");
}
