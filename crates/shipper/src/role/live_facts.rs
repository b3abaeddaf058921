//! The live facts of a cluster on one partition: the last one of each object, folded from events or taken from states.

use std::collections::BTreeMap;

use kigen_model::Instant;
use kigen_model::event::{Fact, FactBody};
use kigen_model::key::BatchKey;
use kigen_objective::annotation::reserved_for;
use kigen_state::{BatchState, ObjectiveState, Plan};

use crate::past::Past;

/// The object of a fact.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    CronJob(BatchKey),
    Objective(BatchKey, String),
    Run(String),
}

/// The last fact of each object, unless its object is over.
#[derive(Debug, Default)]
pub(super) struct LiveFacts {
    of: BTreeMap<Subject, Fact>,
    /// The latest past of any fact, also of those that are not kept.
    past: Past,
}

impl LiveFacts {
    /// The latest past of any fact.
    pub(super) fn past(&self) -> Past {
        self.past
    }

    /// The facts, by their objects.
    pub(super) fn into_facts(self) -> impl Iterator<Item = Fact> {
        self.of.into_values()
    }

    /// Ended runs and attempts are not kept: those that still exist are listed.
    pub(super) fn apply(&mut self, fact: Fact) {
        self.past = self.past.max(Past::of_fact(&fact));
        let (subject, is_over) = match &fact.body {
            FactBody::CronJob { cron_job, .. } => (Subject::CronJob(fact.key.clone()), cron_job.is_none()),
            FactBody::Objective { name, revision, objective } => {
                // A declared objective's only version is the one assigned last, which must not be forgotten.
                let is_over = objective.is_none() && reserved_for(name).is_some() && !revision.is_of_file();
                (Subject::Objective(fact.key.clone(), name.clone()), is_over)
            }
            FactBody::Run { revision, run } => (Subject::Run(revision.uid.clone()), run.phase.is_terminal()),
            FactBody::Attempt { .. } => return,
        };
        if is_over {
            self.of.remove(&subject);
        } else {
            self.of.insert(subject, fact);
        }
    }

    /// Applies the facts that have made a state.
    pub(super) fn apply_state(&mut self, state: BatchState) {
        let BatchState { key, cron_job, runs, objectives, refused, last_fact_at, forgotten_failure, .. } =
            state;
        let observed_at = last_fact_at.unwrap_or(Instant::UNIX_EPOCH);
        let mut apply = |body| self.apply(Fact { key: key.clone(), observed_at, body });
        if let Some(known) = cron_job {
            let cron_job = known.deleted_at.is_none().then_some(known.cron_job);
            apply(FactBody::CronJob { revision: known.revision, cron_job });
        }
        for (name, known) in objectives {
            apply(objective(name, known));
        }
        // An edit without room leaves the spec before it in force, but is the later one.
        for (name, refused) in refused {
            let (revision, objective) = (refused.revision, Some(refused.objective));
            apply(FactBody::Objective { name, revision, objective });
        }
        let mut past = forgotten_failure.map_or_else(Past::default, |known| Past::of(known.resource_version));
        for known in runs {
            let of_attempts = known.attempts.iter().map(|known| Past::of(known.revision.resource_version));
            past = of_attempts.fold(past, Past::max);
            apply(FactBody::Run { revision: known.revision, run: known.run });
        }
        self.past = self.past.max(past);
    }
}

/// The last version of an objective that was emitted.
fn objective(name: String, known: ObjectiveState) -> FactBody {
    let ObjectiveState { revision, objective, mut successors, withdrawn_at, plan, .. } = known;
    let is_withdrawn = withdrawn_at.is_some() || plan == Plan::Withdrawn;
    let last = successors.pop().map_or(objective, |edit| edit.objective);
    FactBody::Objective { name, revision, objective: (!is_withdrawn).then_some(last) }
}
