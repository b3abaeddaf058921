//! The ends of the logs of containers that failed without a termination message, read beside everything else: a log
//! delays no fact and stops none. If one cannot be read, an alert lacks its error text, no more.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;
use tokio::time::Instant as TimerInstant;

use crate::error::RequestError;
use crate::input::{Input, LogRead, LogRequest};
use crate::kubernetes::api::Api;
use crate::kubernetes::fair_queue::FairQueue;
use crate::panics;
use crate::refusal::MAY_PASS;
use crate::settings::Settings;

/// How many logs are read at the same time.
const LOGS_IN_FLIGHT_MAX: usize = 4;
/// How many requests wait; beyond, the newest of the namespace that has most are dropped.
const LOGS_WAITING_MAX: usize = 256;
/// How many logs are requested once more at the same time, after a refusal that may pass.
const LOGS_AGAIN_MAX: usize = 4;
/// For how long no log is requested of a namespace in which logs are forbidden.
const FORBIDDEN_FOR: Duration = Duration::from_secs(600);
/// How many such namespaces are remembered; beyond, all are forgotten, and tried once more.
const NAMESPACES_FORBIDDEN_MAX: usize = 1_000;

/// The most of a log that is read, in bytes.
pub const LOG_BYTES_MAX: usize = 256 * 1024;
/// How many of its last lines are requested: first so many; if these are too long, so many.
///
/// The kubelet counts `limitBytes` from the first of these lines on, so of lines that are too long it would omit the
/// last, which are the ones that matter.
const LOG_LINES: [u32; 2] = [200, 10];

/// The log requests in flight and those that wait.
pub(crate) struct PodLogs {
    api: Api,
    inputs: Sender<Input>,
    is_on: bool,
    waiting: FairQueue<LogRequest>,
    /// Until when no log is requested of a namespace.
    forbidden: HashMap<String, TimerInstant>,
    /// Within which time a first refusal passes.
    refusal_passes_within: Duration,
    /// Whether a warning was logged: of many such namespaces one is enough.
    is_reported: bool,
    tasks: JoinSet<()>,
    /// The requests that wait for a refusal to pass.
    again: JoinSet<()>,
    /// The message of a read that panicked.
    panicked: Option<String>,
}

impl fmt::Debug for PodLogs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { is_on, waiting, forbidden, is_reported, tasks, again, .. } = self;
        f.debug_struct("PodLogs")
            .field("is_on", is_on)
            .field("waiting", &waiting.waiting())
            .field("forbidden", forbidden)
            .field("is_reported", is_reported)
            .field("in_flight", &tasks.len())
            .field("again", &again.len())
            .finish_non_exhaustive()
    }
}

impl PodLogs {
    /// Sends each log to `inputs`.
    pub(crate) fn new(api: Api, inputs: Sender<Input>, settings: &Settings) -> Self {
        Self {
            api,
            inputs,
            is_on: settings.read_logs,
            waiting: FairQueue::new(LOGS_WAITING_MAX),
            forbidden: HashMap::new(),
            refusal_passes_within: Duration::from_millis(settings.start_ms_max),
            is_reported: false,
            tasks: JoinSet::new(),
            again: JoinSet::new(),
            panicked: None,
        }
    }

    /// Adds requests, and sends as many as may be in flight. To be called within a tokio runtime.
    pub(crate) fn request(&mut self, requests: Vec<LogRequest>) {
        if !self.is_on {
            return;
        }
        for request in requests {
            let namespace = request.key.namespace.clone();
            self.waiting.push(&namespace, request);
        }
        self.start();
    }

    /// A request was answered: the next one is sent.
    pub(crate) fn answered(&mut self, read: &LogRead) {
        let LogRead { request, text } = read;
        let namespace = &request.key.namespace;
        match text {
            Ok(_) => drop(self.forbidden.remove(namespace)),
            Err(error) if error.is_forbidden() => self.refused(request, error),
            Err(error) => tracing::debug!(pod = request.attempt.pod, namespace, "no log: {error}"),
        }
        self.start();
    }

    fn start(&mut self) {
        while let Some(ended) = self.tasks.try_join_next() {
            self.panicked = self.panicked.take().or(panics::message(ended));
        }
        while self.tasks.len() < LOGS_IN_FLIGHT_MAX
            && let Some(request) = self.waiting.pop()
        {
            if !self.is_forbidden(&request.key.namespace) {
                self.tasks.spawn(answer(self.api.clone(), request, self.inputs.clone()));
            }
        }
    }

    /// The message of a read that panics. Cancel-safe.
    pub(crate) async fn panicked(&mut self) -> String {
        match self.panicked.take() {
            Some(what) => what,
            None => panics::panicked(&mut self.tasks).await,
        }
    }

    fn is_forbidden(&self, namespace: &str) -> bool {
        self.forbidden.get(namespace).is_some_and(|until| TimerInstant::now() < *until)
    }

    /// The first refusal of a namespace may pass, as after a restart of the API server: the log is requested once more.
    fn refused(&mut self, request: &LogRequest, error: &RequestError) {
        let namespace = &request.key.namespace;
        if self.is_forbidden(namespace) {
            return;
        }
        while self.again.try_join_next().is_some() {}
        let may_pass = !self.forbidden.contains_key(namespace) && self.again.len() < LOGS_AGAIN_MAX;
        if self.forbidden.len() >= NAMESPACES_FORBIDDEN_MAX {
            self.forbidden.clear();
        }
        let delay = if may_pass { self.refusal_passes_within } else { FORBIDDEN_FOR };
        self.forbidden.insert(namespace.to_owned(), TimerInstant::now() + delay);
        if may_pass {
            tracing::debug!("{error}; {MAY_PASS}");
            let answer = answer(self.api.clone(), request.clone(), self.inputs.clone());
            self.again.spawn(async move {
                tokio::time::sleep(delay).await;
                answer.await;
            });
            return;
        }
        let retried = FORBIDDEN_FOR.as_secs() / 60;
        if std::mem::replace(&mut self.is_reported, true) {
            tracing::debug!("{error}; kigen tries again in {retried} minutes");
            return;
        }
        tracing::warn!(
            "{error}; alerts of namespace {namespace} lack the last error of containers without a termination message: \
             grant get on pods/log, or set terminationMessagePolicy: FallbackToLogsOnError on the containers, or set \
             kubernetes.read_logs = false; kigen tries again every {retried} minutes, and logs this once, also of other \
             namespaces"
        );
    }
}

async fn answer(api: Api, request: LogRequest, inputs: Sender<Input>) {
    let text = read(&api, &request).await;
    // A dropped receiver needs no log either.
    let _ = inputs.send(Input::Log(Box::new(LogRead { request, text }))).await;
}

async fn read(api: &Api, request: &LogRequest) -> Result<String, RequestError> {
    let mut log = Vec::new();
    for lines in LOG_LINES {
        log =
            api.log(&request.key.namespace, &request.attempt.pod, &request.log, lines, LOG_BYTES_MAX).await?;
        if log.len() < LOG_BYTES_MAX {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&log).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::connect::configure;
    use crate::server_clock::Clock;
    use crate::settings::{Access, Settings};

    #[tokio::test]
    async fn a_panic_in_a_read_is_reported_also_if_another_read_is_started_meanwhile() {
        let settings = Settings::new("test", Access::Url("http://127.0.0.1:1".to_owned()));
        let clock = Clock::new(|| kigen_model::Instant::UNIX_EPOCH);
        let (api, _) = configure(&settings, clock).await.expect("a client");
        let (inputs, _receiver) = tokio::sync::mpsc::channel(1);
        for is_started in [false, true] {
            let mut logs = PodLogs::new(api.clone(), inputs.clone(), &settings);
            logs.tasks.spawn(async { panic!("an index out of bounds") });
            tokio::task::yield_now().await;
            if is_started {
                logs.start();
            }
            let panicked = tokio::time::timeout(std::time::Duration::from_secs(30), logs.panicked());
            assert_eq!(panicked.await.expect("it is reported"), "an index out of bounds");
        }
    }
}
