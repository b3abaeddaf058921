//! The specs of objectives that the samples have.

use chrono::TimeDelta;
use kigen_model::labels::Labels;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource, ReadBatch, Schedule, Severity};

use crate::budgets::TARGET;
use crate::expectations::{expectation, least_expectation};

pub(crate) fn objective() -> Objective {
    Objective {
        is_of_jobs: false,
        deadlines: Deadlines::CompleteBy { crontab: "30 3 * * *".to_owned() },
        time_zone: Some("Asia/Tokyo".to_owned()),
        grace: TimeDelta::minutes(10),
        settle: TimeDelta::seconds(45),
        freshness: None,
        starts: None,
        calendar: None,
        start_by: Some(TimeDelta::minutes(15)),
        expect: Some(expectation()),
        target: Some(TARGET),
        severity: Severity::Warning,
        owner: Some("recommend-team".to_owned()),
        runbook: Some("https://wiki.example.com/recommend".to_owned()),
        labels: labels(),
        source: ObjectiveSource::Annotation,
    }
}

/// An objective of Jobs in a file, before a CronJob, which may have a zone, or be gone.
pub(crate) fn before(time_zone: Option<Option<&str>>) -> Objective {
    let schedule = |zone: Option<&str>| Schedule {
        crontab: "0 12 * * *".to_owned(),
        time_zone: zone.map(str::to_owned),
    };
    Objective {
        is_of_jobs: true,
        deadlines: Deadlines::Before {
            namespace: "dwh".to_owned(),
            cron_job: "report".to_owned(),
            schedule: time_zone.map(schedule),
        },
        freshness: Some(TimeDelta::days(3)),
        starts: Some("0 8 * * *".to_owned()),
        source: ObjectiveSource::File,
        ..least_objective()
    }
}

pub(crate) fn least_objective() -> Objective {
    Objective {
        time_zone: None,
        grace: TimeDelta::zero(),
        settle: TimeDelta::seconds(Objective::SETTLE_DEFAULT_S),
        start_by: None,
        expect: None,
        target: None,
        severity: Severity::Fatal,
        owner: None,
        runbook: None,
        labels: Labels::default(),
        ..objective()
    }
}

pub(crate) fn with_calendar() -> Objective {
    Objective { calendar: Some("jp-business-days".to_owned()), ..least_objective() }
}

pub(crate) fn what_is_read() -> Objective {
    let source = ReadBatch { namespace: "ml".to_owned(), batch: "recommend".to_owned() };
    Objective::new(Deadlines::Reads { sources: vec![source] }, ObjectiveSource::Annotation)
}

/// An objective that only warns of what a run did not do.
pub(crate) fn that_only_warns() -> Objective {
    Objective { expect: Some(least_expectation()), ..of_source(ObjectiveSource::Object) }
}

pub(crate) fn of_source(source: ObjectiveSource) -> Objective {
    Objective { source, ..objective() }
}

pub(crate) fn labels() -> Labels {
    Labels::of([("app.kubernetes.io/part-of", "shop"), ("team", "ml"), ("empty", "")])
}
