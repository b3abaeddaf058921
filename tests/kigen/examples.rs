//! The files below `examples`: kigen accepts each of them.

use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::Utc;
use expect_test::expect;
use k8s_openapi::api::batch::v1::CronJob;
use kigen_model::objective::Deadlines;
use kigen_objective::crontab;
use kigen_objective::object::read_spec;
use kigen_objective::read::NamedBatch;
use kigen_shipper::decode::{Decoded, decode};
use kigen_shipper::resource::Resource;
use serde_json::{Value, json};

use crate::support::kigen;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

fn document(name: &str) -> Value {
    let text = std::fs::read_to_string(example(name)).expect("an example");
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The output of a command that must succeed, without a configuration of this machine.
fn stdout(command: &mut Command) -> String {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let output = command.current_dir(dir.path()).env_clear().output().expect("kigen runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("stdout is text")
}

#[test]
fn kigen_accepts_the_file_of_objectives() {
    let path = example("objectives.yaml");
    let text = stdout(kigen().args(["objectives", "check"]).arg(&path));
    expect![[r#"
        there is no event log in kigen-data, so objectives are not checked against batches; name it by --data-dir
        objectives.yaml: 4 objectives, all understood
    "#]]
    .assert_eq(&text.replace(&path.display().to_string(), "objectives.yaml"));
}

#[test]
fn kigen_accepts_the_objective() {
    let object = document("objective.yaml");
    let namespace = object["metadata"]["namespace"].as_str().expect("a namespace");
    let parsed = read_spec(&object["spec"].to_string(), namespace).expect("a valid spec");
    assert_eq!(parsed.refusal(), None);
    assert!(matches!(parsed.batch, NamedBatch::Selector(_)), "{:?}", parsed.batch);
}

#[test]
fn kigen_reads_the_annotations_of_the_cron_job() {
    let mut object = document("cronjob.yaml");
    let known: CronJob = serde_json::from_value(object.clone()).expect("a CronJob");
    assert_eq!(serde_json::to_value(known).expect("JSON"), object, "Kubernetes knows every field");
    let of_server = json!({"uid": "1", "resourceVersion": "1", "creationTimestamp": "2026-11-09T00:00:00Z"});
    object["metadata"]
        .as_object_mut()
        .expect("metadata")
        .extend(of_server.as_object().expect("an object").clone());
    let decoded = decode(Resource::CronJobs, object.to_string().as_bytes(), Utc::now());
    let Ok(Decoded::CronJob { cron_job, objective: Some(objective), .. }) = decoded else {
        panic!("{decoded:?}")
    };
    assert_eq!(crontab::schedule(&cron_job), Ok(()));
    let Deadlines::CompleteBy { crontab } = &objective.deadlines else { panic!("{objective:?}") };
    assert_eq!(crontab::complete_by(crontab), Ok(()));
    assert!(objective.owner.is_some() && objective.runbook.is_some(), "{objective:?}");
}

/// As it is, and with the lines that are commented out.
#[test]
fn kigen_accepts_the_configuration_and_every_key_in_its_comments() {
    let text = std::fs::read_to_string(example("kigen.toml")).expect("an example");
    let whole: String = text.lines().map(|line| format!("{}\n", setting_in(line).unwrap_or(line))).collect();
    assert!(whole.contains("\n[kafka]\n") && whole.contains("\nerror_channel ="), "{whole}");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("whole.toml");
    std::fs::write(&path, whole).expect("a file");
    for path in [example("kigen.toml"), path] {
        let shown = stdout(kigen().arg("config").arg("--config").arg(&path));
        assert!(shown.contains("cluster = \"shop\""), "{shown}");
    }
}

/// The table or key in a comment.
fn setting_in(line: &str) -> Option<&str> {
    let setting = line.strip_prefix("# ")?;
    let is_key = |key: &str| {
        !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '.' | '"'))
    };
    let is_setting =
        setting.starts_with('[') || setting.split_once(" = ").is_some_and(|(key, _)| is_key(key));
    is_setting.then_some(setting)
}
