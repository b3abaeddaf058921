//! What the shipper must be told, and its bounds.

use std::path::PathBuf;

/// How the shipper watches a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The cluster's name in keys, events and alerts.
    pub cluster: String,
    /// Where the API server is and who asks.
    pub access: Access,
    /// The one namespace to watch, or `None` for all.
    pub namespace: Option<String>,
    /// The Lease by which shippers of the cluster agree who leads; `None`: no other can write to the same log.
    pub lease: Option<LeaseSettings>,
    /// How long facts are kept in `kigen.events`, in milliseconds: within each third of it, all that hold are said again.
    pub retention_ms: u64,
    /// How often the server is asked for its time and versions, in milliseconds of real time.
    pub probe_interval_ms: u64,
    /// The shortest wait after a failed request, in milliseconds.
    pub retry_delay_ms_min: u64,
    /// The longest wait after failed requests, in milliseconds.
    pub retry_delay_ms_max: u64,
    /// How long a watch may say nothing at all before it is taken for dead, in milliseconds. Kubernetes sends a
    /// bookmark every 60 s.
    pub watch_silence_ms_max: u64,
    /// How long an answer may take, in milliseconds; a watch's answer ends with its headers.
    pub answer_ms_max: u64,
    /// How long the first questions are asked again before the start is given up, in milliseconds: an API server that
    /// starts refuses for a second or two what it will grant.
    pub start_ms_max: u64,
    /// How many objects a page of a list has.
    pub page_objects_max: u32,
    /// How many rounds of probing may wait for the streams.
    pub rounds_pending_max: usize,
    /// How many pods may wait for their Job to be seen; beyond, those that wait longest are forgotten, and with them
    /// why an attempt failed, never that a run did.
    pub pods_waiting_max: usize,
    /// Whether the end of the log is read of a container that failed without a termination message.
    pub read_logs: bool,
    /// How often it is looked whether the statuses of the cluster's Objectives are as they should be, in milliseconds.
    pub statuses_interval_ms: u64,
    /// How many inputs are applied before they are committed together.
    pub inputs_per_commit_max: usize,
}

impl Settings {
    /// The settings for `cluster` with everything else at its default.
    pub fn new(cluster: impl Into<String>, access: Access) -> Self {
        Self {
            cluster: cluster.into(),
            access,
            namespace: None,
            lease: None,
            retention_ms: 90 * 86_400_000,
            probe_interval_ms: 10_000,
            retry_delay_ms_min: 500,
            retry_delay_ms_max: 30_000,
            watch_silence_ms_max: 150_000,
            answer_ms_max: 30_000,
            start_ms_max: 5_000,
            page_objects_max: 500,
            rounds_pending_max: 64,
            pods_waiting_max: 50_000,
            read_logs: false,
            statuses_interval_ms: 10_000,
            inputs_per_commit_max: 256,
        }
    }
}

/// Which Lease, and its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseSettings {
    /// Its name.
    pub name: String,
    /// Its namespace; `None`: the pod's, or that of the kubeconfig's context.
    pub namespace: Option<String>,
    /// For how long it is given, in milliseconds: after that long without a word of its holder, another takes it.
    pub duration_ms: u64,
    /// For how long after its last renewal the holder trusts it, in milliseconds. What is between is for what was on its
    /// way to the log by then.
    pub trusted_ms: u64,
    /// How often it is renewed, or looked at by who stands by, in milliseconds.
    pub interval_ms: u64,
    /// For how long the right to it may be refused before it is taken for refused for good, in milliseconds: an API
    /// server that starts refuses for a second or two what it will grant.
    pub refused_ms_max: u64,
}

impl LeaseSettings {
    /// The Lease of that name, with times by which another shipper has taken over within 20 s: 12 s until the Lease is
    /// free, 2 s until that is seen, and the rest for reading the log and the cluster.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            namespace: None,
            duration_ms: 12_000,
            trusted_ms: 8_000,
            interval_ms: 2_000,
            refused_ms_max: 5_000,
        }
    }
}

/// Where the API server is and who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// What `kubectl` would use (`$KUBECONFIG`, else `~/.kube/config`), else the pod's service account.
    Inferred {
        /// The context, or `None` for the current one.
        context: Option<String>,
    },
    /// A kubeconfig file.
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// The context, or `None` for the current one.
        context: Option<String>,
    },
    /// A server that asks for no credentials, such as `kubectl proxy` or the demo's.
    Url(String),
}

impl Access {
    /// Whether somebody says where the cluster is, rather than that it is where `kubectl` looks by itself.
    pub fn is_named(&self) -> bool {
        !matches!(self, Self::Inferred { context: None }) || std::env::var_os("KUBECONFIG").is_some()
    }
}
