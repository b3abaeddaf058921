//! The message of each kind of alert, as the person on call reads it.

use chrono::TimeDelta;
use expect_test::{Expect, expect};
use kigen_model::alert::{Alert, AlertBody, CronJobPresence};
use kigen_model::run::RunPhase;
use kigen_model::slot::{Cause, Failure, RunSummary};
use kigen_model::trend::Trend;
use kigen_notifier::terminal::{Style, draw};

use crate::alerts::{
    at, attempt, failed, failed_attempt, judged_again, missed, missed_after, missed_with, past, recovered,
    render, retracted, run_failed, summary, unknown, unknown_month, waiting,
};

pub(crate) fn check(alert: &Alert, expected: Expect) {
    expected.assert_eq(&draw(&render(alert), &Style { colours: false, width: 80 }));
}

#[test]
fn a_run_that_never_started() {
    check(
        &missed(Cause::NeverStarted { expected_at: at("2026-11-20T03:00:00Z") }, None),
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ It never started: a run was expected at 12:00.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌ To do: look at the CronJob's events for why no Job was made, and repeat it if
            ▌ the result is needed.
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml describe cronjob recommend
            ▌ Repeat: kubectl --context prod -n ml create job --from=cronjob/recommend
            ▌         recommend-again-1120-1230
        "#]],
    );
}

#[test]
fn a_run_that_an_earlier_run_may_block() {
    let cause = Cause::NeverStarted { expected_at: at("2026-11-20T03:20:00Z") };
    check(
        &missed(cause, Some(summary(Some(attempt())))),
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ It never started: a run was expected at 12:20. The run of 12:00 has not ended
            ▌ and may be in the way.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌ To do: if that run hangs, delete its Job, so that the next one can start.
            ▌ Job: recommend-29380500
            ▌ Pod: recommend-29380500-x7k2p on node-1
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml describe cronjob recommend
        "#]],
    );
}

#[test]
fn a_running_run_whose_duration_grew_from_day_to_day() {
    let cause = Cause::StillRunning { since: at("2026-11-20T03:00:05Z") };
    let trend = Trend::Later { by: TimeDelta::minutes(4), goes_on_missing: true };
    let alert = missed_with(cause, Some(summary(Some(attempt()))), past(&[10, 14, 18, 22, 26]), trend);
    check(
        &alert,
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ It is still running, since 12:00:05: 30 min at the deadline.
            ▌ The last 5 good runs took 9 min to 25 min, and each ended about 4 min later
            ▌ than the one before. It will go on missing its deadline unless it starts
            ▌ earlier or gets faster.
            ▌ To do: look in its log whether it makes progress; it may still end well.
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
fn a_run_that_failed() {
    let error =
        "Traceback (most recent call last):\n  File \"/app/main.py\", line 7, in <module>\nKeyError: 'price'";
    check(
        &missed(failed(error), Some(summary(Some(attempt())))),
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ Its run failed after 3 attempts: BackoffLimitExceeded. The last one ended
            ▌ with exit code 1.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌ To do: repair what its error or its log shows, and repeat the run.
            ▌   Traceback (most recent call last):
            ▌     File "/app/main.py", line 7, in <module>
            ▌   KeyError: 'price'
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
fn a_run_that_failed_in_its_only_attempt_without_an_error_text() {
    let reason = "DeadlineExceeded".to_owned();
    let cause = Cause::Failed(Failure { reason, exit_code: None, attempts: 1, last_error: None });
    check(
        &missed(cause, Some(summary(None))),
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ Its run failed in its only attempt: DeadlineExceeded, by its
            ▌ activeDeadlineSeconds.
            ▌ It took longer than `activeDeadlineSeconds` lets it: raise that, or find out
            ▌ what made it slow.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌ Job: recommend-29380500
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
fn a_run_that_cannot_be_scheduled() {
    let why = Some("0/3 nodes are available: 3 Insufficient memory.".to_owned());
    let cause = Cause::Pending { since: at("2026-11-19T03:00:01Z"), why };
    check(
        &missed(cause, Some(waiting(Some(attempt())))),
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ Its run was created at Thu 19 Nov 12:00:01 and does not run: 0/3 nodes are
            ▌ available: 3 Insufficient memory.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌ Job: recommend-29380500
            ▌ Pod: recommend-29380500-x7k2p on node-1
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml describe pods -l
            ▌       job-name=recommend-29380500
        "#]],
    );
}

#[test]
fn a_suspended_cron_job() {
    check(
        &missed(Cause::Suspended, None),
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ The CronJob is suspended, so nothing runs until it is resumed.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌ To do: resume it, or, if that is on purpose, mute it: `kigen mute`.
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml describe cronjob recommend
            ▌ Resume: kubectl --context prod -n ml patch cronjob recommend -p
            ▌         '{"spec":{"suspend":false}}'
        "#]],
    );
}

#[test]
fn a_deleted_cron_job() {
    check(
        &Alert { cron_job: CronJobPresence::Deleted, ..missed_after(Cause::CronJobAbsent, None, &[]) },
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ There is no CronJob of that name any more, so nothing will run.
            ▌ To do: create the CronJob again, or remove its objective.
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml get cronjobs
        "#]],
    );
}

#[test]
fn the_third_miss_in_a_row() {
    let mut alert = missed(Cause::Suspended, None);
    if let AlertBody::SlotMissed { misses, .. } = &mut alert.body {
        *misses = 3;
    }
    check(
        &alert,
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ The CronJob is suspended, so nothing runs until it is resumed.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌ This is the 3rd miss in a row.
            ▌ To do: resume it, or, if that is on purpose, mute it: `kigen mute`.
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml describe cronjob recommend
            ▌ Resume: kubectl --context prod -n ml patch cronjob recommend -p
            ▌         '{"spec":{"suspend":false}}'
        "#]],
    );
}

#[test]
fn a_late_result() {
    check(
        &recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1),
        expect![[r#"
            ▌ 🟢 ml/recommend is done, 12 min late
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ A good result is there since 12:42:10. The run took 42 min. The incident is
            ▌ over.
            ▌ Job: recommend-29380500
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
        "#]],
    );
}

#[test]
fn a_result_of_a_later_slot_after_many_misses() {
    check(
        &recovered("2026-11-21T03:00:00Z", "2026-11-21T03:10:00Z", 12),
        expect![[r#"
            ▌ 🟢 ml/recommend is good again
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ The run of 12:00 ended well at 12:10; the result for Fri 20 Nov 12:30 never
            ▌ came. The run took 1 d 0 h. 12 deadlines were missed in a row, the first Wed
            ▌ 18 Nov 12:30. The incident is over.
            ▌ Job: recommend-29380500
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
        "#]],
    );
}

#[test]
fn a_retracted_miss() {
    check(
        &retracted(Some(0)),
        expect![[r#"
        ▌ 🟢 ml/recommend was there in time after all
        ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
        ▌ A good result was there at 12:20. kigen saw it only after it had called the
        ▌ deadline missed. The incident is over.
        ▌ Job: recommend-29380500
        ▌ Owner: recommend-team
        ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
        ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
    "#]],
    );
}

#[test]
fn a_retracted_miss_of_an_incident_with_other_misses() {
    check(
        &retracted(Some(2)),
        expect![[r#"
        ▌ 🟢 ml/recommend was there in time after all
        ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
        ▌ A good result was there at 12:20. kigen saw it only after it had called the
        ▌ deadline missed. 2 other deadlines of the incident are still missed.
        ▌ Job: recommend-29380500
        ▌ Owner: recommend-team
        ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
        ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
    "#]],
    );
}

#[test]
fn a_result_in_time_that_was_seen_late() {
    check(
        &retracted(None),
        expect![[r#"
        ▌ 🟢 ml/recommend was there in time after all
        ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
        ▌ A good result was there at 12:20. kigen saw it only after it had called the
        ▌ deadline unknown.
        ▌ Owner: recommend-team
        ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
        ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
    "#]],
    );
}

#[test]
fn an_unknown_slot() {
    check(
        &unknown(),
        expect![[r#"
            ▌ 🟡 ml/recommend may have no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ kigen could not watch the cluster from 08:00 to 12:40: a good result may have
            ▌ come and gone meanwhile. It is judged again when more is seen.
            ▌ To do: nothing for this batch yet; look whether kigen's shipper runs.
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml describe cronjob recommend
        "#]],
    );
}

#[test]
fn many_unknown_slots_are_one_message_and_so_is_that_they_are_judged_again() {
    check(
        &unknown_month(),
        expect![[r#"
            ▌ 🟡 ml/recommend may have no good result for 720 deadlines
            ▌ deadlines Wed 21 Oct 13:30 to Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ kigen could not watch the cluster from Wed 21 Oct 13:00 to 12:40: good
            ▌ results may have come and gone meanwhile. The deadlines are judged again when
            ▌ more is seen.
            ▌ To do: nothing for this batch yet; look whether kigen's shipper runs.
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml describe cronjob recommend
        "#]],
    );
    check(
        &judged_again(15, 1),
        expect![[r#"
        ▌ 🟡 ml/recommend is judged again for 16 deadlines
        ▌ deadlines Wed 21 Oct 13:30 to Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
        ▌ Of 720 deadlines that were unknown, 15 had a good result in time, and one was
        ▌ missed: it has a message of its own. 704 stay unknown: they are older than
        ▌ the verdicts that kigen keeps.
        ▌ Owner: recommend-team
        ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
        ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
    "#]],
    );
}

#[test]
fn a_failed_run_of_a_batch_without_an_objective() {
    check(
        &run_failed("KeyError: 'price'"),
        expect![[r#"
            ▌ 🟠 ml/recommend failed
            ▌ run of Fri 20 Nov 03:00 UTC · cluster prod
            ▌ Its run failed after 3 attempts: BackoffLimitExceeded. The last one ended
            ▌ with exit code 1.
            ▌ To do: repair what its error or its log shows, and repeat the run.
            ▌   KeyError: 'price'
            ▌ Job: recommend-29380500
            ▌ Pod: recommend-29380500-x7k2p on node-1
            ▌ Look: kubectl --context prod -n ml logs job/recommend-29380500
            ▌ Repeat: kubectl --context prod -n ml create job --from=cronjob/recommend
            ▌         recommend-again-1120-0300
        "#]],
    );
}

fn failure(reason: &str, exit_code: Option<i32>, attempts: u32, last_error: Option<&str>) -> Cause {
    let last_error = last_error.map(str::to_owned);
    Cause::Failed(Failure { reason: reason.to_owned(), exit_code, attempts, last_error })
}

#[test]
fn a_run_whose_last_attempt_was_out_of_memory() {
    let attempt = failed_attempt("OOMKilled", Some(137), None);
    check(
        &missed(failure("BackoffLimitExceeded", Some(137), 3, None), Some(summary(Some(attempt)))),
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ Its run failed after 3 attempts: BackoffLimitExceeded. The last one ended as
            ▌ OOMKilled, with exit code 137.
            ▌ OOMKilled: it used more memory than its limit. Raise
            ▌ `resources.limits.memory`, or let it use less.
            ▌ The last 4 good runs took 9 min to 10 min.
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
fn an_exit_code_that_gokart_uses() {
    let attempt = failed_attempt("Error", Some(40), None);
    let error = "luigi.worker.TaskException: Recommend";
    check(
        &missed(failure("BackoffLimitExceeded", Some(40), 1, Some(error)), Some(summary(Some(attempt)))),
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ Its run failed in its only attempt: BackoffLimitExceeded. It ended with exit
            ▌ code 40 (gokart calls this task_failed, luigi unhandled_exception).
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌ To do: repair what its error or its log shows, and repeat the run.
            ▌   luigi.worker.TaskException: Recommend
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
fn a_run_whose_node_was_lost() {
    let error = "PodGC: node no longer exists";
    let attempt = failed_attempt("DeletionByPodGC", None, Some(error));
    check(
        &missed(failure("BackoffLimitExceeded", None, 1, Some(error)), Some(summary(Some(attempt)))),
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ Its run failed in its only attempt: BackoffLimitExceeded. It ended as
            ▌ DeletionByPodGC, without an exit code.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌ To do: repair what its error or its log shows, and repeat the run.
            ▌   PodGC: node no longer exists
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
fn a_run_that_exceeded_its_active_deadline_seconds() {
    let attempt = failed_attempt("Error", Some(143), None);
    check(
        &missed(failure("DeadlineExceeded", Some(143), 1, None), Some(summary(Some(attempt)))),
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ Its run failed in its only attempt: DeadlineExceeded, by its
            ▌ activeDeadlineSeconds. It ended with exit code 143 (SIGTERM ended it).
            ▌ It took longer than `activeDeadlineSeconds` lets it: raise that, or find out
            ▌ what made it slow.
            ▌ The last 4 good runs took 9 min to 10 min.
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

/// The run of a Job that was deleted at 12:14.
fn gone() -> RunSummary {
    let mut summary = summary(None);
    summary.run.phase = RunPhase::Deleted { observed_at: at("2026-11-20T03:14:00Z") };
    summary
}

#[test]
fn a_run_whose_job_was_deleted() {
    check(
        &missed(failure("Deleted", None, 1, None), Some(gone())),
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ Its Job was deleted at 12:14, before it had ended.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌ To do: repeat the run, unless it was deleted on purpose.
            ▌ Job: recommend-29380500
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml describe cronjob recommend
            ▌ Repeat: kubectl --context prod -n ml create job --from=cronjob/recommend
            ▌         recommend-again-1120-1230
        "#]],
    );
}

#[test]
fn a_run_that_the_next_one_replaced() {
    check(
        &missed(failure("Replaced", None, 1, None), Some(gone())),
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ The next run replaced it at 12:14, before it had ended (concurrencyPolicy:
            ▌ Replace).
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌ To do: look whether the next run ends; one that takes longer than the time
            ▌ between two fires is replaced each time.
            ▌ Job: recommend-29380500
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml describe cronjob recommend
            ▌ Repeat: kubectl --context prod -n ml create job --from=cronjob/recommend
            ▌         recommend-again-1120-1230
        "#]],
    );
}

#[test]
fn a_run_that_waits_for_a_retry() {
    let why = "2 of its pods failed, the last (Error, exit code 1), and the next one has not begun";
    let cause = Cause::Pending { since: at("2026-11-20T03:00:01Z"), why: Some(why.to_owned()) };
    let attempt = failed_attempt("Error", Some(1), Some("KeyError: 'price'"));
    check(
        &missed(cause, Some(waiting(Some(attempt)))),
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ Its run was created at 12:00:01 and does not run: 2 of its pods failed, the
            ▌ last (Error, exit code 1), and the next one has not begun.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌   KeyError: 'price'
            ▌ Job: recommend-29380500
            ▌ Pod: recommend-29380500-x7k2p on node-1
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml describe pods -l
            ▌       job-name=recommend-29380500
        "#]],
    );
}

#[test]
fn a_run_without_a_pod() {
    let why = "no pod of it was made, which a quota or an admission rule may forbid";
    let cause = Cause::Pending { since: at("2026-11-20T03:00:01Z"), why: Some(why.to_owned()) };
    check(
        &missed(cause, Some(waiting(None))),
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ Its run was created at 12:00:01 and does not run: no pod of it was made,
            ▌ which a quota or an admission rule may forbid.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌ Job: recommend-29380500
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml describe job recommend-29380500
        "#]],
    );
}
