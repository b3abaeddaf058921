//! What the benches that are no criterion's share.

use std::io::Write;

/// Whether this is `cargo bench`. `cargo test` builds a bench, too, and runs it once to show that it still works.
#[must_use]
pub fn is_measured() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// The part of a bench that the user has chosen by an argument; `None`: all of it.
#[must_use]
pub fn chosen_part() -> Option<String> {
    std::env::args().skip(1).find(|argument| !argument.starts_with('-'))
}

/// Prints a line of results.
///
/// # Panics
/// Standard output is closed.
pub fn report(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("standard output is open");
}
