//! Sanitizes text from a cluster before it is sent: no secrets, no Slack markup, no control sequences.

use kigen_text::error;
use kigen_text::plain::plain;
use kigen_text::secrets::scrub;

/// The longest text from a cluster in a message that is no error text, in characters. The end is kept.
const TEXT_CHARS_MAX: usize = 1_200;

/// Hides secrets, removes control sequences and bidirectional characters, and keeps the end of a long text.
pub(crate) fn clean(text: &str) -> String {
    let text = plain(text);
    let text = scrub(&text);
    let text = text.trim();
    let surplus = text.chars().count().saturating_sub(TEXT_CHARS_MAX);
    if surplus == 0 {
        return text.to_owned();
    }
    std::iter::once('…').chain(text.chars().skip(surplus + 1)).collect()
}

/// The lines of an error text that explain most, sanitized.
pub(crate) fn clean_error(text: &str) -> String {
    error::shown(text, error::MESSAGE_CHARS_MAX)
}

/// Escapes text for Slack's mrkdwn, so that it can form no mention, link or channel.
///
/// Source: Slack's "Formatting text for app surfaces": `&`, `<` and `>` are the characters to escape.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Escapes text for a code block, so that it cannot close the block.
pub(crate) fn escape_code(text: &str) -> String {
    escape(&text.replace('`', "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden() {
        for (text, shown) in [
            ("key AKIAIOSFODNN7EXAMPLE here", "key [hidden] here"),
            ("ghp_0123456789abcdefghijklmnopqrstuvwxyz", "[hidden]"),
            ("token=xoxb-1234567890-abcdef", "token=[hidden]"),
            ("Authorization: Bearer abc.def", "Authorization: [hidden]"),
            ("curl -H 'x: Bearer 0123456789abcdef'", "curl -H 'x: Bearer [hidden]'"),
            ("postgres://etl:hunter2@db:5432/dwh", "postgres://etl:[hidden]@db:5432/dwh"),
            (
                "{\"password\": \"hun ter2\", \"user\": \"etl\"}",
                "{\"password\": [hidden], \"user\": \"etl\"}",
            ),
            ("DB_PASSWORD=hunter2 failed", "DB_PASSWORD=[hidden] failed"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "[hidden]"),
            ("a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n", "a [hidden]"),
            ("KeyError: 'price'", "KeyError: 'price'"),
        ] {
            assert_eq!(clean(text), shown);
        }
    }

    #[test]
    fn a_log_line_cannot_mention_the_channel_or_close_its_code_block() {
        assert_eq!(escape("<!channel> & <@U1>"), "&lt;!channel&gt; &amp; &lt;@U1&gt;");
        assert_eq!(escape_code("```\n<!here>"), "'''\n&lt;!here&gt;");
    }

    #[test]
    fn invisible_and_bidirectional_characters_are_removed() {
        assert_eq!(clean("a\u{202e}b\u{200b}c\u{7}d\r\ne"), "abcd\ne");
    }

    #[test]
    fn the_end_of_a_long_text_is_kept() {
        let text = format!("{}the cause", "x".repeat(5_000));
        let shown = clean(&text);
        assert_eq!(shown.chars().count(), TEXT_CHARS_MAX);
        assert!(shown.starts_with('…') && shown.ends_with("the cause"));
    }
}
