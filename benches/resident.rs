//! The resident memory of `kigen up`, the whole process: with 1,000 CronJobs and their Jobs and Pods, over a day in which each
//! runs once and is judged.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use kigen_log::{EmbeddedLog, LogReader};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::generate::{Attempt, Cluster, CronJobPlan, RunPlan};
use kigen_playback::history::History;
use kigen_playback::server::{Options, Played, Server};
use kigen_state::POSITION_KEY;
use kigen_testkit::bench::{is_measured, report};
use kigen_testkit::process;
use kigen_wire::Status;

mod support;

const POLL_INTERVAL: Duration = Duration::from_millis(100);
const CONFIG: &str = "[kubernetes]\nprobe_interval_ms = 100\n";

fn main() {
    let cron_jobs = if is_measured() { 1_000 } else { 10 };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(measure(cron_jobs));
}

async fn measure(cron_jobs: i32) {
    let history = history(cron_jobs);
    let clock = Clock::new(history.start(), Pace::Manual, None);
    let options = Options { eager_bookmarks: true, ..Options::default() };
    let server = Server::start(Played { history, clock, options }).await.expect("the played cluster starts");
    let dir = tempfile::tempdir().expect("a folder");
    let up = support::up(dir.path(), &server.url(), CONFIG);
    let memory = || process::memory(up.0.id());
    until_judged(dir.path(), start()).await;
    report(&format!("{cron_jobs} CronJobs, listed: {}", memory()));
    for hour in 1..=24 {
        let until = start() + TimeDelta::hours(hour);
        server.clock().advance_to(until);
        until_judged(dir.path(), until - TimeDelta::seconds(1)).await;
    }
    report(&format!("{cron_jobs} CronJobs, after a day: {}", memory()));
    let alerts = count(dir.path(), Topic::Alerts);
    report(&format!("{} events, {alerts} alerts", count(dir.path(), Topic::Events)));
    drop(up);
    server.shutdown().await;
}

fn start() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 9, 0, 0, 0).single().expect("an instant")
}

/// Each CronJob has run on the three days before, and runs once within the day to come; for one in ten the first attempt
/// fails.
fn history(cron_jobs: i32) -> History {
    let mut cluster = Cluster::new(start());
    for nth in 0..cron_jobs {
        let (hour, minute) = (nth % 20, nth % 60);
        let name = format!("batch-{nth}");
        let plan = CronJobPlan::new("ml", &name, &format!("{minute} {hour} * * *"));
        cluster.cron_job(plan.annotation("kigen.dev/complete-by", &format!("{minute} {} * * *", hour + 2)));
        for day in -3..=0 {
            let at = start() + TimeDelta::days(day) + TimeDelta::minutes((hour * 60 + minute).into());
            let good = Attempt::succeeds(TimeDelta::minutes(30));
            let bad = Attempt::fails(
                TimeDelta::minutes(5),
                1,
                "Traceback (most recent call last):\n  no space left",
            );
            let attempts = if nth % 10 == 0 { vec![bad, good] } else { vec![good] };
            cluster.run("ml", &name, at, RunPlan::Attempts(attempts));
        }
    }
    cluster.build().expect("a history")
}

/// Waits until every partition is judged up to `instant`.
async fn until_judged(dir: &Path, instant: DateTime<Utc>) {
    while judged_until(dir).is_none_or(|until| until < instant) {
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

fn judged_until(dir: &Path) -> Option<DateTime<Utc>> {
    let reader = EmbeddedLog::open_beside(&dir.join("log")).ok()?;
    let mut earliest = None;
    for partition in (0..reader.partitions()).map(Partition) {
        let last = Offset(reader.latest(Topic::Status, partition).ok()?.0.checked_sub(1)?);
        let records = reader.read(Topic::Status, partition, last, 1, usize::MAX).ok()?;
        let position = records.first().filter(|record| record.key == POSITION_KEY)?;
        let Ok(Status::Position(position)) = kigen_wire::decode_status(position.value.as_deref()?) else {
            return None;
        };
        let until = position.clocks.values().filter_map(|clock| clock.observed_until).min()?;
        earliest = Some(earliest.map_or(until, |earliest: DateTime<Utc>| earliest.min(until)));
    }
    earliest
}

fn count(dir: &Path, topic: Topic) -> u64 {
    let reader = EmbeddedLog::open_beside(&dir.join("log")).expect("a log");
    (0..reader.partitions()).map(|nth| reader.latest(topic, Partition(nth)).expect("an end").0).sum()
}
