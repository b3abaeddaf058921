//! What became of the slots of one objective: each verdict, or only the sums of them, so that a replay needs memory for what may
//! still change and for what was missed, not for all that it reads.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::slot::Verdict;
use kigen_state::VERDICTS_MAX;
use sketches_ddsketch::{Config, DDSketch};

/// How many margins are kept one by one, and their percentiles are exact: those of a year of days.
const EXACT_MAX: usize = 400;
/// By which part a percentile of more margins is off at most.
const ERROR: f64 = 0.01;
/// How many classes of margins there are at most: enough for a second to ten years.
const CLASSES_MAX: u32 = 1_024;

/// The verdict on a slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    /// Missed or unknown, and no alert, since the objective is muted.
    pub(super) is_muted: bool,
}

/// The slots of an objective.
#[derive(Default)]
pub(super) struct Slots {
    /// By deadline: all, or those that may be judged again.
    pub(super) judged: BTreeMap<Instant, Judged>,
    /// The sums of the others.
    settled: Sums,
}

/// How often an objective was met and missed.
#[derive(Clone, Default)]
pub(super) struct Sums {
    pub(super) met: usize,
    pub(super) unknown: usize,
    pub(super) excused: usize,
    /// The deadlines that were missed, and whether the objective was muted.
    pub(super) missed: BTreeMap<Instant, bool>,
    /// How long before their deadlines the results were there.
    pub(super) margins: Margins,
}

impl Slots {
    /// Adds a verdict, or replaces the one on the same slot.
    pub(super) fn judge(&mut self, deadline: Instant, judged: Judged) {
        self.judged.insert(deadline, judged);
    }

    /// Keeps only sums of the slots that cannot be judged again: those whose verdicts the engine has dropped from the state, too.
    pub(super) fn settle(&mut self) {
        while self.judged.len() > VERDICTS_MAX {
            let is_excused =
                |(_, judged): &(&Instant, &Judged)| matches!(judged.verdict, Verdict::Excused(_));
            let older = self.judged.len() - 1;
            let excused = self.judged.iter().take(older).find(is_excused).map(|(deadline, _)| *deadline);
            let Some(deadline) = excused.or_else(|| self.judged.keys().next().copied()) else { return };
            if let Some(judged) = self.judged.remove(&deadline) {
                self.settled.add(deadline, judged);
            }
        }
    }

    /// The sums of all slots.
    pub(super) fn sums(&self) -> Sums {
        let mut sums = self.settled.clone();
        self.judged.iter().for_each(|(deadline, judged)| sums.add(*deadline, *judged));
        sums
    }
}

impl Sums {
    fn add(&mut self, deadline: Instant, Judged { verdict, is_muted }: Judged) {
        match verdict {
            Verdict::Met { ended_at } => {
                self.met += 1;
                self.margins.add(deadline - ended_at);
            }
            Verdict::Missed(_) => {
                self.missed.insert(deadline, is_muted);
            }
            Verdict::Unknown(_) => self.unknown += 1,
            Verdict::Excused(_) => self.excused += 1,
        }
    }

    /// How many slots were missed while the objective was muted.
    pub(super) fn muted(&self) -> usize {
        self.missed.values().filter(|is_muted| **is_muted).count()
    }

    /// The deadlines that were missed, and not muted.
    pub(super) fn alertable(&self) -> impl Iterator<Item = Instant> + '_ {
        self.missed.iter().filter(|(_, is_muted)| !**is_muted).map(|(deadline, _)| *deadline)
    }
}

/// Margins: one by one while they are few, else in classes.
#[derive(Clone)]
pub(super) enum Margins {
    /// In whole seconds.
    Few(Vec<i32>),
    Many {
        least: i32,
        seconds: Box<DDSketch>,
    },
}

impl Default for Margins {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Margins {
    fn add(&mut self, margin: TimeDelta) {
        let margin = i32::try_from(margin.num_seconds()).unwrap_or(i32::MAX);
        match self {
            Self::Few(margins) if margins.len() < EXACT_MAX => margins.push(margin),
            Self::Few(margins) => {
                let mut seconds = Box::new(DDSketch::new(Config::new(ERROR, CLASSES_MAX, 1.0)));
                margins.push(margin);
                margins.iter().for_each(|margin| seconds.add(f64::from(*margin)));
                let least = margins.iter().min().copied().unwrap_or(margin);
                *self = Self::Many { least, seconds };
            }
            Self::Many { least, seconds } => {
                *least = margin.min(*least);
                seconds.add(f64::from(margin));
            }
        }
    }

    /// A percentile: of a few margins by nearest rank, of many off by one part in a hundred at most. The smallest is exact.
    pub(super) fn percentile(&self, percent: u8) -> Option<TimeDelta> {
        let seconds = match self {
            Self::Few(margins) => {
                let mut margins = margins.clone();
                margins.sort_unstable();
                let rank = (margins.len() * usize::from(percent)).div_ceil(100).max(1);
                i64::from(*margins.get(rank - 1)?)
            }
            Self::Many { least, .. } if percent == 0 => i64::from(*least),
            #[expect(clippy::cast_possible_truncation, reason = "the seconds of a margin are an i32")]
            Self::Many { seconds, .. } => {
                seconds.quantile(f64::from(percent) / 100.0).ok().flatten()?.round() as i64
            }
        };
        Some(TimeDelta::seconds(seconds))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use kigen_model::slot::{Excuse, Gap};

    use super::*;

    fn at(second: i64) -> Instant {
        DateTime::from_timestamp(1_790_000_000 + second, 0).expect("an instant")
    }

    #[test]
    fn percentiles_of_many_margins_are_off_by_a_hundredth_at_most() {
        let mut margins = Margins::default();
        let expected = |percent: i64| 60 + 9_999 * percent / 100;
        for nth in 0..10_000 {
            margins.add(TimeDelta::seconds(60 + nth * 7_919 % 10_000));
        }
        assert_eq!(margins.percentile(0), Some(TimeDelta::seconds(60)));
        for percent in [1, 50, 95, 100] {
            let found = margins.percentile(percent).expect("margins").num_seconds();
            let off = found - expected(percent.into());
            assert!(off.abs() * 100 <= expected(percent.into()) + 100, "{percent}: {found}");
        }
        // Within the grace a result is there after the deadline.
        (0..20_000).for_each(|_| margins.add(TimeDelta::seconds(-1_000)));
        let median = margins.percentile(50).expect("margins").num_seconds();
        assert!((-1_010..=-990).contains(&median), "{median}");
        assert_eq!(margins.percentile(0), Some(TimeDelta::seconds(-1_000)));
    }

    #[test]
    fn settled_slots_are_in_the_sums_and_what_may_be_judged_again_is_kept() {
        let judged = |nth: i64, is_muted| {
            let verdict = match nth % 4 {
                0 => Verdict::Met { ended_at: at(nth * 100 - 30) },
                1 => Verdict::Excused(Excuse::NoFire),
                2 => Verdict::Unknown(Gap::unwatched(None, at(0))),
                _ => Verdict::Missed(kigen_model::slot::CauseKind::Suspended),
            };
            Judged { verdict, is_muted }
        };
        let (mut all, mut summed) = (Slots::default(), Slots::default());
        for nth in 0..4_000 {
            for slots in [&mut all, &mut summed] {
                slots.judge(at(nth * 100), judged(nth, nth % 8 == 7));
            }
            // The verdict on the slot before is another one now.
            if nth > 0 {
                let again = Judged { verdict: Verdict::Excused(Excuse::Calendar), is_muted: false };
                for slots in [&mut all, &mut summed] {
                    let known =
                        slots.judged.get(&at((nth - 1) * 100)).copied().expect("it may be judged again");
                    if matches!(known.verdict, Verdict::Unknown(_)) {
                        slots.judge(at((nth - 1) * 100), again);
                    }
                }
            }
            summed.settle();
        }
        assert!(summed.judged.len() <= VERDICTS_MAX);
        let (all, summed) = (all.sums(), summed.sums());
        let counts = |of: &Sums| (of.met, of.unknown, of.excused, of.missed.len(), of.muted());
        assert_eq!(counts(&all), counts(&summed));
        assert_eq!(counts(&summed), (1_000, 0, 2_000, 1_000, 500));
        assert!(all.alertable().eq(summed.alertable()));
        assert_eq!(summed.margins.percentile(0), Some(TimeDelta::seconds(30)));
    }
}
