//! The custom resource: `spec` of an Objective as the API server gives it.
//!
//! The API server has checked it by the schema of `deploy/objectives.crd.yaml`, perhaps by that of an older kigen. What a schema
//! cannot check, such as a crontab, is checked here. An unknown field is ignored: it is one of a newer kigen.

use crate::read::{Fault, ParsedObjective, Source, read};

/// Reads `spec`, as JSON, of an Objective in this namespace.
///
/// # Errors
/// The first fault, as a sentence about the object.
pub fn read_spec(spec: &str, namespace: &str) -> Result<ParsedObjective, String> {
    let spec =
        serde_json::from_str(spec).map_err(|error| format!("its `spec` is not understood: {error}"))?;
    let first = |faults: Vec<Fault>| faults.into_iter().next().map(Fault::into_text).unwrap_or_default();
    read(spec, namespace, Source::Object).map_err(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(spec: &str, expected: &str) {
        let read = read_spec(spec, "ml");
        let text = read.map(|parsed| parsed.refusal().unwrap_or_default());
        assert_eq!(text.unwrap_or_else(|fault| fault), expected);
    }

    #[test]
    fn a_field_of_a_newer_kigen_is_ignored_at_each_depth() {
        check(r#"{"batch": {"cronJob": "a", "new": 1}, "completeBy": "0 12 * * *", "new": {"a": []}}"#, "");
    }

    #[test]
    fn the_first_fault_is_reported_and_what_the_calendar_refuses_only_if_there_is_none() {
        let both = "`completeBy` and `before` both name the deadlines: keep one";
        check(
            r#"{"batch": {"cronJob": "a"}, "completeBy": "x", "before": {"cronJob": "b"}, "grace": "ten"}"#,
            both,
        );
        let refused =
            "`timeZone`: there is no time zone `Asia/Tokio` in tzdata 2026f: did you mean `Asia/Tokyo`?";
        check(r#"{"batch": {"name": "a"}, "completeBy": "0 12 * * *", "timeZone": "Asia/Tokio"}"#, refused);
    }
}
