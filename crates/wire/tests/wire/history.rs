//! Samples of what held before: the causes of misses, and what a CronJob and a run did.

use kigen_model::alert::AlertBody;
use kigen_model::slot::{Cause, Failure, Gap};
use kigen_state::{Activity, RunMoment, Standing, StandingKind};

use crate::expectations::broken;
use crate::values::{at, gap, id, slot};

pub(crate) fn causes() -> Vec<(&'static str, Cause)> {
    vec![
        ("missed, there is no CronJob", Cause::CronJobAbsent),
        ("missed, its target is gone", Cause::TargetAbsent),
        ("missed, suspended", Cause::Suspended),
        ("missed, failed", Cause::Failed(failure())),
        ("missed, failed without a trace", Cause::Failed(least_failure())),
        ("missed, still running", Cause::StillRunning { since: at("2026-11-20T03:00:05Z") }),
        (
            "missed, pending",
            Cause::Pending { since: at("2026-11-20T03:00:05Z"), why: Some("Unschedulable".to_owned()) },
        ),
        (
            "missed, pending for an unknown reason",
            Cause::Pending { since: at("2026-11-20T03:00:05Z"), why: None },
        ),
        ("missed, never started", Cause::NeverStarted { expected_at: at("2026-11-20T03:00:00Z") }),
        ("missed, it did not do what is expected", Cause::Expectation(broken())),
        ("missed, not observed", Cause::NotObserved { expected_at: at("2026-11-20T03:00:00Z"), gap: gap() }),
        (
            "missed, not observed since ever",
            Cause::NotObserved { expected_at: at("2026-11-20T03:00:00Z"), gap: Gap { from: None, ..gap() } },
        ),
    ]
}

pub(crate) fn moments() -> Vec<RunMoment> {
    let waits = |why: Option<&str>| Activity::Waits { why: why.map(str::to_owned) };
    [waits(None), waits(Some("ImagePullBackOff")), Activity::Runs]
        .map(|activity| RunMoment { from: at("2026-11-20T03:00:05Z"), activity })
        .into()
}

pub(crate) fn standings() -> Vec<Standing> {
    [StandingKind::Active, StandingKind::Suspended, StandingKind::Absent]
        .map(|kind| Standing { from: at("2026-11-20T05:00:00Z"), kind })
        .into()
}

pub(crate) fn failure() -> Failure {
    Failure {
        reason: "BackoffLimitExceeded".to_owned(),
        exit_code: Some(-1),
        attempts: 4,
        last_error: Some("Traceback: 表がない".to_owned()),
    }
}

pub(crate) fn least_failure() -> Failure {
    Failure { reason: "DeadlineExceeded".to_owned(), exit_code: None, attempts: 0, last_error: None }
}

/// Alerts of slots that were not observed.
pub(crate) fn unknown() -> [(&'static str, AlertBody); 4] {
    let (slot, since) = (slot(), at("2026-10-21T03:00:00Z"));
    let one = |gap| AlertBody::SlotUnknown { slot, since: slot.deadline, slots: 1, gap };
    let several = AlertBody::SlotUnknown { slot, since, slots: 720, gap: gap() };
    let closed = AlertBody::UnknownClosed { unknown: id(2), slot, since, slots: 720, met: 15, missed: 1 };
    [
        ("unknown", one(gap())),
        ("unknown, nobody watched before", one(Gap { from: None, ..gap() })),
        ("unknown slots", several),
        ("unknown slots are judged again", closed),
    ]
}
