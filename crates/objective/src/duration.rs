//! Durations as users write them in objectives: a number with a unit, such as `10m`.

use std::ops::RangeInclusive;

use chrono::TimeDelta;

/// The duration, if it is within `seconds`: a number with s, m, h or d, such as `10m`, `3d`, `36h` or `45s`.
#[must_use]
pub fn parse(text: &str, seconds: &RangeInclusive<i64>) -> Option<TimeDelta> {
    let units = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    let parsed = units.into_iter().find_map(|(unit, of_unit)| {
        let number = text.strip_suffix(unit)?;
        let is_number = number.bytes().all(|digit| digit.is_ascii_digit());
        number.parse::<i64>().ok().filter(|_| is_number)?.checked_mul(of_unit)
    });
    parsed.filter(|parsed| seconds.contains(parsed)).map(TimeDelta::seconds)
}

/// What to write in place of a text that is no such duration.
pub(crate) fn advice(seconds: &RangeInclusive<i64>) -> String {
    format!("write a number with s, m, h or d, at most {}d", seconds.end() / 86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_with_a_unit_within_its_bounds() {
        let day = 0..=86_400;
        assert_eq!(parse("45s", &day), Some(TimeDelta::seconds(45)));
        assert_eq!(parse("10m", &day), Some(TimeDelta::minutes(10)));
        assert_eq!(parse("24h", &day), Some(TimeDelta::days(1)));
        assert_eq!(parse("1d", &day), Some(TimeDelta::days(1)));
        for wrong in ["", "s", "10", "2d", "-1s", "+1s", "1 h", "ten", "1w", "99999999999999999999d"] {
            assert_eq!(parse(wrong, &day), None, "{wrong}");
        }
        assert_eq!(parse("0s", &(1..=86_400)), None);
    }
}
