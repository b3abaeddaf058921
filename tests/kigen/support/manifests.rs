//! The manifests below `deploy`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::kigen;

/// A tool that `make deploy-check` builds.
pub(crate) fn tool(name: &str) -> PathBuf {
    let folder = std::env::var_os("KIGEN_DEPLOY_TOOLS").expect("KIGEN_DEPLOY_TOOLS: run `make deploy-check`");
    Path::new(&folder).join(name)
}

/// The documents of a file.
pub(crate) fn documents(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name);
    documents_in(&std::fs::read_to_string(path).expect("a manifest"))
}

/// The documents of a text.
pub(crate) fn documents_in(text: &str) -> Vec<Value> {
    let mut bytes = text.as_bytes();
    let documents = serde_saphyr::read::<_, Value>(&mut bytes);
    documents.map(|document| document.unwrap_or_else(|error| panic!("{error} in:\n{text}"))).collect()
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

/// The output of `kigen config` with the environment of a container.
pub(crate) fn configuration(container: &Value, folder: &Path, file: Option<&Path>) -> String {
    let mut command = kigen();
    command.arg("config").current_dir(folder).env_clear();
    for variable in container["env"].as_array().expect("an environment") {
        let name = variable["name"].as_str().expect("a name");
        let value = match (name, &variable["value"]) {
            ("KIGEN_CONFIG", _) => file.expect("a ConfigMap").to_str().expect("a path"),
            (_, Value::String(value)) => value,
            // From a secret, or from the pod.
            _ => "given-later",
        };
        command.env(name, value);
    }
    let output = command.output().expect("kigen runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}
