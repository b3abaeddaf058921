//! The message of each kind of warning, as a person reads it before the deadline.

use chrono::TimeDelta;
use expect_test::expect;
use kigen_model::risk::Risk;

use crate::alerts::{at, at_risk, attempt, risk_over, summary};
use crate::messages::check;

const SINCE: &str = "2026-11-20T03:00:05Z";

fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}

#[test]
fn no_run_has_begun() {
    let expected_at = at("2026-11-20T03:00:00Z");
    check(
        &at_risk(
            Risk::NotStarted { expected_at, needs: Some(minutes(21)), of_runs: 40, start_by: None },
            None,
        ),
        expect![[r#"
            ▌ ⚠️ ml/recommend has not begun for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ No run has begun; one was expected at 12:00. Nine in ten of the last 40 good
            ▌ runs took up to 21 min, and 20 min are left.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌ To do: look why no run begins, and start one by hand if the result is needed
            ▌ in time.
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml describe cronjob recommend
        "#]],
    );
}

#[test]
fn no_run_has_begun_when_the_objective_wants_one() {
    let (expected_at, start_by) = (at("2026-11-20T03:00:00Z"), Some(minutes(5)));
    check(
        &at_risk(Risk::NotStarted { expected_at, needs: None, of_runs: 0, start_by }, None),
        expect![[r#"
            ▌ ⚠️ ml/recommend has not begun for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ No run has begun; one was expected at 12:00, to begin within 5 min. 20 min
            ▌ are left.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌ To do: look why no run begins, and start one by hand if the result is needed
            ▌ in time.
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml describe cronjob recommend
        "#]],
    );
}

#[test]
fn a_run_is_late() {
    let risk = Risk::RunningLate { since: at(SINCE), longer: 31, of_runs: 40 };
    check(
        &at_risk(risk, Some(summary(Some(attempt())))),
        expect![[r#"
            ▌ ⚠️ ml/recommend may be late for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ The run that began at 12:00:05 still runs after 10 min. Of 40 earlier runs
            ▌ that took at least as long, 31 took longer than the 30 min that this one may
            ▌ take. 20 min are left.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌ To do: look in its log whether it makes progress, and let those know who need
            ▌ the result.
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
fn a_run_takes_longer_than_ever() {
    let risk = Risk::LongerThanEver { since: at(SINCE), longest: minutes(9), of_runs: 64 };
    check(
        &at_risk(risk, Some(summary(Some(attempt())))),
        expect![[r#"
            ▌ ⚠️ ml/recommend may be late for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ The run that began at 12:00:05 still runs after 10 min: longer than each of
            ▌ the last 64 good runs, of which the longest took 9 min. 20 min are left.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌ To do: look in its log whether it makes progress, and let those know who need
            ▌ the result.
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
fn results_come_later_from_day_to_day() {
    let misses = at("2026-11-27T03:30:00Z");
    let risk = Risk::Trend { misses, by: minutes(4), margin: minutes(25), of_slots: 14 };
    check(
        &at_risk(risk, None),
        expect![[r#"
            ▌ ⚠️ ml/recommend will miss its deadline on Fri 27 Nov
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ Over the last 14 deadlines the result came about 4 min later from one to the
            ▌ next, and it comes 25 min before the deadline now. If that goes on, the first
            ▌ deadline that is missed is Fri 27 Nov 12:30.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌ To do, in working hours: start it earlier, make it faster, or move the
            ▌ deadline.
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml describe cronjob recommend
        "#]],
    );
}

#[test]
fn results_come_later_since_a_step() {
    let risk = Risk::NewLevel { before: minutes(100), now: minutes(20), of_slots: 5 };
    check(
        &at_risk(risk, None),
        expect![[r#"
            ▌ ⚠️ ml/recommend is closer to its deadline than before
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ The last 5 results came 20 min before the deadline, 1 h 20 min later than
            ▌ before: they came 1 h 40 min before the deadline. More than half of the time
            ▌ that was left is used up.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌ To do, in working hours: start it earlier, make it faster, or move the
            ▌ deadline.
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml describe cronjob recommend
        "#]],
    );
}

#[test]
fn the_result_came_in_time() {
    let ended_at = Some(at("2026-11-20T03:28:00Z"));
    check(
        &risk_over(ended_at, Some(summary(Some(attempt())))),
        expect![[r#"
        ▌ 🟢 ml/recommend is there in time for 12:30
        ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
        ▌ A good result is there since 12:28.
        ▌ Job: recommend-29380500
        ▌ Owner: recommend-team
        ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
        ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
    "#]],
    );
}

#[test]
fn the_deadline_was_moved() {
    check(
        &risk_over(None, None),
        expect![[r#"
        ▌ 🟢 ml/recommend is not at risk any more for 12:30
        ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
        ▌ The deadline was moved, or nothing is expected for it any more.
        ▌ Owner: recommend-team
        ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
        ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
    "#]],
    );
}
