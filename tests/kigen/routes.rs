//! The rules of Slack's channels: how they are configured, what is wrong with them, and which one decides on an alert; and the
//! alerts that no channel accepted.

use std::path::Path;

use chrono::{DateTime, TimeDelta};
use expect_test::expect;
use kigen_log::{EmbeddedLog, Log, NewRecord, Settings};
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody, CronJobPresence, DeadlineSummary, ObjectiveSummary, alert_id};
use kigen_model::delivery::{DeliveryRecord, SLACK, Undelivered, undelivered_key};
use kigen_model::key::BatchKey;
use kigen_model::labels::Labels;
use kigen_model::objective::Severity;
use kigen_model::slot::{Gap, Slot};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_wire::{Level, encode_alert, encode_delivery};

use crate::support::kigen;

const RULES: &str = r##"
[slack]
channel = "#alerts"
warning_channel = "#calm"

[[routes]]
name = "at night"
namespace = ["ml*"]
hours = "22:00-07:00"
days = ["mon-fri"]
zone = "Asia/Tokyo"
channel = "#night"
mention = ["S0123ABC", "here"]
continue = true

[[routes]]
name = "ml on a working day"
kind = ["miss", "unknown"]
severity = ["fatal"]
namespace = ["ml"]
working_days = "jp-business-days"
zone = "Asia/Tokyo"
channel = "#ml"
locale = "ja"

[[routes]]
name = "what can wait"
kind = ["warning", "failure"]
[routes.labels]
team = ["ml", "search-*"]
[routes.quiet]
hours = "22:00-07:00"
zone = "Asia/Tokyo"
"##;

fn at(text: &str) -> Instant {
    DateTime::parse_from_rfc3339(text).expect("an instant").to_utc()
}

fn alert() -> Alert {
    let key = BatchKey::new("shop", "ml", "recommend");
    let deadline = at("2026-11-20T03:30:00Z");
    let slot = Slot { from: deadline - TimeDelta::days(1), deadline, whole: true };
    let gap = Gap { from: None, to: deadline, is_of_log: false };
    let objective = ObjectiveSummary {
        name: "ready".to_owned(),
        deadlines: DeadlineSummary::CompleteBy("30 12 * * *".to_owned()),
        time_zone: "Asia/Tokyo".to_owned(),
        grace: TimeDelta::zero(),
        severity: Severity::Fatal,
        owner: None,
        runbook: None,
        labels: Labels::of([("team", "ml")]),
    };
    Alert {
        id: alert_id(&key, "ready", "slot_unknown", &deadline.to_rfc3339()),
        key,
        objective: Some(objective),
        decided_at: deadline,
        cron_job: CronJobPresence::Exists,
        body: AlertBody::SlotUnknown { slot, since: deadline, slots: 1, gap },
    }
}

/// A folder with a configuration, and a log with an alert that was given up.
async fn folder(config: &str) -> tempfile::TempDir {
    folder_with(config, alert()).await
}

async fn folder_with(config: &str, alert: Alert) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(dir.path().join("kigen.toml"), config).expect("a configuration");
    let settings = Settings { partitions: 4, ..Settings::default() };
    let log = EmbeddedLog::open(&dir.path().join("kigen-data/log"), settings).expect("a log");
    let value = encode_alert(&alert, Level::NEWEST);
    let failed = Undelivered {
        receiver: SLACK.to_owned(),
        id: alert.id,
        key: alert.key.clone(),
        channel: "#alerts".to_owned(),
        offset: Offset(0),
        decided_at: alert.decided_at,
        since: alert.decided_at,
        failed_at: Some(alert.decided_at),
        reason: "Slack refuses the message (msg_too_long)".to_owned(),
        route: "#alerts".to_owned(),
        is_copy: false,
        alert: value.clone(),
    };
    let (partition, timestamp) = (Partition(0), alert.decided_at);
    let failed = encode_delivery(&DeliveryRecord::Undelivered(failed), Level::NEWEST);
    let records = [
        (Topic::Alerts, alert.key.to_string(), value),
        (Topic::Deliveries, undelivered_key(SLACK, alert.id), failed),
    ];
    let record = |(topic, key, value)| NewRecord { topic, partition, key, value: Some(value), timestamp };
    log.append(records.into_iter().map(record).collect()).await.expect("it appends");
    dir
}

/// The exit code of a command in a folder, and what it printed: to stdout, then to stderr.
fn run(dir: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let output = kigen().args(args).current_dir(dir).env_clear().output().expect("kigen runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn configured(config: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(dir.path().join("kigen.toml"), config).expect("a configuration");
    run(dir.path(), args)
}

#[test]
fn kigen_config_prints_the_rules_and_accepts_what_it_prints() {
    let (code, shown, error) = configured(RULES, &["config"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(shown.contains("[[routes]]\nname = \"at night\"\n"), "{shown}");
    assert!(shown.contains("continue = true\n"), "{shown}");
    assert_eq!(configured(&shown, &["config"]).1, shown);
}

#[test]
fn a_rule_that_is_not_understood_is_an_error_that_names_it() {
    let check = |line: &str, why: &str| {
        let config = format!("[slack]\n[[routes]]\nname = \"dwh\"\n{line}\n");
        let (code, _, error) = configured(&config, &["config"]);
        assert_eq!(code, Some(2), "{line}");
        assert!(error.contains("the rule `dwh` under [[routes]] is not understood"), "{error}");
        assert!(error.contains(why), "{line}: {error}");
    };
    check("", "neither a channel nor receivers nor a mention nor a locale nor quiet hours");
    check("quiet = {hours = \"22:00-07:00\"}", "of its quiet hours: its times need a zone");
    check("quiet = {}", "its quiet hours have no hours or days");
    check("quiet = {days = [\"mon-sun\"], zone = \"UTC\"}", "its quiet hours have no end");
    check("channel = \"#a\"\nlabels = {team = []}", "its label `team` has no values");
    check(
        "channel = \"#a\"\nlocale = \"jp\"",
        "its locale is `jp`: the languages of messages are `en` and `ja`",
    );
    check("channel = \"#a\"\nowner = [\"a*b\"]", "`a*b` is no name");
    check("mention = [\"@ann\"]", "`@ann` is no mention");
    check("channel = \"#a\"\nhours = \"9-17\"\nzone = \"UTC\"", "`9-17` are no hours");
    check("channel = \"#a\"\ndays = [\"monday\"]\nzone = \"UTC\"", "`monday` is no day");
    check("channel = \"#a\"\nhours = \"09:00-17:00\"", "need a zone");
    check("channel = \"#a\"\nzone = \"Asia/Tokio\"\ndays = [\"mon\"]", "Asia/Tokyo");
    check("channel = \"#a\"\nzone = \"UTC\"\ndays_off = \"jp-bank\"", "jp-bank");
    check("channel = \"#a\"\n[[routes]]\nname = \"dwh\"\nchannel = \"#b\"", "another rule's");
}

#[test]
fn the_language_of_messages_is_one_that_there_is() {
    let (code, shown, error) = configured("[slack]\nlocale = \"ja\"\n", &["config"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(shown.contains("\nlocale = \"ja\"\n"), "{shown}");
    let (code, _, error) = configured("[slack]\nlocale = \"japanese\"\n", &["config"]);
    assert_eq!(code, Some(2));
    assert!(
        error.contains("slack.locale is `japanese`: the languages of messages are `en` and `ja`"),
        "{error}"
    );
}

#[test]
fn reminders_come_after_hours_or_days_or_not_at_all() {
    let (_, shown, _) = configured("[slack]\nremind = \"2d\"\n", &["config"]);
    assert!(shown.contains("\nremind = \"2d\"\n"), "{shown}");
    assert!(configured("", &["config"]).1.contains("# remind: not set"));
    for wrong in ["24", "0h", "1w", "-1d", "h"] {
        let (code, _, error) = configured(&format!("[slack]\nremind = \"{wrong}\"\n"), &["config"]);
        assert_eq!(code, Some(2));
        assert!(error.contains("slack.remind is `") && error.contains("`24h` or `2d`"), "{error}");
    }
}

#[test]
fn kigen_config_check_names_the_rules_that_can_never_match() {
    let dry = format!("{RULES}\n[[routes]]\nname = \"late\"\nkind = [\"miss\"]\nseverity = [\"fatal\"]\nnamespace = [\"ml\"]\nworking_days = \"jp-business-days\"\nhours = \"09:00-12:00\"\nzone = \"Asia/Tokyo\"\nchannel = \"#late\"\n")
        .replace("[slack]\n", "[slack]\ndry_run = true\n");
    let (code, shown, error) = configured(&dry, &["config", "check"]);
    assert_eq!(code, Some(1), "{shown}{error}");
    assert_eq!(
        shown,
        "the rule `late` under [[routes]] can never match: `ml on a working day` before it decides on all that it \
         matches\n"
    );
    let (code, shown, _) =
        configured(&RULES.replace("[slack]\n", "[slack]\ndry_run = true\n"), &["config", "check"]);
    assert_eq!((code, &*shown), (Some(0), "nothing is wrong with the configuration\n"));
    let (code, shown, error) = configured(
        "[slack]\nchannel = \"#a\"\ndry_run = true\n[[routes]]\nname = \"r\"\nkind = [\"cluster\"]\nquiet = {hours = \"22:00-07:00\", zone = \"UTC\"}\n",
        &["config", "check"],
    );
    assert_eq!(code, Some(1), "{error}");
    assert!(
        shown.starts_with("the quiet hours of the rule `r` under [[routes]] hold back nothing: "),
        "{shown}"
    );
    let (code, _, error) = configured("[slack]\nwarning_channel = \"#calm\"\n", &["config", "check"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("no receiver of alerts is configured"), "{error}");
}

#[tokio::test]
async fn kigen_notify_explain_prints_the_rule_that_decides_on_an_alert() {
    let dir = folder(RULES).await;
    let id = alert().id.to_string();
    let (code, shown, error) = run(dir.path(), &["notify", "--explain", &id]);
    assert_eq!(code, Some(0), "{error}");
    expect![[r#"
        alert ID: slot_unknown of shop/ml/recommend, an alert of kind unknown
          at night                 does not match: it was decided Fri 2026-11-20 12:30 Asia/Tokyo
          ml on a working day      matches: to #ml
          what can wait            is not asked: a rule before it decided
          default                  is not asked: a rule before it decided
        it goes to #ml in `ja`
    "#]]
    .assert_eq(&shown.replace(&id, "ID"));
    let (code, _, error) = run(dir.path(), &["notify", "--explain", "1234"]);
    assert_eq!(code, Some(1));
    assert!(error.contains("kigen.alerts has no alert 1234"), "{error}");
}

#[tokio::test]
async fn kigen_notify_explain_states_until_when_quiet_hours_hold_an_alert_back() {
    let config = "[slack]\nchannel = \"#alerts\"\n[[routes]]\nname = \"lunch\"\nlabels = {team = [\"m*\"]}\n\
                  quiet = {hours = \"12:00-13:00\", zone = \"Asia/Tokyo\"}\n";
    let objective = alert().objective.map(|it| ObjectiveSummary { severity: Severity::Warning, ..it });
    let dir = folder_with(config, Alert { objective, ..alert() }).await;
    let (code, shown, error) = run(dir.path(), &["notify", "--explain", &alert().id.to_string()]);
    assert_eq!(code, Some(0), "{error}");
    let last =
        "it goes to #alerts in the digest after its quiet hours (until Fri 2026-11-20 13:00 Asia/Tokyo)\n";
    assert!(shown.ends_with(last), "{shown}");
}

#[tokio::test]
async fn kigen_notify_retry_has_what_was_given_up_sent_again_and_doctor_shows_it() {
    let dir = folder("cluster = \"shop\"\n").await;
    let alerts = |dir: &Path| {
        let (_, shown, _) = run(dir, &["doctor"]);
        shown.lines().find(|line| line.contains(" alerts ")).expect("a line about alerts").to_owned()
    };
    let line = alerts(dir.path());
    assert!(
        line.starts_with("WRONG  alerts")
            && line.contains("msg_too_long")
            && line.contains("kigen notify --retry"),
        "{line}"
    );
    let (code, shown, error) = run(dir.path(), &["notify", "--retry"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(
        shown.contains(" of shop/ml/recommend is sent again when `kigen up` starts: Slack refuses"),
        "{shown}"
    );
    let line = alerts(dir.path());
    assert!(line.starts_with("ok     alerts") && line.contains("note: 1 wait"), "{line}");
    let (_, shown, _) = run(dir.path(), &["notify", "--retry"]);
    assert_eq!(shown, "no alert is given up: there is nothing to send again\n");
    let (_, shown, _) = run(dir.path(), &["events", "--topic", "deliveries"]);
    assert!(
        shown.contains("slack #alerts alert ") && shown.contains("wants what has failed sent again"),
        "{shown}"
    );
}
