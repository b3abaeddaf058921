//! What a message claims holds: whose result it is, what will happen, and that its commands find what they name.

use chrono::{NaiveDate, TimeDelta};
use kigen_model::alert::{Alert, AlertBody, CronJobPresence, DeadlineSummary, ObjectiveSummary, ResultOf};
use kigen_model::objective::Severity;
use kigen_model::run::{Attempt, ContainerState, Run, RunPhase, SlotMark};
use kigen_model::slot::{Cause, RunSummary};
use kigen_model::trend::Trend;

use crate::alerts::{
    at, attempt, beside_a_proxy, fact, failed, failed_attempt, in_phase, missed, missed_with, of_older, past,
    recovered, render, render_at, retracted, run_failed, summary, unknown,
};

/// A recovery by a run that is changed so, as the engine decides whose result it is.
fn recovered_by(of: ResultOf, change: impl Fn(Run) -> Run) -> Alert {
    let mut alert = recovered("2026-11-20T04:00:00Z", "2026-11-20T04:30:00Z", 1);
    let AlertBody::SlotRecovered { run, result_of, .. } = &mut alert.body else { panic!("a recovery") };
    (run.run, *result_of) = (change(run.run.clone()), of);
    alert
}

/// The alert of an objective that is changed so.
fn of_objective(alert: Alert, change: impl Fn(ObjectiveSummary) -> ObjectiveSummary) -> Alert {
    Alert { objective: alert.objective.map(change), ..alert }
}

fn command(alert: &Alert) -> String {
    fact(&render(alert), "Look").expect("it names a command")
}

#[test]
fn whose_result_a_run_is_was_decided_by_the_engine() {
    let by_hand = |run| Run { scheduled_at: None, created_at: at("2026-11-20T04:00:00Z"), ..run };
    let message = render(&recovered_by(ResultOf::MissedSlot, by_hand));
    assert_eq!(message.headline, "ml/recommend is done, 1 h 0 min late");
    assert_eq!(
        message.paragraphs,
        ["A good result is there since 13:30. The run took 1 h 30 min. The incident is over."]
    );
    let message = render(&recovered_by(ResultOf::LaterSlot, by_hand));
    assert_eq!(message.headline, "ml/recommend is good again");
    assert!(message.paragraphs[0].contains("the result for 12:30 never came"), "{message:?}");
}

#[test]
fn of_an_older_kigen_a_rerun_by_hand_or_a_marked_job_is_the_result_of_its_slot() {
    let recovered_by = |change: &dyn Fn(Run) -> Run| of_older(&recovered_by(ResultOf::LaterSlot, change));
    let scheduled = render(&recovered_by(&|run| run));
    assert_eq!(scheduled.headline, "ml/recommend is good again");
    assert!(scheduled.paragraphs[0].contains("the result for 12:30 never came"), "{scheduled:?}");
    let by_hand =
        |slot| move |run| Run { scheduled_at: None, created_at: at("2026-11-20T04:00:00Z"), slot, ..run };
    let day = |day| Some(SlotMark::Day(NaiveDate::from_ymd_opt(2026, 11, day).expect("a day")));
    for slot in [None, day(20), day(19), Some(SlotMark::At(at("2026-11-20T03:30:00Z")))] {
        let message = render(&recovered_by(&by_hand(slot)));
        assert_eq!(message.headline, "ml/recommend is done, 1 h 0 min late", "{slot:?}");
        assert_eq!(
            message.paragraphs,
            ["A good result is there since 13:30. The run took 1 h 30 min. The incident is over."]
        );
    }
    for slot in [day(21), Some(SlotMark::At(at("2026-11-20T03:30:01Z")))] {
        assert_eq!(render(&recovered_by(&by_hand(slot))).headline, "ml/recommend is good again", "{slot:?}");
    }
    let marked = render(&recovered_by(&by_hand(day(20))));
    assert_eq!(fact(&marked, "Job").as_deref(), Some("recommend-29380500 (marked for 2026-11-20)"));
    let unmarked = render(&recovered_by(&by_hand(None)));
    assert_eq!(fact(&unmarked, "Job").as_deref(), Some("recommend-29380500 (not made by a schedule)"));
}

fn later(goes_on_missing: bool) -> Trend {
    Trend::Later { by: TimeDelta::minutes(4), goes_on_missing }
}

#[test]
fn it_goes_on_missing_only_if_the_engine_decides_so_and_usual_times_count_from_the_start() {
    let text = |trend| {
        let cause = Cause::StillRunning { since: at("2026-11-20T03:00:05Z") };
        let past = past(&[14, 18, 22, 26]);
        render(&missed_with(cause, Some(summary(Some(attempt()))), past, trend)).paragraphs.remove(1)
    };
    let usual = "The last 4 good runs took 13 min to 25 min";
    let grows = "and each ended about 4 min later than the one before.";
    let goes_on = "It will go on missing its deadline unless it starts earlier or gets faster.";
    assert_eq!(text(Trend::Steady), format!("{usual}."));
    assert_eq!(text(later(false)), format!("{usual}, {grows}"));
    assert_eq!(text(later(true)), format!("{usual}, {grows} {goes_on}"));
}

#[test]
fn of_an_older_kigen_it_goes_on_missing_only_if_it_runs_and_the_trend_reaches_the_deadline() {
    let goes_on = |cause, minutes: &[i64]| {
        let alert = missed_with(cause, Some(summary(Some(attempt()))), past(minutes), Trend::Steady);
        let text = render(&of_older(&alert)).paragraphs.join(" ");
        assert!(
            text.contains("min after their scheduled time, each about 4 min later than the one before"),
            "{text}"
        );
        text.contains("It will go on missing")
    };
    let running = Cause::StillRunning { since: at("2026-11-20T03:00:05Z") };
    assert!(goes_on(running.clone(), &[14, 18, 22, 26]), "the next would end 30 min after 12:00");
    assert!(!goes_on(running, &[13, 17, 21, 25]), "a minute before the deadline");
    assert!(!goes_on(failed("KeyError: 'price'"), &[14, 18, 22, 26]), "a failure has no duration");
}

#[test]
fn an_alert_names_the_grace() {
    let context = |alert| {
        let message = render(&of_objective(alert, |objective| ObjectiveSummary {
            grace: TimeDelta::minutes(10),
            ..objective
        }));
        (message.context, message.paragraphs.join(" "))
    };
    for alert in [missed(Cause::Suspended, None), unknown()] {
        assert_eq!(context(alert).0, "deadline Fri 20 Nov 12:30 Asia/Tokyo + 10 min grace · cluster prod");
    }
    let mut late = retracted(Some(0));
    assert!(context(late.clone()).1.starts_with("A good result was there at 12:20. "));
    let AlertBody::SlotRetracted { ended_at, .. } = &mut late.body else { panic!("a retraction") };
    *ended_at = at("2026-11-20T03:35:00Z");
    assert!(context(late).1.starts_with("A good result was there at 12:35, within the grace. "));
}

#[test]
fn only_a_cron_job_that_was_there_is_not_there_any_more() {
    let of = |cron_job, cause| Alert { cron_job, ..missed(cause, None) };
    let text = |cron_job| render(&of(cron_job, Cause::CronJobAbsent)).paragraphs.remove(0);
    let any_more = "There is no CronJob of that name any more, so nothing will run.";
    assert_eq!(text(CronJobPresence::Deleted), any_more);
    assert_eq!(text(CronJobPresence::Unrecorded), any_more, "as an older kigen has it");
    let never = text(CronJobPresence::NeverObserved);
    assert!(never.contains("kigen has never seen one") && !never.contains("any more"), "{never}");
    assert!(text(CronJobPresence::Exists).ends_with("there is one now."));

    let never_started = || Cause::NeverStarted { expected_at: at("2026-11-20T03:00:00Z") };
    let commands = |cron_job| {
        let unknown = Alert { cron_job, ..unknown() };
        [command(&of(cron_job, never_started())), command(&unknown)]
    };
    for (cron_job, expected) in [
        (CronJobPresence::Exists, "describe cronjob recommend"),
        (CronJobPresence::Unrecorded, "describe cronjob recommend"),
        (CronJobPresence::NotExpected, "get jobs --sort-by=.metadata.creationTimestamp"),
        (CronJobPresence::NeverObserved, "get cronjobs"),
        (CronJobPresence::Deleted, "get cronjobs"),
    ] {
        let expected = format!("kubectl --context prod -n ml {expected}");
        assert_eq!(commands(cron_job), [expected.clone(), expected], "{cron_job:?}");
    }
}

#[test]
fn the_cron_job_before_which_it_must_be_ready_is_named_when_it_is_gone() {
    let alert = of_objective(missed(Cause::TargetAbsent, None), |objective| ObjectiveSummary {
        deadlines: DeadlineSummary::Before("dwh/report".to_owned()),
        ..objective
    });
    let message = render(&alert);
    assert_eq!(message.brief.as_deref(), Some("CronJob dwh/report is gone"));
    assert!(
        message.paragraphs[0].starts_with("CronJob dwh/report is gone, before whose start"),
        "{message:?}"
    );
    assert_eq!(command(&alert), "kubectl --context prod -n dwh get cronjobs");
}

#[test]
fn the_alert_on_an_indexed_job_names_the_index_that_failed() {
    let named = |pod: &str| Attempt { pod: pod.to_owned(), ..failed_attempt("Error", Some(1), None) };
    let alert = |job: &str, pod: &str| {
        let summary = summary(Some(named(pod)));
        let run = RunSummary { run: Run { job: job.to_owned(), ..summary.run.clone() }, ..summary };
        missed(failed("KeyError: 'price'"), Some(run))
    };
    let indexed = alert("recommend-29380500", "recommend-29380500-3-x7k2p");
    let message = render(&indexed);
    assert_eq!(message.brief.as_deref(), Some("index 3: KeyError: 'price'"));
    assert!(
        message.paragraphs[0].ends_with("The last one, of completion index 3, ended with exit code 1."),
        "{message:?}"
    );
    let pod = "recommend-29380500-3-x7k2p (completion index 3) on node-1";
    assert_eq!(fact(&message, "Pod").as_deref(), Some(pod), "{message:?}");
    assert_eq!(command(&indexed), "kubectl --context prod -n ml logs recommend-29380500-3-x7k2p");

    let index = |job: &str, pod: &str| {
        let pod = fact(&render(&alert(job, pod)), "Pod").expect("the pod");
        let (_, index) = pod.split_once("(completion index ")?;
        index.split(')').next().map(str::to_owned)
    };
    let some = |index: &str| Some(index.to_owned());
    assert_eq!(index("recommend", "recommend-0-x7k2p"), some("0"));
    assert_eq!(index("recommend-7", "recommend-7-x7k2p"), None, "its own name ends in a number");
    assert_eq!(index("recommend", "recommend-x7k2p"), None);
    assert_eq!(index("recommend", "recommend-03-x7k2p"), None, "no index");
    assert_eq!(index("recommend", "another-3-x7k2p"), None);
    // Kubernetes cuts the Job's name, so that 58 bytes are before the random end.
    let long = "a".repeat(62);
    assert_eq!(index(&long, &format!("{}-12-x7k2p", &long[..54])), some("12"));
    assert_eq!(index(&long, &format!("{}-12-x7k2p", &long[..53])), None, "cut elsewhere");
    let with_number = format!("{}-12-{}", &long[..54], &long[..4]);
    assert_eq!(
        index(&with_number, &format!("{}-12-x7k2p", &long[..54])),
        None,
        "the number may be the name's"
    );
}

#[test]
fn a_late_message_states_how_old_it_is() {
    let alert = missed(Cause::Suspended, None);
    let at_once = render_at(&alert, at("2026-11-20T03:40:29Z"));
    assert_eq!(at_once, render(&alert), "it was decided 9 min 59 s before");
    let late = render_at(&alert, at("2026-11-20T06:30:30Z"));
    assert_eq!(late.context, "deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod · 3 h 0 min old");
    assert_eq!(
        late.paragraphs[0],
        "This alert is 3 h 0 min old: kigen decided it at 12:30:30 Asia/Tokyo and could not deliver it before."
    );
    assert_eq!(late.paragraphs[1..], render(&alert).paragraphs);
    let late = render_at(&alert, at("2026-11-22T03:30:30Z"));
    assert!(late.paragraphs[0].contains("2 d 0 h old: kigen decided it at Fri 20 Nov 12:30:30"), "{late:?}");
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
        render(&of_objective(alert.clone(), |objective| ObjectiveSummary {
            severity,
            name: name.to_owned(),
            ..objective
        }))
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
