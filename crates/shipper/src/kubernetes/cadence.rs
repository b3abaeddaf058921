//! When a watch is to end: soon after the next probe.
//!
//! An API server sends a bookmark each minute, and one two seconds before a watch ends by its `timeoutSeconds`
//! (`nextBookmarkTime` in its watch cache). So each watch is opened for about the time between two probes, to end a little
//! after the next: the last bookmark then has what that probe found, and a proxy that closes responses after 20 s or a minute
//! closes none of kigen's.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant as TimerInstant;

/// How long after a probe a watch ends. The bookmark comes one to three seconds earlier, since API servers collect what is due
/// by the second, and by then the probe must be answered.
const END_AFTER_PROBE: Duration = Duration::from_secs(4);
/// The shortest `timeoutSeconds` by which a bookmark comes.
pub const WATCH_SECONDS_MIN: u32 = 3;
/// The longest: also of a watch that begins with the initial events, which may take long.
pub const WATCH_SECONDS_MAX: u32 = 290;

/// When the next probe is due, as the probe announces it to the streams.
#[derive(Clone, Debug)]
pub struct Cadence {
    interval: Duration,
    next_probe: watch::Sender<TimerInstant>,
}

impl Cadence {
    /// Probes come so far apart, from now on. To be called within a tokio runtime.
    pub fn new(interval: Duration) -> Self {
        let interval = interval.max(Duration::from_millis(1));
        Self { interval, next_probe: watch::Sender::new(TimerInstant::now()) }
    }

    /// The time between two probes.
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// Announces the next probe.
    pub fn announce(&self, at: TimerInstant) {
        self.next_probe.send_replace(at);
    }

    /// The `timeoutSeconds` of a watch that is opened at `now`.
    pub fn watch_seconds(&self, now: TimerInstant) -> u32 {
        let end = *self.next_probe.borrow() + END_AFTER_PROBE;
        let earliest = now + Duration::from_secs(WATCH_SECONDS_MIN.into());
        let missing = earliest.saturating_duration_since(end).as_nanos();
        let intervals = missing.div_ceil(self.interval.as_nanos());
        let skipped = self.interval.saturating_mul(u32::try_from(intervals).unwrap_or(u32::MAX));
        let end = end.checked_add(skipped).unwrap_or(earliest);
        let open = end.saturating_duration_since(now);
        let seconds = u32::try_from(open.as_millis().div_ceil(1000)).unwrap_or(WATCH_SECONDS_MAX);
        seconds.clamp(WATCH_SECONDS_MIN, WATCH_SECONDS_MAX)
    }
}

/// How long after an answer with this `Date` the next probe is due, in the server's time: at the next multiple of `interval`
/// since the Unix epoch. What is due at a whole minute, or ten seconds after one, then waits for no probe.
///
/// `Date` is cut to the second, so the probe comes up to a second late, and never early.
pub fn until_next_probe(date_ms: i64, interval: Duration) -> Duration {
    let interval_ms = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX).max(1);
    let remaining_ms = interval_ms - date_ms.rem_euclid(interval_ms);
    Duration::from_millis(remaining_ms.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[tokio::test]
    async fn a_watch_ends_four_seconds_after_the_next_probe_or_after_the_one_after_that() {
        let cadence = Cadence::new(seconds(10.0));
        let now = TimerInstant::now();
        for (until_probe, expected) in [(6.5, 11), (0.0, 4), (9.9, 14)] {
            cadence.announce(now + seconds(until_probe));
            assert_eq!(cadence.watch_seconds(now), expected, "{until_probe} s before the probe");
        }
        for (since_probe, expected) in [(0.9, 4), (1.1, 13), (35.0, 9)] {
            cadence.announce(now);
            assert_eq!(
                cadence.watch_seconds(now + seconds(since_probe)),
                expected,
                "{since_probe} s after the probe"
            );
        }
        let hourly = Cadence::new(seconds(3600.0));
        hourly.announce(now + seconds(3000.0));
        assert_eq!(hourly.watch_seconds(now), WATCH_SECONDS_MAX);
        let eager = Cadence::new(Duration::ZERO);
        assert_eq!(eager.watch_seconds(now + seconds(3600.0)), WATCH_SECONDS_MIN);
    }

    #[test]
    fn probes_come_at_multiples_of_their_interval_in_the_servers_time() {
        let next = |date_s: i64| until_next_probe(date_s * 1000, seconds(10.0)).as_secs();
        assert_eq!([next(1_794_000_000), next(1_794_000_001), next(1_794_000_009)], [10, 9, 1]);
        assert_eq!(until_next_probe(1_794_000_000_000, Duration::from_millis(3)).as_millis(), 3);
    }
}
