//! Annotations and labels with kigen's name that are not read where they are: each is named once, with what to write instead, and
//! counted while it is there. And what a shipper sees of a cluster when it has seen all.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use expect_test::expect;
use kigen_model::event::{Fact, FactBody};
use kigen_shipper::core::{Core, Resume};
use kigen_shipper::index::resolution::Resolutions;
use kigen_shipper::input::{Input, StreamEvent};
use kigen_shipper::resource::Resource;
use kigen_shipper::server_clock::Clock;
use kigen_shipper::settings::{Access, Settings};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

/// A core whose streams of CronJobs and Objectives are open.
struct Opened {
    core: Core,
    /// What was logged by notices.
    notices: Vec<String>,
    facts: Vec<Fact>,
    version: u32,
}

impl Opened {
    fn new(resume: &Resume) -> Self {
        let settings = Settings::new("test", Access::Url("http://unused".to_owned()));
        let mut core = Core::new(&settings, 1, resume, Clock::new(|| DateTime::UNIX_EPOCH));
        for resource in [Resource::CronJobs, Resource::Objectives] {
            let event = StreamEvent::Opened { resource_version: 1, answered: None };
            core.apply(Input::Stream { resource, event });
        }
        Self { core, notices: Vec::new(), facts: Vec::new(), version: 1 }
    }

    /// Applies the next version of an object of `ml`, with this metadata beside its identity.
    fn change(&mut self, resource: Resource, name: &str, metadata: Value, spec: &Value) -> u32 {
        self.version += 1;
        self.apply(resource, name, self.version, metadata, spec);
        self.version
    }

    fn apply(&mut self, resource: Resource, name: &str, version: u32, metadata: Value, spec: &Value) {
        let mut object = json!({"metadata": metadata, "spec": spec});
        let identity = json!({
            "name": name, "namespace": "ml", "uid": format!("uid-of-{name}"), "resourceVersion": version.to_string(),
            "creationTimestamp": "2026-11-01T00:00:00Z",
        });
        let merged = object["metadata"].as_object_mut().expect("an object");
        merged.extend(identity.as_object().expect("an object").clone());
        let event = StreamEvent::Changed(to_raw_value(&object).expect("JSON"));
        let output = self.core.apply(Input::Stream { resource, event });
        self.notices.extend(output.notices.iter().map(ToString::to_string));
        self.facts.extend(output.facts);
    }

    fn resolutions(&mut self) -> Resolutions {
        self.core.take_resolutions().expect("they may have changed")
    }

    /// What the log and the metric have of annotations.
    fn annotated(&mut self) -> String {
        let all = self.resolutions().annotated;
        all.into_iter().map(|(key, problem)| format!("{key}: {problem}\n")).collect()
    }
}

fn daily() -> Value {
    json!({"schedule": "0 8 * * *"})
}

#[test]
fn an_annotation_of_a_cron_job_that_is_misspelled_or_in_the_wrong_place_is_a_problem_of_it() {
    let mut opened = Opened::new(&Resume::default());
    let spelled = json!({"annotations": {"kigen.dev/dead-line": "0 12 * * *"}});
    opened.change(Resource::CronJobs, "a", spelled, &daily());
    let template = json!({
        "schedule": "0 8 * * *",
        "jobTemplate": {
            "metadata": {"annotations": {"kigen.dev/complete-by": "0 12 * * *"}},
            "spec": {"template": {"metadata": {"annotations": {"kigen.dev/owner": "ml"}}}},
        },
    });
    opened.change(Resource::CronJobs, "b", json!({}), &template);
    let label = json!({"labels": {"kigen.dev/complete-by": "noon"}});
    opened.change(Resource::CronJobs, "c", label, &daily());
    opened.change(Resource::CronJobs, "d", json!({"annotations": {"kigen.dev/owner": "ml"}}), &daily());
    opened.change(Resource::CronJobs, "e", json!({"annotations": {"kigen.dev/team": "ml"}}), &daily());
    let soon = json!({"annotations": {"kigen.dev/complete-by": "0 12 * * *", "kigen.dev/start-by": "soon"}});
    opened.change(Resource::CronJobs, "f", soon, &daily());
    let odd =
        json!({"annotations": {"kigen.dev/complete-by": "0 12 * * *", "kigen.dev/expect": "{rows: 5}"}});
    opened.change(Resource::CronJobs, "g", odd, &daily());
    let read = json!({"annotations": {
        "kigen.dev/complete-by": "0 12 * * *", "kigen.dev/owner": "ml", "kigen.dev/start-by": "15m", "other/owner": "x",
        "kigen.dev/expect": "{metrics: {rows: {min: 1000}}}",
    }});
    opened.change(Resource::CronJobs, "read", read, &daily());
    expect![[r#"
        test/ml/a: the annotation `kigen.dev/dead-line` is not read: did you mean `kigen.dev/complete-by`?
        test/ml/b: the annotation `kigen.dev/complete-by` is not read on the template of its Jobs (spec.jobTemplate.metadata): kigen reads it as an annotation of a CronJob, in its own metadata; the annotation `kigen.dev/owner` is not read on the template of its pods: kigen reads it as an annotation of a CronJob, in its own metadata
        test/ml/c: the label `kigen.dev/complete-by` is not read on a CronJob: kigen reads it as an annotation of a CronJob, in its own metadata
        test/ml/d: the annotation `kigen.dev/owner` has no effect without `kigen.dev/complete-by` beside it: an objective that is declared elsewhere has its own
        test/ml/e: the annotation `kigen.dev/team` is not read: kigen knows kigen.dev/complete-by, kigen.dev/mute-until, kigen.dev/reads, kigen.dev/owner, kigen.dev/runbook, kigen.dev/calendar, kigen.dev/start-by, kigen.dev/expect, kigen.dev/target on a CronJob, and kigen.dev/slot and the label kigen.dev/batch on a Job
        test/ml/f: the annotation `kigen.dev/start-by: soon` has no effect: write a number with s, m, h or d, at most 31d
        test/ml/g: the annotation `kigen.dev/expect: {rows: 5}` has no effect: unknown field `rows`, expected one of minDuration, metrics, counts
    "#]]
    .assert_eq(&opened.annotated());
    let declared = opened.facts.iter().filter_map(|fact| match &fact.body {
        FactBody::Objective { objective: Some(objective), .. } => {
            let expects = objective.expect.as_ref().map(|expect| expect.metrics.len());
            Some((&*fact.key.batch, objective.start_by, expects))
        }
        _ => None,
    });
    let declared = declared.collect::<Vec<_>>();
    assert_eq!(
        declared,
        [("f", None, None), ("g", None, None), ("read", Some(TimeDelta::minutes(15)), Some(1))]
    );
    for name in ["a", "b", "c", "d", "e", "f", "g"] {
        opened.change(Resource::CronJobs, name, json!({}), &daily());
    }
    assert_eq!(opened.annotated(), "", "it is corrected");
    assert_eq!(opened.notices, Vec::<String>::new());
}

#[test]
fn a_deadline_that_cannot_be_read_is_a_problem_until_it_is_corrected_also_after_a_restart() {
    let mut opened = Opened::new(&Resume::default());
    let broken = json!({"annotations": {"kigen.dev/complete-by": "61 * * * *"}});
    let version = opened.change(Resource::CronJobs, "a", broken.clone(), &daily());
    let problem = expect![[r#"
        test/ml/a: the annotation `kigen.dev/complete-by: 61 * * * *` is not a deadline, so nothing is judged by it: the minute `61` does not read: 61 is above 59; allowed are 0 to 59, lists `0,30`, ranges `0-29`, steps `*/5`; correct the annotation
    "#]];
    problem.assert_eq(&opened.annotated());
    // A later version with the same annotation, as at each run, changes no resolution, and so nothing is logged again.
    opened.change(Resource::CronJobs, "a", broken.clone(), &daily());
    assert_eq!(opened.core.take_resolutions(), None);

    let facts = std::mem::take(&mut opened.facts);
    let resume = Resume { observed_until: Some(DateTime::UNIX_EPOCH), facts, ..Resume::default() };
    let mut next = Opened::new(&resume);
    next.apply(Resource::CronJobs, "a", version, broken, &daily());
    problem.assert_eq(&next.annotated());
    let good = json!({"annotations": {"kigen.dev/complete-by": "1 * * * *"}});
    next.apply(Resource::CronJobs, "a", version + 7, good, &daily());
    assert_eq!(next.annotated(), "");
}

#[test]
fn an_annotation_of_a_bare_job_that_is_not_read_is_named_once_for_its_batch() {
    let mut opened = Opened::new(&Resume::default());
    let owner =
        json!([{"apiVersion": "batch/v1", "kind": "CronJob", "name": "a", "uid": "1", "controller": true}]);
    for name in ["backfill-1", "backfill-2"] {
        let metadata = json!({
            "labels": {"kigen.dev/batch": "backfill"},
            "annotations": {"kigen.dev/complete-by": "0 12 * * *", "kigen.dev/slots": "2026-11-01"},
        });
        opened.change(Resource::Jobs, name, metadata, &json!({}));
    }
    // What the template of a CronJob has, each of its Jobs has.
    let of_cron_job = json!({"annotations": {"kigen.dev/team": "ml"}, "ownerReferences": owner});
    opened.change(Resource::Jobs, "a-1", of_cron_job, &json!({}));
    expect![[r#"
        Jobs of test/ml/backfill: the annotation `kigen.dev/complete-by` is not read on a Job: kigen reads it as an annotation of a CronJob, in its own metadata
        Jobs of test/ml/backfill: the annotation `kigen.dev/slots` is not read: did you mean `kigen.dev/slot`?"#]]
    .assert_eq(&opened.notices.join("\n"));
}

#[test]
fn an_annotation_of_an_objective_is_in_its_problem() {
    let mut opened = Opened::new(&Resume::default());
    opened.change(Resource::CronJobs, "a", json!({}), &daily());
    let spec = json!({"batch": {"cronJob": "a"}, "completeBy": "0 12 * * *"});
    opened.change(
        Resource::Objectives,
        "ready",
        json!({"annotations": {"kigen.dev/owner": "ml", "kubectl.kubernetes.io/last-applied-configuration": "{}"}}),
        &spec,
    );
    let problem = |opened: &mut Opened| {
        let mut resolutions = opened.resolutions();
        let resolution =
            resolutions.objects.remove(&("ml".to_owned(), "ready".to_owned())).expect("it is there");
        assert_eq!(resolution.batches.len(), 1, "it holds");
        resolution.problem.unwrap_or_default()
    };
    expect!["the annotation `kigen.dev/owner` is not read on an Objective: kigen reads it as an annotation of a CronJob, in its own metadata"]
        .assert_eq(&problem(&mut opened));
    opened.change(Resource::Objectives, "ready", json!({}), &spec);
    assert_eq!(problem(&mut opened), "");
}

#[test]
fn the_overview_counts_cron_jobs_and_objectives_and_has_the_next_deadline_in_its_zone() {
    let mut opened = Opened::new(&Resume::default());
    let overview = |opened: &Opened, day: u32| {
        let at = Utc.with_ymd_and_hms(2026, 11, day, 2, 0, 0).single().expect("an instant");
        opened.core.overview_at(at).to_string()
    };
    expect!["0 CronJobs, 0 with an objective; nothing is judged until one is declared, such as by the annotation kigen.dev/complete-by of a CronJob"]
        .assert_eq(&overview(&opened, 9));
    let noon = json!({"annotations": {"kigen.dev/complete-by": "0 12 * * *"}});
    let tokyo = json!({"schedule": "0 8 * * *", "timeZone": "Asia/Tokyo"});
    opened.change(Resource::CronJobs, "recommend", noon, &tokyo);
    expect!["1 CronJob, 1 with an objective; next deadline 2026-11-09 12:00 Asia/Tokyo: ml/recommend"]
        .assert_eq(&overview(&opened, 9));
    opened.change(Resource::CronJobs, "rank", json!({}), &json!({"schedule": "15 2 * * *"}));
    opened.change(Resource::CronJobs, "idle", json!({}), &daily());
    let spec =
        json!({"batch": {"name": "backfill"}, "completeBy": "30 3 * * *", "timeZone": "Europe/Berlin"});
    opened.change(Resource::Objectives, "ready", json!({}), &spec);
    expect!["3 CronJobs, 1 with an objective, and 1 with an objective and no CronJob; next deadline 2026-11-10 03:30 Europe/Berlin: ml/backfill"]
        .assert_eq(&overview(&opened, 10));
    let before = json!({"batch": {"cronJob": "recommend"}, "before": {"cronJob": "rank"}});
    opened.change(Resource::Objectives, "before-rank", json!({}), &before);
    expect!["3 CronJobs, 1 with an objective, and 1 with an objective and no CronJob; next deadline 2026-11-10 02:15 UTC: ml/recommend"]
        .assert_eq(&overview(&opened, 10));
    assert!(opened.facts.iter().any(|fact| matches!(fact.body, FactBody::Objective { .. })));
}
