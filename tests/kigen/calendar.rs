//! Calendars: `kigen calendar show`, of one that kigen knows and of one that a file defines, and days off from the user's side.

use std::path::Path;

use chrono::TimeDelta;
use expect_test::{Expect, expect};
use kigen_model::alert::AlertBody;
use kigen_playback::generate::{Cluster, CronJobPlan};

use crate::support::{Up, kigen, noon, play, start};

fn check(dir: &Path, args: &[&str], code: i32, expected: &Expect) {
    let output = kigen().current_dir(dir).args(["calendar", "show"]).args(args).output().expect("kigen runs");
    let text = if code == 0 { &output.stdout } else { &output.stderr };
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    expected.assert_eq(&String::from_utf8_lossy(text));
}

#[test]
fn the_holidays_of_a_year_are_printed_with_their_names() {
    let dir = tempfile::tempdir().expect("a folder");
    check(
        dir.path(),
        &["jp-business-days", "--year", "2026"],
        0,
        &expect![[r#"
        jp-business-days in 2026: 244 working days, 121 days off; it has data for 2007 to 2099

        DATE        DAY  IS   WHY
        2026-01-01  Thu  off  New Year's Day
        2026-01-12  Mon  off  Coming of Age Day
        2026-02-11  Wed  off  National Foundation Day
        2026-02-23  Mon  off  Emperor's Birthday
        2026-03-20  Fri  off  Vernal Equinox Day
        2026-04-29  Wed  off  Showa Day
        2026-05-03  Sun  off  Constitution Memorial Day
        2026-05-04  Mon  off  Greenery Day
        2026-05-05  Tue  off  Children's Day
        2026-05-06  Wed  off  substitute holiday
        2026-07-20  Mon  off  Marine Day
        2026-08-11  Tue  off  Mountain Day
        2026-09-21  Mon  off  Respect for the Aged Day
        2026-09-22  Tue  off  citizens' holiday
        2026-09-23  Wed  off  Autumnal Equinox Day
        2026-10-12  Mon  off  Sports Day
        2026-11-03  Tue  off  Culture Day
        2026-11-23  Mon  off  Labor Thanksgiving Day
    "#]],
    );
    check(
        dir.path(),
        &["weekdays", "--year", "2026"],
        0,
        &expect![[r#"
        weekdays in 2026: 261 working days, 104 days off; it needs no data of a year
    "#]],
    );
    check(
        dir.path(),
        &["jp-office-days", "--year", "2100"],
        0,
        &expect![[r#"
        jp-office-days in 2100: 257 working days, 108 days off; it has no data for 2100, only for 2007 to 2099, so that days off may be absent

        DATE        DAY  IS   WHY
        2100-01-01  Fri  off  year-end pause
        2100-01-02  Sat  off  year-end pause
        2100-01-03  Sun  off  year-end pause
        2100-12-29  Wed  off  year-end pause
        2100-12-30  Thu  off  year-end pause
        2100-12-31  Fri  off  year-end pause
    "#]],
    );
}

#[test]
fn a_calendar_of_the_file_of_objectives_is_printed_and_an_unknown_one_is_an_error() {
    let dir = tempfile::tempdir().expect("a folder");
    let calendar = "apiVersion: kigen.dev/v1alpha1\nkind: Calendar\nmetadata: {name: shop-days}\nspec:\n  \
                    daysOff: [2026-08-13/2026-08-14]\n  workingDays: [2026-11-21]\n";
    std::fs::write(dir.path().join("objectives.yaml"), calendar).expect("a file");
    let file = ["--objectives-file", "objectives.yaml"];
    check(
        dir.path(),
        &["shop-days", "--year", "2026", file[0], file[1]],
        0,
        &expect![[r#"
        shop-days in 2026: 260 working days, 105 days off; it has data for 2026 to 2026

        DATE        DAY  IS     WHY
        2026-08-13  Thu  off    taken away
        2026-08-14  Fri  off    taken away
        2026-11-21  Sat  works  added
    "#]],
    );
    check(
        dir.path(),
        &["shop-day", file[0], file[1]],
        1,
        &expect![[r#"
        kigen: there is no calendar `shop-day`: there are weekdays, jp-business-days, jp-office-days, shop-days
    "#]],
    );
    check(
        dir.path(),
        &["shop-days"],
        1,
        &expect![[r#"
        kigen: there is no calendar `shop-days`: there are weekdays, jp-business-days, jp-office-days; those of a file of objectives are read with --objectives-file
    "#]],
    );
}

fn stdout(dir: &Path, args: &[&str]) -> String {
    let output = kigen().current_dir(dir).args(["--data-dir", "."]).args(args).output().expect("kigen runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("stdout is text")
}

/// Nothing runs; 14 and 15 November 2026 are a Saturday and a Sunday.
#[tokio::test(flavor = "multi_thread")]
async fn days_off_have_no_alert_and_are_shown_as_excused_by_the_calendar() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let mut cluster = Cluster::new(start());
    cluster.cron_job(
        CronJobPlan::new("ml", "absent", "0 8 * * *")
            .annotation("kigen.dev/complete-by", "0 12 * * *")
            .annotation("kigen.dev/calendar", "jp-business-days"),
    );
    let server = play(cluster.build().expect("a history")).await;
    let mut up = Up::start(dir, &server.url());
    up.wait_until_it_watches().await;
    server.clock().advance_to(noon(7) + TimeDelta::minutes(1));
    let alerts = up.wait_for_alerts(|alerts| alerts.len() > 4).await;
    let missed = alerts.iter().filter_map(|alert| match &alert.body {
        AlertBody::SlotMissed { slot, .. } => Some(slot.deadline.format("%a %d").to_string()),
        _ => None,
    });
    assert_eq!(missed.collect::<Vec<_>>(), ["Tue 10", "Wed 11", "Thu 12", "Fri 13", "Mon 16"]);
    let slots = stdout(dir, &["replay", "--slots", "--format", "csv"]);
    let is_day_off = |line: &&str| line.contains("excused") && line.contains("calendar");
    let excused: Vec<&str> = slots.lines().filter(is_day_off).collect();
    assert!(excused.len() == 2 && excused[0].contains("2026-11-14"), "{slots}");
    let explained = stdout(dir, &["explain", "ml/absent", "2026-11-14"]);
    assert!(explained.contains("a day off of the calendar `jp-business-days`"), "{explained}");
    let events = stdout(dir, &["events"]);
    assert!(events.contains("calendar jp-business-days: "), "{events}");

    // What a calendar that was in no log then would have found.
    let objective = "apiVersion: kigen.dev/v1alpha1\nkind: Calendar\nmetadata: {name: shop}\nspec: {daysOff: [2026-11-11]}\n---\n\
                     apiVersion: kigen.dev/v1alpha1\nkind: Objective\nmetadata: {name: ready, namespace: ml}\n\
                     spec: {batch: {cronJob: absent}, completeBy: \"0 12 * * *\", calendar: shop}\n";
    std::fs::write(dir.join("other.yaml"), objective).expect("a file");
    let cluster = alerts[0].key.cluster.clone();
    let args = ["--cluster", &cluster, "replay", "--objectives", "other.yaml", "--slots", "--format", "csv"];
    let slots = stdout(dir, &args);
    assert_eq!(slots.lines().filter(is_day_off).count(), 3, "{slots}");
    up.terminate();
    server.shutdown().await;
}
