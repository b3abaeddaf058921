//! What an alert does to the messages that Slack has: a message of its own, or an update of the one about its incident. Pure.
//!
//! ```text
//!   not started, late ──> warning ── missed ──> incident <── missed again, one deadline retracted
//!                            │                   ^    │
//!                            │ over              │    │ recovered, retracted
//!                            v           missed  │    v
//!                          over      unknown ────┘   over        failed run, trend, new level, not as expected: a message each
//!                                       └── retracted, judged again ──> over
//!   silent cluster ── observed, forgotten ──> over
//!   stalled cluster ── fires again ──> over
//! ```

use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody, alert_id};
use kigen_model::risk::Risk;
use kigen_model::slot::Slot;
use kigen_model::topic::Offset;
use uuid::Uuid;

use crate::ledger::{Entry, Messages};
use crate::routing::Target;

/// The kind in the subject of the warnings of one deadline.
const WARNINGS: &str = "slot_at_risk";

/// What an alert does.
#[derive(Debug)]
pub(crate) enum Plan {
    /// It is in a message already.
    Pass,
    /// It becomes a message of its own.
    Post {
        /// What that is about.
        subject: Uuid,
    },
    /// It updates a message, and is a reply in its thread.
    Update(Box<Update>),
}

impl Plan {
    /// What the message shows from now on; `None`: the alert itself.
    pub(crate) fn shown(&self) -> Option<&Alert> {
        match self {
            Self::Update(update) => Some(&update.shown),
            Self::Pass | Self::Post { .. } => None,
        }
    }

    /// The message as it was before.
    pub(crate) fn before(&self) -> Option<&Entry> {
        match self {
            Self::Update(update) => Some(&update.entry),
            Self::Pass | Self::Post { .. } => None,
        }
    }
}

/// The update of a message.
#[derive(Debug)]
pub(crate) struct Update {
    pub(crate) entry: Entry,
    /// What it is about from now on.
    pub(crate) subject: Uuid,
    /// What it shows from now on.
    pub(crate) shown: Alert,
    /// What that is followed by.
    pub(crate) followed_by: Option<Alert>,
    /// Whether a person is needed who may not look at the thread: the reply is shown in the channel, too.
    pub(crate) is_broadcast: bool,
}

/// Plans an alert at an offset of its partition, whose messages are these, for one of its channels.
pub(crate) fn plan(alert: &Alert, offset: Offset, messages: &Messages, target: &Target) -> Plan {
    let subject = target.id_of(subject(alert));
    let known = known(alert, subject, messages, target);
    let Some(entry) = known else { return Plan::Post { subject } };
    if entry.contains(offset, alert) {
        return Plan::Pass;
    }
    let is_shown = match &alert.body {
        AlertBody::SlotMissed { .. } | AlertBody::SlotAtRisk { .. } | AlertBody::RunFailed { .. } => true,
        AlertBody::SlotUnknown { .. }
        | AlertBody::ExpectationBroken { .. }
        | AlertBody::BudgetSpent { .. }
        | AlertBody::ClusterSilent { .. }
        | AlertBody::ClusterStalled(_) => true,
        AlertBody::SlotRecovered { .. }
        | AlertBody::SlotRetracted { .. }
        | AlertBody::UnknownClosed { .. }
        | AlertBody::RiskOver { .. }
        | AlertBody::SilenceOver { .. }
        | AlertBody::StallOver { .. } => false,
    };
    let is_broadcast = match &alert.body {
        // Another state than before; or one that lasts, ever more seldom.
        AlertBody::SlotMissed { misses, .. } => entry.delivery.subject != subject || misses.is_power_of_two(),
        AlertBody::SlotAtRisk { .. }
        | AlertBody::ExpectationBroken { .. }
        | AlertBody::RunFailed { .. }
        | AlertBody::SlotUnknown { .. }
        | AlertBody::SlotRecovered { .. }
        | AlertBody::SlotRetracted { .. }
        | AlertBody::UnknownClosed { .. }
        | AlertBody::RiskOver { .. }
        | AlertBody::ClusterSilent { .. }
        | AlertBody::ClusterStalled(_)
        | AlertBody::BudgetSpent { .. }
        | AlertBody::SilenceOver { .. }
        | AlertBody::StallOver { .. } => false,
    };
    let (shown, followed_by) =
        if is_shown { (alert.clone(), None) } else { (entry.alert.clone(), Some(alert.clone())) };
    let subject = if is_shown { subject } else { entry.delivery.subject };
    Plan::Update(Box::new(Update { entry: entry.clone(), subject, shown, followed_by, is_broadcast }))
}

/// What the message of an alert is about.
pub(crate) fn subject(alert: &Alert) -> Uuid {
    match &alert.body {
        AlertBody::SlotMissed { incident, .. }
        | AlertBody::SlotRecovered { incident, .. }
        | AlertBody::SlotRetracted { incident: Some(incident), .. } => *incident,
        AlertBody::UnknownClosed { unknown, .. } => *unknown,
        AlertBody::SilenceOver { silent, .. } => *silent,
        AlertBody::StallOver { stalled, .. } => *stalled,
        AlertBody::SlotAtRisk { slot, risk, .. } if is_of_slot(risk) => warnings(alert, slot.deadline),
        AlertBody::RiskOver { slot, .. } => warnings(alert, slot.deadline),
        AlertBody::SlotRetracted { incident: None, .. }
        | AlertBody::SlotUnknown { .. }
        | AlertBody::SlotAtRisk { .. }
        | AlertBody::ExpectationBroken { .. }
        | AlertBody::RunFailed { .. }
        | AlertBody::BudgetSpent { .. }
        | AlertBody::ClusterSilent { .. }
        | AlertBody::ClusterStalled(_) => alert.id,
    }
}

/// The message that an alert updates.
fn known<'a>(alert: &Alert, subject: Uuid, messages: &'a Messages, target: &Target) -> Option<&'a Entry> {
    if let Some(entry) = messages.get(subject) {
        return Some(entry);
    }
    match &alert.body {
        // What was feared, or not known.
        AlertBody::SlotMissed { slot, .. } => {
            let warning = messages.get(target.id_of(warnings(alert, slot.deadline)));
            warning
                .filter(|entry| entry.followed_by.is_none())
                .or_else(|| unknown(alert, slot, messages, target))
        }
        AlertBody::SlotRetracted { incident: None, slot, .. } => unknown(alert, slot, messages, target),
        AlertBody::SlotRetracted { incident: Some(_), .. }
        | AlertBody::SlotRecovered { .. }
        | AlertBody::SlotUnknown { .. }
        | AlertBody::UnknownClosed { .. }
        | AlertBody::SlotAtRisk { .. }
        | AlertBody::RiskOver { .. }
        | AlertBody::ExpectationBroken { .. }
        | AlertBody::RunFailed { .. }
        | AlertBody::ClusterSilent { .. }
        | AlertBody::ClusterStalled(_)
        | AlertBody::BudgetSpent { .. }
        | AlertBody::SilenceOver { .. }
        | AlertBody::StallOver { .. } => None,
    }
}

/// The message about this slot alone, that it is unknown.
fn unknown<'a>(alert: &Alert, slot: &Slot, messages: &'a Messages, target: &Target) -> Option<&'a Entry> {
    let name = |alert: &Alert| alert.objective.as_ref().map(|objective| objective.name.clone());
    let is_of = |known: &Alert| known.key == alert.key && name(known) == name(alert);
    messages.find(|Entry { delivery, alert: known, .. }| match &known.body {
        AlertBody::SlotUnknown { slot: unknown, slots: 1, .. } => {
            let is_of_target = delivery.subject == target.id_of(known.id);
            unknown.deadline == slot.deadline && is_of(known) && is_of_target
        }
        AlertBody::SlotUnknown { .. }
        | AlertBody::SlotMissed { .. }
        | AlertBody::SlotRecovered { .. }
        | AlertBody::SlotRetracted { .. }
        | AlertBody::UnknownClosed { .. }
        | AlertBody::SlotAtRisk { .. }
        | AlertBody::RiskOver { .. }
        | AlertBody::ExpectationBroken { .. }
        | AlertBody::RunFailed { .. }
        | AlertBody::ClusterSilent { .. }
        | AlertBody::ClusterStalled(_)
        | AlertBody::BudgetSpent { .. }
        | AlertBody::SilenceOver { .. }
        | AlertBody::StallOver { .. } => false,
    })
}

/// The subject of the warnings that the run of a deadline is not begun, or late.
fn warnings(alert: &Alert, deadline: Instant) -> Uuid {
    let objective = alert.objective.as_ref().map_or("", |objective| &objective.name);
    alert_id(&alert.key, objective, WARNINGS, &deadline.to_rfc3339())
}

/// Whether a warning is about one deadline, which ends it: the others are about all that follow.
pub(crate) fn is_of_slot(risk: &Risk) -> bool {
    match risk {
        Risk::NotStarted { .. } | Risk::RunningLate { .. } | Risk::LongerThanEver { .. } => true,
        Risk::Trend { .. } | Risk::NewLevel { .. } => false,
    }
}
