//! Which objects a list has shown, while it is being read.

use std::collections::BTreeSet;

use super::uid::Uid;

/// The objects that a list has shown so far.
#[derive(Debug, Default)]
pub(super) struct ListSnapshot {
    pub(super) uids: BTreeSet<Uid>,
    /// Namespace and name of objects that could not be decoded and have no UID; they are not gone either.
    pub(super) names: BTreeSet<(String, String)>,
}

impl ListSnapshot {
    /// `name` is the object's namespace and name.
    pub(super) fn has(&self, uid: &Uid, name: impl FnOnce() -> (String, String)) -> bool {
        self.uids.contains(uid) || (!self.names.is_empty() && self.names.contains(&name()))
    }
}
