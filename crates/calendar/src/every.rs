//! `@every`: a Go duration, counted from the instant given.

use kigen_model::Instant;

/// Go's durations are nanoseconds in an `i64`; one beyond this is refused.
const DURATION_NS_MAX: u64 = 1 << 63;

/// `delay_s` after `after`, counted from the second that `after` is in. `None` beyond chrono's last instant.
pub(crate) fn next_after(delay_s: i64, after: Instant) -> Option<Instant> {
    Instant::from_timestamp(after.timestamp().checked_add(delay_s)?, 0)
}

/// The delay in whole seconds, at least one, of a duration as Go's `time.ParseDuration` parses it: `1h30m`, `1.5h`, `-2s`.
/// `None` where Go refuses.
pub(crate) fn delay_s(text: &str) -> Option<i64> {
    let (negative, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        Some(_) | None => (false, text),
    };
    let duration_ns = if unsigned == "0" { 0 } else { duration_ns(unsigned)? };
    if negative {
        return Some(1);
    }
    let duration_ns = i64::try_from(duration_ns).ok()?;
    Some((duration_ns / 1_000_000_000).max(1))
}

fn duration_ns(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total_ns: u64 = 0;
    loop {
        let (whole, after_whole) = split_digits(rest);
        let (fraction, after_number) = match after_whole.strip_prefix('.') {
            Some(after_dot) => split_digits(after_dot),
            None => ("", after_whole),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let unit_end =
            after_number.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after_number.len());
        let (unit, after_unit) = after_number.split_at(unit_end);
        let part_ns = part_ns(whole, fraction, unit_ns(unit)?)?;
        total_ns = total_ns.checked_add(part_ns).filter(|ns| *ns <= DURATION_NS_MAX)?;
        if after_unit.is_empty() {
            return Some(total_ns);
        }
        rest = after_unit;
    }
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

fn unit_ns(unit: &str) -> Option<u64> {
    match unit {
        "ns" => Some(1),
        // The micro sign and the Greek letter mu.
        "us" | "\u{b5}s" | "\u{3bc}s" => Some(1_000),
        "ms" => Some(1_000_000),
        "s" => Some(1_000_000_000),
        "m" => Some(60_000_000_000),
        "h" => Some(3_600_000_000_000),
        _ => None,
    }
}

fn part_ns(whole: &str, fraction: &str, unit_ns: u64) -> Option<u64> {
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let whole_ns = whole.checked_mul(unit_ns)?;
    whole_ns.checked_add(fraction_ns(fraction, unit_ns)).filter(|ns| *ns <= DURATION_NS_MAX)
}

/// In floating point, as Go does it, so that the last nanosecond is the same. Digits beyond an `i64` are ignored.
fn fraction_ns(digits: &str, unit_ns: u64) -> u64 {
    let mut value: u64 = 0;
    let mut scale: f64 = 1.0;
    for digit in digits.bytes() {
        if value > (DURATION_NS_MAX - 1) / 10 {
            break;
        }
        let next = value * 10 + u64::from(digit - b'0');
        if next > DURATION_NS_MAX {
            break;
        }
        value = next;
        scale *= 10.0;
    }
    (value as f64 * (unit_ns as f64 / scale)) as u64
}
