//! The chart in `deploy/chart`: its values have the settings of kigen, which accepts what it renders. `make deploy-check` compares
//! the objects that it renders with the manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::kigen;
use crate::support::manifests::{configuration, documents_in, tool};

/// Helm's versions that render it.
const HELMS: [&str; 2] = ["helm3", "helm4"];

/// What a version of Helm renders with these values.
fn rendered(helm: &str, values: &[&str]) -> Vec<Value> {
    let mut command = Command::new(tool(helm));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["template", "kigen", "deploy/chart"]);
    command.args(["--kube-version", "1.36.0", "--set", "cluster=prod"]);
    for value in values {
        command.args(["--set", value]);
    }
    let output = command.output().expect("Helm runs");
    assert!(output.status.success(), "{helm}: {}", String::from_utf8_lossy(&output.stderr));
    documents_in(&String::from_utf8(output.stdout).expect("text"))
}

/// What `kigen config` prints for each StatefulSet.
fn settings_of(documents: &[Value]) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mounted.toml");
    let maps = documents.iter().find_map(|document| document["data"]["kigen.toml"].as_str());
    std::fs::write(&file, maps.expect("a ConfigMap")).expect("a folder");
    let sets = documents.iter().filter(|document| document["kind"] == "StatefulSet");
    let of = |set: &Value| {
        let container = &set["spec"]["template"]["spec"]["containers"][0];
        (set["metadata"]["name"].to_string(), configuration(container, folder.path(), Some(&file)))
    };
    sets.map(of).collect()
}

#[test]
#[ignore = "needs Helm: `make deploy-check` builds it and runs this"]
fn every_setting_of_the_values_reaches_kigen_as_it_is_written() {
    let values = [
        "mode=roles",
        "kafka.brokers=kafka:9092",
        "kafka.partitions=12",
        "kafka.existingSecret=kafka",
        "kafka.registry.url=http://registry",
        "kafka.registry.existingSecret=registry",
        "slack.channel=C1",
        "slack.errorChannel=C2",
        "watchNamespace=ml",
        r"settings.kafka.settings.security\.protocol=SASL_SSL",
        "settings.kubernetes.quotas.keys_a_day_max=20000",
        "settings.kubernetes.read_logs=false",
        "settings.log.retention_days_max=30",
        "settings.slack.failures_by_namespace.ml=none",
        "settings.receivers[0].name=mail",
        "settings.receivers[0].kind=email",
        "settings.receivers[0].host=smtp",
        "settings.receivers[0].port=2525",
        "settings.receivers[0].from=kigen@example.com",
        "settings.receivers[0].to={ops@example.com}",
    ];
    for helm in HELMS {
        let settings = settings_of(&rendered(helm, &values));
        assert_eq!(
            settings.keys().collect::<Vec<_>>(),
            ["\"kigen-notify\"", "\"kigen-process\"", "\"kigen-ship\""]
        );
        for (name, text) in settings {
            for line in [
                "cluster = \"prod\"",
                "namespace = \"ml\"",
                "read_logs = false",
                "keys_a_day_max = 20000",
                "kind = \"kafka\"",
                "partitions = 12",
                "retention_days_max = 30",
                "password_file = \"/etc/kigen-kafka/password\"",
                "password_file = \"/etc/kigen-registry/password\"",
                "\"security.protocol\" = \"SASL_SSL\"",
                "address = \"0.0.0.0:9469\"",
                "channel = \"C1\"",
                "error_channel = \"C2\"",
                "token_file = \"/etc/kigen-slack/token\"",
                "ml = \"none\"",
                "port = 2525",
                "to = [\"ops@example.com\"]",
            ] {
                let plain = |text: &str| text.replace('"', "");
                assert!(plain(&text).contains(&plain(line)), "{helm}, {name} lacks {line}:\n{text}");
            }
        }
    }
}

/// The keys that kigen knows in a table of its file, by the error that names them.
fn known_keys(table: &str) -> BTreeSet<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("kigen.toml");
    let head = match table.strip_suffix("[]") {
        Some(array) => format!("[[{array}]]\n"),
        None if table.is_empty() => String::new(),
        None => format!("[{table}]\n"),
    };
    std::fs::write(&path, format!("{head}no_such_key = 1\n")).expect("a folder");
    let output = kigen().arg("config").arg("--config").arg(&path).output().expect("kigen runs");
    let error = String::from_utf8(output.stderr).expect("text");
    let (_, known) = error.split_once("expected ").unwrap_or_else(|| panic!("[{table}]: {error}"));
    known.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_schema_of_the_values_has_each_setting_of_kigen_but_the_secrets() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/chart/values.schema.json");
    let schema: Value = serde_json::from_slice(&std::fs::read(path).expect("a schema")).expect("JSON");
    let settings = &schema["definitions"]["settings"];
    for (table, secrets) in [
        ("", &[][..]),
        ("kubernetes", &[]),
        ("kubernetes.quotas", &[]),
        ("log", &[]),
        ("kafka", &[]),
        ("kafka.registry", &["password"]),
        ("archive", &[]),
        ("health", &[]),
        ("heartbeat", &["url"]),
        ("processor", &[]),
        ("objectives", &[]),
        ("objectives.sheet", &[]),
        ("slack", &["token"]),
        ("receivers[]", &["key", "password", "secrets"]),
        ("routes[]", &[]),
    ] {
        let node = table.split('.').filter(|name| !name.is_empty()).fold(settings, |node, name| {
            match name.strip_suffix("[]") {
                Some(array) => &node["properties"][array]["items"],
                None => &node["properties"][name],
            }
        });
        assert_eq!(node["additionalProperties"], false, "[{table}]");
        let listed: BTreeSet<String> =
            node["properties"].as_object().expect("keys").keys().cloned().collect();
        let mut known = known_keys(table);
        known.retain(|key| !secrets.contains(&key.as_str()));
        assert_eq!(listed, known, "[{table}]");
    }
}
