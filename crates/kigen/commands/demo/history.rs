//! The demo's clusters: 23 days of a shop in which hardly anything fails, and a recorded cluster.

use anyhow::Context;
use chrono::{DateTime, Datelike, TimeDelta, TimeZone, Utc};
use kigen_playback::generate::{Attempt, Cluster, CronJobPlan, RunPlan};
use kigen_playback::history::History;

/// The clusters' names.
pub(super) const SHOP: &str = "shop";
pub(super) const RECORDED: &str = "recorded";
/// The time zone of the shop.
pub(super) const ZONE: &str = "Asia/Tokyo";
/// The number of days that are played.
const DAYS: i64 = 23;
const COMPLETE_BY: &str = "kigen.dev/complete-by";

/// Which CronJob of the shop reads whose results.
const READS: [(&str, &str); 2] = [("report", "ml/recommend, prices"), ("newsletter", "dwh/report")];

/// A recording of a real control plane, compiled in, so that the demo runs anywhere.
const RECORDING: &[u8] = include_bytes!("../../../../tests/fixtures/kubernetes/all_cluster.jsonl.gz");
/// The objectives of the recorded cluster: its CronJobs fire every minute, so its deadlines are minutes apart.
const RECORDED_OBJECTIVES: [(&str, &str, &str); 6] = [
    ("s-cron-success", "ok", "*/5 * * * *"),
    ("s-cron-retry-then-success", "retry", "*/5 * * * *"),
    ("s-cron-backoff-exceeded", "bad", "*/2 * * * *"),
    ("s-cron-stuck-forbid", "stuck", "*/2 * * * *"),
    ("s-cron-suspended", "susp", "*/2 * * * *"),
    ("s-apiserver-restart", "c", "*/5 * * * *"),
];

/// Midnight before the first day, in the shop's zone (UTC+9, no clock changes).
fn start() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 10, 25, 15, 0, 0).single().unwrap_or_default()
}

/// The shop. Product A, `ml/recommend`, starts at 08:00 and takes four minutes longer each day; product B, `dwh/report`,
/// reads A's table at 12:00, and the newsletter reads B's at 15:00. Nothing of this ever fails. The bank has statements on
/// business days only: on the others the run that imports them fails, and nothing is due.
pub(super) fn shop() -> anyhow::Result<History> {
    let mut shop = Cluster::new(start());
    let plans = [
        ("ml", "recommend", "0 8 * * *", Some("0 12 * * *"), "recommend-team"),
        ("dwh", "report", "0 12 * * *", Some("0 14 * * *"), "dwh-team"),
        ("dwh", "prices", "0 6 * * *", Some("0 9 * * *"), "pricing"),
        ("ml", "embeddings", "0 1 * * *", Some("0 7 * * *"), "search-team"),
        ("billing", "invoices", "0 3 * * *", Some("0 6 * * *"), "billing"),
        ("billing", "statements", "0 5 * * *", Some("0 8 * * *"), "billing"),
        ("dwh", "cleanup", "0 2 * * *", None, "dwh-team"),
        ("shop", "newsletter", "0 15 * * *", None, "marketing"),
    ];
    for (namespace, name, schedule, complete_by, owner) in plans {
        let mut plan =
            CronJobPlan::new(namespace, name, schedule).zone(ZONE).annotation("kigen.dev/owner", owner);
        if let Some(complete_by) = complete_by {
            plan = plan.annotation(COMPLETE_BY, complete_by);
        }
        if name == "recommend" {
            plan = plan.annotation("kigen.dev/runbook", "https://wiki.example.com/recommend");
        }
        if name == "statements" {
            plan = plan.annotation("kigen.dev/calendar", "jp-business-days");
        }
        if let Some((_, reads)) = READS.iter().find(|(reader, _)| *reader == name) {
            plan = plan.annotation("kigen.dev/reads", reads);
        }
        if name == "embeddings" {
            plan = plan.forbidding_concurrency();
        }
        shop.cron_job(plan);
    }
    for day in 0..DAYS {
        a_day(&mut shop, day);
    }
    shop.build().context("the demo's history cannot be built")
}

fn a_day(shop: &mut Cluster, day: i64) {
    let at = |hour: i64| start() + TimeDelta::days(day) + TimeDelta::hours(hour);
    let minutes = TimeDelta::minutes;
    shop.run("ml", "recommend", at(8), RunPlan::succeeds(minutes(157 + 4 * day)));
    shop.run("dwh", "report", at(12), RunPlan::succeeds(minutes(25)));
    shop.run("shop", "newsletter", at(15), RunPlan::succeeds(minutes(10)));
    shop.run("billing", "statements", at(5), statements(at(5)));
    let prices = if day == 17 {
        let reset = "requests.exceptions.ConnectionError: ('Connection aborted.', ConnectionResetError(104))";
        RunPlan::Attempts(vec![Attempt::fails(minutes(12), 1, reset), Attempt::succeeds(minutes(35))])
    } else {
        RunPlan::succeeds(minutes(33))
    };
    shop.run("dwh", "prices", at(6), prices);
    match day {
        19 => {
            shop.run("ml", "embeddings", at(1), RunPlan::hangs());
        }
        // The run that hangs blocks the next ones for ever, by its policy.
        20.. => {}
        _ => {
            shop.run("ml", "embeddings", at(1), RunPlan::succeeds(minutes(140)));
        }
    }
    if day != 18 {
        shop.run("billing", "invoices", at(3), RunPlan::succeeds(minutes(50)));
    }
    let cleanup = match day {
        2 | 9 | 16 | 20 => RunPlan::Attempts(vec![
            Attempt::fails(
                minutes(1),
                1,
                "psycopg2.errors.LockNotAvailable: canceling statement due to lock timeout",
            ),
            Attempt::fails(
                minutes(1),
                1,
                "psycopg2.errors.LockNotAvailable: canceling statement due to lock timeout",
            ),
            Attempt::succeeds(minutes(2)),
        ]),
        _ => RunPlan::succeeds(minutes(2)),
    };
    shop.run("dwh", "cleanup", at(2), cleanup);
}

/// The bank's statements of a day: there are none on Saturdays, Sundays and Culture Day, 3 November.
fn statements(at: DateTime<Utc>) -> RunPlan {
    let day = (at + TimeDelta::hours(9)).date_naive();
    let is_day_off = day.weekday().num_days_from_monday() >= 5 || (day.month(), day.day()) == (11, 3);
    if !is_day_off {
        return RunPlan::succeeds(TimeDelta::minutes(15));
    }
    let missing = format!("FileNotFoundError: no statement of the bank for {day}");
    RunPlan::Attempts(vec![Attempt::fails(TimeDelta::minutes(1), 1, &missing)])
}

/// The recorded cluster, with objectives as annotations on some of its CronJobs.
pub(super) fn recorded() -> anyhow::Result<History> {
    let history = History::from_compressed_recording(RECORDING, "of the demo")?;
    Ok(RECORDED_OBJECTIVES.iter().fold(history, |history, (namespace, name, complete_by)| {
        history.annotate(namespace, name, COMPLETE_BY, complete_by)
    }))
}
