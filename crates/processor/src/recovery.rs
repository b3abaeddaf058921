//! Where a partition resumes: a pure decision over facts.
//!
//! ```text
//!  committed position       the store                                       decision
//!  none                     any                                             FoldFromStart
//!  of a newer engine        any                                             Pause(NewerEngine)
//!  beyond the last event    any                                             Pause(BeyondEnd)
//!  after another clock      any                                             Pause(AnotherTopic)
//!  within the events        at it                                           Resume (Restore::Keep)
//!                           behind it, tombstones since are all kept        Resume (Restore::ApplyTail)
//!                           missing, too far behind, ahead, another engine  Resume (Restore::Rebuild)
//!  before the first event   as above                                        as above, but Reading::AfterGap
//! ```

use kigen_model::topic::Offset;
use kigen_state::{ENGINE_VERSION, PartitionState};

/// What is known when a partition is restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The last position record of the partition in `kigen.status`.
    pub committed: Option<CommittedPosition>,
    /// The store's own position; `None`: there is no store, or it could not be read.
    pub store: Option<StorePosition>,
    /// The offset of the oldest record of `kigen.events` that is still kept.
    pub events_start: Offset,
    /// The end of `kigen.events`.
    pub events_end: Offset,
    /// The first of the events right before the committed position that was not judged: a later tick, or a newer epoch, than
    /// the committed clocks have; `None`: there is none.
    pub unjudged: Option<Offset>,
    /// The offset in `kigen.status` from which on every tombstone is still kept.
    pub tombstones_start: Offset,
}

/// The last position record of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommittedPosition {
    /// Its content.
    pub position: PartitionState,
    /// The offset in `kigen.status` after it.
    pub status_next: Offset,
}

/// Up to where the store is applied, and by which engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StorePosition {
    /// The offset in `kigen.status` up to which it is applied.
    pub status_next: Offset,
    /// The engine that wrote it.
    pub engine_version: u32,
}

/// What to do with a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Nothing was ever committed: drop the store and fold `kigen.events` from its start.
    FoldFromStart {
        /// The start.
        next: Offset,
    },
    /// Bring the store to the committed position, and resume from there.
    Resume {
        /// How the store gets there.
        restore: Restore,
        /// Where reading resumes, and what is lost before it.
        reading: Reading,
    },
    /// Change nothing, judge nothing of this partition, and report why.
    Pause(Pause),
}

/// How the store gets to the committed position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restore {
    /// It is there already.
    Keep,
    /// It is behind: apply `kigen.status` from here to the committed position.
    ApplyTail {
        /// The store's own offset in it.
        from: Offset,
    },
    /// It is missing, ahead, of another engine, or so far behind that tombstones may be gone: drop it and apply the whole of
    /// `kigen.status`.
    Rebuild,
}

/// Where reading resumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// At the committed position.
    AtCommitted,
    /// Unread events expired: at the log's start, with a gap over what expired.
    AfterGap {
        /// The first record that was not read.
        from: Offset,
        /// The first one that is still kept.
        to: Offset,
    },
}

/// How the state is rebuilt from the events that the log has.
const ANEW: &str = "stop kigen and let it judge anew what the log has (on Kafka: delete kigen.status, run `kigen topics \
                    create`; else: set kigen up with a new data directory)";

/// Why a partition is not judged, and what an operator does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Pause {
    /// The committed position is beyond the log's end: the log was truncated or is another one.
    #[error(
        "the next event to read is {next}, but the log ends at {end}, so the log was truncated or is another one; restore \
         the log, or {ANEW}"
    )]
    BeyondEnd {
        /// The next event to read, by the committed position.
        next: Offset,
        /// The end.
        end: Offset,
    },
    /// An event before the committed position was not judged: the topic was deleted and re-created, and has grown beyond the
    /// position.
    #[error(
        "the next event to read is {next}, but the event at {unjudged} before it was not judged, so the log is another one, \
         as after kigen.events was deleted and re-created; restore the log, or {ANEW}"
    )]
    AnotherTopic {
        /// The next event to read, by the committed position.
        next: Offset,
        /// The event that was not judged.
        unjudged: Offset,
    },
    /// The state was written by a newer kigen.
    #[error("its state was written by a newer kigen (engine {found}); start that version again, or {ANEW}")]
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
            Self::Resume { restore: Restore::Keep, .. } => "resume",
            Self::Resume { restore: Restore::ApplyTail { .. }, .. } => "apply_tail",
            Self::Resume { restore: Restore::Rebuild, .. } => "rebuild",
            Self::Pause(Pause::BeyondEnd { .. }) => "paused_beyond_end",
            Self::Pause(Pause::AnotherTopic { .. }) => "paused_another_topic",
            Self::Pause(Pause::NewerEngine { .. }) => "paused_newer_engine",
        }
    }
}

/// Decides by the table above.
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
    if let Some(unjudged) = facts.unjudged {
        return Decision::Pause(Pause::AnotherTopic { next: position.next, unjudged });
    }
    let restore = match &facts.store {
        // Its index of due work is that engine's, too.
        Some(stored) if stored.engine_version != ENGINE_VERSION => Restore::Rebuild,
        Some(stored) if stored.status_next == committed.status_next => Restore::Keep,
        Some(stored) if stored.status_next > committed.status_next => Restore::Rebuild,
        Some(stored) if stored.status_next < facts.tombstones_start => Restore::Rebuild,
        Some(stored) => Restore::ApplyTail { from: stored.status_next },
        None => Restore::Rebuild,
    };
    let reading = if position.next < facts.events_start {
        Reading::AfterGap { from: position.next, to: facts.events_start }
    } else {
        Reading::AtCommitted
    };
    Decision::Resume { restore, reading }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            committed: Some(CommittedPosition {
                position: PartitionState::new(Offset(70)),
                status_next: Offset(40),
            }),
            store: Some(StorePosition { status_next: Offset(40), engine_version: ENGINE_VERSION }),
            events_start: Offset(10),
            events_end: Offset(100),
            unjudged: None,
            tombstones_start: Offset(5),
        }
    }

    fn resume(restore: Restore) -> Decision {
        Decision::Resume { restore, reading: Reading::AtCommitted }
    }

    fn stored_at(offset: u64) -> Option<StorePosition> {
        Some(StorePosition { status_next: Offset(offset), engine_version: ENGINE_VERSION })
    }

    #[test]
    fn a_store_at_the_committed_position_is_used_as_it_is() {
        assert_eq!(decide(&facts()), resume(Restore::Keep));
    }

    #[test]
    fn a_store_that_is_behind_gets_the_tail_applied() {
        let facts = Facts { store: stored_at(39), ..facts() };
        assert_eq!(decide(&facts), resume(Restore::ApplyTail { from: Offset(39) }));
        let facts = Facts { store: stored_at(5), ..facts };
        assert_eq!(decide(&facts), resume(Restore::ApplyTail { from: Offset(5) }));
    }

    #[test]
    fn a_store_that_is_missing_or_too_old_or_ahead_or_of_another_engine_is_rebuilt() {
        let other_engine =
            Some(StorePosition { status_next: Offset(40), engine_version: ENGINE_VERSION - 1 });
        for store in [None, stored_at(4), stored_at(41), other_engine] {
            assert_eq!(decide(&Facts { store, ..facts() }), resume(Restore::Rebuild));
        }
    }

    /// What is due by a newer engine is not in its index.
    #[test]
    fn after_an_upgrade_the_store_is_rebuilt_though_it_is_at_the_committed_position() {
        let engine_version = ENGINE_VERSION - 1;
        let position = PartitionState { engine_version, ..PartitionState::new(Offset(70)) };
        let committed = Some(CommittedPosition { position, status_next: Offset(40) });
        let store = Some(StorePosition { status_next: Offset(40), engine_version });
        assert_eq!(decide(&Facts { committed, store, ..facts() }), resume(Restore::Rebuild));
    }

    #[test]
    fn without_a_committed_position_the_events_are_folded_from_their_start_whatever_the_store_holds() {
        for store in [None, stored_at(40)] {
            let facts = Facts { committed: None, store, ..facts() };
            assert_eq!(decide(&facts), Decision::FoldFromStart { next: Offset(10) });
        }
    }

    #[test]
    fn unread_events_that_expired_make_a_gap_and_the_state_is_kept() {
        let committed =
            CommittedPosition { position: PartitionState::new(Offset(7)), status_next: Offset(40) };
        for (store, restore) in [
            (stored_at(40), Restore::Keep),
            (stored_at(39), Restore::ApplyTail { from: Offset(39) }),
            (None, Restore::Rebuild),
        ] {
            let facts = Facts { committed: Some(committed.clone()), store, ..facts() };
            let reading = Reading::AfterGap { from: Offset(7), to: Offset(10) };
            assert_eq!(decide(&facts), Decision::Resume { restore, reading });
        }
    }

    #[test]
    fn a_position_at_the_very_start_or_end_of_the_log_is_no_gap_and_no_truncation() {
        for next in [10, 100] {
            let committed =
                CommittedPosition { position: PartitionState::new(Offset(next)), status_next: Offset(40) };
            let facts = Facts { committed: Some(committed), ..facts() };
            assert_eq!(decide(&facts), resume(Restore::Keep));
        }
    }

    #[test]
    fn a_position_beyond_the_end_pauses() {
        let committed =
            CommittedPosition { position: PartitionState::new(Offset(101)), status_next: Offset(40) };
        let facts = Facts { committed: Some(committed), ..facts() };
        let pause = Pause::BeyondEnd { next: Offset(101), end: Offset(100) };
        assert_eq!(decide(&facts), Decision::Pause(pause));
    }

    #[test]
    fn an_event_before_the_position_that_was_not_judged_pauses() {
        let facts = Facts { unjudged: Some(Offset(69)), ..facts() };
        let pause = Pause::AnotherTopic { next: Offset(70), unjudged: Offset(69) };
        assert_eq!(decide(&facts), Decision::Pause(pause));
    }

    #[test]
    fn the_state_of_a_newer_kigen_pauses_before_its_other_fields_are_used() {
        let position =
            PartitionState { engine_version: ENGINE_VERSION + 1, ..PartitionState::new(Offset(101)) };
        let facts = Facts {
            committed: Some(CommittedPosition { position, status_next: Offset(40) }),
            store: None,
            ..facts()
        };
        assert_eq!(decide(&facts), Decision::Pause(Pause::NewerEngine { found: ENGINE_VERSION + 1 }));
    }
}
