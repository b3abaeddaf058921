//! The advice on an objective that can never work.

use crate::support::{Batch, at, by};
use chrono::TimeDelta;
use expect_test::{Expect, expect};
use kigen_engine::lint::{is_duplicate, lint};
use kigen_model::event::FactBody;
use kigen_model::objective::{Deadlines, Objective, Schedule, Severity};

fn before(schedule: Option<&str>) -> Objective {
    let schedule = schedule.map(|crontab| Schedule { crontab: crontab.to_owned(), time_zone: None });
    let deadlines =
        Deadlines::Before { namespace: "dwh".to_owned(), cron_job: "report".to_owned(), schedule };
    Objective { deadlines, ..by("") }
}

fn check(objective: &Objective, batch: Option<&Batch>, expected: &Expect) {
    let advice = lint(objective, batch.map(|batch| &batch.state), at(16, 0, 0));
    expected.assert_eq(&advice.join("\n"));
}

#[test]
fn an_objective_that_can_be_met_needs_no_advice() {
    let batch = Batch::of_cron_job("0 8 * * *", None).ran(9..=15, |_| 239);
    check(&by("0 12 * * *"), Some(&batch), &expect![""]);
    check(&before(Some("0 12 * * *")), Some(&batch), &expect![""]);
    let fresh = Objective { freshness: Some(TimeDelta::hours(1)), ..by("30 12 * * *") };
    check(&fresh, Some(&Batch::of_cron_job("0 * * * *", None)), &expect![""]);
    check(&by("0 12 * * *"), Some(&Batch::of_cron_job("@every 5m", None)), &expect![""]);
    let jobs = Objective { is_of_jobs: true, ..by("0 12 * * *") };
    check(&jobs, Some(&Batch::new().ran(9..=15, |_| 500)), &expect![""]);
}

#[test]
fn a_batch_that_is_missing_or_of_another_kind() {
    let gone = expect![
        "there is no such CronJob, and each deadline will be missed: check name and namespace, and that kigen watches the namespace"
    ];
    check(&by("0 12 * * *"), None, &gone);
    check(&by("0 12 * * *"), Some(&Batch::new()), &gone);
    let jobs = Objective { is_of_jobs: true, ..by("0 12 * * *") };
    check(
        &jobs,
        None,
        &expect![
            "no Job of it was ever seen, and each deadline will be missed: check the label kigen.dev/batch and the namespace"
        ],
    );
    check(
        &by("0 12 * * *"),
        Some(&Batch::new().ran(9..=9, |_| 1)),
        &expect![
            "there is no such CronJob, only Jobs of that name: write `batch: {name: ...}`, and `starts` if they are expected by the clock"
        ],
    );
    check(
        &jobs,
        Some(&Batch::of_cron_job("0 8 * * *", None)),
        &expect![
            "this is a CronJob: write `batch: {cronJob: ...}`, so that its schedule determines when runs are expected"
        ],
    );
    let deleted = Batch::of_cron_job("0 8 * * *", None)
        .observes(|revision| FactBody::CronJob { revision, cron_job: None });
    check(
        &by("0 12 * * *"),
        Some(&deleted),
        &expect![
            "its CronJob was deleted at 2026-11-15T00:00:00Z; until it is back, each deadline is missed"
        ],
    );
    let batch = Batch::of_cron_job("0 8 * * *", None);
    check(
        &before(None),
        Some(&batch),
        &expect![
            "there is no CronJob dwh/report before whose fires the result should be there; name another under `before`, or say `completeBy`"
        ],
    );
}

#[test]
fn a_deadline_before_the_run_could_end() {
    let batch = Batch::of_cron_job("0 8 * * *", Some("Asia/Tokyo"));
    let batch = batch.ran(9..=15, |day| if day == 12 { 240 } else { 300 });
    check(&by("0 12 * * *"), Some(&batch), &expect![""]);
    check(
        &by("59 11 * * *"),
        Some(&batch),
        &expect![
            "all of the next 14 slots leave less time than a run takes: 239 min until Tue 2026-11-17 11:59 Asia/Tokyo, but the shortest of the last good runs (7) took 240 min; set the deadline later or start the run earlier"
        ],
    );
    let grace = Objective { grace: TimeDelta::minutes(1), ..by("59 11 * * *") };
    check(&grace, Some(&batch), &expect![""]);
    // On Saturdays alone it should be there an hour earlier.
    check(
        &by("0 11 * * 6"),
        Some(&Batch::of_cron_job("0 8 * * 6", None).ran(14..=14, |_| 200)),
        &expect![
            "all of the next 14 slots leave less time than a run takes: 180 min until Sat 2026-11-28 11:00 UTC, but the shortest of the last good runs (1) took 200 min; set the deadline later or start the run earlier"
        ],
    );
}

#[test]
fn a_zone_in_the_cronjobs_schedule() {
    let tokyo = Batch::of_cron_job("TZ=Asia/Tokyo 0 8 * * *", None).ran(9..=15, |_| 239);
    check(
        &by("0 12 * * *"),
        Some(&tokyo),
        &expect![
            "the CronJob's schedule `TZ=Asia/Tokyo 0 8 * * *` has a time zone in it: Kubernetes runs by it, but refuses it in new CronJobs; write the zone in spec.timeZone instead"
        ],
    );
    let zoned = Objective { time_zone: Some("UTC".to_owned()), ..by("0 12 * * *") };
    check(
        &zoned,
        Some(&tokyo),
        &expect![[r#"
        the deadlines are read in UTC, but the CronJob's schedule in Asia/Tokyo: if both mean the same clock, leave `timeZone` out
        the CronJob's schedule `TZ=Asia/Tokyo 0 8 * * *` has a time zone in it: Kubernetes runs by it, but refuses it in new CronJobs; write the zone in spec.timeZone instead"#]],
    );
}

#[test]
fn several_runs_for_one_deadline() {
    check(
        &by("0 12 * * *"),
        Some(&Batch::of_cron_job("0 * * * *", None)),
        &expect![
            "24 runs are expected from Mon 2026-11-16 12:00 UTC to Tue 2026-11-17 12:00 UTC, and any of them that succeeds is enough: give a `freshness` if only the last should count"
        ],
    );
    check(
        &by("0 12 * * *"),
        Some(&Batch::of_cron_job("0 8,20 * * 1", None)),
        &expect![
            "10 of the next 14 slots expect no run, the first that of Wed 2026-11-18 12:00 UTC; nothing is judged there: if that is not meant, change the deadlines or the schedule"
        ],
    );
}

#[test]
fn deadlines_for_which_no_run_is_expected() {
    check(
        &by("0 12 * * *"),
        Some(&Batch::of_cron_job("0 8 * * 1-5", None)),
        &expect![
            "4 of the next 14 slots expect no run, the first that of Sat 2026-11-21 12:00 UTC; nothing is judged there: if that is not meant, change the deadlines or the schedule"
        ],
    );
    let fresh = Objective { freshness: Some(TimeDelta::hours(1)), ..by("0 12 * * *") };
    check(
        &fresh,
        Some(&Batch::of_cron_job("0 8 * * *", None)),
        &expect![
            "all of the next 14 slots expect no run, the first that of Tue 2026-11-17 12:00 UTC; no run is fresh enough by then, and they will be missed: give a longer `freshness`"
        ],
    );
    check(
        &by("0 0 30 2 *"),
        Some(&Batch::of_cron_job("0 8 * * *", None)),
        &expect!["it names no deadline within five years"],
    );
}

#[test]
fn a_start_that_is_never_late() {
    let start_by = |minutes| Objective { start_by: Some(TimeDelta::minutes(minutes)), ..by("0 12 * * *") };
    let batch = Batch::of_cron_job("0 8 * * *", None);
    check(&start_by(239), Some(&batch), &expect![""]);
    check(
        &start_by(240),
        Some(&batch),
        &expect![
            "a `startBy` of 240 min is not before the deadline in all of the next 14 slots, the first that of Tue 2026-11-17 12:00 UTC, and warns of nothing there: give a shorter one"
        ],
    );
    check(
        &start_by(15),
        Some(&Batch::of_cron_job("@every 5m", None)),
        &expect![
            "`startBy` has no effect, since no run is expected by the clock: give the crontab of their starts by `starts`"
        ],
    );
    let jobs = Objective { is_of_jobs: true, ..start_by(15) };
    check(
        &jobs,
        Some(&Batch::new().ran(9..=15, |_| 10)),
        &expect![
            "`startBy` has no effect, since no run is expected by the clock: give the crontab of their starts by `starts`"
        ],
    );
    let with_starts = Objective { starts: Some("0 8 * * *".to_owned()), ..jobs };
    check(&with_starts, Some(&Batch::new().ran(9..=15, |_| 10)), &expect![""]);
}

#[test]
fn a_zone_that_is_not_the_cronjobs() {
    let zoned = |zone: &str| Objective { time_zone: Some(zone.to_owned()), ..by("0 12 * * *") };
    let tokyo = Batch::of_cron_job("0 8 * * *", Some("Asia/Tokyo"));
    check(&zoned("Asia/Tokyo"), Some(&tokyo), &expect![""]);
    check(
        &zoned("UTC"),
        Some(&tokyo),
        &expect![
            "the deadlines are read in UTC, but the CronJob's schedule in Asia/Tokyo: if both mean the same clock, leave `timeZone` out"
        ],
    );
    check(
        &zoned("Asia/Tokyo"),
        Some(&Batch::of_cron_job("0 8 * * *", None)),
        &expect![
            "the deadlines are read in Asia/Tokyo, but the CronJob's schedule in UTC: if both mean the same clock, leave `timeZone` out"
        ],
    );
}

#[test]
fn a_spec_without_a_readable_deadline_is_explained() {
    check(
        &by("0 25 * * *"),
        Some(&Batch::of_cron_job("0 8 * * *", None)),
        &expect![
            "the hour `25` does not read: 25 is above 23; allowed are 0 to 23, lists `6,18`, ranges `9-17`, steps `*/2`"
        ],
    );
    check(
        &before(Some("@every 5m")),
        Some(&Batch::of_cron_job("0 8 * * *", None)),
        &expect![
            "the schedule `@every 5m` counts from the last run and names no time before which something could be there; say `completeBy`"
        ],
    );
}

#[test]
fn two_objectives_with_the_same_requirement_are_duplicates() {
    let tokyo = Batch::of_cron_job("0 8 * * *", Some("Asia/Tokyo"));
    let same = |one: &Objective, other: &Objective| is_duplicate(one, other, Some(&tokyo.state));
    let noon = by("0 12 * * *");
    let other_owner = Objective { severity: Severity::Warning, owner: Some("ml".to_owned()), ..noon.clone() };
    assert!(same(&noon, &other_owner));
    let zoned = |zone: &str| Objective { time_zone: Some(zone.to_owned()), ..noon.clone() };
    assert!(same(&noon, &zoned("Asia/Tokyo")));
    assert!(!same(&noon, &zoned("UTC")));
    assert!(is_duplicate(&noon, &zoned("UTC"), None));
    assert!(!same(&noon, &by("1 12 * * *")));
    assert!(!same(&noon, &Objective { grace: TimeDelta::minutes(5), ..noon.clone() }));
    assert!(!same(&noon, &Objective { freshness: Some(TimeDelta::days(1)), ..noon.clone() }));
    assert!(!same(&noon, &Objective { starts: Some("0 8 * * *".to_owned()), ..noon.clone() }));
}
