//! What people write in objectives, in a file or in the cluster: names, and spans of time.

use std::ops::RangeInclusive;

use chrono::TimeDelta;

/// The span, if it is one of so many seconds: a number with a unit, such as `10m`, `3d`, `36h` or `45s`.
pub fn span(text: &str, seconds: &RangeInclusive<i64>) -> Option<TimeDelta> {
    let units = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    let written = units.into_iter().find_map(|(unit, of_unit)| {
        let number = text.strip_suffix(unit)?;
        let is_number = number.bytes().all(|digit| digit.is_ascii_digit());
        number.parse::<i64>().ok().filter(|_| is_number)?.checked_mul(of_unit)
    });
    written.filter(|written| seconds.contains(written)).map(TimeDelta::seconds)
}

/// Whether Kubernetes could name an object so: as RFC 1123 names a subdomain.
pub fn is_kubernetes_name(name: &str) -> bool {
    let is_end = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let is_within = |letter: u8| is_end(letter) || letter == b'-' || letter == b'.';
    let bytes = name.as_bytes();
    (1..=253).contains(&bytes.len())
        && bytes.iter().all(|letter| is_within(*letter))
        && [bytes.first(), bytes.last()].into_iter().flatten().all(|letter| is_end(*letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_a_unit_within_its_bounds() {
        let day = 0..=86_400;
        assert_eq!(span("45s", &day), Some(TimeDelta::seconds(45)));
        assert_eq!(span("10m", &day), Some(TimeDelta::minutes(10)));
        assert_eq!(span("24h", &day), Some(TimeDelta::days(1)));
        assert_eq!(span("1d", &day), Some(TimeDelta::days(1)));
        for wrong in ["", "s", "10", "2d", "-1s", "+1s", "1 h", "ten", "1w", "99999999999999999999d"] {
            assert_eq!(span(wrong, &day), None, "{wrong}");
        }
        assert_eq!(span("0s", &(1..=86_400)), None);
    }
}
