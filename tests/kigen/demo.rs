//! `kigen demo` shows exactly the incidents of its history; a replay of its log gives the same.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Output;

use expect_test::expect;
use kigen_testkit::kafka::Broker;

use crate::support::{HEAVY, kigen};

#[test]
fn the_demo_shows_exactly_the_incidents_of_its_history() {
    let _heavy = HEAVY.blocking_lock();
    let kept = tempfile::tempdir().expect("a temporary directory");
    let shown = stdout(kept.path(), &["demo", "--plain", "--keep", "."]);
    shows_the_incidents_of_its_history(&shown);
    a_replay_gives_the_same(kept.path());
    other_objectives_give_other_verdicts(kept.path());
    a_miss_is_explained(kept.path());
    the_commands_of_the_readme_work(kept.path());
    // A Saturday, and Culture Day.
    for day in ["2026-10-31", "2026-11-03"] {
        let explanation = stdout(kept.path(), &["explain", "--data-dir", ".", "billing/statements", day]);
        assert!(explanation.contains("excused"), "{explanation}");
    }
}

fn shows_the_incidents_of_its_history(shown: &str) {
    let headline = |line: &str| {
        let (_, text) = line.split_once("▌ 🔴 ").or_else(|| line.split_once("▌ 🟢 "))?;
        Some(text.split("   ").next()?.trim().to_owned())
    };
    let lines: Vec<String> = shown.lines().filter_map(headline).collect();
    let shown_incidents: BTreeSet<&str> = lines.iter().map(String::as_str).collect();
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
    assert_eq!(shown_incidents, expected, "{shown}");
    assert_eq!(lines.iter().filter(|line| line.starts_with("ml/embeddings")).count(), 4, "{shown}");
    assert_eq!(shown.matches("has not ended").count(), 3, "the run that hangs blocks the next ones: {shown}");
    it_warns_a_week_before_and_is_silent_on_days_off(shown);
    let unwrapped = shown.replace("\n▌ ", " ");
    assert!(
        unwrapped
            .contains("each ended about 4 min later than the one before. It will go on missing its deadline"),
        "{shown}"
    );
}

/// The bank's statements are not there on week-ends and on a holiday, which the error monitor raises and kigen does not.
fn it_warns_a_week_before_and_is_silent_on_days_off(shown: &str) {
    let (before, after) =
        shown.split_once("▌ ⚠️ ml/recommend will miss its deadline on Mon 16 Nov").expect("a warning");
    assert!(!before.contains("ml/recommend has no good result"), "{shown}");
    let deadline = after.lines().nth(1).unwrap_or_default();
    assert!(deadline.starts_with("▌ deadline Mon 9 Nov 12:00 Asia/Tokyo"), "{deadline}");
    for begins in ["billing/invoices has not begun for 06:00", "ml/embeddings may be late for 07:00"] {
        assert!(shown.contains(&format!("▌ ⚠️ {begins}")), "{shown}");
    }
    let of_statements: Vec<&str> = shown.lines().filter(|line| line.contains("billing/statements")).collect();
    // The first is the introduction. The column of Slack comes first.
    let is_in_slack = |line: &&&str| line.find("billing/statements") < Some(70);
    let (in_slack, in_monitor): (Vec<&str>, Vec<&str>) = of_statements[1..].iter().partition(is_in_slack);
    assert!(in_slack.is_empty(), "{in_slack:?}");
    assert!(in_monitor.iter().any(|line| line.contains("31 Oct 05:0")), "{in_monitor:?}");
}

/// On topics that doctor has tested, whose offsets do not begin at 0; and not on topics with records.
#[test]
fn the_demo_on_kafka_shows_the_same_and_refuses_topics_with_records() {
    let _heavy = HEAVY.blocking_lock();
    let broker = Broker::start();
    let dir = tempfile::tempdir().expect("a temporary directory");
    let on_kafka = ["--log", "kafka", "--brokers", broker.bootstrap()];
    stdout(dir.path(), &[&["topics", "create"][..], &on_kafka].concat());
    // It finds no cluster to watch and no receiver of alerts.
    run(dir.path(), &[&["doctor", "--api-url", "http://127.0.0.1:9"][..], &on_kafka].concat());
    let demo = [&["demo", "--plain"][..], &on_kafka].concat();
    let shown = stdout(dir.path(), &demo);
    shows_the_incidents_of_its_history(&shown);
    let hint = format!("kigen status --log kafka --brokers {}", broker.bootstrap());
    assert!(shown.contains(&hint), "{shown}");
    let again = run(dir.path(), &demo);
    let message = String::from_utf8_lossy(&again.stderr).replace(broker.bootstrap(), "BROKERS");
    expect![[r#"
        kigen: kigen's topics at BROKERS are not empty: the demo plays only on empty topics, since it judges and delivers everything in them, and delivers nothing a second time; name other brokers, or, if the topics are no longer needed, delete them with `kafka-topics.sh --bootstrap-server BROKERS --delete --topic 'kigen\.(events|alerts|status|rejects)'`
    "#]]
    .assert_eq(&message);
    assert_eq!((again.status.code(), again.stdout.is_empty()), (Some(1), true), "{again:?}");
}

/// The same prefix of the log gives the same bytes, and exactly the misses that were alerted.
fn a_replay_gives_the_same(dir: &Path) {
    let replay = |args: &[&str]| stdout(dir, &[&["replay", "--data-dir", "."], args].concat());
    let slots = replay(&["--slots", "--format", "json"]);
    assert_eq!(slots.matches("\"verdict\":\"missed\"").count(), 11, "{slots}");
    assert_eq!(replay(&["--slots", "--format", "json"]), slots);
    let table = replay(&[]);
    assert!(table.ends_with("0 missed but not alerted, 0 alerted but not missed\n"), "{table}");
    let late = replay(&["--from", "2026-11-16T00:00:00Z", "--to", "2026-11-18T00:00:00Z", "--format", "csv"]);
    let of_recommend = late.lines().find(|line| line.starts_with("shop/ml/recommend,"));
    let (counts, warned_before_s) = of_recommend.and_then(|line| line.rsplit_once(',')).expect("a row");
    assert_eq!(counts, "shop/ml/recommend,complete-by,0,2,0,0,,,,,,0,,,0,2", "{late}");
    // Both were warned of when the deadline of 9 November had passed.
    let warned_before_s: i64 = warned_before_s.parse().expect("seconds");
    assert!((7 * 86_400..10 * 86_400).contains(&warned_before_s), "{late}");
}

/// With ten minutes more for A, until B reads it, nothing would have been missed.
fn other_objectives_give_other_verdicts(dir: &Path) {
    let objectives = "apiVersion: kigen.dev/v1alpha1\nkind: Objective\nmetadata: {name: complete-by, namespace: ml}\n\
                      spec:\n  batch: {cronJob: recommend}\n  before: {cronJob: report, namespace: dwh}\n  grace: 10m\n";
    std::fs::write(dir.join("objectives.yaml"), objectives).expect("a file");
    let args = [
        "replay",
        "--data-dir",
        ".",
        "--cluster",
        "shop",
        "--objectives",
        "objectives.yaml",
        "--format",
        "csv",
    ];
    let table = stdout(dir, &args);
    let of_recommend = table.lines().find(|line| line.starts_with("shop/ml/recommend,"));
    let expected = "shop/ml/recommend,complete-by,23,0,0,0,-301,2339,4739,,2026-11-16T03:00:00Z 2026-11-17T03:00:00Z,0,,,1,0,";
    assert_eq!(of_recommend, Some(expected), "{table}");
}

fn a_miss_is_explained(dir: &Path) {
    let args = ["explain", "--data-dir", ".", "ml/recommend", "2026-11-16"];
    let explanation = stdout(dir, &args);
    let (sentences, events) = explanation.split_once("\nEvents of").expect("events come last");
    // Which event decides depends on the ticks of this run of the demo.
    let verdict =
        sentences.lines().position(|line| line.starts_with("Verdict: missed, still running. Decided by"));
    assert_eq!(verdict, Some(2), "{explanation}");
    let sentences: Vec<&str> = sentences.lines().filter(|line| !line.starts_with("Verdict")).collect();
    expect![[r#"
        shop/ml/recommend, objective `complete-by`: complete by "0 12 * * *"
        Deadline Mon 2026-11-16 12:00 Asia/Tokyo (2026-11-16T03:00:00Z)
        Warned at Sun 2026-11-08 12:00:40, 7 days before the deadline: trend, which would miss the deadline of Mon 2026-11-16 12:00.

        The slot runs from Sun 2026-11-15 12:00 to Mon 2026-11-16 12:00.
        Runs belong to it that are scheduled from Mon 2026-11-16 08:00, the first expected in the slot, up to Tue 2026-11-17 08:00, the first of the next slot.
        A success counts until Mon 2026-11-16 12:00; then the verdict waits 30 s for late facts.

        Runs that belong to it, as they were then:
          recommend-29913060 of Mon 2026-11-16 08:00: was running
        Of the 21 others that were remembered, the last: recommend-29911620 of Sun 2026-11-15 08:00: succeeded, its work ended at Sun 2026-11-15 11:57:01

        Why: no run that belongs to the slot had succeeded by Mon 2026-11-16 12:00, and a run of the slot was still running."#]].assert_eq(&sentences.join("\n"));
    assert!(events.contains("Job recommend-29913060 running"), "{explanation}");
}

/// Those of the section on what is done after an incident, as they are written there.
fn the_commands_of_the_readme_work(dir: &Path) {
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("the README");
    let (_, section) = readme.split_once("## After an incident").expect("a section");
    let (_, block) = section.split_once("```sh\n").expect("commands");
    let (block, after) = block.split_once("```").expect("the end of the commands");
    let mut printed = Vec::new();
    for line in block.lines() {
        let (command, _) = line.split_once(" #").expect("what it is for");
        let command = command.replace("target/demo", ".");
        let args: Vec<&str> = command.split_whitespace().collect();
        assert_eq!(args[0], "kigen", "{line}");
        printed.push(stdout(dir, &args[1..]));
    }
    let [explained, lineage, impact, picture, what_if] = &printed[..] else { panic!("{block}") };
    assert!(explained.contains("missed, still running"), "{explained}");
    expect![[r#"
        dwh/prices
          dwh/report
            shop/newsletter
        ml/recommend
          dwh/report (see above)
    "#]]
    .assert_eq(lineage);
    assert!(after.contains("names four runs, in three waves"), "{after}");
    let steps: Vec<Vec<&str>> = impact
        .lines()
        .skip_while(|line| !line.starts_with("STEP"))
        .skip(1)
        .take_while(|line| !line.is_empty())
        .map(|line| line.split_whitespace().collect())
        .collect();
    let waves: Vec<&str> = steps.iter().map(|step| step[1]).collect();
    assert_eq!(steps.len(), 4, "{impact}");
    assert_eq!(waves, ["1", "2", "2", "3"], "{impact}");
    assert!(picture.starts_with("<svg") && what_if.contains("ml/recommend"), "{what_if}");
}

/// The output of kigen in `dir`, which must succeed.
fn stdout(dir: &Path, args: &[&str]) -> String {
    let output = run(dir, args);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("stdout is text")
}

fn run(dir: &Path, args: &[&str]) -> Output {
    let command = kigen().current_dir(dir).args(args).output();
    command.expect("kigen runs")
}
