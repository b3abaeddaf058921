//! Everything that sends requests to the Kubernetes API server: the client, the watchers, the probe, the Lease, logs of Pods.

pub mod api;
pub mod cadence;
pub mod client;
pub mod connect;
pub mod fair_queue;
pub mod known_versions;
pub mod kubeconfig;
pub mod lease;
pub mod lines;
pub mod page_limit;
pub mod pod_logs;
pub mod probe;
pub mod watcher;
