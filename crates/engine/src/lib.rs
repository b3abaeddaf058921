//! The verdicts, pure: a function from state and event to effects.
