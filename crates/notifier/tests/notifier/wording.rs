//! What a message claims holds: whose result it is, what will happen, and that its commands find what they name.

use chrono::NaiveDate;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::objective::Severity;
use kigen_model::run::{ContainerState, Run, RunPhase, SlotMark};
use kigen_model::slot::{Cause, RunSummary};
use kigen_notifier::render::render;

use crate::alerts::{
    at, attempt, beside_a_proxy, failed, failed_attempt, in_phase, missed, missed_after, recovered,
    run_failed, summary,
};

/// A recovery by a run that is changed so.
fn recovered_by(change: impl Fn(Run) -> Run) -> Alert {
    let alert = recovered("2026-11-20T04:00:00Z", "2026-11-20T04:30:00Z", 1);
    let AlertBody::SlotRecovered { slot, incident, since, misses, ended_at, run } = alert.body else {
        unreachable!("it is a recovery");
    };
    let run = RunSummary { run: change(run.run), ..run };
    Alert { body: AlertBody::SlotRecovered { slot, incident, since, misses, ended_at, run }, ..alert }
}

fn command(alert: &Alert) -> String {
    let facts = render(alert).facts;
    facts.into_iter().find(|(label, _)| *label == "Look").expect("it names a command").1
}

#[test]
fn a_rerun_by_hand_or_a_marked_job_is_the_result_of_its_slot() {
    let scheduled = render(&recovered_by(|run| run));
    assert_eq!(scheduled.headline, "ml/recommend is good again");
    assert!(scheduled.paragraphs[0].contains("the result for 12:30 never came"), "{scheduled:?}");
    let by_hand =
        |slot| move |run| Run { scheduled_at: None, created_at: at("2026-11-20T04:00:00Z"), slot, ..run };
    let day = |day| Some(SlotMark::Day(NaiveDate::from_ymd_opt(2026, 11, day).expect("a day")));
    for slot in [None, day(20), day(19), Some(SlotMark::At(at("2026-11-20T03:30:00Z")))] {
        let message = render(&recovered_by(by_hand(slot)));
        assert_eq!(message.headline, "ml/recommend is done, 1 h 0 min late", "{slot:?}");
        assert_eq!(message.paragraphs, ["A good result is there since 13:30. The incident is over."]);
    }
    for slot in [day(21), Some(SlotMark::At(at("2026-11-20T03:30:01Z")))] {
        assert_eq!(render(&recovered_by(by_hand(slot))).headline, "ml/recommend is good again", "{slot:?}");
    }
    let marked = render(&recovered_by(by_hand(day(20))));
    assert!(marked.facts.contains(&("Job", "recommend-29380500 (marked for 2026-11-20)".to_owned())));
    let unmarked = render(&recovered_by(by_hand(None)));
    assert!(unmarked.facts.contains(&("Job", "recommend-29380500 (not made by a schedule)".to_owned())));
}

#[test]
fn it_goes_on_missing_only_if_it_runs_and_the_trend_reaches_the_deadline() {
    let goes_on = |cause, minutes: &[i64]| {
        let text = render(&missed_after(cause, Some(summary(Some(attempt()))), minutes)).paragraphs.join(" ");
        assert!(text.contains("each about 4 min later than the one before"), "{text}");
        text.contains("It will go on missing")
    };
    let running = Cause::StillRunning { since: at("2026-11-20T03:00:05Z") };
    assert!(goes_on(running.clone(), &[14, 18, 22, 26]), "the next would end 30 min after 12:00");
    assert!(!goes_on(running, &[13, 17, 21, 25]), "a minute before the deadline");
    assert!(!goes_on(failed("KeyError: 'price'"), &[14, 18, 22, 26]), "a failure has no duration");
}

#[test]
fn commands_name_the_cluster_and_the_container_and_find_what_they_name() {
    let proxy = ContainerState::Running { since: None };
    let attempt = beside_a_proxy(failed_attempt("Error", Some(1), None), 1, proxy);
    assert_eq!(
        command(&missed(failed("KeyError: 'price'"), Some(summary(Some(attempt))))),
        "kubectl --context prod -n ml logs job/recommend-29380500 -c main"
    );
    let gone = in_phase(RunPhase::Deleted { observed_at: at("2026-11-20T03:10:00Z") }, None);
    assert_eq!(
        command(&missed(failed("KeyError: 'price'"), Some(gone.clone()))),
        "kubectl --context prod -n ml describe cronjob recommend"
    );
    let bare = RunSummary { run: Run { scheduled_at: None, ..gone.run.clone() }, ..gone };
    assert_eq!(
        command(&missed(failed("KeyError: 'price'"), Some(bare))),
        "kubectl --context prod -n ml get events --sort-by=.lastTimestamp"
    );
    assert_eq!(command(&missed(Cause::CronJobAbsent, None)), "kubectl --context prod -n ml get cronjobs");
}

#[test]
fn a_warning_is_one_and_two_objectives_of_a_batch_differ() {
    let alert = missed(Cause::Suspended, None);
    let of = |severity, name: &str| {
        let objective = alert.objective.clone().map(|objective| kigen_model::alert::ObjectiveSummary {
            severity,
            name: name.to_owned(),
            ..objective
        });
        render(&Alert { objective, ..alert.clone() })
    };
    let message = of(Severity::Warning, "before-report");
    assert_eq!(message.headline, "ml/recommend (before-report) has no good result for 12:30");
    assert_eq!(message.context, "deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod · severity: warning");
    let message = of(Severity::Fatal, "complete-by");
    assert_eq!(message.headline, "ml/recommend has no good result for 12:30");
    assert_eq!(message.context, "deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod");
}

#[test]
fn the_lock_screen_has_the_cause_and_the_owner() {
    let brief = |alert: &Alert| {
        let message = render(alert);
        (message.brief.unwrap_or_default(), message.owner)
    };
    let owner = Some("recommend-team".to_owned());
    let error =
        "Traceback (most recent call last):\n  File \"/app/main.py\", line 7, in <module>\nKeyError: 'price'";
    assert_eq!(brief(&missed(failed(error), None)), ("KeyError: 'price'".to_owned(), owner.clone()));
    assert_eq!(brief(&run_failed("")), ("BackoffLimitExceeded, exit code 1".to_owned(), None));
    let cause = Cause::NeverStarted { expected_at: at("2026-11-20T03:00:00Z") };
    assert_eq!(brief(&missed(cause, None)), ("never started, expected at 12:00".to_owned(), owner));
}
