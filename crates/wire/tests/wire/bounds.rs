//! An encoded state stays within its limit, whatever the facts of the batch.

use kigen_engine::step::{Input, step};
use kigen_model::Instant;
use kigen_model::event::{Event, Fact, FactBody};
use kigen_model::key::BatchKey;
use kigen_model::objective::Deadlines;
use kigen_model::reported::{Number, ReportedMetrics};
use kigen_model::run::{AttemptPhase, RunPhase};
use kigen_model::topic::Topic;
use kigen_state::{BatchState, Calendars, Mutes, PastNumber, PastRun, STATE_BYTES_MAX};
use kigen_wire::{Status, decode_status, encode_batch};

use crate::samples::{Record, samples};

const FACTS: u64 = 1_500;

/// Applies the samples repeatedly, as other objects, with texts from empty to far too long.
#[test]
fn a_state_stays_within_its_limit_and_decodes_to_what_was_encoded() {
    let facts: Vec<Fact> = samples(Topic::Events)
        .into_iter()
        .filter_map(|(_, record)| match record {
            Record::Event(Event::Fact(fact)) => Some(fact),
            _ => None,
        })
        .collect();
    let start: Instant = "2026-11-20T03:00:00Z".parse().expect("an instant");
    let mut state = BatchState::new(BatchKey::new("c".repeat(63), "n".repeat(253), "b".repeat(253)));
    let mut largest = 0;
    for number in 0..FACTS {
        let at = start + chrono::TimeDelta::minutes(i64::try_from(number).expect("small") * 10);
        let mut fact = facts[usize::try_from(number).expect("small") * 7 % facts.len()].clone();
        fact.observed_at = at;
        grow(&mut fact.body, number);
        step(&mut state, fact.into());
        while state.next_due().is_some_and(|due| due <= at) {
            step(
                &mut state,
                Input::Due { observed_until: at, gaps: &[], calendars: Calendars::NONE, mutes: Mutes::NONE },
            );
        }
        let bytes = encode_batch(&state, kigen_wire::Level::NEWEST);
        largest = largest.max(bytes.len());
        assert!(bytes.len() <= STATE_BYTES_MAX, "{} bytes after {number} facts", bytes.len());
        assert!(
            decode_status(&bytes).expect("a status") == Status::Batch(state.clone()),
            "after {number} facts"
        );
    }
    assert!(largest > STATE_BYTES_MAX / 2, "only {largest} bytes: nothing was bounded");
}

/// Makes it another object, with longer texts.
fn grow(body: &mut FactBody, number: u64) {
    let long = |times: u64| "é".repeat(usize::try_from(times).expect("small"));
    let words = long((number * 37) % 5_000);
    let version = number + 1;
    match body {
        FactBody::CronJob { revision, cron_job } => {
            revision.resource_version = version;
            if let Some(cron_job) = cron_job {
                cron_job.schedule = format!(
                    "{} 3 * * *",
                    vec!["7"; usize::try_from(number % 2_500).expect("small")].join(",")
                );
            }
        }
        FactBody::Run { revision, run } => {
            revision.uid = format!("{number:0>200}");
            revision.resource_version = version;
            run.job = format!("{number:0>250}");
            if let RunPhase::Failed { reason, message, .. } = &mut run.phase {
                (*reason, *message) = (words.clone(), words);
            }
        }
        FactBody::Attempt { revision, run_uid, attempt } => {
            revision.uid = format!("p{number:0>200}");
            revision.resource_version = version;
            *run_uid = format!("{:0>200}", number - 1);
            attempt.node = Some(words.clone());
            attempt.metrics = ReportedMetrics::new((0..number % 50).map(|nth| (format!("{nth:0>64}"), 0.1)));
            if let AttemptPhase::Failed { message, .. } | AttemptPhase::Waiting { message, .. } =
                &mut attempt.phase
            {
                *message = Some(words);
            }
        }
        FactBody::Objective { name, revision, objective } => {
            *name = format!("{}-{}", name, number % 20);
            revision.resource_version = version;
            if let Some(objective) = objective {
                objective.owner = Some(words.clone());
                objective.runbook = Some(words);
                if let Deadlines::CompleteBy { crontab } = &mut objective.deadlines {
                    *crontab = format!(
                        "{} 3 * * *",
                        vec!["5"; usize::try_from(number % 600).expect("small") + 1].join(",")
                    );
                }
            }
        }
    }
}

/// Of 64 good runs what is compared with later ones: their nominal starts, starts and ends; and the numbers of a metric that an
/// expectation names, of which eight bytes each are the number itself.
#[test]
fn what_is_remembered_of_64_runs_is_encoded_in_less_than_2_kib() {
    let start: Instant = "2026-11-20T03:00:00Z".parse().expect("an instant");
    let mut state = BatchState::new(BatchKey::new("prod", "ml", "recommend"));
    let bytes = |state: &BatchState| encode_batch(state, kigen_wire::Level::NEWEST).len();
    let empty = bytes(&state);
    let nominal_starts = || (0..64).map(|day| (day, start + chrono::TimeDelta::days(day)));
    for (day, nominal_start) in nominal_starts() {
        let started_at = nominal_start + chrono::TimeDelta::milliseconds(12_345 + day * 71);
        let ended_at = started_at + chrono::TimeDelta::milliseconds(3_000_000 + day * 12_347);
        state.past_runs.push(PastRun { nominal_start, started_at: Some(started_at), ended_at });
    }
    let runs = bytes(&state) - empty;
    assert!(runs < 1_300, "{runs} bytes");
    for (day, nominal_start) in nominal_starts() {
        let value = Number::new(123_456.0 + 7.0 * day as f64).expect("a number");
        let numbers = state.past_numbers.entry("rows".to_owned()).or_default();
        numbers.push(PastNumber { nominal_start, value });
    }
    let numbers = bytes(&state) - empty - runs;
    assert!(numbers < 1_000, "{numbers} bytes");
}
