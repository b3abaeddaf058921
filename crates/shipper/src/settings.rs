//! The shipper's settings, and its bounds.

use std::path::PathBuf;

use crate::quotas::QuotaSettings;

/// The beginning of the name of each Lease.
const LEASE_PREFIX: &str = "kigen-";
/// The most characters of a Lease's name that are the cluster's: with the prefix and the hash they are a label.
const LEASE_CLUSTER_CHARS_MAX: usize = 63 - LEASE_PREFIX.len() - 1 - LEASE_HASH_CHARS;
const LEASE_HASH_CHARS: usize = 10;

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

/// What one shipper at a time may write: those that agree in all three share a Lease, and no others do.
#[derive(Clone, Copy, Debug)]
pub struct LeaseScope<'a> {
    /// The cluster's name in keys.
    pub cluster: &'a str,
    /// The one namespace that is watched, or `None` for all.
    pub namespace: Option<&'a str>,
    /// What identifies the log, such as the addresses of its brokers.
    pub log: &'a str,
}

impl LeaseScope<'_> {
    /// The name of its Lease: a label of at most 63 characters, which begins with the cluster's name as far as that may be in
    /// one, and ends with a hash of all three.
    pub fn lease_name(&self) -> String {
        let mut readable = String::new();
        for c in self.cluster.chars().map(|c| c.to_ascii_lowercase()) {
            match c {
                'a'..='z' | '0'..='9' => readable.push(c),
                _ if readable.is_empty() || readable.ends_with('-') => {}
                _ => readable.push('-'),
            }
        }
        readable.truncate(LEASE_CLUSTER_CHARS_MAX);
        let readable = readable.trim_end_matches('-');
        let separator = if readable.is_empty() { "" } else { "-" };
        let hash = format!("{:016x}", self.hash());
        format!("{LEASE_PREFIX}{readable}{separator}{}", &hash[..LEASE_HASH_CHARS])
    }

    /// FNV-1a, the same in every version of kigen: with another hash, two shippers would lead while one is upgraded.
    fn hash(&self) -> u64 {
        let parts = [self.cluster, self.namespace.unwrap_or_default(), self.log];
        let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
        bytes
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn name(cluster: &str, namespace: Option<&str>, log: &str) -> String {
        LeaseScope { cluster, namespace, log }.lease_name()
    }

    #[test]
    fn each_cluster_scope_and_log_has_its_own_lease() {
        let names = [
            name("prod", None, "kafka:9092"),
            name("stage", None, "kafka:9092"),
            name("prod", Some("ml"), "kafka:9092"),
            name("prod", Some("etl"), "kafka:9092"),
            name("prod", None, "other:9092"),
            // Texts that are the same when they are joined.
            name("prod", Some("m"), "lkafka:9092"),
            name("Prod", None, "kafka:9092"),
        ];
        let different: std::collections::BTreeSet<&String> = names.iter().collect();
        assert_eq!(different.len(), names.len(), "{names:?}");
    }

    #[test]
    fn the_name_is_readable_valid_and_the_same_in_every_version() {
        assert_eq!(name("prod", None, "kafka:9092"), "kigen-prod-be18887140");
        let of_context = name("arn:aws:eks:eu-west-1:123456789012:cluster_Prod", None, "kafka:9092");
        assert_eq!(of_context, "kigen-arn-aws-eks-eu-west-1-123456789012-cluster-pro-286a9bce72");
        assert_eq!(name("期限", None, "kafka:9092"), "kigen-b5a765ccbc");
        for name in [of_context, name(&"x".repeat(63), None, ""), name("-.a-", None, "")] {
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(name.len() <= 63 && name.chars().all(is_plain) && !name.contains("--"), "{name}");
        }
    }
}
