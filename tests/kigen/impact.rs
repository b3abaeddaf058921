//! `kigen impact` over the incident that kigen is built for: `a` needs longer each day, `b` and `c` read it, and `d` reads `b`. 90
//! days with repairs, repetitions and a gap, compared run by run with a naive judge that has the true history.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use chrono::TimeDelta;
use expect_test::expect;
use kigen_log::{EmbeddedLog, Log, NewRecord, Settings};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource, Schedule};
use kigen_model::run::{CronJob, Run, RunPhase, SlotMark};
use kigen_model::slot::Gap;
use kigen_model::topic::{Partition, Topic};
use kigen_wire::{Level, encode_event};
use serde_json::{Value as Json, json};

use crate::support::{kigen, start};

pub(crate) const CLUSTER: &str = "shop";
pub(crate) const DAYS: i64 = 90;
/// From this day on `a` is fast again.
const REPAIRED: i64 = 70;
/// On this day nothing was observed from 5:00 to 14:00.
const GAP: i64 = 40;

/// A run, in minutes since the start.
pub(crate) struct TrueRun {
    batch: &'static str,
    uid: String,
    nominal: i64,
    is_scheduled: bool,
    mark: Option<i64>,
    end: i64,
    is_good: bool,
    is_seen: bool,
}

pub(crate) fn at(minute: i64) -> Instant {
    start() + TimeDelta::minutes(minute)
}

pub(crate) fn of_day(day: i64, hour: i64) -> i64 {
    day * 1_440 + hour * 60
}

/// How long `a` takes on a day, in minutes: it is late for `b` from day 16 on, and for `c` from day 31 on.
fn a_takes(day: i64) -> i64 {
    if day < REPAIRED { 180 + 4 * day } else { 120 }
}

fn scheduled(batch: &'static str, day: i64, hour: i64, takes: i64) -> TrueRun {
    let nominal = of_day(day, hour);
    TrueRun {
        batch,
        uid: format!("{batch}-{day}"),
        nominal,
        is_scheduled: true,
        mark: None,
        end: nominal + takes,
        is_good: true,
        is_seen: true,
    }
}

/// By hand: for a slot, or without a mark.
fn by_hand(batch: &'static str, created: i64, mark: Option<i64>) -> TrueRun {
    let uid = format!("{batch}-by-hand-{created}");
    TrueRun {
        batch,
        uid,
        nominal: created,
        is_scheduled: false,
        mark,
        end: created + 50,
        is_good: true,
        is_seen: true,
    }
}

pub(crate) fn runs() -> Vec<TrueRun> {
    let mut runs = Vec::new();
    for day in 0..DAYS {
        let mut a = scheduled("a", day, 2, a_takes(day));
        // One night it fails, and is repeated in the afternoon.
        if day == 20 {
            a.is_good = false;
            runs.push(by_hand("a", of_day(20, 16), None));
        }
        runs.push(a);
        let mut b = scheduled("b", day, 6, 60);
        b.is_seen = day != GAP;
        runs.push(b);
        runs.push(scheduled("c", day, 7, 30));
        runs.push(scheduled("d", day, 13, 45));
    }
    // On some days `b` was repeated in the afternoon, after `a` had come; `d` was not.
    runs.extend([17, 18, 33].map(|day| by_hand("b", of_day(day, 15), None)));
    // After the repair: all of a week, in the order of the edges, and `d` once too early.
    for (nth, day) in (50..57).enumerate() {
        let nth = i64::try_from(nth).expect("a few");
        runs.push(by_hand("b", of_day(72, 8) + nth * 60, Some(of_day(day, 13))));
        runs.push(by_hand("c", of_day(72, 8) + nth * 60, Some(of_day(day, 7))));
        runs.push(by_hand("d", of_day(73, 8) + nth * 60, Some(of_day(day, 13))));
    }
    runs.push(by_hand("b", of_day(74, 8), Some(of_day(60, 13))));
    runs.push(by_hand("d", of_day(74, 8) + 10, Some(of_day(60, 13))));
    runs
}

/// The slots of an objective: previous deadline, deadline, and the window, all by hours of the day.
fn slots(objective: &str, opens: i64, deadline: i64) -> Vec<Json> {
    let slot = |day: i64| {
        json!({
            "objective": objective,
            "from": of_day(day - 1, deadline),
            "deadline": of_day(day, deadline),
            "opens": of_day(day, opens),
            "closes": of_day(day + 1, opens),
        })
    };
    (0..DAYS).map(slot).collect()
}

/// The true history as the naive judge reads it.
fn truth(runs: &[TrueRun]) -> Json {
    let of = |batch: &str, slots: Vec<Json>| {
        let runs = runs.iter().filter(|run| run.batch == batch).map(|run| {
            json!({
                "uid": run.uid,
                "nominal": run.nominal,
                "scheduled": run.is_scheduled,
                "mark": run.mark,
                "start": run.nominal,
                "end": run.end,
                "ok": run.is_good,
            })
        });
        json!({"runs": runs.collect::<Vec<_>>(), "slots": slots})
    };
    let a_slots = [slots("before-b", 2, 6), slots("before-c", 2, 7)].concat();
    let is_late = |slot: &&Json| {
        let (opens, deadline) = (slot["opens"].as_i64(), slot["deadline"].as_i64());
        let in_time = |run: &TrueRun| {
            run.batch == "a" && run.is_good && Some(run.nominal) == opens && Some(run.end) <= deadline
        };
        !runs.iter().any(in_time)
    };
    let late: Vec<Json> = a_slots.iter().filter(is_late).cloned().collect();
    let edge = |reader: &str, source: &str, objective: &str| json!({"reader": reader, "source": source, "objective": objective, "from": 0, "until": null});
    json!({
        "batches": {
            "a": of("a", a_slots),
            "b": of("b", slots("before-d", 6, 13)),
            "c": of("c", Vec::new()),
            "d": of("d", Vec::new()),
        },
        "edges": [edge("b", "a", "before-b"), edge("c", "a", "before-c"), edge("d", "b", "before-d")],
        "of": "a",
        "late": late,
        "results": null,
        "now": of_day(DAYS, 0),
        "steps": [],
    })
}

/// The facts of it that a shipper would have written, with a tick each hour.
fn events(runs: &[TrueRun]) -> Vec<(i64, Event)> {
    let mut events: Vec<(i64, Event)> = Vec::new();
    let fact = |minute: i64, batch: &str, body: FactBody| {
        let key = BatchKey::new(CLUSTER, "ml", batch);
        (minute, Event::Fact(Fact { key, observed_at: at(minute), body }))
    };
    let revision = |uid: &str, resource_version: i64| Revision {
        uid: uid.to_owned(),
        resource_version: u64::try_from(resource_version).expect("a version"),
    };
    for (batch, hour) in [("a", 2), ("b", 6), ("c", 7), ("d", 13)] {
        let cron_job = Some(cron_job(hour));
        events.push(fact(0, batch, FactBody::CronJob { revision: revision(batch, 1), cron_job }));
    }
    for (batch, target, hour) in [("a", "b", 6), ("a", "c", 7), ("b", "d", 13)] {
        let schedule = Some(Schedule { crontab: format!("0 {hour} * * *"), time_zone: None });
        let deadlines =
            Deadlines::Before { namespace: "ml".to_owned(), cron_job: target.to_owned(), schedule };
        let (name, revision) = (format!("before-{target}"), revision("file", 1));
        let objective = Some(Objective::new(deadlines, ObjectiveSource::File));
        events.push(fact(0, batch, FactBody::Objective { name, revision, objective }));
    }
    for of in runs.iter().filter(|run| run.is_seen) {
        let phase = |phase| Run {
            job: of.uid.clone(),
            scheduled_at: of.is_scheduled.then(|| at(of.nominal)),
            created_at: at(of.nominal),
            started_at: Some(at(of.nominal)),
            phase,
            failed_pods: 0,
            slot: of.mark.map(|mark| SlotMark::At(at(mark))),
        };
        let ended = match of.is_good {
            true => RunPhase::Succeeded { completed_at: at(of.end) },
            false => RunPhase::Failed {
                failed_at: at(of.end),
                reason: "BackoffLimitExceeded".to_owned(),
                message: String::new(),
            },
        };
        for (minute, run) in [(of.nominal, phase(RunPhase::Running)), (of.end, phase(ended))] {
            let revision = revision(&of.uid, minute + 2);
            events.push(fact(minute, of.batch, FactBody::Run { revision, run }));
        }
    }
    let of_cluster = |body| {
        Event::Cluster(ClusterEvent { cluster: CLUSTER.to_owned(), cluster_uid: None, epoch: 1, body })
    };
    let (from, to) = (of_day(GAP, 5), of_day(GAP, 14));
    events.push((to, of_cluster(ClusterBody::Gap(Gap::unwatched(Some(at(from)), at(to))))));
    let is_watched = |minute: &i64| !(from + 1..to).contains(minute);
    for minute in (0..=of_day(DAYS, 0)).step_by(60).filter(is_watched) {
        let tick = ClusterBody::Tick { observed_until: at(minute), positions: Vec::new() };
        events.push((minute, of_cluster(tick)));
    }
    // Within a gap nothing is observed: the facts of that time come after it.
    let observed = |minute: i64| if is_watched(&minute) { minute } else { to };
    let mut events: Vec<(i64, Event)> =
        events.into_iter().map(|(minute, event)| (observed(minute), event)).collect();
    // Of a minute the facts come first, then the gap, then the tick.
    events.sort_by_key(|(minute, event)| (*minute, matches!(event, Event::Cluster(_))));
    events
}

fn cron_job(hour: i64) -> CronJob {
    CronJob {
        schedule: format!("0 {hour} * * *"),
        time_zone: None,
        suspended: false,
        concurrency: None,
        created_at: at(-1_440),
        last_scheduled_at: None,
        last_succeeded_at: None,
    }
}

pub(crate) async fn write(dir: &Path, runs: &[TrueRun]) {
    let settings = Settings { partitions: 1, ..Settings::default() };
    let log = EmbeddedLog::open(&dir.join("log"), settings).expect("a log");
    let record = |(minute, event): (i64, Event)| {
        let key = match &event {
            Event::Fact(fact) => fact.key.to_string(),
            Event::Cluster(_) => CLUSTER.to_owned(),
        };
        let value = Some(encode_event(&event, Level::NEWEST));
        NewRecord { topic: Topic::Events, partition: Partition(0), key, value, timestamp: at(minute) }
    };
    log.append(events(runs).into_iter().map(record).collect()).await.expect("it appends");
}

fn naive(truth: &Json) -> Json {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/lineage/tests/lineage/naive.py");
    let child = Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.expect("Python runs");
    writeln!(child.stdin.take().expect("a pipe"), "{truth}").expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn impact(dir: &Path, args: &[&str]) -> String {
    let mut command = kigen();
    command.args(["impact", "ml/a"]).args(args).args(["--cluster", CLUSTER, "--data-dir"]).arg(dir);
    let output = command.output().expect("kigen runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

fn uids(found: &Json, is_certain: bool) -> BTreeSet<&str> {
    let affected = found["affected"].as_array().expect("a list").iter();
    affected
        .filter(|run| run["certain"] == is_certain)
        .map(|run| run["uid"].as_str().expect("a UID"))
        .collect()
}

#[tokio::test]
async fn the_impact_of_ninety_days_is_that_of_a_naive_judge_with_the_true_history() {
    let dir = tempfile::tempdir().expect("a folder");
    let runs = runs();
    write(dir.path(), &runs).await;
    let truth = truth(&runs);
    let expected = naive(&truth);
    let found = impact(dir.path(), &["--since", "2026-11-01T00:00:00Z", "--format", "json"]);
    let found: Json = serde_json::from_str(&found).expect("JSON");

    let late = found["wrong"]["late"].as_array().expect("a list").len();
    assert_eq!(late, truth["late"].as_array().expect("a list").len(), "the misses that the engine finds");
    let (certain, possibly) = (uids(&found, true), uids(&found, false));
    let truly: BTreeSet<&str> =
        expected["runs"].as_array().expect("a list").iter().filter_map(Json::as_str).collect();
    // Of the run of `b` in the gap nothing is known, so what read it is only possibly wrong.
    assert_eq!(possibly, BTreeSet::from(["d-40"]));
    let unseen = BTreeSet::from(["b-40", "d-40"]);
    assert_eq!(certain, truly.difference(&unseen).copied().collect());
    assert!(certain.len() > 100, "{}", certain.len());
    assert!(!certain.contains("b-17") && certain.contains("d-17"), "b was repeated, d was not");
    assert!(certain.contains("d-by-hand-107050"), "it began before the repetition of b had ended");
}

#[tokio::test]
async fn the_text_has_the_reasons_the_plan_and_the_commands() {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), &runs()).await;
    expect![[r#"
        shop/ml/a: the result was not there by 2026-11-26T06:00:00Z, 2026-11-26T07:00:00Z.

        Runs that read what they should not have read: 1; and 1 that were repeated since.

          shop/ml/d d-17 started at 2026-11-26T13:00:00Z, succeeded at 2026-11-26T13:45:00Z; its period has no objective
            It read the wrong result of shop/ml/b for the deadline 2026-11-26T13:00:00Z, which b-17 made at 2026-11-26T07:00:00Z.

        Nothing was observed from 2026-12-19T05:00:00Z to 2026-12-19T14:00:00Z: runs of this time may be missing here.

        To be repeated; the steps of one wave can run in parallel, once those under AFTER have succeeded:

        STEP  WAVE  AFTER  BATCH      SLOT                  USUALLY  ONE IN TEN OVER
        1     1     -      shop/ml/d  2026-11-26T13:00:00Z  45 min   50 min

        If it begins at 2027-02-07T00:00:00Z, all is complete at 2027-02-07T00:45:00Z, and with slow runs at 2027-02-07T00:50:00Z.
        No deadline of these batches falls before that.

        The commands, in order:

        kubectl create job -n ml --from=cronjob/d d-backfill-20261126 --dry-run=client -o yaml | kubectl annotate --local -f - kigen.dev/slot=2026-11-26T13:00:00Z -o yaml | kubectl create -f -
    "#]].assert_eq(&impact(dir.path(), &["2026-11-26"]));
    let wrong = ["--wrong-from", "2026-11-20T00:00:00Z", "--wrong-until", "2026-11-21T00:00:00Z"];
    expect![[r#"
        shop/ml/a: results from 2026-11-20T00:00:00Z to 2026-11-21T00:00:00Z were wrong.

        Runs that read what they should not have read: 3; and 0 that were repeated since.

          shop/ml/b b-11 started at 2026-11-20T06:00:00Z, succeeded at 2026-11-20T07:00:00Z; its slot of 2026-11-20T13:00:00Z: met
            It read the wrong result of shop/ml/a for the deadline 2026-11-20T06:00:00Z, which a-11 made at 2026-11-20T05:44:00Z.

          shop/ml/c c-11 started at 2026-11-20T07:00:00Z, succeeded at 2026-11-20T07:30:00Z; its period has no objective
            It read the wrong result of shop/ml/a for the deadline 2026-11-20T07:00:00Z, which a-11 made at 2026-11-20T05:44:00Z.

          shop/ml/d d-11 started at 2026-11-20T13:00:00Z, succeeded at 2026-11-20T13:45:00Z; its period has no objective
            It read the wrong result of shop/ml/b for the deadline 2026-11-20T13:00:00Z, which b-11 made at 2026-11-20T07:00:00Z.

        Nothing was observed from 2026-12-19T05:00:00Z to 2026-12-19T14:00:00Z: runs of this time may be missing here.

        To be repeated; the steps of one wave can run in parallel, once those under AFTER have succeeded:

        STEP  WAVE  AFTER  BATCH      SLOT                  USUALLY     ONE IN TEN OVER
        1     1     -      shop/ml/a  2026-11-20T06:00:00Z  5 h 28 min  7 h 12 min
        2     2     1      shop/ml/b  2026-11-20T13:00:00Z  1 h 00 min  1 h 00 min
        3     2     1      shop/ml/c  2026-11-20T07:00:00Z  30 min      50 min
        4     3     2      shop/ml/d  2026-11-20T13:00:00Z  45 min      50 min

        If it begins at 2027-02-07T00:00:00Z, all is complete at 2027-02-07T07:13:00Z, and with slow runs at 2027-02-07T09:02:00Z.
        Deadlines before that:
          2027-02-07T06:00:00Z of shop/ml/a, objective `before-b`
          2027-02-07T07:00:00Z of shop/ml/a, objective `before-c`

        The commands, in order:

        kubectl create job -n ml --from=cronjob/a a-backfill-20261120 --dry-run=client -o yaml | kubectl annotate --local -f - kigen.dev/slot=2026-11-20T06:00:00Z -o yaml | kubectl create -f -
        kubectl create job -n ml --from=cronjob/b b-backfill-20261120 --dry-run=client -o yaml | kubectl annotate --local -f - kigen.dev/slot=2026-11-20T13:00:00Z -o yaml | kubectl create -f -
        kubectl create job -n ml --from=cronjob/c c-backfill-20261120 --dry-run=client -o yaml | kubectl annotate --local -f - kigen.dev/slot=2026-11-20T07:00:00Z -o yaml | kubectl create -f -
        kubectl create job -n ml --from=cronjob/d d-backfill-20261120 --dry-run=client -o yaml | kubectl annotate --local -f - kigen.dev/slot=2026-11-20T13:00:00Z -o yaml | kubectl create -f -
    "#]].assert_eq(&impact(dir.path(), &wrong));
}

#[tokio::test]
async fn the_plan_is_also_a_table_and_a_picture() {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), &runs()).await;
    expect![[r#"
        step,wave,after,cluster,namespace,batch,slot,certain,median_s,slow_s,done_at,done_at_slow,job,command
        1,1,,shop,ml,d,2026-11-26T13:00:00Z,true,2700,3000,2027-02-07T00:45:00Z,2027-02-07T00:50:00Z,d-backfill-20261126,kubectl create job -n ml --from=cronjob/d d-backfill-20261126 --dry-run=client -o yaml | kubectl annotate --local -f - kigen.dev/slot=2026-11-26T13:00:00Z -o yaml | kubectl create -f -
    "#]].assert_eq(&impact(dir.path(), &["2026-11-26", "--format", "csv"]));
    let picture = impact(dir.path(), &["2026-11-26", "--format", "svg"]);
    let code = "import sys, xml.etree.ElementTree as tree\n\
        bars = tree.fromstring(sys.argv[1]).iter('{http://www.w3.org/2000/svg}rect')\n\
        print([bar[0].text for bar in bars if len(bar)])";
    let output = Command::new("python3").args(["-c", code, &picture]).output().expect("Python runs");
    expect![[r#"
        ['d-17', 'd-backfill-20261126', 'd-backfill-20261126']
    "#]]
    .assert_eq(&String::from_utf8(output.stdout).expect("text"));
}

#[tokio::test]
async fn a_deadline_that_does_not_exist_is_an_error_that_names_the_latest() {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), &runs()).await;
    let mut command = kigen();
    command.args(["impact", "ml/a", "2025-01-01", "--cluster", CLUSTER, "--data-dir"]).arg(dir.path());
    let output = command.output().expect("kigen runs");
    assert_eq!(output.status.code(), Some(1));
    expect![[r#"
        kigen: shop/ml/a has no deadline `2025-01-01`; give one as 2026-11-23T03:00:00Z, or in the objective's zone as 2026-11-23 12:00 or 2026-11-23; the latest are 2027-02-05T07:00:00Z, 2027-02-06T06:00:00Z, 2027-02-06T07:00:00Z, 2027-02-07T06:00:00Z, 2027-02-07T07:00:00Z
    "#]].assert_eq(&String::from_utf8(output.stderr).expect("text"));
}

#[tokio::test]
async fn the_lineage_is_a_tree_a_json_object_and_a_mermaid_graph() {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), &runs()).await;
    let lineage = |format: &str| {
        let mut command = kigen();
        command.args(["lineage", "--format", format, "--cluster", CLUSTER, "--data-dir"]).arg(dir.path());
        String::from_utf8(command.output().expect("kigen runs").stdout).expect("text")
    };
    expect![[r#"
        ml/a
          ml/b
            ml/d
          ml/c
    "#]]
    .assert_eq(&lineage("tree"));
    expect![[r#"
        {"cycles":[],"edges":[{"reader":"ml/b","source":"ml/a"},{"reader":"ml/c","source":"ml/a"},{"reader":"ml/d","source":"ml/b"}]}
    "#]]
    .assert_eq(&lineage("json"));
    expect![[r#"
        graph LR
          b0["ml/a"]
          b1["ml/b"]
          b2["ml/c"]
          b3["ml/d"]
          b0 --> b1
          b0 --> b2
          b1 --> b3
    "#]]
    .assert_eq(&lineage("mermaid"));
}
