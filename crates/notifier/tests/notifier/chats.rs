//! Microsoft Teams and Discord: what the cluster writes is no markup there and notifies no one, and the services' limits hold.

use std::sync::Arc;

use axum::http::Method;
use kigen_notifier::receiver::Receiver;
use kigen_notifier::receiver::discord::Discord;
use kigen_notifier::receiver::teams::Teams;
use kigen_ops::Secret;
use serde_json::{Value as Json, json};

use crate::alerts::{attempt, failed, missed, recovered, summary};
use crate::delivery::{append_alert, folder, open, undelivered};
use crate::endpoint::{Fault, Received, Service};
use crate::queues::miss_of;
use crate::webhook::{json, start_alone};

/// "Embed Limits" and "Execute Webhook" of Discord's documentation.
fn discord(received: &Received) -> (u16, String) {
    let path = received.uri.to_string();
    if received.method != Method::POST || path != "/api/webhooks/1/c0ffee?wait=true" {
        return (404, String::new());
    }
    let message = json(received);
    let units = |value: &Json| value.as_str().map_or(0, |text| text.encode_utf16().count());
    let [embed] = &message["embeds"].as_array().map(Vec::as_slice).unwrap_or_default() else {
        return (400, "an embed is missing".to_owned());
    };
    let fields = embed["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of_fields = fields.iter().map(|field| units(&field["name"]) + units(&field["value"])).sum::<usize>();
    let whole =
        units(&embed["title"]) + units(&embed["description"]) + units(&embed["footer"]["text"]) + of_fields;
    let is_valid = (1..=256).contains(&units(&embed["title"]))
        && units(&embed["description"]) <= 4_096
        && units(&embed["footer"]["text"]) <= 2_048
        && fields.len() <= 25
        && fields.iter().all(|field| {
            (1..=256).contains(&units(&field["name"])) && (1..=1_024).contains(&units(&field["value"]))
        })
        && whole <= 6_000
        && message["allowed_mentions"] == json!({ "parse": [] });
    match is_valid {
        true => (200, json!({ "id": "42" }).to_string()),
        false => (400, "Invalid Form Body".to_owned()),
    }
}

/// The limit of a message by a workflow's webhook, and the parts of an adaptive card.
fn teams(received: &Received) -> (u16, String) {
    if received.body.len() > 28 * 1024 {
        return (413, String::new());
    }
    let message = json(received);
    let attachment = &message["attachments"][0];
    let body = attachment["content"]["body"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_valid = message["type"] == "message"
        && attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
        && attachment["content"]["type"] == "AdaptiveCard"
        && !body.is_empty()
        && body.iter().all(|block| {
            matches!(block["type"].as_str(), Some("TextBlock" | "RichTextBlock" | "FactSet"))
                && (block["type"] != "TextBlock"
                    || block["text"].as_str().is_some_and(|text| !text.is_empty()))
        });
    if is_valid { (202, String::new()) } else { (400, "Bad payload received".to_owned()) }
}

fn discord_of(service: &Service) -> Arc<dyn Receiver> {
    let url = Secret::Text(format!("{}/api/webhooks/1/c0ffee", service.url));
    Arc::new(Discord::new("discord:ops", url))
}

fn teams_of(service: &Service) -> Arc<dyn Receiver> {
    let url = Secret::Text(format!("{}/workflows/c0ffee?sig=hidden", service.url));
    Arc::new(Teams::new("teams:ops", url))
}

#[tokio::test]
async fn a_miss_and_its_recovery_are_a_message_each() {
    for of in [discord_of as fn(&Service) -> Arc<dyn Receiver>, teams_of] {
        let rules = if of(&Service::start(teams, &[]).await).kind() == "teams" { teams } else { discord };
        let (dir, service) =
            (folder(), Service::start(rules, &[Fault::TooMany(0), Fault::Before(502)]).await);
        let log = open(dir.path());
        let miss = missed(failed("KeyError: 'price'"), Some(summary(Some(attempt()))));
        let recovery = recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1);
        for alert in [&miss, &recovery] {
            append_alert(&log, alert).await;
        }
        let receiver = of(&service);
        assert!(!format!("{receiver:?}").contains("c0ffee"), "{receiver:?}");
        let notifier = start_alone(&log, receiver);
        notifier.has_committed(2).await;
        notifier.stop().await;
        let accepted = service.accepted();
        assert_eq!(accepted.len(), 2);
        assert!(
            accepted[0].body.contains("Missed: ml/recommend has no good result for 12:30"),
            "{accepted:?}"
        );
        assert!(accepted[1].body.contains("Recovered: ml/recommend"), "{accepted:?}");
        assert!(accepted[0].body.contains("kubectl --context prod -n ml logs"), "{accepted:?}");
    }
}

/// The fakes refuse what is too long, and Discord what could notify someone.
#[tokio::test]
async fn whatever_the_cluster_writes_the_message_is_accepted_and_is_no_markup() {
    for piece in [
        "&",
        "<at>all</at>",
        "`",
        "\u{1f534}",
        "*",
        "```\n",
        "[click](https://evil.example.com)",
        "@everyone ",
        "\\",
    ] {
        for of in [discord_of as fn(&Service) -> Arc<dyn Receiver>, teams_of] {
            let rules = if of(&Service::start(teams, &[]).await).kind() == "teams" { teams } else { discord };
            let (dir, service) = (folder(), Service::start(rules, &[]).await);
            let log = open(dir.path());
            let text = piece.repeat(3_000);
            let mut alert = missed(failed(&text), Some(summary(Some(attempt()))));
            let objective = alert.objective.as_mut().expect("it has one");
            (objective.owner, objective.runbook) = (Some(text.clone()), Some(text.clone()));
            append_alert(&log, &alert).await;
            let notifier = start_alone(&log, of(&service));
            notifier.has_committed(1).await;
            notifier.stop().await;
            assert_eq!(undelivered(&log).failed.len(), 0, "{piece:?}: {:?}", undelivered(&log).failed);
            let card = &json(&service.accepted()[0])["attachments"][0]["content"]["body"];
            let blocks = card.as_array().map(Vec::as_slice).unwrap_or_default();
            // What is code is no markup.
            let read = blocks.iter().filter(|block| block["type"] != "RichTextBlock").map(Json::to_string);
            let read = read.collect::<String>();
            assert!(!read.contains("<at>") && !read.contains("[click]"), "{piece:?}: {read}");
        }
    }
}

#[tokio::test]
async fn discord_has_in_its_answer_for_how_long_it_wants_nothing() {
    let limited: fn(&Received) -> (u16, String) = |_| (429, json!({ "retry_after": 300.5 }).to_string());
    let (dir, service) = (folder(), Service::start(limited, &[]).await);
    let log = open(dir.path());
    for alert in [miss_of("a"), miss_of("b")] {
        append_alert(&log, &alert).await;
    }
    let notifier = start_alone(&log, discord_of(&service));
    notifier.has_read(2).await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    notifier.stop().await;
    assert_eq!(service.received().len(), 1, "the second one waits without a request");
}
