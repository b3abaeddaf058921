//! Quiet hours: what may wait comes at their end as one message, over restarts and faults; what may not, comes at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::TimeDelta;
use kigen_log::EmbeddedLog;
use kigen_model::Instant;
use kigen_model::alert::Alert;
use kigen_model::objective::Severity;
use kigen_notifier::delivery::Delivery;
use kigen_notifier::dispatch::by_address;
use kigen_notifier::receiver::email::{Email, Security};
use kigen_notifier::routing::conditions::Conditions;
use kigen_notifier::routing::kind::Kind;
use kigen_notifier::routing::{Channels, Endpoint, Mention, Routes, Rule};
use kigen_notifier::slack::client::Slack;
use serde_json::Value as Json;

use crate::alerts::{at, of_batch, recovered};
use crate::delivery::{PATIENCE, RunningNotifier, append_alert, folder, open, start_role};
use crate::incidents::miss;
use crate::queues::{failure_of, ids_of, miss_of};
use crate::routing::{at_night, not_started, rule};
use crate::slack::{Answer, Workspace};
use crate::smtp::MailServer;

pub(crate) const CALM: &str = "C9";
/// 23:00 in Tokyo.
pub(crate) const NIGHT: &str = "2026-11-20T14:00:00Z";

/// A clock of a test, by seconds after [`NIGHT`].
macro_rules! clock {
    () => {{
        static SECONDS: AtomicI64 = AtomicI64::new(0);
        fn now() -> Instant {
            at(NIGHT) + TimeDelta::seconds(SECONDS.load(Ordering::Relaxed))
        }
        (&SECONDS, now as fn() -> Instant)
    }};
}

/// 07:00:06 in Tokyo.
pub(crate) const MORNING_S: i64 = 8 * 3_600 + 6;

/// At night, about an objective that can wait.
pub(crate) fn calm(alert: Alert) -> Alert {
    let mut alert = Alert { decided_at: at(NIGHT), ..alert };
    if let Some(objective) = &mut alert.objective {
        objective.severity = Severity::Warning;
    }
    alert
}

fn quiet_rule() -> Rule {
    let mentions = vec![Mention::Here];
    Rule { quiet: Some(at_night()), mentions, ..rule("calm", Conditions::default(), CALM) }
}

pub(crate) fn quiet_slack(workspace: &Workspace) -> Slack {
    let default = Channels { fatal: "C1".to_owned(), error: None, warning: None };
    let routes = Routes { rules: vec![quiet_rule()], ..Routes::from(default) };
    Slack::new("xoxb-1".to_owned(), routes, Some(&workspace.url)).expect("a client")
}

fn start(log: &EmbeddedLog, workspace: &Workspace, now: fn() -> Instant) -> RunningNotifier {
    start_role(log, Delivery::slack(quiet_slack(workspace), PATIENCE).with_clock(now), now)
}

fn text(message: &Json) -> &str {
    message["text"].as_str().expect("a text")
}

fn ids(messages: &[Json]) -> Vec<String> {
    crate::delivery::ids(messages).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn what_may_wait_comes_as_one_message_at_the_end_and_what_may_not_comes_at_once() {
    let (seconds, now) = clock!();
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    let recovery = calm(recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1));
    let alerts = [
        calm(miss_of("a")),
        failure_of("b"),
        calm(of_batch(&miss(1), "c")),
        Alert { decided_at: at(NIGHT), ..miss_of("fatal") },
        calm(of_batch(&recovery, "c")),
    ];
    let alerts = alerts.map(|alert| Alert { decided_at: at(NIGHT), ..alert });
    for alert in &alerts[..3] {
        append_alert(&log, alert).await;
    }
    let notifier = start(&log, &workspace, now);
    notifier.has_committed(3).await;
    notifier.stop().await;
    for alert in &alerts[3..] {
        append_alert(&log, alert).await;
    }
    let notifier = start(&log, &workspace, now);
    notifier.has_committed(5).await;
    assert_eq!(ids(&workspace.messages_in(CALM)), ids_of(&[&alerts[3]]), "of severity fatal");
    notifier.stop().await;
    seconds.store(MORNING_S, Ordering::Relaxed);
    let notifier = start(&log, &workspace, now);
    workspace.has_posted(CALM, 5).await;
    append_alert(&log, &calm(recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1))).await;
    notifier.has_committed(6).await;
    notifier.stop().await;
    let messages = workspace.messages_in(CALM);
    let [fatal, digest, a, b, c, reply @ ..] = &messages[..] else { panic!("{messages:#?}") };
    assert!(text(fatal).contains("Missed: ml/fatal"), "{}", text(fatal));
    assert!(
        text(digest)
            .contains("Digest: 3 alerts came in the quiet hours until 07:00 Asia/Tokyo, one of them is over")
            && text(digest).ends_with(" <!here>"),
        "{}",
        text(digest)
    );
    let shown = digest["blocks"].to_string();
    for line in ["Not over:", "ml/a has no good result", "Over by now:", "ml/c is done, 12 min late"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let in_thread = [a, b, c].map(|message| message["thread_ts"] == digest["ts"]);
    assert_eq!(in_thread, [true; 3]);
    assert!(text(c).contains("Recovered: ml/c") && !text(c).contains("<!here>"), "{}", text(c));
    assert!(!a["blocks"].to_string().contains("could not deliver it before"), "{a:#}");
    assert!(digest.get("thread_ts").is_none() && reply.len() <= 1, "{messages:#?}");
}

/// In the thread, where its message is.
#[tokio::test]
async fn what_follows_the_digest_updates_the_message_in_its_thread() {
    let (seconds, now) = clock!();
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    append_alert(&log, &calm(miss(1))).await;
    let notifier = start(&log, &workspace, now);
    notifier.has_committed(1).await;
    notifier.stop().await;
    seconds.store(MORNING_S, Ordering::Relaxed);
    let notifier = start(&log, &workspace, now);
    workspace.has_posted(CALM, 2).await;
    let later = Alert {
        decided_at: at(NIGHT) + TimeDelta::hours(10),
        ..calm(recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1))
    };
    append_alert(&log, &later).await;
    notifier.has_committed(2).await;
    notifier.stop().await;
    let messages = workspace.messages_in(CALM);
    let [digest, message, _reply] = &messages[..] else { panic!("{messages:#?}") };
    assert!(text(digest).contains("one alert came in the quiet hours"), "{}", text(digest));
    assert_eq!(message["thread_ts"], digest["ts"]);
    assert!(text(message).contains("Recovered: ml/recommend"), "{}", text(message));
}

/// Posted without an answer, and before a crash.
#[tokio::test]
async fn a_digest_whose_outcome_is_uncertain_is_posted_once() {
    for crashes in [false, true] {
        let (seconds, now) = clock!();
        seconds.store(0, Ordering::Relaxed);
        let answer = if crashes { Answer::Held } else { Answer::PostedAndBroken };
        let (dir, workspace) = (folder(), Workspace::answering(&[answer]).await);
        let log = open(dir.path());
        let misses = ["a", "b"].map(|batch| calm(miss_of(batch)));
        for miss in &misses {
            append_alert(&log, miss).await;
        }
        let notifier = start(&log, &workspace, now);
        notifier.has_committed(2).await;
        notifier.stop().await;
        seconds.store(MORNING_S, Ordering::Relaxed);
        let mut notifier = start(&log, &workspace, now);
        if crashes {
            workspace.has_posted(CALM, 1).await;
            notifier.kill().await;
            notifier = start(&log, &workspace, now);
        }
        workspace.has_posted(CALM, 3).await;
        append_alert(&log, &Alert { decided_at: now(), ..miss_of("day") }).await;
        notifier.has_committed(3).await;
        notifier.stop().await;
        let messages = workspace.messages_in(CALM);
        let of_channel: Vec<&Json> =
            messages.iter().filter(|message| message.get("thread_ts").is_none()).collect();
        assert_eq!((messages.len(), of_channel.len()), (4, 2), "{crashes}: {messages:#?}");
    }
}

/// The person on call is woken by what the warning only feared.
#[tokio::test]
async fn a_warning_that_was_held_back_and_comes_true_for_a_fatal_objective_is_a_message_at_once() {
    let (seconds, now) = clock!();
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    append_alert(&log, &Alert { decided_at: at(NIGHT), ..not_started() }).await;
    append_alert(&log, &Alert { decided_at: at(NIGHT), ..miss(1) }).await;
    append_alert(&log, &calm(miss_of("other"))).await;
    let notifier = start(&log, &workspace, now);
    notifier.has_committed(3).await;
    let messages = workspace.messages_in(CALM);
    let [missed] = &messages[..] else { panic!("{messages:#?}") };
    assert!(text(missed).contains("Missed: ml/recommend"), "{}", text(missed));
    notifier.stop().await;
    seconds.store(MORNING_S, Ordering::Relaxed);
    let notifier = start(&log, &workspace, now);
    workspace.has_posted(CALM, 3).await;
    notifier.stop().await;
    let digest = &workspace.messages_in(CALM)[1];
    assert!(text(digest).contains("one alert came"), "{}", text(digest));
}

/// The digest is due while the notifier runs, and nothing else happens.
#[tokio::test]
async fn a_digest_comes_by_itself() {
    fn now() -> Instant {
        use std::sync::OnceLock;
        static BEGAN: OnceLock<std::time::Instant> = OnceLock::new();
        let began = BEGAN.get_or_init(std::time::Instant::now);
        // The last second before its time.
        at("2026-11-20T22:00:04Z") - TimeDelta::seconds(6)
            + TimeDelta::from_std(began.elapsed()).expect("short")
    }
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let log = open(dir.path());
    append_alert(&log, &calm(miss_of("a"))).await;
    let notifier = start(&log, &workspace, now);
    notifier.has_committed(1).await;
    assert!(workspace.messages_in(CALM).is_empty());
    workspace.has_posted(CALM, 2).await;
    notifier.stop().await;
}

#[tokio::test]
async fn a_digest_by_mail_is_one_mail_and_a_later_recovery_replies_to_it() {
    let (seconds, now) = clock!();
    let (dir, server) = (folder(), MailServer::start(&[], None).await);
    let log = open(dir.path());
    let to = ["Ops <ops@example.com>".to_owned()];
    let from = "kigen <kigen@example.com>";
    let email = || {
        Email::new("email:ops", ("127.0.0.1", Some(server.port)), Security::None, (from, &to))
            .expect("mailboxes")
    };
    let start = || {
        let endpoint = Endpoint {
            address: "email:ops".to_owned(),
            kinds: Kind::ALL.to_vec(),
            language: None,
            quiet: Some(at_night()),
        };
        let routes = Routes {
            default: None,
            endpoints: vec![endpoint],
            rules: Vec::new(),
            language: Default::default(),
        };
        let receivers = by_address([("ops".to_owned(), Arc::new(email()) as Arc<_>)]);
        start_role(&log, Delivery::receivers(None, receivers, routes, PATIENCE).with_clock(now), now)
    };
    append_alert(&log, &calm(miss(1))).await;
    append_alert(&log, &calm(miss_of("b"))).await;
    let notifier = start();
    notifier.has_committed(2).await;
    assert!(server.accepted().is_empty());
    notifier.stop().await;
    seconds.store(MORNING_S, Ordering::Relaxed);
    let notifier = start();
    let later = Alert {
        decided_at: at(NIGHT) + TimeDelta::hours(10),
        ..calm(recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1))
    };
    server.has(|accepted| accepted.len() == 1).await;
    append_alert(&log, &later).await;
    notifier.has_committed(3).await;
    notifier.stop().await;
    let accepted = server.accepted();
    let [digest, recovery] = &accepted[..] else { panic!("{accepted:#?}") };
    let subject = digest.header("Subject").expect("one");
    assert!(subject.starts_with("Digest: 2 alerts came in the quiet hours until 07:00"), "{subject}");
    assert_eq!(recovery.header("In-Reply-To"), digest.header("Message-ID"));
}
