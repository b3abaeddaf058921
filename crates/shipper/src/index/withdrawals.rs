//! Withdrawals of objectives: what no source declares any more, and whether that is emitted or held until it is confirmed.
//!
//! Those of a list or a file are decided together. One that is seen alone is decided with the next tick, so that those of one
//! cause come together: a deletion of the custom resource definition deletes each Objective, one after the other.
//!
//! ```text
//!              not declared             few, or confirmed      
//! in force ──────────────────▶ pending ─────────────────────────▶ withdrawn
//!    ▲                         │  ▲  │
//!    └────── declared again ───┘  └──┘ many at once, or their kind has vanished: held
//! ```

use std::fmt;

use kigen_model::key::BatchKey;

/// So many may be withdrawn at once without a confirmation, whatever their share is.
const UNCONFIRMED_MAX: usize = 3;
/// The share of the objectives in force that may be withdrawn at once without a confirmation: one of so many.
const UNCONFIRMED_SHARE: usize = 10;
/// How many held withdrawals are named.
const NAMED_MAX: usize = 5;

/// Whether so many of the objectives in force are withdrawn at once only when a person has confirmed it.
#[must_use]
pub fn are_many(count: usize, in_force: usize) -> bool {
    count > UNCONFIRMED_MAX && count > in_force / UNCONFIRMED_SHARE
}

/// Withdrawals that are held: the objectives stay in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldWithdrawals {
    /// How many.
    pub count: usize,
    /// How many objectives of the cluster are in force.
    pub in_force: usize,
    /// The first of them, by batch and name.
    pub first: Vec<(BatchKey, String)>,
    /// Whether the API server no longer serves Objectives.
    pub has_kind_vanished: bool,
}

impl HeldWithdrawals {
    /// Those of `pending`, if they may not be withdrawn; `confirmed`: how many a person has confirmed.
    pub(super) fn of<'a>(
        pending: impl Iterator<Item = (&'a BatchKey, &'a str)> + Clone,
        in_force: usize,
        has_kind_vanished: bool,
        confirmed: usize,
    ) -> Option<Self> {
        let count = pending.clone().count();
        if count <= confirmed || !(are_many(count, in_force) || has_kind_vanished) {
            return None;
        }
        let first = pending.take(NAMED_MAX).map(|(key, name)| (key.clone(), name.to_owned())).collect();
        Some(Self { count, in_force, first, has_kind_vanished })
    }
}

impl fmt::Display for HeldWithdrawals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, in_force, first, has_kind_vanished } = self;
        let why = if *has_kind_vanished {
            "the API server no longer serves Objectives (was the custom resource definition deleted?)"
        } else {
            "their sources no longer declare them, all at once"
        };
        let named: Vec<String> = first.iter().map(|(key, name)| format!("`{name}` of {key}")).collect();
        let more = count.saturating_sub(named.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        write!(
            f,
            "{count} of {in_force} objectives stay in force although {why}: {}{more}. If they are to be withdrawn, confirm it: \
             restart the shipper with --confirm-withdrawals {count} (KIGEN_CONFIRM_WITHDRAWALS); else restore what declared them",
            named.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_held(count: u32, in_force: usize, has_kind_vanished: bool, confirmed: usize) -> bool {
        let keys: Vec<_> =
            (0..count).map(|nth| BatchKey::new("prod", "ml", format!("batch-{nth}"))).collect();
        let pending = keys.iter().map(|key| (key, "ready"));
        HeldWithdrawals::of(pending, in_force, has_kind_vanished, confirmed).is_some()
    }

    #[test]
    fn more_than_three_and_a_tenth_at_once_or_a_kind_that_vanished_wait_for_a_confirmation() {
        assert!(!is_held(3, 3, false, 0) && !is_held(100, 1_000, false, 0));
        assert!(is_held(4, 4, false, 0) && is_held(4, 39, false, 0) && is_held(101, 1_000, false, 0));
        assert!(!is_held(4, 40, false, 0));
        assert!(is_held(1, 100, true, 0) && !is_held(0, 100, true, 0));
        assert!(is_held(8, 8, true, 7) && !is_held(8, 8, true, 8));
    }
}
