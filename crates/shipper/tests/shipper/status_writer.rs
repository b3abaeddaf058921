//! The statuses of the cluster's Objectives, written once for each change.

use std::time::Duration;

use crate::support::running::Running;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use kigen_log::{
    ConsumedRecord, EmbeddedConsumer, EmbeddedLog, GroupPosition, Log, LogError, LogReader, NewRecord,
};
use kigen_model::Instant;
use kigen_model::budget::Target;
use kigen_model::event::Revision;
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
use kigen_model::slot::{CauseKind, Gap, Slot, Verdict};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::generate::{Cluster, CronJobPlan};
use kigen_playback::server::{Options, Played, Server};
use kigen_shipper::settings::{Access, Settings};
use kigen_state::{BatchState, Budget, BudgetDay, Judged, ObjectiveState, OpenSlot, Plan, Window};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);

fn start() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 9, 0, 0, 0).single().expect("an instant")
}

fn noon(day: i64) -> Instant {
    start() + TimeDelta::days(day) + TimeDelta::hours(12)
}

/// Two of the CronJobs have the label that one Objective selects; another selects what no CronJob has.
async fn play() -> Server {
    play_with(&[("golden", "gold"), ("lost", "lead")]).await
}

/// With Objectives of these names, that select CronJobs of these tiers.
async fn play_with(objectives: &[(&str, &str)]) -> Server {
    let mut cluster = Cluster::new(start());
    for name in ["rank", "recommend", "report"] {
        let mut plan = CronJobPlan::new("ml", name, "0 8 * * *");
        if name != "report" {
            plan.labels.insert("tier".to_owned(), "gold".to_owned());
        }
        cluster.cron_job(plan);
    }
    for (name, tier) in objectives {
        let batch = json!({"selector": {"matchLabels": {"tier": tier}}});
        let spec = json!({"batch": batch, "completeBy": "0 12 * * *"});
        cluster.objective("ml", name, start(), Some(spec));
    }
    let history = cluster.build().expect("a history");
    let clock = Clock::new(history.start(), Pace::Manual, None);
    let options = Options { eager_bookmarks: true, ..Options::default() };
    let server = Server::start(Played { history, clock, options }).await.expect("a free port");
    server.faults().serve_objectives(true);
    server
}

fn ship<L: Log>(server: &Server, log: &L) -> Running {
    let settings = Settings {
        probe_interval_ms: 5,
        statuses_interval_ms: 5,
        retry_delay_ms_min: 1,
        ..Settings::new("test", Access::Url(server.url()))
    };
    Running::start(log.clone(), settings, server.clock(), "the test")
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !is_so() {
        assert!(tokio::time::Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn until_written(server: &Server, name: &str, status: &Value) {
    let is_so = || server.objective_status("ml", name).0.as_ref() == Some(status);
    let what = format!("{status}, but {:?}", server.objective_status("ml", name));
    until(&what, is_so).await;
}

/// As the processor leaves it, with this deadline to come and the one of the day before judged.
async fn judged(log: &EmbeddedLog, batch: &str, next: Instant, verdict: Verdict) {
    judged_by_target(log, batch, next, verdict, None).await;
}

/// With a target, and its budget so far.
async fn judged_by_target(
    log: &EmbeddedLog,
    batch: &str,
    next: Instant,
    verdict: Verdict,
    target: Option<(Target, Budget)>,
) {
    let deadlines = Deadlines::CompleteBy { crontab: "0 12 * * *".to_owned() };
    let (previous, deadline) = (next - TimeDelta::days(1), next);
    let slot = Slot { from: previous, deadline, whole: true };
    let time_zone = "UTC".to_owned();
    let window = Window::Slot;
    let open = OpenSlot { slot, time_zone, window, met_at: None, risk_due: None, warned_of: Vec::new() };
    let revision = Revision { uid: "any".to_owned(), resource_version: 1 };
    let mut objective =
        ObjectiveState::new(revision, Objective::new(deadlines, ObjectiveSource::Selector), start());
    objective.plan = Plan::Open(open);
    objective.verdicts = vec![Judged { deadline: previous, verdict, judged: None }];
    if let Some((target, budget)) = target {
        (objective.objective.target, objective.budget) = (Some(target), budget);
    }
    let mut state = BatchState::new(BatchKey::new("test", "ml", batch));
    state.objectives.insert("golden".to_owned(), objective);
    let key = state.key.to_string();
    let partition = log.reader().partition_of(&key);
    let value = Some(kigen_wire::encode_batch(&state, kigen_wire::Level::NEWEST));
    let record = NewRecord { topic: Topic::Status, partition, key, value, timestamp: start() };
    log.append(vec![record]).await.expect("a log that can be written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_status_has_the_next_deadline_the_last_verdict_and_the_problem_and_is_written_once() {
    let server = play().await;
    let folder = tempfile::tempdir().expect("a folder");
    let log = EmbeddedLog::open(folder.path(), kigen_log::Settings::default()).expect("a new log");
    let running = ship(&server, &log);
    let problem = "no CronJob of the namespace ml has these labels";
    until_written(&server, "lost", &json!({"observedGeneration": 1, "batches": 0, "problem": problem})).await;
    until_written(&server, "golden", &json!({"observedGeneration": 1, "batches": 2})).await;

    // The earliest deadline of all, and the verdict on the latest.
    judged(&log, "rank", noon(2), Verdict::Missed(CauseKind::StillRunning)).await;
    judged(&log, "recommend", noon(1), Verdict::Met { ended_at: noon(0) }).await;
    let golden = json!({
        "observedGeneration": 1,
        "batches": 2,
        "nextDeadline": "2026-11-10T12:00:00Z",
        "lastVerdict": "missed (still running), 2026-11-10T12:00:00Z",
    });
    until_written(&server, "golden", &golden).await;
    running.stop().await;

    // The next shipper finds every status up to date.
    let (_, written) = server.objective_status("ml", "golden");
    let enough = server.requests().others + 50;
    let running = ship(&server, &log);
    until("it has compared often", || server.requests().others >= enough).await;
    assert_eq!(server.objective_status("ml", "golden"), (Some(golden), written));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_batches_with_a_target_the_fewest_misses_left_are_shown() {
    let server = play().await;
    let folder = tempfile::tempdir().expect("a folder");
    let log = EmbeddedLog::open(folder.path(), kigen_log::Settings::default()).expect("a new log");
    let running = ship(&server, &log);
    // Of thirty slots three may be missed.
    let missed = |missed| {
        let day = BudgetDay { day: Budget::day_of(noon(1)), met: 10, missed, excused: 0 };
        let budget = Budget { days: vec![day], slots: 30, ..Budget::default() };
        Some((Target { ratio_ppm: 900_000, over_d: 30 }, budget))
    };
    let golden = |left: u32| {
        json!({
            "observedGeneration": 1,
            "batches": 2,
            "nextDeadline": "2026-11-11T12:00:00Z",
            "lastVerdict": "met, 2026-11-10T12:00:00Z",
            "missesLeft": left,
        })
    };
    let met = Verdict::Met { ended_at: noon(0) };
    judged_by_target(&log, "rank", noon(2), met, missed(1)).await;
    judged_by_target(&log, "recommend", noon(2), met, None).await;
    until_written(&server, "golden", &golden(2)).await;
    judged_by_target(&log, "recommend", noon(2), met, missed(4)).await;
    until_written(&server, "golden", &golden(0)).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_selectors_batches_the_worst_of_their_last_verdicts_is_shown() {
    let server = play().await;
    let folder = tempfile::tempdir().expect("a folder");
    let log = EmbeddedLog::open(folder.path(), kigen_log::Settings::default()).expect("a new log");
    let running = ship(&server, &log);
    let golden = |verdict: &str| {
        json!({
            "observedGeneration": 1,
            "batches": 2,
            "nextDeadline": "2026-11-11T12:00:00Z",
            "lastVerdict": verdict,
        })
    };
    judged(&log, "rank", noon(2), Verdict::Missed(CauseKind::Failed)).await;
    judged(&log, "recommend", noon(2), Verdict::Met { ended_at: noon(0) }).await;
    until_written(&server, "golden", &golden("missed (failed), 2026-11-10T12:00:00Z")).await;
    judged(&log, "rank", noon(2), Verdict::Met { ended_at: noon(0) }).await;
    judged(&log, "recommend", noon(2), Verdict::Unknown(Gap::unwatched(Some(noon(0)), noon(1)))).await;
    until_written(&server, "golden", &golden("unknown, 2026-11-10T12:00:00Z")).await;

    // A verdict on a later deadline hides no miss of a batch whose own last deadline was before it.
    judged(&log, "rank", noon(2), Verdict::Missed(CauseKind::Failed)).await;
    judged(&log, "recommend", noon(3), Verdict::Met { ended_at: noon(1) }).await;
    until_written(&server, "golden", &golden("missed (failed), 2026-11-10T12:00:00Z")).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forbidden_status_stops_nothing() {
    let server = play().await;
    let folder = tempfile::tempdir().expect("a folder");
    let log = EmbeddedLog::open(folder.path(), kigen_log::Settings::default()).expect("a new log");
    server.faults().refuse_statuses(Some(403));
    let running = ship(&server, &log);
    let enough = server.requests().others + 50;
    until("it continues", || server.requests().others >= enough).await;
    assert_eq!(server.objective_status("ml", "lost"), (None, 0));
    assert!(log.latest(Topic::Events, kigen_model::topic::Partition(0)).expect("readable").0 > 1, "it ships");
    server.faults().refuse_statuses(None);
    until("it is written", || server.objective_status("ml", "lost").1 > 0).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_that_is_refused_starves_no_other() {
    // More than are written in a round, and ahead of the one that can be written.
    let refused: Vec<String> = (0..120).map(|nth| format!("bad-{nth:03}")).collect();
    let bad = refused.iter().map(|name| (name.as_str(), "lead"));
    let all: Vec<_> = bad.chain([("lost", "lead")]).collect();
    for code in [404, 409, 422] {
        let server = play_with(&all).await;
        let folder = tempfile::tempdir().expect("a folder");
        let log = EmbeddedLog::open(folder.path(), kigen_log::Settings::default()).expect("a new log");
        server.faults().refuse_statuses_of("bad-", code);
        let running = ship(&server, &log);
        until("the other one is written", || server.objective_status("ml", "lost").0.is_some()).await;
        assert_eq!(server.objective_status("ml", "bad-000").0, None);
        server.faults().refuse_statuses_of("none of them", code);
        until("all are written", || server.objective_status("ml", "lost").1 == 121).await;
        running.stop().await;
    }
}

/// A log whose `kigen.status` cannot even be read without a panic.
#[derive(Clone)]
struct PanickingLog(EmbeddedLog);

impl LogReader for PanickingLog {
    fn partitions(&self) -> u32 {
        self.0.partitions()
    }

    fn refresh(&self) -> Result<(), LogError> {
        self.0.refresh()
    }

    fn read(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        records_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<ConsumedRecord>, LogError> {
        assert_ne!(topic, Topic::Status, "a fault of the reader");
        self.0.read(topic, partition, from, records_max, bytes_max)
    }

    fn last(&self, topic: Topic, partition: Partition) -> Result<Option<ConsumedRecord>, LogError> {
        self.0.last(topic, partition)
    }

    fn earliest(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        self.0.earliest(topic, partition)
    }

    fn latest(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        self.0.latest(topic, partition)
    }

    fn last_stable_offset(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        self.0.last_stable_offset(topic, partition)
    }

    fn offset_for_time(&self, topic: Topic, partition: Partition, at: Instant) -> Result<Offset, LogError> {
        self.0.offset_for_time(topic, partition, at)
    }

    fn tombstones_start(&self, partition: Partition) -> Result<Offset, LogError> {
        self.0.tombstones_start(partition)
    }

    fn group_position(
        &self,
        group: &str,
        topic: Topic,
        partition: Partition,
    ) -> Result<Option<GroupPosition>, LogError> {
        self.0.group_position(group, topic, partition)
    }
}

impl Log for PanickingLog {
    type Reader = Self;
    type Consumer = EmbeddedConsumer;

    fn reader(&self) -> &Self {
        self
    }

    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Offset>, LogError> {
        self.0.append(records).await
    }

    fn join(&self, name: &'static str, topic: Topic) -> Result<EmbeddedConsumer, LogError> {
        self.0.join(name, topic)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_of_the_status_writer_ends_the_role_with_its_message() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = PanickingLog(EmbeddedLog::open(folder.path(), kigen_log::Settings::default()).expect("a log"));
    let server = play().await;
    let running = ship(&server, &log);
    let ended = running.ended().await.expect_err("it does not go on without its status writer");
    assert!(ended.to_string().contains("a fault of the reader"), "{ended}");
    assert!(ended.to_string().contains("start kigen again"), "{ended}");
}
