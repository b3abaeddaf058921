//! Slack's errors: which are transient, and what a person must change for the others.

use std::path::PathBuf;
use std::time::Duration;

use kigen_ops::error_chain;
use slack_morphism::errors::SlackClientError;

use crate::failure::{Failure, Remedy};
use crate::language::{Language, phrase};

/// Why a request to Slack failed.
#[derive(Debug, thiserror::Error)]
pub enum SlackError {
    /// This machine can make no TLS connection.
    #[error("Slack cannot be reached: this machine's certificates cannot be read")]
    Certificates(#[source] std::io::Error),
    /// The file of the token cannot be read.
    #[error("Slack's token_file {} cannot be read", path.display())]
    Token {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Transient: a retry may succeed.
    #[error("Slack did not take the message")]
    Retry {
        /// The `Retry-After` of a rate limit.
        after: Option<Duration>,
        /// Why.
        source: Box<SlackClientError>,
    },
    /// Transient; whether the message was posted is not known.
    #[error("Slack has not answered in {waited_ms} ms")]
    Silent {
        /// The timeout, in milliseconds.
        waited_ms: u64,
    },
    /// Fails until a person has changed something.
    #[error("Slack refuses the message ({code}): {advice}")]
    Refused {
        /// Slack's error code.
        code: String,
        /// What to do.
        advice: String,
    },
}

impl SlackError {
    /// What the client's error about this channel means.
    pub(super) fn of(channel: &str, error: SlackClientError) -> Self {
        match error {
            SlackClientError::ApiError(error) if !is_transient(&error.code) => {
                Self::Refused { advice: advice(Language::ENGLISH, channel, &error.code), code: error.code }
            }
            SlackClientError::RateLimitError(error) => Self::Retry {
                after: error.retry_after,
                source: Box::new(SlackClientError::RateLimitError(error)),
            },
            error => Self::Retry { after: None, source: Box::new(error) },
        }
    }

    /// The id of a channel that is given by name cannot be found.
    pub(super) fn unlisted(channel: &str) -> Self {
        Self::Refused {
            code: "unlisted".to_owned(),
            advice: format!(
                "the id of {channel} is not known: add channels:read to the app (groups:read for a private channel) and \
                 invite the bot, or configure the channel's id instead of its name"
            ),
        }
    }

    /// Whether a channel rejects whatever the bot posts there, until a person has changed something.
    pub(crate) fn is_of_channel(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if rejects_all(code))
    }

    /// Whether a message cannot be updated, replied to or referred to any more: it was deleted, or its channel has gone.
    pub(crate) fn is_of_message(&self) -> bool {
        self.is_of_channel() || matches!(self, Self::Refused { code, .. } if ends_message(code))
    }

    /// Whether Slack refuses the message for what it contains, wherever it is posted: nothing that a person changes in Slack lets
    /// it through.
    pub(crate) fn is_of_content(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if is_about_content(code))
    }

    /// It, of a message for this channel, as a message has it.
    pub(crate) fn text(&self, language: Language, channel: &str) -> String {
        match self {
            Self::Refused { code, .. } => {
                let advice = advice(language, channel, code);
                phrase!(language, "refused", code = code, advice = advice)
            }
            Self::Certificates(_) | Self::Token { .. } | Self::Retry { .. } | Self::Silent { .. } => {
                error_chain(self)
            }
        }
    }

    /// Its label in the metrics.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Certificates(_) => "certificates",
            Self::Token { .. } => "token",
            Self::Retry { .. } => "retry",
            Self::Silent { .. } => "silent",
            Self::Refused { .. } => "refused",
        }
    }
}

impl From<SlackError> for Failure {
    fn from(error: SlackError) -> Self {
        let remedy = match &error {
            SlackError::Retry { after: Some(after), .. } => Remedy::WaitFor(*after),
            SlackError::Retry { after: None, .. } | SlackError::Silent { .. } | SlackError::Token { .. } => {
                Remedy::Wait
            }
            SlackError::Refused { .. } if error.is_of_content() => Remedy::Content,
            SlackError::Refused { .. } | SlackError::Certificates(_) => Remedy::Repair,
        };
        Self { reason: error_chain(&error), label: error.label(), remedy }
    }
}

/// What a person must change.
fn advice(language: Language, channel: &str, code: &str) -> String {
    let id = match code {
        "channel_not_found" => "advice-channel-not-found",
        "not_in_channel" => "advice-not-in-channel",
        "is_archived" => "advice-archived",
        "invalid_auth" | "not_authed" | "account_inactive" | "token_revoked" | "token_expired" => {
            return phrase!(language, "advice-token");
        }
        "restricted_action"
        | "restricted_action_read_only_channel"
        | "restricted_action_thread_only_channel"
        | "no_permission" => "advice-restricted",
        "missing_scope" => return phrase!(language, "advice-scope"),
        _ => return phrase!(language, "advice-other"),
    };
    phrase!(language, id, channel = channel)
}

/// The error codes of a channel that accepts no message of the bot. Source: the errors of `chat.postMessage`.
fn rejects_all(code: &str) -> bool {
    matches!(
        code,
        "channel_not_found"
            | "not_in_channel"
            | "is_archived"
            | "restricted_action"
            | "restricted_action_read_only_channel"
            | "restricted_action_thread_only_channel"
            | "no_permission"
            | "team_access_not_granted"
    )
}

/// The error codes of a message that can be neither updated nor replied to. Source: the errors of `chat.update`, of
/// `chat.getPermalink` and of `chat.postMessage` with a thread.
fn ends_message(code: &str) -> bool {
    matches!(
        code,
        "message_not_found"
            | "cant_update_message"
            | "edit_window_closed"
            | "is_inactive"
            | "thread_not_found"
            | "cannot_reply_to_message"
            | "restricted_action_non_threadable_channel"
            | "restricted_action_thread_locked"
    )
}

/// The error codes of a message that Slack accepts nowhere. Source: the errors of `chat.postMessage` and `chat.update`.
fn is_about_content(code: &str) -> bool {
    matches!(
        code,
        "msg_too_long"
            | "msg_blocks_too_long"
            | "no_text"
            | "invalid_blocks"
            | "invalid_blocks_format"
            | "invalid_metadata_format"
            | "invalid_metadata_schema"
            | "metadata_too_large"
            | "too_many_attachments"
            | "markdown_text_conflict"
    )
}

/// The error codes that Slack documents as transient.
fn is_transient(code: &str) -> bool {
    matches!(
        code,
        "ratelimited"
            | "rate_limited"
            | "internal_error"
            | "fatal_error"
            | "service_unavailable"
            | "request_timeout"
            | "team_added_to_org"
    )
}
