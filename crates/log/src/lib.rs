//! The event log: durable, partitioned, keyed, with an atomic step.
