//! The key of a batch, which is also the Kafka key of every record about it.

use std::fmt;
use std::str::FromStr;

/// One batch: a CronJob, or the Jobs that share the label `kigen.dev/batch`, or a bare Job by its name.
///
/// Written `cluster/namespace/batch`. What a part may be is stated by [`is_key_part`] alone. A key made by
/// [`new`](BatchKey::new) may break the rule: what comes from outside is checked with [`check`](BatchKey::check).
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

    /// What stands for a whole cluster where alerts have the key of a batch: it has no namespace and no batch, and is written
    /// as the cluster's name.
    #[must_use]
    pub fn of_cluster(cluster: &str) -> Self {
        Self::new(cluster, "", "")
    }

    /// Whether it stands for a whole cluster.
    #[must_use]
    pub fn is_of_cluster(&self) -> bool {
        self.namespace.is_empty() && self.batch.is_empty()
    }

    /// Whether each part is one that a key may have.
    ///
    /// # Errors
    /// A part is not.
    pub fn check(&self) -> Result<(), NotABatchKey> {
        if [&self.cluster, &self.namespace, &self.batch].into_iter().all(|part| is_key_part(part)) {
            Ok(())
        } else {
            Err(NotABatchKey { text: self.to_string() })
        }
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

/// Whether `text` may be a part of a key, and the name of a cluster: it is not empty, and has neither a `/`, which separates
/// the parts in a record's key, nor a zero byte, which separates them in the store.
#[must_use]
pub fn is_key_part(text: &str) -> bool {
    !text.is_empty() && !text.contains(['/', '\0'])
}

/// Whether `text` may be the key of a record of kigen: that of a batch, or the name of a cluster.
#[must_use]
pub fn is_record_key(text: &str) -> bool {
    is_key_part(text) || text.parse::<BatchKey>().is_ok()
}

impl fmt::Display for BatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_of_cluster() {
            return f.write_str(&self.cluster);
        }
        write!(f, "{}/{}/{}", self.cluster, self.namespace, self.batch)
    }
}

/// A text that is not `cluster/namespace/batch`, with parts that each pass [`is_key_part`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotABatchKey {
    /// The text as given.
    pub text: String,
}

impl fmt::Display for NotABatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a key of the form cluster/namespace/batch", self.text.escape_debug())
    }
}

impl std::error::Error for NotABatchKey {}

impl FromStr for BatchKey {
    type Err = NotABatchKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(cluster), Some(namespace), Some(batch), None)
                if [cluster, namespace, batch].into_iter().all(is_key_part) =>
            {
                Ok(Self::new(cluster, namespace, batch))
            }
            _ => Err(NotABatchKey { text: text.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_passes_the_check_exactly_if_it_reads_back_as_it_is_written() {
        let parts = ["", "a", "a/b", "/", "a\0b", "\0", "a b", "é"];
        for cluster in parts {
            for namespace in parts {
                for batch in parts {
                    let key = BatchKey::new(cluster, namespace, batch);
                    let read = key.to_string().parse::<BatchKey>();
                    assert_eq!(key.check().is_ok(), read.as_ref() == Ok(&key), "{key:?}: {read:?}");
                }
            }
        }
    }
}
