//! An error and its causes in one line.

use std::error::Error;

/// The error and its causes, the outermost first.
pub fn error_chain(error: &(dyn Error + 'static)) -> String {
    let errors = std::iter::successors(Some(error), |error| (*error).source());
    causes(errors.map(ToString::to_string))
}

/// Where the documentation of libraries is.
const LIBRARY_DOCS: &str = ": https://docs.rs/";

/// The texts of an error and its causes, the outermost first, each once: some libraries repeat in an error the text of
/// its source. Without links into the documentation of a library, such as rustls' for a connection that broke: an operator
/// finds nothing there.
pub fn causes(texts: impl IntoIterator<Item = String>) -> String {
    let mut texts = texts.into_iter().map(without_link);
    let mut chain = texts.next().unwrap_or_default();
    for text in texts {
        if !chain.contains(&text) {
            chain = format!("{chain}: {}", text.trim_end());
        }
    }
    chain
}

fn without_link(text: String) -> String {
    let Some((before, link)) = text.split_once(LIBRARY_DOCS) else {
        return text;
    };
    let after = link.find(char::is_whitespace).map_or("", |end| &link[end..]);
    format!("{before}{after}")
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

    #[test]
    fn a_broken_tls_connection_is_no_link_into_the_documentation_of_a_library() {
        let of_rustls = "peer closed connection without sending TLS close_notify: \
                         https://docs.rs/rustls/latest/rustls/manual/_03_howto/index.html#unexpected-eof";
        let without = "peer closed connection without sending TLS close_notify";
        let error = std::io::Error::new(std::io::ErrorKind::UnexpectedEof, of_rustls);
        assert_eq!(error_chain(&error), without);
        let texts = [format!("error reading a body: {of_rustls}"), of_rustls.to_owned()];
        assert_eq!(causes(texts), format!("error reading a body: {without}"));
        assert_eq!(causes([format!("{of_rustls} (os error 1)")]), format!("{without} (os error 1)"));
    }
}
