//! The context of a step: what a decision depends on, and the effects so far.

use std::collections::BTreeMap;

use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody, alert_id};
use kigen_model::key::BatchKey;
use kigen_model::slot::Verdict;
use kigen_state::{BatchState, CronJobState, Mutes, ObjectiveState, PastNumbers, PastRun, RunState, Success};

use crate::effect::{Effect, Judgement, Warning, instant_text, presence, summary_of_objective};
use crate::mute;

/// A batch while one input is applied to it.
pub(crate) struct Batch<'a> {
    pub(crate) state: &'a mut BatchState,
    /// When the fact was observed, or the watermark of the tick.
    pub(crate) at: Instant,
    /// Of a fact: until when the cluster had been observed before.
    pub(crate) after: Option<Instant>,
    pub(crate) mutes: &'a Mutes,
    pub(crate) effects: Vec<Effect>,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(state: &'a mut BatchState, at: Instant, mutes: &'a Mutes) -> Self {
        Self { state, at, after: None, mutes, effects: Vec::new() }
    }

    /// Calls `judge` for each objective, by name.
    pub(crate) fn each_objective(&mut self, mut judge: impl FnMut(&mut Judge<'_>)) {
        let (known, objectives, effects) = self.parts();
        for (name, objective) in objectives {
            judge(&mut known.judge(name, objective, effects));
        }
    }

    /// Calls `judge` for the objective of this name, if there is one.
    pub(crate) fn objective(&mut self, name: &str, judge: impl FnOnce(&mut Judge<'_>)) {
        let (known, objectives, effects) = self.parts();
        if let Some(objective) = objectives.get_mut(name) {
            judge(&mut known.judge(name, objective, effects));
        }
    }

    /// What objectives are judged by, the objectives, and the effects so far.
    fn parts(&mut self) -> (Known<'_>, &mut BTreeMap<String, ObjectiveState>, &mut Vec<Effect>) {
        let BatchState { key, cron_job, runs, successes, past_runs, past_numbers, objectives, .. } =
            &mut *self.state;
        let past = Past { runs, past_runs, past_numbers };
        let (at, mutes) = (self.at, self.mutes);
        let known = Known { key, cron_job: cron_job.as_ref(), past, successes, at, mutes };
        (known, objectives, &mut self.effects)
    }

    /// Warns of the batch, or of one of its objectives.
    pub(crate) fn warn(&mut self, objective: Option<&str>, text: String) {
        let objective = objective.map(str::to_owned);
        self.effects.push(Effect::Warn(Warning { key: self.state.key.clone(), objective, text }));
    }
}

/// What the objectives of a batch are judged by.
#[derive(Clone, Copy)]
struct Known<'a> {
    key: &'a BatchKey,
    cron_job: Option<&'a CronJobState>,
    past: Past<'a>,
    successes: &'a [Success],
    at: Instant,
    mutes: &'a Mutes,
}

impl<'a> Known<'a> {
    fn judge(
        self,
        name: &'a str,
        objective: &'a mut ObjectiveState,
        effects: &'a mut Vec<Effect>,
    ) -> Judge<'a> {
        let Self { key, cron_job, past, successes, at, mutes } = self;
        let Past { runs, past_runs, past_numbers } = past;
        Judge { key, cron_job, runs, successes, past_runs, past_numbers, name, objective, at, mutes, effects }
    }
}

/// An objective, and what it is judged by.
pub(crate) struct Judge<'a> {
    pub(crate) key: &'a BatchKey,
    pub(crate) cron_job: Option<&'a CronJobState>,
    pub(crate) runs: &'a [RunState],
    /// The successes that are kept apart from the runs.
    pub(crate) successes: &'a [Success],
    /// The past runs that are kept apart from the runs.
    pub(crate) past_runs: &'a [PastRun],
    past_numbers: &'a PastNumbers,
    pub(crate) name: &'a str,
    pub(crate) objective: &'a mut ObjectiveState,
    /// When the fact was observed, or the watermark of the tick.
    pub(crate) at: Instant,
    mutes: &'a Mutes,
    effects: &'a mut Vec<Effect>,
}

/// What a run is compared with.
#[derive(Clone, Copy)]
pub(crate) struct Past<'a> {
    pub(crate) runs: &'a [RunState],
    /// The past runs that are kept apart from the runs.
    pub(crate) past_runs: &'a [PastRun],
    /// The numbers that past runs reported.
    pub(crate) past_numbers: &'a PastNumbers,
}

impl<'a> Past<'a> {
    pub(crate) fn of(state: &'a BatchState) -> Self {
        let BatchState { runs, past_runs, past_numbers, .. } = state;
        Self { runs, past_runs, past_numbers }
    }
}

impl<'a> Judge<'a> {
    /// What a run is compared with.
    pub(crate) fn past(&self) -> Past<'a> {
        Past { runs: self.runs, past_runs: self.past_runs, past_numbers: self.past_numbers }
    }

    /// Raises an alert; `subject` is the instant in its id.
    pub(crate) fn raise(&mut self, subject: Instant, body: AlertBody) {
        let alert = self.alert(subject, body);
        self.effects.push(Effect::Raise(alert));
    }

    /// An alert; `subject` is the instant in its id.
    pub(crate) fn alert(&self, subject: Instant, body: AlertBody) -> Box<Alert> {
        Box::new(Alert {
            id: self.alert_id(body.kind(), subject),
            key: self.key.clone(),
            objective: Some(summary_of_objective(self.name, self.objective)),
            decided_at: self.at,
            cron_job: presence(self.cron_job, Some(self.objective)),
            body,
        })
    }

    /// The place of the next effect.
    pub(crate) fn place(&self) -> usize {
        self.effects.len()
    }

    /// Raises an alert before the effects from `place` on.
    pub(crate) fn insert(&mut self, place: usize, alert: Box<Alert>) {
        self.effects.insert(place, Effect::Raise(alert));
    }

    /// Warns of the objective.
    pub(crate) fn warn(&mut self, text: String) {
        let objective = Some(self.name.to_owned());
        self.effects.push(Effect::Warn(Warning { key: self.key.clone(), objective, text }));
    }

    /// Emits the verdict on the slot of this deadline; `muted`: it is no alert.
    pub(crate) fn emit_verdict(&mut self, deadline: Instant, verdict: Verdict, muted: bool) {
        let (key, objective) = (self.key.clone(), self.name.to_owned());
        self.effects.push(Effect::Judge(Judgement { key, objective, deadline, verdict, muted }));
    }

    /// Until when the objective is muted that is so at `at`; `None`: it is not.
    pub(crate) fn muted_until(&self, at: Instant) -> Option<Instant> {
        mute::muted_until(self.mutes, self.key, (self.name, self.objective), at)
    }

    /// Until when the miss of a run that was expected then is silent, since no CronJob of the cluster fired; `None`: it is not.
    pub(crate) fn stalled_until(&self, expected_at: Instant) -> Option<Instant> {
        mute::stalled_until(&self.mutes.stalls, expected_at)
    }

    /// Whether the cluster has stalled, as far as is remembered.
    pub(crate) fn has_stalled(&self) -> bool {
        !self.mutes.stalls.all().is_empty()
    }

    /// The id of an alert or an incident of the objective.
    pub(crate) fn alert_id(&self, kind: &str, subject: Instant) -> uuid::Uuid {
        alert_id(self.key, self.name, kind, &instant_text(subject))
    }
}
