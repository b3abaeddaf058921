//! Objects with missing parts and malformed lines: each gets a message that names it, and stops no other.

use chrono::DateTime;
use expect_test::expect;
use kigen_model::event::{FactBody, StreamPosition};
use kigen_model::objective::Deadlines;
use kigen_model::run::ConcurrencyPolicy;
use kigen_shipper::core::{Core, Output, Resume};
use kigen_shipper::input::{Input, StreamEvent};
use kigen_shipper::resource::Resource;
use kigen_shipper::server_clock::Clock;
use kigen_shipper::settings::{Access, Settings};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

fn core() -> Core {
    resumed_core(&Resume::default())
}

fn resumed_core(resume: &Resume) -> Core {
    let settings = Settings::new("test", Access::Url("http://unused".to_owned()));
    Core::new(&settings, 1, resume, Clock::new(|| DateTime::UNIX_EPOCH))
}

fn apply(core: &mut Core, resource: Resource, event: StreamEvent) -> Output {
    core.apply(Input::Stream { resource, event })
}

fn changed(core: &mut Core, resource: Resource, object: &Value) -> Output {
    apply(core, resource, StreamEvent::Changed(to_raw_value(object).expect("JSON")))
}

fn cron_job(name: &str, resource_version: u32, schedule: &str) -> Value {
    json!({
        "metadata": {
            "name": name, "namespace": "ml", "uid": format!("uid-of-{name}"),
            "resourceVersion": resource_version.to_string(), "creationTimestamp": "2026-11-01T00:00:00Z",
        },
        "spec": {"schedule": schedule},
    })
}

fn job(name: &str, resource_version: u32) -> Value {
    json!({
        "metadata": {
            "name": name, "namespace": "ml", "uid": format!("uid-of-{name}"),
            "resourceVersion": resource_version.to_string(), "creationTimestamp": "2026-11-23T08:00:00Z",
        },
    })
}

fn pod(name: &str, resource_version: u32, job_uid: &str) -> Value {
    json!({
        "metadata": {
            "name": name, "namespace": "ml", "uid": format!("uid-of-{name}"),
            "resourceVersion": resource_version.to_string(), "creationTimestamp": "2026-11-23T08:00:00Z",
            "ownerReferences": [{"kind": "Job", "uid": job_uid, "controller": true}],
        },
        "spec": {"containers": null},
        "status": {"phase": "Pending", "containerStatuses": null, "conditions": null},
    })
}

fn messages(output: &Output) -> String {
    let rejected = output.rejected.iter().map(ToString::to_string);
    let notices = output.notices.iter().map(ToString::to_string);
    rejected.chain(notices).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_job_without_an_essential_field_is_named_once_a_version_and_kept_for_the_rejects() {
    let mut core = core();
    let mut bad = job("train", 7);
    bad["metadata"]["uid"] = Value::Null;
    let output = changed(&mut core, Resource::Jobs, &bad);
    expect!["Job ml/train (resource version 7) is left out: it has no `metadata.uid`; its bytes are in kigen.rejects; look at it with `kubectl get job train -n ml -o yaml`"].assert_eq(&messages(&output));
    assert_eq!(output.rejected[0].bytes, bad.to_string().as_bytes());
    assert_eq!(
        changed(&mut core, Resource::Jobs, &bad),
        Output::default(),
        "the same version is rejected once"
    );

    bad["metadata"]["resourceVersion"] = json!("8");
    assert_eq!(changed(&mut core, Resource::Jobs, &bad).rejected.len(), 1, "a new version is");
    assert_eq!(changed(&mut core, Resource::Jobs, &job("other", 9)).facts.len(), 1, "the others are shipped");
}

#[test]
fn secrets_are_in_no_reject() {
    let mut bad = pod("train-x", 7, "job-uid");
    bad["metadata"]["uid"] = Value::Null;
    bad["metadata"]["creationTimestamp"] = json!("token=hunter2");
    let variable = json!({"name": "DB_PASSWORD", "value": "hunter2"});
    bad["spec"]["containers"] = json!([{"name": "main", "env": [variable], "args": ["--password=hunter2"]}]);
    let output = changed(&mut core(), Resource::Pods, &bad);
    let reject = output.rejected[0].clone().into_reject(DateTime::UNIX_EPOCH);
    let bytes = String::from_utf8(reject.bytes).expect("it is text still");
    assert!(!reject.reason.contains("hunter2") && !bytes.contains("hunter2"), "{}: {bytes}", reject.reason);
    assert!(bytes.contains("[hidden]") && bytes.contains("job-uid"), "{bytes}");
}

#[test]
fn objects_that_cannot_be_distinguished_are_all_kept_for_the_rejects() {
    let mut core = core();
    for _ in 0..2 {
        let output = changed(&mut core, Resource::Jobs, &json!({"spec": {}}));
        assert_eq!(output.rejected.len(), 1);
    }
}

#[test]
fn each_missing_part_is_named() {
    let mut core = core();
    let mut all = Vec::new();
    for part in ["namespace", "resourceVersion", "creationTimestamp"] {
        let mut bad = job(&format!("no-{}", part.to_lowercase()), 7);
        bad["metadata"].as_object_mut().expect("an object").remove(part);
        all.push(messages(&changed(&mut core, Resource::Jobs, &bad)));
    }
    let mut bad = job("odd-time", 8);
    bad["metadata"]["creationTimestamp"] = json!("yesterday");
    all.push(messages(&changed(&mut core, Resource::Jobs, &bad)));
    let mut bad = job("odd-status", 9);
    bad["status"] = json!("none");
    all.push(messages(&changed(&mut core, Resource::Jobs, &bad)));
    let mut bad = cron_job("no-schedule", 10, "");
    all.push(messages(&changed(&mut core, Resource::CronJobs, &bad)));
    bad["metadata"]["name"] = json!("no-spec");
    bad["spec"] = Value::Null;
    all.push(messages(&changed(&mut core, Resource::CronJobs, &bad)));
    expect![[r#"
        Job ?/no-namespace (resource version 7) is left out: it has no `metadata.namespace`; its bytes are in kigen.rejects; look at it with `kubectl get job no-namespace -n ? -o yaml`
        Job ml/no-resourceversion (resource version ?) is left out: it has no `metadata.resourceVersion`; its bytes are in kigen.rejects; look at it with `kubectl get job no-resourceversion -n ml -o yaml`
        Job ml/no-creationtimestamp (resource version 7) is left out: it has no `metadata.creationTimestamp`; its bytes are in kigen.rejects; look at it with `kubectl get job no-creationtimestamp -n ml -o yaml`
        Job ml/odd-time (resource version 8) is left out: its `metadata.creationTimestamp` is `yesterday`, which is not an RFC 3339 instant; its bytes are in kigen.rejects; look at it with `kubectl get job odd-time -n ml -o yaml`
        Job ml/odd-status (resource version 9) is left out: it is not the JSON that Kubernetes sends (invalid type: string "none", expected struct JobStatus at line 1 column 157); its bytes are in kigen.rejects; look at it with `kubectl get job odd-status -n ml -o yaml`
        CronJob ml/no-schedule (resource version 10) is left out: it has no `spec.schedule`; its bytes are in kigen.rejects; look at it with `kubectl get cronjob no-schedule -n ml -o yaml`
        CronJob ml/no-spec (resource version 10) is left out: it has no `spec.schedule`; its bytes are in kigen.rejects; look at it with `kubectl get cronjob no-spec -n ml -o yaml`"#]].assert_eq(&all.join("\n"));
}

#[test]
fn a_malformed_line_is_named_and_cut_to_what_a_reject_keeps() {
    let mut core = core();
    let line = vec![b'x'; 100_000];
    let event = StreamEvent::Unreadable { line, reason: "expected value at line 1 column 1".to_owned() };
    let output = apply(&mut core, Resource::Pods, event);
    expect!["an event of the watch on pods is left out: it is not the JSON that Kubernetes sends (expected value at line 1 column 1); its bytes are in kigen.rejects; if this goes on, look for a proxy between kigen and the API server that changes answers"].assert_eq(&messages(&output));
    assert_eq!(output.rejected[0].bytes.len(), 64 * 1024);
    let reject = output.rejected.into_iter().next().expect("one").into_reject(DateTime::UNIX_EPOCH);
    assert_eq!((reject.source.as_str(), reject.key.as_str()), ("pods", "?/?"));
}

#[test]
fn a_pod_without_containers_and_a_bookmark_of_skeletons_are_read() {
    let mut core = core();
    assert_eq!(changed(&mut core, Resource::Jobs, &job("train", 7)).facts.len(), 1);
    let output = changed(&mut core, Resource::Pods, &pod("train-x", 8, "uid-of-train"));
    assert_eq!(output.facts.len(), 1);
    assert_eq!(messages(&output), "");
}

#[test]
fn a_zone_in_the_schedule_of_an_old_cron_job_is_named_and_shipped_as_written() {
    let mut core = core();
    let old = cron_job("old", 1, "TZ=Asia/Tokyo 0 12 * * *");
    let output = changed(&mut core, Resource::CronJobs, &old);
    expect!["CronJob test/ml/old has the schedule `TZ=Asia/Tokyo 0 12 * * *`, with a time zone in it: Kubernetes runs by it, and so does kigen, but Kubernetes refuses it in new CronJobs; write the zone in spec.timeZone instead"].assert_eq(&messages(&output));
    let FactBody::CronJob { cron_job: Some(shipped), .. } = &output.facts[0].body else {
        panic!("a CronJob is shipped: {:?}", output.facts);
    };
    assert_eq!(shipped.schedule, "TZ=Asia/Tokyo 0 12 * * *");
}

#[test]
fn an_unparsable_schedule_and_an_unknown_zone_are_named_and_these_and_a_bad_deadline_are_shipped_as_written()
{
    let mut core = core();
    let mut all = Vec::new();
    let mut check = |core: &mut Core, object: &Value, facts: usize| {
        let output = changed(core, Resource::CronJobs, object);
        assert_eq!(output.facts.len(), facts);
        all.push(messages(&output));
    };
    let mut first = cron_job("bad-schedule", 1, "every noon");
    check(&mut core, &first, 1);
    first["metadata"]["resourceVersion"] = json!("2");
    first["spec"]["suspend"] = json!(true);
    check(&mut core, &first, 1);

    let mut second = cron_job("bad-zone", 3, "0 12 * * *");
    second["spec"]["timeZone"] = json!("Asia/Tokio");
    check(&mut core, &second, 1);

    let mut third = cron_job("bad-deadline", 4, "0 12 * * *");
    third["metadata"]["annotations"] = json!({"kigen.dev/complete-by": "@every 1h"});
    check(&mut core, &third, 2);
    check(&mut core, &cron_job("good", 5, "0 12 * * *"), 1);
    expect![[r#"
        CronJob test/ml/bad-schedule has the schedule `every noon`, by which kigen expects no start: `every noon` has 2 field(s), of five: minute, hour, day of month, month, day of week; write `*` where any value will do; correct spec.schedule or spec.timeZone

        CronJob test/ml/bad-zone has the schedule `0 12 * * *` in time zone `Asia/Tokio`, by which kigen expects no start: there is no time zone `Asia/Tokio` in tzdata 2026f: did you mean `Asia/Tokyo`?; correct spec.schedule or spec.timeZone

    "#]]
    .assert_eq(&all.join("\n"));
}

fn objectives(output: &Output) -> Vec<Option<String>> {
    output
        .facts
        .iter()
        .filter_map(|fact| match &fact.body {
            FactBody::Objective { objective, .. } => {
                Some(objective.as_ref().map(|objective| match &objective.deadlines {
                    Deadlines::CompleteBy { crontab } => crontab.clone(),
                    Deadlines::Before { .. } | Deadlines::Reads { .. } => {
                        panic!("an annotation names a crontab")
                    }
                }))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn an_objective_is_emitted_when_it_changes_and_withdrawn_with_its_annotation_or_its_cron_job() {
    let mut core = core();
    let mut annotated = cron_job("report", 1, "0 8 * * *");
    annotated["metadata"]["annotations"] = json!({"kigen.dev/complete-by": "0 12 * * *"});
    assert_eq!(
        objectives(&changed(&mut core, Resource::CronJobs, &annotated)),
        [Some("0 12 * * *".to_owned())]
    );
    annotated["metadata"]["resourceVersion"] = json!("2");
    annotated["status"] = json!({"lastScheduleTime": "2026-11-23T08:00:00Z"});
    assert_eq!(objectives(&changed(&mut core, Resource::CronJobs, &annotated)), []);
    // Withdrawn with the next tick, unless it is annotated again before.
    assert_eq!(objectives(&changed(&mut core, Resource::CronJobs, &cron_job("report", 3, "0 8 * * *"))), []);
    annotated["metadata"]["resourceVersion"] = json!("4");
    assert_eq!(objectives(&changed(&mut core, Resource::CronJobs, &annotated)), []);
    annotated["metadata"]["resourceVersion"] = json!("5");
    let deleted =
        apply(&mut core, Resource::CronJobs, StreamEvent::Deleted(to_raw_value(&annotated).expect("JSON")));
    assert_eq!(objectives(&deleted), [None]);
}

#[test]
fn an_objective_that_was_withdrawn_while_no_shipper_ran_is_withdrawn_at_the_start_of_the_next() {
    let resume = Resume {
        observed_until: Some(DateTime::UNIX_EPOCH),
        positions: vec![StreamPosition { stream: "cronjobs".to_owned(), resource_version: 1 }],
        ..Resume::default()
    };
    let mut core = resumed_core(&resume);
    assert_eq!(
        objectives(&changed(&mut core, Resource::CronJobs, &cron_job("report", 3, "0 8 * * *"))),
        [None]
    );
}

#[test]
fn an_object_that_vanished_while_no_shipper_ran_is_emitted_as_gone_and_an_unchanged_one_is_not_emitted() {
    let mut before = core();
    let mut annotated = cron_job("gone", 1, "0 8 * * *");
    annotated["metadata"]["annotations"] = json!({"kigen.dev/complete-by": "0 12 * * *"});
    let mut facts = changed(&mut before, Resource::CronJobs, &annotated).facts;
    facts.extend(changed(&mut before, Resource::CronJobs, &cron_job("kept", 2, "0 8 * * *")).facts);
    let observed_until = Some(DateTime::UNIX_EPOCH);
    let mut core = resumed_core(&Resume { observed_until, facts, ..Resume::default() });
    apply(&mut core, Resource::CronJobs, StreamEvent::ListStarted { answered: None });
    let objects = vec![to_raw_value(&cron_job("kept", 2, "0 8 * * *")).expect("JSON")];
    let page = apply(&mut core, Resource::CronJobs, StreamEvent::Page { answered: None, objects });
    assert_eq!(page.facts, []);
    apply(&mut core, Resource::CronJobs, StreamEvent::Listed { resource_version: 9 });
    let gone = apply(&mut core, Resource::CronJobs, StreamEvent::HistoryLost).facts;
    let lines: Vec<_> = gone.iter().map(|fact| format!("{} {:?}", fact.key, fact.body)).collect();
    expect![[r#"
        test/ml/gone CronJob { revision: Revision { uid: "uid-of-gone", resource_version: 9 }, cron_job: None }
        test/ml/gone Objective { name: "complete-by", revision: Revision { uid: "uid-of-gone", resource_version: 9 }, objective: None }"#]].assert_eq(&lines.join("\n"));
}

#[test]
fn an_object_that_a_new_list_does_not_show_is_gone_and_one_that_it_shows_without_a_uid_is_not() {
    let mut core = core();
    for (n, name) in ["kept", "odd", "gone"].into_iter().enumerate() {
        let resource_version = u32::try_from(n).expect("small") + 1;
        changed(&mut core, Resource::Jobs, &job(name, resource_version));
        changed(&mut core, Resource::CronJobs, &cron_job(name, resource_version, "0 8 * * *"));
    }
    let mut facts = Vec::new();
    for (resource, mut odd, kept) in [
        (Resource::Jobs, job("odd", 2), job("kept", 1)),
        (Resource::CronJobs, cron_job("odd", 2, "0 8 * * *"), cron_job("kept", 1, "0 8 * * *")),
    ] {
        odd["metadata"]["uid"] = Value::Null;
        let objects = [odd, kept].iter().map(|object| to_raw_value(object).expect("JSON")).collect();
        apply(&mut core, resource, StreamEvent::ListStarted { answered: None });
        facts.extend(apply(&mut core, resource, StreamEvent::Page { answered: None, objects }).facts);
        apply(&mut core, resource, StreamEvent::Listed { resource_version: 9 });
        facts.extend(apply(&mut core, resource, StreamEvent::HistoryLost).facts);
    }
    let lines: Vec<_> = facts.iter().map(|fact| format!("{} {:?}", fact.key, fact.body)).collect();
    expect![[r#"
        test/ml/gone Run { revision: Revision { uid: "uid-of-gone", resource_version: 9 }, run: Run { job: "gone", scheduled_at: None, created_at: 2026-11-23T08:00:00Z, started_at: None, phase: Deleted { observed_at: 1970-01-01T00:00:00Z }, failed_pods: 0, slot: None } }
        test/ml/gone CronJob { revision: Revision { uid: "uid-of-gone", resource_version: 9 }, cron_job: None }"#]].assert_eq(&lines.join("\n"));
}

#[test]
fn a_pod_that_comes_before_its_job_waits_for_it_and_too_many_that_wait_are_forgotten() {
    let mut settings = Settings::new("test", Access::Url("http://unused".to_owned()));
    settings.pods_waiting_max = 2;
    let mut core = Core::new(&settings, 1, &Resume::default(), Clock::new(|| DateTime::UNIX_EPOCH));
    assert_eq!(changed(&mut core, Resource::Pods, &pod("a-1", 1, "uid-of-a")), Output::default());
    assert_eq!(changed(&mut core, Resource::Pods, &pod("b-1", 2, "uid-of-b")), Output::default());
    expect!["1 pods were forgotten, because more than pods_waiting_max = 2 waited for a Job that was never seen; alerts may lack exit codes; check that kigen may list jobs where it lists pods"].assert_eq(&messages(&changed(&mut core, Resource::Pods, &pod("c-1", 3, "uid-of-c"))));
    assert_eq!(changed(&mut core, Resource::Jobs, &job("a", 4)).facts.len(), 1, "its pod was forgotten");
    assert_eq!(changed(&mut core, Resource::Jobs, &job("b", 5)).facts.len(), 2, "the run and its attempt");
}

#[test]
fn an_older_version_delivered_again_flips_nothing_back() {
    let mut core = core();
    changed(&mut core, Resource::CronJobs, &cron_job("report", 5, "0 9 * * *"));
    assert_eq!(
        changed(&mut core, Resource::CronJobs, &cron_job("report", 4, "0 8 * * *")),
        Output::default()
    );
    changed(&mut core, Resource::Jobs, &job("report-1", 6));
    let mut older = job("report-1", 5);
    older["spec"] = json!({"suspend": true});
    assert_eq!(changed(&mut core, Resource::Jobs, &older), Output::default());
}

#[test]
fn the_concurrency_policy_is_shipped_as_the_api_server_has_it() {
    let policies = [
        (json!("Allow"), Some(ConcurrencyPolicy::Allow)),
        (json!("Forbid"), Some(ConcurrencyPolicy::Forbid)),
        (json!("Replace"), Some(ConcurrencyPolicy::Replace)),
        (Value::Null, Some(ConcurrencyPolicy::Allow)),
        (json!("Queue"), None),
    ];
    let mut core = core();
    for (version, (policy, expected)) in (7..).zip(policies) {
        let mut object = cron_job("train", version, "0 8 * * *");
        object["spec"]["concurrencyPolicy"] = policy;
        object["spec"]["suspend"] = json!(version % 2 == 0);
        let output = changed(&mut core, Resource::CronJobs, &object);
        let shipped = output.facts.iter().find_map(|fact| match &fact.body {
            FactBody::CronJob { cron_job, .. } => cron_job.as_ref().map(|cron_job| cron_job.concurrency),
            FactBody::Run { .. } | FactBody::Attempt { .. } | FactBody::Objective { .. } => None,
        });
        assert_eq!(shipped, Some(expected), "{object}");
    }
}
