//! One tenant's namespace beside 300 hostile ones: 10 Jobs a second in each of them, annotations of 256 KiB, texts meant to be
//! expensive or to look like something else. The tenant's verdicts, alerts and states must be, byte for byte, those of a
//! cluster in which it is alone; the bench fails where they are not.
//!
//! Without network and disk: the shipper's core, its facts as records of one partition, and the processor's turn over them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant as RealInstant};

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use kigen_log::ConsumedRecord;
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event};
use kigen_model::topic::{Offset, Partition};
use kigen_processor::Replay;
use kigen_shipper::core::{Core, Resume};
use kigen_shipper::input::{Input, StreamEvent};
use kigen_shipper::quotas::{Quota, QuotaSettings};
use kigen_shipper::resource::Resource;
use kigen_shipper::server_clock::{Answered, Clock};
use kigen_shipper::settings::{Access, Settings};
use kigen_testkit::bench::{is_measured, report};
use kigen_wire::Level;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

const CLUSTER: &str = "prod";
const VICTIM: &str = "victim";
/// The bytes of a hostile Job's annotations: the most that Kubernetes allows.
const ANNOTATION_BYTES: usize = 256 * 1024;
const HOSTILE_JOBS_A_SECOND: usize = 10;
const VICTIM_CRON_JOBS: usize = 10;
/// The first version that is no victim's.
const HOSTILE_VERSIONS: u64 = 1_000_000_000;

/// How much is measured.
struct Amounts {
    tenants: usize,
    seconds: usize,
    quotas: QuotaSettings,
}

fn main() {
    // The quotas of a day are those of a few seconds here, so that each tenant goes beyond all of them.
    let quotas = QuotaSettings { keys_a_day_max: 30, bytes_a_day_max: 32 << 10, log_reads_a_day_max: 10 };
    let amounts = if is_measured() {
        Amounts { tenants: 300, seconds: 12, quotas }
    } else {
        Amounts { tenants: 3, seconds: 5, quotas }
    };
    let alone = measure(&Amounts { tenants: 0, ..amounts }, false);
    let plain = measure(&amounts, false);
    let hostile = measure(&amounts, true);
    assert!(!alone.verdicts.is_empty() && !alone.states.is_empty(), "the victim is judged");
    for (what, beside) in [("plain", &plain), ("hostile", &hostile)] {
        assert_eq!(beside.verdicts, alone.verdicts, "the victim's verdicts and alerts beside {what} tenants");
        assert_eq!(beside.states, alone.states, "the victim's states beside {what} tenants");
        assert_eq!(beside.log_reads, alone.log_reads, "the victim's log reads beside {what} tenants");
    }
    for quota in [Quota::Keys, Quota::Bytes, Quota::LogReads] {
        assert!(hostile.over_quota.contains_key(&quota), "the tenants go beyond {quota}");
    }
    let jobs = amounts.tenants * amounts.seconds * HOSTILE_JOBS_A_SECOND;
    report(&format!(
        "{} tenants with {jobs} Jobs: the victim's {} verdicts and alerts and {} states are those of a cluster of its own",
        amounts.tenants,
        alone.verdicts.len(),
        alone.states.len()
    ));
    let ratio = |part: usize, whole: usize| part as f64 / whole as f64;
    report(&format!(
        "of {} MiB that hostile tenants sent, {:.4} are in the log: {} KiB a tenant, of at most {} KiB a day",
        hostile.received_bytes >> 20,
        ratio(hostile.tenants_bytes, hostile.received_bytes),
        (hostile.tenants_bytes / amounts.tenants) >> 10,
        amounts.quotas.bytes_a_day_max >> 10
    ));
    report(&format!(
        "beside hostile tenants it takes {:.1} times as long as beside plain ones with as many Jobs, for {:.0} times their bytes",
        hostile.took.as_secs_f64() / plain.took.as_secs_f64(),
        ratio(hostile.received_bytes, plain.received_bytes)
    ));
}

/// What became of the victim, and what the tenants cost.
struct Measured {
    /// The victim's verdicts and alerts, as text, in order.
    verdicts: Vec<String>,
    /// The victim's states, encoded.
    states: BTreeMap<String, Vec<u8>>,
    log_reads: usize,
    over_quota: BTreeMap<Quota, u64>,
    /// The bytes of the tenants' objects, and of their records in the log.
    received_bytes: usize,
    tenants_bytes: usize,
    /// The time of shipping and judging, without that of making the objects.
    took: Duration,
}

fn measure(amounts: &Amounts, is_hostile: bool) -> Measured {
    let mut cluster = Cluster::new(amounts.quotas);
    cluster.begin();
    for second in 0..amounts.seconds {
        cluster.is(start() + TimeDelta::seconds(i64::try_from(second).expect("seconds")));
        for tenant in 0..amounts.tenants {
            for nth in 0..HOSTILE_JOBS_A_SECOND {
                cluster.tenants_job(tenant, second * HOSTILE_JOBS_A_SECOND + nth, is_hostile);
            }
        }
        cluster.victims_runs(second);
    }
    // Each deadline has passed.
    cluster.is(start() + TimeDelta::hours(2));
    cluster.judge(start() + TimeDelta::hours(2));
    cluster.measured()
}

fn start() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 23, 8, 0, 0).single().expect("an instant")
}

struct Cluster {
    core: Core,
    replay: Replay,
    victims_version: u64,
    tenants_version: u64,
    next: Offset,
    verdicts: Vec<String>,
    log_reads: usize,
    over_quota: BTreeMap<Quota, u64>,
    received_bytes: usize,
    tenants_bytes: usize,
    took: Duration,
    padding: String,
}

impl Cluster {
    fn new(quotas: QuotaSettings) -> Self {
        let settings = Settings { quotas, ..Settings::new(CLUSTER, Access::Url(String::new())) };
        // Long, and neither a day nor an instant; Kubernetes checks no annotation's text.
        let padding = "2026-11-20 \u{1b}[31mTraceback (most recent call last):\n<!channel> {\"a\": NaN} ";
        Self {
            core: Core::new(&settings, 1, &Resume::default(), Clock::new(|| DateTime::UNIX_EPOCH)),
            replay: Replay::new(Partition(0), 1),
            victims_version: 0,
            tenants_version: HOSTILE_VERSIONS,
            next: Offset(0),
            verdicts: Vec::new(),
            log_reads: 0,
            over_quota: BTreeMap::new(),
            received_bytes: 0,
            tenants_bytes: 0,
            took: Duration::ZERO,
            padding: padding.repeat(ANNOTATION_BYTES / padding.len()),
        }
    }

    /// The victim's CronJobs, each with an objective within the hour; then all are known.
    fn begin(&mut self) {
        self.is(start() - TimeDelta::hours(1));
        for nth in 0..VICTIM_CRON_JOBS {
            let more = json!({
                "annotations": {"kigen.dev/complete-by": "30 * * * *"},
                "spec": {"schedule": "0 * * * *"},
            });
            self.victims(Resource::CronJobs, &format!("batch-{nth}"), more);
        }
        self.event(Resource::CronJobs, StreamEvent::Listed { resource_version: 1 });
        self.event(Resource::CronJobs, StreamEvent::Opened { resource_version: 1, answered: None });
        self.judge(start() - TimeDelta::hours(1));
    }

    /// The server's time.
    fn is(&mut self, date: Instant) {
        let answered = Some(Answered { date, sent_at: DateTime::UNIX_EPOCH });
        self.event(Resource::Objectives, StreamEvent::Page { answered, objects: Vec::new() });
    }

    /// One run a second: it succeeds, fails with an error text or without one, or runs on.
    fn victims_runs(&mut self, second: usize) {
        let (job, kind) = (format!("batch-{}-1", second % VICTIM_CRON_JOBS), second % 4);
        let owner = json!([{
            "apiVersion": "batch/v1", "kind": "CronJob", "name": format!("batch-{}", second % VICTIM_CRON_JOBS),
            "controller": true,
        }]);
        let at = (start() + TimeDelta::seconds(i64::try_from(second).expect("seconds"))).to_rfc3339();
        let condition = |kind: &str| json!([{"type": kind, "status": "True", "lastTransitionTime": at}]);
        let status = match kind {
            0 => json!({"startTime": at, "completionTime": at, "conditions": condition("Complete")}),
            1 | 2 => json!({"startTime": at, "failed": 1, "conditions": condition("Failed")}),
            _ => json!({"startTime": at, "active": 1, "ready": 1}),
        };
        let scheduled = json!({"batch.kubernetes.io/cronjob-scheduled-timestamp": start().to_rfc3339()});
        let more = json!({"annotations": scheduled, "ownerReferences": owner, "status": status});
        self.victims(Resource::Jobs, &job, more);
        if let 1 | 2 = kind {
            let message = (kind == 1).then_some("KeyError: 'price'");
            let (pod, more) = failed_pod(&format!("uid-{VICTIM}-{job}"), &job, &at, message);
            self.victims(Resource::Pods, &pod, more);
        }
    }

    /// A Job that belongs to nothing, and its pod, which failed.
    fn tenants_job(&mut self, tenant: usize, nth: usize, is_hostile: bool) {
        let (namespace, job) = (format!("tenant-{tenant}"), format!("check-{nth}"));
        let at = start().to_rfc3339();
        let mut more = json!({"status": {"startTime": at, "active": 1, "ready": 1}});
        let text = if is_hostile { self.padding.clone() } else { String::new() };
        if is_hostile {
            more["annotations"] = json!({"kigen.dev/slot": text});
            // Each second Job claims a batch of its own by a label, each third one a CronJob that is not there.
            match nth % 3 {
                1 => more["labels"] = json!({"kigen.dev/batch": format!("claimed-{nth}")}),
                2 => more["ownerReferences"] = json!([{"kind": "CronJob", "name": format!("claimed-{nth}")}]),
                _ => {}
            }
        }
        self.tenants(Resource::Jobs, &namespace, &job, more);
        let end = is_hostile.then(|| &text[..4096.min(text.len())]).filter(|_| nth.is_multiple_of(2));
        let (pod, more) = failed_pod(&format!("uid-{namespace}-{job}"), &job, &at, end);
        self.tenants(Resource::Pods, &namespace, &pod, more);
    }

    fn victims(&mut self, resource: Resource, name: &str, more: Value) {
        self.victims_version += 1;
        let object = object(VICTIM, name, self.victims_version, more);
        self.event(resource, StreamEvent::Changed(to_raw_value(&object).expect("JSON")));
    }

    fn tenants(&mut self, resource: Resource, namespace: &str, name: &str, more: Value) {
        self.tenants_version += 1;
        let object = to_raw_value(&object(namespace, name, self.tenants_version, more)).expect("JSON");
        self.received_bytes += object.get().len();
        self.event(resource, StreamEvent::Changed(object));
    }

    fn event(&mut self, resource: Resource, event: StreamEvent) {
        let began = RealInstant::now();
        let output = self.core.apply(Input::Stream { resource, event });
        // As the role does with each.
        self.request_logs();
        output.notices.iter().for_each(|notice| assert!(notice.to_string().len() < 2_000, "a short line"));
        for (quota, times) in output.over_quota {
            *self.over_quota.entry(quota).or_default() += times;
        }
        let mut records = Vec::new();
        for fact in output.facts {
            let (key, at, namespace) = (fact.key.to_string(), fact.observed_at, fact.key.namespace.clone());
            let record = self.record(key, at, &Event::Fact(fact));
            if namespace != VICTIM {
                self.tenants_bytes += record.value.as_ref().map_or(0, Vec::len);
            }
            records.push(record);
        }
        self.fold(&records);
        self.took += began.elapsed();
    }

    /// A tick: everything up to then is judged.
    fn judge(&mut self, observed_until: Instant) {
        let body = ClusterBody::Tick { observed_until, positions: Vec::new() };
        let event = ClusterEvent { cluster: CLUSTER.to_owned(), cluster_uid: None, epoch: 1, body };
        let record = self.record(CLUSTER.to_owned(), observed_until, &Event::Cluster(event));
        let began = RealInstant::now();
        self.fold(&[record]);
        self.took += began.elapsed();
    }

    fn request_logs(&mut self) {
        let requests = self.core.take_log_requests();
        self.log_reads += requests.iter().filter(|request| request.key.namespace == VICTIM).count();
    }

    fn record(&mut self, key: String, timestamp: Instant, event: &Event) -> ConsumedRecord {
        let offset = self.next;
        self.next = offset.next();
        let value = Some(kigen_wire::encode_event(event, Level::NEWEST));
        ConsumedRecord { offset, key, value, schema_prefix: None, timestamp }
    }

    fn fold(&mut self, records: &[ConsumedRecord]) {
        let output = self.replay.fold(records).expect("events of this kigen");
        let alerts = output.alerts.iter().filter(|alert| alert.key.namespace == VICTIM);
        self.verdicts.extend(alerts.map(|alert| format!("{alert:?}")));
        let verdicts = output.judgements.iter().filter(|judgement| judgement.key.namespace == VICTIM);
        self.verdicts.extend(verdicts.map(|judgement| format!("{judgement:?}")));
    }

    fn measured(self) -> Measured {
        let states = self.replay.states().filter(|state| state.key.namespace == VICTIM);
        let states = states.map(|state| (state.key.to_string(), format!("{state:?}").into_bytes())).collect();
        Measured {
            verdicts: self.verdicts,
            states,
            log_reads: self.log_reads,
            over_quota: self.over_quota,
            received_bytes: self.received_bytes,
            tenants_bytes: self.tenants_bytes,
            took: self.took,
        }
    }
}

/// An object; the parts of `more` that belong there go to its metadata.
fn object(namespace: &str, name: &str, version: u64, more: Value) -> Value {
    let mut object = json!({"metadata": {
        "name": name, "namespace": namespace, "uid": format!("uid-{namespace}-{name}"),
        "resourceVersion": version.to_string(), "creationTimestamp": start().to_rfc3339(),
    }});
    let Value::Object(more) = more else { return object };
    for (field, value) in more {
        match field.as_str() {
            "annotations" | "labels" | "ownerReferences" => object["metadata"][&field] = value,
            _ => object[&field] = value,
        }
    }
    object
}

/// The name of a pod of the Job, and its parts.
fn failed_pod(job_uid: &str, job: &str, at: &str, message: Option<&str>) -> (String, Value) {
    let ended = json!({"exitCode": 1, "finishedAt": at, "message": message});
    let containers = json!([{"name": "main", "state": {"terminated": ended}}]);
    let more = json!({
        "ownerReferences": [{"kind": "Job", "uid": job_uid, "controller": true}],
        "status": {"phase": "Failed", "containerStatuses": containers},
    });
    (format!("{job}-x"), more)
}
