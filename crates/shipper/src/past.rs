//! The pasts of a cluster's store, and the versions of facts and positions that they give.
//!
//! etcd's revisions, and so resource versions, only grow; but a store that was restored from a backup counts on from the
//! backup. So each time that it has gone back is another past, and the version that is written has the number of the past above
//! the resource version. Thus versions still only grow: whatever the restored store shows is newer than all that was known.

use kigen_model::event::{Fact, FactBody, StreamPosition};

/// How many bits of a version are the resource version. 10,000 changes a second would need 890 years to fill them.
const RESOURCE_VERSION_BITS: u32 = 48;

/// The number of a past: how often the store has gone back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Past(u16);

impl Past {
    /// The last one, since a version must fit into a `long`. A store that goes back once more starts no other past: a gap is
    /// written, but what is listed counts only once its versions are higher than those that are known.
    const LAST: Self = Self(i16::MAX.unsigned_abs());

    /// The past of a version.
    pub fn of(version: u64) -> Self {
        let number = u16::try_from(version >> RESOURCE_VERSION_BITS).unwrap_or(u16::MAX);
        Self(number).min(Self::LAST)
    }

    /// The past of a fact. A declared objective has the server's time as its version, in any past.
    pub fn of_fact(fact: &Fact) -> Self {
        let (FactBody::CronJob { revision, .. }
        | FactBody::Run { revision, .. }
        | FactBody::Attempt { revision, .. }
        | FactBody::Objective { revision, .. }) = &fact.body;
        Self::of(revision.resource_version)
    }

    /// The version of a resource version of this past.
    pub fn version(self, resource_version: u64) -> u64 {
        u64::from(self.0) << RESOURCE_VERSION_BITS | resource_version & ((1 << RESOURCE_VERSION_BITS) - 1)
    }

    /// The resource version at which a stream resumes from this position; `None`: it is of another past.
    pub fn resume(self, position: &StreamPosition) -> Option<u64> {
        let version = position.resource_version;
        (Self::of(version) == self).then_some(version & ((1 << RESOURCE_VERSION_BITS) - 1))
    }

    /// The next past.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1)).min(Self::LAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(version: u64) -> StreamPosition {
        StreamPosition { stream: "jobs".to_owned(), resource_version: version }
    }

    #[test]
    fn any_version_of_a_later_past_is_newer_and_the_first_past_has_resource_versions_as_they_are() {
        let first = Past::default();
        assert_eq!(first.version(1_200), 1_200);
        let second = first.next();
        assert!(second.version(1) > first.version(1_200));
        assert_eq!((Past::of(second.version(7)), Past::of(1_200)), (second, first));
        assert_eq!((second.resume(&at(second.version(7))), second.resume(&at(1_200))), (Some(7), None));
    }

    #[test]
    fn the_last_past_still_fits_into_a_long() {
        let last = (0..100_000).fold(Past::default(), |past, _| past.next());
        assert_eq!(last, Past::LAST);
        assert!(i64::try_from(last.version(u64::MAX)).is_ok());
        assert_eq!(Past::of(u64::MAX), Past::LAST);
    }
}
