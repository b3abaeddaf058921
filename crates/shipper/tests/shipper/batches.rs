//! Which batch a Job belongs to, whatever made it: its CronJob's, its label's, or none but itself.

use chrono::DateTime;
use kigen_model::event::FactBody;
use kigen_shipper::core::{Core, Resume};
use kigen_shipper::input::{Input, StreamEvent};
use kigen_shipper::resource::Resource;
use kigen_shipper::server_clock::Clock;
use kigen_shipper::settings::{Access, Settings};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

fn pods_of(image: &str) -> Value {
    json!({"spec": {"containers": [{"name": "main", "image": image, "args": ["--all"]}]}})
}

fn cron_job(name: &str) -> Value {
    json!({
        "metadata": {
            "name": name, "namespace": "ml", "uid": format!("uid-of-{name}"), "resourceVersion": "5",
            "creationTimestamp": "2026-11-23T08:00:00Z",
        },
        "spec": {"schedule": "0 8 * * *", "jobTemplate": {"spec": {"template": pods_of("train:1")}}},
    })
}

/// A Job that runs what the CronJobs run; `more` of its metadata.
fn job(name: &str, more: Value) -> Value {
    let mut job = json!({
        "metadata": {
            "name": name, "namespace": "ml", "uid": format!("job-{name}"), "resourceVersion": "9",
            "creationTimestamp": "2026-11-23T09:00:00Z",
        },
        "spec": {"template": pods_of("train:1")},
    });
    for (field, value) in more.as_object().expect("an object") {
        job["metadata"][field] = value.clone();
    }
    job
}

/// The batch of the Job, in a cluster with the CronJobs `train` and `train-eu`; and whether its run is by hand.
fn batch_of(job: &Value) -> (String, bool) {
    let settings = Settings::new("test", Access::Url(String::new()));
    let mut core = Core::new(&settings, 1, &Resume::default(), Clock::new(|| DateTime::UNIX_EPOCH));
    let mut facts = Vec::new();
    let objects = [(Resource::CronJobs, &cron_job("train")), (Resource::CronJobs, &cron_job("train-eu"))];
    for (resource, object) in objects.into_iter().chain([(Resource::Jobs, job)]) {
        let event = StreamEvent::Changed(to_raw_value(object).expect("JSON"));
        facts.extend(core.apply(Input::Stream { resource, event }).facts);
    }
    let run = facts.into_iter().find_map(|fact| match fact.body {
        FactBody::Run { run, .. } => Some((fact.key.batch, run.scheduled_at.is_none())),
        _ => None,
    });
    run.expect("a run")
}

#[test]
fn a_job_that_names_its_cron_job_in_any_way_is_a_run_of_it_by_hand() {
    let owner = |more: Value| {
        let mut owner =
            json!({"apiVersion": "batch/v1", "kind": "CronJob", "name": "train", "uid": "uid-of-train"});
        for (field, value) in more.as_object().expect("an object") {
            owner[field] = value.clone();
        }
        owner
    };
    let by_hand = ("train".to_owned(), true);
    // kubectl writes a controller; a dashboard may only refer to the CronJob, beside another controller or alone.
    for owners in [
        json!([owner(json!({"controller": true}))]),
        json!([owner(json!({}))]),
        json!([owner(json!({"controller": false, "blockOwnerDeletion": true}))]),
        json!([{"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet", "name": "x", "controller": true}, owner(json!({}))]),
    ] {
        assert_eq!(batch_of(&job("x-1", json!({"ownerReferences": owners}))), by_hand, "{owners}");
    }
    let foreign = json!([owner(json!({"apiVersion": "example.com/v1"}))]);
    assert_eq!(batch_of(&job("x-1", json!({"ownerReferences": foreign}))), ("x-1".to_owned(), true));
}

#[test]
fn a_job_with_the_name_and_the_work_of_a_cron_job_is_a_run_of_it_by_hand_whatever_made_it() {
    let workflow = json!({"ownerReferences": [
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "name": "w", "controller": true},
    ]});
    for (name, more, batch) in [
        ("train-manual-x7k2p", json!({}), "train"),
        ("train-manual-x7k2p", workflow, "train"),
        ("train-eu-manual-x7k2p", json!({}), "train-eu"),
        ("training-x7k2p", json!({}), "training-x7k2p"),
        ("train-x7k2p", json!({"labels": {"kigen.dev/batch": "other"}}), "other"),
        ("train-x7k2p", json!({"namespace": "dwh"}), "train-x7k2p"),
    ] {
        assert_eq!(batch_of(&job(name, more.clone())), (batch.to_owned(), true), "{name} {more}");
    }
    let mut other = job("train-manual-x7k2p", json!({}));
    other["spec"]["template"] = pods_of("debug:1");
    assert_eq!(batch_of(&other).0, "train-manual-x7k2p", "it runs something else");
    other["spec"] = json!({});
    assert_eq!(batch_of(&other).0, "train-manual-x7k2p", "nothing is known of what it runs");
}
