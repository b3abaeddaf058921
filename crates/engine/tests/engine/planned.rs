//! A deadline is planned once and part of the state: the zone data of a newer kigen moves none that is pending.

use crate::support::{Batch, at, by};
use chrono::TimeDelta;
use kigen_engine::effect::Effect;
use kigen_engine::step::{Input, step};
use kigen_model::Instant;
use kigen_model::event::FactBody;
use kigen_model::objective::Objective;
use kigen_model::slot::Verdict;
use kigen_state::{BatchState, Calendars, Mutes, Plan};

fn open_deadline(state: &BatchState) -> Instant {
    match &state.objectives["noon"].plan {
        Plan::Open(open) => open.slot.deadline,
        other => panic!("no slot is open: {other:?}"),
    }
}

#[test]
fn a_deadline_that_older_zone_data_planned_stays_and_the_next_one_is_of_the_newer() {
    let noon = |owner: &str| {
        let objective = Objective { owner: Some(owner.to_owned()), ..by("0 12 * * *") };
        move |revision| FactBody::Objective { name: "noon".to_owned(), revision, objective: Some(objective) }
    };
    let mut batch = Batch::of_cron_job("0 8 * * *", None).observes(noon("ml"));
    // As if the zone's clocks had been an hour behind by the data that planned it.
    let planned = at(15, 13, 0);
    let objective = batch.state.objectives.get_mut("noon").expect("it is declared");
    let Plan::Open(open) = &mut objective.plan else { panic!("a slot is open") };
    (open.slot.deadline, open.slot.whole) = (planned, true);

    let batch = batch.ran(15..=15, |_| 60).observes(noon("another"));
    assert_eq!(open_deadline(&batch.state), planned, "neither a run nor an edit of the owner moves it");
    let mut batch = batch;
    assert_eq!(batch.state.next_due(), Some(planned + TimeDelta::seconds(30)));
    let effects = step(
        &mut batch.state,
        Input::Due {
            observed_until: at(15, 13, 1),
            gaps: &[],
            calendars: Calendars::NONE,
            mutes: Mutes::NONE,
        },
    );
    let [Effect::Judge(judgement)] = &effects[..] else { panic!("one verdict, and no alert: {effects:?}") };
    assert_eq!((judgement.deadline, judgement.verdict), (planned, Verdict::Met { ended_at: at(15, 9, 0) }));
    assert_eq!(open_deadline(&batch.state), at(16, 12, 0));
}
