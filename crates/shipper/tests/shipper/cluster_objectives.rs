//! Objectives of the cluster: emitted when they are declared and when a CronJob that they name changes, withdrawn when they
//! are gone, and not required where they are unavailable.

use std::collections::BTreeMap;

use crate::support::shipping::{Shipping, Start};
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use expect_test::{Expect, expect};
use kigen_model::event::{Fact, FactBody};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource};
use kigen_playback::clock::Pace;
use kigen_playback::faults::WatchLists;
use kigen_playback::generate::{Cluster, CronJobPlan};
use kigen_playback::resource::Resource;
use kigen_shipper::input::{Declaration, Declared, Input};
use serde_json::{Value, json};

fn start() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 9, 0, 0, 0).single().expect("an instant")
}

fn at(minutes: i64) -> DateTime<Utc> {
    start() + TimeDelta::minutes(minutes)
}

fn cluster() -> Cluster {
    let mut cluster = Cluster::new(start());
    for (namespace, name, schedule) in
        [("ml", "recommend", "0 8 * * *"), ("ml", "rank", "0 9 * * *"), ("dwh", "report", "0 12 * * *")]
    {
        cluster.cron_job(CronJobPlan::new(namespace, name, schedule));
    }
    // The clock runs as long as this exists.
    cluster.cron_job(CronJobPlan::new("end", "end", "@yearly"));
    cluster.delete_cron_job("end", "end", at(120));
    cluster
}

fn noon(batch: &Value) -> Option<Value> {
    Some(json!({"batch": batch, "completeBy": "0 12 * * *"}))
}

fn before_report() -> Option<Value> {
    let target = json!({"cronJob": "report", "namespace": "dwh"});
    Some(json!({"batch": {"cronJob": "recommend"}, "before": target}))
}

async fn ship(cluster: &Cluster) -> Shipping {
    let history = cluster.build().expect("a history");
    Start { objectives: true, ..Start::of(history, Pace::Manual) }.start().await
}

async fn play_until(shipping: &mut Shipping, minutes: i64) {
    shipping.server.clock().advance_to(at(minutes));
    shipping.until_ticked(at(minutes)).await;
}

fn wording(objective: &Objective) -> String {
    let deadlines = match &objective.deadlines {
        Deadlines::CompleteBy { crontab } => format!("by {crontab}"),
        Deadlines::Before { cron_job, schedule, .. } => {
            let schedule = schedule.as_ref().map_or("never", |schedule| &schedule.crontab);
            format!("before {cron_job} ({schedule})")
        }
        Deadlines::Reads { .. } => "none".to_owned(),
    };
    format!("{} {deadlines}, grace {} min", objective.source.label(), objective.grace.num_minutes())
}

/// The emitted versions of objectives, each newer than the one before: one objective after the other, since streams open in
/// any order.
fn emitted(shipping: &Shipping) -> String {
    let mut newest = BTreeMap::new();
    let mut lines: BTreeMap<_, String> = BTreeMap::new();
    for Fact { key, body, .. } in shipping.facts() {
        let FactBody::Objective { name, revision, objective } = body else { continue };
        let before = newest.insert((key, name), revision.resource_version);
        assert!(Some(revision.resource_version) > before, "{revision:?} is not newer");
        let wording = objective.as_ref().map_or("withdrawn".to_owned(), wording);
        let line = format!("{}/{} {name}: {wording}\n", key.namespace, key.batch);
        lines.entry((key, name)).or_default().push_str(&line);
    }
    lines.into_values().collect()
}

fn check(shipping: &Shipping, expected: &Expect) {
    expected.assert_eq(&emitted(shipping));
}

/// The problems of what cannot be resolved, as the statuses would have them.
fn problems(shipping: &Shipping) -> String {
    let resolutions = shipping.shipper.resolutions();
    let of_objects = resolutions.objects.iter().filter_map(|((namespace, name), resolution)| {
        Some(format!("{namespace}/{name}: {}\n", resolution.problem.as_ref()?))
    });
    let of_file =
        resolutions.in_file.iter().map(|((key, name), problem)| format!("{key} {name}: {problem}\n"));
    of_objects.chain(of_file).collect()
}

fn in_file(name: &str) -> Input {
    let deadlines = Deadlines::CompleteBy { crontab: "0 11 * * *".to_owned() };
    let objective = Objective::new(deadlines, ObjectiveSource::File);
    let declared =
        Declared { key: BatchKey::new("test", "ml", "recommend"), name: name.to_owned(), objective };
    Input::Declared(Declaration { all: vec![declared], is_whole: true, ..Declaration::default() })
}

fn empty_file() -> Input {
    Input::Declared(Declaration { is_whole: true, ..Declaration::default() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_objective_that_is_created_edited_deleted_and_created_again_is_emitted_each_time_and_withdrawn() {
    let mut cluster = cluster();
    let recommend = json!({"cronJob": "recommend"});
    cluster.objective("ml", "ready", at(0), noon(&recommend));
    let with_grace = json!({"batch": recommend, "completeBy": "0 12 * * *", "grace": "10m"});
    cluster.objective("ml", "ready", at(10), Some(with_grace));
    cluster.objective("ml", "ready", at(20), None);
    cluster.objective("ml", "ready", at(30), noon(&recommend));
    cluster.objective("ml", "backfills", at(40), noon(&json!({"name": "backfill"})));
    let mut shipping = ship(&cluster).await;
    for minutes in [5, 15, 25, 35, 45] {
        play_until(&mut shipping, minutes).await;
    }
    check(
        &shipping,
        &expect![[r#"
            ml/backfill backfills: object by 0 12 * * *, grace 0 min
            ml/recommend ready: object by 0 12 * * *, grace 0 min
            ml/recommend ready: object by 0 12 * * *, grace 10 min
            ml/recommend ready: withdrawn
            ml/recommend ready: object by 0 12 * * *, grace 0 min
        "#]],
    );
    assert_eq!(problems(&shipping), "");
    assert_eq!(shipping.rejected, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_selector_is_one_objective_a_match_and_follows_labels_and_cron_jobs() {
    let mut cluster = cluster();
    let gold = json!({"selector": {"matchLabels": {"tier": "gold"}}});
    cluster.objective("ml", "golden", at(0), noon(&gold));
    cluster.label("ml", "recommend", at(10), "tier", Some("gold"));
    // It selects in its own namespace only.
    cluster.label("dwh", "report", at(10), "tier", Some("gold"));
    cluster.label("ml", "rank", at(20), "tier", Some("gold"));
    cluster.label("ml", "recommend", at(30), "tier", Some("silver"));
    cluster.delete_cron_job("ml", "rank", at(40));
    let mut shipping = ship(&cluster).await;
    assert_eq!(problems(&shipping), "ml/golden: no CronJob of the namespace ml has these labels\n");
    for minutes in [15, 25, 35, 45] {
        play_until(&mut shipping, minutes).await;
    }
    check(
        &shipping,
        &expect![[r#"
            ml/rank golden: selector by 0 12 * * *, grace 0 min
            ml/rank golden: withdrawn
            ml/recommend golden: selector by 0 12 * * *, grace 0 min
            ml/recommend golden: withdrawn
        "#]],
    );
    assert_eq!(problems(&shipping), "ml/golden: no CronJob of the namespace ml has these labels\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deadlines_before_a_cron_job_follow_it_and_a_missing_cron_job_is_a_problem() {
    let mut cluster = cluster();
    cluster.objective("ml", "before-report", at(0), before_report());
    cluster.edit_schedule("dwh", "report", at(10), "30 12 * * *");
    cluster.delete_cron_job("dwh", "report", at(20));
    let mut shipping = ship(&cluster).await;
    play_until(&mut shipping, 15).await;
    assert_eq!(problems(&shipping), "");
    play_until(&mut shipping, 25).await;
    check(
        &shipping,
        &expect![[r#"
            ml/recommend before-report: object before report (0 12 * * *), grace 0 min
            ml/recommend before-report: object before report (30 12 * * *), grace 0 min
            ml/recommend before-report: object before report (never), grace 0 min
        "#]],
    );
    assert_eq!(problems(&shipping), "ml/before-report: there is no CronJob report in the namespace dwh\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_objective_that_cannot_be_resolved_is_named_and_stops_nothing() {
    let mut cluster = cluster();
    let recommend = json!({"cronJob": "recommend"});
    let specs = [
        ("absent", json!({"batch": {"cronJob": "gone"}, "completeBy": "0 12 * * *"})),
        ("crontab", json!({"batch": recommend, "completeBy": "0 25 * * *", "timeZone": "Asia/Tokio"})),
        ("empty", Value::Null),
        ("nothing", json!({"batch": recommend})),
        ("selector", json!({"batch": {"selector": {"matchLabels": {}}}, "completeBy": "0 12 * * *"})),
        ("span", json!({"batch": recommend, "completeBy": "0 12 * * *", "grace": "ten"})),
        ("complete-by", json!({"batch": recommend, "completeBy": "0 12 * * *"})),
    ];
    for (name, spec) in specs {
        cluster.objective("ml", name, at(0), Some(spec));
    }
    cluster.objective("ml", "well", at(0), noon(&recommend));
    // Its last readable spec stays in force until another can be read.
    cluster.objective("ml", "worse", at(0), noon(&recommend));
    cluster.objective("ml", "worse", at(10), Some(json!({"batch": recommend, "completeBy": 12})));
    let mut shipping = ship(&cluster).await;
    play_until(&mut shipping, 15).await;
    check(
        &shipping,
        &expect![[r#"
            ml/gone absent: object by 0 12 * * *, grace 0 min
            ml/recommend crontab: object by 0 25 * * *, grace 0 min
            ml/recommend well: object by 0 12 * * *, grace 0 min
            ml/recommend worse: object by 0 12 * * *, grace 0 min
        "#]],
    );
    expect![[r#"
        ml/absent: there is no CronJob gone in the namespace ml
        ml/complete-by: `complete-by` is the name of what the annotation kigen.dev/complete-by makes: choose another
        ml/crontab: `completeBy`: the hour `25` does not read: 25 is above 23; allowed are 0 to 23, lists `6,18`, ranges `9-17`, steps `*/2`; `timeZone`: there is no time zone `Asia/Tokio` in tzdata 2026f: did you mean `Asia/Tokyo`?
        ml/empty: it has no `spec`
        ml/nothing: nothing names the deadlines: add `completeBy` or `before`, or, without deadlines, `reads`
        ml/selector: a selector without a label would select every CronJob: name one
        ml/span: `grace` is `ten`: write a number with s, m, h or d, at most 31d
        ml/worse: its `spec` is not understood: invalid type: integer `12`, expected a string at line 1 column 48
    "#]].assert_eq(&problems(&shipping));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_sources_that_give_one_name_the_first_writer_wins_until_it_withdraws() {
    let mut cluster = cluster();
    cluster.objective("ml", "ready", at(10), noon(&json!({"cronJob": "recommend"})));
    cluster.objective("ml", "ready", at(30), None);
    // Under another name a second objective holds beside it.
    cluster.objective("ml", "later", at(40), noon(&json!({"cronJob": "recommend"})));
    let mut shipping = ship(&cluster).await;
    shipping.apply(in_file("ready"));
    play_until(&mut shipping, 15).await;
    let taken =
        "ml/ready: a file of objectives has a `ready` for recommend, which was first: choose another name\n";
    assert_eq!(problems(&shipping), taken);
    shipping.apply(empty_file());
    shipping.apply(in_file("ready"));
    play_until(&mut shipping, 16).await;
    let taken =
        "test/ml/recommend ready: an Objective ml/ready holds for it, which was first: choose another name\n";
    assert_eq!(problems(&shipping), taken);
    play_until(&mut shipping, 45).await;
    assert_eq!(problems(&shipping), "");
    check(
        &shipping,
        &expect![[r#"
            ml/recommend later: object by 0 12 * * *, grace 0 min
            ml/recommend ready: file by 0 11 * * *, grace 0 min
            ml/recommend ready: object by 0 12 * * *, grace 0 min
            ml/recommend ready: file by 0 11 * * *, grace 0 min
        "#]],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_may_start_and_stop_to_serve_objectives() {
    // Also where objects are listed in pages, since the server streams no lists.
    for watch_lists in [WatchLists::Served, WatchLists::Refused] {
        let mut cluster = cluster();
        cluster.objective("ml", "ready", at(0), noon(&json!({"cronJob": "recommend"})));
        let history = cluster.build().expect("a history");
        let mut shipping = Start { watch_lists, ..Start::of(history, Pace::Manual) }.start().await;
        play_until(&mut shipping, 5).await;
        check(&shipping, &expect![""]);
        let gaps = shipping.gaps();
        shipping.server.faults().serve_objectives(true);
        shipping.until("it is emitted", |shipping| !emitted(shipping).is_empty()).await;
        play_until(&mut shipping, 10).await;
        // A kind that vanishes withdraws nothing before a person confirms it.
        shipping.server.faults().serve_objectives(false);
        shipping.until("it is held", |shipping| shipping.shipper.held_withdrawals().is_some()).await;
        check(
            &shipping,
            &expect![[r#"
                ml/recommend ready: object by 0 12 * * *, grace 0 min
            "#]],
        );
        shipping.confirm_withdrawals(1);
        shipping.restart(2);
        shipping.server.clock().advance_to(at(18));
        shipping.until("it is withdrawn", |shipping| emitted(shipping).contains("withdrawn")).await;
        assert_eq!(shipping.shipper.held_withdrawals(), None);
        assert_eq!(shipping.gaps(), gaps, "no run can have been lost with them");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shipper_that_may_not_read_objectives_ships_all_else_and_keeps_the_emitted_ones_in_force() {
    let mut cluster = cluster();
    cluster.objective("ml", "before-report", at(0), before_report());
    cluster.objective("ml", "ready", at(0), noon(&json!({"cronJob": "recommend"})));
    cluster.objective("ml", "ready", at(5), None);
    cluster.edit_schedule("dwh", "report", at(10), "30 12 * * *");
    let mut shipping = ship(&cluster).await;
    shipping.server.faults().refuse(Some(Resource::Objectives), Some(403));
    shipping.restart(2);
    play_until(&mut shipping, 15).await;
    check(
        &shipping,
        &expect![[r#"
            ml/recommend before-report: object before report (0 12 * * *), grace 0 min
            ml/recommend before-report: object before report (30 12 * * *), grace 0 min
            ml/recommend ready: object by 0 12 * * *, grace 0 min
        "#]],
    );
    shipping.server.faults().refuse(Some(Resource::Objectives), None);
    shipping.until("it is withdrawn", |shipping| emitted(shipping).contains("withdrawn")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resumed_shipper_emits_nothing_twice_and_what_changed_meanwhile() {
    let mut cluster = cluster();
    cluster.objective("ml", "before-report", at(0), before_report());
    let gold = json!({"selector": {"matchLabels": {"tier": "gold"}}});
    cluster.objective("ml", "golden", at(0), noon(&gold));
    cluster.objective("ml", "ready", at(0), noon(&json!({"cronJob": "rank"})));
    cluster.label("ml", "recommend", at(2), "tier", Some("gold"));
    cluster.edit_schedule("dwh", "report", at(10), "30 12 * * *");
    cluster.objective("ml", "ready", at(10), None);
    cluster.label("ml", "recommend", at(10), "tier", None);
    let mut shipping = ship(&cluster).await;
    play_until(&mut shipping, 5).await;
    let before = emitted(&shipping);
    shipping.restart(2);
    play_until(&mut shipping, 6).await;
    assert_eq!(emitted(&shipping), before, "nothing is emitted twice");
    shipping.restart(3);
    shipping.server.clock().advance_to(at(15));
    play_until(&mut shipping, 16).await;
    check(
        &shipping,
        &expect![[r#"
        ml/rank ready: object by 0 12 * * *, grace 0 min
        ml/rank ready: withdrawn
        ml/recommend before-report: object before report (0 12 * * *), grace 0 min
        ml/recommend before-report: object before report (30 12 * * *), grace 0 min
        ml/recommend golden: selector by 0 12 * * *, grace 0 min
        ml/recommend golden: withdrawn
    "#]],
    );
    assert_eq!(shipping.gaps().len(), 1, "{:?}", shipping.gaps());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_tick_is_written_while_the_stream_of_objectives_is_behind_the_cluster() {
    let mut cluster = cluster();
    cluster.objective("ml", "ready", at(10), noon(&json!({"cronJob": "recommend"})));
    let mut shipping = ship(&cluster).await;
    shipping.server.faults().freeze(Some(Resource::Objectives), true);
    shipping.server.clock().advance_to(at(15));
    shipping.until_probed(5).await;
    assert!(shipping.observed_until() < Some(at(10)), "{:?}", shipping.observed_until());
    shipping.server.faults().freeze(Some(Resource::Objectives), false);
    shipping.until_ticked(at(15)).await;
    assert!(emitted(&shipping).contains("ready"));
}

/// Eight CronJobs, each with an Objective of its own.
fn eight() -> (Cluster, Vec<String>) {
    let mut cluster = cluster();
    let names: Vec<String> = (0..8).map(|nth| format!("job-{nth}")).collect();
    for name in &names {
        cluster.cron_job(CronJobPlan::new("ml", name, "0 8 * * *"));
        cluster.objective("ml", &format!("ready-{name}"), at(0), noon(&json!({"cronJob": name})));
    }
    (cluster, names)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleting_the_custom_resource_definition_withdraws_no_objective_until_a_person_confirms_it() {
    let (mut cluster, names) = eight();
    // It deletes each Objective; then the API server no longer serves them.
    for name in &names {
        cluster.objective("ml", &format!("ready-{name}"), at(10), None);
    }
    let mut shipping = ship(&cluster).await;
    play_until(&mut shipping, 5).await;
    let before = emitted(&shipping);
    assert_eq!(before.lines().count(), 8);
    play_until(&mut shipping, 15).await;
    shipping.server.faults().serve_objectives(false);
    for minutes in [20, 25] {
        play_until(&mut shipping, minutes).await;
    }
    assert_eq!(emitted(&shipping), before, "they stay in force");
    let held = shipping.shipper.held_withdrawals().expect("they are held").to_string();
    assert!(held.starts_with("8 of 8 objectives stay in force although"), "{held}");
    assert!(held.contains("--confirm-withdrawals 8"), "{held}");
    // So they do after a restart, until it is confirmed.
    shipping.restart(2);
    play_until(&mut shipping, 30).await;
    assert_eq!(emitted(&shipping), before);
    shipping.confirm_withdrawals(8);
    shipping.restart(3);
    shipping.server.clock().advance_to(at(35));
    let all_withdrawn = |shipping: &Shipping| emitted(shipping).matches("withdrawn").count() == 8;
    shipping.until("all are withdrawn", all_withdrawn).await;
    assert_eq!(shipping.shipper.held_withdrawals(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objectives_whose_withdrawal_is_held_are_in_force_and_declared_again_they_are_not_held_any_more() {
    let (mut cluster, names) = eight();
    for name in &names {
        let (key, noon) = (format!("ready-{name}"), noon(&json!({"cronJob": name})));
        cluster.objective("ml", &key, at(10), None);
        cluster.objective("ml", &key, at(20), noon);
    }
    // Three at once are withdrawn without a question.
    for name in &names[..3] {
        cluster.objective("ml", &format!("ready-{name}"), at(30), None);
    }
    let mut shipping = ship(&cluster).await;
    play_until(&mut shipping, 15).await;
    assert!(shipping.shipper.held_withdrawals().is_some());
    play_until(&mut shipping, 25).await;
    assert_eq!(shipping.shipper.held_withdrawals(), None);
    assert_eq!(emitted(&shipping).lines().count(), 8, "nothing has changed");
    play_until(&mut shipping, 35).await;
    assert_eq!(emitted(&shipping).matches("withdrawn").count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn annotations_that_vanish_from_many_cron_jobs_at_once_are_withdrawn_only_when_confirmed() {
    let mut cluster = cluster();
    let complete_by = "kigen.dev/complete-by";
    let names: Vec<String> = (0..5).map(|nth| format!("job-{nth}")).collect();
    for name in &names {
        cluster.cron_job(CronJobPlan::new("ml", name, "0 8 * * *").annotation(complete_by, "0 12 * * *"));
        cluster.annotate("ml", name, at(10), complete_by, None);
    }
    let mut shipping = ship(&cluster).await;
    for minutes in [15, 20] {
        play_until(&mut shipping, minutes).await;
    }
    assert_eq!(emitted(&shipping).matches("withdrawn").count(), 0, "{}", emitted(&shipping));
    assert!(shipping.shipper.held_withdrawals().is_some_and(|held| held.count == 5));
    shipping.confirm_withdrawals(5);
    shipping.restart(2);
    play_until(&mut shipping, 25).await;
    assert_eq!(emitted(&shipping).matches("withdrawn").count(), 5);
}
