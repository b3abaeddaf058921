//! Small incidents: one rule each.

use kigen_lineage::history::{History, Start};
use kigen_lineage::impact::{Doubt, Found, Wrong, impact};
use kigen_lineage::left_out::LeftOut;
use kigen_lineage::plan::plan;
use kigen_lineage::progress::{Tracked, progress};
use kigen_lineage::timeline::Period;
use kigen_model::slot::Gap;

use crate::world::{Minute, Seen, TrueBatch, TrueEdge, TrueRun, TrueSlot, World, at, key};

const DAY: Minute = 1_440;
const HOUR: Minute = 60;

/// A run of the `day`, from one hour of it to another.
fn run(name: &str, day: Minute, from: Minute, until: Minute) -> TrueRun {
    let start = day * DAY + from * HOUR;
    TrueRun {
        uid: format!("{name}-{day}"),
        nominal: start,
        is_scheduled: true,
        mark: None,
        start: Some(start),
        end: Some(day * DAY + until * HOUR),
        is_good: true,
        seen: Seen::Whole,
    }
}

fn slot(day: Minute, opens: Minute, deadline: Minute) -> TrueSlot {
    TrueSlot {
        objective: "ready".to_owned(),
        from: (day - 1) * DAY + deadline * HOUR,
        deadline: day * DAY + deadline * HOUR,
        opens: day * DAY + opens * HOUR,
        closes: (day + 1) * DAY + opens * HOUR,
    }
}

fn edge(reader: &str, source: &str) -> TrueEdge {
    TrueEdge { reader: reader.to_owned(), source: source.to_owned(), objective: None, from: 0, until: None }
}

/// Four days. `a` runs at 2, its result is due at 6, and comes at 8 on the days 1 and 2; `b` reads it at 6, and `c` reads `b` at
/// 10. The slots of the days 1 and 2 are those that the impact is of.
fn incident() -> World {
    let mut a = TrueBatch::default();
    let mut b = TrueBatch::default();
    let mut c = TrueBatch::default();
    for day in 0..4 {
        a.slots.push(slot(day, 2, 6));
        a.runs.push(run("a", day, 2, if day == 1 || day == 2 { 8 } else { 4 }));
        b.runs.push(run("b", day, 6, 7));
        c.runs.push(run("c", day, 10, 11));
    }
    let late = a.slots[1..3].to_vec();
    let batches = [("a", a), ("b", b), ("c", c)];
    World {
        batches: batches.map(|(name, batch)| (name.to_owned(), batch)).into(),
        edges: vec![edge("b", "a"), edge("c", "b")],
        of: "a".to_owned(),
        late: Some(late),
        results: None,
        now: 4 * DAY,
        gap: None,
    }
}

fn listed(history: &History, wrong: &Wrong) -> Vec<String> {
    let impact = impact(history, &key("a"), wrong, &LeftOut::default());
    let name = |affected: &kigen_lineage::impact::Affected| match affected.doubt {
        None => affected.run.uid.clone(),
        Some(_) => format!("{}?", affected.run.uid),
    };
    impact.affected.iter().map(name).collect()
}

#[test]
fn who_read_a_late_result_and_who_read_that_are_listed_in_the_order_of_time() {
    let world = incident();
    assert_eq!(listed(&world.observed(), &world.wrong()), ["b-1", "c-1", "b-2", "c-2"]);
    let impact = impact(&world.observed(), &key("a"), &world.wrong(), &LeftOut::default());
    let came_at = Some(at(DAY + 8 * HOUR));
    assert_eq!(impact.affected[0].reason.found, Found::Nothing { came_at });
    let ended_at = at(DAY + 7 * HOUR);
    assert_eq!(impact.affected[1].reason.found, Found::WrongResult { job: "b-1".to_owned(), ended_at });
    let plan = plan(&world.observed(), &impact);
    let steps: Vec<_> = plan
        .steps
        .iter()
        .map(|step| (step.batch.batch.as_str(), step.period.mark, step.after.clone(), step.wave))
        .collect();
    let mark = |day: Minute, hour: Minute| at(day * DAY + hour * HOUR);
    assert_eq!(
        steps,
        [
            ("b", mark(1, 6), vec![], 0),
            ("c", mark(1, 10), vec![0], 1),
            ("b", mark(2, 6), vec![0], 1),
            ("c", mark(2, 10), vec![1, 2], 2)
        ]
    );
    assert_eq!(plan.takes().0.num_hours(), 3);
}

#[test]
fn a_run_that_was_repeated_after_the_repair_is_not_listed_nor_what_read_the_repetition() {
    let mut world = incident();
    let repetition = |name: &str, mark: Minute, from: Minute| TrueRun {
        uid: format!("{name}-again"),
        is_scheduled: false,
        mark: Some(mark),
        ..run(name, 3, from, from + 1)
    };
    let batches = &mut world.batches;
    batches.get_mut("b").expect("b").runs.push(repetition("b", DAY + 6 * HOUR, 12));
    assert_eq!(listed(&world.observed(), &world.wrong()), ["c-1", "b-2", "c-2"]);
    world.batches.get_mut("c").expect("c").runs.push(repetition("c", DAY + 10 * HOUR, 14));
    assert_eq!(listed(&world.observed(), &world.wrong()), ["b-2", "c-2"]);
    let before_the_repetition = repetition("c", DAY + 10 * HOUR, 12);
    world.batches.get_mut("c").expect("c").runs.pop();
    world.batches.get_mut("c").expect("c").runs.push(before_the_repetition);
    // It started before the repetition of `b` had ended.
    assert_eq!(listed(&world.observed(), &world.wrong()), ["c-1", "b-2", "c-2", "c-again"]);
}

#[test]
fn results_that_were_wrong_are_repeated_first() {
    let mut world = incident();
    world.late = None;
    world.results = Some((DAY, 2 * DAY));
    let history = world.observed();
    // `b` of day 1 started before the wrong result, and needs a good one; that of day 2 started before the result of its day, and
    // found the wrong one.
    assert_eq!(listed(&history, &world.wrong()), ["b-1", "c-1", "b-2", "c-2"]);
    let impact = impact(&history, &key("a"), &world.wrong(), &LeftOut::default());
    let steps = plan(&history, &impact).steps;
    assert_eq!(steps[0].batch, key("a"));
    assert_eq!(steps[0].period, Period::of_slot(&history.batches[&key("a")].slots[1]));
}

#[test]
fn a_run_is_possibly_affected_where_a_gap_may_hide_the_result_or_its_start() {
    let mut world = incident();
    world.batches.get_mut("a").expect("a").runs.retain(|run| run.uid != "a-1");
    world.gap = Some((DAY + HOUR, DAY + 5 * HOUR));
    assert_eq!(listed(&world.observed(), &world.wrong()), ["b-1?", "c-1?", "b-2", "c-2"]);

    let world = incident();
    let mut history = world.observed();
    for run in &mut history.batches.get_mut(&key("b")).expect("b").runs {
        if run.uid == "b-1" {
            run.start = Start::Within(at(DAY + 6 * HOUR), at(DAY + 9 * HOUR));
        }
    }
    let of_unknown_start = impact(&history, &key("a"), &world.wrong(), &LeftOut::default());
    assert_eq!(of_unknown_start.affected[0].doubt, Some(Doubt::Start));
}

/// `b` has no objective, so only its runs show when one was due.
#[test]
fn a_run_is_possibly_affected_by_one_of_a_batch_without_objective_that_a_gap_may_hide() {
    let mut world = incident();
    world.batches.get_mut("b").expect("b").runs.retain(|run| run.uid != "b-1");
    let mut history = world.observed();
    assert_eq!(listed(&history, &world.wrong()), ["b-2", "c-2"]);
    let gap = Gap::unwatched(Some(at(DAY + 5 * HOUR)), at(DAY + 9 * HOUR));
    history.batches.get_mut(&key("b")).expect("b").gaps.push(gap);
    assert_eq!(listed(&history, &world.wrong()), ["c-1?", "b-2", "c-2"]);
}

#[test]
fn batches_that_read_each_other_are_followed_and_planned() {
    let mut world = incident();
    world.edges.push(edge("a", "c"));
    // `a` of day 2 read `c` of day 1, and so on until the last day.
    let all = ["b-1", "c-1", "a-2", "b-2", "c-2", "a-3", "b-3", "c-3"];
    assert_eq!(listed(&world.observed(), &world.wrong()), all);
    let history = world.observed();
    let steps = plan(&history, &impact(&history, &key("a"), &world.wrong(), &LeftOut::default())).steps;
    assert_eq!(steps.len(), all.len());
    assert!(steps.iter().enumerate().all(|(place, step)| step.after.iter().all(|after| *after < place)));
}

#[test]
fn the_repetition_of_a_period_is_left_running_failed_wrong_again_and_repaired() {
    let mut world = incident();
    let repetition = |uid: &str, mark: Minute, from: Minute, until: Option<Minute>| TrueRun {
        uid: uid.to_owned(),
        is_scheduled: false,
        mark: Some(mark),
        end: until.map(|until| 3 * DAY + until * HOUR),
        ..run(uid, 3, from, from)
    };
    let states_without = |world: &World, left_out: &LeftOut| {
        let history = world.observed();
        let impact = impact(&history, &key("a"), &world.wrong(), left_out);
        let tracked = progress(&history, &impact);
        let state = |of: &Tracked| {
            format!("{}-{} {}", of.batch.batch, (of.period.mark - at(0)).num_days(), of.state.label())
        };
        tracked.iter().map(state).collect::<Vec<_>>().join(", ")
    };
    let states = |world: &World| states_without(world, &LeftOut::default());
    assert_eq!(states(&world), "b-1 left, c-1 left, b-2 left, c-2 left");
    let of = |world: &mut World, batch: &str, run: TrueRun| {
        let runs = &mut world.batches.get_mut(batch).expect("a batch").runs;
        runs.retain(|known| known.uid != run.uid);
        runs.push(run);
    };
    of(&mut world, "b", repetition("b-again", DAY + 6 * HOUR, 12, None));
    assert_eq!(states(&world), "b-1 running, c-1 left, b-2 left, c-2 left");
    of(&mut world, "b", TrueRun { is_good: false, ..repetition("b-again", DAY + 6 * HOUR, 12, Some(13)) });
    assert_eq!(states(&world), "b-1 failed, c-1 left, b-2 left, c-2 left");
    // It reads what `b` made at first.
    of(&mut world, "c", repetition("c-again", DAY + 10 * HOUR, 14, Some(15)));
    assert_eq!(states(&world), "b-1 failed, c-1 wrong_again, b-2 left, c-2 left");
    // What is left out is no step, and its repeated readers find it good; those of the time of the incident did not.
    let mut left_out = LeftOut::default();
    left_out.add(key("b"), Some(at(DAY + 6 * HOUR)));
    assert_eq!(states_without(&world, &left_out), "c-1 repaired, b-2 left, c-2 left");
    left_out.add(key("b"), None);
    assert_eq!(states_without(&world, &left_out), "c-1 repaired, c-2 left");
    let history = world.observed();
    let steps = plan(&history, &impact(&history, &key("a"), &world.wrong(), &left_out)).steps;
    assert_eq!(steps.len(), 1, "it waits for nothing that is left out: {steps:?}");
    of(&mut world, "b", repetition("b-third", DAY + 6 * HOUR, 16, Some(17)));
    of(&mut world, "c", repetition("c-third", DAY + 10 * HOUR, 18, Some(19)));
    assert_eq!(states(&world), "b-1 repaired, c-1 repaired, b-2 left, c-2 left");
}
