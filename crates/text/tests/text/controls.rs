//! What a terminal would obey is removed, and nothing else.

use kigen_text::plain::{plain, plain_json};

#[test]
fn control_sequences_are_removed() {
    for (text, shown) in [
        ("\u{1b}[1;31mred\u{1b}[0m", "red"),
        ("\u{1b}]0;a title\u{7}text", "text"),
        ("\u{1b}]8;;https://evil.example.com\u{1b}\\a link\u{1b}]8;;\u{1b}\\", "a link"),
        ("\u{1b}[2J\u{1b}[Hcleared", "cleared"),
        ("\u{9b}31mof one character", "of one character"),
        ("\\x1b[31mwritten out\\033[0m \\u001b[1mtwice", "written out twice"),
        ("a\u{202e}b\u{200b}c\u{7}d\r\ne\tf", "abcd\ne\tf"),
        ("without its end \u{1b}]0;title\nthe next line", "without its end \nthe next line"),
        ("rate(x[5m]) > [35]", "rate(x[5m]) > [35]"),
        ("値段 é", "値段 é"),
    ] {
        assert_eq!(plain(text), shown);
    }
}

#[test]
fn in_json_they_are_escaped() {
    let json = serde_json::to_string("a\u{9b}31m\u{202e}b\u{e0041}\n").expect("a text");
    let plain = plain_json(&json);
    assert_eq!(plain, "\"a\\u009b31m\\u202eb\\udb40\\udc41\\n\"");
    assert_eq!(serde_json::from_str::<String>(&plain).expect("JSON"), "a\u{9b}31m\u{202e}b\u{e0041}\n");
}
