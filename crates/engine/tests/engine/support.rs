//! A batch built by facts, for the tests that check more than effects.

use chrono::{TimeDelta, TimeZone, Utc};
use kigen_engine::step::step;
use kigen_model::Instant;
use kigen_model::event::{Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
use kigen_model::run::{CronJob, Run, RunPhase};
use kigen_state::BatchState;

/// In November 2026; the 16th is a Monday.
pub(crate) fn at(day: u32, hour: u32, minute: u32) -> Instant {
    Utc.with_ymd_and_hms(2026, 11, day, hour, minute, 0).single().expect("an instant")
}

/// An objective of a CronJob with nothing but its deadlines.
pub(crate) fn by(crontab: &str) -> Objective {
    Objective::new(Deadlines::CompleteBy { crontab: crontab.to_owned() }, ObjectiveSource::File)
}

/// The state of one batch.
pub(crate) struct Batch {
    pub(crate) state: BatchState,
    version: u64,
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self { state: BatchState::new(BatchKey::new("prod", "ml", "recommend")), version: 0 }
    }

    /// A CronJob without runs.
    pub(crate) fn of_cron_job(schedule: &str, time_zone: Option<&str>) -> Self {
        let cron_job = CronJob {
            schedule: schedule.to_owned(),
            time_zone: time_zone.map(str::to_owned),
            suspended: false,
            concurrency: None,
            created_at: at(1, 0, 0),
            last_scheduled_at: None,
            last_succeeded_at: None,
        };
        Self::new().observes(|revision| FactBody::CronJob { revision, cron_job: Some(cron_job) })
    }

    /// A run of each of these days at eight, which took so long.
    pub(crate) fn ran(self, days: std::ops::RangeInclusive<u32>, minutes: impl Fn(u32) -> i64) -> Self {
        days.fold(self, |batch, day| {
            let created_at = at(day, 8, 0);
            let completed_at = created_at + TimeDelta::minutes(minutes(day));
            let run = Run {
                job: format!("recommend-{day}"),
                scheduled_at: Some(created_at),
                created_at,
                started_at: Some(created_at),
                phase: RunPhase::Succeeded { completed_at },
                failed_pods: 0,
                slot: None,
            };
            batch.observes(|revision| FactBody::Run { revision, run })
        })
    }

    /// Applies a fact that is observed on the 15th at midnight.
    pub(crate) fn observes(self, body: impl FnOnce(Revision) -> FactBody) -> Self {
        self.observes_at(at(15, 0, 0), body)
    }

    pub(crate) fn observes_at(mut self, at: Instant, body: impl FnOnce(Revision) -> FactBody) -> Self {
        self.version += 1;
        let revision = Revision { uid: format!("uid-{}", self.version), resource_version: self.version };
        let fact = Fact { key: self.state.key.clone(), observed_at: at, body: body(revision) };
        step(&mut self.state, fact.into());
        self
    }
}
