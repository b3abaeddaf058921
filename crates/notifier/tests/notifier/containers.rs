//! The messages about runs whose pod has containers beside the work.

use expect_test::expect;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::run::{Attempt, AttemptPhase, Container, ContainerRole, ContainerState, RunPhase};
use kigen_model::slot::{Cause, Failure};

use crate::alerts::{
    at, attempt, beside_a_proxy, failed_attempt, in_phase, missed, run_failed, summary, waiting,
};
use crate::messages::check;

#[test]
fn a_main_container_that_ended_beside_a_living_proxy() {
    let proxy = ContainerState::Running { since: None };
    let failed = failed_attempt("Error", Some(1), Some("RuntimeError: 3 shops have not reported"));
    let why = "its pod failed (Error, exit code 1), and the next one has not begun".to_owned();
    check(
        &missed(
            Cause::Pending { since: at("2026-11-20T03:00:01Z"), why: Some(why) },
            Some(waiting(Some(beside_a_proxy(failed, 1, proxy)))),
        ),
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ Its run was created at 12:00:01 and does not run: its pod failed (Error, exit
            ▌ code 1), and the next one has not begun.
            ▌ `main` ended at 12:12 with exit code 1, and `cloud-sql-proxy` keeps its pod
            ▌ from ending.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌   RuntimeError: 3 shops have not reported
            ▌ Job: recommend-29380500
            ▌ Pod: recommend-29380500-x7k2p on node-1
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml describe pods -l
            ▌       job-name=recommend-29380500
        "#]],
    );
    check(
        &missed(
            Cause::StillRunning { since: at("2026-11-20T03:00:05Z") },
            Some(in_phase(RunPhase::Running, Some(beside_a_proxy(attempt(), 0, proxy)))),
        ),
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ It is still running, since 12:00:05: 30 min at the deadline.
            ▌ `main` ended at 12:12 with exit code 0: the work may be done, but
            ▌ `cloud-sql-proxy` keeps its pod from ending.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌ To do: look in its log whether it makes progress; it may still end well.
            ▌ Job: recommend-29380500
            ▌ Pod: recommend-29380500-x7k2p on node-1
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml logs job/recommend-29380500 -c main
        "#]],
    );
}

#[test]
fn a_proxy_that_failed_a_good_run() {
    let proxy = ContainerState::Ended { at: Some(at("2026-11-20T03:12:02Z")), exit_code: Some(143) };
    let attempt = beside_a_proxy(failed_attempt("Error", Some(143), None), 0, proxy);
    let failure = Failure {
        reason: "BackoffLimitExceeded".to_owned(),
        exit_code: Some(143),
        attempts: 1,
        last_error: None,
    };
    check(
        &missed(Cause::Failed(failure), Some(summary(Some(attempt)))),
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ Its run failed in its only attempt: BackoffLimitExceeded. Its container
            ▌ `cloud-sql-proxy` ended with exit code 143 (SIGTERM ended it) after `main`
            ▌ had ended with 0: the work may be done.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌ To do: repair what its error or its log shows, and repeat the run.
            ▌ Job: recommend-29380500
            ▌ Pod: recommend-29380500-x7k2p on node-1
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml logs job/recommend-29380500 -c main
            ▌ Repeat: kubectl --context prod -n ml create job --from=cronjob/recommend
            ▌         recommend-again-1120-1230
        "#]],
    );
}

#[test]
fn a_failed_run_of_which_a_pod_hangs_in_terminating() {
    let main = Container {
        name: "main".to_owned(),
        role: ContainerRole::Main,
        state: ContainerState::Running { since: Some(at("2026-11-20T03:00:04Z")) },
    };
    let hanging = Attempt { containers: vec![main], ..attempt() };
    let reason = "BackoffLimitExceeded".to_owned();
    let phase = RunPhase::Failed {
        failed_at: at("2026-11-20T03:20:03Z"),
        reason: reason.clone(),
        message: String::new(),
    };
    let failure = Failure { reason, exit_code: None, attempts: 1, last_error: None };
    let run = in_phase(phase, Some(hanging));
    check(
        &missed(Cause::Failed(failure.clone()), Some(run.clone())),
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ Its run failed in its only attempt: BackoffLimitExceeded.
            ▌ It began at 12:00:01 and failed at 12:20:03, after 20 min.
            ▌ It has failed at 12:20:03, but its pod recommend-29380500-x7k2p on node-1 has
            ▌ been terminating since: `main` still runs.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌ To do: repair what its error or its log shows, and repeat the run.
            ▌ Job: recommend-29380500
            ▌ Pod: recommend-29380500-x7k2p on node-1
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
            ▌ Look: kubectl --context prod -n ml logs job/recommend-29380500 -c main
            ▌ Repeat: kubectl --context prod -n ml create job --from=cronjob/recommend
            ▌         recommend-again-1120-1230
        "#]],
    );
    let alert = run_failed("");
    check(
        &Alert { body: AlertBody::RunFailed { run, failure }, ..alert },
        expect![[r#"
            ▌ 🟠 ml/recommend failed
            ▌ run of Fri 20 Nov 03:00 UTC · cluster prod
            ▌ Its run failed in its only attempt: BackoffLimitExceeded.
            ▌ It began at 03:00:01 and failed at 03:20:03, after 20 min.
            ▌ It has failed at 03:20:03, but its pod recommend-29380500-x7k2p on node-1 has
            ▌ been terminating since: `main` still runs.
            ▌ To do: repair what its error or its log shows, and repeat the run.
            ▌ Job: recommend-29380500
            ▌ Pod: recommend-29380500-x7k2p on node-1
            ▌ Look: kubectl --context prod -n ml logs job/recommend-29380500 -c main
            ▌ Repeat: kubectl --context prod -n ml create job --from=cronjob/recommend
            ▌         recommend-again-1120-0300
        "#]],
    );
}

#[test]
fn a_run_whose_init_container_hangs() {
    let why = "its init container `fetch` runs since 2026-11-20T03:00:04Z; the others wait for it";
    let message = format!("{why}\n[its log at 2026-11-20T03:16:10Z]\nwaiting for db:5432");
    let phase = AttemptPhase::Waiting { reason: None, message: Some(message) };
    let attempt = Attempt { phase, ..attempt() };
    let cause = Cause::Pending { since: at("2026-11-20T03:00:01Z"), why: Some(why.to_owned()) };
    check(
        &missed(cause, Some(waiting(Some(attempt)))),
        expect![[r#"
            ▌ 🔴 ml/recommend has no good result for 12:30
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ Its run was created at 12:00:01 and does not run: its init container `fetch`
            ▌ runs since 2026-11-20T03:00:04Z; the others wait for it.
            ▌ The last 4 good runs took 9 min to 10 min.
            ▌   [its log at 2026-11-20T03:16:10Z]
            ▌   waiting for db:5432
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
