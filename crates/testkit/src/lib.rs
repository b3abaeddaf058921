//! What tests need and users do not. A dev-dependency only.

pub mod kafka;
pub mod others;
pub mod simulated;
