//! Names of exit codes: hints beside the code, since a code alone proves nothing.

use crate::language::{Language, phrase};

/// What an exit code may mean, for codes with a known meaning.
pub(crate) fn hint(language: Language, code: i32) -> Option<String> {
    if let Some(signal) = signal(code) {
        return Some(phrase!(language, "hint-signal", signal = signal));
    }
    match (of_gokart(code), of_luigi(code)) {
        (Some(gokart), Some(luigi)) if gokart == luigi => {
            Some(phrase!(language, "hint-luigi-and-gokart", name = gokart))
        }
        (Some(gokart), Some(luigi)) => {
            Some(phrase!(language, "hint-gokart-or-luigi", gokart = gokart, luigi = luigi))
        }
        (Some(gokart), None) => Some(phrase!(language, "hint-gokart", name = gokart)),
        (None, Some(luigi)) => Some(phrase!(language, "hint-luigi", name = luigi)),
        (None, None) => of_the_shell(code).map(|id| phrase!(language, id)),
    }
}

/// What `gokart.run` sets unless `set_retcode` overrides it. Source: gokart's `gokart/run.py`.
fn of_gokart(code: i32) -> Option<&'static str> {
    match code {
        10 => Some("already_running"),
        20 => Some("missing_data"),
        30 => Some("not_run"),
        40 => Some("task_failed"),
        50 => Some("scheduling_error"),
        _ => None,
    }
}

/// The values that luigi recommends; its defaults are 0, and 4 for an unhandled exception. Source: luigi's
/// documentation, "Configuration", `[retcode]`.
fn of_luigi(code: i32) -> Option<&'static str> {
    match code {
        10 => Some("already_running"),
        20 => Some("missing_data"),
        25 => Some("not_run"),
        30 => Some("task_failed"),
        35 => Some("scheduling_error"),
        40 => Some("unhandled_exception"),
        _ => None,
    }
}

/// Source: POSIX, "Exit Status for Commands".
fn of_the_shell(code: i32) -> Option<&'static str> {
    match code {
        126 => Some("hint-not-runnable"),
        127 => Some("hint-not-found"),
        _ => None,
    }
}

/// The exit code of a process that a signal ended is 128 plus the signal's number.
fn signal(code: i32) -> Option<&'static str> {
    match code.saturating_sub(128) {
        6 => Some("SIGABRT"),
        7 => Some("SIGBUS"),
        9 => Some("SIGKILL"),
        11 => Some("SIGSEGV"),
        15 => Some("SIGTERM"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_code_has_the_names_that_gokart_luigi_and_the_shell_give_it() {
        let hints = [1, 4, 10, 20, 25, 30, 35, 40, 50, 127, 137, 143, i32::MIN]
            .map(|code| hint(Language::ENGLISH, code).unwrap_or_default());
        assert_eq!(
            hints,
            [
                "",
                "",
                "luigi/gokart calls this already_running",
                "luigi/gokart calls this missing_data",
                "luigi calls this not_run",
                "gokart calls this not_run, luigi task_failed",
                "luigi calls this scheduling_error",
                "gokart calls this task_failed, luigi unhandled_exception",
                "gokart calls this scheduling_error",
                "the shell did not find the command",
                "SIGKILL ended it",
                "SIGTERM ended it",
                "",
            ]
        );
    }
}
