//! Which clusters are silent: decided by what the log has, and by how long this process has listened. Pure.
//!
//! A cluster's time stands still for a while whenever this process does not read: it was down, Kafka is, it reads a backlog, it
//! was suspended. None of that is a silence. So a cluster is silent only once this process has listened without a break, and
//! has read all that the log had at the end of that time:
//!
//! ```text
//!            a probe shows the end of the partition, and it is read up to there
//!  begins ──────────────────────────────────────────────────────────────────────> listened ── for long enough ──> silent
//!    ^                                                                               │
//!    └── a tick moved the cluster's time; a probe failed, or came late ──────────────┘
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use kigen_model::Instant;
use kigen_model::topic::Offset;
use tokio::time::Instant as RealInstant;

/// The clusters whose names hash to partitions of this process, as probes of the log have found them.
#[derive(Debug)]
pub(crate) struct Listener {
    silent_after: Duration,
    /// A probe that begins later after the one before is late: meanwhile this process may have been suspended.
    probes_within: Duration,
    probed_at: Option<RealInstant>,
    clusters: BTreeMap<String, Listening>,
}

/// How far a cluster's partition is read, and how far it goes.
#[derive(Debug)]
pub(crate) struct Probed<'a> {
    pub(crate) cluster: &'a str,
    /// The cluster's time.
    pub(crate) time: Instant,
    /// The next offset to read.
    pub(crate) next: Offset,
    /// The end at the probe.
    pub(crate) end: Offset,
}

#[derive(Debug)]
struct Listening {
    time: Instant,
    since: RealInstant,
    /// All that was written by then is read.
    until: RealInstant,
    /// An end that a probe has found, and when: once it is read, `until` is that.
    ahead: Option<(Offset, RealInstant)>,
}

impl Listener {
    pub(crate) fn new(silent_after: Duration, probes_within: Duration) -> Self {
        Self { silent_after, probes_within, probed_at: None, clusters: BTreeMap::new() }
    }

    /// A probe that began at `at` has found this. Returns which clusters are silent.
    pub(crate) fn probed<'a>(
        &mut self,
        at: RealInstant,
        found: impl IntoIterator<Item = Probed<'a>>,
    ) -> Vec<String> {
        if self.probed_at.is_some_and(|before| at.duration_since(before) > self.probes_within) {
            self.clusters.clear();
        }
        self.probed_at = Some(at);
        let mut before = std::mem::take(&mut self.clusters);
        let mut silent = Vec::new();
        for found in found {
            let known = before.remove(found.cluster).filter(|known| known.time == found.time);
            let mut listening =
                known.unwrap_or(Listening { time: found.time, since: at, until: at, ahead: None });
            listening.read(&found, at);
            if listening.until.duration_since(listening.since) >= self.silent_after {
                silent.push(found.cluster.to_owned());
            }
            self.clusters.insert(found.cluster.to_owned(), listening);
        }
        silent
    }

    /// The log could not be read.
    pub(crate) fn failed(&mut self) {
        self.clusters.clear();
    }
}

impl Listening {
    fn read(&mut self, found: &Probed<'_>, at: RealInstant) {
        if let Some((end, then)) = self.ahead
            && found.next >= end
        {
            (self.until, self.ahead) = (then, None);
        }
        if found.next >= found.end {
            (self.until, self.ahead) = (at, None);
        } else {
            self.ahead.get_or_insert((found.end, at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENT_AFTER_S: u64 = 180;
    const PROBES_WITHIN_S: u64 = 30;

    /// A listener with a clock of its own, which is probed each ten seconds.
    struct Probes {
        listener: Listener,
        start: RealInstant,
        seconds: u64,
        time: i64,
        next: u64,
        end: u64,
    }

    impl Probes {
        fn new() -> Self {
            let [after, within] = [SILENT_AFTER_S, PROBES_WITHIN_S].map(Duration::from_secs);
            let (listener, start) = (Listener::new(after, within), RealInstant::now());
            Self { listener, start, seconds: 0, time: 0, next: 10, end: 10 }
        }

        fn probe(&mut self) -> bool {
            let time = Instant::UNIX_EPOCH + chrono::TimeDelta::seconds(self.time);
            let (next, end) = (Offset(self.next), Offset(self.end));
            let found = Probed { cluster: "shop", time, next, end };
            let silent = self.listener.probed(self.start + Duration::from_secs(self.seconds), [found]);
            !silent.is_empty()
        }

        /// The seconds of which the last probe found the silence, of probes each ten seconds until then.
        fn silent_after(&mut self, seconds_max: u64) -> Option<u64> {
            let began = self.seconds;
            while self.seconds < began + seconds_max {
                if self.probe() {
                    return Some(self.seconds - began);
                }
                self.seconds += 10;
            }
            None
        }
    }

    #[test]
    fn a_cluster_is_silent_once_all_that_was_written_in_three_minutes_is_read_and_no_tick_was_there() {
        let mut probes = Probes::new();
        assert_eq!(probes.silent_after(600), Some(180));
        probes.time += 1;
        assert_eq!(probes.silent_after(600), Some(180), "a tick begins it anew");
    }

    #[test]
    fn ticks_that_come_now_and_then_are_no_silence() {
        let mut probes = Probes::new();
        for _ in 0..5 {
            assert_eq!(probes.silent_after(180), None, "not a second too early");
            probes.time += 10;
        }
    }

    #[test]
    fn who_reads_a_backlog_does_not_know_of_a_silence() {
        let mut probes = Probes::new();
        probes.end = 1_000;
        assert_eq!(probes.silent_after(3_600), None);
        probes.next = 999;
        assert_eq!(probes.silent_after(3_600), None, "the last record may be a tick");
        probes.next = 1_000;
        assert!(probes.probe(), "of all that time nothing is unread");
    }

    #[test]
    fn facts_that_keep_coming_hide_no_silence() {
        let mut probes = Probes::new();
        let mut found = None;
        for _ in 0..40 {
            // What the probe before found is read, and more was written meanwhile.
            (probes.next, probes.end) = (probes.end, probes.end + 100);
            if probes.probe() {
                found = Some(probes.seconds);
                break;
            }
            probes.seconds += 10;
        }
        assert_eq!(found, Some(190), "a probe later than with an idle log");
    }

    #[test]
    fn a_log_that_could_not_be_read_and_a_process_that_stood_still_begin_anew() {
        let mut probes = Probes::new();
        assert_eq!(probes.silent_after(170), None);
        probes.listener.failed();
        assert_eq!(probes.silent_after(600), Some(180));
        let mut probes = Probes::new();
        assert_eq!(probes.silent_after(170), None);
        probes.seconds += 31;
        assert_eq!(probes.silent_after(600), Some(180));
        let mut probes = Probes::new();
        assert_eq!(probes.silent_after(170), None);
        probes.seconds += 20;
        assert!(probes.probe(), "a probe of a busy machine is a little late");
    }

    #[test]
    fn a_partition_that_another_process_had_meanwhile_is_listened_to_anew() {
        let mut probes = Probes::new();
        assert_eq!(probes.silent_after(170), None);
        probes.listener.probed(probes.start + Duration::from_secs(probes.seconds), []);
        assert_eq!(probes.silent_after(600), Some(180));
    }
}
