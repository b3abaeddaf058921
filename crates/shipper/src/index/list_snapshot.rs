//! What a list has shown, while it is being read.

use std::collections::BTreeSet;

use super::uid::Uid;

/// What a list that is being read has shown so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) uids: BTreeSet<Uid>,
    /// Objects that could not be used and have no UID; they are not gone either.
    pub(super) names: BTreeSet<(String, String)>,
}

impl Seen {
    /// `place` is the object's namespace and name.
    pub(super) fn has(&self, uid: &Uid, place: impl FnOnce() -> (String, String)) -> bool {
        self.uids.contains(uid) || (!self.names.is_empty() && self.names.contains(&place()))
    }
}
