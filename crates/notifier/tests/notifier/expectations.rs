//! What a person reads of a run that ended well and did not do what is expected.

use chrono::TimeDelta;
use expect_test::expect;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::expectation::{Broken, Limit};
use kigen_model::reported::Number;
use kigen_model::slot::Cause;

use crate::alerts::{alert, at, attempt, incident, missed, of_older, slot, summary};
use crate::messages::check;

fn broken() -> Vec<Broken> {
    let number = |value| Number::new(value).expect("a finite number");
    let (limit, usual) = (Limit::Min(number(1000.0)), Some(number(120_345.0)));
    let rows =
        Broken::Number { name: "rows <@U1>".to_owned(), was: Some(number(12.0)), limit, usual, of_runs: 14 };
    let (took, min) = (TimeDelta::seconds(3), TimeDelta::minutes(5));
    vec![rows, Broken::Duration { took, min, usual: None, of_runs: 3 }]
}

#[test]
fn a_run_that_did_no_work_is_a_miss() {
    check(
        &missed(Cause::Expectation(broken()), Some(summary(Some(attempt())))),
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ Its run ended well, but did not do what is expected: rows <@U1> is 12,
            ▌ expected is at least 1000; the median of the last 14 is 120345; it took 3 s,
            ▌ expected is at least 5 min. So it does not count.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌ To do: look in its log why, and repeat it if the result is wrong.
            ▌ Job: recommend-29380500
            ▌ Pod: recommend-29380500-x7k2p on node-1
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml logs job/recommend-29380500
            ▌ Repeat: kubectl --context prod -n ml create job --from=cronjob/recommend
            ▌         recommend-again-1120-1230
        "#]],
    );
}

#[test]
fn an_older_kigen_reads_it_as_a_failure_with_the_reason() {
    let missed = missed(Cause::Expectation(broken()), None);
    check(
        &of_older(&missed),
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ Its run failed in its only attempt: Expectation.
            ▌ The last 4 good runs ended 10 min to 11 min after their scheduled time.
            ▌ To do: repair what its error or its log shows, and repeat the run.
            ▌   rows <@U1> is 12, expected is at least 1000; the median of the last 14 is
            ▌   120345; it took 3 s, expected is at least 5 min
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml describe cronjob recommend
        "#]],
    );
}

#[test]
fn a_run_that_counts_nevertheless() {
    let run = summary(Some(attempt()));
    check(
        &alert(AlertBody::ExpectationBroken { slot: slot(), broken: broken(), run }),
        expect![[r#"
            ▌ ⚠️ ml/recommend is there for 12:30, but not as expected
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ Its run ended well, but did not do what is expected: rows <@U1> is 12,
            ▌ expected is at least 1000; the median of the last 14 is 120345; it took 3 s,
            ▌ expected is at least 5 min. By the objective it counts nevertheless.
            ▌ To do: look in its log why, and repeat it if the result is wrong.
            ▌ Job: recommend-29380500
            ▌ Pod: recommend-29380500-x7k2p on node-1
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml logs job/recommend-29380500
        "#]],
    );
}

#[test]
fn a_repetition_that_comes_in_time_takes_the_miss_back() {
    let ended_at = at("2026-11-20T03:20:00Z");
    let body = AlertBody::SlotRetracted {
        slot: slot(),
        incident: Some(incident()),
        misses: 0,
        ended_at,
        run: Some(summary(None)),
    };
    check(
        &Alert { decided_at: ended_at, ..alert(body) },
        expect![[r#"
        ▌ 🟢 ml/recommend was there in time after all
        ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
        ▌ A good result was there at 12:20. The deadline had been called missed since
        ▌ the run before did not do what is expected. The incident is over.
        ▌ Job: recommend-29380500
        ▌ Owner: recommend-team
        ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
        ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
    "#]],
    );
}
