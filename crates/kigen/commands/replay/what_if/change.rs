//! One change of the past, as `--what-if` names it.

use anyhow::bail;
use kigen_model::key::BatchKey;
use kigen_objective::crontab;

/// A change of the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The CronJob has this schedule, and its runs keep their durations.
    Starts { batch: BatchKey, crontab: String },
    /// Its runs take so many thousandths of their time.
    Faster { batch: BatchKey, permille: i32 },
    /// All its objectives have this deadline.
    Deadline { batch: BatchKey, crontab: String },
    /// All its objectives have this calendar.
    Calendar { batch: BatchKey, name: String },
}

/// The most that a run may become slower, in thousandths of its time.
const PERMILLE_MAX: i32 = 100_000;

impl Change {
    /// Reads the changes in groups of three words: what, which batch, and the value.
    pub(crate) fn read_all(words: &[String], cluster: &str) -> anyhow::Result<Vec<Self>> {
        words.chunks(3).map(|words| Self::read(words, cluster)).collect()
    }

    fn read(words: &[String], cluster: &str) -> anyhow::Result<Self> {
        let [what, batch, value] = words else { bail!("--what-if needs a change, a batch and a value") };
        let Some((namespace, name)) = batch.split_once('/') else {
            bail!("--what-if {what}: `{batch}` names no batch: give it as NAMESPACE/BATCH")
        };
        let batch = BatchKey::new(cluster, namespace, name);
        let refused = |why: String| anyhow::anyhow!("--what-if {what} {namespace}/{name}: {why}");
        match what.as_str() {
            "starts" => {
                crontab::starts(value).map_err(refused)?;
                Ok(Self::Starts { batch, crontab: value.clone() })
            }
            "deadline" => {
                crontab::complete_by(value).map_err(refused)?;
                Ok(Self::Deadline { batch, crontab: value.clone() })
            }
            "faster" => match permille(value) {
                Some(permille) => Ok(Self::Faster { batch, permille }),
                None => Err(refused(format!(
                    "`{value}` is no factor of its time: write one such as 0.8, from 0.001 to {}",
                    PERMILLE_MAX / 1_000
                ))),
            },
            "calendar" => Ok(Self::Calendar { batch, name: value.clone() }),
            other => {
                bail!("--what-if has no change `{other}`: it may be starts, faster, deadline or calendar")
            }
        }
    }

    /// The batch that it changes.
    pub(super) fn batch(&self) -> &BatchKey {
        match self {
            Self::Starts { batch, .. }
            | Self::Faster { batch, .. }
            | Self::Deadline { batch, .. }
            | Self::Calendar { batch, .. } => batch,
        }
    }

    /// That batch as a user names it.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.batch().namespace, self.batch().batch)
    }

    /// Whether runs are at other times.
    pub(super) fn moves_runs(&self) -> bool {
        match self {
            Self::Starts { .. } | Self::Faster { .. } => true,
            Self::Deadline { .. } | Self::Calendar { .. } => false,
        }
    }
}

/// A decimal number such as `0.8`, in thousandths.
fn permille(text: &str) -> Option<i32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    if whole.is_empty() || fraction.len() > 3 || !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let whole: i32 = whole.parse().ok()?;
    let fraction: i32 = format!("{fraction:0<3}").parse().ok()?;
    let permille = whole.checked_mul(1_000)?.checked_add(fraction)?;
    (1..=PERMILLE_MAX).contains(&permille).then_some(permille)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_has_at_most_three_decimals() {
        for (text, expected) in [
            ("0.8", Some(800)),
            ("1", Some(1_000)),
            ("1.25", Some(1_250)),
            ("0.001", Some(1)),
            ("100", Some(100_000)),
            ("0", None),
            ("0.0005", None),
            ("-1", None),
            (".5", None),
            ("1e3", None),
            ("101", None),
            ("80%", None),
            ("9999999999", None),
        ] {
            assert_eq!(permille(text), expected, "{text}");
        }
    }
}
