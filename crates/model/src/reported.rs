//! Numbers that a batch reports about itself, such as how many rows it wrote.

use std::collections::BTreeMap;
use std::fmt;

/// How many numbers of a pod are kept, the first by name.
pub const METRICS_MAX: usize = 32;
/// The longest name of a number, in bytes; one with a longer name is dropped.
pub const METRIC_NAME_BYTES_MAX: usize = 64;

/// Numbers by name, bounded in their count and in the length of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportedMetrics(BTreeMap<String, Number>);

impl ReportedMetrics {
    /// Those of the numbers that are finite and have a name of 1 to [`METRIC_NAME_BYTES_MAX`] bytes without control
    /// characters; at most [`METRICS_MAX`].
    pub fn new(numbers: impl IntoIterator<Item = (String, f64)>) -> Self {
        let mut metrics = BTreeMap::new();
        for (name, value) in numbers {
            let is_named = (1..=METRIC_NAME_BYTES_MAX).contains(&name.len());
            if is_named
                && !name.contains(char::is_control)
                && let Some(number) = Number::new(value)
            {
                metrics.insert(name, number);
                if metrics.len() > METRICS_MAX {
                    metrics.pop_last();
                }
            }
        }
        Self(metrics)
    }

    /// Whether nothing was reported.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The names and numbers, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Number)> {
        self.0.iter().map(|(name, number)| (name.as_str(), *number))
    }

    /// The number of this name.
    pub fn get(&self, name: &str) -> Option<Number> {
        self.0.get(name).copied()
    }

    /// The first `max` of them as text, and how many more there are: `auc 0.81, rows 120345 and 3 more`.
    pub fn brief(&self, max: usize) -> String {
        let shown: Vec<String> =
            self.iter().take(max).map(|(name, number)| format!("{name} {number}")).collect();
        match self.len().saturating_sub(max) {
            0 => shown.join(", "),
            more => format!("{} and {more} more", shown.join(", ")),
        }
    }
}

impl fmt::Display for ReportedMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.brief(METRICS_MAX))
    }
}

/// A finite number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(f64);

/// A `Number` is never NaN, so each equals itself.
impl Eq for Number {}

impl Number {
    /// The number, if it is finite.
    pub fn new(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(value))
    }

    /// Its value.
    pub fn value(self) -> f64 {
        self.0
    }
}

impl fmt::Display for Number {
    /// The shortest text that parses to the same number; very large and very small ones with an exponent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.abs();
        if size != 0.0 && !(1e-5..1e16).contains(&size) {
            write!(f, "{:e}", self.0)
        } else {
            write!(f, "{}", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(numbers: &[(&str, f64)]) -> String {
        ReportedMetrics::new(numbers.iter().map(|(name, value)| ((*name).to_owned(), *value))).to_string()
    }

    #[test]
    fn numbers_are_written_as_a_person_writes_them() {
        assert_eq!(text_of(&[("rows", 120_345.0), ("auc", 0.81)]), "auc 0.81, rows 120345");
        assert_eq!(
            text_of(&[("a", 1e300), ("b", -2.5e-9), ("c", 0.0), ("d", -3.0)]),
            "a 1e300, b -2.5e-9, c 0, d -3"
        );
    }

    #[test]
    fn a_number_that_is_not_finite_or_has_no_usable_name_is_dropped() {
        let long = "n".repeat(METRIC_NAME_BYTES_MAX + 1);
        let odd =
            [("nan", f64::NAN), ("inf", f64::INFINITY), ("", 1.0), ("a\nb", 1.0), (&long, 1.0), ("ok", 1.0)];
        assert_eq!(text_of(&odd), "ok 1");
    }

    #[test]
    fn the_first_numbers_by_name_are_kept_in_whatever_order_they_are_reported() {
        let numbers = || (0..100).map(|n| (format!("n{n:03}"), f64::from(n)));
        let metrics = ReportedMetrics::new(numbers());
        assert_eq!(metrics, ReportedMetrics::new(numbers().rev()));
        assert_eq!(metrics.len(), METRICS_MAX);
        assert_eq!(metrics.brief(2), "n000 0, n001 1 and 30 more");
    }
}
