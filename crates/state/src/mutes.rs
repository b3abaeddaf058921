//! What one partition knows of what makes misses of a cluster silent: its mutes, and its stalls.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::event::MuteChange;
use kigen_model::mute::Mute;
use kigen_model::objective::Objective;

use crate::stalls::{Stall, Stalls};

/// How many mutes of a cluster are kept; beyond, the one that ends first is forgotten.
pub const MUTES_MAX: usize = 64;

/// The mutes of a cluster, by id, and its stalls. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mutes {
    by_id: Option<Arc<BTreeMap<String, Mute>>>,
    /// The times in which none of its CronJobs fired.
    pub stalls: Stalls,
}

impl Mutes {
    /// None.
    pub const NONE: &'static Self = &Self { by_id: None, stalls: Stalls::NONE };

    /// These, by id.
    pub fn of(mutes: impl IntoIterator<Item = (String, Mute)>) -> Self {
        Self::from(mutes.into_iter().collect::<BTreeMap<_, _>>())
    }

    /// With these stalls.
    #[must_use]
    pub fn with_stalls(self, stalls: Vec<Stall>) -> Self {
        Self { stalls: Stalls::of(stalls), ..self }
    }

    /// All of them, by id.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Mute)> {
        self.by_id.iter().flat_map(|mutes| mutes.iter()).map(|(id, mute)| (id.as_str(), mute))
    }

    /// Applies a change; `observed_until`: the watermark, before which each slot is judged.
    pub(crate) fn apply(&mut self, id: &str, change: &MuteChange, observed_until: Option<Instant>) {
        let mut mutes = self.by_id.take().map(Arc::unwrap_or_clone).unwrap_or_default();
        match change {
            MuteChange::Declared(mute) => {
                mutes.entry(id.to_owned()).or_insert_with(|| mute.clone());
            }
            MuteChange::Ended { at, author: _ } => {
                if let Some(mute) = mutes.get_mut(id) {
                    mute.until = mute.until.min(*at);
                }
            }
        }
        // A slot that is judged later stopped counting successes later.
        let waits = TimeDelta::seconds(Objective::GRACE_MAX_S);
        let judged_until = observed_until.and_then(|until| until.checked_sub_signed(waits));
        mutes.retain(|_, mute| judged_until.is_none_or(|until| mute.until >= until));
        while mutes.len() > MUTES_MAX {
            let first = mutes.iter().min_by_key(|(_, mute)| mute.until).map(|(id, _)| id.clone());
            let Some(first) = first else { break };
            mutes.remove(&first);
        }
        self.by_id = (!mutes.is_empty()).then(|| Arc::new(mutes));
    }
}

impl From<BTreeMap<String, Mute>> for Mutes {
    fn from(mutes: BTreeMap<String, Mute>) -> Self {
        let by_id = (!mutes.is_empty()).then(|| Arc::new(mutes));
        Self { by_id, stalls: Stalls::NONE }
    }
}

#[cfg(test)]
mod tests {
    use kigen_model::mute::MuteScope;

    use super::*;

    fn at(hour: i64) -> Instant {
        Instant::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    fn mute(from: i64, until: i64) -> Mute {
        Mute {
            scope: MuteScope::Cluster,
            from: at(from),
            until: at(until),
            repeats: None,
            author: "ann".to_owned(),
            reason: "migration".to_owned(),
        }
    }

    fn ended(hour: i64) -> MuteChange {
        MuteChange::Ended { at: at(hour), author: "bob".to_owned() }
    }

    fn until(mutes: &Mutes, id: &str) -> Option<Instant> {
        mutes.all().find(|(of, _)| *of == id).map(|(_, mute)| mute.until)
    }

    #[test]
    fn a_mute_changes_only_by_an_earlier_end() {
        let mut mutes = Mutes::default();
        mutes.apply("gone", &ended(5), None);
        assert_eq!(&mutes, Mutes::NONE, "what was never declared");
        mutes.apply("one", &MuteChange::Declared(mute(1, 10)), None);
        mutes.apply("one", &MuteChange::Declared(mute(1, 20)), None);
        assert_eq!(until(&mutes, "one"), Some(at(10)));
        mutes.apply("one", &ended(6), None);
        mutes.apply("one", &ended(8), None);
        mutes.apply("one", &MuteChange::Declared(mute(1, 10)), None);
        assert_eq!(until(&mutes, "one"), Some(at(6)));
    }

    #[test]
    fn a_mute_is_forgotten_when_no_slot_waits_for_a_verdict_that_it_concerns() {
        let mut mutes = Mutes::default();
        let day = 24;
        mutes.apply("one", &MuteChange::Declared(mute(0, day)), None);
        mutes.apply("two", &MuteChange::Declared(mute(0, 40 * day)), Some(at(32 * day)));
        assert_eq!(mutes.all().count(), 2);
        mutes.apply("two", &ended(50 * day), Some(at(32 * day + 1)));
        assert_eq!((until(&mutes, "one"), until(&mutes, "two")), (None, Some(at(40 * day))));
    }

    #[test]
    fn of_too_many_the_one_that_ends_first_is_forgotten() {
        let mut mutes = Mutes::default();
        for nth in 0..70 {
            mutes.apply(&format!("mute-{nth}"), &MuteChange::Declared(mute(0, 100 + nth)), None);
        }
        assert_eq!((mutes.all().count(), until(&mutes, "mute-5")), (MUTES_MAX, None));
        assert_eq!(until(&mutes, "mute-6"), Some(at(106)));
    }
}
