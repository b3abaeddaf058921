//! Samples of error budgets, and of the ends of incidents.

use kigen_model::alert::{AlertBody, ResultOf};
use kigen_model::budget::{BudgetReport, Target};
use kigen_model::run::Run;
use kigen_model::slot::{RunSummary, Slot};
use kigen_state::{Budget, BudgetDay};

use crate::attempts::attempt;
use crate::values::{at, id, slot};

pub(crate) const TARGET: Target = Target { ratio_ppm: 990_000, over_d: 30 };

pub(crate) fn budget() -> Budget {
    let day = |day, met, missed, excused| BudgetDay { day, met, missed, excused };
    let days = vec![day(20_776, 24, 0, 0), day(20_777, 20, 3, 1)];
    Budget { days, slots: 720, is_half_alerted: false, is_all_alerted: true }
}

pub(crate) fn half_spent() -> Budget {
    Budget { slots: 30, is_half_alerted: true, ..Budget::default() }
}

/// Half of a budget is spent, and all of it.
pub(crate) fn spent() -> impl Iterator<Item = (&'static str, AlertBody)> {
    let of = |is_all, missed| {
        let budget = BudgetReport { target: TARGET, slots: 720, missed };
        AlertBody::BudgetSpent { slot: slot(), is_all, budget }
    };
    [("half of a budget is spent", of(false, 4)), ("a budget is spent", of(true, 7))].into_iter()
}

pub(crate) fn recovered(run: Run) -> [(&'static str, AlertBody); 3] {
    let recovered = |result_of| AlertBody::SlotRecovered {
        slot: Slot { whole: false, ..slot() },
        incident: id(2),
        since: at("2026-11-18T03:00:00Z"),
        misses: 3,
        ended_at: at("2026-11-20T04:00:00Z"),
        run: RunSummary {
            uid: "job-uid".to_owned(),
            run: run.clone(),
            last_attempt: Some(attempt()),
            gone_after: None,
        },
        result_of,
    };
    [
        ("recovered", recovered(ResultOf::MissedSlot)),
        ("recovered by a later slot", recovered(ResultOf::LaterSlot)),
        ("recovered, as an older kigen wrote it", recovered(ResultOf::Undecided)),
    ]
}
