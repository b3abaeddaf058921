//! A CronJob's schedule and `spec.timeZone`, as Kubernetes reads the two together.

use expect_test::expect;
use kigen_calendar::{Crontab, Timetable, Zone};

#[test]
fn a_zone_in_the_schedule_is_the_one_that_kubernetes_runs_by() {
    let read = |(schedule, time_zone)| {
        let Timetable { crontab, time_zone, is_zone_in_schedule } = Timetable::of(schedule, time_zone);
        let works = Crontab::parse(crontab).is_ok() && Zone::named(time_zone).is_ok();
        let place = if is_zone_in_schedule { "schedule" } else { "timeZone" };
        format!("{schedule} -> {crontab} in {time_zone} of the {place}, {works}\n")
    };
    let all: String = [
        ("0 12 * * *", None),
        ("0 12 * * *", Some("Asia/Tokyo")),
        ("TZ=Asia/Tokyo 0 12 * * *", None),
        ("CRON_TZ=Asia/Tokyo   @daily ", Some("Europe/London")),
        ("TZ=Local 0 0 * * *", None),
        ("TZ= 0 0 * * *", None),
        ("CRON_TZ=UTC @every 1h", None),
        // None of these runs in Kubernetes either.
        ("TZ=UTC", None),
        ("TZ=UTC ", None),
        ("TZ=UTC TZ=UTC 0 0 * * *", None),
        ("CRONTZ=UTC 0 0 * * *", None),
        (" TZ=UTC 0 0 * * *", None),
        ("CRON_TZ=Mars/Base 0 0 * * *", None),
    ]
    .into_iter()
    .map(read)
    .collect();
    expect![[r#"
        0 12 * * * -> 0 12 * * * in UTC of the timeZone, true
        0 12 * * * -> 0 12 * * * in Asia/Tokyo of the timeZone, true
        TZ=Asia/Tokyo 0 12 * * * -> 0 12 * * * in Asia/Tokyo of the schedule, true
        CRON_TZ=Asia/Tokyo   @daily  -> @daily in Asia/Tokyo of the schedule, true
        TZ=Local 0 0 * * * -> 0 0 * * * in UTC of the schedule, true
        TZ= 0 0 * * * -> 0 0 * * * in UTC of the schedule, true
        CRON_TZ=UTC @every 1h -> @every 1h in UTC of the schedule, true
        TZ=UTC -> TZ=UTC in UTC of the timeZone, false
        TZ=UTC  ->  in UTC of the schedule, false
        TZ=UTC TZ=UTC 0 0 * * * -> TZ=UTC 0 0 * * * in UTC of the schedule, false
        CRONTZ=UTC 0 0 * * * -> CRONTZ=UTC 0 0 * * * in UTC of the timeZone, false
         TZ=UTC 0 0 * * * ->  TZ=UTC 0 0 * * * in UTC of the timeZone, false
        CRON_TZ=Mars/Base 0 0 * * * -> 0 0 * * * in Mars/Base of the schedule, false
    "#]]
    .assert_eq(&all);
}
