//! A CronJob's schedule and zone, as Kubernetes reads the two together.

/// The prefixes by which robfig/cron v3 recognizes a zone in a schedule.
const ZONE_PREFIXES: [&str; 2] = ["TZ=", "CRON_TZ="];

/// A crontab, and the zone in which Kubernetes reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timetable<'a> {
    /// The crontab, without a zone in it.
    pub crontab: &'a str,
    /// The zone's name.
    pub time_zone: &'a str,
    /// Whether the schedule itself names the zone. Kubernetes refuses such a schedule today, runs a CronJob that is older than
    /// that rule by it, and ignores `spec.timeZone` then.
    pub is_zone_in_schedule: bool,
}

impl<'a> Timetable<'a> {
    /// Takes `spec.schedule` and `spec.timeZone` apart, by the rule of the CronJob controller's `formatSchedule` and robfig/cron
    /// v3's `Parse`: a zone is between the prefix and the first space. What is left may be no crontab, and the zone no zone.
    ///
    /// Without a zone Kubernetes takes its own clock's, which is UTC as a rule; `Local` names that, too.
    #[must_use]
    pub fn of(schedule: &'a str, time_zone: Option<&'a str>) -> Self {
        let zoned =
            ZONE_PREFIXES.into_iter().find_map(|prefix| schedule.strip_prefix(prefix)?.split_once(' '));
        match zoned {
            Some((zone, crontab)) => Self {
                crontab: crontab.trim(),
                time_zone: if matches!(zone, "" | "Local") { "UTC" } else { zone },
                is_zone_in_schedule: true,
            },
            None => {
                Self { crontab: schedule, time_zone: time_zone.unwrap_or("UTC"), is_zone_in_schedule: false }
            }
        }
    }
}
