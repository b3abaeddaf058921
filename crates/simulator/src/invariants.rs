//! What must hold whatever the world was: about the alerts of one pass, and about a run with faults beside it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{SecondsFormat, TimeDelta};
use kigen_log::NewRecord;
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody, alert_id};
use kigen_model::event::{Event, Fact, FactBody};
use kigen_model::key::BatchKey;
use kigen_model::risk::RiskKind;
use kigen_model::run::RunPhase;
use kigen_model::slot::{Slot, Verdict};
use kigen_state::STATE_BYTES_MAX;
use kigen_wire::Level;
use uuid::Uuid;

use crate::disturbed::Disturbed;
use crate::input::Input;
use crate::undisturbed::{Raised, Undisturbed};

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The batch, if it is one's.
    pub key: Option<String>,
    /// Which invariant, and what was found instead.
    pub what: String,
}

/// Checks the alerts and verdicts of one pass.
///
/// # Errors
/// The first invariant that does not hold.
pub fn of_one_pass(input: &Input, found: &Undisturbed) -> Result<(), Broken> {
    let Declarations { delays, withdrawn, demanding } = Declarations::of(input);
    let mut ids = BTreeSet::new();
    let mut objectives: BTreeMap<(BatchKey, String), Objective> = BTreeMap::new();
    for Raised { alert, .. } in found.alerts.iter().flatten() {
        if !ids.insert(alert.id) {
            return Err(broken(&alert.key, format!("the id of two alerts is the same: {alert:?}")));
        }
        let name = alert.objective.as_ref().map(|objective| objective.name.clone()).unwrap_or_default();
        let place = (alert.key.clone(), name.clone());
        let delay = delays.get(&place).copied().unwrap_or_default();
        let (is_withdrawn, is_demanding) = (withdrawn.contains(&place), demanding.contains(&place));
        let objective = objectives.entry(place).or_default();
        if is_withdrawn && let AlertBody::SlotMissed { incident, .. } = &alert.body {
            // The incident before ended with the withdrawal.
            objective.open = objective.open.filter(|open| open == incident);
        }
        objective
            .alert(alert, &name, (delay, is_demanding))
            .map_err(|what| broken(&alert.key, format!("{what}: {alert:?}")))?;
    }
    for judged in found.verdicts.iter().flatten() {
        let place = (judged.key.clone(), judged.objective.clone());
        let objective = objectives.entry(place).or_default();
        objective
            .judge(judged.deadline, judged.verdict)
            .map_err(|what| broken(&judged.key, format!("{what}: {judged:?}")))?;
    }
    Ok(())
}

/// Checks a run with faults against one pass over the same log.
///
/// # Errors
/// The first invariant that does not hold.
pub fn of_disturbed(undisturbed: &Undisturbed, disturbed: &Disturbed) -> Result<(), Broken> {
    for (expected, found) in undisturbed.alerts.iter().zip(&disturbed.alerts) {
        let mut latest = Instant::UNIX_EPOCH;
        for (nth, Raised { alert: expected, .. }) in expected.iter().enumerate() {
            // The log's timestamps never decrease, and of two clusters one may be behind.
            latest = latest.max(expected.decided_at);
            let value = kigen_wire::encode_alert(expected, Level::NEWEST);
            let Some(found) = found.get(nth) else {
                return Err(broken(&expected.key, format!("an alert was lost with faults: {expected:?}")));
            };
            let is_same = found.value.as_ref() == Some(&value)
                && found.key == expected.key.to_string()
                && found.timestamp == latest;
            if !is_same {
                let found = kigen_wire::decode_alert(found.value.as_deref().unwrap_or_default());
                return Err(broken(
                    &expected.key,
                    format!("an alert is another with faults: {found:?} instead of {expected:?}"),
                ));
            }
        }
        if let Some(more) = found.get(expected.len()) {
            let what = "an alert was emitted with faults only".to_owned();
            return Err(Broken { key: Some(more.key.clone()), what });
        }
    }
    if disturbed.state_bytes_max > STATE_BYTES_MAX {
        let what = format!("a state has {} bytes", disturbed.state_bytes_max);
        return Err(Broken { key: None, what });
    }
    let keys: BTreeSet<&String> = undisturbed.states.keys().chain(disturbed.states.keys()).collect();
    for key in keys {
        if undisturbed.states.get(key) != disturbed.states.get(key) {
            return Err(Broken { key: Some(key.clone()), what: "a state is another with faults".to_owned() });
        }
    }
    if disturbed.rejects > 0 {
        return Err(Broken { key: None, what: format!("{} events were rejected", disturbed.rejects) });
    }
    Ok(())
}

/// What was alerted and judged of one objective.
#[derive(Default)]
struct Objective {
    missed: BTreeSet<Instant>,
    unknown: BTreeSet<Instant>,
    retracted: BTreeSet<Instant>,
    closed: BTreeSet<Uuid>,
    at_risk: BTreeSet<(Instant, RiskKind)>,
    open: Option<Uuid>,
    verdicts: BTreeMap<Instant, Verdict>,
}

impl Objective {
    fn alert(
        &mut self,
        alert: &Alert,
        name: &str,
        (delay, is_demanding): (TimeDelta, bool),
    ) -> Result<(), String> {
        let id = |subject: Instant| {
            let subject = subject.to_rfc3339_opts(SecondsFormat::Secs, true);
            alert_id(&alert.key, name, alert.body.kind(), &subject)
        };
        let is_early = |slot: &Slot| alert.decided_at < slot.deadline + delay;
        let expected = match &alert.body {
            AlertBody::SlotMissed { slot, incident, misses, .. } => {
                // What its runs did may decide before the deadline.
                let is_early = if is_demanding { alert.decided_at < slot.from } else { is_early(slot) };
                if is_early {
                    return Err("a miss before its time".to_owned());
                }
                if !self.missed.insert(slot.deadline) {
                    return Err("a deadline is missed twice".to_owned());
                }
                if self.open.is_some_and(|open| open != *incident) {
                    return Err("a miss of another incident than the one that is open".to_owned());
                }
                if self.closed.contains(incident) || *misses == 0 {
                    return Err("a miss of an incident that is closed".to_owned());
                }
                self.open = Some(*incident);
                id(slot.deadline)
            }
            AlertBody::SlotRecovered { slot, incident, since, ended_at, run, .. } => {
                if self.open.take() != Some(*incident) || !self.closed.insert(*incident) {
                    return Err("the recovery of an incident that is not open".to_owned());
                }
                if *ended_at <= slot.deadline || !matches!(run.run.phase, RunPhase::Succeeded { .. }) {
                    return Err("a recovery that is none".to_owned());
                }
                id(*since)
            }
            AlertBody::SlotRetracted { slot, incident, misses, .. } => {
                self.retracted(slot, *incident, *misses)?;
                id(slot.deadline)
            }
            AlertBody::SlotUnknown { slot, since, .. } => {
                if is_early(slot) {
                    return Err("unknown before its time".to_owned());
                }
                if !self.unknown.insert(*since) {
                    return Err("a deadline is unknown twice".to_owned());
                }
                id(*since)
            }
            AlertBody::UnknownClosed { since, slots, met, missed, .. } => {
                if !self.unknown.contains(since) || met + missed > *slots {
                    return Err("a range is closed that was not reported".to_owned());
                }
                id(*since)
            }
            AlertBody::SlotAtRisk { slot, .. } | AlertBody::RiskOver { slot, .. } => {
                self.warning(alert, slot.deadline)?;
                id(slot.deadline)
            }
            AlertBody::ExpectationBroken { slot, .. } | AlertBody::BudgetSpent { slot, .. } => {
                id(slot.deadline)
            }
            AlertBody::RunFailed { run, .. } => {
                if !matches!(run.run.phase, RunPhase::Failed { .. }) {
                    return Err("a failure of a run that has not failed".to_owned());
                }
                alert_id(&alert.key, "", alert.body.kind(), &run.uid)
            }
            AlertBody::ClusterSilent { .. }
            | AlertBody::ClusterStalled(_)
            | AlertBody::SilenceOver { .. }
            | AlertBody::StallOver { .. } => return Err("it is about a cluster".to_owned()),
        };
        if alert.id == expected { Ok(()) } else { Err(format!("its id is not {expected}")) }
    }

    fn retracted(&mut self, slot: &Slot, incident: Option<Uuid>, misses: u32) -> Result<(), String> {
        let was_alerted = self.missed.contains(&slot.deadline) || incident.is_none();
        if !was_alerted || !self.retracted.insert(slot.deadline) {
            return Err("a retraction of what was not alerted".to_owned());
        }
        if misses == 0 && self.open == incident && incident.is_some() {
            self.open = None;
            self.closed.extend(incident);
        }
        Ok(())
    }

    /// A deadline is at risk before its time, and once for each reason; only such a one is so no more. One that is moved away
    /// and back is another slot.
    fn warning(&mut self, alert: &Alert, deadline: Instant) -> Result<(), String> {
        if let AlertBody::SlotAtRisk { risk, .. } = &alert.body {
            let grace = alert.objective.as_ref().map(|objective| objective.grace).unwrap_or_default();
            if alert.decided_at >= deadline + grace || self.missed.contains(&deadline) {
                return Err("a deadline is at risk after its time".to_owned());
            }
            return match self.at_risk.insert((deadline, risk.kind())) {
                true => Ok(()),
                false => Err("a deadline is at risk twice for one reason".to_owned()),
            };
        }
        let warned_of = self.at_risk.len();
        let is_of_run = |kind: RiskKind| matches!(kind, RiskKind::NotStarted | RiskKind::RunningLate);
        self.at_risk.retain(|(other, kind)| *other != deadline || !is_of_run(*kind));
        match self.at_risk.len() < warned_of {
            true => Ok(()),
            false => Err("what was not at risk is so no more".to_owned()),
        }
    }

    /// A verdict changes only from missed or unknown, never back.
    fn judge(&mut self, deadline: Instant, verdict: Verdict) -> Result<(), String> {
        let before = self.verdicts.insert(deadline, verdict);
        match (before, verdict) {
            (None | Some(Verdict::Unknown(_)), _) | (Some(Verdict::Missed(_)), Verdict::Met { .. }) => {}
            (Some(before), _) => return Err(format!("the verdict was {before:?} before")),
        }
        match verdict {
            Verdict::Missed(_) if !self.missed.contains(&deadline) => {
                Err("a miss without an alert".to_owned())
            }
            Verdict::Met { .. } | Verdict::Excused(_)
                if before.is_none() && self.missed.contains(&deadline) =>
            {
                Err("an alert of a slot that was never missed".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// What was ever declared of each objective.
#[derive(Default)]
struct Declarations {
    /// The least grace and settle.
    delays: BTreeMap<(BatchKey, String), TimeDelta>,
    /// Those that were withdrawn at some time.
    withdrawn: BTreeSet<(BatchKey, String)>,
    /// Those that expected something of a run, without which it does not count.
    demanding: BTreeSet<(BatchKey, String)>,
}

impl Declarations {
    fn of(input: &Input) -> Self {
        let mut all = Self::default();
        let records = input.partitions.iter().flat_map(|partition| &partition.records);
        for NewRecord { value, .. } in records {
            let Some(Ok(Event::Fact(Fact { key, body, .. }))) =
                value.as_deref().map(kigen_wire::decode_event)
            else {
                continue;
            };
            let FactBody::Objective { name, objective, .. } = body else { continue };
            match objective {
                Some(objective) => {
                    if objective.expect.is_some_and(|expect| !expect.counts) {
                        all.demanding.insert((key.clone(), name.clone()));
                    }
                    let delay = objective.grace + objective.settle;
                    let known = all.delays.entry((key, name)).or_insert(delay);
                    *known = delay.min(*known);
                }
                None => {
                    all.withdrawn.insert((key, name));
                }
            }
        }
        all
    }
}

fn broken(key: &BatchKey, what: String) -> Broken {
    Broken { key: Some(key.to_string()), what }
}
