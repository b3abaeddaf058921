//! Lint: advice to the author of an objective that can never work, by what is known of its batch. No verdict depends on it.

use chrono::TimeDelta;
use kigen_calendar::Zone;
use kigen_model::Instant;
use kigen_model::objective::{Deadlines, Objective};
use kigen_model::slot::Slot;
use kigen_state::{BatchState, CronJobState, Window};

use crate::attempts::{self, ended_at};
use crate::deadlines::{deadlines, starts, timetable, zone_name, zone_of_cron_job};
use crate::effect::instant_text;
use crate::window::{fires_between, fires_of, window};

/// How many slots are checked: two weeks of a daily deadline, so that each day of the week is among them.
const SLOTS: usize = 14;
/// How many fires of a slot are counted.
const FIRES_MAX: usize = 10_000;

/// What can never work in the slots after `from`, a sentence or two each. `batch` is the state of the objective's batch; the
/// schedule of a CronJob named under `before` must be filled in.
#[must_use]
pub fn lint(objective: &Objective, batch: Option<&BatchState>, from: Instant) -> Vec<String> {
    let cron_job = match present(objective, batch) {
        Ok(cron_job) => cron_job,
        Err(advice) => return vec![advice],
    };
    if objective.reads().is_some() {
        return Vec::new();
    }
    let zone = zone_name(objective, cron_job);
    let calendars = deadlines(objective, zone).and_then(|all| Ok((all, starts(objective, zone, cron_job)?)));
    let (deadlines, starts) = match calendars {
        Ok(calendars) => calendars,
        Err(reason) => return vec![reason],
    };
    let zone = deadlines.zone();
    let instants: Vec<Instant> = deadlines.after(from).take(SLOTS + 1).collect();
    let slots: Vec<Slot> =
        instants.windows(2).map(|pair| Slot { from: pair[0], deadline: pair[1], whole: true }).collect();
    if slots.is_empty() {
        return vec!["it names no deadline within five years".to_owned()];
    }
    let windows: Vec<Expected> = slots
        .iter()
        .map(|slot| {
            let fires = match window(objective, starts.as_deref(), cron_job, *slot) {
                Window::NoFire | Window::Slot => None,
                Window::Fires { opens, .. } => Some((opens, slot.deadline - TimeDelta::milliseconds(1))),
                Window::Fresh { after } => Some((after + TimeDelta::milliseconds(1), slot.deadline)),
            };
            let fires =
                fires.and_then(|(from, until)| fires_between(objective, cron_job, from, until, FIRES_MAX));
            Expected { slot: *slot, fires }
        })
        .collect();
    let clocked = starts.is_some() || cron_job.is_some_and(has_clock);
    let mut advice = Vec::new();
    advice.extend(other_zone(objective, cron_job));
    advice.extend(cron_job.and_then(zone_in_schedule));
    if clocked {
        advice.extend(no_fire(objective, &windows, zone));
        advice.extend(several_fires(objective, &windows, zone));
        advice.extend(starts_too_late(objective, &windows, zone));
        advice.extend(batch.and_then(|batch| no_room(objective, batch, &windows, zone)));
    }
    advice.extend(batch.and_then(|batch| unreported(objective, batch)));
    if !clocked && objective.start_by.is_some() {
        advice.push(
            "`startBy` has no effect, since no run is expected by the clock: give the crontab of their starts by `starts`"
                .to_owned(),
        );
    }
    advice
}

/// Whether two objectives of one batch require the same, whatever their names, owners and severities.
#[must_use]
pub fn is_duplicate(one: &Objective, other: &Objective, batch: Option<&BatchState>) -> bool {
    let cron_job = batch.and_then(|batch| batch.cron_job.as_ref());
    one.deadlines == other.deadlines
        && zone_name(one, cron_job) == zone_name(other, cron_job)
        && (one.grace, one.freshness, &one.starts, &one.calendar)
            == (other.grace, other.freshness, &other.starts, &other.calendar)
}

/// A slot and the fires at which its runs are expected; `None`: there are none, or there is no schedule.
struct Expected {
    slot: Slot,
    fires: Option<Vec<Instant>>,
}

/// The CronJob, if the batch is of the kind that the objective names.
fn present<'a>(
    objective: &Objective,
    batch: Option<&'a BatchState>,
) -> Result<Option<&'a CronJobState>, String> {
    let cron_job = batch.and_then(|batch| batch.cron_job.as_ref());
    let has_runs = batch.is_some_and(|batch| !batch.runs.is_empty());
    match (objective.is_of_jobs, cron_job, has_runs) {
        (false, Some(CronJobState { deleted_at: Some(at), .. }), _) => Err(format!(
            "its CronJob was deleted at {}; until it is back, each deadline is missed",
            instant_text(*at)
        )),
        (false, Some(_), _) | (true, None, true) => Ok(cron_job),
        (false, None, true) => Err(
            "there is no such CronJob, only Jobs of that name: write `batch: {name: ...}`, and `starts` if they are \
             expected by the clock"
                .to_owned(),
        ),
        (false, None, false) => Err(
            "there is no such CronJob, and each deadline will be missed: check name and namespace, and that kigen \
             watches the namespace"
                .to_owned(),
        ),
        (true, Some(_), _) => {
            Err("this is a CronJob: write `batch: {cronJob: ...}`, so that its schedule determines when runs are expected"
                .to_owned())
        }
        (true, None, false) => Err(
            "no Job of it was ever seen, and each deadline will be missed: check the label kigen.dev/batch and the \
             namespace"
                .to_owned(),
        ),
    }
}

/// Whether the schedule fires by the clock instead of counting from the last run.
fn has_clock(cron_job: &CronJobState) -> bool {
    cron_job.edits.last().is_some_and(|edit| matches!(fires_of(edit), Ok(Some(_))))
}

fn other_zone(objective: &Objective, cron_job: Option<&CronJobState>) -> Option<String> {
    let Deadlines::CompleteBy { .. } = objective.deadlines else {
        return None;
    };
    let (own, of_cron_job) = (objective.time_zone.as_deref()?, zone_of_cron_job(cron_job?));
    (own != of_cron_job).then(|| {
        format!(
            "the deadlines are read in {own}, but the CronJob's schedule in {of_cron_job}: if both mean the same clock, \
             leave `timeZone` out"
        )
    })
}

fn zone_in_schedule(cron_job: &CronJobState) -> Option<String> {
    let edit = cron_job.edits.last()?;
    timetable(edit).is_zone_in_schedule.then(|| {
        format!(
            "the CronJob's schedule `{}` has a time zone in it: Kubernetes runs by it, but refuses it in new CronJobs; write \
             the zone in spec.timeZone instead",
            edit.schedule
        )
    })
}

fn no_fire(objective: &Objective, expected: &[Expected], zone: &Zone) -> Option<String> {
    let is_empty = |expected: &&Expected| expected.fires.as_ref().is_none_or(Vec::is_empty);
    let empty: Vec<&Expected> = expected.iter().filter(is_empty).collect();
    let first = empty.first()?.slot;
    let consequence = match objective.freshness {
        Some(_) => "no run is fresh enough by then, and they will be missed: give a longer `freshness`",
        None => "nothing is judged there: if that is not meant, change the deadlines or the schedule",
    };
    Some(format!(
        "{} expect no run, the first that of {}; {consequence}",
        part(empty.len(), expected.len()),
        when(zone, first.deadline)
    ))
}

fn several_fires(objective: &Objective, expected: &[Expected], zone: &Zone) -> Option<String> {
    if objective.freshness.is_some() {
        return None;
    }
    let count = |expected: &Expected| expected.fires.as_ref().map_or(0, Vec::len);
    let most = expected
        .iter()
        .max_by_key(|expected| (count(expected), std::cmp::Reverse(expected.slot.deadline)))?;
    let fires = count(most);
    (fires > 1).then(|| {
        format!(
            "{fires} runs are expected from {} to {}, and any of them that succeeds is enough: give a `freshness` if only \
             the last should count",
            when(zone, most.slot.from),
            when(zone, most.slot.deadline)
        )
    })
}

/// The numbers that the objective expects and that the latest runs do not report.
fn unreported(objective: &Objective, batch: &BatchState) -> Option<String> {
    let expect = objective.expect.as_ref()?;
    let last = batch.runs.iter().rev().find(|run| ended_at(run).is_some())?;
    let reported = attempts::reported_by_success(last);
    let is_missing = |name: &&String| reported.is_none_or(|reported| reported.get(name).is_none());
    let missing: Vec<&str> = expect.metrics.keys().filter(is_missing).map(String::as_str).collect();
    (!missing.is_empty()).then(|| {
        format!(
            "the last good run did not report {}, only {}: a termination message that is a JSON object of numbers reports \
             them",
            missing.join(", "),
            reported.map_or("no number".to_owned(), ToString::to_string)
        )
    })
}

fn starts_too_late(objective: &Objective, expected: &[Expected], zone: &Zone) -> Option<String> {
    let start_by = objective.start_by?;
    let is_too_late = |expected: &&Expected| {
        let first = expected.fires.as_ref().and_then(|fires| fires.first());
        first.is_some_and(|first| *first + start_by >= expected.slot.deadline + objective.grace)
    };
    let late: Vec<&Expected> = expected.iter().filter(is_too_late).collect();
    let first = late.first()?.slot;
    Some(format!(
        "a `startBy` of {} is not before the deadline in {}, the first that of {}, and warns of nothing there: give a \
         shorter one",
        minutes(start_by),
        part(late.len(), expected.len()),
        when(zone, first.deadline)
    ))
}

fn no_room(objective: &Objective, batch: &BatchState, expected: &[Expected], zone: &Zone) -> Option<String> {
    let lasted: Vec<TimeDelta> =
        batch.runs.iter().filter_map(|run| Some(ended_at(run)? - run.run.nominal_start())).collect();
    let shortest = *lasted.iter().min()?;
    let room = |expected: &Expected| {
        let first = *expected.fires.as_ref()?.first()?;
        let room = expected.slot.deadline + objective.grace - first;
        (room < shortest).then_some((expected.slot.deadline, room))
    };
    let short: Vec<(Instant, TimeDelta)> = expected.iter().filter_map(room).collect();
    let (deadline, room) = short.first()?;
    Some(format!(
        "{} leave less time than a run takes: {} until {}, but the shortest of the last good runs ({}) took {}; set the \
         deadline later or start the run earlier",
        part(short.len(), expected.len()),
        minutes(*room),
        when(zone, *deadline + objective.grace),
        lasted.len(),
        minutes(shortest)
    ))
}

/// An instant in the objective's zone.
fn when(zone: &Zone, at: Instant) -> String {
    format!("{} {}", zone.local(at).date_time.format("%a %Y-%m-%d %H:%M"), zone.name())
}

fn part(some: usize, all: usize) -> String {
    if some == all {
        format!("all of the next {all} slots")
    } else {
        format!("{some} of the next {all} slots")
    }
}

fn minutes(span: TimeDelta) -> String {
    format!("{} min", span.num_minutes())
}
