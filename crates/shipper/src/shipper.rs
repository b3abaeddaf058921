//! The shipper's loop as three verbs: `next`, `apply`, `acknowledged`. Who calls them owns the log.

use std::sync::Arc;
use std::time::Duration;

use kigen_model::event::ClusterEvent;
use kigen_model::reasons::reasons;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant as TimerInstant;

use crate::core::{Acknowledged, Core, Output, Resume};
use crate::error::RequestError;
use crate::health::Health;
use crate::index::resolution::Standings;
use crate::input::{Input, News};
use crate::kubernetes::api::Api;
use crate::kubernetes::pod_logs::Logs;
use crate::kubernetes::probe::probe;
use crate::kubernetes::watcher::watch;
use crate::metrics;
use crate::resource::Resource;
use crate::settings::Settings;

/// How often failures are told at most: an API server that is away makes all streams and the probe fail, again and again.
const FAILURE_TOLD_EVERY: Duration = Duration::from_secs(60);

/// How many problems with objectives are told at once.
const PROBLEMS_TOLD_MAX: usize = 20;

/// The watches and the probe of one cluster, and what is made of them.
#[derive(Debug)]
pub struct Shipper {
    core: Core,
    inputs: mpsc::Receiver<Input>,
    inputs_per_commit_max: usize,
    /// Ends the tasks when it is dropped.
    _tasks: JoinSet<()>,
    logs: Logs,
    failures: Failures,
    /// It was told that the Objectives of the cluster are kept from kigen.
    told_of_objectives: bool,
    standings: Arc<Standings>,
    health: Health,
}

/// Failures to be told now and then.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    told_at: Option<TimerInstant>,
    untold: u64,
}

impl Shipper {
    /// Starts watching through `api`. To be called within a tokio runtime.
    pub fn start(api: &Api, settings: &Settings, epoch: u64, resume: &Resume) -> Self {
        let (sender, inputs) = mpsc::channel(INPUTS_WAITING_MAX);
        let mut tasks = JoinSet::new();
        for resource in Resource::ALL {
            let position = resume.positions.iter().find(|position| position.stream == resource.name());
            let position = position.map(|position| position.resource_version);
            let (api, settings, sender) = (api.clone(), settings.clone(), sender.clone());
            tasks.spawn(async move { watch(api, &settings, resource, position, sender).await });
        }
        let logs = Logs::new(api.clone(), sender.clone(), settings.read_logs);
        tasks.spawn(probe(api.clone(), Duration::from_millis(settings.probe_interval_ms), sender));
        Self {
            core: Core::new(settings, epoch, resume, api.clock())
                .with_cluster_uid(api.cluster_uid().map(str::to_owned)),
            inputs,
            inputs_per_commit_max: settings.inputs_per_commit_max.max(1),
            _tasks: tasks,
            logs,
            failures: Failures::default(),
            told_of_objectives: false,
            standings: Arc::default(),
            health: Health::default(),
        }
    }

    /// Tells `health` how it goes from here on.
    #[must_use]
    pub fn telling(self, health: Health) -> Self {
        Self { health, ..self }
    }

    /// The first thing to append, to every partition, before anything else. `shipper` says who, for a person.
    pub fn begin(&self, shipper: &str) -> ClusterEvent {
        self.core.begin(shipper)
    }

    /// The inputs that are there, at least one. Nothing is lost if the future is dropped.
    pub async fn next(&mut self) -> Vec<Input> {
        let mut inputs = Vec::new();
        if self.inputs.recv_many(&mut inputs, self.inputs_per_commit_max).await == 0 {
            // The tasks end only with the shipper, or by a panic, which was printed: then no tick lies, none comes.
            std::future::pending::<()>().await;
        }
        inputs
    }

    /// Turns an input into what is to be appended, and tells the operator what concerns one.
    pub fn apply(&mut self, input: Input) -> Output {
        metrics::heard(&input);
        self.tell_failure(&input);
        if let Input::Log(read) = &input {
            self.logs.answered(read);
        }
        let output = self.core.apply(input);
        metrics::said(&output);
        self.logs.want(self.core.logs_wanted());
        for rejected in &output.rejected {
            tracing::warn!("{rejected}");
        }
        for notice in &output.notices {
            tracing::warn!("{notice}");
        }
        output
    }

    /// All that [`Shipper::apply`] gave so far is in the log: what to append now; see [`Core::acknowledged`].
    pub fn acknowledged(&mut self) -> Acknowledged {
        if let Some(standings) = self.core.standings() {
            metrics::stand(&standings);
            tell_problems(&self.standings, &standings);
            self.standings = Arc::new(standings);
        }
        self.core.acknowledged()
    }

    /// How what is declared stands: of which it is known that all that was said of it is in the log.
    pub fn standings(&self) -> &Arc<Standings> {
        &self.standings
    }

    /// Where there are no Objectives, nobody misses them; where they may not be read, somebody might.
    fn tell_withheld(&mut self, error: &RequestError) {
        if !error.is_not_served() && !std::mem::replace(&mut self.told_of_objectives, true) {
            tracing::warn!(
                "{}; kigen goes on without Objectives of the cluster: where there are none, all is well; else apply \
                 deploy/objectives.crd.yaml, and grant list and watch on objectives.kigen.dev",
                reasons(error)
            );
        }
    }

    fn tell_failure(&mut self, input: &Input) {
        let (error, retry_delay_ms) = match input {
            Input::Stream { news: News::Broken { error, retry_delay_ms }, .. } => {
                (error, Some(retry_delay_ms))
            }
            Input::ProbeFailed(error) => (error, None),
            Input::Probed { .. } => return self.health.seen(),
            Input::Stream { news: News::Withheld(error), .. } => return self.tell_withheld(error),
            // Whoever owns the loop goes no further.
            Input::AnotherCluster { .. } => return,
            Input::Stream { .. } | Input::Declared(_) | Input::Log(_) => return,
        };
        self.health.unseen(reasons(error));
        if let Some(untold) = self.failures.untold_before_one_more(TimerInstant::now()) {
            let reasons = reasons(error);
            tracing::warn!(
                retry_delay_ms,
                untold,
                "{reasons}; kigen tries again; until then no time passes for this cluster, and nothing is judged"
            );
        }
    }
}

/// Tells of what cannot be resolved and was not told of yet.
fn tell_problems(before: &Standings, now: &Standings) {
    let of_objects = now.objects.iter().filter_map(|(place, standing)| {
        let told = before.objects.get(place).and_then(|standing| standing.problem.as_ref());
        let problem = standing.problem.as_ref().filter(|problem| Some(*problem) != told)?;
        Some(format!("Objective {}/{}: {problem}", place.0, place.1))
    });
    let of_file = now.in_file.iter().filter(|(name, problem)| before.in_file.get(name) != Some(problem));
    let of_file =
        of_file.map(|((key, name), problem)| format!("objective `{name}` of {key} in a file: {problem}"));
    let mut all = of_objects.chain(of_file);
    for problem in all.by_ref().take(PROBLEMS_TOLD_MAX) {
        tracing::warn!("{problem}");
    }
    let untold = all.count();
    if untold > 0 {
        tracing::warn!(
            untold,
            "more objectives cannot be resolved; an Objective's status says why, and `kigen objectives check` of a file"
        );
    }
}

impl Failures {
    /// How many failures were not told since the last that was, if one more is to be told now.
    pub(crate) fn untold_before_one_more(&mut self, now: TimerInstant) -> Option<u64> {
        if self.told_at.is_some_and(|told_at| now - told_at < FAILURE_TOLD_EVERY) {
            self.untold += 1;
            return None;
        }
        self.told_at = Some(now);
        Some(std::mem::take(&mut self.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_once_a_minute_with_how_many_were_not() {
        let mut failures = Failures::default();
        let start = TimerInstant::now();
        let told: Vec<_> = [0, 1, 30, 59, 60, 61, 120]
            .map(|seconds| failures.untold_before_one_more(start + Duration::from_secs(seconds)))
            .into();
        assert_eq!(told, [Some(0), None, None, None, Some(3), None, Some(1)]);
    }
}
