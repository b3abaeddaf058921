//! The alert rules and the board in `deploy/chart/files`: they name metrics that exist, and a real Prometheus evaluates them over a
//! running kigen.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant as RealInstant};

use chrono::TimeDelta;
use kigen_playback::generate::{Cluster, CronJobPlan};
use kigen_playback::history::History;
use serde_json::Value;

use crate::support::http::{free_port, get};
use crate::support::manifests::{documents, tool};
use crate::support::{HEAVY, PATIENCE, Up, noon, play, start};

const RULES: &str = "deploy/chart/files/rules.yaml";
const BOARD: &str = "deploy/chart/files/board.json";
/// A gauge that is not set for a minute disappears.
const GAUGES_EXPIRE_AFTER: Duration = Duration::from_secs(65);

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = repository().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names in a text that begin as the metrics do, without the parts of a histogram.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let names = words.filter(|word| word.starts_with("kigen_"));
    names.map(|name| name.trim_end_matches("_bucket").trim_end_matches("_count").to_owned()).collect()
}

/// Every Rust file below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
}

/// The metrics of the code: texts that are nothing but a name, in the files in which the crates have theirs.
fn metrics_of_the_code() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(&repository().join("crates"), &mut files);
    files.retain(|path| path.ends_with("metrics.rs") || path.ends_with("announcer.rs"));
    assert!(files.len() >= 5, "{files:?}");
    let texts =
        files.into_iter().flat_map(|path| read(path).split('"').map(str::to_owned).collect::<Vec<_>>());
    texts.filter(|text| metrics_in(text).contains(text)).collect()
}

/// The rules, as objects.
fn rules() -> Vec<Value> {
    let documents = documents("chart/files/rules.yaml");
    documents[0]["groups"][0]["rules"].as_array().expect("rules").clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

#[test]
fn rules_board_and_documents_name_the_metrics_that_exist() {
    let known = metrics_of_the_code();
    for path in [RULES, BOARD, "tests/deploy/rules_test.yaml"] {
        let named = metrics_in(&read(path));
        assert!(named.len() > 10, "{path}: {named:?}");
        assert_eq!(
            named.difference(&known).collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "{path} names no metric of kigen"
        );
    }
    let table = read("docs/operations.md");
    let (_, table) = table.split_once("\n## Metrics\n").expect("a section");
    let (table, _) = table.split_once("\n## ").expect("a next one");
    assert_eq!(metrics_in(table), known, "docs/operations.md has each metric");
}

#[test]
fn the_board_is_what_its_program_writes() {
    let program = repository().join("deploy/board.py");
    let output = Command::new("python3").arg(program).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let written = String::from_utf8(output.stdout).expect("text");
    assert!(written == read(BOARD), "{BOARD} is stale: run deploy/board.py > {BOARD}");
}

#[test]
fn each_alert_has_a_severity_a_section_of_the_runbooks_and_a_test() {
    let (runbooks, tests) = (read("docs/runbooks.md"), read("tests/deploy/rules_test.yaml"));
    let mut sections: BTreeSet<&str> = runbooks.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    for rule in rules() {
        let name = text(&rule["alert"]);
        assert!(["critical", "warning", "info"].contains(&text(&rule["labels"]["severity"])), "{name}");
        for part in ["summary", "description"] {
            assert!(!text(&rule["annotations"][part]).is_empty(), "{name}");
        }
        let link = format!("docs/runbooks.md#{}", name.to_ascii_lowercase());
        assert_eq!(text(&rule["annotations"]["runbook_url"]), link, "{name}");
        assert!(sections.remove(name), "docs/runbooks.md has no section {name}");
        let fires = format!("ALERTS{{alertname=\"{name}\",alertstate=\"firing\"");
        assert!(tests.contains(&fires), "no test of the rules raises {name}");
    }
    assert!(sections.is_empty(), "no rule has these sections of docs/runbooks.md: {sections:?}");
}

/// A running Prometheus, whose clock is the machine's.
struct Prometheus {
    child: Child,
    port: u16,
}

impl Prometheus {
    /// Starts one that scrapes kigen at this port, and evaluates the rules.
    fn start(dir: &Path, kigen: u16) -> Self {
        let config = dir.join("prometheus.yml");
        let rules = repository().join(RULES);
        let text = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [\"{}\"]\nscrape_configs:\n  - job_name: \
             kigen\n    static_configs: [{{targets: [\"127.0.0.1:{kigen}\"]}}]\n",
            rules.display()
        );
        std::fs::write(&config, text).expect("a configuration");
        let port = free_port();
        let log = std::fs::File::create(dir.join("prometheus.log")).expect("a file");
        let child = Command::new(tool("prometheus"))
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", dir.join("tsdb").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("Prometheus runs");
        Self { child, port }
    }

    /// The data of an answer of its API.
    fn get(&self, path: &str) -> Option<Value> {
        let answer = get(self.port, path).filter(|answer| answer.status == 200)?;
        let mut body: Value = serde_json::from_str(&answer.body).ok()?;
        Some(body["data"].take())
    }

    /// The series of a query, at present.
    fn series(&self, query: &str) -> Vec<Value> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        let encoded: String = query
            .bytes()
            .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect();
        let found = self.get(&format!("/api/v1/query?query={encoded}"));
        found.and_then(|data| data["result"].as_array().cloned()).unwrap_or_default()
    }

    /// Waits until a query has series.
    async fn wait_for(&self, query: &str) -> Vec<Value> {
        let deadline = RealInstant::now() + PATIENCE;
        loop {
            let found = self.series(query);
            if !found.is_empty() {
                return found;
            }
            assert!(
                RealInstant::now() < deadline,
                "{query} has no series; alerts: {:?}",
                self.series("ALERTS")
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A CronJob that never starts, and one whose annotation cannot be read.
fn history() -> History {
    let mut cluster = Cluster::new(start());
    let annotated = |name: &str, deadline: &str| {
        CronJobPlan::new("ml", name, "0 8 * * *").annotation("kigen.dev/complete-by", deadline)
    };
    cluster.cron_job(annotated("absent", "0 12 * * *"));
    cluster.cron_job(annotated("misspelt", "noon"));
    cluster.build().expect("a history")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Prometheus: `make deploy-check` builds it and runs this"]
async fn a_prometheus_that_scrapes_kigen_raises_the_alerts_that_are_due_and_no_others() {
    let _heavy = HEAVY.lock().await;
    let dir = tempfile::tempdir().expect("a folder");
    let server = play(history()).await;
    let port = free_port();
    let mut up = Up::start_at(dir.path(), &server.url(), port);
    up.wait_until_it_watches().await;
    let prometheus = Prometheus::start(dir.path(), port);
    let scraped_since = RealInstant::now();
    prometheus.wait_for("up == 1").await;
    server.clock().advance_to(noon(1) + TimeDelta::hours(1));
    up.wait_for_message("ml/absent has no good result for 12:00").await;
    prometheus.wait_for("ALERTS{alertname=\"KigenDeadlineMissed\",alertstate=\"firing\"}").await;

    // Gauges that change rarely are there as long as kigen is.
    while scraped_since.elapsed() < GAUGES_EXPIRE_AFTER {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    for gauge in [
        "kigen_objectives_unresolved{source=\"annotation\"} == 1",
        "kigen_withdrawals_held == 0",
        "kigen_delivery_blocked_partitions == 0",
        "kigen_partitions{state=\"judging\"} == 4",
        "kigen_tick_age_seconds >= 0",
    ] {
        assert_eq!(prometheus.series(gauge).len(), 1, "{gauge}");
    }
    let groups = prometheus.get("/api/v1/rules").expect("its rules");
    for rule in groups["groups"][0]["rules"].as_array().expect("rules") {
        assert_eq!(rule["health"], "ok", "{rule}");
    }
    let names = |query: &str| -> BTreeSet<String> {
        prometheus
            .series(query)
            .iter()
            .map(|series| text(&series["metric"]["alertname"]).to_owned())
            .collect()
    };
    assert_eq!(names("ALERTS{alertstate=\"firing\"}"), ["KigenDeadlineMissed".to_owned()].into());
    let mut pending = names("ALERTS{alertstate=\"pending\"}");
    // How late the verdicts are depends on this machine's clock, which is not that of the played cluster.
    pending.remove("KigenLagging");
    assert_eq!(pending, ["KigenObjectivesUnresolved".to_owned()].into());
    // A query has a result where its metrics have series. Of the kinds of alerts there is only one here.
    for query in board_queries().into_iter().filter(|query| !query.contains("kind=")) {
        let has_series = metrics_in(&query)
            .iter()
            .any(|name| !prometheus.series(&format!("{{__name__=~\"{name}(_count)?\"}}")).is_empty());
        let filled = query.replace("$__rate_interval", "5m").replace("$job", "kigen");
        assert_eq!(!prometheus.series(&filled).is_empty(), has_series, "{filled}");
    }

    up.kill();
    prometheus.wait_for("ALERTS{alertname=\"KigenAbsent\",alertstate=\"pending\"}").await;
    server.shutdown().await;
}

/// The queries of the board.
fn board_queries() -> Vec<String> {
    let board: Value = serde_json::from_str(&read(BOARD)).expect("JSON");
    let panels = board["panels"].as_array().expect("panels").iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    targets.map(|target| text(&target["expr"]).to_owned()).collect()
}
