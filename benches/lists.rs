//! The first list of 300,000 Jobs, from an API server that has them in pages only: until `kigen up`, the whole process, has
//! judged its first tick, and its peak memory.

use std::path::Path;
use std::time::{Duration, Instant as RealInstant};

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use kigen_log::{EmbeddedLog, LogReader};
use kigen_model::topic::{Partition, Topic};
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::faults::WatchLists;
use kigen_playback::generate::{Cluster, CronJobPlan, RunPlan};
use kigen_playback::history::{Change, History};
use kigen_playback::resource::Resource;
use kigen_playback::server::{Options, Played, Server};
use kigen_state::POSITION_KEY;
use kigen_testkit::bench::{is_measured, report};
use kigen_testkit::process;
use kigen_wire::Status;
use serde_json::Value;

mod support;

const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// How many finished Jobs each CronJob keeps.
const JOBS_OF_EACH: usize = 30;

fn main() {
    let cron_jobs = if is_measured() { 10_000 } else { 10 };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(measure(cron_jobs));
}

async fn measure(cron_jobs: usize) {
    let history = history(cron_jobs);
    let clock = Clock::new(history.start(), Pace::Manual, None);
    let options = Options { eager_bookmarks: true, ..Options::default() };
    let server = Server::start(Played { history, clock, options }).await.expect("the played cluster starts");
    server.faults().watch_lists(WatchLists::Refused);
    let dir = tempfile::tempdir().expect("a folder");
    let began = RealInstant::now();
    let up = support::up(dir.path(), &server.url(), "");
    while !is_judged(&dir.path().join("log")) {
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    report(&format!(
        "{cron_jobs} CronJobs with {} finished Jobs, in pages: judged after {:.1} s, by {} lists; {}",
        cron_jobs * JOBS_OF_EACH,
        began.elapsed().as_secs_f64(),
        server.requests().lists,
        process::memory(up.0.id())
    ));
    drop(up);
    server.shutdown().await;
}

/// Whether each partition has judged a tick.
fn is_judged(log: &Path) -> bool {
    // There is none before kigen has made it.
    let Ok(reader) = EmbeddedLog::open_beside(log) else { return false };
    (0..reader.partitions()).map(Partition).all(|partition| {
        let last = reader.last(Topic::Status, partition).expect("it is readable");
        let position = last.filter(|record| record.key == POSITION_KEY).and_then(|record| record.value);
        let position = position.map(|value| kigen_wire::decode_status(&value).expect("a status"));
        matches!(position, Some(Status::Position(position))
            if position.clocks.values().any(|clock| clock.observed_until.is_some()))
    })
}

/// Jobs that differ in their names, UIDs, versions, owners and scheduled times only.
fn history(cron_jobs: usize) -> History {
    let start: DateTime<Utc> = Utc.with_ymd_and_hms(2026, 11, 9, 0, 0, 0).single().expect("an instant");
    let mut cluster = Cluster::new(start);
    for nth in 0..cron_jobs {
        let plan = CronJobPlan::new("ml", &format!("batch-{nth}"), "0 8 * * *");
        cluster.cron_job(plan.annotation("kigen.dev/complete-by", "0 12 * * *"));
    }
    let at = start - TimeDelta::hours(16);
    cluster.run("ml", "batch-0", at, RunPlan::succeeds(TimeDelta::minutes(30)));
    let history = cluster.build().expect("a history");
    let of = |resource| {
        let changes = history.changes().iter().filter(move |change| change.at <= start);
        changes.filter(move |change| change.resource == resource)
    };
    let job = of(Resource::Jobs).next_back().expect("a Job");
    let mut changes: Vec<Change> = of(Resource::CronJobs).cloned().collect();
    let owners: Vec<(String, String)> =
        changes.iter().map(|change| (change.name().to_owned(), change.uid().to_owned())).collect();
    let mut version = history.initial_revision();
    for (nth, (name, uid)) in owners.iter().enumerate() {
        for day in 0..JOBS_OF_EACH {
            version += 1;
            let scheduled_at = at - TimeDelta::days(i64::try_from(day).expect("few"));
            let mut object = job.object.clone();
            let metadata = &mut object["metadata"];
            metadata["name"] = Value::from(format!("{name}-{day}"));
            metadata["uid"] = Value::from(format!("2f0c8a7e-{day:04}-4000-8001-{nth:012}"));
            metadata["resourceVersion"] = Value::from(version.to_string());
            metadata["ownerReferences"][0]["name"] = Value::from(name.as_str());
            metadata["ownerReferences"][0]["uid"] = Value::from(uid.as_str());
            metadata["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"] =
                Value::from(scheduled_at.format("%Y-%m-%dT%H:%M:%SZ").to_string());
            changes.push(Change { object, ..job.clone() });
        }
    }
    History::new(start, version, changes)
}
