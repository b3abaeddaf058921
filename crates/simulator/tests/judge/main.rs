//! The judge is itself judged: its calendar by what Kubernetes does, its verdicts by the engine's over generated worlds.

#![expect(
    clippy::print_stdout,
    reason = "the tables of what occurred, and what a disagreement is about, are for a person"
)]

mod calendar;
mod worlds;
