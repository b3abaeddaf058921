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
