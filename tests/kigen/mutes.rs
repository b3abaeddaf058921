//! `kigen mute`, `unmute` and `mutes`, beside a running `kigen up` and without one.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use chrono::TimeDelta;
use expect_test::expect;
use kigen_model::alert::AlertBody;
use kigen_playback::generate::{Cluster, CronJobPlan};

use crate::support::{Up, kigen, noon, play, start};

fn run(dir: &Path, args: &[&str]) -> Output {
    kigen().current_dir(dir).args(["--data-dir", "."]).args(args).output().expect("kigen runs")
}

fn stdout(dir: &Path, args: &[&str]) -> String {
    let output = run(dir, args);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("stdout is text")
}

fn refused(dir: &Path, args: &[&str]) -> String {
    let output = run(dir, args);
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).expect("stderr is text")
}

/// Nothing runs: each noon from 10 November on is missed.
#[tokio::test(flavor = "multi_thread")]
async fn a_muted_batch_is_judged_without_an_alert_until_the_mute_is_ended() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let mut cluster = Cluster::new(start());
    for name in ["muted", "other"] {
        let plan =
            CronJobPlan::new("ml", name, "0 8 * * *").annotation("kigen.dev/complete-by", "0 12 * * *");
        cluster.cron_job(plan);
    }
    let server = play(cluster.build().expect("a history")).await;
    let mut up = Up::start(dir, &server.url());
    up.wait_until_it_watches().await;
    let socket = std::fs::metadata(dir.join("kigen.sock")).expect("a socket");
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);

    let of_days = ["--from", "2026-11-09T00:00Z", "--until", "2026-11-20T00:00Z", "--reason", "migration"];
    let declared = stdout(dir, &[&["mute", "ml/muted"][..], &of_days].concat());
    let id = declared.split([' ', ':']).nth(1).expect("an id").to_owned();
    let of_batch = "ml/muted from 2026-11-09T00:00:00Z until 2026-11-20T00:00:00Z";
    assert!(declared.contains(of_batch), "{declared}");
    let listed = stdout(dir, &["mutes"]);
    assert!(listed.contains(&id) && listed.contains("migration"), "{listed}");

    server.clock().advance_to(noon(2) + TimeDelta::minutes(1));
    up.wait_for_alerts(|alerts| alerts.len() >= 2).await;
    let status = stdout(dir, &["status"]);
    assert!(status.contains("missed, muted, never started"), "{status}");
    let explained = stdout(dir, &["explain", "ml/muted", "2026-11-10"]);
    assert!(explained.contains("Verdict: missed, never started, muted: no alert."), "{explained}");
    let replayed = stdout(dir, &["replay", "--slots"]);
    assert!(replayed.contains("missed, never started, muted"), "{replayed}");

    let ended = stdout(dir, &["unmute", &id]);
    assert!(ended.contains("has ended"), "{ended}");
    server.clock().advance_to(noon(2) + TimeDelta::minutes(3));
    let alerts = up.wait_for_alerts(|alerts| alerts.len() >= 3).await;
    let missed = alerts.iter().filter_map(|alert| match &alert.body {
        AlertBody::SlotMissed { slot, misses, .. } => {
            Some(format!("{} {} {misses}", alert.key.batch, slot.deadline.format("%d")))
        }
        _ => None,
    });
    let mut missed: Vec<String> = missed.collect();
    missed.sort();
    assert_eq!(missed, ["muted 11 2", "other 10 1", "other 11 2"], "the last one counts that before");
    assert!(stdout(dir, &["mutes"]).contains("nothing is muted"));
    assert!(stdout(dir, &["mutes", "--all"]).contains(&id));
    assert!(refused(dir, &["unmute", &id]).contains("already"));
    up.terminate();

    // The socket of a process that has ended is no obstacle.
    let declared = stdout(dir, &[&["mute", "owner:ml-team"][..], &of_days].concat());
    assert!(declared.contains("owner:ml-team from"), "{declared}");
    assert!(stdout(dir, &["mutes"]).contains("owner:ml-team"));
    server.shutdown().await;
}

#[test]
fn a_mute_without_an_end_or_a_reason_is_refused_and_so_is_one_of_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let refused = |args: &[&str]| {
        let text = refused(dir.path(), &[&["mute"], args].concat());
        text.lines().take(2).collect::<Vec<_>>().join("\n")
    };
    expect![[r#"
        error: the following required arguments were not provided:
          --until <TIME>"#]]
    .assert_eq(&refused(&["ml/report", "--reason", "migration"]));
    expect![[r#"
        error: the following required arguments were not provided:
          --reason <TEXT>"#]]
    .assert_eq(&refused(&["ml/report", "--for", "4h"]));
    expect![[r#"
        error: invalid value 'report' for '<SCOPE>': `report` is nothing that can be muted: write `NAMESPACE/BATCH`, `NAMESPACE/BATCH/OBJECTIVE`, `owner:NAME`, `namespace:NAME` or `cluster`
    "#]].assert_eq(&refused(&["report", "--for", "4h", "--reason", "migration"]));
    expect!["kigen: its length is `ever`: write a number with s, m, h or d, at most 366d"]
        .assert_eq(&refused(&["ml/report", "--for", "ever", "--reason", "migration"]));
    expect![[r#"
        error: invalid value 'tomorrow' for '--until <TIME>': `tomorrow` is no time with its offset: write one such as `2026-12-01T09:00+09:00`
    "#]].assert_eq(&refused(&["ml/report", "--until", "tomorrow", "--reason", "migration"]));
}
