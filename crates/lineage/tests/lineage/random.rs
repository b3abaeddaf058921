//! Random worlds by seed, each compared with the naive judge: no run is missing, none too much, the order of the plan is valid,
//! and it is minimal.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};

use kigen_lineage::forget::{forgettable_runs, forgettable_slots};
use kigen_lineage::history::{Forgotten, History, PastSlot};
use kigen_lineage::impact::{Impact, impact};
use kigen_lineage::left_out::LeftOut;
use kigen_lineage::plan::{Plan, plan};
use serde_json::{Value as Json, json};

use crate::world::{Minute, Seen, TrueBatch, TrueEdge, TrueRun, TrueSlot, World, key, minute};

const WORLDS: u64 = 1_000;
const DAY: Minute = 1_440;

/// Every third world has a gap, in which runs came and went unobserved.
fn world(seed: u64) -> World {
    let mut random = fastrand::Rng::with_seed(seed);
    let now = random.i64(6..12) * DAY;
    let from = random.i64(2 * DAY..now - DAY);
    let gap = seed.is_multiple_of(3).then_some((from, from + random.i64(60..720)));
    let mut world = World {
        batches: Default::default(),
        edges: Vec::new(),
        of: String::new(),
        late: None,
        results: None,
        now,
        gap,
    };
    for nth in 0..random.usize(2..8) {
        let name = format!("b{nth}");
        let batch = batch(&mut random, &name, now, gap);
        world.batches.insert(name, batch);
    }
    let names: Vec<String> = world.batches.keys().cloned().collect();
    for _ in 0..random.usize(names.len()..3 * names.len()) {
        let (reader, source) = (random.usize(..names.len()), random.usize(..names.len()));
        if reader == source {
            continue;
        }
        let slots = &world.batches[&names[source]].slots;
        let objective = (!slots.is_empty() && random.bool())
            .then(|| slots[random.usize(..slots.len())].objective.clone());
        world.edges.push(TrueEdge {
            reader: names[reader].clone(),
            source: names[source].clone(),
            objective,
            from: if gap.is_some() || random.bool() { 2 * DAY } else { random.i64(0..now) },
            until: (random.u8(..10) == 0).then(|| random.i64(2 * DAY..now)),
        });
    }
    source_of_the_incident(&mut random, &mut world, &names);
    world
}

fn source_of_the_incident(random: &mut fastrand::Rng, world: &mut World, names: &[String]) {
    let sources: Vec<&String> = world.edges.iter().map(|edge| &edge.source).collect();
    world.of = match sources.is_empty() {
        true => names[0].clone(),
        false => sources[random.usize(..sources.len())].clone(),
    };
    let slots = &world.batches[&world.of].slots;
    if !slots.is_empty() && (world.gap.is_some() || random.bool()) {
        let objective = slots[random.usize(..slots.len())].objective.clone();
        let over = slots.iter().filter(|slot| slot.objective == objective && slot.deadline <= world.now);
        let over: Vec<TrueSlot> = over.cloned().collect();
        let first = random.usize(..over.len());
        let last = (first + random.usize(1..5)).min(over.len());
        world.late = Some(over[first..last].to_vec());
    } else {
        let from = random.i64(DAY..world.now - 60);
        world.results = Some((from, random.i64(from + 30..world.now)));
    }
}

fn batch(random: &mut fastrand::Rng, name: &str, now: Minute, gap: Option<(Minute, Minute)>) -> TrueBatch {
    let every = [360, 720, DAY][random.usize(..3)];
    let offset = random.i64(0..every);
    let fires: Vec<Minute> = (0..).map(|nth| offset + nth * every).take_while(|fire| *fire < now).collect();
    let mut batch = TrueBatch::default();
    if gap.is_some() || random.bool() {
        for nth in 0..random.usize(1..3) {
            let after = random.i64(1..=every);
            batch.slots.extend(fires.iter().map(|fire| TrueSlot {
                objective: format!("o{nth}"),
                from: fire + after - every,
                deadline: fire + after,
                opens: *fire,
                closes: fire + every,
            }));
        }
    }
    for fire in &fires {
        if random.u8(..10) == 0 {
            continue;
        }
        let mut run = run(random, *fire, every, now);
        run.is_scheduled = true;
        if let (Some((from, to)), Some(start), Some(end)) = (gap, run.start, run.end)
            && (from..to).contains(&end)
        {
            run.seen = match random.u8(..10) {
                0..2 => Seen::Whole,
                _ if *fire >= from => Seen::Nothing,
                _ if start < from => Seen::Gone,
                _ => Seen::Whole,
            };
        }
        batch.runs.push(run);
    }
    for _ in 0..random.usize(..6) {
        let created = random.i64(0..now);
        let mut run = run(random, created, every, now);
        if random.bool() {
            let fire = fires[random.usize(..fires.len())];
            // One that names the same runs for each objective.
            let of_fire = batch.slots.iter().filter(|slot| slot.opens == fire);
            let latest = of_fire.clone().map(|slot| slot.deadline).min().unwrap_or(fire);
            let earliest = of_fire.map(|slot| slot.from).max().unwrap_or(fire - every);
            run.mark = Some(latest - random.i64(0..latest - earliest));
        }
        batch.runs.push(run);
    }
    for (nth, run) in batch.runs.iter_mut().enumerate() {
        run.uid = format!("{name}-{nth:04}");
    }
    batch
}

fn run(random: &mut fastrand::Rng, nominal: Minute, every: Minute, now: Minute) -> TrueRun {
    let start = nominal + random.i64(0..30);
    let start = Some(start).filter(|start| *start <= now && random.u8(..40) > 0);
    let longest = if random.u8(..5) == 0 { every * 3 / 2 } else { every / 3 };
    let takes = random.i64(0..longest);
    let end = start.map(|start| start + takes).filter(|end| *end <= now);
    TrueRun {
        uid: String::new(),
        nominal,
        is_scheduled: false,
        mark: None,
        start,
        end,
        is_good: end.is_some() && random.u8(..7) > 0,
        seen: Seen::Whole,
    }
}

/// The answers of the naive judge.
fn naive(worlds: &[Json]) -> Vec<Json> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lineage/naive.py");
    let child = Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.expect("Python runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let lines: String = worlds.iter().map(|world| format!("{world}\n")).collect();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("no panic").expect("it reads everything");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn uids(of: &Impact, is_wanted: impl Fn(bool) -> bool) -> BTreeSet<String> {
    let wanted = of.affected.iter().filter(|affected| is_wanted(affected.doubt.is_none()));
    wanted.map(|affected| affected.run.uid.clone()).collect()
}

fn texts(of: &Json) -> BTreeSet<String> {
    of.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text").to_owned()).collect()
}

#[test]
fn random_worlds_have_the_impact_that_a_naive_judge_finds_and_a_plan_that_repairs_them() {
    let first: u64 = std::env::var("KIGEN_TEST_SEED").map_or(0, |seed| seed.parse().expect("a seed"));
    let worlds: Vec<World> = (first..first + WORLDS).map(world).collect();
    let found: Vec<(Impact, Plan)> = worlds
        .iter()
        .map(|world| {
            let history = world.observed();
            let impact = impact(&history, &key(&world.of), &world.wrong(), &LeftOut::default());
            let plan = plan(&history, &impact);
            (impact, plan)
        })
        .collect();
    let given = worlds.iter().zip(&found).map(|(world, (_, plan))| world.json(plan));
    let answers = naive(&given.collect::<Vec<_>>());
    assert_eq!(answers.len(), worlds.len());
    let (mut affected, mut possibly, mut steps, mut repeated) = (0, 0, 0, 0);
    let mut faults = Vec::new();
    for (((seed, world), (impact, plan)), answer) in (first..).zip(&worlds).zip(&found).zip(&answers) {
        affected += impact.affected.iter().filter(|affected| affected.doubt.is_none()).count();
        possibly += impact.affected.iter().filter(|affected| affected.doubt.is_some()).count();
        repeated += impact.repeated.len();
        let of_world = match world.gap {
            Some(_) => faults_of_listed(world, impact, answer),
            None => {
                steps += plan.steps.len();
                faults_of_plan(impact, plan, answer)
            }
        };
        faults.extend(of_world.into_iter().map(|fault| format!("KIGEN_TEST_SEED={seed}: {fault}")));
    }
    println!("{affected} runs affected, {possibly} possibly, {repeated} repeated; {steps} steps planned");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(affected > 1_000 && possibly > 100 && steps > 1_000 && repeated > 100);
}

#[test]
fn what_is_forgotten_of_the_time_before_an_incident_changes_nothing() {
    /// Few, so that much is forgotten.
    const KEPT: usize = 4;
    let first: u64 = std::env::var("KIGEN_TEST_SEED").map_or(0, |seed| seed.parse().expect("a seed"));
    let mut forgotten = 0;
    for seed in first..first + WORLDS {
        let world = world(seed);
        let (history, wrong) = (world.observed(), world.wrong());
        let mut short = history.clone();
        let begins = wrong.begins().unwrap_or(history.until);
        for (_, batch) in short.batches.iter_mut().filter(|(name, _)| **name != key(&world.of)) {
            let runs = forgettable_runs(&batch.runs, begins, KEPT).into_iter().cloned().collect::<Vec<_>>();
            let mut objectives: BTreeMap<&str, Vec<&PastSlot>> = BTreeMap::new();
            for slot in &batch.slots {
                objectives.entry(&slot.objective).or_default().push(slot);
            }
            let slots = objectives.into_values().flat_map(|mut slots| {
                slots.sort_by_key(|slot| slot.deadline);
                forgettable_slots(slots, begins, KEPT)
            });
            let slots: Vec<PastSlot> = slots.cloned().collect();
            forgotten += runs.len() + slots.len();
            batch.runs.retain(|run| !runs.contains(run));
            batch.slots.retain(|slot| !slots.contains(slot));
            let runs_until = runs.iter().map(|run| run.nominal_start).max();
            batch.forgotten = Forgotten { runs_until, has_slots: !slots.is_empty() };
        }
        // What repeats a period that is forgotten is not followed.
        let found = |history: &History| {
            let mut found = impact(history, &key(&world.of), &wrong, &LeftOut::default());
            found.affected.retain(|affected| affected.period.mark >= begins);
            found.repeated.retain(|repeated| repeated.period.mark >= begins);
            found.periods.retain(|(_, period), _| period.mark >= begins);
            found.gaps.clear();
            found
        };
        let (of, of_short) = (found(&history), found(&short));
        assert_eq!(of_short, of, "KIGEN_TEST_SEED={seed}");
        // How long runs usually take is known of fewer.
        let order = |history: &History, impact: &Impact| {
            let steps = plan(history, impact).steps.into_iter();
            steps.map(|step| (step.batch, step.period, step.mark, step.after, step.wave)).collect::<Vec<_>>()
        };
        assert_eq!(order(&short, &of_short), order(&history, &of), "KIGEN_TEST_SEED={seed}");
    }
    println!("{forgotten} runs and slots forgotten");
    assert!(forgotten > 1_000, "{forgotten}");
}

/// Where a part of the history was not observed: what is certain is true, and what is true is listed.
fn faults_of_listed(world: &World, impact: &Impact, answer: &Json) -> Vec<String> {
    let truth = texts(&answer["runs"]);
    let (certain, uncertain) = (uids(impact, |certain| certain), uids(impact, |certain| !certain));
    let runs = world.batches.values().flat_map(|batch| &batch.runs);
    let seen: BTreeSet<String> =
        runs.filter(|run| run.seen != Seen::Nothing).map(|run| run.uid.clone()).collect();
    let is_missing = |uid: &&String| !certain.contains(*uid) && !uncertain.contains(*uid);
    let wrongly = certain.difference(&truth).map(|uid| format!("{uid} is certain, but not affected"));
    let missing = truth.intersection(&seen).filter(is_missing);
    wrongly.chain(missing.map(|uid| format!("{uid} is affected, but not listed"))).collect()
}

/// Where all was observed: exactly the affected runs, and the smallest plan that repairs them.
fn faults_of_plan(impact: &Impact, plan: &Plan, answer: &Json) -> Vec<String> {
    let listed = json!(uids(impact, |_| true));
    let planned = plan.steps.iter().map(|step| json!([step.batch.batch, minute(step.period.opens)]));
    let mut planned: Vec<String> = planned.map(|step| step.to_string()).collect();
    planned.sort_unstable();
    let mut wrong: Vec<String> =
        answer["periods"].as_array().expect("a list").iter().map(Json::to_string).collect();
    wrong.sort_unstable();
    let mut faults = Vec::new();
    let mut check = |is_right: bool, fault: String| {
        if !is_right {
            faults.push(fault);
        }
    };
    check(impact.affected.iter().all(|affected| affected.doubt.is_none()), "a run is not certain".to_owned());
    check(listed == answer["runs"], format!("{listed} is listed, {} affected", answer["runs"]));
    check(planned == wrong, format!("{planned:?} is planned, {wrong:?} wrong"));
    let is_repaired = answer["left"] == json!({"in order": [], "in waves": []});
    check(is_repaired, format!("the plan leaves {}", answer["left"]));
    check(answer["needless"] == json!([]), format!("these steps are needless: {}", answer["needless"]));
    faults
}
