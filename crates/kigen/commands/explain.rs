//! `kigen explain`: why there was an alert for a deadline, or none, in sentences, with the events that decided it.

use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::{Context, bail};
use chrono::TimeDelta;
use kigen_calendar::Zone;
use kigen_engine::explain::{Considered, Explanation, explain};
use kigen_log::{ConsumedRecord, LogReader};
use kigen_model::Instant;
use kigen_model::expectation::broken_text;
use kigen_model::key::BatchKey;
use kigen_model::objective::Deadlines;
use kigen_model::run::RunPhase;
use kigen_model::slot::{CauseKind, Excuse, Failure, Verdict};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_processor::Replay;
use kigen_state::{BatchState, ObjectiveState, Plan, Window};
use kigen_text::error;
use kigen_text::secrets::scrub;

use crate::batch_table::budget;
use crate::cli::ExplainArgs;
use crate::config::Config;
use crate::deadlines::{matches, zone_of};
use crate::output::{human, print, read_batches, text};
use crate::reader::{Pages, configured_key, key_of, open, skips};
use crate::record_text::timed_fact_text;
use crate::warned::{Warned, ahead};

/// The most events that are printed; the earliest are left out.
const EVENTS_MAX: usize = 60;

/// Explains one deadline of one batch.
pub(crate) fn run(config: &Config, args: &ExplainArgs) -> anyhow::Result<()> {
    configured_key(config, &args.batch)?;
    let reader = open(config)?;
    let key = key_of(&*reader, config, &args.batch)?;
    let partition = reader.partition_of(&key.to_string());
    let past = Past::read(&*reader, partition, &key, &args.deadline)?;
    let Some(state) = &past.state else {
        bail!(
            "the log has no record of {key}; `kigen status` lists the batches of the cluster, --cluster names another"
        );
    };
    let names: Vec<&String> = state
        .objectives
        .iter()
        .filter(|(name, known)| match &args.objective {
            Some(requested) => requested == *name,
            // What a batch reads has no deadline.
            None => known.objective.reads().is_none(),
        })
        .map(|(name, _)| name)
        .collect();
    if names.is_empty() {
        bail!(
            "{key} has no objective{}",
            args.objective.as_ref().map_or(String::new(), |name| format!(" `{name}`"))
        );
    }
    for name in names {
        let deadline = past.deadline(state, name)?;
        print(&scrub(&past.text(name, deadline)?))?;
    }
    Ok(())
}

/// The past of one batch: its facts, and its state after each verdict on the requested deadline.
struct Past<'a> {
    key: BatchKey,
    partition: Partition,
    state: Option<BatchState>,
    /// The offset, instant and text of each fact.
    facts: Vec<(Offset, Instant, String)>,
    /// The requested deadline: an instant, or a time or day in the objective's zone.
    requested: &'a str,
    /// Each objective and deadline that was judged.
    deadlines: Vec<(String, Instant)>,
    /// The warnings that deadlines are at risk.
    warned: Warned,
    /// The verdicts on the requested deadline: objective, deadline, the event that decided it, and the state after it.
    judged: Vec<(String, Instant, Offset, BatchState)>,
}

impl<'a> Past<'a> {
    fn read(
        reader: &dyn LogReader,
        partition: Partition,
        key: &BatchKey,
        requested: &'a str,
    ) -> anyhow::Result<Self> {
        let mut past = Self {
            key: key.clone(),
            partition,
            state: None,
            facts: Vec::new(),
            requested,
            deadlines: Vec::new(),
            warned: Warned::default(),
            judged: Vec::new(),
        };
        let mut replay = Replay::new(partition, reader.partitions()).with_control(skips(reader));
        let text_of_key = key.to_string();
        let pages = Pages::of_some(reader, Topic::Events, [partition])?;
        pages.each(partition, |records| {
            let concerns_batch =
                |record: &&ConsumedRecord| record.key == text_of_key || record.key == key.cluster;
            for record in records.iter().filter(concerns_batch) {
                let effects = replay.fold(std::slice::from_ref(record))?;
                let bytes = record.value.as_deref().unwrap_or_default();
                if let Some((at, text)) = timed_fact_text(bytes) {
                    past.facts.push((record.offset, at, text));
                }
                effects.alerts.iter().for_each(|alert| past.warned.add(alert));
                for judgement in effects.judgements {
                    let (name, deadline) = (judgement.objective, judgement.deadline);
                    past.deadlines.push((name.clone(), deadline));
                    let state = replay.state(key);
                    let state = state.context("a verdict on a batch without a state")?;
                    if matches(requested, &zone_of(state, &name), deadline) {
                        past.judged.push((name, deadline, record.offset, state.clone()));
                    }
                }
            }
            Ok(())
        })?;
        past.state = replay.state(key).cloned();
        Ok(past)
    }

    /// The warnings about a deadline, a line each.
    fn warnings(&self, local: &LocalText, name: &str, deadline: Instant) -> String {
        let mut out = String::new();
        for warning in self.warned.about(&(self.key.clone(), name.to_owned()), deadline) {
            let kind = warning.kind.label().trim_start_matches("at_risk_").replace('_', " ");
            let (at, before) = (local.at(warning.at), ahead(deadline - warning.at));
            let misses = warning.misses.map_or(String::new(), |misses| {
                format!(", which would miss the deadline of {}", local.at(misses))
            });
            let _ = writeln!(out, "Warned at {at}, {before} before the deadline: {kind}{misses}.");
        }
        out
    }

    /// The requested deadline: one that was judged, or that of the open slot.
    fn deadline(&self, state: &BatchState, name: &str) -> anyhow::Result<Instant> {
        let zone = zone_of(state, name);
        let open = match state.objectives.get(name).map(|objective| &objective.plan) {
            Some(Plan::Open(open)) => Some(open.slot.deadline),
            Some(Plan::Unresolved { .. } | Plan::Exhausted | Plan::Withdrawn) | None => None,
        };
        let judged =
            self.judged.iter().filter(|(of, ..)| of == name).map(|(_, deadline, ..)| *deadline).min();
        let found = judged.or(open.filter(|open| matches(self.requested, &zone, *open)));
        found.with_context(|| {
            if let Some(known) = state.objectives.get(name)
                && let Plan::Unresolved { reason } = &known.plan
            {
                let deadlines = deadlines(&known.objective.deadlines);
                return format!("objective `{name}` of {}, {deadlines}, is not judged: {reason}", self.key);
            }
            let known = self.deadlines.iter().filter(|(of, _)| of == name).map(|(_, deadline)| *deadline);
            let known: BTreeSet<Instant> = known.chain(open).collect();
            let near: Vec<String> =
                known.iter().rev().take(5).rev().map(|deadline| local(&zone, *deadline)).collect();
            format!(
                "objective `{name}` of {} has no deadline `{}`; give one as 2026-11-23T03:00:00Z, or in {} as \
                 2026-11-23 12:00 or 2026-11-23; the latest are {}",
                self.key,
                self.requested,
                zone.name(),
                near.join(", ")
            )
        })
    }

    fn text(&self, name: &str, deadline: Instant) -> anyhow::Result<String> {
        let judged: Vec<_> =
            self.judged.iter().filter(|(of, at, ..)| (of.as_str(), *at) == (name, deadline)).collect();
        let state = judged.last().map(|(.., state)| state).or(self.state.as_ref()).context("no state")?;
        let explanation = explain(state, name, deadline).context("the slot is not remembered")?;
        let local = LocalText { zone: Zone::named(&explanation.time_zone).unwrap_or_else(|_| Zone::utc()) };
        let mut out = local.heading(&self.key, name, &explanation);
        let offsets: Vec<String> =
            judged.iter().map(|(_, _, offset, _)| format!("{}@{offset}", self.partition)).collect();
        match offsets.as_slice() {
            [] => {
                let due = explanation.until + explanation.objective.objective.settle;
                let _ =
                    writeln!(out, "Verdict: none yet. The first tick of {} or later decides.", local.at(due));
            }
            [first] => {
                let _ =
                    writeln!(out, "Verdict: {}. Decided by the event {first}.", local.verdict(&explanation));
            }
            [first, later @ ..] => {
                let (verdict, later) = (local.verdict(&explanation), later.join(", "));
                let _ = writeln!(
                    out,
                    "Verdict: {verdict}. First decided by the event {first}, and changed by {later}."
                );
            }
        }
        out.push_str(&self.warnings(&local, name, deadline));
        if let Some(report) = state.objectives.get(name).and_then(ObjectiveState::budget_report) {
            let _ = writeln!(out, "Budget: {}, by the target {}.", budget(&report), report.target);
        }
        out.push_str(&local.slot(&explanation));
        out.push_str(&local.runs(&explanation));
        let _ = writeln!(out, "\nWhy: {}", local.why(&explanation, state));
        out.push_str(&self.events(&local, &explanation, judged.last().map(|(_, _, offset, _)| *offset)));
        Ok(out)
    }

    /// The batch's events from the slot's beginning to the verdict.
    fn events(&self, local: &LocalText, explanation: &Explanation<'_>, until: Option<Offset>) -> String {
        let shown: Vec<_> = self
            .facts
            .iter()
            .filter(|(offset, at, _)| {
                *at >= explanation.slot.from && until.is_none_or(|until| *offset <= until)
            })
            .collect();
        let left_out = shown.len().saturating_sub(EVENTS_MAX);
        let mut out = format!("\nEvents of {} in this time:\n", self.key);
        if left_out > 0 {
            let _ = writeln!(out, "  ({left_out} earlier events are left out)");
        }
        for (offset, at, text) in shown.into_iter().skip(left_out) {
            let place = format!("{}@{offset}", self.partition);
            let _ = writeln!(out, "  {place:>10}  {}  {text}", local.at(*at));
        }
        out
    }
}

/// Text with instants in the objective's time zone.
struct LocalText {
    zone: Zone,
}

impl LocalText {
    fn at(&self, at: Instant) -> String {
        local(&self.zone, at)
    }

    fn heading(&self, key: &BatchKey, name: &str, explanation: &Explanation<'_>) -> String {
        let deadlines = deadlines(&explanation.objective.objective.deadlines);
        let deadline = explanation.slot.deadline;
        format!(
            "{key}, objective `{name}`: {deadlines}\nDeadline {} {} ({})\n",
            self.at(deadline),
            self.zone.name(),
            text(deadline)
        )
    }

    fn verdict(&self, explanation: &Explanation<'_>) -> String {
        match explanation.verdict {
            None => "none yet".to_owned(),
            Some(Verdict::Met { ended_at }) => {
                let margin = explanation.slot.deadline - ended_at;
                match margin < TimeDelta::zero() {
                    true => format!("met within the grace, {} after the deadline", human(-margin)),
                    false => format!("met, {} before the deadline", human(margin)),
                }
            }
            Some(Verdict::Missed(cause)) => {
                format!("missed, {}{}", cause.label().replace('_', " "), muted(explanation))
            }
            Some(Verdict::Unknown(_)) => format!("unknown{}", muted(explanation)),
            Some(Verdict::Excused(Excuse::Calendar)) => "excused by the calendar".to_owned(),
            Some(Verdict::Excused(Excuse::NoFire | Excuse::Partial)) => "excused".to_owned(),
        }
    }

    fn slot(&self, explanation: &Explanation<'_>) -> String {
        let Explanation { slot, window, until, objective, .. } = explanation;
        let mut out = format!("\nThe slot runs from {} to {}.", self.at(slot.from), self.at(slot.deadline));
        if !slot.whole {
            out.push_str(" The objective began within it: it can be met, but not missed.");
        }
        let window = match window {
            Window::NoFire => "No run is expected in it.".to_owned(),
            Window::Fires { opens, closes } => {
                let closes = closes.map_or("whenever the next one is".to_owned(), |closes| self.at(closes));
                format!(
                    "Runs belong to it that are scheduled from {}, the first expected in the slot, up to {closes}, the first \
                     of the next slot.",
                    self.at(*opens)
                )
            }
            Window::Slot => {
                "No schedule gives the expected runs: those that begin within it belong to it.".to_owned()
            }
            Window::Fresh { after } => {
                format!(
                    "By the objective's freshness, runs belong to it that begin after {}.",
                    self.at(*after)
                )
            }
        };
        let settle = human_seconds(objective.objective.settle);
        let _ = writeln!(
            out,
            "\n{window}\nA success counts until {}; then the verdict waits {settle} for late facts.",
            self.at(*until)
        );
        out
    }

    fn runs(&self, explanation: &Explanation<'_>) -> String {
        let (of_slot, others): (Vec<_>, Vec<_>) = explanation.runs.iter().partition(|run| run.belongs);
        let mut out = String::new();
        if of_slot.is_empty() {
            out.push_str("\nNo run that belongs to it was known.\n");
        } else {
            out.push_str("\nRuns that belong to it, as they were then:\n");
        }
        for run in of_slot {
            let _ = writeln!(out, "  {}", self.run(run));
        }
        if let Some(last) = others.last() {
            let _ = writeln!(
                out,
                "Of the {} others that were remembered, the last: {}",
                others.len(),
                self.run(last)
            );
        }
        out
    }

    fn run(&self, considered: &Considered<'_>) -> String {
        let run = &considered.run.run;
        let phase = match &run.phase {
            RunPhase::Pending => match &considered.waits {
                Some(why) => format!("did not run: {why}"),
                None => "had not started".to_owned(),
            },
            RunPhase::Running => "was running".to_owned(),
            RunPhase::Suspended => "was suspended".to_owned(),
            RunPhase::Succeeded { completed_at } => {
                format!(
                    "succeeded, its work ended at {}",
                    self.at(considered.ended_at.unwrap_or(*completed_at))
                )
            }
            RunPhase::Failed { failed_at, reason, .. } => {
                let how = considered.failure.as_ref().map_or(String::new(), how_it_failed);
                format!("failed at {}: {reason}{how}", self.at(*failed_at))
            }
            RunPhase::Deleted { observed_at } => match considered.run.gone_after {
                Some(after) => format!(
                    "was deleted between {} and {}, before its end was seen",
                    self.at(after),
                    self.at(*observed_at)
                ),
                None => format!("was gone at {}, before its end was seen", self.at(*observed_at)),
            },
        };
        let mark = run.slot.map_or(String::new(), |mark| format!(", marked for {mark}"));
        let reported =
            considered.reported.map_or(String::new(), |metrics| format!("; it reported {metrics}"));
        let broken = match considered.broken.as_slice() {
            [] => String::new(),
            broken => format!("; not as expected: {}", broken_text(broken)),
        };
        format!("{} of {}{mark}: {phase}{reported}{broken}", run.job, self.at(run.nominal_start()))
    }

    /// The rule that decided.
    fn why(&self, explanation: &Explanation<'_>, state: &BatchState) -> String {
        let until = self.at(explanation.until);
        let no_success = format!("no run that belongs to the slot had succeeded by {until}");
        match explanation.verdict {
            None => "it is judged when it is due, by a tick that proves that everything until then is known."
                .to_owned(),
            Some(Verdict::Met { ended_at }) => {
                let run = explanation.runs.iter().find(|run| run.belongs && run.ended_at == Some(ended_at));
                match run {
                    Some(run) => {
                        format!("{} belongs to the slot and ended well by {until}.", run.run.run.job)
                    }
                    None => format!(
                        "a success of {} is known from the CronJob's status or from a run that is no longer remembered, and \
                         counts for the slot.",
                        self.at(ended_at)
                    ),
                }
            }
            Some(Verdict::Missed(CauseKind::Expectation)) => format!(
                "no run that belongs to the slot did by {until} what the objective expects; the last one that ended well did \
                 not."
            ),
            Some(Verdict::Missed(cause)) => {
                format!("{no_success}, and {}.", self.cause(cause, explanation, state))
            }
            Some(Verdict::Unknown(gap)) => format!(
                "{no_success} that was seen, but nothing was observed{} to {}, and a success may have come and vanished then.",
                gap.from.map_or(String::new(), |from| format!(" from {}", self.at(from))),
                self.at(gap.to)
            ),
            Some(Verdict::Excused(Excuse::NoFire)) => {
                "the CronJob's schedule has no fire in the slot, so there was nothing to judge.".to_owned()
            }
            Some(Verdict::Excused(Excuse::Calendar)) => {
                let name = explanation.objective.objective.calendar.as_deref().unwrap_or_default();
                format!(
                    "the deadline is on a day off of the calendar `{name}`, so there was nothing to judge."
                )
            }
            Some(Verdict::Excused(Excuse::Partial)) => {
                format!(
                    "{no_success}, but the objective began within the slot, and a run may have succeeded before that."
                )
            }
        }
    }

    fn cause(&self, cause: CauseKind, explanation: &Explanation<'_>, state: &BatchState) -> String {
        match cause {
            CauseKind::CronJobAbsent => match state.cron_job.as_ref().and_then(|known| known.deleted_at) {
                Some(at) => format!("the CronJob was deleted at {}", self.at(at)),
                None => "there was no CronJob of that name".to_owned(),
            },
            CauseKind::Suspended => "the CronJob was suspended".to_owned(),
            CauseKind::Expectation => "the last one that ended well did not do what is expected".to_owned(),
            CauseKind::Failed => "the last run of the slot had failed, or was gone before its end".to_owned(),
            CauseKind::StillRunning => "a run of the slot was still running".to_owned(),
            CauseKind::Pending => "a run of the slot was there but had not started".to_owned(),
            CauseKind::NeverStarted => "none had been created by then".to_owned(),
            CauseKind::NotObserved => match explanation.unobserved {
                Some(gap) => format!(
                    "what became of its run was not observed: nothing was observed{} until {}",
                    gap.from.map_or(String::new(), |from| format!(" from {}", self.at(from))),
                    self.at(gap.to)
                ),
                None => "what became of its run was not observed".to_owned(),
            },
        }
    }
}

/// Whether the verdict is no alert.
fn muted(explanation: &Explanation<'_>) -> &'static str {
    if explanation.muted { ", muted: no alert" } else { "" }
}

/// Where the deadlines of an objective come from.
fn deadlines(of: &Deadlines) -> String {
    match of {
        Deadlines::CompleteBy { crontab } => format!("complete by \"{crontab}\""),
        Deadlines::Before { namespace, cron_job, .. } => format!("before {namespace}/{cron_job} starts"),
        Deadlines::Reads { sources } => format!("reads {}", read_batches(sources)),
    }
}

/// Attempts, exit code and the line of the error text that explains most.
fn how_it_failed(failure: &Failure) -> String {
    let attempts = match failure.attempts {
        0 | 1 => "1 attempt".to_owned(),
        attempts => format!("{attempts} attempts"),
    };
    let code = failure.exit_code.map_or(String::new(), |code| format!(", exit code {code}"));
    let error =
        failure.last_error.as_deref().map_or(String::new(), |text| format!(", {}", error::line(text)));
    format!(", {attempts}{code}{error}")
}

fn local(zone: &Zone, at: Instant) -> String {
    let local = zone.local(at).date_time;
    let form = if at.timestamp() % 60 == 0 { "%a %Y-%m-%d %H:%M" } else { "%a %Y-%m-%d %H:%M:%S" };
    local.format(form).to_string()
}

fn human_seconds(span: TimeDelta) -> String {
    match span.num_seconds() {
        seconds @ 0..120 => format!("{seconds} s"),
        _ => human(span),
    }
}
