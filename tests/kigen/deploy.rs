//! The manifests below `deploy`: Kubernetes knows every field of them, they request no more rights than kigen needs, and kigen accepts
//! their configuration.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use k8s_openapi::api::{apps::v1 as apps, core::v1 as core, networking::v1 as networking, rbac::v1 as rbac};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1 as extensions;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::support::kigen;
use crate::support::manifests::{bound_roles, configuration, documents, pods};

const MANIFESTS: [&str; 3] = ["up.yaml", "kafka.yaml", "namespaced.yaml"];
const CUSTOM_RESOURCE: &str = "objectives.crd.yaml";

/// The fields that Kubernetes' own types keep.
fn known(document: &Value) -> Value {
    fn kept<T: DeserializeOwned + Serialize>(document: &Value) -> Value {
        let object: T =
            serde_json::from_value(document.clone()).unwrap_or_else(|e| panic!("{e}: {document}"));
        serde_json::to_value(object).expect("JSON")
    }
    match document["kind"].as_str().expect("a kind") {
        "ClusterRole" => kept::<rbac::ClusterRole>(document),
        "ClusterRoleBinding" => kept::<rbac::ClusterRoleBinding>(document),
        "ConfigMap" => kept::<core::ConfigMap>(document),
        "CustomResourceDefinition" => kept::<extensions::CustomResourceDefinition>(document),
        "NetworkPolicy" => kept::<networking::NetworkPolicy>(document),
        "Role" => kept::<rbac::Role>(document),
        "RoleBinding" => kept::<rbac::RoleBinding>(document),
        "Service" => kept::<core::Service>(document),
        "ServiceAccount" => kept::<core::ServiceAccount>(document),
        "StatefulSet" => kept::<apps::StatefulSet>(document),
        other => panic!("{other} is no kind that is checked here"),
    }
}

/// Each place of `written` that is not in `known`.
fn missing(written: &Value, known: &Value, at: &str, found: &mut Vec<String>) {
    match (written, known) {
        (Value::Object(written), Value::Object(known)) => {
            for (name, value) in written {
                match known.get(name) {
                    Some(kept) => missing(value, kept, &format!("{at}.{name}"), found),
                    None => found.push(format!("{at}.{name}")),
                }
            }
        }
        (Value::Array(written), Value::Array(known)) => {
            for (nth, (value, kept)) in written.iter().zip(known).enumerate() {
                missing(value, kept, &format!("{at}[{nth}]"), found);
            }
        }
        // Kubernetes has a bound of a schema as a fraction.
        (Value::Number(written), Value::Number(known)) if written.as_f64() == known.as_f64() => {}
        (written, known) if written != known => found.push(at.to_owned()),
        _ => {}
    }
}

#[test]
fn kubernetes_knows_every_field() {
    let mut found = Vec::new();
    for name in MANIFESTS.into_iter().chain([CUSTOM_RESOURCE]) {
        for document in documents(name) {
            let at = format!("{name} {} {}", document["kind"], document["metadata"]["name"]);
            missing(&document, &known(&document), &at, &mut found);
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

/// Each node of a schema has one type, as Kubernetes wants it of a custom resource.
fn assert_structural(at: &str, schema: &Value) {
    assert!(schema["type"].is_string(), "{at} has no type: {schema}");
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        assert_structural(&format!("{at}.{name}"), field);
    }
    for words in ["$ref", "anyOf", "oneOf", "nullable", "title"] {
        assert!(schema[words].is_null(), "{at} has `{words}`");
    }
}

#[test]
fn the_custom_resource_and_a_file_of_objectives_have_the_same_fields() {
    let documents = documents(CUSTOM_RESOURCE);
    let version = &documents[0]["spec"]["versions"][0];
    assert_eq!(version["subresources"]["status"], serde_json::json!({}));
    let schema = &version["schema"]["openAPIV3Schema"];
    assert_structural("objective", schema);
    let spec = schema["properties"]["spec"]["properties"].as_object().expect("properties");
    let of_resource: BTreeSet<&str> = spec.keys().map(String::as_str).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("objectives.yaml");
    let head = "apiVersion: kigen.dev/v1alpha1\nkind: Objective\nmetadata: {name: a, namespace: b}\n";
    std::fs::write(&path, format!("{head}spec: {{unknown: 1}}\n")).expect("a folder");
    let mut check = kigen();
    let output = check.args(["objectives", "check"]).arg(&path).output().expect("kigen runs");
    let error = String::from_utf8(output.stderr).expect("text");
    let (_, of_file) = error.trim().split_once("expected one of ").expect("what is known");
    assert_eq!(of_resource, of_file.split(", ").collect(), "but for the selector within `batch`");
}

/// Each rule that a binding grants, as `kind: verbs on resources`.
fn bound(name: &str) -> BTreeSet<String> {
    let documents = documents(name);
    let roles = bound_roles(&documents);
    rules(roles)
}

fn rules<'a>(documents: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    let words = |list: &Value| {
        let all = list.as_array().into_iter().flatten().map(|word| word.as_str().expect("a word").to_owned());
        all.collect::<Vec<_>>().join(",")
    };
    let mut all = BTreeSet::new();
    for document in documents {
        for rule in document["rules"].as_array().into_iter().flatten() {
            let only = match &rule["resourceNames"] {
                Value::Null => String::new(),
                names => format!(" named {}", words(names)),
            };
            let (kind, verbs, resources) = (
                document["kind"].as_str().expect("a kind"),
                words(&rule["verbs"]),
                words(&rule["resources"]),
            );
            all.insert(format!("{kind}: {verbs} on {resources}{only}"));
        }
    }
    all
}

#[test]
fn the_right_to_read_logs_has_a_role_in_each_manifest_and_is_bound_in_none() {
    for name in MANIFESTS {
        let documents = documents(name);
        let of_logs = |rule: &String| rule.ends_with("get on pods/log");
        assert!(rules(&documents).iter().any(of_logs), "{name}");
        assert!(!bound(name).iter().any(of_logs), "{name}");
    }
}

#[test]
fn who_may_edit_a_namespace_may_edit_its_objectives() {
    let documents = documents(CUSTOM_RESOURCE);
    let of = |role: &str| {
        let label = format!("rbac.authorization.k8s.io/aggregate-to-{role}");
        rules(documents.iter().filter(|document| document["metadata"]["labels"][&label] == "true"))
    };
    let view = "ClusterRole: get,list,watch on objectives".to_owned();
    let edit = "ClusterRole: create,delete,deletecollection,patch,update on objectives".to_owned();
    assert_eq!(of("view"), [view.clone()].into());
    assert_eq!(of("edit"), [view.clone(), edit.clone()].into());
    assert_eq!(of("admin"), [view, edit].into());
}

#[test]
fn the_image_is_that_of_this_version_and_is_not_pulled_again() {
    for pod in MANIFESTS.into_iter().flat_map(pods) {
        let container = &pod["containers"][0];
        assert_eq!(container["image"], concat!("kigen:", env!("CARGO_PKG_VERSION")));
        assert_eq!(container["imagePullPolicy"], "IfNotPresent");
    }
    let read = |path: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(path);
        std::fs::read_to_string(path).expect("a file")
    };
    for file in ["Dockerfile", "README.md"] {
        assert!(read(file).contains(concat!("-t kigen:", env!("CARGO_PKG_VERSION"), " .")), "{file}");
    }
}

#[test]
fn the_manifests_request_exactly_the_rights_that_kigen_needs() {
    let cluster = [
        "ClusterRole: get on namespaces named kube-system",
        "ClusterRole: list,watch on cronjobs,jobs",
        "ClusterRole: list,watch on objectives",
        "ClusterRole: list,watch on pods",
        "ClusterRole: patch on objectives/status",
    ];
    assert_eq!(bound("up.yaml"), cluster.map(str::to_owned).into());
    let lease = ["Role: create,get,update on leases".to_owned()];
    assert_eq!(bound("kafka.yaml"), cluster.map(str::to_owned).into_iter().chain(lease).collect());
    let within =
        cluster.map(|rule| rule.replace("ClusterRole", "Role").replace("named kube-system", "named ml"));
    assert_eq!(bound("namespaced.yaml"), within.into(), "nothing outside the namespace");
}

#[test]
fn each_pod_is_unprivileged_and_writes_to_its_volume_only() {
    for pod in MANIFESTS.into_iter().flat_map(pods) {
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        let container = &pod["containers"][0];
        assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
        assert_eq!(container["securityContext"]["allowPrivilegeEscalation"], false);
        assert_eq!(container["securityContext"]["capabilities"]["drop"][0], "ALL");
        let writable = container["volumeMounts"].as_array().expect("volumes").iter();
        let writable: Vec<_> = writable.filter(|mount| mount["readOnly"] != true).collect();
        assert_eq!(writable.len(), 1);
        let data = container["env"].as_array().expect("an environment").iter();
        let data: Vec<_> = data.filter(|variable| variable["name"] == "KIGEN_DATA_DIR").collect();
        assert_eq!(data[0]["value"], writable[0]["mountPath"]);
        for (probe, path) in [("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")] {
            assert_eq!(container[probe]["httpGet"]["path"], path);
        }
        let speaks_to_kubernetes = ["up", "ship"].iter().any(|role| container["args"][0] == *role);
        assert_eq!(pod["serviceAccountName"].is_string(), speaks_to_kubernetes);
        assert_eq!(pod["automountServiceAccountToken"] == false, !speaks_to_kubernetes);
    }
}

#[test]
fn kigen_accepts_the_configuration_of_each_manifest() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in MANIFESTS {
        let mut maps = documents(name).into_iter().filter(|document| document["kind"] == "ConfigMap");
        let file: Option<PathBuf> = maps.next().map(|map| {
            let path = folder.path().join("mounted.toml");
            std::fs::write(&path, map["data"]["kigen.toml"].as_str().expect("a file")).expect("a folder");
            path
        });
        let log = if file.is_some() { "kafka" } else { "embedded" };
        for pod in pods(name) {
            let text = configuration(&pod["containers"][0], folder.path(), file.as_deref());
            let log = format!("kind = \"{log}\"");
            for words in
                ["cluster = \"prod\"", "address = \"0.0.0.0:9469\"", "channel = \"C0123456789\"", &log]
            {
                assert!(text.contains(words), "{name} lacks {words}:\n{text}");
            }
            assert_eq!(text.contains("namespace = \"given-later\""), name == "namespaced.yaml", "{text}");
        }
    }
}

#[test]
fn each_template_of_gatekeeper_has_the_code_that_is_tested() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/policies/gatekeeper");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut compared = 0;
    for entry in std::fs::read_dir(folder.join("rego")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        if name.ends_with("_test") {
            continue;
        }
        let template = documents(&format!("policies/gatekeeper/templates/{name}.yaml")).remove(0);
        let code = template["spec"]["targets"][0]["code"][0]["source"]["rego"].as_str().expect("code");
        let source = std::fs::read_to_string(&path).expect("a file");
        assert_eq!(words(code), words(&source), "{name}");
        compared += 1;
    }
    assert_eq!(compared, 4);
}
