//! The cost of judging: of an event, by the number of batches; and of a tick, by what is due and by the number of batches.

use std::hint::black_box;

use chrono::{TimeDelta, TimeZone, Utc};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kigen_engine::step::step;
use kigen_log::ConsumedRecord;
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
use kigen_model::run::{CronJob, Run, RunPhase};
use kigen_model::topic::{Offset, Partition};
use kigen_processor::Replay;
use kigen_state::BatchState;

const EVENTS: usize = 10_000;
/// The number of batches that are due at the measured tick.
const DUE: usize = 1_000;

fn start() -> Instant {
    Utc.with_ymd_and_hms(2026, 11, 1, 0, 0, 0).single().expect("an instant")
}

fn key(batch: usize) -> BatchKey {
    BatchKey::new("prod", "ml", format!("batch-{batch}"))
}

fn fact(batch: usize, version: usize, at: Instant, make: impl FnOnce(Revision) -> FactBody) -> Fact {
    let resource_version = u64::try_from(version).expect("small");
    let body = make(Revision { uid: format!("uid-{batch}-{}", version / 3), resource_version });
    Fact { key: key(batch), observed_at: at, body }
}

/// A CronJob with a deadline at 06:00, or at noon.
fn declared(batch: usize, is_due_early: bool) -> [Fact; 2] {
    let cron_job = CronJob {
        schedule: "0 1 * * *".to_owned(),
        time_zone: None,
        suspended: false,
        concurrency: None,
        created_at: start(),
        last_scheduled_at: None,
        last_succeeded_at: None,
    };
    let crontab = if is_due_early { "0 6 * * *" } else { "0 12 * * *" }.to_owned();
    let objective = Objective::new(Deadlines::CompleteBy { crontab }, ObjectiveSource::Annotation);
    [
        fact(batch, 1, start(), |revision| FactBody::CronJob { revision, cron_job: Some(cron_job) }),
        fact(batch, 2, start(), |revision| FactBody::Objective {
            name: "complete-by".to_owned(),
            revision,
            objective: Some(objective),
        }),
    ]
}

/// The states of one run after another: created, running, succeeded.
fn of_a_run(batch: usize, version: usize) -> Fact {
    let run_number = i32::try_from(version / 3).expect("small");
    let created_at = start() + TimeDelta::days(1) * run_number + TimeDelta::hours(1);
    let phase = match version % 3 {
        0 => RunPhase::Pending,
        1 => RunPhase::Running,
        _ => RunPhase::Succeeded { completed_at: created_at + TimeDelta::minutes(50) },
    };
    let run = Run {
        job: format!("batch-{batch}-{run_number}"),
        scheduled_at: Some(created_at),
        created_at,
        started_at: Some(created_at),
        phase,
        failed_pods: 0,
        slot: None,
    };
    fact(batch, version, created_at, |revision| FactBody::Run { revision, run })
}

/// An event, applied by the engine alone: without decoding or index.
fn an_event(bench: &mut Criterion) {
    let mut group = bench.benchmark_group("an event, by batches");
    group.throughput(Throughput::Elements(EVENTS as u64)).sample_size(10);
    for batches in [1, 1_000, 100_000] {
        let mut states: Vec<BatchState> = (0..batches).map(|batch| BatchState::new(key(batch))).collect();
        for (batch, state) in states.iter_mut().enumerate() {
            for fact in declared(batch, false) {
                step(state, fact.into());
            }
        }
        let events: Vec<(usize, Fact)> =
            (0..EVENTS).map(|n| (n % batches, of_a_run(n % batches, 3 + n / batches))).collect();
        group.bench_function(BenchmarkId::from_parameter(batches), |bench| {
            bench.iter_batched_ref(
                || (states.clone(), events.clone()),
                |(states, events)| {
                    for (batch, event) in events.drain(..) {
                        black_box(step(&mut states[batch], event.into()));
                    }
                },
                BatchSize::PerIteration,
            );
        });
    }
}

fn received(offset: usize, event: &Event) -> ConsumedRecord {
    let offset = Offset(u64::try_from(offset).expect("small"));
    let value = Some(kigen_wire::encode_event(event, kigen_wire::Level::NEWEST));
    let key = "prod".to_owned();
    ConsumedRecord { offset, key, value, schema_prefix: None, timestamp: start() }
}

fn tick(offset: usize, observed_until: Instant) -> ConsumedRecord {
    let body = ClusterBody::Tick { observed_until, positions: Vec::new() };
    received(
        offset,
        &Event::Cluster(ClusterEvent { cluster: "prod".to_owned(), cluster_uid: None, epoch: 1, body }),
    )
}

/// A tick at which a thousand slots are due, among more and more batches that are not.
fn a_tick(bench: &mut Criterion) {
    let mut group = bench.benchmark_group("a tick with 1,000 due, by batches");
    group.throughput(Throughput::Elements(DUE as u64)).sample_size(10);
    for batches in [1_000, 10_000, 100_000] {
        group.bench_function(BenchmarkId::from_parameter(batches), |bench| {
            bench.iter_batched_ref(
                || {
                    let mut replay = Replay::new(Partition(0), 1);
                    for fact in (0..batches).flat_map(|batch| declared(batch, batch < DUE)) {
                        replay.fold_fact(fact).expect("a fact");
                    }
                    replay
                },
                |replay| {
                    let six = start() + TimeDelta::hours(6) + TimeDelta::minutes(1);
                    let output = replay.fold(&[tick(0, six)]).expect("a tick");
                    assert_eq!(output.judgements.len(), DUE);
                },
                BatchSize::PerIteration,
            );
        });
    }
}

criterion_group!(judging, an_event, a_tick);
criterion_main!(judging);
