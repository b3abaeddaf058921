//! `kigen up`, the whole process, beside a played cluster.

use std::path::Path;
use std::process::{Command, Stdio};

use kigen_testkit::process::Background;

/// Starts it on `dir`, with these lines of TOML as its configuration.
pub(crate) fn up(dir: &Path, url: &str, config: &str) -> Background {
    let file = dir.join("kigen.toml");
    std::fs::write(&file, config).expect("a configuration");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kigen"));
    command.args(["up", "--dry-run", "--health-address", "off", "--cluster", "shop", "--api-url", url]);
    command.arg("--config").arg(file).arg("--data-dir").arg(dir);
    Background(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("kigen runs"))
}
