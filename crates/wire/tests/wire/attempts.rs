//! Attempts of every kind, for the samples of the records that have one.

use kigen_model::reported::ReportedMetrics;
use kigen_model::run::{Attempt, AttemptPhase, Container, ContainerRole, ContainerState};

use crate::samples::WAITS_FOR_AN_UNKNOWN_REASON;
use crate::values::at;

pub(crate) fn attempts() -> impl Iterator<Item = (&'static str, Attempt)> {
    let some = |word: &str| Some(word.to_owned());
    let of = |phase| Attempt { phase, ..attempt() };
    [
        (
            "an attempt waits",
            of(AttemptPhase::Waiting {
                reason: some("ImagePullBackOff"),
                message: some("Back-off pulling image"),
            }),
        ),
        (
            WAITS_FOR_AN_UNKNOWN_REASON,
            Attempt { node: None, ..of(AttemptPhase::Waiting { reason: None, message: None }) },
        ),
        ("an attempt runs", of(AttemptPhase::Running { since: Some(at("2026-11-20T03:00:05Z")) })),
        ("an attempt runs since some time", of(AttemptPhase::Running { since: None })),
        (
            "an attempt succeeded",
            of(AttemptPhase::Succeeded { finished_at: Some(at("2026-11-20T03:09:00Z")) }),
        ),
        ("an attempt succeeded at some time", of(AttemptPhase::Succeeded { finished_at: None })),
        (
            "an attempt succeeded and reported no numbers",
            Attempt {
                metrics: ReportedMetrics::default(),
                ..of(AttemptPhase::Succeeded { finished_at: None })
            },
        ),
        ("an attempt failed", attempt()),
        ("an attempt failed beside a proxy", Attempt { containers: containers(), ..attempt() }),
        (
            "an attempt failed without a trace",
            of(AttemptPhase::Failed { finished_at: None, exit_code: None, reason: None, message: None }),
        ),
    ]
    .into_iter()
}

fn containers() -> Vec<Container> {
    let of = |name: &str, role, state| Container { name: name.to_owned(), role, state };
    let ended = ContainerState::Ended { at: Some(at("2026-11-20T03:05:00Z")), exit_code: Some(1) };
    let running = ContainerState::Running { since: Some(at("2026-11-20T03:00:05Z")) };
    vec![
        of("load", ContainerRole::Init, ContainerState::Ended { at: None, exit_code: None }),
        of("main", ContainerRole::Main, ended),
        of("cloud-sql-proxy", ContainerRole::Sidecar, running),
        of("export", ContainerRole::Main, ContainerState::Waiting),
    ]
}

pub(crate) fn attempt() -> Attempt {
    Attempt {
        pod: "recommend-29380500-x7k2p".to_owned(),
        node: Some("node-1".to_owned()),
        restarts: 1,
        phase: AttemptPhase::Failed {
            finished_at: Some(at("2026-11-20T03:05:00Z")),
            exit_code: Some(137),
            reason: Some("OOMKilled".to_owned()),
            message: Some("killed".to_owned()),
        },
        metrics: ReportedMetrics::new([("rows".to_owned(), 120_345.0), ("auc".to_owned(), 0.81)]),
        containers: Vec::new(),
    }
}
