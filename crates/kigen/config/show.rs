//! Lines of the configuration file, as `kigen config` prints them.

use std::fmt::Write;

/// A text as a value of the file.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A key of the file with its value, or a comment where it has none.
pub(super) fn show(text: &mut String, key: &str, value: Option<&str>) {
    let _ = match value {
        Some(value) => writeln!(text, "{key} = {}", quoted(value)),
        None => writeln!(text, "# {key}: not set"),
    };
}
