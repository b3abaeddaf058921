//! `kigen generate`: what packages install beside the binary.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::support::{kigen, not_tested};

/// The subcommands that `kigen ... --help` lists.
fn listed(args: &[&str]) -> Vec<String> {
    let output = kigen().args(args).arg("--help").output().expect("kigen runs");
    let help = String::from_utf8(output.stdout).expect("text");
    let Some((_, commands)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let (commands, _) = commands.split_once("\n\n").expect("options follow");
    let names = commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    names.map(ToOwned::to_owned).collect()
}

/// All commands by their words.
fn commands() -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for name in listed(&[]) {
        all.extend(listed(&[&name]).into_iter().map(|below| vec![name.clone(), below]));
        all.push(vec![name]);
    }
    all
}

fn files(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn every_command_has_a_man_page_and_a_completion() {
    let dir = tempfile::tempdir().expect("a folder");
    let output = kigen().arg("generate").arg(dir.path()).output().expect("kigen runs");
    assert!(output.status.success(), "{output:?}");
    let (man, completions) = (dir.path().join("man"), dir.path().join("completions"));
    let commands = commands();
    assert!(commands.len() > 25, "{commands:?}");
    let pages = commands.iter().map(|words| format!("kigen-{}.1", words.join("-")));
    assert_eq!(files(&man), pages.chain(["kigen.1".to_owned()]).collect());
    assert_eq!(files(&completions), ["_kigen", "kigen.bash", "kigen.fish"].map(str::to_owned).into());
    for file in files(&completions) {
        let text = std::fs::read_to_string(completions.join(&file)).expect("a file");
        for words in &commands {
            assert!(words.iter().all(|word| text.contains(word.as_str())), "{file} lacks {words:?}");
        }
    }
    let page = std::fs::read_to_string(man.join("kigen-objectives-pull.1")).expect("a page");
    assert!(page.contains("spreadsheet") && page.contains("\\-\\-csv"), "{page}");
}

#[test]
fn bash_completes_a_subcommand() {
    let dir = tempfile::tempdir().expect("a folder");
    assert!(kigen().arg("generate").arg(dir.path()).status().expect("kigen runs").success());
    let script = "source completions/kigen.bash; COMP_WORDS=(kigen objectives pu); COMP_CWORD=2; _kigen kigen pu objectives; \
                  echo ${COMPREPLY[@]}";
    let output =
        Command::new("bash").args(["-c", script]).current_dir(dir.path()).output().expect("bash runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "pull", "{output:?}");
}

#[test]
fn mandoc_finds_no_error_in_a_man_page() {
    let dir = tempfile::tempdir().expect("a folder");
    assert!(kigen().arg("generate").arg(dir.path()).status().expect("kigen runs").success());
    let mut command = Command::new("mandoc");
    command.args(["-T", "lint", "-W", "error"]);
    command.args(files(&dir.path().join("man"))).current_dir(dir.path().join("man"));
    let Ok(output) = command.output() else {
        return not_tested("man pages by mandoc -T lint (this machine has no mandoc)");
    };
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
}

#[test]
fn as_a_plugin_of_kubectl_it_is_named_as_users_call_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let plugin = dir.path().join("kubectl-kigen");
    std::os::unix::fs::symlink(kigen().get_program(), &plugin).expect("a link");
    let help = |program: &Path| {
        let output = Command::new(program).args(["objectives", "list", "--help"]).output().expect("it runs");
        String::from_utf8(output.stdout).expect("text")
    };
    assert!(help(&plugin).contains("Usage: kubectl kigen objectives list"), "{}", help(&plugin));
    assert!(help(Path::new(kigen().get_program())).contains("Usage: kigen objectives list"));
}
