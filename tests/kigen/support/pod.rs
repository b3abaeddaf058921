//! The pod of a manifest, as a container runtime makes it: a root file system that cannot be written and has no `/tmp`, the
//! manifest's user, environment and arguments, and no capability. Its network is the test's.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Makes the root file system at `$1` and runs the rest of its arguments in it, as the user and group `$4`.
///
/// `$2` is mounted as `/data`, the only directory that can be written, `$3` as `/config`, and `$5` as `/kigen`.
const SCRIPT: &str = r#"
set -eu
root=$1 data=$2 config=$3 user=$4 kigen=$5
shift 5
mount -t tmpfs -o mode=755 tmpfs "$root"
for name in bin etc lib lib64 sbin usr; do
    if [ -L "/$name" ]; then
        ln -s "$(readlink "/$name")" "$root/$name"
    elif [ -d "/$name" ]; then
        mkdir "$root/$name"
        mount --rbind "/$name" "$root/$name"
    fi
done
mkdir "$root/proc" "$root/dev" "$root/data" "$root/config"
mount --rbind /proc "$root/proc"
for name in null zero urandom; do
    touch "$root/dev/$name"
    mount --bind "/dev/$name" "$root/dev/$name"
done
mount --bind "$data" "$root/data"
mount --bind "$config" "$root/config"
touch "$root/kigen"
mount --bind "$kigen" "$root/kigen"
mount -o remount,ro "$root"
chown "$user:$user" "$root/data"
as="--reuid=$user --regid=$user --clear-groups --bounding-set=-all"
# In a user namespace this user is the only one that there is.
[ "$(id -u)" = 0 ] || as="--ambient-caps=-all"
exec chroot "$root" setpriv $as --inh-caps=-all --no-new-privs /kigen "$@"
"#;

/// A pod.
pub(crate) struct Pod {
    unshare: Vec<String>,
    /// What it is mounted in: the mount point of the root, `data` and `config`.
    dir: PathBuf,
    user: String,
    environment: Vec<(String, String)>,
}

impl Pod {
    /// The pod of a StatefulSet's template, below `dir`; `None`: this machine permits no such mounts.
    pub(crate) fn of(template: &Value, dir: &Path) -> Option<Self> {
        for name in ["root", "data", "config"] {
            std::fs::create_dir(dir.join(name)).expect("a folder");
        }
        let user = template["securityContext"]["runAsUser"].as_u64().expect("a user").to_string();
        let variables = template["containers"][0]["env"].as_array().expect("an environment");
        // What comes from a secret is set by the test.
        let given = variables.iter().filter(|variable| variable["value"].is_string());
        let word = |value: &Value| value.as_str().expect("a text").to_owned();
        let environment = given.map(|variable| (word(&variable["name"]), word(&variable["value"]))).collect();
        // As root, or as a user namespace's only user, who has its capabilities.
        let as_root = vec!["--mount".to_owned()];
        let mapped = vec![
            "--mount".to_owned(),
            "--keep-caps".to_owned(),
            format!("--map-user={user}"),
            format!("--map-group={user}"),
        ];
        let mut pod = Self { unshare: as_root, dir: dir.to_owned(), user, environment };
        let works = |pod: &Self| {
            let output = pod.command().args(["crontab", "@daily"]).output();
            output.is_ok_and(|output| output.status.success())
        };
        if !works(&pod) {
            pod.unshare = mapped;
            if !works(&pod) {
                return None;
            }
        }
        Some(pod)
    }

    /// What is mounted as `/config`.
    pub(crate) fn config_dir(&self) -> PathBuf {
        self.dir.join("config")
    }

    /// Sets the configuration file.
    pub(crate) fn configure(&mut self, config: &str) {
        std::fs::write(self.config_dir().join("kigen.toml"), config).expect("a configuration");
        self.set("KIGEN_CONFIG", "/config/kigen.toml");
    }

    /// What is mounted as `/data`.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// Overrides a variable of the environment.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(given, _)| given != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// kigen in the pod, without arguments yet: as of the container's start, or of `kubectl exec`.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new("unshare");
        command.args(&self.unshare).args(["sh", "-c", SCRIPT, "sh"]);
        command.args(["root", "data", "config"].map(|name| self.dir.join(name)));
        command.arg(&self.user).arg(env!("CARGO_BIN_EXE_kigen"));
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}
