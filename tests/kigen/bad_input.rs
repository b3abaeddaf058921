//! Wrong usage and configuration: each gives a message with the cause and the remedy, and its exit code.

use std::path::Path;

use expect_test::{Expect, expect};

use crate::support::kigen;

/// Runs kigen in `dir`, shown as DIR in the messages, with an empty environment.
fn check(dir: &Path, args: &[&str], code: i32, expected: &Expect) {
    let output = kigen().args(args).current_dir(dir).env_clear().output().expect("kigen runs");
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    let stderr = String::from_utf8(output.stderr).expect("stderr is text");
    let messages: String =
        stderr.lines().filter(|line| !line.contains(" INFO ")).map(|line| format!("{line}\n")).collect();
    expected.assert_eq(&messages.replace(&dir.display().to_string(), "DIR"));
}

fn with_file(text: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(dir.path().join("kigen.toml"), text).expect("a configuration");
    dir
}

#[test]
fn a_typo_in_the_configuration_is_shown_with_its_line() {
    let dir = with_file("cluster = \"prod\"\n[kubernetes]\nkubeconfg = \"x\"\n");
    check(
        dir.path(),
        &["config"],
        2,
        &expect![[r#"
            kigen: the configuration file kigen.toml is not understood; `kigen config` shows all keys: TOML parse error at line 3, column 1
              |
            3 | kubeconfg = "x"
              | ^^^^^^^^^
            unknown field `kubeconfg`, expected one of `kubeconfig`, `context`, `api_url`, `namespace`, `probe_interval_ms`, `lease`, `lease_namespace`, `read_logs`, `quotas`
        "#]],
    );
}

#[test]
fn a_value_out_of_range_is_named_with_its_range() {
    let dir = with_file("[kubernetes]\nprobe_interval_ms = 1\n");
    check(
        dir.path(),
        &["config"],
        2,
        &expect![[r#"
        kigen: kubernetes.probe_interval_ms is 1: it may be 100 to 60000
    "#]],
    );
    let dir = with_file("[log]\npartitions = 0\n");
    check(
        dir.path(),
        &["config"],
        2,
        &expect![[r#"
        kigen: log.partitions is 0: it may be 1 to 1024
    "#]],
    );
    let dir = with_file("");
    check(
        dir.path(),
        &["config", "--cluster", "prod/eu"],
        2,
        &expect![[r#"
        kigen: the cluster's name is `prod/eu`: it must have 1 to 63 characters and no `/`, since it begins every key
    "#]],
    );
}

#[test]
fn an_address_without_a_port_is_named() {
    let dir = with_file("");
    check(
        dir.path(),
        &["up", "--dry-run", "--health-address", "0.0.0.0"],
        2,
        &expect![[r#"
        kigen: the address of /healthz, /readyz and /metrics is `0.0.0.0`: it must be an address with a port, such as 127.0.0.1:9469 or 0.0.0.0:9469, or `off`
    "#]],
    );
}

#[test]
fn a_missing_configuration_file_is_named() {
    let dir = with_file("");
    check(
        dir.path(),
        &["config", "--config", "prod.toml"],
        2,
        &expect![[r#"
        kigen: the configuration file prod.toml cannot be read: No such file or directory (os error 2)
    "#]],
    );
}

#[test]
fn up_without_a_receiver_explains_how_to_configure_one() {
    let dir = with_file("");
    check(
        dir.path(),
        &["up"],
        2,
        &expect![[r#"
            kigen: no receiver of alerts is configured: set the Slack channel (--slack-channel, KIGEN_SLACK_CHANNEL, or `channel` under [slack]) and the token (KIGEN_SLACK_TOKEN), or a receiver under [[receivers]], or give --dry-run to print the messages
        "#]],
    );
    check(
        dir.path(),
        &["up", "--slack-channel", "#ops"],
        2,
        &expect![[r#"
        kigen: Slack's token is not set (KIGEN_SLACK_TOKEN=xoxb-...); or give --dry-run to print the messages
    "#]],
    );
}

#[test]
fn a_wrong_kubeconfig_is_named() {
    let dir = with_file("");
    check(
        dir.path(),
        &["up", "--dry-run", "--kubeconfig", "prod.yaml", "--health-address", "off"],
        1,
        &expect![[r#"
        kigen: there is no kubeconfig prod.yaml; name one that exists by --kubeconfig, kubeconfig under [kubernetes] or $KUBECONFIG
    "#]],
    );
}

#[test]
fn reading_a_missing_log_explains_what_creates_it() {
    let dir = with_file("");
    check(
        dir.path(),
        &["status"],
        1,
        &expect![[r#"
        kigen: there is no event log in kigen-data/log: start `kigen up` with this data directory first, or name another
    "#]],
    );
    check(
        dir.path(),
        &["events", "--data-dir", "elsewhere"],
        1,
        &expect![[r#"
        kigen: there is no event log in elsewhere/log: start `kigen up` with this data directory first, or name another
    "#]],
    );
}

#[test]
fn a_token_is_never_printed() {
    let dir = with_file("[slack]\ntoken = \"xoxb-secret\"\nchannel = \"#ops\"\n");
    let output = kigen().arg("config").current_dir(dir.path()).env_clear().output();
    let shown = String::from_utf8(output.expect("kigen runs").stdout).expect("stdout is text");
    assert!(shown.contains("token = \"(hidden)\"") && !shown.contains("xoxb-secret"), "{shown}");
}
