//! The shipped pod: every command works in a root file system that cannot be written, as the manifest's user.

use std::process::Command;

use chrono::TimeDelta;
use kigen_playback::generate::{Attempt, Cluster, CronJobPlan, RunPlan};
use kigen_playback::history::History;
use kigen_playback::rights::Rule;
use serde_json::Value;

use crate::support::manifests::{bound_roles, documents, pods};
use crate::support::pod::Pod;
use crate::support::slack::slack_into;
use crate::support::{HEAVY, Up, noon, not_tested, play, start};

/// What a command printed. It must succeed.
fn printed(mut command: Command, args: &[&str]) -> String {
    let output = command.args(args).output().expect("it runs");
    let texts = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    assert!(output.status.success(), "kigen {}:\n{}", args.join(" "), texts.concat());
    String::from_utf8(output.stdout).expect("text")
}

/// The rules that a manifest's bindings grant.
fn granted(name: &str) -> Vec<Rule> {
    let documents = documents(name);
    let words = |list: &Value| {
        let all = list.as_array().into_iter().flatten().map(|word| word.as_str().expect("a word").to_owned());
        all.collect()
    };
    let rules = bound_roles(&documents).into_iter().flat_map(|role| role["rules"].as_array().expect("rules"));
    let rule = |rule: &Value| Rule {
        verbs: words(&rule["verbs"]),
        groups: words(&rule["apiGroups"]),
        resources: words(&rule["resources"]),
        names: words(&rule["resourceNames"]),
    };
    rules.map(rule).collect()
}

/// Two batches with an objective, and one each of whose runs fails in each of these namespaces without a message.
fn history() -> History {
    let mut cluster = Cluster::new(start());
    for name in ["steady", "absent"] {
        let plan =
            CronJobPlan::new("ml", name, "0 8 * * *").annotation("kigen.dev/complete-by", "0 12 * * *");
        cluster.cron_job(plan);
    }
    for day in 0..3 {
        let at = start() + TimeDelta::days(day) + TimeDelta::hours(8);
        cluster.run("ml", "steady", at, RunPlan::succeeds(TimeDelta::minutes(30)));
    }
    for namespace in ["dwh", "billing"] {
        cluster.cron_job(CronJobPlan::new(namespace, "fails", "0 8 * * *"));
        let failure = RunPlan::Attempts(vec![Attempt::fails(TimeDelta::minutes(1), 1, "")]);
        cluster.run(namespace, "fails", start() + TimeDelta::days(1) + TimeDelta::hours(8), failure);
    }
    cluster.build().expect("a history")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_works_in_the_shipped_pod() {
    let _heavy = HEAVY.lock().await;
    let dir = tempfile::tempdir().expect("a folder");
    let template = pods("up.yaml").remove(0);
    let Some(mut pod) = Pod::of(&template, dir.path()) else {
        return not_tested("the shipped pod (this machine permits neither mounts nor user namespaces)");
    };
    let server = play(history()).await;
    server.faults().grant_only(granted("up.yaml"));
    let slack = slack_into(&dir.path().join("posted")).await;
    let config = format!("[kubernetes]\nprobe_interval_ms = 100\n[slack]\napi_url = \"{slack}\"\n");
    std::fs::write(pod.config_dir().join("token"), "xoxb-1\n").expect("a token");
    pod.set("KIGEN_SLACK_TOKEN_FILE", "/config/token");
    let mut up = Up::start_in_pod(&mut pod, &["up"], dir.path(), &server.url(), &config);
    up.wait_until_it_watches().await;
    server.clock().advance_to(noon(2) + TimeDelta::hours(1));
    up.wait_for_alerts(|alerts| !alerts.is_empty()).await;
    up.wait_for_readyz(200, "").await;

    let deadline = noon(1).to_rfc3339();
    for (args, words) in [
        (&["status"][..], "absent"),
        (&["events"], "steady"),
        (&["events", "--topic", "alerts"], "absent"),
        (&["explain", "ml/absent", &deadline], "missed"),
        (&["objectives", "list"], "complete-by"),
        (&["replay"], "absent"),
        (&["replay", "--slots", "--format", "csv"], "absent"),
        (&["doctor"], "partitions"),
        (&["config"], "cluster = \"prod\""),
        (&["crontab", "@daily"], "00:00:00"),
        (&["demo", "--plain"], "recommend"),
    ] {
        let text = printed(pod.command(), args);
        assert!(text.contains(words), "kigen {} lacks {words}:\n{text}", args.join(" "));
    }
    assert_eq!(server.faults().denied(), ["get pods/log"], "all else is granted by the manifest");
    // The first refusal may pass: what to grant is logged once it lasts.
    up.wait_for_log("grant get on pods/log").await;
    let log = up.log();
    assert_eq!(log.matches("grant get on pods/log").count(), 1, "{log}");
    let (status, _) = up.terminate();
    assert!(status.success(), "{status}");
    server.shutdown().await;
}
