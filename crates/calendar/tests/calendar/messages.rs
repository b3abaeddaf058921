//! The messages for wrong crontabs and zones, and that no text hangs or breaks the parser.

use expect_test::{Expect, expect};
use kigen_calendar::{CRONTAB_BYTES_MAX, Calendar, Crontab, CrontabError, Reading, Zone};
use kigen_model::Instant;

fn check(crontabs: &[&str], expected: &Expect) {
    let messages: String = crontabs
        .iter()
        .map(|crontab| match Crontab::parse(crontab) {
            Ok(_) => format!("{crontab} is read\n"),
            Err(error) => format!("{error}\n"),
        })
        .collect();
    expected.assert_eq(&messages);
}

#[test]
fn a_wrong_number_of_fields_is_refused() {
    check(
        &["", "0 0 12 * * *", "0 12 * *", "12:00"],
        &expect![[r#"
        the crontab is empty: write five fields such as `0 12 * * *`, or a descriptor such as `@daily`
        `0 0 12 * * *` has 6 field(s), of five: minute, hour, day of month, month, day of week; there are no seconds and no years
        `0 12 * *` has 4 field(s), of five: minute, hour, day of month, month, day of week; write `*` where any value will do
        `12:00` has 1 field(s), of five: minute, hour, day of month, month, day of week; write `*` where any value will do
    "#]],
    );
}

#[test]
fn extensions_of_quartz_and_jenkins_are_refused() {
    check(
        &["0 0 L * *", "0 0 * * 5#2", "0 0 15W * *", "H 3 * * *"],
        &expect![[r#"
        the day of month `L` does not read: Kubernetes knows no `L`, `W`, `#` or `H`, write the values themselves; allowed are 1 to 31, lists `1,15`, ranges `1-7`, steps `*/2`
        the day of week `5#2` does not read: Kubernetes knows no `L`, `W`, `#` or `H`, write the values themselves; allowed are 0 (Sunday) to 6 or sun to sat, lists `1,3`, ranges `1-5`, steps `*/2`
        the day of month `15W` does not read: Kubernetes knows no `L`, `W`, `#` or `H`, write the values themselves; allowed are 1 to 31, lists `1,15`, ranges `1-7`, steps `*/2`
        the minute `H` does not read: Kubernetes knows no `L`, `W`, `#` or `H`, write the values themselves; allowed are 0 to 59, lists `0,30`, ranges `0-29`, steps `*/5`
    "#]],
    );
}

#[test]
fn wrong_numbers_names_and_ranges_are_refused() {
    check(
        &["61 * * * *", "0 12 * * 7", "0 12 * * 5-7", "0 0 0 * *", "0 22-2 * * *", "0 0 * * fri-mon"],
        &expect![[r#"
            the minute `61` does not read: 61 is above 59; allowed are 0 to 59, lists `0,30`, ranges `0-29`, steps `*/5`
            the day of week `7` does not read: 7 is no day here, write 0 for Sunday, and a range up to it as two, such as `5-6,0`; allowed are 0 (Sunday) to 6 or sun to sat, lists `1,3`, ranges `1-5`, steps `*/2`
            the day of week `5-7` does not read: 7 is no day here, write 0 for Sunday, and a range up to it as two, such as `5-6,0`; allowed are 0 (Sunday) to 6 or sun to sat, lists `1,3`, ranges `1-5`, steps `*/2`
            the day of month `0` does not read: 0 is below 1; allowed are 1 to 31, lists `1,15`, ranges `1-7`, steps `*/2`
            the hour `22-2` does not read: the range runs backwards, write `22-23,0-2`; allowed are 0 to 23, lists `6,18`, ranges `9-17`, steps `*/2`
            the day of week `fri-mon` does not read: the range runs backwards, write `5-6,0-1`; allowed are 0 (Sunday) to 6 or sun to sat, lists `1,3`, ranges `1-5`, steps `*/2`
        "#]],
    );
    check(
        &[
            "0 0 * * MONDAY",
            "0 0 1 January *",
            "*/0 * * * *",
            "*/ * * * *",
            "1/2/3 * * * *",
            "1-2-3 * * * *",
            "0 -5 * * *",
        ],
        &expect![[r#"
            the day of week `MONDAY` does not read: `MONDAY` is no number, write `mon`; allowed are 0 (Sunday) to 6 or sun to sat, lists `1,3`, ranges `1-5`, steps `*/2`
            the month `January` does not read: `January` is no number, write `jan`; allowed are 1 to 12 or jan to dec, lists `1,7`, ranges `4-6`, steps `*/3`
            the minute `*/0` does not read: a step is at least 1; allowed are 0 to 59, lists `0,30`, ranges `0-29`, steps `*/5`
            the minute `*/` does not read: a number is missing; allowed are 0 to 59, lists `0,30`, ranges `0-29`, steps `*/5`
            the minute `1/2/3` does not read: there is more than one `/`; allowed are 0 to 59, lists `0,30`, ranges `0-29`, steps `*/5`
            the minute `1-2-3` does not read: there is more than one `-`; allowed are 0 to 59, lists `0,30`, ranges `0-29`, steps `*/5`
            the hour `-5` does not read: a number is missing; allowed are 0 to 23, lists `6,18`, ranges `9-17`, steps `*/2`
        "#]],
    );
}

#[test]
fn a_zone_inside_the_crontab_is_refused() {
    check(
        &["TZ=Asia/Tokyo 0 12 * * *", "CRON_TZ=UTC @daily"],
        &expect![[r#"
        `TZ=Asia/Tokyo 0 12 * * *` has a time zone in it, which Kubernetes refuses: write the zone in spec.timeZone instead
        `CRON_TZ=UTC @daily` has a time zone in it, which Kubernetes refuses: write the zone in spec.timeZone instead
    "#]],
    );
}

#[test]
fn unknown_descriptors_are_refused() {
    check(
        &["@Daily", "@reboot", "@every 5 minutes", "@every"],
        &expect![[r#"
        `@Daily` is no descriptor: write @daily
        `@reboot` is no descriptor: write @yearly, @monthly, @weekly, @daily, @hourly or @every 5m, in lower case, or five fields such as `0 12 * * *`
        `@every 5 minutes` needs a duration after one space: numbers with h, m or s, such as `@every 1h30m`
        `@every` is no descriptor: write @yearly, @monthly, @weekly, @daily, @hourly or @every 5m, in lower case, or five fields such as `0 12 * * *`
    "#]],
    );
}

#[test]
fn a_long_text_is_cut_in_the_message() {
    let list = "1,".repeat(CRONTAB_BYTES_MAX);
    let word = format!("{} * * * *", "x".repeat(200));
    check(
        &[&list, &word, "0\u{7}\n\u{202e} * * * *"],
        &expect![[r#"
        the crontab has 8192 bytes, of at most 4096: use ranges and steps such as `*/5`
        the minute `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` does not read: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` is no number; allowed are 0 to 59, lists `0,30`, ranges `0-29`, steps `*/5`
        `0\u{7}\n\u{202e} * * * *` has 6 field(s), of five: minute, hour, day of month, month, day of week; there are no seconds and no years
    "#]],
    );
}

#[test]
fn every_is_not_a_deadline() {
    let crontab = Crontab::parse("@every 1h").expect("a crontab");
    let error = Calendar::new(crontab, Zone::utc(), Reading::Deadline).expect_err("no deadline");
    expect!["`@every 1h` cannot be a deadline, since it names no time of day: write five fields such as `*/5 * * * *` or `0 12 * * *`"].assert_eq(&error.to_string());
    assert_eq!(error, CrontabError::EveryAsDeadline { text: "@every 1h".to_owned() });
}

#[test]
fn an_unknown_zone_is_answered_with_the_closest_name() {
    let messages: String = [
        "asia/tokyo",
        "Asia/Tokio",
        "Tokyo",
        "America/New York",
        "JST",
        "Local",
        "",
        "Etc/Unknown",
        &"x".repeat(9999),
    ]
    .iter()
    .map(|name| format!("{}\n", Zone::named(name).expect_err("no zone")))
    .collect();
    expect![[r#"
        there is no time zone `asia/tokyo` in tzdata 2026f: did you mean `Asia/Tokyo`?
        there is no time zone `Asia/Tokio` in tzdata 2026f: did you mean `Asia/Tokyo`?
        there is no time zone `Tokyo` in tzdata 2026f: did you mean `Asia/Tokyo`?
        there is no time zone `America/New York` in tzdata 2026f: did you mean `America/New_York`?
        there is no time zone `JST` in tzdata 2026f: write UTC or a name such as Asia/Tokyo; abbreviations such as JST are not names
        there is no time zone `Local` in tzdata 2026f: write UTC or a name such as Asia/Tokyo; abbreviations such as JST are not names
        there is no time zone `` in tzdata 2026f: write UTC or a name such as Asia/Tokyo; abbreviations such as JST are not names
        there is no time zone `Etc/Unknown` in tzdata 2026f: write UTC or a name such as Asia/Tokyo; abbreviations such as JST are not names
        there is no time zone `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` in tzdata 2026f: write UTC or a name such as Asia/Tokyo; abbreviations such as JST are not names
    "#]].assert_eq(&messages);
}

#[test]
fn no_text_hangs_or_breaks_the_parser() {
    let starts: [Instant; 4] =
        ["2026-11-23T11:00:00.5Z", "1969-12-31T23:59:59Z", "2100-12-31T23:59:59Z", "9999-12-31T23:59:59Z"]
            .map(|start| start.parse().expect("an instant"));
    let starts = starts.into_iter().chain([Instant::MIN_UTC, Instant::MAX_UTC]);
    let starts: Vec<Instant> = starts.collect();
    let long =
        ["*/1,", "1-59/2,", "@every 1h", "é", " ", "\0", "-", "/", "*"].map(|piece| piece.repeat(1 << 18));
    let short = [
        "*/9223372036854775807 * * * *",
        "59/99999999999999999999 * * * *",
        "18446744073709551615 * * * *",
        "0-4294967296 * * * *",
        "0 0 30 2 *",
        "0 0 , * *",
        ", , , , ,",
        "0 0 29 2 *",
        "59 23 31 12 *",
        "@every 1ns",
        "@every 0",
        "@every -1h",
        "@every 999999h",
        "@every 2562047h47m16.854775807s",
        "@every 9223372036854775808ns",
        "@every 0.000000000000000000000000000000000000000000000000000000001h",
        "@every é",
        "@every -",
        "@",
        "\u{130} * * * *",
    ];
    let mut read = 0;
    for text in long.iter().map(String::as_str).chain(short) {
        let Ok(crontab) = Crontab::parse(text) else { continue };
        read += 1;
        for zone in ["UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"] {
            let zone = Zone::named(zone).expect("a zone");
            for reading in [Reading::Kubernetes, Reading::Deadline] {
                let Ok(calendar) = Calendar::new(crontab.clone(), zone.clone(), reading) else { continue };
                for start in &starts {
                    let next: Vec<Instant> = calendar.after(*start).take(3).collect();
                    assert!(next.is_sorted_by(|a, b| a < b), "{text} after {start}");
                    assert!(next.first().is_none_or(|first| first > start), "{text} after {start}");
                }
            }
        }
    }
    assert_eq!(read, 12);
}
