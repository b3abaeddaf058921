//! The containers of a Pod by their roles: which of them is the batch's own work, and which only stands beside it.

use kigen_model::Instant;
use kigen_model::run::{CONTAINERS_MAX, Container, ContainerRole, ContainerState};

use super::fields::optional_instant;
use super::object::{ContainerStatus, Metadata, PodObject, PodStatus, Terminated};

/// The container that `kubectl logs` takes, which the Pod so names as its own work.
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";
/// Parts of the names of containers that stand beside others, where the Pod names no container as its own.
const PROXIES: [&str; 14] = [
    "istio-proxy",
    "linkerd-proxy",
    "envoy",
    "sql-proxy",
    "sql-auth-proxy",
    "auth-proxy",
    "alloydb",
    "vault-agent",
    "daprd",
    "fluent",
    "filebeat",
    "otel",
    "datadog-agent",
    "cloudwatch-agent",
];

/// What a container does.
#[derive(Clone, Copy, Debug)]
pub(super) enum State<'a> {
    /// It does not run yet, or not again.
    Waiting,
    /// It runs.
    Running {
        since: Option<Instant>,
        /// False while its startup probe has not passed.
        is_started: bool,
    },
    /// It has ended.
    Ended(&'a Terminated),
}

/// A container of a Pod.
#[derive(Clone, Copy, Debug)]
pub(super) struct OfPod<'a> {
    pub(super) name: &'a str,
    pub(super) role: ContainerRole,
    /// Kubernetes lists it under the init containers.
    pub(super) is_of_init: bool,
    pub(super) state: State<'a>,
    pub(super) status: &'a ContainerStatus,
}

impl OfPod<'_> {
    /// Whether it has ended badly.
    fn has_failed(&self) -> bool {
        matches!(self.state, State::Ended(ended) if ended.exit_code != Some(0))
    }

    fn kept(&self) -> Container {
        let state = match self.state {
            State::Waiting => ContainerState::Waiting,
            State::Running { since, .. } => ContainerState::Running { since },
            State::Ended(ended) => ContainerState::Ended {
                at: optional_instant(ended.finished_at.as_ref()),
                exit_code: ended.exit_code,
            },
        };
        Container { name: self.name.to_owned(), role: self.role, state }
    }

    fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended(_))
    }
}

/// The containers of a Pod, those of its init phase first.
pub(super) fn containers(pod: &PodObject) -> Vec<OfPod<'_>> {
    let Some(status) = &pod.status else { return Vec::new() };
    let own = own_containers(pod.metadata.as_ref(), status);
    let init = status.init_container_statuses.iter().flatten().map(|container| {
        let role = if is_restarted(pod, container) { ContainerRole::Sidecar } else { ContainerRole::Init };
        (container, role, true)
    });
    let regular = status.container_statuses.iter().flatten().map(|container| {
        let is_own = container.name.as_deref().is_some_and(|name| own.contains(&name));
        (container, if is_own { ContainerRole::Main } else { ContainerRole::Sidecar }, false)
    });
    init.chain(regular)
        .map(|(container, role, is_of_init)| OfPod {
            name: container.name.as_deref().unwrap_or("?"),
            role,
            is_of_init,
            state: state(container),
            status: container,
        })
        .collect()
}

/// Whether the work has failed, although a container beside it keeps the Pod from ending: the kubelet starts no container of
/// it again.
pub(super) fn has_failed_beside_others(pod: &PodObject) -> bool {
    let policy = pod.spec.as_ref().and_then(|spec| spec.restart_policy.as_deref());
    let containers = containers(pod);
    let mut of_work = containers.iter().filter(|container| container.role == ContainerRole::Main).peekable();
    policy == Some("Never")
        && of_work.peek().is_some()
        && of_work.clone().all(OfPod::has_ended)
        && of_work.any(OfPod::has_failed)
}

/// The containers as an attempt has them: where one of those beside each other has ended, and those of a pod that is being
/// terminated which have not.
pub(super) fn of_attempt(pod: &PodObject) -> Vec<Container> {
    let mut containers = containers(pod);
    if pod.metadata.as_ref().is_some_and(|metadata| metadata.deletion_timestamp.is_some())
        && containers.iter().any(|container| matches!(container.state, State::Running { .. }))
    {
        return containers.iter().take(CONTAINERS_MAX).map(OfPod::kept).collect();
    }
    containers.retain(|container| container.role != ContainerRole::Init || container.has_failed());
    if containers.len() < 2 || !containers.iter().any(OfPod::has_ended) {
        return Vec::new();
    }
    containers.iter().take(CONTAINERS_MAX).map(OfPod::kept).collect()
}

/// The init container that the others wait for, while it runs.
pub(super) struct WaitedFor<'a> {
    pub(super) name: &'a str,
    pub(super) since: Option<Instant>,
    is_started: bool,
}

impl WaitedFor<'_> {
    /// Why the pod waits, in one line.
    pub(super) fn explanation(&self) -> String {
        let Self { name, since, is_started } = self;
        let since =
            since.map_or(String::new(), |since| format!(" since {}", since.format("%Y-%m-%dT%H:%M:%SZ")));
        let unready = if *is_started { "" } else { " and is not started" };
        format!("its init container `{name}` runs{since}{unready}; the others wait for it")
    }
}

/// The init container that the others wait for, if it runs.
pub(super) fn waited_for(pod: &PodObject) -> Option<WaitedFor<'_>> {
    let init = containers(pod).into_iter().filter(|container| container.role != ContainerRole::Main);
    init.into_iter().find_map(|container| match container.state {
        State::Running { since, is_started } if container.role == ContainerRole::Init || !is_started => {
            Some(WaitedFor { name: container.name, since, is_started })
        }
        State::Running { .. } | State::Waiting | State::Ended(_) => None,
    })
}

fn state(container: &ContainerStatus) -> State<'_> {
    let Some(state) = &container.state else { return State::Waiting };
    match (&state.terminated, &state.running) {
        (Some(ended), _) => State::Ended(ended),
        (None, Some(running)) => State::Running {
            since: optional_instant(running.started_at.as_ref()),
            is_started: container.started != Some(false),
        },
        (None, None) => State::Waiting,
    }
}

/// The names of the containers that do the work: the one that the Pod names, else those that are no known proxy; all, if each
/// is one.
fn own_containers<'a>(metadata: Option<&'a Metadata>, status: &'a PodStatus) -> Vec<&'a str> {
    let names: Vec<&str> = status
        .container_statuses
        .iter()
        .flatten()
        .filter_map(|container| container.name.as_deref())
        .collect();
    let named = metadata.and_then(|metadata| metadata.annotation(DEFAULT_CONTAINER));
    if let Some(named) = named.filter(|named| names.contains(named)) {
        return vec![named];
    }
    let is_proxy = |name: &&str| PROXIES.iter().any(|proxy| name.contains(proxy));
    if names.iter().all(is_proxy) {
        names
    } else {
        names.into_iter().filter(|name| !is_proxy(name)).collect()
    }
}

/// A sidecar of Kubernetes' own: an init container that is always restarted.
fn is_restarted(pod: &PodObject, status: &ContainerStatus) -> bool {
    let specs = pod.spec.as_ref().and_then(|spec| spec.init_containers.as_ref());
    let spec = specs.into_iter().flatten().find(|spec| spec.name == status.name);
    spec.is_some_and(|spec| spec.restart_policy.as_deref() == Some("Always"))
}
