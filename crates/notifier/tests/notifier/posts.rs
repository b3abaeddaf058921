//! The requests to `chat.postMessage`, and what its responses mean.

use expect_test::{Expect, expect};
use kigen_model::alert::Alert;
use kigen_model::slot::Cause;
use kigen_notifier::routing::Channels;
use kigen_notifier::slack::client::{Place, Slack};
use kigen_notifier::slack::error::SlackError;
use kigen_ops::Secret;
use serde_json::Value as Json;

use crate::alerts::{attempt, failed, missed, recovered, render, run_failed, summary};
use crate::slack::{Answer, Workspace};

const TOKEN: &str = "xoxb-not-a-real-token";

fn slack(workspace: &Workspace) -> Slack {
    Slack::new(TOKEN.to_owned(), channels(None), Some(&workspace.url)).expect("a client")
}

fn channels(error: Option<&str>) -> Channels {
    Channels { fatal: "#alerts".to_owned(), error: error.map(str::to_owned), warning: None }
}

/// The request for an alert.
async fn sent(alert: &Alert) -> Json {
    let workspace = Workspace::answering(&[]).await;
    slack(&workspace).post(Place::Channel("#alerts"), alert, &render(alert)).await.expect("it is posted");
    workspace.requests().remove(0).1
}

#[tokio::test]
async fn a_message_has_a_line_for_the_lock_screen_and_blocks_for_the_rest() {
    let sent = sent(&missed(failed("KeyError: 'price'"), Some(summary(Some(attempt()))))).await;
    expect![[r##"
        {
          "blocks": [
            {
              "text": {
                "text": ":red_circle: *Missed: ml/recommend has no good result for 12:30*\ndeadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod",
                "type": "mrkdwn",
                "verbatim": true
              },
              "type": "section"
            },
            {
              "text": {
                "text": "Its run failed after 3 attempts: BackoffLimitExceeded. The last one ended with exit code 1.\nThe last 4 good runs took 9 min to 10 min.\nTo do: repair what its error or its log shows, and repeat the run.",
                "type": "mrkdwn",
                "verbatim": true
              },
              "type": "section"
            },
            {
              "text": {
                "text": "```KeyError: 'price'```",
                "type": "mrkdwn",
                "verbatim": true
              },
              "type": "section"
            },
            {
              "text": {
                "text": "*Job:* recommend-29380500\n*Pod:* recommend-29380500-x7k2p on node-1\n*Owner:* recommend-team\n*Objective:* `complete by \"30 12 * * *\" Asia/Tokyo`\n*Runbook:* <https://wiki.example.com/recommend?a=1&amp;b=2>\n*Look:* `kubectl --context prod -n ml logs job/recommend-29380500`\n*Repeat:* `kubectl --context prod -n ml create job --from=cronjob/recommend recommend-again-1120-1230`",
                "type": "mrkdwn",
                "verbatim": true
              },
              "type": "section"
            }
          ],
          "channel": "#alerts",
          "metadata": {
            "event_payload": {
              "id": "2547ecf5-e7e0-57ea-bffe-53e656140c4f"
            },
            "event_type": "kigen_alert"
          },
          "text": ":red_circle: Missed: ml/recommend has no good result for 12:30: KeyError: 'price' · recommend-team (deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod)",
          "unfurl_links": false,
          "unfurl_media": false
        }"##]].assert_eq(&format!("{sent:#}"));
}

#[tokio::test]
async fn text_from_the_cluster_can_form_no_mention_and_no_link() {
    let error = "<!channel> ``` <https://evil.example.com|click> & password=hunter2";
    let sent = sent(&missed(failed(error), None)).await;
    expect!["```&lt;!channel&gt; ''' &lt;https://evil.example.com|click&gt; &amp; password=[hidden]```"]
        .assert_eq(sent["blocks"][2]["text"]["text"].as_str().expect("a section of text"));
}

#[tokio::test]
async fn an_error_that_grows_by_escaping_stays_in_its_code_block() {
    let sent = sent(&missed(failed(&format!("{}the end", "&".repeat(1_190))), None)).await;
    let text = sent["blocks"][2]["text"]["text"].as_str().expect("a section of text");
    assert!(text.len() <= 3_000 && text.starts_with("```…&amp;") && text.ends_with("the end```"), "{text}");
}

#[tokio::test]
async fn the_token_is_sent_as_a_bearer_token_and_printed_nowhere() {
    let workspace = Workspace::answering(&[Answer::Error("invalid_auth")]).await;
    let alert = missed(Cause::Suspended, None);
    let error = slack(&workspace)
        .post(Place::Channel("#alerts"), &alert, &render(&alert))
        .await
        .expect_err("it is refused");
    assert!(!format!("{error} {error:?}").contains(TOKEN));
    let (headers, body) = workspace.requests().remove(0);
    assert_eq!(headers["authorization"], format!("Bearer {TOKEN}"));
    assert!(!body.to_string().contains(TOKEN));
}

#[tokio::test]
async fn a_reply_goes_into_its_thread_and_to_the_channel() {
    let workspace = Workspace::answering(&[]).await;
    let (first, second) =
        (missed(Cause::Suspended, None), recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1));
    let slack = slack(&workspace);
    let posted = slack
        .post(Place::Channel(&slack.routes().targets(&first)[0].channel), &first, &render(&first))
        .await
        .expect("it is posted");
    let place = Place::Thread { of: &posted, is_broadcast: true };
    slack.post(place, &second, &render(&second)).await.expect("it is posted");
    let channel = workspace.channel();
    assert_eq!(channel[1]["thread_ts"], channel[0]["ts"]);
    assert_eq!(channel[1]["reply_broadcast"], true);
}

#[tokio::test]
async fn a_failed_run_is_posted_in_the_error_channel() {
    let workspace = Workspace::answering(&[]).await;
    let slack =
        Slack::new(TOKEN.to_owned(), channels(Some("#errors")), Some(&workspace.url)).expect("a client");
    for alert in [run_failed("KeyError: 'price'"), missed(Cause::Suspended, None)] {
        slack
            .post(Place::Channel(&slack.routes().targets(&alert)[0].channel), &alert, &render(&alert))
            .await
            .expect("it is posted");
    }
    let channel = workspace.channel();
    assert_eq!((&channel[0]["channel"], &channel[1]["channel"]), (&"C0ERRORS".into(), &"C0ALERTS".into()));
}

async fn check(answer: Answer, expected: Expect) {
    let workspace = Workspace::answering(&[answer]).await;
    let alert = missed(Cause::Suspended, None);
    let error = slack(&workspace)
        .post(Place::Channel("#alerts"), &alert, &render(&alert))
        .await
        .expect_err("it is not posted");
    let fate = match &error {
        SlackError::Certificates(_) | SlackError::Token { .. } => "never",
        SlackError::Retry { after: Some(after), .. } => &format!("again after {} s", after.as_secs()),
        SlackError::Retry { after: None, .. } | SlackError::Silent { .. } => "again",
        SlackError::Refused { .. } => "until a person has changed something",
    };
    let source = std::error::Error::source(&error).map_or(String::new(), |source| format!(": {source}"));
    expected.assert_eq(&format!("{fate}: {error}{source}"));
}

#[tokio::test]
async fn a_transient_error_is_retried() {
    check(
        Answer::TooMany(17),
        expect![[r#"
        again after 17 s: Slack did not take the message: Slack API rate limit error: ratelimited
        Body: '{"error":"ratelimited","ok":false}'. Retry after: `Some(17s)`"#]],
    )
    .await;
    check(Answer::Broken, expect!["again: Slack did not take the message: Slack HTTP error status: 500 Internal Server Error. Body: ''"]).await;
    check(
        Answer::Error("internal_error"),
        expect![[r#"
        again: Slack did not take the message: Slack API error: internal_error
        Body: '{"error":"internal_error","ok":false}'"#]],
    )
    .await;
    check(
        Answer::Error("ratelimited"),
        expect![[r#"
        again: Slack did not take the message: Slack API error: ratelimited
        Body: '{"error":"ratelimited","ok":false}'"#]],
    )
    .await;
}

#[tokio::test]
async fn a_permanent_error_advises_what_to_change() {
    check(Answer::Error("channel_not_found"), expect!["until a person has changed something: Slack refuses the message (channel_not_found): there is no channel #alerts that the bot sees; check its name, and invite the bot if it is private: /invite @kigen"]).await;
    check(Answer::Error("not_in_channel"), expect!["until a person has changed something: Slack refuses the message (not_in_channel): invite the bot in #alerts: /invite @kigen"]).await;
    check(Answer::Error("is_archived"), expect!["until a person has changed something: Slack refuses the message (is_archived): #alerts is archived; name another channel"]).await;
    check(Answer::Error("invalid_auth"), expect!["until a person has changed something: Slack refuses the message (invalid_auth): the token is not valid (any more); set KIGEN_SLACK_TOKEN, or write into the token_file, the bot token of the app (xoxb-...)"]).await;
    check(Answer::Error("missing_scope"), expect!["until a person has changed something: Slack refuses the message (missing_scope): the app lacks a scope; add chat:write and install it again"]).await;
    check(Answer::Error("msg_too_long"), expect!["until a person has changed something: Slack refuses the message (msg_too_long): see the documentation of chat.postMessage for this word"]).await;
}

#[tokio::test]
async fn a_token_that_is_replaced_in_its_file_is_used_from_then_on() {
    let workspace = Workspace::answering(&[]).await;
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("token");
    let token = Secret::File(path.clone());
    assert!(!format!("{token:?} {:?}", Secret::Text("xoxb-1".to_owned())).contains("xoxb-1"));
    let slack = Slack::new(token, channels(None), Some(&workspace.url)).expect("a client");
    let alert = missed(Cause::Suspended, None);
    let unread =
        slack.post(Place::Channel(&slack.routes().targets(&alert)[0].channel), &alert, &render(&alert)).await;
    assert!(matches!(unread, Err(SlackError::Token { .. })), "{unread:?}");
    for token in ["xoxb-1", "xoxb-2"] {
        std::fs::write(&path, format!("{token}\n")).expect("a file");
        slack
            .post(Place::Channel(&slack.routes().targets(&alert)[0].channel), &alert, &render(&alert))
            .await
            .expect("it is posted");
        let (headers, _) = workspace.requests().pop().expect("a request");
        assert_eq!(headers["authorization"], format!("Bearer {token}"));
    }
}

/// The fake refuses what Slack does: sections, blocks and texts that are too long.
#[tokio::test]
async fn whatever_the_cluster_writes_slack_accepts_the_message() {
    for piece in ["&", "<", "`", "\u{1f534}", "*", "```\n", "x\n", "a ", "\u{202e}"] {
        let text = piece.repeat(20_000);
        let workspace = Workspace::answering(&[]).await;
        let mut alert = missed(failed(&text), Some(summary(Some(attempt()))));
        alert.key.batch = text.clone();
        let objective = alert.objective.as_mut().expect("it has one");
        (objective.owner, objective.runbook) = (Some(text.clone()), Some(text.clone()));
        slack(&workspace)
            .post(Place::Channel("#alerts"), &alert, &render(&alert))
            .await
            .unwrap_or_else(|error| panic!("{piece:?}: {error}"));
        let sent = &workspace.channel()[0];
        assert!(sent["blocks"].to_string().contains("*Look:* `kubectl "), "{piece:?}");
        let code = sent["blocks"].as_array().expect("blocks").iter();
        let code = code.filter_map(|block| block["text"]["text"].as_str());
        for section in code.filter(|section| section.starts_with("```")) {
            assert!(section.ends_with("```") && section.len() > 6, "{piece:?}: {section}");
        }
    }
}
