//! The message that half of an objective's budget of misses is spent, or all of it.

use kigen_model::budget::BudgetReport;
use kigen_model::slot::Slot;

use crate::time_text::TimeFormatter;

/// The headline, the words for a lock screen, and the counts.
pub(super) fn content(
    name: &str,
    slot: &Slot,
    is_all: bool,
    budget: &BudgetReport,
    times: &TimeFormatter,
) -> (String, String, String) {
    let BudgetReport { target, slots, missed } = *budget;
    let (left, over) = (budget.left(), target.over_d);
    let allowed = match budget.allowed() {
        0 => "none".to_owned(),
        allowed => allowed.to_string(),
    };
    let is = if left == 1 { "is" } else { "are" };
    let text = format!(
        "{missed} of {slots} deadlines in {over} days were missed, with that of {}. The target {} allows {allowed}: {left} {is} left. \
         Muted and excused deadlines are not counted.",
        times.when(slot.deadline),
        target.ratio(),
    );
    let headline = match is_all {
        true => format!("{name} has spent its budget of misses"),
        false => format!("{name} has spent half of its budget of misses"),
    };
    (headline, format!("{missed} missed, {left} left"), text)
}
