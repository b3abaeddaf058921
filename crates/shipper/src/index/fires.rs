//! Whether the CronJobs of the cluster fire: if several should have and none has, the CronJob controller does not run, or cannot
//! make Jobs.
//!
//! ```text
//!            several are overdue since the last fire           a CronJob fires
//!  fires ───────────────────────────────────────────> stalled ─────────────────> fires
//! ```
//!
//! A fire shows in the Job that the controller makes, and in the CronJob's `lastScheduleTime`. Of both the latest counts, of the
//! whole cluster: so a cluster in which something fires now and then costs a comparison a tick.

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::event::ClusterBody;
use kigen_model::stall::{OVERDUE_LISTED_MAX, OverdueCronJob, StallReport};

/// So many CronJobs have to be overdue: one or two may have reasons of their own.
const OVERDUE_MIN: usize = 3;
/// How long after its fire a CronJob is overdue, in minutes. The controller takes seconds, and longer where hundreds fire at once.
const OVERDUE_AFTER_M: i64 = 3;
/// How often the CronJobs are looked through while nothing fires, in minutes at least.
const EXAMINED_EACH_M: i64 = 1;

/// When CronJobs fired, and what of that was written to the log.
#[derive(Debug, Default)]
pub(super) struct Fires {
    /// When one fired last.
    last: Option<Instant>,
    stalled: Option<StallReport>,
    /// Whether an end of a stall may have to be written that another shipper has written the beginning of.
    may_be_stalled: bool,
    written_at: Option<Instant>,
    examined_at: Option<Instant>,
}

impl Fires {
    /// `resumed`: a shipper before this one has written of this cluster.
    pub(super) fn new(resumed: bool) -> Self {
        Self { may_be_stalled: resumed, ..Self::default() }
    }

    /// A CronJob fired then.
    pub(super) fn fired(&mut self, at: Instant) {
        self.last = self.last.max(Some(at));
    }

    /// The event to append to every partition ahead of the tick at `at`, and again each `period`; `expected`: of each CronJob that
    /// may fire the first fire after an instant.
    pub(super) fn due(
        &mut self,
        at: Instant,
        period: TimeDelta,
        expected: impl FnOnce(Instant) -> Vec<OverdueCronJob>,
    ) -> Option<ClusterBody> {
        let last = self.last?;
        let is_over = self.stalled.as_ref().is_some_and(|report| report.since < last);
        if is_over || std::mem::take(&mut self.may_be_stalled) {
            (self.stalled, self.written_at) = (None, None);
            return Some(ClusterBody::StallOver { at: last });
        }
        if let Some(report) = &self.stalled {
            let is_due = self.written_at.is_none_or(|written_at| at - written_at >= period);
            self.written_at = self.written_at.filter(|_| !is_due).or(Some(at));
            return is_due.then(|| ClusterBody::Stalled { at, report: report.clone() });
        }
        let is_quiet = at - last > TimeDelta::minutes(OVERDUE_AFTER_M);
        let is_due = self.examined_at.is_none_or(|before| at - before >= TimeDelta::minutes(EXAMINED_EACH_M));
        if !is_quiet || !is_due {
            return None;
        }
        self.examined_at = Some(at);
        let mut cron_jobs = expected(last);
        cron_jobs.retain(|cron_job| cron_job.expected_at + TimeDelta::minutes(OVERDUE_AFTER_M) <= at);
        if cron_jobs.len() < OVERDUE_MIN {
            return None;
        }
        let overdue = u32::try_from(cron_jobs.len()).unwrap_or(u32::MAX);
        cron_jobs.sort_by(|one, other| {
            let order = |of: &OverdueCronJob| (of.expected_at, of.namespace.clone(), of.name.clone());
            order(one).cmp(&order(other))
        });
        cron_jobs.truncate(OVERDUE_LISTED_MAX);
        let report = StallReport { since: last, overdue, cron_jobs };
        (self.stalled, self.written_at) = (Some(report.clone()), Some(at));
        Some(ClusterBody::Stalled { at, report })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Instant {
        Instant::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn expected(minutes: &[i64]) -> impl Fn(Instant) -> Vec<OverdueCronJob> {
        let of = |(nth, minute): (usize, &i64)| OverdueCronJob {
            namespace: "ml".to_owned(),
            name: format!("batch-{nth:02}"),
            expected_at: at(*minute),
        };
        let all: Vec<_> = minutes.iter().enumerate().map(of).collect();
        move |_| all.clone()
    }

    fn due(fires: &mut Fires, minute: i64, minutes: &[i64]) -> Option<ClusterBody> {
        fires.due(at(minute), TimeDelta::hours(8), expected(minutes))
    }

    #[test]
    fn three_overdue_cron_jobs_are_a_stall_and_two_are_none() {
        let mut fires = Fires::new(false);
        assert_eq!(due(&mut fires, 100, &[10, 10, 10]), None, "nothing has ever fired");
        fires.fired(at(5));
        assert_eq!(due(&mut fires, 100, &[10, 20, 98]), None, "the third is not overdue yet");
        let Some(ClusterBody::Stalled { at: found_at, report }) = due(&mut fires, 101, &[20, 10, 98]) else {
            panic!("no stall")
        };
        assert_eq!((found_at, report.since, report.overdue), (at(101), at(5), 3));
        let names: Vec<&str> = report.cron_jobs.iter().map(|of| &*of.name).collect();
        assert_eq!(names, ["batch-01", "batch-00", "batch-02"], "by their fires");
        assert_eq!(due(&mut fires, 102, &[20, 10, 98]), None, "it is written");
    }

    #[test]
    fn a_stall_is_written_once_and_again_each_period_until_a_cron_job_fires() {
        let mut fires = Fires::new(false);
        fires.fired(at(5));
        let all = [10; 30];
        let Some(ClusterBody::Stalled { report, .. }) = due(&mut fires, 20, &all) else { panic!("no stall") };
        assert_eq!((report.overdue, report.cron_jobs.len()), (30, OVERDUE_LISTED_MAX));
        assert_eq!(due(&mut fires, 20 + 479, &all), None);
        let again = due(&mut fires, 20 + 480, &all);
        assert_eq!(again, Some(ClusterBody::Stalled { at: at(500), report }));
        assert_eq!(due(&mut fires, 501, &all), None);
        fires.fired(at(4));
        assert_eq!(due(&mut fires, 502, &all), None, "one of before");
        fires.fired(at(503));
        assert_eq!(due(&mut fires, 504, &all), Some(ClusterBody::StallOver { at: at(503) }));
        assert_eq!(due(&mut fires, 505, &all), None);
    }

    #[test]
    fn the_cron_jobs_are_looked_through_once_a_minute_while_nothing_fires() {
        let mut fires = Fires::new(false);
        fires.fired(at(0));
        let mut examined = 0;
        for second in (0..600).step_by(10) {
            let tick = at(0) + TimeDelta::seconds(second);
            fires.due(tick, TimeDelta::hours(8), |_| {
                examined += 1;
                Vec::new()
            });
        }
        assert_eq!(examined, 7, "from the fourth minute on");
    }

    /// Its own log may lack the beginning, or it may have fired while no shipper ran.
    #[test]
    fn a_shipper_that_comes_after_another_ends_what_that_has_begun() {
        let mut fires = Fires::new(true);
        assert_eq!(due(&mut fires, 100, &[]), None);
        fires.fired(at(90));
        assert_eq!(due(&mut fires, 100, &[]), Some(ClusterBody::StallOver { at: at(90) }));
        assert_eq!(due(&mut fires, 101, &[]), None);
    }
}
