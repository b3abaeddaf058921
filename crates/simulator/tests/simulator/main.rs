//! The processor over a simulated log, whatever happens to it.

mod faults;
