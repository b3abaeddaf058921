//! Mail: an incident is one conversation, a mail that comes twice has the same id, and a password is never sent without TLS.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kigen_log::EmbeddedLog;
use kigen_model::alert::Alert;
use kigen_notifier::receiver::email::{Email, Security};
use kigen_ops::Secret;

use crate::alerts::{attempt, failed, missed, of_batch, recovered, summary};
use crate::chaos::Random;
use crate::delivery::{RunningNotifier, append_alert, folder, open, undelivered};
use crate::queues::miss_of;
use crate::smtp::{Accepted, Fault, MailServer};
use crate::webhook::start_alone;

fn email(server: &MailServer, security: Security) -> Email {
    let to = ["Ops <ops@example.com>".to_owned(), "boss@example.com".to_owned()];
    let from = "kigen <kigen@example.com>";
    Email::new("email:ops", ("127.0.0.1", Some(server.port)), security, (from, &to)).expect("mailboxes")
}

fn start(log: &EmbeddedLog, server: &MailServer) -> RunningNotifier {
    start_alone(log, Arc::new(email(server, Security::None)))
}

fn id(accepted: &Accepted) -> String {
    accepted.header("Message-ID").expect("an id")
}

#[tokio::test]
async fn a_recovery_replies_to_the_mail_about_the_miss_also_after_a_restart() {
    let (dir, server) = (folder(), MailServer::start(&[], None).await);
    let log = open(dir.path());
    let miss = missed(failed("KeyError: '価格' password=hunter2"), Some(summary(Some(attempt()))));
    append_alert(&log, &miss).await;
    let notifier = start(&log, &server);
    notifier.has_committed(1).await;
    notifier.stop().await;
    append_alert(&log, &recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1)).await;
    let notifier = start(&log, &server);
    notifier.has_committed(2).await;
    notifier.stop().await;
    let [first, second] = &server.accepted()[..] else { panic!("two mails") };
    assert_eq!(
        (&*first.from, &first.to[..]),
        ("kigen@example.com", &["ops@example.com".to_owned(), "boss@example.com".to_owned()][..])
    );
    assert_eq!(id(first), format!("<{}@example.com>", miss.id));
    assert_eq!(first.header("In-Reply-To"), None);
    assert_eq!(second.header("In-Reply-To"), Some(id(first)));
    assert_eq!(second.header("References"), Some(id(first)));
    assert_eq!(first.header("Auto-Submitted").as_deref(), Some("auto-generated"));
    assert_eq!(first.header("Subject").as_deref(), Some("Missed: ml/recommend has no good result for 12:30"));
    assert!(second.header("Subject").expect("one").starts_with("Re: Recovered: ml/recommend"), "{second:?}");
    assert!(!first.mail.contains("hunter2"), "{}", first.mail);
    assert!(
        first.mail.contains("kubectl --context prod -n ml logs job/recommend-29380500"),
        "{}",
        first.mail
    );
}

#[tokio::test]
async fn what_the_server_refuses_for_now_is_sent_again_and_a_mail_without_an_answer_under_the_same_id() {
    let faults = [Fault::Refused(451), Fault::ClosedBefore, Fault::ClosedAfter];
    let (dir, server) = (folder(), MailServer::start(&faults, None).await);
    let log = open(dir.path());
    append_alert(&log, &miss_of("a")).await;
    let notifier = start(&log, &server);
    notifier.has_committed(1).await;
    notifier.stop().await;
    let ids: Vec<String> = server.accepted().iter().map(id).collect();
    assert_eq!(ids.len(), 2, "at least once: that is all that SMTP has");
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_mailbox_that_is_not_there_waits_for_a_person_and_a_mail_that_is_too_large_is_given_up() {
    let (dir, server) = (folder(), MailServer::start(&[], Some("boss@example.com")).await);
    let log = open(dir.path());
    append_alert(&log, &miss_of("a")).await;
    let notifier = start(&log, &server);
    notifier.has_read(1).await;
    notifier.stop().await;
    let waiting = undelivered(&log).waiting;
    let reason = &waiting[0].reason;
    assert!(
        reason.contains("email:ops refuses the alert") && reason.contains("there is no ops@"),
        "{reason}"
    );

    let (dir, server) = (folder(), MailServer::start(&[Fault::Refused(552)], None).await);
    let log = open(dir.path());
    append_alert(&log, &miss_of("a")).await;
    let notifier = start(&log, &server);
    notifier.has_committed(1).await;
    notifier.stop().await;
    assert_eq!((server.accepted().len(), undelivered(&log).failed.len()), (0, 1));
}

/// The fake has no TLS: a client that logs in without would be read by anyone on the way.
#[tokio::test]
async fn nothing_is_sent_to_a_server_without_the_tls_that_is_configured() {
    let (dir, server) = (folder(), MailServer::start(&[], None).await);
    let log = open(dir.path());
    append_alert(&log, &miss_of("a")).await;
    let email = email(&server, Security::StartTls).with_login("kigen", Secret::Text("right-1".to_owned()));
    assert!(!format!("{email:?}").contains("right-1"));
    let notifier = start_alone(&log, Arc::new(email));
    notifier.has_read(1).await;
    notifier.stop().await;
    assert_eq!(server.accepted().len(), 0);
    let lines = server.lines();
    assert!(lines.iter().all(|line| !line.starts_with("AUTH") && !line.starts_with("MAIL")), "{lines:?}");
    assert_eq!(undelivered(&log).waiting.len(), 1);
}

#[tokio::test]
async fn a_password_that_is_replaced_in_its_file_is_used_from_then_on() {
    let (dir, server) = (folder(), MailServer::start(&[], None).await);
    let log = open(dir.path());
    let path = dir.path().join("password");
    std::fs::write(&path, "wrong\n").expect("a file");
    append_alert(&log, &miss_of("a")).await;
    let email = email(&server, Security::None).with_login("kigen", Secret::File(path.clone()));
    let notifier = start_alone(&log, Arc::new(email));
    notifier.has_read(1).await;
    assert!(undelivered(&log).waiting[0].reason.contains("535"), "{:?}", undelivered(&log));
    std::fs::write(&path, "right-2\n").expect("a file");
    server.has(|accepted| accepted.len() == 1).await;
    notifier.has_committed(1).await;
    notifier.stop().await;
    assert_eq!(server.accepted()[0].login, Some(("kigen".to_owned(), "right-2".to_owned())));
}

/// Faults before and after a mail was accepted, and notifiers that are killed.
#[tokio::test]
async fn under_faults_and_kills_no_mail_is_lost_and_each_reply_names_the_first_of_its_incident() {
    for seed in 0..3 {
        let (dir, server) = (folder(), MailServer::start(&[], None).await);
        server.fail(100, seed);
        let (log, mut random) = (open(dir.path()), Random::new(seed));
        let recovery = recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1);
        let batches: Vec<String> = (0..15).map(|nth| format!("b{nth}")).collect();
        let incidents: Vec<[_; 2]> =
            batches.iter().map(|batch| [miss_of(batch), of_batch(&recovery, batch)]).collect();
        for alert in incidents.iter().flatten() {
            append_alert(&log, alert).await;
        }
        for _ in 0..5 {
            let notifier = start(&log, &server);
            tokio::time::sleep(Duration::from_millis(random.below(40))).await;
            notifier.kill().await;
        }
        let notifier = start(&log, &server);
        notifier.has_committed(30).await;
        notifier.stop().await;
        let mails: BTreeMap<String, Option<String>> =
            server.accepted().iter().map(|mail| (id(mail), mail.header("In-Reply-To"))).collect();
        let id_of = |alert: &Alert| format!("<{}@example.com>", alert.id);
        assert_eq!(mails.len(), 30, "seed {seed}");
        for [miss, recovery] in &incidents {
            assert_eq!(mails.get(&id_of(miss)), Some(&None), "seed {seed}");
            assert_eq!(mails.get(&id_of(recovery)), Some(&Some(id_of(miss))), "seed {seed}");
        }
    }
}
