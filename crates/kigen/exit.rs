//! How the process ends when a command fails: the exit code and the one line on stderr.

use std::fmt;
use std::os::unix::process::CommandExt;

use kigen_text::plain::plain;

/// Marks an error as wrong usage or configuration: nothing was started, and the exit code is 2 instead of 1.
#[derive(Debug)]
pub(crate) struct Misused;

impl fmt::Display for Misused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing was started")
    }
}

impl std::error::Error for Misused {}

/// The error, as one of wrong usage or configuration.
pub(crate) fn misused(error: impl std::error::Error + Send + Sync + 'static) -> anyhow::Error {
    anyhow::Error::new(error).context(Misused)
}

/// The process ends in order to be started again, for this reason.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Restart(pub(crate) &'static str);

impl fmt::Display for Restart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Restart {}

/// Replaces this process by a new one with the same arguments and environment. Returns only why that failed.
pub(crate) fn restart() -> std::io::Error {
    // Also where the file of the program was replaced by a newer one meanwhile.
    std::process::Command::new("/proc/self/exe").args(std::env::args_os().skip(1)).exec()
}

/// The exit code of a failed command.
pub(crate) fn code(error: &anyhow::Error) -> u8 {
    if error.is::<Misused>() { 2 } else { 1 }
}

/// The error and its causes in one line, without the marker.
pub(crate) fn message(error: &anyhow::Error) -> String {
    let marker = Misused.to_string();
    let message = kigen_ops::causes(error.chain().map(ToString::to_string).filter(|cause| *cause != marker));
    plain(&message).into_owned()
}

/// Whether the reader of stdout, such as `head`, has closed it, which is no failure.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
