//! To which channels alerts go by the rules of the configuration, and how that is explained.

use std::collections::BTreeSet;

use chrono::{NaiveTime, TimeDelta};
use kigen_calendar::Zone;
use kigen_model::alert::{Alert, AlertBody, ObjectiveSummary};
use kigen_model::objective::Severity;
use kigen_model::risk::Risk;
use kigen_model::slot::Cause;
use kigen_model::working_days::WorkingDays;
use kigen_notifier::delivery::Delivery;
use kigen_notifier::language::Language;
use kigen_notifier::routing::conditions::{Conditions, Pattern};
use kigen_notifier::routing::kind::Kind;
use kigen_notifier::routing::times::Times;
use kigen_notifier::routing::{Channels, Endpoint, Mention, Outcome, Routes, Rule};
use kigen_notifier::slack::client::Slack;
use serde_json::Value as Json;

use crate::alerts::{at, at_risk, missed, recovered, risk_over, run_failed, unknown};
use crate::delivery::{PATIENCE, append_alert, folder, ids, now, open, start_role, undelivered};
use crate::incidents::miss;
use crate::queues::{failure_of, ids_of, miss_of};
use crate::slack::{Answer, Workspace};

fn channels() -> Channels {
    let of = |name: &str| name.to_owned();
    Channels { fatal: of("C1"), error: Some(of("C2")), warning: Some(of("C3")) }
}

fn routes(rules: Vec<Rule>) -> Routes {
    Routes { rules, ..Routes::from(channels()) }
}

pub(crate) fn rule(name: &str, when: Conditions, channel: &str) -> Rule {
    Rule {
        name: name.to_owned(),
        when,
        channel: Some(channel.to_owned()),
        receivers: Vec::new(),
        language: None,
        mentions: Vec::new(),
        quiet: None,
        is_continued: false,
    }
}

fn pattern(text: &str) -> Vec<Pattern> {
    vec![Pattern::new(text).expect("a pattern")]
}

fn of_namespace(text: &str) -> Conditions {
    Conditions { namespaces: pattern(text), ..Conditions::default() }
}

fn labels(all: &[(&str, &str)]) -> Conditions {
    let labels = all.iter().map(|(label, value)| ((*label).to_owned(), pattern(value))).collect();
    Conditions { labels, ..Conditions::default() }
}

pub(crate) fn at_night() -> Times {
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("a time");
    let zone = Zone::named("Asia/Tokyo").expect("a zone");
    Times { zone, hours: Some((time(22), time(7))), days: BTreeSet::new(), calendar: None }
}

fn to(routes: &Routes, alert: &Alert) -> Vec<String> {
    routes.targets(alert).into_iter().map(|target| target.channel).collect()
}

pub(crate) fn not_started() -> Alert {
    let expected_at = at("2026-11-20T03:00:00Z");
    at_risk(Risk::NotStarted { expected_at, needs: None, of_runs: 0, start_by: None }, None)
}

fn suspended() -> Alert {
    missed(Cause::Suspended, None)
}

#[test]
fn without_rules_misses_failures_and_warnings_have_a_channel_each() {
    let routes = routes(Vec::new());
    assert_eq!(to(&routes, &suspended()), ["C1"]);
    assert_eq!(to(&routes, &recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1)), ["C1"]);
    assert_eq!(to(&routes, &unknown()), ["C1"]);
    assert_eq!(to(&routes, &run_failed("KeyError")), ["C2"]);
    assert_eq!(to(&routes, &not_started()), ["C3"]);
    assert_eq!(to(&routes, &risk_over(None, None)), ["C3"]);
    let calm = Routes::from(Channels { error: None, warning: None, ..channels() });
    assert_eq!(to(&calm, &not_started()), ["C1"]);
    assert!(to(&calm, &run_failed("KeyError")).is_empty());
}

#[test]
fn the_first_rule_that_matches_decides_unless_it_continues() {
    let everything = Rule { is_continued: true, ..rule("archive", Conditions::default(), "C9") };
    let paged = Rule { channel: None, mentions: vec![Mention::Here], ..rule("page", of_namespace("m*"), "") };
    let never = rule("never", of_namespace("ml"), "C8");
    let routes = routes(vec![everything.clone(), paged, never]);
    let targets = routes.targets(&suspended());
    let shown: Vec<_> = targets.iter().map(|it| (&*it.channel, it.mentions.len(), it.is_copy)).collect();
    assert_eq!(shown, [("C9", 0, false), ("C1", 1, true)]);
    assert_eq!(to(&Routes { rules: vec![everything], ..routes.clone() }, &suspended()), ["C9", "C1"]);
    assert_eq!(
        routes.unreachable(),
        [("never", "`page` before it decides on all that it matches".to_owned())]
    );
}

#[test]
fn the_first_rule_with_a_language_decides_on_it_else_the_default() {
    let japanese = Language::named("ja");
    let spoken =
        Rule { channel: None, language: japanese, is_continued: true, ..rule("ja", of_namespace("ml"), "") };
    let english = Rule { language: Some(Language::ENGLISH), ..rule("abroad", of_namespace("ml"), "C1") };
    let silent = rule("copy", of_namespace("ml"), "C9");
    let languages = |rules: Vec<Rule>, language: Language| -> Vec<(String, &str)> {
        let routes = Routes { language, ..routes(rules) };
        let targets = routes.targets(&suspended()).into_iter();
        targets.map(|target| (target.channel, target.language.tag())).collect()
    };
    let of = |all: &[(&str, &'static str)]| -> Vec<(String, &str)> {
        all.iter().map(|(channel, tag)| ((*channel).to_owned(), *tag)).collect()
    };
    let default = Language::ENGLISH;
    assert_eq!(languages(Vec::new(), japanese.expect("Japanese")), of(&[("C1", "ja")]));
    assert_eq!(languages(vec![spoken.clone(), english.clone()], default), of(&[("C1", "ja")]));
    assert_eq!(languages(vec![spoken, silent], default), of(&[("C1", "ja"), ("C9", "en")]));
    assert_eq!(languages(vec![english], japanese.expect("Japanese")), of(&[("C1", "en")]));
}

#[test]
fn a_rule_with_receivers_is_for_them_alone_unless_it_has_a_channel_and_the_default_is_for_those_of_the_kind()
{
    let endpoint = |address: &str, kinds: &[Kind]| Endpoint {
        address: address.to_owned(),
        kinds: kinds.to_vec(),
        language: Language::named("ja"),
        quiet: None,
    };
    let pager = || vec!["pagerduty:oncall".to_owned()];
    let to_pager = Rule { channel: None, receivers: pager(), ..rule("page", of_namespace("ml"), "") };
    let to_both = Rule { receivers: pager(), ..rule("both", of_namespace("ml"), "C9") };
    let endpoints =
        vec![endpoint("webhook:ops", &[Kind::Miss, Kind::Failure]), endpoint("pagerduty:oncall", &[])];
    let routes = |rules| Routes { endpoints: endpoints.clone(), ..routes(rules) };
    assert_eq!(to(&routes(Vec::new()), &suspended()), ["C1", "webhook:ops"]);
    assert_eq!(to(&routes(Vec::new()), &not_started()), ["C3"]);
    assert_eq!(to(&routes(vec![to_pager.clone()]), &suspended()), ["pagerduty:oncall"]);
    assert_eq!(to(&routes(vec![to_both.clone()]), &suspended()), ["C9", "pagerduty:oncall"]);
    let continued = Rule { is_continued: true, ..to_pager };
    let targets = routes(vec![continued]).targets(&suspended());
    let shown: Vec<_> = targets.iter().map(|it| (&*it.receiver, it.is_copy, it.language.tag())).collect();
    assert_eq!(
        shown,
        [("pagerduty", true, "ja"), ("slack", false, "en"), ("webhook", true, "ja")],
        "the first channel in Slack is no copy, whatever is before it"
    );
    let without_slack = Routes { default: None, ..routes(Vec::new()) };
    assert_eq!(to(&without_slack, &run_failed("KeyError")), ["webhook:ops"]);
    assert!(to(&without_slack, &not_started()).is_empty());
    let (routes, suspended) = (routes(vec![to_both]), suspended());
    let explained = routes.explain(&suspended);
    let both = vec!["C9".to_owned(), "pagerduty:oncall".to_owned()];
    assert_eq!(explained, [("both", Outcome::Matched(both)), ("default", Outcome::NotAsked)]);
}

#[test]
fn each_condition_is_checked_and_a_mismatch_states_which() {
    let check = |when: Conditions, why: &str| {
        let routes = routes(vec![rule("r", when, "C9")]);
        assert_eq!(routes.explain(&suspended())[0], ("r", Outcome::Mismatch(why.to_owned())));
        assert_eq!(routes.explain(&suspended())[1], ("default", Outcome::Matched(vec!["C1".to_owned()])));
    };
    check(Conditions { kinds: vec![Kind::Failure], ..Conditions::default() }, "its kind is miss");
    check(
        Conditions { severities: vec![Severity::Warning], ..Conditions::default() },
        "its severity is fatal",
    );
    check(Conditions { clusters: pattern("stage*"), ..Conditions::default() }, "its cluster is prod");
    check(of_namespace("dwh"), "its namespace is ml");
    check(Conditions { owners: pattern("dwh-team"), ..Conditions::default() }, "its owner is recommend-team");
    check(labels(&[("team", "ml"), ("tier", "silver")]), "its label tier is gold");
    check(labels(&[("shift", "*")]), "its label shift is none");
    let times = Some(at_night());
    check(Conditions { times, ..Conditions::default() }, "it was decided Fri 2026-11-20 12:30 Asia/Tokyo");
    let without = |change: fn(&mut Alert)| {
        let mut alert = suspended();
        change(&mut alert);
        alert
    };
    let owned = routes(vec![rule("r", Conditions { owners: pattern("*"), ..Conditions::default() }, "C9")]);
    let unowned = without(|alert| alert.objective.as_mut().expect("an objective").owner = None);
    assert_eq!(owned.explain(&unowned)[0].1, Outcome::Mismatch("its owner is none".to_owned()));
}

#[test]
fn labels_route_and_a_rule_for_fewer_of_them_decides_before_one_for_more() {
    let gold = rule("gold", labels(&[("tier", "g*")]), "C9");
    assert_eq!(to(&routes(vec![gold.clone()]), &suspended()), ["C9"]);
    let gold_of_ml = rule("ml", labels(&[("tier", "gold"), ("team", "ml")]), "C8");
    assert_eq!(routes(vec![gold.clone(), gold_of_ml.clone()]).unreachable().len(), 1);
    assert!(routes(vec![gold_of_ml, gold]).unreachable().is_empty());
}

/// The end is that of the zone, with the time by which clocks are set.
#[test]
fn what_may_wait_waits_until_the_end_of_the_quiet_hours() {
    let until = |quiet: Times, alert: &Alert| {
        let quiet = Rule { quiet: Some(quiet), ..rule("r", Conditions::default(), "C9") };
        routes(vec![quiet]).targets(alert)[0].quiet_until(alert)
    };
    let night = at("2026-11-20T14:00:00Z");
    let of_severity = |severity, alert: Alert| {
        let objective = alert.objective.map(|objective| ObjectiveSummary { severity, ..objective });
        Alert { objective, decided_at: night, ..alert }
    };
    let end = at("2026-11-20T22:00:00Z");
    for (alert, is_held) in [
        (of_severity(Severity::Warning, suspended()), true),
        (of_severity(Severity::Fatal, suspended()), false),
        (of_severity(Severity::Fatal, unknown()), false),
        (of_severity(Severity::Fatal, run_failed("KeyError")), true),
        (of_severity(Severity::Fatal, not_started()), true),
        (Alert { decided_at: end, ..of_severity(Severity::Warning, suspended()) }, false),
    ] {
        assert_eq!(until(at_night(), &alert), is_held.then_some(end), "{:?}", alert.body.kind());
    }
    let weekend = Times { hours: None, days: BTreeSet::from([5, 6]), ..at_night() };
    let failure = Alert { decided_at: at("2026-11-20T15:00:00Z"), ..run_failed("KeyError") };
    assert_eq!(until(weekend, &failure), Some(at("2026-11-22T15:00:00Z")), "Monday in Tokyo");
    let zone = Zone::named("Europe/Berlin").expect("a zone");
    let before_summer = Alert { decided_at: at("2026-03-28T22:00:00Z"), ..run_failed("KeyError") };
    let end = at("2026-03-29T05:00:00Z");
    assert_eq!(until(Times { zone, ..at_night() }, &before_summer), Some(end));
    let always = Times { hours: None, ..at_night() };
    assert!(always.is_always() && until(always, &failure).is_none());
}

#[test]
fn quiet_hours_that_hold_back_nothing_are_found() {
    let quiet = |when| Rule { quiet: Some(at_night()), ..rule("r", when, "C9") };
    let found = |when| routes(vec![quiet(when)]).never_quiet().len();
    let (kinds, severities) = (vec![Kind::Miss, Kind::Cluster], vec![Severity::Fatal]);
    assert_eq!(found(Conditions { kinds: kinds.clone(), severities, ..Conditions::default() }), 1);
    assert_eq!(found(Conditions { kinds, ..Conditions::default() }), 0);
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("a time");
    let by_day = Times { hours: Some((time(7), time(22))), ..at_night() };
    assert_eq!(found(Conditions { times: Some(by_day), ..Conditions::default() }), 1);
    assert_eq!(found(Conditions { times: Some(at_night()), ..Conditions::default() }), 0);
}

/// By the time at which it was decided, so that an explanation holds a week later.
#[test]
fn hours_days_and_calendars_are_those_of_the_zone() {
    let night = at_night();
    let decided = |at_time: &str| Alert { decided_at: at(at_time), ..suspended() };
    let goes = |times: Times, at_time: &str| {
        let when = Conditions { times: Some(times), ..Conditions::default() };
        to(&routes(vec![rule("r", when, "C9")]), &decided(at_time)) == ["C9"]
    };
    // 21:59, 22:00, 06:59 and 07:00 in Tokyo.
    for (at_time, is_night) in [
        ("2026-11-20T12:59:59Z", false),
        ("2026-11-20T13:00:00Z", true),
        ("2026-11-20T21:59:59Z", true),
        ("2026-11-20T22:00:00Z", false),
    ] {
        assert_eq!(goes(night.clone(), at_time), is_night, "{at_time}");
    }
    let weekend = Times { hours: None, days: BTreeSet::from([5, 6]), ..night.clone() };
    // A Friday in UTC, a Saturday in Tokyo.
    assert!(goes(weekend.clone(), "2026-11-20T15:00:00Z"));
    assert!(!goes(weekend, "2026-11-20T14:59:59Z"));
    let holiday = at("2026-11-23T03:00:00Z").date_naive();
    let week = [true, true, true, true, true, false, false];
    let days = WorkingDays { week, years: (2026, 2026), days_off: vec![holiday], added: Vec::new() };
    let off = Times { hours: None, calendar: Some(("jp".to_owned(), days, false)), ..night };
    assert!(goes(off.clone(), "2026-11-23T03:00:00Z") && !goes(off, "2026-11-24T03:00:00Z"));
}

#[test]
fn a_rule_that_can_never_match_is_found_and_one_that_may_is_not() {
    let with_times = |times| Conditions { times: Some(times), ..of_namespace("ml") };
    let all_of_ml = rule("all", of_namespace("m*"), "C9");
    let night = rule("night", with_times(at_night()), "C8");
    assert_eq!(routes(vec![all_of_ml.clone(), night.clone()]).unreachable().len(), 1);
    assert!(routes(vec![night.clone(), all_of_ml.clone()]).unreachable().is_empty());
    let continued = Rule { is_continued: true, ..all_of_ml };
    assert!(routes(vec![continued, night.clone()]).unreachable().is_empty());
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("a time");
    let late = rule("late", with_times(Times { hours: Some((time(23), time(5))), ..at_night() }), "C7");
    let early = rule("early", with_times(Times { hours: Some((time(5), time(8))), ..at_night() }), "C7");
    assert_eq!(routes(vec![night.clone(), late]).unreachable().len(), 1);
    assert!(routes(vec![night, early]).unreachable().is_empty());
    let failures = Rule {
        channel: None,
        mentions: vec![Mention::Here],
        ..rule("failures", Conditions { kinds: vec![Kind::Failure], ..Conditions::default() }, "")
    };
    let without = Routes { rules: vec![failures], ..Routes::from(Channels { error: None, ..channels() }) };
    assert!(without.unreachable()[0].1.contains("error_channel"));
}

fn slack(workspace: &Workspace, rules: Vec<Rule>) -> Slack {
    Slack::new("xoxb-1".to_owned(), routes(rules), Some(&workspace.url)).expect("a client")
}

fn text(message: &Json) -> &str {
    message["text"].as_str().expect("a text")
}

/// Whichever channel it is in, a fear is not shown any more once it is decided.
#[tokio::test]
async fn a_warning_in_another_channel_refers_to_the_miss_that_it_became_or_is_over() {
    for comes_true in [true, false] {
        let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
        let log = open(dir.path());
        append_alert(&log, &not_started()).await;
        let last = if comes_true { miss(1) } else { risk_over(Some(at("2026-11-20T03:29:00Z")), None) };
        append_alert(&log, &last).await;
        let notifier = start_role(&log, Delivery::slack(slack(&workspace, Vec::new()), PATIENCE), now);
        notifier.has_committed(2).await;
        append_alert(&log, &recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1)).await;
        notifier.has_committed(3).await;
        notifier.stop().await;
        let warning = workspace.messages_in("C3").remove(0);
        if !comes_true {
            assert!(text(&warning).contains(": Over: "), "{}", text(&warning));
            continue;
        }
        assert!(text(&warning).contains(": Missed: "), "{}", text(&warning));
        assert_eq!(workspace.messages_in("C3").len(), 1, "it has no reply");
        let [miss, _] = &workspace.messages_in("C1")[..] else {
            panic!("a miss and the reply about its recovery")
        };
        assert!(text(miss).contains(": Recovered: "), "{}", text(miss));
        let link = crate::slack_rules::permalink("C1", miss["ts"].as_str().expect("a ts"));
        assert!(warning["blocks"].to_string().contains(&link), "{warning:#}");
    }
}

/// The miss was posted when the edit of the warning failed.
#[tokio::test]
async fn a_warning_that_is_not_edited_at_once_does_not_post_its_miss_twice() {
    for answer in [Answer::Broken, Answer::TooMany(0), Answer::PostedAndBroken] {
        let answers = [Answer::Ok, Answer::Ok, answer];
        let (dir, workspace) = (folder(), Workspace::answering(&answers).await);
        let log = open(dir.path());
        append_alert(&log, &not_started()).await;
        append_alert(&log, &miss(1)).await;
        let notifier = start_role(&log, Delivery::slack(slack(&workspace, Vec::new()), PATIENCE), now);
        notifier.has_committed(2).await;
        notifier.stop().await;
        assert_eq!(
            (workspace.messages_in("C1").len(), workspace.messages_in("C3").len()),
            (1, 1),
            "{answer:?}"
        );
        assert!(text(&workspace.messages_in("C3")[0]).contains(": Missed: "), "{answer:?}");
    }
}

#[tokio::test]
async fn an_alert_for_two_channels_is_one_message_in_each_and_both_are_updated() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    let copied = Rule {
        is_continued: true,
        mentions: vec![Mention::User("U123".to_owned())],
        ..rule("copy", Conditions { kinds: vec![Kind::Miss], ..Conditions::default() }, "C9")
    };
    let recovery = recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1);
    append_alert(&log, &miss(1)).await;
    let start = || start_role(&log, Delivery::slack(slack(&workspace, vec![copied.clone()]), PATIENCE), now);
    let notifier = start();
    notifier.has_committed(1).await;
    let first = workspace.messages_in("C9").remove(0);
    assert!(
        text(&first).ends_with(" <@U123>") && first["blocks"].to_string().contains("<@U123>"),
        "{first:#}"
    );
    notifier.stop().await;
    append_alert(&log, &recovery).await;
    let notifier = start();
    notifier.has_committed(2).await;
    notifier.stop().await;
    for channel in ["C1", "C9"] {
        let messages = workspace.messages_in(channel);
        let [head, reply] = &messages[..] else { panic!("{channel}: {messages:#?}") };
        assert!(
            text(head).contains(": Recovered: ") && !text(head).contains("<@"),
            "{channel}: {}",
            text(head)
        );
        assert_eq!(reply["thread_ts"], head["ts"]);
    }
    // The first channel that a rule names has the alerts under their own ids.
    assert_eq!(ids(&workspace.messages_in("C9")), ids_of(&[&miss(1), &recovery]));
}

/// Only what is for it waits, though all is of one kind.
#[tokio::test]
async fn a_channel_that_accepts_nothing_delays_no_other_channel() {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    workspace.answer_in("C9", Some(Answer::TooMany(600)));
    let log = open(dir.path());
    let mut other = miss_of("b");
    other.key.namespace = "dwh".to_owned();
    let of_dwh = rule("dwh", of_namespace("dwh"), "C9");
    let alerts = [other, miss_of("a"), failure_of("c")];
    for alert in &alerts {
        append_alert(&log, alert).await;
    }
    let start = || start_role(&log, Delivery::slack(slack(&workspace, vec![of_dwh.clone()]), PATIENCE), now);
    let notifier = start();
    notifier.has_read(3).await;
    workspace.has_posted("C1", 1).await;
    workspace.has_posted("C2", 1).await;
    notifier.stop().await;
    let undelivered = undelivered(&log);
    let [waiting] = &undelivered.waiting[..] else { panic!("{undelivered:#?}") };
    assert_eq!((waiting.id, &*waiting.route), (alerts[0].id, "C9"));
    workspace.answer_in("C9", None);
    let notifier = start();
    notifier.has_committed(3).await;
    notifier.stop().await;
    assert_eq!(ids(&workspace.messages_in("C9")), ids_of(&[&alerts[0]]));
}

/// The same instant in a day has the same name.
#[test]
fn an_alert_that_is_decided_a_day_later_has_the_same_route() {
    let night = Conditions { times: Some(at_night()), ..Conditions::default() };
    let routes = routes(vec![rule("night", night, "C9")]);
    let alert = suspended();
    let later = Alert { decided_at: alert.decided_at + TimeDelta::days(1), ..alert.clone() };
    assert_eq!(to(&routes, &alert), to(&routes, &later));
    assert!(matches!(alert.body, AlertBody::SlotMissed { .. }));
}
