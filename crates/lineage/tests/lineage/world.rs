//! A world with its true history: as the naive judge reads it, and as an observer who may have missed a part of it knows it.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use kigen_lineage::history::{
    BatchHistory, Edge, End, Forgotten, History, PastRun, PastSlot, SlotVerdict, Start,
};
use kigen_lineage::impact::Wrong;
use kigen_lineage::plan::Plan;
use kigen_lineage::timeline::Period;
use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::slot::Gap;
use serde_json::{Value as Json, json};

/// Minutes since the world began.
pub(crate) type Minute = i64;

/// A run as it was.
#[derive(Clone)]
pub(crate) struct TrueRun {
    pub(crate) uid: String,
    pub(crate) nominal: Minute,
    pub(crate) is_scheduled: bool,
    pub(crate) mark: Option<Minute>,
    pub(crate) start: Option<Minute>,
    pub(crate) end: Option<Minute>,
    pub(crate) is_good: bool,
    pub(crate) seen: Seen,
}

/// What was observed of a run.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Seen {
    Whole,
    /// Its end came in the gap, and it was gone after it.
    Gone,
    /// It came and went in the gap.
    Nothing,
}

/// A slot: objective, previous deadline, deadline, and the window of its runs.
#[derive(Clone)]
pub(crate) struct TrueSlot {
    pub(crate) objective: String,
    pub(crate) from: Minute,
    pub(crate) deadline: Minute,
    pub(crate) opens: Minute,
    pub(crate) closes: Minute,
}

#[derive(Clone, Default)]
pub(crate) struct TrueBatch {
    pub(crate) slots: Vec<TrueSlot>,
    pub(crate) runs: Vec<TrueRun>,
}

pub(crate) struct TrueEdge {
    pub(crate) reader: String,
    pub(crate) source: String,
    pub(crate) objective: Option<String>,
    pub(crate) from: Minute,
    pub(crate) until: Option<Minute>,
}

pub(crate) struct World {
    pub(crate) batches: BTreeMap<String, TrueBatch>,
    pub(crate) edges: Vec<TrueEdge>,
    pub(crate) of: String,
    pub(crate) late: Option<Vec<TrueSlot>>,
    pub(crate) results: Option<(Minute, Minute)>,
    pub(crate) now: Minute,
    pub(crate) gap: Option<(Minute, Minute)>,
}

pub(crate) fn at(minute: Minute) -> Instant {
    Instant::UNIX_EPOCH + TimeDelta::minutes(minute)
}

pub(crate) fn minute(at: Instant) -> Minute {
    (at - Instant::UNIX_EPOCH).num_minutes()
}

pub(crate) fn key(name: &str) -> BatchKey {
    BatchKey::new("shop", "ml", name)
}

impl TrueSlot {
    fn json(&self) -> Json {
        json!({
            "objective": self.objective,
            "from": self.from,
            "deadline": self.deadline,
            "opens": self.opens,
            "closes": self.closes,
        })
    }

    fn past(&self) -> PastSlot {
        PastSlot {
            objective: self.objective.clone(),
            from: at(self.from),
            deadline: at(self.deadline),
            opens: at(self.opens),
            closes: Some(at(self.closes)),
            verdict: SlotVerdict::Open,
        }
    }
}

impl World {
    /// The world and a plan for it, as the naive judge reads them.
    pub(crate) fn json(&self, plan: &Plan) -> Json {
        let run = |run: &TrueRun| {
            json!({
                "uid": run.uid,
                "nominal": run.nominal,
                "scheduled": run.is_scheduled,
                "mark": run.mark,
                "start": run.start,
                "end": run.end,
                "ok": run.is_good,
            })
        };
        let batch = |batch: &TrueBatch| {
            json!({
                "slots": batch.slots.iter().map(TrueSlot::json).collect::<Vec<_>>(),
                "runs": batch.runs.iter().map(run).collect::<Vec<_>>(),
            })
        };
        let edge = |edge: &TrueEdge| {
            json!({
                "reader": edge.reader,
                "source": edge.source,
                "objective": edge.objective,
                "from": edge.from,
                "until": edge.until,
            })
        };
        let steps = plan
            .steps
            .iter()
            .map(|step| json!({"batch": step.batch.batch, "mark": minute(step.mark), "wave": step.wave}));
        json!({
            "batches": self.batches.iter().map(|(name, of)| (name.clone(), batch(of))).collect::<serde_json::Map<_, _>>(),
            "edges": self.edges.iter().map(edge).collect::<Vec<_>>(),
            "of": self.of,
            "late": self.late.as_ref().map(|late| late.iter().map(TrueSlot::json).collect::<Vec<_>>()),
            "results": self.results.map(|(from, until)| [from, until]),
            "now": self.now,
            "steps": steps.collect::<Vec<_>>(),
        })
    }

    /// What was wrong.
    pub(crate) fn wrong(&self) -> Wrong {
        match (&self.late, self.results) {
            (Some(late), _) => Wrong::Late(late.iter().map(|slot| Period::of_slot(&slot.past())).collect()),
            (None, Some((from, until))) => Wrong::Results { from: at(from), until: at(until) },
            (None, None) => panic!("nothing was wrong"),
        }
    }

    /// What an observer knows of it.
    pub(crate) fn observed(&self) -> History {
        let gaps: Vec<Gap> =
            self.gap.iter().map(|(from, to)| Gap::unwatched(Some(at(*from)), at(*to))).collect();
        let run = |run: &TrueRun| {
            let end = match (run.seen, run.end, self.gap) {
                (Seen::Nothing, ..) => return None,
                (Seen::Gone, _, Some((from, to))) => End::Gone(Some(at(from)), at(to)),
                (_, Some(end), _) if run.is_good => End::Good(at(end)),
                (_, Some(end), _) => End::Failed(at(end)),
                (_, None, _) => End::Open,
            };
            Some(PastRun {
                uid: run.uid.clone(),
                job: run.uid.clone(),
                nominal_start: at(run.nominal),
                is_scheduled: run.is_scheduled,
                mark: run.mark.map(at),
                start: run.start.map_or(Start::NotYet, |start| Start::At(at(start))),
                end,
            })
        };
        let batch = |batch: &TrueBatch| BatchHistory {
            runs: batch.runs.iter().filter_map(run).collect(),
            slots: batch.slots.iter().map(TrueSlot::past).collect(),
            gaps: gaps.clone(),
            forgotten: Forgotten::default(),
        };
        let edge = |edge: &TrueEdge| Edge {
            reader: key(&edge.reader),
            source: key(&edge.source),
            objective: edge.objective.clone(),
            from: at(edge.from),
            until: edge.until.map(at),
        };
        History {
            batches: self.batches.iter().map(|(name, of)| (key(name), batch(of))).collect(),
            edges: self.edges.iter().map(edge).collect(),
            until: at(self.now),
        }
    }
}
