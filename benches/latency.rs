//! From a deadline to its alert in the log: `kigen up`, the whole process, with the settings that it ships with, on a quiet
//! cluster in which only Leases are written. A deadline each minute is missed.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use kigen_log::{EmbeddedLog, EmbeddedReader, LogReader};
use kigen_model::alert::AlertBody;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_playback::cache::{CacheProgress, ConsistentReads};
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::generate::{Cluster, CronJobPlan};
use kigen_playback::server::{Options, Played, Server};
use kigen_testkit::bench::{is_measured, report};

mod support;

/// How often Leases are written, and the log is read.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// An etcd that reports its progress each ten minutes, behind an API server of Kubernetes 1.32 or later.
const QUIET: CacheProgress =
    CacheProgress::Reported { every: TimeDelta::minutes(10), reads: ConsistentReads::FromCache };

fn main() {
    // Once, at twenty times the speed, to show that the bench works.
    let (alerts, speed, config) = match is_measured() {
        true => (20, 1.0, ""),
        false => (1, 20.0, "[kubernetes]\nprobe_interval_ms = 500\n"),
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(measure(alerts, speed, config));
}

async fn measure(alerts: usize, speed: f64, config: &str) {
    let start = Utc.with_ymd_and_hms(2026, 11, 9, 0, 0, 30).single().expect("an instant");
    let mut cluster = Cluster::new(start);
    let plan = CronJobPlan::new("ml", "recommend", "* * * * *");
    cluster.cron_job(plan.annotation("kigen.dev/complete-by", "* * * * *"));
    let clock = Clock::new(start, Pace::Times(speed), None);
    let options = Options { cache_progress: QUIET, ..Options::default() };
    let history = cluster.build().expect("a sound plan");
    let server = Server::start(Played { history, clock: clock.clone(), options }).await.expect("a free port");
    server.faults().serve_objectives(true);
    let dir = tempfile::tempdir().expect("a folder");
    let _up = support::up(dir.path(), &server.url(), config);
    let mut alerted = Alerted::default();
    let mut latencies: Vec<TimeDelta> = Vec::new();
    let mut began = None;
    while latencies.len() < alerts {
        tokio::time::sleep(POLL_INTERVAL).await;
        server.faults().turn_revision();
        for deadline in alerted.read(&dir.path().join("log")) {
            // The first alert may have waited for the start.
            match began {
                None => began = Some((clock.now(), server.requests().total())),
                Some(_) => latencies.push(clock.now() - deadline),
            }
        }
    }
    latencies.sort_unstable();
    let seconds = |latency: TimeDelta| latency.as_seconds_f64();
    let (first, last) = (seconds(latencies[0]), seconds(latencies[latencies.len() - 1]));
    let median = seconds(latencies[latencies.len() / 2]);
    report(&format!(
        "from a deadline to its alert in the log, of which 30 s are `settle`, of {}: at least {first:.1} s, median \
         {median:.1} s, at most {last:.1} s",
        latencies.len()
    ));
    let (began_at, requests) = began.expect("an alert before those that are measured");
    let minutes = (clock.now() - began_at).as_seconds_f64() / 60.0;
    let sent = u32::try_from(server.requests().total() - requests).expect("few");
    report(&format!("{:.0} requests a minute to the API server", f64::from(sent) / minutes));
    server.shutdown().await;
}

/// The misses in the log of a running kigen, each read once.
#[derive(Default)]
struct Alerted {
    reader: Option<EmbeddedReader>,
    next: Vec<Offset>,
}

impl Alerted {
    fn read(&mut self, log: &Path) -> Vec<DateTime<Utc>> {
        // There is none before kigen has made it.
        let Some(reader) = self.reader.take().or_else(|| EmbeddedLog::open_beside(log).ok()) else {
            return Vec::new();
        };
        reader.refresh().expect("it is readable");
        self.next.resize(reader.partitions() as usize, Offset(0));
        let mut deadlines = Vec::new();
        for (next, nth) in self.next.iter_mut().zip(0..) {
            let records = reader.read(Topic::Alerts, Partition(nth), *next, usize::MAX, usize::MAX);
            for record in records.expect("it is readable") {
                *next = record.offset.next();
                let alert = kigen_wire::decode_alert(&record.value.expect("an alert")).expect("an alert");
                if let AlertBody::SlotMissed { slot, .. } = alert.body {
                    deadlines.push(slot.deadline);
                }
            }
        }
        self.reader = Some(reader);
        deadlines
    }
}
