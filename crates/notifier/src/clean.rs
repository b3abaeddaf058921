//! Sanitizes text from a cluster before it is sent: no secrets, no Slack markup, no invisible or bidirectional controls.

use std::sync::LazyLock;

use regex::Regex;

/// The longest text from a cluster in a message, in characters. The end is kept, since the last line of a traceback is
/// the error.
const TEXT_CHARS_MAX: usize = 1_200;
const HIDDEN: &str = "[hidden]";

/// Patterns of secrets, with their replacements.
static SECRETS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        // A private key in PEM, whole or truncated.
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", HIDDEN),
        (r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", HIDDEN),
        (r"\bgh[pousr]_[0-9A-Za-z]{20,}", HIDDEN),
        (r"\bgithub_pat_[0-9A-Za-z_]{20,}", HIDDEN),
        (r"\bxox[abeoprs]-[0-9A-Za-z-]{10,}", HIDDEN),
        (r"\bey[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{5,}\.[0-9A-Za-z_-]*", HIDDEN),
        (r"(?i)\b(authorization\s*[:=]\s*)(?:(?:bearer|basic|token)\s+)?\S+", "${1}[hidden]"),
        (r"(?i)\b(bearer\s+)[0-9a-z._~+/=-]{8,}", "${1}[hidden]"),
        (r"([a-zA-Z][a-zA-Z0-9+.-]*://[^\s:/@]*:)[^\s@/]+@", "${1}[hidden]@"),
        (
            r#"(?i)((?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)["']?\s*[:=]\s*)(?:"[^"]*"|'[^']*'|[^\s,;&]+)"#,
            "${1}[hidden]",
        ),
    ]
    .into_iter()
    .map(|(pattern, left)| (Regex::new(pattern).expect("the patterns are valid, as the tests show"), left))
    .collect()
});

/// Hides secrets, removes control and bidirectional characters, and keeps the end of a long text.
pub(crate) fn clean(text: &str) -> String {
    let mut text = text.to_owned();
    for (secret, left) in SECRETS.iter() {
        text = secret.replace_all(&text, *left).into_owned();
    }
    let text: String = text.chars().filter(|c| is_shown(*c)).collect();
    let text = text.trim();
    let surplus = text.chars().count().saturating_sub(TEXT_CHARS_MAX);
    if surplus == 0 {
        return text.to_owned();
    }
    std::iter::once('…').chain(text.chars().skip(surplus + 1)).collect()
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

fn is_shown(c: char) -> bool {
    let is_invisible =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    !is_invisible && (c == '\n' || !c.is_control())
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
