//! Why something failed, in one line.

use std::error::Error;

/// The error and its causes, from the outermost on, each said once: some libraries repeat in an error what its source
/// says.
pub fn reasons(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = error.source();
    }
    text
}
