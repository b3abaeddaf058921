//! Quotas of namespaces: what a tenant with too many Jobs loses, and that no other tenant loses anything.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use kigen_model::event::{Fact, FactBody};
use kigen_model::run::AttemptPhase;
use kigen_shipper::core::{Core, Output, Resume};
use kigen_shipper::input::{Input, LogRead, StreamEvent};
use kigen_shipper::quotas::{Quota, QuotaSettings};
use kigen_shipper::resource::Resource;
use kigen_shipper::server_clock::{Answered, Clock};
use kigen_shipper::settings::{Access, Settings};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

fn at(hour: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 23, 0, 0, 0).single().expect("an instant") + TimeDelta::hours(hour.into())
}

/// A shipper that knows all CronJobs: `etl` in namespace `dwh` and in namespace `ci`.
struct Ship {
    core: Core,
    version: u64,
    all: Output,
}

impl Ship {
    fn start(quotas: QuotaSettings) -> Self {
        let settings = Settings { quotas, ..Settings::new("test", Access::Url(String::new())) };
        let core = Core::new(&settings, 1, &Resume::default(), Clock::new(|| DateTime::UNIX_EPOCH));
        let mut ship = Self { core, version: 10, all: Output::default() };
        for namespace in ["dwh", "ci"] {
            ship.shows(Resource::CronJobs, namespace, "etl", json!({"spec": {"schedule": "0 8 * * *"}}));
        }
        ship.event(Resource::CronJobs, StreamEvent::Listed { resource_version: 20 });
        let opened = StreamEvent::Opened { resource_version: 20, answered: None };
        ship.event(Resource::CronJobs, opened);
        ship
    }

    fn event(&mut self, resource: Resource, event: StreamEvent) {
        let Output { facts, rejected, notices, over_quota } =
            self.core.apply(Input::Stream { resource, event });
        self.all.facts.extend(facts);
        self.all.rejected.extend(rejected);
        self.all.notices.extend(notices);
        for (quota, times) in over_quota {
            *self.all.over_quota.entry(quota).or_default() += times;
        }
    }

    /// The server's time.
    fn is(&mut self, date: DateTime<Utc>) {
        let answered = Some(Answered { date, sent_at: DateTime::UNIX_EPOCH });
        self.event(Resource::Objectives, StreamEvent::Page { answered, objects: Vec::new() });
    }

    /// An object; `more` is merged into it.
    fn shows(&mut self, resource: Resource, namespace: &str, name: &str, more: Value) {
        self.version += 1;
        let mut object = json!({"metadata": {
            "name": name, "namespace": namespace, "uid": format!("{namespace}-{name}"),
            "resourceVersion": self.version.to_string(), "creationTimestamp": "2026-11-23T00:00:00Z",
        }});
        for (field, value) in more.as_object().expect("an object") {
            match field.as_str() {
                "ownerReferences" => object["metadata"][field] = value.clone(),
                _ => object[field] = value.clone(),
            }
        }
        self.event(resource, StreamEvent::Changed(to_raw_value(&object).expect("JSON")));
    }

    fn job(&mut self, namespace: &str, name: &str) {
        self.shows(Resource::Jobs, namespace, name, json!({"status": {"active": 1, "ready": 1}}));
    }

    /// A run of the CronJob `etl`.
    fn run(&mut self, namespace: &str, name: &str) {
        let owner = json!([{"apiVersion": "batch/v1", "kind": "CronJob", "name": "etl", "controller": true}]);
        self.shows(Resource::Jobs, namespace, name, json!({"ownerReferences": owner}));
    }

    /// A pod of the Job that failed with this error.
    fn failed_pod(&mut self, namespace: &str, job: &str, message: Option<&str>) {
        let owner = json!([{"kind": "Job", "uid": format!("{namespace}-{job}"), "controller": true}]);
        let ended = json!({"exitCode": 1, "finishedAt": "2026-11-23T00:30:00Z", "message": message});
        let status = json!({"phase": "Failed", "containerStatuses": [{"name": "main", "state": {"terminated": ended}}]});
        let more = json!({"ownerReferences": owner, "status": status});
        self.shows(Resource::Pods, namespace, &format!("{job}-x"), more);
    }

    /// How many facts each batch has.
    fn facts(&self) -> BTreeMap<String, usize> {
        let mut facts = BTreeMap::new();
        for Fact { key, .. } in &self.all.facts {
            *facts.entry(format!("{}/{}", key.namespace, key.batch)).or_default() += 1;
        }
        facts
    }

    fn notices(&self) -> Vec<String> {
        self.all.notices.iter().map(ToString::to_string).collect()
    }
}

fn facts_of(expected: &[(&str, usize)]) -> BTreeMap<String, usize> {
    expected.iter().map(|(batch, facts)| ((*batch).to_owned(), *facts)).collect()
}

#[test]
fn beyond_so_many_jobs_a_day_that_are_no_batch_further_ones_are_left_out() {
    let mut ship = Ship::start(QuotaSettings { keys_a_day_max: 2, ..QuotaSettings::default() });
    for nth in 0..5 {
        ship.job("ci", &format!("check-{nth}"));
        ship.failed_pod("ci", &format!("check-{nth}"), Some("no rows"));
    }
    // Runs of a CronJob, and another tenant's Jobs.
    for nth in 0..5 {
        ship.run("ci", &format!("etl-{nth}"));
    }
    ship.job("dwh", "check");
    let expected = [("ci/check-0", 2), ("ci/check-1", 2), ("ci/etl", 6), ("dwh/etl", 1), ("dwh/check", 1)];
    assert_eq!(ship.facts(), facts_of(&expected));
    assert_eq!(ship.all.over_quota, BTreeMap::from([(Quota::Keys, 6)]));
    assert_eq!(
        ship.notices(),
        [
            "namespace ci is over its quota of 2 Jobs without CronJob and objective a day: until midnight UTC further ones are not \
          written to the log, and their failures are not reported; no verdict depends on that; to allow more: keys_a_day_max in \
          [kubernetes.quotas]"
        ]
    );
    let report = ship.core.over_quota();
    assert_eq!(
        report.as_deref(),
        Some("over their quotas of today: ci (6 × Jobs without CronJob and objective)")
    );
    // The next day.
    ship.is(at(24));
    ship.job("ci", "check-9");
    assert_eq!(ship.facts().get("ci/check-9"), Some(&1));
    assert_eq!(ship.core.over_quota(), None);
}

#[test]
fn beyond_its_bytes_a_day_a_namespace_loses_error_texts_and_jobs_that_are_no_batch_but_no_run_of_a_cron_job()
{
    let mut ship = Ship::start(QuotaSettings { bytes_a_day_max: 1_000, ..QuotaSettings::default() });
    let error = "ValueError: ".repeat(250);
    ship.run("ci", "etl-1");
    ship.failed_pod("ci", "etl-1", Some(&error));
    ship.job("ci", "check");
    for nth in 0..20 {
        ship.job("ci", &format!("more-{nth}"));
    }
    let before = ship.facts().values().sum::<usize>();
    assert!(before < 20, "{before}");
    ship.run("ci", "etl-2");
    ship.run("dwh", "etl-1");
    ship.failed_pod("dwh", "etl-1", Some("no rows"));
    let errors = ship.all.facts.iter().filter_map(|fact| match &fact.body {
        FactBody::Attempt { attempt, .. } => match &attempt.phase {
            AttemptPhase::Failed { message, .. } => Some((fact.key.namespace.as_str(), message.as_deref())),
            _ => None,
        },
        _ => None,
    });
    let errors: Vec<_> = errors.collect();
    assert_eq!(errors, [("ci", None), ("dwh", Some("no rows"))]);
    assert_eq!((ship.facts()["ci/etl"], ship.facts()["dwh/etl"]), (4, 3));
    assert!(ship.all.over_quota[&Quota::Bytes] > 5);
    // A rejected object counts, too.
    let rejected = ship.all.rejected.len();
    ship.shows(Resource::CronJobs, "ci", "broken", json!({"spec": {"note": "x".repeat(2_000)}}));
    assert_eq!(ship.all.rejected.len(), rejected);
    ship.shows(Resource::CronJobs, "dwh", "broken", json!({"spec": {"note": "x".repeat(100)}}));
    assert_eq!(ship.all.rejected.len(), rejected + 1);
}

#[test]
fn so_many_logs_a_day_are_read_of_a_namespace() {
    let mut ship = Ship::start(QuotaSettings { log_reads_a_day_max: 2, ..QuotaSettings::default() });
    ship.is(at(1));
    for nth in 0..5 {
        for namespace in ["ci", "dwh"] {
            ship.run(namespace, &format!("etl-{nth}"));
            if namespace == "ci" || nth == 0 {
                ship.failed_pod(namespace, &format!("etl-{nth}"), None);
            }
        }
    }
    let requests = ship.core.take_log_requests();
    let of: Vec<_> = requests.iter().map(|request| request.key.namespace.as_str()).collect();
    assert_eq!(of, ["ci", "dwh", "ci"]);
    let read = LogRead { request: requests[0].clone(), text: Ok("no rows".to_owned()) };
    let output = ship.core.apply(Input::Log(Box::new(read)));
    assert_eq!(output.over_quota, BTreeMap::from([(Quota::LogReads, 3)]));
}
