//! Error budgets: how many of an objective's deadlines may be missed.

use std::fmt;
use std::str::FromStr;

/// Which ratio of an objective's slots is to be met, over how many days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The ratio, in millionths: 1 to [`RATIO_PPM_MAX`](Self::RATIO_PPM_MAX).
    pub ratio_ppm: u32,
    /// The days up to the last deadline that was judged: 1 to [`OVER_D_MAX`](Self::OVER_D_MAX).
    pub over_d: u32,
}

/// The millionths of a whole.
const WHOLE_PPM: u32 = 1_000_000;
/// The most decimals of a ratio.
const DECIMALS_MAX: usize = 6;

impl Target {
    /// The largest ratio: with all of them there would be no budget.
    pub const RATIO_PPM_MAX: u32 = WHOLE_PPM - 1;
    /// The most days.
    pub const OVER_D_MAX: u32 = 90;

    /// How many of so many slots may be missed.
    #[must_use]
    pub fn misses_allowed(self, slots: u32) -> u32 {
        let spare = u64::from(WHOLE_PPM - self.ratio_ppm.min(WHOLE_PPM));
        u32::try_from(u64::from(slots) * spare / u64::from(WHOLE_PPM)).unwrap_or(u32::MAX)
    }

    /// Its ratio as a decimal fraction.
    #[must_use]
    pub fn ratio(self) -> String {
        format!("0.{:06}", self.ratio_ppm).trim_end_matches('0').to_owned()
    }
}

/// As [`FromStr`] reads it: `0.99 over 30d`.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} over {}d", self.ratio(), self.over_d)
    }
}

/// A text or numbers that are no target, with what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotATarget;

impl fmt::Display for NotATarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "write a ratio between 0 and 1 with at most {DECIMALS_MAX} decimals, and 1d to {}d, such as `0.99 over 30d`",
            Target::OVER_D_MAX
        )
    }
}

impl std::error::Error for NotATarget {}

/// Reads a ratio as it is written: a decimal fraction between 0 and 1, in millionths.
///
/// # Errors
/// It is none.
pub fn ratio_ppm(text: &str) -> Result<u32, NotATarget> {
    let decimals =
        text.trim().strip_prefix("0.").or_else(|| text.trim().strip_prefix('.')).ok_or(NotATarget)?;
    if decimals.is_empty()
        || decimals.len() > DECIMALS_MAX
        || !decimals.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Err(NotATarget);
    }
    let ppm = format!("{decimals:0<DECIMALS_MAX$}").parse().map_err(|_| NotATarget)?;
    if ppm == 0 { Err(NotATarget) } else { Ok(ppm) }
}

/// Reads the days as they are written: `30d`.
///
/// # Errors
/// It is no such number, or too large.
pub fn over_d(text: &str) -> Result<u32, NotATarget> {
    let days = text.trim().strip_suffix('d').and_then(|days| days.parse().ok());
    days.filter(|days| (1..=Target::OVER_D_MAX).contains(days)).ok_or(NotATarget)
}

impl FromStr for Target {
    type Err = NotATarget;

    fn from_str(text: &str) -> Result<Self, NotATarget> {
        let (ratio, over) = text.split_once(" over ").ok_or(NotATarget)?;
        Ok(Self { ratio_ppm: ratio_ppm(ratio)?, over_d: over_d(over)? })
    }
}

/// How much of a budget is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetReport {
    /// The target.
    pub target: Target,
    /// How many slots its days have, those that are excused not counted.
    pub slots: u32,
    /// How many of them are missed. Muted and unknown ones are not counted, nor are they among the slots that were judged.
    pub missed: u32,
}

impl BudgetReport {
    /// How many may be missed.
    #[must_use]
    pub fn allowed(&self) -> u32 {
        self.target.misses_allowed(self.slots)
    }

    /// How many may still be missed.
    #[must_use]
    pub fn left(&self) -> u32 {
        self.allowed().saturating_sub(self.missed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_reads_back_as_it_is_written() {
        for (text, ratio_ppm, over_d) in
            [("0.99 over 30d", 990_000, 30), ("0.999999 over 90d", 999_999, 90), ("0.5 over 1d", 500_000, 1)]
        {
            let target = Target { ratio_ppm, over_d };
            assert_eq!((text.parse(), target.to_string().as_str()), (Ok(target), text));
        }
        assert_eq!(" .95 over 7d".parse(), Ok(Target { ratio_ppm: 950_000, over_d: 7 }));
        for wrong in
            ["1 over 30d", "0.9999999 over 30d", "0 over 30d", "0.0 over 30d", "0.99 over 91d", "0.99"]
        {
            assert_eq!(wrong.parse::<Target>(), Err(NotATarget), "{wrong}");
        }
        for wrong in
            ["99% over 30d", "0.99 over 0d", "0.99 over 30", "0.99 over 12h", "-0.5 over 3d", "0. over 3d"]
        {
            assert_eq!(wrong.parse::<Target>(), Err(NotATarget), "{wrong}");
        }
    }

    #[test]
    fn a_budget_is_the_whole_misses_that_the_ratio_leaves() {
        let target = |ratio_ppm| Target { ratio_ppm, over_d: 30 };
        assert_eq!(target(990_000).misses_allowed(720), 7);
        assert_eq!(target(990_000).misses_allowed(30), 0);
        assert_eq!(target(900_000).misses_allowed(30), 3);
        assert_eq!(target(1).misses_allowed(u32::MAX), 4_294_963_000);
        let report = BudgetReport { target: target(900_000), slots: 30, missed: 4 };
        assert_eq!((report.allowed(), report.left()), (3, 0));
    }
}
