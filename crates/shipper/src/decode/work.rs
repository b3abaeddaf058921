//! What the Pods of a Job run, small: a CronJob and the Jobs that repeat it by hand run the same.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::object::JobSpec;

/// A digest of the containers of a Job: their names, images, commands and arguments. It is compared within one process only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work(u64);

impl Work {
    /// `None`: the Job names no container.
    pub(super) fn of(spec: Option<&JobSpec>) -> Option<Self> {
        let containers = spec?.template.as_ref()?.spec.as_ref()?.containers.as_ref()?;
        if containers.is_empty() {
            return None;
        }
        let mut digest = DefaultHasher::new();
        containers.hash(&mut digest);
        Some(Self(digest.finish()))
    }
}
