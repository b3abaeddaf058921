//! The loop that judges: it reads events from the log, applies the engine, and writes to the log and the store.
//!
//! One owner, three verbs: [`Processor::next`] waits for events, [`Processor::apply`] folds them in memory, and
//! [`Processor::commit`] writes alerts, statuses and positions to the log in one transaction. Only then does
//! [`Processor::store`] move the store, which is a cache of `kigen.status`.
//!
//! | file | content |
//! |---|---|
//! | `role.rs` | the loop |
//! | `ownership.rs` | the partitions of this process, and the state of each |
//! | `leftover.rs` | records that did not fit into a full turn |
//! | `turn.rs` | the pure core: events of one partition, folded in memory |
//! | `round.rs` | how many bytes the partitions of a round share |
//! | `commit.rs` | `Turn -> Staged -> Committed`: the transaction, then the write of the store |
//! | `recovery.rs` | where a partition resumes, decided from facts alone |
//! | `restores.rs` | how many restores run at a time, and when a failed one is repeated |
//! | `restore.rs` | gathers those facts, and brings the store to the committed position |
//! | `watchdog.rs` | reports clusters whose time stands still, by a wall clock |
//! | `silence.rs` | which those are, decided from what was read and when |
//! | `stalls.rs` | the alerts about a cluster whose CronJobs do not fire |
//! | `survey.rs` | what such a report contains: what waits, and what was judged |
//! | `events.rs`, `states.rs` | what a turn reads: decoded events, cached states |
//! | `replay.rs` | the same turn over the past, without a commit |

mod commit;
mod error;
mod events;
pub mod health;
mod leftover;
pub mod metrics;
mod ownership;
mod recovery;
mod replay;
mod restore;
mod restores;
mod role;
mod round;
mod silence;
mod stalls;
mod states;
mod survey;
mod turn;
mod watchdog;

pub use commit::{Committed, Staged};
pub use error::ProcessorError;
pub use recovery::Pause;
pub use replay::{Replay, ReplayOutput};
pub use role::{GROUP, Poll, Processor, run};
pub use turn::TurnBounds;
