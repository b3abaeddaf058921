//! Properties of every history of a batch: no alert before its time, none twice, and no verdict that depends on the order in
//! which facts are delivered. A failure prints the smallest failing history and the seed; `PROPTEST_CASES=20000` tries more
//! histories than the 256 of each run.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{TimeDelta, TimeZone, Utc};
use kigen_engine::effect::Effect;
use kigen_engine::step::{Input, step};
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::event::{Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::labels::Labels;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource, Severity};
use kigen_model::reported::ReportedMetrics;
use kigen_model::run::{Attempt, AttemptPhase, CronJob, Run, RunPhase};
use kigen_model::slot::Gap;
use kigen_state::{BatchState, Calendars, Mutes};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{RngSeed, TestRunner};

const DAYS: i64 = 5;
/// Of these, each has two or three facts.
const MANY_RUNS: std::ops::RangeInclusive<usize> = 1..=120;
const TICK: TimeDelta = TimeDelta::minutes(20);

/// Something that happens to a batch, at a minute after the start.
#[derive(Clone, Debug)]
enum Happening {
    CronJob { at: i64, schedule: &'static str, zone: Option<&'static str>, suspended: bool },
    CronJobDeleted { at: i64 },
    Objective { at: i64, complete_by: &'static str, grace: i64, freshness: Option<i64> },
    Withdrawn { at: i64 },
    Run { at: i64, by_hand: bool, lasts: i64, end: End },
    Gap { at: i64, lasts: i64 },
}

#[derive(Clone, Copy, Debug)]
enum End {
    Succeeds,
    Fails,
    Never,
    Deleted,
}

fn happening() -> impl Strategy<Value = Happening> {
    let at = 0..DAYS * 1440;
    let schedules = select(vec!["0 1 * * *", "30 */6 * * *", "0 2 * * 1-5", "15 23 * * *"]);
    let deadlines = select(vec!["0 6 * * *", "0 12 * * 1-5", "30 */8 * * *", "0 2 * * *"]);
    let zones = select(vec![None, Some("Asia/Tokyo"), Some("America/New_York")]);
    prop_oneof![
        1 => (at.clone(), schedules, zones, any::<bool>())
            .prop_map(|(at, schedule, zone, suspended)| Happening::CronJob { at, schedule, zone, suspended }),
        1 => at.clone().prop_map(|at| Happening::CronJobDeleted { at }),
        2 => (at.clone(), deadlines, select(vec![0, 10, 90]), select(vec![None, None, Some(600)])).prop_map(
            |(at, complete_by, grace, freshness)| Happening::Objective { at, complete_by, grace, freshness }
        ),
        1 => at.clone().prop_map(|at| Happening::Withdrawn { at }),
        8 => a_run(),
        1 => (at, 1..600i64).prop_map(|(at, lasts)| Happening::Gap { at, lasts }),
    ]
}

fn a_run() -> impl Strategy<Value = Happening> {
    let ends =
        select(vec![End::Succeeds, End::Succeeds, End::Succeeds, End::Fails, End::Never, End::Deleted]);
    (0..DAYS * 1440, any::<bool>(), 1..900i64, ends).prop_map(|(at, by_hand, lasts, end)| Happening::Run {
        at,
        by_hand,
        lasts,
        end,
    })
}

/// A CronJob and an objective from the start, then arbitrary happenings: a few, or so many runs that there are some 300 facts,
/// more runs at once than a state keeps, and more successes.
fn history() -> impl Strategy<Value = Vec<Happening>> {
    let few = proptest::collection::vec(happening(), 1..24);
    let many = (proptest::collection::vec(happening(), 0..12), proptest::collection::vec(a_run(), MANY_RUNS))
        .prop_map(|(happenings, runs)| [happenings, runs].concat());
    prop_oneof![3 => few, 1 => many].prop_map(|mut happenings| {
        let objective = Happening::Objective { at: 0, complete_by: "0 6 * * *", grace: 0, freshness: None };
        happenings.insert(0, objective);
        happenings
            .insert(0, Happening::CronJob { at: 0, schedule: "0 1 * * *", zone: None, suspended: false });
        happenings
    })
}

/// The facts of a history in their order, and its gaps.
fn facts(history: &[Happening]) -> (Vec<Fact>, Vec<Gap>) {
    let mut facts: Vec<(Instant, FactBody)> = Vec::new();
    let mut gaps = Vec::new();
    for (number, happening) in history.iter().enumerate() {
        match happening {
            Happening::CronJob { at, schedule, zone, suspended } => {
                let cron_job = CronJob {
                    schedule: (*schedule).to_owned(),
                    time_zone: zone.map(str::to_owned),
                    suspended: *suspended,
                    concurrency: None,
                    created_at: minute(0),
                    last_scheduled_at: None,
                    last_succeeded_at: None,
                };
                let revision = revision("cron-job");
                facts.push((minute(*at), FactBody::CronJob { revision, cron_job: Some(cron_job) }));
            }
            Happening::CronJobDeleted { at } => {
                facts.push((
                    minute(*at),
                    FactBody::CronJob { revision: revision("cron-job"), cron_job: None },
                ));
            }
            Happening::Objective { at, complete_by, grace, freshness } => {
                let objective = objective(complete_by, *grace, *freshness);
                facts.push((minute(*at), declared(Some(objective))));
            }
            Happening::Withdrawn { at } => facts.push((minute(*at), declared(None))),
            Happening::Run { at, by_hand, lasts, end } => {
                facts.extend(run(number, minute(*at), *by_hand, *lasts, *end));
            }
            Happening::Gap { at, lasts } => {
                gaps.push(Gap::unwatched(Some(minute(*at)), minute(at + lasts)));
            }
        }
    }
    facts.sort_by_key(|(at, _)| *at);
    let facts = facts.into_iter().zip(1..).map(|((observed_at, body), version)| {
        let key = BatchKey::new("prod", "ml", "recommend");
        Fact { key, observed_at, body: with_version(body, version) }
    });
    (facts.collect(), gaps)
}

fn run(number: usize, at: Instant, by_hand: bool, lasts: i64, end: End) -> Vec<(Instant, FactBody)> {
    let uid = format!("job-{number}");
    let of = |phase| Run {
        job: uid.clone(),
        scheduled_at: (!by_hand).then_some(at),
        created_at: at,
        started_at: Some(at),
        phase,
        failed_pods: 0,
        slot: None,
    };
    let ends = at + TimeDelta::minutes(lasts);
    let last = match end {
        End::Succeeds => Some(RunPhase::Succeeded { completed_at: ends }),
        End::Fails => Some(RunPhase::Failed {
            failed_at: ends,
            reason: "BackoffLimitExceeded".to_owned(),
            message: String::new(),
        }),
        End::Never => None,
        End::Deleted => Some(RunPhase::Deleted { observed_at: ends }),
    };
    let fact = |at, phase| (at, FactBody::Run { revision: revision(&uid), run: of(phase) });
    let attempt = Attempt {
        pod: format!("{uid}-pod"),
        node: None,
        restarts: 0,
        phase: AttemptPhase::Succeeded { finished_at: Some(ends - TimeDelta::seconds(20)) },
        metrics: ReportedMetrics::default(),
        containers: Vec::new(),
    };
    let attempt =
        FactBody::Attempt { revision: revision(&format!("{uid}-pod")), run_uid: uid.clone(), attempt };
    let mut facts = vec![fact(at, RunPhase::Running)];
    if matches!(end, End::Succeeds) {
        facts.push((ends, attempt));
    }
    facts.extend(last.map(|phase| fact(ends, phase)));
    facts
}

fn declared(objective: Option<Objective>) -> FactBody {
    FactBody::Objective { name: "complete-by".to_owned(), revision: revision("objective"), objective }
}

fn objective(complete_by: &str, grace: i64, freshness: Option<i64>) -> Objective {
    Objective {
        is_of_jobs: false,
        deadlines: Deadlines::CompleteBy { crontab: complete_by.to_owned() },
        time_zone: None,
        grace: TimeDelta::minutes(grace),
        settle: TimeDelta::seconds(Objective::SETTLE_DEFAULT_S),
        freshness: freshness.map(TimeDelta::minutes),
        starts: None,
        calendar: None,
        start_by: None,
        expect: None,
        target: None,
        severity: Severity::Fatal,
        owner: None,
        runbook: None,
        labels: Labels::default(),
        source: ObjectiveSource::Annotation,
    }
}

fn revision(uid: &str) -> Revision {
    Revision { uid: uid.to_owned(), resource_version: 0 }
}

fn with_version(mut body: FactBody, version: u64) -> FactBody {
    match &mut body {
        FactBody::CronJob { revision, .. }
        | FactBody::Run { revision, .. }
        | FactBody::Attempt { revision, .. }
        | FactBody::Objective { revision, .. } => revision.resource_version = version,
    }
    body
}

fn minute(minutes: i64) -> Instant {
    let start = Utc.with_ymd_and_hms(2026, 10, 29, 0, 0, 0).single().expect("an instant");
    start + TimeDelta::minutes(minutes)
}

/// The alerts raised for facts in this order, with a tick at the end of each interval.
fn judge(facts: &[Fact], gaps: &[Gap]) -> Vec<Alert> {
    let mut state = BatchState::new(BatchKey::new("prod", "ml", "recommend"));
    let mut alerts = Vec::new();
    let mut keep = |effects: Vec<Effect>| {
        for effect in effects {
            if let Effect::Raise(alert) = effect {
                alerts.push(*alert);
            }
        }
    };
    let mut left = facts.iter().peekable();
    let mut until = minute(0);
    while until < minute((DAYS + 3) * 1440) {
        until += TICK;
        while let Some(fact) = left.next_if(|fact| fact.observed_at <= until) {
            keep(step(&mut state, fact.clone().into()));
        }
        let known: Vec<Gap> = gaps.iter().copied().filter(|gap| gap.to <= until).collect();
        while state.next_due().is_some_and(|due| due <= until) {
            keep(step(
                &mut state,
                Input::Due {
                    observed_until: until,
                    gaps: &known,
                    calendars: Calendars::NONE,
                    mutes: Mutes::NONE,
                },
            ));
        }
    }
    alerts
}

/// The facts delivered in another order and some of them twice: each before the tick that covers it, those of one object
/// in their order, and a pod after its Job.
fn delivered(facts: &[Fact], choices: &[u16]) -> Vec<Fact> {
    let mut choices = choices.iter().copied().cycle();
    let mut choose = |among: usize| usize::from(choices.next().unwrap_or_default()) % among.max(1);
    let mut intervals: BTreeMap<i64, BTreeMap<String, Vec<Fact>>> = BTreeMap::new();
    for fact in facts {
        let interval =
            (fact.observed_at - minute(0)).num_seconds().max(1).saturating_add(TICK.num_seconds() - 1)
                / TICK.num_seconds();
        intervals.entry(interval).or_default().entry(object(fact)).or_default().push(fact.clone());
    }
    let mut order = Vec::new();
    let mut seen: Vec<Fact> = Vec::new();
    for (interval, mut objects) in intervals {
        let latest = minute(0) + TICK * i32::try_from(interval).expect("a few days");
        while !objects.is_empty() {
            let object = objects.keys().nth(choose(objects.len())).expect("one of them").clone();
            let queue = objects.get_mut(&object).expect("it is there");
            let fact = queue.remove(0);
            if queue.is_empty() {
                objects.remove(&object);
            }
            seen.push(fact.clone());
            // The instant of delivery alone decides which tick comes first.
            order.push((latest, fact));
            if choose(3) == 0 {
                order.push((latest, seen[choose(seen.len())].clone()));
            }
        }
    }
    order.into_iter().map(|(_, fact)| fact).collect()
}

fn object(fact: &Fact) -> String {
    match &fact.body {
        FactBody::CronJob { .. } | FactBody::Objective { .. } => "spec".to_owned(),
        FactBody::Run { revision, .. } => revision.uid.clone(),
        FactBody::Attempt { run_uid, .. } => run_uid.clone(),
    }
}

/// The verdicts among the alerts, without the instant of the decision. A warning compares a run with those that are known then,
/// of which the order decides how many are kept.
fn verdicts(alerts: &[Alert]) -> BTreeSet<String> {
    alerts
        .iter()
        .filter(|alert| {
            !matches!(
                alert.body,
                AlertBody::RunFailed { .. } | AlertBody::SlotAtRisk { .. } | AlertBody::RiskOver { .. }
            )
        })
        .map(|alert| format!("{} {}", alert.body.kind(), alert.id))
        .collect()
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

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn duplication_and_delay_of_facts_change_no_verdict(
        history in history(),
        choices in proptest::collection::vec(any::<u16>(), 64),
    ) {
        let (facts, gaps) = facts(&history);
        let expected = verdicts(&judge(&facts, &gaps));
        prop_assert_eq!(verdicts(&judge(&delivered(&facts, &choices), &gaps)), expected);
    }

    #[test]
    fn no_alert_comes_before_its_time(history in history()) {
        let (facts, gaps) = facts(&history);
        for alert in judge(&facts, &gaps) {
            let earliest = match &alert.body {
                AlertBody::SlotMissed { slot, .. }
                | AlertBody::SlotUnknown { slot, .. }
                | AlertBody::UnknownClosed { slot, .. } => slot.deadline,
                AlertBody::SlotRecovered { ended_at, .. } | AlertBody::SlotRetracted { ended_at, .. } => *ended_at,
                AlertBody::SlotAtRisk { slot, .. } | AlertBody::ExpectationBroken { slot, .. } => slot.from,
                AlertBody::BudgetSpent { slot, .. } => slot.deadline,
                AlertBody::RiskOver { slot, ended_at, .. } => ended_at.unwrap_or(slot.from),
                AlertBody::RunFailed { run, .. } => match run.run.phase {
                    RunPhase::Failed { failed_at, .. } => failed_at,
                    _ => return Err(TestCaseError::fail("a failed run that has not failed")),
                },
                AlertBody::ClusterSilent { .. } | AlertBody::ClusterStalled(_) | AlertBody::SilenceOver { .. } | AlertBody::StallOver { .. } => {
                    return Err(TestCaseError::fail("a processor raises it"));
                }
            };
            prop_assert!(alert.decided_at >= earliest, "{alert:?}");
        }
    }

    #[test]
    fn no_alert_is_raised_twice(history in history()) {
        let (facts, gaps) = facts(&history);
        let (mut ids, mut missed, mut closed) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for alert in judge(&facts, &gaps) {
            prop_assert!(ids.insert(alert.id), "an id twice: {alert:?}");
            match &alert.body {
                AlertBody::SlotMissed { slot, .. } => {
                    prop_assert!(missed.insert(slot.deadline), "missed twice: {alert:?}");
                }
                AlertBody::SlotRecovered { incident, .. } => {
                    prop_assert!(closed.insert(*incident), "closed twice: {alert:?}");
                }
                AlertBody::SlotRetracted { .. }
                | AlertBody::SlotUnknown { .. }
                | AlertBody::UnknownClosed { .. }
                | AlertBody::SlotAtRisk { .. }
                | AlertBody::RiskOver { .. }
                | AlertBody::ExpectationBroken { .. }
                | AlertBody::RunFailed { .. }
                | AlertBody::ClusterSilent { .. } | AlertBody::ClusterStalled(_)
                | AlertBody::BudgetSpent { .. } | AlertBody::SilenceOver { .. } | AlertBody::StallOver { .. } => {}
            }
        }
    }

    #[test]
    fn the_same_history_raises_the_same_alerts(history in history()) {
        let (facts, gaps) = facts(&history);
        prop_assert_eq!(judge(&facts, &gaps), judge(&facts, &gaps));
    }
}
