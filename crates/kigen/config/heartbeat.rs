//! The setting of the heartbeat: a URL, which is a secret.

use kigen_ops::Secret;
use ureq::http::Uri;

use super::error::ConfigError;
use super::file::HeartbeatFile;
use super::show::show as show_key;
use crate::cli::SettingsArgs;

/// The URL; `None`: there is no heartbeat. Environment and flags override the file.
pub(super) fn url(args: &SettingsArgs, file: HeartbeatFile) -> Result<Option<Secret>, ConfigError> {
    let given = match (&args.heartbeat_url, &args.heartbeat_url_file) {
        (None, None) => (file.url, file.url_file),
        (url, path) => (url.clone(), path.clone()),
    };
    match given {
        (Some(_), Some(_)) => Err(ConfigError::TwoHeartbeats),
        (Some(url), None) => {
            check(&url)?;
            Ok(Some(Secret::Text(url)))
        }
        (None, path) => Ok(path.map(Secret::File)),
    }
}

fn check(url: &str) -> Result<(), ConfigError> {
    let uri = url.parse::<Uri>().map_err(|_| ConfigError::HeartbeatUrl { problem: "is no URL" })?;
    match uri.scheme_str() {
        Some("http" | "https") => Ok(()),
        _ => Err(ConfigError::HeartbeatUrl { problem: "does not begin with https:// or http://" }),
    }
}

/// Its part of the file, with the URL hidden.
pub(super) fn show(text: &mut String, url: Option<&Secret>) {
    text.push_str("\n[heartbeat]\n");
    let file = url.and_then(Secret::path).map(|path| path.display().to_string());
    show_key(text, "url", matches!(url, Some(Secret::Text(_))).then_some("(hidden)"));
    show_key(text, "url_file", file.as_deref());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_whole_and_an_error_does_not_show_it() {
        assert!(
            check("https://hc-ping.com/c0ffee").is_ok() && check("http://localhost:8000/ping/c0ffee").is_ok()
        );
        for wrong in ["hc-ping.com/c0ffee", "ftp://hc-ping.com/c0ffee", "https://hc ping.com/c0ffee", ""] {
            let error = check(wrong).expect_err("no URL").to_string();
            assert!(!error.contains("c0ffee") && error.contains("https://hc-ping.com/UUID"), "{error}");
        }
    }
}
