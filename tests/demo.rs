//! `kigen demo` tells the incidents that its history holds, and no other.

use std::collections::BTreeSet;
use std::process::Command;

#[test]
fn the_demo_tells_what_its_history_holds_and_nothing_else() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_kigen")).args(["demo", "--plain"]).output().expect("kigen runs");
    assert!(output.status.success(), "{output:?}");
    let shown = String::from_utf8(output.stdout).expect("stdout is text");
    let headline = |line: &str| {
        let (_, told) = line.split_once("▌ 🔴 ").or_else(|| line.split_once("▌ 🟢 "))?;
        Some(told.split("   ").next()?.trim().to_owned())
    };
    let lines: Vec<String> = shown.lines().filter_map(headline).collect();
    let told: BTreeSet<&str> = lines.iter().map(String::as_str).collect();
    let expected = BTreeSet::from([
        "billing/invoices has no good result for 06:00",
        "billing/invoices is good again",
        "ml/embeddings has no good result for 07:00",
        "ml/recommend has no good result for 12:00",
        "ml/recommend is done, 1 min late",
        "ml/recommend is done, 5 min late",
        "s-apiserver-restart/c has no good result for 12:05",
        "s-apiserver-restart/c is done, 1 min late",
        "s-cron-backoff-exceeded/bad has no good result for 11:50",
        "s-cron-stuck-forbid/stuck has no good result for 11:50",
        "s-cron-suspended/susp has no good result for 11:52",
    ]);
    assert_eq!(told, expected, "{shown}");
    assert_eq!(lines.iter().filter(|line| line.starts_with("ml/embeddings")).count(), 4, "{shown}");
    assert!(
        shown.contains("▌ longer than the one before. It will go on missing its deadline unless"),
        "{shown}"
    );
}
