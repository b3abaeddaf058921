//! An error and its causes in one line.

use std::error::Error;

/// The error and its causes, the outermost first.
pub fn error_chain(error: &(dyn Error + 'static)) -> String {
    let errors = std::iter::successors(Some(error), |error| (*error).source());
    causes(errors.map(ToString::to_string))
}

/// The texts of an error and its causes, the outermost first, each once: some libraries repeat in an error the text of
/// its source.
pub fn causes(texts: impl IntoIterator<Item = String>) -> String {
    let mut texts = texts.into_iter();
    let mut chain = texts.next().unwrap_or_default();
    for text in texts {
        if !chain.contains(&text) {
            chain = format!("{chain}: {}", text.trim_end());
        }
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_is_named_once() {
        let texts = ["the log failed: disk", "disk", "", "cable\n"].map(str::to_owned);
        assert_eq!(causes(texts), "the log failed: disk: cable");
        assert_eq!(causes([]), "");
    }
}
