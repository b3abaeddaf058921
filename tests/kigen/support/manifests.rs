//! The manifests below `deploy`.

use std::path::Path;

use serde_json::Value;

/// The documents of a file.
pub(crate) fn documents(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name);
    let mut text = std::fs::File::open(&path).expect("a manifest");
    let documents = serde_saphyr::read::<_, Value>(&mut text);
    documents.map(|document| document.unwrap_or_else(|error| panic!("{name}: {error}"))).collect()
}

/// The pods of a file's StatefulSets.
pub(crate) fn pods(name: &str) -> Vec<Value> {
    let all = documents(name).into_iter().filter(|document| document["kind"] == "StatefulSet");
    all.map(|document| document["spec"]["template"]["spec"].clone()).collect()
}

/// The Roles and ClusterRoles that a binding names.
pub(crate) fn bound_roles(documents: &[Value]) -> Vec<&Value> {
    let bindings = documents.iter().filter(|document| document["roleRef"].is_object());
    let bound: Vec<_> =
        bindings.map(|binding| (&binding["roleRef"]["kind"], &binding["roleRef"]["name"])).collect();
    let is_bound = |role: &&Value| bound.contains(&(&role["kind"], &role["metadata"]["name"]));
    documents.iter().filter(is_bound).collect()
}
