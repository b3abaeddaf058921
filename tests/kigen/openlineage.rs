//! `kigen lineage import` against a fake of Marquez's HTTP API, written from its OpenAPI document.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;

use axum::Router;
use axum::extract::{Path as UrlPath, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use expect_test::expect;
use kigen_log::{EmbeddedLog, Settings};
use kigen_processor::{Processor, TurnBounds};
use kigen_store::Store;
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;

use crate::impact::{CLUSTER, runs, write};
use crate::sheet::{stderr, stdout};
use crate::support::kigen;

const KEY: &str = "key-1";
/// The most items of a page, whatever is asked for.
const PAGE_MAX: usize = 2;

fn dataset(name: &str) -> Json {
    json!({"namespace": "s3://warehouse", "name": name})
}

/// A job as the documentation shows one.
fn job((namespace, name, parent): (&str, &str, Option<&str>), inputs: &[&str], outputs: &[&str]) -> Json {
    let datasets = |names: &[&str]| names.iter().map(|name| dataset(name)).collect::<Vec<_>>();
    json!({
        "id": {"namespace": namespace, "name": name},
        "type": "BATCH",
        "name": name,
        "simpleName": name.rsplit('.').next(),
        "parentJobName": parent,
        "createdAt": "2026-11-09T19:49:24.201361Z",
        "updatedAt": "2026-11-09T19:49:24.201361Z",
        "namespace": namespace,
        "inputs": datasets(inputs),
        "outputs": datasets(outputs),
        "location": null,
        "description": null,
        "latestRun": null,
        "latestRuns": [],
        "facets": {},
        "currentVersion": "b1d626a2-6d3a-475e-9ecf-943176d4a8c6",
    })
}

fn lineage() -> BTreeMap<String, Vec<Json>> {
    let cluster = "k8s://prod/ml";
    let of_cluster = vec![
        job((cluster, "A", None), &["raw"], &["a"]),
        job((cluster, "b", None), &["a", "c"], &["b"]),
        job((cluster, "c", None), &["d\n    - \"ml/injected\"", "own"], &["c", "own"]),
    ];
    let of_flows = vec![
        job(("airflow", "d", None), &[], &[]),
        job(("airflow", "d.load", Some("d")), &["b"], &["part"]),
        job(("airflow", "d.publish", Some("d")), &["part"], &["d\n    - \"ml/injected\""]),
        job(("airflow", "mails", None), &["c"], &[]),
        job(("airflow", "alone", None), &["unwritten"], &["unread"]),
        job(("spark", "ml_a", None), &["c", "a"], &["raw"]),
    ];
    BTreeMap::from([(cluster.to_owned(), of_cluster), ("airflow/flows".to_owned(), of_flows)])
}

type Lineage = State<BTreeMap<String, Vec<Json>>>;

async fn namespaces(State(lineage): Lineage, headers: HeaderMap, query: Query<Page>) -> Response {
    let namespaces = lineage.keys().map(|name| json!({"name": name, "ownerName": "anonymous"})).collect();
    answer(&headers, &query, "namespaces", namespaces)
}

async fn jobs(
    State(lineage): Lineage,
    UrlPath(namespace): UrlPath<String>,
    headers: HeaderMap,
    query: Query<Page>,
) -> Response {
    answer(&headers, &query, "jobs", lineage.get(&namespace).cloned().unwrap_or_default())
}

#[derive(serde::Deserialize)]
struct Page {
    limit: usize,
    offset: usize,
}

fn answer(headers: &HeaderMap, page: &Page, name: &str, items: Vec<Json>) -> Response {
    if headers.get("authorization").is_none_or(|value| value != &format!("Bearer {KEY}")) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let all = items.len();
    let page: Vec<Json> = items.into_iter().skip(page.offset).take(page.limit.min(PAGE_MAX)).collect();
    axum::Json(json!({name: page, "totalCount": all})).into_response()
}

async fn serve(routes: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    url
}

async fn marquez() -> String {
    let routes = Router::new()
        .route("/api/v1/namespaces", get(namespaces))
        .route("/api/v1/namespaces/{namespace}/jobs", get(jobs));
    serve(routes.with_state(lineage())).await
}

/// A log that was judged, so that its batches are known.
async fn judged(dir: &Path) {
    write(dir, &runs()).await;
    let log = EmbeddedLog::open(&dir.join("log"), Settings { partitions: 1, ..Settings::default() });
    let (store, _) = Store::open(&dir.join("store")).expect("a store");
    let mut processor =
        Processor::open(log.expect("a log"), store, TurnBounds::default()).expect("a processor");
    while !processor.is_idle().expect("a log") {
        processor.turn().await.expect("judged");
    }
}

async fn import(dir: &Path, url: &str, key: Option<&str>, args: &[&str]) -> Output {
    let mut command = kigen();
    command.args(["--cluster", CLUSTER, "--data-dir"]).arg(dir).args([
        "lineage",
        "import",
        "--openlineage",
        url,
    ]);
    command.args(args).env_remove("OPENLINEAGE_API_KEY").envs(key.map(|key| ("OPENLINEAGE_API_KEY", key)));
    tokio::task::spawn_blocking(move || command.output().expect("kigen runs")).await.expect("it ends")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_batches_read_is_proposed_as_a_file_and_nothing_is_applied() {
    let dir = tempfile::tempdir().expect("a folder");
    judged(dir.path()).await;
    let url = marquez().await;
    let output = import(dir.path(), &url, Some(KEY), &["--map", "spark:ml_a=ml/a"]).await;
    let text = stdout(&output);
    expect![[r##"
        # What batches read by 9 jobs of OpenLineage at URL. Nothing was applied: review it, and add it to a file of
        # objectives, or to the CronJobs as the annotation kigen.dev/reads.
        ---
        apiVersion: kigen.dev/v1alpha1
        kind: Objective
        metadata: {name: "a-reads", namespace: "ml"}
        spec:
          batch: {cronJob: "a"}
          reads:
            - "ml/c"
              # spark:ml_a reads s3://warehouse:c, which k8s://prod/ml:c writes
        ---
        apiVersion: kigen.dev/v1alpha1
        kind: Objective
        metadata: {name: "b-reads", namespace: "ml"}
        spec:
          batch: {cronJob: "b"}
          reads:
            - "ml/a" # declared already
              # k8s://prod/ml:b reads s3://warehouse:a, which k8s://prod/ml:A writes
            - "ml/c"
              # k8s://prod/ml:b reads s3://warehouse:c, which k8s://prod/ml:c writes
        ---
        apiVersion: kigen.dev/v1alpha1
        kind: Objective
        metadata: {name: "c-reads", namespace: "ml"}
        spec:
          batch: {cronJob: "c"}
          reads:
            - "ml/d"
              # k8s://prod/ml:c reads s3://warehouse:d     - "ml/injected", which airflow:d.publish writes

        # Jobs that read or write for another job, and are no batch of the log (--map JOB=NAMESPACE/BATCH names it):
        #   airflow:mails: no batch has this name
    "##]].assert_eq(&text.replace(&url, "URL"));

    let file = dir.path().join("proposed.yaml");
    std::fs::write(&file, &text).expect("a file");
    let kigen = |args: &[&str]| {
        let mut command = kigen();
        command.args(["--cluster", CLUSTER, "--data-dir"]).arg(dir.path()).args(args);
        stdout(&command.output().expect("kigen runs"))
    };
    kigen(&["objectives", "check", file.to_str().expect("a path")]);
    expect![[r#"
        ml/a
          ml/b
            ml/d
          ml/c
    "#]]
    .assert_eq(&kigen(&["lineage"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_such_a_server_is_an_error_that_names_the_address() {
    let dir = tempfile::tempdir().expect("a folder");
    judged(dir.path()).await;
    let url = marquez().await;
    let other = Router::new()
        .route("/page/api/v1/namespaces", get(async || "<html>a page</html>"))
        .route("/other/api/v1/namespaces", get(async || axum::Json(json!({"schemas": []}))))
        .route(
            "/moved/api/v1/namespaces",
            get(async || Redirect::permanent("https://lineage/api/v1/namespaces")),
        )
        .route("/broken/api/v1/namespaces", get(async || StatusCode::INTERNAL_SERVER_ERROR));
    let other = serve(other).await;
    let at = |path: &str| format!("{other}/{path}");
    let errors = [
        (url.clone(), None, &[][..]),
        (url.clone(), Some("another"), &[]),
        (format!("{url}/api/v1"), Some(KEY), &[]),
        (at("page"), None, &[]),
        (at("other"), None, &[]),
        (at("moved"), None, &[]),
        (at("broken"), None, &[]),
        ("http://127.0.0.1:1".to_owned(), None, &[]),
        ("marquez:5000".to_owned(), None, &[]),
        ("http://user:hunter2@marquez:5000".to_owned(), None, &[]),
        (url.clone(), Some(KEY), &["--map", "mails=ml/mails"]),
    ];
    let mut text = String::new();
    for (address, key, args) in errors {
        let output = import(dir.path(), &address, key, args).await;
        assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
        text.push_str(&format!("{} {}", output.status.code().expect("an exit code"), stderr(&output)));
    }
    expect![[r#"
        1 kigen: the OpenLineage backend refuses URL/api/v1/namespaces?limit=100&offset=0 with HTTP 401: put a key for it into the environment as OPENLINEAGE_API_KEY, or another one
        1 kigen: the OpenLineage backend refuses URL/api/v1/namespaces?limit=100&offset=0 with HTTP 401: put a key for it into the environment as OPENLINEAGE_API_KEY, or another one
        1 kigen: there is nothing at URL/api/v1/api/v1/namespaces?limit=100&offset=0 (HTTP 404): --openlineage needs the address of a server with Marquez's HTTP API, without the path /api/v1
        1 kigen: the answer to OTHER/page/api/v1/namespaces?limit=100&offset=0 is not that of Marquez's HTTP API: expected value at line 1 column 1
        1 kigen: the answer to OTHER/other/api/v1/namespaces?limit=100&offset=0 is not that of Marquez's HTTP API: missing field `namespaces` at line 1 column 14
        1 kigen: the OpenLineage backend redirects OTHER/moved/api/v1/namespaces?limit=100&offset=0 to https://lineage/api/v1/namespaces: give that address
        1 kigen: the OpenLineage backend answers OTHER/broken/api/v1/namespaces?limit=100&offset=0 with HTTP 500
        1 kigen: the OpenLineage backend does not answer http://127.0.0.1:1/api/v1/namespaces?limit=100&offset=0: io: Connection refused (os error 111)
        2 kigen: `marquez:5000` is no address of an OpenLineage backend: write http:// or https://, a host, and nothing of a user or a query
        2 kigen: `http://user:[hidden]@marquez:5000` is no address of an OpenLineage backend: write http:// or https://, a host, and nothing of a user or a query
        2 kigen: --map mails=ml/mails: the log has no batch ml/mails; `kigen events` prints the records of all
    "#]].assert_eq(&text.replace(&url, "URL").replace(&other, "OTHER"));
}
