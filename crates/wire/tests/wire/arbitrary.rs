//! Arbitrary inputs, in any order and however absurd: the engine continues, its state stays within its limit, and its state
//! and alerts decode to what was encoded. `PROPTEST_CASES=1000000` fuzzes for long; `PROPTEST_RNG_SEED` repeats a failure.

use chrono::TimeDelta;
use kigen_engine::effect::Effect;
use kigen_engine::explain::explain;
use kigen_engine::step::{Input, step};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::labels::Labels;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource, ReadBatch, Schedule, Severity};
use kigen_model::reported::ReportedMetrics;
use kigen_model::run::{
    Attempt, AttemptPhase, ConcurrencyPolicy, Container, ContainerRole, ContainerState, CronJob, Run,
    RunPhase, SlotMark,
};
use kigen_model::slot::Gap;
use kigen_state::{BatchState, Calendars, ClusterClock, Mutes, STATE_BYTES_MAX};
use kigen_wire::{
    Status, decode_alert, decode_event, decode_status, encode_alert, encode_batch, encode_event,
};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{RngSeed, TestRunner};

use crate::budgets::TARGET;
use crate::expectations::expectation;
use crate::specs::labels;

/// How many due slots are judged for a tick, one after another, before the history continues without it.
const JUDGED_AT_ONCE_MAX: usize = 40;

fn instant() -> BoxedStrategy<Instant> {
    let base = "2026-11-20T03:00:00Z".parse::<Instant>().expect("an instant");
    let near = (-20_000..20_000i64).prop_map(move |minutes| base + TimeDelta::minutes(minutes));
    let odd = (-2_000_000_000..2_000_000_000i64).prop_map(move |ms| base + TimeDelta::milliseconds(ms));
    let ends =
        ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "1970-01-01T00:00:00Z", "2262-04-11T23:47:16Z"];
    let ends = select(ends.map(|text| text.parse::<Instant>().expect("an instant")).to_vec());
    prop_oneof![20 => near, 4 => odd, 1 => ends].boxed()
}

fn crontab() -> BoxedStrategy<String> {
    let usual = select(vec![
        "0 6 * * *",
        "* * * * *",
        "*/7 3-5 * * 1-5",
        "0 0 29 2 *",
        "0 0 30 2 *",
        "@daily",
        "@hourly",
        "@every 90s",
        "59 23 31 12 7",
        "30 2 * * *",
        "0 12 L * *",
        "TZ=UTC 0 1 * * *",
        "",
        "0 25 * * *",
    ]);
    prop_oneof![12 => usual.prop_map(str::to_owned), 1 => text()].boxed()
}

fn zone() -> BoxedStrategy<Option<String>> {
    let usual = select(vec![
        "Asia/Tokyo",
        "UTC",
        "America/New_York",
        "Australia/Lord_Howe",
        "Antarctica/Troll",
        "Pacific/Apia",
        "Africa/Casablanca",
        "Mars/Olympus",
        "",
    ]);
    proptest::option::of(prop_oneof![10 => usual.prop_map(str::to_owned), 1 => text()]).boxed()
}

/// From nothing to far too much, of letters of one to four bytes.
fn text() -> BoxedStrategy<String> {
    let letter = select(vec!["a", "é", "期", "🦀", "\n", "\0", "<!channel>", " "]);
    let count = prop_oneof![8 => 0..20usize, 2 => 0..700usize, 1 => 0..6_000usize];
    (letter, count).prop_map(|(letter, count)| letter.repeat(count)).boxed()
}

/// Few, so that facts are about the same objects; and now and then one that Kubernetes would not allow.
fn name() -> BoxedStrategy<String> {
    prop_oneof![30 => (0..24u8).prop_map(|number| format!("object-{number}")), 1 => text()].boxed()
}

fn revision() -> BoxedStrategy<Revision> {
    let version = prop_oneof![20 => 0..200u64, 1 => Just(i64::MAX as u64)];
    (name(), version).prop_map(|(uid, resource_version)| Revision { uid, resource_version }).boxed()
}

fn cron_job() -> BoxedStrategy<CronJob> {
    let seen = || proptest::option::of(instant());
    let policies = [ConcurrencyPolicy::Allow, ConcurrencyPolicy::Forbid, ConcurrencyPolicy::Replace];
    let policy = || proptest::option::of(proptest::sample::select(policies.to_vec()));
    (crontab(), zone(), any::<bool>(), policy(), instant(), seen(), seen())
        .prop_map(
            |(
                schedule,
                time_zone,
                suspended,
                concurrency,
                created_at,
                last_scheduled_at,
                last_succeeded_at,
            )| {
                CronJob {
                    schedule,
                    time_zone,
                    suspended,
                    concurrency,
                    created_at,
                    last_scheduled_at,
                    last_succeeded_at,
                }
            },
        )
        .boxed()
}

fn run() -> BoxedStrategy<Run> {
    let phase = prop_oneof![
        Just(RunPhase::Pending),
        Just(RunPhase::Running),
        Just(RunPhase::Suspended),
        instant().prop_map(|completed_at| RunPhase::Succeeded { completed_at }),
        (instant(), text(), text()).prop_map(|(failed_at, reason, message)| RunPhase::Failed {
            failed_at,
            reason,
            message
        }),
        instant().prop_map(|observed_at| RunPhase::Deleted { observed_at }),
    ];
    let mark = proptest::option::weighted(
        0.1,
        prop_oneof![
            instant().prop_map(SlotMark::At),
            instant().prop_map(|at| SlotMark::Day(at.date_naive())),
        ],
    );
    let maybe = || proptest::option::of(instant());
    (name(), maybe(), instant(), maybe(), phase, 0..1_000u32, mark)
        .prop_map(|(job, scheduled_at, created_at, started_at, phase, failed_pods, slot)| Run {
            job,
            scheduled_at,
            created_at,
            started_at,
            phase,
            failed_pods,
            slot,
        })
        .boxed()
}

fn container() -> BoxedStrategy<Container> {
    let at = || proptest::option::of(instant());
    let role = select(vec![ContainerRole::Init, ContainerRole::Sidecar, ContainerRole::Main]);
    let state = prop_oneof![
        Just(ContainerState::Waiting),
        at().prop_map(|since| ContainerState::Running { since }),
        (at(), proptest::option::of(any::<i32>()))
            .prop_map(|(at, exit_code)| ContainerState::Ended { at, exit_code }),
    ];
    (name(), role, state).prop_map(|(name, role, state)| Container { name, role, state }).boxed()
}

fn attempt() -> BoxedStrategy<Attempt> {
    let explanation = || proptest::option::of(text());
    let at = || proptest::option::of(instant());
    let phase = prop_oneof![
        (explanation(), explanation())
            .prop_map(|(reason, message)| AttemptPhase::Waiting { reason, message }),
        at().prop_map(|since| AttemptPhase::Running { since }),
        at().prop_map(|finished_at| AttemptPhase::Succeeded { finished_at }),
        (at(), proptest::option::of(any::<i32>()), explanation(), explanation()).prop_map(
            |(finished_at, exit_code, reason, message)| AttemptPhase::Failed {
                finished_at,
                exit_code,
                reason,
                message
            }
        ),
    ];
    let number = (name(), prop_oneof![any::<f64>(), any::<i32>().prop_map(f64::from)]);
    let metrics = proptest::collection::vec(number, 0..5).prop_map(ReportedMetrics::new);
    (name(), explanation(), any::<u16>(), phase, metrics, proptest::collection::vec(container(), 0..4))
        .prop_map(|(pod, node, restarts, phase, metrics, containers)| Attempt {
            pod,
            node,
            restarts: restarts.into(),
            phase,
            metrics,
            containers,
        })
        .boxed()
}

fn objective() -> BoxedStrategy<Objective> {
    let schedule = (crontab(), zone()).prop_map(|(crontab, time_zone)| Schedule { crontab, time_zone });
    let deadlines = prop_oneof![
        3 => crontab().prop_map(|crontab| Deadlines::CompleteBy { crontab }),
        1 => (name(), name(), proptest::option::of(schedule))
            .prop_map(|(namespace, cron_job, schedule)| Deadlines::Before { namespace, cron_job, schedule }),
        1 => proptest::collection::vec((name(), name()), 1..4).prop_map(|sources| {
            let sources = sources.into_iter().map(|(namespace, batch)| ReadBatch { namespace, batch });
            Deadlines::Reads { sources: sources.collect() }
        }),
    ];
    let wait = || select(vec![0, 30, 3_600, Objective::GRACE_MAX_S]).prop_map(TimeDelta::seconds);
    let freshness = select(vec![1, 600, 259_200, Objective::FRESHNESS_MAX_S]).prop_map(TimeDelta::seconds);
    let words = (proptest::option::of(text()), proptest::option::of(text()));
    let source = select(vec![
        ObjectiveSource::Annotation,
        ObjectiveSource::File,
        ObjectiveSource::Object,
        ObjectiveSource::Selector,
    ]);
    let kind = (any::<bool>(), source);
    let start_by = select(vec![1, 900, Objective::START_BY_MAX_S]).prop_map(TimeDelta::seconds);
    let spans = (wait(), wait(), proptest::option::of(freshness), proptest::option::of(start_by));
    let starts = proptest::option::of(crontab());
    (kind, deadlines, zone(), spans, starts, words)
        .prop_map(
            |(
                (is_of_jobs, source),
                deadlines,
                time_zone,
                (grace, settle, freshness, start_by),
                starts,
                (owner, runbook),
            )| {
                Objective {
                    is_of_jobs,
                    deadlines,
                    time_zone,
                    grace,
                    settle,
                    freshness,
                    starts,
                    calendar: is_of_jobs.then(|| "shop-days".to_owned()),
                    start_by,
                    expect: is_of_jobs.then(expectation),
                    target: is_of_jobs.then_some(TARGET),
                    severity: if is_of_jobs { Severity::Warning } else { Severity::Fatal },
                    owner,
                    runbook,
                    labels: if is_of_jobs { labels() } else { Labels::default() },
                    source,
                }
            },
        )
        .boxed()
}

fn body() -> BoxedStrategy<FactBody> {
    prop_oneof![
        2 => (revision(), proptest::option::weighted(0.8, cron_job()))
            .prop_map(|(revision, cron_job)| FactBody::CronJob { revision, cron_job }),
        6 => (revision(), run()).prop_map(|(revision, run)| FactBody::Run { revision, run }),
        4 => (revision(), name(), attempt())
            .prop_map(|(revision, run_uid, attempt)| FactBody::Attempt { revision, run_uid, attempt }),
        3 => (name(), revision(), proptest::option::weighted(0.8, objective()))
            .prop_map(|(name, revision, objective)| FactBody::Objective { name, revision, objective }),
    ]
    .boxed()
}

#[derive(Clone, Debug)]
enum Observation {
    Fact(Instant, Box<FactBody>),
    Tick(Instant),
    Gap(Gap),
}

fn observations() -> BoxedStrategy<Vec<Observation>> {
    let gap = (proptest::option::of(instant()), instant())
        .prop_map(|(from, to)| Observation::Gap(Gap::unwatched(from, to)));
    let one = prop_oneof![
        12 => (instant(), body()).prop_map(|(at, body)| Observation::Fact(at, Box::new(body))),
        4 => instant().prop_map(Observation::Tick),
        1 => gap,
    ];
    proptest::collection::vec(one, 1..60).boxed()
}

/// The configuration of a run. The seed is printed, and the harness shows it when a test fails.
#[expect(clippy::print_stdout, reason = "the harness keeps what is printed for a test that fails")]
fn seeded() -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let seed = match config.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => TestRunner::new(config.clone()).rng().next_u64(),
    };
    println!("repeat it with PROPTEST_RNG_SEED={seed}");
    ProptestConfig { rng_seed: RngSeed::Fixed(seed), ..config }
}

fn check(effects: Vec<Effect>) {
    for effect in effects {
        if let Effect::Raise(alert) = effect {
            assert_eq!(
                decode_alert(&encode_alert(&alert, kigen_wire::Level::NEWEST)).expect("an alert"),
                *alert
            );
        }
    }
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn the_engine_continues_and_its_state_stays_within_its_limit(history in observations()) {
        let mut state = BatchState::new(BatchKey::new("prod", "ml", "recommend"));
        let mut clock = ClusterClock::default();
        for observation in history {
            let cluster_event = |body| ClusterEvent { cluster: "prod".to_owned(), cluster_uid: None, epoch: 1, body };
            match observation {
                Observation::Fact(observed_at, body) => {
                    let fact = Fact { key: state.key.clone(), observed_at, body: *body };
                    let event = Event::Fact(fact.clone());
                    prop_assert_eq!(decode_event(&encode_event(&event, kigen_wire::Level::NEWEST)).expect("an event"), event);
                    check(step(&mut state, fact.into()));
                }
                Observation::Tick(observed_until) => {
                    clock.step(&cluster_event(ClusterBody::Tick { observed_until, positions: Vec::new() }));
                }
                Observation::Gap(gap) => {
                    clock.step(&cluster_event(ClusterBody::Gap(gap)));
                }
            }
            let Some(observed_until) = clock.observed_until else { continue };
            for _ in 0..JUDGED_AT_ONCE_MAX {
                if state.next_due().is_none_or(|due| due > observed_until) {
                    break;
                }
                let before = state.clone();
                check(step(&mut state, Input::Due { observed_until, gaps: &clock.gaps, calendars: Calendars::NONE, mutes: Mutes::NONE }));
                prop_assert!(state != before, "due work is left");
            }
            let bytes = encode_batch(&state, kigen_wire::Level::NEWEST);
            prop_assert!(bytes.len() <= STATE_BYTES_MAX, "{} bytes", bytes.len());
            prop_assert_eq!(decode_status(&bytes).expect("a status"), Status::Batch(state.clone()));
            for (name, objective) in &state.objectives {
                for judged in &objective.verdicts {
                    prop_assert!(judged.judged.is_none() || explain(&state, name, judged.deadline).is_some());
                }
            }
        }
    }
}
