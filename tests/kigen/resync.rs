//! All live facts are emitted again within each third of the retention, so that any later part of the log is complete by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{TimeDelta, TimeZone, Utc};
use kigen_log::{ConsumedRecord, EmbeddedLog, LogReader, Retention, Settings};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, FactBody};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
use kigen_model::run::RunPhase;
use kigen_model::slot::Verdict;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::generate::{Attempt, Cluster, CronJobPlan, RunPlan};
use kigen_playback::history::History;
use kigen_playback::server::{Options, Played, Server};
use kigen_processor::Replay;
use kigen_shipper::health::Health;
use kigen_shipper::input::{Declaration, Declared};
use kigen_shipper::role::ShipperRole;
use kigen_shipper::settings::Access;
use kigen_shipper::{server_clock, settings};
use tokio::sync::{oneshot, watch};

use crate::support::HEAVY;

const CLUSTER: &str = "shop";
const PARTITIONS: u32 = 2;
const CRON_JOBS: i64 = 24;
/// The resync period: a third of the retention.
const PERIOD: TimeDelta = TimeDelta::minutes(10);
const LASTS: TimeDelta = TimeDelta::minutes(60);
const STEP: TimeDelta = TimeDelta::seconds(10);
const PATIENCE: Duration = Duration::from_secs(120);

fn start() -> Instant {
    Utc.with_ymd_and_hms(2026, 11, 9, 8, 0, 0).single().expect("an instant")
}

/// CronJobs that fire every five minutes: most succeed, some fail, some do not start, some hang, and one is deleted.
fn history() -> History {
    let mut cluster = Cluster::new(start());
    for nth in 0..CRON_JOBS {
        let name = format!("batch-{nth}");
        let plan = CronJobPlan::new("ml", &name, "*/5 * * * *")
            .annotation("kigen.dev/complete-by", "4-59/5 * * * *");
        cluster.cron_job(plan);
        for fire in 1..LASTS.num_minutes() / 5 {
            let at = start() + TimeDelta::minutes(5 * fire);
            let plan = match (nth + fire) % 9 {
                0 => continue,
                1 => RunPlan::Attempts(vec![Attempt::fails(TimeDelta::seconds(20), 1, "no")]),
                2 if fire == 2 => RunPlan::hangs(),
                _ => RunPlan::succeeds(TimeDelta::seconds(30 + nth)),
            };
            cluster.run("ml", &name, at, plan);
        }
    }
    // Of these nothing is ever emitted but their existence.
    for nth in 0..CRON_JOBS {
        let plan = CronJobPlan::new("ml", &format!("quiet-{nth}"), "0 0 1 1 *");
        cluster.cron_job(plan.annotation("kigen.dev/complete-by", "0 12 * * *"));
    }
    cluster.cron_job(CronJobPlan::new("ml", "gone", "0 0 1 1 *"));
    cluster.delete_cron_job("ml", "gone", start() + LASTS - TimeDelta::minutes(1));
    cluster.build().expect("a sound plan")
}

/// The objectives of a file.
fn declaration() -> Declaration {
    let deadlines = Deadlines::CompleteBy { crontab: "*/5 * * * *".to_owned() };
    let declared = |nth| Declared {
        key: BatchKey::new(CLUSTER, "ml", format!("batch-{nth}")),
        name: "of-file".to_owned(),
        objective: Objective::new(deadlines.clone(), ObjectiveSource::File),
    };
    Declaration { all: (0..CRON_JOBS).map(declared).collect(), is_whole: true, ..Declaration::default() }
}

struct Shop {
    server: Server,
    clock: Clock,
    log: EmbeddedLog,
}

impl Shop {
    async fn start(log: EmbeddedLog) -> Self {
        let history = history();
        let clock = Clock::new(history.start(), Pace::Manual, None);
        let options = Options { eager_bookmarks: true, ..Options::default() };
        let played = Played { history, clock: clock.clone(), options };
        Self { server: Server::start(played).await.expect("a free port"), clock, log }
    }

    /// Ships until the clock has been moved to `until`, step by step, and then stops.
    async fn ship(&self, until: Instant) {
        let retention_ms = u64::try_from((PERIOD * 3).num_milliseconds()).expect("positive");
        let settings = settings::Settings {
            probe_interval_ms: 3,
            retry_delay_ms_min: 1,
            retention_ms,
            ..settings::Settings::new(CLUSTER, Access::Url(self.server.url()))
        };
        let clock = self.clock.clone();
        let clock = server_clock::Clock::new(move || clock.now());
        let (_declarations, declared) = watch::channel(Some(declaration()));
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async move {
            let _ = stopped.await;
        };
        let role = ShipperRole {
            log: self.log.clone(),
            settings,
            clock,
            shipper: "the test".to_owned(),
            declared,
            health: Health::default(),
            warnings: Default::default(),
            control: Default::default(),
        };
        let shipping = tokio::spawn(role.run(shutdown));
        let mut ticks = self.ticks();
        while self.clock.now() < until {
            self.clock.advance_to((self.clock.now() + STEP).min(until));
            ticks.until_ticked(self.clock.now()).await;
        }
        stop.send(()).expect("it runs");
        shipping.await.expect("it does not panic").expect("it ends without an error");
    }

    fn ticks(&self) -> Ticks {
        Ticks { log: self.log.clone(), next: vec![Offset(0); PARTITIONS as usize], latest: BTreeMap::new() }
    }
}

/// Reads until there is a tick.
struct Ticks {
    log: EmbeddedLog,
    next: Vec<Offset>,
    latest: BTreeMap<u32, Instant>,
}

impl Ticks {
    async fn until_ticked(&mut self, instant: Instant) {
        let mut changes = self.log.changes();
        let ticked = async {
            loop {
                for (nth, next) in (0..PARTITIONS).zip(&mut self.next) {
                    for record in read(&self.log, Partition(nth), *next) {
                        *next = record.offset.next();
                        if let Event::Cluster(ClusterEvent {
                            body: ClusterBody::Tick { observed_until, .. },
                            ..
                        }) = event(&record)
                        {
                            self.latest.insert(nth, observed_until);
                        }
                    }
                }
                let is_late = |nth| self.latest.get(&nth).is_none_or(|latest| *latest < instant);
                if !(0..PARTITIONS).any(is_late) {
                    return;
                }
                changes.changed().await.expect("the log is open");
            }
        };
        tokio::time::timeout(PATIENCE, ticked).await.expect("it ticks in time");
    }
}

fn read(log: &EmbeddedLog, partition: Partition, from: Offset) -> Vec<ConsumedRecord> {
    log.read(Topic::Events, partition, from, usize::MAX, usize::MAX).expect("readable")
}

fn event(record: &ConsumedRecord) -> Event {
    kigen_wire::decode_event(record.value.as_deref().expect("a value")).expect("an event")
}

fn open(dir: &std::path::Path) -> EmbeddedLog {
    let age_ms_max = u64::try_from((PERIOD * 3).num_milliseconds()).expect("positive");
    let events = Retention { age_ms_max, ..Settings::default().events };
    EmbeddedLog::open(dir, Settings { partitions: PARTITIONS, events, ..Settings::default() }).expect("a log")
}

/// The object of a fact: a CronJob, an objective or a run.
fn object(body: &FactBody) -> Option<(u8, String)> {
    match body {
        FactBody::CronJob { revision, .. } => Some((0, revision.uid.clone())),
        FactBody::Objective { name, .. } => Some((1, name.clone())),
        FactBody::Run { revision, .. } => Some((2, revision.uid.clone())),
        FactBody::Attempt { .. } => None,
    }
}

/// The verdicts on slots with a deadline after `from`, by batch, objective and deadline.
type Verdicts = BTreeMap<(BatchKey, String, Instant), Verdict>;

fn verdicts(replay: &Replay, from: Instant) -> Verdicts {
    let mut verdicts = Verdicts::new();
    for state in replay.states() {
        for (name, objective) in &state.objectives {
            for judged in objective.verdicts.iter().filter(|judged| judged.deadline > from) {
                verdicts.insert((state.key.clone(), name.clone(), judged.deadline), judged.verdict);
            }
        }
    }
    verdicts
}

fn folded(partition: Partition, records: &[ConsumedRecord]) -> Replay {
    let mut replay = Replay::new(partition, PARTITIONS);
    replay.fold(records).expect("folded");
    replay
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_live_facts_are_emitted_again_in_each_period_spread_out_and_across_restarts() {
    let _heavy = HEAVY.lock().await;
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    let shop = Shop::start(log.clone()).await;
    // Shippers that restart more often than once a period.
    for part in 1..=9 {
        shop.ship(start() + LASTS * part / 9).await;
    }
    for partition in (0..PARTITIONS).map(Partition) {
        let records = read(&log, partition, Offset(0));
        each_fact_is_emitted_again_in_each_period(&records);
        repeated_facts_change_nothing(partition, &records);
        a_tail_is_complete_by_itself(partition, &records);
    }
}

fn each_fact_is_emitted_again_in_each_period(records: &[ConsumedRecord]) {
    let mut latest: BTreeMap<(BatchKey, (u8, String)), (Instant, String)> = BTreeMap::new();
    let mut between_ticks = BTreeSet::new();
    let mut again = 0;
    for record in records {
        match event(record) {
            Event::Fact(fact) => {
                let Some(object) = object(&fact.body) else { continue };
                let (text, of) = (format!("{:?}", fact.body), (fact.key.clone(), object));
                if is_over(&fact.body) {
                    latest.remove(&of);
                } else if latest.insert(of, (fact.observed_at, text.clone())).is_some_and(|it| it.1 == text) {
                    between_ticks.insert(fact.key);
                    again += 1;
                }
            }
            Event::Cluster(ClusterEvent { body: ClusterBody::Tick { observed_until, .. }, .. }) => {
                for (of, (at, _)) in &latest {
                    let since = observed_until - *at;
                    assert!(
                        since <= PERIOD + STEP,
                        "{of:?} was last emitted {since} before {observed_until}"
                    );
                }
                // Each of the sixty ticks of a period has its share, or a little more.
                assert!(between_ticks.len() <= 6, "spread out, and not {between_ticks:?} at once");
                between_ticks.clear();
            }
            Event::Cluster(_) => {}
        }
    }
    assert!(again > 200, "{again} facts were emitted again");
}

/// Whether the object of a fact no longer exists, so that it is not emitted again.
fn is_over(body: &FactBody) -> bool {
    match body {
        FactBody::CronJob { cron_job, .. } => cron_job.is_none(),
        FactBody::Objective { objective, .. } => objective.is_none(),
        FactBody::Run { run, .. } => !matches!(run.phase, RunPhase::Pending | RunPhase::Running),
        FactBody::Attempt { .. } => true,
    }
}

/// Without the facts that repeat an earlier one, the alerts are the same, in the same order, with the same ids.
fn repeated_facts_change_nothing(partition: Partition, records: &[ConsumedRecord]) {
    let mut latest = BTreeMap::new();
    let is_new = |record: &&ConsumedRecord| match event(record) {
        Event::Fact(fact) => {
            let Some(object) = object(&fact.body) else { return true };
            let text = format!("{:?}", fact.body);
            latest.insert((fact.key, object), text.clone()) != Some(text)
        }
        Event::Cluster(_) => true,
    };
    let fewer: Vec<ConsumedRecord> = records.iter().filter(is_new).cloned().collect();
    assert!(fewer.len() < records.len());
    let effects =
        |records: &[ConsumedRecord]| Replay::new(partition, PARTITIONS).fold(records).expect("folded");
    let (whole, fewer) = (effects(records), effects(&fewer));
    assert!(!whole.alerts.is_empty());
    assert_eq!(whole.alerts, fewer.alerts);
    assert_eq!(whole.judgements, fewer.judgements);
}

/// From any record on: slots that begin after one period are judged as by the whole log.
fn a_tail_is_complete_by_itself(partition: Partition, records: &[ConsumedRecord]) {
    let whole = folded(partition, records);
    let mut compared = 0;
    for part in 1..8 {
        let place = records.len() * part / 8;
        let tail = folded(partition, &records[place..]);
        let from = records[place].timestamp + PERIOD + STEP * 2 + TimeDelta::minutes(5);
        let (expected, found) = (verdicts(&whole, from), verdicts(&tail, from));
        assert_eq!(found, expected, "from record {place} on");
        compared += expected.len();
    }
    assert!(compared > 200, "{compared} verdicts");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shipper_of_a_trimmed_log_knows_all_live_facts_and_emits_deletions_that_it_missed() {
    let _heavy = HEAVY.lock().await;
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    let shop = Shop::start(log.clone()).await;
    shop.ship(start() + LASTS - TimeDelta::minutes(2)).await;
    let trimmed = log.trim(shop.clock.now()).await.expect("trimmed");
    assert!(trimmed.records > 100, "the first records are gone: {trimmed:?}");
    let ends: Vec<Offset> =
        (0..PARTITIONS).map(|nth| log.latest(Topic::Events, Partition(nth)).expect("an end")).collect();
    shop.ship(start() + LASTS - TimeDelta::seconds(30)).await;
    let (mut deleted, mut emitted) = (0, BTreeSet::new());
    for (nth, end) in (0..PARTITIONS).zip(ends) {
        for record in read(&log, Partition(nth), end) {
            let Event::Fact(fact) = event(&record) else { continue };
            match &fact.body {
                FactBody::CronJob { cron_job: None, .. } => deleted += 1,
                FactBody::CronJob { .. } => drop(emitted.insert(fact.key)),
                _ => {}
            }
        }
    }
    assert_eq!(deleted, 1, "the CronJob that was deleted while no shipper ran");
    // A minute and a half of ten: what is due, and no more.
    assert!(emitted.len() < 15, "not everything is emitted again: {emitted:?}");
}
