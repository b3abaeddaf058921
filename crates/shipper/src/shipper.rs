//! The shipper's loop as three verbs: `next`, `apply`, `acknowledged`. Who calls them owns the log.

use std::collections::HashMap;
use std::time::Duration;

use kigen_model::event::ClusterEvent;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant as TimerInstant;

use crate::api::{Api, RequestError, reasons};
use crate::core::{Core, Output, Resume};
use crate::input::{Input, News};
use crate::probe::probe;
use crate::resource::Resource;
use crate::settings::Settings;
use crate::watching::watch;

/// How many inputs wait for the loop; beyond, the streams are not read, and the API server keeps what it has to say.
const INPUTS_WAITING_MAX: usize = 64;
/// How often one kind of failure is told at most.
const FAILURE_TOLD_EVERY: Duration = Duration::from_secs(60);

/// The watches and the probe of one cluster, and what is made of them.
#[derive(Debug)]
pub struct Shipper {
    core: Core,
    inputs: mpsc::Receiver<Input>,
    inputs_per_commit_max: usize,
    /// Ends the tasks when it is dropped.
    _tasks: JoinSet<()>,
    failures: HashMap<Option<Resource>, Failure>,
}

#[derive(Debug)]
struct Failure {
    told_at: TimerInstant,
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
        tasks.spawn(probe(api.clone(), Duration::from_millis(settings.probe_interval_ms), sender));
        Self {
            core: Core::new(settings, epoch, resume, api.clock()),
            inputs,
            inputs_per_commit_max: settings.inputs_per_commit_max.max(1),
            _tasks: tasks,
            failures: HashMap::new(),
        }
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
        self.tell_failure(&input);
        let output = self.core.apply(input);
        for rejected in &output.rejected {
            tracing::warn!("{rejected}");
        }
        for notice in &output.notices {
            tracing::warn!("{notice}");
        }
        output
    }

    /// All that [`Shipper::apply`] gave so far is in the log: what to append to every partition, in this order; see
    /// [`Core::acknowledged`].
    pub fn acknowledged(&mut self) -> Vec<ClusterEvent> {
        self.core.acknowledged()
    }

    fn tell_failure(&mut self, input: &Input) {
        match input {
            Input::Stream { resource, news: News::Broken { error, retry_delay_ms } } => {
                let told = self.is_to_be_told(Some(*resource));
                if let Some(untold) = told {
                    let reasons = reasons(error);
                    tracing::warn!(%resource, retry_delay_ms, untold, "{reasons}; kigen tries again");
                }
            }
            Input::ProbeFailed(error) => self.tell_probe_failure(error),
            Input::Stream { .. } | Input::Probed { .. } => {}
        }
    }

    fn tell_probe_failure(&mut self, error: &RequestError) {
        if let Some(untold) = self.is_to_be_told(None) {
            let reasons = reasons(error);
            tracing::warn!(
                untold,
                "{reasons}; no time passes for this cluster until it answers, nothing is judged"
            );
        }
    }

    /// How many failures of this kind were not told since the last that was, if one is to be told now.
    fn is_to_be_told(&mut self, kind: Option<Resource>) -> Option<u64> {
        let now = TimerInstant::now();
        match self.failures.get_mut(&kind) {
            Some(failure) if now - failure.told_at < FAILURE_TOLD_EVERY => {
                failure.untold += 1;
                None
            }
            Some(failure) => {
                failure.told_at = now;
                Some(std::mem::take(&mut failure.untold))
            }
            None => {
                self.failures.insert(kind, Failure { told_at: now, untold: 0 });
                Some(0)
            }
        }
    }
}
