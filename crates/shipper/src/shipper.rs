//! The shipper's loop as three verbs: `next`, `apply`, `acknowledged`. The caller owns the log.

use std::sync::Arc;
use std::time::{Duration, Instant as RealInstant};

use kigen_model::event::ClusterEvent;
use kigen_ops::{Throttle, error_chain};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::core::{Acknowledged, Core, Output, Resume};
use crate::error::RequestError;
use crate::health::Health;
use crate::index::overview::Overview;
use crate::index::resolution::Resolutions;
use crate::index::withdrawals::HeldWithdrawals;
use crate::input::{INPUTS_WAITING_MAX, Input, StreamEvent, WentBack};
use crate::kubernetes::api::Api;
use crate::kubernetes::cadence::Cadence;
use crate::kubernetes::known_versions::KnownVersions;
use crate::kubernetes::pod_logs::PodLogs;
use crate::kubernetes::probe::{Probe, probe};
use crate::kubernetes::watcher;
use crate::metrics::{self, UnresolvedCounts};
use crate::panics::panicked;
use crate::refusal::{MAY_PASS, Refusal, Refused};
use crate::resource::Resource;
use crate::settings::Settings;

/// How many problems with objectives are logged at once.
const PROBLEMS_LOGGED_MAX: usize = 20;

/// The watches and the probe of one cluster, and the core that they feed.
#[derive(Debug)]
pub struct Shipper {
    core: Core,
    api: Api,
    settings: Settings,
    inputs: mpsc::Receiver<Input>,
    /// Ends the tasks when it is dropped.
    tasks: JoinSet<()>,
    logs: PodLogs,
    /// An API server that is away makes all streams and the probe fail, again and again.
    failures: Throttle,
    /// Whether it was logged that the Pods are forbidden.
    has_warned_of_pods: bool,
    /// The refusals of the Objectives.
    objectives_refused: Refusal,
    resolutions: Arc<Resolutions>,
    /// Whether it was logged what there is in the cluster.
    has_reported: bool,
    /// The stream that was logged as behind, while it is.
    behind: Option<Resource>,
    /// As it was reported last.
    held: Option<HeldWithdrawals>,
    health: Health,
}

impl Shipper {
    /// Starts watching through `api`. To be called within a tokio runtime.
    pub fn start(api: &Api, settings: &Settings, epoch: u64, resume: &Resume) -> Self {
        let resume_at = |resource: Resource| {
            let position = resume.positions.iter().find(|position| position.stream == resource.name())?;
            resume.past.resume(position)
        };
        let started = start_tasks(api, settings, resume_at, None);
        Self {
            core: Core::new(settings, epoch, resume, api.clock())
                .with_cluster_uid(api.cluster_uid().map(str::to_owned)),
            api: api.clone(),
            settings: settings.clone(),
            inputs: started.inputs,
            tasks: started.tasks,
            logs: started.logs,
            failures: Throttle::default(),
            has_warned_of_pods: false,
            objectives_refused: Refusal::new(Duration::from_millis(settings.start_ms_max)),
            resolutions: Arc::default(),
            has_reported: false,
            behind: None,
            held: None,
            health: Health::default(),
        }
    }

    /// Reports to `health` from here on.
    #[must_use]
    pub fn with_health(self, health: Health) -> Self {
        Self { health, ..self }
    }

    /// The first event to append, to every partition, before anything else. `shipper` names this process to a user.
    pub fn begin(&self, shipper: &str) -> ClusterEvent {
        self.core.begin(shipper)
    }

    /// The inputs that are available, at least one. Nothing is lost if the future is dropped.
    pub async fn next(&mut self) -> Vec<Input> {
        let mut inputs = Vec::new();
        let inputs_max = self.settings.inputs_per_commit_max.max(1);
        tokio::select! {
            biased;
            what = panicked(&mut self.tasks) => return vec![Input::Panicked { what }],
            what = self.logs.panicked() => return vec![Input::Panicked { what }],
            // Never none: the log requests keep a sender.
            _ = self.inputs.recv_many(&mut inputs, inputs_max) => {}
        }
        // What follows is of streams that are over.
        if let Some(nth) = inputs.iter().position(|input| matches!(input, Input::WentBack(_))) {
            inputs.truncate(nth + 1);
        }
        inputs
    }

    /// Turns an input into what is to be appended, and logs what concerns the operator.
    pub fn apply(&mut self, input: Input) -> Output {
        metrics::received(&input);
        self.observe(&input);
        if let Input::WentBack(went_back) = input {
            self.start_anew(went_back);
        }
        let output = self.core.apply(input);
        metrics::emitted(&output);
        self.logs.request(self.core.take_log_requests());
        for rejected in &output.rejected {
            tracing::warn!("{rejected}");
        }
        for notice in &output.notices {
            tracing::warn!("{notice}");
        }
        output
    }

    /// All outputs of [`Shipper::apply`] so far are in the log. Returns what to append now; see [`Core::acknowledged`].
    pub fn acknowledged(&mut self) -> Acknowledged {
        if let Some(resolutions) = self.core.take_resolutions() {
            self.health.unresolved(UnresolvedCounts::of(&self.settings.cluster, &resolutions));
            log_problems(&self.resolutions, &resolutions);
            self.resolutions = Arc::new(resolutions);
        }
        let acknowledged = self.core.acknowledged();
        if !self.has_reported && !acknowledged.events.is_empty() {
            self.has_reported = true;
            self.report_overview();
        }
        self.logs.request(self.core.take_log_requests());
        self.report_held();
        self.log_behind();
        self.health.over_quota(self.core.over_quota());
        acknowledged
    }

    /// The calendars to append to every partition, before the events of [`Shipper::acknowledged`]; see [`Core::calendars`].
    pub fn calendars(&mut self) -> Vec<ClusterEvent> {
        self.core.calendars()
    }

    /// Logs what the first lists and streams have shown, at the first tick.
    fn report_overview(&self) {
        let Some(overview) = self.core.overview() else { return };
        let scope = self
            .settings
            .namespace
            .as_deref()
            .map_or_else(|| "all namespaces".to_owned(), |namespace| format!("the namespace {namespace}"));
        tracing::info!("cluster `{}`, {scope}: {overview}", self.settings.cluster);
    }

    /// What is known of the cluster, as of the last tick; `None`: there was none.
    pub fn overview(&self) -> Option<Overview> {
        self.core.overview()
    }

    /// Logs a stream that is open and holds back ticks, once.
    fn log_behind(&mut self) {
        let behind = self.core.stream_behind();
        if let Some(resource) = behind.filter(|_| behind != self.behind) {
            tracing::warn!(
                "the watch of {resource} is more than a minute behind what the API server has, and nothing is judged until it \
                 is not: its bookmarks have older versions. On Kubernetes 1.30 and older start etcd with \
                 --experimental-watch-progress-notify-interval=5s; else look for a proxy that holds responses back. `kigen \
                 doctor --wait` observes one watch"
            );
        }
        self.behind = behind;
    }

    /// Logs withdrawals that are held when they change, and reports them for as long as they are.
    fn report_held(&mut self) {
        let held = self.core.held_withdrawals();
        if held == self.held.as_ref() {
            return;
        }
        match held {
            Some(held) => tracing::error!("{held}"),
            None => tracing::info!("no withdrawal of an objective is held any more"),
        }
        self.health.withdrawals_held(held.map(|held| (held.count, held.to_string())));
        self.held = held.cloned();
    }

    /// The stream that is open and holds back ticks, if one does for longer than a minute: that was logged.
    pub fn stream_behind(&self) -> Option<Resource> {
        self.behind
    }

    /// The withdrawals of objectives that are held until a person confirms them.
    pub fn held_withdrawals(&self) -> Option<&HeldWithdrawals> {
        self.held.as_ref()
    }

    /// The resolutions of the declared objectives, as of the facts that are in the log.
    pub fn resolutions(&self) -> &Arc<Resolutions> {
        &self.resolutions
    }

    /// Updates health, logs failures, and continues with the next log.
    fn observe(&mut self, input: &Input) {
        match input {
            Input::Stream { event: StreamEvent::Broken { error, retry_delay_ms }, .. } => {
                self.log_failure(error, Some(*retry_delay_ms));
            }
            Input::ProbeFailed(error) => self.log_failure(error, None),
            Input::Probed { .. } => self.health.cluster_answered(),
            Input::Stream { resource, event: StreamEvent::Forbidden(error) } => {
                self.log_forbidden(*resource, error);
            }
            Input::Stream { resource: Resource::Pods, event: StreamEvent::Opened { .. } } => {
                self.health.without_pods(false);
            }
            Input::Stream { resource: Resource::Objectives, event: StreamEvent::Opened { .. } } => {
                self.objectives_refused.granted();
            }
            Input::Log(read) => self.logs.answered(read),
            // The role ends by another cluster or a panic, and explains it.
            Input::AnotherCluster { .. }
            | Input::Panicked { .. }
            | Input::WentBack(_)
            | Input::Stream { .. }
            | Input::Declared(_) => {}
        }
    }

    /// Lists and watches the restored store. A cluster that was re-created also shows lower versions, so the streams wait
    /// until the probe has checked that it is the same one. That is after its interval: API servers that read from different
    /// stores would otherwise be listed without a pause.
    fn start_anew(&mut self, went_back: WentBack) {
        let WentBack { resource, version, known } = went_back;
        tracing::warn!(
            %resource,
            version,
            known,
            "the resource versions of cluster `{}` have gone back, as after a restore of etcd from a backup: kigen lists the \
             cluster anew, and slots of the time since its last tick may become unknown; if etcd was not restored, look for \
             API servers that read from different etcd clusters. A restore with `etcdutl snapshot restore --bump-revision \
             1000000000 --mark-compacted` lets versions grow, for all clients of the API server",
            self.settings.cluster
        );
        let delay = Duration::from_millis(self.settings.probe_interval_ms);
        let started = start_tasks(&self.api, &self.settings, |_| None, Some(delay));
        (self.inputs, self.tasks, self.logs) = (started.inputs, started.tasks, started.logs);
    }

    fn log_failure(&mut self, error: &RequestError, retry_delay_ms: Option<u64>) {
        self.health.cluster_failed(error_chain(error));
        if let Some(suppressed) = self.failures.admit(RealInstant::now()) {
            tracing::warn!(
                retry_delay_ms,
                suppressed,
                "{}; kigen tries again; until then no time passes for this cluster, and nothing is judged",
                error_chain(error)
            );
        }
    }

    /// Only for 403: where the Objectives are unavailable (404), none can be missed.
    fn log_forbidden(&mut self, resource: Resource, error: &RequestError) {
        let error = error_chain(error);
        if resource == Resource::Pods {
            self.health.without_pods(true);
            // Pods are reported as forbidden only once that has lasted.
            if !std::mem::replace(&mut self.has_warned_of_pods, true) {
                tracing::warn!(
                    "{error}; kigen continues without Pods: verdicts hold, but alerts lack exit codes, error texts and the reason why \
                     a run waits, and a run ends when the Job controller notices it: grant list and watch on pods"
                );
            }
            return;
        }
        if let Some(text) = objectives_refused(&error, self.objectives_refused.refused(RealInstant::now())) {
            tracing::warn!("{text}");
        }
    }
}

/// What a refusal of the Objectives means, if that is news, and what to do about one that lasts.
fn objectives_refused(error: &str, refused: Refused) -> Option<String> {
    match refused {
        Refused::MayPass => {
            Some(format!("{error}; kigen continues without Objectives of the cluster meanwhile; {MAY_PASS}"))
        }
        Refused::Lasts => Some(format!(
            "{error}; kigen continues without Objectives of the cluster: where there are none, ignore this; else apply \
             deploy/objectives.crd.yaml, and grant list and watch on objectives.kigen.dev"
        )),
        Refused::Known => None,
    }
}

/// The tasks that feed the loop.
struct Started {
    inputs: mpsc::Receiver<Input>,
    tasks: JoinSet<()>,
    logs: PodLogs,
}

/// Starts the probe, and after its first round the streams, each where it resumes. `delay` is the time until that round, which
/// must then find the same cluster.
fn start_tasks(
    api: &Api,
    settings: &Settings,
    resume_at: impl Fn(Resource) -> Option<u64>,
    delay: Option<Duration>,
) -> Started {
    let (sender, inputs) = mpsc::channel(INPUTS_WAITING_MAX);
    let mut tasks = JoinSet::new();
    let known = KnownVersions::default();
    let is_probed = watch::Sender::new(false);
    let cadence = Cadence::new(Duration::from_millis(settings.probe_interval_ms));
    for resource in Resource::ALL {
        let resume = resume_at(resource);
        known.raise(resource, resume.unwrap_or(0));
        let (api, settings, known, sender) = (api.clone(), settings.clone(), known.clone(), sender.clone());
        let (cadence, mut is_probed) = (cadence.clone(), is_probed.subscribe());
        tasks.spawn(async move {
            if is_probed.wait_for(|is_probed| *is_probed).await.is_ok() {
                watcher::watch(api, &settings, resource, resume, known, cadence, sender).await;
            }
        });
    }
    let logs = PodLogs::new(api.clone(), sender.clone(), settings);
    let (must_be_identified, delay) = (delay.is_some(), delay.unwrap_or_default());
    tasks.spawn(probe(
        Probe { api: api.clone(), cadence, delay, known, is_probed, must_be_identified },
        sender,
    ));
    Started { inputs, tasks, logs }
}

/// Logs the problems that are new.
fn log_problems(before: &Resolutions, now: &Resolutions) {
    let of_objects = now.objects.iter().filter_map(|(name, resolution)| {
        let logged = before.objects.get(name).and_then(|resolution| resolution.problem.as_ref());
        let problem = resolution.problem.as_ref().filter(|problem| Some(*problem) != logged)?;
        Some(format!("Objective {}/{}: {problem}", name.0, name.1))
    });
    let of_file = now.in_file.iter().filter(|(name, problem)| before.in_file.get(name) != Some(problem));
    let of_file =
        of_file.map(|((key, name), problem)| format!("objective `{name}` of {key} in a file: {problem}"));
    let annotated = now.annotated.iter().filter(|(key, problem)| before.annotated.get(key) != Some(problem));
    let annotated = annotated.map(|(key, problem)| format!("CronJob {key}: {problem}"));
    let mut all = of_objects.chain(of_file).chain(annotated);
    for problem in all.by_ref().take(PROBLEMS_LOGGED_MAX) {
        tracing::warn!("{problem}");
    }
    let suppressed = all.count();
    if suppressed > 0 {
        tracing::warn!(
            suppressed,
            "more objectives or annotations cannot be resolved; an Objective's status has its problem, and `kigen objectives \
             check` prints those of a file"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::connect::configure;
    use crate::server_clock::Clock;
    use crate::settings::Access;

    #[tokio::test]
    async fn a_panic_in_a_task_is_an_input_of_the_loop() {
        let settings = Settings::new("test", Access::Url("http://127.0.0.1:1".to_owned()));
        let clock = Clock::new(|| kigen_model::Instant::UNIX_EPOCH);
        let (api, _) = configure(&settings, clock).await.expect("a client");
        let mut shipper = Shipper::start(&api, &settings, 1, &Resume::default());
        shipper.tasks.spawn(async { panic!("an index out of bounds") });
        let panicked = async {
            loop {
                for input in shipper.next().await {
                    if let Input::Panicked { what } = input {
                        return what;
                    }
                }
            }
        };
        let what = tokio::time::timeout(Duration::from_secs(30), panicked).await;
        assert_eq!(what.expect("it is noticed"), "an index out of bounds");
    }

    #[test]
    fn a_refusal_of_the_objectives_is_advice_only_if_it_lasts() {
        let at_once = objectives_refused("403", Refused::MayPass).expect("it is logged");
        assert!(at_once.contains("may pass"), "{at_once}");
        assert!(!at_once.contains("apply") && !at_once.contains("grant list"), "{at_once}");
        let lasting = objectives_refused("403", Refused::Lasts).expect("it is logged");
        assert!(lasting.contains("apply deploy/objectives.crd.yaml, and grant list"), "{lasting}");
        assert_eq!(objectives_refused("403", Refused::Known), None);
    }
}
