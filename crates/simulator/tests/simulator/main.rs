//! The simulator: the processor over a simulated log, whatever happens to it, and beside an independent judge.

mod faults;
mod mutants;
mod worlds;
