//! Why a slot has its verdict, as the engine tells it of its own state.

mod support;

use chrono::TimeDelta;
use kigen_engine::explain::explain;
use kigen_engine::state::Window;
use kigen_engine::step::{Input, step};
use kigen_model::event::FactBody;
use kigen_model::objective::Objective;
use kigen_model::slot::Verdict;
use support::{Batch, at, by};

/// A CronJob at eight that must be done by noon, ten minutes later at the latest: judged on Monday, open on Tuesday.
fn judged_once() -> Batch {
    let objective = Objective { grace: TimeDelta::minutes(10), ..by("0 12 * * *") };
    let batch = Batch::of_cron_job("0 8 * * *", None).hears(|revision| FactBody::Objective {
        name: "noon".to_owned(),
        revision,
        objective: Some(objective),
    });
    let mut batch = batch.ran(14..=16, |day| if day == 16 { 240 } else { 30 });
    for day in [15, 16] {
        step(&mut batch.state, Input::Due { observed_until: at(day, 12, 11), gaps: &[] });
    }
    batch
}

#[test]
fn a_slot_that_was_judged_is_explained_by_what_is_remembered_of_it() {
    let batch = judged_once();
    let monday = explain(&batch.state, "noon", at(16, 12, 0)).expect("it is remembered");
    assert_eq!((monday.slot.from, monday.slot.deadline), (at(15, 12, 0), at(16, 12, 0)));
    assert_eq!(monday.window, Window::Fires { opens: at(16, 8, 0), closes: Some(at(17, 8, 0)) });
    assert_eq!(monday.until, at(16, 12, 10));
    assert_eq!(monday.time_zone, "UTC");
    assert_eq!(monday.verdict, Some(Verdict::Met { ended_at: at(16, 12, 0) }));
    let runs: Vec<_> =
        monday.runs.iter().map(|run| (run.run.run.job.as_str(), run.belongs, run.ended_at)).collect();
    let expected = [
        ("recommend-14", false, Some(at(14, 8, 30))),
        ("recommend-15", false, Some(at(15, 8, 30))),
        ("recommend-16", true, Some(at(16, 12, 0))),
    ];
    assert_eq!(runs, expected);
}

#[test]
fn a_slot_that_is_open_is_explained_without_a_verdict_and_others_are_not() {
    let batch = judged_once();
    let tuesday = explain(&batch.state, "noon", at(17, 12, 0)).expect("it is open");
    assert_eq!((tuesday.verdict, tuesday.until), (None, at(17, 12, 10)));
    assert!(tuesday.runs.iter().all(|run| !run.belongs));
    assert!(explain(&batch.state, "noon", at(18, 12, 0)).is_none(), "nobody has planned it yet");
    assert!(explain(&batch.state, "noon", at(16, 11, 0)).is_none(), "no deadline");
    assert!(explain(&batch.state, "other", at(16, 12, 0)).is_none(), "no such objective");
}
