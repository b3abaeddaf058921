//! Where a partition goes on: a pure decision over facts, one row of the design's table each.

use kigen_model::topic::Offset;
use kigen_state::{ENGINE_VERSION, PartitionState};

/// What is known when a partition is taken up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// C: the last position record of the partition in `kigen.status`.
    pub committed: Option<Committed>,
    /// What the store says of itself; `None`: there is no store, or it could not be read.
    pub store: Option<Stored>,
    /// The oldest record of `kigen.events` that is still there.
    pub events_start: Offset,
    /// The end of `kigen.events`.
    pub events_end: Offset,
    /// From here on in `kigen.status` every tombstone is still kept.
    pub tombstones_start: Offset,
}

/// The last position record, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Committed {
    /// The record.
    pub position: PartitionState,
    /// The offset in `kigen.status` after it.
    pub status_next: Offset,
}

/// What the store says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// The offset in `kigen.status` up to which it is applied.
    pub status_next: Offset,
    /// The engine that wrote it.
    pub engine_version: u32,
}

/// What to do with a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// No C: nothing was ever committed; drop the store and fold `kigen.events` from its start.
    FoldFromStart {
        /// The start.
        next: Offset,
    },
    /// Bring the store to C, and go on from there.
    GoOn {
        /// How the store gets there.
        restore: Restore,
        /// Where reading goes on, and what is lost before it.
        reading: Reading,
    },
    /// Touch nothing, judge nothing of this partition, and say why.
    Pause(Pause),
}

/// How the store gets to C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restore {
    /// It is there.
    Resume,
    /// It is older: apply `kigen.status` from here to C.
    ApplyTail {
        /// The store's own offset in it.
        from: Offset,
    },
    /// It is missing, older than the tombstones, ahead of C, or of another engine: drop it and apply `kigen.status` whole.
    Rebuild,
}

/// Where reading goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// At C.
    AtC,
    /// Unread events expired: at the log's start, with a gap over what expired.
    AfterGap {
        /// The first record that was not read.
        from: Offset,
        /// The first that is still there.
        to: Offset,
    },
}

/// Why a partition is not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    /// C is beyond the log's end: the log was truncated or is another one.
    BeyondEnd {
        /// Where C would go on.
        next: Offset,
        /// The end.
        end: Offset,
    },
    /// The state was written by a newer kigen.
    NewerEngine {
        /// Its version.
        found: u32,
    },
}

impl Decision {
    /// Its name among the metrics' labels.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::FoldFromStart { .. } => "fold_from_start",
            Self::GoOn { restore: Restore::Resume, .. } => "resume",
            Self::GoOn { restore: Restore::ApplyTail { .. }, .. } => "apply_tail",
            Self::GoOn { restore: Restore::Rebuild, .. } => "rebuild",
            Self::Pause(Pause::BeyondEnd { .. }) => "paused_beyond_end",
            Self::Pause(Pause::NewerEngine { .. }) => "paused_newer_engine",
        }
    }
}

/// The decision.
pub(crate) fn decide(facts: &Facts) -> Decision {
    let Some(committed) = &facts.committed else {
        return Decision::FoldFromStart { next: facts.events_start };
    };
    let position = &committed.position;
    if position.engine_version > ENGINE_VERSION {
        return Decision::Pause(Pause::NewerEngine { found: position.engine_version });
    }
    if position.next > facts.events_end {
        return Decision::Pause(Pause::BeyondEnd { next: position.next, end: facts.events_end });
    }
    let restore = match &facts.store {
        Some(stored) if stored.engine_version != position.engine_version => Restore::Rebuild,
        Some(stored) if stored.status_next == committed.status_next => Restore::Resume,
        Some(stored) if stored.status_next > committed.status_next => Restore::Rebuild,
        Some(stored) if stored.status_next < facts.tombstones_start => Restore::Rebuild,
        Some(stored) => Restore::ApplyTail { from: stored.status_next },
        None => Restore::Rebuild,
    };
    let reading = if position.next < facts.events_start {
        Reading::AfterGap { from: position.next, to: facts.events_start }
    } else {
        Reading::AtC
    };
    Decision::GoOn { restore, reading }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            committed: Some(Committed { position: PartitionState::new(Offset(70)), status_next: Offset(40) }),
            store: Some(Stored { status_next: Offset(40), engine_version: ENGINE_VERSION }),
            events_start: Offset(10),
            events_end: Offset(100),
            tombstones_start: Offset(5),
        }
    }

    fn go_on(restore: Restore) -> Decision {
        Decision::GoOn { restore, reading: Reading::AtC }
    }

    fn stored_at(offset: u64) -> Option<Stored> {
        Some(Stored { status_next: Offset(offset), engine_version: ENGINE_VERSION })
    }

    #[test]
    fn a_store_at_c_resumes() {
        assert_eq!(decide(&facts()), go_on(Restore::Resume));
    }

    #[test]
    fn an_older_store_applies_the_tail() {
        let facts = Facts { store: stored_at(39), ..facts() };
        assert_eq!(decide(&facts), go_on(Restore::ApplyTail { from: Offset(39) }));
        let facts = Facts { store: stored_at(5), ..facts };
        assert_eq!(decide(&facts), go_on(Restore::ApplyTail { from: Offset(5) }));
    }

    #[test]
    fn no_store_or_one_too_old_or_ahead_or_of_another_engine_is_rebuilt() {
        let other_engine = Some(Stored { status_next: Offset(40), engine_version: ENGINE_VERSION - 1 });
        for store in [None, stored_at(4), stored_at(41), other_engine] {
            assert_eq!(decide(&Facts { store, ..facts() }), go_on(Restore::Rebuild));
        }
    }

    #[test]
    fn without_a_position_the_events_are_folded_from_their_start_whatever_the_store_says() {
        for store in [None, stored_at(40)] {
            let facts = Facts { committed: None, store, ..facts() };
            assert_eq!(decide(&facts), Decision::FoldFromStart { next: Offset(10) });
        }
    }

    #[test]
    fn unread_events_that_expired_are_a_gap_and_the_state_is_kept() {
        let committed = Committed { position: PartitionState::new(Offset(7)), status_next: Offset(40) };
        for (store, restore) in [
            (stored_at(40), Restore::Resume),
            (stored_at(39), Restore::ApplyTail { from: Offset(39) }),
            (None, Restore::Rebuild),
        ] {
            let facts = Facts { committed: Some(committed.clone()), store, ..facts() };
            let reading = Reading::AfterGap { from: Offset(7), to: Offset(10) };
            assert_eq!(decide(&facts), Decision::GoOn { restore, reading });
        }
    }

    #[test]
    fn a_position_at_the_very_start_or_end_of_the_log_is_no_gap_and_no_truncation() {
        for next in [10, 100] {
            let committed =
                Committed { position: PartitionState::new(Offset(next)), status_next: Offset(40) };
            let facts = Facts { committed: Some(committed), ..facts() };
            assert_eq!(decide(&facts), go_on(Restore::Resume));
        }
    }

    #[test]
    fn a_position_beyond_the_end_pauses() {
        let committed = Committed { position: PartitionState::new(Offset(101)), status_next: Offset(40) };
        let facts = Facts { committed: Some(committed), ..facts() };
        let pause = Pause::BeyondEnd { next: Offset(101), end: Offset(100) };
        assert_eq!(decide(&facts), Decision::Pause(pause));
    }

    #[test]
    fn the_state_of_a_newer_kigen_pauses_and_nothing_else_of_it_is_believed() {
        let position =
            PartitionState { engine_version: ENGINE_VERSION + 1, ..PartitionState::new(Offset(101)) };
        let facts = Facts {
            committed: Some(Committed { position, status_next: Offset(40) }),
            store: None,
            ..facts()
        };
        assert_eq!(decide(&facts), Decision::Pause(Pause::NewerEngine { found: ENGINE_VERSION + 1 }));
    }
}
