//! The impact and the plan as one JSON object.

use chrono::TimeDelta;
use kigen_lineage::history::{End, SlotVerdict, Start};
use kigen_lineage::impact::{Affected, Doubt, Found, Repeated, Wrong};
use kigen_lineage::plan::Step;
use kigen_lineage::timeline::Period;
use kigen_model::slot::Gap;
use serde_json::{Value as Json, json};

use super::findings::Findings;
use super::repetition::Repetition;
use super::report::sentence;
use crate::output::text;

/// Everything, as one object.
pub(super) fn findings(of: &Findings) -> Json {
    let wrong = match &of.wrong {
        Wrong::Late(periods) => json!({"late": periods.iter().map(period).collect::<Vec<_>>()}),
        Wrong::Results { from, until } => json!({"results": {"from": text(*from), "until": text(*until)}}),
    };
    let (median, slow) = of.plan.takes();
    let steps: Vec<Json> = of
        .plan
        .steps
        .iter()
        .zip(&of.repetitions)
        .map(|(step, repetition)| plan_step(step, repetition))
        .collect();
    let coming: Vec<Json> = of
        .coming
        .iter()
        .map(|coming| {
            json!({
                "batch": coming.batch.to_string(),
                "objective": coming.objective,
                "deadline": text(coming.deadline),
                "only_with_slow_runs": !coming.is_before_usual,
            })
        })
        .collect();
    let left_out = of.impact.left_out.iter();
    let left_out = left_out.map(|(batch, of)| json!({"batch": batch.to_string(), "period": period(of)}));
    json!({
        "batch": of.of.to_string(),
        "wrong": wrong,
        "judged_until": text(of.until),
        "affected": of.impact.affected.iter().map(affected).collect::<Vec<_>>(),
        "repeated": of.impact.repeated.iter().map(repeated).collect::<Vec<_>>(),
        "gaps": of.impact.gaps.iter().map(gap).collect::<Vec<_>>(),
        "plan": {
            "steps": steps,
            "left_out": left_out.collect::<Vec<_>>(),
            "complete_at": text(of.until + median),
            "complete_at_slow": text(of.until + slow),
            "deadlines_before": coming,
        },
    })
}

fn affected(of: &Affected) -> Json {
    let (end, ended_at) = match of.run.end {
        End::Open => ("open", None),
        End::Good(at) => ("succeeded", Some(at)),
        End::Failed(at) => ("failed", Some(at)),
        End::Gone(_, at) => ("gone", Some(at)),
    };
    let started_at = match of.run.start {
        Start::At(at) => Some(at),
        Start::NotYet | Start::Within(..) => None,
    };
    json!({
        "batch": of.batch.to_string(),
        "job": of.run.job,
        "uid": of.run.uid,
        "nominal_start": text(of.run.nominal_start),
        "started_at": started_at.map(text),
        "end": end,
        "ended_at": ended_at.map(text),
        "period": period(&of.period),
        "own_slot": of.verdict.map(SlotVerdict::label),
        "source": of.reason.source.to_string(),
        "due": period(&of.reason.due),
        "found": found(&of.reason.found),
        "certain": of.doubt.is_none(),
        "doubt": of.doubt.as_ref().map(doubt),
        "reason": sentence(of),
    })
}

fn repeated(of: &Repeated) -> Json {
    json!({
        "batch": of.batch.to_string(),
        "job": of.job,
        "period": period(&of.period),
        "by": of.by,
        "ended_at": text(of.ended_at),
    })
}

pub(super) fn period(of: &Period) -> Json {
    json!({"objective": of.objective, "slot": text(of.mark), "opens": text(of.opens)})
}

fn found(of: &Found) -> Json {
    match of {
        Found::Nothing { came_at } => json!({"kind": "nothing", "came_at": came_at.map(text)}),
        Found::WrongResult { job, ended_at } => {
            json!({"kind": "wrong_result", "job": job, "ended_at": text(*ended_at)})
        }
        Found::EarlierWrongResult { job, ended_at } => {
            json!({"kind": "earlier_wrong_result", "job": job, "ended_at": text(*ended_at)})
        }
        Found::Unfinished { job } => json!({"kind": "unfinished", "job": job}),
        Found::Unobserved => json!({"kind": "unobserved"}),
    }
}

fn doubt(of: &Doubt) -> Json {
    match of {
        Doubt::Gap(of) => json!({"kind": "gap", "gap": gap(of)}),
        Doubt::Gone(job) => json!({"kind": "gone", "job": job}),
        Doubt::Start => json!({"kind": "start"}),
        Doubt::Source => json!({"kind": "source"}),
        Doubt::Repetition => json!({"kind": "repetition"}),
    }
}

fn gap(of: &Gap) -> Json {
    json!({"from": of.from.map(text), "to": text(of.to), "is_of_log": of.is_of_log})
}

fn plan_step(step: &Step, repetition: &Repetition) -> Json {
    let seconds = |of: TimeDelta| of.num_seconds();
    json!({
        "batch": step.batch.to_string(),
        "period": period(&step.period),
        "mark": text(step.mark),
        "certain": step.is_certain,
        "after": step.after,
        "wave": step.wave,
        "median_s": step.usual.map(|usual| seconds(usual.median)),
        "slow_s": step.usual.map(|usual| seconds(usual.slow)),
        "runs": step.usual.map(|usual| usual.runs),
        "done_after_s": seconds(step.done_after),
        "done_after_slow_s": seconds(step.done_after_slow),
        "job": repetition.job,
        "command": repetition.command,
    })
}
