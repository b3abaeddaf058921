//! Mutes: times in which misses of some objectives are judged and stored, but are no alerts.

use chrono::TimeDelta;

use crate::Instant;
use crate::alert::ID_NAMESPACE;
use crate::key::BatchKey;

/// A mute. Once declared it changes only by an earlier end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mute {
    /// What it mutes, in the cluster in which it was declared.
    pub scope: MuteScope,
    /// From when on.
    pub from: Instant,
    /// Until when, exclusive.
    pub until: Instant,
    /// When it is in force in this time; `None`: all the time.
    pub repeats: Option<Repeat>,
    /// Who declared it.
    pub author: String,
    /// Why.
    pub reason: String,
}

/// The times in which a mute is in force that repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// When they begin, five fields or a descriptor.
    pub crontab: String,
    /// The zone of the crontab, by its IANA name.
    pub time_zone: String,
    /// How long each lasts.
    pub length: TimeDelta,
}

/// What a mute is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MuteScope {
    /// Every objective of the cluster.
    Cluster,
    /// Those of the batches of a namespace.
    Namespace(String),
    /// Those of an owner.
    Owner(String),
    /// Those of a batch.
    Batch {
        /// Its namespace.
        namespace: String,
        /// Its name.
        batch: String,
    },
    /// One objective.
    Objective {
        /// The namespace of its batch.
        namespace: String,
        /// The name of its batch.
        batch: String,
        /// Its name.
        objective: String,
    },
}

impl Mute {
    /// The longest that a mute may last, in seconds, and the longest of its repeated times: 366 days.
    pub const LENGTH_MAX_S: i64 = 366 * 86_400;
    /// The most characters of an author, a reason and an id.
    pub const TEXT_CHARS_MAX: usize = 200;

    /// An id for it, of eight hexadecimal digits: of the same content, declared in the same cluster and way, it is the same.
    #[must_use]
    pub fn id(&self, cluster: &str, declared: &str) -> String {
        let content = format!("{cluster}/mute/{declared}/{self:?}");
        let id = uuid::Uuid::new_v5(&ID_NAMESPACE, content.as_bytes());
        id.simple().to_string()[..8].to_owned()
    }
}

impl MuteScope {
    /// Its forms, for messages.
    pub const FORM: &'static str =
        "`NAMESPACE/BATCH`, `NAMESPACE/BATCH/OBJECTIVE`, `owner:NAME`, `namespace:NAME` or `cluster`";

    /// Whether an objective is in it.
    #[must_use]
    pub fn has(&self, key: &BatchKey, objective: &str, owner: Option<&str>) -> bool {
        match self {
            Self::Owner(of) => owner == Some(of),
            Self::Objective { namespace, batch, objective: name } => {
                (namespace, batch) == (&key.namespace, &key.batch) && name == objective
            }
            Self::Cluster | Self::Namespace(_) | Self::Batch { .. } => self.has_batch(key),
        }
    }

    /// Whether a batch is in it with all its objectives, whatever they are.
    #[must_use]
    pub fn has_batch(&self, key: &BatchKey) -> bool {
        match self {
            Self::Cluster => true,
            Self::Namespace(namespace) => *namespace == key.namespace,
            Self::Batch { namespace, batch } => (namespace, batch) == (&key.namespace, &key.batch),
            Self::Owner(_) | Self::Objective { .. } => false,
        }
    }
}

/// As it is written: see [`MuteScope::FORM`].
impl std::fmt::Display for MuteScope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cluster => f.write_str("cluster"),
            Self::Namespace(namespace) => write!(f, "namespace:{namespace}"),
            Self::Owner(owner) => write!(f, "owner:{owner}"),
            Self::Batch { namespace, batch } => write!(f, "{namespace}/{batch}"),
            Self::Objective { namespace, batch, objective } => write!(f, "{namespace}/{batch}/{objective}"),
        }
    }
}

impl std::str::FromStr for MuteScope {
    type Err = String;

    /// # Errors
    /// It is no such form, with those that there are.
    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let owned = str::to_owned;
        let scope = match (parts.as_slice(), text.split_once(':')) {
            (["cluster"], _) => Self::Cluster,
            (_, Some(("owner", owner))) if !owner.is_empty() => Self::Owner(owned(owner)),
            ([_], Some(("namespace", namespace))) if !namespace.is_empty() => {
                Self::Namespace(owned(namespace))
            }
            ([namespace, batch], None) if !namespace.is_empty() && !batch.is_empty() => {
                Self::Batch { namespace: owned(namespace), batch: owned(batch) }
            }
            ([namespace, batch, objective], None) if parts.iter().all(|part| !part.is_empty()) => {
                Self::Objective {
                    namespace: owned(namespace),
                    batch: owned(batch),
                    objective: owned(objective),
                }
            }
            _ => return Err(format!("`{text}` is nothing that can be muted: write {}", Self::FORM)),
        };
        Ok(scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_as_it_is_written() {
        let of = |text: &str| text.parse::<MuteScope>();
        for text in ["cluster", "namespace:ml", "owner:ml/team", "ml/recommend", "ml/recommend/complete-by"] {
            assert_eq!(of(text).map(|scope| scope.to_string()).as_deref(), Ok(text));
        }
        for text in
            ["", "recommend", "ml/", "/a", "a/b/c/d", "namespace:", "owner:", "team:web", "namespace:a/b"]
        {
            assert!(of(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_scope_has_what_it_names_and_nothing_else() {
        let key = BatchKey::new("prod", "ml", "recommend");
        let has = |scope: &str| {
            scope.parse::<MuteScope>().is_ok_and(|scope| scope.has(&key, "complete-by", Some("ml-team")))
        };
        let right = ["cluster", "namespace:ml", "owner:ml-team", "ml/recommend", "ml/recommend/complete-by"];
        assert!(right.into_iter().all(has));
        let wrong = ["namespace:dwh", "owner:web", "ml/report", "dwh/recommend", "ml/recommend/other"];
        assert!(!wrong.into_iter().any(has));
        assert!(!MuteScope::Owner("ml-team".to_owned()).has(&key, "complete-by", None));
    }
}
