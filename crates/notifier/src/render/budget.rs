//! The message that half of an objective's budget of misses is spent, or all of it.

use kigen_model::budget::BudgetReport;
use kigen_model::slot::Slot;

use super::facts::{facts_of_objective, show_batch};
use super::message::{Form, Message, Tone, fact};
use super::names::context;
use super::subject::{Subject, name_of_objective};
use crate::language::phrase;

pub(super) fn spent(of: Subject<'_>, slot: &Slot, is_all: bool, budget: &BudgetReport) -> Message {
    let language = of.language;
    let times = of.times(slot.deadline);
    let BudgetReport { target, slots, missed } = *budget;
    let text = phrase!(
        language,
        "budget",
        missed = missed,
        slots = slots,
        days = target.over_d,
        last = times.when(slot.deadline),
        target = target.ratio(),
        allowed = budget.allowed(),
        left = budget.left()
    );
    let (state, headline) = match is_all {
        true => ("state-budget-spent", "budget-spent-headline"),
        false => ("state-budget-half-spent", "budget-half-spent-headline"),
    };
    let headline = phrase!(language, headline, name = name_of_objective(of));
    let look = fact(language, "look", show_batch(of.alert), Form::Code);
    Message {
        brief: Some(phrase!(language, "brief-budget", missed = missed, left = budget.left())),
        context: context(of, &times, slot),
        paragraphs: vec![text],
        to_do: Some(phrase!(language, "todo-budget")),
        facts: facts_of_objective(language, of.alert).into_iter().chain([look]).collect(),
        ..of.message(state, Tone::AtRisk, headline)
    }
}
