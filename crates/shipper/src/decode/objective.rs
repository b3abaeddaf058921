//! An Objective: its identity, its status, and what its `spec` declares or why that cannot be read.

use kigen_objective::annotation::reserved_for;
use kigen_objective::object::read_spec;

use super::annotations::{self, Place};
use super::decoded::{Decoded, ObjectiveObject, Unusable};
use super::fields::identity;
use super::object::{CustomObject, Metadata};

pub(super) fn decode(object: CustomObject) -> Result<Decoded, Unusable> {
    let id = identity(object.metadata.as_ref())?;
    let unread = annotations::line(&annotations::unread([(Place::Objective, object.metadata.as_ref())]));
    let labels = object.metadata.as_ref().map(Metadata::routing_labels).unwrap_or_default();
    let generation = object.metadata.and_then(|metadata| metadata.generation);
    let status = object.status.and_then(|status| serde_json::from_str(status.get()).ok()).unwrap_or_default();
    let parsed = match (reserved_for(&id.name), &object.spec) {
        (Some(annotation), _) => Err(format!(
            "`{}` is the name of what the annotation {annotation} makes: choose another",
            id.name
        )),
        (None, None) => Err("it has no `spec`".to_owned()),
        (None, Some(spec)) => read_spec(spec.get(), &id.namespace).map(|mut parsed| {
            parsed.objective.labels = labels;
            parsed
        }),
    };
    Ok(Decoded::Objective { id, object: Box::new(ObjectiveObject { generation, status, parsed, unread }) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_objective_has_its_own_labels() {
        let object = serde_json::json!({
            "metadata": {
                "name": "ready", "namespace": "ml", "uid": "1", "resourceVersion": "7",
                "creationTimestamp": "2026-11-23T08:00:00Z", "labels": {"tier": "gold"},
            },
            "spec": {"batch": {"cronJob": "recommend"}, "completeBy": "0 12 * * *"},
        });
        let object = serde_json::from_str(&object.to_string()).expect("an Objective");
        let Ok(Decoded::Objective { object, .. }) = decode(object) else { panic!("it is one") };
        assert_eq!(object.parsed.expect("it is valid").objective.labels.to_string(), "tier=gold");
    }
}
