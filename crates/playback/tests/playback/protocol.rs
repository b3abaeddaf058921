//! LIST, WATCH, Leases and faults behave as those of a real API server, over HTTP.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use kigen_model::Instant;
use kigen_playback::cache::{CacheProgress, ConsistentReads};
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::faults::WatchLists;
use kigen_playback::generate::{Cluster, CronJobPlan, RunPlan};
use kigen_playback::history::{Change, ChangeKind, History};
use kigen_playback::resource::Resource;
use kigen_playback::server::{Options, Played, Server, TimeoutsIn};
use serde_json::Value;

use crate::client::{Next, get, list, manual, revision, send, watch};
use crate::fixtures::recorded;

const CRON_JOBS: &str = "/apis/batch/v1/cronjobs";
const JOBS: &str = "/apis/batch/v1/jobs";
const PODS: &str = "/api/v1/pods";

fn at(text: &str) -> Instant {
    text.parse().expect("an instant")
}

fn names(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().expect("items");
    items.iter().map(|item| item["metadata"]["name"].as_str().expect("a name").to_owned()).collect()
}

/// Nine initial CronJobs, each with a run at the first minute.
fn nine() -> History {
    let start = at("2026-11-23T08:00:00Z");
    let mut cluster = Cluster::new(start);
    for nth in 1..=9 {
        let (namespace, name) = (format!("team-{}", nth % 2), format!("batch-{nth}"));
        cluster.cron_job(CronJobPlan::new(&namespace, &name, "1 8 * * *"));
        let plan = RunPlan::succeeds(TimeDelta::seconds(30));
        cluster.run(&namespace, &name, start + TimeDelta::minutes(1), plan);
    }
    cluster.build().expect("a sound plan")
}

#[tokio::test]
async fn the_pages_of_a_list_have_one_revision_while_time_passes() {
    let server = manual(nine(), Options::default()).await;
    server.clock().advance_to(at("2026-11-23T08:01:05Z"));
    let whole = list(&server, PODS).await;
    assert_eq!(names(&whole).len(), 9);
    let mut page = list(&server, &format!("{PODS}?limit=4")).await;
    assert_eq!(page["metadata"]["remainingItemCount"], 5);
    let mut items = Vec::new();
    for later in ["2026-11-23T08:01:40Z", "2026-11-23T09:00:00Z"] {
        items.append(page["items"].as_array_mut().expect("items"));
        server.clock().advance_to(at(later));
        let token = page["metadata"]["continue"].as_str().expect("more pages");
        page = list(&server, &format!("{PODS}?limit=4&continue={token}")).await;
        assert_eq!(revision(&page), revision(&whole));
    }
    items.append(page["items"].as_array_mut().expect("items"));
    assert_eq!(page["metadata"].get("continue"), None);
    assert_eq!(Value::from(items), whole["items"]);
    assert_eq!(whole["items"][0].get("kind"), None);
    assert_ne!(list(&server, PODS).await["items"], whole["items"], "they have ended since");
}

#[tokio::test]
async fn a_namespaced_list_has_only_its_own_objects_and_an_unknown_path_is_a_404_status() {
    let server = manual(nine(), Options::default()).await;
    let path = "/apis/batch/v1/namespaces/team-0/cronjobs";
    assert_eq!(names(&list(&server, path).await), ["batch-2", "batch-4", "batch-6", "batch-8"]);
    let page = list(&server, &format!("{path}?limit=3")).await;
    assert_eq!(page["metadata"]["remainingItemCount"], 1);
    let one = list(&server, &format!("{CRON_JOBS}?fieldSelector=metadata.name%3Dbatch-3")).await;
    assert_eq!(names(&one), ["batch-3"]);
    for path in ["/apis/batch/v1/cronjob", "/apis/apps/v1/deployments", "/api/v1/cronjobs"] {
        let unknown = get(&server, path).await;
        assert_eq!(unknown.status, 404);
        assert_eq!(unknown.body().await["kind"], "Status");
    }
    assert_eq!(list(&server, "/version").await["gitVersion"], "v1.36.2");
    let uid = list(&server, "/api/v1/namespaces/kube-system").await["metadata"]["uid"].clone();
    assert_eq!(uid, Options::default().cluster_uid);
    let other = list(&server, "/api/v1/namespaces/team-0").await["metadata"]["uid"].clone();
    assert!(other.is_string() && other != uid, "{other}");
    server.faults().refuse_namespaces(Some(403));
    assert_eq!(get(&server, "/api/v1/namespaces/kube-system").await.status, 403);
}

#[tokio::test]
async fn a_list_contains_every_change_up_to_its_date_header() {
    let history = recorded("cron_many");
    let server = manual(history.clone(), Options::default()).await;
    for change in history.changes().iter().step_by(97) {
        server.clock().advance_to(change.at);
        let response = get(&server, &format!("{JOBS}?limit=1")).await;
        let date = response.header("date").expect("a Date").to_owned();
        let date = chrono::DateTime::parse_from_rfc2822(&date).expect("a date of HTTP").with_timezone(&Utc);
        assert!(date <= change.at && change.at - date < TimeDelta::seconds(1), "{date} at {}", change.at);
        let listed: u64 = revision(&response.body().await).parse().expect("a number");
        let missing = history.changes().iter().filter(|it| it.at <= date && it.resource_version() > listed);
        assert_eq!(missing.count(), 0, "at {date}");
    }
}

#[tokio::test]
async fn a_broken_watch_resumes_without_loss_and_without_repetition() {
    let history = recorded("cron_success");
    let server = manual(history.clone(), Options::default()).await;
    let wanted: Vec<u64> = history
        .changes()
        .iter()
        .filter(|change| change.resource == Resource::Pods)
        .map(|change| change.resource_version())
        .collect();
    let mut last = revision(&list(&server, PODS).await);
    let mut seen = Vec::new();
    for change in history.changes() {
        let mut shown = watch(&server, PODS, &last, "").await;
        server.clock().advance_to(change.at);
        while seen.len() < wanted.iter().filter(|pod| **pod <= change.resource_version()).count() {
            last = revision(&shown.next().await.line()["object"]);
            seen.push(last.parse::<u64>().expect("a number"));
        }
        server.faults().break_streams(Some(Resource::Pods));
        assert_eq!(shown.next().await, Next::Cut);
    }
    assert_eq!(seen, wanted);
}

#[tokio::test]
async fn a_watch_that_is_too_old_gets_one_error_line_in_a_200_and_ends() {
    let history = nine();
    let is_job = |change: &&Change| change.resource == Resource::Jobs;
    let jobs_at = history.changes().iter().find(is_job).expect("a Job").at;
    let server = manual(history, Options::default()).await;
    let old = revision(&list(&server, CRON_JOBS).await);
    let page = list(&server, &format!("{CRON_JOBS}?limit=2")).await;
    let mut open = watch(&server, CRON_JOBS, &old, "").await;
    server.clock().advance_to(jobs_at);
    server.faults().expire(None);
    let newest = revision(&list(&server, JOBS).await);
    assert_ne!(newest, old, "Jobs were created");
    for shown in [&mut open, &mut watch(&server, CRON_JOBS, &old, "").await] {
        let line = shown.next().await.line();
        assert_eq!(line["type"], "ERROR");
        assert_eq!(line["object"]["code"], 410);
        assert_eq!(line["object"]["reason"], "Expired");
        let wanted = format!("too old resource version: {old} ({newest})");
        assert_eq!(line["object"]["message"], wanted);
        assert_eq!(shown.next().await, Next::End);
    }
    let mut of_the_newest = watch(&server, CRON_JOBS, &newest, "").await;
    let token = page["metadata"]["continue"].as_str().expect("more pages");
    assert_eq!(get(&server, &format!("{CRON_JOBS}?continue={token}")).await.status, 410);
    server.faults().turn_revision();
    server.faults().expire(Some(Resource::Jobs));
    let line = watch(&server, JOBS, &newest, "").await.next().await.line();
    assert_eq!(line["type"], "ERROR", "a Lease was written since");
    server.clock().advance_to(at("2026-11-23T08:02:00Z"));
    assert_eq!(
        of_the_newest.next().await.line()["type"],
        "MODIFIED",
        "a watch at the newest revision stays open"
    );
}

#[tokio::test]
async fn the_window_of_retention_applies_when_a_watch_is_opened() {
    let options = Options { retained: Some(TimeDelta::minutes(5)), ..Options::default() };
    let server = manual(nine(), options).await;
    let first = revision(&list(&server, JOBS).await);
    server.clock().advance_to(at("2026-11-23T08:03:00Z"));
    assert_eq!(watch(&server, JOBS, &first, "").await.next().await.line()["type"], "ADDED");
    let mut open = watch(&server, "/apis/batch/v1/namespaces/none/jobs", &first, "").await;
    server.clock().advance_to(at("2026-11-23T09:00:00Z"));
    assert_eq!(watch(&server, JOBS, &first, "").await.next().await.line()["type"], "ERROR");
    let before_all = watch(&server, JOBS, "1", "").await.next().await.line();
    assert_eq!(before_all["object"]["code"], 410);
    server.faults().break_streams(None);
    assert_eq!(open.next().await, Next::Cut, "an open watch without events does not expire");
}

#[tokio::test]
async fn a_watch_without_a_revision_begins_with_the_initial_objects() {
    let server = manual(nine(), Options::default()).await;
    for from in ["0", ""] {
        let mut shown = watch(&server, CRON_JOBS, from, "").await;
        let mut seen = BTreeSet::new();
        for _ in 0..9 {
            let line = shown.next().await.line();
            assert_eq!(line["type"], "ADDED");
            assert_eq!(line["object"]["kind"], "CronJob");
            seen.insert(line["object"]["metadata"]["name"].as_str().expect("a name").to_owned());
        }
        assert_eq!(seen.len(), 9);
        server.faults().break_streams(None);
        assert_eq!(shown.next().await, Next::Cut, "and no further event");
    }
}

#[tokio::test]
async fn a_future_revision_is_a_504_for_a_list_and_silence_for_a_watch() {
    let server = manual(nine(), Options::default()).await;
    let response = get(&server, &format!("{JOBS}?resourceVersion=999999")).await;
    assert_eq!((response.status, response.header("retry-after")), (504, Some("1")));
    let mut shown = watch(&server, JOBS, "999999", "").await;
    server.clock().advance_to(at("2026-11-23T09:00:00Z"));
    server.faults().break_streams(None);
    assert_eq!(shown.next().await, Next::Cut);
    assert_eq!(get(&server, &format!("{JOBS}?limit=abc")).await.status, 400);
}

#[tokio::test]
async fn bookmarks_are_sent_each_minute_on_request_with_a_skeleton_of_an_object() {
    let server = manual(nine(), Options::default()).await;
    let from = revision(&list(&server, CRON_JOBS).await);
    let mut plain = watch(&server, CRON_JOBS, &from, "").await;
    let mut shown = watch(&server, CRON_JOBS, &from, "&allowWatchBookmarks=true").await;
    server.clock().advance_to(at("2026-11-23T08:00:59Z"));
    server.clock().advance_to(at("2026-11-23T08:01:00Z"));
    let line = shown.next().await.line();
    assert_eq!(line["type"], "BOOKMARK");
    assert_eq!(revision(&line["object"]), from);
    let recorded = r#"{"metadata":{},"spec":{"template":{"metadata":{},"spec":{"containers":null}}}}"#;
    let recorded: Value = serde_json::from_str(recorded).expect("JSON");
    assert_eq!(line["object"]["spec"]["jobTemplate"], recorded);
    server.faults().stall_bookmarks(true);
    server.clock().advance_to(at("2026-11-23T08:30:00Z"));
    for shown in [&mut plain, &mut shown] {
        for _ in 0..18 {
            assert_eq!(shown.next().await.line()["type"], "MODIFIED", "each CronJob twice, and no bookmark");
        }
    }
    server.faults().break_streams(None);
    assert_eq!([plain.next().await, shown.next().await], [Next::Cut, Next::Cut]);
}

#[tokio::test]
async fn a_frozen_watch_sends_nothing_and_a_stalled_cache_sends_bookmarks_of_its_revision() {
    let server = manual(nine(), Options::default()).await;
    let from = revision(&list(&server, JOBS).await);
    let mut cut = watch(&server, CRON_JOBS, &from, "&allowWatchBookmarks=1").await;
    let mut frozen = watch(&server, PODS, &from, "").await;
    let mut stalled = watch(&server, JOBS, &from, "&allowWatchBookmarks=1").await;
    server.faults().freeze(Some(Resource::CronJobs), true);
    server.faults().freeze(Some(Resource::Pods), true);
    server.faults().stall_cache(Some(Resource::Jobs), true);
    for minutes in 1..=3 {
        server.clock().advance_to(at("2026-11-23T08:10:00Z") + TimeDelta::minutes(minutes));
        let line = stalled.next().await.line();
        assert_eq!((line["type"].as_str(), revision(&line["object"])), (Some("BOOKMARK"), from.clone()));
    }
    assert_eq!(names(&list(&server, JOBS).await).len(), 9, "the store has them");
    assert!(names(&list(&server, &format!("{JOBS}?resourceVersion=0")).await).is_empty());
    server.faults().break_streams(Some(Resource::CronJobs));
    assert_eq!(cut.next().await, Next::Cut, "nothing was sent before");
    server.faults().freeze(None, false);
    server.faults().stall_cache(None, false);
    assert_eq!(frozen.next().await.line()["type"], "ADDED");
    assert_eq!(stalled.next().await.line()["type"], "ADDED");
}

#[tokio::test]
async fn a_refusing_server_answers_with_its_status_and_counts_the_requests() {
    let server = manual(nine(), Options::default()).await;
    for code in [401, 403, 429, 500, 503] {
        server.faults().refuse(None, Some(code));
        let response = get(&server, &format!("{JOBS}?watch=1")).await;
        assert_eq!(response.status, code);
        assert_eq!(response.body().await["code"], code);
        assert_eq!(get(&server, "/version").await.status, code);
    }
    server.faults().refuse(None, None);
    list(&server, JOBS).await;
    let requests = server.requests();
    assert_eq!((requests.lists, requests.watches, requests.others), (1, 5, 5));
    server.faults().refuse(Some(Resource::Jobs), Some(503));
    assert_eq!(get(&server, JOBS).await.status, 503);
    list(&server, PODS).await;
}

#[tokio::test]
async fn a_watch_ends_cleanly_at_its_timeout_in_played_time() {
    let options = Options { timeouts: TimeoutsIn::PlayedTime, ..Options::default() };
    let server = manual(nine(), options).await;
    let from = revision(&list(&server, JOBS).await);
    let mut shown = watch(&server, JOBS, &from, "&timeoutSeconds=20").await;
    server.clock().advance_to(at("2026-11-23T08:00:20Z"));
    assert_eq!(shown.next().await, Next::End);
}

#[tokio::test]
async fn a_clock_in_steps_sends_each_watch_all_changes_and_a_bookmark_at_each_rest() {
    let history = nine();
    let pace = Pace::Steps {
        every: TimeDelta::seconds(10),
        offset: TimeDelta::zero(),
        dwell: Duration::from_millis(3),
    };
    let clock = Clock::new(history.start(), pace, Some(at("2026-11-23T08:05:00Z")));
    let options = Options { eager_bookmarks: true, hold_clock: true, ..Options::default() };
    let played = Played { history: history.clone(), clock: clock.clone(), options };
    let server = Server::start(played).await.expect("a free port");
    let from = revision(&list(&server, CRON_JOBS).await);
    let mut shown = watch(&server, CRON_JOBS, &from, "&allowWatchBookmarks=true").await;
    assert_eq!(clock.now(), history.start(), "the clock is held");
    server.begin();
    let newest = history.changes().last().expect("changes").resource_version().to_string();
    let (mut last, mut events) = (from, 0);
    while last != newest {
        let line = shown.next().await.line();
        events += usize::from(line["type"] != "BOOKMARK");
        last = revision(&line["object"]);
    }
    clock.finished().await;
    assert_eq!(events, 18);
    server.shutdown().await;
    let only_bookmarks = async {
        while let Next::Line(line) = shown.next().await {
            assert_eq!(line["type"], "BOOKMARK");
        }
    };
    only_bookmarks.await;
}

#[tokio::test]
async fn the_recorded_restart_of_an_api_server_is_played_to_open_watches() {
    let history = recorded("apiserver_restart");
    let options = Options { with_disturbances: true, ..Options::default() };
    let server = manual(history, options).await;
    let from = revision(&list(&server, JOBS).await);
    let mut shown = watch(&server, JOBS, &from, "").await;
    server.clock().advance_to(at("2026-11-23T12:09:50Z"));
    let mut last = from;
    for _ in 0..5 {
        last = revision(&shown.next().await.line()["object"]);
    }
    server.clock().advance_to(at("2026-11-23T12:10:00Z"));
    assert_eq!(shown.next().await, Next::Cut);
    until(async || get(&server, JOBS).await.status == 503).await;
    server.clock().advance_to(at("2026-11-23T12:10:06.450Z"));
    until(async || get(&server, JOBS).await.status == 200).await;
    until(async || {
        let line = watch(&server, JOBS, &last, "").await.next().await.line();
        line["object"]["message"] == "too old resource version: 10418 (10435)"
    })
    .await;
}

/// Waits for a state that another task brings about.
async fn until(is_so: impl AsyncFn() -> bool) {
    let tried = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), tried).await.expect("in time");
}

#[test]
fn differences_that_only_a_second_list_reveals_become_changes_in_the_order_of_revisions() {
    let history = recorded("all_cluster");
    let mut last = (0, history.start());
    let mut present: BTreeSet<(Resource, String)> = BTreeSet::new();
    for change in history.changes() {
        assert!(change.resource_version() > last.0 && change.at >= last.1, "{}", change.resource_version());
        last = (change.resource_version(), change.at);
        let object = (change.resource, change.uid().to_owned());
        let is_sound = match change.kind {
            ChangeKind::Added => present.insert(object),
            ChangeKind::Modified => present.contains(&object),
            ChangeKind::Deleted => present.remove(&object),
        };
        assert!(is_sound, "{:?} of {} {}", change.kind, change.namespace(), change.name());
    }
}

#[test]
fn an_annotation_is_added_to_all_states_of_a_recorded_cron_job() {
    let key = "kigen.dev/complete-by";
    let history = recorded("cron_success").annotate("s-cron-success", "ok", key, "0 12 * * *");
    let cron_jobs = history.changes().iter().filter(|change| change.resource == Resource::CronJobs);
    let annotations: Vec<&Value> = cron_jobs.map(|it| &it.object["metadata"]["annotations"]).collect();
    assert!(annotations.len() > 3);
    assert!(annotations.iter().all(|it| it[key] == "0 12 * * *" && it["note"] == "x"));
}

#[test]
fn merged_histories_have_one_order_of_time_and_of_revisions() {
    let histories = [recorded("cron_success"), recorded("cron_retry_then_success"), nine()];
    let count: usize = histories.iter().map(|history| history.changes().len()).sum();
    let merged = History::merge(histories);
    assert_eq!(merged.start(), nine().start());
    assert_eq!(merged.changes().len(), count);
    let order = |pair: &[(u64, Instant)]| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1;
    let seen: Vec<_> = merged.changes().iter().map(|it| (it.resource_version(), it.at)).collect();
    assert!(seen.windows(2).all(order));
    let present = merged.changes().iter().filter(|it| it.resource_version() <= merged.initial_revision());
    assert_eq!(present.count(), 9);
    for change in merged.changes() {
        for active in change.object["status"]["active"].as_array().into_iter().flatten() {
            let job =
                merged.changes().iter().find(|it| it.uid() == active["uid"] && it.kind == ChangeKind::Added);
            let job = job.expect("the Job exists");
            assert_eq!(active["resourceVersion"], job.resource_version().to_string());
        }
    }
}

const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/kigen/leases";

fn lease(holder: &str, resource_version: Option<&str>) -> Value {
    let metadata = match resource_version {
        Some(version) => serde_json::json!({"name": "leader", "resourceVersion": version}),
        None => serde_json::json!({"name": "leader"}),
    };
    serde_json::json!({"metadata": metadata, "spec": {"holderIdentity": holder}})
}

#[tokio::test]
async fn a_lease_is_created_once_and_updated_only_with_its_current_version() {
    let server = manual(nine(), Options::default()).await;
    let one = format!("{LEASES}/leader");
    assert_eq!(get(&server, &one).await.status, 404);
    assert_eq!(send(&server, "PUT", &one, &lease("a", Some("1"))).await.status, 404);
    let created = send(&server, "POST", LEASES, &lease("a", None)).await;
    assert_eq!(created.status, 201);
    let first = revision(&created.body().await);
    assert_eq!(send(&server, "POST", LEASES, &lease("b", None)).await.status, 409);
    assert_eq!(send(&server, "PUT", &one, &lease("b", None)).await.status, 422, "the version is missing");
    let changed = send(&server, "PUT", &one, &lease("b", Some(&first))).await;
    assert_eq!(changed.status, 200);
    let second = revision(&changed.body().await);
    assert_ne!(first, second);
    let late = send(&server, "PUT", &one, &lease("a", Some(&first))).await;
    assert_eq!((late.status, late.body().await["reason"].clone()), (409, Value::from("Conflict")));
    assert_eq!(server.lease("kigen", "leader").expect("a Lease")["spec"]["holderIdentity"], "b");
    server.faults().refuse_leases(Some(403));
    assert_eq!(get(&server, &one).await.status, 403);
    assert_eq!(get(&server, JOBS).await.status, 200, "other requests are answered");
}

#[tokio::test]
async fn a_watch_can_begin_with_the_initial_objects_and_mark_their_end_or_fail_as_servers_do() {
    let server = manual(nine(), Options::default()).await;
    let how = "?watch=true&allowWatchBookmarks=true&sendInitialEvents=true";
    let path = format!("{CRON_JOBS}{how}&resourceVersionMatch=NotOlderThan");
    let mut watch = get(&server, &path).await;
    for _ in 0..9 {
        assert_eq!(watch.next().await.line()["type"], "ADDED");
    }
    let end = watch.next().await.line();
    assert_eq!(end["type"], "BOOKMARK");
    assert_eq!(end["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
    assert_eq!(revision(&end["object"]), revision(&list(&server, CRON_JOBS).await));
    server.clock().advance_to(at("2026-11-23T08:01:05Z"));
    assert_eq!(watch.next().await.line()["type"], "MODIFIED", "and the watch continues");
    assert_eq!(get(&server, &format!("{CRON_JOBS}{how}")).await.status, 422);
    server.faults().watch_lists(WatchLists::Refused);
    assert_eq!(get(&server, &path).await.status, 422);
    server.faults().watch_lists(WatchLists::Failed);
    let error = get(&server, &path).await.body().await;
    assert_eq!((error["type"].clone(), error["object"]["code"].clone()), ("ERROR".into(), 500.into()));
    server.faults().watch_lists(WatchLists::Unmarked);
    let mut unmarked = get(&server, &path).await;
    for _ in 0..9 {
        assert_eq!(unmarked.next().await.line()["type"], "ADDED");
    }
    server.clock().advance_to(at("2026-11-23T08:02:30Z"));
    let mut line = unmarked.next().await.line();
    while line["type"] != "BOOKMARK" {
        line = unmarked.next().await.line();
    }
    assert!(line["object"]["metadata"].get("annotations").is_none());
}

const OBJECTIVES: &str = "/apis/kigen.dev/v1alpha1/objectives";

#[tokio::test]
async fn objectives_are_served_while_their_custom_resource_is_installed_and_their_watches_end_with_it() {
    let start = at("2026-11-23T08:00:00Z");
    let mut cluster = Cluster::new(start);
    let spec =
        |crontab: &str| Some(serde_json::json!({"batch": {"cronJob": "batch"}, "completeBy": crontab}));
    cluster.objective("team", "ready", start, spec("0 12 * * *"));
    cluster.objective("team", "ready", start + TimeDelta::minutes(1), spec("0 11 * * *"));
    cluster.objective("team", "ready", start + TimeDelta::minutes(2), None);
    let server = manual(cluster.build().expect("a sound plan"), Options::default()).await;
    let refused = get(&server, OBJECTIVES).await;
    assert_eq!(refused.status, 404);
    server.faults().serve_objectives(true);
    let listed = list(&server, "/apis/kigen.dev/v1alpha1/namespaces/team/objectives").await;
    assert_eq!((names(&listed), &listed["kind"]), (vec!["ready".to_owned()], &Value::from("ObjectiveList")));
    let mut shown = watch(&server, OBJECTIVES, &revision(&listed), "").await;
    let status = |name: &str| format!("/apis/kigen.dev/v1alpha1/namespaces/team/objectives/{name}/status");
    for fields in [serde_json::json!({"batches": 2, "problem": "none"}), serde_json::json!({"problem": null})]
    {
        let body = serde_json::json!({"status": fields});
        assert_eq!(send(&server, "PATCH", &status("ready"), &body).await.status, 200);
        assert_eq!(send(&server, "PATCH", &status("absent"), &body).await.status, 404);
    }
    let listed = list(&server, OBJECTIVES).await;
    assert_eq!(listed["items"][0]["status"], serde_json::json!({"batches": 2}));
    server.clock().advance_to(start + TimeDelta::minutes(3));
    let edited = shown.next().await.line();
    assert_eq!(
        (&edited["type"], &edited["object"]["metadata"]["generation"]),
        (&"MODIFIED".into(), &2.into())
    );
    assert_eq!(shown.next().await.line()["type"], "DELETED");
    server.faults().serve_objectives(false);
    assert!(matches!(shown.next().await, Next::Cut));
}

#[tokio::test]
async fn a_watch_gets_a_bookmark_two_seconds_before_its_end_of_what_its_cache_has_noticed() {
    let reported = |reads| CacheProgress::Reported { every: TimeDelta::minutes(10), reads };
    let reads =
        [ConsistentReads::FromStore, ConsistentReads::FromCacheIfUnlimited, ConsistentReads::FromCache];
    let of_unlimited = [false, true, true];
    let of_limited = [false, false, true];
    for (nth, reads) in reads.into_iter().enumerate() {
        for (query, notices) in [("", of_unlimited[nth]), ("?limit=1", of_limited[nth])] {
            let options = Options {
                timeouts: TimeoutsIn::PlayedTime,
                cache_progress: reported(reads),
                ..Options::default()
            };
            let server = manual(nine(), options).await;
            let from = revision(&list(&server, &format!("{CRON_JOBS}?limit=1")).await);
            let more = "&timeoutSeconds=5&allowWatchBookmarks=true";
            let mut shown = watch(&server, CRON_JOBS, &from, more).await;
            let written = server.faults().turn_revision();
            let listed = revision(&list(&server, &format!("{CRON_JOBS}{query}")).await);
            assert_eq!(listed, written.to_string());
            server.clock().advance_to(at("2026-11-23T08:00:03Z"));
            let bookmark = shown.next().await.line();
            assert_eq!(bookmark["type"], "BOOKMARK");
            assert_eq!(revision(&bookmark["object"]) == listed, notices, "{reads:?} {query}");
            server.clock().advance_to(at("2026-11-23T08:00:05Z"));
            assert_eq!(shown.next().await, Next::End);
        }
    }
}
