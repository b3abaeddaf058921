//! Slack: the token, its scopes, each channel, a message for trial, and the alerts that were not accepted.

use std::time::Duration;

use kigen_log::LogReader;
use kigen_notifier::slack::client::Slack;
use kigen_notifier::slack::error::SlackError;
use kigen_notifier::slack::examine::ChannelState;
use kigen_notifier::undelivered::{self, AllUndelivered};
use kigen_ops::error_chain;

use super::results::Results;
use crate::config::Config;
use crate::config::slack::{Notify, SlackAccess};

/// The longest wait for Slack's answers to one check.
const SLACK_MS_MAX: u64 = 10_000;

/// The scope without which nothing is posted.
const WRITE: &str = "chat:write";
/// Those by which a message that may have been posted is found again, in a public or a private channel.
const READ: [[&str; 2]; 2] = [["channels:history", "groups:history"], ["channels:read", "groups:read"]];

/// Checks the token, its scopes and the channels. `is_trial`: also posts to each channel.
pub(super) async fn check(config: &Config, is_trial: bool, results: &mut Results) -> anyhow::Result<()> {
    let (token, routes, api_url) = match config.notify() {
        Ok(Notify::DryRun { .. }) => {
            return results.add("slack", Ok("not used: messages are printed".to_owned()));
        }
        Ok(Notify::Receivers { slack: None, .. }) => {
            return results.add("slack", Ok("not used: alerts go to other receivers".to_owned()));
        }
        Ok(Notify::Receivers { slack: Some(SlackAccess { token, api_url }), routes, .. }) => {
            (token, routes, api_url)
        }
        Err(error) => return results.add("slack", Err(error_chain(&error))),
    };
    let slack = match Slack::new(token, *routes, api_url.as_deref()) {
        Ok(slack) => slack,
        Err(error) => return results.add("slack", Err(error_chain(&error))),
    };
    let owner = in_time(slack.token_owner()).await;
    let is_valid = owner.is_ok();
    let owner = owner.map(|(bot, workspace)| format!("the token is that of {bot} in {workspace}"));
    results.add("slack", owner)?;
    if !is_valid {
        return Ok(());
    }
    results.add("slack scopes", in_time(slack.scopes()).await.and_then(scopes_text))?;
    for channel in slack.channels() {
        let state = in_time(slack.channel_state(&channel)).await;
        results.add(&format!("slack {channel}"), state.and_then(|state| channel_text(&channel, &state)))?;
        if is_trial {
            let posted = in_time(slack.post_trial(&channel, &config.cluster)).await;
            results.add(&format!("message to {channel}"), posted.map(|()| "posted".to_owned()))?;
        }
    }
    Ok(())
}

/// The alerts that no receiver has accepted.
pub(super) fn undelivered(reader: &(impl LogReader + ?Sized), results: &mut Results) -> anyhow::Result<()> {
    let outcome = match undelivered::read(reader) {
        Err(error) => Err(error_chain(&error)),
        Ok(AllUndelivered { waiting, failed }) => match (waiting.first(), failed.first()) {
            (None, None) => Ok("none waits".to_owned()),
            (Some(first), None) => Ok(format!(
                "note: {} wait, such as one for {}: {}",
                waiting.len(),
                first.channel,
                first.reason
            )),
            (_, Some(first)) => Err(format!(
                "{} were accepted by no receiver and are given up, such as one of {} for {}: {}. Correct that, then: kigen \
                 notify --retry",
                failed.len(),
                first.key,
                first.channel,
                first.reason
            )),
        },
    };
    results.add("alerts", outcome)
}

fn scopes_text(scopes: Option<Vec<String>>) -> Result<String, String> {
    let Some(scopes) = scopes else { return Ok("Slack does not name them".to_owned()) };
    let has = |wanted: &str| scopes.iter().any(|scope| scope == wanted);
    if !has(WRITE) {
        return Err(format!("the app lacks {WRITE}: add it to the app, and install the app again"));
    }
    let missing = READ.iter().filter(|either| !either.iter().any(|scope| has(scope)));
    let missing: Vec<String> =
        missing.map(|[public, private]| format!("{public} ({private} for a private channel)")).collect();
    Ok(match missing.is_empty() {
        true => scopes.join(", "),
        false => format!(
            "note: without {} a message that came to nothing known, as in a crash, may be posted twice; add these to the app, \
             and install it again",
            missing.join(" and ")
        ),
    })
}

fn channel_text(channel: &str, state: &ChannelState) -> Result<String, String> {
    match state {
        ChannelState::Member => Ok("the bot is in it".to_owned()),
        ChannelState::NotMember => Err(format!("the bot is not in it: invite it there, /invite @kigen in {channel}")),
        ChannelState::Archived => Err("it is archived: name another channel".to_owned()),
        ChannelState::Absent => Err(
            "there is no such channel that the bot sees: correct the name, and if it is private, invite the bot: /invite \
             @kigen"
                .to_owned(),
        ),
        ChannelState::Hidden => Ok(
            "note: whether the bot is in it cannot be read without channels:read (groups:read for a private channel); \
             `kigen doctor --test` posts a message"
                .to_owned(),
        ),
    }
}

/// The answer, or why there is none.
async fn in_time<T>(request: impl Future<Output = Result<T, SlackError>>) -> Result<T, String> {
    match tokio::time::timeout(Duration::from_millis(SLACK_MS_MAX), request).await {
        Ok(answer) => answer.map_err(|error| error_chain(&error)),
        Err(_) => Err(format!(
            "Slack did not answer within {SLACK_MS_MAX} ms: check that it is reachable from here"
        )),
    }
}
