//! What a schema cannot get from a Rust type: the rules for names and durations in the manifest.

use serde_json::{Value, json};

/// The names that Kubernetes allows for an object: a DNS subdomain by RFC 1123.
pub(crate) const NAME: &str = r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$";

/// The rule that a duration such as `10m` is at most `limit`, which is this many seconds.
pub(crate) fn at_most(limit: &str, seconds: u64) -> Value {
    let number = "int(self.substring(0, size(self) - 1))";
    let unit = "{'s': 1, 'm': 60, 'h': 3600, 'd': 86400}[self.substring(size(self) - 1)]";
    let is_span = "!self.matches('^[0-9]+[smhd]$')";
    json!({
        "rule": format!("{is_span} || {number} * {unit} <= {seconds}"),
        "message": format!("at most {limit}"),
    })
}
