//! The crates of the workspace and what each is built from, by their manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::sources::root;

/// A crate of the workspace as its manifest describes it.
pub(crate) struct Package {
    pub(crate) name: String,
    /// Relative to the root of the repository.
    pub(crate) manifest: PathBuf,
    /// What it is built from: dev-dependencies are aside.
    pub(crate) dependencies: BTreeSet<String>,
}

impl Package {
    pub(crate) fn sources(&self) -> String {
        if self.name == "kigen" {
            "crates/kigen".to_owned()
        } else {
            format!("crates/{}/src", short(&self.name))
        }
    }
}

/// The crates of the workspace by name. Only the manifests are read: no lock file, no network.
pub(crate) fn workspace() -> BTreeMap<String, Package> {
    let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo runs, since it runs this test");
    assert!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let packages = metadata["packages"].as_array().expect("cargo metadata lists the packages");
    packages.iter().map(package).map(|package| (package.name.clone(), package)).collect()
}

pub(crate) fn package(metadata: &Value) -> Package {
    let text = |value: &Value| value.as_str().expect("cargo metadata gives a text here").to_owned();
    let manifest = PathBuf::from(text(&metadata["manifest_path"]));
    let dependencies = metadata["dependencies"].as_array().expect("cargo metadata lists the dependencies");
    Package {
        name: text(&metadata["name"]),
        manifest: manifest.strip_prefix(root()).unwrap_or(&manifest).to_owned(),
        dependencies: dependencies
            .iter()
            .filter(|dependency| dependency["kind"] != "dev")
            .map(|dependency| text(&dependency["name"]))
            .collect(),
    }
}

/// The name by which the documents call a crate: that of its folder.
pub(crate) fn short(package: &str) -> &str {
    package.strip_prefix("kigen-").unwrap_or(package)
}
