//! What the processes of a log announce to each other in `kigen.control`, and what follows: the record level at which all of
//! them write, and the records of a newer kigen that are not waited for.
//!
//! ```text
//!  each process ── announces its newest level once a minute ──> kigen.control ──> Members ──> level, skips ──> its roles
//!  kigen skip ──── names a record ───────────────────────────────────^
//! ```

mod announcer;
mod handle;
mod members;
mod record;

pub use announcer::{Announcer, Settings};
pub use handle::Control;
pub use members::{Members, Standing};
pub use record::new_record;
