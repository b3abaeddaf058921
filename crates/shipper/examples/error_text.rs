//! Prints what kigen keeps and shows of an error text, so that any program's output can be tried:
//! `cargo run -p kigen-shipper --example error_text < FILE`.

use std::io::{Read as _, Write as _};

use kigen_shipper::kubernetes::pod_logs::LOG_BYTES_MAX;
use kigen_text::error::{MESSAGE_CHARS_MAX, kept, shown};

fn main() -> std::io::Result<()> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    // As of a log, the last part is read.
    let last = &bytes[bytes.len().saturating_sub(LOG_BYTES_MAX)..];
    let fact = kept(&String::from_utf8_lossy(last));
    let message = shown(&fact, MESSAGE_CHARS_MAX);
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "The fact keeps {} bytes:\n\n{fact}\n", fact.len())?;
    writeln!(stdout, "A message shows {} characters:\n\n{message}", message.chars().count())
}
