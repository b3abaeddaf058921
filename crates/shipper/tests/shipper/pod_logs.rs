//! Containers that failed without a termination message, over HTTP: the ends of their logs follow, and delay nothing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::DateTime;
use kigen_model::event::{ClusterBody, FactBody};
use kigen_model::run::AttemptPhase;
use kigen_shipper::core::Resume;
use kigen_shipper::input::Input;
use kigen_shipper::kubernetes::connect::connect;
use kigen_shipper::kubernetes::pod_logs::LOG_BYTES_MAX;
use kigen_shipper::server_clock::Clock;
use kigen_shipper::settings::{Access, Settings};
use kigen_shipper::shipper::Shipper;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How long a test waits for an expected event.
const PATIENCE: Duration = Duration::from_secs(60);
const TRACEBACK: &str =
    "Traceback (most recent call last):\n  File \"/app/main.py\", line 4, in <module>\nKeyError: 'price'";

/// What the API server answers, and the requests that it received.
struct Cluster {
    /// The pods that its watch has delivered.
    pods: watch::Sender<Vec<Value>>,
    /// Whether requests for logs wait.
    logs_are_held: watch::Sender<bool>,
    /// The answer to a request for a log: status and text.
    log: fn(&str) -> (&'static str, String),
    /// It has not read the roles yet, and refuses the first log.
    has_just_started: bool,
    /// For how long that may take.
    start_ms_max: u64,
    requests: Mutex<Requests>,
}

#[derive(Default)]
struct Requests {
    logs: Vec<String>,
    in_flight: usize,
    in_flight_most: usize,
}

impl Cluster {
    fn new(log: fn(&str) -> (&'static str, String)) -> Arc<Self> {
        let (pods, logs_are_held) = (watch::Sender::new(Vec::new()), watch::Sender::new(false));
        Arc::new(Self {
            pods,
            logs_are_held,
            log,
            has_just_started: false,
            start_ms_max: 5_000,
            requests: Mutex::default(),
        })
    }

    fn show(&self, pod: Value) {
        self.pods.send_modify(|pods| pods.push(pod));
    }

    fn logs_requested(&self) -> Vec<String> {
        self.requests.lock().expect("no test has failed").logs.clone()
    }

    /// Answers one request of `stream`.
    async fn answer(self: Arc<Self>, mut stream: TcpStream) {
        let mut request = vec![0; 4096];
        let Ok(bytes) = stream.read(&mut request).await else { return };
        let request = String::from_utf8_lossy(&request[..bytes]).into_owned();
        let target = request.split(' ').nth(1).unwrap_or_default();
        if target.contains("/log?") {
            return self.answer_log(target, stream).await;
        }
        // It streams no lists, so that the shipper lists in pages at once.
        if target.contains("sendInitialEvents") {
            let _ = stream.write_all(b"HTTP/1.1 422 Unprocessable Entity\r\nConnection: close\r\n\r\n").await;
            return;
        }
        let body = match target {
            _ if target.contains("watch=true") => String::new(),
            _ if target.contains("/jobs") => json!({"metadata": {"resourceVersion": "10"}, "items": [
                job("etl"), job("web"),
            ]})
            .to_string(),
            _ => {
                json!({"metadata": {"resourceVersion": self.version().to_string()}, "items": []}).to_string()
            }
        };
        let head = "HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 11:46:32 GMT\r\nConnection: close\r\n\r\n";
        let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        if target.contains("watch=true") {
            self.watch(target, stream).await;
        }
    }

    /// The store's version: at least that of each pod.
    fn version(&self) -> u64 {
        let pods = self.pods.borrow();
        let versions =
            pods.iter().filter_map(|pod| pod["metadata"]["resourceVersion"].as_str()?.parse().ok());
        versions.max().unwrap_or(0).max(10)
    }

    async fn watch(&self, target: &str, mut stream: TcpStream) {
        let mut pods = self.pods.subscribe();
        let mut shown = 0;
        while target.contains("/pods") {
            let more: Vec<Value> = pods.borrow_and_update().iter().skip(shown).cloned().collect();
            shown += more.len();
            for pod in more {
                let line = json!({"type": "ADDED", "object": pod});
                if stream.write_all(format!("{line}\n").as_bytes()).await.is_err() {
                    return;
                }
            }
            if pods.changed().await.is_err() {
                return;
            }
        }
        std::future::pending::<()>().await;
    }

    async fn answer_log(&self, target: &str, mut stream: TcpStream) {
        {
            let mut requests = self.requests.lock().expect("no test has failed");
            requests.logs.push(target.to_owned());
            requests.in_flight += 1;
            requests.in_flight_most = requests.in_flight_most.max(requests.in_flight);
        }
        let _ = self.logs_are_held.subscribe().wait_for(|held| !held).await;
        self.requests.lock().expect("no test has failed").in_flight -= 1;
        let (status, text) = match self.logs_requested().len() {
            1 if self.has_just_started => (
                "403 Forbidden",
                r#"{"kind":"Status","message":"RBAC: role.rbac.authorization.k8s.io not found"}"#.to_owned(),
            ),
            _ => (self.log)(target),
        };
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n");
        let _ = stream.write_all(format!("{head}{text}").as_bytes()).await;
    }
}

fn job(namespace: &str) -> Value {
    json!({"metadata": {
        "name": "train", "namespace": namespace, "uid": format!("job-of-{namespace}"), "resourceVersion": "9",
        "creationTimestamp": "2026-11-23T11:40:00Z",
    }})
}

/// A pod that ended at this time; `state` has further fields of its container's state.
fn pod(namespace: &str, name: &str, finished_at: &str, phase: &str, state: Value) -> Value {
    let mut terminated = json!({"exitCode": 1, "reason": "Error", "finishedAt": finished_at});
    for (key, value) in state.as_object().expect("an object") {
        terminated[key] = value.clone();
    }
    json!({
        "metadata": {
            "name": name, "namespace": namespace, "uid": format!("uid-of-{name}"), "resourceVersion": "11",
            "creationTimestamp": "2026-11-23T11:41:00Z",
            "ownerReferences": [{"kind": "Job", "uid": format!("job-of-{namespace}"), "controller": true}],
        },
        "spec": {"nodeName": "node-1"},
        "status": {"phase": phase, "containerStatuses": [{"name": "main", "state": {"terminated": terminated}}]},
    })
}

fn failed(namespace: &str, name: &str) -> Value {
    pod(namespace, name, "2026-11-23T11:46:00Z", "Failed", json!({}))
}

/// A shipper and the attempts that it emitted: pod names and error texts.
struct Shipping {
    shipper: Shipper,
    emitted: Vec<(String, Option<String>)>,
    ticks: usize,
    logs_read: usize,
    probes: usize,
}

impl Shipping {
    async fn start(cluster: &Arc<Cluster>, read_logs: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let (cluster, start_ms_max) = (cluster.clone(), cluster.start_ms_max);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(cluster.clone().answer(stream));
            }
        });
        let settings = Settings {
            read_logs,
            probe_interval_ms: 5,
            start_ms_max,
            ..Settings::new("test", Access::Url(url))
        };
        let api = connect(&settings, Clock::new(|| DateTime::UNIX_EPOCH)).await.expect("it answers");
        let shipper = Shipper::start(&api, &settings, 1, &Resume::default());
        Self { shipper, emitted: Vec::new(), ticks: 0, logs_read: 0, probes: 0 }
    }

    async fn until(&mut self, what: &str, is_done: impl Fn(&Self) -> bool) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !is_done(self) {
            let Ok(inputs) = tokio::time::timeout_at(deadline, self.shipper.next()).await else {
                panic!("waited in vain until {what}; emitted so far: {:?}", self.emitted);
            };
            for input in inputs {
                self.probes += usize::from(matches!(input, Input::Probed { .. }));
                self.logs_read += usize::from(matches!(input, Input::Log(_)));
                for fact in self.shipper.apply(input).facts {
                    if let FactBody::Attempt { attempt, revision, .. } = fact.body {
                        assert_eq!(
                            revision.resource_version, 11,
                            "a log does not change the version of the Pod"
                        );
                        let text = match attempt.phase {
                            AttemptPhase::Failed { message, .. } | AttemptPhase::Waiting { message, .. } => {
                                message
                            }
                            _ => None,
                        };
                        self.emitted.push((attempt.pod, text));
                    }
                }
            }
            let is_tick = |body: &ClusterBody| matches!(body, ClusterBody::Tick { .. });
            self.ticks +=
                self.shipper.acknowledged().events.iter().filter(|event| is_tick(&event.body)).count();
        }
    }

    async fn until_emitted(&mut self, pod: &str, text: Option<&str>) {
        let expected = (pod.to_owned(), text.map(str::to_owned));
        self.until(&format!("{expected:?} is emitted"), |shipping| shipping.emitted.contains(&expected))
            .await;
    }
}

#[tokio::test]
async fn a_failure_is_emitted_at_once_and_the_end_of_its_log_when_it_is_read() {
    let cluster = Cluster::new(|_| ("200 OK", format!("starting\n{TRACEBACK}\n")));
    cluster.logs_are_held.send_replace(true);
    cluster.show(failed("etl", "train-x"));
    let mut shipping = Shipping::start(&cluster, true).await;
    shipping.until_emitted("train-x", None).await;
    let ticks = shipping.ticks;
    shipping.until("the log is requested", |_| !cluster.logs_requested().is_empty()).await;
    assert_eq!(
        cluster.logs_requested(),
        [
            "/api/v1/namespaces/etl/pods/train-x/log?container=main&previous=false&tailLines=200&limitBytes=262144"
        ]
    );
    // Another failure is emitted meanwhile.
    cluster.show(pod("etl", "train-y", "2026-11-23T11:46:01Z", "Failed", json!({"message": "no rows"})));
    shipping.until_emitted("train-y", Some("no rows")).await;
    assert_eq!(shipping.logs_read, 0);
    assert!(shipping.ticks >= ticks);
    cluster.logs_are_held.send_replace(false);
    shipping.until_emitted("train-x", Some(TRACEBACK)).await;
    assert_eq!(cluster.logs_requested().len(), 1, "no log is requested of a failure with a message");
}

#[tokio::test]
async fn a_namespace_whose_logs_are_forbidden_gets_no_further_request_and_its_failures_are_emitted() {
    let cluster = Cluster::new(|target| match target.contains("/etl/") {
        true => {
            ("403 Forbidden", r#"{"kind":"Status","message":"pods \"train-x\" is forbidden"}"#.to_owned())
        }
        false => ("200 OK", "out of rows".to_owned()),
    });
    cluster.show(failed("etl", "train-x"));
    let mut shipping = Shipping::start(&cluster, true).await;
    shipping.until("the answer is there", |shipping| shipping.logs_read == 1).await;
    cluster.show(failed("etl", "train-y"));
    shipping.until_emitted("train-y", None).await;
    cluster.show(failed("web", "train-z"));
    shipping.until_emitted("train-z", Some("out of rows")).await;
    let requested = cluster.logs_requested();
    assert_eq!(requested.len(), 2, "{requested:?}");
    assert!(requested[1].contains("/web/"), "{requested:?}");
    assert_eq!(shipping.emitted.iter().filter(|(_, text)| text.is_some()).count(), 1);
}

#[tokio::test]
async fn a_log_that_an_api_server_refuses_just_after_its_start_is_requested_again() {
    let mut cluster = Cluster::new(|_| ("200 OK", "out of rows".to_owned()));
    let of = Arc::get_mut(&mut cluster).expect("it is not shared yet");
    (of.has_just_started, of.start_ms_max) = (true, 50);
    cluster.show(failed("etl", "train-x"));
    let mut shipping = Shipping::start(&cluster, true).await;
    shipping.until_emitted("train-x", Some("out of rows")).await;
    assert_eq!(cluster.logs_requested().len(), 2);
    cluster.show(failed("etl", "train-y"));
    shipping.until_emitted("train-y", Some("out of rows")).await;
}

#[tokio::test]
async fn four_logs_are_read_at_once_and_all_in_the_end() {
    let cluster = Cluster::new(|_| ("200 OK", "out of rows".to_owned()));
    cluster.logs_are_held.send_replace(true);
    for nth in 0..20 {
        cluster.show(failed("etl", &format!("train-{nth}")));
    }
    let mut shipping = Shipping::start(&cluster, true).await;
    shipping.until("all failures are emitted", |shipping| shipping.emitted.len() == 20).await;
    shipping.until("four logs are requested", |_| cluster.logs_requested().len() == 4).await;
    cluster.logs_are_held.send_replace(false);
    shipping.until("all logs are emitted", |shipping| shipping.emitted.len() == 40).await;
    assert_eq!(cluster.requests.lock().expect("no test has failed").in_flight_most, 4);
}

#[tokio::test]
async fn of_a_log_with_endless_lines_fewer_are_requested_so_that_its_end_is_read() {
    let cluster = Cluster::new(|target| match target.contains("tailLines=200") {
        true => ("200 OK", "x".repeat(LOG_BYTES_MAX)),
        false => ("200 OK", format!("{}\nout of rows", "x".repeat(2_000))),
    });
    cluster.show(failed("etl", "train-x"));
    let mut shipping = Shipping::start(&cluster, true).await;
    let expected = format!("{}\nout of rows", "x".repeat(2_000));
    shipping.until_emitted("train-x", Some(&expected)).await;
    assert!(cluster.logs_requested()[1].contains("tailLines=10&"));
}

#[tokio::test]
async fn a_log_that_is_gone_or_empty_leaves_the_failure_as_it_is() {
    let cluster = Cluster::new(|target| match target.contains("train-x") {
        true => ("404 Not Found", r#"{"kind":"Status","message":"pods \"train-x\" not found"}"#.to_owned()),
        false => ("200 OK", "\n".to_owned()),
    });
    cluster.show(failed("etl", "train-x"));
    cluster.show(failed("etl", "train-y"));
    let mut shipping = Shipping::start(&cluster, true).await;
    shipping.until("both were requested", |shipping| shipping.logs_read == 2).await;
    assert_eq!(shipping.emitted, [("train-x".to_owned(), None), ("train-y".to_owned(), None)]);
}

#[tokio::test]
async fn no_log_is_requested_of_an_old_failure_a_success_or_a_failure_with_a_message() {
    let cluster = Cluster::new(|_| ("200 OK", "out of rows".to_owned()));
    cluster.show(pod("etl", "old", "2026-11-23T09:00:00Z", "Failed", json!({})));
    cluster.show(pod("etl", "good", "2026-11-23T11:46:00Z", "Succeeded", json!({"exitCode": 0})));
    cluster.show(pod("etl", "explained", "2026-11-23T11:46:00Z", "Failed", json!({"message": "no rows"})));
    let numbers = json!({"message": "{\"rows\": 0}"});
    cluster.show(pod("etl", "numbers", "2026-11-23T11:46:00Z", "Failed", numbers));
    let mut shipping = Shipping::start(&cluster, true).await;
    shipping.until_emitted("numbers", Some("out of rows")).await;
    let requested = cluster.logs_requested();
    assert!(requested.len() == 1 && requested[0].contains("/numbers/"), "{requested:?}");
}

#[tokio::test]
async fn no_log_is_requested_where_that_is_switched_off() {
    let cluster = Cluster::new(|_| ("200 OK", "out of rows".to_owned()));
    cluster.show(failed("etl", "train-x"));
    cluster.show(failed("etl", "train-y"));
    let mut shipping = Shipping::start(&cluster, false).await;
    shipping.until("both are emitted", |shipping| shipping.emitted.len() == 2).await;
    let probes = shipping.probes;
    shipping.until("it has sent other requests meanwhile", |shipping| shipping.probes > probes + 3).await;
    assert_eq!(cluster.logs_requested(), Vec::<String>::new());
}

/// A pod whose init container has run since then; the others wait for it.
fn waiting(name: &str, since: &str) -> Value {
    let mut pod = failed("etl", name);
    pod["status"] = json!({
        "phase": "Pending",
        "initContainerStatuses": [{"name": "fetch", "started": true, "state": {"running": {"startedAt": since}}}],
        "containerStatuses": [{"name": "main", "state": {"waiting": {"reason": "PodInitializing"}}}],
    });
    pod
}

/// The server's time is 11:46:32.
#[tokio::test]
async fn the_log_of_an_init_container_that_others_wait_for_is_read_once_that_has_lasted_a_minute() {
    let cluster = Cluster::new(|_| ("200 OK", "starting\nwaiting for db:5432\n".to_owned()));
    cluster.show(waiting("hangs", "2026-11-23T11:45:00Z"));
    cluster.show(waiting("begins", "2026-11-23T11:46:00Z"));
    let mut shipping = Shipping::start(&cluster, true).await;
    let why = "its init container `fetch` runs since 2026-11-23T11:45:00Z; the others wait for it";
    shipping.until_emitted("hangs", Some(why)).await;
    let read = format!("{why}\n[its log at 2026-11-23T11:46:33Z]\nstarting\nwaiting for db:5432");
    shipping.until_emitted("hangs", Some(&read)).await;
    let ticks = shipping.ticks;
    shipping.until("more ticks", |shipping| shipping.ticks >= ticks).await;
    let requested = cluster.logs_requested();
    assert!(requested.len() == 1 && requested[0].contains("/hangs/log?container=fetch"), "{requested:?}");
}
