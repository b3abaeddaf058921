//! Text without what a terminal would obey, and without characters that no reader sees.

use std::borrow::Cow;
use std::sync::LazyLock;

use anstream::adapter::strip_str;
use regex::Regex;

/// Sequences that a logger wrote out instead of sending them: `\x1b[31m`, `\u001b[0m`, `\033[1;31m`, `#033[0m`.
static WRITTEN_OUT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:\\x1[bB]|\\u001[bB]|\\033|\\e|#033|#x1[bB])\[[0-9;]*[mK]").expect("a valid pattern")
});

/// The text without control sequences (colours, cursor movements, titles, links), other control characters than line
/// breaks and tabs, and invisible or bidirectional controls.
///
/// A sequence ends at the latest with its line, so that one without its end hides no other line.
pub fn plain(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_shown) && !WRITTEN_OUT.is_match(text) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        // The one-character forms of `ESC [` and `ESC ]`.
        let line = line.replace('\u{9b}', "\u{1b}[").replace('\u{9d}', "\u{1b}]");
        let (line, end) = line.strip_suffix('\n').map_or((line.as_str(), ""), |line| (line, "\n"));
        plain.extend(strip_str(line).flat_map(str::chars).filter(|c| is_shown(*c)));
        plain.push_str(end);
    }
    match WRITTEN_OUT.replace_all(&plain, "") {
        Cow::Borrowed(_) => Cow::Owned(plain),
        Cow::Owned(plain) => Cow::Owned(plain),
    }
}

/// A line of JSON with the same characters, each in place of its `\u` escape: they stand within its texts only.
pub fn plain_json(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for c in json.chars() {
        if is_shown(c) {
            plain.push(c);
        } else {
            plain.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    plain
}

fn is_shown(c: char) -> bool {
    let is_invisible = matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    );
    !is_invisible && (matches!(c, '\n' | '\t') || !c.is_control())
}
