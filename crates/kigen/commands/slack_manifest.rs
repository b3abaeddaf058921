//! `kigen slack manifest`: the manifest of a Slack app, with the least scopes for what is configured.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::config::Config;
use crate::output::print;

/// Posts messages, and edits its own.
const WRITE: &str = "chat:write";
/// Finds a message again that may have been posted: in the history of a channel, which is read by the channel's id.
const HISTORY: [&str; 2] = ["channels:history", "groups:history"];
/// Finds the id of a channel that is given by its name.
const READ: [&str; 2] = ["channels:read", "groups:read"];

/// Prints the manifest as JSON, which Slack's page for a new app takes.
pub(crate) fn run(config: &Config, is_private: bool) -> anyhow::Result<()> {
    // Before a channel is configured it may become one that is given by its name.
    let channels = config.routes().map(|routes| routes.slack_channels()).unwrap_or_default();
    let text = serde_json::to_string_pretty(&manifest(&channels, is_private))?;
    print(&format!("{text}\n"))
}

/// An app for one workspace: one that is distributed may read a history only once a minute.
fn manifest(channels: &BTreeSet<String>, is_private: bool) -> Value {
    let kinds = if is_private { &[0, 1][..] } else { &[0] };
    let mut scopes = vec![WRITE];
    scopes.extend(kinds.iter().map(|kind| HISTORY[*kind]));
    if channels.is_empty() || channels.iter().any(|channel| !is_id(channel)) {
        scopes.extend(kinds.iter().map(|kind| READ[*kind]));
    }
    json!({
        "display_information": {
            "name": "kigen",
            "description": "Alerts when the result of a batch job was not there when it was needed",
        },
        "features": { "bot_user": { "display_name": "kigen", "always_online": true } },
        "oauth_config": { "scopes": { "bot": scopes } },
        "settings": {
            "org_deploy_enabled": false,
            "socket_mode_enabled": false,
            "token_rotation_enabled": false,
        },
    })
}

/// Whether it is an id and not a name, which has no capitals.
fn is_id(channel: &str) -> bool {
    channel.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(channels: &[&str], is_private: bool) -> String {
        let channels = channels.iter().map(|channel| (*channel).to_owned()).collect();
        manifest(&channels, is_private)["oauth_config"]["scopes"]["bot"].to_string()
    }

    #[test]
    fn the_scopes_are_the_least_that_the_channels_need() {
        assert_eq!(scopes(&[], false), r#"["chat:write","channels:history","channels:read"]"#);
        assert_eq!(scopes(&["C0123"], false), r#"["chat:write","channels:history"]"#);
        assert_eq!(
            scopes(&["C0123", "#errors"], false),
            r#"["chat:write","channels:history","channels:read"]"#
        );
        assert_eq!(
            scopes(&["#alerts"], true),
            r#"["chat:write","channels:history","groups:history","channels:read","groups:read"]"#
        );
        assert_eq!(scopes(&["G0123"], true), r#"["chat:write","channels:history","groups:history"]"#);
    }
}
