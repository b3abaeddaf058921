//! The changes of Objectives, kigen's custom resource.

use serde_json::json;

use super::draft::Draft;
use super::objects::time;
use super::plan::PlannedObjective;
use crate::history::ChangeKind;
use crate::names;
use crate::resource::Resource;

/// All changes of one Objective, by time.
pub(super) fn drafts(planned: &PlannedObjective) -> Vec<Draft> {
    let PlannedObjective { namespace, name, specs } = planned;
    let mut specs = specs.clone();
    specs.sort_by_key(|(at, _)| *at);
    let mut drafts: Vec<Draft> = Vec::new();
    for (nth, (at, spec)) in specs.into_iter().enumerate() {
        let before = drafts.last().filter(|draft| draft.kind != ChangeKind::Deleted);
        let (kind, object) = match (before, spec) {
            (None, None) => continue,
            (Some(before), None) => (ChangeKind::Deleted, before.object.clone()),
            (Some(before), Some(spec)) => {
                let mut object = before.object.clone();
                let generation = object["metadata"]["generation"].as_u64().unwrap_or_default();
                object["metadata"]["generation"] = json!(generation + 1);
                object["spec"] = spec;
                (ChangeKind::Modified, object)
            }
            (None, Some(spec)) => {
                let object = json!({
                    "apiVersion": Resource::Objectives.api_version(),
                    "kind": Resource::Objectives.kind(),
                    "metadata": {
                        "name": name,
                        "namespace": namespace,
                        "uid": names::uid(&["objective", namespace, name, &nth.to_string()]),
                        "generation": 1,
                        "creationTimestamp": time(at),
                    },
                    "spec": spec,
                });
                (ChangeKind::Added, object)
            }
        };
        drafts.push(Draft { at, resource: Resource::Objectives, kind, object });
    }
    drafts
}
