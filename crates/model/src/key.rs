//! The key of a batch, which is also the Kafka key of every record about it.

use std::fmt;
use std::str::FromStr;

/// One batch: a CronJob, or the Jobs that share the label `kigen.dev/batch`, or a bare Job by its name.
///
/// Written `cluster/namespace/batch`; none of the three parts contains a `/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchKey {
    /// The cluster's name as configured in kigen.
    pub cluster: String,
    /// The Kubernetes namespace.
    pub namespace: String,
    /// The batch's name within the namespace.
    pub batch: String,
}

impl BatchKey {
    /// The key of `batch` in `namespace` of `cluster`.
    pub fn new(cluster: impl Into<String>, namespace: impl Into<String>, batch: impl Into<String>) -> Self {
        Self { cluster: cluster.into(), namespace: namespace.into(), batch: batch.into() }
    }

    /// Whether `text` is this key as [`Display`](fmt::Display) writes it.
    #[must_use]
    pub fn is_written(&self, text: &str) -> bool {
        let [cluster, namespace] = [&self.cluster, &self.namespace].map(String::as_str);
        let rest = text.strip_prefix(cluster).and_then(|rest| rest.strip_prefix('/'));
        let rest = rest.and_then(|rest| rest.strip_prefix(namespace)?.strip_prefix('/'));
        rest == Some(self.batch.as_str())
    }
}

impl fmt::Display for BatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.cluster, self.namespace, self.batch)
    }
}

/// A text that is not `cluster/namespace/batch`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotABatchKey {
    /// The text as given.
    pub text: String,
}

impl fmt::Display for NotABatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a key of the form cluster/namespace/batch", self.text)
    }
}

impl std::error::Error for NotABatchKey {}

impl FromStr for BatchKey {
    type Err = NotABatchKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(cluster), Some(namespace), Some(batch), None)
                if ![cluster, namespace, batch].contains(&"") =>
            {
                Ok(Self::new(cluster, namespace, batch))
            }
            _ => Err(NotABatchKey { text: text.to_owned() }),
        }
    }
}
