//! A test on a small disk of its own: a child process, the same test binary, in whose file systems alone a small tmpfs is mounted.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the child finds its folder.
const DIR: &str = "KIGEN_TEST_SMALL_DISK";
/// How the disk is mounted, visible to the child only: as root, or as root of a user namespace.
const UNSHARES: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];

/// Runs an ignored test of this binary, which finds `dir` by [`dir`] and in it the folder `below`, or itself, as a disk of this size,
/// such as `48m`. Where this user may mount nothing, that is printed, and nothing is tested.
///
/// # Panics
/// The test fails.
pub fn run_child(test: &str, dir: &Path, below: &str, size: &str) {
    let mount = format!("mount -t tmpfs -o size={size} kigen-test \"$1/{below}\"");
    let unshare = |how: &[&str], script: &str| {
        let mut command = Command::new("unshare");
        command.args(how).args(["sh", "-c", script, "sh"]).arg(dir).env(DIR, dir);
        command
    };
    let works = |how: &&&[&str]| unshare(how, &mount).output().is_ok_and(|output| output.status.success());
    let Some(how) = UNSHARES.iter().find(works) else {
        // Past the harness, which hides what a passing test prints.
        let notice =
            b"\nNOT TESTED: a full disk (neither root nor a user namespace to mount a small tmpfs in)\n";
        std::io::stderr().write_all(notice).expect("writes");
        return;
    };
    let script = format!("{mount} && exec \"$2\" --exact \"$3\" --ignored --nocapture");
    let exe = std::env::current_exe().expect("this test's path");
    let output = unshare(how, &script).arg(exe).arg(test).output().expect("runs");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{out}\n{err}");
}

/// The folder of the child.
///
/// # Panics
/// This is no such child.
#[must_use]
pub fn dir() -> PathBuf {
    PathBuf::from(std::env::var_os(DIR).expect("started by a test"))
}
