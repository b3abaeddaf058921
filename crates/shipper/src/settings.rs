//! The shipper's settings, and its bounds.

use std::path::PathBuf;

use crate::quotas::QuotaSettings;

/// How the shipper watches a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The cluster's name in keys, events and alerts.
    pub cluster: String,
    /// Where the API server is, and by which credentials.
    pub access: Access,
    /// The one namespace to watch, or `None` for all.
    pub namespace: Option<String>,
    /// The Lease by which shippers of the cluster elect a leader; `None`: no other can write to the same log.
    pub lease: Option<LeaseSettings>,
    /// How long facts are kept in `kigen.events`, in milliseconds. Each third of it is a resync period: all live facts are
    /// emitted again.
    pub retention_ms: u64,
    /// How often the server is probed for its time and versions, in milliseconds of real time.
    pub probe_interval_ms: u64,
    /// The shortest wait after a failed request, in milliseconds.
    pub retry_delay_ms_min: u64,
    /// The longest wait after failed requests, in milliseconds.
    pub retry_delay_ms_max: u64,
    /// How long a watch may be silent before it is considered dead, in milliseconds. Kubernetes sends a
    /// bookmark every 60 s.
    pub watch_silence_ms_max: u64,
    /// How long an answer may take, in milliseconds; a watch's answer ends with its headers.
    pub answer_ms_max: u64,
    /// How long the first requests are retried before the start fails, in milliseconds: an API server that starts refuses
    /// for a second or two what it will grant.
    pub start_ms_max: u64,
    /// How many objects a page of a list has.
    pub page_objects_max: u32,
    /// How many rounds of probing may wait for the streams.
    pub rounds_pending_max: usize,
    /// How many pods may wait until their Job is known; beyond, those that wait longest are forgotten, and with them
    /// why an attempt failed, never that a run did.
    pub pods_waiting_max: usize,
    /// Whether to read the end of the log of a container that failed without a termination message.
    pub read_logs: bool,
    /// What one namespace may take of the log.
    pub quotas: QuotaSettings,
    /// How often the statuses of the cluster's Objectives are compared and written, in milliseconds.
    pub statuses_interval_ms: u64,
    /// For how long a leader that finds a newer epoch in the log waits after its last record, in milliseconds, before it
    /// leads again. A leader behind an old API server may tick once a minute.
    pub successor_silence_ms_max: u64,
    /// How many objectives at once may be withdrawn whatever their share is, since a person has confirmed it.
    pub withdrawals_confirmed: usize,
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
            quotas: QuotaSettings::default(),
            statuses_interval_ms: 10_000,
            successor_silence_ms_max: 150_000,
            withdrawals_confirmed: 0,
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
    /// Its duration, in milliseconds: after that long without a renewal, another shipper takes it.
    pub duration_ms: u64,
    /// For how long after its last renewal the holder trusts it, in milliseconds. The rest of the duration is for records
    /// that are on their way to the log by then.
    pub trusted_ms: u64,
    /// How often the holder renews it, or a standby reads it, in milliseconds.
    pub interval_ms: u64,
    /// For how long access may be refused before the refusal is final, in milliseconds: an API server that starts refuses for
    /// a second or two what it will grant.
    pub refused_ms_max: u64,
}

impl LeaseSettings {
    /// The Lease of that name, with times by which another shipper takes over within 20 s: 12 s until the Lease expires, 2 s
    /// until the standby reads it again, and the rest for reading the log and the cluster.
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

/// Where the API server is, and by which credentials.
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
    /// A server that needs no credentials, such as `kubectl proxy` or the demo's.
    Url(String),
}

impl Access {
    /// Whether the user has named the cluster, rather than leaving it to `kubectl`'s defaults.
    pub fn is_named(&self) -> bool {
        !matches!(self, Self::Inferred { context: None }) || std::env::var_os("KUBECONFIG").is_some()
    }
}
