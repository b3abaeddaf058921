//! The judge is itself judged: its calendar by what Kubernetes does, its verdicts by the engine's over generated worlds.

mod calendar;
mod worlds;
